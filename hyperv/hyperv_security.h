/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Security settings of a machine: Msvm_SecuritySettingData through
 * Msvm_SecurityService (TPM, shielding, encryption, key protector).
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

/* One query. *settings is NULL, without an error, where the host or the
 * machine has none. */
gboolean hyperv_security_fetch(HypervCall *call, const char *guid, WsmanInstance **settings, GError **error);

void hyperv_security_read(const WsmanInstance *settings, HypervSecurity *security);

/* Msvm_SecurityService.SetKeyProtector. A bare document gets its frame first.
 * The bytes are the caller's; what is copied is wiped. */
gboolean hyperv_security_set_protector(HypervCall *call, const WsmanInstance *settings, const guint8 *data,
                                       gsize size, GError **error);
/* Back to none: four bytes that say that there is nothing. ASSUMED that a host
 * takes that value, which is the one that it shows. */
gboolean hyperv_security_clear_protector(HypervCall *call, const WsmanInstance *settings, GError **error);
gboolean hyperv_security_set_policy(HypervCall *call, const WsmanInstance *settings, const guint8 *data, gsize size,
                                    GError **error);
/* NULL on failure; what stands for "no protector" is not NULL. */
GBytes *hyperv_security_get_protector(HypervCall *call, const WsmanInstance *settings, GError **error);

/*
 * Sets the switches, with every other one as it was read, since it is open
 * whether a host keeps those that it is not told. Shielding alone would be
 * accepted and dropped: TPM, shielding and encryption go together. Reads back:
 * HYPERV_ERROR_NOT_APPLIED when the host has something else.
 */
gboolean hyperv_security_modify(HypervCall *call, const WsmanInstance *settings, const HypervSecurity *wanted,
                                GError **error);

/* Msvm_SecurityElement: what a machine is, not what is asked for. Both FALSE
 * where the host has none. */
gboolean hyperv_security_query_running(HypervCall *call, const char *guid, gboolean *shielded, gboolean *encrypted,
                                       GError **error);
