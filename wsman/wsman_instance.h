/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CIM instance: what Get and Enumerate give, what embedded-instance
 * parameters carry, and the out parameters of a method.
 *
 * Property names are matched without regard to case. The wire does not tell
 * a scalar from an array of one item (MS-WSMV 3.1.4.1.26, DSP0230 9.2.2), nor
 * a null array from none, so the reader's accessor decides.
 */
#pragma once

#include <glib.h>

#include "wsman/wsman_epr.h"

typedef enum {
    WSMAN_CIM_BOOLEAN,
    WSMAN_CIM_UINT8,
    WSMAN_CIM_UINT16,
    WSMAN_CIM_UINT32,
    WSMAN_CIM_UINT64,
    WSMAN_CIM_SINT8,
    WSMAN_CIM_SINT16,
    WSMAN_CIM_SINT32,
    WSMAN_CIM_SINT64,
    WSMAN_CIM_STRING,
    WSMAN_CIM_DATETIME,
    WSMAN_CIM_REFERENCE,
} WsmanCimType;

typedef struct WsmanInstance WsmanInstance;

WsmanInstance *wsman_instance_new(const char *ns, const char *class_name);
WsmanInstance *wsman_instance_ref(WsmanInstance *instance);
void wsman_instance_unref(WsmanInstance *instance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanInstance, wsman_instance_unref)

/* The actual class: a query on a base class gives derived instances. */
const char *wsman_instance_get_class(const WsmanInstance *instance);
const char *wsman_instance_get_namespace(const WsmanInstance *instance);

/* --- reading --------------------------------------------------------------
 * A missing property and a null one are the same. Text that does not parse as
 * the type asked for counts as missing; the get_* functions that return a
 * gboolean then return FALSE and leave the value alone. */

gboolean wsman_instance_has(const WsmanInstance *instance, const char *name);
/* The first item as text, borrowed; NULL when null. An empty string is "". */
const char *wsman_instance_get_string(const WsmanInstance *instance, const char *name);
gboolean wsman_instance_get_boolean(const WsmanInstance *instance, const char *name, gboolean *value);
gboolean wsman_instance_get_uint(const WsmanInstance *instance, const char *name, guint64 *value);
gboolean wsman_instance_get_int(const WsmanInstance *instance, const char *name, gint64 *value);
/* All items as text, NULL-terminated, borrowed; never NULL (empty when null). */
const char *const *wsman_instance_get_strv(const WsmanInstance *instance, const char *name);
/* uint8[]: one base64 item, or repeated numbers (DSP0230; which of them a
 * host sends for a parameter is open). NULL when null or neither. */
GBytes *wsman_instance_get_bytes(const WsmanInstance *instance, const char *name);
/* A reference. Borrowed; NULL when null. */
const WsmanEpr *wsman_instance_get_epr(const WsmanInstance *instance, const char *name);
/* Array of references: borrowed WsmanEpr; never NULL. */
const GPtrArray *wsman_instance_get_eprs(const WsmanInstance *instance, const char *name);
/* Embedded instances, whether they came as an XML tree or as CIM-XML text:
 * borrowed WsmanInstance; never NULL. */
const GPtrArray *wsman_instance_get_instances(const WsmanInstance *instance, const char *name);

/* --- building (for embedded-instance parameters) --------------------------
 * Setting a property again replaces it. */

void wsman_instance_set_string(WsmanInstance *instance, const char *name, const char *value);
void wsman_instance_set_boolean(WsmanInstance *instance, const char *name, gboolean value);
void wsman_instance_set_uint(WsmanInstance *instance, const char *name, WsmanCimType type, guint64 value);
/* Any type by its lexical form; datetime in WMI's own form (MS-WMIO):
 * yyyymmddHHMMSS.mmmmmm+UUU or ddddddddHHMMSS.mmmmmm:000. */
void wsman_instance_set_text(WsmanInstance *instance, const char *name, WsmanCimType type, const char *value);
/* NULL-terminated; becomes a PROPERTY.ARRAY even with one item. */
void wsman_instance_set_array(WsmanInstance *instance, const char *name, WsmanCimType type,
                              const char *const *values);

/* uint8[] without the OctetString qualifier: an item for each byte (MS-WSMV
 * 3.1.4.1.26). */
void wsman_instance_set_bytes(WsmanInstance *instance, const char *name, gconstpointer data, gsize size);
/* Adds to an array of embedded objects. Takes a reference. */
void wsman_instance_add_instance(WsmanInstance *instance, const char *name, WsmanInstance *value);

/* CIM-XML text, DTD 2.0 (DSP0201): only what was set, with numeric character
 * references alone, since Hyper-V's reader refuses the named ones. */
char *wsman_instance_to_cimxml(const WsmanInstance *instance);
/* NULL with WSMAN_ERROR_PROTOCOL or _LIMIT. */
WsmanInstance *wsman_instance_from_cimxml(const char *text, const char *ns, GError **error);
