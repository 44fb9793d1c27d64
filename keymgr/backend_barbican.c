/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenStack Barbican, Key Manager API v1. Facts that shape this file, as
 * measured on release 15: the Accept header is compared as one string, so a
 * payload is always asked for as exactly application/octet-stream, which
 * serves every type of secret byte for byte; UUIDs must be lower case; a
 * payload that is stored but empty comes as 204.
 */
#include <string.h>

#include "keymgr/keymgr_auth.h"
#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_barbican_call.h"
#include "keymgr/keymgr_barbican_consumers.h"
#include "keymgr/keymgr_barbican_json.h"
#include "keymgr/keymgr_barbican_metadata.h"
#include "keymgr/keymgr_barbican_store.h"
#include "keymgr/keymgr_barbican_version.h"
#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_retry.h"

/* Barbican's own default maximum of a page. */
#define PAGE 100

static gpointer
barbican_open(const KeymgrConfig *config, GError **error)
{
    return keymgr_barbican_new(config, error);
}

static void
barbican_close(gpointer store)
{
    keymgr_barbican_free(store);
}

static const char *
barbican_describe_store(gpointer store)
{
    return keymgr_barbican_describe(store);
}

static gboolean
check_count(guint count, GError **error)
{
    if (count <= KEYMGR_MAX_REFERENCES)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "more than %d secrets at once", KEYMGR_MAX_REFERENCES);
    return FALSE;
}

/* All of them, or NULL. Of KeymgrReference. */
static GArray *
parse_references(const char *const *texts, GError **error)
{
    g_autoptr(GArray) references = g_array_new(FALSE, FALSE, sizeof(KeymgrReference));

    for (; *texts; texts++) {
        KeymgrReference reference;

        if (!keymgr_reference_parse(*texts, &reference, error))
            return NULL;
        g_array_append_val(references, reference);
    }
    return check_count(references->len, error) ? g_steal_pointer(&references) : NULL;
}

static KeymgrBarbicanCall *
call_for(const KeymgrReference *reference)
{
    if (reference->kind == KEYMGR_REFERENCE_SECRET)
        return keymgr_barbican_payload_call(reference->uuid);
    return keymgr_barbican_call_new("GET", "application/json", keymgr_barbican_path_of(reference, ""),
                                    keymgr_barbican_name_of(reference));
}

/* Makes the calls for the secrets of a container out of its description. */
static gboolean
add_contents(KeymgrBarbican *barbican, const KeymgrBarbicanCall *container, GPtrArray *calls, GError **error)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(KeymgrJson) json = keymgr_json_parse(container->http->answer, error);
    guint i;

    if (!json || !keymgr_barbican_json_container(json, KEYMGR_MAX_REFERENCES, uuids, error)) {
        keymgr_barbican_prefix(barbican, container->what, error);
        return FALSE;
    }
    for (i = 0; i < uuids->len; i++)
        g_ptr_array_add(calls, keymgr_barbican_payload_call(g_ptr_array_index(uuids, i)));
    return TRUE;
}

/* After the first round: replaces each container by its secrets, which are
 * left to send. calls: of the references, done. */
static GPtrArray *
open_containers(KeymgrBarbican *barbican, const GArray *references, GPtrArray *calls, GError **error)
{
    g_autoptr(GPtrArray) all = keymgr_barbican_calls_new();
    guint i;

    for (i = 0; i < references->len; i++) {
        KeymgrBarbicanCall **call = (KeymgrBarbicanCall **)&g_ptr_array_index(calls, i);

        if (g_array_index(references, KeymgrReference, i).kind == KEYMGR_REFERENCE_SECRET)
            g_ptr_array_add(all, g_steal_pointer(call));
        else if (!add_contents(barbican, *call, all, error))
            return NULL;
        if (!check_count(all->len, error))
            return NULL;
    }
    return g_steal_pointer(&all);
}

static void
secret_free(gpointer secret)
{
    keymgr_secret_unref(secret);
}

/* Two rounds at most: what the references name, and what containers hold. */
static GPtrArray *
barbican_fetch(gpointer store, const char *const *texts, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GArray) references = parse_references(texts, error);
    g_autoptr(GPtrArray) named = keymgr_barbican_calls_new();
    g_autoptr(GPtrArray) calls = NULL;
    GPtrArray *secrets;
    guint i;

    if (!references)
        return NULL;
    for (i = 0; i < references->len; i++)
        g_ptr_array_add(named, call_for(&g_array_index(references, KeymgrReference, i)));
    if (!keymgr_barbican_send(barbican, named, deadline, cancellable, error))
        return NULL;
    calls = open_containers(barbican, references, named, error);
    if (!calls || !keymgr_barbican_send(barbican, calls, deadline, cancellable, error))
        return NULL;
    secrets = g_ptr_array_new_with_free_func(secret_free);
    for (i = 0; i < calls->len; i++) {
        KeymgrBarbicanCall *call = g_ptr_array_index(calls, i);

        g_ptr_array_add(secrets, g_steal_pointer(&call->http->answer));
    }
    return secrets;
}

/* One document about a secret or container. */
static KeymgrJson *
get_part(KeymgrBarbican *barbican, const KeymgrReference *reference, const char *rest,
         GCancellable *cancellable, GError **error)
{
    return keymgr_barbican_get_json(barbican, keymgr_barbican_path_of(reference, rest),
                                    keymgr_barbican_name_of(reference), keymgr_barbican_deadline(barbican),
                                    cancellable, error);
}

static void
prefix_part(KeymgrBarbican *barbican, const KeymgrReference *reference, GError **error)
{
    g_autofree char *name = keymgr_barbican_name_of(reference);

    keymgr_barbican_prefix(barbican, name, error);
}

static KeymgrInfo *
barbican_describe(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrJson) json = NULL;
    KeymgrReference reference;
    KeymgrInfo *info;

    if (!keymgr_barbican_parse_secret(text, "cannot be described as a secret", &reference, error))
        return NULL;
    json = get_part(store, &reference, "", cancellable, error);
    info = json ? keymgr_barbican_json_info(json, error) : NULL;
    if (json && !info)
        prefix_part(store, &reference, error);
    return info;
}

static KeymgrAcl *
barbican_get_acl(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrJson) json = NULL;
    KeymgrReference reference;
    KeymgrAcl *acl;

    if (!keymgr_reference_parse(text, &reference, error))
        return NULL;
    json = get_part(store, &reference, "/acl", cancellable, error);
    acl = json ? keymgr_barbican_json_acl(json, error) : NULL;
    if (json && !acl)
        prefix_part(store, &reference, error);
    return acl;
}

static void
info_free(gpointer info)
{
    keymgr_info_free(info);
}

/* A list on its way. */
typedef struct {
    KeymgrBarbican *barbican;
    const KeymgrListOptions *options;
    char *escaped; /* the name, for a URL; or NULL */
    GPtrArray *infos;
    guint total;
    gboolean more; /* another page follows */
} Listing;

static guint
page_size(const Listing *listing)
{
    guint limit = listing->options->limit;

    return limit > 0 ? MIN(limit - listing->infos->len, PAGE) : PAGE;
}

static gboolean
list_page(Listing *listing, gint64 deadline, GCancellable *cancellable, GError **error)
{
    const KeymgrListOptions *options = listing->options;
    GPtrArray *infos = listing->infos;
    g_autoptr(KeymgrJson) json = NULL;
    guint before = infos->len;
    char *path = g_strdup_printf("/secrets?limit=%u&offset=%" G_GUINT64_FORMAT "%s%s", page_size(listing),
                                 (guint64)options->offset + before, listing->escaped ? "&name=" : "",
                                 listing->escaped ? listing->escaped : "");

    json = keymgr_barbican_get_json(listing->barbican, path, g_strdup("the list of secrets"), deadline,
                                    cancellable, error);
    if (!json)
        return FALSE;
    if (!keymgr_barbican_json_list(json, KEYMGR_LIST_MAX, infos, error)) {
        keymgr_barbican_prefix(listing->barbican, "the list of secrets", error);
        return FALSE;
    }
    if (options->limit > 0 && infos->len > options->limit)
        g_ptr_array_set_size(infos, (gint)options->limit);
    listing->total = keymgr_json_uint(json, "total");
    /* A page may be shorter than asked for; an empty one ends the list. */
    listing->more = infos->len > before && infos->len != options->limit &&
                    (guint64)options->offset + infos->len < listing->total;
    return TRUE;
}

static GPtrArray *
barbican_list(gpointer store, const KeymgrListOptions *options, guint *total, GCancellable *cancellable,
              GError **error)
{
    gint64 deadline = keymgr_barbican_deadline(store);
    g_autoptr(GPtrArray) infos = g_ptr_array_new_with_free_func(info_free);
    /* Twice, because Barbican decodes a name once more than HTTP does. */
    g_autofree char *once = options->name ? g_uri_escape_string(options->name, NULL, FALSE) : NULL;
    g_autofree char *escaped = once ? g_uri_escape_string(once, NULL, FALSE) : NULL;
    Listing listing = { store, options, escaped, infos, 0, TRUE };

    while (listing.more) {
        if (!list_page(&listing, deadline, cancellable, error))
            return NULL;
    }
    *total = listing.total;
    return g_steal_pointer(&infos);
}

/* The API's root wants a token, and no role. */
static char *
barbican_check(gpointer store, KeymgrReached *reached, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autofree char *login = NULL;

    reached->api_version = keymgr_barbican_api_version(barbican, deadline, cancellable, error);
    if (reached->api_version)
        login = keymgr_barbican_reach(barbican, reached, deadline, cancellable, error);
    return login ? g_strdup_printf("%s, API %s", login, reached->api_version) : NULL;
}

static gboolean
barbican_wants_consumers(gpointer store)
{
    return keymgr_barbican_registers_consumers(store);
}

static const KeymgrConfigKey *const key_lists[] = {
    keymgr_barbican_keys, keymgr_session_keys, keymgr_auth_keys, keymgr_retry_keys, NULL,
};

static const KeymgrConfigKey *const service_user_key_lists[] = { keymgr_session_keys, keymgr_auth_keys, NULL };

const KeymgrBackend keymgr_backend_barbican = {
    .name = "barbican",
    .group = "barbican",
    .keys = key_lists,
    .extra_groups = keymgr_auth_groups,
    .extra_keys = service_user_key_lists,
    .open = barbican_open,
    .close = barbican_close,
    .describe_store = barbican_describe_store,
    .fetch = barbican_fetch,
    .describe = barbican_describe,
    .list = barbican_list,
    .store = keymgr_barbican_store,
    .set_payload = keymgr_barbican_set_payload,
    .remove = keymgr_barbican_remove,
    .get_acl = barbican_get_acl,
    .add_consumer = keymgr_barbican_add_consumer,
    .remove_consumer = keymgr_barbican_remove_consumer,
    .list_consumers = keymgr_barbican_list_consumers,
    .wants_consumers = barbican_wants_consumers,
    .get_metadata = keymgr_barbican_get_metadata,
    .set_metadata = keymgr_barbican_set_metadata,
    .check = barbican_check,
};
