/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "virerror.h"
#include "virmacaddr.h"

#include "xml/msvm_hint.h"
#include "xml/msvm_parts.h"
#include "xml/msvm_plan.h"
#include "xml/msvm_validate.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Of each kind, as Hyper-V has them since version 10.0 [of synthetic ones;
 * of emulated ones always]. */
#define NETS_MAX_SYNTHETIC HYPERV_MAX_NICS
#define NETS_MAX_LEGACY 4

char *
msvmNetMac(const virDomainNetDef *net)
{
    const unsigned char *b = net->mac.addr;

    if ((b[0] | b[1] | b[2] | b[3] | b[4] | b[5]) == 0)
        return NULL;
    return g_strdup_printf("%02X%02X%02X%02X%02X%02X", b[0], b[1], b[2], b[3], b[4], b[5]);
}


const char *
msvmPlanNetSwitch(const virDomainNetDef *net)
{
    switch ((int)net->type) {
    case VIR_DOMAIN_NET_TYPE_NETWORK:
        return net->data.network.name;
    case VIR_DOMAIN_NET_TYPE_BRIDGE:
        return net->data.bridge.brname;
    default:
        return NULL;
    }
}


static void
msvmPlanNetHint(MsvmRecord *record, const HypervNic *nic, const char *what, const char *value)
{
    g_autofree char *key = msvmHintNicKey(nic, what);

    msvmRecordSetHint(record, key, value);
}


static void
msvmPlanNetHints(MsvmRecord *record, const HypervNic *nic, const virDomainNetDef *net, size_t index)
{
    g_autofree char *number = g_strdup_printf("%zu", index);

    /* The host lists adapters in an order of its own. */
    msvmPlanNetHint(record, nic, "index", number);
    if (net->type == VIR_DOMAIN_NET_TYPE_BRIDGE)
        msvmPlanNetHint(record, nic, "type", "bridge");
    if (!nic->legacy && virDomainNetGetModelString(net))
        msvmPlanNetHint(record, nic, "model", MSVM_NIC_MODEL_SYNTHETIC);
    if (net->linkstate == VIR_DOMAIN_NET_INTERFACE_LINK_STATE_UP)
        msvmPlanNetHint(record, nic, "link", "up");
    if (net->linkstate == VIR_DOMAIN_NET_INTERFACE_LINK_STATE_DOWN && !nic->switch_name)
        msvmPlanNetHint(record, nic, "link", "down");
    msvmPlanNetHint(record, nic, "alias", net->info.alias);
}


static const HypervNic *
msvmPlanFindNic(const HypervMachine *machine, const char *mac)
{
    guint i;

    for (i = 0; machine && mac && i < machine->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(machine->nics, i);

        if (nic->mac && g_ascii_strcasecmp(nic->mac, mac) == 0)
            return nic;
    }
    return NULL;
}


static int
msvmPlanNet(HypervMachine *machine, MsvmRecord *record, const virDomainNetDef *net, size_t index,
            const HypervMachine *current)
{
    g_autofree char *mac = msvmNetMac(net);
    const HypervNic *there = msvmPlanFindNic(current, mac);
    const char *switch_name = msvmPlanNetSwitch(net);
    HypervNic *nic;
    char text[VIR_MAC_STRING_BUFLEN];

    virMacAddrFormat(&net->mac, text);
    if (msvmPlanFindNic(machine, mac)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "interface %s: another one has the same MAC address", text);
        return -1;
    }
    if (net->type != VIR_DOMAIN_NET_TYPE_NULL && (!switch_name || !*switch_name)) {
        virReportError(VIR_ERR_XML_ERROR, "interface %s: <source> names no switch", text);
        return -1;
    }
    nic = hyperv_machine_add_nic(machine);
    nic->mac = g_steal_pointer(&mac);
    nic->legacy = g_strcmp0(virDomainNetGetModelString(net), MSVM_NIC_MODEL_LEGACY) == 0;
    nic->switch_name = g_strdup(switch_name);
    nic->connected = switch_name && net->linkstate != VIR_DOMAIN_NET_INTERFACE_LINK_STATE_DOWN;
    if (there)
        nic->name = g_strdup(there->name);
    msvmPlanNetHints(record, nic, net, index);
    return 0;
}


int
msvmPlanNets(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
             const HypervMachine *current, MsvmProblems *problems)
{
    static const char *const where = "/domain/devices/interface";
    guint count[2] = { 0, 0 };
    int rc = 0;
    size_t i;

    for (i = 0; i < def->nnets; i++) {
        const HypervNic *nic;

        if (msvmProblemsCatch(problems, msvmPlanNet(machine, record, def->nets[i], i, current), where) < 0) {
            rc = -1;
            continue;
        }
        nic = g_ptr_array_index(machine->nics, machine->nics->len - 1);
        if (++count[nic->legacy ? 1 : 0] <= (nic->legacy ? NETS_MAX_LEGACY : NETS_MAX_SYNTHETIC))
            continue;
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, where, "more than %d %s interfaces are not supported "
                        "by Hyper-V", nic->legacy ? NETS_MAX_LEGACY : NETS_MAX_SYNTHETIC,
                        nic->legacy ? "emulated" : "synthetic");
        rc = -1;
    }
    return rc;
}
