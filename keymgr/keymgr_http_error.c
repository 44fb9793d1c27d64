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

/* The same for all strings of a JSON value, which has no escapes in them. Its
 * depth is that of keymgr_json_parse(). */
static gboolean
json_holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden, KeymgrJson *json)
{
    gsize i;

    if (json_object_is_type(json, json_type_string))
        return holds(request, hidden, json_object_get_string(json), (gsize)json_object_get_string_len(json));
    if (json_object_is_type(json, json_type_array)) {
        for (i = 0; i < json_object_array_length(json); i++) {
            if (json_holds(request, hidden, json_object_array_get_idx(json, i)))
                return TRUE;
        }
    } else if (json_object_is_type(json, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(json);
        struct json_object_iterator end = json_object_iter_end(json);

        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
            const char *name = json_object_iter_peek_name(&at);

            if (holds(request, hidden, name, strlen(name)) ||
                json_holds(request, hidden, json_object_iter_peek_value(&at)))
                return TRUE;
        }
    }
    return FALSE;
}

/* Looks at the whole answer as it came and without its escapes: in the quote
 * of a message a secret might have lost its white space or its end, and would
 * not be found there. */
static gboolean
answer_holds(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const char *data = (const char *)keymgr_secret_data(request->answer);
    gsize size = keymgr_secret_size(request->answer);
    g_autoptr(KeymgrJson) json = NULL;
    char *unescaped;
    gboolean found;

    if (holds(request, hidden, data, size))
        return TRUE;
    unescaped = keymgr_text_unescape_html(data, size);
    found = holds(request, hidden, unescaped, strlen(unescaped));
    keymgr_text_wipe_free(unescaped);
    if (found)
        return TRUE;
    json = keymgr_json_parse(request->answer, NULL);
    return json && json_holds(request, hidden, json);
}

char *
keymgr_http_server_text(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const KeymgrSecret *answer = request->answer;
    g_autofree char *text = NULL;

    if (!answer || keymgr_secret_size(answer) == 0 || (hidden && answer_holds(request, hidden)))
        return g_strdup("");
    text = text_of_json(answer);
    if (!text)
        text = keymgr_text_quote_html((const char *)keymgr_secret_data(answer), keymgr_secret_size(answer));
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

/* Not when it has a query or a password, which may be secrets of others. */
static gboolean
may_show_location(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden)
{
    const char *text = request->location;
    g_autofree char *whole = g_strconcat(text[0] != '/' ? "" : text[1] == '/' ? "http:" : "http://host", text,
                                         NULL);
    g_autoptr(GBytes) plain = g_uri_unescape_bytes(text, -1, NULL, NULL);

    return plain && keymgr_url_is_plain(whole) && !holds(request, hidden, text, strlen(text)) &&
           !holds(request, hidden, g_bytes_get_data(plain, NULL), g_bytes_get_size(plain));
}

static gboolean
fail_redirect(const KeymgrHttpRequest *request, const char *prefix, const KeymgrSecret *const *hidden,
              GError **error)
{
    g_autofree char *shown = keymgr_text_quote(request->location, strlen(request->location));

    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_HTTP,
                "%s: HTTP %u: it redirects to %s; redirects are not followed: configure the right URL",
                prefix, request->status, may_show_location(request, hidden) ? shown : "another place");
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
