/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What schema.c (look-ups) and schema_load.c (the data files) share.
 */
#pragma once

#include "sim/schema.h"

typedef struct {
    const char *name;  /* root/virtualization/v2 */
    const char *since; /* first host version that has it; NULL: all */
    GHashTable *classes;
} SchemaNamespace;

struct Schema {
    GStringChunk *strings; /* every name */
    GHashTable *namespaces;
};

struct SchemaClass {
    const char *name;
    const char *since;
    SchemaNamespace *ns;
    const SchemaClass *super;
    gboolean abstract;
    gboolean association;
    gboolean ready;              /* properties are merged with the ancestors' */
    GArray *properties;          /* of SchemaProperty */
    GHashTable *property_index;  /* name -> index */
    GHashTable *methods;         /* its own; name -> SchemaMethod */
};

/* Return codes, both ends included. */
typedef struct {
    guint32 low;
    guint32 high;
} SchemaRange;

struct SchemaMethod {
    const char *name;
    gboolean is_static;
    GArray *params;  /* of SchemaParam */
    GArray *returns; /* of SchemaRange */
};

Schema *schema_new(void);
SchemaNamespace *schema_namespace_new(Schema *schema, const char *name);
SchemaClass *schema_class_new(SchemaNamespace *ns, const char *name);
void schema_method_free(gpointer data);
/* A table whose keys, not owned, are compared without regard to case. */
GHashTable *schema_name_table_new(GDestroyNotify free_value);
