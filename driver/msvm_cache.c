/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_cache.h"

typedef struct {
    char *guid;
    char *name;
    HypervFound *found; /* NULL: nothing fresh */
    gint64 fetched;
    guint64 epoch;
    guint answered;     /* a bit per MsvmQuestion */
} Entry;

struct MsvmCache {
    GMutex lock;
    GHashTable *entries;  /* UUID -> Entry */
    guint64 epoch;        /* counts changes */
    gint64 (*clock)(void);
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->guid);
    g_free(entry->name);
    g_clear_pointer(&entry->found, hyperv_found_free);
    g_free(entry);
}

MsvmCache *
msvmCacheNew(void)
{
    MsvmCache *cache = g_new0(MsvmCache, 1);

    g_mutex_init(&cache->lock);
    cache->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    cache->clock = g_get_monotonic_time;
    return cache;
}

void
msvmCacheFree(MsvmCache *cache)
{
    if (!cache)
        return;
    g_hash_table_unref(cache->entries);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

void
msvmCacheSetClock(MsvmCache *cache, gint64 (*clock)(void))
{
    cache->clock = clock;
}

guint64
msvmCacheTicket(MsvmCache *cache)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

    return cache->epoch;
}

void
msvmCachePut(MsvmCache *cache, guint64 ticket, const char *uuid, HypervFound *found)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    Entry *entry = g_new0(Entry, 1);

    entry->guid = g_strdup(found->guid);
    entry->name = g_strdup(found->name);
    entry->found = found;
    entry->epoch = ticket;
    entry->fetched = cache->clock();
    g_hash_table_replace(cache->entries, g_strdup(uuid), entry);
}

void
msvmCacheClear(MsvmCache *cache)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

    g_hash_table_remove_all(cache->entries);
}

void
msvmCacheName(MsvmCache *cache, const char *uuid, const char *guid, const char *name)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    Entry *entry = g_new0(Entry, 1);

    entry->guid = g_strdup(guid);
    entry->name = g_strdup(name);
    g_hash_table_replace(cache->entries, g_strdup(uuid), entry);
}

bool
msvmCacheFind(MsvmCache *cache, const char *uuid, char **guid, char **name)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    const Entry *entry = g_hash_table_lookup(cache->entries, uuid);

    if (!entry)
        return false;
    *guid = g_strdup(entry->guid);
    *name = g_strdup(entry->name);
    return true;
}

static HypervFound *
found_copy(const HypervFound *found)
{
    HypervFound *copy = g_new0(HypervFound, 1);

    *copy = *found;
    copy->guid = g_strdup(found->guid);
    copy->name = g_strdup(found->name);
    copy->notes = g_strdup(found->notes);
    copy->bios_guid = g_strdup(found->bios_guid);
    copy->settings = found->settings ? wsman_instance_ref(found->settings) : NULL;
    return copy;
}

HypervFound *
msvmCacheAsk(MsvmCache *cache, const char *uuid, MsvmQuestion question)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    Entry *entry = g_hash_table_lookup(cache->entries, uuid);

    if (!entry || !entry->found)
        return NULL;
    if (entry->epoch != cache->epoch || cache->clock() - entry->fetched > MSVM_CACHE_FRESH_US) {
        g_clear_pointer(&entry->found, hyperv_found_free);
        return NULL;
    }
    if (entry->answered & (1u << question))
        return NULL;
    entry->answered |= 1u << question;
    return found_copy(entry->found);
}

void
msvmCacheChanged(MsvmCache *cache)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

    cache->epoch++;
}

void
msvmCacheForget(MsvmCache *cache, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);

    g_hash_table_remove(cache->entries, uuid);
}
