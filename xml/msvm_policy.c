/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "virerror.h"
#include "viruuid.h"

#include "xml/msvm_metadata.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_policy_shielding.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* What a property says. */
typedef enum {
    WISH_UNSET,
    WISH_DISABLED,
    WISH_OPTIONAL,
    WISH_REQUIRED,
} MsvmWish;

/* What comes out. */
typedef enum {
    VERDICT_OFF,
    VERDICT_ON,
    VERDICT_CONTRADICTION,
} MsvmVerdict;

typedef struct {
    MsvmWish image;
    MsvmWish flavor;
} MsvmWishes;

/* [image][flavor], in the order of MsvmWish. Nothing said by the image of a
 * TPM is a "no", of Secure Boot and shielding it is no opinion. */
static const MsvmVerdict msvmVerdictsTPM[4][4] = {
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_CONTRADICTION },
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_CONTRADICTION },
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_ON },
    { VERDICT_ON, VERDICT_CONTRADICTION, VERDICT_ON, VERDICT_ON },
};
static const MsvmVerdict msvmVerdictsOther[4][4] = {
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_ON },
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_CONTRADICTION },
    { VERDICT_OFF, VERDICT_OFF, VERDICT_OFF, VERDICT_ON },
    { VERDICT_ON, VERDICT_CONTRADICTION, VERDICT_ON, VERDICT_ON },
};

static const char *const msvmKnownImage[] = {
    "os_vtpm", "os_vtpm_keys", "os_secure_boot", "os_shielded_vm", "hw_machine_type", "hypervisor_type",
    "hypervisor_version_requires", "img_pdk_reference", NULL,
};
static const char *const msvmKnownInstance[] = { "img_pdk_reference", NULL };
static const char *const msvmKnownFlavor[] = { "os:vtpm", "os:secure_boot", "os:shielded_vm", NULL };

/* An image or a flavor has many properties that are for others. Those that
 * begin like ours and are not ours are mistakes. */
static const char *const msvmReserved[] = {
    "os_vtpm", "os_secure_boot", "os_shielded", "hw_machine_type", "hypervisor_", "img_hv_", "img_pdk",
    "os:vtpm", "os:secure_boot", "os:shielded", NULL,
};


void
msvmPolicyFree(MsvmPolicy *policy)
{
    if (!policy)
        return;
    g_free(policy->secure_boot_template);
    g_strfreev(policy->keys);
    g_strfreev(policy->fabric_names);
    g_strfreev(policy->fabric_values);
    g_free(policy->owner);
    g_clear_pointer(&policy->guardians, g_ptr_array_unref);
    g_free(policy->version_requires);
    g_free(policy);
}


/* --- properties ---------------------------------------------------------- */

/* Where a property or an extra spec is, for people who look for it. */
static char *
msvmPolicyWhere(bool image, const char *name)
{
    return g_strdup_printf(MSVM_SECURITY_PATH "/%s[@name='%s']",
                           image ? "msvm:image/msvm:property" : "msvm:flavor/msvm:extraSpec", name);
}


static bool
msvmPolicyIsReserved(const char *name)
{
    size_t i;

    for (i = 0; msvmReserved[i]; i++) {
        if (g_str_has_prefix(name, msvmReserved[i]))
            return true;
    }
    return false;
}


static void
msvmPolicyCheckNames(const MsvmMetadata *metadata, bool image, MsvmProblems *problems)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(image ? metadata->image : metadata->flavor),
                                         (GCompareFunc)strcmp);
    const char *const *known = image ? msvmKnownImage : msvmKnownFlavor;
    GList *item;

    for (item = names; item; item = item->next) {
        const char *name = item->data;
        g_autofree char *where = msvmPolicyWhere(image, name);

        if (!g_strv_contains(known, name) && msvmPolicyIsReserved(name))
            msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "unknown %s '%s'",
                            image ? "image property" : "flavor extra spec", name);
    }
}


static void
msvmPolicyCheckInstanceNames(const MsvmMetadata *metadata, MsvmProblems *problems)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(metadata->instance), (GCompareFunc)strcmp);
    GList *item;

    for (item = names; item; item = item->next) {
        const char *name = item->data;

        if (!g_strv_contains(msvmKnownInstance, name) && msvmPolicyIsReserved(name))
            msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, MSVM_SECURITY_PATH "/msvm:instance",
                            "unknown instance property '%s'", name);
    }
}


/* In the order of MsvmWish. */
static const char *const msvmWishNames[] = { NULL, "disabled", "optional", "required" };

static bool
msvmPolicyReadWish(const char *value, MsvmWish *wish)
{
    size_t i;

    *wish = WISH_UNSET;
    for (i = WISH_DISABLED; value && i < G_N_ELEMENTS(msvmWishNames); i++) {
        if (g_str_equal(value, msvmWishNames[i]))
            *wish = i;
    }
    return !value || *wish != WISH_UNSET;
}


/* Whether all that wishes for something has a value that can be read. */
static bool
msvmPolicyCheckValues(const MsvmMetadata *metadata, MsvmProblems *problems)
{
    static const char *const names[] = { "os_vtpm", "os_secure_boot", "os_shielded_vm",
                                         "os:vtpm", "os:secure_boot", "os:shielded_vm" };
    bool ok = true;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        bool image = !strchr(names[i], ':');
        const char *value = g_hash_table_lookup(image ? metadata->image : metadata->flavor, names[i]);
        g_autofree char *where = msvmPolicyWhere(image, names[i]);
        MsvmWish wish;

        if (msvmPolicyReadWish(value, &wish))
            continue;
        ok = false;
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where,
                        "invalid value '%s' of %s '%s': it must be disabled, optional or required", value,
                        image ? "image property" : "flavor extra spec", names[i]);
    }
    return ok;
}


static MsvmWishes
msvmPolicyWishes(const MsvmMetadata *metadata, const char *image, const char *flavor)
{
    MsvmWishes wishes;

    msvmPolicyReadWish(g_hash_table_lookup(metadata->image, image), &wishes.image);
    msvmPolicyReadWish(g_hash_table_lookup(metadata->flavor, flavor), &wishes.flavor);
    return wishes;
}


static const char *
msvmPolicyWishName(MsvmWish wish)
{
    return wish == WISH_UNSET ? "not set" : msvmWishNames[wish];
}


static int
msvmPolicyVerdict(const MsvmVerdict table[4][4], const MsvmWishes *wishes, const char *image,
                  const char *flavor, bool *on)
{
    MsvmVerdict verdict = table[wishes->image][wishes->flavor];

    if (verdict == VERDICT_CONTRADICTION) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "image property '%s' is %s but flavor extra spec '%s' is %s: they contradict each other",
                       image, msvmPolicyWishName(wishes->image), flavor, msvmPolicyWishName(wishes->flavor));
        return -1;
    }
    *on = verdict == VERDICT_ON;
    return 0;
}


/* Shielding counts as if the image required what it implies. */
static int
msvmPolicyImply(MsvmWishes *wishes, const char *image)
{
    if (wishes->image == WISH_DISABLED) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "image property '%s' is disabled but a shielded machine needs it", image);
        return -1;
    }
    wishes->image = WISH_REQUIRED;
    return 0;
}


static unsigned int
msvmPolicyDefGeneration(const virDomainDef *def)
{
    return def->os.firmware == VIR_DOMAIN_OS_DEF_FIRMWARE_EFI ? 2 : 1;
}


static void
msvmPolicyMachineType(MsvmPolicy *policy, const char *machine, const virDomainDef *def, MsvmProblems *problems)
{
    g_autofree char *where = msvmPolicyWhere(true, "hw_machine_type");

    if (g_str_equal(machine, "hyperv-gen1"))
        policy->generation = 1;
    else if (g_str_equal(machine, "hyperv-gen2"))
        policy->generation = 2;
    else
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "invalid value '%s' of image property "
                        "'hw_machine_type': it must be hyperv-gen1 or hyperv-gen2", machine);
    if (policy->generation != 0 && policy->generation != msvmPolicyDefGeneration(def))
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, where, "image property 'hw_machine_type' is %s but "
                        "<os firmware='efi'> is %s", machine, policy->generation == 2 ? "missing" : "given");
}


static void
msvmPolicyHypervisor(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def,
                     MsvmProblems *problems)
{
    const char *machine = g_hash_table_lookup(metadata->image, "hw_machine_type");
    const char *hypervisor = g_hash_table_lookup(metadata->image, "hypervisor_type");
    const char *requires = g_hash_table_lookup(metadata->image, "hypervisor_version_requires");
    g_autofree char *where_type = msvmPolicyWhere(true, "hypervisor_type");
    g_autofree char *where_version = msvmPolicyWhere(true, "hypervisor_version_requires");

    if (machine)
        msvmPolicyMachineType(policy, machine, def, problems);
    /* Nova takes this one in any case. */
    if (hypervisor && g_ascii_strcasecmp(hypervisor, "hyperv") != 0)
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where_type, "invalid value '%s' of image property "
                        "'hypervisor_type': it must be hyperv", hypervisor);
    if (requires && msvmProblemsCatch(problems, msvmPolicyVersionSatisfies("0", requires), where_version) >= 0)
        policy->version_requires = g_strdup(requires);
}


/* --- keys ---------------------------------------------------------------- */

/* os_vtpm_keys; NULL when there was a problem. */
static GPtrArray *
msvmPolicyParseKeys(const char *value, MsvmProblems *problems)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *where = msvmPolicyWhere(true, "os_vtpm_keys");
    g_auto(GStrv) items = NULL;
    size_t count, i;

    if (g_utf8_strlen(value, -1) > MSVM_POLICY_MAX_KEYS_LENGTH) {
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "image property 'os_vtpm_keys' has more than %d "
                        "characters", MSVM_POLICY_MAX_KEYS_LENGTH);
        return NULL;
    }
    items = g_strsplit(value, ",", MSVM_POLICY_MAX_KEYS + 1);
    count = g_strv_length(items);
    if (count == 0)
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "image property 'os_vtpm_keys' is empty");
    if (count > MSVM_POLICY_MAX_KEYS)
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "image property 'os_vtpm_keys' names more than %d keys",
                        MSVM_POLICY_MAX_KEYS);
    for (i = 0; i < MIN(count, MSVM_POLICY_MAX_KEYS); i++) {
        if (g_uuid_string_is_valid(g_strstrip(items[i])))
            g_ptr_array_add(keys, g_ascii_strdown(items[i], -1));
        else
            msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, where, "image property 'os_vtpm_keys': '%s' is not a UUID",
                            items[i]);
    }
    return count > 0 && keys->len == count ? g_steal_pointer(&keys) : NULL;
}


static char *
msvmPolicyTPMSecret(const virDomainDef *def)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (def->ntpms == 0 || def->tpms[0]->type != VIR_DOMAIN_TPM_TYPE_EMULATOR ||
        !def->tpms[0]->data.emulator.hassecretuuid)
        return NULL;
    return g_strdup(virUUIDFormat(def->tpms[0]->data.emulator.secretuuid, uuid));
}


static bool
msvmPolicySameKeys(const GPtrArray *a, const GPtrArray *b)
{
    guint i;

    for (i = 0; a->len == b->len && i < a->len; i++) {
        if (!g_str_equal(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
            return false;
    }
    return a->len == b->len;
}


/* Joins one source of keys to what others said: they must say the same. */
static int
msvmPolicyAgree(GPtrArray **keys, const char **source, const GPtrArray *more, const char *more_source)
{
    guint i;

    if (*source && !msvmPolicySameKeys(*keys, more)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s and %s name different keys", *source, more_source);
        return -1;
    }
    if (!*source) {
        for (i = 0; i < more->len; i++)
            g_ptr_array_add(*keys, g_strdup(g_ptr_array_index(more, i)));
        *source = more_source;
    }
    return 0;
}


static int
msvmPolicyCheckDistinct(const GPtrArray *keys, MsvmProblems *problems)
{
    int rc = 0;
    guint i, j;

    for (i = 0; i < keys->len; i++) {
        for (j = i + 1; j < keys->len; j++) {
            if (!g_str_equal(g_ptr_array_index(keys, i), g_ptr_array_index(keys, j)))
                continue;
            msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, MSVM_SECURITY_PATH, "key '%s' is named twice",
                            (const char *)g_ptr_array_index(keys, i));
            rc = -1;
        }
    }
    return rc;
}


static int
msvmPolicyPDK(MsvmPolicy *policy, const MsvmMetadata *metadata, GPtrArray *keys, const char **source)
{
    const char *from;
    char *reference;

    if (msvmPolicyPDKReference(metadata, &reference, &from) < 0)
        return -1;
    if (!reference)
        return 0;
    policy->shielding_data = true;
    g_ptr_array_add(keys, reference);
    *source = from;
    return 0;
}


/* The keys of all sources, which must agree. NULL when there was a problem. */
static GPtrArray *
msvmPolicyJoinKeys(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def, const char **source,
                   MsvmProblems *problems)
{
    const char *property = g_hash_table_lookup(metadata->image, "os_vtpm_keys");
    g_autofree char *secret = msvmPolicyTPMSecret(def);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);

    *source = NULL;
    if (msvmProblemsCatch(problems, msvmPolicyPDK(policy, metadata, keys, source), MSVM_SECURITY_PATH) < 0)
        return NULL;
    if (property) {
        g_autoptr(GPtrArray) list = msvmPolicyParseKeys(property, problems);

        if (!list || msvmProblemsCatch(problems, msvmPolicyAgree(&keys, source, list, "image property 'os_vtpm_keys'"),
                                       MSVM_SECURITY_PATH) < 0)
            return NULL;
    }
    if (metadata->has_keys && msvmProblemsCatch(problems, msvmPolicyAgree(&keys, source, metadata->keys,
                                                                          "<msvm:keys>"), MSVM_SECURITY_PATH) < 0)
        return NULL;
    if (secret) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();

        g_ptr_array_add(one, secret);
        if (msvmProblemsCatch(problems, msvmPolicyAgree(&keys, source, one, "<encryption> of <tpm>"),
                              MSVM_SECURITY_PATH) < 0)
            return NULL;
    }
    return g_steal_pointer(&keys);
}


static int
msvmPolicyKeys(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def, bool decided,
               MsvmProblems *problems)
{
    const char *source;
    g_autoptr(GPtrArray) keys = msvmPolicyJoinKeys(policy, metadata, def, &source, problems);

    if (!keys || msvmPolicyCheckDistinct(keys, problems) < 0)
        return -1;
    if (source && decided && !policy->tpm) {
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH,
                        "%s names keys but the machine gets no TPM", source);
        return -1;
    }
    g_ptr_array_add(keys, NULL);
    policy->keys = (char **)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
    return 0;
}


/* --- the decision -------------------------------------------------------- */

static int
msvmPolicyShielding(MsvmPolicy *policy, const MsvmMetadata *metadata)
{
    MsvmWishes wishes = msvmPolicyWishes(metadata, "os_shielded_vm", "os:shielded_vm");
    bool required;

    if (msvmPolicyVerdict(msvmVerdictsOther, &wishes, "os_shielded_vm", "os:shielded_vm", &required) < 0)
        return -1;
    if (required && metadata->shielded == VIR_TRISTATE_BOOL_NO) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "<msvm:policy shielded='no'> but image or flavor require a shielded machine");
        return -1;
    }
    if (metadata->shielded == VIR_TRISTATE_BOOL_YES &&
        (wishes.image == WISH_DISABLED || wishes.flavor == WISH_DISABLED)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "<msvm:policy shielded='yes'> but shielding is disabled by image or flavor");
        return -1;
    }
    policy->shielded = required || metadata->shielded == VIR_TRISTATE_BOOL_YES;
    return 0;
}


static int
msvmPolicyTPM(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def)
{
    MsvmWishes wishes = msvmPolicyWishes(metadata, "os_vtpm", "os:vtpm");
    bool has_opinion, nova;

    if (msvmPolicyNovaTPM(metadata->image, metadata->flavor, &nova) < 0)
        return -1;
    has_opinion = wishes.image != WISH_UNSET || wishes.flavor != WISH_UNSET || policy->shielded;
    if (policy->shielded && msvmPolicyImply(&wishes, "os_vtpm") < 0)
        return -1;
    if (msvmPolicyVerdict(msvmVerdictsTPM, &wishes, "os_vtpm", "os:vtpm", &policy->tpm) < 0)
        return -1;
    if (!has_opinion) {
        policy->tpm = def->ntpms > 0 || nova;
    } else if (!policy->tpm && (def->ntpms > 0 || nova)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "there is %s but image property 'os_vtpm' (%s) and "
                       "flavor extra spec 'os:vtpm' (%s) come out as no TPM",
                       def->ntpms > 0 ? "a <tpm>" : "a hw_tpm_version or hw:tpm_version",
                       msvmPolicyWishName(wishes.image), msvmPolicyWishName(wishes.flavor));
        return -1;
    }
    policy->add_tpm = policy->tpm && def->ntpms == 0;
    if (policy->tpm && msvmPolicyDefGeneration(def) != 2) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "a TPM needs a machine of generation 2: give <os firmware='efi'>");
        return -1;
    }
    return 0;
}


/* OpenStack's driver takes only "windows" for shielded machines, and wants to
 * know the system for Secure Boot. Here the template says whose boot loaders
 * are trusted, so that Linux can be shielded, too, where one names it. */
static void
msvmPolicyOSType(const MsvmPolicy *policy, const MsvmMetadata *metadata, MsvmProblems *problems)
{
    const char *os_type = g_hash_table_lookup(metadata->image, "os_type");
    g_autofree char *where = msvmPolicyWhere(true, "os_type");

    if (os_type && policy->secure_boot && !*os_type)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, where,
                        "image property 'os_type' is empty but Secure Boot is required");
    else if (os_type && policy->shielded && g_ascii_strcasecmp(os_type, "windows") != 0 &&
             (!metadata->template_id || g_str_equal(metadata->template_id, MSVM_TEMPLATE_WINDOWS)))
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, where, "image property 'os_type' is '%s' but a shielded "
                        "machine starts Windows alone unless <msvm:secureBoot> names another template, "
                        "OpenSourceShieldedVM", os_type);
}


static int
msvmPolicySecureBootVerdict(MsvmPolicy *policy, const MsvmMetadata *metadata)
{
    MsvmWishes wishes = msvmPolicyWishes(metadata, "os_secure_boot", "os:secure_boot");

    policy->no_secure_boot = wishes.image == WISH_DISABLED || wishes.flavor == WISH_DISABLED;
    if (policy->shielded && msvmPolicyImply(&wishes, "os_secure_boot") < 0)
        return -1;
    return msvmPolicyVerdict(msvmVerdictsOther, &wishes, "os_secure_boot", "os:secure_boot", &policy->secure_boot);
}


static void
msvmPolicySecureBoot(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def,
                     MsvmProblems *problems)
{
    msvmProblemsCatch(problems, msvmPolicySecureBootVerdict(policy, metadata), MSVM_SECURITY_PATH);
    policy->secure_boot_template = g_strdup(metadata->template_id);
    if (msvmPolicyDefGeneration(def) == 2)
        return;
    if (policy->secure_boot)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH,
                        "Secure Boot needs a machine of generation 2: give <os firmware='efi'>");
    if (metadata->template_id)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:secureBoot",
                        "<msvm:secureBoot> needs a machine of generation 2: give <os firmware='efi'>");
}


/* Encryption of state and traffic, and the owner of the protector: both mean
 * something only with a TPM. */
static void
msvmPolicyProtection(MsvmPolicy *policy, const MsvmMetadata *metadata, MsvmProblems *problems)
{
    if (policy->shielded && metadata->encrypt_traffic == VIR_TRISTATE_BOOL_NO)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:policy",
                        "<msvm:policy encryptTraffic='no'>: a shielded machine is always encrypted");
    if (policy->shielding_data && metadata->encrypt_traffic == VIR_TRISTATE_BOOL_NO)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:policy",
                        "<msvm:policy encryptTraffic='no'>: a machine from shielding data is always encrypted");
    /* OpenStack's driver encrypts every machine that it makes from shielding data. */
    policy->encrypt_traffic = policy->shielded || policy->shielding_data ||
                              metadata->encrypt_traffic == VIR_TRISTATE_BOOL_YES;
    policy->encryption_is_open = metadata->encrypt_traffic == VIR_TRISTATE_BOOL_ABSENT;
    if (policy->encrypt_traffic && !policy->tpm)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:policy",
                        "<msvm:policy encryptTraffic='yes'> needs a machine with a TPM");
    if (metadata->owner && !policy->tpm)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:owner",
                        "<msvm:owner> needs a machine with a TPM");
    if (metadata->guardians && !policy->tpm)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH "/msvm:guardians",
                        "<msvm:guardians> needs a machine with a TPM");
    if (metadata->guardians)
        policy->guardians = g_ptr_array_ref(metadata->guardians);
    policy->discard_tpm_state = metadata->discard_tpm_state == VIR_TRISTATE_BOOL_YES;
    policy->owner = g_strdup(metadata->owner);
    /* The default guardian is made where it is missing, as Hyper-V's own
     * tools do; one that somebody named must be there unless he says so. */
    policy->create_owner = !metadata->owner || metadata->create_owner == VIR_TRISTATE_BOOL_YES;
}


/* A step that looks at the rest of a policy does so only while that is good. */
static void
msvmPolicyDecide(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def, MsvmProblems *problems)
{
    bool readable = msvmPolicyCheckValues(metadata, problems);
    bool decided = readable &&
                   msvmProblemsCatch(problems, msvmPolicyShielding(policy, metadata), MSVM_SECURITY_PATH) == 0 &&
                   msvmProblemsCatch(problems, msvmPolicyTPM(policy, metadata, def), MSVM_SECURITY_PATH) == 0;

    msvmPolicyHypervisor(policy, metadata, def, problems);
    if (readable)
        msvmPolicySecureBoot(policy, metadata, def, problems);
    if (decided)
        msvmPolicyOSType(policy, metadata, problems);
    if (msvmPolicyKeys(policy, metadata, def, decided, problems) == 0)
        msvmPolicyProvisioning(policy, metadata, def, problems);
    if (decided)
        msvmPolicyProtection(policy, metadata, problems);
    if (!policy->keys)
        policy->keys = g_new0(char *, 1);
}


MsvmPolicy *
msvmPolicyCollect(const virDomainDef *def, MsvmProblems *problems, bool *whole)
{
    g_autoptr(MsvmPolicy) policy = g_new0(MsvmPolicy, 1);
    g_autoptr(MsvmProblems) found = msvmProblemsNew(); /* problems may have the same already */
    g_autoptr(MsvmMetadata) metadata = msvmMetadataCollect(def->metadata, found);

    msvmPolicyCheckNames(metadata, true, found);
    msvmPolicyCheckNames(metadata, false, found);
    msvmPolicyCheckInstanceNames(metadata, found);
    msvmPolicyDecide(policy, metadata, def, found);
    msvmProblemsAddAll(problems, found);
    *whole = msvmProblemsCount(found) == 0;
    return g_steal_pointer(&policy);
}


MsvmPolicy *
msvmPolicyNew(const virDomainDef *def)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    bool whole;
    g_autoptr(MsvmPolicy) policy = msvmPolicyCollect(def, problems, &whole);

    return msvmProblemsReport(problems) < 0 ? NULL : g_steal_pointer(&policy);
}
