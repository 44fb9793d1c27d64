/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a definition comes out as it does.
 */
#pragma once

#include "tools/domain_report.h"
#include "xml/msvm_metadata.h"
#include "xml/msvm_plan.h"

/* Which properties speak, and what each of them says. */
void explain_wishes(Report *report, const MsvmMetadata *metadata);

/* def: as parsed, before the plan completed it. plan: of the same. had_tpm:
 * whether the author gave a <tpm>. secure_boot_said: likewise <firmware>. */
typedef struct {
    const MsvmMetadata *metadata;
    const MsvmPlan *plan;
    const char *requires_host; /* name of the host that the plan was checked against, or NULL */
    gboolean had_tpm;
    gboolean had_secure_boot;
    gboolean had_encryption;
} Explained;

void explain_plan(Report *report, const Explained *explained);
