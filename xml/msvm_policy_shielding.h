/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data and provisioning in the policy. Inside xml/ only.
 */
#pragma once

#include "xml/msvm_metadata.h"
#include "xml/msvm_policy.h"

/* img_pdk_reference of the instance, else of the image: *reference is
 * /containers/UUID, which the caller frees, or NULL; *source names where it
 * stands. -1 with VIR_ERR_XML_ERROR. */
int msvmPolicyPDKReference(const MsvmMetadata *metadata, char **reference, const char **source);

/* Fills in provision and the fabric values; the keys must be known. */
void msvmPolicyProvisioning(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def,
                            MsvmProblems *problems);
