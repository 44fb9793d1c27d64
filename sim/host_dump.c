/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state as JSON. Key material never is in it: of a protector only its size
 * and digest, of guardians only their certificates.
 */
#include <string.h>

#include "sim/host_private.h"

static json_object *item_json(CimType type, const CimItem *item)
{
    g_autofree char *text = NULL;

    switch (type) {
    case CIM_BOOLEAN: return json_object_new_boolean(item->boolean);
    case CIM_UINT64: /* json-c's numbers are signed; more than that as text */
        return item->u > G_MAXINT64 ? json_object_new_string("18446744073709551615")
                                    : json_object_new_int64((gint64) item->u);
    case CIM_UINT8:
    case CIM_UINT16:
    case CIM_UINT32:
    case CIM_CHAR16: return json_object_new_int64((gint64) item->u);
    case CIM_SINT8:
    case CIM_SINT16:
    case CIM_SINT32:
    case CIM_SINT64: return json_object_new_int64(item->s);
    case CIM_REFERENCE: text = cim_path_format(item->path, "."); return json_object_new_string(text);
    case CIM_OBJECT: return json_object_new_string(schema_class_name(cim_object_class(item->object)));
    default: text = cim_item_format(type, item); return json_object_new_string(text ? text : "");
    }
}

static json_object *value_json(const CimValue *value)
{
    json_object *array = NULL;

    if (!cim_value_is_array(value))
        return item_json(cim_value_type(value), cim_value_item(value, 0));
    array = json_object_new_array();
    for (guint i = 0; i < cim_value_count(value); i++)
        json_object_array_add(array, item_json(cim_value_type(value), cim_value_item(value, i)));
    return array;
}

/* What changes by itself, and would make two dumps of the same state differ. */
static gboolean is_volatile(const char *property)
{
    static const char *const names[] = {
        "OnTimeInMilliseconds",  "ProcessID",    "TimeOfLastConfigurationChange",
        "TimeOfLastStateChange", "InstallDate",  "CreationTime",
        "LastBootUpTime",        "LocalDateTime"
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(names[i], property) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Nulls are left out. */
static json_object *object_json(const CimObject *object, gboolean with_volatile)
{
    json_object *json = json_object_new_object();
    const SchemaClass *cls = cim_object_class(object);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const char *name = schema_class_property(cls, i)->name;
        const CimValue *value = cim_object_get(object, name);

        if (!cim_value_is_null(value) && (with_volatile || !is_volatile(name)))
            json_object_object_add(json, name, value_json(value));
    }
    return json;
}

static void add_text(json_object *json, const char *key, const char *text)
{
    json_object_object_add(json, key, json_object_new_string(text));
}

static json_object *protector_json(GBytes *protector)
{
    json_object *json = json_object_new_object();
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, protector);
    g_autoptr(SimProtector) parsed = sim_protector_parse(protector, NULL);
    json_object *certificates = json_object_new_array();

    json_object_object_add(json, "set", json_object_new_boolean(!sim_protector_is_none(protector)));
    json_object_object_add(json, "size", json_object_new_int64((gint64) g_bytes_get_size(protector)));
    add_text(json, "sha256", digest);
    for (guint i = 0; parsed && i < sim_protector_n_wrappings(parsed); i++) {
        GBytes *certificate = sim_protector_encryption_certificate(parsed, i);
        g_autofree char *print = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, certificate);

        json_object_array_add(certificates, json_object_new_string(print));
    }
    json_object_object_add(json, "encryptionCertificates", certificates);
    return json;
}

/* null until it has been provisioned. */
static json_object *fabric_json(const SimMachine *machine)
{
    json_object *json = machine->fabric_data ? json_object_new_object() : NULL;
    GHashTableIter iter;
    gpointer name, value;

    if (!json)
        return NULL;
    g_hash_table_iter_init(&iter, machine->fabric_data);
    while (g_hash_table_iter_next(&iter, &name, &value))
        add_text(json, name, value);
    return json;
}

static json_object *files_json(SimHost *host)
{
    json_object *array = json_object_new_array();
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);

    sim_files_list(host, files);
    for (guint i = 0; i < files->len; i++)
        json_object_array_add(array, json_object_new_string(sim_text(g_ptr_array_index(files, i), "Name")));
    return array;
}

/* Virtual hard disks that a method made, or that came with a machine. */
static json_object *disks_json(SimHost *host)
{
    json_object *array = json_object_new_array();
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(host->disks), (GCompareFunc) strcmp);

    for (GList *at = keys; at; at = at->next) {
        const CimObject *disk = g_hash_table_lookup(host->disks, at->data);

        json_object_array_add(array, json_object_new_string(sim_text(disk, "Path")));
    }
    return array;
}

static json_object *security_json(const SimMachine *machine)
{
    static const struct {
        const char *key;
        const char *property;
    } rows[] = {
        { "tpmEnabled", "TpmEnabled" },
        { "ksdEnabled", "KsdEnabled" },
        { "shieldingRequested", "ShieldingRequested" },
        { "dataProtectionRequested", "DataProtectionRequested" },
        { "encryptStateAndVmMigrationTraffic", "EncryptStateAndVmMigrationTraffic" },
        { "virtualizationBasedSecurityOptOut", "VirtualizationBasedSecurityOptOut" },
    };
    json_object *json = json_object_new_object();

    for (guint i = 0; machine->security && i < G_N_ELEMENTS(rows); i++)
        json_object_object_add(json, rows[i].key,
                               json_object_new_boolean(sim_boolean(machine->security, rows[i].property)));
    json_object_object_add(
        json, "policySize",
        json_object_new_int64(machine->policy ? (gint64) g_bytes_get_size(machine->policy) : 0));
    json_object_object_add(json, "fabricData", fabric_json(machine));
    json_object_object_add(json, "tpmHasState", json_object_new_boolean(machine->tpm_lineage != NULL));
    return json;
}

static json_object *list_json(GPtrArray *list, gboolean with_volatile)
{
    json_object *array = json_object_new_array();

    for (guint i = 0; i < list->len; i++) {
        CimObject *object = g_ptr_array_index(list, i);
        json_object *json = object_json(object, with_volatile);

        add_text(json, "__class", schema_class_name(cim_object_class(object)));
        json_object_array_add(array, json);
    }
    return array;
}

static const char *state_name(guint state)
{
    switch (state) {
    case SIM_STATE_RUNNING: return "running";
    case SIM_STATE_OFF: return "off";
    case SIM_STATE_SAVED: return "saved";
    case SIM_STATE_PAUSED: return "paused";
    default: return "changing";
    }
}

static json_object *machine_json(SimMachine *machine, gboolean with_volatile)
{
    json_object *json = json_object_new_object();

    sim_machine_refresh(machine);
    add_text(json, "guid", machine->guid);
    add_text(json, "name", sim_text(machine->system, "ElementName"));
    add_text(json, "state", state_name(sim_machine_state(machine)));
    json_object_object_add(json, "generation", json_object_new_int((int) machine->generation));
    json_object_object_add(json, "notes", value_json(cim_object_get(machine->settings, "Notes")));
    json_object_object_add(json, "secureBoot",
                           json_object_new_boolean(sim_boolean(machine->settings, "SecureBootEnabled")));
    add_text(json, "secureBootTemplateId", sim_text(machine->settings, "SecureBootTemplateId"));
    json_object_object_add(json, "security", security_json(machine));
    json_object_object_add(json, "keyProtector", protector_json(machine->protector));
    json_object_object_add(json, "system", object_json(machine->system, with_volatile));
    json_object_object_add(json, "settings", object_json(machine->settings, with_volatile));
    json_object_object_add(json, "parts", list_json(machine->parts, with_volatile));
    json_object_object_add(json, "features", list_json(machine->features, with_volatile));
    return json;
}

static json_object *guardian_json(const SimGuardian *guardian, gboolean fabric)
{
    json_object *json = json_object_new_object();
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(sim_guardian_signing_certificate(guardian), &size);
    g_autofree char *signing = g_base64_encode(data, size);
    g_autofree char *encryption = NULL;
    g_autofree char *signature = NULL;

    data = g_bytes_get_data(sim_guardian_encryption_certificate(guardian), &size);
    encryption = g_base64_encode(data, size);
    add_text(json, "name", sim_guardian_name(guardian));
    json_object_object_add(json, "fabric", json_object_new_boolean(fabric));
    json_object_object_add(json, "hasPrivateSigningKey",
                           json_object_new_boolean(sim_guardian_has_keys(guardian)));
    add_text(json, "signingCertificate", signing);
    add_text(json, "encryptionCertificate", encryption);
    signature = sim_guardian_certificate_signature(guardian);
    if (signature)
        add_text(json, "encryptionCertificateSignature", signature);
    return json;
}

static void add_job(CimObject *job, gpointer data)
{
    json_object_array_add(data, object_json(job, TRUE));
}

/* Instances of the host itself, by class. */
static json_object *fixed_json(SimHost *host, gboolean with_volatile)
{
    json_object *json = json_object_new_object();

    for (guint i = 0; i < host->fixed->len; i++) {
        CimObject *object = g_ptr_array_index(host->fixed, i);
        const char *name = schema_class_name(cim_object_class(object));
        json_object *array = NULL;

        if (!json_object_object_get_ex(json, name, &array)) {
            array = json_object_new_array();
            json_object_object_add(json, name, array);
        }
        json_object_array_add(array, object_json(object, with_volatile));
    }
    return json;
}

static json_object *guardians_json(SimHost *host)
{
    json_object *guardians = json_object_new_array();

    for (guint i = 0; i < host->guardians->len; i++)
        json_object_array_add(guardians, guardian_json(g_ptr_array_index(host->guardians, i), FALSE));
    if (host->fabric)
        json_object_array_add(guardians, guardian_json(host->fabric, TRUE));
    return guardians;
}

json_object *sim_host_guardians(SimHost *host)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->lock);
    json_object *guardians = json_object_new_array();

    (void) locker;
    for (guint i = 0; host->guard_mode == SIM_GUARD_LOCAL && i < host->guardians->len; i++)
        json_object_array_add(guardians, guardian_json(g_ptr_array_index(host->guardians, i), FALSE));
    if (host->fabric)
        json_object_array_add(guardians, guardian_json(host->fabric, TRUE));
    return guardians;
}

json_object *sim_host_dump(SimHost *host, gboolean with_volatile)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->lock);
    json_object *json = json_object_new_object();
    json_object *machines = json_object_new_array();

    (void) locker;
    sim_jobs_settle(host);
    for (guint i = 0; i < host->machines->len; i++)
        json_object_array_add(machines, machine_json(g_ptr_array_index(host->machines, i), with_volatile));
    add_text(json, "host", host->name);
    add_text(json, "version", host->version);
    json_object_object_add(json, "machines", machines);
    json_object_object_add(json, "guardians", guardians_json(host));
    json_object_object_add(json, "files", files_json(host));
    json_object_object_add(json, "disks", disks_json(host));
    json_object_object_add(json, "instances", fixed_json(host, with_volatile));
    if (with_volatile) {
        json_object *jobs = json_object_new_array();

        sim_jobs_each(host, add_job, jobs);
        json_object_object_add(json, "jobs", jobs);
    }
    return json;
}
