/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_metadata.h"

#include <string.h>

#include "keymgr/keymgr_barbican_call.h"
#include "keymgr/keymgr_error.h"

/* Barbican cuts a request at 25,000 bytes. */
#define MAX_BODY 20000

static KeymgrBarbicanCall *
new_call(const char *method, const char *text, GError **error)
{
    KeymgrReference reference;
    g_autofree char *name = NULL;

    if (!keymgr_barbican_parse_secret(text, "has no metadata", &reference, error))
        return NULL;
    name = keymgr_barbican_name_of(&reference);
    return keymgr_barbican_call_new(method, "application/json", keymgr_barbican_path_of(&reference, "/metadata"),
                                    g_strconcat("the metadata of ", name, NULL));
}

static GHashTable *
read_metadata(KeymgrJson *json, GError **error)
{
    KeymgrJson *object = keymgr_json_object(json, "metadata");
    g_autoptr(GHashTable) metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct json_object_iterator at;
    struct json_object_iterator end;

    if (!object || json_object_object_length(object) > KEYMGR_BARBICAN_MAX_METADATA) {
        g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL,
                            "the answer has no object 'metadata' of usual size");
        return NULL;
    }
    end = json_object_iter_end(object);
    for (at = json_object_iter_begin(object); !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *key = json_object_iter_peek_name(&at);
        const char *value = keymgr_json_string(object, key);

        if (value)
            g_hash_table_insert(metadata, g_strdup(key), g_strdup(value));
    }
    return g_steal_pointer(&metadata);
}

static void
metadata_free(gpointer metadata)
{
    if (metadata)
        g_hash_table_unref(metadata);
}

GPtrArray *
keymgr_barbican_get_metadata(gpointer store, const char *const *references, GCancellable *cancellable,
                             GError **error)
{
    KeymgrBarbican *barbican = store;
    g_autoptr(GPtrArray) calls = keymgr_barbican_calls_new();
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(metadata_free);
    guint i;

    for (; *references; references++) {
        KeymgrBarbicanCall *call = new_call("GET", *references, error);

        if (!call)
            return NULL;
        call->may_be_gone = TRUE;
        g_ptr_array_add(calls, call);
    }
    if (!keymgr_barbican_send(barbican, calls, keymgr_barbican_deadline(barbican), cancellable, error))
        return NULL;
    for (i = 0; i < calls->len; i++) {
        KeymgrBarbicanCall *call = g_ptr_array_index(calls, i);
        g_autoptr(KeymgrJson) json = NULL;
        GHashTable *metadata = NULL;

        if (call->http->status != 404) {
            json = keymgr_json_parse(call->http->answer, error);
            metadata = json ? read_metadata(json, error) : NULL;
            if (!metadata) {
                keymgr_barbican_prefix(barbican, call->what, error);
                return NULL;
            }
        }
        g_ptr_array_add(all, metadata);
    }
    return g_steal_pointer(&all);
}

/* {"metadata": {"key": "value", ...}} */
static KeymgrSecret *
write_metadata(GHashTable *metadata, GError **error)
{
    g_autoptr(KeymgrSecret) out = keymgr_secret_new_buffer(MAX_BODY);
    gboolean good = keymgr_json_write(out, "{\"metadata\":{");
    gboolean first = TRUE;
    GHashTableIter iter;
    gpointer key;
    gpointer value;

    g_hash_table_iter_init(&iter, metadata);
    while (good && g_hash_table_iter_next(&iter, &key, &value)) {
        good = keymgr_json_write(out, first ? "" : ",") && keymgr_json_write_string(out, key, strlen(key)) &&
               keymgr_json_write(out, ":") && keymgr_json_write_string(out, value, strlen(value));
        first = FALSE;
    }
    if (good && keymgr_json_write(out, "}}"))
        return g_steal_pointer(&out);
    g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "the metadata of the secret is too long");
    return NULL;
}

gboolean
keymgr_barbican_set_metadata(gpointer store, const char *reference, GHashTable *metadata,
                             GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    g_autoptr(KeymgrBarbicanCall) call = new_call("PUT", reference, error);

    if (!call)
        return FALSE;
    call->http->content_type = "application/json";
    call->http->body = write_metadata(metadata, error);
    if (!call->http->body)
        return FALSE;
    return keymgr_barbican_do(barbican, g_steal_pointer(&call), keymgr_barbican_deadline(barbican), cancellable,
                              error);
}
