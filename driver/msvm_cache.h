/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a connection remembers of the host between two calls:
 *
 *  - which machine a domain UUID stands for. Kept until it proves wrong.
 *  - what a look-up or a listing has just fetched. A client asks for a domain
 *    first and for its state, autostart ... right after; each kind of question
 *    is answered once from what was fetched, and only for a moment. So nobody
 *    who asks twice sees old news, and `virsh list` of many domains does not
 *    ask the host about each again.
 *
 * Thread safe; never held over a request.
 */
#pragma once

#include <stdbool.h>

#include "hyperv/hyperv_find.h"

/* How long what was fetched may answer, in microseconds. */
#define MSVM_CACHE_FRESH_US (2 * G_USEC_PER_SEC)

/* Kinds of question. Each is answered once per fetch. */
typedef enum {
    MSVM_ASK_STATE,
    MSVM_ASK_ACTIVE,
    MSVM_ASK_OS_TYPE,
    MSVM_ASK_PERSISTENT,
    MSVM_ASK_UPDATED,
    MSVM_ASK_AUTOSTART,
    MSVM_ASK_MANAGED_SAVE,
    MSVM_ASK_XML,
    MSVM_ASK_MACHINE,
    MSVM_ASK_TITLE,
    MSVM_ASK_POWER, /* the state before it is changed */
} MsvmQuestion;

typedef struct MsvmCache MsvmCache;

MsvmCache *msvmCacheNew(void);
void msvmCacheFree(MsvmCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmCache, msvmCacheFree)

/* Another clock, in microseconds, for tests. */
void msvmCacheSetClock(MsvmCache *cache, gint64 (*clock)(void));

/* Taken before a fetch; what it brings counts as fresh only if nothing was
 * changed meanwhile. */
guint64 msvmCacheTicket(MsvmCache *cache);

/* Remembers a machine as the domain of this UUID. Takes found. */
void msvmCachePut(MsvmCache *cache, guint64 ticket, const char *uuid, HypervFound *found);

/* A listing replaces all that was known: msvmCacheClear(), then a Put each. */
void msvmCacheClear(MsvmCache *cache);

/* Remembers only which machine it is. */
void msvmCacheName(MsvmCache *cache, const char *uuid, const char *guid, const char *name);

/* False when unknown. Caller frees both. */
bool msvmCacheFind(MsvmCache *cache, const char *uuid, char **guid, char **name);

/* What was fetched, if it is fresh and has not answered this question yet;
 * else NULL. A copy; caller frees. */
HypervFound *msvmCacheAsk(MsvmCache *cache, const char *uuid, MsvmQuestion question);

/* Something was, or is about to be, changed on the host. */
void msvmCacheChanged(MsvmCache *cache);

/* The machine is not what we thought. */
void msvmCacheForget(MsvmCache *cache, const char *uuid);
