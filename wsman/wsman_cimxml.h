/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CIM-XML text (DSP0201), the form of embedded instances in string
 * parameters. Its public side is in wsman_instance.h.
 */
#pragma once

#include "wsman/wsman_instance.h"
#include "wsman/wsman_writer.h"

#define WSMAN_MAX_CIMXML_SIZE (4u * 1024 * 1024)

/* As wsman_instance_from_cimxml(), at that depth of embedding. */
WsmanInstance *wsman_cimxml_read(const char *text, const char *ns, gboolean secret, guint depth,
                                 GError **error);
/* As wsman_instance_to_cimxml(), into a buffer. */
void wsman_cimxml_write(const WsmanInstance *instance, WsmanBuffer *out);
