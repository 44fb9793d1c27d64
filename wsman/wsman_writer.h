/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes XML into a WsmanBuffer and nowhere else. libxml2's own writers keep
 * copies in buffers that nobody wipes, and requests may hold secrets.
 *
 * Element names, with prefix, come from this project and are not checked;
 * namespaces are declared by the caller. Text is escaped; what XML 1.0 cannot
 * hold (most control characters, bytes that are not UTF-8) becomes "?".
 */
#pragma once

#include "wsman/wsman_buffer.h"

/* <name> */
void wsman_writer_open(WsmanBuffer *out, const char *name);
/* <name attribute="value" ...>: pairs, closed by NULL. */
void wsman_writer_open_with(WsmanBuffer *out, const char *name, ...) G_GNUC_NULL_TERMINATED;
void wsman_writer_close(WsmanBuffer *out, const char *name);
/* <name>text</name> */
void wsman_writer_element(WsmanBuffer *out, const char *name, const char *text);
void wsman_writer_text(WsmanBuffer *out, const char *text);
/* The same with numeric character references alone (&#38; for &amp;). */
void wsman_writer_text_numeric(WsmanBuffer *out, const char *text);
/* Standard base64 in one line, straight into the buffer. */
void wsman_writer_base64(WsmanBuffer *out, gconstpointer data, gsize size);
/* Whether text may be written as the name of an element. */
gboolean wsman_writer_is_name(const char *text);
