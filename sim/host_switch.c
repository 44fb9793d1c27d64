/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/host_private.h"

/* Names as people give them; one that cannot stand in a path without escapes. */
static const struct {
    const char *guid;
    const char *name;
} switches[] = {
    { "C08CB7B8-9B3C-408E-8E30-5E16A3AEB444", "Default Switch" },
    { "6E9F9D7C-2D5B-4C5B-9B7E-7A1C1D0B5F21", "External" },
    { "B1D43C1E-64D7-4C0A-8A70-0B4BC9D5E6F2", "Lab \"A\" & B" },
};

/* Values as recorded from a real switch. */
static CimObject *switch_new(SimHost *host, const char *guid, const char *name)
{
    CimObject *object = sim_object_new(host, SIM_V2, "Msvm_VirtualEthernetSwitch");

    sim_set(object, "CreationClassName", "Msvm_VirtualEthernetSwitch");
    sim_set(object, "Name", guid);
    sim_set(object, "ElementName", name);
    sim_set(object, "Caption", sim_translate(host, "Virtual Switch"));
    sim_set(object, "Description", sim_translate(host, "Microsoft Virtual Switch"));
    sim_set_list(object, "Dedicated", "38", NULL);
    sim_set_uint(object, "EnabledDefault", 2);
    sim_set_uint(object, "EnabledState", 5);
    sim_set_uint(object, "HealthState", 5);
    sim_set_list(object, "IdentifyingDescriptions",
                 sim_translate(host, "Virtual Switch Extension Miniport Adapter ID"), NULL);
    {
        g_autofree char *braced = g_strdup_printf("{%s}", guid);

        sim_set_list(object, "OtherIdentifyingInfo", braced, NULL);
    }
    sim_set_uint(object, "MaxIOVOffloads", 0);
    sim_set_uint(object, "MaxVMQOffloads", 0);
    sim_set_list(object, "OperationalStatus", "2", NULL);
    sim_set_uint(object, "RequestedState", 12);
    sim_set_uint(object, "ResetCapability", 5);
    sim_set(object, "Status", "OK");
    sim_set_list(object, "StatusDescriptions", "OK", NULL);
    return object;
}

static CimObject *switch_settings_new(SimHost *host, const char *guid, const char *name)
{
    CimObject *settings = sim_object_new(host, SIM_V2, "Msvm_VirtualEthernetSwitchSettingData");

    sim_setf(settings, "InstanceID", "Microsoft:%s", guid);
    sim_set(settings, "ElementName", name);
    sim_set(settings, "Caption", "Virtual Ethernet Switch Settings");
    sim_set(settings, "VirtualSystemIdentifier", guid);
    sim_set_list(settings, "Notes", "", NULL);
    return settings;
}

void sim_switches_build(SimHost *host, const char *without)
{
    for (guint i = 0; i < G_N_ELEMENTS(switches); i++) {
        if (g_strcmp0(switches[i].name, without) == 0)
            continue;
        sim_fixed_add(host, switch_new(host, switches[i].guid, switches[i].name));
        sim_fixed_add(host, switch_settings_new(host, switches[i].guid, switches[i].name));
    }
}
