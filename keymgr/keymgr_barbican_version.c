/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_version.h"

#include <string.h>

#include "keymgr/keymgr_barbican_call.h"
#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_text.h"

/* Without it Barbican leaves out which microversions it has. An older one
 * looks at no such header. */
#define NEWEST "OpenStack-API-Version: key-manager latest"
#define WHAT "its version"

static KeymgrJson *
get(KeymgrBarbican *barbican, gboolean above, gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrBarbicanCall) call = keymgr_barbican_call_new("GET", "application/json", g_strdup("/"),
                                                                  g_strdup(WHAT));
    KeymgrJson *json;

    call->above = above;
    call->http->plain_header = NEWEST;
    call = keymgr_barbican_send_one(barbican, g_steal_pointer(&call), deadline, cancellable, error);
    if (!call)
        return NULL;
    json = keymgr_json_parse(call->http->answer, error);
    if (!json)
        keymgr_barbican_prefix(barbican, WHAT, error);
    return json;
}

/* "v1, v3.14": what a document of versions has; both of its shapes. */
static char *
offered(KeymgrJson *json)
{
    KeymgrJson *versions = keymgr_json_array(json, "versions");
    g_autoptr(GString) list = g_string_new(NULL);
    gsize count;
    gsize i;

    if (!versions)
        versions = keymgr_json_array(keymgr_json_object(json, "versions"), "values");
    count = versions ? json_object_array_length(versions) : 0;
    for (i = 0; i < count && list->len < KEYMGR_TEXT_MAX_QUOTE; i++) {
        const char *id = keymgr_json_string(json_object_array_get_idx(versions, i), "id");

        if (id)
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", id);
    }
    return list->len > 0 ? keymgr_text_quote(list->str, list->len) : NULL;
}

/* Nothing is at /v1: what is there instead? */
static void
explain(KeymgrBarbican *barbican, gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrJson) json = get(barbican, TRUE, deadline, cancellable, NULL);
    g_autofree char *there = json ? offered(json) : NULL;

    if (!there || !error || !*error)
        return;
    g_prefix_error(error, "there is no Barbican with v1, but versions: %s: ", there);
    (*error)->code = KEYMGR_ERROR_CONFIG;
}

char *
keymgr_barbican_api_version(KeymgrBarbican *barbican, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(KeymgrJson) json = get(barbican, FALSE, deadline, cancellable, &reason);
    KeymgrJson *version = keymgr_json_object(json, "version");
    const char *newest = keymgr_json_string(version, "max_version");

    if (json && g_strcmp0(keymgr_json_string(version, "id"), "v1") == 0)
        return newest ? keymgr_text_quote(newest, strlen(newest)) : g_strdup("1.0");
    if (json)
        g_set_error(&reason, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "%s: %s: the answer does not describe v1",
                    keymgr_barbican_describe(barbican), WHAT);
    else if (g_error_matches(reason, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        explain(barbican, deadline, cancellable, &reason);
    g_propagate_error(error, g_steal_pointer(&reason));
    return NULL;
}

gboolean
keymgr_barbican_version_at_least(const char *version, guint major, guint minor)
{
    char *end = NULL;
    guint64 first = g_ascii_strtoull(version, &end, 10);
    guint64 second = *end == '.' ? g_ascii_strtoull(end + 1, NULL, 10) : 0;

    return first > major || (first == major && second >= minor);
}
