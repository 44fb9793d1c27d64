/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerations that are open: what is left of their items, under a name that
 * changes with every answer (recorded answers of real hosts). Any thread may
 * call the functions of WireCursors.
 */
#pragma once

#include "sim/wire_write.h"

typedef enum {
    WIRE_MODE_OBJECT,
    WIRE_MODE_EPR,
    WIRE_MODE_OBJECT_AND_EPR,
} WireMode;

typedef struct WireCursor WireCursor;

/* Takes over objects (an array of CimObject) and names: the properties of a
 * projection, or NULL. */
WireCursor *wire_cursor_new(GPtrArray *objects, WireMode mode, char **names);
void wire_cursor_free(WireCursor *cursor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireCursor, wire_cursor_free)
/* Appends at least one of the items that are left, at most max_items, and no
 * more than fit into max_bytes. Returns how many. */
guint wire_cursor_write(WireCursor *cursor, GString *out, guint max_items, gsize max_bytes, WireBytes bytes);
gboolean wire_cursor_is_done(const WireCursor *cursor);

typedef struct WireCursors WireCursors;

/* limit: of open enumerations of one user; lifetime_ms: how long one lives
 * without being asked for. */
WireCursors *wire_cursors_new(guint limit, guint lifetime_ms);
void wire_cursors_free(WireCursors *cursors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireCursors, wire_cursors_free)
/* FALSE when the user has as many as are allowed. */
gboolean wire_cursors_have_room(WireCursors *cursors, const char *user);
/* Takes the cursor over; returns its new name. Caller frees that. */
char *wire_cursors_put(WireCursors *cursors, WireCursor *cursor, const char *user);
/* Gives the cursor back, and forgets the name. NULL: unknown, too old, or of
 * another user. */
WireCursor *wire_cursors_take(WireCursors *cursors, const char *name, const char *user);
guint wire_cursors_count(WireCursors *cursors);
