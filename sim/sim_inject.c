/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_inject.h"

#include <gio/gio.h>
#include <string.h>

#include "sim/wire_fault.h"

#define MAX_SPECS 1000
#define MAX_SECONDS 86400

typedef struct {
    char *when;
    guint64 nth;   /* calls until the first hit, 1: the next */
    guint64 count; /* hits left; G_MAXUINT64: no end */
    SimInjectAction action;
} Spec;

struct SimInject {
    GMutex lock;
    GPtrArray *specs;
};

/* What follows the name of an action. */
typedef enum {
    ARG_NONE,
    ARG_NUMBER,
    ARG_STATUS,  /* number[:empty] */
    ARG_SUBCODE, /* number[:prefix:Name] */
    ARG_TEXT,    /* number:text */
} ArgKind;

static const struct {
    const char *name;
    SimInjectKind kind;
    ArgKind arg;
    guint64 min, max;
} actions[] = {
    { "http", SIM_INJECT_HTTP, ARG_STATUS, 400, 599 },
    { "http-after", SIM_INJECT_HTTP_AFTER, ARG_STATUS, 400, 599 },
    { "unauthorized", SIM_INJECT_UNAUTHORIZED, ARG_NONE, 0, 0 },
    { "fault", SIM_INJECT_FAULT, ARG_SUBCODE, 0, G_MAXUINT32 },
    { "return", SIM_INJECT_RETURN, ARG_NUMBER, 0, G_MAXUINT32 },
    { "job", SIM_INJECT_JOB, ARG_TEXT, 1, G_MAXUINT32 },
    { "reset", SIM_INJECT_RESET, ARG_NONE, 0, 0 },
    { "reset-after", SIM_INJECT_RESET_AFTER, ARG_NONE, 0, 0 },
    { "reset-mid", SIM_INJECT_RESET_MID, ARG_NONE, 0, 0 },
    { "stall", SIM_INJECT_STALL, ARG_NUMBER, 1, MAX_SECONDS },
    { "stall-after", SIM_INJECT_STALL_AFTER, ARG_NUMBER, 1, MAX_SECONDS },
    { "stall-mid", SIM_INJECT_STALL_MID, ARG_NUMBER, 1, MAX_SECONDS },
    { "truncate", SIM_INJECT_TRUNCATE, ARG_NUMBER, 0, G_MAXUINT32 },
    { "garbage", SIM_INJECT_GARBAGE, ARG_NONE, 0, 0 },
    { "huge", SIM_INJECT_HUGE, ARG_NONE, 0, 0 },
    { "delay", SIM_INJECT_DELAY, ARG_NUMBER, 1, MAX_SECONDS * 1000 },
};

void
sim_inject_action_clear(SimInjectAction *action)
{
    g_clear_pointer(&action->text, g_free);
    action->kind = SIM_INJECT_NONE;
}

const char *
sim_inject_kind_name(SimInjectKind kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (actions[i].kind == kind)
            return actions[i].name;
    }
    return NULL;
}

static void
spec_free(gpointer data)
{
    Spec *spec = data;

    g_free(spec->when);
    sim_inject_action_clear(&spec->action);
    g_free(spec);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spec, spec_free)

/* --- reading ---------------------------------------------------------------------- */

static gboolean
complain(GError **error, const char *what, const char *text)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: \"%s\"", what, text);
    return FALSE;
}

/* Decimal or 0x; the text must end there. */
static gboolean
read_number(const char *text, guint64 min, guint64 max, guint64 *value)
{
    if (g_ascii_strncasecmp(text, "0x", 2) == 0)
        return g_ascii_string_to_unsigned(text + 2, 16, min, max, value, NULL);
    return g_ascii_string_to_unsigned(text, 10, min, max, value, NULL);
}

/* The part after the number: ":empty", ":w:Name" or ":text". */
static gboolean
read_tail(ArgKind kind, const char *tail, SimInjectAction *action)
{
    switch (kind) {
    case ARG_STATUS:
        action->empty = tail != NULL;
        return !tail || strcmp(tail, "empty") == 0;
    case ARG_SUBCODE:
        action->text = g_strdup(tail);
        return !tail || wire_fault_is_subcode(tail);
    case ARG_TEXT:
        action->text = g_strdup(tail ? tail : "");
        return TRUE;
    default:
        return tail == NULL;
    }
}

static gboolean
read_action(const char *text, SimInjectAction *action, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    const char *tail = parts[0] && parts[1] ? strchr(strchr(text, ':') + 1, ':') : NULL;

    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (!parts[0] || strcmp(parts[0], actions[i].name) != 0)
            continue;
        action->kind = actions[i].kind;
        if ((actions[i].arg == ARG_NONE) != (parts[1] == NULL))
            return complain(error, "a number is missing, or one too many, in do=", text);
        if (parts[1] && (!read_number(parts[1], actions[i].min, actions[i].max, &action->number) ||
                         !read_tail(actions[i].arg, tail ? tail + 1 : NULL, action)))
            return complain(error, "the value is not valid in do=", text);
        return TRUE;
    }
    return complain(error, "unknown action in do=", text);
}

static gboolean
read_field(Spec *spec, const char *field, GError **error)
{
    if (g_str_has_prefix(field, "when=") && field[5]) {
        g_free(spec->when);
        spec->when = g_strdup(field + 5);
        return TRUE;
    }
    if (g_str_has_prefix(field, "nth=") && read_number(field + 4, 1, G_MAXUINT32, &spec->nth))
        return TRUE;
    if (strcmp(field, "count=all") == 0) {
        spec->count = G_MAXUINT64;
        return TRUE;
    }
    if (g_str_has_prefix(field, "count=") && read_number(field + 6, 1, G_MAXUINT32, &spec->count))
        return TRUE;
    return complain(error, "not when=, nth=, count= or do= with a valid value", field);
}

static Spec *
read_spec(const char *text, GError **error)
{
    g_autoptr(Spec) spec = g_new0(Spec, 1);

    spec->nth = spec->count = 1;
    while (!g_str_has_prefix(text, "do=")) {
        const char *comma = strchr(text, ',');
        g_autofree char *field = comma ? g_strndup(text, (gsize)(comma - text)) : g_strdup(text);

        if (!read_field(spec, field, error))
            return NULL;
        if (!comma) {
            complain(error, "do= is missing after", text);
            return NULL;
        }
        text = comma + 1;
    }
    if (!spec->when) {
        complain(error, "when= is missing before", text);
        return NULL;
    }
    return read_action(text + 3, &spec->action, error) ? g_steal_pointer(&spec) : NULL;
}

/* --- using -------------------------------------------------------------------------- */

SimInject *
sim_inject_new(void)
{
    SimInject *inject = g_new0(SimInject, 1);

    g_mutex_init(&inject->lock);
    inject->specs = g_ptr_array_new_with_free_func(spec_free);
    return inject;
}

void
sim_inject_free(SimInject *inject)
{
    if (!inject)
        return;
    g_ptr_array_unref(inject->specs);
    g_mutex_clear(&inject->lock);
    g_free(inject);
}

gboolean
sim_inject_add(SimInject *inject, const char *text, GError **error)
{
    Spec *spec = read_spec(text, error);
    gboolean room;

    if (!spec)
        return FALSE;
    g_mutex_lock(&inject->lock);
    room = inject->specs->len < MAX_SPECS;
    if (room)
        g_ptr_array_add(inject->specs, spec);
    g_mutex_unlock(&inject->lock);
    if (!room) {
        spec_free(spec);
        return complain(error, "too many faults already, cannot add", text);
    }
    return TRUE;
}

void
sim_inject_clear(SimInject *inject)
{
    g_mutex_lock(&inject->lock);
    g_ptr_array_set_size(inject->specs, 0);
    g_mutex_unlock(&inject->lock);
}

static gboolean
is_about(const Spec *spec, const char *const *names)
{
    if (g_ascii_strcasecmp(spec->when, "any") == 0)
        return TRUE;
    for (; *names; names++) {
        if (g_ascii_strcasecmp(spec->when, *names) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
sim_inject_match(SimInject *inject, const char *const *names, SimInjectAction *action)
{
    gboolean found = FALSE;

    memset(action, 0, sizeof(*action));
    g_mutex_lock(&inject->lock);
    for (guint i = 0; i < inject->specs->len; i++) {
        Spec *spec = inject->specs->pdata[i];

        if (!spec->count || !is_about(spec, names))
            continue;
        if (spec->nth > 1) {
            spec->nth--;
        } else if (!found) {
            found = TRUE;
            *action = spec->action;
            action->text = g_strdup(spec->action.text);
            if (spec->count != G_MAXUINT64)
                spec->count--;
        }
    }
    g_mutex_unlock(&inject->lock);
    return found;
}
