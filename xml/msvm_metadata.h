/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <msvm:security> of a domain's <metadata>, as its author wrote it. Only
 * grammar is checked here; what it amounts to is worked out in msvm_policy.h.
 *
 *   <msvm:security xmlns:msvm='urn:libvirt-msvm:domain:1'>
 *     <msvm:image><msvm:property name='os_vtpm' value='optional'/></msvm:image>
 *     <msvm:flavor><msvm:extraSpec name='os:vtpm' value='required'/></msvm:flavor>
 *     <msvm:instance><msvm:property name='fsk:TimeZone' value='UTC'/></msvm:instance>
 *     <msvm:keys><msvm:key secret='UUID'/></msvm:keys>
 *     <msvm:secureBoot template='MicrosoftUEFICertificateAuthority'/>
 *     <msvm:policy shielded='yes' encryptTraffic='yes'/>
 *     <msvm:owner guardian='UntrustedGuardian' create='yes'/>
 *     <msvm:guardians><msvm:guardian name='Fabric2' allowExpired='yes'/></msvm:guardians>
 *     <msvm:tpm discardState='yes'/>      an order for one define: it is not kept
 *     <msvm:status>...</msvm:status>      of a running domain: not kept, not read
 *     <msvm:provisioning run='no'/>
 *   </msvm:security>
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

#include "hyperv/hyperv_machine.h"
#include "xml/msvm_problems.h"

#include "virenum.h"

#define MSVM_METADATA_MAX_PROPERTIES 256
#define MSVM_METADATA_MAX_GUARDIAN 256
#define MSVM_METADATA_MAX_GUARDIANS 63 /* of one protector, beside its owner */

typedef struct {
    GHashTable *image;      /* name -> value, both char * */
    GHashTable *flavor;
    GHashTable *instance;   /* its own metadata, which go before those of the image */
    bool has_keys;
    GPtrArray *keys;        /* char *, lower case, in order */
    char *template_id;      /* of Secure Boot, lower case; or NULL */
    virTristateBool shielded;
    virTristateBool encrypt_traffic;
    char *owner;            /* or NULL */
    virTristateBool create_owner;
    virTristateBool provision;
    GPtrArray *guardians;   /* HypervGrant, or NULL: nothing said */
    virTristateBool discard_tpm_state;
    MsvmProblems *problems; /* while it is being read; borrowed */
} MsvmMetadata;

void msvmMetadataFree(MsvmMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmMetadata, msvmMetadataFree)

/* metadata: the <metadata> element, or NULL. An unknown element or attribute
 * in our namespace, or one given twice, is VIR_ERR_XML_ERROR; NULL then. */
MsvmMetadata *msvmMetadataNew(xmlNodePtr metadata);
/* The same with every problem of its grammar: what could be read, never NULL. */
MsvmMetadata *msvmMetadataCollect(xmlNodePtr metadata, MsvmProblems *problems);

/* Takes out what is not to be kept: orders and status; and what is empty then.
 * metadata: the <metadata> element, or NULL. Returns it, or NULL when nothing
 * is left and it was freed. */
xmlNodePtr msvmMetadataStrip(xmlNodePtr metadata);

/* Whether something in a <metadata> element is ours. */
bool msvmMetadataIsOurs(xmlNodePtr node);

/* Secure Boot templates: the id of a name (or of an id), lower case, caller
 * frees, NULL when unknown; and the name of an id, or NULL. */
#define MSVM_TEMPLATE_WINDOWS "1734c6e8-3154-4dda-ba5f-a874cc483422"
#define MSVM_TEMPLATE_UEFI_CA "272e7447-90a4-4563-a4b9-8e4ab00526ce"
/* In no page of Microsoft's; several published programs agree on it. */
#define MSVM_TEMPLATE_OPEN_SOURCE "4292ae2b-ee2c-42b5-a969-dd8f8689f6f3"
char *msvmMetadataTemplateID(const char *name);
const char *msvmMetadataTemplateName(const char *id);

/* Puts what the host has and the author's metadata do not say, or say
 * otherwise, into <msvm:security>, which is made where it is missing. metadata:
 * as XML text, or NULL; each of the rest may be NULL/false. Caller frees; NULL when there
 * is nothing to say. */
char *msvmMetadataMerge(const char *metadata, const char *template_id, bool shielded,
                        bool encrypt_traffic);
