/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_save.h"

#include "driver/msvm_domain_power.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_power.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

int
msvmDomainManagedSave(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(0, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainManagedSaveEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot save"), hyperv_save);
}

int
msvmDomainHasManagedSaveImage(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState state;

    virCheckFlags(0, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainHasManagedSaveImageEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_MANAGED_SAVE, &state, NULL) < 0)
        return -1;
    return state == HYPERV_STATE_SAVED;
}

int
msvmDomainManagedSaveRemove(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState state;

    virCheckFlags(0, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainManagedSaveRemoveEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_POWER, &state, NULL) < 0)
        return -1;
    /* Turning off a machine that runs is not what was asked for. */
    if (state != HYPERV_STATE_SAVED) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' has no saved state"), target->def->name);
        return -1;
    }
    return msvmPowerChange(target, _("cannot discard the saved state of"), hyperv_turn_off);
}
