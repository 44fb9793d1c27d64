/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_endpoint.h"

#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

void
msvmEndpointFree(MsvmEndpoint *endpoint)
{
    if (!endpoint)
        return;
    g_free(endpoint->root);
    g_free(endpoint->name);
    g_free(endpoint->user);
    g_free(endpoint->url);
    g_free(endpoint->auth);
    g_free(endpoint->cacert);
    g_free(endpoint->provisioning_directory);
    g_free(endpoint);
}

static const char *
find_param(const virURI *uri, const char *name)
{
    size_t i;

    for (i = 0; i < uri->paramsCount; i++) {
        if (STREQ(uri->params[i].name, name))
            return uri->params[i].value;
    }
    return NULL;
}

/* One value of a parameter that allows only these; NULL-terminated. */
static int
check_value(const char *name, const char *value, const char *const *allowed)
{
    g_autofree char *list = NULL;

    if (g_strv_contains(allowed, value))
        return 0;
    list = g_strjoinv(", ", (char **)allowed);
    virReportError(VIR_ERR_INVALID_ARG, _("URI parameter '%s' is '%s': it must be one of %s"), name, value, list);
    return -1;
}

static int
check_param(const char *name, const char *value)
{
    static const char *const transports[] = { "https", "http", NULL };
    static const char *const mechanisms[] = { "negotiate", "kerberos", "ntlm", "basic", "certificate", NULL };
    static const char *const booleans[] = { "0", "1", NULL };

    if (!value || !*value) {
        virReportError(VIR_ERR_INVALID_ARG, _("URI parameter '%s' has no value"), name);
        return -1;
    }
    if (STREQ(name, "transport"))
        return check_value(name, value, transports);
    if (STREQ(name, "auth"))
        return check_value(name, value, mechanisms);
    if (STREQ(name, "no_verify"))
        return check_value(name, value, booleans);
    if ((STREQ(name, "cacert") || STREQ(name, "root")) && !g_path_is_absolute(value)) {
        virReportError(VIR_ERR_INVALID_ARG, _("URI parameter '%s' is '%s': it must be an absolute path"), name,
                       value);
        return -1;
    }
    return 0;
}

static int
check_params(const virURI *uri)
{
    /* authfile is libvirt's own, see virAuthGetConfigFilePath(). */
    static const char *const known[] = { "root", "transport", "auth", "cacert", "no_verify", "authfile", NULL };
    size_t i, j;

    for (i = 0; i < uri->paramsCount; i++) {
        const char *name = uri->params[i].name;

        if (!g_strv_contains(known, name)) {
            virReportError(VIR_ERR_INVALID_ARG, _("unknown URI parameter '%s'"), name);
            return -1;
        }
        for (j = 0; j < i; j++) {
            if (STREQ(uri->params[j].name, name)) {
                virReportError(VIR_ERR_INVALID_ARG, _("URI parameter '%s' is given twice"), name);
                return -1;
            }
        }
        if (check_param(name, uri->params[i].value) < 0)
            return -1;
    }
    return 0;
}

/* A name goes into URLs, messages and group names: nothing of it may be
 * taken for anything else there. */
static int
check_name(const char *name)
{
    if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%") == strlen(name))
        return 0;
    virReportError(VIR_ERR_INVALID_ARG, _("'%s' is not the name or address of a host"), name);
    return -1;
}

/* The host from server or path of the URI. */
static int
parse_name(MsvmEndpoint *endpoint, const virURI *uri)
{
    const char *server = uri->server && *uri->server ? uri->server : NULL;
    const char *path = uri->path ? uri->path : "";
    bool is_plain = STREQ(path, "") || STREQ(path, "/") || STREQ(path, "/system") || STREQ(path, "/embed");

    if (!is_plain && (server || strchr(path + 1, '/'))) {
        virReportError(VIR_ERR_INVALID_ARG,
                       _("unexpected path '%s' in the URI: try msvm://%s/embed?root=DIR"), path,
                       server ? server : "host");
        return -1;
    }
    endpoint->name = g_strdup(server ? server : is_plain ? NULL : path + 1);
    return endpoint->name ? check_name(endpoint->name) : 0;
}

MsvmEndpoint *
msvmEndpointParse(const virURI *uri)
{
    g_autoptr(MsvmEndpoint) endpoint = g_new0(MsvmEndpoint, 1);

    if (check_params(uri) < 0 || parse_name(endpoint, uri) < 0)
        return NULL;
    if (uri->user && strchr(uri->user, ':')) {
        /* Not shown: it is a password, and libvirt would have logged it. */
        virReportError(VIR_ERR_INVALID_ARG, "%s",
                       _("the URI holds a password: put it into auth.conf instead"));
        return NULL;
    }
    endpoint->user = uri->user && *uri->user ? g_strdup(uri->user) : NULL;
    endpoint->root = g_strdup(find_param(uri, "root"));
    endpoint->auth = g_strdup(find_param(uri, "auth"));
    endpoint->cacert = g_strdup(find_param(uri, "cacert"));
    endpoint->no_verify = STREQ_NULLABLE(find_param(uri, "no_verify"), "1");
    return g_steal_pointer(&endpoint);
}

static char *
make_url(const char *name, bool http, unsigned int port)
{
    bool is_ipv6 = strchr(name, ':') != NULL;

    if (port == 0)
        port = http ? MSVM_PORT_HTTP : MSVM_PORT_HTTPS;
    return g_strdup_printf("%s://%s%s%s:%u/wsman", http ? "http" : "https", is_ipv6 ? "[" : "", name,
                           is_ipv6 ? "]" : "", port);
}

/* HOST, HOST:PORT or [ADDRESS]:PORT, as in a URI. */
static int
split_host(const char *text, char **name, unsigned int *port)
{
    g_autofree char *uri_text = g_strdup_printf("msvm://%s/", text);
    g_autoptr(virURI) uri = NULL;

    if (strpbrk(text, "/?#@") || !(uri = virURIParse(uri_text)) || !uri->server || !*uri->server) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("default_host '%s' is neither HOST nor HOST:PORT"), text);
        return -1;
    }
    *name = g_strdup(uri->server);
    *port = uri->port;
    return 0;
}

/* port: of the URI; replaced with the default host's. */
static int
complete_name(MsvmEndpoint *endpoint, const MsvmConfig *config, unsigned int *port)
{
    g_autofree char *text = NULL;

    if (endpoint->name)
        return 0;
    text = msvmConfigDefaultHost(config);
    if (!text) {
        virReportError(VIR_ERR_INVALID_ARG, _("the URI names no host, and '%s' has no default_host in [driver]"),
                       msvmConfigPath(config));
        return -1;
    }
    return split_host(text, &endpoint->name, port) < 0 ? -1 : check_name(endpoint->name);
}

int
msvmEndpointComplete(MsvmEndpoint *endpoint, const virURI *uri, const MsvmConfig *config)
{
    g_autoptr(MsvmConfigHost) host = NULL;
    const char *transport = find_param(uri, "transport");
    unsigned int port = uri->port;

    if (complete_name(endpoint, config, &port) < 0 || !(host = msvmConfigGetHost(config, endpoint->name)))
        return -1;
    if (!endpoint->auth)
        endpoint->auth = g_steal_pointer(&host->auth);
    if (!endpoint->cacert)
        endpoint->cacert = g_steal_pointer(&host->cacert);
    if (!find_param(uri, "no_verify"))
        endpoint->no_verify = host->no_verify;
    endpoint->connect_timeout = host->connect_timeout;
    endpoint->operation_timeout = host->operation_timeout;
    endpoint->job_timeout = host->job_timeout;
    endpoint->provisioning_directory = g_steal_pointer(&host->provisioning_directory);
    endpoint->provisioning_timeout = host->provisioning_timeout;
    if (host->url && !transport && port == 0)
        endpoint->url = g_steal_pointer(&host->url);
    else
        endpoint->url = make_url(endpoint->name, STREQ_NULLABLE(transport, "http"), port);
    return 0;
}
