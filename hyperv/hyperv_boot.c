/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_boot.h"

#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_rasd.h"

#define BOOT_SOURCE_CLASS "Msvm_BootSourceSettingData"
#define BOOT_SOURCE_SUFFIX "\\B"

/* Msvm_VirtualSystemSettingData.BootOrder */
enum {
    BOOT_FLOPPY,
    BOOT_CD,
    BOOT_IDE_DISK,
    BOOT_NETWORK,
    N_BOOT_KINDS,
};

/* A device with its place, in one form for drives and adapters. */
typedef struct {
    guint place;
    const HypervDrive *drive; /* or */
    const HypervNic *nic;
    guint nic_index;
} BootDevice;

static const char *device_id(const BootDevice *device)
{
    return device->drive ? device->drive->drive_id : device->nic->port_id;
}

static const char *device_class(const BootDevice *device)
{
    return device->drive ? HYPERV_RASD_CLASS : hyperv_rasd_port_class(device->nic);
}

static char *device_name(const BootDevice *device)
{
    static const char *const buses[] = { "IDE", "SCSI", "floppy" };

    if (device->nic)
        return g_strdup_printf("network adapter %u", device->nic_index);
    return g_strdup_printf("drive %s %u:%u", buses[device->drive->bus], device->drive->controller,
                           device->drive->unit);
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    const BootDevice *left = a;
    const BootDevice *right = b;

    return left->place < right->place ? -1 : left->place > right->place;
}

/* All devices (ordered_only: those with a place, sorted by it). */
static GArray *list_devices(const HypervMachine *machine, gboolean ordered_only)
{
    GArray *devices = g_array_new(FALSE, FALSE, sizeof(BootDevice));

    for (guint i = 0; i < machine->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(machine->drives, i);
        BootDevice device = { .place = drive->boot_order, .drive = drive };

        if (!ordered_only || device.place > 0)
            g_array_append_val(devices, device);
    }
    for (guint i = 0; i < machine->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(machine->nics, i);
        BootDevice device = { .place = nic->boot_order, .nic = nic, .nic_index = i };

        if (!ordered_only || device.place > 0)
            g_array_append_val(devices, device);
    }
    if (ordered_only)
        g_array_sort(devices, compare_places);
    return devices;
}

gboolean hyperv_boot_is_ordered(const HypervMachine *machine)
{
    g_autoptr(GArray) devices = list_devices(machine, TRUE);

    return devices->len > 0 || (machine->network_boot && machine->network_boot_order > 0);
}

/* --- generation 1 --------------------------------------------------------- */

static int kind_of(const BootDevice *device)
{
    if (device->nic)
        return device->nic->legacy ? BOOT_NETWORK : -1;
    if (device->drive->bus == HYPERV_BUS_FLOPPY)
        return BOOT_FLOPPY;
    if (device->drive->bus != HYPERV_BUS_IDE)
        return -1;
    return device->drive->kind == HYPERV_DRIVE_DVD ? BOOT_CD : BOOT_IDE_DISK;
}

/* The first device of the kind, in the order of addresses, which machines
 * that were read have; wanted ones may come in any order. */
static gboolean is_first_of_kind(const HypervMachine *machine, const BootDevice *device)
{
    for (guint i = 0; device->drive && i < machine->drives->len; i++) {
        BootDevice other = { .drive = g_ptr_array_index(machine->drives, i) };

        if (kind_of(&other) == kind_of(device) &&
            other.drive->controller * 2 + other.drive->unit < device->drive->controller * 2 + device->drive->unit)
            return FALSE;
    }
    return TRUE;
}

static gboolean check_generation_1(const HypervMachine *wanted, const BootDevice *device, GError **error)
{
    g_autofree char *name = NULL;

    if (kind_of(device) >= 0 && is_first_of_kind(wanted, device))
        return TRUE;
    name = device_name(device);
    if (kind_of(device) < 0)
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "a generation 1 machine cannot boot from %s: only from IDE, floppy and legacy adapters", name);
    else
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "a generation 1 machine boots from the first device of a kind alone, which %s is not", name);
    return FALSE;
}

/* Places of the kinds that wanted gives; 0: none. */
static void wanted_kinds(const HypervMachine *machine, guint places[N_BOOT_KINDS])
{
    g_autoptr(GArray) devices = list_devices(machine, TRUE);

    for (guint i = 0; i < N_BOOT_KINDS; i++)
        places[i] = 0;
    for (guint i = 0; i < devices->len; i++) {
        const BootDevice *device = &g_array_index(devices, BootDevice, i);
        int kind = kind_of(device);

        if (kind >= 0 && places[kind] == 0)
            places[kind] = device->place;
    }
    if (machine->network_boot && machine->network_boot_order > 0)
        places[BOOT_NETWORK] = machine->network_boot_order;
}

static void read_generation_1(const WsmanInstance *settings, HypervMachine *machine)
{
    const char *const *order = wsman_instance_get_strv(settings, "BootOrder");
    g_autoptr(GArray) devices = list_devices(machine, FALSE);
    guint place = 0;

    for (guint n = 0; order[n]; n++) {
        guint64 kind;
        gboolean found = FALSE;

        if (!g_ascii_string_to_unsigned(order[n], 10, 0, N_BOOT_KINDS - 1, &kind, NULL))
            continue;
        for (guint i = 0; i < devices->len && !found; i++) {
            const BootDevice *device = &g_array_index(devices, BootDevice, i);

            if (kind_of(device) != (int)kind || !is_first_of_kind(machine, device))
                continue;
            found = TRUE;
            place++;
            if (device->drive)
                ((HypervDrive *)device->drive)->boot_order = place;
            else
                ((HypervNic *)device->nic)->boot_order = place;
        }
        if (found && kind == BOOT_NETWORK) {
            machine->network_boot = TRUE;
            machine->network_boot_order = place;
        }
    }
}

/* All four kinds must be there: the unordered ones follow as they were. */
static void set_generation_1(const WsmanInstance *settings, const HypervMachine *wanted, WsmanInstance *change)
{
    static const char *const names[] = { "0", "1", "2", "3" };
    const char *const *present = wsman_instance_get_strv(settings, "BootOrder");
    const char *order[N_BOOT_KINDS + 1] = { NULL };
    guint places[N_BOOT_KINDS];
    gboolean done[N_BOOT_KINDS] = { FALSE };
    guint n = 0;

    wanted_kinds(wanted, places);
    for (;;) {
        int next = -1;

        for (int kind = 0; kind < N_BOOT_KINDS; kind++) {
            if (places[kind] > 0 && !done[kind] && (next < 0 || places[kind] < places[next]))
                next = kind;
        }
        if (next < 0)
            break;
        done[next] = TRUE;
        order[n++] = names[next];
    }
    for (guint i = 0; present[i]; i++) {
        guint64 kind;

        if (g_ascii_string_to_unsigned(present[i], 10, 0, N_BOOT_KINDS - 1, &kind, NULL) && !done[kind]) {
            done[kind] = TRUE;
            order[n++] = names[kind];
        }
    }
    wsman_instance_set_array(change, "BootOrder", WSMAN_CIM_UINT16, order);
}

/* --- generation 2 --------------------------------------------------------- */

static char *source_by_rule(const char *id)
{
    return g_strconcat(id, BOOT_SOURCE_SUFFIX, NULL);
}

static char *source_by_association(HypervCall *call, const BootDevice *device, GError **error)
{
    g_autofree char *path = hyperv_setting_path(device_class(device), device_id(device));
    const char *relative = g_strrstr(path, device_class(device));
    g_autofree char *query = g_strdup_printf("associators of {%s} where AssocClass = Msvm_LogicalIdentity "
                                             "ResultClass = " BOOT_SOURCE_CLASS, relative ? relative : path);
    g_autoptr(GPtrArray) sources = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                      query, call->cancellable, error);
    const char *id;

    if (!sources) {
        g_prefix_error(error, "looking for boot sources: ");
        return NULL;
    }
    id = sources->len > 0 ? wsman_instance_get_string(g_ptr_array_index(sources, 0), "InstanceID") : NULL;
    return g_strdup(id ? id : "");
}

/* InstanceIDs of the sources in the order on the host. */
static GPtrArray *read_order(const WsmanInstance *settings)
{
    const char *const *paths = wsman_instance_get_strv(settings, "BootSourceOrder");
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; paths[i]; i++) {
        char *id = hyperv_path_get_key(paths[i], "InstanceID");

        if (id)
            g_ptr_array_add(ids, id);
    }
    return ids;
}

static int find_source(const GPtrArray *order, const char *source)
{
    for (guint i = 0; i < order->len; i++) {
        if (hyperv_id_equal(g_ptr_array_index(order, i), source))
            return (int)i;
    }
    return -1;
}

/* Where each device's source stands in the order; -1: nowhere. */
static gboolean locate_devices(HypervCall *call, const GArray *devices, const GPtrArray *order, int *indexes,
                               GError **error)
{
    gboolean rule_holds = FALSE;

    for (guint i = 0; i < devices->len; i++) {
        const char *id = device_id(&g_array_index(devices, BootDevice, i));
        g_autofree char *source = id ? source_by_rule(id) : NULL;

        indexes[i] = find_source(order, source);
        rule_holds |= indexes[i] >= 0;
    }
    if (rule_holds || order->len == 0)
        return TRUE;
    for (guint i = 0; i < devices->len; i++) {
        g_autofree char *source = NULL;

        if (!device_id(&g_array_index(devices, BootDevice, i)))
            continue;
        source = source_by_association(call, &g_array_index(devices, BootDevice, i), error);
        if (!source)
            return FALSE;
        indexes[i] = find_source(order, source);
    }
    return TRUE;
}

static gboolean read_generation_2(HypervCall *call, const WsmanInstance *settings, HypervMachine *machine,
                                  GError **error)
{
    g_autoptr(GPtrArray) order = read_order(settings);
    g_autoptr(GArray) devices = list_devices(machine, FALSE);
    g_autofree int *indexes = g_new0(int, devices->len + 1);
    guint place = 0;

    if (!locate_devices(call, devices, order, indexes, error))
        return FALSE;
    for (guint n = 0; n < order->len; n++) {
        for (guint i = 0; i < devices->len; i++) {
            const BootDevice *device = &g_array_index(devices, BootDevice, i);

            if (indexes[i] != (int)n)
                continue;
            place++;
            if (device->drive)
                ((HypervDrive *)device->drive)->boot_order = place;
            else
                ((HypervNic *)device->nic)->boot_order = place;
        }
    }
    return TRUE;
}

static gboolean set_generation_2(HypervCall *call, const WsmanInstance *settings, const HypervMachine *wanted,
                                 WsmanInstance *change, GError **error)
{
    g_autoptr(GPtrArray) order = read_order(settings);
    g_autoptr(GArray) devices = list_devices(wanted, TRUE);
    g_autofree int *indexes = g_new0(int, devices->len + 1);
    g_autofree gboolean *taken = g_new0(gboolean, order->len + 1);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (!locate_devices(call, devices, order, indexes, error))
        return FALSE;
    for (guint i = 0; i < devices->len; i++) {
        if (indexes[i] < 0) {
            g_autofree char *name = device_name(&g_array_index(devices, BootDevice, i));

            hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "the host has no boot source for %s", name);
            return FALSE;
        }
        taken[indexes[i]] = TRUE;
        g_ptr_array_add(paths, hyperv_setting_path(BOOT_SOURCE_CLASS, g_ptr_array_index(order, indexes[i])));
    }
    for (guint i = 0; i < order->len; i++) {
        /* Hosts were seen with a source in two spellings. */
        if (!taken[i] && !taken[find_source(order, g_ptr_array_index(order, i))])
            g_ptr_array_add(paths, hyperv_setting_path(BOOT_SOURCE_CLASS, g_ptr_array_index(order, i)));
    }
    g_ptr_array_add(paths, NULL);
    wsman_instance_set_array(change, "BootSourceOrder", WSMAN_CIM_STRING, (const char *const *)paths->pdata);
    return TRUE;
}

/* --- both ------------------------------------------------------------------ */

gboolean hyperv_boot_check(const HypervMachine *wanted, GError **error)
{
    g_autoptr(GArray) devices = list_devices(wanted, TRUE);

    for (guint i = 0; i < devices->len; i++) {
        const BootDevice *device = &g_array_index(devices, BootDevice, i);

        if (i > 0 && device->place == g_array_index(devices, BootDevice, i - 1).place) {
            hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "two devices are at place %u of the boot order",
                             device->place);
            return FALSE;
        }
        if (wanted->generation == 1 && !check_generation_1(wanted, device, error))
            return FALSE;
    }
    return TRUE;
}

gboolean hyperv_boot_read(HypervCall *call, const WsmanInstance *settings, HypervMachine *machine, GError **error)
{
    if (machine->generation == 2)
        return read_generation_2(call, settings, machine, error);
    read_generation_1(settings, machine);
    return TRUE;
}

static gboolean is_same_device(const BootDevice *a, const BootDevice *b)
{
    if (a->drive && b->drive)
        return a->drive->bus == b->drive->bus && a->drive->controller == b->drive->controller &&
               a->drive->unit == b->drive->unit && a->drive->kind == b->drive->kind;
    if (a->nic && b->nic)
        return a->nic->mac && b->nic->mac ? g_ascii_strcasecmp(a->nic->mac, b->nic->mac) == 0
                                          : a->nic_index == b->nic_index;
    return FALSE;
}

gboolean hyperv_boot_matches(const HypervMachine *current, const HypervMachine *wanted)
{
    g_autoptr(GArray) before = list_devices(current, TRUE);
    g_autoptr(GArray) after = list_devices(wanted, TRUE);

    if (after->len > before->len)
        return FALSE;
    for (guint i = 0; i < after->len; i++) {
        if (!is_same_device(&g_array_index(before, BootDevice, i), &g_array_index(after, BootDevice, i)))
            return FALSE;
    }
    return !wanted->network_boot || wanted->network_boot_order == 0 ||
           wanted->network_boot_order == current->network_boot_order;
}

gboolean hyperv_boot_set(HypervCall *call, const WsmanInstance *settings, const HypervMachine *wanted,
                         WsmanInstance *change, GError **error)
{
    if (wanted->generation == 2)
        return set_generation_2(call, settings, wanted, change, error);
    set_generation_1(settings, wanted, change);
    return TRUE;
}
