/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/host_private.h"

CimObject *sim_object_new(SimHost *host, const char *ns, const char *class_name)
{
    const SchemaClass *cls = schema_find(host->schema, ns, class_name);

    if (!cls)
        g_error("the schema has no %s:%s", ns, class_name);
    return cim_object_new(cls);
}

static CimValue *value_from_text(CimType type, const char *text)
{
    CimItem item = { 0 };
    CimValue *value = NULL;

    if (!text)
        return cim_value_new_null(type, FALSE);
    if (!cim_item_parse(type, text, &item))
        g_error("'%s' is not a %s", text, cim_type_name(type));
    value = cim_value_new_item(type, &item);
    cim_item_clear(type, &item);
    return value;
}

static CimType type_of(const CimObject *object, const char *property)
{
    const SchemaProperty *declared = schema_class_find_property(cim_object_class(object), property);

    if (!declared)
        g_error("%s has no property %s", schema_class_name(cim_object_class(object)), property);
    return declared->type;
}

void sim_set(CimObject *object, const char *property, const char *text)
{
    cim_object_set(object, property, value_from_text(type_of(object, property), text));
}

void sim_set_uint(CimObject *object, const char *property, guint64 number)
{
    CimType type = type_of(object, property);
    gboolean is_signed = type >= CIM_SINT8 && type <= CIM_SINT64;

    cim_object_set(
        object, property,
        is_signed ? cim_value_new_sint(type, (gint64) number) : cim_value_new_uint(type, number));
}

void sim_set_boolean(CimObject *object, const char *property, gboolean flag)
{
    cim_object_set(object, property, cim_value_new_boolean(flag));
}

void sim_set_time(CimObject *object, const char *property, gint64 real_us)
{
    g_autofree char *text = sim_time_text(real_us);

    sim_set(object, property, text);
}

void sim_setf(CimObject *object, const char *property, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    sim_set(object, property, text);
}

void sim_set_list(CimObject *object, const char *property, ...)
{
    CimType type = type_of(object, property);
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(CimItem));
    const char *text = NULL;
    va_list args;

    va_start(args, property);
    while ((text = va_arg(args, const char *)) != NULL) {
        CimItem item = { 0 };

        if (!cim_item_parse(type, text, &item))
            g_error("'%s' is not a %s", text, cim_type_name(type));
        g_array_append_val(items, item);
    }
    va_end(args);
    cim_object_set(object, property,
                   cim_value_new_array(type, (const CimItem *) (void *) items->data, items->len));
    for (guint i = 0; i < items->len; i++)
        cim_item_clear(type, &g_array_index(items, CimItem, i));
}

const char *sim_text(const CimObject *object, const char *property)
{
    const char *text = cim_value_text(cim_object_get(object, property));

    return text ? text : "";
}

guint64 sim_uint(const CimObject *object, const char *property)
{
    return cim_value_uint(cim_object_get(object, property), 0);
}

gboolean sim_boolean(const CimObject *object, const char *property)
{
    return cim_value_boolean(cim_object_get(object, property), FALSE);
}

gboolean sim_text_is(const CimObject *object, const char *property, const char *text)
{
    return g_ascii_strcasecmp(sim_text(object, property), text) == 0;
}

gboolean sim_is_a(const CimObject *object, const char *class_name)
{
    const SchemaClass *cls = cim_object_class(object);

    for (; cls; cls = schema_class_super(cls)) {
        if (g_ascii_strcasecmp(schema_class_name(cls), class_name) == 0)
            return TRUE;
    }
    return FALSE;
}

char *sim_time_text(gint64 real_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(real_us / G_USEC_PER_SEC);
    g_autofree char *seconds = g_date_time_format(time, "%Y%m%d%H%M%S");

    return g_strdup_printf("%s.%06d-000", seconds, (int) (real_us % G_USEC_PER_SEC));
}

char *sim_interval_text(gint64 us)
{
    gint64 seconds = us / G_USEC_PER_SEC;

    return g_strdup_printf("%08d%02d%02d%02d.%06d:000", (int) (seconds / 86400),
                           (int) (seconds / 3600 % 24), (int) (seconds / 60 % 60), (int) (seconds % 60),
                           (int) (us % G_USEC_PER_SEC));
}

char *sim_guid_new(SimHost *host G_GNUC_UNUSED)
{
    g_autofree char *lower = g_uuid_string_random();

    return g_ascii_strup(lower, -1);
}

char *sim_guid_normalize(const char *text)
{
    g_autofree char *bare = NULL;
    gsize length = strlen(text);

    if (length == 38 && text[0] == '{' && text[37] == '}')
        bare = g_strndup(text + 1, 36);
    else
        bare = g_strdup(text);
    return g_uuid_string_is_valid(bare) ? g_ascii_strup(bare, -1) : NULL;
}

char *sim_object_reference(SimHost *host, const CimObject *object)
{
    g_autoptr(CimPath) path = cim_object_path(object);

    return cim_path_format(path, host->name);
}

CimValue *sim_reference(const CimObject *object)
{
    g_autoptr(CimPath) path = cim_object_path(object);

    return cim_value_new_path(path);
}

CimValue *sim_references(GPtrArray *objects)
{
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(CimItem));
    CimValue *value = NULL;

    for (guint i = 0; i < objects->len; i++) {
        CimItem item = { .path = cim_object_path(g_ptr_array_index(objects, i)) };

        g_array_append_val(items, item);
    }
    value = cim_value_new_array(CIM_REFERENCE, (const CimItem *) (void *) items->data, items->len);
    for (guint i = 0; i < items->len; i++)
        cim_path_unref(g_array_index(items, CimItem, i).path);
    return value;
}

guint32 sim_failure(SimFailure *failure, guint32 code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(failure->text);
    failure->text = g_strdup_vprintf(format, args);
    va_end(args);
    failure->code = code;
    return code;
}

void sim_failure_clear(SimFailure *failure)
{
    g_clear_pointer(&failure->text, g_free);
    failure->code = SIM_RC_DONE;
}
