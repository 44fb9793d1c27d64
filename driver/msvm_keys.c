/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_keys.h"

#include "driver/msvm_config.h"
#include "driver/msvm_error.h"
#include "driver/msvm_secret_files.h"
#include "driver/msvm_secret_store.h"
#include "hyperv/hyperv_protector.h"
#include "keymgr/keymgr.h"

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
    g_mutex_clear(&keys->lock);
    g_free(keys);
}

/* Without a word in the configuration, keys are libvirt's secrets: those that
 * belong to this connection, private ones as well, unless a connection to
 * another place is named. */
static void
use_own_secrets(MsvmKeys *keys, GKeyFile *file)
{
    g_autofree char *backend = g_key_file_get_value(file, "keymgr", "backend", NULL);
    g_autofree char *uri = g_key_file_get_value(file, "libvirt", "uri", NULL);

    g_clear_pointer(&keys->store, g_free);
    if (STRNEQ_NULLABLE(backend, "libvirt") || (uri && *uri)) {
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
    file = msvmConfigKeyFile(config);
    backend = g_key_file_get_value(file, "keymgr", "backend", NULL);
    if (!backend || !*g_strstrip(backend))
        g_key_file_set_value(file, "keymgr", "backend", "libvirt");
    keys->keymgr = keymgr_new(file, msvmConfigDirectory(config), &error);
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

static KeymgrSecret *
fetch(MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    g_autoptr(Keymgr) keymgr = msvmKeysGetKeymgr(keys);
    g_autoptr(GPtrArray) parts = NULL;
    g_autoptr(GError) error = NULL;
    KeymgrSecret *secret;

    if (!keymgr)
        return NULL;
    parts = msvmSecretStoreFetch(keys->secrets, keymgr, (const char *const *)policy->keys, &error);
    if (!parts) {
        msvmReportError(error, NULL, _("cannot get the keys of domain '%s' from %s"), domain, keys->store);
        return NULL;
    }
    if (!keymgr_secret_all_locked())
        VIR_WARN("Keys cannot be locked in memory: raise RLIMIT_MEMLOCK");
    secret = keymgr_secret_concat((KeymgrSecret *const *)parts->pdata, parts->len);
    if (!secret)
        virReportError(VIR_ERR_INVALID_SECRET, _("the keys of domain '%s' are longer than %d bytes together"),
                       domain, KEYMGR_SECRET_MAX_SIZE);
    return secret;
}

static int
check_protector(const KeymgrSecret *secret, const char *domain)
{
    g_autoptr(GError) error = NULL;

    if (hyperv_protector_is_empty(keymgr_secret_data(secret), keymgr_secret_size(secret))) {
        virReportError(VIR_ERR_INVALID_SECRET, _("the keys of domain '%s' hold an empty key protector"), domain);
        return -1;
    }
    if (hyperv_protector_check(keymgr_secret_data(secret), keymgr_secret_size(secret), &error))
        return 0;
    msvmReportError(error, NULL, _("the keys of domain '%s'"), domain);
    return -1;
}

static int
check_material(const KeymgrSecret *secret, const char *domain)
{
    g_autoptr(GError) error = NULL;

    switch (hyperv_material_detect(keymgr_secret_data(secret), keymgr_secret_size(secret))) {
    case HYPERV_MATERIAL_PROTECTOR:
        return check_protector(secret, domain);
    case HYPERV_MATERIAL_GUARDIAN_METADATA:
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("the keys of domain '%s' hold guardian metadata: a key protector is needed"), domain);
        return -1;
    case HYPERV_MATERIAL_SHIELDING_DATA:
        /* Framed or binary, so it may as well be a damaged protector: say
         * what is wrong with it as one. */
        if (hyperv_protector_check(keymgr_secret_data(secret), keymgr_secret_size(secret), &error))
            return 0;
        virReportError(VIR_ERR_INVALID_SECRET,
                       _("the keys of domain '%s': %s; as shielding data they are not supported"), domain,
                       error->message);
        return -1;
    case HYPERV_MATERIAL_UNKNOWN:
        break;
    }
    return check_protector(secret, domain);
}

void
msvmProtectionFree(MsvmProtection *protection)
{
    if (!protection)
        return;
    keymgr_secret_unref(protection->secret);
    g_free(protection);
}

MsvmProtection *
msvmProtectionNew(MsvmKeys *keys, const MsvmPolicy *policy, const char *domain)
{
    g_autoptr(MsvmProtection) protection = g_new0(MsvmProtection, 1);

    protection->protection.owner = policy->owner;
    protection->protection.create_owner = policy->create_owner;
    if (!policy->keys[0])
        return g_steal_pointer(&protection);
    protection->secret = fetch(keys, policy, domain);
    if (!protection->secret || check_material(protection->secret, domain) < 0)
        return NULL;
    protection->protection.protector = keymgr_secret_data(protection->secret);
    protection->protection.protector_size = keymgr_secret_size(protection->secret);
    return g_steal_pointer(&protection);
}
