/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Managed save is Hyper-V's saved state: kept by the host beside the machine,
 * restored by the next start.
 */
#pragma once

#include "internal.h"
#include "driver.h"

int msvmDomainManagedSave(virDomainPtr dom, unsigned int flags);
int msvmDomainHasManagedSaveImage(virDomainPtr dom, unsigned int flags);
int msvmDomainManagedSaveRemove(virDomainPtr dom, unsigned int flags);
