/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulator's schema: which classes, properties, methods and parameters
 * the simulated host has, read from the data files in sim/schema/. Names are
 * matched without regard to case, as WMI does; what is not in it is refused.
 */
#pragma once

#include "sim/cim_value.h"

typedef struct Schema Schema;
typedef struct SchemaClass SchemaClass;
typedef struct SchemaMethod SchemaMethod;

typedef struct {
    const char *name; /* in the schema's spelling */
    CimType type;
    gboolean array;
    gboolean key;
    gboolean octets;      /* uint8[] with the OctetString qualifier */
    const char *embedded; /* class of a CIM_OBJECT or of instance text in a string; or NULL */
    const char *ref;      /* class of a CIM_REFERENCE; or NULL */
    const char *origin;   /* class that declares it; NULL for a parameter */
} SchemaProperty;

typedef struct {
    SchemaProperty value; /* name, type, array, embedded, ref */
    gboolean in;
    gboolean out;
} SchemaParam;

/* Reads every file of the folder. NULL with the error set: a file that is
 * missing or not of the form that sim/schema/README says. */
Schema *schema_load(const char *folder, GError **error);
void schema_free(Schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schema, schema_free)

/* Takes away what a host of the version does not have: namespaces and classes
 * whose "since" in the data is newer ("6.3.9600" against "10.0"). To be called
 * before anything of the schema is held. */
void schema_limit_version(Schema *schema, const char *version);
/* Takes away a whole namespace. */
void schema_drop_namespace(Schema *schema, const char *ns);

/* Namespaces are spelled with slashes: root/virtualization/v2. */
gboolean schema_has_namespace(const Schema *schema, const char *ns);
const SchemaClass *schema_find(const Schema *schema, const char *ns, const char *name);
/* Every class of the namespace, sorted by name; the caller frees the array. */
GPtrArray *schema_list(const Schema *schema, const char *ns);

const char *schema_class_name(const SchemaClass *cls);
const char *schema_class_namespace(const SchemaClass *cls);
const SchemaClass *schema_class_super(const SchemaClass *cls); /* NULL at the top */
gboolean schema_class_is_a(const SchemaClass *cls, const SchemaClass *base);
gboolean schema_class_is_association(const SchemaClass *cls);
gboolean schema_class_is_abstract(const SchemaClass *cls);

/* Inherited ones included; sorted by name without regard to case, which is
 * the order of properties in answers. */
guint schema_class_n_properties(const SchemaClass *cls);
const SchemaProperty *schema_class_property(const SchemaClass *cls, guint index);
const SchemaProperty *schema_class_find_property(const SchemaClass *cls, const char *name);
/* Its index in schema_class_property; -1 when there is none. */
int schema_class_property_index(const SchemaClass *cls, const char *name);

/* Inherited ones included; the nearest class that declares it wins. */
const SchemaMethod *schema_class_find_method(const SchemaClass *cls, const char *name);
const char *schema_method_name(const SchemaMethod *method);
gboolean schema_method_is_static(const SchemaMethod *method);
guint schema_method_n_params(const SchemaMethod *method);
const SchemaParam *schema_method_param(const SchemaMethod *method, guint index);
const SchemaParam *schema_method_find_param(const SchemaMethod *method, const char *name);
/* Whether the data lists the return code; TRUE for all when it lists none. */
gboolean schema_method_may_return(const SchemaMethod *method, guint32 code);
