/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_define.h"

#include "hyperv/hyperv_boot.h"
#include "hyperv/hyperv_check.h"
#include "hyperv/hyperv_destroy.h"
#include "hyperv/hyperv_devices.h"
#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_protection.h"
#include "hyperv/hyperv_rasd.h"
#include "hyperv/hyperv_security.h"
#include "hyperv/hyperv_settings.h"
#include "hyperv/hyperv_switch.h"

/* One define on its way. */
typedef struct {
    HypervCall call;
    HypervMachine *wanted; /* a copy, which learns paths and ids */
    const char *pending_notes;
    HypervKeys keys;
    HypervRivalFunc rival; /* or NULL */
    gpointer rival_opaque;
    char *guid;        /* of what was made */
    gboolean in_doubt; /* something may have been made that we have no guid of */
} Definition;

/* --- before anything is made -------------------------------------------------- */

static gboolean prepare(Definition *definition, const HypervProtection *protection, GError **error)
{
    HypervMachine *wanted = definition->wanted;

    for (guint i = 0; i < wanted->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(wanted->drives, i);

        if (drive->is_physical) {
            hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "a disk of the host itself cannot be passed through");
            return FALSE;
        }
        if (drive->bus == HYPERV_BUS_SCSI)
            wanted->n_scsi_controllers = MAX(wanted->n_scsi_controllers, drive->controller + 1);
    }
    if (!hyperv_switch_resolve_paths(&definition->call, wanted->nics, error))
        return FALSE;
    return !wanted->security.tpm_enabled ||
           hyperv_keys_prepare(&definition->call, protection, &wanted->security, &definition->keys, error);
}

/* --- the machine ---------------------------------------------------------------- */

/* Whether a failed DefineSystem may have made a machine all the same. */
static gboolean may_have_defined(const Definition *definition, const GError *error)
{
    return definition->call.unfinished || wsman_error_may_have_run(error) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
           g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_JOB_FAILED);
}

/* Where the host gave a job in place of the machine. */
static char *find_defined(Definition *definition, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(GPtrArray) all = hyperv_find_by_name_or_uuid(definition->call.host, wanted->name,
                                                           wanted->bios_guid ? wanted->bios_guid : "",
                                                           definition->call.cancellable, error);

    if (!all)
        return NULL;
    for (guint i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);

        if (g_strcmp0(found->notes, definition->pending_notes) == 0 && g_strcmp0(found->name, wanted->name) == 0)
            return g_strdup(found->guid);
    }
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0, "the host says that it made '%s', but does not show it",
                     wanted->name);
    return NULL;
}

static gboolean define_system(Definition *definition, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_VirtualSystemManagementService");
    g_autoptr(WsmanInstance) settings = hyperv_settings_new(wanted, definition->pending_notes);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("defining '%s'", wanted->name);
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) out = NULL;
    const WsmanEpr *system;

    wsman_args_add_embedded(args, "SystemSettings", settings);
    out = hyperv_invoke(&definition->call, service, "DefineSystem", args, what, &local_error);
    if (!out) {
        definition->in_doubt = may_have_defined(definition, local_error);
        g_propagate_error(error, g_steal_pointer(&local_error));
        return FALSE;
    }
    system = wsman_instance_get_epr(out, "ResultingSystem");
    if (system && wsman_epr_get_selector(system, "Name")) {
        definition->guid = g_ascii_strup(wsman_epr_get_selector(system, "Name"), -1);
        return TRUE;
    }
    definition->in_doubt = TRUE;
    definition->guid = find_defined(definition, error);
    return definition->guid != NULL;
}

static gboolean modify_hardware(Definition *definition, const HypervSlots *slots, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autofree char *what = g_strdup_printf("setting memory and processors of '%s'", wanted->name);
    g_autoptr(WsmanInstance) memory = NULL;
    g_autoptr(WsmanInstance) processors = NULL;
    WsmanArgs *args;

    if (!slots->memory || !slots->processor) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s: the host shows none", what);
        return FALSE;
    }
    memory = hyperv_rasd_change_memory(wanted, slots->memory);
    processors = hyperv_rasd_change_processors(wanted, slots->processor);
    args = wsman_args_new();
    wsman_args_add_embedded(args, "ResourceSettings", memory);
    wsman_args_add_embedded(args, "ResourceSettings", processors);
    return hyperv_invoke_management(&definition->call, "ModifyResourceSettings", args, what, error);
}

static gboolean add_devices(Definition *definition, HypervSlots *slots, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(HypervAddition) addition = hyperv_addition_new();

    if (wanted->n_scsi_controllers > slots->scsi->len)
        addition->n_scsi = wanted->n_scsi_controllers - slots->scsi->len;
    for (guint i = 0; i < wanted->drives->len; i++)
        g_ptr_array_add(addition->drives, g_ptr_array_index(wanted->drives, i));
    for (guint i = 0; i < wanted->nics->len; i++)
        g_ptr_array_add(addition->nics, g_ptr_array_index(wanted->nics, i));
    return hyperv_devices_add(&definition->call, definition->guid, wanted->name, slots, addition, error);
}

static gboolean build(Definition *definition, GError **error)
{
    g_autoptr(HypervMachine) fresh = hyperv_machine_new();
    g_autoptr(HypervSlots) slots = hyperv_slots_fetch(&definition->call, definition->guid, fresh, error);

    return slots && modify_hardware(definition, slots, error) && add_devices(definition, slots, error);
}

/* --- security --------------------------------------------------------------------- */

static gboolean set_secure_boot(Definition *definition, const WsmanInstance *settings, GError **error)
{
    g_autoptr(WsmanInstance) change = hyperv_settings_change(definition->guid);
    g_autoptr(HypervMachine) seen = hyperv_machine_new();
    g_autofree char *what = g_strdup_printf("setting Secure Boot of '%s'", definition->wanted->name);

    hyperv_settings_read(settings, seen);
    hyperv_settings_set_secure_boot(change, seen, definition->wanted);
    return hyperv_settings_modify(&definition->call, change, what, error);
}

/*
 * DefineSystem was told of Secure Boot; a host that did not listen is told
 * again, since a TPM freezes the template. known: the settings, if they were
 * just read, or NULL. Returns the settings as they are.
 */
static WsmanInstance *settle_secure_boot(Definition *definition, WsmanInstance *known, GError **error)
{
    const HypervMachine *wanted = definition->wanted;

    for (guint attempt = 0;; attempt++) {
        g_autoptr(WsmanInstance) settings =
            attempt == 0 && known ? wsman_instance_ref(known)
                                  : hyperv_settings_fetch(&definition->call, definition->guid, error);

        if (!settings || wanted->generation != 2 || hyperv_settings_has_secure_boot(settings, wanted))
            return g_steal_pointer(&settings);
        if (attempt > 0) {
            hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0,
                             "the host accepted the Secure Boot of '%s', but did not keep it", wanted->name);
            return NULL;
        }
        if (!set_secure_boot(definition, settings, error))
            return NULL;
    }
}

static gboolean secure(Definition *definition, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(WsmanInstance) settings = NULL;

    if (!wanted->security.tpm_enabled)
        return TRUE;
    if (!hyperv_security_fetch(&definition->call, definition->guid, &settings, error))
        return FALSE;
    if (!settings) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "the host has no security settings for '%s', hence no virtual TPM", wanted->name);
        return FALSE;
    }
    return hyperv_keys_apply(&definition->call, definition->guid, settings, &definition->keys, TRUE,
                             &wanted->security, error);
}

/* --- the end ------------------------------------------------------------------------- */

/* From here on it counts as defined. settings: NULL when there is nothing to
 * order. */
static gboolean finish(Definition *definition, const WsmanInstance *settings, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(WsmanInstance) change = hyperv_settings_change(definition->guid);
    g_autofree char *what = g_strdup_printf("completing '%s'", wanted->name);

    hyperv_settings_set_notes(change, wanted->notes);
    if (settings && hyperv_boot_is_ordered(wanted) &&
        !hyperv_boot_set(&definition->call, settings, wanted, change, error))
        return FALSE;
    return hyperv_settings_modify(&definition->call, change, what, error);
}

static gboolean check_rivals(Definition *definition, WsmanInstance **settings, GError **error)
{
    return !definition->rival || definition->rival(definition->call.host, definition->guid, settings,
                                                   definition->rival_opaque, error);
}

static gboolean run(Definition *definition, GError **error)
{
    g_autoptr(WsmanInstance) known = NULL;
    g_autoptr(WsmanInstance) settings = NULL;

    if (!define_system(definition, error) || !build(definition, error) || !check_rivals(definition, &known, error))
        return FALSE;
    if (definition->wanted->generation == 2 || hyperv_boot_is_ordered(definition->wanted)) {
        settings = settle_secure_boot(definition, known, error);
        if (!settings)
            return FALSE;
    }
    return secure(definition, error) && finish(definition, settings, error);
}

static void undo(Definition *definition, GError **error)
{
    const HypervMachine *wanted = definition->wanted;
    g_autoptr(GError) undo_error = NULL;
    g_autofree char *left = NULL;

    if (hyperv_destroy_unfinished(definition->call.host, definition->guid, definition->in_doubt, wanted->name,
                                  definition->pending_notes, wanted->bios_guid, definition->call.unfinished,
                                  &undo_error))
        return;
    left = g_strdup_printf("%s%s", definition->guid ? "machine " : "a machine of that name",
                           definition->guid ? definition->guid : "");
    g_prefix_error(error, "%s is left on the host, incomplete (it could not be removed: %s), after: ", left,
                   undo_error->message);
}

char *hyperv_define(HypervHost *host, const HypervMachine *wanted, const char *pending_notes,
                    const HypervProtection *protection, GCancellable *cancellable, GError **error)
{
    return hyperv_define_unrivalled(host, wanted, pending_notes, protection, NULL, NULL, cancellable, error);
}

char *hyperv_define_unrivalled(HypervHost *host, const HypervMachine *wanted, const char *pending_notes,
                               const HypervProtection *protection, HypervRivalFunc func, gpointer opaque,
                               GCancellable *cancellable, GError **error)
{
    Definition definition = { .call = { .host = host, .cancellable = cancellable },
                              .pending_notes = pending_notes,
                              .rival = func,
                              .rival_opaque = opaque };
    gboolean ok;

    if (!hyperv_check(host, wanted, protection, error))
        return NULL;
    definition.wanted = hyperv_machine_copy(wanted);
    ok = prepare(&definition, protection, error);
    if (ok && !run(&definition, error)) {
        ok = FALSE;
        undo(&definition, error);
    }
    hyperv_machine_free(definition.wanted);
    hyperv_keys_clear(&definition.keys);
    wsman_epr_free(definition.call.unfinished);
    if (ok)
        return definition.guid;
    g_free(definition.guid);
    return NULL;
}
