/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Hyper-V cannot do, found out before the host is touched.
 */
#pragma once

#include "hyperv/hyperv_define.h"

/* HYPERV_ERROR_UNSUPPORTED, _INVALID_PARAMETER, _HOST_TOO_OLD, and
 * _INVALID_PROTECTOR for given bytes that are no protector. No request. */
gboolean hyperv_check(HypervHost *host, const HypervMachine *wanted, const HypervProtection *protection,
                      GError **error);
