/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_rasd.h"

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_names.h"

/* Msvm_EthernetPortAllocationSettingData.EnabledState */
#define CONNECTION_ENABLED 2
#define CONNECTION_DISABLED 3

static WsmanInstance *new_rasd(const char *class_name, HypervResourceType type, const char *subtype)
{
    WsmanInstance *rasd = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, class_name);

    wsman_instance_set_uint(rasd, "ResourceType", WSMAN_CIM_UINT16, type);
    wsman_instance_set_string(rasd, "ResourceSubType", subtype);
    return rasd;
}

static WsmanInstance *existing(const char *class_name, const char *instance_id)
{
    WsmanInstance *instance = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, class_name);

    wsman_instance_set_string(instance, "InstanceID", instance_id);
    return instance;
}

static void set_parent(WsmanInstance *rasd, const char *class_name, const char *id)
{
    g_autofree char *path = hyperv_setting_path(class_name, id);

    wsman_instance_set_string(rasd, "Parent", path);
}

static void set_host_resource(WsmanInstance *rasd, const char *resource)
{
    const char *const resources[] = { resource, NULL };

    wsman_instance_set_array(rasd, "HostResource", WSMAN_CIM_STRING, resources);
}

WsmanInstance *hyperv_rasd_new_scsi_controller(void)
{
    return new_rasd(HYPERV_RASD_CLASS, HYPERV_RESOURCE_SCSI, "Microsoft:Hyper-V:Synthetic SCSI Controller");
}

WsmanInstance *hyperv_rasd_new_drive(const HypervDrive *drive, const char *controller_id)
{
    g_autoptr(WsmanInstance) rasd = NULL;
    g_autofree char *unit = g_strdup_printf("%u", drive->unit);

    if (drive->kind == HYPERV_DRIVE_DVD)
        rasd = new_rasd(HYPERV_RASD_CLASS, HYPERV_RESOURCE_DVD_DRIVE, "Microsoft:Hyper-V:Synthetic DVD Drive");
    else
        rasd = new_rasd(HYPERV_RASD_CLASS, HYPERV_RESOURCE_DISK_DRIVE, "Microsoft:Hyper-V:Synthetic Disk Drive");
    set_parent(rasd, HYPERV_RASD_CLASS, controller_id);
    wsman_instance_set_string(rasd, "AddressOnParent", unit);
    return g_steal_pointer(&rasd);
}

static const char *medium_subtype(HypervDriveKind kind)
{
    switch (kind) {
    case HYPERV_DRIVE_DISK:
        return "Microsoft:Hyper-V:Virtual Hard Disk";
    case HYPERV_DRIVE_DVD:
        return "Microsoft:Hyper-V:Virtual CD/DVD Disk";
    case HYPERV_DRIVE_FLOPPY:
        return "Microsoft:Hyper-V:Virtual Floppy Disk";
    }
    return NULL;
}

WsmanInstance *hyperv_rasd_new_medium(const HypervDrive *drive, const char *drive_id)
{
    WsmanInstance *sasd = new_rasd(HYPERV_SASD_CLASS, HYPERV_RESOURCE_LOGICAL_DISK, medium_subtype(drive->kind));

    set_parent(sasd, HYPERV_RASD_CLASS, drive_id);
    set_host_resource(sasd, drive->path);
    return sasd;
}

WsmanInstance *hyperv_rasd_change_medium(const HypervDrive *drive, const char *medium_id)
{
    WsmanInstance *sasd = existing(HYPERV_SASD_CLASS, medium_id);

    set_host_resource(sasd, drive->path);
    return sasd;
}

const char *hyperv_rasd_port_class(const HypervNic *nic)
{
    return nic->legacy ? HYPERV_EMULATED_PORT_CLASS : HYPERV_SYNTHETIC_PORT_CLASS;
}

static void set_port_properties(WsmanInstance *port, const HypervNic *nic)
{
    if (nic->name)
        wsman_instance_set_string(port, "ElementName", nic->name);
    if (nic->mac) {
        wsman_instance_set_boolean(port, "StaticMacAddress", TRUE);
        wsman_instance_set_string(port, "Address", nic->mac);
    }
}

WsmanInstance *hyperv_rasd_new_port(const HypervNic *nic)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *identifier = g_strconcat("{", uuid, "}", NULL);
    const char *const identifiers[] = { identifier, NULL };
    WsmanInstance *port = new_rasd(hyperv_rasd_port_class(nic), HYPERV_RESOURCE_ETHERNET,
                                   nic->legacy ? "Microsoft:Hyper-V:Emulated Ethernet Port"
                                               : "Microsoft:Hyper-V:Synthetic Ethernet Port");

    /* The emulated port's class has no such property. */
    if (!nic->legacy)
        wsman_instance_set_array(port, "VirtualSystemIdentifiers", WSMAN_CIM_STRING, identifiers);
    if (!nic->mac)
        wsman_instance_set_boolean(port, "StaticMacAddress", FALSE);
    set_port_properties(port, nic);
    return port;
}

WsmanInstance *hyperv_rasd_change_port(const HypervNic *nic, const char *port_id)
{
    WsmanInstance *port = existing(hyperv_rasd_port_class(nic), port_id);

    set_port_properties(port, nic);
    return port;
}

static void set_connection_properties(WsmanInstance *connection, const HypervNic *nic)
{
    wsman_instance_set_uint(connection, "EnabledState", WSMAN_CIM_UINT16,
                            nic->connected ? CONNECTION_ENABLED : CONNECTION_DISABLED);
    if (nic->switch_path)
        set_host_resource(connection, nic->switch_path);
}

WsmanInstance *hyperv_rasd_new_connection(const HypervNic *nic, const char *port_id)
{
    WsmanInstance *connection = new_rasd(HYPERV_CONNECTION_CLASS, HYPERV_RESOURCE_ETHERNET_CONNECTION,
                                         "Microsoft:Hyper-V:Ethernet Connection");

    set_parent(connection, hyperv_rasd_port_class(nic), port_id);
    set_connection_properties(connection, nic);
    return connection;
}

WsmanInstance *hyperv_rasd_change_connection(const HypervNic *nic, const char *connection_id)
{
    WsmanInstance *connection = existing(HYPERV_CONNECTION_CLASS, connection_id);

    set_connection_properties(connection, nic);
    return connection;
}

WsmanInstance *hyperv_rasd_change_memory(const HypervMachine *machine, const char *memory_id)
{
    WsmanInstance *memory = existing("Msvm_MemorySettingData", memory_id);

    wsman_instance_set_boolean(memory, "DynamicMemoryEnabled", machine->dynamic_memory);
    wsman_instance_set_uint(memory, "VirtualQuantity", WSMAN_CIM_UINT64, machine->memory_mib);
    /* Without dynamic memory there is one quantity, and the three must agree. */
    wsman_instance_set_uint(memory, "Reservation", WSMAN_CIM_UINT64,
                            machine->dynamic_memory ? machine->min_memory_mib : machine->memory_mib);
    wsman_instance_set_uint(memory, "Limit", WSMAN_CIM_UINT64,
                            machine->dynamic_memory ? machine->max_memory_mib : machine->memory_mib);
    return memory;
}

WsmanInstance *hyperv_rasd_change_processors(const HypervMachine *machine, const char *processor_id)
{
    WsmanInstance *processors = existing("Msvm_ProcessorSettingData", processor_id);

    wsman_instance_set_uint(processors, "VirtualQuantity", WSMAN_CIM_UINT64, machine->processors);
    return processors;
}
