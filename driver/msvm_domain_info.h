/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short questions about one domain.
 */
#pragma once

#include "internal.h"
#include "driver.h"

int msvmDomainGetState(virDomainPtr dom, int *state, int *reason, unsigned int flags);
int msvmDomainGetInfo(virDomainPtr dom, virDomainInfoPtr info);
char *msvmDomainGetOSType(virDomainPtr dom);
int msvmDomainIsActive(virDomainPtr dom);
int msvmDomainIsPersistent(virDomainPtr dom);
int msvmDomainIsUpdated(virDomainPtr dom);
unsigned long long msvmDomainGetMaxMemory(virDomainPtr dom);
int msvmDomainGetMaxVcpus(virDomainPtr dom);
int msvmDomainGetVcpusFlags(virDomainPtr dom, unsigned int flags);

/* Autostart is Hyper-V's startup action "always start"; switched off it is
 * "nothing". "Start if it was running" counts as off, and is left alone when
 * it is switched off. */
int msvmDomainGetAutostart(virDomainPtr dom, int *autostart);
int msvmDomainSetAutostart(virDomainPtr dom, int autostart);
