/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XML from outside: parsed with limits, without network, document types or
 * entities of its own; and looked at by namespace, since prefixes are not
 * stable between answers.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

#define WSMAN_MAX_XML_NODES 500000

/* Readies libxml2, whose own first initialisation two threads may not share.
 * Any thread, any number of times. */
void wsman_xml_init(void);

/* what: names the text in errors ("answer"). data: followed by a NUL, which size
 * does not count. UTF-8, or UTF-16 when charset (what HTTP says, or NULL) or a
 * byte order mark tells so.
 * Errors: WSMAN_ERROR_PROTOCOL, WSMAN_ERROR_LIMIT. */
xmlDoc *wsman_xml_parse(const char *what, const char *data, gsize size, const char *charset,
                        GError **error);

/* Overwrites all text in the tree, then frees it. */
void wsman_xml_wipe_doc(xmlDoc *doc);

/* ns NULL: any. The first of that name, or NULL. */
xmlNode *wsman_xml_child(const xmlNode *parent, const char *ns, const char *name);
xmlNode *wsman_xml_first_element(const xmlNode *parent);
xmlNode *wsman_xml_next_element(const xmlNode *node);
gboolean wsman_xml_is(const xmlNode *node, const char *ns, const char *name);
const char *wsman_xml_ns(const xmlNode *node); /* "" for none */
/* The text directly in the element, with entity and CDATA parts joined; caller frees. */
char *wsman_xml_text(const xmlNode *node);
/* The same trimmed; NULL for an absent node. */
char *wsman_xml_trimmed_text(const xmlNode *node);
/* Caller frees; NULL when absent. */
char *wsman_xml_attribute(const xmlNode *node, const char *ns, const char *name);
gboolean wsman_xml_is_nil(const xmlNode *node);
/* The local name of a QName, and its namespace as in scope at the node (NULL when
 * not declared). Caller frees both. */
char *wsman_xml_qname(const xmlNode *node, const char *qname, char **ns);
