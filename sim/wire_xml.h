/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A few steps through a request's XML tree, always by namespace, never by
 * prefix. Nodes are borrowed from their document.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* Parses without network, entities or a DTD. NULL with *message set (caller
 * frees) when it is not well-formed, deeper than libxml2's own limit, or has
 * a document type. encoding: of the transport, or NULL. */
xmlDoc *wire_xml_parse(const char *data, gsize size, const char *encoding, char **message);

gboolean wire_xml_is(const xmlNode *node, const char *ns, const char *name);
/* The first, or the next, element; text and comments are passed over. */
xmlNode *wire_xml_first(const xmlNode *parent);
xmlNode *wire_xml_next(const xmlNode *node);
/* The first child element of that name. */
xmlNode *wire_xml_child(const xmlNode *parent, const char *ns, const char *name);
/* Text and CDATA of an element that holds nothing else; NULL when it has child
 * elements. Caller frees. */
char *wire_xml_text(const xmlNode *node);
/* The same without white space around it. */
char *wire_xml_trimmed(const xmlNode *node);
/* An attribute without (ns NULL) or with a namespace. Caller frees. */
char *wire_xml_attribute(const xmlNode *node, const char *ns, const char *name);
gboolean wire_xml_is_nil(const xmlNode *node); /* xsi:nil="true" */
