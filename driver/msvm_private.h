/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one virConnect keeps, in conn->privateData. Set up by open, unchanged
 * until close, so that threads share it without a lock; its members lock
 * themselves.
 */
#pragma once

#include "driver/msvm_cache.h"
#include "driver/msvm_credentials.h"
#include "driver/msvm_error.h"
#include "driver/msvm_keys.h"
#include "hyperv/hyperv_host.h"

#include "internal.h"
#include "datatypes.h"
#include "domain_conf.h"

typedef struct MsvmHostCaps MsvmHostCaps;

typedef struct {
    char *name;                   /* of the host, as the user called it */
    bool readonly;
    bool encrypted;
    gint lost;                    /* atomic: the last that was heard of the host is that it cannot be reached */
    HypervHost *host;
    virDomainXMLOption *xmlopt;
    MsvmCache *cache;
    MsvmCredentials *credentials;
    MsvmKeys *keys;
    MsvmHostCaps *host_caps;
} MsvmPrivate;

/* Reports an error of a request to the host, see msvmReportError(). */
#define msvmReportHostError(priv, error, ...) \
    (msvmPrivateNote((priv), (error)), msvmReportError((error), (priv)->name, __VA_ARGS__))

static inline void
msvmPrivateNote(MsvmPrivate *priv, const GError *error)
{
    if (g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_CONNECT) ||
        g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_TIMEOUT))
        g_atomic_int_set(&priv->lost, 1);
}

static inline MsvmPrivate *
msvmPrivateOf(virConnectPtr conn)
{
    return (MsvmPrivate *)conn->privateData;
}
