/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_protection.h"

#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_security.h"

void hyperv_keys_clear(HypervKeys *keys)
{
    g_clear_pointer(&keys->made, g_bytes_unref);
    keys->given = NULL;
}

gboolean hyperv_keys_prepare(HypervCall *call, const HypervProtection *protection, HypervKeys *keys, GError **error)
{
    keys->given = protection;
    if (protection && protection->protector)
        return TRUE;
    keys->made = hyperv_make_protector(call->host, protection ? protection->owner : NULL,
                                       protection && protection->create_owner, call->cancellable, error);
    return keys->made != NULL;
}

static gboolean send_protector(HypervCall *call, const WsmanInstance *settings, const HypervKeys *keys,
                               GError **error)
{
    gsize size;
    const guint8 *data;

    if (!keys->made)
        return hyperv_security_set_protector(call, settings, keys->given->protector, keys->given->protector_size,
                                             error);
    data = g_bytes_get_data(keys->made, &size);
    return hyperv_security_set_protector(call, settings, data, size, error);
}

/*
 * A policy may turn switches of its own, so the settings are read again after
 * it. A protector does not, and they were read right before.
 */
static gboolean send_policy(HypervCall *call, const char *guid, const WsmanInstance *settings,
                            const HypervKeys *keys, WsmanInstance **again, GError **error)
{
    *again = NULL;
    if (!keys->given || !keys->given->policy)
        return TRUE;
    return hyperv_security_set_policy(call, settings, keys->given->policy, keys->given->policy_size, error) &&
           hyperv_security_fetch(call, guid, again, error);
}

gboolean hyperv_keys_apply(HypervCall *call, const char *guid, const WsmanInstance *settings, const HypervKeys *keys,
                           gboolean set_protector, const HypervSecurity *wanted, GError **error)
{
    g_autoptr(WsmanInstance) again = NULL;

    if (set_protector && (!send_protector(call, settings, keys, error) ||
                          !send_policy(call, guid, settings, keys, &again, error)))
        return FALSE;
    return hyperv_security_modify(call, again ? again : settings, wanted, error);
}
