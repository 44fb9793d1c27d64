/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_power.h"

#include "driver/msvm_guards.h"
#include "driver/msvm_marker.h"
#include "hyperv/hyperv_power.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static gboolean
power_action(MsvmTarget *target, gpointer opaque, GError **error)
{
    MsvmPowerFunc *change = opaque;

    return (*change)(target->priv->host, target->guid, NULL, error);
}

int
msvmPowerChange(MsvmTarget *target, const char *what, MsvmPowerFunc change)
{
    return msvmTargetChange(target, what, power_action, &change);
}

static gboolean
shut_down(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return hyperv_shut_down(host, guid, FALSE, cancellable, error);
}

static gboolean
reboot(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return hyperv_shut_down(host, guid, TRUE, cancellable, error);
}

static int
refuse(const MsvmTarget *target, const char *is)
{
    virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is %s"), target->def->name, is);
    return -1;
}

static gboolean
start_machine(MsvmTarget *target, gpointer opaque G_GNUC_UNUSED, GError **error)
{
    if (hyperv_start(target->priv->host, target->guid, NULL, error))
        return TRUE;
    msvmGuardsExplainStart(target->priv, target->guid, error);
    return FALSE;
}

static int
start(virDomainPtr dom, MsvmTarget *target, unsigned int flags)
{
    HypervState state;
    int id;

    if (msvmTargetState(target, MSVM_ASK_POWER, &state, &id) < 0)
        return -1;
    if (hyperv_state_is_active(state))
        return refuse(target, _("already running"));
    if (msvmMarkerRequireNone(target) < 0)
        return -1;
    if (state == HYPERV_STATE_SAVED && (flags & VIR_DOMAIN_START_FORCE_BOOT) &&
        msvmPowerChange(target, _("cannot discard the saved state of"), hyperv_turn_off) < 0)
        return -1;
    return msvmTargetChange(target, _("cannot start"), start_machine, NULL);
}

int
msvmDomainCreate(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainCreateEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return start(dom, target, 0);
}

int
msvmDomainCreateWithFlags(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(VIR_DOMAIN_START_FORCE_BOOT, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainCreateWithFlagsEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return start(dom, target, flags);
}

int
msvmDomainShutdown(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainShutdownEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot shut down"), shut_down);
}

/* The integration services of Hyper-V are an agent in the guest; there is no
 * power button. */
int
msvmDomainShutdownFlags(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(VIR_DOMAIN_SHUTDOWN_GUEST_AGENT, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainShutdownFlagsEnsureACL(dom->conn, target->def, flags) < 0 ||
        msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot shut down"), shut_down);
}

int
msvmDomainReboot(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(VIR_DOMAIN_REBOOT_GUEST_AGENT, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainRebootEnsureACL(dom->conn, target->def, flags) < 0 ||
        msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot reboot"), reboot);
}

int
msvmDomainReset(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(0, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainResetEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot reset"), hyperv_reset);
}

static int
destroy(MsvmTarget *target)
{
    if (msvmTargetRequireActive(target) < 0)
        return -1;
    return msvmPowerChange(target, _("cannot turn off"), hyperv_turn_off);
}

int
msvmDomainDestroy(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainDestroyEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return destroy(target);
}

/* Turning off never loses what the host has cached of a disk, which is what
 * VIR_DOMAIN_DESTROY_GRACEFUL asks for. */
int
msvmDomainDestroyFlags(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;

    virCheckFlags(VIR_DOMAIN_DESTROY_GRACEFUL, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainDestroyFlagsEnsureACL(dom->conn, target->def) < 0)
        return -1;
    return destroy(target);
}

int
msvmDomainSuspend(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState state;

    if (!(target = msvmTargetNew(dom)) || virDomainSuspendEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_POWER, &state, NULL) < 0)
        return -1;
    if (!hyperv_state_is_active(state))
        return refuse(target, _("not running"));
    if (state == HYPERV_STATE_PAUSED)
        return 0;
    return msvmPowerChange(target, _("cannot suspend"), hyperv_pause);
}

int
msvmDomainResume(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState state;

    if (!(target = msvmTargetNew(dom)) || virDomainResumeEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_POWER, &state, NULL) < 0)
        return -1;
    if (!hyperv_state_is_active(state))
        return refuse(target, _("not running"));
    if (state == HYPERV_STATE_RUNNING)
        return refuse(target, _("already running"));
    return msvmPowerChange(target, _("cannot resume"), hyperv_resume);
}
