/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two text forms of a CIM datetime:
 *
 *   point in time   20251217095522.702341+000      2025-12-17T09:55:22.702341Z
 *   interval        00000003020105.500000:000      P3DT2H1M5.5S
 *                   WMI's own (MS-WMIO, DSP0004)   XML Schema's (DSP0230)
 *
 * CIM-XML takes the first, WS-Man elements the second.
 */
#pragma once

#include <glib.h>

/* To the form of XML Schema; text in it already is copied. NULL when neither.
 * Caller frees. */
char *wsman_datetime_to_iso(const char *text, gboolean *is_interval);
