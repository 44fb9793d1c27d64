/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_call.h"

#include "keymgr/keymgr_error.h"

KeymgrBarbicanCall *
keymgr_barbican_call_new(const char *method, const char *accept, char *path, char *what)
{
    KeymgrBarbicanCall *call = g_new0(KeymgrBarbicanCall, 1);

    call->http = g_new0(KeymgrHttpRequest, 1);
    call->http->method = method;
    call->http->accept = accept;
    call->http->max_answer = KEYMGR_SECRET_MAX_SIZE;
    /* libnghttp2 copies what is sent, and wipes nothing: HTTP/2 is for requests
     * without a body. */
    call->http->multiplex = g_str_equal(method, "GET");
    /* What changes something is not sent twice without our knowing. */
    call->http->fresh = !call->http->multiplex;
    call->path = path;
    call->what = what;
    return call;
}

void
keymgr_barbican_call_free(gpointer data)
{
    KeymgrBarbicanCall *call = data;

    if (!call)
        return;
    keymgr_http_request_free(call->http);
    g_free(call->path);
    g_free(call->what);
    g_free(call);
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

KeymgrBarbicanCall *
keymgr_barbican_payload_call(const char *uuid)
{
    KeymgrBarbicanCall *call = keymgr_barbican_call_new("GET", "application/octet-stream",
                                                        g_strdup_printf("/secrets/%s/payload", uuid),
                                                        g_strdup_printf("secret %s", uuid));

    call->check = check_payload;
    return call;
}

GPtrArray *
keymgr_barbican_calls_new(void)
{
    return g_ptr_array_new_with_free_func(keymgr_barbican_call_free);
}

KeymgrBarbicanCall *
keymgr_barbican_send_one(KeymgrBarbican *barbican, KeymgrBarbicanCall *call, gint64 deadline,
                         GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) calls = keymgr_barbican_calls_new();

    g_ptr_array_add(calls, call);
    if (!keymgr_barbican_send(barbican, calls, deadline, cancellable, error))
        return NULL;
    return g_ptr_array_steal_index(calls, 0);
}

gboolean
keymgr_barbican_do(KeymgrBarbican *barbican, KeymgrBarbicanCall *call, gint64 deadline,
                   GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrBarbicanCall) sent = keymgr_barbican_send_one(barbican, call, deadline, cancellable, error);

    return sent != NULL;
}

void
keymgr_barbican_prefix(KeymgrBarbican *barbican, const char *what, GError **error)
{
    g_prefix_error(error, "%s: %s: ", keymgr_barbican_describe(barbican), what);
}

KeymgrJson *
keymgr_barbican_get_json(KeymgrBarbican *barbican, char *path, char *what, gint64 deadline,
                         GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrBarbicanCall) call = keymgr_barbican_call_new("GET", "application/json", path, what);
    KeymgrJson *json;

    call = keymgr_barbican_send_one(barbican, g_steal_pointer(&call), deadline, cancellable, error);
    if (!call)
        return NULL;
    json = keymgr_json_parse(call->http->answer, error);
    if (!json)
        keymgr_barbican_prefix(barbican, call->what, error);
    return json;
}

gboolean
keymgr_barbican_parse_secret(const char *text, const char *cannot, KeymgrReference *reference, GError **error)
{
    if (!keymgr_reference_parse(text, reference, error))
        return FALSE;
    if (reference->kind == KEYMGR_REFERENCE_SECRET)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE, "container %s %s", reference->uuid, cannot);
    return FALSE;
}

static const char *
kind_of(const KeymgrReference *reference)
{
    return reference->kind == KEYMGR_REFERENCE_CONTAINER ? "container" : "secret";
}

char *
keymgr_barbican_path_of(const KeymgrReference *reference, const char *rest)
{
    return g_strdup_printf("/%ss/%s%s", kind_of(reference), reference->uuid, rest);
}

char *
keymgr_barbican_name_of(const KeymgrReference *reference)
{
    return g_strdup_printf("%s %s", kind_of(reference), reference->uuid);
}
