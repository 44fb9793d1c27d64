/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A secret's bytes have pages of their own, so that locking, MADV_DONTDUMP
 * and MADV_WIPEONFORK hit nothing else:
 *
 *   heap:  KeymgrSecret { refs, size, max_size, pages -+ }
 *                                                      |
 *   mmap:  [ bytes ........ | zeroes to the page's end ]
 */
#include "keymgr/keymgr_secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "keymgr/keymgr_memory.h"

struct KeymgrSecret {
    gatomicrefcount refs;
    guint8 *pages;
    gsize mapped;   /* bytes of pages: a multiple of the page size */
    gsize size;
    gsize max_size;
};

/* Set once a lock was refused; never cleared. */
static gint lock_refused;

static gsize
whole_pages(gsize size)
{
    gsize page = (gsize)sysconf(_SC_PAGESIZE);

    return MAX((size + page - 1) / page, 1) * page;
}

static guint8 *
pages_new(gsize mapped)
{
    void *pages = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        g_error("cannot map %zu bytes for a secret: %s", mapped, g_strerror(errno));
    if (mlock(pages, mapped) < 0)
        g_atomic_int_set(&lock_refused, 1);
    /* A kernel that knows neither keeps working without: the bytes are still
     * wiped. WIPEONFORK rather than DONTFORK: a child that touches its copy
     * reads zeroes instead of crashing. */
    (void)madvise(pages, mapped, MADV_DONTDUMP);
    if (madvise(pages, mapped, MADV_WIPEONFORK) < 0)
        (void)madvise(pages, mapped, MADV_DONTFORK);
    return pages;
}

/* All copies of secret bytes are made here. */
static void
copy_bytes(guint8 *to, gconstpointer from, gsize size)
{
    if (size == 0)
        return;
    memcpy(to, from, size);
    keymgr_memory_clear_registers();
}

static void
pages_free(guint8 *pages, gsize mapped)
{
    explicit_bzero(pages, mapped);
    munlock(pages, mapped);
    munmap(pages, mapped);
    /* The last user of the bytes may have left some there. */
    keymgr_memory_clear_registers();
}

static KeymgrSecret *
secret_new_sized(gsize size, gsize max_size)
{
    KeymgrSecret *secret = g_new0(KeymgrSecret, 1);

    g_atomic_ref_count_init(&secret->refs);
    secret->mapped = whole_pages(size);
    secret->pages = pages_new(secret->mapped);
    secret->max_size = max_size;
    return secret;
}

KeymgrSecret *
keymgr_secret_new(gconstpointer data, gsize size)
{
    KeymgrSecret *secret;

    g_assert(size <= KEYMGR_SECRET_MAX_SIZE);
    secret = secret_new_sized(size, size);
    copy_bytes(secret->pages, data, size);
    secret->size = size;
    return secret;
}

KeymgrSecret *
keymgr_secret_new_sized(gsize size, guint8 **bytes)
{
    KeymgrSecret *secret;

    g_assert(size <= KEYMGR_SECRET_MAX_SIZE);
    secret = secret_new_sized(size, size);
    secret->size = size;
    *bytes = secret->pages;
    return secret;
}

KeymgrSecret *
keymgr_secret_new_buffer(gsize max_size)
{
    g_assert(max_size <= KEYMGR_SECRET_MAX_SIZE);
    return secret_new_sized(0, max_size);
}

gboolean
keymgr_secret_append(KeymgrSecret *secret, gconstpointer data, gsize size)
{
    if (size > secret->max_size - secret->size)
        return FALSE;
    if (size == 0)
        return TRUE;
    if (secret->size + size > secret->mapped) {
        gsize mapped = whole_pages(MAX(secret->size + size, 2 * secret->mapped));
        guint8 *pages = pages_new(mapped);

        copy_bytes(pages, secret->pages, secret->size);
        pages_free(secret->pages, secret->mapped);
        secret->pages = pages;
        secret->mapped = mapped;
    }
    copy_bytes(secret->pages + secret->size, data, size);
    secret->size += size;
    return TRUE;
}

KeymgrSecret *
keymgr_secret_ref(KeymgrSecret *secret)
{
    g_atomic_ref_count_inc(&secret->refs);
    return secret;
}

void
keymgr_secret_unref(KeymgrSecret *secret)
{
    if (!secret || !g_atomic_ref_count_dec(&secret->refs))
        return;
    pages_free(secret->pages, secret->mapped);
    g_free(secret);
}

const guint8 *
keymgr_secret_data(const KeymgrSecret *secret)
{
    return secret->pages;
}

gsize
keymgr_secret_size(const KeymgrSecret *secret)
{
    return secret->size;
}

KeymgrSecret *
keymgr_secret_concat(KeymgrSecret *const *parts, gsize count)
{
    KeymgrSecret *whole;
    gsize total = 0;
    gsize i;

    for (i = 0; i < count; i++) {
        if (parts[i]->size > KEYMGR_SECRET_MAX_SIZE - total)
            return NULL;
        total += parts[i]->size;
    }
    whole = secret_new_sized(total, total);
    for (i = 0; i < count; i++) {
        copy_bytes(whole->pages + whole->size, parts[i]->pages, parts[i]->size);
        whole->size += parts[i]->size;
    }
    return whole;
}

gboolean
keymgr_secret_equal(const KeymgrSecret *a, const KeymgrSecret *b)
{
    return a->size == b->size && gnutls_memcmp(a->pages, b->pages, a->size) == 0;
}

gboolean
keymgr_secret_all_locked(void)
{
    return !g_atomic_int_get(&lock_refused);
}

const char *
keymgr_secret_lock_warning(void)
{
    static gint told;

    if (keymgr_secret_all_locked() || !g_atomic_int_compare_and_exchange(&told, 0, 1))
        return NULL;
    return "keys cannot be locked in memory and may be swapped to disk: raise the limit RLIMIT_MEMLOCK";
}
