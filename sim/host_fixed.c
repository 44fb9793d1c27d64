/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every Hyper-V host has besides its machines.
 */
#include <string.h>

#include "sim/host_private.h"

void sim_fixed_add(SimHost *host, CimObject *object)
{
    g_ptr_array_add(host->fixed, object);
}

CimObject *sim_fixed_find(SimHost *host, const char *class_name)
{
    for (guint i = 0; i < host->fixed->len; i++) {
        CimObject *object = g_ptr_array_index(host->fixed, i);

        if (sim_is_a(object, class_name))
            return object;
    }
    return NULL;
}

CimObject *sim_host_row(SimHost *host)
{
    return sim_fixed_find(host, "Msvm_ComputerSystem");
}

/* The host's own row, with the values that were recorded from a real one. */
static CimObject *host_row_new(SimHost *host)
{
    CimObject *row = sim_object_new(host, SIM_V2, "Msvm_ComputerSystem");

    sim_set(row, "CreationClassName", "Msvm_ComputerSystem");
    sim_set(row, "Name", host->name);
    sim_set(row, "ElementName", host->name);
    sim_set(row, "Caption", sim_translate(host, "Hosting Computer System"));
    sim_set(row, "Description", sim_translate(host, "Microsoft Hosting Computer System"));
    sim_set_uint(row, "EnabledDefault", 2);
    sim_set_uint(row, "EnabledState", 2);
    sim_set_uint(row, "HealthState", 5);
    sim_set_uint(row, "NumberOfNumaNodes", 1);
    sim_set_list(row, "OperationalStatus", "2", NULL);
    sim_set_uint(row, "RequestedState", 12);
    sim_set_uint(row, "ResetCapability", 1);
    sim_set(row, "Status", "OK");
    sim_set_list(row, "StatusDescriptions", "OK", NULL);
    return row;
}

/* Name is the one that the service's page or a public client gives. */
static const struct {
    const char *class_name;
    const char *name;
    const char *element_name;
} services[] = {
    { "Msvm_VirtualSystemManagementService", "vmms", "Hyper-V Virtual System Management Service" },
    { "Msvm_SecurityService", "vmsecuritywmi", "Hyper-V Security Service" },
    { "Msvm_ImageManagementService", "vhdsvc", "Hyper-V Image Management Service" },
    { "Msvm_VirtualEthernetSwitchManagementService", "nvspwmi", "Hyper-V Networking Management Service" },
    { "Msvm_VirtualSystemSnapshotService", "vmsnapshot", "Hyper-V Snapshot Service" },
    { "Msvm_VirtualSystemMigrationService", "migrationwmi", "Hyper-V Migration Service" },
};

static void services_build(SimHost *host)
{
    for (guint i = 0; i < G_N_ELEMENTS(services); i++) {
        const SchemaClass *cls = schema_find(host->schema, SIM_V2, services[i].class_name);
        CimObject *service = NULL;

        if (!cls) /* an older host */
            continue;
        service = cim_object_new(cls);
        sim_set(service, "SystemCreationClassName", "Msvm_ComputerSystem");
        sim_set(service, "SystemName", host->name);
        sim_set(service, "CreationClassName", services[i].class_name);
        sim_set(service, "Name", services[i].name);
        sim_set(service, "Caption", services[i].element_name);
        sim_set(service, "ElementName", services[i].element_name);
        sim_set(service, "Description", services[i].element_name);
        sim_set_uint(service, "EnabledState", 2);
        sim_set_uint(service, "EnabledDefault", 2);
        sim_set_uint(service, "RequestedState", 12);
        sim_set_uint(service, "HealthState", 5);
        sim_set_list(service, "OperationalStatus", "2", NULL);
        sim_set_list(service, "StatusDescriptions", "OK", NULL);
        sim_set(service, "Status", "OK");
        sim_set_boolean(service, "Started", TRUE);
        sim_fixed_add(host, service);
        sim_fixed_link(host, "Msvm_HostedService", sim_host_row(host), service, 0);
    }
}

static void service_settings_build(SimHost *host)
{
    CimObject *settings = sim_object_new(host, SIM_V2, "Msvm_VirtualSystemManagementServiceSettingData");

    sim_setf(settings, "InstanceID", "Microsoft:%s", host->name);
    sim_set(settings, "Caption", "Hyper-V Virtual System Management Service");
    sim_set(settings, "ElementName", "Hyper-V Virtual System Management Service");
    sim_set(settings, "DefaultExternalDataRoot", "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V");
    sim_set(settings, "DefaultVirtualHardDiskPath",
            "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual hard disks");
    sim_set(settings, "MinimumMacAddress", "00155D010000");
    sim_set(settings, "MaximumMacAddress", "00155DFFFFFF");
    sim_set_boolean(settings, "NumaSpanningEnabled", TRUE);
    sim_set_boolean(settings, "EnhancedSessionModeEnabled", FALSE);
    sim_set(settings, "PrimaryOwnerContact", "");
    sim_set(settings, "PrimaryOwnerName", "Administrators");
    sim_fixed_add(host, settings);
}

/* Configuration versions by build: Microsoft's table of supported versions for
 * hosts of long-term servicing. The newest comes last. */
static const char *const *supported_versions(const SimHost *host)
{
    static const char *const v2012[] = { "5.0", NULL };
    static const char *const v2016[] = { "5.0", "6.2", "7.0", "7.1", "8.0", NULL };
    static const char *const v2019[] = { "5.0", "6.2", "7.0", "7.1", "8.0", "8.1", "8.2", "8.3", "9.0", NULL };
    static const char *const v2022[] = { "8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0", NULL };
    static const char *const v2025[] = { "8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0", "11.0",
                                         "12.0", NULL };
    const char *newest = sim_config_version(host);

    if (strcmp(newest, "5.0") == 0)
        return v2012;
    if (strcmp(newest, "8.0") == 0)
        return v2016;
    if (strcmp(newest, "9.0") == 0)
        return v2019;
    return strcmp(newest, "10.0") == 0 ? v2022 : v2025;
}

/* A machine's settings for each version, and the default ones. How they are
 * called is not documented (ASSUMED, like the names of other definitions). */
static CimObject *version_settings_new(SimHost *host, const char *version, const char *suffix)
{
    CimObject *settings = sim_object_new(host, SIM_V2, "Msvm_VirtualSystemSettingData");

    sim_setf(settings, "InstanceID", "Microsoft:Definition\\%s", suffix);
    sim_setf(settings, "ElementName", "Configuration version %s", version);
    sim_set(settings, "Version", version);
    sim_fixed_add(host, settings);
    return settings;
}

static void management_capabilities_build(SimHost *host)
{
    CimObject *object = sim_object_new(host, SIM_V2, "Msvm_VirtualSystemManagementCapabilities");
    const char *const *versions = supported_versions(host);

    sim_setf(object, "InstanceID", "Microsoft:%s\\vmms", host->name);
    sim_set(object, "Caption", "Hyper-V Virtual System Management Service Capabilities");
    sim_set(object, "ElementName", "Hyper-V Virtual System Management Service Capabilities");
    sim_set(object, "Description", "Defines Virtual System Management Service Capabilities");
    sim_set_boolean(object, "ElementNameEditSupported", FALSE);
    sim_fixed_add(host, object);
    sim_fixed_link(host, "Msvm_SettingsDefineCapabilities", object,
                   version_settings_new(host, sim_config_version(host), "Default"), 0);
    for (guint i = 0; versions[i]; i++)
        sim_fixed_link(host, "Msvm_SettingsDefineCapabilities", object,
                       version_settings_new(host, versions[i], versions[i]), SIM_LINK_SUPPORTED);
}

void sim_fixed_build(SimHost *host, const char *without_switch)
{
    sim_fixed_add(host, host_row_new(host));
    services_build(host);
    service_settings_build(host);
    sim_migration_build(host);
    management_capabilities_build(host);
    sim_defaults_build(host);
    sim_switches_build(host, without_switch);
    sim_cimv2_build(host);
}
