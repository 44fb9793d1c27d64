/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_change.h"

#include "driver/msvm_consumers.h"
#include "driver/msvm_guards.h"
#include "driver/msvm_inspect.h"
#include "driver/msvm_keys.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "driver/msvm_work.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "xml/msvm_domain.h"

#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

MsvmChange *
msvmChangeNew(MsvmPrivate *priv)
{
    MsvmChange *change = g_new0(MsvmChange, 1);

    change->priv = priv;
    change->problems = msvmProblemsNew();
    change->state = HYPERV_STATE_OFF;
    change->id = -1;
    return change;
}

void
msvmChangeFree(MsvmChange *change)
{
    if (!change)
        return;
    virDomainDefFree(change->def);
    g_free(change->guid);
    g_clear_pointer(&change->found, hyperv_found_free);
    g_clear_pointer(&change->current, hyperv_machine_free);
    g_clear_pointer(&change->problems, msvmProblemsFree);
    g_clear_pointer(&change->policy, msvmPolicyFree);
    g_clear_pointer(&change->plan, msvmPlanFree);
    g_free(change);
}

void
msvmChangeSetDef(MsvmChange *change, virDomainDef *def)
{
    virDomainDefFree(change->def);
    change->def = def;
    virUUIDFormat(def->uuid, change->uuid);
}

void
msvmChangeSetFound(MsvmChange *change, HypervFound *found)
{
    g_clear_pointer(&change->found, hyperv_found_free);
    change->found = found;
    g_free(change->guid);
    change->guid = g_strdup(found->guid);
}

int
msvmChangeLoad(MsvmChange *change)
{
    g_autoptr(GError) error = NULL;
    guint32 process_id;

    change->current = hyperv_load_found(change->priv->host, change->found, NULL, &error);
    if (!change->current ||
        !hyperv_query_state(change->priv->host, change->guid, &change->state, &process_id, NULL, &error)) {
        msvmReportHostError(change->priv, error, _("cannot get the configuration of domain '%s'"),
                            change->found->name);
        return -1;
    }
    change->id = msvmMachineId(change->state, process_id);
    /* Also for what needs no mark of its own: the last call would take it away. */
    return msvmMarkerRefuse(change->priv, change->found->name, change->current->notes);
}

/* --- plan, guards and keys ---------------------------------------------------------- */

/* Of a machine with a TPM, as it is; NULL for others, and where it cannot be
 * made out. */
static MsvmPolicy *
present_policy(const MsvmChange *change)
{
    g_autoptr(virDomainDef) def = NULL;
    MsvmPolicy *policy;

    if (!change->current || !change->current->security.tpm_enabled)
        return NULL;
    def = msvmDomainDefNew(change->current, -1, change->priv->xmlopt);
    policy = def ? msvmPolicyNew(def) : NULL;
    if (!policy)
        virResetLastError();
    return policy;
}

/* present: may be NULL. */
static bool
names_same_keys(const MsvmPolicy *present, const MsvmPolicy *wanted)
{
    return present && present->tpm && g_strv_equal((const char *const *)present->keys,
                                                   (const char *const *)wanted->keys);
}

bool
msvmChangeKeepsProtector(const MsvmChange *change, const MsvmPolicy *wanted)
{
    g_autoptr(MsvmPolicy) present = present_policy(change);

    return names_same_keys(present, wanted);
}

bool
msvmChangeNamesOwner(const MsvmChange *change, const MsvmPolicy *wanted)
{
    g_autoptr(MsvmPolicy) policy = wanted->owner ? present_policy(change) : NULL;

    return policy && (!policy->owner || g_ascii_strcasecmp(policy->owner, wanted->owner) != 0);
}

/* *protection: NULL where none is needed. */
static int
make_protection(MsvmChange *change, const MsvmPolicy *policy, MsvmProtection **protection)
{
    g_autoptr(MsvmPolicy) present = policy->tpm ? present_policy(change) : NULL;

    if (!policy->tpm || names_same_keys(present, policy))
        return 0;
    *protection = msvmProtectionNew(change->priv->keys, policy, change->def->name);
    if (!*protection)
        return -1;
    if (change->has_guard)
        (*protection)->protection.guard = &change->guard;
    (*protection)->protection.is_of_unknown = !present || !present->keys[0];
    return 0;
}

/* Where there are problems already, those of keys and host are said with them. */
static void
look_further(MsvmChange *change)
{
    g_autoptr(MsvmProtection) protection = NULL;
    const MsvmPolicy *policy = change->policy;
    bool has_keys = false;

    if (change->is_decided || policy->keys[0])
        has_keys = msvmProblemsCatch(change->problems, make_protection(change, policy, &protection),
                                     MSVM_SECURITY_PATH) == 0;
    msvmInspect(change, has_keys && change->is_decided ? policy : NULL, protection);
}

/* Everything that is wrong, of the definition and of the host. */
static int
make_plan(MsvmChange *change)
{
    MsvmPlanHost host = { .name = change->priv->name };
    g_autoptr(MsvmProblems) known = msvmProblemsNew(); /* the plan finds them, too */

    change->policy = msvmPolicyCollect(change->def, known, &change->is_decided);
    hyperv_host_get_version(change->priv->host, &host.major, &host.minor, &host.build);
    change->plan = msvmPlanCollect(change->def, &host, change->current, change->problems);
    if (change->plan && msvmChangeNamesOwner(change, change->plan->policy))
        change->plan->machine->security.owner = g_strdup(change->plan->policy->owner);
    msvmGuardsCheck(change);
    if (msvmProblemsCount(change->problems) > 0)
        look_further(change);
    return msvmProblemsReport(change->problems);
}

/* --- the host ------------------------------------------------------------------------ */

void
msvmChangeReportError(const MsvmChange *change, const GError *error)
{
    msvmReportHostError(change->priv, error, change->current ? _("cannot change domain '%s'")
                                                             : _("cannot define domain '%s'"),
                        change->def->name);
}

/* The host may have more against it than the first thing that it said. */
static int
report_refusal(MsvmChange *change, const GError *error, const MsvmProtection *keys)
{
    msvmChangeReportError(change, error);
    if (!msvmInspectIsAbout(error))
        return -1;
    msvmProblemsCatch(change->problems, -1, NULL);
    msvmInspect(change, change->plan->policy, keys);
    return msvmProblemsReport(change->problems);
}

/* Who cleans up after a define that was cut off is to find its files, too. */
static char *
pending_notes(const MsvmChange *change, const HypervProtection *protection)
{
    g_autoptr(MsvmRecord) record = NULL;

    if (!protection || !protection->provisioning)
        return g_strdup(change->plan->pending_notes);
    record = msvmRecordParse(change->plan->pending_notes);
    record->provisioning = g_strdup(protection->provisioning->directory);
    return msvmRecordFormat(record);
}

static int
apply(MsvmChange *change, const MsvmProtection *keys)
{
    g_autoptr(GError) error = NULL;
    const HypervProtection *protection = keys ? &keys->protection : NULL;
    MsvmRival rival = { change->def->name, change->uuid };
    g_autofree char *work = g_strdup(change->current ? change->guid : change->uuid);
    bool ok;

    msvmCacheChanged(change->priv->cache);
    msvmWorkBegin(change->priv->host, work);
    if (change->current) {
        ok = hyperv_redefine_marked(change->priv->host, change->current, change->plan->machine, protection,
                                    msvmMarkerSet, change->priv, NULL, &error);
    } else {
        g_autofree char *pending = pending_notes(change, protection);

        change->guid = hyperv_define_unrivalled(change->priv->host, change->plan->machine, pending, protection,
                                                msvmMarkerCheckRivals, &rival, NULL, &error);
        ok = change->guid != NULL;
    }
    msvmWorkEnd(change->priv->host, work);
    msvmCacheChanged(change->priv->cache);
    if (!ok)
        return report_refusal(change, error, keys);
    msvmCacheName(change->priv->cache, change->uuid, change->guid, change->def->name);
    return 0;
}

int
msvmChangeRun(MsvmChange *change)
{
    g_autoptr(MsvmProtection) protection = NULL;
    g_auto(GStrv) before = NULL;
    MsvmConsumers *consumers;
    int rc;

    if ((change->found && !change->current && msvmChangeLoad(change) < 0) || make_plan(change) < 0 ||
        make_protection(change, change->plan->policy, &protection) < 0)
        return -1;
    before = msvmConsumersKeys(change->priv, change->current);
    consumers = msvmConsumersBegin(change->priv, change->uuid, change->def->name, (const char *const *)before,
                                   (const char *const *)change->plan->policy->keys);
    if (!consumers)
        return -1;
    rc = apply(change, protection);
    msvmConsumersEnd(consumers, rc == 0);
    return rc;
}
