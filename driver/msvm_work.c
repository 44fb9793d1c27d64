/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_work.h"

static GMutex lock;
static GHashTable *at_work; /* a set of keys */

static char *
key_of(HypervHost *host, const char *id)
{
    g_autofree char *lower = g_ascii_strdown(id, -1);

    return g_strdup_printf("%s/%s", hyperv_host_get_name(host), lower);
}

void
msvmWorkBegin(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    if (!at_work)
        at_work = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(at_work, key_of(host, id));
}

void
msvmWorkEnd(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = key_of(host, id);

    g_hash_table_remove(at_work, key);
}

static bool
is_at_work(HypervHost *host, const char *id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autofree char *key = id ? key_of(host, id) : NULL;

    return key && at_work && g_hash_table_contains(at_work, key);
}

bool
msvmWorkIsAbandoned(HypervHost *host, const char *guid, const MsvmRecord *record)
{
    if (!msvmRecordIsOwn(record))
        return msvmRecordIsAbandoned(record);
    return !is_at_work(host, guid) && !is_at_work(host, record->uuid);
}
