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
#include "keymgr/keymgr_barbican.h"
#include "keymgr/keymgr_barbican_json.h"
#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_reference.h"
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

static GPtrArray *
calls_new(void)
{
    return g_ptr_array_new_with_free_func(keymgr_barbican_call_free);
}

/* A proxy's login page comes with status 200 as well. */
static gboolean
check_payload(KeymgrBarbicanCall *call, GError **error)
{
    const KeymgrHttpRequest *http = call->http;

    if (http->status == 204 || keymgr_secret_size(http->answer) == 0) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NO_PAYLOAD, "HTTP %u: its payload is empty",
                    http->status);
        return FALSE;
    }
    if (http->status != 200 || !http->answer_type ||
        !g_str_has_prefix(http->answer_type, "application/octet-stream")) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL,
                    "HTTP %u: the answer is not a payload: its type is not application/octet-stream",
                    http->status);
        return FALSE;
    }
    return TRUE;
}

static KeymgrBarbicanCall *
payload_call(const char *uuid)
{
    KeymgrBarbicanCall *call = keymgr_barbican_call_new("GET", "application/octet-stream",
                                                        g_strdup_printf("/secrets/%s/payload", uuid),
                                                        g_strdup_printf("secret %s", uuid));

    call->check = check_payload;
    return call;
}

/* One GET of a JSON object. */
static KeymgrJson *
get_json(KeymgrBarbican *barbican, char *path, char *what, gint64 deadline, GCancellable *cancellable,
         GError **error)
{
    g_autoptr(GPtrArray) calls = calls_new();
    KeymgrBarbicanCall *call = keymgr_barbican_call_new("GET", "application/json", path, what);
    KeymgrJson *json;

    g_ptr_array_add(calls, call);
    if (!keymgr_barbican_send(barbican, calls, deadline, cancellable, error))
        return NULL;
    json = keymgr_json_parse(call->http->answer, error);
    if (!json)
        g_prefix_error(error, "%s: %s: ", keymgr_barbican_describe(barbican), call->what);
    return json;
}

/* The UUIDs of all references, those of containers in their place. */
static gboolean
resolve(KeymgrBarbican *barbican, const char *const *references, gint64 deadline, GPtrArray *uuids,
        GCancellable *cancellable, GError **error)
{
    for (; *references; references++) {
        KeymgrReference reference;

        if (!keymgr_reference_parse(*references, &reference, error))
            return FALSE;
        if (reference.kind == KEYMGR_REFERENCE_CONTAINER) {
            g_autofree char *what = g_strdup_printf("container %s", reference.uuid);
            g_autoptr(KeymgrJson) json = get_json(barbican, g_strdup_printf("/containers/%s", reference.uuid),
                                                  g_strdup(what), deadline, cancellable, error);

            if (!json)
                return FALSE;
            if (!keymgr_barbican_json_container(json, KEYMGR_MAX_REFERENCES, uuids, error)) {
                g_prefix_error(error, "%s: %s: ", keymgr_barbican_describe(barbican), what);
                return FALSE;
            }
        } else {
            g_ptr_array_add(uuids, g_strdup(reference.uuid));
        }
        if (uuids->len > KEYMGR_MAX_REFERENCES) {
            g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "more than %d secrets at once",
                        KEYMGR_MAX_REFERENCES);
            return FALSE;
        }
    }
    return TRUE;
}

static void
secret_free(gpointer secret)
{
    keymgr_secret_unref(secret);
}

static GPtrArray *
barbican_fetch(gpointer store, const char *const *references, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) calls = calls_new();
    GPtrArray *secrets;
    guint i;

    if (!resolve(barbican, references, deadline, uuids, cancellable, error))
        return NULL;
    for (i = 0; i < uuids->len; i++)
        g_ptr_array_add(calls, payload_call(g_ptr_array_index(uuids, i)));
    if (calls->len > 0 && !keymgr_barbican_send(barbican, calls, deadline, cancellable, error))
        return NULL;
    secrets = g_ptr_array_new_with_free_func(secret_free);
    for (i = 0; i < calls->len; i++) {
        KeymgrBarbicanCall *call = g_ptr_array_index(calls, i);

        g_ptr_array_add(secrets, g_steal_pointer(&call->http->answer));
    }
    return secrets;
}

static KeymgrInfo *
barbican_describe(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    g_autoptr(KeymgrJson) json = NULL;
    KeymgrReference reference;
    KeymgrInfo *info;

    if (!keymgr_reference_parse(text, &reference, error))
        return NULL;
    if (reference.kind != KEYMGR_REFERENCE_SECRET) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                    "container %s cannot be described as a secret", reference.uuid);
        return NULL;
    }
    json = get_json(barbican, g_strdup_printf("/secrets/%s", reference.uuid),
                    g_strdup_printf("secret %s", reference.uuid), keymgr_barbican_deadline(barbican),
                    cancellable, error);
    if (!json)
        return NULL;
    info = keymgr_barbican_json_info(json, error);
    if (!info)
        g_prefix_error(error, "%s: secret %s: ", keymgr_barbican_describe(barbican), reference.uuid);
    return info;
}

static void
info_free(gpointer info)
{
    keymgr_info_free(info);
}

/* Appends one page; *more: whether another follows. */
static gboolean
list_page(KeymgrBarbican *barbican, const char *name, GPtrArray *infos, gint64 deadline, gboolean *more,
          GCancellable *cancellable, GError **error)
{
    g_autofree char *escaped = name ? g_uri_escape_string(name, NULL, FALSE) : NULL;
    g_autoptr(KeymgrJson) json = NULL;
    guint before = infos->len;

    json = get_json(barbican,
                    g_strdup_printf("/secrets?limit=%d&offset=%u%s%s", PAGE, infos->len,
                                    name ? "&name=" : "", name ? escaped : ""),
                    g_strdup("the list of secrets"), deadline, cancellable, error);
    if (!json)
        return FALSE;
    if (!keymgr_barbican_json_list(json, KEYMGR_LIST_MAX, infos, error)) {
        g_prefix_error(error, "%s: the list of secrets: ", keymgr_barbican_describe(barbican));
        return FALSE;
    }
    /* A page may be shorter than asked for; an empty one ends the list. */
    *more = infos->len > before && infos->len < keymgr_json_uint(json, "total");
    return TRUE;
}

static GPtrArray *
barbican_list(gpointer store, const char *name, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GPtrArray) infos = g_ptr_array_new_with_free_func(info_free);
    gboolean more = TRUE;

    while (more) {
        if (!list_page(barbican, name, infos, deadline, &more, cancellable, error))
            return NULL;
    }
    return g_steal_pointer(&infos);
}

/* Sends one call; returns it when all went well. Takes it over otherwise. */
static KeymgrBarbicanCall *
send_one(KeymgrBarbican *barbican, KeymgrBarbicanCall *call, gint64 deadline, GCancellable *cancellable,
         GError **error)
{
    g_autoptr(GPtrArray) calls = calls_new();

    g_ptr_array_add(calls, call);
    if (!keymgr_barbican_send(barbican, calls, deadline, cancellable, error))
        return NULL;
    return g_ptr_array_steal_index(calls, 0);
}

static KeymgrBarbicanCall *
delete_call(const char *uuid)
{
    return keymgr_barbican_call_new("DELETE", "application/json", g_strdup_printf("/secrets/%s", uuid),
                                    g_strdup_printf("deleting secret %s", uuid));
}

/* Makes a secret without its payload; its UUID. */
static char *
create(KeymgrBarbican *barbican, const KeymgrNewSecret *description, gint64 deadline,
       GCancellable *cancellable, GError **error)
{
    KeymgrBarbicanCall *call = keymgr_barbican_call_new("POST", "application/json", g_strdup("/secrets"),
                                                        g_strdup("storing a secret"));
    g_autoptr(KeymgrJson) json = NULL;
    char *uuid = NULL;

    call->once = TRUE;
    call->http->content_type = "application/json";
    call->http->body = keymgr_barbican_json_new_secret(description, error);
    if (!call->http->body) {
        keymgr_barbican_call_free(call);
        return NULL;
    }
    call = send_one(barbican, call, deadline, cancellable, error);
    if (!call)
        return NULL;
    json = keymgr_json_parse(call->http->answer, error);
    uuid = json ? keymgr_barbican_json_id(json, error) : NULL;
    if (!uuid)
        g_prefix_error(error, "%s: %s: ", keymgr_barbican_describe(barbican), call->what);
    keymgr_barbican_call_free(call);
    return uuid;
}

/* In two steps, because only PUT takes raw bytes: POST wants base64, which
 * would need a copy and a third of the size limit, and strips white space at
 * the ends of texts. */
static char *
barbican_store(gpointer store, const KeymgrNewSecret *description, KeymgrSecret *value,
               GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autofree char *uuid = create(barbican, description, deadline, cancellable, error);
    KeymgrBarbicanCall *call;

    if (!uuid)
        return NULL;
    call = keymgr_barbican_call_new("PUT", "application/json", g_strdup_printf("/secrets/%s", uuid),
                                    g_strdup_printf("storing the payload of secret %s", uuid));
    call->http->content_type = "application/octet-stream";
    call->http->body = keymgr_secret_ref(value);
    call = send_one(barbican, call, deadline, cancellable, error);
    if (call) {
        keymgr_barbican_call_free(call);
        return g_steal_pointer(&uuid);
    }
    /* Taken back, with a time of its own; a failure of that adds nothing that
     * helps. */
    call = send_one(barbican, delete_call(uuid), keymgr_barbican_deadline(barbican), NULL, NULL);
    g_clear_pointer(&call, keymgr_barbican_call_free);
    return NULL;
}

static gboolean
barbican_remove(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    KeymgrReference reference;
    KeymgrBarbicanCall *call;

    if (!keymgr_reference_parse(text, &reference, error))
        return FALSE;
    if (reference.kind != KEYMGR_REFERENCE_SECRET) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE, "containers are not deleted: %s",
                    reference.uuid);
        return FALSE;
    }
    call = send_one(barbican, delete_call(reference.uuid), keymgr_barbican_deadline(barbican), cancellable,
                    error);
    if (!call)
        return FALSE;
    keymgr_barbican_call_free(call);
    return TRUE;
}

/* The API's root wants a token, and no role. */
static char *
barbican_check(gpointer store, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(KeymgrJson) json = get_json(barbican, g_strdup("/"), g_strdup("its version"), deadline,
                                          cancellable, error);

    return json ? keymgr_barbican_reach(barbican, deadline, cancellable, error) : NULL;
}

static const KeymgrConfigKey *const key_lists[] = {
    keymgr_barbican_keys, keymgr_auth_keys, keymgr_retry_keys, NULL,
};

static const KeymgrConfigKey *const service_user_key_lists[] = { keymgr_auth_keys, NULL };

const KeymgrBackend keymgr_backend_barbican = {
    .name = "barbican",
    .group = "barbican",
    .keys = key_lists,
    .extra_group = "barbican_service_user",
    .extra_keys = service_user_key_lists,
    .open = barbican_open,
    .close = barbican_close,
    .describe_store = barbican_describe_store,
    .fetch = barbican_fetch,
    .describe = barbican_describe,
    .list = barbican_list,
    .store = barbican_store,
    .remove = barbican_remove,
    .check = barbican_check,
};
