/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting, stopping, pausing. The state is looked at first, so that a
 * request never means something else than its caller had in mind: on
 * Hyper-V the same call starts a machine that is off, resumes one that is
 * paused and restores one that is saved.
 */
#pragma once

#include "internal.h"
#include "driver.h"

#include "driver/msvm_target.h"

int msvmDomainCreate(virDomainPtr dom);
/* VIR_DOMAIN_START_FORCE_BOOT discards a saved state. */
int msvmDomainCreateWithFlags(virDomainPtr dom, unsigned int flags);
int msvmDomainShutdown(virDomainPtr dom);
int msvmDomainShutdownFlags(virDomainPtr dom, unsigned int flags);
int msvmDomainReboot(virDomainPtr dom, unsigned int flags);
int msvmDomainReset(virDomainPtr dom, unsigned int flags);
int msvmDomainDestroy(virDomainPtr dom);
int msvmDomainDestroyFlags(virDomainPtr dom, unsigned int flags);
int msvmDomainSuspend(virDomainPtr dom);
int msvmDomainResume(virDomainPtr dom);

/* What the hyperv_start() family is called through; opaque is a MsvmPowerFunc *. */
typedef gboolean (*MsvmPowerFunc)(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
int msvmPowerChange(MsvmTarget *target, const char *what, MsvmPowerFunc change);
