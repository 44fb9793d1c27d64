/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of requests, one line of JSON each, and counters of them. Bodies,
 * passwords and parameter values never get in. Any thread may call it.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#define SIM_LOG_KEPT 50000 /* entries in memory */

typedef struct {
    guint64 connection;
    const char *user;      /* NULL: nobody */
    const char *operation; /* "Enumerate" ...; "Unauthorized" for a 401 */
    const char *action;    /* these four may be NULL */
    const char *class_name;
    const char *method;
    const char *query;     /* the text of a filter */
    guint status;          /* of HTTP; 0: no answer was sent */
    guint32 fault;         /* code of a SOAP fault, else 0 */
    const char *injected;  /* the action of a fault on demand, or NULL */
    guint64 bytes_in, bytes_out; /* of bodies */
    guint64 http_in, http_out;   /* with HTTP's own headers */
    gint64 started;        /* g_get_monotonic_time() */
} SimLogEntry;

typedef struct SimLog SimLog;

/* path: the file to append to, or NULL. */
SimLog *sim_log_new(const char *path, GError **error);
void sim_log_free(SimLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimLog, sim_log_free)

void sim_log_add(SimLog *log, const SimLogEntry *entry);
void sim_log_connection(SimLog *log, gboolean opened);
/* A JSON array of the entries with a greater sequence number, oldest first.
 * Caller frees. */
char *sim_log_since(SimLog *log, guint64 sequence);
/* Caller puts it. */
json_object *sim_log_counters(SimLog *log);
void sim_log_reset_counters(SimLog *log);
