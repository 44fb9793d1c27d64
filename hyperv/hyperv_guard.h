/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guard of a host: Host Guardian Service client, guardians, protectors
 * (namespace root/Microsoft/Windows/Hgs).
 */
#pragma once

#include "hyperv/hyperv_host.h"

typedef enum {
    HYPERV_GUARD_NONE,    /* the host has no HGS client classes */
    HYPERV_GUARD_UNKNOWN, /* Mode 0 */
    HYPERV_GUARD_LOCAL,   /* Mode 1 */
    HYPERV_GUARD_GUARDED, /* Mode 2: Host Guardian Service */
} HypervGuardMode;

typedef struct {
    HypervGuardMode mode;
    gboolean is_guarded;       /* IsHostGuarded */
    guint attestation_status;  /* 100 is passed */
} HypervGuard;

/* One request. A host without the classes gives HYPERV_GUARD_NONE. */
gboolean hyperv_query_guard(HypervHost *host, HypervGuard *guard, GCancellable *cancellable, GError **error);

/* Makes a key protector on the host, owned by the guardian (NewByGuardians),
 * in local mode only. The bytes, framed, or NULL. */
GBytes *hyperv_make_protector(HypervHost *host, const char *owner, gboolean create_owner,
                              GCancellable *cancellable, GError **error);
