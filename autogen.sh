#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes ./configure from a checkout.
set -e
cd "$(dirname "$0")"
mkdir -p m4
autoreconf --install --warnings=all,no-obsolete,no-portability "$@"
