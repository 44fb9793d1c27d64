/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one virConnect keeps, in conn->privateData. Set up by open, unchanged
 * until close, so that threads share it without a lock; its members lock
 * themselves.
 */
#pragma once

#include "driver/msvm_cache.h"
#include "driver/msvm_credentials.h"
#include "driver/msvm_keys.h"
#include "hyperv/hyperv_host.h"

#include "internal.h"
#include "datatypes.h"
#include "domain_conf.h"

typedef struct {
    char *name;                   /* of the host, as the user called it */
    bool readonly;
    bool encrypted;
    HypervHost *host;
    virDomainXMLOption *xmlopt;
    MsvmCache *cache;
    MsvmCredentials *credentials;
    MsvmKeys *keys;
} MsvmPrivate;

static inline MsvmPrivate *
msvmPrivateOf(virConnectPtr conn)
{
    return (MsvmPrivate *)conn->privateData;
}
