/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_work.h"

static GMutex lock;
static GHashTable *at_work; /* how many, by key */

static char *
key_of(HypervHost *host, const char *id)
{
    g_autofree char *lower = g_ascii_strdown(id, -1);

    return g_strdup_printf("%s/%s", hyperv_host_get_name(host), lower);
}

/* How many are at it: one that ends may meet one that begins. */
static guint
count(const char *key)
{
    return at_work ? GPOINTER_TO_UINT(g_hash_table_lookup(at_work, key)) : 0;
}

static void
set_count(const char *key, guint number)
{
    if (!at_work)
        at_work = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (number == 0)
        g_hash_table_remove(at_work, key);
    else
        g_hash_table_insert(at_work, g_strdup(key), GUINT_TO_POINTER(number));
}

void
msvmWorkBegin(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = key_of(host, id);

    set_count(key, count(key) + 1);
}

bool
msvmWorkTryBegin(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = key_of(host, id);

    if (count(key) > 0)
        return false;
    set_count(key, 1);
    return true;
}

void
msvmWorkEnd(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = key_of(host, id);

    set_count(key, count(key) - 1);
}

static bool
is_at_work(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = id ? key_of(host, id) : NULL;

    return key && count(key) > 0;
}

bool
msvmWorkIsAbandoned(HypervHost *host, const char *guid, const MsvmRecord *record)
{
    if (!msvmRecordIsOwn(record))
        return msvmRecordIsAbandoned(record);
    return !is_at_work(host, guid) && !is_at_work(host, record->uuid);
}
