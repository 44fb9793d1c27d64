/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Nova writes into <metadata> itself, with its libvirt driver:
 *
 *   <nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>
 *     <nova:flavor name='m1.secure' id='...'>
 *       <nova:extraSpecs><nova:extraSpec name='os:vtpm'>required</nova:extraSpec></nova:extraSpecs>
 *     </nova:flavor>
 *     <nova:image uuid='...'>
 *       <nova:properties><nova:property name='os_vtpm'>optional</nova:property></nova:properties>
 *     </nova:image>
 *   </nova:instance>
 *
 * Older releases do not write extra specs and image properties (33.1 does).
 * They count like those of <msvm:image> and <msvm:flavor>. Everything else of
 * Nova's is left alone: its grammar is Nova's to change.
 */
#pragma once

#include "xml/msvm_metadata.h"

#define MSVM_NOVA_NAMESPACE_URI "http://openstack.org/xmlns/libvirt/nova/1.1"

/* What a property of Glance is called here: Nova renamed some
 * (hypervisor_type became img_hv_type), and both names are in use. Borrowed. */
const char *msvmMetadataNovaName(const char *name);

/* Adds what <nova:instance> elements in metadata (may be NULL) say to what
 * ours say. VIR_ERR_CONFIG_UNSUPPORTED where the two differ about one name,
 * VIR_ERR_XML_ERROR for a name given twice, or too many. 0 or -1. */
int msvmMetadataNovaRead(MsvmMetadata *metadata, xmlNodePtr node);

/* Whether an element that is to replace what metadata (may be NULL) have of
 * Nova's (NULL: nothing is to be there) says the same of image and flavor. */
bool msvmMetadataNovaSame(xmlNodePtr metadata, xmlNodePtr element);
