/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <msvm:status>: what a running machine with a TPM is, and who may open its
 * protector. Shown, and taken without a word when it is defined again:
 *
 *   <msvm:status>
 *     <msvm:running shielded='yes' encrypted='yes'/>
 *     <msvm:guard mode='local' guarded='no' attestation='not configured'/>
 *     <msvm:protector authorisesHost='yes'>
 *       <msvm:guardian name='UntrustedGuardian' owner='yes' privateKey='yes'>
 *         <msvm:certificate use='signing' thumbprint='...' notAfter='...'/>
 *         <msvm:certificate use='encryption' thumbprint='...' notAfter='...'/>
 *       </msvm:guardian>
 *     </msvm:protector>
 *   </msvm:status>
 */
#pragma once

#include "hyperv/hyperv_authorise.h"

#include "domain_conf.h"

typedef struct {
    gboolean shielded;
    gboolean encrypted;
    HypervAuthorisation *protector; /* NULL: there is none, or it could not be read */
    const char *problem;            /* why some of it is missing; or NULL */
} MsvmStatus;

/* Puts it into <msvm:security> of the definition's metadata, which is made
 * where it is missing. Nothing of keys is in it. */
void msvmStatusAdd(virDomainDef *def, const MsvmStatus *status);
