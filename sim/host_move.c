/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as JSON, for the way between two simulated hosts. Instances travel
 * as the text that a host formats; what they say of the source by name (object
 * paths) is put in the destination's words on arrival.
 */
#include <string.h>

#include "sim/host_private.h"

static void add_text(json_object *json, const char *key, const char *text)
{
    if (text)
        json_object_object_add(json, key, json_object_new_string(text));
}

static void add_object(json_object *json, const char *key, const CimObject *object)
{
    g_autofree char *text = object ? cim_object_to_xml(object) : NULL;

    add_text(json, key, text);
}

static void add_bytes(json_object *json, const char *key, GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    g_autofree char *text = bytes ? g_base64_encode(data, size) : NULL;

    add_text(json, key, text);
}

static void add_list(json_object *json, const char *key, GPtrArray *list)
{
    json_object *array = json_object_new_array();

    for (guint i = 0; i < list->len; i++) {
        g_autofree char *text = cim_object_to_xml(g_ptr_array_index(list, i));

        json_object_array_add(array, json_object_new_string(text));
    }
    json_object_object_add(json, key, array);
}

static void add_files(json_object *json, SimMachine *machine, gboolean disks)
{
    json_object *files = json_object_new_array();
    g_autoptr(GPtrArray) made = g_ptr_array_new();

    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);
        const CimValue *paths = sim_is_a(part, "Msvm_StorageAllocationSettingData")
                                    ? cim_object_get(part, "HostResource")
                                    : NULL;

        if (paths && cim_value_count(paths)) {
            const char *path = cim_value_item(paths, 0)->text;
            g_autofree char *lower = g_ascii_strdown(path, -1);
            CimObject *disk = disks ? g_hash_table_lookup(machine->host->disks, lower) : NULL;

            json_object_array_add(files, json_object_new_string(path));
            if (disk)
                g_ptr_array_add(made, disk);
        }
    }
    json_object_object_add(json, "files", files);
    json_object_object_add(json, "withDisks", json_object_new_boolean(disks));
    add_list(json, "disks", made);
}

json_object *sim_machine_pack(SimMachine *machine, gboolean disks)
{
    json_object *json = json_object_new_object();

    add_text(json, "source", machine->host->name);
    add_text(json, "guid", machine->guid);
    json_object_object_add(json, "generation", json_object_new_int((int) machine->generation));
    json_object_object_add(json, "state", json_object_new_int((int) machine->state));
    json_object_object_add(json, "started", json_object_new_int64(machine->started_us));
    json_object_object_add(json, "onTime", json_object_new_int64(machine->on_time_us));
    json_object_object_add(json, "tpmSeen", json_object_new_boolean(machine->tpm_seen));
    add_text(json, "tpmLineage", machine->tpm_lineage);
    add_bytes(json, "protector", machine->protector);
    add_bytes(json, "lastProtector", machine->last_protector);
    add_bytes(json, "policy", machine->policy);
    add_object(json, "system", machine->system);
    add_object(json, "settings", machine->settings);
    add_object(json, "security", machine->security);
    add_list(json, "parts", machine->parts);
    add_list(json, "features", machine->features);
    add_list(json, "bootSources", machine->boot_sources);
    add_list(json, "snapshots", machine->snapshots);
    add_files(json, machine, disks);
    return json;
}

/* --- arrival ---------------------------------------------------------------------- */

const char *sim_json_text(json_object *json, const char *key)
{
    json_object *value = NULL;
    const char *text = json_object_object_get_ex(json, key, &value) ? json_object_get_string(value) : NULL;

    return text ? text : "";
}

static gint64 number(json_object *json, const char *key)
{
    json_object *value = NULL;

    return json_object_object_get_ex(json, key, &value) ? json_object_get_int64(value) : 0;
}

static char *replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) pieces = g_strsplit(text, from, -1);

    return g_strjoinv(to, pieces);
}

/* A host writes the named entities that its own reader of parameters refuses. */
static char *numeric_entities(const char *text)
{
    static const char *const rows[][2] = {
        { "&amp;", "&#38;" }, { "&lt;", "&#60;" }, { "&gt;", "&#62;" }, { "&quot;", "&#34;" }, { "&apos;", "&#39;" }
    };
    char *result = g_strdup(text);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *next = replace(result, rows[i][0], rows[i][1]);

        g_free(result);
        result = next;
    }
    return result;
}

/* \\HV01\root... becomes \\HV02\root... */
CimObject *sim_object_arrived(SimHost *host, const char *source, const char *text)
{
    g_autofree char *from = g_strdup_printf("\\\\%s\\root", source);
    g_autofree char *to = g_strdup_printf("\\\\%s\\root", host->name);
    g_autofree char *moved = replace(text, from, to);
    g_autofree char *here = numeric_entities(moved);
    guint32 code = 0;

    return cim_object_from_xml(host->schema, SIM_V2, here, &code);
}

static gboolean take_object(SimHost *host, json_object *json, const char *key, CimObject **slot)
{
    CimObject *object = sim_object_arrived(host, sim_json_text(json, "source"), sim_json_text(json, key));

    if (!object || strcmp(schema_class_name(cim_object_class(object)),
                          schema_class_name(cim_object_class(*slot))) != 0) {
        cim_object_unref(object);
        return FALSE;
    }
    cim_object_unref(*slot);
    *slot = object;
    return TRUE;
}

static gboolean take_list(SimHost *host, json_object *json, const char *key, GPtrArray *list)
{
    json_object *array = NULL;

    g_ptr_array_set_size(list, 0);
    if (!json_object_object_get_ex(json, key, &array) || !json_object_is_type(array, json_type_array))
        return FALSE;
    for (gsize i = 0; i < json_object_array_length(array); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(array, i));
        CimObject *object = text ? sim_object_arrived(host, sim_json_text(json, "source"), text) : NULL;

        if (!object)
            return FALSE;
        g_ptr_array_add(list, object);
    }
    return TRUE;
}

static void take_bytes(json_object *json, const char *key, GBytes **slot)
{
    const char *text = sim_json_text(json, key);
    gsize size = 0;
    guchar *data = *text ? g_base64_decode(text, &size) : NULL;

    if (!data)
        return;
    g_clear_pointer(slot, g_bytes_unref);
    *slot = g_bytes_new_take(data, size);
}

SimMachine *sim_machine_unpack(SimHost *host, json_object *json)
{
    g_autofree char *guid = sim_guid_normalize(sim_json_text(json, "guid"));
    SimMachine *machine = guid ? sim_machine_new(host, guid, "", (guint) number(json, "generation")) : NULL;

    if (!machine)
        return NULL;
    if (!take_object(host, json, "system", &machine->system) ||
        !take_object(host, json, "settings", &machine->settings) ||
        (*sim_json_text(json, "security") && machine->security &&
         !take_object(host, json, "security", &machine->security)) ||
        !take_list(host, json, "parts", machine->parts) ||
        !take_list(host, json, "features", machine->features) ||
        !take_list(host, json, "bootSources", machine->boot_sources) ||
        !take_list(host, json, "snapshots", machine->snapshots)) {
        sim_machine_free(machine);
        return NULL;
    }
    machine->state = (guint) number(json, "state");
    machine->started_us = number(json, "started");
    machine->on_time_us = number(json, "onTime");
    machine->tpm_seen = number(json, "tpmSeen") != 0;
    if (*sim_json_text(json, "tpmLineage"))
        machine->tpm_lineage = g_strdup(sim_json_text(json, "tpmLineage"));
    take_bytes(json, "protector", &machine->protector);
    take_bytes(json, "lastProtector", &machine->last_protector);
    take_bytes(json, "policy", &machine->policy);
    if (machine->state == SIM_STATE_RUNNING)
        machine->process = host->next_process += 4;
    return machine;
}
