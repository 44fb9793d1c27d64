/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One define of a name, or of a UUID, on a host at a time, in this process.
 * Hyper-V takes any number of machines of one name, so that of two threads
 * that look for a name at the same time both would find it free. Another
 * process is kept out only once it can see the machine in the making.
 */
#pragma once

#include <glib.h>

typedef struct MsvmClaim MsvmClaim;

/* Waits for who has a claim on this name or this UUID on this host. */
MsvmClaim *msvmClaimTake(const char *host, const char *name, const char *uuid);
void msvmClaimRelease(MsvmClaim *claim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmClaim, msvmClaimRelease)
