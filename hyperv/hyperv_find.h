/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding virtual machines: one by a key, or all.
 */
#pragma once

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"

/* What identifies a machine and what moves: never more than two requests for
 * one machine. */
typedef struct {
    char *guid;            /* upper case */
    char *name;
    char *notes;           /* NULL: none */
    char *bios_guid;       /* NULL in a listing */
    HypervState state;
    guint32 process_id;    /* 0 when not active */
    gboolean has_settings; /* found one by one: those below are valid */
    guint generation;
    HypervStartupAction startup_action;
    gboolean is_saved;
    WsmanInstance *settings; /* Msvm_VirtualSystemSettingData as read, for hyperv_load_found() */
} HypervFound;

void hyperv_found_free(HypervFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervFound, hyperv_found_free)

/* All machines: array of HypervFound with a free function. About 3 + N/250
 * requests: the systems in big batches, then their notes by
 * GetSummaryInformation in pages. */
GPtrArray *hyperv_find_all(HypervHost *host, GCancellable *cancellable, GError **error);

/* Names are not unique on Hyper-V: an array, often of one, perhaps empty. Two
 * requests for one match. */
GPtrArray *hyperv_find_by_name(HypervHost *host, const char *name, GCancellable *cancellable, GError **error);

/* Machines whose VM id or BIOS GUID is this UUID (any case, without braces). */
GPtrArray *hyperv_find_by_uuid(HypervHost *host, const char *uuid, GCancellable *cancellable, GError **error);

/* Machines whose name is this, or whose VM id or BIOS GUID is this UUID, in
 * one query: what a define has to know. The state is not asked for. */
GPtrArray *hyperv_find_by_name_or_uuid(HypervHost *host, const char *name, const char *uuid,
                                       GCancellable *cancellable, GError **error);

/* HYPERV_ERROR_NO_MACHINE when there is none. */
HypervFound *hyperv_find_by_guid(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
HypervFound *hyperv_find_by_process_id(HypervHost *host, guint32 process_id, GCancellable *cancellable,
                                       GError **error);

/* The present state alone, one request. */
gboolean hyperv_query_state(HypervHost *host, const char *guid, HypervState *state, guint32 *process_id,
                            GCancellable *cancellable, GError **error);

/* What moves while a machine runs, two requests. */
typedef struct {
    HypervState state;
    guint processors;
    guint64 memory_kib;         /* assigned now; 0 when off */
    guint64 startup_memory_kib;
    guint64 max_memory_kib;     /* the most it can get: equals startup without dynamic memory */
    guint64 uptime_ms;
} HypervUsage;

gboolean hyperv_query_usage(HypervHost *host, const char *guid, HypervUsage *usage, GCancellable *cancellable,
                            GError **error);
