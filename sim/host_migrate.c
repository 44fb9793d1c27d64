/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Msvm_VirtualSystemMigrationService: machines that move to another host. The
 * source does the work; what the destination has to say it is asked
 * (host_receive.c).
 *
 * What is wrong with the parameters is said at once, what is wrong with the
 * machine or the other host by the job, as with PowerShell's Move-VM. While
 * the job runs, the machine takes no other change. Until it is done the
 * machine is at the source alone, then at the destination alone.
 */
#include <string.h>

#include "sim/host_private.h"

#define MAX_ADDRESSES 16

void sim_migration_build(SimHost *host)
{
    CimObject *settings = sim_object_new(host, SIM_V2, "Msvm_VirtualSystemMigrationServiceSettingData");
    CimObject *service = sim_fixed_find(host, "Msvm_VirtualSystemMigrationService");

    sim_setf(settings, "InstanceID", "Microsoft:%s", host->name);
    sim_set(settings, "Caption", "Hyper-V Migration Service");
    sim_set(settings, "ElementName", "Hyper-V Migration Service");
    sim_set_boolean(settings, "EnableVirtualSystemMigration", host->migration_address != NULL);
    sim_set_uint(settings, "MaximumActiveVirtualSystemMigration", 2);
    sim_set_uint(settings, "MaximumActiveStorageMigration", 2);
    sim_set_uint(settings, "AuthenticationType", 0);
    sim_set_boolean(settings, "EnableCompression", TRUE);
    sim_set_boolean(settings, "EnableSmbTransport", FALSE);
    sim_fixed_add(host, settings);
    sim_fixed_link(host, "Msvm_ElementSettingData", service, settings, 0);
    sim_set_uint(service, "ActiveVirtualSystemMigrationCount", 0);
    sim_set_uint(service, "ActiveStorageMigrationCount", 0);
    if (host->migration_address)
        sim_set_list(service, "MigrationServiceListenerIPAddressList", host->migration_address, NULL);
}

/* --- what is asked for ----------------------------------------------------------- */

typedef struct {
    char *guid;
    char *destination;
    CimObject *settings;
    GPtrArray *resources; /* of CimObject; or NULL */
    guint type;
} Move;

static void move_free(gpointer data)
{
    Move *move = data;

    g_free(move->guid);
    g_free(move->destination);
    cim_object_unref(move->settings);
    g_clear_pointer(&move->resources, g_ptr_array_unref);
    g_free(move);
}

/* Each new resource setting is one of the machine's own, by its InstanceID. */
static gboolean names_parts(SimMachine *machine, GPtrArray *resources)
{
    for (guint i = 0; resources && i < resources->len; i++) {
        const char *id = sim_text(g_ptr_array_index(resources, i), "InstanceID");
        gboolean found = FALSE;

        for (guint j = 0; !found && j < machine->parts->len; j++)
            found = sim_text_is(g_ptr_array_index(machine->parts, j), "InstanceID", id);
        if (!found)
            return FALSE;
    }
    return TRUE;
}

/* Storage alone (32769) moves within a host, which has no second place here;
 * staged moves (32770) and deep checks (32772) are not simulated. */
static gboolean is_type(guint type)
{
    return type == SIM_MOVE_SYSTEM || type == SIM_MOVE_BOTH;
}

/* NULL with *rv set. */
static Move *read_move(SimCall *call, SimMachine **machine, guint32 *rv)
{
    g_autoptr(CimObject) system =
        sim_find_reference(call->host, sim_in_path(call, "ComputerSystem"), "Msvm_ComputerSystem", machine);
    const char *destination = sim_in_text(call, "DestinationHost");
    g_autoptr(CimObject) settings = NULL;
    g_autoptr(GPtrArray) resources = NULL;
    Move *move = NULL;

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!system || !*machine || !destination || !*destination)
        return NULL;
    settings = sim_in_instance(call, "MigrationSettingData", "Msvm_VirtualSystemMigrationSettingData", rv);
    if (!settings)
        return NULL;
    if (sim_in(call, "NewResourceSettingData")) {
        resources = sim_in_instances(call, "NewResourceSettingData", "CIM_ResourceAllocationSettingData", rv);
        if (!resources)
            return NULL;
    }
    *rv = SIM_RC_INVALID_PARAMETER;
    if (sim_in(call, "NewSystemSettingData") || !names_parts(*machine, resources))
        return NULL;
    *rv = SIM_RC_NOT_SUPPORTED;
    if (!is_type((guint) sim_uint(settings, "MigrationType")))
        return NULL;
    move = g_new0(Move, 1);
    move->guid = g_strdup((*machine)->guid);
    move->destination = g_strdup(destination);
    move->type = (guint) sim_uint(settings, "MigrationType");
    move->settings = g_steal_pointer(&settings);
    move->resources = g_steal_pointer(&resources);
    return move;
}

static void fill_job(CimObject *job, gconstpointer data)
{
    const Move *move = data;

    sim_set_uint(job, "MigrationType", move->type);
    sim_set(job, "VirtualSystemName", move->guid); /* ASSUMED: the page says "name" and means what
                                                    * Msvm_ComputerSystem.Name is */
    sim_set(job, "DestinationHost", move->destination);
}

/* --- the work ------------------------------------------------------------------------ */

static json_object *pack(const Move *move, SimMachine *machine)
{
    gboolean disks = move->type == SIM_MOVE_BOTH;
    json_object *json = sim_machine_pack(machine, disks);
    const CimValue *addresses = cim_object_get(move->settings, "DestinationIPAddressList");
    json_object *list = json_object_new_array();

    for (guint i = 0; i < MIN(cim_value_count(addresses), MAX_ADDRESSES); i++)
        json_object_array_add(list, json_object_new_string(cim_value_item(addresses, i)->text));
    json_object_object_add(json, "addresses", list);
    json_object_object_add(json, "fromGuarded",
                           json_object_new_boolean(machine->host->guard_mode == SIM_GUARD_GUARDED));
    json_object_object_add(json, "overwrite",
                           json_object_new_boolean(sim_boolean(move->settings, "AllowOverwriteExistingFile")));
    return json;
}

static guint32 fail(const SimMachine *machine, const char *where, const char *host, const char *detail,
                    SimFailure *failure)
{
    return sim_failure(failure, SIM_RC_FAILED,
                       "Virtual machine migration operation for '%s' failed at migration %s '%s'. (Virtual "
                       "machine ID %s) %s",
                       sim_text(machine->system, "ElementName"), where, host, machine->guid, detail);
}

static guint32 ask_destination(const Move *move, SimMachine *machine, const char *path, SimFailure *failure)
{
    SimHost *host = machine->host;
    json_object *json = pack(move, machine);
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = NULL;
    g_autofree char *detail = NULL;
    gboolean refused = FALSE;

    if (host->peer)
        answer = host->peer(host->peer_data, move->destination, path, json_object_to_json_string(json), &refused,
                            &error);
    json_object_put(json);
    if (answer && !refused)
        return SIM_RC_DONE;
    if (answer)
        return fail(machine, "destination", move->destination, answer, failure);
    detail = g_strdup_printf("The Virtual Machine Management Service failed to establish a connection for a "
                             "Virtual Machine migration with host '%s': No connection could be made because the "
                             "target machine actively refused it. (0x8007274D).",
                             move->destination);
    return fail(machine, "source", host->name, detail, failure);
}

static guint32 judge(const Move *move, SimMachine *machine, const char *path, SimFailure *failure)
{
    SimHost *host = machine->host;

    if (!host->migration_address)
        return fail(machine, "source", host->name,
                    "Live migrations of virtual machines are not enabled on this computer.", failure);
    if (machine->transition || machine->state == SIM_STATE_PAUSED)
        return fail(machine, "source", host->name, "The operation cannot be performed in the current state.",
                    failure);
    return ask_destination(move, machine, path, failure);
}

/* The disks went along: the source keeps none. */
static void drop_disks(SimMachine *machine)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);
        const CimValue *files = sim_is_a(part, "Msvm_StorageAllocationSettingData")
                                    ? cim_object_get(part, "HostResource")
                                    : NULL;

        if (files && cim_value_count(files)) {
            g_autofree char *key = g_ascii_strdown(cim_value_item(files, 0)->text, -1);

            g_hash_table_remove(machine->host->disks, key);
        }
    }
}

static guint32 work_move(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED, SimFailure *failure)
{
    const Move *move = data;
    SimMachine *machine = sim_machine_find(host, move->guid);
    guint32 code = SIM_RC_DONE;

    if (!machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    code = judge(move, machine, "/migration/receive", failure);
    if (code != SIM_RC_DONE)
        return code;
    if (move->type == SIM_MOVE_BOTH)
        drop_disks(machine);
    sim_machine_remove(host, machine);
    return SIM_RC_DONE;
}

static guint32 work_check(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED, SimFailure *failure)
{
    const Move *move = data;
    SimMachine *machine = sim_machine_find(host, move->guid);

    if (!machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    return judge(move, machine, "/migration/check", failure);
}

/* --- methods ------------------------------------------------------------------------------ */

SimStatus sim_migrate_to_host(SimCall *call, guint32 *rv)
{
    SimMachine *machine = NULL;
    Move *move = read_move(call, &machine, rv);
    SimJobKind kind = { .job_class = "Msvm_MigrationJob", .always = TRUE, .fill = fill_job };

    if (!move)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    if (machine->transition || sim_jobs_running(call->host, machine)) {
        move_free(move);
        return SIM_OK;
    }
    kind.caption = move->type == SIM_MOVE_BOTH ? "Moving Virtual Machine and Storage" : "Moving Virtual Machine";
    kind.type = move->type == SIM_MOVE_BOTH ? 306 : 305;
    kind.ms = call->host->migration_ms;
    kind.machine = machine;
    *rv = sim_job_run(call, &kind, work_move, move, move_free);
    return SIM_OK;
}

/* Only this one explains itself, through its job. */
SimStatus sim_check_migratable(SimCall *call, guint32 *rv)
{
    SimMachine *machine = NULL;
    Move *move = read_move(call, &machine, rv);
    SimJobKind kind = { .job_class = "Msvm_MigrationJob", .always = TRUE, .fill = fill_job };

    if (!move)
        return SIM_OK;
    kind.caption = move->type == SIM_MOVE_BOTH ? "Checking Virtual Machine and Storage Compatibility"
                                               : "Checking Virtual Machine Compatibility";
    kind.type = move->type == SIM_MOVE_BOTH ? 302 : 301;
    kind.machine = machine;
    *rv = sim_job_run(call, &kind, work_check, move, move_free);
    return SIM_OK;
}

SimStatus sim_check_migratable_to_host(SimCall *call, guint32 *rv)
{
    SimMachine *machine = NULL;
    SimFailure failure = { 0 };
    Move *move = read_move(call, &machine, rv);

    if (!move) /* a method in DMTF's style: 4 invalid parameter, 1 not supported */
        *rv = *rv == SIM_RC_NOT_SUPPORTED ? 1 : 4;
    if (!move)
        return SIM_OK;
    *rv = SIM_RC_DONE;
    sim_out(call, "IsMigratable",
            cim_value_new_boolean(judge(move, machine, "/migration/check", &failure) == SIM_RC_DONE));
    sim_failure_clear(&failure);
    move_free(move);
    return SIM_OK;
}

/* --- compatibility ------------------------------------------------------------------------- */

/* The bytes are the host's own affair (their page: an opaque array); what they
 * say here: configuration version and processor maker. */
#define INFO_FORMAT "hvsim-compatibility 1 %s x64-intel"

SimStatus sim_get_compatibility_info(SimCall *call, guint32 *rv)
{
    SimMachine *machine = NULL;
    g_autoptr(CimObject) system = sim_find_reference(call->host, sim_in_path(call, "ComputerSystem"),
                                                     "Msvm_ComputerSystem", &machine);
    g_autofree char *info = NULL;

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!system || !machine)
        return SIM_OK;
    info = g_strdup_printf(INFO_FORMAT, sim_text(machine->settings, "Version"));
    sim_out(call, "CompatibilityInfo", cim_value_new_bytes(info, strlen(info)));
    *rv = SIM_RC_DONE;
    return SIM_OK;
}

static char *reason_text(SimHost *host)
{
    g_autoptr(CimObject) error = sim_object_new(host, SIM_V2, "Msvm_Error");

    sim_set_uint(error, "ErrorType", 4);
    sim_set_uint(error, "CIMStatusCode", 1);
    sim_set(error, "OwningEntity", "Microsoft Hyper-V Virtual Machine Management");
    sim_setf(error, "Message",
             "The virtual machine is not compatible with physical computer '%s': its configuration version is "
             "not supported.",
             host->name);
    sim_set(error, "MessageID", "32784");
    return cim_object_to_xml(error);
}

SimStatus sim_check_compatibility_info(SimCall *call, guint32 *rv)
{
    const CimValue *value = sim_in(call, "CompatibilityInfo");
    g_autoptr(GBytes) bytes = value ? cim_value_bytes(value) : NULL;
    g_autofree char *text =
        bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : g_strdup("");
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    *rv = SIM_RC_INVALID_PARAMETER;
    if (g_strv_length(words) != 4 || strcmp(words[0], "hvsim-compatibility") != 0)
        return SIM_OK;
    *rv = SIM_RC_DONE;
    if (!sim_config_version_fits(call->host, words[2])) {
        g_autofree char *reason = reason_text(call->host);
        const char *reasons[] = { reason, NULL };

        sim_out(call, "Reasons", cim_value_new_strv(reasons));
        *rv = SIM_RC_NOT_COMPATIBLE;
    }
    return SIM_OK;
}
