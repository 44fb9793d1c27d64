/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_instance_private.h"

#include <string.h>

#include "wsman/wsman_buffer.h"
#include "wsman/wsman_text.h"

struct WsmanInstance {
    gatomicrefcount refs;
    char *ns;
    char *class_name;
    GPtrArray *properties;
    gboolean secret;
};

static void
clear_values(WsmanProperty *property, gboolean wipe)
{
    for (guint i = 0; i < property->n_texts; i++) {
        if (wipe)
            wsman_wipe_string(property->texts[i]);
        g_free(property->texts[i]);
    }
    g_clear_pointer(&property->texts, g_free);
    property->n_texts = 0;
    g_clear_pointer(&property->eprs, g_ptr_array_unref);
    g_clear_pointer(&property->instances, g_ptr_array_unref);
}

static void
property_free(WsmanProperty *property, gboolean wipe)
{
    clear_values(property, wipe);
    g_free(property->name);
    g_free(property);
}

WsmanInstance *
wsman_instance_new(const char *ns, const char *class_name)
{
    WsmanInstance *instance = g_new0(WsmanInstance, 1);

    g_atomic_ref_count_init(&instance->refs);
    instance->ns = g_strdup(ns ? ns : "");
    instance->class_name = g_strdup(class_name);
    instance->properties = g_ptr_array_new();
    return instance;
}

WsmanInstance *
wsman_instance_ref(WsmanInstance *instance)
{
    g_atomic_ref_count_inc(&instance->refs);
    return instance;
}

void
wsman_instance_unref(WsmanInstance *instance)
{
    if (!instance || !g_atomic_ref_count_dec(&instance->refs))
        return;
    for (guint i = 0; i < instance->properties->len; i++)
        property_free(g_ptr_array_index(instance->properties, i), instance->secret);
    g_ptr_array_unref(instance->properties);
    g_free(instance->ns);
    g_free(instance->class_name);
    g_free(instance);
}

void
wsman_instance_mark_secret(WsmanInstance *instance)
{
    instance->secret = TRUE;
}

const char *
wsman_instance_get_class(const WsmanInstance *instance)
{
    return instance->class_name;
}

const char *
wsman_instance_get_namespace(const WsmanInstance *instance)
{
    return instance->ns;
}

guint
wsman_instance_n_properties(const WsmanInstance *instance)
{
    return instance->properties->len;
}

const WsmanProperty *
wsman_instance_property(const WsmanInstance *instance, guint i)
{
    return g_ptr_array_index(instance->properties, i);
}

/* Backwards: the readers look up the property that came last. */
static WsmanProperty *
find(const WsmanInstance *instance, const char *name)
{
    for (guint i = instance->properties->len; i > 0; i--) {
        WsmanProperty *property = g_ptr_array_index(instance->properties, i - 1);

        if (g_ascii_strcasecmp(property->name, name) == 0)
            return property;
    }
    return NULL;
}

static WsmanProperty *
append_property(WsmanInstance *instance, const char *name, WsmanCimType type)
{
    WsmanProperty *property = g_new0(WsmanProperty, 1);

    property->name = g_strdup(name);
    property->type = type;
    g_ptr_array_add(instance->properties, property);
    return property;
}

WsmanProperty *
wsman_instance_ensure(WsmanInstance *instance, const char *name, WsmanCimType type)
{
    WsmanProperty *property = find(instance, name);

    return property ? property : append_property(instance, name, type);
}

void
wsman_property_take_text(WsmanProperty *property, char *text)
{
    /* Grown to powers of two, so that long arrays take linear time. */
    guint needed = property->n_texts + 2;

    if (!property->texts || (needed & (needed - 1)) == 0)
        property->texts = g_renew(char *, property->texts, MAX(needed * 2, 4));
    property->texts[property->n_texts++] = text;
    property->texts[property->n_texts] = NULL;
}

void
wsman_property_take_epr(WsmanProperty *property, WsmanEpr *epr)
{
    if (!property->eprs)
        property->eprs = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_epr_free);
    g_ptr_array_add(property->eprs, epr);
}

void
wsman_property_take_instance(WsmanProperty *property, WsmanInstance *value)
{
    if (!property->instances)
        property->instances = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    g_ptr_array_add(property->instances, value);
}

/* --- reading -------------------------------------------------------------- */

static gboolean
has_values(const WsmanProperty *property)
{
    return property->n_texts > 0 || property->eprs || property->instances;
}

gboolean
wsman_instance_has(const WsmanInstance *instance, const char *name)
{
    const WsmanProperty *property = find(instance, name);

    return property && has_values(property);
}

const char *
wsman_instance_get_string(const WsmanInstance *instance, const char *name)
{
    const WsmanProperty *property = find(instance, name);

    return property && property->n_texts > 0 ? property->texts[0] : NULL;
}

/* Case and numbers: answers of other stacks and old hosts use them. */
gboolean
wsman_instance_get_boolean(const WsmanInstance *instance, const char *name, gboolean *value)
{
    const char *text = wsman_instance_get_string(instance, name);
    g_autofree char *word = NULL;

    if (!text)
        return FALSE;
    word = wsman_text_trim(text);
    if (g_ascii_strcasecmp(word, "true") == 0 || strcmp(word, "1") == 0)
        *value = TRUE;
    else if (g_ascii_strcasecmp(word, "false") == 0 || strcmp(word, "0") == 0)
        *value = FALSE;
    else
        return FALSE;
    return TRUE;
}

gboolean
wsman_instance_get_uint(const WsmanInstance *instance, const char *name, guint64 *value)
{
    const char *text = wsman_instance_get_string(instance, name);

    return text && wsman_text_to_uint(text, value);
}

gboolean
wsman_instance_get_int(const WsmanInstance *instance, const char *name, gint64 *value)
{
    const char *text = wsman_instance_get_string(instance, name);

    return text && wsman_text_to_int(text, value);
}

const char *const *
wsman_instance_get_strv(const WsmanInstance *instance, const char *name)
{
    static const char *const none[] = { NULL };
    const WsmanProperty *property = find(instance, name);

    return property && property->texts ? (const char *const *)property->texts : none;
}

const WsmanEpr *
wsman_instance_get_epr(const WsmanInstance *instance, const char *name)
{
    const WsmanProperty *property = find(instance, name);

    return property && property->eprs ? g_ptr_array_index(property->eprs, 0) : NULL;
}

static const GPtrArray *
empty_array(void)
{
    static gsize made;

    if (g_once_init_enter(&made))
        g_once_init_leave(&made, (gsize)g_ptr_array_new());
    return (const GPtrArray *)made;
}

const GPtrArray *
wsman_instance_get_eprs(const WsmanInstance *instance, const char *name)
{
    const WsmanProperty *property = find(instance, name);

    return property && property->eprs ? property->eprs : empty_array();
}

const GPtrArray *
wsman_instance_get_instances(const WsmanInstance *instance, const char *name)
{
    const WsmanProperty *property = find(instance, name);

    return property && property->instances ? property->instances : empty_array();
}

/* --- building ------------------------------------------------------------- */

static WsmanProperty *
renew(WsmanInstance *instance, const char *name, WsmanCimType type, gboolean is_array)
{
    WsmanProperty *property = wsman_instance_ensure(instance, name, type);

    clear_values(property, instance->secret);
    property->type = type;
    property->is_array = is_array;
    return property;
}

void
wsman_instance_set_text(WsmanInstance *instance, const char *name, WsmanCimType type, const char *value)
{
    wsman_property_take_text(renew(instance, name, type, FALSE), g_strdup(value));
}

void
wsman_instance_set_string(WsmanInstance *instance, const char *name, const char *value)
{
    wsman_instance_set_text(instance, name, WSMAN_CIM_STRING, value);
}

void
wsman_instance_set_boolean(WsmanInstance *instance, const char *name, gboolean value)
{
    wsman_instance_set_text(instance, name, WSMAN_CIM_BOOLEAN, value ? "true" : "false");
}

void
wsman_instance_set_uint(WsmanInstance *instance, const char *name, WsmanCimType type, guint64 value)
{
    wsman_property_take_text(renew(instance, name, type, FALSE),
                             g_strdup_printf("%" G_GUINT64_FORMAT, value));
}

void
wsman_instance_set_array(WsmanInstance *instance, const char *name, WsmanCimType type,
                         const char *const *values)
{
    WsmanProperty *property = renew(instance, name, type, TRUE);

    for (gsize i = 0; values[i]; i++)
        wsman_property_take_text(property, g_strdup(values[i]));
}

void
wsman_instance_set_bytes(WsmanInstance *instance, const char *name, gconstpointer data, gsize size)
{
    WsmanProperty *property = renew(instance, name, WSMAN_CIM_UINT8, TRUE);

    for (gsize i = 0; i < size; i++)
        wsman_property_take_text(property, g_strdup_printf("%u", ((const guint8 *)data)[i]));
}

void
wsman_instance_add_instance(WsmanInstance *instance, const char *name, WsmanInstance *value)
{
    WsmanProperty *property = wsman_instance_ensure(instance, name, WSMAN_CIM_STRING);

    property->is_array = TRUE;
    wsman_property_take_instance(property, wsman_instance_ref(value));
}
