/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_info.h"

#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

int
msvmDomainGetState(virDomainPtr dom, int *state, int *reason, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState machine;
    int why;

    virCheckFlags(0, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainGetStateEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_STATE, &machine, NULL) < 0)
        return -1;
    *state = msvmDomainState(machine, &why);
    if (reason)
        *reason = why;
    return 0;
}

static gboolean
query_usage(MsvmTarget *target, gpointer opaque, GError **error)
{
    return hyperv_query_usage(target->priv->host, target->guid, opaque, NULL, error);
}

static int
get_usage(MsvmTarget *target, HypervUsage *usage)
{
    return msvmTargetRun(target, _("cannot get memory and processors of"), query_usage, usage);
}

int
msvmDomainGetInfo(virDomainPtr dom, virDomainInfoPtr info)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervUsage usage = { 0 };
    int reason;

    if (!(target = msvmTargetNew(dom)) || virDomainGetInfoEnsureACL(dom->conn, target->def) < 0 ||
        get_usage(target, &usage) < 0)
        return -1;
    info->state = msvmDomainState(usage.state, &reason);
    info->maxMem = usage.max_memory_kib;
    info->memory = usage.memory_kib ? usage.memory_kib : usage.startup_memory_kib;
    info->nrVirtCpu = usage.processors;
    info->cpuTime = 0; /* Hyper-V counts it in performance counters only */
    return 0;
}

/* Whether the domain is still there. */
static int
check_exists(MsvmTarget *target, MsvmQuestion question)
{
    HypervState state;

    return msvmTargetState(target, question, &state, NULL);
}

char *
msvmDomainGetOSType(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainGetOSTypeEnsureACL(dom->conn, target->def) < 0 ||
        check_exists(target, MSVM_ASK_OS_TYPE) < 0)
        return NULL;
    return g_strdup(virDomainOSTypeToString(VIR_DOMAIN_OSTYPE_HVM));
}

int
msvmDomainIsActive(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervState state;

    if (!(target = msvmTargetNew(dom)) || virDomainIsActiveEnsureACL(dom->conn, target->def) < 0 ||
        msvmTargetState(target, MSVM_ASK_ACTIVE, &state, NULL) < 0)
        return -1;
    return hyperv_state_is_active(state);
}

int
msvmDomainIsPersistent(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainIsPersistentEnsureACL(dom->conn, target->def) < 0 ||
        check_exists(target, MSVM_ASK_PERSISTENT) < 0)
        return -1;
    return 1;
}

/* There is one configuration, so that nothing waits for the next start. */
int
msvmDomainIsUpdated(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainIsUpdatedEnsureACL(dom->conn, target->def) < 0 ||
        check_exists(target, MSVM_ASK_UPDATED) < 0)
        return -1;
    return 0;
}

unsigned long long
msvmDomainGetMaxMemory(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervUsage usage = { 0 };

    if (!(target = msvmTargetNew(dom)) || virDomainGetMaxMemoryEnsureACL(dom->conn, target->def) < 0 ||
        get_usage(target, &usage) < 0)
        return 0;
    return usage.max_memory_kib;
}

int
msvmDomainGetMaxVcpus(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervUsage usage = { 0 };

    if (!(target = msvmTargetNew(dom)) || virDomainGetMaxVcpusEnsureACL(dom->conn, target->def) < 0 ||
        get_usage(target, &usage) < 0)
        return -1;
    return usage.processors;
}

/* A machine has one number of processors, running or not. */
int
msvmDomainGetVcpusFlags(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    HypervUsage usage = { 0 };

    virCheckFlags(VIR_DOMAIN_VCPU_LIVE | VIR_DOMAIN_VCPU_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainGetVcpusFlagsEnsureACL(dom->conn, target->def, flags) < 0 ||
        get_usage(target, &usage) < 0)
        return -1;
    if ((flags & VIR_DOMAIN_VCPU_LIVE) && !hyperv_state_is_active(usage.state)) {
        virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is not running"), target->def->name);
        return -1;
    }
    return usage.processors;
}

int
msvmDomainGetAutostart(virDomainPtr dom, int *autostart)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervFound) found = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainGetAutostartEnsureACL(dom->conn, target->def) < 0 ||
        !(found = msvmTargetDetails(target, MSVM_ASK_AUTOSTART)))
        return -1;
    *autostart = found->startup_action == HYPERV_STARTUP_ALWAYS;
    return 0;
}

static gboolean
set_startup_action(MsvmTarget *target, gpointer opaque, GError **error)
{
    const HypervStartupAction *action = opaque;

    return hyperv_set_startup_action(target->priv->host, target->guid, *action, NULL, error);
}

int
msvmDomainSetAutostart(virDomainPtr dom, int autostart)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervFound) found = NULL;
    HypervStartupAction action = autostart ? HYPERV_STARTUP_ALWAYS : HYPERV_STARTUP_NONE;

    if (!(target = msvmTargetNew(dom)) || virDomainSetAutostartEnsureACL(dom->conn, target->def) < 0 ||
        !(found = msvmTargetDetails(target, MSVM_ASK_AUTOSTART)))
        return -1;
    if ((found->startup_action == HYPERV_STARTUP_ALWAYS) == (autostart != 0))
        return 0;
    return msvmTargetChange(target, _("cannot set autostart of"), set_startup_action, &action);
}
