/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_args_private.h"

#include "wsman/wsman_cimxml.h"
#include "wsman/wsman_epr_xml.h"
#include "wsman/wsman_instance_xml.h"

#define MAX_SECRET_SIZE (16u * 1024 * 1024)

/* One element of the request; an array is several of one name. */
typedef struct {
    char *element; /* "p:Name" */
    char *text;
    WsmanEpr *epr;
    WsmanInstance *object;
    WsmanBuffer *secret;
} Item;

struct WsmanArgs {
    GPtrArray *items;
};

static void
item_free(gpointer data)
{
    Item *item = data;

    g_free(item->element);
    g_free(item->text);
    wsman_epr_free(item->epr);
    wsman_instance_unref(item->object);
    wsman_buffer_free(item->secret);
    g_free(item);
}

WsmanArgs *
wsman_args_new(void)
{
    WsmanArgs *args = g_new0(WsmanArgs, 1);

    args->items = g_ptr_array_new_with_free_func(item_free);
    return args;
}

void
wsman_args_free(WsmanArgs *args)
{
    if (!args)
        return;
    g_ptr_array_unref(args->items);
    g_free(args);
}

static Item *
add(WsmanArgs *args, const char *name)
{
    Item *item = g_new0(Item, 1);

    /* Names are the caller's own words, never data. */
    g_assert(wsman_writer_is_name(name));
    item->element = g_strconcat("p:", name, NULL);
    g_ptr_array_add(args->items, item);
    return item;
}

void
wsman_args_add_string(WsmanArgs *args, const char *name, const char *value)
{
    add(args, name)->text = g_strdup(value);
}

void
wsman_args_add_boolean(WsmanArgs *args, const char *name, gboolean value)
{
    wsman_args_add_string(args, name, value ? "true" : "false");
}

void
wsman_args_add_uint(WsmanArgs *args, const char *name, guint64 value)
{
    add(args, name)->text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

void
wsman_args_add_strv(WsmanArgs *args, const char *name, const char *const *values)
{
    for (gsize i = 0; values[i]; i++)
        wsman_args_add_string(args, name, values[i]);
}

void
wsman_args_add_uints(WsmanArgs *args, const char *name, const guint32 *values, gsize count)
{
    for (gsize i = 0; i < count; i++)
        wsman_args_add_uint(args, name, values[i]);
}

void
wsman_args_add_epr(WsmanArgs *args, const char *name, const WsmanEpr *epr)
{
    add(args, name)->epr = wsman_epr_copy(epr);
}

void
wsman_args_add_embedded(WsmanArgs *args, const char *name, const WsmanInstance *instance)
{
    add(args, name)->text = wsman_instance_to_cimxml(instance);
}

void
wsman_args_add_object(WsmanArgs *args, const char *name, const WsmanInstance *instance)
{
    add(args, name)->object = wsman_instance_ref((WsmanInstance *)instance);
}

void
wsman_args_add_secret_bytes(WsmanArgs *args, const char *name, gconstpointer data, gsize size)
{
    Item *item = add(args, name);

    item->secret = wsman_buffer_new(TRUE, MAX_SECRET_SIZE);
    wsman_buffer_append(item->secret, data, size);
}

gboolean
wsman_args_have_secrets(const WsmanArgs *args)
{
    for (guint i = 0; args && i < args->items->len; i++) {
        const Item *item = g_ptr_array_index(args->items, i);

        if (item->secret || item->object)
            return TRUE;
    }
    return FALSE;
}

/* See WsmanBytesForm. */
static void
write_secret(const Item *item, WsmanBytesForm form, WsmanBuffer *out)
{
    const guint8 *data = (const guint8 *)wsman_buffer_get_data(item->secret);
    gsize size = wsman_buffer_get_size(item->secret);

    if (form == WSMAN_BYTES_BASE64) {
        wsman_writer_open(out, item->element);
        wsman_writer_base64(out, data, size);
        wsman_writer_close(out, item->element);
        return;
    }
    for (gsize i = 0; i < size; i++) {
        char number[4];

        g_snprintf(number, sizeof(number), "%u", data[i]);
        wsman_writer_element(out, item->element, number);
        wsman_wipe(number, sizeof(number));
    }
}

static void
write_item(const Item *item, WsmanBytesForm form, WsmanBuffer *out)
{
    if (item->secret) {
        write_secret(item, form, out);
    } else if (item->object) {
        wsman_instance_write_tree(item->object, item->element, out);
    } else if (item->epr) {
        wsman_writer_open(out, item->element);
        wsman_epr_write_contents(item->epr, out);
        wsman_writer_close(out, item->element);
    } else {
        wsman_writer_element(out, item->element, item->text);
    }
}

void
wsman_args_write(const WsmanArgs *args, WsmanBytesForm form, WsmanBuffer *out)
{
    for (guint i = 0; args && i < args->items->len; i++)
        write_item(g_ptr_array_index(args->items, i), form, out);
}
