/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host has against a definition: virtual switches that it has not, key
 * material that it does not take, guardians that cannot be used. A define ends
 * at the first of these; here they are asked for one by one, once it is clear
 * that there is something to be reported.
 */
#pragma once

#include "driver/msvm_change.h"
#include "driver/msvm_keys.h"

/* Adds to change->problems. policy: NULL where it is not decided, so that
 * nothing can be said of keys; protection: of the same policy, or NULL where
 * none is needed or could be had. Some requests; nothing is changed. */
void msvmInspect(MsvmChange *change, const MsvmPolicy *policy, const MsvmProtection *protection);

/* Whether an error is of the kind that is found here. */
bool msvmInspectIsAbout(const GError *error);
