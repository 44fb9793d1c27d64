/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The destination's side of a migration: what it lets in, and the texts with
 * which it does not. Where no published article shows the text, it is in the
 * words of its neighbours. ASSUMED: a host takes a machine that is off
 * whatever its protector says (it cannot start there), as the documents of
 * shielded machines put it; a running one it must be able to unwrap.
 */
#include <string.h>

#include "sim/host_private.h"

#define RECEIVE_WAIT_US (2 * G_USEC_PER_SEC)
#define RECEIVE_PAUSE_US 5000

static gboolean flag(json_object *json, const char *key)
{
    json_object *value = NULL;

    return json_object_object_get_ex(json, key, &value) && json_object_get_boolean(value);
}

static json_object *list(json_object *json, const char *key)
{
    json_object *value = NULL;

    return json_object_object_get_ex(json, key, &value) && json_object_is_type(value, json_type_array) ? value
                                                                                                      : NULL;
}

static const char *item(json_object *array, gsize i)
{
    const char *text = json_object_get_string(json_object_array_get_idx(array, i));

    return text ? text : "";
}

static char *check_network(SimHost *host, json_object *json)
{
    json_object *addresses = list(json, "addresses");
    gboolean hit = !addresses || json_object_array_length(addresses) == 0;

    for (gsize i = 0; addresses && i < json_object_array_length(addresses); i++)
        hit = hit || g_strcmp0(item(addresses, i), host->migration_address) == 0;
    if (host->migration_address && hit)
        return NULL;
    return g_strdup_printf("The Virtual Machine Management Service failed to establish a connection for a Virtual "
                           "Machine migration with host '%s': No connection could be made because the target "
                           "machine actively refused it. (0x8007274D).",
                           host->name);
}

static char *check_files(SimHost *host, json_object *json)
{
    json_object *files = list(json, "files");
    gboolean with_disks = flag(json, "withDisks");

    for (gsize i = 0; files && i < json_object_array_length(files); i++) {
        const char *path = item(files, i);
        g_autofree char *lower = g_ascii_strdown(path, -1);

        if (!with_disks && !sim_file_exists(host, path))
            return g_strdup_printf("The virtual hard disk or other storage '%s' cannot be found on '%s'. "
                                   "(0x80070002).",
                                   path, host->name);
        if (with_disks && g_hash_table_contains(host->disks, lower) && !flag(json, "overwrite"))
            return g_strdup_printf("Failed to create '%s': The file exists. (0x80070050).", path);
    }
    return NULL;
}

/* A connection to a switch that this host does not have. */
static char *check_switches(SimMachine *machine)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);
        const CimValue *paths = sim_is_a(part, "Msvm_EthernetPortAllocationSettingData")
                                    ? cim_object_get(part, "HostResource")
                                    : NULL;

        for (guint j = 0; paths && j < cim_value_count(paths); j++) {
            g_autoptr(CimObject) found =
                sim_find_text(machine->host, cim_value_item(paths, j)->text, "Msvm_VirtualEthernetSwitch", NULL);

            if (!found)
                return g_strdup_printf("Could not find Ethernet switch '%s'.",
                                       sim_text(part, "LastKnownSwitchName"));
        }
    }
    return NULL;
}

static char *check_guard(SimMachine *machine, json_object *json)
{
    SimHost *host = machine->host;
    const char *name = sim_text(machine->system, "ElementName");
    SimFailure failure = { 0 };
    char *text = NULL;

    if (!sim_machine_is_sealed(machine))
        return NULL;
    if (flag(json, "fromGuarded") && sim_boolean(machine->security, "ShieldingRequested") &&
        (host->guard_mode != SIM_GUARD_GUARDED || host->attestation != SIM_ATTESTATION_PASSED))
        return g_strdup_printf("The shielded virtual machine '%s' cannot be moved to '%s', which is not an attested "
                               "guarded host.",
                               name, host->name);
    if (machine->state == SIM_STATE_OFF || sim_machine_unwrap(machine, &failure) == SIM_RC_DONE)
        return NULL;
    text = g_strdup_printf("The version of the device 'Microsoft Virtual TPM Device' (device ID "
                           "736e6aa9-a3f8-49c0-9550-a963214d259a) is not compatible with '%s'. %s",
                           host->name, failure.text);
    sim_failure_clear(&failure);
    return text;
}

static char *check(SimMachine *machine, json_object *json)
{
    SimHost *host = machine->host;
    const char *version = sim_text(machine->settings, "Version");
    char *refusal = check_network(host, json);

    if (!refusal && !sim_config_version_fits(host, version))
        refusal = g_strdup_printf("The virtual machine '%s' is not compatible with physical computer '%s': its "
                                  "configuration version %s is not supported.",
                                  sim_text(machine->system, "ElementName"), host->name, version);
    if (!refusal && sim_machine_find(host, machine->guid))
        refusal = g_strdup_printf("A virtual machine with the ID %s is on '%s' already. (0x800700B7).",
                                  machine->guid, host->name);
    if (!refusal)
        refusal = check_files(host, json);
    if (!refusal)
        refusal = check_switches(machine);
    return refusal ? refusal : check_guard(machine, json);
}

static void take_disks(SimHost *host, json_object *json)
{
    json_object *disks = list(json, "disks");

    for (gsize i = 0; disks && i < json_object_array_length(disks); i++) {
        CimObject *disk = sim_object_arrived(host, sim_json_text(json, "source"), item(disks, i));

        if (disk)
            g_hash_table_insert(host->disks, g_ascii_strdown(sim_text(disk, "Path"), -1), disk);
    }
}

static char *receive(SimHost *host, json_object *json, gboolean only_check)
{
    SimMachine *machine = sim_machine_unpack(host, json);
    char *refusal = NULL;

    if (!machine)
        return g_strdup_printf("The virtual machine is not compatible with physical computer '%s'.", host->name);
    refusal = check(machine, json);
    if (refusal || only_check) {
        sim_machine_free(machine);
        return refusal;
    }
    take_disks(host, json);
    sim_machine_add(host, machine);
    return NULL;
}

/* Two hosts that move machines to each other each hold their own lock. */
static gboolean lock_in_time(SimHost *host)
{
    gint64 deadline = g_get_monotonic_time() + RECEIVE_WAIT_US;

    while (!g_mutex_trylock(&host->lock)) {
        if (g_get_monotonic_time() > deadline)
            return FALSE;
        g_usleep(RECEIVE_PAUSE_US);
    }
    return TRUE;
}

char *sim_host_receive(SimHost *host, const char *body, gboolean only_check)
{
    json_object *json = json_tokener_parse(body);
    char *refusal = NULL;

    if (!json_object_is_type(json, json_type_object)) {
        json_object_put(json);
        return g_strdup("The request cannot be read.");
    }
    if (lock_in_time(host)) {
        refusal = receive(host, json, only_check);
        g_mutex_unlock(&host->lock);
    } else {
        refusal = g_strdup("The computer is busy with another migration.");
    }
    json_object_put(json);
    return refusal;
}
