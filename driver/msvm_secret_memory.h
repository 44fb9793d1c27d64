/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ephemeral secrets, which libvirt says are "only kept in memory, never stored
 * persistently": their UUID is the author's choice, and no key manager hears
 * of them. One object serves many threads at once.
 */
#pragma once

#include "keymgr/keymgr_definition.h"

/* Their values are in locked memory, which is scarce. */
#define MSVM_SECRET_MEMORY_MAX 1024

/* UUIDs of secrets that are gone, which are remembered. */
#define MSVM_SECRET_MEMORY_MAX_GONE 16384

typedef struct MsvmSecretMemory MsvmSecretMemory;

MsvmSecretMemory *msvmSecretMemoryNew(void);
/* Wipes all values. */
void msvmSecretMemoryFree(MsvmSecretMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmSecretMemory, msvmSecretMemoryFree)

/* A copy of one's definition, or NULL. uuid: lower case. */
KeymgrDefinition *msvmSecretMemoryFind(MsvmSecretMemory *memory, const char *uuid);
KeymgrDefinition *msvmSecretMemoryFindUsage(MsvmSecretMemory *memory, int usage_type, const char *usage_id);
/* Appends copies of all. */
void msvmSecretMemoryList(MsvmSecretMemory *memory, GPtrArray *definitions);

/* A new one, or another definition of one that keeps its value. The id is set.
 * FALSE: KEYMGR_ERROR_LIMIT. */
gboolean msvmSecretMemoryDefine(MsvmSecretMemory *memory, const KeymgrDefinition *definition, GError **error);
/* FALSE: there is none with this UUID. */
gboolean msvmSecretMemorySetValue(MsvmSecretMemory *memory, const char *uuid, KeymgrSecret *value);
/* Caller unrefs. NULL with KEYMGR_ERROR_NOT_FOUND, or _NO_PAYLOAD where no
 * value was set yet. */
KeymgrSecret *msvmSecretMemoryGetValue(MsvmSecretMemory *memory, const char *uuid, GError **error);
/* FALSE: there is none with this UUID. */
gboolean msvmSecretMemoryRemove(MsvmSecretMemory *memory, const char *uuid);

/* Whether there was one with this UUID, which was removed, and the UUID was not
 * handed out since: a handle of it is no handle of a stored secret. */
gboolean msvmSecretMemoryIsGone(MsvmSecretMemory *memory, const char *uuid);
void msvmSecretMemoryHandOut(MsvmSecretMemory *memory, const char *uuid);
