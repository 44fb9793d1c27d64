/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <glib.h>
#include <gnutls/gnutls.h>

#include "keymgr/keymgr.h"

/* How often somebody may have initialised libcurl before us. */
#define MAX_INITIALISATIONS 64

/* Calls of wipe_free() by this thread. */
static __thread guint wiped;

static void
wipe_free(void *memory)
{
    wiped++;
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

/* FALSE when libcurl was initialised already, and goes on with what it has. */
static gboolean
take_libcurl(void)
{
    guint before;

    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, plain_malloc, wipe_free, wipe_realloc, plain_strdup,
                             plain_calloc) != CURLE_OK)
        g_error("libcurl cannot be initialised");
    before = wiped;
    curl_free(curl_easy_escape(NULL, "x", 1));
    return wiped != before;
}

/*
 * libvirt initialises libcurl before it loads a driver. libcurl takes other
 * allocators only when its count of users goes up from nought, so that count is
 * brought there and back. What it holds meanwhile stays: our allocators are
 * malloc() and free() underneath, and GnuTLS counts its users as well.
 */
static void
take_libcurl_over(void)
{
    guint others = 0;
    guint i;

    while (!take_libcurl()) {
        curl_global_cleanup(); /* what we have just added */
        if (++others > MAX_INITIALISATIONS) {
            g_warning("libcurl does not wipe the memory that it frees");
            break;
        }
        curl_global_cleanup();
    }
    for (i = 0; i < MIN(others, MAX_INITIALISATIONS); i++)
        curl_global_init(CURL_GLOBAL_DEFAULT);
}

void
keymgr_memory_init(void)
{
    static gsize once;

    if (!g_once_init_enter(&once))
        return;
    take_libcurl_over();
    /* GnuTLS decrypts into buffers of its own, which it frees through these
     * two exported pointers. */
    gnutls_free = wipe_free;
    gnutls_realloc = wipe_realloc;
    g_once_init_leave(&once, 1);
}

#ifdef __x86_64__
#define VECTORS                                                                                               \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",      \
        "xmm12", "xmm13", "xmm14", "xmm15"
#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define CLEAR_UPPER(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"

void
keymgr_memory_clear_registers(void)
{
    /* AVX-512 adds sixteen, which vzeroall leaves alone and the C library's
     * memcpy() prefers. */
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile(CLEAR_UPPER(16) CLEAR_UPPER(17) CLEAR_UPPER(18) CLEAR_UPPER(19) CLEAR_UPPER(20)
                         CLEAR_UPPER(21) CLEAR_UPPER(22) CLEAR_UPPER(23) CLEAR_UPPER(24) CLEAR_UPPER(25)
                         CLEAR_UPPER(26) CLEAR_UPPER(27) CLEAR_UPPER(28) CLEAR_UPPER(29) CLEAR_UPPER(30)
                         CLEAR_UPPER(31) :::);
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::: VECTORS);
    else
        __asm__ volatile(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3) CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7) CLEAR(8)
                         CLEAR(9) CLEAR(10) CLEAR(11) CLEAR(12) CLEAR(13) CLEAR(14) CLEAR(15) ::: VECTORS);
}
#else
/* Whatever registers the C library copies with, depending on the size, come to
 * hold zeroes. */
void
keymgr_memory_clear_registers(void)
{
    static const char zeroes[1024];
    char copy[sizeof(zeroes)];
    gsize size;

    for (size = 1; size <= sizeof(zeroes); size *= 2) {
        memcpy(copy, zeroes, size);
        /* Not to be left out: somebody might look. */
        __asm__ volatile("" ::"r"(copy) : "memory");
    }
}
#endif

void
keymgr_global_init(void)
{
    keymgr_memory_init();
}
