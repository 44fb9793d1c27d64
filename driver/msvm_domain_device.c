/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_device.h"

#include "driver/msvm_change.h"
#include "driver/msvm_claim.h"
#include "driver/msvm_target.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "viralloc.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* One kind of change of one kind of device, made in a definition. -1 with an
 * error reported. What goes into the definition is taken out of dev. */
typedef int (*DeviceAction)(virDomainDef *def, virDomainDeviceDef *dev);

typedef enum {
    DEVICE_ATTACH,
    DEVICE_UPDATE,
    DEVICE_DETACH,
    DEVICE_N_VERBS,
} DeviceVerb;

/* --- the TPM ---------------------------------------------------------------------- */

static int
attach_tpm(virDomainDef *def, virDomainDeviceDef *dev)
{
    if (def->ntpms > 0) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' has a TPM already, and can have only one"),
                       def->name);
        return -1;
    }
    VIR_APPEND_ELEMENT(def->tpms, def->ntpms, dev->data.tpm);
    return 0;
}

static int
require_tpm(const virDomainDef *def)
{
    if (def->ntpms > 0)
        return 0;
    virReportError(VIR_ERR_DEVICE_MISSING, _("domain '%s' has no TPM"), def->name);
    return -1;
}

static int
update_tpm(virDomainDef *def, virDomainDeviceDef *dev)
{
    if (require_tpm(def) < 0)
        return -1;
    virDomainTPMDefFree(def->tpms[0]);
    def->tpms[0] = g_steal_pointer(&dev->data.tpm);
    return 0;
}

static bool
is_same_tpm(const virDomainTPMDef *a, const virDomainTPMDef *b)
{
    if (a->type != b->type || a->model != b->model || a->data.emulator.version != b->data.emulator.version)
        return false;
    return !b->data.emulator.hassecretuuid ||
           (a->data.emulator.hassecretuuid &&
            memcmp(a->data.emulator.secretuuid, b->data.emulator.secretuuid, VIR_UUID_BUFLEN) == 0);
}

static int
detach_tpm(virDomainDef *def, virDomainDeviceDef *dev)
{
    if (require_tpm(def) < 0)
        return -1;
    if (!is_same_tpm(def->tpms[0], dev->data.tpm)) {
        virReportError(VIR_ERR_DEVICE_MISSING, _("the TPM of domain '%s' is another one"), def->name);
        return -1;
    }
    virDomainTPMDefFree(def->tpms[0]);
    VIR_DELETE_ELEMENT(def->tpms, 0, def->ntpms);
    return 0;
}

/* --- disks and interfaces ------------------------------------------------------------ */

static int
attach_disk(virDomainDef *def, virDomainDeviceDef *dev)
{
    if (virDomainDiskByTarget(def, dev->data.disk->dst)) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' has a disk '%s' already"), def->name,
                       dev->data.disk->dst);
        return -1;
    }
    virDomainDiskInsert(def, g_steal_pointer(&dev->data.disk));
    return 0;
}

static int
find_disk(const virDomainDef *def, const virDomainDeviceDef *dev)
{
    int index;

    /* What is to be detached is not validated: it may name no target. */
    if (!dev->data.disk->dst) {
        virReportError(VIR_ERR_XML_ERROR, "%s", _("a disk is found by its <target dev=>, which is missing"));
        return -1;
    }
    index = virDomainDiskIndexByName((virDomainDef *)def, dev->data.disk->dst, false);

    if (index < 0)
        virReportError(VIR_ERR_DEVICE_MISSING, _("domain '%s' has no disk '%s'"), def->name, dev->data.disk->dst);
    return index;
}

static int
update_disk(virDomainDef *def, virDomainDeviceDef *dev)
{
    int index = find_disk(def, dev);

    if (index < 0)
        return -1;
    virDomainDiskDefFree(def->disks[index]);
    def->disks[index] = g_steal_pointer(&dev->data.disk);
    return 0;
}

static int
detach_disk(virDomainDef *def, virDomainDeviceDef *dev)
{
    int index = find_disk(def, dev);

    if (index < 0)
        return -1;
    virDomainDiskDefFree(virDomainDiskRemove(def, index));
    return 0;
}

static int
attach_net(virDomainDef *def, virDomainDeviceDef *dev)
{
    return virDomainNetInsert(def, g_steal_pointer(&dev->data.net));
}

static int
update_net(virDomainDef *def, virDomainDeviceDef *dev)
{
    int index = virDomainNetFindIdx(def, dev->data.net);

    if (index < 0)
        return -1;
    virDomainNetDefFree(def->nets[index]);
    def->nets[index] = g_steal_pointer(&dev->data.net);
    return 0;
}

static int
detach_net(virDomainDef *def, virDomainDeviceDef *dev)
{
    int index = virDomainNetFindIdx(def, dev->data.net);

    if (index < 0)
        return -1;
    virDomainNetDefFree(virDomainNetRemove(def, index));
    return 0;
}

/* --- all kinds --------------------------------------------------------------------------- */

static const struct {
    virDomainDeviceType type;
    DeviceAction actions[DEVICE_N_VERBS];
} kinds[] = {
    { VIR_DOMAIN_DEVICE_TPM, { attach_tpm, update_tpm, detach_tpm } },
    { VIR_DOMAIN_DEVICE_DISK, { attach_disk, update_disk, detach_disk } },
    { VIR_DOMAIN_DEVICE_NET, { attach_net, update_net, detach_net } },
};

static int
change_def(virDomainDef *def, virDomainDeviceDef *dev, DeviceVerb verb)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == (virDomainDeviceType)dev->type)
            return kinds[i].actions[verb](def, dev);
    }
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                   _("a device of type '%s' cannot be attached, changed or detached: it must be tpm, disk or "
                     "interface"), virDomainDeviceTypeToString(dev->type));
    return -1;
}

/* --- the domain ----------------------------------------------------------------------------- */

/* A running machine would have to take the change at once: Hyper-V's one
 * configuration cannot say "after the next start". */
static int
check_flags(const MsvmChange *change, unsigned int flags)
{
    bool active = hyperv_state_is_active(change->state);

    if ((flags & VIR_DOMAIN_AFFECT_LIVE) && !active) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is not running"), change->found->name);
        return -1;
    }
    if (!active)
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID,
                   _("domain '%s' is running on host '%s', where a machine has one configuration only: its devices "
                     "can be changed while it is off"), change->found->name, change->priv->name);
    return -1;
}

static virDomainDeviceDef *
parse_device(const MsvmChange *change, const char *xml, DeviceVerb verb)
{
    unsigned int flags = VIR_DOMAIN_DEF_PARSE_INACTIVE;

    if (verb == DEVICE_DETACH)
        flags |= VIR_DOMAIN_DEF_PARSE_SKIP_VALIDATE;
    return virDomainDeviceDefParse(xml, change->def, change->priv->xmlopt, NULL, flags);
}

static MsvmChange *
load_change(MsvmTarget *target, unsigned int flags)
{
    g_autoptr(MsvmChange) change = msvmChangeNew(target->priv);
    g_autoptr(HypervFound) found = msvmTargetDetails(target, MSVM_ASK_MACHINE);
    virDomainDef *def;

    if (!found)
        return NULL;
    msvmChangeSetFound(change, g_steal_pointer(&found));
    if (msvmChangeLoad(change) < 0 || check_flags(change, flags) < 0)
        return NULL;
    def = msvmDomainDefNew(change->current, -1, target->priv->xmlopt);
    if (!def)
        return NULL;
    msvmChangeSetDef(change, def);
    return g_steal_pointer(&change);
}

/* --- doing it ------------------------------------------------------------------------------- */

/* Once more through the parser, which adds what a new device needs: addresses,
 * controllers. */
static int
complete_and_run(MsvmChange *change)
{
    virDomainDef *def = virDomainDefCopy(change->def, change->priv->xmlopt, NULL, false);

    if (!def)
        return -1;
    msvmChangeSetDef(change, def);
    return msvmChangeRun(change);
}

static int
change_device(MsvmTarget *target, const char *xml, unsigned int flags, DeviceVerb verb)
{
    g_autoptr(MsvmClaim) held = msvmClaimTake(hyperv_host_get_name(target->priv->host), target->def->name,
                                              target->uuid);
    g_autoptr(MsvmChange) change = load_change(target, flags);
    virDomainDeviceDef *dev = change ? parse_device(change, xml, verb) : NULL;
    int rc;

    if (!dev)
        return -1;
    rc = change_def(change->def, dev, verb);
    virDomainDeviceDefFree(dev);
    return rc < 0 ? -1 : complete_and_run(change);
}

/* The device that is found is the definition's own, which the detaching frees. */
static int
detach_alias(MsvmTarget *target, const char *alias, unsigned int flags)
{
    g_autoptr(MsvmClaim) held = msvmClaimTake(hyperv_host_get_name(target->priv->host), target->def->name,
                                              target->uuid);
    g_autoptr(MsvmChange) change = load_change(target, flags);
    virDomainDeviceDef dev;

    if (!change || virDomainDefFindDevice(change->def, alias, &dev, true) < 0 ||
        change_def(change->def, &dev, DEVICE_DETACH) < 0)
        return -1;
    return complete_and_run(change);
}

/* --- entries ---------------------------------------------------------------------------------- */

#define DEVICE_FLAGS (VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG)

/* Without flags libvirt means a running domain. */
int
msvmDomainAttachDevice(virDomainPtr dom, const char *xml)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainAttachDeviceEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return change_device(target, xml, VIR_DOMAIN_AFFECT_LIVE, DEVICE_ATTACH);
}

int
msvmDomainAttachDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(DEVICE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainAttachDeviceFlagsEnsureACL(dom->conn, target->def, flags) < 0)
        return -1;
    return change_device(target, xml, flags, DEVICE_ATTACH);
}

int
msvmDomainUpdateDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(DEVICE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainUpdateDeviceFlagsEnsureACL(dom->conn, target->def, flags) < 0)
        return -1;
    return change_device(target, xml, flags, DEVICE_UPDATE);
}

int
msvmDomainDetachDevice(virDomainPtr dom, const char *xml)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainDetachDeviceEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return change_device(target, xml, VIR_DOMAIN_AFFECT_LIVE, DEVICE_DETACH);
}

int
msvmDomainDetachDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(DEVICE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainDetachDeviceFlagsEnsureACL(dom->conn, target->def, flags) < 0)
        return -1;
    return change_device(target, xml, flags, DEVICE_DETACH);
}

int
msvmDomainDetachDeviceAlias(virDomainPtr dom, const char *alias, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(DEVICE_FLAGS, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainDetachDeviceAliasEnsureACL(dom->conn, target->def, flags) < 0)
        return -1;
    return detach_alias(target, alias, flags);
}
