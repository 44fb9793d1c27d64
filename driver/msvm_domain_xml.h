/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The XML of a domain, as the host has it now.
 */
#pragma once

#include "driver/msvm_target.h"
#include "hyperv/hyperv_machine.h"

char *msvmDomainGetXMLDesc(virDomainPtr dom, unsigned int flags);

/* The whole machine, NULL with an error reported. Caller frees. */
HypervMachine *msvmTargetLoad(MsvmTarget *target);
