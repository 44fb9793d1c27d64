/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text as a WinRM service writes it into its answers.
 */
#pragma once

#include <glib.h>

/* Appends text with the five named entities, and with "?" for what must not
 * be in an answer (MS-WSMV 3.1.4.1.25) or is not UTF-8. NULL appends nothing. */
void wire_text_escape(GString *out, const char *text);
/* <prefix:name>text</prefix:name>; no prefix when it is NULL. */
void wire_text_element(GString *out, const char *prefix, const char *name, const char *text);
/* uuid:XXXXXXXX-..., upper case as the recorded hosts write it. Caller frees. */
char *wire_text_uuid(void);
/* WMI's datetime (DSP0004 5.2.4) as XML Schema has it: "2026-10-08T15:15:36.68424Z",
 * or for an interval "P0DT0H5M0S", in which case *interval is set. NULL when it
 * cannot be converted (wildcards, or not a datetime). Caller frees. */
char *wire_text_iso_from_wmi(const char *wmi, gboolean *interval);
/* The way back; without a zone the time is taken as UTC. NULL when malformed. */
char *wire_text_wmi_from_iso(const char *iso, gboolean interval);
/* The duration of a header such as OperationTimeout (xs:duration without years
 * and months), in milliseconds. FALSE when malformed or above G_MAXINT32. */
gboolean wire_text_duration(const char *text, guint *milliseconds);
