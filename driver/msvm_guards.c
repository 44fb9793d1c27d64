/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_guards.h"

#include "hyperv/hyperv_authorise.h"

#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Windows Server 2016's: the first that a TPM can be in. */
#define TPM_MIN_CONFIGURATION 8.0

static const char *
state_name(HypervState state)
{
    switch (state) {
    case HYPERV_STATE_RUNNING:
        return "running";
    case HYPERV_STATE_SAVED:
        return "saved";
    case HYPERV_STATE_PAUSED:
        return "paused";
    case HYPERV_STATE_STARTING:
        return "starting";
    case HYPERV_STATE_SHUTTING_DOWN:
    case HYPERV_STATE_STOPPING:
        return "stopping";
    case HYPERV_STATE_SAVING:
        return "being saved";
    case HYPERV_STATE_PAUSING:
    case HYPERV_STATE_RESUMING:
        return "being paused or resumed";
    case HYPERV_STATE_UNKNOWN:
    case HYPERV_STATE_OFF:
        break;
    }
    return "in an unknown state";
}

int
msvmGuardsRequireOff(const MsvmPrivate *priv, const char *name, HypervState state)
{
    if (state == HYPERV_STATE_OFF)
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID,
                   state == HYPERV_STATE_SAVED ?
                   _("domain '%s' is %s on host '%s': its TPM, Secure Boot and protection can change only while it "
                     "is off; start it and shut it down, or remove the saved state") :
                   _("domain '%s' is %s on host '%s': its TPM, Secure Boot and protection can change only while it "
                     "is off"), name, state_name(state), priv->name);
    return -1;
}

static void
check_checkpoints(const MsvmChange *change)
{
    if (change->current->has_checkpoints)
        msvmProblemsAdd(change->problems, VIR_ERR_OPERATION_INVALID, NULL,
                        "domain '%s' has checkpoints on host '%s', which were made with its present TPM and "
                        "protection: remove them first", change->def->name, change->priv->name);
}

static void
check_configuration_version(const MsvmChange *change)
{
    const char *version = change->current->version;

    if (!version || g_ascii_strtod(version, NULL) >= TPM_MIN_CONFIGURATION)
        return;
    msvmProblemsAdd(change->problems, VIR_ERR_CONFIG_UNSUPPORTED, "/domain/devices/tpm",
                    "the configuration of domain '%s' on host '%s' is of version %s, and a TPM needs 8.0 or newer: "
                    "update it with Update-VMVersion", change->def->name, change->priv->name, version);
}

/* Secure Boot as the plan has completed it; where that was not possible, the
 * problem is another one. */
static bool
is_other_secure_boot(const MsvmChange *change)
{
    const virDomainDef *def = change->def;
    int wanted = def->os.firmwareFeatures ? def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT]
                                          : VIR_TRISTATE_BOOL_ABSENT;

    return wanted != VIR_TRISTATE_BOOL_ABSENT && (wanted == VIR_TRISTATE_BOOL_YES) != change->current->secure_boot;
}

static bool
is_other_security(const MsvmChange *change, const MsvmPolicy *wanted)
{
    const HypervSecurity *current = &change->current->security;

    return current->tpm_enabled != wanted->tpm || current->shielding_requested != wanted->shielded ||
           current->encrypt_traffic != msvmPlanIsEncrypted(wanted, change->current) || is_other_secure_boot(change);
}

/* A host does not tell whether a TPM was ever used, so each counts as having
 * state: keys that only it has, such as those of an encrypted disk. */
static void
check_state_kept(const MsvmChange *change, const MsvmPolicy *wanted)
{
    if (!change->current->security.tpm_enabled || wanted->tpm || wanted->discard_tpm_state)
        return;
    msvmProblemsAdd(change->problems, VIR_ERR_OPERATION_INVALID, NULL,
                    "the TPM of domain '%s' may hold state, which would be lost with it: to remove both, define the "
                    "domain without <tpm> and with <msvm:tpm discardState='yes'/> in <msvm:security>",
                    change->def->name);
}

static void
check_existing(const MsvmChange *change, const MsvmPolicy *wanted)
{
    if (!is_other_security(change, wanted))
        return;
    msvmProblemsCatch(change->problems, msvmGuardsRequireOff(change->priv, change->def->name, change->state), NULL);
    check_checkpoints(change);
    check_state_kept(change, wanted);
    if (wanted->tpm && !change->current->security.tpm_enabled)
        check_configuration_version(change);
}

/* --- the guard of the host ----------------------------------------------------------- */

static void
refuse_shielding(const MsvmChange *change, const char *why)
{
    msvmProblemsAdd(change->problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH,
                    "domain '%s' cannot be shielded on host '%s': %s", change->def->name, change->priv->name, why);
}

static void
check_guard(const MsvmChange *change)
{
    const HypervGuard *guard = &change->guard;
    g_autofree char *why = NULL;

    switch (guard->mode) {
    case HYPERV_GUARD_LOCAL:
        return;
    case HYPERV_GUARD_GUARDED:
        if (guard->is_guarded && guard->attestation_status == HYPERV_ATTESTATION_PASSED)
            return;
        why = g_strdup_printf("it belongs to a guarded fabric, but its attestation status is %u, %s",
                              guard->attestation_status, hyperv_attestation_name(guard->attestation_status));
        break;
    case HYPERV_GUARD_NONE:
        why = g_strdup("it has no Host Guardian Service client (the feature Host Guardian Hyper-V Support)");
        break;
    case HYPERV_GUARD_UNKNOWN:
        why = g_strdup("it does not know whether it is guarded");
        break;
    }
    refuse_shielding(change, why);
}

static void
check_shielding(MsvmChange *change)
{
    g_autoptr(GError) error = NULL;

    change->has_guard = hyperv_query_guard(change->priv->host, &change->guard, NULL, &error);
    if (change->has_guard) {
        check_guard(change);
        return;
    }
    msvmReportHostError(change->priv, error, _("cannot tell whether domain '%s' can be shielded"),
                        change->def->name);
    msvmProblemsCatch(change->problems, -1, MSVM_SECURITY_PATH);
}

/* Without a plan there is something wrong with the definition, but what it
 * wants of the machine's security may be clear all the same. */
void
msvmGuardsCheck(MsvmChange *change)
{
    const MsvmPolicy *wanted = change->plan ? change->plan->policy : change->is_decided ? change->policy : NULL;
    bool is_shielded = change->current && change->current->security.shielding_requested;

    if (!wanted)
        return;
    if (change->current)
        check_existing(change, wanted);
    if (wanted->shielded && !is_shielded)
        check_shielding(change);
}

void
msvmGuardsExplainStart(MsvmPrivate *priv, const char *guid, GError **error)
{
    g_autoptr(HypervAuthorisation) authorisation = NULL;
    g_autoptr(GBytes) protector = NULL;
    g_autofree char *said = NULL;
    gsize size;
    const guint8 *data;

    if (!error || !g_error_matches(*error, HYPERV_ERROR, HYPERV_ERROR_JOB_FAILED) ||
        !hyperv_read_protector(priv->host, guid, &protector, NULL, NULL) || !protector)
        return;
    data = g_bytes_get_data(protector, &size);
    authorisation = hyperv_authorise(priv->host, data, size, NULL, NULL);
    if (!authorisation || authorisation->authorises == HYPERV_AUTHORISES_YES)
        return;
    said = g_steal_pointer(&(*error)->message);
    (*error)->message = g_strdup_printf("%s (its key protector %s this host: %s)", said,
                                        authorisation->authorises == HYPERV_AUTHORISES_NO ?
                                        "does not authorise" : "may not authorise", authorisation->reason);
}
