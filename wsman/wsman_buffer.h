/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing byte buffer for messages.
 *
 * A secret buffer lives in pages of its own, which are locked (as far as the
 * process may), left out of core dumps, and wiped whenever they are given
 * back: on growth, on reset and on free. A plain one is ordinary memory.
 */
#pragma once

#include <glib.h>

typedef struct WsmanBuffer WsmanBuffer;

/* max: more than this is refused by wsman_buffer_append(). */
WsmanBuffer *wsman_buffer_new(gboolean secret, gsize max);
void wsman_buffer_free(WsmanBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanBuffer, wsman_buffer_free)

/* FALSE when the maximum would be passed, now or in an earlier append; the
 * buffer is then left as it is and is marked as overflown. */
gboolean wsman_buffer_append(WsmanBuffer *buffer, gconstpointer data, gsize size);
gboolean wsman_buffer_append_str(WsmanBuffer *buffer, const char *text);
/* Room for size more bytes at the end, to be written by the caller, who then
 * says with wsman_buffer_commit() how many they are. NULL as above. */
char *wsman_buffer_reserve(WsmanBuffer *buffer, gsize size);
void wsman_buffer_commit(WsmanBuffer *buffer, gsize size);

/* Always followed by a NUL, which the size does not count. */
const char *wsman_buffer_get_data(const WsmanBuffer *buffer);
gsize wsman_buffer_get_size(const WsmanBuffer *buffer);
gboolean wsman_buffer_is_secret(const WsmanBuffer *buffer);
gboolean wsman_buffer_has_overflown(const WsmanBuffer *buffer);
/* Empties it, wiping a secret one. */
void wsman_buffer_reset(WsmanBuffer *buffer);

/* Overwrites memory in a way that the compiler keeps. */
void wsman_wipe(gpointer data, gsize size);
void wsman_wipe_string(char *text);
