/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_token.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_json.h"
#include "keymgr/keymgr_party.h"
#include "keymgr/keymgr_text.h"

typedef struct {
    char *service_type;
    char *service_name;
    char *interface;
    char *region;
    char *url;
} Endpoint;

struct KeymgrToken {
    gatomicrefcount refs;
    KeymgrSecret *value;
    GPtrArray *endpoints; /* of Endpoint */
    KeymgrParty user;
    KeymgrParty project;
    gint64 renew_at;      /* of g_get_monotonic_time() */
    gint proven;
};

static void
endpoint_free(gpointer data)
{
    Endpoint *endpoint = data;

    g_free(endpoint->service_type);
    g_free(endpoint->service_name);
    g_free(endpoint->interface);
    g_free(endpoint->region);
    g_free(endpoint->url);
    g_free(endpoint);
}

static KeymgrToken *
token_new(KeymgrSecret *value)
{
    KeymgrToken *token = g_new0(KeymgrToken, 1);

    g_atomic_ref_count_init(&token->refs);
    token->value = keymgr_secret_ref(value);
    token->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
    token->renew_at = G_MAXINT64;
    return token;
}

KeymgrToken *
keymgr_token_new_ready(KeymgrSecret *value)
{
    return token_new(value);
}

KeymgrToken *
keymgr_token_ref(KeymgrToken *token)
{
    g_atomic_ref_count_inc(&token->refs);
    return token;
}

void
keymgr_token_unref(KeymgrToken *token)
{
    if (!token || !g_atomic_ref_count_dec(&token->refs))
        return;
    keymgr_secret_unref(token->value);
    g_ptr_array_unref(token->endpoints);
    keymgr_party_clear(&token->user);
    keymgr_party_clear(&token->project);
    g_free(token);
}

const KeymgrSecret *
keymgr_token_value(const KeymgrToken *token)
{
    return token->value;
}

const KeymgrParty *
keymgr_token_user(const KeymgrToken *token)
{
    return &token->user;
}

const KeymgrParty *
keymgr_token_project(const KeymgrToken *token)
{
    return &token->project;
}

gboolean
keymgr_token_is_fresh(const KeymgrToken *token)
{
    return g_get_monotonic_time() < token->renew_at;
}

gboolean
keymgr_token_is_proven(const KeymgrToken *token)
{
    return g_atomic_int_get(&token->proven);
}

void
keymgr_token_set_proven(KeymgrToken *token, gboolean proven)
{
    g_atomic_int_set(&token->proven, proven);
}

static gboolean
fail(const char *reason, GError **error)
{
    g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, reason);
    return FALSE;
}

/* Seconds that the server gives the token, by the server's clock alone: ours
 * may be wrong. */
static gboolean
parse_life(KeymgrJson *json, gint64 *life, GError **error)
{
    const char *expires = keymgr_json_string(json, "expires_at");
    const char *issued = keymgr_json_string(json, "issued_at");
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) end = expires ? g_date_time_new_from_iso8601(expires, utc) : NULL;
    g_autoptr(GDateTime) start = issued ? g_date_time_new_from_iso8601(issued, utc) : NULL;

    if (!end)
        return fail("the answer has no token with an expires_at", error);
    if (!start)
        start = g_date_time_new_now_utc();
    *life = g_date_time_difference(end, start);
    return *life > 0 || fail("the token ends before it begins", error);
}

static void
add_endpoint(KeymgrToken *token, KeymgrJson *service, KeymgrJson *json)
{
    const char *url = keymgr_json_string(json, "url");
    const char *region = keymgr_json_string(json, "region_id");
    Endpoint *endpoint;

    if (!url || !keymgr_json_string(json, "interface"))
        return;
    endpoint = g_new0(Endpoint, 1);
    endpoint->service_type = g_strdup(keymgr_json_string(service, "type"));
    endpoint->service_name = g_strdup(keymgr_json_string(service, "name"));
    endpoint->interface = g_strdup(keymgr_json_string(json, "interface"));
    endpoint->region = g_strdup(region ? region : keymgr_json_string(json, "region"));
    endpoint->url = g_strdup(url);
    g_ptr_array_add(token->endpoints, endpoint);
}

static gboolean
parse_catalog(KeymgrToken *token, KeymgrJson *catalog, GError **error)
{
    gsize services = catalog ? json_object_array_length(catalog) : 0;
    gsize i;

    for (i = 0; i < services; i++) {
        KeymgrJson *service = json_object_array_get_idx(catalog, i);
        KeymgrJson *endpoints = keymgr_json_array(service, "endpoints");
        gsize count = endpoints ? json_object_array_length(endpoints) : 0;
        gsize j;

        if (count > KEYMGR_CATALOG_MAX_ENDPOINTS - token->endpoints->len) {
            g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "the catalogue has more than %d endpoints",
                        KEYMGR_CATALOG_MAX_ENDPOINTS);
            return FALSE;
        }
        for (j = 0; j < count; j++)
            add_endpoint(token, service, json_object_array_get_idx(endpoints, j));
    }
    return TRUE;
}

/* A header value goes out as it came in: nothing but visible characters. */
static gboolean
is_token(const KeymgrSecret *value)
{
    const guint8 *data = value ? keymgr_secret_data(value) : NULL;
    gsize size = value ? keymgr_secret_size(value) : 0;
    gsize i;

    for (i = 0; i < size; i++) {
        if (data[i] <= 0x20 || data[i] >= 0x7f)
            return FALSE;
    }
    return size > 0;
}

KeymgrToken *
keymgr_token_parse(const KeymgrHttpRequest *answer, const KeymgrSecret *sent, gint64 asked_at, GError **error)
{
    const KeymgrSecret *const hidden[] = { answer->subject_token, sent, NULL };
    g_autoptr(KeymgrToken) token = NULL;
    g_autoptr(KeymgrJson) json = NULL;
    KeymgrJson *body;
    gint64 life;
    gint64 margin;

    if (!is_token(answer->subject_token)) {
        fail("the answer has no X-Subject-Token header, or not one that can be sent", error);
        return NULL;
    }
    json = keymgr_json_parse(answer->answer, error);
    if (!json)
        return NULL;
    body = keymgr_json_object(json, "token");
    if (!parse_life(body, &life, error))
        return NULL;
    token = token_new(answer->subject_token);
    margin = MIN(KEYMGR_TOKEN_MARGIN_SECONDS * G_TIME_SPAN_SECOND, life / 2);
    token->renew_at = asked_at + MIN(life, 365 * G_TIME_SPAN_DAY) - margin;
    keymgr_party_parse(keymgr_json_object(body, "user"), hidden, &token->user);
    keymgr_party_parse(keymgr_json_object(body, "project"), hidden, &token->project);
    if (!parse_catalog(token, keymgr_json_array(body, "catalog"), error))
        return NULL;
    return g_steal_pointer(&token);
}

static gboolean
is_service(const Endpoint *endpoint, const KeymgrEndpointWish *wish)
{
    return g_strcmp0(endpoint->service_type, wish->service_type) == 0 &&
           (!wish->service_name || g_strcmp0(endpoint->service_name, wish->service_name) == 0);
}

static const Endpoint *
find_endpoint(const KeymgrToken *token, const KeymgrEndpointWish *wish)
{
    const char *const *interface;
    guint i;

    for (interface = wish->interfaces; *interface; interface++) {
        for (i = 0; i < token->endpoints->len; i++) {
            const Endpoint *endpoint = g_ptr_array_index(token->endpoints, i);

            if (is_service(endpoint, wish) && strcmp(endpoint->interface, *interface) == 0 &&
                (!wish->region || g_strcmp0(endpoint->region, wish->region) == 0))
                return endpoint;
        }
    }
    return NULL;
}

/* "public in RegionOne, public in TLS": what the catalogue has of a service. */
static char *
offered(const KeymgrToken *token, const KeymgrEndpointWish *wish)
{
    g_autoptr(GString) list = g_string_new(NULL);
    g_autofree char *shown = NULL;
    guint i;

    for (i = 0; i < token->endpoints->len && list->len < KEYMGR_TEXT_MAX_QUOTE; i++) {
        const Endpoint *endpoint = g_ptr_array_index(token->endpoints, i);

        if (is_service(endpoint, wish))
            g_string_append_printf(list, "%s%s in %s", list->len > 0 ? ", " : "", endpoint->interface,
                                   endpoint->region ? endpoint->region : "no region");
    }
    shown = keymgr_text_quote(list->str, list->len);
    return g_strdup(*shown ? shown : "no endpoint of this service at all");
}

char *
keymgr_token_endpoint(const KeymgrToken *token, const KeymgrEndpointWish *wish, GError **error)
{
    const Endpoint *endpoint = find_endpoint(token, wish);
    g_autofree char *url = NULL;
    gsize size;

    if (!endpoint) {
        g_autofree char *there = offered(token, wish);
        g_autofree char *interfaces = g_strjoinv(" or ", (char **)wish->interfaces);

        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG,
                    "the catalogue has no %s endpoint with interface %s in %s%s; it has: %s",
                    wish->service_type, interfaces, wish->region ? "region " : "any region",
                    wish->region ? wish->region : "", there);
        return NULL;
    }
    if (!keymgr_url_is_plain(endpoint->url)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL,
                    "the catalogue's %s endpoint is not a plain http or https URL", wish->service_type);
        return NULL;
    }
    url = g_strdup(endpoint->url);
    for (size = strlen(url); size > 0 && url[size - 1] == '/'; size--)
        url[size - 1] = '\0';
    return g_steal_pointer(&url);
}
