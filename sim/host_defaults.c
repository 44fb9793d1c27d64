/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources that a host knows, each with its pool, its capabilities and
 * its default settings, and the devices that a new machine has.
 *
 *   Msvm_ResourcePool --ElementCapabilities--> Msvm_AllocationCapabilities
 *                                                  |  SettingsDefineCapabilities
 *                                                  v
 *                          default, minimum, maximum and increment settings
 *
 * Which devices DefineSystem gives a machine follows what is reported of real
 * hosts: two IDE controllers on generation 1, no disk controller at all on
 * generation 2 (New-VM adds the SCSI one by itself, WMI does not).
 */
#include <string.h>

#include "sim/host_private.h"

#define POOL_PATTERN "Microsoft:%s\\Root"
#define CAPABILITIES_PATTERN "Microsoft:%s"

typedef struct {
    const char *sub_type;
    const char *class_name;
    guint type;
    const char *pool; /* GUID */
    const char *element_name;
} Resource;

#define RASD "Msvm_ResourceAllocationSettingData"
#define SASD "Msvm_StorageAllocationSettingData"

static const Resource resources[] = {
    { "Microsoft:Hyper-V:Memory", "Msvm_MemorySettingData", 4, "4764334D-E001-4176-82EE-5594EC9B530E",
      "Memory" },
    { "Microsoft:Hyper-V:Processor", "Msvm_ProcessorSettingData", 3, "B637F346-6A0E-4DEC-AF52-BD70CB80A21D",
      "Processor" },
    { "Microsoft:Hyper-V:Emulated IDE Controller", RASD, 5, "83F8638B-8DCA-4152-9EDA-2CA8B33039B4",
      "IDE Controller" },
    { "Microsoft:Hyper-V:Synthetic SCSI Controller", RASD, 6, "BDE5D4D6-E450-46D2-B925-976CA3E989B4",
      "SCSI Controller" },
    { "Microsoft:Hyper-V:Emulated Diskette Controller", RASD, 1, "8F0D2762-0B00-4E04-AF4F-19010527CB93",
      "Diskette Controller" },
    { "Microsoft:Hyper-V:Synthetic Disk Drive", RASD, 17, "2FB0A0F2-4B62-4F07-A4A8-9A1E9E8F8A10",
      "Hard Drive" },
    { "Microsoft:Hyper-V:Synthetic DVD Drive", RASD, 16, "5B1A8E1C-5B5D-4D5E-8B0E-7C5E6BB1D1A2",
      "DVD Drive" },
    { "Microsoft:Hyper-V:Synthetic Diskette Drive", RASD, 14, "6C1E2C6B-1A8B-4B0D-B7F5-2A76E4C0B013",
      "Diskette Drive" },
    { "Microsoft:Hyper-V:Virtual Hard Disk", SASD, 31, "70BB60D2-A9D3-46AA-B654-3DE53004B4F8",
      "Hard Disk Image" },
    { "Microsoft:Hyper-V:Virtual CD/DVD Disk", SASD, 31, "9F04A1F0-11C9-4F3E-9C77-6E44F6F7A1C4",
      "ISO Disk Image" },
    { "Microsoft:Hyper-V:Virtual Floppy Disk", SASD, 31, "7E6F5C66-5C7B-4A52-8F2F-A5B1C8D2E3F5",
      "Floppy Disk Image" },
    { "Microsoft:Hyper-V:Synthetic Ethernet Port", "Msvm_SyntheticEthernetPortSettingData", 10,
      "6A45335D-4C3A-44B7-B61F-C9808BBDF8ED", "Network Adapter" },
    { "Microsoft:Hyper-V:Emulated Ethernet Port", "Msvm_EmulatedEthernetPortSettingData", 10,
      "72027ECE-E44A-446E-AF2B-8D8C4B8A2279", "Legacy Network Adapter" },
    { "Microsoft:Hyper-V:Ethernet Connection", "Msvm_EthernetPortAllocationSettingData", 33,
      "72DCF3A2-5F4B-4E5A-9B3A-8A57B3A1C8D6", "Ethernet Switch Port Settings" },
    { "Microsoft:Hyper-V:Serial Controller", RASD, 1, "8E3A359F-559A-4B6A-98A9-1690A6100ED7",
      "Serial Controller" },
    { "Microsoft:Hyper-V:Serial Port", "Msvm_SerialPortSettingData", 21,
      "61A4F7B3-6D5C-4E28-9A0B-C1D2E3F4A5B7", "COM Port" },
    { "Microsoft:Hyper-V:Synthetic Keyboard", RASD, 13, "F912AD6D-2B17-48EA-BD65-F927A61C7684",
      "Keyboard" },
    { "Microsoft:Hyper-V:Synthetic Mouse", RASD, 13, "CFA8B69E-5B4A-4CC0-B98B-8BA1A1F3F95A", "Mouse" },
    { "Microsoft:Hyper-V:S3 Display Controller", RASD, 24, "F37CFAE9-A074-4C2C-87FA-2D4E5B6C7D88",
      "Display Controller" },
    { "Microsoft:Hyper-V:Synthetic Display Controller", "Msvm_SyntheticDisplayControllerSettingData", 24,
      "E51B7EF6-4A7F-4780-AAAE-D4B291AACD2E", "Display Controller" },
};

/* Integration components; the GUIDs are those of the services in every guest. */
static const struct {
    const char *class_name;
    const char *guid;
    const char *element_name;
    gboolean enabled;
} components[] = {
    { "Msvm_ShutdownComponentSettingData", "9F8233AC-BE49-4C79-8EE3-E7E1985B2077", "Shutdown", TRUE },
    { "Msvm_TimeSyncComponentSettingData", "2497F4DE-E9FA-4204-80E4-4B75C46419C0", "Time Synchronization",
      TRUE },
    { "Msvm_KvpExchangeComponentSettingData", "2A34B1C2-FD73-4043-8A5B-DD2159BC743F",
      "Key-Value Pair Exchange", TRUE },
    { "Msvm_HeartbeatComponentSettingData", "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", "Heartbeat", TRUE },
    { "Msvm_VssComponentSettingData", "5CED1297-4598-4915-A5FC-AD21BB4D02A4", "VSS", TRUE },
    { "Msvm_GuestServiceInterfaceComponentSettingData", "6C09BB55-D683-4DA0-8931-C9BF705F6480",
      "Guest Service Interface", FALSE },
};

/* --- default settings --------------------------------------------------------------- */

/* A host too old for a resource's own class shows it as the common one. */
static const char *class_for(SimHost *host, const char *class_name)
{
    return schema_find(host->schema, SIM_V2, class_name) ? class_name : RASD;
}

static void fill_memory(CimObject *object)
{
    sim_set(object, "AllocationUnits", "byte * 2^20");
    sim_set(object, "VirtualQuantityUnits", "byte * 2^20");
    sim_set_uint(object, "VirtualQuantity", 1024);
    sim_set_uint(object, "Reservation", 1024);
    sim_set_uint(object, "Limit", 1048576);
    sim_set_uint(object, "Weight", 5000);
    sim_set_boolean(object, "DynamicMemoryEnabled", FALSE);
    sim_set_uint(object, "TargetMemoryBuffer", 20);
    sim_set_boolean(object, "IsVirtualized", TRUE);
    sim_set_boolean(object, "SwapFilesInUse", FALSE);
    sim_set_uint(object, "MaxMemoryBlocksPerNumaNode", 65536);
    sim_set_boolean(object, "SgxEnabled", FALSE);
    sim_set_uint(object, "SgxSize", 0);
}

static void fill_processor(CimObject *object)
{
    sim_set(object, "AllocationUnits", "percent / 1000");
    sim_set_uint(object, "VirtualQuantity", 1);
    sim_set_uint(object, "Reservation", 0);
    sim_set_uint(object, "Limit", 100000);
    sim_set_uint(object, "Weight", 100);
    sim_set_boolean(object, "LimitCPUID", FALSE);
    sim_set_uint(object, "HwThreadsPerCore", 0);
    sim_set_boolean(object, "LimitProcessorFeatures", FALSE);
    sim_set_uint(object, "MaxProcessorsPerNumaNode", 16);
    sim_set_uint(object, "MaxNumaNodesPerSocket", 1);
    sim_set_boolean(object, "EnableHostResourceProtection", FALSE);
    sim_set_boolean(object, "HideHypervisorPresent", FALSE);
    sim_set_boolean(object, "ExposeVirtualizationExtensions", FALSE);
    sim_set(object, "CpuGroupId", "00000000-0000-0000-0000-000000000000");
}

static void fill_storage(CimObject *object)
{
    sim_set_uint(object, "Access", 3);
    sim_set_uint(object, "IOPSLimit", 0);
    sim_set_uint(object, "IOPSReservation", 0);
    sim_set(object, "IOPSAllocationUnits", "count");
    sim_set(object, "StorageQoSPolicyID", "00000000-0000-0000-0000-000000000000");
    sim_set_boolean(object, "PersistentReservationsSupported", FALSE);
    sim_set_uint(object, "CachingMode", 0);
    sim_set(object, "SnapshotId", "");
    sim_set_boolean(object, "IgnoreFlushes", FALSE);
    sim_set_uint(object, "WriteHardeningMethod", 0);
}

static void fill_ethernet(CimObject *object)
{
    sim_set(object, "AllocationUnits", "count");
    sim_set(object, "Address", "000000000000");
    sim_set_boolean(object, "StaticMacAddress", FALSE);
    sim_set_boolean(object, "ClusterMonitored", TRUE);
    if (sim_is_a(object, "Msvm_SyntheticEthernetPortSettingData")) {
        sim_set_boolean(object, "DeviceNamingEnabled", FALSE);
        sim_set_boolean(object, "AllowPacketDirect", FALSE);
    }
}

static CimObject *template_new(SimHost *host, const Resource *row)
{
    CimObject *object = sim_object_new(host, SIM_V2, class_for(host, row->class_name));
    const char *name = sim_translate(host, row->element_name);

    sim_set(object, "Caption", name);
    sim_setf(object, "Description", "Settings for the Microsoft %s.", row->element_name);
    sim_set(object, "ElementName", name);
    sim_setf(object, "InstanceID", "Microsoft:Definition\\%s\\Default", row->pool);
    sim_set_uint(object, "ResourceType", row->type);
    sim_set(object, "ResourceSubType", row->sub_type);
    sim_set(object, "PoolID", "");
    sim_set_uint(object, "ConsumerVisibility", 3);
    sim_set(object, "AllocationUnits", "count");
    sim_set(object, "VirtualQuantityUnits", "count");
    sim_set_uint(object, "VirtualQuantity", 1);
    sim_set_uint(object, "Reservation", 1);
    sim_set_uint(object, "Limit", 1);
    sim_set_uint(object, "Weight", 0);
    sim_set_boolean(object, "AutomaticAllocation", TRUE);
    sim_set_boolean(object, "AutomaticDeallocation", TRUE);
    sim_set(object, "Address", "");
    if (row->type == 4)
        fill_memory(object);
    else if (row->type == 3)
        fill_processor(object);
    else if (strcmp(row->class_name, SASD) == 0)
        fill_storage(object);
    else if (row->type == 10)
        fill_ethernet(object);
    else if (row->type == 33)
        sim_set_uint(object, "EnabledState", 2);
    return object;
}

/* --- pools and capabilities ------------------------------------------------------------- */

static CimObject *pool_new(SimHost *host, const Resource *row)
{
    CimObject *pool = sim_object_new(host, SIM_V2, "Msvm_ResourcePool");
    const char *name = sim_translate(host, row->element_name);

    sim_setf(pool, "InstanceID", POOL_PATTERN, row->pool);
    sim_set(pool, "Caption", name);
    sim_set(pool, "Description", "Primordial resource pool");
    sim_set(pool, "ElementName", "Primordial");
    sim_set(pool, "PoolID", "");
    sim_set_boolean(pool, "Primordial", TRUE);
    sim_set_uint(pool, "ResourceType", row->type);
    sim_set(pool, "ResourceSubType", row->sub_type);
    sim_set(pool, "AllocationUnits", "count");
    sim_set(pool, "ConsumedResourceUnits", "count");
    sim_set_list(pool, "OperationalStatus", "2", NULL);
    sim_set_uint(pool, "HealthState", 5);
    sim_set(pool, "Status", "OK");
    sim_set_list(pool, "StatusDescriptions", "OK", NULL);
    return pool;
}

static CimObject *capabilities_new(SimHost *host, const Resource *row)
{
    CimObject *object = sim_object_new(host, SIM_V2, "Msvm_AllocationCapabilities");

    sim_setf(object, "InstanceID", CAPABILITIES_PATTERN, row->pool);
    sim_set(object, "Caption", "Allocation Capabilities");
    sim_setf(object, "ElementName", "%s", row->element_name);
    sim_set_uint(object, "ResourceType", row->type);
    sim_set(object, "ResourceSubType", row->sub_type);
    sim_set_uint(object, "RequestTypesSupported", 2);
    sim_set_uint(object, "SharingMode", row->type == 3 ? 3 : 2);
    return object;
}

/* Minimum, maximum and increment of memory (MB) and processors. */
static void bounds_new(SimHost *host, const Resource *row, const CimObject *model, CimObject *capabilities)
{
    static const char *const names[] = { "Minimum", "Maximum", "Increment" };
    static const guint memory[] = { 32, 12 * 1024 * 1024, 2 };
    const guint processors[] = { 1, sim_max_processors(host), 1 };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        CimObject *bound = cim_object_copy(model);

        sim_setf(bound, "InstanceID", "Microsoft:Definition\\%s\\%s", row->pool, names[i]);
        sim_set_uint(bound, "VirtualQuantity", row->type == 4 ? memory[i] : processors[i]);
        sim_fixed_add(host, bound);
        sim_fixed_link(host, "Msvm_SettingsDefineCapabilities", capabilities, bound, i + 1);
    }
}

static void resource_build(SimHost *host, const Resource *row)
{
    CimObject *model = template_new(host, row);
    CimObject *pool = pool_new(host, row);
    CimObject *capabilities = capabilities_new(host, row);

    sim_fixed_add(host, model);
    sim_fixed_add(host, pool);
    sim_fixed_add(host, capabilities);
    sim_fixed_link(host, "Msvm_ElementCapabilities", pool, capabilities, 0);
    sim_fixed_link(host, "Msvm_SettingsDefineCapabilities", capabilities, model, 0);
    if (row->type == 3 || row->type == 4)
        bounds_new(host, row, model, capabilities);
    g_hash_table_insert(host->templates, g_ascii_strdown(row->sub_type, -1), cim_object_ref(model));
}

static CimObject *component_new(SimHost *host, guint index)
{
    CimObject *object = sim_object_new(host, SIM_V2, components[index].class_name);

    sim_setf(object, "InstanceID", "Microsoft:Definition\\%s\\Default", components[index].guid);
    sim_set(object, "Caption", components[index].element_name);
    sim_set(object, "ElementName", components[index].element_name);
    sim_setf(object, "Description", "Settings for the Microsoft %s component.",
             components[index].element_name);
    sim_set_uint(object, "EnabledState", components[index].enabled ? 2 : 3);
    return object;
}

void sim_defaults_build(SimHost *host)
{
    for (guint i = 0; i < G_N_ELEMENTS(resources); i++)
        resource_build(host, &resources[i]);
    for (guint i = 0; i < G_N_ELEMENTS(components); i++) {
        g_hash_table_insert(host->templates, g_ascii_strdown(components[i].class_name, -1),
                            component_new(host, i));
    }
}

CimObject *sim_default_of(SimHost *host, const char *class_name, const char *sub_type)
{
    g_autofree char *key = g_ascii_strdown(sub_type, -1);
    CimObject *model = g_hash_table_lookup(host->templates, key);

    if (!model || (class_name && !sim_is_a(model, class_name)))
        return NULL;
    return cim_object_copy(model);
}

/* --- the devices of a new machine ------------------------------------------------------------ */

static CimObject *add_part(SimMachine *machine, const char *sub_type, const char *suffix)
{
    CimObject *part = sim_default_of(machine->host, NULL, sub_type);

    sim_setf(part, "InstanceID", "Microsoft:%s\\%s", machine->guid, suffix);
    g_ptr_array_add(machine->parts, part);
    return part;
}

static void set_parent(SimMachine *machine, CimObject *part, const CimObject *parent, const char *address)
{
    g_autofree char *path = sim_object_reference(machine->host, parent);

    sim_set(part, "Parent", path);
    sim_set(part, "AddressOnParent", address);
}

static void add_legacy_controllers(SimMachine *machine)
{
    CimObject *controller = NULL;

    for (guint i = 0; i < 2; i++) {
        g_autofree char *suffix = g_strdup_printf("83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\%u", i);
        CimObject *ide = add_part(machine, "Microsoft:Hyper-V:Emulated IDE Controller", suffix);

        sim_setf(ide, "ElementName", "IDE Controller %u", i);
        sim_setf(ide, "Address", "%u", i);
    }
    controller = add_part(machine, "Microsoft:Hyper-V:Emulated Diskette Controller",
                          "8F0D2762-0B00-4E04-AF4F-19010527CB93");
    set_parent(machine,
               add_part(machine, "Microsoft:Hyper-V:Synthetic Diskette Drive",
                        "8F0D2762-0B00-4E04-AF4F-19010527CB93\\0\\D"),
               controller, "0");
}

static void add_serial_ports(SimMachine *machine)
{
    CimObject *controller =
        add_part(machine, "Microsoft:Hyper-V:Serial Controller", "8E3A359F-559A-4B6A-98A9-1690A6100ED7");

    for (guint i = 0; i < 2; i++) {
        g_autofree char *suffix = g_strdup_printf("8E3A359F-559A-4B6A-98A9-1690A6100ED7\\%u", i);
        g_autofree char *address = g_strdup_printf("%u", i);
        CimObject *port = add_part(machine, "Microsoft:Hyper-V:Serial Port", suffix);

        sim_setf(port, "ElementName", "COM %u", i + 1);
        sim_set_list(port, "Connection", "", NULL);
        set_parent(machine, port, controller, address);
    }
}

void sim_defaults_of_generation(SimMachine *machine)
{
    SimHost *host = machine->host;

    add_part(machine, "Microsoft:Hyper-V:Memory", "4764334D-E001-4176-82EE-5594EC9B530E");
    add_part(machine, "Microsoft:Hyper-V:Processor", "B637F346-6A0E-4DEC-AF52-BD70CB80A21D\\0");
    if (machine->generation == 1)
        add_legacy_controllers(machine);
    add_serial_ports(machine);
    add_part(machine, "Microsoft:Hyper-V:Synthetic Keyboard", "F912AD6D-2B17-48EA-BD65-F927A61C7684");
    add_part(machine, "Microsoft:Hyper-V:Synthetic Mouse", "CFA8B69E-5B4A-4CC0-B98B-8BA1A1F3F95A");
    if (machine->generation == 1)
        add_part(machine, "Microsoft:Hyper-V:S3 Display Controller",
                 "F37CFAE9-A074-4C2C-87FA-2D4E5B6C7D88");
    else
        add_part(machine, "Microsoft:Hyper-V:Synthetic Display Controller",
                 "E51B7EF6-4A7F-4780-AAAE-D4B291AACD2E");
    for (guint i = 0; i < G_N_ELEMENTS(components); i++) {
        g_autofree char *key = g_ascii_strdown(components[i].class_name, -1);
        CimObject *part = cim_object_copy(g_hash_table_lookup(host->templates, key));

        sim_setf(part, "InstanceID", "Microsoft:%s\\%s", machine->guid, components[i].guid);
        g_ptr_array_add(machine->parts, part);
    }
}
