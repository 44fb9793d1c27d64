/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from outside, made fit for messages and for comparison.
 */
#pragma once

#include <glib.h>

#define WSMAN_MAX_MESSAGE_TEXT 600 /* characters of a server's text in an error */

/* Copy without white space around it. NULL gives "". */
char *wsman_text_trim(const char *text);
/* One line for an error message: valid UTF-8, control characters and runs of
 * white space to one space, at most max characters. */
char *wsman_text_for_message(const char *text, guint max);
/* Decimal, with nothing around it but white space. */
gboolean wsman_text_to_uint(const char *text, guint64 *value);
gboolean wsman_text_to_int(const char *text, gint64 *value);
