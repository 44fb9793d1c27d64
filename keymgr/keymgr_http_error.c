/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_http_error.h"

#include <string.h>

#include "keymgr/keymgr_config.h"
#include "keymgr/keymgr_json.h"
#include "keymgr/keymgr_text.h"

static const char *
first_said(const char *a, const char *b)
{
    return a && *a ? a : b;
}

/* NULL when the answer is not JSON of a known shape. */
static char *
text_of_json(const KeymgrSecret *answer)
{
    g_autoptr(KeymgrJson) json = keymgr_json_parse(answer, NULL);
    KeymgrJson *inner = keymgr_json_object(json, "error");
    const char *title;
    const char *words;
    g_autofree char *whole = NULL;

    if (!json)
        return NULL;
    if (!inner)
        inner = json;
    title = keymgr_json_string(inner, "title");
    words = first_said(keymgr_json_string(inner, "description"), keymgr_json_string(inner, "message"));
    if (!title && !words)
        return NULL;
    whole = g_strconcat(title ? title : "", title && words ? ": " : "", words ? words : "", NULL);
    return keymgr_text_quote_html(whole, strlen(whole));
}

char *
keymgr_http_server_text(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const KeymgrSecret *answer = request->answer;
    g_autofree char *text = NULL;

    if (!answer || keymgr_secret_size(answer) == 0)
        return g_strdup("");
    text = text_of_json(answer);
    if (!text)
        text = keymgr_text_quote_html((const char *)keymgr_secret_data(answer), keymgr_secret_size(answer));
    for (; hidden && *hidden; hidden++) {
        if (keymgr_text_holds_secret(text, *hidden))
            return g_strdup("");
    }
    return g_steal_pointer(&text);
}

KeymgrError
keymgr_http_error_code(guint status)
{
    switch (status) {
    case 401:
        return KEYMGR_ERROR_AUTH;
    case 403:
        return KEYMGR_ERROR_ACCESS_DENIED;
    case 404:
    case 410:
        return KEYMGR_ERROR_NOT_FOUND;
    case 409:
        return KEYMGR_ERROR_EXISTS;
    case 413:
        return KEYMGR_ERROR_LIMIT;
    default:
        return KEYMGR_ERROR_HTTP;
    }
}

static gboolean
fail_redirect(const KeymgrHttpRequest *request, const char *prefix, GError **error)
{
    g_autofree char *shown = keymgr_text_quote(request->location, strlen(request->location));
    gboolean plain = keymgr_url_is_plain(request->location) || request->location[0] == '/';

    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_HTTP,
                "%s: HTTP %u: it redirects to %s; redirects are not followed: configure the right URL",
                prefix, request->status, plain ? shown : "another place");
    return FALSE;
}

gboolean
keymgr_http_fail(const KeymgrHttpRequest *request, const char *prefix, const char *hint,
                 const KeymgrSecret *const *hidden, GError **error)
{
    g_autofree char *text = NULL;

    if (request->error) {
        g_set_error(error, KEYMGR_ERROR, request->error->code, "%s: %s", prefix, request->error->message);
        return FALSE;
    }
    if (request->status >= 301 && request->status <= 308 && request->location)
        return fail_redirect(request, prefix, error);
    text = keymgr_http_server_text(request, hidden);
    g_set_error(error, KEYMGR_ERROR, keymgr_http_error_code(request->status), "%s: HTTP %u%s%s%s%s%s", prefix,
                request->status, *text ? ": " : "", text, hint ? " (" : "", hint ? hint : "",
                hint ? ")" : "");
    return FALSE;
}
