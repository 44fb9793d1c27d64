/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tools/domain_protection.h"

#include "driver/msvm_change.h"
#include "driver/msvm_domain_capabilities.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_error.h"
#include "hyperv/hyperv_grant.h"
#include "hyperv/hyperv_shielding.h"

#define TPM_PATH "/domain/devices/tpm"
#define OWNER_PATH MSVM_SECURITY_PATH "/msvm:owner"
#define GUARDIANS_PATH MSVM_SECURITY_PATH "/msvm:guardians"

/* --- from errors to problems ------------------------------------------------------------ */

/* What libvirt's last error says. */
static void
take_last(Check *check, int rc, const char *where)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    msvmProblemsCatch(problems, rc, where);
    check_take(check, problems);
}

/* What a check of define's found, in the words and with the code that define
 * would have. FALSE with the error passed on where it found nothing, because
 * the host did not answer. */
static gboolean
judge(Live *live, Check *check, const char *where, gboolean ok, GError **found, GError **error)
{
    if (ok)
        return TRUE;
    if ((*found)->domain != HYPERV_ERROR) {
        g_propagate_error(error, g_steal_pointer(found));
        return FALSE;
    }
    msvmReportHostError(live->priv, *found, live->current ? "cannot change domain '%s'" : "cannot define domain '%s'",
                        check->def->name);
    take_last(check, -1, where);
    g_clear_error(found);
    return TRUE;
}

/* --- a protector that is there ----------------------------------------------------------- */

static gboolean
check_extension(Live *live, Check *check, GBytes *protector, GError **error)
{
    HypervCall call = { .host = live->priv->host };
    const GPtrArray *grants = check->plan->policy->guardians;
    gboolean needed = FALSE;
    GError *found = NULL;
    gsize size;
    const guint8 *data = g_bytes_get_data(protector, &size);

    if (!grants)
        return TRUE;
    if (!judge(live, check, GUARDIANS_PATH, hyperv_grant_check(&call, data, size, grants, &needed, &found), &found,
               error))
        return FALSE;
    return !needed || judge(live, check, GUARDIANS_PATH,
                            hyperv_redefine_check_extension(live->current, live->state, &found), &found, error);
}

/* It stays, with its owner, and may be extended. */
static gboolean
check_present(Live *live, Check *check, const MsvmChange *change, GBytes *protector, GError **error)
{
    HypervCall call = { .host = live->priv->host };
    const MsvmPolicy *policy = check->plan->policy;
    GError *found = NULL;

    if (!msvmChangeKeepsProtector(change, policy) && policy->keys[0])
        report_note(check->report, 0, "the machine has a key protector already: define takes other keys only if they "
                    "are those of it");
    if (msvmChangeNamesOwner(change, policy) &&
        !judge(live, check, OWNER_PATH,
               hyperv_grant_check_owner(&call, live->current->name, protector, policy->owner, &found), &found, error))
        return FALSE;
    return check_extension(live, check, protector, error);
}

/* --- one that is to come ------------------------------------------------------------------ */

/* The guardian that would own what the host makes. */
static gboolean
check_owner(Live *live, Check *check, const GPtrArray *known, GError **error)
{
    const MsvmPolicy *policy = check->plan->policy;
    HypervOwner owner = { .name = policy->owner, .create = policy->create_owner };
    const HypervGuardian *guardian;
    GError *found = NULL;
    gboolean ok = hyperv_guard_find_owner(known, &owner, &guardian, &found);

    if (ok)
        report_decide(check->report, "guardian", owner.name ? owner.name : HYPERV_DEFAULT_OWNER,
                      guardian ? "it owns the key protector, and the host has it with its keys"
                               : "it owns the key protector, and is made when it is needed");
    return judge(live, check, OWNER_PATH, ok, &found, error);
}

/* Of a protector in the keys it is not known whom it authorises already. */
static gboolean
check_grants(Live *live, Check *check, const GPtrArray *known, GError **error)
{
    const MsvmPolicy *policy = check->plan->policy;
    const char *owner = policy->owner ? policy->owner : HYPERV_DEFAULT_OWNER;
    guint i;

    for (i = 0; policy->guardians && i < policy->guardians->len; i++) {
        const HypervGrant *grant = g_ptr_array_index(policy->guardians, i);
        const HypervGuardian *guardian;
        GError *found = NULL;
        gboolean ok;

        if (!policy->keys[0] && g_ascii_strcasecmp(grant->name, owner) == 0)
            continue;
        guardian = hyperv_grant_guardian(known, grant, &found);
        ok = guardian && (policy->keys[0] || hyperv_grant_check_guardian(guardian, grant->allow_expired, &found));
        if (!judge(live, check, GUARDIANS_PATH, ok, &found, error))
            return FALSE;
    }
    return TRUE;
}

/* Keys may be shielding data, which only the host can read; some must be. */
static gboolean
check_tools(Live *live, Check *check, GError **error)
{
    const MsvmPolicy *policy = check->plan->policy;
    GError *found = NULL;
    gboolean ok;

    if (!policy->keys[0])
        return TRUE;
    ok = hyperv_shielding_require(live->priv->host, NULL, &found);
    if (!ok && found->domain == HYPERV_ERROR && !policy->shielding_data && !policy->provision) {
        report_note(check->report, 0, "if the keys are shielding data, define will refuse them: %s", found->message);
        g_clear_error(&found);
        return TRUE;
    }
    return judge(live, check, TPM_PATH, ok, &found, error);
}

static gboolean
check_new(Live *live, Check *check, const HypervGuard *guard, GError **error)
{
    const MsvmPolicy *policy = check->plan->policy;
    g_autoptr(GPtrArray) known = NULL;
    GError *found = NULL;
    gboolean makes;

    /* That a guarded host is to have passed its attestation for shielding is
     * among the guards of every change. */
    if (!judge(live, check, TPM_PATH, hyperv_guard_check(guard, FALSE, &found), &found, error))
        return FALSE;
    if (guard->mode == HYPERV_GUARD_NONE)
        return TRUE;
    makes = !policy->keys[0] && hyperv_guard_check_maker(guard, FALSE, &found);
    if (!judge(live, check, TPM_PATH, makes || policy->keys[0], &found, error) ||
        !(known = hyperv_list_guardians(live->priv->host, NULL, error)))
        return FALSE;
    return (!makes || check_owner(live, check, known, error)) && check_grants(live, check, known, error) &&
           check_tools(live, check, error);
}

/* --- either ---------------------------------------------------------------------------- */

static gboolean
check_protector(Live *live, Check *check, const HypervGuard *guard, GError **error)
{
    const MsvmChange change = { .priv = live->priv, .current = live->current };
    const MsvmPolicy *policy = check->plan->policy;
    g_autoptr(GBytes) there = NULL;

    if (live->current && !hyperv_read_protector(live->priv->host, live->current->guid, &there, NULL, error))
        return FALSE;
    if (!msvmChangeKeepsProtector(&change, policy))
        take_last(check, msvmKeysCheckProvisioning(live->priv->keys, policy, check->def->name), MSVM_SECURITY_PATH);
    return there ? check_present(live, check, &change, there, error) : check_new(live, check, guard, error);
}

gboolean
protection_check(Live *live, Check *check, GError **error)
{
    HypervCapabilities host;

    if (!check->plan->policy->tpm)
        return TRUE;
    if (msvmHostCapsGet(live->priv, &host) < 0)
        return FALSE;
    if (!host.has_security) {
        g_autofree char *text = g_strdup_printf("host '%s' has no virtual TPMs (no Msvm_SecurityService)",
                                                live->host.name);

        report_problem(check->report, VIR_ERR_CONFIG_UNSUPPORTED, check_line(check, TPM_PATH), TPM_PATH, text);
        return TRUE;
    }
    report_decide(check->report, "guard mode", hyperv_guard_mode_name(host.guard.mode), "the host says so");
    if (host.guard.mode == HYPERV_GUARD_GUARDED)
        report_decide(check->report, "attestation", hyperv_attestation_name(host.guard.attestation_status),
                      "the host says so");
    return check_protector(live, check, &host.guard, error);
}
