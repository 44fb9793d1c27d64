/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Endpoint references in messages (DSP0226 5.1.2, MS-WSMV 3.1.4.1.2).
 */
#pragma once

#include <libxml/tree.h>

#include "wsman/wsman_epr.h"
#include "wsman/wsman_writer.h"

/* Whether the element holds a reference: wrapped in an a:EndpointReference,
 * or, as Windows writes it, its contents directly. */
gboolean wsman_epr_is_node(const xmlNode *node);
/* NULL when it is malformed or not of a WMI class. */
WsmanEpr *wsman_epr_from_node(const xmlNode *node);

/* a:Address and a:ReferenceParameters without a wrapper, which Windows
 * refuses. The prefixes a and w are declared at each of the elements. */
void wsman_epr_write_contents(const WsmanEpr *epr, WsmanBuffer *out);
/* w:SelectorSet; nothing when there are no selectors. */
void wsman_epr_write_selectors(const WsmanEpr *epr, WsmanBuffer *out);
