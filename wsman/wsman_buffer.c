/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_buffer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_CAPACITY 4096

struct WsmanBuffer {
    char *data;
    gsize size;
    gsize capacity; /* with room for the NUL */
    gsize max;
    gboolean secret;
    gboolean overflown;
};

void
wsman_wipe(gpointer data, gsize size)
{
    if (data && size > 0)
        explicit_bzero(data, size);
}

void
wsman_wipe_string(char *text)
{
    if (text)
        wsman_wipe(text, strlen(text));
}

static gsize
round_to_pages(gsize size)
{
    gsize page = (gsize)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

static char *
secret_pages_new(gsize size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        g_error("wsman: no memory for a secret buffer of %" G_GSIZE_FORMAT " bytes", size);
    /* RLIMIT_MEMLOCK may be small: then the pages may be swapped, but still
     * are neither dumped nor left behind. */
    (void)mlock(pages, size);
    (void)madvise(pages, size, MADV_DONTDUMP);
    return pages;
}

static void
secret_pages_free(char *pages, gsize size)
{
    if (!pages)
        return;
    wsman_wipe(pages, size);
    munmap(pages, size);
}

WsmanBuffer *
wsman_buffer_new(gboolean secret, gsize max)
{
    WsmanBuffer *buffer = g_new0(WsmanBuffer, 1);

    buffer->secret = secret;
    buffer->max = max;
    return buffer;
}

static void
release(WsmanBuffer *buffer)
{
    if (buffer->secret)
        secret_pages_free(buffer->data, buffer->capacity);
    else
        g_free(buffer->data);
    buffer->data = NULL;
    buffer->capacity = 0;
    buffer->size = 0;
}

void
wsman_buffer_free(WsmanBuffer *buffer)
{
    if (!buffer)
        return;
    release(buffer);
    g_free(buffer);
}

static void
grow(WsmanBuffer *buffer, gsize needed)
{
    gsize capacity = MAX(buffer->capacity * 2, FIRST_CAPACITY);
    char *data;

    while (capacity < needed)
        capacity *= 2;
    if (!buffer->secret) {
        buffer->data = g_realloc(buffer->data, capacity);
        buffer->capacity = capacity;
        return;
    }
    capacity = round_to_pages(capacity);
    data = secret_pages_new(capacity);
    if (buffer->size > 0)
        memcpy(data, buffer->data, buffer->size);
    secret_pages_free(buffer->data, buffer->capacity);
    buffer->data = data;
    buffer->capacity = capacity;
}

char *
wsman_buffer_reserve(WsmanBuffer *buffer, gsize size)
{
    if (buffer->overflown || size > buffer->max || buffer->size > buffer->max - size) {
        buffer->overflown = TRUE;
        return NULL;
    }
    if (buffer->size + size + 1 > buffer->capacity)
        grow(buffer, buffer->size + size + 1);
    return buffer->data + buffer->size;
}

void
wsman_buffer_commit(WsmanBuffer *buffer, gsize size)
{
    g_assert(buffer->size + size < buffer->capacity);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

gboolean
wsman_buffer_append(WsmanBuffer *buffer, gconstpointer data, gsize size)
{
    char *end = wsman_buffer_reserve(buffer, size);

    if (!end)
        return FALSE;
    if (size > 0)
        memcpy(end, data, size);
    wsman_buffer_commit(buffer, size);
    return TRUE;
}

gboolean
wsman_buffer_append_str(WsmanBuffer *buffer, const char *text)
{
    return wsman_buffer_append(buffer, text, strlen(text));
}

const char *
wsman_buffer_get_data(const WsmanBuffer *buffer)
{
    return buffer->size > 0 ? buffer->data : "";
}

gsize
wsman_buffer_get_size(const WsmanBuffer *buffer)
{
    return buffer->size;
}

gboolean
wsman_buffer_is_secret(const WsmanBuffer *buffer)
{
    return buffer->secret;
}

gboolean
wsman_buffer_has_overflown(const WsmanBuffer *buffer)
{
    return buffer->overflown;
}

void
wsman_buffer_reset(WsmanBuffer *buffer)
{
    if (buffer->secret)
        wsman_wipe(buffer->data, buffer->size);
    buffer->size = 0;
    buffer->overflown = FALSE;
    if (buffer->data)
        buffer->data[0] = '\0';
}
