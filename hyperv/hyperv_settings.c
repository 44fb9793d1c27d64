/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_settings.h"

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_names.h"

#define SUBTYPE_GENERATION_1 "Microsoft:Hyper-V:SubType:1"
#define SUBTYPE_GENERATION_2 "Microsoft:Hyper-V:SubType:2"

guint hyperv_settings_get_generation(const WsmanInstance *settings)
{
    const char *subtype = wsman_instance_get_string(settings, "VirtualSystemSubType");

    return subtype && g_ascii_strcasecmp(subtype, SUBTYPE_GENERATION_2) == 0 ? 2 : 1;
}

char *hyperv_settings_get_notes(const WsmanInstance *settings)
{
    return hyperv_notes_join(wsman_instance_get_strv(settings, "Notes"));
}

char *hyperv_settings_get_bios_guid(const WsmanInstance *settings)
{
    return hyperv_guid_normalize(wsman_instance_get_string(settings, "BIOSGUID"));
}

static guint get_action(const WsmanInstance *settings, const char *name)
{
    guint64 value = 0;

    wsman_instance_get_uint(settings, name, &value);
    return value;
}

void hyperv_settings_read(const WsmanInstance *settings, HypervMachine *machine)
{
    const char *secure_boot_template = wsman_instance_get_string(settings, "SecureBootTemplateId");
    const char *parent = wsman_instance_get_string(settings, "Parent");
    const char *guid = wsman_instance_get_string(settings, "VirtualSystemIdentifier");

    machine->guid = guid ? g_ascii_strup(guid, -1) : NULL;
    machine->name = g_strdup(wsman_instance_get_string(settings, "ElementName"));
    machine->notes = hyperv_settings_get_notes(settings);
    machine->bios_guid = hyperv_settings_get_bios_guid(settings);
    machine->generation = hyperv_settings_get_generation(settings);
    machine->version = g_strdup(wsman_instance_get_string(settings, "Version"));
    machine->startup_action = get_action(settings, "AutomaticStartupAction");
    machine->shutdown_action = get_action(settings, "AutomaticShutdownAction");
    wsman_instance_get_boolean(settings, "TurnOffOnGuestRestart", &machine->turn_off_on_guest_restart);
    if (machine->generation == 2) {
        wsman_instance_get_boolean(settings, "SecureBootEnabled", &machine->secure_boot);
        if (secure_boot_template && *secure_boot_template != '\0')
            machine->secure_boot_template = g_ascii_strdown(secure_boot_template, -1);
    }
    /* Active settings that stand on a checkpoint name it as their parent. */
    machine->has_checkpoints = parent && *parent != '\0';
}

WsmanInstance *hyperv_settings_fetch(HypervCall *call, const char *guid, GError **error)
{
    g_autoptr(WsmanEpr) epr = hyperv_settings_epr(guid);
    g_autoptr(GError) local_error = NULL;
    WsmanInstance *settings = wsman_client_get(hyperv_host_get_client(call->host), epr, call->cancellable,
                                               &local_error);

    if (settings)
        return settings;
    if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
        hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
    else
        g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "reading the settings of %s: ", guid);
    return NULL;
}

static void set_actions(WsmanInstance *settings, guint startup_action, guint shutdown_action)
{
    if (startup_action != 0)
        wsman_instance_set_uint(settings, "AutomaticStartupAction", WSMAN_CIM_UINT16, startup_action);
    if (shutdown_action != 0)
        wsman_instance_set_uint(settings, "AutomaticShutdownAction", WSMAN_CIM_UINT16, shutdown_action);
}

static void set_bios_guid(WsmanInstance *settings, const char *guid)
{
    g_autofree char *text = hyperv_bios_guid_format(guid);

    wsman_instance_set_string(settings, "BIOSGUID", text);
}

void hyperv_settings_set_notes(WsmanInstance *settings, const char *notes)
{
    g_auto(GStrv) lines = hyperv_notes_split(notes);
    const char *const none[] = { "", NULL };

    /* An empty array would be taken for "no change". */
    wsman_instance_set_array(settings, "Notes", WSMAN_CIM_STRING,
                             lines[0] ? (const char *const *)lines : none);
}

gboolean hyperv_settings_has_secure_boot(const WsmanInstance *settings, const HypervMachine *wanted)
{
    g_autoptr(HypervMachine) seen = hyperv_machine_new();

    hyperv_settings_read(settings, seen);
    return seen->secure_boot == wanted->secure_boot &&
           (!wanted->secure_boot_template ||
            hyperv_id_equal(seen->secure_boot_template, wanted->secure_boot_template));
}

void hyperv_settings_set_secure_boot(WsmanInstance *settings, const HypervMachine *current,
                                     const HypervMachine *wanted)
{
    if (!current || current->secure_boot != wanted->secure_boot)
        wsman_instance_set_boolean(settings, "SecureBootEnabled", wanted->secure_boot);
    if (wanted->secure_boot_template &&
        (!current || !hyperv_id_equal(current->secure_boot_template, wanted->secure_boot_template)))
        wsman_instance_set_string(settings, "SecureBootTemplateId", wanted->secure_boot_template);
}

WsmanInstance *hyperv_settings_new(const HypervMachine *wanted, const char *notes)
{
    WsmanInstance *settings = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, HYPERV_SETTINGS_CLASS);

    wsman_instance_set_string(settings, "ElementName", wanted->name);
    wsman_instance_set_string(settings, "VirtualSystemSubType",
                              wanted->generation == 2 ? SUBTYPE_GENERATION_2 : SUBTYPE_GENERATION_1);
    hyperv_settings_set_notes(settings, notes);
    if (wanted->bios_guid)
        set_bios_guid(settings, wanted->bios_guid);
    if (wanted->version)
        wsman_instance_set_string(settings, "Version", wanted->version);
    set_actions(settings, wanted->startup_action, wanted->shutdown_action);
    /* Older hosts do not know the property: it is sent only where it says something. */
    if (wanted->turn_off_on_guest_restart)
        wsman_instance_set_boolean(settings, "TurnOffOnGuestRestart", TRUE);
    if (wanted->generation == 2)
        hyperv_settings_set_secure_boot(settings, NULL, wanted);
    return settings;
}

WsmanInstance *hyperv_settings_change(const char *guid)
{
    g_autofree char *id = hyperv_settings_id(guid);
    WsmanInstance *settings = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, HYPERV_SETTINGS_CLASS);

    wsman_instance_set_string(settings, "InstanceID", id);
    return settings;
}

gboolean hyperv_settings_set_differences(WsmanInstance *settings, const HypervMachine *current,
                                         const HypervMachine *wanted)
{
    gboolean differs = FALSE;
    guint startup_action = wanted->startup_action != current->startup_action ? wanted->startup_action : 0;
    guint shutdown_action = wanted->shutdown_action != current->shutdown_action ? wanted->shutdown_action : 0;

    if (g_strcmp0(wanted->name, current->name) != 0) {
        wsman_instance_set_string(settings, "ElementName", wanted->name);
        differs = TRUE;
    }
    set_actions(settings, startup_action, shutdown_action);
    differs |= startup_action != 0 || shutdown_action != 0;
    if (wanted->bios_guid && !hyperv_id_equal(wanted->bios_guid, current->bios_guid)) {
        set_bios_guid(settings, wanted->bios_guid);
        differs = TRUE;
    }
    if (wanted->turn_off_on_guest_restart != current->turn_off_on_guest_restart) {
        wsman_instance_set_boolean(settings, "TurnOffOnGuestRestart", wanted->turn_off_on_guest_restart);
        differs = TRUE;
    }
    return differs;
}

gboolean hyperv_settings_modify(HypervCall *call, const WsmanInstance *change, const char *what, GError **error)
{
    WsmanArgs *args = wsman_args_new();

    wsman_args_add_embedded(args, "SystemSettings", change);
    return hyperv_invoke_management(call, "ModifySystemSettings", args, what, error);
}

gboolean hyperv_set_notes(HypervHost *host, const char *guid, const char *notes, GCancellable *cancellable,
                          GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) change = hyperv_settings_change(guid);
    g_autofree char *what = g_strdup_printf("changing the notes of %s", guid);
    gboolean ok;

    hyperv_settings_set_notes(change, notes);
    ok = hyperv_settings_modify(&call, change, what, error);
    wsman_epr_free(call.unfinished);
    return ok;
}

gboolean hyperv_set_startup_action(HypervHost *host, const char *guid, HypervStartupAction action,
                                   GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) change = hyperv_settings_change(guid);
    g_autofree char *what = g_strdup_printf("changing the startup action of %s", guid);
    gboolean ok;

    set_actions(change, action, 0);
    ok = hyperv_settings_modify(&call, change, what, error);
    wsman_epr_free(call.unfinished);
    return ok;
}
