/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Associations. Which class joins what is on its page in the Hyper-V WMI
 * provider's reference; the class between a machine's settings and its
 * Msvm_SecuritySettingData is not documented: Msvm_ConcreteComponent is the one
 * that fits and that public listings name (ASSUMED).
 */
#include <string.h>

#include "sim/host_private.h"

static const struct {
    const char *class_name;
    const char *left;
    const char *right;
} kinds[] = {
    { "Msvm_SettingsDefineState", "ManagedElement", "SettingData" },
    { "Msvm_ElementSettingData", "ManagedElement", "SettingData" },
    { "Msvm_VirtualSystemSettingDataComponent", "GroupComponent", "PartComponent" },
    { "Msvm_ConcreteComponent", "GroupComponent", "PartComponent" },
    { "Msvm_BootSourceComponent", "GroupComponent", "PartComponent" },
    { "Msvm_LogicalIdentity", "SystemElement", "SameElement" },
    { "Msvm_EthernetPortSettingDataComponent", "GroupComponent", "PartComponent" },
    { "Msvm_SystemDevice", "GroupComponent", "PartComponent" },
    { "Msvm_SystemComponent", "GroupComponent", "PartComponent" },
    { "Msvm_SnapshotOfVirtualSystem", "Antecedent", "Dependent" },
    { "Msvm_HostedDependency", "Antecedent", "Dependent" },
    { "Msvm_HostedService", "Antecedent", "Dependent" },
    { "Msvm_ElementCapabilities", "ManagedElement", "Capabilities" },
    { "Msvm_SettingsDefineCapabilities", "GroupComponent", "PartComponent" },
    { "Msvm_ResourceAllocationFromPool", "Antecedent", "Dependent" },
    { "Msvm_AffectedJobElement", "AffectingElement", "AffectedElement" },
    { "Msvm_AffectedStorageJobElement", "AffectingElement", "AffectedElement" },
    { "Msvm_OwningJobElement", "OwningElement", "OwnedElement" },
};

typedef struct {
    SimHost *host;
    const SchemaClass *cls; /* wanted; NULL: any */
    SimLinkFunc func;
    gpointer data;
} Emitter;

static gboolean wanted(const Emitter *emitter, const char *class_name)
{
    const SchemaClass *cls = schema_find(emitter->host->schema, SIM_V2, class_name);

    return cls && (!emitter->cls || schema_class_is_a(cls, emitter->cls));
}

static void emit(const Emitter *emitter, const char *class_name, CimObject *left, CimObject *right)
{
    SimLink link = { class_name, left, right, 0 };

    if (left && right)
        emitter->func(&link, emitter->data);
}

static void emit_list(const Emitter *emitter, const char *class_name, CimObject *left, GPtrArray *rights)
{
    if (!wanted(emitter, class_name))
        return;
    for (guint i = 0; i < rights->len; i++)
        emit(emitter, class_name, left, g_ptr_array_index(rights, i));
}

static void setting_links(const Emitter *emitter, SimMachine *machine)
{
    if (wanted(emitter, "Msvm_SettingsDefineState"))
        emit(emitter, "Msvm_SettingsDefineState", machine->system, machine->settings);
    if (wanted(emitter, "Msvm_VirtualSystemSettingDataComponent")) {
        for (guint i = 0; i < machine->parts->len; i++) {
            CimObject *part = g_ptr_array_index(machine->parts, i);

            if (sim_is_a(part, "CIM_ResourceAllocationSettingData"))
                emit(emitter, "Msvm_VirtualSystemSettingDataComponent", machine->settings, part);
        }
    }
    if (wanted(emitter, "Msvm_ConcreteComponent"))
        emit(emitter, "Msvm_ConcreteComponent", machine->settings, machine->security);
    emit_list(emitter, "Msvm_BootSourceComponent", machine->settings, machine->boot_sources);
    emit_list(emitter, "Msvm_SnapshotOfVirtualSystem", machine->system, machine->snapshots);
    emit_list(emitter, "Msvm_ElementSettingData", machine->system, machine->snapshots);
}

static void boot_source_links(const Emitter *emitter, SimMachine *machine)
{
    if (!wanted(emitter, "Msvm_LogicalIdentity"))
        return;
    for (guint i = 0; i < machine->boot_sources->len; i++) {
        CimObject *source = g_ptr_array_index(machine->boot_sources, i);

        for (guint j = 0; j < machine->parts->len; j++) {
            CimObject *part = g_ptr_array_index(machine->parts, j);
            g_autofree char *id = g_strconcat(sim_text(part, "InstanceID"), "\\B", NULL);

            if (sim_text_is(source, "InstanceID", id))
                emit(emitter, "Msvm_LogicalIdentity", part, source);
        }
    }
}

/* A feature's InstanceID starts with that of the port it belongs to. */
static void feature_links(const Emitter *emitter, SimMachine *machine)
{
    if (!wanted(emitter, "Msvm_EthernetPortSettingDataComponent"))
        return;
    for (guint i = 0; i < machine->features->len; i++) {
        CimObject *feature = g_ptr_array_index(machine->features, i);

        for (guint j = 0; j < machine->parts->len; j++) {
            CimObject *part = g_ptr_array_index(machine->parts, j);

            if (sim_is_a(part, "Msvm_EthernetPortAllocationSettingData") &&
                g_str_has_prefix(sim_text(feature, "InstanceID"), sim_text(part, "InstanceID")))
                emit(emitter, "Msvm_EthernetPortSettingDataComponent", part, feature);
        }
    }
}

static void pool_links(const Emitter *emitter, SimMachine *machine)
{
    if (!wanted(emitter, "Msvm_ResourceAllocationFromPool"))
        return;
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);

        if (!sim_is_a(part, "CIM_ResourceAllocationSettingData"))
            continue;
        for (guint j = 0; j < emitter->host->fixed->len; j++) {
            CimObject *pool = g_ptr_array_index(emitter->host->fixed, j);

            if (sim_is_a(pool, "Msvm_ResourcePool") && *sim_text(part, "ResourceSubType") &&
                sim_text_is(pool, "ResourceSubType", sim_text(part, "ResourceSubType")))
                emit(emitter, "Msvm_ResourceAllocationFromPool", pool, part);
        }
    }
}

static void device_links(const Emitter *emitter, SimMachine *machine)
{
    gboolean devices = wanted(emitter, "Msvm_SystemDevice");
    gboolean components = wanted(emitter, "Msvm_SystemComponent");
    GPtrArray *list = devices || components ? sim_machine_devices(machine) : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        CimObject *device = g_ptr_array_index(list, i);
        gboolean component = sim_is_a(device, "Msvm_SecurityElement");

        if (component ? components : devices)
            emit(emitter, component ? "Msvm_SystemComponent" : "Msvm_SystemDevice", machine->system,
                 device);
    }
}

static void emit_job_link(const SimLink *link, gpointer data)
{
    const Emitter *emitter = data;

    if (wanted(emitter, link->class_name))
        emitter->func(link, emitter->data);
}

static void host_links(const Emitter *emitter)
{
    SimHost *host = emitter->host;

    for (guint i = 0; i < host->fixed_links->len; i++) {
        const SimLink *link = g_ptr_array_index(host->fixed_links, i);

        if (wanted(emitter, link->class_name))
            emitter->func(link, emitter->data);
    }
}

void sim_links_each(SimHost *host, SimMachine *machine, const SchemaClass *cls, SimLinkFunc func,
                    gpointer data)
{
    Emitter emitter = { host, cls, func, data };

    if (!machine) {
        host_links(&emitter);
    } else {
        setting_links(&emitter, machine);
        boot_source_links(&emitter, machine);
        feature_links(&emitter, machine);
        pool_links(&emitter, machine);
        device_links(&emitter, machine);
        if (wanted(&emitter, "Msvm_HostedDependency"))
            emit(&emitter, "Msvm_HostedDependency", sim_host_row(host), machine->system);
    }
    sim_job_links(host, machine, emit_job_link, &emitter);
}

/* --- association instances -------------------------------------------------------- */

gboolean sim_link_roles(const char *class_name, const char **left, const char **right)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_ascii_strcasecmp(kinds[i].class_name, class_name) == 0) {
            *left = kinds[i].left;
            *right = kinds[i].right;
            return TRUE;
        }
    }
    return FALSE;
}

/* The page of Msvm_SettingsDefineCapabilities: ValueRole 0 default, 3 supported;
 * ValueRange 0 point, 1 minimum, 2 maximum, 3 increment. */
static void set_details(CimObject *object, const SimLink *link)
{
    if (strcmp(link->class_name, "Msvm_SettingsDefineCapabilities") == 0) {
        sim_set_uint(object, "PropertyPolicy", 0);
        sim_set_uint(object, "ValueRole", link->detail == 0 ? 0 : 3);
        sim_set_uint(object, "ValueRange", link->detail == SIM_LINK_SUPPORTED ? 0 : link->detail);
        sim_set_uint(object, "SupportStatement", 0);
    } else if (g_str_has_prefix(link->class_name, "Msvm_Affected")) {
        g_autofree char *effect = g_strdup_printf("%u", link->detail);

        sim_set_list(object, "ElementEffects", effect, NULL);
    }
}

CimObject *sim_link_object(SimHost *host, const SimLink *link)
{
    CimObject *object = sim_object_new(host, SIM_V2, link->class_name);
    const char *left = NULL, *right = NULL;

    if (!sim_link_roles(link->class_name, &left, &right))
        g_error("%s is not a known association", link->class_name);
    cim_object_set(object, left, sim_reference(link->left));
    cim_object_set(object, right, sim_reference(link->right));
    set_details(object, link);
    return object;
}

typedef struct {
    SimHost *host;
    GPtrArray *out;
} Collect;

static void collect_object(const SimLink *link, gpointer data)
{
    Collect *collect = data;

    g_ptr_array_add(collect->out, sim_link_object(collect->host, link));
}

void sim_links_of_class(SimHost *host, const SchemaClass *cls, GPtrArray *out)
{
    Collect collect = { host, out };

    if (g_ascii_strcasecmp(schema_class_namespace(cls), SIM_V2) != 0)
        return;
    sim_links_each(host, NULL, cls, collect_object, &collect);
    for (guint i = 0; i < host->machines->len; i++)
        sim_links_each(host, g_ptr_array_index(host->machines, i), cls, collect_object, &collect);
}

void sim_link_free(gpointer data)
{
    SimLink *link = data;

    cim_object_unref(link->left);
    cim_object_unref(link->right);
    g_free(link);
}

void sim_fixed_link(SimHost *host, const char *class_name, CimObject *left, CimObject *right, guint detail)
{
    SimLink *link = g_new0(SimLink, 1);

    *link = (SimLink) { class_name, cim_object_ref(left), cim_object_ref(right), detail };
    g_ptr_array_add(host->fixed_links, link);
}
