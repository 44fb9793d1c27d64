/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <glib.h>
#include <gnutls/gnutls.h>

#include "keymgr/keymgr.h"

static void
wipe_free(void *memory)
{
    if (!memory)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* realloc() would leave the old copy behind when it moves. */
static void *
wipe_realloc(void *memory, size_t size)
{
    size_t old = memory ? malloc_usable_size(memory) : 0;
    void *moved;

    if (memory && size > 0 && size <= old)
        return memory;
    moved = malloc(size);
    if (!moved)
        return NULL;
    if (memory)
        memcpy(moved, memory, MIN(old, size));
    wipe_free(memory);
    return moved;
}

static char *
plain_strdup(const char *text)
{
    return strdup(text);
}

static void *
plain_malloc(size_t size)
{
    return malloc(size);
}

static void *
plain_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void
keymgr_memory_init(void)
{
    static gsize once;

    if (!g_once_init_enter(&once))
        return;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, plain_malloc, wipe_free, wipe_realloc, plain_strdup,
                             plain_calloc) != CURLE_OK)
        g_error("libcurl cannot be initialised");
    /* GnuTLS decrypts into buffers of its own, which it frees through these
     * two exported pointers. */
    gnutls_free = wipe_free;
    gnutls_realloc = wipe_realloc;
    g_once_init_leave(&once, 1);
}

void
keymgr_global_init(void)
{
    keymgr_memory_init();
}
