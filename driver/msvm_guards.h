/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in the way of a change of a machine's security on the host, and
 * is better said before anything is done than by a job that fails half way:
 *
 *   the power state    off; a saved state is said as such
 *   checkpoints        none: what they hold was saved with the old security
 *   configuration      version 8.0 or newer for a TPM
 *   the template       frozen with the TPM (checked by the plan)
 *   the guard          shielding needs a host that is in local mode, or attested
 */
#pragma once

#include "driver/msvm_change.h"

/* change: with its plan, or with its policy where there is none; and with
 * current and state where there is a machine. Problems go into change->problems. One request, where
 * shielding is new. */
void msvmGuardsCheck(MsvmChange *change);

/* The same for a machine's power state alone: -1 with VIR_ERR_OPERATION_INVALID
 * reported unless it is off. */
int msvmGuardsRequireOff(const MsvmPrivate *priv, const char *name, HypervState state);

/* Adds to the error of a start that failed whether the machine's protector
 * authorises the host, which Hyper-V's own text leaves open. */
void msvmGuardsExplainStart(MsvmPrivate *priv, const char *guid, GError **error);
