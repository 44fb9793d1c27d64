/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_job.h"

#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_migrate.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virtypedparam.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define PERCENT 100

/* *migration stays NULL when there is none. */
static int
find(MsvmTarget *target, HypervMigration **migration)
{
    g_autoptr(GError) error = NULL;

    if (hyperv_migration_find(target->priv->host, target->guid, migration, NULL, &error))
        return 0;
    /* A migration that has just ended took the machine along. */
    if (g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
        return 0;
    msvmReportHostError(target->priv, error, _("cannot get the job of domain '%s'"), target->def->name);
    return -1;
}

static void
fill(virDomainJobInfoPtr info, const HypervMigration *migration)
{
    memset(info, 0, sizeof(*info));
    info->type = VIR_DOMAIN_JOB_NONE;
    if (!migration)
        return;
    info->type = VIR_DOMAIN_JOB_BOUNDED;
    info->timeElapsed = migration->elapsed_ms;
    info->dataTotal = PERCENT;
    info->dataProcessed = migration->percent;
    info->dataRemaining = PERCENT - migration->percent;
    if (migration->percent > 0)
        info->timeRemaining = migration->elapsed_ms * info->dataRemaining / migration->percent;
}

int
msvmDomainGetJobInfo(virDomainPtr dom, virDomainJobInfoPtr info)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervMigration) migration = NULL;

    if (!(target = msvmTargetNew(dom)) || virDomainGetJobInfoEnsureACL(dom->conn, target->def) < 0 ||
        find(target, &migration) < 0)
        return -1;
    fill(info, migration);
    return 0;
}

static int
add_stats(const virDomainJobInfo *info, virTypedParameterPtr *params, int *nparams)
{
    int max = 0;

    if (virTypedParamsAddInt(params, nparams, &max, VIR_DOMAIN_JOB_OPERATION,
                             VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT) < 0 ||
        virTypedParamsAddULLong(params, nparams, &max, VIR_DOMAIN_JOB_TIME_ELAPSED, info->timeElapsed) < 0 ||
        virTypedParamsAddULLong(params, nparams, &max, VIR_DOMAIN_JOB_TIME_REMAINING, info->timeRemaining) < 0 ||
        virTypedParamsAddULLong(params, nparams, &max, VIR_DOMAIN_JOB_DATA_TOTAL, info->dataTotal) < 0 ||
        virTypedParamsAddULLong(params, nparams, &max, VIR_DOMAIN_JOB_DATA_PROCESSED, info->dataProcessed) < 0 ||
        virTypedParamsAddULLong(params, nparams, &max, VIR_DOMAIN_JOB_DATA_REMAINING, info->dataRemaining) < 0)
        return -1;
    return 0;
}

int
msvmDomainGetJobStats(virDomainPtr dom, int *type, virTypedParameterPtr *params, int *nparams, unsigned int flags)
{
    virTypedParameterPtr list = NULL;
    virDomainJobInfo info = { 0 };
    int count = 0;

    /* What is over is nowhere to be asked for: the domain has left. */
    virCheckFlags(VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED, -1);

    if (flags & VIR_DOMAIN_JOB_STATS_COMPLETED) {
        g_autoptr(MsvmTarget) target = msvmTargetNew(dom);

        if (!target || virDomainGetJobStatsEnsureACL(dom->conn, target->def) < 0)
            return -1;
    } else if (msvmDomainGetJobInfo(dom, &info) < 0) {
        return -1;
    }
    if (info.type != VIR_DOMAIN_JOB_NONE && add_stats(&info, &list, &count) < 0) {
        virTypedParamsFree(list, count);
        return -1;
    }
    *type = info.type;
    *params = list;
    *nparams = count;
    return 0;
}

static gboolean
end_migration(MsvmTarget *target, gpointer opaque, GError **error)
{
    return hyperv_migration_abort(target->priv->host, opaque, NULL, error);
}

int
msvmDomainAbortJob(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervMigration) migration = NULL;
    int rc;

    if (!(target = msvmTargetNew(dom)) || virDomainAbortJobEnsureACL(dom->conn, target->def) < 0 ||
        find(target, &migration) < 0)
        return -1;
    if (migration)
        return msvmTargetChange(target, _("cannot end the job of"), end_migration, migration);
    rc = msvmMarkerTakeOver(target);
    if (rc == 0)
        virReportError(VIR_ERR_OPERATION_INVALID, _("no job is active on domain '%s'"), target->def->name);
    return rc > 0 ? 0 : -1;
}
