/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a machine that has a key protector may move to a host. No check of
 * Hyper-V is known to ask: it takes a machine that is off, which then cannot
 * start. So both hosts are asked before.
 *
 *   guard of the destination            may it go there?
 *   none, unknown                       no
 *   local                               if the protector authorises the host (hyperv_authorise.h), unless the
 *                                       machine is shielded and its source is not in local mode itself: what
 *                                       a fabric shields goes to attested hosts alone
 *   guarded, attestation not passed     no
 *   guarded, and the guardians of the   no: local guardians do not count there
 *     two hosts are all that there are
 *   guarded                             if the source is guarded by the same Host Guardian Service, which then
 *                                       lets it in there as here. Nobody else can tell its guardian
 */
#pragma once

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_migrate.h"

/* The source's part of what is asked: asked, wrappings, guard, guard_service. */
gboolean hyperv_migrate_guard_describe(HypervCall *call, HypervTraveller *traveller, GError **error);

/* The destination's. HYPERV_ERROR_UNSAFE with the reason. */
gboolean hyperv_migrate_guard_check(HypervCall *call, const HypervTraveller *traveller, GError **error);

/* The decision, from what was asked; guardians: those of the destination.
 * *reason: a clause, "the host has none ..."; caller frees. */
gboolean hyperv_migrate_is_safe(const HypervTraveller *traveller, const HypervGuard *guard, const char *service,
                                const GPtrArray *guardians, char **reason);
