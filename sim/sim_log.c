/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_log.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

struct SimLog {
    GMutex lock;
    FILE *file;
    gint64 started;
    guint64 sequence;
    GQueue kept; /* of lines */
    GHashTable *operations; /* name -> count as a pointer */
    guint64 total, faults, unauthorized, injected;
    guint64 bytes_in, bytes_out, http_in, http_out;
    guint64 connections, open;
};

SimLog *
sim_log_new(const char *path, GError **error)
{
    SimLog *log;
    FILE *file = NULL;

    if (path) {
        file = fopen(path, "ae");
        if (!file) {
            g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "log %s: %s", path, g_strerror(errno));
            return NULL;
        }
    }
    log = g_new0(SimLog, 1);
    g_mutex_init(&log->lock);
    log->file = file;
    log->started = g_get_monotonic_time();
    g_queue_init(&log->kept);
    log->operations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return log;
}

void
sim_log_free(SimLog *log)
{
    if (!log)
        return;
    if (log->file)
        fclose(log->file);
    g_queue_clear_full(&log->kept, g_free);
    g_hash_table_unref(log->operations);
    g_mutex_clear(&log->lock);
    g_free(log);
}

static void
add_text(json_object *object, const char *key, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

    if (valid)
        json_object_object_add(object, key, json_object_new_string(valid));
}

static void
add_number(json_object *object, const char *key, guint64 number)
{
    json_object_object_add(object, key, json_object_new_uint64(number));
}

/* Milliseconds with three decimals: enough, and stable to read. */
static void
add_time(json_object *object, const char *key, gint64 microseconds)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(text, sizeof(text), "%.3f", (double)microseconds / 1000);
    json_object_object_add(object, key, json_object_new_double_s((double)microseconds / 1000, text));
}

static json_object *
entry_to_json(const SimLog *log, const SimLogEntry *entry)
{
    json_object *object = json_object_new_object();

    add_number(object, "seq", log->sequence);
    add_time(object, "ms", entry->started - log->started);
    add_time(object, "took", g_get_monotonic_time() - entry->started);
    add_number(object, "connection", entry->connection);
    add_text(object, "user", entry->user);
    add_text(object, "operation", entry->operation);
    add_text(object, "action", entry->action);
    add_text(object, "class", entry->class_name);
    add_text(object, "method", entry->method);
    add_text(object, "query", entry->query);
    add_number(object, "status", entry->status);
    add_number(object, "fault", entry->fault);
    add_text(object, "injected", entry->injected);
    add_number(object, "bytesIn", entry->bytes_in);
    add_number(object, "bytesOut", entry->bytes_out);
    add_number(object, "httpIn", entry->http_in);
    add_number(object, "httpOut", entry->http_out);
    return object;
}

static void
count(SimLog *log, const SimLogEntry *entry)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(log->operations, entry->operation));

    if (entry->status == 401) {
        log->unauthorized++;
    } else {
        g_hash_table_insert(log->operations, g_strdup(entry->operation), GUINT_TO_POINTER(n + 1));
        log->total++;
    }
    log->faults += entry->fault != 0;
    log->injected += entry->injected != NULL;
    log->bytes_in += entry->bytes_in;
    log->bytes_out += entry->bytes_out;
    log->http_in += entry->http_in;
    log->http_out += entry->http_out;
}

void
sim_log_add(SimLog *log, const SimLogEntry *entry)
{
    json_object *object;
    char *line;

    g_mutex_lock(&log->lock);
    log->sequence++;
    count(log, entry);
    object = entry_to_json(log, entry);
    line = g_strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
    if (log->file) {
        fprintf(log->file, "%s\n", line);
        fflush(log->file);
    }
    g_queue_push_tail(&log->kept, line);
    if (g_queue_get_length(&log->kept) > SIM_LOG_KEPT)
        g_free(g_queue_pop_head(&log->kept));
    g_mutex_unlock(&log->lock);
}

void
sim_log_connection(SimLog *log, gboolean opened)
{
    g_mutex_lock(&log->lock);
    if (opened) {
        log->connections++;
        log->open++;
    } else {
        log->open--;
    }
    g_mutex_unlock(&log->lock);
}

char *
sim_log_since(SimLog *log, guint64 sequence)
{
    GString *array = g_string_new("[");
    guint64 first;

    g_mutex_lock(&log->lock);
    first = log->sequence - g_queue_get_length(&log->kept) + 1;
    for (GList *at = log->kept.head; at; at = at->next, first++) {
        if (first > sequence)
            g_string_append_printf(array, "%s%s", array->len > 1 ? ",\n" : "", (const char *)at->data);
    }
    g_mutex_unlock(&log->lock);
    g_string_append(array, "]\n");
    return g_string_free(array, FALSE);
}

json_object *
sim_log_counters(SimLog *log)
{
    json_object *object = json_object_new_object();
    json_object *operations = json_object_new_object();
    GHashTableIter iter;
    gpointer name, n;

    g_mutex_lock(&log->lock);
    g_hash_table_iter_init(&iter, log->operations);
    while (g_hash_table_iter_next(&iter, &name, &n))
        add_number(operations, name, GPOINTER_TO_UINT(n));
    add_number(object, "requests", log->total);
    json_object_object_add(object, "operations", operations);
    add_number(object, "faults", log->faults);
    add_number(object, "injected", log->injected);
    add_number(object, "unauthorized", log->unauthorized);
    add_number(object, "connections", log->connections);
    add_number(object, "openConnections", log->open);
    add_number(object, "bytesIn", log->bytes_in);
    add_number(object, "bytesOut", log->bytes_out);
    add_number(object, "httpIn", log->http_in);
    add_number(object, "httpOut", log->http_out);
    g_mutex_unlock(&log->lock);
    return object;
}

void
sim_log_reset_counters(SimLog *log)
{
    g_mutex_lock(&log->lock);
    g_hash_table_remove_all(log->operations);
    log->total = log->faults = log->unauthorized = log->injected = 0;
    log->bytes_in = log->bytes_out = log->http_in = log->http_out = 0;
    log->connections = log->open;
    g_mutex_unlock(&log->lock);
}
