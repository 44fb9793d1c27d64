/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_inspect.h"

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_grant.h"
#include "hyperv/hyperv_protection.h"
#include "hyperv/hyperv_switch.h"

void hyperv_inspect_switches(HypervHost *host, GPtrArray *nics, GPtrArray *problems)
{
    HypervCall call = { .host = host };

    hyperv_switch_collect_problems(&call, nics, problems);
}

void hyperv_inspect_keys(HypervHost *host, const char *guid, const HypervProtection *protection,
                         const HypervSecurity *wanted, GPtrArray *problems)
{
    HypervCall call = { .host = host };
    g_autoptr(GBytes) there = NULL;
    GError *error = NULL;
    gsize size;
    const guint8 *data;

    if (guid && !hyperv_read_protector(host, guid, &there, NULL, &error)) {
        hyperv_problems_take(problems, &error);
        return;
    }
    if (!there) {
        hyperv_keys_collect_problems(&call, protection, wanted, problems);
        return;
    }
    data = g_bytes_get_data(there, &size);
    if (wanted->guardians)
        hyperv_grant_collect_problems(&call, data, size, NULL, wanted->guardians, problems);
}
