/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_client_private.h"

#include <string.h>

#include "wsman/wsman_error_private.h"
#include "wsman/wsman_fault.h"
#include "wsman/wsman_names.h"

void
wsman_call_clear(WsmanCall *call)
{
    g_clear_pointer(&call->request, wsman_buffer_free);
    g_clear_pointer(&call->message_id, g_free);
}

void
wsman_client_prefix_error(const WsmanClient *client, const char *label, GError **error)
{
    g_prefix_error(error, "%s: %s: ", client->config.url, label);
}

void
wsman_call_begin(const WsmanClient *client, WsmanCall *call, const char *action,
                 const char *resource_uri, const WsmanEpr *target)
{
    WsmanSoapHeader header = {
        .action = action,
        .to = client->config.url,
        .resource_uri = resource_uri,
        .target = target,
        .operation_timeout_ms = call->timeout_ms ? call->timeout_ms : client->operation_timeout_ms,
    };

    call->message_id = wsman_soap_new_message_id();
    header.message_id = call->message_id;
    if (!call->request)
        call->request = wsman_buffer_new(FALSE, WSMAN_MAX_REQUEST_SIZE);
    wsman_soap_begin(call->request, &header);
}

/* --- answers without SOAP ------------------------------------------------- */

static void
set_unauthorized(const WsmanClient *client, const WsmanHttpAnswer *answer, GError **error)
{
    WsmanErrorDetail detail = { .http_status = answer->status };
    const char *ours = client->config.mechanism->scheme;
    g_autofree char *offered = NULL;
    gboolean common = FALSE;

    for (guint i = 0; i < answer->challenges->len; i++)
        common |= g_ascii_strcasecmp(g_ptr_array_index(answer->challenges, i), ours) == 0;
    g_ptr_array_add(answer->challenges, NULL);
    offered = g_strjoinv(", ", (char **)answer->challenges->pdata);
    if (common)
        wsman_set_error(error, WSMAN_ERROR_AUTH, &detail,
                        "HTTP 401: the server refuses user or password (mechanism %s; it offers %s)", ours,
                        offered);
    else
        wsman_set_error(error, WSMAN_ERROR_AUTH, &detail,
                        "HTTP 401: the server does not take authentication by %s; it offers %s", ours,
                        *offered ? offered : "nothing");
}

/* A WinRM service with AllowUnencrypted=false answers so, and without a word. */
static gboolean
demands_encryption(const WsmanClient *client, const WsmanHttpAnswer *answer)
{
    return answer->status == 500 && wsman_buffer_get_size(answer->body) == 0 &&
           !client->config.target.encrypted;
}

static void
set_http_error(const WsmanClient *client, const WsmanHttpAnswer *answer, GError **error)
{
    WsmanErrorDetail detail = { .http_status = answer->status };

    if (answer->status == 401)
        set_unauthorized(client, answer, error);
    else if (answer->status == 413)
        wsman_set_error(error, WSMAN_ERROR_LIMIT, &detail,
                        "HTTP 413: the request is larger than the server takes (MaxEnvelopeSizekb)");
    else if (demands_encryption(client, answer))
        wsman_set_error(error, WSMAN_ERROR_HTTP, &detail,
                        "HTTP 500 without an answer: the service demands encrypted messages "
                        "(AllowUnencrypted=false); use https");
    else if (answer->status == 404)
        wsman_set_error(error, WSMAN_ERROR_HTTP, &detail,
                        "HTTP 404: there is no WS-Management service at this path (usually /wsman)");
    else if (answer->status >= 300 && answer->status < 400)
        wsman_set_error(error, WSMAN_ERROR_HTTP, &detail,
                        "HTTP %u: the server points elsewhere, which is not followed", answer->status);
    else if (answer->status == 200)
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, &detail, "the answer is not SOAP (%s)",
                        answer->content_type ? "another content type" : "no content type");
    else
        wsman_set_error(error, WSMAN_ERROR_HTTP, &detail, "HTTP %u without a SOAP answer", answer->status);
}

static gboolean
is_soap(const WsmanHttpAnswer *answer)
{
    if (wsman_buffer_get_size(answer->body) == 0 || answer->status == 401)
        return FALSE;
    return answer->content_type && (strcmp(answer->content_type, "application/soap+xml") == 0 ||
                                    strcmp(answer->content_type, "text/xml") == 0 ||
                                    strcmp(answer->content_type, "application/xml") == 0);
}

/* --- answers with SOAP ---------------------------------------------------- */

static gboolean
check_relation(const WsmanCall *call, const WsmanMessage *message, GError **error)
{
    const char *relates_to = wsman_message_get_relates_to(message);

    if (!call->message_id || !relates_to || g_ascii_strcasecmp(relates_to, call->message_id) == 0)
        return TRUE;
    wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the answer belongs to another request");
    return FALSE;
}

static WsmanMessage *
take_answer(const WsmanClient *client, const WsmanCall *call, const WsmanHttpAnswer *answer,
            GError **error)
{
    g_autoptr(WsmanMessage) message = NULL;

    if (!is_soap(answer)) {
        set_http_error(client, answer, error);
        return NULL;
    }
    message = wsman_message_parse(wsman_buffer_get_data(answer->body), wsman_buffer_get_size(answer->body),
                                  answer->charset, call->secret, error);
    if (!message || !check_relation(call, message, error))
        return NULL;
    if (wsman_message_get_fault(message)) {
        wsman_fault_to_error(wsman_message_get_fault(message), answer->status, call->names_instance, error);
        return NULL;
    }
    if (answer->status != 200) {
        set_http_error(client, answer, error);
        return NULL;
    }
    return g_steal_pointer(&message);
}

/* What the server says for certain that it has not begun. */
static gboolean
is_refusal(const WsmanClient *client, const WsmanHttpAnswer *answer)
{
    if (!answer->body)
        return FALSE;
    return (answer->status >= 300 && answer->status < 500) || demands_encryption(client, answer);
}

/* A request that changes something and may have reached its end. A fault says
 * how it ended, except those that speak of the answer's own way. */
static void
mark_may_have_run(const WsmanClient *client, const WsmanCall *call, const WsmanHttpAnswer *answer,
                  GError *error)
{
    guint32 code = wsman_error_get_hresult(error);

    if (call->read_only || !answer->sent)
        return;
    if (code != 0 && code != WSMAN_FAULT_TIMED_OUT && code != WSMAN_FAULT_RESPONSE_TOO_LARGE)
        return;
    if (g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_FAULT) || is_refusal(client, answer))
        return;
    wsman_error_set_may_have_run(error);
}

/* --- sending -------------------------------------------------------------- */

/* Never what a request or an answer holds. */
static void
log_exchange(const WsmanClient *client, const WsmanCall *call, const WsmanHttpAnswer *answer, gint64 start,
             const GError *problem)
{
    g_debug("%s: %s: HTTP %u, %zu bytes up, %zu down, %" G_GINT64_FORMAT " ms%s%s", client->config.url, call->label,
            answer->status, wsman_buffer_get_size(call->request),
            answer->body ? wsman_buffer_get_size(answer->body) : 0,
            (g_get_monotonic_time() - start) / G_TIME_SPAN_MILLISECOND, problem ? ": " : "",
            problem ? problem->message : "");
}

static WsmanMessage *
try_call(WsmanClient *client, const WsmanCall *call, gsize *size, gboolean *broke,
         GCancellable *cancellable, GError **error)
{
    g_auto(WsmanHttpAnswer) answer = { 0 };
    g_autoptr(GError) problem = NULL;
    guint timeout_ms = call->timeout_ms ? call->timeout_ms : client->operation_timeout_ms;
    WsmanHttpRequest request = {
        .body = call->request,
        .repeatable = call->repeatable,
        .secret_answer = call->secret,
        .timeout_ms = timeout_ms + client->network_delay_ms,
    };
    WsmanHttp *http = wsman_pool_acquire(client->pool, timeout_ms, cancellable, error);
    WsmanMessage *message = NULL;
    gint64 start = g_get_monotonic_time();
    gboolean done;

    if (!http)
        return NULL;
    done = wsman_http_post(http, &request, &answer, cancellable, &problem);
    wsman_pool_release(client->pool, http);
    if (done)
        message = take_answer(client, call, &answer, &problem);
    log_exchange(client, call, &answer, start, problem);
    *broke = answer.broke;
    if (size && answer.body)
        *size = wsman_buffer_get_size(answer.body);
    if (!message) {
        mark_may_have_run(client, call, &answer, problem);
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    return message;
}

WsmanMessage *
wsman_call(WsmanClient *client, WsmanCall *call, gsize *size, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) problem = NULL;
    WsmanMessage *message;
    gboolean broke = FALSE;

    if (wsman_buffer_has_overflown(call->request)) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the request is larger than %u bytes",
                        WSMAN_MAX_REQUEST_SIZE);
        wsman_client_prefix_error(client, call->label, error);
        return NULL;
    }
    message = try_call(client, call, size, &broke, cancellable, &problem);
    if (!message && broke && call->repeatable) {
        g_clear_error(&problem);
        message = try_call(client, call, size, &broke, cancellable, &problem);
    }
    if (!message) {
        if (problem->domain == WSMAN_ERROR)
            wsman_client_prefix_error(client, call->label, &problem);
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    return message;
}
