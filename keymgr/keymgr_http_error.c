/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_http_error.h"

#include <string.h>

#include "keymgr/keymgr_config.h"
#include "keymgr/keymgr_json.h"
#include "keymgr/keymgr_text.h"

/* JSON in a string of JSON is looked into, and what is in a string of that. */
#define MAX_LAYERS 3

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
    char *whole;
    char *text;

    if (!json)
        return NULL;
    if (!inner)
        inner = json;
    title = keymgr_json_string(inner, "title");
    words = first_said(keymgr_json_string(inner, "description"), keymgr_json_string(inner, "message"));
    if (!title && !words)
        return NULL;
    whole = g_strconcat(title ? title : "", title && words ? ": " : "", words ? words : "", NULL);
    text = keymgr_text_quote_html(whole, strlen(whole));
    keymgr_text_wipe_free(whole);
    return text;
}

/* Whether bytes of the server hold what was sent to it in secret. */
static gboolean
holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden, const char *data, gsize size)
{
    if (keymgr_text_holds_secret(data, size, request->body))
        return TRUE;
    for (; *hidden; hidden++) {
        if (keymgr_text_holds_secret(data, size, *hidden))
            return TRUE;
    }
    return FALSE;
}

static gboolean
secret_holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden, const KeymgrSecret *text)
{
    return holds(request, hidden, (const char *)keymgr_secret_data(text), keymgr_secret_size(text));
}

static KeymgrSecret *
without_json(const KeymgrSecret *text)
{
    return keymgr_text_unescape_json((const char *)keymgr_secret_data(text), keymgr_secret_size(text));
}

/* Of HTML, and of JSON in HTML. */
static gboolean
html_holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden, const KeymgrSecret *text)
{
    g_autoptr(KeymgrSecret) plain = keymgr_text_unescape_html((const char *)keymgr_secret_data(text),
                                                              keymgr_secret_size(text));
    g_autoptr(KeymgrSecret) inner = without_json(plain);

    return secret_holds(request, hidden, plain) || secret_holds(request, hidden, inner);
}

/* Looks at the whole answer as it came and without its escapes, before anything
 * takes it apart: in the quote of a message a secret might have lost its white
 * space or its end, and would not be found there. */
static gboolean
answer_holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    g_autoptr(KeymgrSecret) text = keymgr_secret_ref(request->answer);
    guint layers;

    for (layers = 0; !secret_holds(request, hidden, text) && !html_holds(request, hidden, text); layers++) {
        KeymgrSecret *inner;

        if (layers == MAX_LAYERS)
            return FALSE;
        inner = without_json(text);
        keymgr_secret_unref(text);
        text = inner;
    }
    return TRUE;
}

char *
keymgr_http_server_text(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const KeymgrSecret *answer = request->answer;
    char *text;

    if (!answer || keymgr_secret_size(answer) == 0 || answer_holds(request, hidden))
        return g_strdup("");
    text = text_of_json(answer);
    return text ? text : keymgr_text_quote_html((const char *)keymgr_secret_data(answer),
                                                keymgr_secret_size(answer));
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

/* Not when it has a query or a password, which may be secrets of others. */
static gboolean
may_show_location(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const char *text = request->location;
    char *plain = g_uri_unescape_string(text, NULL);
    gboolean good = plain && !holds(request, hidden, text, strlen(text)) &&
                    !holds(request, hidden, plain, strlen(plain));
    g_autofree char *whole = NULL;

    keymgr_text_wipe_free(plain);
    if (!good)
        return FALSE;
    whole = g_strconcat(text[0] != '/' ? "" : text[1] == '/' ? "http:" : "http://host", text, NULL);
    return keymgr_url_is_plain(whole);
}

static gboolean
fail_redirect(const KeymgrHttpRequest *request, const char *prefix, const KeymgrSecret *const *hidden,
              GError **error)
{
    gboolean may_show = may_show_location(request, hidden);
    g_autofree char *shown = may_show ? keymgr_text_quote(request->location, strlen(request->location)) : NULL;

    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_HTTP,
                "%s: HTTP %u: it redirects to %s; redirects are not followed: configure the right URL",
                prefix, request->status, shown ? shown : "another place");
    return FALSE;
}

gboolean
keymgr_http_fail(const KeymgrHttpRequest *request, const char *prefix, const char *hint,
                 const KeymgrSecret *const *hidden, GError **error)
{
    static const KeymgrSecret *const none[] = { NULL };
    g_autofree char *text = NULL;

    if (!hidden)
        hidden = none;
    if (request->error) {
        g_set_error(error, KEYMGR_ERROR, request->error->code, "%s: %s", prefix, request->error->message);
        return FALSE;
    }
    if (request->status >= 301 && request->status <= 308 && request->location)
        return fail_redirect(request, prefix, hidden, error);
    text = keymgr_http_server_text(request, hidden);
    g_set_error(error, KEYMGR_ERROR, keymgr_http_error_code(request->status), "%s: HTTP %u%s%s%s%s%s", prefix,
                request->status, *text ? ": " : "", text, hint ? " (" : "", hint ? hint : "",
                hint ? ")" : "");
    return FALSE;
}
