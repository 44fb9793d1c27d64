/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "xml/msvm_boot.h"
#include "xml/msvm_hint.h"

#define BOOT_MAX_ITEMS (HYPERV_MAX_SCSI_CONTROLLERS * HYPERV_MAX_SCSI_UNITS + HYPERV_MAX_NICS + 16)

virDomainBootOrder
msvmBootKind(const MsvmBootItem *item)
{
    if (item->nic)
        return VIR_DOMAIN_BOOT_NET;
    switch (item->drive->kind) {
    case HYPERV_DRIVE_DVD:
        return VIR_DOMAIN_BOOT_CDROM;
    case HYPERV_DRIVE_FLOPPY:
        return VIR_DOMAIN_BOOT_FLOPPY;
    case HYPERV_DRIVE_DISK:
    default:
        return VIR_DOMAIN_BOOT_DISK;
    }
}


/* The BIOS of generation 1 boots from IDE and floppy, and from the emulated
 * adapter, never from what needs VMBus. */
static bool
msvmBootIsPossible(const HypervMachine *machine, const MsvmBootItem *item)
{
    if (machine->generation != 1)
        return true;
    return item->nic ? item->nic->legacy : item->drive->bus != HYPERV_BUS_SCSI;
}


/* Of each kind the BIOS takes the first one only. */
static void
msvmBootAppendKind(const HypervMachine *machine, virDomainBootOrder kind, GArray *order)
{
    guint most = machine->generation == 1 ? order->len + 1 : G_MAXUINT;
    guint i;

    for (i = 0; i < machine->drives->len && order->len < most; i++) {
        MsvmBootItem item = { .drive = g_ptr_array_index(machine->drives, i) };

        if (msvmBootKind(&item) == kind && msvmBootIsPossible(machine, &item))
            g_array_append_val(order, item);
    }
    for (i = 0; i < machine->nics->len && order->len < most; i++) {
        MsvmBootItem item = { .nic = g_ptr_array_index(machine->nics, i) };

        if (msvmBootKind(&item) == kind && msvmBootIsPossible(machine, &item))
            g_array_append_val(order, item);
    }
}


GArray *
msvmBootOfKinds(const HypervMachine *machine, const virDomainBootOrder *kinds, size_t n)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(MsvmBootItem));
    size_t i;

    for (i = 0; i < n; i++)
        msvmBootAppendKind(machine, kinds[i], order);
    return order;
}


typedef struct {
    const HypervMachine *machine;
} MsvmBootSort;

static guint
msvmBootPlace(const HypervMachine *machine, const MsvmBootItem *item)
{
    if (item->drive)
        return item->drive->boot_order;
    if (machine->generation == 1)
        return machine->network_boot ? machine->network_boot_order : 0;
    return item->nic->boot_order;
}


static gint
msvmBootComparePlaces(gconstpointer a, gconstpointer b, gpointer opaque)
{
    const MsvmBootSort *sort = opaque;
    guint x = msvmBootPlace(sort->machine, a);
    guint y = msvmBootPlace(sort->machine, b);

    return x < y ? -1 : x > y;
}


GArray *
msvmBootOfMachine(const HypervMachine *machine)
{
    static const virDomainBootOrder kinds[] = {
        VIR_DOMAIN_BOOT_FLOPPY, VIR_DOMAIN_BOOT_CDROM, VIR_DOMAIN_BOOT_DISK, VIR_DOMAIN_BOOT_NET,
    };
    g_autoptr(GArray) all = msvmBootOfKinds(machine, kinds, G_N_ELEMENTS(kinds));
    GArray *order = g_array_new(FALSE, FALSE, sizeof(MsvmBootItem));
    MsvmBootSort sort = { .machine = machine };
    guint i;

    for (i = 0; i < all->len && i < BOOT_MAX_ITEMS; i++) {
        MsvmBootItem *item = &g_array_index(all, MsvmBootItem, i);

        if (msvmBootPlace(machine, item) > 0)
            g_array_append_val(order, *item);
    }
    /* Stable, so that devices of one kind stay in the order of their places. */
    g_array_sort_with_data(order, msvmBootComparePlaces, &sort);
    return order;
}


char *
msvmBootName(const MsvmBootItem *item)
{
    return item->nic ? msvmHintNicName(item->nic) : msvmHintDriveName(item->drive);
}


bool
msvmBootFind(const HypervMachine *machine, const char *name, MsvmBootItem *item)
{
    static const virDomainBootOrder kinds[] = {
        VIR_DOMAIN_BOOT_FLOPPY, VIR_DOMAIN_BOOT_CDROM, VIR_DOMAIN_BOOT_DISK, VIR_DOMAIN_BOOT_NET,
    };
    g_autoptr(GArray) all = msvmBootOfKinds(machine, kinds, G_N_ELEMENTS(kinds));
    guint i;

    for (i = 0; i < all->len; i++) {
        g_autofree char *one = NULL;

        *item = g_array_index(all, MsvmBootItem, i);
        one = msvmBootName(item);
        if (g_str_equal(one, name))
            return true;
    }
    return false;
}


bool
msvmBootAgrees(const HypervMachine *machine, const GArray *wanted)
{
    g_autoptr(GArray) actual = msvmBootOfMachine(machine);
    guint i;

    for (i = 0; i < wanted->len; i++) {
        const MsvmBootItem *w = &g_array_index(wanted, MsvmBootItem, i);
        const MsvmBootItem *a = i < actual->len ? &g_array_index(actual, MsvmBootItem, i) : NULL;

        if (!a || a->drive != w->drive || a->nic != w->nic)
            return false;
    }
    return true;
}


void
msvmBootApply(HypervMachine *machine, const GArray *order)
{
    guint i;

    for (i = 0; i < order->len; i++) {
        const MsvmBootItem *item = &g_array_index(order, MsvmBootItem, i);

        if (item->drive) {
            item->drive->boot_order = i + 1;
        } else {
            item->nic->boot_order = i + 1;
            if (machine->generation == 1 && !machine->network_boot) {
                machine->network_boot = TRUE;
                machine->network_boot_order = i + 1;
            }
        }
    }
}
