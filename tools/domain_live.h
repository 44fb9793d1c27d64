/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A live host: what it has, and whether a definition fits it. Only questions
 * are asked; nothing on the host changes.
 */
#pragma once

#include "driver/msvm_private.h"
#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_find.h"
#include "tools/domain_check.h"

/* A read-only connection by this program's own driver, so that a daemon's will
 * not do. NULL with libvirt's error set. */
virConnectPtr live_open(const char *uri);

typedef struct {
    virConnectPtr conn;
    MsvmPrivate *priv;    /* of conn */
    MsvmPlanHost host;
    HypervFound *found;   /* the machine that is there already, or NULL */
    HypervMachine *current;
    HypervState state;
} Live;

void live_begin(Live *live, virConnectPtr conn);
void live_clear(Live *live);

/* Looks for the machine that the definition would change, for check_plan().
 * Problems go into the report. FALSE when the host does not answer. */
gboolean live_find(Live *live, Check *check);

/* After check_plan(): TPM, guard, guardian, switches, disks. FALSE when the
 * host does not answer. */
gboolean live_check(Live *live, Check *check);
