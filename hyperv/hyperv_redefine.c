/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_boot.h"
#include "hyperv/hyperv_check.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_grant.h"
#include "hyperv/hyperv_job.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_plan.h"
#include "hyperv/hyperv_protection.h"
#include "hyperv/hyperv_protector.h"
#include "hyperv/hyperv_rasd.h"
#include "hyperv/hyperv_security.h"
#include "hyperv/hyperv_settings.h"
#include "hyperv/hyperv_switch.h"

/*
 * One way from a machine as it is to one as it is wanted. Going back after a
 * failure is the same way: from what is there by then to what was there.
 */
typedef struct {
    HypervCall call;
    const char *guid;
    const HypervMachine *current;
    HypervMachine *wanted; /* a copy, which learns paths and ids */
    HypervSlots *slots;
    HypervPlan *plan;
    HypervKeys keys;
    HypervMarkFunc mark; /* or NULL */
    gpointer mark_opaque;
    char *drop_notes;    /* what the mark says of the last step; or NULL */
    gboolean set_protector; /* the machine has none that could be kept */
    GBytes *before;         /* the protector that is there and is to be extended, or goes with its TPM */
    gboolean touched;       /* the host may be changed */
    gboolean protector_sent;
    gboolean going_back;
    gboolean template_stays; /* what cannot be undone */
} Redefinition;

static void redefinition_clear(Redefinition *redefinition)
{
    g_clear_pointer(&redefinition->wanted, hyperv_machine_free);
    g_clear_pointer(&redefinition->slots, hyperv_slots_free);
    g_clear_pointer(&redefinition->plan, hyperv_plan_free);
    hyperv_keys_clear(&redefinition->keys);
    g_clear_pointer(&redefinition->drop_notes, g_free);
    g_clear_pointer(&redefinition->before, g_bytes_unref);
    g_clear_pointer(&redefinition->call.unfinished, wsman_epr_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Redefinition, redefinition_clear)

/* --- before anything is changed --------------------------------------------------- */

static gboolean check_off(const HypervMachine *current, HypervState state, GError **error)
{
    if (state == HYPERV_STATE_OFF)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_STATE, 0, "'%s' must be off for this change", current->name);
    return FALSE;
}

gboolean hyperv_redefine_check_extension(const HypervMachine *current, HypervState state, GError **error)
{
    if (!current->has_checkpoints)
        return check_off(current, state, error);
    hyperv_error_set(error, HYPERV_ERROR_INVALID_STATE, 0,
                     "'%s' has checkpoints, which were made with its present protector: remove them first",
                     current->name);
    return FALSE;
}

static gboolean require_off(Redefinition *redefinition, GError **error)
{
    HypervState state;

    if (!hyperv_plan_needs_off(redefinition->plan))
        return TRUE;
    if (!hyperv_query_state(redefinition->call.host, redefinition->guid, &state, NULL,
                            redefinition->call.cancellable, error))
        return FALSE;
    return check_off(redefinition->current, state, error);
}

static gboolean is_same_protector(const HypervProtection *given, GBytes *there)
{
    g_autoptr(GBytes) framed = NULL;

    if (!given->protector)
        return FALSE;
    /* Hyper-V wraps the key anew at each start: other bytes for the same guardians. */
    if (given->is_of_unknown)
        return hyperv_protector_is_for_same(given->protector, given->protector_size, there);
    framed = hyperv_protector_frame(given->protector, given->protector_size);
    return g_bytes_equal(framed, there);
}

/*
 * A protector that is there stays: the TPM's state can only be read with it,
 * and a disabled TPM keeps its state.
 */
static gboolean look_at_protector(Redefinition *redefinition, const HypervProtection *given, GError **error)
{
    g_autoptr(WsmanInstance) settings = NULL;
    g_autoptr(GBytes) there = NULL;
    gsize size;
    const guint8 *data;

    if (!hyperv_security_fetch(&redefinition->call, redefinition->guid, &settings, error))
        return FALSE;
    if (!settings) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "the host has no security settings for '%s', hence no virtual TPM",
                         redefinition->current->name);
        return FALSE;
    }
    there = hyperv_security_get_protector(&redefinition->call, settings, error);
    if (!there)
        return FALSE;
    data = g_bytes_get_data(there, &size);
    redefinition->set_protector = size == 0 || hyperv_protector_is_empty(data, size);
    if (redefinition->set_protector || !hyperv_protection_is_given(given) ||
        is_same_protector(given, there))
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_PROTECTOR_IN_USE, 0,
                     "'%s' has a key protector already, and its TPM's state could not be read with another one: name "
                     "the keys that it was made with; to let it run elsewhere, grant guardians with "
                     "<msvm:guardians>",
                     redefinition->current->name);
    return FALSE;
}

static gboolean read_protector(Redefinition *redefinition, GError **error)
{
    if (!hyperv_read_protector(redefinition->call.host, redefinition->guid, &redefinition->before,
                               redefinition->call.cancellable, error))
        return FALSE;
    if (redefinition->before || !redefinition->wanted->security.tpm_enabled)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "'%s' has a TPM, but no key protector that could be extended",
                     redefinition->current->name);
    return FALSE;
}

/* A protector that stays may be extended, as far as it is not what is wanted. */
static gboolean prepare_extension(Redefinition *redefinition, GError **error)
{
    HypervState state;
    gsize size;
    const guint8 *data;

    if (!read_protector(redefinition, error))
        return FALSE;
    data = g_bytes_get_data(redefinition->before, &size);
    if (!hyperv_keys_extend(&redefinition->call, data, size, redefinition->wanted->security.guardians,
                            &redefinition->keys, error))
        return FALSE;
    if (!redefinition->keys.made)
        return TRUE;
    redefinition->set_protector = TRUE;
    redefinition->keys.replaces = TRUE;
    redefinition->plan->security = TRUE;
    return hyperv_query_state(redefinition->call.host, redefinition->guid, &state, NULL,
                              redefinition->call.cancellable, error) &&
           hyperv_redefine_check_extension(redefinition->current, state, error);
}

static gboolean check_owner(Redefinition *redefinition, GError **error)
{
    g_autoptr(GBytes) there = NULL;

    if (!hyperv_read_protector(redefinition->call.host, redefinition->guid, &there, redefinition->call.cancellable,
                               error))
        return FALSE;
    return !there || hyperv_grant_check_owner(&redefinition->call, redefinition->current->name, there,
                                              redefinition->wanted->security.owner, error);
}

/* A TPM that somebody else has turned off has left its protector. */
static gboolean prepare_discard(Redefinition *redefinition, GError **error)
{
    if (!redefinition->wanted->security.discard_state || redefinition->current->security.ksd_enabled)
        return TRUE;
    if (!read_protector(redefinition, error))
        return FALSE;
    if (!redefinition->before)
        return TRUE;
    redefinition->plan->security = TRUE;
    return require_off(redefinition, error);
}

static gboolean prepare_security(Redefinition *redefinition, const HypervProtection *given, GError **error)
{
    const HypervSecurity *current = &redefinition->current->security;
    const HypervSecurity *wanted = &redefinition->wanted->security;

    if (!wanted->tpm_enabled)
        return prepare_discard(redefinition, error);
    if ((!current->tpm_enabled || hyperv_protection_is_given(given)) &&
        !look_at_protector(redefinition, given, error))
        return FALSE;
    if (redefinition->set_protector)
        return hyperv_keys_prepare(&redefinition->call, given, wanted, &redefinition->keys, error);
    if (wanted->owner && !check_owner(redefinition, error))
        return FALSE;
    return !wanted->guardians || prepare_extension(redefinition, error);
}

/* Adapters whose switch is another one than before. */
static gboolean resolve_switches(Redefinition *redefinition, GError **error)
{
    g_autoptr(GPtrArray) unresolved = g_ptr_array_new();

    for (guint i = 0; i < redefinition->wanted->nics->len; i++) {
        HypervNic *nic = g_ptr_array_index(redefinition->wanted->nics, i);

        if (nic->switch_name && !nic->switch_path)
            g_ptr_array_add(unresolved, nic);
    }
    return hyperv_switch_resolve_paths(&redefinition->call, unresolved, error);
}

/* A TPM freezes the template of Secure Boot for good: going back from one that
 * was just made goes as far as it can. */
static void accept_frozen_template(Redefinition *redefinition)
{
    const HypervMachine *current = redefinition->current;
    HypervMachine *wanted = redefinition->wanted;

    if (!redefinition->going_back || !current->security.tpm_enabled || !wanted->secure_boot_template ||
        hyperv_id_equal(wanted->secure_boot_template, current->secure_boot_template))
        return;
    g_free(wanted->secure_boot_template);
    wanted->secure_boot_template = g_strdup(current->secure_boot_template);
    redefinition->template_stays = TRUE;
}

static gboolean prepare(Redefinition *redefinition, const HypervProtection *given, GError **error)
{
    g_autoptr(HypervMachine) seen = hyperv_machine_new();

    redefinition->slots = hyperv_slots_fetch(&redefinition->call, redefinition->guid, seen, error);
    if (!redefinition->slots)
        return FALSE;
    for (guint i = 0; i < redefinition->wanted->nics->len; i++) {
        HypervNic *nic = g_ptr_array_index(redefinition->wanted->nics, i);

        g_clear_pointer(&nic->switch_path, g_free);
    }
    accept_frozen_template(redefinition);
    redefinition->plan = hyperv_plan_new(redefinition->current, redefinition->wanted, redefinition->slots, error);
    return redefinition->plan && require_off(redefinition, error) && resolve_switches(redefinition, error) &&
           prepare_security(redefinition, given, error);
}

/* --- the steps --------------------------------------------------------------------- */

static gboolean change_security(Redefinition *redefinition, gboolean set_protector, const HypervSecurity *wanted,
                                GError **error)
{
    g_autoptr(WsmanInstance) settings = NULL;

    if (!hyperv_security_fetch(&redefinition->call, redefinition->guid, &settings, error))
        return FALSE;
    if (!settings) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "the host has no security settings for '%s'",
                         redefinition->current->name);
        return FALSE;
    }
    redefinition->protector_sent |= set_protector;
    return hyperv_keys_apply(&redefinition->call, redefinition->guid, settings, &redefinition->keys, set_protector,
                             wanted, error);
}

/* What goes before the hardware: switches off, before Secure Boot may change. */
static gboolean lower_security(Redefinition *redefinition, GError **error)
{
    const HypervSecurity *wanted = &redefinition->wanted->security;

    if (!redefinition->plan->security || wanted->tpm_enabled)
        return TRUE;
    return change_security(redefinition, FALSE, wanted, error);
}

static gboolean raise_security(Redefinition *redefinition, GError **error)
{
    const HypervSecurity *wanted = &redefinition->wanted->security;

    return change_security(redefinition, redefinition->set_protector, wanted, error);
}

/* Before a TPM freezes the template for good. */
static gboolean check_secure_boot(Redefinition *redefinition, GError **error)
{
    g_autoptr(WsmanInstance) settings = hyperv_settings_fetch(&redefinition->call, redefinition->guid, error);

    if (!settings || hyperv_settings_has_secure_boot(settings, redefinition->wanted))
        return settings != NULL;
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0,
                     "the host accepted the Secure Boot of '%s', but did not keep it", redefinition->current->name);
    return FALSE;
}

static gboolean change_settings(Redefinition *redefinition, GError **error)
{
    const HypervPlan *plan = redefinition->plan;
    g_autoptr(WsmanInstance) change = NULL;
    g_autofree char *what = NULL;

    if (!plan->settings && !plan->off_settings && !plan->secure_boot)
        return TRUE;
    change = hyperv_settings_change(redefinition->guid);
    what = g_strdup_printf("changing the settings of '%s'", redefinition->current->name);
    hyperv_settings_set_differences(change, redefinition->current, redefinition->wanted);
    if (plan->secure_boot)
        hyperv_settings_set_secure_boot(change, redefinition->current, redefinition->wanted);
    return hyperv_settings_modify(&redefinition->call, change, what, error) &&
           (!plan->secure_boot || check_secure_boot(redefinition, error));
}

static gboolean remove_devices(Redefinition *redefinition, GError **error)
{
    g_autofree char *what = g_strdup_printf("removing devices of '%s'", redefinition->current->name);

    for (guint round = 0; round < HYPERV_N_REMOVE_ROUNDS; round++) {
        const GPtrArray *removals = redefinition->plan->removals[round];
        WsmanArgs *args;

        if (removals->len == 0)
            continue;
        args = wsman_args_new();
        for (guint i = 0; i < removals->len; i++)
            wsman_args_add_epr(args, "ResourceSettings", g_ptr_array_index(removals, i));
        if (!hyperv_invoke_management(&redefinition->call, "RemoveResourceSettings", args, what, error))
            return FALSE;
    }
    return TRUE;
}

static void collect_changes(const Redefinition *redefinition, GPtrArray *changes)
{
    const HypervPlan *plan = redefinition->plan;
    const HypervMachine *wanted = redefinition->wanted;

    if (plan->memory && redefinition->slots->memory)
        g_ptr_array_add(changes, hyperv_rasd_change_memory(wanted, redefinition->slots->memory));
    if (plan->processors && redefinition->slots->processor)
        g_ptr_array_add(changes, hyperv_rasd_change_processors(wanted, redefinition->slots->processor));
    for (guint i = 0; i < plan->changed_media->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(plan->changed_media, i);

        g_ptr_array_add(changes, hyperv_rasd_change_medium(drive, drive->medium_id));
    }
    for (guint i = 0; i < plan->changed_ports->len; i++) {
        const HypervNic *nic = g_ptr_array_index(plan->changed_ports, i);

        g_ptr_array_add(changes, hyperv_rasd_change_port(nic, nic->port_id));
    }
    for (guint i = 0; i < plan->changed_connections->len; i++) {
        const HypervNic *nic = g_ptr_array_index(plan->changed_connections, i);

        g_ptr_array_add(changes, hyperv_rasd_change_connection(nic, nic->connection_id));
    }
}

static gboolean modify_devices(Redefinition *redefinition, GError **error)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    g_autofree char *what = g_strdup_printf("changing devices of '%s'", redefinition->current->name);
    WsmanArgs *args;

    collect_changes(redefinition, changes);
    if (changes->len == 0)
        return TRUE;
    args = wsman_args_new();
    for (guint i = 0; i < changes->len; i++)
        wsman_args_add_embedded(args, "ResourceSettings", g_ptr_array_index(changes, i));
    return hyperv_invoke_management(&redefinition->call, "ModifyResourceSettings", args, what, error);
}

static gboolean add_devices(Redefinition *redefinition, GError **error)
{
    return hyperv_devices_add(&redefinition->call, redefinition->guid, redefinition->current->name,
                              redefinition->slots, redefinition->plan->addition, error);
}

/* After the devices, which the boot order names. notes: with it, or alone; NULL: they stay. */
static gboolean change_order(Redefinition *redefinition, gboolean order, const char *notes, GError **error)
{
    g_autoptr(WsmanInstance) change = hyperv_settings_change(redefinition->guid);
    g_autoptr(WsmanInstance) settings = NULL;
    g_autofree char *what = g_strdup_printf("changing boot order and notes of '%s'", redefinition->current->name);

    if (!order && !notes)
        return TRUE;
    if (order) {
        settings = hyperv_settings_fetch(&redefinition->call, redefinition->guid, error);
        if (!settings || !hyperv_boot_set(&redefinition->call, settings, redefinition->wanted, change, error))
            return FALSE;
    }
    if (notes)
        hyperv_settings_set_notes(change, notes);
    return hyperv_settings_modify(&redefinition->call, change, what, error);
}

static gboolean clear_protector(Redefinition *redefinition, const WsmanInstance *settings, GError **error)
{
    g_autoptr(GBytes) kept = NULL;

    if (!hyperv_security_clear_protector(&redefinition->call, settings, error))
        return FALSE;
    kept = hyperv_security_get_protector(&redefinition->call, settings, error);
    if (!kept)
        return FALSE;
    if (hyperv_protector_is_empty(g_bytes_get_data(kept, NULL), g_bytes_get_size(kept)))
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0, "the host was told to remove the key protector, but kept it");
    return FALSE;
}

static gboolean drops_protector(const Redefinition *redefinition)
{
    return redefinition->before && !redefinition->wanted->security.tpm_enabled;
}

static gboolean drop_protector(Redefinition *redefinition, GError **error)
{
    g_autoptr(WsmanInstance) settings = NULL;

    if (!hyperv_security_fetch(&redefinition->call, redefinition->guid, &settings, error))
        return FALSE;
    redefinition->protector_sent = TRUE;
    return !settings || clear_protector(redefinition, settings, error);
}

/* The notes come last: they may hold the mark of a change that is not done. A
 * protector that has gone does not come back, so that before it goes the mark
 * is changed to one that leads there, and not back. */
static gboolean finish(Redefinition *redefinition, GError **error)
{
    const HypervPlan *plan = redefinition->plan;
    const HypervMachine *wanted = redefinition->wanted;
    const char *notes = plan->notes ? (wanted->notes ? wanted->notes : "") : NULL;

    if (drops_protector(redefinition))
        return change_order(redefinition, plan->boot, redefinition->drop_notes, error) &&
               drop_protector(redefinition, error) && change_order(redefinition, FALSE, notes, error);
    if (!plan->security || !wanted->security.tpm_enabled)
        return change_order(redefinition, plan->boot, notes, error);
    return change_order(redefinition, plan->boot, NULL, error) && raise_security(redefinition, error) &&
           change_order(redefinition, FALSE, notes, error);
}

static gboolean execute(Redefinition *redefinition, GError **error)
{
    redefinition->touched = TRUE;
    return lower_security(redefinition, error) && change_settings(redefinition, error) &&
           remove_devices(redefinition, error) && modify_devices(redefinition, error) &&
           add_devices(redefinition, error) && finish(redefinition, error);
}

/* --- there and back -------------------------------------------------------------------- */

/* What does not need the machine to be off is a single call. */
static gboolean mark(Redefinition *redefinition, const HypervProtection *given, GError **error)
{
    const HypervKeys *keys = &redefinition->keys;
    HypervChange change = {
        .current = redefinition->current,
        .wanted = redefinition->wanted,
        .brings_protector = redefinition->set_protector && !keys->replaces,
        .drops_protector = drops_protector(redefinition),
        .granted = keys->replaces ? keys->granted : NULL,
        .provisioning = redefinition->set_protector && given ? given->provisioning : NULL,
    };
    gboolean ok;

    if (!redefinition->mark || !hyperv_plan_needs_off(redefinition->plan))
        return TRUE;
    ok = redefinition->mark(redefinition->call.host, &change, redefinition->mark_opaque, error);
    redefinition->drop_notes = change.drop_notes;
    redefinition->plan->notes = TRUE;
    return ok;
}

static gboolean apply(Redefinition *redefinition, const HypervMachine *wanted, const HypervProtection *given,
                      GError **error)
{
    redefinition->wanted = hyperv_machine_copy(wanted);
    if (!prepare(redefinition, given, error))
        return FALSE;
    return hyperv_plan_is_empty(redefinition->plan) ||
           (mark(redefinition, given, error) && execute(redefinition, error));
}

/* before: NULL for none. */
static gboolean put_protector_back(HypervCall *call, const char *guid, GBytes *before, GError **error)
{
    g_autoptr(WsmanInstance) settings = NULL;
    gsize size;
    const guint8 *data = before ? g_bytes_get_data(before, &size) : NULL;

    if (!hyperv_security_fetch(call, guid, &settings, error))
        return FALSE;
    if (!settings)
        return TRUE;
    return data ? hyperv_security_set_protector(call, settings, data, size, error)
                : hyperv_security_clear_protector(call, settings, error);
}

/* Not cancellable; every request and job in it is bounded. */
static gboolean go_back(const Redefinition *failed, const HypervMachine *before, GError **error)
{
    g_auto(Redefinition) back = { .call = { .host = failed->call.host }, .guid = failed->guid,
                                  .going_back = TRUE };
    g_autoptr(HypervMachine) now = NULL;

    if (failed->call.unfinished)
        hyperv_job_wait(&back.call, failed->call.unfinished, NULL);
    now = hyperv_load(back.call.host, failed->guid, NULL, error);
    if (!now)
        return FALSE;
    back.current = now;
    /* A TPM needs its protector first; one that was made for a TPM goes last. */
    if (failed->protector_sent && failed->before &&
        !put_protector_back(&back.call, failed->guid, failed->before, error))
        return FALSE;
    if (!apply(&back, before, NULL, error))
        return FALSE;
    if (failed->protector_sent && !failed->before && !put_protector_back(&back.call, failed->guid, NULL, error))
        return FALSE;
    if (!back.template_stays)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                     "all is as it was, but for the template of Secure Boot, which a TPM has frozen");
    return FALSE;
}

gboolean hyperv_redefine_back(HypervHost *host, const HypervMachine *current, const HypervMachine *before,
                              GError **error)
{
    g_auto(Redefinition) back = { .call = { .host = host }, .guid = current->guid, .current = current,
                                  .going_back = TRUE };

    return apply(&back, before, NULL, error);
}

gboolean hyperv_redefine(HypervHost *host, const HypervMachine *current, const HypervMachine *wanted,
                         const HypervProtection *protection, GCancellable *cancellable, GError **error)
{
    return hyperv_redefine_marked(host, current, wanted, protection, NULL, NULL, cancellable, error);
}

gboolean hyperv_redefine_marked(HypervHost *host, const HypervMachine *current, const HypervMachine *wanted,
                                const HypervProtection *protection, HypervMarkFunc func, gpointer opaque,
                                GCancellable *cancellable, GError **error)
{
    g_auto(Redefinition) redefinition = { .call = { .host = host, .cancellable = cancellable },
                                          .guid = current->guid, .current = current,
                                          .mark = func, .mark_opaque = opaque };
    g_autoptr(GError) back_error = NULL;

    if (current->generation != wanted->generation) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "a machine's generation cannot change");
        return FALSE;
    }
    if (!hyperv_check(host, wanted, protection, error))
        return FALSE;
    if (apply(&redefinition, wanted, protection, error))
        return TRUE;
    if (redefinition.touched && !go_back(&redefinition, current, &back_error))
        g_prefix_error(error, "'%s' could not be brought back to what it was (%s), after: ", current->name,
                       back_error->message);
    return FALSE;
}
