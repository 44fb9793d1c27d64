/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CIM instance and the path that names it (DSP0004 8.2).
 */
#pragma once

#include "sim/schema.h"

/* --- paths: namespace, class, and key values by name --------------------- */

CimPath *cim_path_new(const char *ns, const char *class_name);
void cim_path_set_key(CimPath *path, const char *name, const char *value);
void cim_path_set_key_path(CimPath *path, const char *name, CimPath *value); /* a reference-typed key */
/* Reads a WMI object path: [\\HOST\\][ns:]Class.Key="value",Key2="value" with
 * \\" and \\ as escapes. The default namespace is used where the text has none.
 * NULL when malformed. */
CimPath *cim_path_parse(const char *text, const char *default_ns);
/* \\HOST\\ns:Class.Key="value", the form in which a host stores paths in strings. */
char *cim_path_format(const CimPath *path, const char *host);
CimPath *cim_path_ref(CimPath *path);
void cim_path_unref(CimPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CimPath, cim_path_unref)
const char *cim_path_namespace(const CimPath *path);
const char *cim_path_class(const CimPath *path);
guint cim_path_n_keys(const CimPath *path);
const char *cim_path_key_name(const CimPath *path, guint index);
const char *cim_path_key_value(const CimPath *path, guint index); /* NULL for a reference-typed key */
CimPath *cim_path_key_path(const CimPath *path, guint index);     /* borrowed; NULL for a plain key */
const char *cim_path_find_key(const CimPath *path, const char *name);
/* Same namespace, class and keys, all without regard to case. */
gboolean cim_path_equal(const CimPath *a, const CimPath *b);

/* --- instances ------------------------------------------------------------ */

/* With every property of the class null. */
CimObject *cim_object_new(const SchemaClass *cls);
CimObject *cim_object_copy(const CimObject *object);
CimObject *cim_object_ref(CimObject *object);
void cim_object_unref(CimObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CimObject, cim_object_unref)
const SchemaClass *cim_object_class(const CimObject *object);
/* Takes over the value. The property must exist and be of the value's type:
 * anything else is a bug of the simulator and aborts. */
void cim_object_set(CimObject *object, const char *property, CimValue *value);
/* Borrowed, never NULL for a property of the class (a null value instead). */
const CimValue *cim_object_get(const CimObject *object, const char *property);
/* Whether the property was set at all: instance text that leaves a property
 * out differs from one that carries a null. */
gboolean cim_object_is_set(const CimObject *object, const char *property);
CimPath *cim_object_path(const CimObject *object); /* new reference, from the key properties */

/* --- instance text: CIM-XML INSTANCE, DTD 2.0 (DSP0201) ------------------- */

/* What Hyper-V's reader takes: PROPERTY, PROPERTY.ARRAY, PROPERTY.REFERENCE
 * with a right TYPE; numeric character references only. On failure NULL and
 * *code = the method return code that Hyper-V gives (32768, 32773, 32776). */
CimObject *cim_object_from_xml(const Schema *schema, const char *ns, const char *text, guint32 *code);
/* As a host formats it: every property, null ones with an empty element. */
char *cim_object_to_xml(const CimObject *object);
