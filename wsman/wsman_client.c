/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_client_private.h"

#include <curl/curl.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "wsman/wsman_args_private.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_instance_xml.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_xml.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_OPERATION_TIMEOUT_MS 60000
#define DEFAULT_NETWORK_DELAY_MS 5000
#define DEFAULT_CONNECTIONS 6
#define DEFAULT_BATCH_SIZE 1000 /* the size of an answer ends a batch sooner */
#define MAX_CONNECTIONS 64
#define MAX_BATCH_SIZE 32000 /* MaxBatchItems of WinRM */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURLU, curl_url_cleanup)

/* --- making --------------------------------------------------------------- */

static char *
url_part(CURLU *url, CURLUPart part)
{
    char *value = NULL, *copy;

    if (curl_url_get(url, part, &value, 0) != CURLUE_OK)
        return NULL;
    copy = g_strdup(value);
    curl_free(value);
    return copy;
}

/* A user or a password in the URL would end up in messages. */
static gboolean
check_url(WsmanClient *client, const char *text, GError **error)
{
    g_autoptr(CURLU) url = curl_url();
    g_autofree char *scheme = NULL;
    g_autofree char *user = NULL;
    g_autofree char *password = NULL;

    if (!text || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "the URL of the host is missing or malformed");
        return FALSE;
    }
    scheme = url_part(url, CURLUPART_SCHEME);
    user = url_part(url, CURLUPART_USER);
    password = url_part(url, CURLUPART_PASSWORD);
    client->config.target.host = url_part(url, CURLUPART_HOST);
    if (user || password) {
        wsman_wipe_string(password);
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "the URL of the host must not hold credentials");
        return FALSE;
    }
    if (!client->config.target.host ||
        (g_strcmp0(scheme, "http") != 0 && g_strcmp0(scheme, "https") != 0)) {
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "%.200s is not an http or https URL", text);
        return FALSE;
    }
    client->config.target.encrypted = strcmp(scheme, "https") == 0;
    client->config.url = url_part(url, CURLUPART_URL);
    return TRUE;
}

/* Here, since libcurl takes a file without certificates for an empty store,
 * and the error would then be about the server's certificate. */
static gboolean
check_cacert(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = NULL;
    gnutls_x509_crt_t *certificates = NULL;
    gnutls_datum_t pem = { NULL, 0 };
    unsigned count = 0;
    gsize size = 0;
    int result;

    if (!g_file_get_contents(path, &text, &size, &problem) || size > G_MAXUINT) {
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "the trusted certificates cannot be read: %s",
                        problem ? problem->message : path);
        return FALSE;
    }
    pem.data = (unsigned char *)text;
    pem.size = (unsigned)size;
    result = gnutls_x509_crt_list_import2(&certificates, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (result < 0) {
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "%.200s holds no certificates in PEM form: %s", path,
                        gnutls_strerror(result));
        return FALSE;
    }
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(certificates[i]);
    gnutls_free(certificates);
    return TRUE;
}

static gboolean
check_options(WsmanClient *client, const WsmanClientOptions *options, GError **error)
{
    if (!check_url(client, options->url, error))
        return FALSE;
    if (options->cacert && !check_cacert(options->cacert, error))
        return FALSE;
    if (options->max_connections > MAX_CONNECTIONS || options->batch_size > MAX_BATCH_SIZE) {
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL,
                        "at most %d connections and batches of %d can be asked for", MAX_CONNECTIONS,
                        MAX_BATCH_SIZE);
        return FALSE;
    }
    client->config.mechanism = wsman_auth_find(options->auth, client->config.target.encrypted, error);
    return client->config.mechanism != NULL;
}

static guint
or_default(guint value, guint standard)
{
    return value > 0 ? value : standard;
}

WsmanClient *
wsman_client_new(const WsmanClientOptions *options, GError **error)
{
    g_autoptr(WsmanClient) client = g_new0(WsmanClient, 1);

    wsman_xml_init();
    g_atomic_ref_count_init(&client->refs);
    g_mutex_init(&client->config.credentials_lock);
    client->credentials_opaque = options->credentials_opaque;
    client->credentials_destroy = options->credentials_destroy;
    if (!check_options(client, options, error)) {
        /* The caller still owns it then. */
        client->credentials_destroy = NULL;
        return NULL;
    }
    client->config.cacert = g_strdup(options->cacert);
    client->config.proxy = g_strdup(options->proxy);
    client->config.no_verify = options->no_verify;
    client->config.connect_timeout_ms = or_default(options->connect_timeout_ms, DEFAULT_CONNECT_TIMEOUT_MS);
    client->config.target.credentials = options->credentials;
    client->config.target.credentials_opaque = options->credentials_opaque;
    client->operation_timeout_ms = or_default(options->operation_timeout_ms, DEFAULT_OPERATION_TIMEOUT_MS);
    client->network_delay_ms = or_default(options->network_delay_ms, DEFAULT_NETWORK_DELAY_MS);
    client->batch_size = or_default(options->batch_size, DEFAULT_BATCH_SIZE);
    client->byte_arrays = options->byte_arrays;
    client->pool = wsman_pool_new(&client->config,
                                  or_default(options->max_connections, DEFAULT_CONNECTIONS));
    return g_steal_pointer(&client);
}

WsmanClient *
wsman_client_ref(WsmanClient *client)
{
    g_atomic_ref_count_inc(&client->refs);
    return client;
}

void
wsman_client_unref(WsmanClient *client)
{
    if (!client || !g_atomic_ref_count_dec(&client->refs))
        return;
    wsman_pool_free(client->pool);
    if (client->credentials_destroy)
        client->credentials_destroy(client->credentials_opaque);
    g_mutex_clear(&client->config.credentials_lock);
    g_free((char *)client->config.target.host);
    g_free(client->config.url);
    g_free(client->config.cacert);
    g_free(client->config.proxy);
    g_free(client);
}

gboolean
wsman_client_is_encrypted(const WsmanClient *client)
{
    return client->config.target.encrypted;
}

const char *
wsman_client_get_url(const WsmanClient *client)
{
    return client->config.url;
}

guint64
wsman_client_get_n_requests(const WsmanClient *client)
{
    return __atomic_load_n(&client->config.n_requests, __ATOMIC_RELAXED);
}

/* --- Identify ------------------------------------------------------------- */

void
wsman_identity_free(WsmanIdentity *identity)
{
    if (!identity)
        return;
    g_free(identity->vendor);
    g_free(identity->version);
    g_free(identity);
}

WsmanIdentity *
wsman_client_identify(WsmanClient *client, GCancellable *cancellable, GError **error)
{
    g_auto(WsmanCall) call = { .label = "Identify", .repeatable = TRUE, .read_only = TRUE };
    g_autoptr(WsmanMessage) message = NULL;
    WsmanIdentity *identity;
    const xmlNode *body;
    const char *os;

    call.request = wsman_buffer_new(FALSE, WSMAN_MAX_REQUEST_SIZE);
    wsman_soap_write_identify(call.request);
    message = wsman_call(client, &call, NULL, cancellable, error);
    if (!message)
        return NULL;
    body = wsman_message_get_body(message);
    if (!wsman_xml_is(body, WSMAN_NS_IDENTITY, "IdentifyResponse")) {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the answer is no IdentifyResponse");
        wsman_client_prefix_error(client, call.label, error);
        return NULL;
    }
    identity = g_new0(WsmanIdentity, 1);
    identity->vendor = wsman_xml_trimmed_text(wsman_xml_child(body, WSMAN_NS_IDENTITY, "ProductVendor"));
    identity->version = wsman_xml_trimmed_text(wsman_xml_child(body, WSMAN_NS_IDENTITY, "ProductVersion"));
    os = identity->version ? strstr(identity->version, "OS:") : NULL;
    if (!os || sscanf(os, "OS: %9u.%9u.%9u", &identity->os_major, &identity->os_minor,
                      &identity->os_build) != 3)
        identity->os_major = identity->os_minor = identity->os_build = 0;
    return identity;
}

/* --- Get and Invoke ------------------------------------------------------- */

static WsmanInstance *
take_instance(WsmanClient *client, const WsmanCall *call, const xmlNode *node, const WsmanEpr *epr,
              const char *class_name, GError **error)
{
    g_autoptr(GError) problem = NULL;
    WsmanInstance *instance = wsman_instance_from_node(node, wsman_epr_get_namespace(epr), class_name,
                                                       call->secret, &problem);

    if (!instance) {
        wsman_client_prefix_error(client, call->label, &problem);
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    return instance;
}

WsmanInstance *
wsman_client_get(WsmanClient *client, const WsmanEpr *epr, GCancellable *cancellable, GError **error)
{
    g_autofree char *label = g_strconcat("Get ", wsman_epr_get_class(epr), NULL);
    g_auto(WsmanCall) call = {
        .label = label, .repeatable = TRUE, .read_only = TRUE,
        .names_instance = wsman_epr_n_selectors(epr) > 0,
    };
    g_autoptr(WsmanMessage) message = NULL;

    wsman_call_begin(client, &call, WSMAN_ACTION_GET, wsman_epr_get_resource_uri(epr), epr);
    wsman_soap_end(call.request, 0);
    message = wsman_call(client, &call, NULL, cancellable, error);
    if (!message)
        return NULL;
    if (!wsman_message_get_body(message)) {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the answer is empty");
        wsman_client_prefix_error(client, label, error);
        return NULL;
    }
    return take_instance(client, &call, wsman_message_get_body(message), epr, NULL, error);
}

static void
write_input(WsmanCall *call, const WsmanEpr *target, const char *method, const WsmanArgs *args,
            WsmanBytesForm form)
{
    g_autofree char *element = g_strconcat("p:", method, "_INPUT", NULL);

    wsman_writer_open_with(call->request, element, "xmlns:p", wsman_epr_get_resource_uri(target), NULL);
    wsman_args_write(args, form, call->request);
    wsman_writer_close(call->request, element);
}

/* The last piece that goes through libcurl's buffer is to be white space. */
static gsize
padding_for(const WsmanArgs *args)
{
    return wsman_args_have_secrets(args) ? 2 * WSMAN_SECRET_PIECE : 0;
}

static WsmanInstance *
take_output(WsmanClient *client, const WsmanCall *call, const WsmanMessage *message, const WsmanEpr *target,
            const char *method, GError **error)
{
    g_autofree char *name = g_strconcat(method, "_OUTPUT", NULL);
    const xmlNode *body = wsman_message_get_body(message);
    GError *problem = NULL;
    WsmanInstance *output;

    if (wsman_xml_is(body, NULL, name)) {
        output = take_instance(client, call, body, target, name, &problem);
    } else {
        output = NULL;
        wsman_set_error(&problem, WSMAN_ERROR_PROTOCOL, NULL, "the answer is no %s", name);
        wsman_client_prefix_error(client, call->label, &problem);
    }
    if (!output) {
        wsman_error_set_may_have_run(problem);
        g_propagate_error(error, problem);
    }
    return output;
}

WsmanInstance *
wsman_client_invoke(WsmanClient *client, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                    GCancellable *cancellable, GError **error)
{
    g_autofree char *label = g_strdup_printf("Invoke %s.%s", wsman_epr_get_class(target), method);
    g_autofree char *action = g_strdup_printf("%s/%s", wsman_epr_get_resource_uri(target), method);
    g_auto(WsmanCall) call = {
        .label = label, .secret = TRUE, .names_instance = wsman_epr_n_selectors(target) > 0,
    };
    g_autoptr(WsmanMessage) message = NULL;

    call.request = wsman_buffer_new(wsman_args_have_secrets(args), WSMAN_MAX_REQUEST_SIZE);
    wsman_call_begin(client, &call, action, wsman_epr_get_resource_uri(target), target);
    write_input(&call, target, method, args, client->byte_arrays);
    wsman_soap_end(call.request, padding_for(args));
    message = wsman_call(client, &call, NULL, cancellable, error);
    return message ? take_output(client, &call, message, target, method, error) : NULL;
}
