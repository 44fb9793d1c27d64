/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "viralloc.h"
#include "virerror.h"
#include "virmacaddr.h"
#include "virutil.h"

#include "xml/msvm_hint.h"
#include "xml/msvm_parts.h"
#include "xml/msvm_validate.h"

/* --- disks --------------------------------------------------------------- */

static const char *
msvmDomainDiskHint(const MsvmRecord *record, const HypervDrive *drive, const char *what)
{
    g_autofree char *key = msvmHintDriveKey(drive, what);

    return msvmRecordGetHint(record, key);
}


static bool
msvmDomainTargetTaken(const virDomainDef *def, const char *target)
{
    size_t i;

    for (i = 0; i < def->ndisks; i++) {
        if (g_strcmp0(def->disks[i]->dst, target) == 0)
            return true;
    }
    return false;
}


/* The author's name for it, unless another disk came to have it since. */
static char *
msvmDomainTarget(const virDomainDef *def, const HypervDrive *drive, const MsvmRecord *record)
{
    const char *hint = msvmDomainDiskHint(record, drive, "target");
    const char *prefix = drive->bus == HYPERV_BUS_IDE ? "hd" : drive->bus == HYPERV_BUS_SCSI ? "sd" : "fd";
    g_autofree char *target = NULL;
    int i;

    if (hint && *hint && !msvmDomainTargetTaken(def, hint))
        return g_strdup(hint);
    target = msvmDiskDefaultTarget(drive);
    for (i = 0; msvmDomainTargetTaken(def, target); i++) {
        g_free(target);
        target = virIndexToDiskName(HYPERV_MAX_SCSI_CONTROLLERS * HYPERV_MAX_SCSI_UNITS + i, prefix);
    }
    return g_steal_pointer(&target);
}


static void
msvmDomainDiskAddress(virDomainDiskDef *disk, const HypervDrive *drive)
{
    virDomainDeviceDriveAddress *address = &disk->info.addr.drive;

    disk->info.type = VIR_DOMAIN_DEVICE_ADDRESS_TYPE_DRIVE;
    address->unit = drive->unit;
    switch (drive->bus) {
    case HYPERV_BUS_IDE:
        disk->bus = VIR_DOMAIN_DISK_BUS_IDE;
        address->bus = drive->controller;
        break;
    case HYPERV_BUS_SCSI:
        disk->bus = VIR_DOMAIN_DISK_BUS_SCSI;
        address->controller = drive->controller;
        break;
    case HYPERV_BUS_FLOPPY:
    default:
        disk->bus = VIR_DOMAIN_DISK_BUS_FDC;
        break;
    }
}


static void
msvmDomainDiskSource(virDomainDiskDef *disk, const HypervDrive *drive, const MsvmRecord *record)
{
    const char *driver = msvmDomainDiskHint(record, drive, "driver");
    int format = driver ? virStorageFileFormatTypeFromString(driver) : -1;

    virDomainDiskSetType(disk, drive->is_physical ? VIR_STORAGE_TYPE_BLOCK : VIR_STORAGE_TYPE_FILE);
    virDomainDiskSetSource(disk, drive->is_physical && !drive->path ? MSVM_DISK_PHYSICAL : drive->path);
    if (format > 0)
        virDomainDiskSetFormat(disk, format);
    if (drive->kind == HYPERV_DRIVE_DVD) {
        disk->device = VIR_DOMAIN_DISK_DEVICE_CDROM;
        disk->src->readonly = true;
    } else if (drive->kind == HYPERV_DRIVE_FLOPPY) {
        disk->device = VIR_DOMAIN_DISK_DEVICE_FLOPPY;
    } else {
        disk->device = VIR_DOMAIN_DISK_DEVICE_DISK;
    }
    if (disk->src->readonly)
        disk->snapshot = VIR_DOMAIN_SNAPSHOT_LOCATION_NO;
}


/* Whether the author wrote down the floppy drive, which a machine shows only
 * with a disk in it. */
static bool
msvmDomainHasEmptyFloppy(const HypervMachine *machine, const MsvmRecord *record)
{
    const HypervDrive drive = { .kind = HYPERV_DRIVE_FLOPPY, .bus = HYPERV_BUS_FLOPPY };

    return machine->generation == 1 && msvmDomainDiskHint(record, &drive, "empty") &&
           !hyperv_machine_find_drive(machine, HYPERV_BUS_FLOPPY, 0, 0);
}


static void
msvmDomainController(virDomainDef *def, virDomainControllerType type, int index, const MsvmRecord *record)
{
    g_autofree char *key = msvmHintControllerKey(virDomainControllerTypeToString(type), index, "alias");
    virDomainControllerDef *controller = virDomainControllerDefNew(type);

    controller->idx = index;
    controller->model = type == VIR_DOMAIN_CONTROLLER_TYPE_SCSI ? VIR_DOMAIN_CONTROLLER_MODEL_SCSI_DEFAULT : -1;
    controller->info.alias = g_strdup(msvmRecordGetHint(record, key));
    virDomainControllerInsert(def, controller);
}


static void
msvmDomainControllers(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record)
{
    guint n = machine->n_scsi_controllers;
    bool floppy = msvmDomainHasEmptyFloppy(machine, record);
    guint i;

    for (i = 0; i < machine->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(machine->drives, i);

        if (drive->bus == HYPERV_BUS_SCSI)
            n = MAX(n, drive->controller + 1);
        floppy = floppy || drive->bus == HYPERV_BUS_FLOPPY;
    }
    if (machine->generation == 1)
        msvmDomainController(def, VIR_DOMAIN_CONTROLLER_TYPE_IDE, 0, record);
    for (i = 0; i < n; i++)
        msvmDomainController(def, VIR_DOMAIN_CONTROLLER_TYPE_SCSI, i, record);
    if (floppy)
        msvmDomainController(def, VIR_DOMAIN_CONTROLLER_TYPE_FDC, 0, record);
}


static void
msvmDomainDisk(virDomainDef *def, const HypervDrive *drive, const MsvmRecord *record,
               virDomainXMLOption *xmlopt)
{
    virDomainDiskDef *disk = virDomainDiskDefNew(xmlopt);

    disk->dst = msvmDomainTarget(def, drive, record);
    disk->info.alias = g_strdup(msvmDomainDiskHint(record, drive, "alias"));
    msvmDomainDiskAddress(disk, drive);
    msvmDomainDiskSource(disk, drive, record);
    virDomainDiskInsert(def, disk);
}


void
msvmDomainDisks(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                virDomainXMLOption *xmlopt)
{
    const HypervDrive floppy = { .kind = HYPERV_DRIVE_FLOPPY, .bus = HYPERV_BUS_FLOPPY };
    guint i;

    for (i = 0; i < machine->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(machine->drives, i);

        /* A hard disk without a file: domain XML knows empty drives only of
         * removable media. */
        if (drive->kind != HYPERV_DRIVE_DISK || drive->path || drive->is_physical)
            msvmDomainDisk(def, drive, record, xmlopt);
    }
    if (msvmDomainHasEmptyFloppy(machine, record))
        msvmDomainDisk(def, &floppy, record, xmlopt);
    msvmDomainControllers(def, machine, record);
}


virDomainDiskDef *
msvmDomainFindDisk(const virDomainDef *def, const HypervDrive *drive)
{
    size_t i;

    for (i = 0; i < def->ndisks; i++) {
        guint controller, unit;
        HypervBus bus;

        if (msvmDiskPlace(def->disks[i], &bus, &controller, &unit) && bus == drive->bus &&
            controller == drive->controller && unit == drive->unit)
            return def->disks[i];
    }
    return NULL;
}


/* --- interfaces ---------------------------------------------------------- */

static const char *
msvmDomainNetHint(const MsvmRecord *record, const HypervNic *nic, const char *what)
{
    g_autofree char *key = msvmHintNicKey(nic, what);

    return msvmRecordGetHint(record, key);
}


static void
msvmDomainNetLink(virDomainNetDef *net, const HypervNic *nic, const MsvmRecord *record)
{
    const char *hint = msvmDomainNetHint(record, nic, "link");
    bool unplugged = nic->switch_name ? !nic->connected : g_strcmp0(hint, "down") == 0;

    if (unplugged)
        net->linkstate = VIR_DOMAIN_NET_INTERFACE_LINK_STATE_DOWN;
    else if (g_strcmp0(hint, "up") == 0)
        net->linkstate = VIR_DOMAIN_NET_INTERFACE_LINK_STATE_UP;
}


static void
msvmDomainNetSource(virDomainNetDef *net, const HypervNic *nic, const MsvmRecord *record)
{
    if (!nic->switch_name) {
        net->type = VIR_DOMAIN_NET_TYPE_NULL;
    } else if (g_strcmp0(msvmDomainNetHint(record, nic, "type"), "bridge") == 0) {
        net->type = VIR_DOMAIN_NET_TYPE_BRIDGE;
        net->data.bridge.brname = g_strdup(nic->switch_name);
    } else {
        net->type = VIR_DOMAIN_NET_TYPE_NETWORK;
        net->data.network.name = g_strdup(nic->switch_name);
    }
}


static virDomainNetDef *
msvmDomainNet(const HypervNic *nic, const MsvmRecord *record, virDomainXMLOption *xmlopt)
{
    virDomainNetDef *net = virDomainNetDefNew(xmlopt);

    if (nic->mac)
        ignore_value(virMacAddrParseHex(nic->mac, &net->mac));
    msvmDomainNetSource(net, nic, record);
    msvmDomainNetLink(net, nic, record);
    if (nic->legacy)
        ignore_value(virDomainNetSetModelString(net, MSVM_NIC_MODEL_LEGACY));
    else if (msvmDomainNetHint(record, nic, "model"))
        ignore_value(virDomainNetSetModelString(net, MSVM_NIC_MODEL_SYNTHETIC));
    net->info.alias = g_strdup(msvmDomainNetHint(record, nic, "alias"));
    return net;
}


/* The author's order; those that were added elsewhere follow, as the host
 * lists them. */
static guint
msvmDomainNetPlace(const MsvmRecord *record, const HypervNic *nic)
{
    const char *hint = msvmDomainNetHint(record, nic, "index");
    guint64 place = 0;

    if (hint && g_ascii_string_to_unsigned(hint, 10, 0, HYPERV_MAX_NICS * 2, &place, NULL))
        return (guint)place;
    return HYPERV_MAX_NICS * 2 + 1;
}


void
msvmDomainNets(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
               virDomainXMLOption *xmlopt)
{
    g_autofree gboolean *done = g_new0(gboolean, machine->nics->len + 1);
    guint n, i;

    def->nets = g_new0(virDomainNetDef *, machine->nics->len);
    for (n = 0; n < machine->nics->len; n++) {
        guint best = machine->nics->len;
        guint best_place = G_MAXUINT;

        for (i = 0; i < machine->nics->len; i++) {
            guint place = msvmDomainNetPlace(record, g_ptr_array_index(machine->nics, i));

            if (!done[i] && place < best_place) {
                best = i;
                best_place = place;
            }
        }
        done[best] = TRUE;
        def->nets[def->nnets++] = msvmDomainNet(g_ptr_array_index(machine->nics, best), record, xmlopt);
    }
}


virDomainNetDef *
msvmDomainFindNet(const virDomainDef *def, const HypervNic *nic)
{
    size_t i;

    for (i = 0; i < def->nnets; i++) {
        g_autofree char *mac = msvmNetMac(def->nets[i]);

        if (mac && nic->mac && g_ascii_strcasecmp(mac, nic->mac) == 0)
            return def->nets[i];
    }
    return NULL;
}
