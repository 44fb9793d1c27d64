/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_keystone.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_http_error.h"
#include "keymgr/keymgr_token.h"

/* A catalogue of a large cloud is some 100 KiB. */
#define MAX_ANSWER KEYMGR_SECRET_MAX_SIZE

struct KeymgrKeystone {
    KeymgrAuth *auth;
    KeymgrHttp *http;
    KeymgrRetry retry;
    gboolean with_catalog;
    char *prefix; /* of messages */

    GMutex lock;
    GCond changed;
    KeymgrToken *token;
    gboolean in_flight;
    guint flight;        /* counts requests */
    guint failed_flight; /* the last one that failed; 0: none */
    GError *failure;     /* and how */
};

KeymgrKeystone *
keymgr_keystone_new(KeymgrAuth *auth, KeymgrHttp *http, const KeymgrRetry *retry, gboolean with_catalog)
{
    KeymgrKeystone *keystone = g_new0(KeymgrKeystone, 1);

    keystone->auth = auth;
    keystone->http = http;
    keystone->retry = *retry;
    keystone->with_catalog = with_catalog;
    keystone->prefix = g_strdup_printf("Keystone at %s", keymgr_auth_url(auth));
    if (!keymgr_auth_url(auth))
        keystone->token = keymgr_token_new_ready(keymgr_auth_secret(auth));
    g_mutex_init(&keystone->lock);
    g_cond_init(&keystone->changed);
    return keystone;
}

void
keymgr_keystone_free(KeymgrKeystone *keystone)
{
    if (!keystone)
        return;
    keymgr_auth_free(keystone->auth);
    keymgr_token_unref(keystone->token);
    g_clear_error(&keystone->failure);
    g_free(keystone->prefix);
    g_mutex_clear(&keystone->lock);
    g_cond_clear(&keystone->changed);
    g_free(keystone);
}

const KeymgrAuth *
keymgr_keystone_auth(const KeymgrKeystone *keystone)
{
    return keystone->auth;
}

static gboolean
on_done(KeymgrHttpRequest *request, gpointer opaque)
{
    return TRUE;
}

/* Keystone "could not find" a token that has ended or was revoked, where any
 * other wrong credential is a 401. */
static gboolean
is_bad_token(const KeymgrKeystone *keystone, const KeymgrHttpRequest *request,
             const KeymgrSecret *const *hidden)
{
    g_autofree char *text = NULL;

    if (keymgr_auth_kind(keystone->auth) != KEYMGR_AUTH_TOKEN || request->error || request->status != 404)
        return FALSE;
    text = keymgr_http_server_text(request, hidden);
    return strstr(text, "token") != NULL;
}

static gboolean
fail(KeymgrKeystone *keystone, const KeymgrHttpRequest *request, GError **error)
{
    const KeymgrSecret *hidden[] = { keymgr_auth_secret(keystone->auth), NULL };
    gboolean bad_token = is_bad_token(keystone, request, hidden);
    g_autofree char *hint = NULL;

    if (bad_token)
        hint = g_strdup("the given token: it has ended or was revoked");
    else if (!request->error && request->status == 401)
        hint = g_strdup_printf("%s; Keystone does not say which part is wrong",
                               keymgr_auth_who(keystone->auth));
    else if (!request->error && request->status == 404)
        hint = g_strdup("is auth_url right?");
    keymgr_http_fail(request, keystone->prefix, hint, hidden, error);
    /* "Not found" speaks of the URL here, not of a secret. */
    if (error && g_error_matches(*error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        (*error)->code = bad_token ? KEYMGR_ERROR_AUTH : KEYMGR_ERROR_HTTP;
    return FALSE;
}

static KeymgrToken *
request_token(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable, GError **error)
{
    KeymgrHttpRequest *request = g_new0(KeymgrHttpRequest, 1);
    g_autoptr(KeymgrToken) token = NULL;
    KeymgrRetryState state = { 0 };
    gint64 not_before = 0;
    gint64 asked_at;

    request->method = "POST";
    request->url = g_strconcat(keymgr_auth_url(keystone->auth), "/auth/tokens",
                               keystone->with_catalog ? "" : "?nocatalog", NULL);
    request->accept = "application/json";
    request->content_type = "application/json";
    request->body = keymgr_auth_request(keystone->auth);
    request->max_answer = MAX_ANSWER;
    do {
        asked_at = g_get_monotonic_time();
        if (!keymgr_http_pause(MIN(not_before, deadline), cancellable, error) ||
            !keymgr_http_perform(keystone->http, &request, 1, deadline, on_done, NULL, cancellable, error)) {
            keymgr_http_request_free(request);
            return NULL;
        }
    } while (keymgr_retry_again(&keystone->retry, &state, request, &not_before) && not_before < deadline);

    if (request->status == 201 || request->status == 200) {
        token = keymgr_token_parse(request, keymgr_auth_secret(keystone->auth), asked_at, error);
        if (!token)
            g_prefix_error(error, "%s: ", keystone->prefix);
    } else {
        fail(keystone, request, error);
    }
    keymgr_http_request_free(request);
    return g_steal_pointer(&token);
}

static void
on_cancelled(GCancellable *cancellable, gpointer opaque)
{
    KeymgrKeystone *keystone = opaque;

    g_mutex_lock(&keystone->lock);
    g_cond_broadcast(&keystone->changed);
    g_mutex_unlock(&keystone->lock);
}

/* Waits, lock held, for the request that another thread has in flight. FALSE
 * when it failed, or time is over. */
static gboolean
await_flight(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable, GError **error)
{
    guint flight = keystone->flight;

    while (keystone->in_flight && keystone->flight == flight && !g_cancellable_is_cancelled(cancellable)) {
        if (!g_cond_wait_until(&keystone->changed, &keystone->lock, deadline)) {
            g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_TIMEOUT,
                        "%s: the time for the whole operation is over", keystone->prefix);
            return FALSE;
        }
    }
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (keystone->failed_flight == flight && keystone->failure) {
        g_propagate_error(error, g_error_copy(keystone->failure));
        return FALSE;
    }
    return TRUE;
}

/* Makes the request for all, lock held on entry and exit. */
static gboolean
fly(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrToken) token = NULL;
    g_autoptr(GError) failure = NULL;

    keystone->in_flight = TRUE;
    keystone->flight++;
    g_mutex_unlock(&keystone->lock);
    token = request_token(keystone, deadline, cancellable, &failure);
    g_mutex_lock(&keystone->lock);
    keystone->in_flight = FALSE;
    g_cond_broadcast(&keystone->changed);
    g_clear_error(&keystone->failure);
    if (token) {
        keymgr_token_unref(keystone->token);
        keystone->token = g_steal_pointer(&token);
        return TRUE;
    }
    /* One caller's cancellation is not the others' failure, nor is the end of
     * his time: another one of them tries anew. */
    if (!g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED) && g_get_monotonic_time() < deadline) {
        keystone->failure = g_error_copy(failure);
        keystone->failed_flight = keystone->flight;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static KeymgrToken *
shared_token(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable, GError **error)
{
    KeymgrToken *token = NULL;
    gboolean good = TRUE;

    g_mutex_lock(&keystone->lock);
    while (good && !token) {
        if (keystone->token && keymgr_token_is_fresh(keystone->token))
            token = keymgr_token_ref(keystone->token);
        else if (keystone->in_flight)
            good = await_flight(keystone, deadline, cancellable, error);
        else if ((good = fly(keystone, deadline, cancellable, error)))
            token = keymgr_token_ref(keystone->token);
    }
    g_mutex_unlock(&keystone->lock);
    return token;
}

KeymgrToken *
keymgr_keystone_token(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable, GError **error)
{
    KeymgrToken *token;
    gulong handler = 0;

    if (!keymgr_auth_url(keystone->auth))
        return keymgr_token_ref(keystone->token);
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return NULL;
    /* Outside the lock, which the handler takes. */
    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), keystone, NULL);
    token = shared_token(keystone, deadline, cancellable, error);
    g_cancellable_disconnect(cancellable, handler);
    return token;
}

gboolean
keymgr_keystone_reject(KeymgrKeystone *keystone, KeymgrToken *token)
{
    if (!keymgr_auth_url(keystone->auth)) {
        keymgr_token_set_proven(token, FALSE);
        return FALSE;
    }
    g_mutex_lock(&keystone->lock);
    if (keystone->token == token)
        g_clear_pointer(&keystone->token, keymgr_token_unref);
    g_mutex_unlock(&keystone->lock);
    return TRUE;
}
