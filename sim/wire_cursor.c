/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_cursor.h"

#include <string.h>

#include "sim/wire_text.h"

struct WireCursor {
    GPtrArray *objects;
    guint next;
    WireMode mode;
    char **names;
};

WireCursor *
wire_cursor_new(GPtrArray *objects, WireMode mode, char **names)
{
    WireCursor *cursor = g_new0(WireCursor, 1);

    cursor->objects = objects;
    cursor->mode = mode;
    cursor->names = names;
    return cursor;
}

void
wire_cursor_free(WireCursor *cursor)
{
    if (!cursor)
        return;
    g_ptr_array_unref(cursor->objects);
    g_strfreev(cursor->names);
    g_free(cursor);
}

gboolean
wire_cursor_is_done(const WireCursor *cursor)
{
    return cursor->next >= cursor->objects->len;
}

static void
write_object(GString *out, const WireCursor *cursor, const CimObject *object, WireBytes bytes)
{
    if (cursor->names)
        wire_write_fragment(out, object, (const char *const *)cursor->names, bytes);
    else
        wire_write_instance(out, object, bytes);
}

static void
write_item(GString *out, const WireCursor *cursor, const CimObject *object, WireBytes bytes)
{
    g_autoptr(CimPath) path = cursor->mode == WIRE_MODE_OBJECT ? NULL : cim_object_path(object);

    switch (cursor->mode) {
    case WIRE_MODE_OBJECT:
        write_object(out, cursor, object, bytes);
        break;
    case WIRE_MODE_EPR:
        wire_write_endpoint(out, path);
        break;
    case WIRE_MODE_OBJECT_AND_EPR:
        g_string_append(out, "<w:Item>");
        write_object(out, cursor, object, bytes);
        wire_write_endpoint(out, path);
        g_string_append(out, "</w:Item>");
        break;
    }
}

guint
wire_cursor_write(WireCursor *cursor, GString *out, guint max_items, gsize max_bytes, WireBytes bytes)
{
    gsize start = out->len;
    guint count = 0;

    while (count < max_items && !wire_cursor_is_done(cursor)) {
        gsize before = out->len;

        write_item(out, cursor, cursor->objects->pdata[cursor->next], bytes);
        if (count && out->len - start > max_bytes) {
            g_string_truncate(out, before);
            break;
        }
        cursor->next++;
        count++;
    }
    return count;
}

/* --- the open ones ---------------------------------------------------------------- */

struct WireCursors {
    GMutex lock;
    GHashTable *open; /* name -> Entry */
    guint limit;
    gint64 lifetime; /* microseconds */
};

typedef struct {
    WireCursor *cursor;
    char *user;
    gint64 deadline;
} Entry;

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    wire_cursor_free(entry->cursor);
    g_free(entry->user);
    g_free(entry);
}

WireCursors *
wire_cursors_new(guint limit, guint lifetime_ms)
{
    WireCursors *cursors = g_new0(WireCursors, 1);

    g_mutex_init(&cursors->lock);
    cursors->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    cursors->limit = limit;
    cursors->lifetime = (gint64)lifetime_ms * 1000;
    return cursors;
}

void
wire_cursors_free(WireCursors *cursors)
{
    if (!cursors)
        return;
    g_hash_table_unref(cursors->open);
    g_mutex_clear(&cursors->lock);
    g_free(cursors);
}

static gboolean
is_expired(gpointer name, gpointer data, gpointer now)
{
    const Entry *entry = data;

    return entry->deadline < *(gint64 *)now;
}

static void
sweep(WireCursors *cursors)
{
    gint64 now = g_get_monotonic_time();

    g_hash_table_foreach_remove(cursors->open, is_expired, &now);
}

gboolean
wire_cursors_have_room(WireCursors *cursors, const char *user)
{
    GHashTableIter iter;
    gpointer data;
    guint count = 0;

    g_mutex_lock(&cursors->lock);
    sweep(cursors);
    g_hash_table_iter_init(&iter, cursors->open);
    while (g_hash_table_iter_next(&iter, NULL, &data))
        count += g_strcmp0(((Entry *)data)->user, user) == 0;
    g_mutex_unlock(&cursors->lock);
    return count < cursors->limit;
}

char *
wire_cursors_put(WireCursors *cursors, WireCursor *cursor, const char *user)
{
    char *name = wire_text_uuid();
    Entry *entry = g_new0(Entry, 1);

    entry->cursor = cursor;
    entry->user = g_strdup(user);
    entry->deadline = g_get_monotonic_time() + cursors->lifetime;
    g_mutex_lock(&cursors->lock);
    g_hash_table_insert(cursors->open, g_strdup(name), entry);
    g_mutex_unlock(&cursors->lock);
    return name;
}

WireCursor *
wire_cursors_take(WireCursors *cursors, const char *name, const char *user)
{
    WireCursor *cursor = NULL;
    Entry *entry;

    g_mutex_lock(&cursors->lock);
    sweep(cursors);
    entry = g_hash_table_lookup(cursors->open, name);
    if (entry && g_strcmp0(entry->user, user) == 0) {
        cursor = g_steal_pointer(&entry->cursor);
        g_hash_table_remove(cursors->open, name);
    }
    g_mutex_unlock(&cursors->lock);
    return cursor;
}

guint
wire_cursors_count(WireCursors *cursors)
{
    guint count;

    g_mutex_lock(&cursors->lock);
    sweep(cursors);
    count = g_hash_table_size(cursors->open);
    g_mutex_unlock(&cursors->lock);
    return count;
}
