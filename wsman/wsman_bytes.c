/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uint8[] values. Hosts were seen to answer with one item of base64; DSP0230
 * 9.2.2 also allows one item a byte. Both are taken.
 *
 * One item of up to three digits is a byte: base64 comes in fours.
 */
#include <string.h>

#include "wsman/wsman_buffer.h"
#include "wsman/wsman_instance.h"
#include "wsman/wsman_text.h"

typedef struct {
    guint8 *data;
    gsize size;
} Bytes;

static void
bytes_free(gpointer opaque)
{
    Bytes *bytes = opaque;

    wsman_wipe(bytes->data, bytes->size);
    g_free(bytes->data);
    g_free(bytes);
}

static GBytes *
wrap(guint8 *data, gsize size)
{
    Bytes *bytes = g_new(Bytes, 1);

    bytes->data = data;
    bytes->size = size;
    return g_bytes_new_with_free_func(data, size, bytes_free, bytes);
}

/* g_base64_decode() skips what it does not know; this does not. */
static gboolean
is_base64(const char *text)
{
    gsize digits = 0, padding = 0;

    for (const char *at = text; *at; at++) {
        if (g_ascii_isspace(*at))
            continue;
        if (*at == '=')
            padding++;
        else if (padding > 0 || !(g_ascii_isalnum(*at) || *at == '+' || *at == '/'))
            return FALSE;
        else
            digits++;
    }
    return padding <= 2 && (digits + padding) % 4 == 0;
}

static GBytes *
from_base64(const char *text)
{
    gsize length = strlen(text), size;
    guint8 *data = g_malloc(length / 4 * 3 + 4);
    int state = 0;
    guint save = 0;

    size = g_base64_decode_step(text, length, data, &state, &save);
    return wrap(data, size);
}

static gboolean
to_byte(const char *text, guint8 *byte)
{
    guint64 number;

    if (!wsman_text_to_uint(text, &number) || number > G_MAXUINT8)
        return FALSE;
    *byte = (guint8)number;
    return TRUE;
}

static GBytes *
from_numbers(const char *const *items, gsize count)
{
    guint8 *data = g_malloc(MAX(count, 1));

    for (gsize i = 0; i < count; i++) {
        if (!to_byte(items[i], &data[i])) {
            wsman_wipe(data, i);
            g_free(data);
            return NULL;
        }
    }
    return wrap(data, count);
}

GBytes *
wsman_instance_get_bytes(const WsmanInstance *instance, const char *name)
{
    const char *const *items = wsman_instance_get_strv(instance, name);
    gsize count = g_strv_length((char **)items);
    guint8 byte;

    if (count == 0)
        return NULL;
    if (count > 1 || (strlen(items[0]) < 4 && to_byte(items[0], &byte)))
        return from_numbers(items, count);
    return is_base64(items[0]) ? from_base64(items[0]) : NULL;
}
