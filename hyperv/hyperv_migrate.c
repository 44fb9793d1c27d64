/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_migrate.h"

#include <stdio.h>

#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_job.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_migrate_guard.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_rasd.h"

#define SERVICE_CLASS "Msvm_VirtualSystemMigrationService"
#define SETTINGS_CLASS "Msvm_VirtualSystemMigrationServiceSettingData"

/* MigrationType */
#define MOVE_SYSTEM 32768
#define MOVE_SYSTEM_AND_STORAGE 32771

/* RequestedState of a job: CIM_ConcreteJob. */
#define JOB_TERMINATE 4

#define RETURN_NOT_COMPATIBLE 32784

HypervTraveller *hyperv_traveller_new(void)
{
    return g_new0(HypervTraveller, 1);
}

void hyperv_traveller_free(HypervTraveller *traveller)
{
    if (!traveller)
        return;
    g_free(traveller->guid);
    g_free(traveller->name);
    g_free(traveller->version);
    g_clear_pointer(&traveller->wrappings, g_ptr_array_unref);
    g_free(traveller->guard_service);
    g_clear_pointer(&traveller->compatibility, g_bytes_unref);
    g_clear_pointer(&traveller->machine, hyperv_machine_free);
    g_free(traveller);
}

/* --- what either host says of itself ------------------------------------------------ */

static gboolean require_enabled(HypervCall *call, GError **error)
{
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   "select * from " SETTINGS_CLASS, call->cancellable, error);
    gboolean enabled = FALSE;

    if (!rows) {
        g_prefix_error(error, "reading the migration settings: ");
        return FALSE;
    }
    if (rows->len > 0)
        wsman_instance_get_boolean(g_ptr_array_index(rows, 0), "EnableVirtualSystemMigration", &enabled);
    if (enabled)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                     "migration is not enabled on host '%s' (Enable-VMMigration enables it)",
                     hyperv_host_get_name(call->host));
    return FALSE;
}

static char **fetch_addresses(HypervCall *call, GError **error)
{
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   "select MigrationServiceListenerIPAddressList from " SERVICE_CLASS,
                                                   call->cancellable, error);
    const char *const *list;

    if (!rows) {
        g_prefix_error(error, "reading the addresses for migration: ");
        return NULL;
    }
    list = rows->len > 0 ? wsman_instance_get_strv(g_ptr_array_index(rows, 0),
                                                   "MigrationServiceListenerIPAddressList")
                         : NULL;
    if (list && list[0])
        return g_strdupv((char **)list);
    hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                     "host '%s' listens for migrations on no address (Set-VMMigrationNetwork gives it one)",
                     hyperv_host_get_name(call->host));
    return NULL;
}

/* --- the source -------------------------------------------------------------------------- */

/* Opaque bytes, for the destination's CheckSystemCompatibilityInfo. */
static gboolean fetch_compatibility(HypervCall *call, HypervTraveller *traveller, GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr(SERVICE_CLASS);
    g_autoptr(WsmanEpr) system = hyperv_system_epr(traveller->guid);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_epr(args, "ComputerSystem", system);
    out = hyperv_invoke(call, service, "GetSystemCompatibilityInfo", args, "asking what a destination must have",
                        error);
    if (!out)
        return FALSE;
    traveller->compatibility = wsman_instance_get_bytes(out, "CompatibilityInfo");
    if (traveller->compatibility && g_bytes_get_size(traveller->compatibility) > 0)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_FAILED, 0,
                     "asking what a destination must have: host '%s' gives no compatibility information of '%s'",
                     hyperv_host_get_name(call->host), traveller->name);
    return FALSE;
}

static gboolean take_state(HypervTraveller *traveller, HypervState state, GError **error)
{
    traveller->off = state == HYPERV_STATE_OFF;
    traveller->active = state == HYPERV_STATE_RUNNING;
    if (traveller->off || traveller->active || state == HYPERV_STATE_SAVED)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_STATE, 0,
                     "'%s' is %s: Hyper-V moves machines that run, are off or are saved", traveller->name,
                     state == HYPERV_STATE_PAUSED ? "paused" : "changing its state");
    return FALSE;
}

HypervTraveller *hyperv_migrate_describe(HypervHost *source, const char *guid, gboolean guarded,
                                         GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = source, .cancellable = cancellable };
    g_autoptr(HypervTraveller) traveller = hyperv_traveller_new();
    g_autoptr(HypervFound) found = hyperv_find_by_guid(source, guid, cancellable, error);

    if (!found)
        return NULL;
    traveller->guid = g_strdup(found->guid);
    traveller->name = g_strdup(found->name);
    if (!take_state(traveller, found->state, error) || !require_enabled(&call, error))
        return NULL;
    traveller->machine = hyperv_load_found(source, found, cancellable, error);
    if (!traveller->machine)
        return NULL;
    traveller->version = g_strdup(traveller->machine->version);
    traveller->shielded = traveller->machine->security.shielding_requested;
    if ((guarded && !hyperv_migrate_guard_describe(&call, traveller, error)) ||
        !fetch_compatibility(&call, traveller, error))
        return NULL;
    return g_steal_pointer(&traveller);
}

/* --- the destination ------------------------------------------------------------------------ */

static char *join_reasons(const WsmanInstance *out)
{
    const GPtrArray *reasons = wsman_instance_get_instances(out, "Reasons");
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < reasons->len; i++) {
        const char *message = wsman_instance_get_string(g_ptr_array_index(reasons, i), "Message");

        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", message ? message : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Not hyperv_invoke(): the code that says no comes with reasons. */
static gboolean check_compatibility(HypervCall *call, const HypervTraveller *traveller, GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr(SERVICE_CLASS);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) out = NULL;
    g_autofree char *reasons = NULL;
    guint64 code = 0;
    gsize size;
    const guint8 *data;

    data = g_bytes_get_data(traveller->compatibility, &size);
    wsman_args_add_secret_bytes(args, "CompatibilityInfo", data, size);
    out = wsman_client_invoke(hyperv_host_get_client(call->host), service, "CheckSystemCompatibilityInfo", args,
                              call->cancellable, error);
    if (!out)
        return FALSE;
    if (wsman_instance_get_uint(out, "ReturnValue", &code) && code == 0)
        return TRUE;
    reasons = join_reasons(out);
    if (code == RETURN_NOT_COMPATIBLE)
        hyperv_error_set(error, HYPERV_ERROR_INCOMPATIBLE, code, "'%s' (configuration version %s) cannot run on host "
                         "'%s': %s", traveller->name, traveller->version, hyperv_host_get_name(call->host),
                         *reasons ? reasons : "the host gives no reason");
    else
        hyperv_error_set(error, hyperv_return_code_kind(code), code,
                         "asking host '%s' for its compatibility: %s (return code %" G_GUINT64_FORMAT ")",
                         hyperv_host_get_name(call->host), hyperv_return_code_name(code), code);
    return FALSE;
}

static gboolean check_absent(HypervCall *call, const HypervTraveller *traveller, GError **error)
{
    HypervState state;
    g_autoptr(GError) local_error = NULL;

    if (hyperv_query_state(call->host, traveller->guid, &state, NULL, call->cancellable, &local_error)) {
        hyperv_error_set(error, HYPERV_ERROR_IN_USE, 0, "a machine with the VM id %s is on host '%s' already",
                         traveller->guid, hyperv_host_get_name(call->host));
        return FALSE;
    }
    if (g_error_matches(local_error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

gboolean hyperv_migrate_check(HypervHost *destination, const HypervTraveller *traveller, gboolean unsafe,
                              char ***addresses, GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = destination, .cancellable = cancellable };
    g_auto(GStrv) list = NULL;

    if (!require_enabled(&call, error) || !(list = fetch_addresses(&call, error)) ||
        !check_absent(&call, traveller, error) || !check_compatibility(&call, traveller, error) ||
        (!unsafe && !hyperv_migrate_guard_check(&call, traveller, error)))
        return FALSE;
    *addresses = g_steal_pointer(&list);
    return TRUE;
}

/* --- the move ----------------------------------------------------------------------------------- */

static WsmanInstance *move_settings(const HypervMove *move)
{
    WsmanInstance *settings = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, "Msvm_VirtualSystemMigrationSettingData");

    wsman_instance_set_uint(settings, "MigrationType", WSMAN_CIM_UINT16,
                            move->storage ? MOVE_SYSTEM_AND_STORAGE : MOVE_SYSTEM);
    if (move->addresses && move->addresses[0])
        wsman_instance_set_array(settings, "DestinationIPAddressList", WSMAN_CIM_STRING, move->addresses);
    if (move->compress)
        wsman_instance_set_boolean(settings, "EnableCompression", TRUE);
    return settings;
}

/* The disks, at the paths that they have: without a word about them, the
 * destination would put them where it likes. */
static void add_disks(WsmanArgs *args, const HypervMachine *machine)
{
    for (guint i = 0; i < machine->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(machine->drives, i);
        g_autoptr(WsmanInstance) medium = NULL;

        if (drive->kind != HYPERV_DRIVE_DISK || drive->is_physical || !drive->path || !drive->medium_id)
            continue;
        medium = hyperv_rasd_change_medium(drive, drive->medium_id);
        wsman_args_add_embedded(args, "NewResourceSettingData", medium);
    }
}

static gboolean run(HypervCall *call, const char *method, const HypervTraveller *traveller, const HypervMove *move,
                    const char *what, GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr(SERVICE_CLASS);
    g_autoptr(WsmanEpr) system = hyperv_system_epr(traveller->guid);
    g_autoptr(WsmanInstance) settings = move_settings(move);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *doing = g_strdup_printf("%s '%s' to host '%s'", what, traveller->name, move->destination);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_epr(args, "ComputerSystem", system);
    wsman_args_add_string(args, "DestinationHost", move->destination);
    wsman_args_add_embedded(args, "MigrationSettingData", settings);
    if (move->storage)
        add_disks(args, traveller->machine);
    out = hyperv_invoke(call, service, method, args, doing, error);
    return out != NULL;
}

gboolean hyperv_migrate(HypervHost *source, const HypervTraveller *traveller, const HypervMove *move,
                        GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = source, .cancellable = cancellable, .patient = TRUE };
    gboolean ok = run(&call, "CheckVirtualSystemIsMigratable", traveller, move, "checking the move of", error) &&
                  run(&call, "MigrateVirtualSystemToHost", traveller, move, "moving", error);

    if (!ok && call.unfinished)
        g_prefix_error(error, "the host may still be at it: ");
    wsman_epr_free(call.unfinished);
    return ok;
}

/* --- a migration on its way ------------------------------------------------------------------------ */

void hyperv_migration_free(HypervMigration *migration)
{
    if (!migration)
        return;
    wsman_epr_free(migration->job);
    g_free(migration);
}

/* An interval: ddddddddHHMMSS.mmmmmm:000 */
static guint64 interval_ms(const char *text)
{
    guint days, hours, minutes, seconds, micros;

    if (!text || sscanf(text, "%8u%2u%2u%2u.%6u", &days, &hours, &minutes, &seconds, &micros) != 5)
        return 0;
    return (((days * G_GUINT64_CONSTANT(24) + hours) * 60 + minutes) * 60 + seconds) * 1000 + micros / 1000;
}

static HypervMigration *read_migration(const WsmanInstance *job)
{
    HypervMigration *migration = g_new0(HypervMigration, 1);
    guint64 number = 0;

    if (wsman_instance_get_uint(job, "PercentComplete", &number))
        migration->percent = MIN(number, 100);
    migration->elapsed_ms = interval_ms(wsman_instance_get_string(job, "ElapsedTime"));
    migration->cancellable = TRUE;
    wsman_instance_get_boolean(job, "Cancellable", &migration->cancellable);
    number = 0;
    wsman_instance_get_uint(job, "MigrationType", &number);
    migration->storage = number == MOVE_SYSTEM_AND_STORAGE;
    migration->job = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, "Msvm_MigrationJob");
    wsman_epr_add_selector(migration->job, "InstanceID", wsman_instance_get_string(job, "InstanceID"));
    return migration;
}

/* The checks that go before a move are jobs of the class, too. */
static gboolean is_move(const WsmanInstance *job)
{
    guint64 state = 0;
    guint64 type = 0;

    wsman_instance_get_uint(job, "JobState", &state);
    wsman_instance_get_uint(job, "JobType", &type);
    return state < HYPERV_JOB_COMPLETED && type >= 305 && wsman_instance_get_string(job, "InstanceID");
}

gboolean hyperv_migration_find(HypervHost *host, const char *guid, HypervMigration **migration,
                               GCancellable *cancellable, GError **error)
{
    g_autofree char *query = g_strdup_printf(
        "associators of {Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",Name=\"%s\"} "
        "where AssocClass = Msvm_AffectedJobElement ResultClass = Msvm_MigrationJob", guid);
    g_autoptr(GPtrArray) jobs = wsman_client_query(hyperv_host_get_client(host), HYPERV_NS_VIRTUALIZATION, query,
                                                   cancellable, error);

    *migration = NULL;
    if (!jobs) {
        g_prefix_error(error, "looking for migrations: ");
        return FALSE;
    }
    for (guint i = 0; i < jobs->len && !*migration; i++) {
        if (is_move(g_ptr_array_index(jobs, i)))
            *migration = read_migration(g_ptr_array_index(jobs, i));
    }
    return TRUE;
}

gboolean hyperv_migration_abort(HypervHost *host, const HypervMigration *migration, GCancellable *cancellable,
                                GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) out = NULL;

    if (!migration->cancellable) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_STATE, 0, "the migration cannot be ended any more");
        return FALSE;
    }
    wsman_args_add_uint(args, "RequestedState", JOB_TERMINATE);
    out = hyperv_invoke(&call, migration->job, "RequestStateChange", args, "ending the migration", error);
    return out != NULL;
}
