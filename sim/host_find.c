/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/host_private.h"

static void add_if(CimObject *object, const SchemaClass *cls, GPtrArray *out)
{
    if (object && schema_class_is_a(cim_object_class(object), cls))
        g_ptr_array_add(out, cim_object_ref(object));
}

static void add_list(GPtrArray *list, const SchemaClass *cls, GPtrArray *out)
{
    for (guint i = 0; i < list->len; i++)
        add_if(g_ptr_array_index(list, i), cls, out);
}

static gboolean may_hold(const SchemaClass *cls, const CimObject *sample)
{
    return sample && schema_class_is_a(cim_object_class(sample), cls);
}

static gboolean base_of(const SimHost *host, const SchemaClass *cls, const char *class_name)
{
    const SchemaClass *leaf = schema_find(host->schema, schema_class_namespace(cls), class_name);

    return leaf && schema_class_is_a(leaf, cls);
}

static void machine_instances(SimMachine *machine, const SchemaClass *cls, gboolean devices, GPtrArray *out)
{
    if (may_hold(cls, machine->system)) {
        sim_machine_refresh(machine);
        add_if(machine->system, cls, out);
    }
    add_if(machine->settings, cls, out);
    add_if(machine->security, cls, out);
    add_list(machine->snapshots, cls, out);
    add_list(machine->parts, cls, out);
    add_list(machine->features, cls, out);
    add_list(machine->boot_sources, cls, out);
    if (devices)
        add_list(sim_machine_devices(machine), cls, out);
}

/* Whether instances of the class are devices of machines, or could be: making
 * the devices of ten thousand machines only to pass over them is slow. */
static gboolean wants_devices(SimHost *host, const SchemaClass *cls)
{
    return base_of(host, cls, "Msvm_ShutdownComponent") || base_of(host, cls, "Msvm_SecurityElement") ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_HeartbeatComponent") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_KvpExchangeComponent") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_Keyboard") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_SyntheticKeyboard") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_TimeSyncComponent") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_VssComponent") == 0 ||
           g_ascii_strcasecmp(schema_class_name(cls), "Msvm_TPM") == 0;
}

/* Whether a machine can have an instance of the class at all: looking through
 * ten thousand machines for a switch is slow. */
static gboolean of_machines(SimHost *host, const SchemaClass *cls)
{
    static const char *const owned[] = { "CIM_SettingData", "CIM_LogicalDevice", "Msvm_SecurityElement" };

    if (base_of(host, cls, "Msvm_ComputerSystem"))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(owned); i++) {
        const SchemaClass *base = schema_find(host->schema, schema_class_namespace(cls), owned[i]);

        if (base && (schema_class_is_a(cls, base) || schema_class_is_a(base, cls)))
            return TRUE;
    }
    return FALSE;
}

typedef struct {
    const SchemaClass *cls;
    GPtrArray *out;
} Collect;

static void collect_job(CimObject *job, gpointer data)
{
    Collect *collect = data;

    add_if(job, collect->cls, collect->out);
}

void sim_find_all(SimHost *host, const SchemaClass *cls, GPtrArray *out)
{
    Collect collect = { cls, out };
    gboolean devices = wants_devices(host, cls);

    if (schema_class_is_association(cls)) {
        sim_links_of_class(host, cls, out);
        return;
    }
    add_list(host->fixed, cls, out);
    if (g_ascii_strcasecmp(schema_class_namespace(cls), SIM_V2) == 0) {
        for (guint i = 0; of_machines(host, cls) && i < host->machines->len; i++)
            machine_instances(g_ptr_array_index(host->machines, i), cls, devices, out);
        sim_jobs_each(host, collect_job, &collect);
    }
    if (g_ascii_strcasecmp(schema_class_namespace(cls), SIM_MSPS) == 0)
        sim_jobs_each(host, collect_job, &collect);
    if (base_of(host, cls, "CIM_DataFile"))
        sim_files_list(host, out);
    if (g_ascii_strcasecmp(schema_class_name(cls), "MSFT_HgsGuardian") == 0)
        sim_guardians_list(host, out);
}

/* --- by path ------------------------------------------------------------------- */

/* Every key given must be a key of the class. The keys may be fewer than all:
 * real hosts resolve a singleton service by CreationClassName alone. */
static gboolean keys_are_known(const SchemaClass *cls, const CimPath *path)
{
    for (guint i = 0; i < cim_path_n_keys(path); i++) {
        const SchemaProperty *property = schema_class_find_property(cls, cim_path_key_name(path, i));

        if (!property || !property->key)
            return FALSE;
    }
    return cim_path_n_keys(path) > 0;
}

static gboolean key_matches(const CimObject *object, const CimPath *path, guint index)
{
    const char *name = cim_path_key_name(path, index);
    const CimValue *value = cim_object_get(object, name);
    CimPath *reference = cim_path_key_path(path, index);
    g_autofree char *text = NULL;

    if (cim_value_is_null(value))
        return FALSE;
    if (cim_value_type(value) == CIM_REFERENCE)
        return reference && cim_path_equal(cim_value_item(value, 0)->path, reference);
    text = cim_item_format(cim_value_type(value), cim_value_item(value, 0));
    return !reference && text && g_ascii_strcasecmp(text, cim_path_key_value(path, index)) == 0;
}

static gboolean matches(const CimObject *object, const CimPath *path)
{
    for (guint i = 0; i < cim_path_n_keys(path); i++) {
        if (!key_matches(object, path, i))
            return FALSE;
    }
    return TRUE;
}

/* A machine's GUID stands in each of its instances' keys: as Name or SystemName,
 * or after "Microsoft:" in an InstanceID. */
static SimMachine *machine_of_path(SimHost *host, const CimPath *path)
{
    const char *instance = cim_path_find_key(path, "InstanceID");
    const char *name = cim_path_find_key(path, "SystemName");
    g_autofree char *guid = NULL;

    if (instance && g_ascii_strncasecmp(instance, "Microsoft:", 10) == 0) {
        guid = g_strndup(instance + 10, 36);
        return sim_machine_find(host, guid);
    }
    if (!name)
        name = cim_path_find_key(path, "Name");
    return name ? sim_machine_find(host, name) : NULL;
}

/* Instances that could be meant: those of the one machine that the path names,
 * or all when it names none. */
static void candidates(SimHost *host, const SchemaClass *cls, const CimPath *path, SimMachine *machine,
                       GPtrArray *out)
{
    if (machine && !schema_class_is_association(cls))
        machine_instances(machine, cls, wants_devices(host, cls), out);
    else
        sim_find_all(host, cls, out);
    for (guint i = out->len; i > 0; i--) {
        if (!matches(g_ptr_array_index(out, i - 1), path))
            g_ptr_array_remove_index(out, i - 1);
    }
}

/* WMI looks at the rights in a namespace before anything in it. */
SimStatus sim_namespace_check(const SimHost *host, const char *ns)
{
    if (!schema_has_namespace(host->schema, ns))
        return SIM_INVALID_NAMESPACE;
    return host->no_hgs_rights && g_ascii_strcasecmp(ns, SIM_HGS) == 0 ? SIM_ACCESS_DENIED : SIM_OK;
}

SimStatus sim_find(SimHost *host, const CimPath *path, CimObject **out, SimMachine **machine)
{
    const char *ns = cim_path_namespace(path);
    const SchemaClass *cls = schema_find(host->schema, ns, cim_path_class(path));
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    SimMachine *owner = machine_of_path(host, path);
    SimStatus status = sim_namespace_check(host, ns);

    if (status != SIM_OK)
        return status;
    if (!cls)
        return SIM_INVALID_CLASS;
    if (!keys_are_known(cls, path))
        return SIM_INVALID_SELECTORS;
    candidates(host, cls, path, owner, found);
    if (found->len == 0 && owner) { /* a host object that happens to name a machine */
        owner = NULL;
        candidates(host, cls, path, NULL, found);
    }
    if (found->len == 0)
        return SIM_NOT_FOUND;
    if (found->len > 1)
        return SIM_INVALID_SELECTORS;
    *out = cim_object_ref(g_ptr_array_index(found, 0));
    if (machine)
        *machine = owner;
    return SIM_OK;
}

CimObject *sim_find_reference(SimHost *host, const CimPath *path, const char *class_name,
                              SimMachine **machine)
{
    CimObject *object = NULL;

    if (!path || sim_find(host, path, &object, machine) != SIM_OK)
        return NULL;
    if (!sim_is_a(object, class_name))
        g_clear_pointer(&object, cim_object_unref);
    return object;
}

CimObject *sim_find_text(SimHost *host, const char *path_text, const char *class_name, SimMachine **machine)
{
    g_autoptr(CimPath) path = cim_path_parse(path_text, SIM_V2);

    return sim_find_reference(host, path, class_name, machine);
}
