/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_undefine.h"

#include "driver/msvm_consumers.h"
#include "driver/msvm_domain_xml.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static gboolean
undefine(MsvmTarget *target, gpointer opaque, GError **error)
{
    return hyperv_undefine(target->priv->host, target->guid, NULL, error);
}

static int
check_state(MsvmTarget *target, unsigned int flags)
{
    HypervState state;

    if (msvmTargetState(target, MSVM_ASK_POWER, &state, NULL) < 0)
        return -1;
    if (hyperv_state_is_active(state)) {
        virReportError(VIR_ERR_OPERATION_INVALID,
                       _("domain '%s' is running, and Hyper-V has no transient domains: turn it off first"),
                       target->def->name);
        return -1;
    }
    if (state == HYPERV_STATE_SAVED && !(flags & VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("Refusing to undefine domain '%s' while it has a saved state"),
                       target->def->name);
        return -1;
    }
    return 0;
}

/* Only who asks for something to be kept makes the whole machine be read. */
static int
check_keep(MsvmTarget *target, unsigned int flags)
{
    g_autoptr(HypervMachine) machine = NULL;
    const char *lost = NULL;

    if (!(flags & (VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_TPM)))
        return 0;
    if (!(machine = msvmTargetLoad(target)))
        return -1;
    if ((flags & VIR_DOMAIN_UNDEFINE_KEEP_TPM) && machine->security.tpm_enabled)
        lost = _("TPM state");
    else if ((flags & VIR_DOMAIN_UNDEFINE_KEEP_NVRAM) && machine->generation == 2)
        lost = _("firmware variables");
    if (!lost)
        return 0;
    virReportError(VIR_ERR_OPERATION_UNSUPPORTED,
                   _("Hyper-V cannot keep the %s of domain '%s' without the domain: define it anew without "
                     "undefining it, or ask for them to be removed"), lost, target->def->name);
    return -1;
}

/* The secrets that are told afterwards; NULL: none are to be told. */
static int
read_keys(MsvmTarget *target, char ***keys)
{
    g_autoptr(HypervMachine) machine = NULL;

    if (!msvmConsumersWanted(target->priv))
        return 0;
    if (!(machine = msvmTargetLoad(target)))
        return -1;
    *keys = msvmConsumersKeys(target->priv, machine);
    return 0;
}

static int
undefine_target(MsvmTarget *target, unsigned int flags)
{
    g_auto(GStrv) keys = NULL;

    if (check_state(target, flags) < 0 || msvmMarkerRequireNone(target) < 0 || check_keep(target, flags) < 0 ||
        read_keys(target, &keys) < 0 ||
        msvmTargetChange(target, _("cannot undefine"), undefine, NULL) < 0)
        return -1;
    msvmCacheForget(target->priv->cache, target->uuid);
    msvmConsumersForget(target->priv, target->uuid, target->def->name, (const char *const *)keys);
    return 0;
}

int
msvmDomainUndefine(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainUndefineEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return undefine_target(target, 0);
}

int
msvmDomainUndefineFlags(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                  VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM |
                  VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_TPM | VIR_DOMAIN_UNDEFINE_KEEP_TPM, -1);
    VIR_EXCLUSIVE_FLAGS_RET(VIR_DOMAIN_UNDEFINE_NVRAM, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM, -1);
    VIR_EXCLUSIVE_FLAGS_RET(VIR_DOMAIN_UNDEFINE_TPM, VIR_DOMAIN_UNDEFINE_KEEP_TPM, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainUndefineFlagsEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return undefine_target(target, flags);
}
