/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tools/domain_explain.h"

/* What image and flavor say of one thing. */
typedef struct {
    const char *image;  /* values, or NULL */
    const char *flavor;
    char *text;         /* "image os_vtpm=optional and flavor os:vtpm=required"; NULL: neither speaks */
} Said;

static void said_clear(Said *said)
{
    g_free(said->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Said, said_clear)

static Said say(const MsvmMetadata *metadata, const char *image, const char *flavor)
{
    Said said = { 0 };

    said.image = g_hash_table_lookup(metadata->image, image);
    said.flavor = g_hash_table_lookup(metadata->flavor, flavor);
    if (said.image && said.flavor)
        said.text = g_strdup_printf("image %s=%s and flavor %s=%s", image, said.image, flavor, said.flavor);
    else if (said.image)
        said.text = g_strdup_printf("image %s=%s", image, said.image);
    else if (said.flavor)
        said.text = g_strdup_printf("flavor %s=%s", flavor, said.flavor);
    return said;
}

void explain_wishes(Report *report, const MsvmMetadata *metadata)
{
    static const char *const pairs[][2] = {
        { "os_vtpm", "os:vtpm" }, { "os_secure_boot", "os:secure_boot" }, { "os_shielded_vm", "os:shielded_vm" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_auto(Said) said = say(metadata, pairs[i][0], pairs[i][1]);

        if (said.text)
            report_note(report, 0, "%s", said.text);
    }
}

static const char *on_off(gboolean on)
{
    return on ? "on" : "off";
}

static void explain_generation(Report *report, const Explained *e)
{
    gboolean second = e->plan->machine->generation == 2;

    report_decide(report, "generation", second ? "2" : "1", second ? "of <os firmware='efi'>"
                                                                   : "there is no <os firmware='efi'>");
}

static void explain_shielding(Report *report, const Explained *e)
{
    g_auto(Said) said = say(e->metadata, "os_shielded_vm", "os:shielded_vm");
    const MsvmPolicy *policy = e->plan->policy;
    const char *fallback = policy->shielded ? "of <msvm:policy shielded='yes'>" : "nothing asks for it";

    if (said.text && e->metadata->shielded == VIR_TRISTATE_BOOL_ABSENT)
        report_decide(report, "shielding", on_off(policy->shielded), "%s", said.text);
    else
        report_decide(report, "shielding", on_off(policy->shielded), "%s", fallback);
    if (policy->shielded)
        report_decide(report, "encryption", "on", "a shielded machine is always encrypted");
    else if (policy->shielding_data)
        report_decide(report, "encryption", "on", "a machine from shielding data is always encrypted");
    else
        report_decide(report, "encryption", on_off(policy->encrypt_traffic),
                      policy->encrypt_traffic ? "of <msvm:policy encryptTraffic='yes'>" : "nothing asks for it");
}

static void explain_tpm(Report *report, const Explained *e)
{
    g_auto(Said) said = say(e->metadata, "os_vtpm", "os:vtpm");
    g_auto(Said) nova = say(e->metadata, "hw_tpm_version", "hw:tpm_version");
    const char *value = on_off(e->plan->policy->tpm);

    if (e->plan->policy->shielded)
        report_decide(report, "TPM", value, "a shielded machine needs one");
    else if (said.text)
        report_decide(report, "TPM", value, "%s", said.text);
    else if (e->had_tpm)
        report_decide(report, "TPM", value, "there is a <tpm>");
    else if (nova.text)
        report_decide(report, "TPM", value, "%s", nova.text);
    else
        report_decide(report, "TPM", value, "nothing asks for one");
}

static void explain_keys(Report *report, const Explained *e)
{
    const MsvmPolicy *policy = e->plan->policy;
    guint n = g_strv_length(policy->keys);
    g_autofree char *value = g_strdup_printf("%u secret%s", n, n == 1 ? "" : "s");
    const char *owner = policy->owner ? policy->owner : "UntrustedGuardian";

    if (!policy->tpm)
        return;
    if (policy->provision)
        report_decide(report, "provisioning", "on", "the driver specializes the guest with its shielding data");
    if (policy->shielding_data)
        report_decide(report, "keys", value, "img_pdk_reference names shielding data");
    else if (g_hash_table_contains(e->metadata->image, "os_vtpm_keys"))
        report_decide(report, "keys", value, "image os_vtpm_keys names %s", n == 1 ? "it" : "them");
    else if (e->metadata->has_keys)
        report_decide(report, "keys", value, "<msvm:keys> names %s", n == 1 ? "it" : "them");
    else if (e->had_encryption)
        report_decide(report, "keys", value, "<encryption> of <tpm> names it");
    else if (n > 0)
        report_decide(report, "keys", value, "the metadata name %s", n == 1 ? "it" : "them");
    else
        report_decide(report, "keys", "the host's own", "none are named: a key protector of guardian '%s'%s", owner,
                      policy->create_owner ? ", which is made where the host has none" : ", which must be there");
}

static void explain_secure_boot(Report *report, const Explained *e)
{
    g_auto(Said) said = say(e->metadata, "os_secure_boot", "os:secure_boot");
    const HypervMachine *machine = e->plan->machine;
    const char *value = on_off(machine->secure_boot);
    const char *name;

    if (machine->generation != 2) {
        report_decide(report, "Secure Boot", "off", "generation 1 has none");
        return;
    }
    if (e->plan->policy->shielded)
        report_decide(report, "Secure Boot", value, "a shielded machine needs it");
    else if (e->plan->policy->secure_boot || e->plan->policy->no_secure_boot)
        report_decide(report, "Secure Boot", value, "%s", said.text);
    else
        report_decide(report, "Secure Boot", value, e->had_secure_boot ? "<os> says so"
                                                                       : "it is the default of generation 2");
    if (!machine->secure_boot_template)
        return;
    name = msvmMetadataTemplateName(machine->secure_boot_template);
    report_decide(report, "Secure Boot template", name ? name : machine->secure_boot_template,
                  e->metadata->template_id ? "<msvm:secureBoot> names it" : "it is the default");
}

static void explain_version(Report *report, const Explained *e)
{
    const char *wanted = e->plan->policy->version_requires;

    if (wanted && e->requires_host)
        report_decide(report, "host version", wanted, "image hypervisor_version_requires asks for it, and '%s' has it",
                      e->requires_host);
    else if (wanted)
        report_note(report, 0, "image hypervisor_version_requires asks for a host of version %s", wanted);
}

void explain_plan(Report *report, const Explained *explained)
{
    explain_generation(report, explained);
    explain_shielding(report, explained);
    explain_tpm(report, explained);
    explain_keys(report, explained);
    explain_secure_boot(report, explained);
    explain_version(report, explained);
}
