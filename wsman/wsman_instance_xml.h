/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances as XML trees (DSP0230): what Get and Pull answer, the out
 * parameters of a method, and embedded objects.
 */
#pragma once

#include <libxml/tree.h>

#include "wsman/wsman_instance.h"
#include "wsman/wsman_writer.h"

/* Children of one item; more are refused as malformed. */
#define WSMAN_MAX_PROPERTIES 4096

/*
 * Reads p:Class, p:Method_OUTPUT or w:XmlFragment. ns, class_name: what the
 * instance is where the element does not say (a projection has no class);
 * either may be NULL. secret: its values are to be wiped with it.
 * NULL with WSMAN_ERROR_LIMIT.
 */
WsmanInstance *wsman_instance_from_node(const xmlNode *node, const char *ns, const char *class_name,
                                        gboolean secret, GError **error);

/* The element of that name, with the class in xsi:type and the properties in
 * the class's namespace. */
void wsman_instance_write_tree(const WsmanInstance *instance, const char *element, WsmanBuffer *out);
