/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks. libvirt counts IDE places as controller 0, bus 0 or 1, unit 0 or 1;
 * its buses are Hyper-V's IDE controllers.
 */
#include <config.h>

#include "virerror.h"
#include "virutil.h"

#include "xml/msvm_hint.h"
#include "xml/msvm_parts.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define IDE_CONTROLLERS 2
#define IDE_UNITS 2

bool
msvmDiskPlace(const virDomainDiskDef *disk, HypervBus *bus, guint *controller, guint *unit)
{
    const virDomainDeviceDriveAddress *address = &disk->info.addr.drive;

    if (disk->info.type != VIR_DOMAIN_DEVICE_ADDRESS_TYPE_DRIVE)
        return false;
    *controller = address->controller;
    *unit = address->unit;
    switch ((int)disk->bus) {
    case VIR_DOMAIN_DISK_BUS_IDE:
        *bus = HYPERV_BUS_IDE;
        *controller = address->bus;
        return address->controller == 0 && address->bus < IDE_CONTROLLERS && address->target == 0 &&
               address->unit < IDE_UNITS;
    case VIR_DOMAIN_DISK_BUS_SCSI:
        *bus = HYPERV_BUS_SCSI;
        return address->controller < HYPERV_MAX_SCSI_CONTROLLERS && address->bus == 0 &&
               address->target == 0 && address->unit < HYPERV_MAX_SCSI_UNITS;
    case VIR_DOMAIN_DISK_BUS_FDC:
        *bus = HYPERV_BUS_FLOPPY;
        return address->controller == 0 && address->bus == 0 && address->target == 0 && address->unit == 0;
    default:
        return false;
    }
}


char *
msvmDiskDefaultTarget(const HypervDrive *drive)
{
    switch (drive->bus) {
    case HYPERV_BUS_IDE:
        return virIndexToDiskName(drive->controller * 2 + drive->unit, "hd");
    case HYPERV_BUS_SCSI:
        return virIndexToDiskName(drive->controller * HYPERV_MAX_SCSI_UNITS + drive->unit, "sd");
    case HYPERV_BUS_FLOPPY:
    default:
        return virIndexToDiskName(drive->unit, "fd");
    }
}


static HypervDriveKind
msvmPlanDiskKind(const virDomainDiskDef *disk)
{
    switch ((int)disk->device) {
    case VIR_DOMAIN_DISK_DEVICE_CDROM:
        return HYPERV_DRIVE_DVD;
    case VIR_DOMAIN_DISK_DEVICE_FLOPPY:
        return HYPERV_DRIVE_FLOPPY;
    default:
        return HYPERV_DRIVE_DISK;
    }
}


static void
msvmPlanDiskHint(MsvmRecord *record, const HypervDrive *drive, const char *what, const char *value)
{
    g_autofree char *key = msvmHintDriveKey(drive, what);

    msvmRecordSetHint(record, key, value);
}


static void
msvmPlanDiskHints(MsvmRecord *record, const HypervDrive *drive, const virDomainDiskDef *disk)
{
    g_autofree char *target = msvmDiskDefaultTarget(drive);

    if (g_strcmp0(target, disk->dst) != 0)
        msvmPlanDiskHint(record, drive, "target", disk->dst);
    if (disk->src->format > 0)
        msvmPlanDiskHint(record, drive, "driver", virStorageFileFormatTypeToString(disk->src->format));
    msvmPlanDiskHint(record, drive, "alias", disk->info.alias);
}


/* A disk of the host itself cannot be given, but what is there may stay. */
static int
msvmPlanPhysical(HypervDrive *drive, const virDomainDiskDef *disk, const HypervMachine *current)
{
    const HypervDrive *there = current ? hyperv_machine_find_drive(current, drive->bus, drive->controller,
                                                                   drive->unit) : NULL;

    const char *path = there && there->path ? there->path : MSVM_DISK_PHYSICAL;

    if (!there || !there->is_physical || there->kind != drive->kind || g_strcmp0(path, disk->src->path) != 0) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': type='block' is not supported: it must be file",
                       disk->dst);
        return -1;
    }
    drive->is_physical = TRUE;
    drive->path = g_strdup(there->path);
    return 0;
}


/* The floppy drive of generation 1 is always there, and a machine shows it
 * only with a disk in it: that an author wrote it down empty is a hint. */
static bool
msvmPlanEmptyFloppy(MsvmRecord *record, const virDomainDiskDef *disk)
{
    HypervDrive drive = { .kind = HYPERV_DRIVE_FLOPPY, .bus = HYPERV_BUS_FLOPPY };

    if (disk->device != VIR_DOMAIN_DISK_DEVICE_FLOPPY || disk->src->path)
        return false;
    msvmPlanDiskHint(record, &drive, "empty", "yes");
    msvmPlanDiskHints(record, &drive, disk);
    return true;
}


static int
msvmPlanDisk(HypervMachine *machine, MsvmRecord *record, const virDomainDiskDef *disk,
             const HypervMachine *current)
{
    guint controller = 0;
    guint unit = 0;
    HypervBus bus;
    HypervDrive *drive;

    if (!msvmDiskPlace(disk, &bus, &controller, &unit)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "disk '%s': Hyper-V has no place with controller %u, bus %u, target %u, unit %u on %s",
                       disk->dst, disk->info.addr.drive.controller, disk->info.addr.drive.bus,
                       disk->info.addr.drive.target, disk->info.addr.drive.unit,
                       virDomainDiskBusTypeToString(disk->bus));
        return -1;
    }
    if (hyperv_machine_find_drive(machine, bus, controller, unit)) {
        virReportError(VIR_ERR_XML_ERROR, "disk '%s': its place on %s, controller %u, unit %u, is taken",
                       disk->dst, virDomainDiskBusTypeToString(disk->bus), controller, unit);
        return -1;
    }
    if (msvmPlanEmptyFloppy(record, disk))
        return 0;
    drive = hyperv_machine_add_drive(machine, msvmPlanDiskKind(disk), bus, controller, unit);
    if (disk->src->type != VIR_STORAGE_TYPE_BLOCK)
        drive->path = g_strdup(disk->src->path);
    else if (msvmPlanPhysical(drive, disk, current) < 0)
        return -1;
    msvmPlanDiskHints(record, drive, disk);
    return 0;
}


static void
msvmPlanControllers(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def)
{
    size_t i;

    for (i = 0; i < def->ncontrollers; i++) {
        const virDomainControllerDef *controller = def->controllers[i];
        g_autofree char *key = msvmHintControllerKey(virDomainControllerTypeToString(controller->type),
                                                     controller->idx, "alias");

        if (controller->type == VIR_DOMAIN_CONTROLLER_TYPE_SCSI)
            machine->n_scsi_controllers = MAX(machine->n_scsi_controllers, (guint)controller->idx + 1);
        msvmRecordSetHint(record, key, controller->info.alias);
    }
}


static gint
msvmPlanCompareDrives(gconstpointer a, gconstpointer b)
{
    const HypervDrive *x = *(HypervDrive *const *)a;
    const HypervDrive *y = *(HypervDrive *const *)b;

    if (x->bus != y->bus)
        return x->bus < y->bus ? -1 : 1;
    if (x->controller != y->controller)
        return x->controller < y->controller ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}


int
msvmPlanDisks(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
              const HypervMachine *current, MsvmProblems *problems)
{
    int rc = 0;
    size_t i;

    msvmPlanControllers(machine, record, def);
    for (i = 0; i < def->ndisks; i++) {
        g_autofree char *where = g_strdup_printf("/domain/devices/disk[target/@dev='%s']", def->disks[i]->dst);

        if (msvmProblemsCatch(problems, msvmPlanDisk(machine, record, def->disks[i], current), where) < 0)
            rc = -1;
    }
    /* As machines that were read have them: the first of a kind is the one
     * that a BIOS boots from. */
    g_ptr_array_sort(machine->drives, msvmPlanCompareDrives);
    return rc;
}
