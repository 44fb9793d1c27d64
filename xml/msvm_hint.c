/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "xml/msvm_hint.h"

const char *
msvmHintBusName(HypervBus bus)
{
    switch (bus) {
    case HYPERV_BUS_IDE:
        return "ide";
    case HYPERV_BUS_SCSI:
        return "scsi";
    case HYPERV_BUS_FLOPPY:
    default:
        return "fdc";
    }
}


char *
msvmHintDriveName(const HypervDrive *drive)
{
    return g_strdup_printf("%s:%u:%u", msvmHintBusName(drive->bus), drive->controller, drive->unit);
}


char *
msvmHintNicName(const HypervNic *nic)
{
    return g_strdup_printf("nic:%s", nic->mac ? nic->mac : "000000000000");
}


char *
msvmHintDriveKey(const HypervDrive *drive, const char *what)
{
    return g_strdup_printf("disk:%s:%u:%u:%s", msvmHintBusName(drive->bus), drive->controller,
                           drive->unit, what);
}


char *
msvmHintNicKey(const HypervNic *nic, const char *what)
{
    g_autofree char *name = msvmHintNicName(nic);

    return g_strdup_printf("%s:%s", name, what);
}


char *
msvmHintControllerKey(const char *type, unsigned int index, const char *what)
{
    return g_strdup_printf("controller:%s:%u:%s", type, index, what);
}
