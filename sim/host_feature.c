/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Features of the switch port behind a network adapter: VLAN, security ...
 * (AddFeatureSettings, ModifyFeatureSettings, RemoveFeatureSettings). Done at
 * once, on a machine in any state.
 */
#include <string.h>

#include "sim/host_private.h"

#define FEATURE "Msvm_EthernetSwitchPortFeatureSettingData"
#define MAX_VLAN 4094

/* Msvm_EthernetSwitchPortVlanSettingData page: 1 access, 2 trunk, 3 private. */
static guint32 check_vlan(const CimObject *feature)
{
    guint64 mode = sim_uint(feature, "OperationMode");
    guint64 vlan = sim_uint(feature, "AccessVlanId");

    if (!sim_is_a(feature, "Msvm_EthernetSwitchPortVlanSettingData"))
        return SIM_RC_DONE;
    if (mode < 1 || mode > 3 || (mode == 1 && (vlan < 1 || vlan > MAX_VLAN)) ||
        (mode == 2 && sim_uint(feature, "NativeVlanId") > MAX_VLAN))
        return SIM_RC_INVALID_PARAMETER;
    return SIM_RC_DONE;
}

static CimObject *feature_of_class(SimMachine *machine, const CimObject *port, const SchemaClass *cls)
{
    for (guint i = 0; i < machine->features->len; i++) {
        CimObject *feature = g_ptr_array_index(machine->features, i);

        if (cim_object_class(feature) == cls &&
            g_str_has_prefix(sim_text(feature, "InstanceID"), sim_text(port, "InstanceID")))
            return feature;
    }
    return NULL;
}

/* One VLAN, one security feature a port; ACLs may be many. */
static gboolean is_single(const CimObject *feature)
{
    return !sim_is_a(feature, "Msvm_EthernetSwitchPortAclSettingData");
}

SimStatus sim_add_features(SimCall *call, guint32 *rv)
{
    SimMachine *machine = NULL;
    g_autoptr(CimObject) port = sim_find_reference(call->host, sim_in_path(call, "AffectedConfiguration"),
                                                   "Msvm_EthernetPortAllocationSettingData", &machine);
    g_autoptr(GPtrArray) asked = NULL;

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!port || !machine)
        return SIM_OK;
    asked = sim_in_instances(call, "FeatureSettings", FEATURE, rv);
    for (guint i = 0; asked && i < asked->len; i++) {
        CimObject *feature = g_ptr_array_index(asked, i);

        *rv = check_vlan(feature);
        if (*rv == SIM_RC_DONE && is_single(feature) &&
            feature_of_class(machine, port, cim_object_class(feature)))
            *rv = SIM_RC_INVALID_PARAMETER;
        if (*rv != SIM_RC_DONE)
            return SIM_OK;
    }
    for (guint i = 0; asked && i < asked->len; i++) {
        CimObject *feature = g_ptr_array_index(asked, i);
        g_autofree char *guid = sim_guid_new(call->host);

        sim_setf(feature, "InstanceID", "%s\\%s", sim_text(port, "InstanceID"), guid);
        g_ptr_array_add(machine->features, cim_object_ref(feature));
    }
    if (asked)
        sim_out(call, "ResultingFeatureSettings", sim_references(asked));
    return SIM_OK;
}

static CimObject *find_feature(SimHost *host, const char *id)
{
    g_autofree char *guid = strlen(id) >= 46 ? g_strndup(id + 10, 36) : NULL;
    SimMachine *machine = guid ? sim_machine_find(host, guid) : NULL;

    for (guint i = 0; machine && i < machine->features->len; i++) {
        if (sim_text_is(g_ptr_array_index(machine->features, i), "InstanceID", id))
            return g_ptr_array_index(machine->features, i);
    }
    return NULL;
}

static void overlay(CimObject *feature, const CimObject *asked)
{
    const SchemaClass *cls = cim_object_class(feature);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const char *name = schema_class_property(cls, i)->name;
        const CimValue *value = cim_object_get(asked, name);

        if (!cim_value_is_null(value))
            cim_object_set(feature, name, cim_value_ref((CimValue *) value));
    }
}

SimStatus sim_modify_features(SimCall *call, guint32 *rv)
{
    g_autoptr(GPtrArray) asked = sim_in_instances(call, "FeatureSettings", FEATURE, rv);

    for (guint pass = 0; asked && pass < 2; pass++) {
        for (guint i = 0; i < asked->len; i++) {
            CimObject *wanted = g_ptr_array_index(asked, i);
            CimObject *feature = find_feature(call->host, sim_text(wanted, "InstanceID"));
            g_autoptr(CimObject) next = feature ? cim_object_copy(feature) : NULL;

            if (!feature || cim_object_class(feature) != cim_object_class(wanted)) {
                *rv = SIM_RC_INVALID_PARAMETER;
                return SIM_OK;
            }
            overlay(next, wanted);
            *rv = check_vlan(next);
            if (*rv != SIM_RC_DONE)
                return SIM_OK;
            if (pass == 1)
                overlay(feature, wanted);
        }
    }
    if (asked)
        sim_out(call, "ResultingFeatureSettings", sim_references(asked));
    return SIM_OK;
}

SimStatus sim_remove_features(SimCall *call, guint32 *rv)
{
    const CimValue *paths = sim_in(call, "FeatureSettings");

    *rv = SIM_RC_INVALID_PARAMETER;
    for (guint pass = 0; paths && pass < 2; pass++) {
        for (guint i = 0; i < cim_value_count(paths); i++) {
            SimMachine *machine = NULL;
            g_autoptr(CimObject) feature =
                sim_find_reference(call->host, cim_value_item(paths, i)->path, FEATURE, &machine);

            if (!feature || !machine)
                return SIM_OK;
            if (pass == 1)
                g_ptr_array_remove(machine->features, feature);
            *rv = SIM_RC_DONE;
        }
    }
    return SIM_OK;
}

void sim_features_follow(SimMachine *machine)
{
    for (guint i = machine->features->len; i > 0; i--) {
        const char *id = sim_text(g_ptr_array_index(machine->features, i - 1), "InstanceID");
        gboolean found = FALSE;

        for (guint j = 0; j < machine->parts->len; j++) {
            CimObject *part = g_ptr_array_index(machine->parts, j);

            found = found || (sim_is_a(part, "Msvm_EthernetPortAllocationSettingData") &&
                              g_str_has_prefix(id, sim_text(part, "InstanceID")));
        }
        if (!found)
            g_ptr_array_remove_index(machine->features, i - 1);
    }
}
