/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key protectors that a host makes (NewByGuardians), in two steps: looking,
 * which changes nothing, and making, which makes the owner as well where the
 * host has none of that name.
 */
#pragma once

#include "hyperv/hyperv_guard.h"

typedef struct HypervMaker HypervMaker;

/*
 * guardians: those it is for beside the owner (HypervMetadata): such as the
 * host has, found by their certificate, others by their documents; in local
 * and guarded mode. NULL: for the owner alone, in local mode only.
 * One query. NULL with everything that stands in the way added to problems.
 */
HypervMaker *hyperv_maker_new(HypervCall *call, const HypervGuard *guard, const HypervOwner *owner,
                              const GPtrArray *guardians, GPtrArray *problems);
void hyperv_maker_free(HypervMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervMaker, hyperv_maker_free)

/* Whether it makes a guardian, which stays on the host. */
gboolean hyperv_maker_makes_owner(const HypervMaker *maker);

/* Makes the protector: its bytes, framed, or NULL. */
GBytes *hyperv_maker_run(const HypervMaker *maker, HypervCall *call, GError **error);
