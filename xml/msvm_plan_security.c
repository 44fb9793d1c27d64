/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secure Boot and TPM.
 *
 * Hyper-V has Secure Boot on or off, with the keys of a template enrolled;
 * libvirt tells the feature and the enrolled keys apart. What an author left
 * open becomes Hyper-V's own default for generation 2, which is on.
 */
#include <config.h>

#include "virerror.h"
#include "viruuid.h"

#include "xml/msvm_metadata.h"
#include "xml/msvm_parts.h"
#include "xml/msvm_plan.h"
#include "xml/msvm_validate.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static virTristateBool
msvmPlanFeature(const virDomainDef *def, virDomainOsDefFirmwareFeature feature)
{
    return def->os.firmwareFeatures ? (virTristateBool)def->os.firmwareFeatures[feature]
                                    : VIR_TRISTATE_BOOL_ABSENT;
}


/* What the author says of Secure Boot in <os>. */
static int
msvmPlanSecureBootWish(const virDomainDef *def, virTristateBool *wish)
{
    virTristateBool secure = msvmPlanFeature(def, VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT);
    virTristateBool keys = msvmPlanFeature(def, VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_ENROLLED_KEYS);
    virTristateBool loader = def->os.loader ? def->os.loader->secure : VIR_TRISTATE_BOOL_ABSENT;

    if (secure == VIR_TRISTATE_BOOL_YES && keys == VIR_TRISTATE_BOOL_NO) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s", "firmware feature 'secure-boot' without 'enrolled-keys' is "
                       "not supported by Hyper-V, whose Secure Boot always has the keys of a template");
        return -1;
    }
    *wish = secure != VIR_TRISTATE_BOOL_ABSENT ? secure : keys;
    if (loader == VIR_TRISTATE_BOOL_YES && *wish == VIR_TRISTATE_BOOL_NO) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "<loader secure='yes'> contradicts firmware feature 'secure-boot' or 'enrolled-keys'");
        return -1;
    }
    if (loader == VIR_TRISTATE_BOOL_YES)
        *wish = VIR_TRISTATE_BOOL_YES;
    return 0;
}


static int
msvmPlanCompleteSecureBoot(virDomainDef *def, const MsvmPolicy *policy)
{
    virTristateBool wish;

    if (msvmPlanSecureBootWish(def, &wish) < 0)
        return -1;
    if (policy->secure_boot && wish == VIR_TRISTATE_BOOL_NO) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s", policy->shielded ?
                       "Secure Boot is off in <firmware> but a shielded machine needs it" :
                       "Secure Boot is off in <firmware> but image or flavor require it");
        return -1;
    }
    if (policy->no_secure_boot && wish == VIR_TRISTATE_BOOL_YES) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "Secure Boot is on in <firmware> but disabled by image or flavor");
        return -1;
    }
    if (wish == VIR_TRISTATE_BOOL_ABSENT)
        wish = policy->no_secure_boot ? VIR_TRISTATE_BOOL_NO : VIR_TRISTATE_BOOL_YES;
    if (!def->os.firmwareFeatures)
        def->os.firmwareFeatures = g_new0(int, VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_LAST);
    def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT] = wish;
    def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_ENROLLED_KEYS] = wish;
    return 0;
}


int
msvmPlanCompleteSecurity(virDomainDef *def, const MsvmPolicy *policy)
{
    if (msvmDomainGeneration(def) == 2 && msvmPlanCompleteSecureBoot(def, policy) < 0)
        return -1;
    if (policy->add_tpm) {
        virDomainTPMDef *tpm = g_new0(virDomainTPMDef, 1);

        tpm->model = VIR_DOMAIN_TPM_MODEL_CRB;
        tpm->type = VIR_DOMAIN_TPM_TYPE_EMULATOR;
        tpm->data.emulator.version = VIR_DOMAIN_TPM_VERSION_2_0;
        def->tpms = g_renew(virDomainTPMDef *, def->tpms, def->ntpms + 1);
        def->tpms[def->ntpms++] = tpm;
    }
    return 0;
}


static void
msvmPlanTPMHints(MsvmRecord *record, const virDomainTPMDef *tpm)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (tpm->data.emulator.hassecretuuid)
        msvmRecordSetHint(record, "tpm:secret", virUUIDFormat(tpm->data.emulator.secretuuid, uuid));
    if (tpm->data.emulator.persistent_state)
        msvmRecordSetHint(record, "tpm:persistent", "yes");
    msvmRecordSetHint(record, "tpm:alias", tpm->info.alias);
}


/* To unshield clears the request alone. */
bool
msvmPlanIsEncrypted(const MsvmPolicy *policy, const HypervMachine *current)
{
    return policy->encrypt_traffic || (policy->encryption_is_open && policy->tpm && current &&
                                       current->security.tpm_enabled && current->security.encrypt_traffic);
}


/* With a TPM Hyper-V refuses any write of the template. */
int
msvmPlanCheckTemplate(const virDomainDef *def, const MsvmPolicy *policy, const HypervMachine *current)
{
    const char *wanted = policy->secure_boot_template ? policy->secure_boot_template : MSVM_TEMPLATE_WINDOWS;

    if (!current || !current->security.tpm_enabled || !current->secure_boot_template ||
        g_ascii_strcasecmp(current->secure_boot_template, wanted) == 0)
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID, "the Secure Boot template of '%s' cannot change: Hyper-V "
                   "freezes it once the machine has a TPM", def->name);
    return -1;
}


void
msvmPlanSecurity(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
                 const MsvmPolicy *policy, const HypervMachine *current)
{
    if (machine->generation == 2) {
        machine->secure_boot = msvmPlanFeature(def, VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT) ==
                               VIR_TRISTATE_BOOL_YES;
        machine->secure_boot_template = g_strdup(policy->secure_boot_template ? policy->secure_boot_template
                                                                              : MSVM_TEMPLATE_WINDOWS);
    }
    if (def->os.loader && def->os.loader->secure == VIR_TRISTATE_BOOL_YES)
        msvmRecordSetHint(record, "os:loader-secure", "yes");
    machine->security.tpm_enabled = policy->tpm;
    machine->security.shielding_requested = policy->shielded;
    machine->security.encrypt_traffic = msvmPlanIsEncrypted(policy, current);
    machine->security.encryption_is_open = policy->encryption_is_open;
    machine->security.discard_state = policy->discard_tpm_state;
    if (policy->guardians)
        machine->security.guardians = g_ptr_array_ref(policy->guardians);
    if (def->ntpms > 0)
        msvmPlanTPMHints(record, def->tpms[0]);
}
