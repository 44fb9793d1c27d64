/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resource allocation settings (RASD): how a device looks as an embedded
 * instance, and how the components of a machine are read.
 *
 *   controller  ResourceType 5 (IDE), 6 (SCSI)
 *     drive       17 disk, 16 DVD, 14 floppy        Parent -> controller, AddressOnParent
 *       medium      31                              Parent -> drive, HostResource = file
 *   port        10                                  Address = MAC
 *     connection  33                                Parent -> port, HostResource = switch
 *
 * Parent and HostResource are object paths in strings.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "wsman/wsman_instance.h"

#define HYPERV_RASD_CLASS "Msvm_ResourceAllocationSettingData"
#define HYPERV_SASD_CLASS "Msvm_StorageAllocationSettingData"
#define HYPERV_SYNTHETIC_PORT_CLASS "Msvm_SyntheticEthernetPortSettingData"
#define HYPERV_EMULATED_PORT_CLASS "Msvm_EmulatedEthernetPortSettingData"
#define HYPERV_CONNECTION_CLASS "Msvm_EthernetPortAllocationSettingData"

/* CIM_ResourceAllocationSettingData.ResourceType */
typedef enum {
    HYPERV_RESOURCE_IDE = 5,
    HYPERV_RESOURCE_SCSI = 6,
    HYPERV_RESOURCE_ETHERNET = 10,
    HYPERV_RESOURCE_FLOPPY_DRIVE = 14,
    HYPERV_RESOURCE_DVD_DRIVE = 16,
    HYPERV_RESOURCE_DISK_DRIVE = 17,
    HYPERV_RESOURCE_LOGICAL_DISK = 31,
    HYPERV_RESOURCE_ETHERNET_CONNECTION = 33,
} HypervResourceType;

/* What is asked for where a property is new to the host: no id. Setting data
 * that exists is named by its InstanceID, with only what is to change. */

WsmanInstance *hyperv_rasd_new_scsi_controller(void);
WsmanInstance *hyperv_rasd_new_drive(const HypervDrive *drive, const char *controller_id);
WsmanInstance *hyperv_rasd_new_medium(const HypervDrive *drive, const char *drive_id);
/* Another file in the drive. */
WsmanInstance *hyperv_rasd_change_medium(const HypervDrive *drive, const char *medium_id);
WsmanInstance *hyperv_rasd_new_port(const HypervNic *nic);
WsmanInstance *hyperv_rasd_change_port(const HypervNic *nic, const char *port_id);
/* nic->switch_path must be known if it has a switch. */
WsmanInstance *hyperv_rasd_new_connection(const HypervNic *nic, const char *port_id);
WsmanInstance *hyperv_rasd_change_connection(const HypervNic *nic, const char *connection_id);
WsmanInstance *hyperv_rasd_change_memory(const HypervMachine *machine, const char *memory_id);
WsmanInstance *hyperv_rasd_change_processors(const HypervMachine *machine, const char *processor_id);

const char *hyperv_rasd_port_class(const HypervNic *nic);
