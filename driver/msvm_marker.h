/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes that may be cut off, and clients that meet.
 *
 * A change of a machine takes several calls. Before the first, the record in
 * its notes is marked: who is at it, and the domain as it was, with whether it
 * had a key protector and whom that authorised. The last call takes the mark
 * away. Where the change drops a protector, which cannot be had back, the mark
 * leads to the domain as it is wanted from then on. So
 *
 *  - a machine whose changer is known to be gone is brought back to what it
 *    was, by whoever sees it next
 *  - a second client that would change it is refused, however late it comes;
 *    of two that mark it in the same moment the one that wrote last goes on
 *
 * Hyper-V has no call that writes only if nobody else did: a mark counts once
 * it is still there after a pause that is longer than what lay between looking
 * and writing.
 */
#pragma once

#include "driver/msvm_private.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"

/* Marks the machine, which is off. change->current: as it was just read. A
 * HypervMarkFunc; opaque: the MsvmPrivate. HYPERV_ERROR_IN_USE when another
 * one is at it; then nothing is to be changed. */
gboolean msvmMarkerSet(HypervHost *host, HypervChange *change, gpointer opaque, GError **error);

/* Brings machines back whose changers are gone, a few at most. True when it
 * has changed any: what was found is out of date. Never fails. */
bool msvmMarkerRepair(MsvmPrivate *priv, const GPtrArray *found);

/* VIR_ERR_RESOURCE_BUSY when notes, as they were just read, have the mark of a
 * change, which who writes to them would take away: -1, else 0. */
int msvmMarkerRefuse(const MsvmPrivate *priv, const char *name, const char *notes);

/* For whoever would start a machine, move it, remove it or write to its notes:
 * -1 with VIR_ERR_RESOURCE_BUSY while somebody is changing it. One request;
 * what an abandoned change has left is brought back first. */
int msvmMarkerRequireNone(MsvmTarget *target);

/* For an operator who knows that whoever was changing the domain is gone, where
 * that cannot be proved, because it was on another Linux host: brings it back.
 * 1 when it has, 0 when nobody is changing it, -1 with an error reported:
 * VIR_ERR_RESOURCE_BUSY for a process of this host that is still there. */
int msvmMarkerTakeOver(MsvmTarget *target);

/* Two processes that define one name, or one UUID, at the same moment see each
 * other's machine before they complete theirs: the one that the host made
 * first stays. FALSE with HYPERV_ERROR_IN_USE for the other. A
 * HypervRivalFunc; opaque: a MsvmRival. */
typedef struct {
    const char *name;
    const char *uuid;
} MsvmRival;

gboolean msvmMarkerCheckRivals(HypervHost *host, const char *guid, WsmanInstance **settings, gpointer opaque,
                               GError **error);
