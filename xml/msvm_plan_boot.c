/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "virerror.h"

#include "xml/msvm_boot.h"
#include "xml/msvm_hint.h"
#include "xml/msvm_parts.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* A device with <boot order=...>. */
typedef struct {
    unsigned int order;
    MsvmBootItem item;
} MsvmBootWish;

static gint
msvmPlanCompareWishes(gconstpointer a, gconstpointer b)
{
    const MsvmBootWish *x = a;
    const MsvmBootWish *y = b;

    return x->order < y->order ? -1 : x->order > y->order;
}


/* Drives and adapters were added in the order of disks and interfaces of the
 * definition, but drives are kept sorted by place. */
static GArray *
msvmPlanBootWishes(const HypervMachine *machine, const virDomainDef *def)
{
    GArray *wishes = g_array_new(FALSE, TRUE, sizeof(MsvmBootWish));
    size_t i;

    for (i = 0; i < def->ndisks; i++) {
        MsvmBootWish wish = { .order = def->disks[i]->info.bootIndex };
        guint controller, unit;
        HypervBus bus;

        if (wish.order && msvmDiskPlace(def->disks[i], &bus, &controller, &unit)) {
            wish.item.drive = hyperv_machine_find_drive(machine, bus, controller, unit);
            if (wish.item.drive)
                g_array_append_val(wishes, wish);
        }
    }
    for (i = 0; i < def->nnets; i++) {
        MsvmBootWish wish = { .order = def->nets[i]->info.bootIndex };

        if (wish.order) {
            wish.item.nic = g_ptr_array_index(machine->nics, i);
            g_array_append_val(wishes, wish);
        }
    }
    g_array_sort(wishes, msvmPlanCompareWishes);
    return wishes;
}


/* The BIOS of generation 1 boots from the first device of a kind: a finer
 * order cannot be had. */
static int
msvmPlanCheckBIOS(const HypervMachine *machine, const GArray *order)
{
    guint i;

    for (i = 0; i < order->len; i++) {
        const MsvmBootItem *item = &g_array_index(order, MsvmBootItem, i);
        virDomainBootOrder kind = msvmBootKind(item);
        g_autoptr(GArray) first = msvmBootOfKinds(machine, &kind, 1);
        const MsvmBootItem *expected = first->len ? &g_array_index(first, MsvmBootItem, 0) : NULL;

        if (!expected || expected->drive != item->drive || expected->nic != item->nic) {
            g_autofree char *name = msvmBootName(item);

            virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "<boot order=...> of %s is not supported by Hyper-V: a machine "
                           "of generation 1 boots from its first IDE disk, CD-ROM, floppy and emulated interface "
                           "only", name);
            return -1;
        }
    }
    return 0;
}


static int
msvmPlanBootDevices(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def)
{
    g_autoptr(GArray) wishes = msvmPlanBootWishes(machine, def);
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(MsvmBootItem));
    g_autoptr(GString) hint = g_string_new("device:");
    guint i;

    for (i = 0; i < wishes->len; i++) {
        MsvmBootWish *wish = &g_array_index(wishes, MsvmBootWish, i);
        g_autofree char *name = msvmBootName(&wish->item);

        if (i > 0 && wish->order == g_array_index(wishes, MsvmBootWish, i - 1).order) {
            virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "boot order '%u' used for more than one device",
                           wish->order);
            return -1;
        }
        g_array_append_val(order, wish->item);
        g_string_append_printf(hint, "%s%s=%u", i ? " " : "", name, wish->order);
    }
    if (machine->generation == 1 && msvmPlanCheckBIOS(machine, order) < 0)
        return -1;
    msvmBootApply(machine, order);
    msvmRecordSetHint(record, "boot", hint->str);
    return 0;
}


static int
msvmPlanBootKinds(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def)
{
    g_autoptr(GArray) order = msvmBootOfKinds(machine, def->os.bootDevs, def->os.nBootDevs);
    g_autoptr(GString) hint = g_string_new("os:");
    gboolean seen[VIR_DOMAIN_BOOT_LAST] = { FALSE };
    size_t i;

    for (i = 0; i < def->os.nBootDevs; i++) {
        virDomainBootOrder kind = def->os.bootDevs[i];
        g_autoptr(GArray) devices = msvmBootOfKinds(machine, &kind, 1);

        if (seen[kind]) {
            virReportError(VIR_ERR_XML_ERROR, "<boot dev='%s'/> is given more than once",
                           virDomainBootTypeToString(kind));
            return -1;
        }
        seen[kind] = TRUE;
        if (kind == VIR_DOMAIN_BOOT_NET && machine->generation == 1 && devices->len == 0) {
            virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s", "<boot dev='network'/>: a machine of generation 1 boots "
                           "only from an emulated interface (model dec21140)");
            return -1;
        }
        g_string_append_printf(hint, "%s%s", i ? "," : "", virDomainBootTypeToString(kind));
    }
    msvmBootApply(machine, order);
    msvmRecordSetHint(record, "boot", hint->str);
    return 0;
}


int
msvmPlanBoot(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def)
{
    /* libvirt's parser takes one of the two forms only, and adds 'hd' to
     * definitions without either. */
    if (def->os.nBootDevs > 0)
        return msvmPlanBootKinds(machine, record, def);
    return msvmPlanBootDevices(machine, record, def);
}
