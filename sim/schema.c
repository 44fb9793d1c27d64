/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/schema.h"

#include <stdlib.h>
#include <string.h>

#include "sim/schema_private.h"

/* Names are matched without regard to case everywhere in WMI. */
static guint name_hash(gconstpointer key)
{
    guint hash = 5381;

    for (const char *p = key; *p; p++)
        hash = hash * 33 + (guchar) g_ascii_tolower(*p);
    return hash;
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    return g_ascii_strcasecmp(a, b) == 0;
}

GHashTable *schema_name_table_new(GDestroyNotify free_value)
{
    return g_hash_table_new_full(name_hash, name_equal, NULL, free_value);
}

static void class_free(gpointer data)
{
    SchemaClass *cls = data;

    g_clear_pointer(&cls->properties, g_array_unref);
    g_clear_pointer(&cls->property_index, g_hash_table_unref);
    g_clear_pointer(&cls->methods, g_hash_table_unref);
    g_free(cls);
}

void schema_method_free(gpointer data)
{
    SchemaMethod *method = data;

    g_array_unref(method->params);
    g_array_unref(method->returns);
    g_free(method);
}

SchemaClass *schema_class_new(SchemaNamespace *ns, const char *name)
{
    SchemaClass *cls = g_new0(SchemaClass, 1);

    cls->name = name;
    cls->ns = ns;
    cls->properties = g_array_new(FALSE, TRUE, sizeof(SchemaProperty));
    cls->methods = schema_name_table_new(schema_method_free);
    g_hash_table_insert(ns->classes, (gpointer) name, cls);
    return cls;
}

SchemaNamespace *schema_namespace_new(Schema *schema, const char *name)
{
    SchemaNamespace *ns = g_new0(SchemaNamespace, 1);

    ns->name = name;
    ns->classes = schema_name_table_new(class_free);
    g_hash_table_insert(schema->namespaces, (gpointer) name, ns);
    return ns;
}

static void namespace_free(gpointer data)
{
    SchemaNamespace *ns = data;

    g_hash_table_unref(ns->classes);
    g_free(ns);
}

Schema *schema_new(void)
{
    Schema *schema = g_new0(Schema, 1);

    schema->strings = g_string_chunk_new(4096);
    schema->namespaces = schema_name_table_new(namespace_free);
    return schema;
}

void schema_free(Schema *schema)
{
    if (!schema)
        return;
    g_hash_table_unref(schema->namespaces);
    g_string_chunk_free(schema->strings);
    g_free(schema);
}

/* --- versions -------------------------------------------------------------- */

/* Compares major.minor[.build] as numbers, part by part. */
static int version_compare(const char *a, const char *b)
{
    for (guint part = 0; part < 3; part++) {
        long left = strtol(a, (char **) &a, 10);
        long right = strtol(b, (char **) &b, 10);

        if (left != right)
            return left < right ? -1 : 1;
        a += *a == '.';
        b += *b == '.';
    }
    return 0;
}

static gboolean namespace_is_newer(gpointer key G_GNUC_UNUSED, gpointer value, gpointer version)
{
    SchemaNamespace *ns = value;

    return ns->since && version_compare(version, ns->since) < 0;
}

static gboolean class_is_newer(gpointer key G_GNUC_UNUSED, gpointer value, gpointer version)
{
    SchemaClass *cls = value;

    return cls->since && version_compare(version, cls->since) < 0;
}

void schema_limit_version(Schema *schema, const char *version)
{
    GHashTableIter iter;
    gpointer value = NULL;

    g_hash_table_foreach_remove(schema->namespaces, namespace_is_newer, (gpointer) version);
    g_hash_table_iter_init(&iter, schema->namespaces);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_hash_table_foreach_remove(((SchemaNamespace *) value)->classes, class_is_newer,
                                    (gpointer) version);
}

void schema_drop_namespace(Schema *schema, const char *ns)
{
    g_hash_table_remove(schema->namespaces, ns);
}

/* --- look-ups -------------------------------------------------------------- */

gboolean schema_has_namespace(const Schema *schema, const char *ns)
{
    return g_hash_table_contains(schema->namespaces, ns);
}

const SchemaClass *schema_find(const Schema *schema, const char *ns, const char *name)
{
    SchemaNamespace *found = g_hash_table_lookup(schema->namespaces, ns);

    return found ? g_hash_table_lookup(found->classes, name) : NULL;
}

static gint compare_classes(gconstpointer a, gconstpointer b)
{
    return g_ascii_strcasecmp((*(SchemaClass *const *) a)->name, (*(SchemaClass *const *) b)->name);
}

GPtrArray *schema_list(const Schema *schema, const char *ns)
{
    SchemaNamespace *found = g_hash_table_lookup(schema->namespaces, ns);
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value = NULL;

    if (!found)
        return list;
    g_hash_table_iter_init(&iter, found->classes);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(list, value);
    g_ptr_array_sort(list, compare_classes);
    return list;
}

const char *schema_class_name(const SchemaClass *cls)
{
    return cls->name;
}

const char *schema_class_namespace(const SchemaClass *cls)
{
    return cls->ns->name;
}

const SchemaClass *schema_class_super(const SchemaClass *cls)
{
    return cls->super;
}

gboolean schema_class_is_a(const SchemaClass *cls, const SchemaClass *base)
{
    for (; cls; cls = cls->super) {
        if (cls == base)
            return TRUE;
    }
    return FALSE;
}

gboolean schema_class_is_association(const SchemaClass *cls)
{
    for (; cls; cls = cls->super) {
        if (cls->association)
            return TRUE;
    }
    return FALSE;
}

gboolean schema_class_is_abstract(const SchemaClass *cls)
{
    return cls->abstract;
}

guint schema_class_n_properties(const SchemaClass *cls)
{
    return cls->properties->len;
}

const SchemaProperty *schema_class_property(const SchemaClass *cls, guint index)
{
    g_return_val_if_fail(index < cls->properties->len, NULL);
    return &g_array_index(cls->properties, SchemaProperty, index);
}

int schema_class_property_index(const SchemaClass *cls, const char *name)
{
    gpointer index = NULL;

    if (!g_hash_table_lookup_extended(cls->property_index, name, NULL, &index))
        return -1;
    return GPOINTER_TO_INT(index);
}

const SchemaProperty *schema_class_find_property(const SchemaClass *cls, const char *name)
{
    int index = schema_class_property_index(cls, name);

    return index < 0 ? NULL : schema_class_property(cls, (guint) index);
}

const SchemaMethod *schema_class_find_method(const SchemaClass *cls, const char *name)
{
    for (; cls; cls = cls->super) {
        const SchemaMethod *method = g_hash_table_lookup(cls->methods, name);

        if (method)
            return method;
    }
    return NULL;
}

const char *schema_method_name(const SchemaMethod *method)
{
    return method->name;
}

gboolean schema_method_is_static(const SchemaMethod *method)
{
    return method->is_static;
}

guint schema_method_n_params(const SchemaMethod *method)
{
    return method->params->len;
}

const SchemaParam *schema_method_param(const SchemaMethod *method, guint index)
{
    g_return_val_if_fail(index < method->params->len, NULL);
    return &g_array_index(method->params, SchemaParam, index);
}

const SchemaParam *schema_method_find_param(const SchemaMethod *method, const char *name)
{
    for (guint i = 0; i < method->params->len; i++) {
        const SchemaParam *param = schema_method_param(method, i);

        if (g_ascii_strcasecmp(param->value.name, name) == 0)
            return param;
    }
    return NULL;
}

gboolean schema_method_may_return(const SchemaMethod *method, guint32 code)
{
    for (guint i = 0; i < method->returns->len; i++) {
        const SchemaRange *range = &g_array_index(method->returns, SchemaRange, i);

        if (range->low <= code && code <= range->high)
            return TRUE;
    }
    return method->returns->len == 0;
}
