/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_memory.h"

#include "internal.h"

typedef struct {
    KeymgrDefinition *definition;
    KeymgrSecret *value; /* NULL: none was set */
} Entry;

struct MsvmSecretMemory {
    GMutex lock;
    GHashTable *entries; /* of Entry, by UUID */
    GHashTable *gone;    /* a set of UUIDs */
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    keymgr_definition_free(entry->definition);
    keymgr_secret_unref(entry->value);
    g_free(entry);
}

MsvmSecretMemory *
msvmSecretMemoryNew(void)
{
    MsvmSecretMemory *memory = g_new0(MsvmSecretMemory, 1);

    g_mutex_init(&memory->lock);
    memory->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    memory->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return memory;
}

void
msvmSecretMemoryFree(MsvmSecretMemory *memory)
{
    if (!memory)
        return;
    g_hash_table_destroy(memory->entries);
    g_hash_table_destroy(memory->gone);
    g_mutex_clear(&memory->lock);
    g_free(memory);
}

KeymgrDefinition *
msvmSecretMemoryFind(MsvmSecretMemory *memory, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    const Entry *entry = g_hash_table_lookup(memory->entries, uuid);

    return entry ? keymgr_definition_copy(entry->definition) : NULL;
}

KeymgrDefinition *
msvmSecretMemoryFindUsage(MsvmSecretMemory *memory, int usage_type, const char *usage_id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, memory->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const KeymgrDefinition *definition = ((Entry *)value)->definition;

        if (definition->usage_type == usage_type && g_strcmp0(definition->usage_id, usage_id) == 0)
            return keymgr_definition_copy(definition);
    }
    return NULL;
}

void
msvmSecretMemoryList(MsvmSecretMemory *memory, GPtrArray *definitions)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, memory->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(definitions, keymgr_definition_copy(((Entry *)value)->definition));
}

gboolean
msvmSecretMemoryDefine(MsvmSecretMemory *memory, const KeymgrDefinition *definition, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    Entry *entry = g_hash_table_lookup(memory->entries, definition->id);

    if (!entry && g_hash_table_size(memory->entries) >= MSVM_SECRET_MEMORY_MAX) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, _("there are %d ephemeral secrets already"),
                    MSVM_SECRET_MEMORY_MAX);
        return FALSE;
    }
    if (!entry) {
        entry = g_new0(Entry, 1);
        g_hash_table_insert(memory->entries, g_strdup(definition->id), entry);
        g_hash_table_remove(memory->gone, definition->id);
    }
    keymgr_definition_free(entry->definition);
    entry->definition = keymgr_definition_copy(definition);
    return TRUE;
}

gboolean
msvmSecretMemorySetValue(MsvmSecretMemory *memory, const char *uuid, KeymgrSecret *value)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    Entry *entry = g_hash_table_lookup(memory->entries, uuid);

    if (!entry)
        return FALSE;
    keymgr_secret_unref(entry->value);
    entry->value = keymgr_secret_ref(value);
    return TRUE;
}

KeymgrSecret *
msvmSecretMemoryGetValue(MsvmSecretMemory *memory, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);
    const Entry *entry = g_hash_table_lookup(memory->entries, uuid);

    if (entry && entry->value)
        return keymgr_secret_ref(entry->value);
    if (entry)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NO_PAYLOAD, _("ephemeral secret '%s' does not have a value"),
                    uuid);
    else
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND, _("no ephemeral secret '%s'"), uuid);
    return NULL;
}

gboolean
msvmSecretMemoryRemove(MsvmSecretMemory *memory, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);

    if (!g_hash_table_contains(memory->entries, uuid))
        return FALSE;
    if (g_hash_table_size(memory->gone) >= MSVM_SECRET_MEMORY_MAX_GONE)
        g_hash_table_remove_all(memory->gone);
    g_hash_table_add(memory->gone, g_strdup(uuid));
    return g_hash_table_remove(memory->entries, uuid);
}

gboolean
msvmSecretMemoryIsGone(MsvmSecretMemory *memory, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);

    return g_hash_table_contains(memory->gone, uuid);
}

void
msvmSecretMemoryHandOut(MsvmSecretMemory *memory, const char *uuid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&memory->lock);

    g_hash_table_remove(memory->gone, uuid);
}
