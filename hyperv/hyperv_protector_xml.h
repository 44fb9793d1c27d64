/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the XML of key material: no DTD, no network, no entities, bounded in
 * depth, and wiped when it is no longer needed.
 */
#pragma once

#include <libxml/tree.h>

#include "hyperv/hyperv_error.h"

#define HYPERV_PROTECTOR_MAX_DEPTH 64

/* NULL when it is not well-formed, has a document type, or is too deep; the
 * message tells where, never what. */
xmlDoc *hyperv_protector_xml_parse(const guint8 *data, gsize size, GError **error);

/* Overwrites all text of the document, then frees it. */
void hyperv_protector_xml_free(xmlDoc *doc);

/* The only child element of that name in the namespace of key protectors;
 * NULL, with the error set, when there is none or more than one. */
xmlNode *hyperv_protector_xml_child(xmlNode *parent, const char *name, GError **error);
/* The same, but NULL without an error when there is none. */
gboolean hyperv_protector_xml_is(const xmlNode *node, const char *name);

/* Decodes the base64 text of an element that has no child elements. The array
 * is to be freed with hyperv_protector_bytes_free(). */
GByteArray *hyperv_protector_xml_base64(xmlNode *node, GError **error);
void hyperv_protector_bytes_free(GByteArray *bytes);

/* An unsigned decimal attribute. */
gboolean hyperv_protector_xml_uint(xmlNode *node, const char *name, guint64 *value, GError **error);
