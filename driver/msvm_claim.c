/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_claim.h"

#include <stdbool.h>

struct MsvmClaim {
    char *host;
    char *name;
    char *uuid;
};

static GMutex lock;
static GCond released;
static GList *claims;

static bool
is_taken(const MsvmClaim *wanted)
{
    const GList *item;

    for (item = claims; item; item = item->next) {
        const MsvmClaim *claim = item->data;

        if (g_str_equal(claim->host, wanted->host) &&
            (g_str_equal(claim->name, wanted->name) || g_str_equal(claim->uuid, wanted->uuid)))
            return true;
    }
    return false;
}

MsvmClaim *
msvmClaimTake(const char *host, const char *name, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    MsvmClaim *claim = g_new0(MsvmClaim, 1);

    claim->host = g_strdup(host);
    claim->name = g_strdup(name);
    claim->uuid = g_strdup(uuid);
    /* Bounded, because every define is. */
    while (is_taken(claim))
        g_cond_wait(&released, &lock);
    claims = g_list_prepend(claims, claim);
    return claim;
}

void
msvmClaimRelease(MsvmClaim *claim)
{
    if (!claim)
        return;
    g_mutex_lock(&lock);
    claims = g_list_remove(claims, claim);
    g_cond_broadcast(&released);
    g_mutex_unlock(&lock);
    g_free(claim->host);
    g_free(claim->name);
    g_free(claim->uuid);
    g_free(claim);
}
