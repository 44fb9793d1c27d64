/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_identity.h"

#include "driver/msvm_private.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

const char *
msvmConnectGetType(virConnectPtr conn)
{
    if (virConnectGetTypeEnsureACL(conn) < 0)
        return NULL;
    return "Hyper-V";
}

unsigned long
msvmVersionPack(unsigned int major, unsigned int minor, unsigned int build)
{
    return MIN(major, 99) * 100000000ul + MIN(minor, 99) * 1000000ul + MIN(build, 999999);
}

int
msvmConnectGetVersion(virConnectPtr conn, unsigned long *version)
{
    guint major, minor, build;

    if (virConnectGetVersionEnsureACL(conn) < 0)
        return -1;
    hyperv_host_get_version(msvmPrivateOf(conn)->host, &major, &minor, &build);
    *version = msvmVersionPack(major, minor, build);
    return 0;
}

char *
msvmConnectGetHostname(virConnectPtr conn)
{
    if (virConnectGetHostnameEnsureACL(conn) < 0)
        return NULL;
    return g_strdup(hyperv_host_get_name(msvmPrivateOf(conn)->host));
}

int
msvmMaxVcpus(unsigned int major, unsigned int build)
{
    static const struct {
        unsigned int build;
        int vcpus;
    } limits[] = { { 26100, 2048 }, { 20348, 1024 }, { 14393, 240 } };
    size_t i;

    for (i = 0; major >= 10 && i < G_N_ELEMENTS(limits); i++) {
        if (build >= limits[i].build)
            return limits[i].vcpus;
    }
    return 64;
}

int
msvmConnectGetMaxVcpus(virConnectPtr conn, const char *type)
{
    guint major, minor, build;

    if (virConnectGetMaxVcpusEnsureACL(conn) < 0)
        return -1;
    if (type && STRCASENEQ(type, "hyperv")) {
        virReportError(VIR_ERR_INVALID_ARG, _("unknown type '%s'"), type);
        return -1;
    }
    hyperv_host_get_version(msvmPrivateOf(conn)->host, &major, &minor, &build);
    return msvmMaxVcpus(major, build);
}

/* What is open now says nothing: HTTP connections are made anew when a request
 * needs one. Once one could not be made, the host is asked. */
int
msvmConnectIsAlive(virConnectPtr conn)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    g_autoptr(WsmanIdentity) identity = NULL;

    if (!g_atomic_int_get(&priv->lost))
        return 1;
    identity = wsman_client_identify(hyperv_host_get_client(priv->host), NULL, NULL);
    if (!identity)
        return 0;
    g_atomic_int_set(&priv->lost, 0);
    return 1;
}

int
msvmConnectIsEncrypted(virConnectPtr conn)
{
    return msvmPrivateOf(conn)->encrypted;
}

int
msvmConnectIsSecure(virConnectPtr conn)
{
    return msvmPrivateOf(conn)->encrypted;
}

int
msvmConnectSupportsFeature(virConnectPtr conn, int feature)
{
    int supported;

    if (virConnectSupportsFeatureEnsureACL(conn) < 0)
        return -1;
    if (virDriverFeatureIsGlobal(feature, &supported))
        return supported;
    switch ((virDrvFeature)feature) {
    case VIR_DRV_FEATURE_MIGRATION_V3:
    case VIR_DRV_FEATURE_MIGRATION_PARAMS:
    case VIR_DRV_FEATURE_MIGRATION_DIRECT:
    case VIR_DRV_FEATURE_MIGRATION_P2P:
    case VIR_DRV_FEATURE_MIGRATION_OFFLINE:
        return 1;
    default:
        return 0;
    }
}
