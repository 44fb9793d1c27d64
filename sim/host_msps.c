/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data and the provisioning of shielded machines: root/msps. The
 * pages give no return codes; a file that cannot be read fails the call as a
 * whole, as the cmdlets show it. What stands in the files is in pdk.h.
 *
 * ASSUMED, since nothing is published on it: ProvisionMachine checks its files
 * and the machine at once and answers 4096; the job finds out whether the disk
 * is a template that the shielding data trust (here: no "unsigned" in its
 * path), and whether the protector is that of the shielding data.
 */
#include <string.h>

#include "sim/host_private.h"
#include "sim/pdk.h"

/* The simulator's own: real ones are not published. One byte: 1 encryption, 2 shielded. */
#define POLICY_GUID "6d1bc5f6-4d4a-4a3c-9a5e-2f1f0f7ad001"

static CimValue *octets(GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(bytes, &size);

    return cim_value_new_bytes(data, size);
}

static GBytes *bytes_in(SimCall *call, const char *name)
{
    const CimValue *value = sim_in(call, name);

    return value ? cim_value_bytes(value) : NULL;
}

/* --- files in --------------------------------------------------------------------- */

static CimObject *pdk_object(SimHost *host, const SimPdk *pdk)
{
    CimObject *object = sim_object_new(host, SIM_MSPS, "Msps_PDK");

    cim_object_set(object, "RawData", octets(pdk->raw));
    cim_object_set(object, "KeyProtector", octets(pdk->protector));
    cim_object_set(object, "PolicyData", octets(pdk->policy));
    return object;
}

static CimObject *fsk_object(SimHost *host, GHashTable *pairs, GBytes *raw)
{
    CimObject *object = sim_object_new(host, SIM_MSPS, "Msps_FSK");
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(pairs), (GCompareFunc) strcmp);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    g_autofree CimItem *items = g_new0(CimItem, g_hash_table_size(pairs) + 1);

    for (GList *at = names; at; at = at->next) {
        CimObject *pair = sim_object_new(host, SIM_MSPS, "Msps_FabricData");

        sim_set(pair, "key", at->data);
        sim_set(pair, "Value", g_hash_table_lookup(pairs, at->data));
        items[list->len].object = pair;
        g_ptr_array_add(list, pair);
    }
    cim_object_set(object, "RawData", octets(raw));
    cim_object_set(object, "FabricDataPairs", cim_value_new_array(CIM_OBJECT, items, list->len));
    return object;
}

static SimStatus populate(SimCall *call, GBytes *data)
{
    g_autoptr(SimPdk) pdk = sim_pdk_parse(data);
    g_autoptr(GHashTable) pairs = pdk ? NULL : sim_fsk_parse(data);
    g_autoptr(CimObject) object = NULL;

    if (!pdk && !pairs)
        return SIM_FAILED;
    object = pdk ? pdk_object(call->host, pdk) : fsk_object(call->host, pairs, data);
    sim_out(call, "ProvisioningFile", cim_value_new_object(object));
    return SIM_OK;
}

SimStatus sim_msps_populate_stream(SimCall *call, guint32 *rv)
{
    g_autoptr(GBytes) data = bytes_in(call, "Data");

    *rv = 0;
    return data ? populate(call, data) : SIM_INVALID_PARAMETER;
}

SimStatus sim_msps_populate_file(SimCall *call, guint32 *rv)
{
    const char *path = sim_in_text(call, "FilePath");
    GBytes *data = path ? sim_file_read(call->host, path) : NULL;

    *rv = 0;
    if (!path)
        return SIM_INVALID_PARAMETER;
    return data ? populate(call, data) : SIM_FAILED;
}

SimStatus sim_msps_query_policy(SimCall *call, guint32 *rv)
{
    g_autoptr(GBytes) data = bytes_in(call, "PolicyData");
    const char *guid = sim_in_text(call, "PolicyGUID");
    g_autofree char *asked = guid ? sim_guid_normalize(guid) : NULL;
    guint8 value = data ? (guint8) sim_policy_parse(data) : 0;

    *rv = 0;
    if (!data || !asked || value == SIM_POLICY_NONE)
        return SIM_INVALID_PARAMETER;
    if (g_ascii_strcasecmp(asked, POLICY_GUID) != 0)
        return SIM_NOT_FOUND;
    sim_out(call, "PolicyValue", cim_value_new_bytes(&value, 1));
    return SIM_OK;
}

/* --- files out -------------------------------------------------------------------- */

static GBytes *fsk_bytes(const CimObject *object)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const CimValue *list = cim_object_get(object, "FabricDataPairs");

    for (guint i = 0; i < cim_value_count(list); i++) {
        const CimObject *pair = cim_value_item(list, i)->object;

        if (!g_hash_table_insert(pairs, g_strdup(sim_text(pair, "key")), g_strdup(sim_text(pair, "Value"))))
            return NULL; /* named twice */
    }
    return sim_fsk_format(pairs);
}

/* Shielding data are written as they were read: nobody but the tenant can make them. */
static GBytes *file_bytes(const CimObject *object)
{
    g_autoptr(GBytes) raw = NULL;
    g_autoptr(SimPdk) pdk = NULL;

    if (sim_is_a(object, "Msps_FSK"))
        return fsk_bytes(object);
    if (!sim_is_a(object, "Msps_PDK"))
        return NULL;
    raw = cim_value_bytes(cim_object_get(object, "RawData"));
    pdk = raw ? sim_pdk_parse(raw) : NULL;
    return pdk ? g_steal_pointer(&raw) : NULL;
}

SimStatus sim_msps_serialize(SimCall *call, guint32 *rv)
{
    const char *path = sim_in_text(call, "FilePath");
    const CimValue *file = sim_in(call, "ProvisioningFile");
    g_autoptr(GBytes) content = path && file ? file_bytes(cim_value_item(file, 0)->object) : NULL;

    *rv = 0;
    if (!content)
        return SIM_INVALID_PARAMETER;
    return sim_file_write(call->host, path, content) ? SIM_OK : SIM_FAILED;
}

/* --- provisioning ------------------------------------------------------------------- */

typedef struct {
    char *guid;
    GBytes *protector; /* of the shielding data; NULL: a disk that is specialized already */
    GHashTable *pairs;
} Work;

static void work_free(gpointer data)
{
    Work *work = data;

    g_free(work->guid);
    g_clear_pointer(&work->protector, g_bytes_unref);
    g_clear_pointer(&work->pairs, g_hash_table_unref);
    g_free(work);
}

static const char *system_disk(SimMachine *machine)
{
    CimObject *disk = sim_machine_part(machine, "Msvm_StorageAllocationSettingData",
                                       "Microsoft:Hyper-V:Virtual Hard Disk");
    const CimValue *paths = disk ? cim_object_get(disk, "HostResource") : NULL;

    return paths && cim_value_count(paths) > 0 ? cim_value_item(paths, 0)->text : NULL;
}

/* A protector is wrapped anew at each start, but not in between. */
static guint32 work_provision(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                              SimFailure *failure)
{
    Work *work = data;
    SimMachine *machine = sim_machine_find(host, work->guid);
    const char *name = machine ? sim_text(machine->system, "ElementName") : "";
    const char *disk = machine ? system_disk(machine) : NULL;

    if (!machine || !sim_machine_is_off(machine))
        return sim_failure(failure, SIM_RC_INVALID_STATE, "The virtual machine to provision is not off.");
    if (!sim_boolean(machine->security, "TpmEnabled") ||
        (work->protector && !g_bytes_equal(machine->protector, work->protector)))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Provisioning of '%s' failed. Its key protector is not that of the shielding "
                           "data file, or its virtual TPM is off.",
                           name);
    if (!disk || strstr(disk, "unsigned"))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Provisioning of '%s' failed. The operating system disk is not a template "
                           "disk whose volume signature catalog the shielding data file trusts.",
                           name);
    g_clear_pointer(&machine->fabric_data, g_hash_table_unref);
    machine->fabric_data = work->pairs
                               ? g_hash_table_ref(work->pairs)
                               : g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return SIM_RC_DONE;
}

static SimStatus start(SimCall *call, const char *out, Work *work, guint32 *rv)
{
    SimJobKind kind = { .job_class = "Msps_ProvisioningJob", .caption = "Provisioning Virtual Machine",
                        .object = out };
    SimMachine *machine = sim_machine_find(call->host, work->guid);

    *rv = SIM_RC_INVALID_STATE;
    if (!machine || !sim_machine_is_off(machine)) {
        work_free(work);
        return machine ? SIM_OK : SIM_FAILED;
    }
    kind.machine = machine;
    kind.ms = call->host->provisioning_ms;
    *rv = sim_job_run(call, &kind, work_provision, work, work_free);
    return SIM_OK;
}

SimStatus sim_msps_provision(SimCall *call, guint32 *rv)
{
    const char *pdk_path = sim_in_text(call, "PDKPath");
    const char *fsk_path = sim_in_text(call, "FSKPath");
    const char *id = sim_in_text(call, "MachineID");
    g_autofree char *guid = id ? sim_guid_normalize(id) : NULL;
    GBytes *pdk_file = pdk_path ? sim_file_read(call->host, pdk_path) : NULL;
    GBytes *fsk_file = fsk_path ? sim_file_read(call->host, fsk_path) : NULL;
    g_autoptr(SimPdk) pdk = pdk_file ? sim_pdk_parse(pdk_file) : NULL;
    g_autoptr(GHashTable) pairs = fsk_file ? sim_fsk_parse(fsk_file) : NULL;
    Work *work = NULL;

    *rv = 0;
    if (!pdk_path || !fsk_path || !guid)
        return SIM_INVALID_PARAMETER;
    if (!pdk || !pairs)
        return SIM_FAILED;
    work = g_new0(Work, 1);
    work->guid = g_steal_pointer(&guid);
    work->protector = g_bytes_ref(pdk->protector);
    work->pairs = g_steal_pointer(&pairs);
    return start(call, "ProvisioningJob", work, rv);
}

SimStatus sim_msps_prepare(SimCall *call, guint32 *rv)
{
    const char *path = sim_in_text(call, "TemplateUtilityDiskPath");
    const char *id = sim_in_text(call, "MachineID");
    g_autofree char *guid = id ? sim_guid_normalize(id) : NULL;
    Work *work = NULL;

    *rv = 0;
    if (!path || !guid)
        return SIM_INVALID_PARAMETER;
    if (!sim_file_exists(call->host, path))
        return SIM_FAILED;
    work = g_new0(Work, 1);
    work->guid = g_steal_pointer(&guid);
    return start(call, "PreparationJob", work, rv);
}

/* --- jobs --------------------------------------------------------------------------- */

SimStatus sim_msps_get_error(SimCall *call, guint32 *rv)
{
    const SimFailure *failure = sim_job_failure(call);

    *rv = 0;
    if (failure) {
        g_autoptr(CimObject) error = sim_object_new(call->host, SIM_MSPS, "CIM_Error");

        sim_set(error, "OwningEntity", "Microsoft Shielded VM Provisioning Service");
        sim_set_uint(error, "CIMStatusCode", 1);
        sim_setf(error, "MessageID", "%u", failure->code);
        sim_set(error, "Message", failure->text);
        sim_out(call, "Error", cim_value_new_object(error));
    }
    return SIM_OK;
}

SimStatus sim_msps_kill(SimCall *call, guint32 *rv)
{
    *rv = sim_job_cancel(call) ? SIM_RC_DONE : SIM_RC_INVALID_STATE;
    return SIM_OK;
}
