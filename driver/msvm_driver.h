/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt calls when it has loaded the module: at every open of an
 * embed URI, so that only the first call registers anything.
 */
#pragma once

#include <stdbool.h>

#include "internal.h"

/* 0, or -1 with an error reported: another libvirt than the module was built
 * for. */
int msvmRegister(void);

/* Whether a connection is one of the driver in this very program or module,
 * whose private data can be looked into; another copy's are its own. */
bool msvmDriverIs(virConnectPtr conn);
