/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr.h"

#include <string.h>

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_memory.h"
#include "keymgr/keymgr_party.h"

/* A new store: its row here, and its file. */
static const KeymgrBackend *const backends[] = {
    &keymgr_backend_barbican,
    &keymgr_backend_libvirt,
    &keymgr_backend_pkcs11,
};

static const KeymgrConfigKey keymgr_keys[] = {
    { "backend", FALSE },
    { NULL, FALSE },
};

static const KeymgrConfigKey *const keymgr_key_lists[] = { keymgr_keys, NULL };

struct Keymgr {
    gatomicrefcount refs;
    const KeymgrBackend *backend;
    gpointer store;
};

void
keymgr_info_free(KeymgrInfo *info)
{
    if (!info)
        return;
    g_free(info->id);
    g_free(info->name);
    g_free(info->type);
    g_free(info->status);
    g_free(info->created);
    g_free(info->updated);
    g_free(info->expiration);
    g_free(info->algorithm);
    g_free(info->mode);
    g_free(info->creator);
    g_free(info->content_type);
    g_free(info);
}

void
keymgr_acl_free(KeymgrAcl *acl)
{
    if (!acl)
        return;
    g_strfreev(acl->users);
    g_free(acl->created);
    g_free(acl->updated);
    g_free(acl);
}

void
keymgr_consumer_free(KeymgrConsumer *consumer)
{
    if (!consumer)
        return;
    g_free(consumer->service);
    g_free(consumer->resource_type);
    g_free(consumer->resource_id);
    g_free(consumer);
}

void
keymgr_reached_free(KeymgrReached *reached)
{
    if (!reached)
        return;
    g_free(reached->summary);
    g_free(reached->url);
    g_free(reached->auth_url);
    g_free(reached->api_version);
    keymgr_party_clear(&reached->user);
    keymgr_party_clear(&reached->project);
    g_free(reached);
}

GPtrArray *
keymgr_list_cut(GPtrArray *infos, const KeymgrListOptions *options, guint *total)
{
    guint skipped = MIN(options->offset, infos->len);

    *total = infos->len;
    if (skipped > 0)
        g_ptr_array_remove_range(infos, 0, skipped);
    if (options->limit > 0 && infos->len > options->limit)
        g_ptr_array_set_size(infos, (gint)options->limit);
    return infos;
}

static const KeymgrBackend *
find_backend(const KeymgrConfig *config, GError **error)
{
    g_autofree char *name = keymgr_config_string(config, "backend");
    g_autoptr(GString) known = g_string_new(NULL);
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(backends); i++) {
        if (g_strcmp0(name, backends[i]->name) == 0)
            return backends[i];
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", backends[i]->name);
    }
    if (name)
        keymgr_config_fail(config, "backend", "'%s' is not known (%s)", error, name, known->str);
    else
        keymgr_config_fail(config, "backend", "is needed (%s)", error, known->str);
    return NULL;
}

Keymgr *
keymgr_new_with(const KeymgrConfig *config, GError **error)
{
    KeymgrConfig group = *config;
    const KeymgrBackend *backend;
    gpointer store;
    Keymgr *keymgr;

    group.group = "keymgr";
    backend = find_backend(&group, error);
    if (!backend)
        return NULL;
    keymgr_memory_init();
    group.group = backend->group;
    store = backend->open(&group, error);
    if (!store)
        return NULL;
    keymgr = g_new0(Keymgr, 1);
    g_atomic_ref_count_init(&keymgr->refs);
    keymgr->backend = backend;
    keymgr->store = store;
    return keymgr;
}

Keymgr *
keymgr_new(GKeyFile *file, const char *directory, GError **error)
{
    const KeymgrConfig config = { .file = file, .directory = directory };

    return keymgr_new_with(&config, error);
}

Keymgr *
keymgr_open(const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(KeymgrConfigFile) file = keymgr_config_file_read(path, NULL, NULL, &reason);

    if (file)
        return keymgr_config_file_open(file, error);
    g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, reason->message);
    return NULL;
}

Keymgr *
keymgr_ref(Keymgr *keymgr)
{
    g_atomic_ref_count_inc(&keymgr->refs);
    return keymgr;
}

void
keymgr_unref(Keymgr *keymgr)
{
    if (!keymgr || !g_atomic_ref_count_dec(&keymgr->refs))
        return;
    keymgr->backend->close(keymgr->store);
    g_free(keymgr);
}

const KeymgrBackend *
keymgr_get_backend(Keymgr *keymgr, gpointer *store)
{
    *store = keymgr->store;
    return keymgr->backend;
}

const char *
keymgr_describe_store(Keymgr *keymgr)
{
    return keymgr->backend->describe_store(keymgr->store);
}

/* The key lists of a group; NULL when it is not ours. */
static const KeymgrConfigKey *const *
group_keys(const char *group)
{
    gsize i;

    if (strcmp(group, "keymgr") == 0)
        return keymgr_key_lists;
    for (i = 0; i < G_N_ELEMENTS(backends); i++) {
        if (strcmp(group, backends[i]->group) == 0)
            return backends[i]->keys;
        if (backends[i]->extra_groups && g_strv_contains(backends[i]->extra_groups, group))
            return backends[i]->extra_keys;
    }
    return NULL;
}

/* Made once for each group and kept: callers get a constant list. */
const char *const *
keymgr_config_keys(const char *group)
{
    static GMutex lock;
    static GHashTable *made;
    const KeymgrConfigKey *const *list = group_keys(group);
    const char *const *names;
    GPtrArray *array;

    if (!list)
        return NULL;
    g_mutex_lock(&lock);
    if (!made)
        made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    names = g_hash_table_lookup(made, group);
    if (!names) {
        array = g_ptr_array_new();
        for (; *list; list++) {
            const KeymgrConfigKey *key;

            for (key = *list; key->name; key++)
                g_ptr_array_add(array, (gpointer)key->name);
        }
        g_ptr_array_add(array, NULL);
        names = (const char *const *)g_ptr_array_free(array, FALSE);
        g_hash_table_insert(made, g_strdup(group), (gpointer)names);
    }
    g_mutex_unlock(&lock);
    return names;
}

gboolean
keymgr_config_key_is_secret(const char *group, const char *name)
{
    const KeymgrConfigKey *const *list = group_keys(group);

    for (; list && *list; list++) {
        const KeymgrConfigKey *key;

        for (key = *list; key->name; key++) {
            if (strcmp(key->name, name) == 0)
                return key->secret;
        }
    }
    return FALSE;
}

static gboolean
unsupported(Keymgr *keymgr, const char *what, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED, "%s: cannot %s", keymgr_describe_store(keymgr),
                what);
    return FALSE;
}

GPtrArray *
keymgr_fetch(Keymgr *keymgr, const char *const *references, GCancellable *cancellable, GError **error)
{
    return keymgr->backend->fetch(keymgr->store, references, cancellable, error);
}

KeymgrInfo *
keymgr_describe(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->describe && !unsupported(keymgr, "describe secrets", error))
        return NULL;
    return keymgr->backend->describe(keymgr->store, reference, cancellable, error);
}

GPtrArray *
keymgr_list(Keymgr *keymgr, const KeymgrListOptions *options, guint *total, GCancellable *cancellable,
            GError **error)
{
    const KeymgrListOptions everything = { 0 };
    guint unwanted;

    if (!keymgr->backend->list && !unsupported(keymgr, "list secrets", error))
        return NULL;
    return keymgr->backend->list(keymgr->store, options ? options : &everything, total ? total : &unwanted,
                                 cancellable, error);
}

static gboolean
check_value(Keymgr *keymgr, const KeymgrSecret *value, GError **error)
{
    if (keymgr_secret_size(value) > 0)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_SECRET, "%s: an empty value is not stored",
                keymgr_describe_store(keymgr));
    return FALSE;
}

char *
keymgr_store(Keymgr *keymgr, const KeymgrNewSecret *description, KeymgrSecret *value,
             GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->store && !unsupported(keymgr, "store secrets", error))
        return NULL;
    if (value && !check_value(keymgr, value, error))
        return NULL;
    return keymgr->backend->store(keymgr->store, description, value, cancellable, error);
}

gboolean
keymgr_set_payload(Keymgr *keymgr, const char *reference, KeymgrSecret *value, GCancellable *cancellable,
                   GError **error)
{
    if (!keymgr->backend->set_payload && !unsupported(keymgr, "set a secret's value", error))
        return FALSE;
    return check_value(keymgr, value, error) &&
           keymgr->backend->set_payload(keymgr->store, reference, value, cancellable, error);
}

gboolean
keymgr_delete(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->remove && !unsupported(keymgr, "delete secrets", error))
        return FALSE;
    return keymgr->backend->remove(keymgr->store, reference, cancellable, error);
}

KeymgrAcl *
keymgr_get_acl(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->get_acl && !unsupported(keymgr, "say who may read a secret", error))
        return NULL;
    return keymgr->backend->get_acl(keymgr->store, reference, cancellable, error);
}

gboolean
keymgr_add_consumer(Keymgr *keymgr, const char *const *references, const KeymgrConsumer *consumer,
                    GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->add_consumer && !unsupported(keymgr, "register consumers", error))
        return FALSE;
    return keymgr->backend->add_consumer(keymgr->store, references, consumer, cancellable, error);
}

gboolean
keymgr_remove_consumer(Keymgr *keymgr, const char *const *references, const KeymgrConsumer *consumer,
                       GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->remove_consumer && !unsupported(keymgr, "register consumers", error))
        return FALSE;
    return keymgr->backend->remove_consumer(keymgr->store, references, consumer, cancellable, error);
}

GPtrArray *
keymgr_list_consumers(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error)
{
    if (!keymgr->backend->list_consumers && !unsupported(keymgr, "register consumers", error))
        return NULL;
    return keymgr->backend->list_consumers(keymgr->store, reference, cancellable, error);
}

gboolean
keymgr_has_metadata(Keymgr *keymgr)
{
    return keymgr->backend->get_metadata != NULL;
}

GPtrArray *
keymgr_get_metadata(Keymgr *keymgr, const char *const *references, GCancellable *cancellable, GError **error)
{
    if (!keymgr_has_metadata(keymgr) && !unsupported(keymgr, "keep metadata of secrets", error))
        return NULL;
    return keymgr->backend->get_metadata(keymgr->store, references, cancellable, error);
}

gboolean
keymgr_set_metadata(Keymgr *keymgr, const char *reference, GHashTable *metadata, GCancellable *cancellable,
                    GError **error)
{
    if (!keymgr->backend->set_metadata && !unsupported(keymgr, "keep metadata of secrets", error))
        return FALSE;
    return keymgr->backend->set_metadata(keymgr->store, reference, metadata, cancellable, error);
}

gboolean
keymgr_wants_consumers(Keymgr *keymgr)
{
    return keymgr->backend->wants_consumers && keymgr->backend->wants_consumers(keymgr->store);
}

KeymgrReached *
keymgr_reach(Keymgr *keymgr, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrReached) reached = g_new0(KeymgrReached, 1);

    if (!keymgr->backend->check && !unsupported(keymgr, "be checked", error))
        return NULL;
    reached->summary = keymgr->backend->check(keymgr->store, reached, cancellable, error);
    return reached->summary ? g_steal_pointer(&reached) : NULL;
}

char *
keymgr_check(Keymgr *keymgr, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrReached) reached = keymgr_reach(keymgr, cancellable, error);

    return reached ? g_steal_pointer(&reached->summary) : NULL;
}
