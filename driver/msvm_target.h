/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that a virDomainPtr stands for, and running something on it.
 */
#pragma once

#include "driver/msvm_private.h"

typedef struct {
    virConnectPtr conn; /* borrowed */
    MsvmPrivate *priv;  /* borrowed */
    virDomainDef *def;  /* name and UUID alone, as the host has them: for access control and messages */
    char uuid[VIR_UUID_STRING_BUFLEN];
    char *guid;         /* of the machine */
    bool remembered;    /* from an earlier call, so that it may be out of date */
} MsvmTarget;

/* Finds the machine: without a request when the connection knows it already.
 * NULL with VIR_ERR_NO_DOMAIN or another error reported. */
MsvmTarget *msvmTargetNew(virDomainPtr dom);
void msvmTargetFree(MsvmTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmTarget, msvmTargetFree)

/* Something done to target->guid. */
typedef gboolean (*MsvmAction)(MsvmTarget *target, gpointer opaque, GError **error);

/*
 * Runs an action. When the machine turns out to be gone, and was only
 * remembered, looks for the domain once more (somebody may have made it anew)
 * and runs the action again.
 * what: what could not be done, "cannot start": for the message.
 * 0, or -1 with an error reported.
 */
int msvmTargetRun(MsvmTarget *target, const char *what, MsvmAction action, gpointer opaque);

/* The same for an action that changes something on the host. */
int msvmTargetChange(MsvmTarget *target, const char *what, MsvmAction action, gpointer opaque);

/* The present state. id: -1 when not active. */
int msvmTargetState(MsvmTarget *target, MsvmQuestion question, HypervState *state, int *id);

/* The machine with its settings; NULL with an error reported. Caller frees. */
HypervFound *msvmTargetDetails(MsvmTarget *target, MsvmQuestion question);

/* -1 with VIR_ERR_OPERATION_INVALID unless the domain is active. */
int msvmTargetRequireActive(MsvmTarget *target);

/* The libvirt id of a machine. */
int msvmMachineId(HypervState state, guint32 process_id);
