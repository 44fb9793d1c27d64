/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_http_error.h"
#include "keymgr/keymgr_keystone.h"
#include "keymgr/keymgr_party.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_TOTAL_TIMEOUT_MS 60000
#define DEFAULT_CONNECTIONS 8
#define SERVICE_USER_GROUP "barbican_service_user"

struct KeymgrBarbican {
    KeymgrHttp *http;
    KeymgrHttp *service_http;     /* the service user's */
    KeymgrKeystone *keystone;     /* NULL: no authentication */
    KeymgrKeystone *service_user; /* NULL: no X-Service-Token */
    KeymgrSecret *project_header; /* X-Project-Id, where there is no Keystone */
    char *endpoint;               /* versioned; NULL: from the catalogue */
    char *service_type;
    char *service_name;
    char *region;
    char **interfaces;
    KeymgrRetry retry;
    guint total_timeout_ms;
    gboolean register_consumers;
    char *description;
};

const KeymgrConfigKey keymgr_barbican_keys[] = {
    { "barbican_endpoint", FALSE },
    { "endpoint_override", FALSE },
    { "barbican_api_version", FALSE },
    { "barbican_endpoint_type", FALSE },
    { "valid_interfaces", FALSE },
    { "interface", FALSE },
    { "barbican_region_name", FALSE },
    { "region_name", FALSE },
    { "service_type", FALSE },
    { "service_name", FALSE },
    { "verify_ssl", FALSE },
    { "verify_ssl_path", FALSE },
    { "connect_timeout", FALSE },
    { "total_timeout", FALSE },
    { "max_connections", FALSE },
    { "http2", FALSE },
    { "register_consumers", FALSE },
    { "send_service_user_token", FALSE },
    /* Taken over from nova.conf without effect: for the polling of orders. */
    { "number_of_retries", FALSE },
    { "retry_delay", FALSE },
    { NULL, FALSE },
};

const KeymgrConfigKey keymgr_session_keys[] = {
    { "cafile", FALSE },
    { "insecure", FALSE },
    { "certfile", FALSE },
    { "keyfile", FALSE },
    { "timeout", FALSE },
    /* Without effect: for Python's logging. */
    { "collect_timing", FALSE },
    { "split_loggers", FALSE },
    { NULL, FALSE },
};

void
keymgr_barbican_free(KeymgrBarbican *barbican)
{
    if (!barbican)
        return;
    keymgr_keystone_free(barbican->keystone);
    keymgr_keystone_free(barbican->service_user);
    keymgr_http_free(barbican->http);
    keymgr_http_free(barbican->service_http);
    keymgr_secret_unref(barbican->project_header);
    g_free(barbican->endpoint);
    g_free(barbican->service_type);
    g_free(barbican->service_name);
    g_free(barbican->region);
    g_strfreev(barbican->interfaces);
    g_free(barbican->description);
    g_free(barbican);
}

static void
replace(char **text, char *by)
{
    g_free(*text);
    *text = by;
}

/* What is not there stays as it is. */
static gboolean
read_session(const KeymgrConfig *config, KeymgrHttpOptions *options, GError **error)
{
    g_autofree char *ca_path = NULL;
    g_autofree char *cert_file = NULL;
    g_autofree char *key_file = NULL;

    if (!keymgr_config_boolean(config, "insecure", options->insecure, &options->insecure, error) ||
        !keymgr_config_path(config, "cafile", &ca_path, error) ||
        !keymgr_config_path(config, "certfile", &cert_file, error) ||
        !keymgr_config_path(config, "keyfile", &key_file, error) ||
        !keymgr_config_seconds(config, "timeout", 3600, options->timeout_ms, &options->timeout_ms, error))
        return FALSE;
    if (key_file && !cert_file)
        return keymgr_config_fail(config, "keyfile", "is of no use without certfile", error);
    if (ca_path)
        replace(&options->ca_path, g_steal_pointer(&ca_path));
    if (cert_file) {
        replace(&options->cert_file, g_steal_pointer(&cert_file));
        replace(&options->key_file, g_steal_pointer(&key_file));
    }
    return TRUE;
}

static gboolean
read_http(const KeymgrConfig *config, KeymgrBarbican *barbican, KeymgrHttpOptions *options, GError **error)
{
    g_autofree char *verify_path = NULL;
    gboolean verify;

    options->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (!read_session(config, options, error) ||
        !keymgr_config_boolean(config, "verify_ssl", TRUE, &verify, error) ||
        !keymgr_config_boolean(config, "http2", FALSE, &options->http2, error) ||
        !keymgr_config_boolean(config, "register_consumers", FALSE, &barbican->register_consumers, error) ||
        !keymgr_config_path(config, "verify_ssl_path", &verify_path, error) ||
        !keymgr_config_seconds(config, "connect_timeout", 600, DEFAULT_CONNECT_TIMEOUT_MS,
                               &options->connect_timeout_ms, error) ||
        !keymgr_config_seconds(config, "total_timeout", 3600, DEFAULT_TOTAL_TIMEOUT_MS,
                               &barbican->total_timeout_ms, error) ||
        !keymgr_config_uint(config, "max_connections", 1, 64, DEFAULT_CONNECTIONS,
                            &options->max_connections, error))
        return FALSE;
    options->insecure |= !verify;
    /* It wins: castellan looks at nothing else. */
    if (verify_path)
        replace(&options->ca_path, g_steal_pointer(&verify_path));
    barbican->http = keymgr_http_new(options);
    return TRUE;
}

/* Barbican's URL is unversioned, but deployments have /v1 in the catalogue. */
static char *
versioned(char *url)
{
    char *whole = g_str_has_suffix(url, "/v1") ? g_strdup(url) : g_strconcat(url, "/v1", NULL);

    g_free(url);
    return whole;
}

static gboolean
read_endpoint(const KeymgrConfig *config, KeymgrBarbican *barbican, GError **error)
{
    g_autofree char *version = keymgr_config_string(config, "barbican_api_version");
    g_autofree char *interfaces = keymgr_config_string_any(
        config, (const char *const[]){ "barbican_endpoint_type", "valid_interfaces", "interface", NULL });
    gsize i;

    if (version && strcmp(version, "v1") != 0 && strcmp(version, "1") != 0)
        return keymgr_config_fail(config, "barbican_api_version", "only v1 is supported", error);
    if (!keymgr_config_url(config, "barbican_endpoint", &barbican->endpoint, error))
        return FALSE;
    if (!barbican->endpoint && !keymgr_config_url(config, "endpoint_override", &barbican->endpoint, error))
        return FALSE;
    if (barbican->endpoint)
        barbican->endpoint = versioned(barbican->endpoint);

    barbican->service_type = keymgr_config_string(config, "service_type");
    if (!barbican->service_type)
        barbican->service_type = g_strdup("key-manager");
    barbican->service_name = keymgr_config_string(config, "service_name");
    barbican->region = keymgr_config_string_any(
        config, (const char *const[]){ "barbican_region_name", "region_name", NULL });
    barbican->interfaces = g_strsplit(interfaces ? interfaces : "public", ",", 8);
    for (i = 0; barbican->interfaces[i]; i++) {
        char *interface = g_strstrip(barbican->interfaces[i]);

        /* Old spellings: publicURL, internalURL. */
        if (g_str_has_suffix(interface, "URL"))
            interface[strlen(interface) - strlen("URL")] = '\0';
        if (strcmp(interface, "public") != 0 && strcmp(interface, "internal") != 0 &&
            strcmp(interface, "admin") != 0)
            return keymgr_config_fail(config, "barbican_endpoint_type",
                                      "'%s' is not public, internal or admin", error, interface);
    }
    return TRUE;
}

static gboolean
read_auth(const KeymgrConfig *config, KeymgrBarbican *barbican, GError **error)
{
    g_autoptr(KeymgrAuth) auth = keymgr_auth_new(config, error);
    const char *from;

    if (!auth)
        return FALSE;
    if (!barbican->endpoint && keymgr_auth_endpoint(auth))
        barbican->endpoint = versioned(g_strdup(keymgr_auth_endpoint(auth)));
    from = barbican->endpoint;
    if (!barbican->endpoint && (keymgr_auth_kind(auth) == KEYMGR_AUTH_NONE || !keymgr_auth_url(auth)))
        return keymgr_config_fail(config, "barbican_endpoint",
                                  "is needed: without auth_url there is no catalogue", error);
    if (keymgr_auth_kind(auth) == KEYMGR_AUTH_NONE && keymgr_auth_project_id(auth)) {
        g_autoptr(KeymgrSecret) id = keymgr_secret_new(keymgr_auth_project_id(auth),
                                                       strlen(keymgr_auth_project_id(auth)));

        barbican->project_header = keymgr_http_secret_header("X-Project-Id", id);
    }
    barbican->description = from ? g_strdup_printf("Barbican at %s", from)
                                 : g_strdup_printf("Barbican of the catalogue of %s", keymgr_auth_url(auth));
    if (keymgr_auth_kind(auth) != KEYMGR_AUTH_NONE)
        barbican->keystone = keymgr_keystone_new(g_steal_pointer(&auth), barbican->http, &barbican->retry,
                                                 !barbican->endpoint);
    return TRUE;
}

/* options: of [barbican], to begin with. */
static gboolean
read_service_user(const KeymgrConfig *config, KeymgrBarbican *barbican, KeymgrHttpOptions *options,
                  GError **error)
{
    KeymgrConfig group = *config;
    g_autoptr(KeymgrAuth) auth = NULL;
    gboolean wanted;

    if (!keymgr_config_boolean(config, "send_service_user_token", FALSE, &wanted, error))
        return FALSE;
    if (!wanted)
        return TRUE;
    group.group = SERVICE_USER_GROUP;
    auth = keymgr_auth_new(&group, error);
    if (!auth || !read_session(&group, options, error))
        return FALSE;
    if (keymgr_auth_kind(auth) == KEYMGR_AUTH_NONE)
        return keymgr_config_fail(&group, "auth_type", "a service user needs credentials", error);
    barbican->service_http = keymgr_http_new(options);
    barbican->service_user = keymgr_keystone_new(g_steal_pointer(&auth), barbican->service_http,
                                                 &barbican->retry, FALSE);
    return TRUE;
}

KeymgrBarbican *
keymgr_barbican_new(const KeymgrConfig *config, GError **error)
{
    g_autoptr(KeymgrBarbican) barbican = g_new0(KeymgrBarbican, 1);
    g_auto(KeymgrHttpOptions) options = { 0 };

    if (!read_http(config, barbican, &options, error) || !keymgr_retry_read(config, &barbican->retry, error) ||
        !read_endpoint(config, barbican, error) || !read_auth(config, barbican, error) ||
        !read_service_user(config, barbican, &options, error))
        return NULL;
    return g_steal_pointer(&barbican);
}

const char *
keymgr_barbican_describe(const KeymgrBarbican *barbican)
{
    return barbican->description;
}

gint64
keymgr_barbican_deadline(const KeymgrBarbican *barbican)
{
    return g_get_monotonic_time() + barbican->total_timeout_ms * G_TIME_SPAN_MILLISECOND;
}

/* One send(), through all its passes. */
typedef struct {
    KeymgrBarbican *barbican;
    GPtrArray *calls;
    gint64 deadline;
    GCancellable *cancellable;

    KeymgrToken *token;        /* NULL without authentication */
    KeymgrToken *service_token;
    char *endpoint;
    const char *renewed;       /* how a 401 after a renewal is told; NULL before one */
    gint64 not_before;
    gboolean again;            /* this pass ended with something to send again */
    GError *failure;
} Sending;

static gboolean
get_tokens(Sending *sending, GError **error)
{
    KeymgrBarbican *barbican = sending->barbican;
    KeymgrEndpointWish wish = { barbican->service_type, barbican->service_name,
                                (const char *const *)barbican->interfaces, barbican->region };

    g_clear_pointer(&sending->token, keymgr_token_unref);
    g_clear_pointer(&sending->service_token, keymgr_token_unref);
    g_clear_pointer(&sending->endpoint, g_free);
    if (barbican->keystone) {
        sending->token = keymgr_keystone_token(barbican->keystone, sending->deadline, sending->cancellable,
                                               error);
        if (!sending->token)
            return FALSE;
    }
    if (barbican->service_user) {
        sending->service_token = keymgr_keystone_token(barbican->service_user, sending->deadline,
                                                       sending->cancellable, error);
        if (!sending->service_token)
            return FALSE;
    }
    if (barbican->endpoint) {
        sending->endpoint = g_strdup(barbican->endpoint);
        return TRUE;
    }
    sending->endpoint = keymgr_token_endpoint(sending->token, &wish, error);
    if (!sending->endpoint) {
        g_prefix_error(error, "%s: ", barbican->description);
        return FALSE;
    }
    sending->endpoint = versioned(sending->endpoint);
    return TRUE;
}

static void
dress(Sending *sending, KeymgrBarbicanCall *call)
{
    KeymgrHttpRequest *http = call->http;
    gsize size = strlen(sending->endpoint) - (call->above ? strlen("/v1") : 0);
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(http->headers); i++)
        g_clear_pointer(&http->headers[i], keymgr_secret_unref);
    g_free(http->url);
    http->url = g_strdup_printf("%.*s%s", (int)size, sending->endpoint, call->path);
    if (sending->token)
        http->headers[0] = keymgr_http_secret_header("X-Auth-Token", keymgr_token_value(sending->token));
    else if (sending->barbican->project_header)
        http->headers[0] = keymgr_secret_ref(sending->barbican->project_header);
    if (sending->service_token)
        http->headers[1] = keymgr_http_secret_header("X-Service-Token",
                                                     keymgr_token_value(sending->service_token));
}

/* What was sent in secret, and must be in no message. */
typedef struct {
    const KeymgrSecret *list[3];
} Hidden;

static Hidden
hidden_of(const Sending *sending)
{
    Hidden hidden = { { NULL } };
    gsize used = 0;

    if (sending->token)
        hidden.list[used++] = keymgr_token_value(sending->token);
    if (sending->service_token)
        hidden.list[used++] = keymgr_token_value(sending->service_token);
    return hidden;
}

/* Whether the server's words for a status have some in them. */
static gboolean
says(const Sending *sending, const KeymgrHttpRequest *http, guint status, const char *words)
{
    const Hidden hidden = hidden_of(sending);
    g_autofree char *text = http->status == status ? keymgr_http_server_text(http, hidden.list) : NULL;

    return text && strstr(text, words);
}

/* "Not Found. Sorry but your secret has no payload.": the one way in which a
 * 404 speaks of a secret that does exist. */
static gboolean
is_no_payload(const Sending *sending, const KeymgrHttpRequest *http)
{
    return says(sending, http, 404, "has no payload");
}

static const char *
hint_for(const Sending *sending, const KeymgrHttpRequest *http)
{
    if (http->error)
        return NULL;
    switch (http->status) {
    case 401:
        return sending->renewed ? sending->renewed : "the token cannot be renewed";
    case 404:
        if (is_no_payload(sending, http))
            return NULL;
        /* fall through */
    case 410:
        return "it does not exist, has expired or was deleted";
    default:
        return NULL;
    }
}

static void
fail_call(Sending *sending, KeymgrBarbicanCall *call)
{
    const Hidden hidden = hidden_of(sending);
    g_autofree char *prefix = g_strdup_printf("Barbican at %s: %s", sending->endpoint, call->what);

    if (!call->http->error && call->http->status >= 200 && call->http->status < 300)
        g_prefix_error(&sending->failure, "%s: ", prefix);
    else
        keymgr_http_fail(call->http, prefix, hint_for(sending, call->http), hidden.list, &sending->failure);
}

/* "Creation not allowed because a quota has been reached", "Quota reached for
 * project ...": a 403 that no role would change. */
static gboolean
is_quota(const Sending *sending, const KeymgrHttpRequest *http)
{
    return says(sending, http, 403, "quota") || says(sending, http, 403, "Quota");
}

static gboolean
is_good(const KeymgrBarbicanCall *call)
{
    const KeymgrHttpRequest *http = call->http;

    if (http->error)
        return FALSE;
    return (http->status >= 200 && http->status < 300) || (call->above && http->status == 300) ||
           (call->may_be_gone && http->status == 404) || (call->lost && http->status == call->done_status);
}

/* After a 401, which does not say which of the two tokens it means. FALSE when
 * neither can be had anew. */
static gboolean
renew(Sending *sending)
{
    const KeymgrBarbican *barbican = sending->barbican;
    gboolean user = sending->token && keymgr_keystone_reject(barbican->keystone, sending->token);
    gboolean service = sending->service_token &&
                       keymgr_keystone_reject(barbican->service_user, sending->service_token);

    if (user)
        sending->renewed = "with a new token too";
    else if (service)
        sending->renewed = "with a new token of the service user too; the other cannot be renewed";
    return user || service;
}

static gboolean
on_done(KeymgrHttpRequest *http, gpointer opaque)
{
    Sending *sending = opaque;
    KeymgrBarbicanCall *call = NULL;
    gint64 not_before;
    guint i;

    for (i = 0; i < sending->calls->len; i++) {
        call = g_ptr_array_index(sending->calls, i);
        if (call->http == http)
            break;
    }
    g_assert(call && call->http == http);
    if (is_good(call)) {
        if (sending->token)
            keymgr_token_set_proven(sending->token, TRUE);
        call->done = !call->check || call->check(call, &sending->failure);
        if (!call->done)
            fail_call(sending, call);
        return call->done;
    }
    if (!http->error && http->status == 401 && !sending->renewed && renew(sending)) {
        sending->again = TRUE;
        return FALSE;
    }
    if (!(call->once && http->error) &&
        keymgr_retry_again(&sending->barbican->retry, &call->retries, http, &not_before) &&
        not_before < sending->deadline) {
        call->lost |= http->error && http->heard;
        sending->not_before = MAX(sending->not_before, not_before);
        sending->again = TRUE;
        return TRUE; /* the others go on meanwhile */
    }
    fail_call(sending, call);
    if (is_no_payload(sending, http) && sending->failure)
        sending->failure->code = KEYMGR_ERROR_NO_PAYLOAD;
    if (is_quota(sending, http) && sending->failure)
        sending->failure->code = KEYMGR_ERROR_LIMIT;
    return FALSE;
}

/* One round: what is not done yet; the first alone while the token is new to
 * Barbican, which then asks Keystone about it once and not once a request. */
static gboolean
send_pass(Sending *sending, gboolean *left, GError **error)
{
    g_autofree KeymgrHttpRequest **requests = g_new0(KeymgrHttpRequest *, sending->calls->len);
    gboolean alone = sending->token && !keymgr_token_is_proven(sending->token);
    gsize count = 0;
    guint i;

    *left = FALSE;
    for (i = 0; i < sending->calls->len; i++) {
        KeymgrBarbicanCall *call = g_ptr_array_index(sending->calls, i);

        if (call->done)
            continue;
        if (alone && count == 1) {
            *left = TRUE;
            break;
        }
        dress(sending, call);
        requests[count++] = call->http;
    }
    sending->again = FALSE;
    if (!keymgr_http_pause(sending->not_before, sending->cancellable, error) ||
        !keymgr_http_perform(sending->barbican->http, requests, count, sending->deadline, on_done, sending,
                             sending->cancellable, error))
        return FALSE;
    if (sending->failure) {
        g_propagate_error(error, g_steal_pointer(&sending->failure));
        return FALSE;
    }
    *left |= sending->again;
    return TRUE;
}

gboolean
keymgr_barbican_registers_consumers(const KeymgrBarbican *barbican)
{
    return barbican->register_consumers;
}

/* As whom: Keystone's words where it said some, the configuration's otherwise. */
static char *
describe_login(const KeymgrBarbican *barbican, const KeymgrReached *reached)
{
    const KeymgrAuth *auth = barbican->keystone ? keymgr_keystone_auth(barbican->keystone) : NULL;
    gboolean told = reached->user.id != NULL || reached->user.name != NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "Barbican at %s", reached->url);
    if (!told || keymgr_auth_kind(auth) != KEYMGR_AUTH_PASSWORD)
        g_string_append_printf(text, ", %s", auth ? keymgr_auth_who(auth) : "no authentication");
    if (told) {
        keymgr_party_append(text, "user", &reached->user);
        keymgr_party_append(text, "project", &reached->project);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
keymgr_barbican_reach(KeymgrBarbican *barbican, KeymgrReached *reached, gint64 deadline,
                      GCancellable *cancellable, GError **error)
{
    Sending sending = { .barbican = barbican, .deadline = deadline, .cancellable = cancellable };
    gboolean good = get_tokens(&sending, error);

    if (good)
        reached->url = g_strdup(sending.endpoint);
    if (good && barbican->keystone)
        reached->auth_url = g_strdup(keymgr_auth_url(keymgr_keystone_auth(barbican->keystone)));
    if (good && sending.token) {
        keymgr_party_copy(&reached->user, keymgr_token_user(sending.token));
        keymgr_party_copy(&reached->project, keymgr_token_project(sending.token));
    }
    keymgr_token_unref(sending.token);
    keymgr_token_unref(sending.service_token);
    g_free(sending.endpoint);
    return good ? describe_login(barbican, reached) : NULL;
}

static gboolean
are_left(const GPtrArray *calls)
{
    guint i;

    for (i = 0; i < calls->len; i++) {
        const KeymgrBarbicanCall *call = g_ptr_array_index(calls, i);

        if (!call->done)
            return TRUE;
    }
    return FALSE;
}

gboolean
keymgr_barbican_send(KeymgrBarbican *barbican, GPtrArray *calls, gint64 deadline, GCancellable *cancellable,
                     GError **error)
{
    Sending sending = { .barbican = barbican, .calls = calls, .deadline = deadline,
                        .cancellable = cancellable };
    gboolean left = are_left(calls);
    gboolean good = TRUE;

    while (good && left)
        good = get_tokens(&sending, error) && send_pass(&sending, &left, error);
    keymgr_http_cool_down(barbican->http);
    g_clear_error(&sending.failure);
    keymgr_token_unref(sending.token);
    keymgr_token_unref(sending.service_token);
    g_free(sending.endpoint);
    return good;
}
