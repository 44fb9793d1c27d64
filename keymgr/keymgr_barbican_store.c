/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_store.h"

#include "keymgr/keymgr_barbican_call.h"
#include "keymgr/keymgr_barbican_json.h"
#include "keymgr/keymgr_error.h"

static KeymgrBarbicanCall *
delete_call(const KeymgrReference *reference)
{
    g_autofree char *name = keymgr_barbican_name_of(reference);

    KeymgrBarbicanCall *call;

    call = keymgr_barbican_call_new("DELETE", "application/json", keymgr_barbican_path_of(reference, ""),
                                    g_strconcat("deleting ", name, NULL));
    call->done_status = 404;
    return call;
}

/* Makes a secret without its payload; where it is. */
static gboolean
create(KeymgrBarbican *barbican, const KeymgrNewSecret *description, gint64 deadline, KeymgrReference *made,
       GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrBarbicanCall) call = keymgr_barbican_call_new("POST", "application/json",
                                                                  g_strdup("/secrets"),
                                                                  g_strdup("storing a secret"));
    g_autoptr(KeymgrJson) json = NULL;

    call->once = TRUE;
    call->http->content_type = "application/json";
    call->http->body = keymgr_barbican_json_new_secret(description, error);
    if (!call->http->body)
        return FALSE;
    call = keymgr_barbican_send_one(barbican, g_steal_pointer(&call), deadline, cancellable, error);
    if (!call)
        return FALSE;
    json = keymgr_json_parse(call->http->answer, error);
    if (json && keymgr_barbican_json_reference(json, made, error))
        return TRUE;
    keymgr_barbican_prefix(barbican, call->what, error);
    return FALSE;
}

/* Whether a secret that has a payload already has this one. */
static gboolean
check_stored(KeymgrBarbican *barbican, const KeymgrReference *reference, const KeymgrSecret *value,
             gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrBarbicanCall) call = keymgr_barbican_payload_call(reference->uuid);

    call = keymgr_barbican_send_one(barbican, g_steal_pointer(&call), deadline, cancellable, error);
    if (!call)
        return FALSE;
    if (keymgr_secret_equal(call->http->answer, value))
        return TRUE;
    g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_EXISTS, "HTTP 409: it has another payload already");
    return FALSE;
}

/* A try whose answer was lost may have been heard: then the next one is told
 * that there is a payload already. */
static gboolean
put_payload(KeymgrBarbican *barbican, const KeymgrReference *reference, KeymgrSecret *value, gint64 deadline,
            GCancellable *cancellable, GError **error)
{
    g_autofree char *name = keymgr_barbican_name_of(reference);
    g_autofree char *what = g_strconcat("storing the payload of ", name, NULL);
    g_autoptr(KeymgrBarbicanCall) call = keymgr_barbican_call_new("PUT", "application/json",
                                                                  keymgr_barbican_path_of(reference, ""),
                                                                  g_strdup(what));

    call->http->content_type = "application/octet-stream";
    call->http->body = keymgr_secret_ref(value);
    call->done_status = 409;
    call = keymgr_barbican_send_one(barbican, g_steal_pointer(&call), deadline, cancellable, error);
    if (!call)
        return FALSE;
    if (call->http->status != 409 ||
        check_stored(barbican, reference, value, deadline, cancellable, error))
        return TRUE;
    keymgr_barbican_prefix(barbican, what, error);
    return FALSE;
}

/* In two steps, because only PUT takes raw bytes: POST wants base64, which
 * would need a copy and a third of the size limit, and strips white space at
 * the ends of texts. */
char *
keymgr_barbican_store(gpointer store, const KeymgrNewSecret *description, KeymgrSecret *value,
                      GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    KeymgrReference made;

    if (!create(barbican, description, deadline, &made, cancellable, error))
        return NULL;
    if (!value || put_payload(barbican, &made, value, deadline, cancellable, error))
        return g_strdup(made.uuid);
    /* Taken back, with a time of its own; a failure of that adds nothing that
     * helps. */
    keymgr_barbican_do(barbican, delete_call(&made), keymgr_barbican_deadline(barbican), NULL, NULL);
    return NULL;
}

gboolean
keymgr_barbican_set_payload(gpointer store, const char *text, KeymgrSecret *value, GCancellable *cancellable,
                            GError **error)
{
    KeymgrReference reference;

    return keymgr_barbican_parse_secret(text, "has no payload of its own", &reference, error) &&
           put_payload(store, &reference, value, keymgr_barbican_deadline(store), cancellable, error);
}

gboolean
keymgr_barbican_remove(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    KeymgrReference reference;

    return keymgr_barbican_parse_secret(text, "is not deleted here", &reference, error) &&
           keymgr_barbican_do(store, delete_call(&reference), keymgr_barbican_deadline(store), cancellable,
                              error);
}
