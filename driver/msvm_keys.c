/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_keys.h"

#include "driver/msvm_config.h"
#include "driver/msvm_error.h"
#include "driver/msvm_secret_files.h"
#include "driver/msvm_secret_store.h"
#include "hyperv/hyperv_material.h"
#include "hyperv/hyperv_metadata.h"
#include "keymgr/keymgr.h"
#include "keymgr/keymgr_config.h"

#include "internal.h"
#include "virerror.h"
#include "virlog.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.keys");

struct MsvmKeys {
    GMutex lock;    /* of keymgr, not of its use */
    char *root;
    Keymgr *keymgr; /* NULL until it is needed */
    char *store;    /* where it looks, for messages */
    MsvmSecretStore *secrets;
    char *provisioning_directory; /* on the host; or NULL */
    unsigned int provisioning_timeout;
};

static Keymgr *
give_keymgr(gpointer opaque)
{
    return msvmKeysGetKeymgr(opaque);
}

MsvmKeys *
msvmKeysNew(const char *root)
{
    MsvmKeys *keys = g_new0(MsvmKeys, 1);

    g_mutex_init(&keys->lock);
    keys->root = g_strdup(root);
    keys->secrets = msvmSecretStoreNew(root, give_keymgr, keys);
    return keys;
}

void
msvmKeysFree(MsvmKeys *keys)
{
    if (!keys)
        return;
    g_clear_pointer(&keys->secrets, msvmSecretStoreFree);
    g_clear_pointer(&keys->keymgr, keymgr_unref);
    g_free(keys->root);
    g_free(keys->store);
    g_free(keys->provisioning_directory);
    g_mutex_clear(&keys->lock);
    g_free(keys);
}

/* As the key manager reads it. */
static char *
config_string(GKeyFile *file, const char *group, const char *key)
{
    const KeymgrConfig config = { file, group, NULL };

    return keymgr_config_string(&config, key);
}

/* Without a word in the configuration, keys are libvirt's secrets: those that
 * belong to this connection, private ones as well, unless a connection to
 * another place is named. */
static void
use_own_secrets(MsvmKeys *keys, GKeyFile *file)
{
    g_autofree char *backend = config_string(file, "keymgr", "backend");
    g_autofree char *uri = config_string(file, "libvirt", "uri");

    g_clear_pointer(&keys->store, g_free);
    if (STRNEQ_NULLABLE(backend, "libvirt") || uri) {
        keys->store = g_strdup(keymgr_describe_store(keys->keymgr));
        return;
    }
    keymgr_set_libvirt_hooks(keys->keymgr, msvmSecretFilesHooks(keys->root), g_strdup(keys->root), g_free);
    if (keys->root)
        keys->store = g_strdup_printf(_("libvirt's secrets in secret:///embed?root=%s"), keys->root);
    else
        keys->store = g_strdup(_("libvirt's secrets"));
}

static bool
make_keymgr(MsvmKeys *keys)
{
    g_autoptr(MsvmConfig) config = msvmConfigLoad(keys->root);
    g_autofree char *backend = NULL;
    g_autoptr(GError) error = NULL;
    GKeyFile *file;

    if (!config)
        return false;
    file = keymgr_config_file_keys(msvmConfigKeymgrFile(config));
    backend = config_string(file, "keymgr", "backend");
    if (!backend)
        g_key_file_set_value(file, "keymgr", "backend", "libvirt");
    keys->keymgr = keymgr_config_file_open(msvmConfigKeymgrFile(config), &error);
    if (!keys->keymgr) {
        msvmReportError(error, NULL, _("cannot set up the key manager of '%s'"), msvmConfigPath(config));
        return false;
    }
    use_own_secrets(keys, file);
    return true;
}

Keymgr *
msvmKeysGetKeymgr(MsvmKeys *keys)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&keys->lock);

    return keys->keymgr || make_keymgr(keys) ? keymgr_ref(keys->keymgr) : NULL;
}

MsvmSecretStore *
msvmKeysSecrets(MsvmKeys *keys)
{
    return keys->secrets;
}

void
msvmKeysSetProvisioning(MsvmKeys *keys, const char *directory, unsigned int timeout)
{
    g_free(keys->provisioning_directory);
    keys->provisioning_directory = g_strdup(directory);
    keys->provisioning_timeout = timeout;
}

/* --- the secrets ---------------------------------------------------------------------- */

static GPtrArray *
fetch(MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    g_autoptr(Keymgr) keymgr = msvmKeysGetKeymgr(keys);
    g_autoptr(GError) error = NULL;
    const char *warning;
    GPtrArray *parts;

    if (!keymgr)
        return NULL;
    parts = msvmSecretStoreFetch(keys->secrets, keymgr, (const char *const *)policy->keys, &error);
    if (!parts) {
        msvmReportError(error, NULL, _("cannot get the keys of domain '%s' from %s"), domain, keys->store);
        return NULL;
    }
    if ((warning = keymgr_secret_lock_warning()))
        VIR_WARN("%s", warning);
    return parts;
}

static KeymgrSecret *
join(const GPtrArray *parts, const char *domain)
{
    KeymgrSecret *secret = keymgr_secret_concat((KeymgrSecret *const *)parts->pdata, parts->len);

    if (!secret)
        virReportError(VIR_ERR_INVALID_SECRET, _("the keys of domain '%s' are longer than %d bytes together"),
                       domain, KEYMGR_SECRET_MAX_SIZE);
    return secret;
}

/* --- what they are ---------------------------------------------------------------------- */

static int
report_material(const GError *error, const char *domain)
{
    msvmReportError(error, NULL, _("the keys of domain '%s'"), domain);
    return -1;
}

static int
add_guardians(MsvmProtection *protection, const KeymgrSecret *secret, const char *domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) guardians = hyperv_metadata_parse(keymgr_secret_data(secret), keymgr_secret_size(secret),
                                                           &error);

    if (!guardians)
        return report_material(error, domain);
    if (!protection->guardians)
        protection->guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_metadata_free);
    g_ptr_array_extend_and_steal(protection->guardians, g_steal_pointer(&guardians));
    protection->protection.guardians = protection->guardians;
    return 0;
}

static int
use_protector(MsvmProtection *protection, const char *domain)
{
    const guint8 *data = keymgr_secret_data(protection->secret);
    gsize size = keymgr_secret_size(protection->secret);
    g_autoptr(GError) error = NULL;

    if (hyperv_protector_is_empty(data, size)) {
        virReportError(VIR_ERR_INVALID_SECRET, _("the keys of domain '%s' hold an empty key protector"), domain);
        return -1;
    }
    if (!hyperv_protector_verify(data, size, &error))
        return report_material(error, domain);
    protection->protection.protector = data;
    protection->protection.protector_size = size;
    return 0;
}

static int
use_whole(MsvmProtection *protection, const char *domain)
{
    const guint8 *data = keymgr_secret_data(protection->secret);
    gsize size = keymgr_secret_size(protection->secret);
    g_autoptr(GError) error = NULL;
    HypervMaterial kind;

    if (!hyperv_material_kind(data, size, &kind, &error))
        return report_material(error, domain);
    switch (kind) {
    case HYPERV_MATERIAL_GUARDIAN_METADATA:
        return add_guardians(protection, protection->secret, domain);
    case HYPERV_MATERIAL_SHIELDING_DATA:
        protection->protection.shielding = data;
        protection->protection.shielding_size = size;
        return 0;
    case HYPERV_MATERIAL_PROTECTOR:
    case HYPERV_MATERIAL_UNKNOWN:
        break;
    }
    return use_protector(protection, domain);
}

static int
use_parts(MsvmProtection *protection, const GPtrArray *parts, const char *domain)
{
    g_autofree HypervPiece *pieces = g_new0(HypervPiece, parts->len);
    g_autoptr(GError) error = NULL;
    gboolean whole;
    guint i;

    for (i = 0; i < parts->len; i++) {
        pieces[i].data = keymgr_secret_data(g_ptr_array_index(parts, i));
        pieces[i].size = keymgr_secret_size(g_ptr_array_index(parts, i));
    }
    if (!hyperv_material_sort(pieces, parts->len, &whole, &error))
        return report_material(error, domain);
    for (i = 0; whole && i < parts->len; i++) {
        if (add_guardians(protection, g_ptr_array_index(parts, i), domain) < 0)
            return -1;
    }
    if (whole)
        return 0;
    protection->secret = join(parts, domain);
    return protection->secret ? use_whole(protection, domain) : -1;
}

/* --- provisioning ----------------------------------------------------------------------- */

/* What the policy asks of shielding data, against what the keys are. */
static int
check_shielding(const MsvmProtection *protection, const MsvmPolicy *policy, const char *domain)
{
    if (protection->protection.shielding)
        return 0;
    if (policy->shielding_data) {
        virReportError(VIR_ERR_INVALID_SECRET,
                       _("'img_pdk_reference' of domain '%s' names %s, where shielding data are needed"), domain,
                       hyperv_material_name(protection->guardians ? HYPERV_MATERIAL_GUARDIAN_METADATA
                                                                  : HYPERV_MATERIAL_PROTECTOR));
        return -1;
    }
    if (policy->provision) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("domain '%s' is to be provisioned, but its keys are %s: shielding data are needed"), domain,
                       hyperv_material_name(protection->guardians ? HYPERV_MATERIAL_GUARDIAN_METADATA
                                                                  : HYPERV_MATERIAL_PROTECTOR));
        return -1;
    }
    return 0;
}

int
msvmKeysCheckProvisioning(const MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    if (!policy->provision || keys->provisioning_directory)
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                   _("domain '%s' cannot be provisioned: that takes files on the host, and no "
                     "provisioning_directory is configured for it. Configure one, or give "
                     "<msvm:provisioning run='no'/> and run Initialize-ShieldedVM on the host before the first "
                     "start"),
                   domain);
    return -1;
}

static int
set_provisioning(MsvmProtection *protection, const MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    if (check_shielding(protection, policy, domain) < 0 || msvmKeysCheckProvisioning(keys, policy, domain) < 0)
        return -1;
    if (!policy->provision)
        return 0;
    protection->provisioning.directory = keys->provisioning_directory;
    protection->provisioning.timeout = keys->provisioning_timeout;
    protection->provisioning.names = (const char *const *)policy->fabric_names;
    protection->provisioning.values = (const char *const *)policy->fabric_values;
    protection->protection.provisioning = &protection->provisioning;
    return 0;
}

/* --- all of it ---------------------------------------------------------------------------- */

void
msvmProtectionFree(MsvmProtection *protection)
{
    if (!protection)
        return;
    keymgr_secret_unref(protection->secret);
    g_clear_pointer(&protection->guardians, g_ptr_array_unref);
    g_free(protection);
}

MsvmProtection *
msvmProtectionNew(MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    g_autoptr(MsvmProtection) protection = g_new0(MsvmProtection, 1);
    g_autoptr(GPtrArray) parts = NULL;

    protection->protection.owner = policy->owner;
    protection->protection.create_owner = policy->create_owner;
    if (!policy->keys[0])
        return g_steal_pointer(&protection);
    if (!(parts = fetch(keys, policy, domain)) || use_parts(protection, parts, domain) < 0 ||
        set_provisioning(protection, keys, policy, domain) < 0)
        return NULL;
    return g_steal_pointer(&protection);
}
