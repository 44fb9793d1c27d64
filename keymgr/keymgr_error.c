/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_error.h"

G_DEFINE_QUARK(keymgr-error-quark, keymgr_error)
