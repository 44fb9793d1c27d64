/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_load.h"

#include "hyperv/hyperv_boot.h"
#include "hyperv/hyperv_security.h"
#include "hyperv/hyperv_settings.h"
#include "hyperv/hyperv_slots.h"
#include "hyperv/hyperv_switch.h"

/* Generation 1 has no TPM, no shielding: not worth a request. */
static gboolean load_security(HypervCall *call, HypervMachine *machine, GError **error)
{
    g_autoptr(WsmanInstance) settings = NULL;

    if (machine->generation != 2)
        return TRUE;
    if (!hyperv_security_fetch(call, machine->guid, &settings, error))
        return FALSE;
    if (settings)
        hyperv_security_read(settings, &machine->security);
    return TRUE;
}

static HypervMachine *load_from_settings(HypervCall *call, const char *guid, const WsmanInstance *settings,
                                         GError **error)
{
    g_autoptr(HypervMachine) machine = hyperv_machine_new();
    g_autoptr(HypervSlots) slots = NULL;

    hyperv_settings_read(settings, machine);
    if (!machine->guid)
        machine->guid = g_ascii_strup(guid, -1);
    slots = hyperv_slots_fetch(call, machine->guid, machine, error);
    if (!slots || !hyperv_switch_resolve_names(call, machine->nics, error) ||
        !load_security(call, machine, error) || !hyperv_boot_read(call, settings, machine, error))
        return NULL;
    return g_steal_pointer(&machine);
}

HypervMachine *hyperv_load(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) settings = hyperv_settings_fetch(&call, guid, error);

    return settings ? load_from_settings(&call, guid, settings, error) : NULL;
}

HypervMachine *hyperv_load_found(HypervHost *host, const HypervFound *found, GCancellable *cancellable,
                                 GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };

    if (!found->settings)
        return hyperv_load(host, found->guid, cancellable, error);
    return load_from_settings(&call, found->guid, found->settings, error);
}
