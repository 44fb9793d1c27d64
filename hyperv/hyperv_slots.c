/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_slots.h"

#include <string.h>

#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_rasd.h"

#define CONNECTION_ENABLED 2
#define PHYSICAL_DISK_SUBTYPE "Microsoft:Hyper-V:Physical Disk Drive"

HypervSlots *hyperv_slots_new(void)
{
    HypervSlots *slots = g_new0(HypervSlots, 1);

    slots->scsi = g_ptr_array_new_with_free_func(g_free);
    slots->ports = g_ptr_array_new_with_free_func(g_free);
    return slots;
}

void hyperv_slots_free(HypervSlots *slots)
{
    if (!slots)
        return;
    g_free(slots->memory);
    g_free(slots->processor);
    for (guint i = 0; i < HYPERV_N_IDE_CONTROLLERS; i++)
        g_free(slots->ide[i]);
    g_free(slots->floppy_drive);
    g_ptr_array_unref(slots->scsi);
    g_ptr_array_unref(slots->ports);
    g_free(slots);
}

static guint64 get_uint(const WsmanInstance *instance, const char *name)
{
    guint64 value = 0;

    wsman_instance_get_uint(instance, name, &value);
    return value;
}

static gboolean is_class(const WsmanInstance *instance, const char *name)
{
    return g_ascii_strcasecmp(wsman_instance_get_class(instance), name) == 0;
}

static gboolean is_resource(const WsmanInstance *instance, HypervResourceType type)
{
    return is_class(instance, HYPERV_RASD_CLASS) && get_uint(instance, "ResourceType") == type;
}

/* The InstanceID that Parent points to. */
static char *get_parent_id(const WsmanInstance *instance)
{
    return hyperv_path_get_key(wsman_instance_get_string(instance, "Parent"), "InstanceID");
}

static void set_id(char **slot, const WsmanInstance *instance)
{
    g_free(*slot);
    *slot = g_strdup(wsman_instance_get_string(instance, "InstanceID"));
}

static void read_memory(HypervMachine *machine, const WsmanInstance *memory)
{
    machine->memory_mib = get_uint(memory, "VirtualQuantity");
    machine->min_memory_mib = get_uint(memory, "Reservation");
    machine->max_memory_mib = get_uint(memory, "Limit");
    wsman_instance_get_boolean(memory, "DynamicMemoryEnabled", &machine->dynamic_memory);
}

/*
 * Controllers, memory and processors come first: drives refer to them.
 * ASSUMED: the number of a SCSI controller is its place in the host's list;
 * there is no property that says it.
 */
static void read_controllers(HypervSlots *slots, const GPtrArray *components, HypervMachine *machine)
{
    for (guint i = 0; i < components->len; i++) {
        const WsmanInstance *part = g_ptr_array_index(components, i);

        if (is_class(part, "Msvm_MemorySettingData")) {
            set_id(&slots->memory, part);
            read_memory(machine, part);
        } else if (is_class(part, "Msvm_ProcessorSettingData")) {
            set_id(&slots->processor, part);
            machine->processors = get_uint(part, "VirtualQuantity");
        } else if (is_resource(part, HYPERV_RESOURCE_IDE)) {
            guint64 address = get_uint(part, "Address");

            if (address < HYPERV_N_IDE_CONTROLLERS)
                set_id(&slots->ide[address], part);
        } else if (is_resource(part, HYPERV_RESOURCE_SCSI)) {
            g_ptr_array_add(slots->scsi, g_strdup(wsman_instance_get_string(part, "InstanceID")));
        }
    }
    machine->n_scsi_controllers = slots->scsi->len;
}

static gboolean find_controller(const HypervSlots *slots, const char *id, HypervBus *bus, guint *controller)
{
    for (guint i = 0; i < HYPERV_N_IDE_CONTROLLERS; i++) {
        if (hyperv_id_equal(slots->ide[i], id)) {
            *bus = HYPERV_BUS_IDE;
            *controller = i;
            return TRUE;
        }
    }
    for (guint i = 0; i < slots->scsi->len; i++) {
        if (hyperv_id_equal(g_ptr_array_index(slots->scsi, i), id)) {
            *bus = HYPERV_BUS_SCSI;
            *controller = i;
            return TRUE;
        }
    }
    return FALSE;
}

static void read_drive(const HypervSlots *slots, HypervMachine *machine, const WsmanInstance *part,
                       HypervDriveKind kind)
{
    g_autofree char *parent = get_parent_id(part);
    const char *subtype = wsman_instance_get_string(part, "ResourceSubType");
    HypervDrive *drive;
    HypervBus bus;
    guint controller;

    if (!find_controller(slots, parent, &bus, &controller))
        return;
    drive = hyperv_machine_add_drive(machine, kind, bus, controller, get_uint(part, "AddressOnParent"));
    drive->drive_id = g_strdup(wsman_instance_get_string(part, "InstanceID"));
    drive->is_physical = subtype && g_ascii_strcasecmp(subtype, PHYSICAL_DISK_SUBTYPE) == 0;
}

static void read_port(HypervSlots *slots, HypervMachine *machine, const WsmanInstance *part, gboolean legacy)
{
    const char *id = wsman_instance_get_string(part, "InstanceID");
    const char *mac = wsman_instance_get_string(part, "Address");
    HypervNic *nic = hyperv_machine_add_nic(machine);

    nic->legacy = legacy;
    nic->port_id = g_strdup(id);
    nic->name = g_strdup(wsman_instance_get_string(part, "ElementName"));
    /* All zeroes: dynamic, and the machine never ran. */
    if (mac && *mac != '\0' && !g_str_equal(mac, "000000000000"))
        nic->mac = g_ascii_strup(mac, -1);
    g_ptr_array_add(slots->ports, g_strdup(id));
}

static void read_devices(HypervSlots *slots, const GPtrArray *components, HypervMachine *machine)
{
    for (guint i = 0; i < components->len; i++) {
        const WsmanInstance *part = g_ptr_array_index(components, i);

        if (is_resource(part, HYPERV_RESOURCE_DISK_DRIVE))
            read_drive(slots, machine, part, HYPERV_DRIVE_DISK);
        else if (is_resource(part, HYPERV_RESOURCE_DVD_DRIVE))
            read_drive(slots, machine, part, HYPERV_DRIVE_DVD);
        else if (is_resource(part, HYPERV_RESOURCE_FLOPPY_DRIVE))
            set_id(&slots->floppy_drive, part);
        else if (is_class(part, HYPERV_SYNTHETIC_PORT_CLASS))
            read_port(slots, machine, part, FALSE);
        else if (is_class(part, HYPERV_EMULATED_PORT_CLASS))
            read_port(slots, machine, part, TRUE);
    }
}

static HypervDrive *find_drive_by_id(HypervMachine *machine, const char *id)
{
    for (guint i = 0; i < machine->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(machine->drives, i);

        if (hyperv_id_equal(drive->drive_id, id))
            return drive;
    }
    return NULL;
}

static void read_medium(const HypervSlots *slots, HypervMachine *machine, const WsmanInstance *part)
{
    g_autofree char *parent = get_parent_id(part);
    HypervDrive *drive = find_drive_by_id(machine, parent);

    /* The floppy drive is always there: it shows only with a disk in it. */
    if (!drive && hyperv_id_equal(slots->floppy_drive, parent)) {
        drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_FLOPPY, HYPERV_BUS_FLOPPY, 0, 0);
        drive->drive_id = g_strdup(parent);
    }
    if (!drive || drive->medium_id)
        return;
    drive->medium_id = g_strdup(wsman_instance_get_string(part, "InstanceID"));
    drive->path = g_strdup(wsman_instance_get_string(part, "HostResource"));
}

static void read_connection(HypervMachine *machine, const WsmanInstance *part)
{
    g_autofree char *parent = get_parent_id(part);

    for (guint i = 0; i < machine->nics->len; i++) {
        HypervNic *nic = g_ptr_array_index(machine->nics, i);
        const char *resource;

        if (!hyperv_id_equal(nic->port_id, parent) || nic->connection_id)
            continue;
        resource = wsman_instance_get_string(part, "HostResource");
        nic->connection_id = g_strdup(wsman_instance_get_string(part, "InstanceID"));
        nic->connected = get_uint(part, "EnabledState") == CONNECTION_ENABLED;
        if (resource && *resource != '\0') {
            nic->switch_path = g_strdup(resource);
            nic->switch_name = g_strdup(wsman_instance_get_string(part, "LastKnownSwitchName"));
        }
    }
}

static int compare_drives(gconstpointer a, gconstpointer b)
{
    const HypervDrive *left = *(const HypervDrive *const *)a;
    const HypervDrive *right = *(const HypervDrive *const *)b;

    if (left->bus != right->bus)
        return left->bus < right->bus ? -1 : 1;
    if (left->controller != right->controller)
        return left->controller < right->controller ? -1 : 1;
    return left->unit < right->unit ? -1 : left->unit > right->unit;
}

HypervSlots *hyperv_slots_read(const GPtrArray *components, HypervMachine *machine)
{
    HypervSlots *slots = hyperv_slots_new();

    read_controllers(slots, components, machine);
    read_devices(slots, components, machine);
    for (guint i = 0; i < components->len; i++) {
        const WsmanInstance *part = g_ptr_array_index(components, i);

        if (is_class(part, HYPERV_SASD_CLASS))
            read_medium(slots, machine, part);
        else if (is_class(part, HYPERV_CONNECTION_CLASS))
            read_connection(machine, part);
    }
    g_ptr_array_sort(machine->drives, compare_drives);
    return slots;
}

HypervSlots *hyperv_slots_fetch(HypervCall *call, const char *guid, HypervMachine *machine, GError **error)
{
    g_autofree char *id = hyperv_settings_id(guid);
    g_autofree char *query = g_strdup_printf(
        "associators of {Msvm_VirtualSystemSettingData.InstanceID=\"%s\"} "
        "where AssocClass = Msvm_VirtualSystemSettingDataComponent", id);
    g_autoptr(GPtrArray) components = wsman_client_query(hyperv_host_get_client(call->host),
                                                         HYPERV_NS_VIRTUALIZATION, query, call->cancellable,
                                                         error);

    if (!components) {
        g_prefix_error(error, "reading the devices of %s: ", guid);
        return NULL;
    }
    return hyperv_slots_read(components, machine);
}

const char *hyperv_slots_get_controller(const HypervSlots *slots, HypervBus bus, guint controller)
{
    switch (bus) {
    case HYPERV_BUS_IDE:
        return controller < HYPERV_N_IDE_CONTROLLERS ? slots->ide[controller] : NULL;
    case HYPERV_BUS_SCSI:
        return controller < slots->scsi->len ? g_ptr_array_index(slots->scsi, controller) : NULL;
    case HYPERV_BUS_FLOPPY:
        return slots->floppy_drive;
    }
    return NULL;
}
