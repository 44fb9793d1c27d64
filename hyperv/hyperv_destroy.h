/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing machines: on request, and what a define that failed has left.
 */
#pragma once

#include "hyperv/hyperv_method.h"

/* DestroySystem. */
gboolean hyperv_destroy(HypervCall *call, const char *guid, GError **error);

/*
 * Undoes a define. guid: of the machine, if DefineSystem said it; else, when
 * in_doubt (it may have run, but its answer was lost), the machine is looked
 * for by name, notes and BIOS GUID, so that nobody else's is taken for it.
 * unfinished: a job that still ran, waited for first; or NULL. Not
 * cancellable, and bounded. FALSE when something is left on the host.
 */
gboolean hyperv_destroy_unfinished(HypervHost *host, const char *guid, gboolean in_doubt, const char *name,
                                   const char *pending_notes, const char *bios_guid, const WsmanEpr *unfinished,
                                   GError **error);
