/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/cim_object.h"

#include <string.h>

struct CimObject {
    gint references;
    const SchemaClass *cls;
    CimValue *values[]; /* by property index; NULL: never set */
};

CimObject *cim_object_new(const SchemaClass *cls)
{
    CimObject *object = g_malloc0(sizeof *object + schema_class_n_properties(cls) * sizeof(CimValue *));

    object->references = 1;
    object->cls = cls;
    return object;
}

CimObject *cim_object_copy(const CimObject *object)
{
    CimObject *copy = cim_object_new(object->cls);

    for (guint i = 0; i < schema_class_n_properties(object->cls); i++) {
        if (object->values[i])
            copy->values[i] = cim_value_ref(object->values[i]);
    }
    return copy;
}

CimObject *cim_object_ref(CimObject *object)
{
    g_atomic_int_inc(&object->references);
    return object;
}

void cim_object_unref(CimObject *object)
{
    if (!object || !g_atomic_int_dec_and_test(&object->references))
        return;
    for (guint i = 0; i < schema_class_n_properties(object->cls); i++)
        cim_value_unref(object->values[i]);
    g_free(object);
}

const SchemaClass *cim_object_class(const CimObject *object)
{
    return object->cls;
}

void cim_object_set(CimObject *object, const char *property, CimValue *value)
{
    int index = schema_class_property_index(object->cls, property);
    const SchemaProperty *declared = index < 0 ? NULL : schema_class_property(object->cls, (guint) index);

    if (!declared || declared->type != cim_value_type(value) ||
        declared->array != cim_value_is_array(value))
        g_error("%s.%s cannot take a %s%s", schema_class_name(object->cls), property,
                cim_type_name(cim_value_type(value)), cim_value_is_array(value) ? "[]" : "");
    cim_value_unref(object->values[index]);
    object->values[index] = value;
}

const CimValue *cim_object_get(const CimObject *object, const char *property)
{
    int index = schema_class_property_index(object->cls, property);
    const SchemaProperty *declared = NULL;

    if (index < 0)
        g_error("%s has no property %s", schema_class_name(object->cls), property);
    if (object->values[index])
        return object->values[index];
    declared = schema_class_property(object->cls, (guint) index);
    return cim_value_new_null(declared->type, declared->array);
}

gboolean cim_object_is_set(const CimObject *object, const char *property)
{
    int index = schema_class_property_index(object->cls, property);

    return index >= 0 && object->values[index] != NULL;
}

CimPath *cim_object_path(const CimObject *object)
{
    CimPath *path = cim_path_new(schema_class_namespace(object->cls), schema_class_name(object->cls));

    for (guint i = 0; i < schema_class_n_properties(object->cls); i++) {
        const SchemaProperty *property = schema_class_property(object->cls, i);
        const CimValue *value = object->values[i];

        if (!property->key || !value || cim_value_is_null(value))
            continue;
        if (property->type == CIM_REFERENCE) {
            cim_path_set_key_path(path, property->name, cim_value_item(value, 0)->path);
        } else {
            g_autofree char *text = cim_item_format(property->type, cim_value_item(value, 0));

            cim_path_set_key(path, property->name, text);
        }
    }
    return path;
}
