/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing a machine from the host. Image files of its disks stay; its
 * firmware variables and its TPM go with it. Secrets are never touched.
 */
#pragma once

#include "internal.h"
#include "driver.h"

int msvmDomainUndefine(virDomainPtr dom);

/*
 * VIR_DOMAIN_UNDEFINE_MANAGED_SAVE is needed where there is a saved state.
 * NVRAM, TPM, SNAPSHOTS_METADATA and CHECKPOINTS_METADATA describe what
 * happens anyway. KEEP_NVRAM and KEEP_TPM are refused with
 * VIR_ERR_OPERATION_UNSUPPORTED where the machine has such a thing: the host
 * cannot keep it, and a client that asks for it relies on it.
 */
int msvmDomainUndefineFlags(virDomainPtr dom, unsigned int flags);
