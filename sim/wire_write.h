/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CIM values as XML, in the shapes that real hosts were recorded with:
 * properties in alphabetical order, a null scalar as xsi:nil, a null array
 * left out (contrary to MS-WSMV 3.1.4.1.26), datetimes as cim:Datetime or
 * cim:Interval, references as the content of an endpoint reference, embedded
 * objects as XML trees.
 */
#pragma once

#include "sim/cim_object.h"

/* How uint8 arrays travel. Which one a real host uses for which is not known
 * in full (ASSUMED: base64 for method parameters and for OctetString
 * properties), so a client can be tested with both. */
typedef enum {
    WIRE_BYTES_BASE64,   /* one element: parameters and OctetString properties */
    WIRE_BYTES_REPEATED, /* one element per byte, everywhere */
} WireBytes;

/* The one place that decides it; writing and reading both ask here. */
gboolean wire_bytes_are_base64(WireBytes bytes, const SchemaProperty *property, gboolean parameter);

/* http://schemas.microsoft.com/wbem/wsman/1/wmi/NAMESPACE/CLASS. Caller frees. */
char *wire_class_uri(const char *ns, const char *class_name);

/* <p:Class ...>: an item of an enumeration, or the body of a Get answer. */
void wire_write_instance(GString *out, const CimObject *object, WireBytes bytes);
/* <w:XmlFragment>: an item of "select a, b"; names: the properties asked for,
 * a NULL-terminated list. */
void wire_write_fragment(GString *out, const CimObject *object, const char *const *names, WireBytes bytes);
/* <a:EndpointReference>. */
void wire_write_endpoint(GString *out, const CimPath *path);
/* <p:Method_OUTPUT>; out as sim_host_invoke gives it. */
void wire_write_output(GString *out, const char *uri, const SchemaMethod *method, GHashTable *values,
                       guint32 return_value, WireBytes bytes);
