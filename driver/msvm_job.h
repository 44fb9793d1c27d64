/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of a domain, which is its migration: looked for on the host, so that
 * any client sees it, whoever started it. Hyper-V tells how much of it is done
 * in percent and nothing in bytes: the data fields count to 100.
 */
#pragma once

#include "driver/msvm_private.h"

int msvmDomainGetJobInfo(virDomainPtr dom, virDomainJobInfoPtr info);
int msvmDomainGetJobStats(virDomainPtr dom, int *type, virTypedParameterPtr *params, int *nparams,
                          unsigned int flags);
int msvmDomainAbortJob(virDomainPtr dom);
