/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_connect.h"

#include "driver/msvm_config.h"
#include "driver/msvm_domain_capabilities.h"
#include "driver/msvm_endpoint.h"
#include "driver/msvm_error.h"
#include "driver/msvm_migrate_offer.h"
#include "driver/msvm_private.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virlog.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.connect");

void
msvmPrivateFree(MsvmPrivate *priv)
{
    if (!priv)
        return;
    /* The host goes first: its client still refers to the credentials. */
    if (priv->host)
        msvmMigrateWithdraw(priv->host);
    g_clear_pointer(&priv->host, hyperv_host_unref);
    g_clear_pointer(&priv->credentials, msvmCredentialsUnref);
    g_clear_pointer(&priv->cache, msvmCacheFree);
    g_clear_pointer(&priv->keys, msvmKeysFree);
    g_clear_pointer(&priv->host_caps, msvmHostCapsFree);
    virObjectUnref(priv->xmlopt);
    g_free(priv->name);
    g_free(priv);
}

/* root: where the URI has none; may be NULL. */
static MsvmEndpoint *
find_endpoint(const virURI *uri, const char *root)
{
    g_autoptr(MsvmEndpoint) endpoint = msvmEndpointParse(uri);
    g_autoptr(MsvmConfig) config = NULL;

    if (endpoint && !endpoint->root)
        endpoint->root = g_strdup(root);
    if (!endpoint || !(config = msvmConfigLoad(endpoint->root)) ||
        msvmEndpointComplete(endpoint, uri, config) < 0)
        return NULL;
    return g_steal_pointer(&endpoint);
}

static WsmanClient *
make_client(const MsvmEndpoint *endpoint, MsvmCredentials *credentials, GError **error)
{
    WsmanClient *client;
    WsmanClientOptions options = {
        .url = endpoint->url,
        .auth = endpoint->auth,
        .cacert = endpoint->cacert,
        .no_verify = endpoint->no_verify,
        .connect_timeout_ms = endpoint->connect_timeout * 1000,
        .operation_timeout_ms = endpoint->operation_timeout * 1000,
        .credentials = msvmCredentialsGet,
        .credentials_opaque = credentials,
        .credentials_destroy = (GDestroyNotify)msvmCredentialsUnref,
    };

    client = wsman_client_new(&options, error);
    if (client)
        msvmCredentialsRef(credentials); /* for credentials_destroy */
    return client;
}

static int
open_host(MsvmPrivate *priv, const MsvmEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanClient) client = make_client(endpoint, priv->credentials, &error);

    if (client)
        priv->host = hyperv_host_open(client, NULL, &error);
    if (!priv->host) {
        msvmReportError(error, NULL, _("cannot connect to host '%s'"), endpoint->name);
        return -1;
    }
    priv->encrypted = wsman_client_is_encrypted(client);
    hyperv_host_set_job_timeout(priv->host, endpoint->job_timeout);
    msvmKeysSetProvisioning(priv->keys, endpoint->provisioning_directory, endpoint->provisioning_timeout);
    return 0;
}

static MsvmPrivate *
private_new(virConnectPtr conn, const virURI *uri, const char *root, virConnectAuthPtr auth, unsigned int flags)
{
    g_autoptr(MsvmPrivate) priv = g_new0(MsvmPrivate, 1);
    g_autoptr(MsvmEndpoint) endpoint = find_endpoint(uri, root);

    if (!endpoint)
        return NULL;
    priv->name = g_strdup(endpoint->name);
    priv->readonly = (flags & VIR_CONNECT_RO) != 0;
    priv->cache = msvmCacheNew();
    priv->keys = msvmKeysNew(endpoint->root);
    priv->host_caps = msvmHostCapsNew();
    if (!(priv->xmlopt = msvmXMLOptionNew()) ||
        !(priv->credentials = msvmCredentialsNew(conn, auth, endpoint->user, endpoint->name)) ||
        open_host(priv, endpoint) < 0)
        return NULL;
    msvmCredentialsSeal(priv->credentials);
    return g_steal_pointer(&priv);
}

virDrvOpenStatus
msvmConnectOpen(virConnectPtr conn, virConnectAuthPtr auth, virConf *conf, unsigned int flags)
{
    MsvmPrivate *priv;

    virCheckFlags(VIR_CONNECT_RO | VIR_CONNECT_NO_ALIASES, VIR_DRV_OPEN_ERROR);

    if (virConnectOpenEnsureACL(conn) < 0 || !(priv = private_new(conn, conn->uri, NULL, auth, flags)))
        return VIR_DRV_OPEN_ERROR;
    VIR_DEBUG("Opened host '%s', '%s'", priv->name, hyperv_host_get_name(priv->host));
    conn->privateData = priv;
    return VIR_DRV_OPEN_SUCCESS;
}

MsvmPrivate *
msvmPrivateOpenPeer(virConnectPtr conn, const char *where)
{
    g_autofree char *text = strstr(where, "://") ? g_strdup(where) : g_strdup_printf("msvm://%s/", where);
    g_autoptr(MsvmEndpoint) own = msvmEndpointParse(conn->uri);
    g_autoptr(virURI) uri = own ? virURIParse(text) : NULL;

    if (!uri)
        return NULL;
    if (STRNEQ_NULLABLE(uri->scheme, "msvm")) {
        virReportError(VIR_ERR_INVALID_ARG, _("'%s' is no URI of this driver, nor the name of a host"), where);
        return NULL;
    }
    return private_new(conn, uri, own->root, NULL, 0);
}

int
msvmConnectClose(virConnectPtr conn)
{
    msvmPrivateFree(msvmPrivateOf(conn));
    conn->privateData = NULL;
    return 0;
}
