/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/domain_report.h"

#include <string.h>

#include <libvirt/virterror.h>

typedef struct {
    char *subject; /* of a problem: its XPath, or NULL */
    char *value;   /* of a decision */
    char *text;
    int code;
    long line;
} Item;

struct Report {
    GPtrArray *decisions;
    GPtrArray *problems;
    GPtrArray *notes;
};

static void item_free(gpointer data)
{
    Item *item = data;

    g_free(item->subject);
    g_free(item->value);
    g_free(item->text);
    g_free(item);
}

Report *report_new(void)
{
    Report *report = g_new0(Report, 1);

    report->decisions = g_ptr_array_new_with_free_func(item_free);
    report->problems = g_ptr_array_new_with_free_func(item_free);
    report->notes = g_ptr_array_new_with_free_func(item_free);
    return report;
}

void report_free(Report *report)
{
    if (!report)
        return;
    g_ptr_array_unref(report->decisions);
    g_ptr_array_unref(report->problems);
    g_ptr_array_unref(report->notes);
    g_free(report);
}

/* --- filling it -------------------------------------------------------------- */

void report_decide(Report *report, const char *subject, const char *value, const char *format, ...)
{
    Item *item = g_new0(Item, 1);
    va_list args;

    va_start(args, format);
    item->subject = g_strdup(subject);
    item->value = g_strdup(value);
    item->text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(report->decisions, item);
}

/* By line; what has none comes last. GLib's sort keeps the rest in order. */
static gint compare_lines(gconstpointer a, gconstpointer b)
{
    const Item *left = *(const Item *const *)a;
    const Item *right = *(const Item *const *)b;

    if (left->line == right->line || !left->line || !right->line)
        return (left->line == 0) - (right->line == 0);
    return left->line < right->line ? -1 : 1;
}

void report_problem(Report *report, int code, long line, const char *where, const char *text)
{
    Item *item;
    guint i;

    for (i = 0; i < report->problems->len; i++) {
        const Item *other = g_ptr_array_index(report->problems, i);

        if (other->line == line && strcmp(other->text, text) == 0)
            return;
    }
    item = g_new0(Item, 1);
    item->code = code;
    item->line = line;
    item->subject = g_strdup(where);
    item->text = g_strdup(text);
    g_strchomp(item->text);
    g_ptr_array_add(report->problems, item);
    g_ptr_array_sort(report->problems, compare_lines);
}

void report_note(Report *report, long line, const char *format, ...)
{
    Item *item = g_new0(Item, 1);
    va_list args;

    va_start(args, format);
    item->text = g_strdup_vprintf(format, args);
    va_end(args);
    item->line = line;
    g_ptr_array_add(report->notes, item);
}

guint report_problems(const Report *report)
{
    return report->problems->len;
}

/* --- for people ---------------------------------------------------------------- */

static void print_place(FILE *stream, const char *file, long line)
{
    if (line > 0)
        fprintf(stream, "%s:%ld: ", file, line);
    else
        fprintf(stream, "%s: ", file);
}

void report_print(const Report *report, const char *file, FILE *out, FILE *err)
{
    guint i;

    for (i = 0; i < report->decisions->len; i++) {
        const Item *item = g_ptr_array_index(report->decisions, i);

        fprintf(out, "%s: %s, because %s\n", item->subject, item->value, item->text);
    }
    for (i = 0; i < report->notes->len; i++) {
        const Item *item = g_ptr_array_index(report->notes, i);

        print_place(out, file, item->line);
        fprintf(out, "note: %s\n", item->text);
    }
    fflush(out);
    for (i = 0; i < report->problems->len; i++) {
        const Item *item = g_ptr_array_index(report->problems, i);

        print_place(err, file, item->line);
        fprintf(err, "problem: %s (%s)\n", item->text, report_code_name(item->code));
    }
}

/* --- for programs ------------------------------------------------------------------ */

static void add_text(json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static json_object *item_json(const Item *item)
{
    json_object *object = json_object_new_object();

    if (item->value) {
        add_text(object, "subject", item->subject);
        add_text(object, "value", item->value);
        add_text(object, "because", item->text);
        return object;
    }
    if (item->code) {
        add_text(object, "code", report_code_name(item->code));
        add_text(object, "where", item->subject);
    }
    json_object_object_add(object, "line", item->line > 0 ? json_object_new_int64(item->line) : NULL);
    add_text(object, "message", item->text);
    return object;
}

static void add_items(json_object *object, const char *key, const GPtrArray *items)
{
    json_object *list = json_object_new_array();
    guint i;

    for (i = 0; i < items->len; i++)
        json_object_array_add(list, item_json(g_ptr_array_index(items, i)));
    json_object_object_add(object, key, list);
}

void report_add_json(const Report *report, json_object *object)
{
    json_object_object_add(object, "ok", json_object_new_boolean(report->problems->len == 0));
    add_items(object, "decisions", report->decisions);
    add_items(object, "problems", report->problems);
    add_items(object, "notes", report->notes);
}

void report_print_json(json_object *object)
{
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

#define CODE(name) { name, #name }

const char *report_code_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        CODE(VIR_ERR_INTERNAL_ERROR), CODE(VIR_ERR_NO_SUPPORT), CODE(VIR_ERR_INVALID_ARG),
        CODE(VIR_ERR_OPERATION_FAILED), CODE(VIR_ERR_XML_ERROR), CODE(VIR_ERR_OS_TYPE), CODE(VIR_ERR_NO_SOURCE),
        CODE(VIR_ERR_NO_NETWORK), CODE(VIR_ERR_SYSTEM_ERROR), CODE(VIR_ERR_AUTH_FAILED),
        CODE(VIR_ERR_NO_STORAGE_VOL), CODE(VIR_ERR_XML_DETAIL), CODE(VIR_ERR_OPERATION_INVALID),
        CODE(VIR_ERR_INVALID_SECRET), CODE(VIR_ERR_NO_SECRET), CODE(VIR_ERR_CONFIG_UNSUPPORTED),
        CODE(VIR_ERR_OPERATION_UNSUPPORTED), CODE(VIR_ERR_ACCESS_DENIED), CODE(VIR_ERR_OPERATION_TIMEOUT),
        CODE(VIR_ERR_XML_INVALID_SCHEMA), CODE(VIR_ERR_NO_NAME), CODE(VIR_ERR_NO_OS), CODE(VIR_ERR_NO_ROOT),
        CODE(VIR_ERR_HTTP_ERROR), CODE(VIR_ERR_RPC), CODE(VIR_ERR_NO_TARGET), CODE(VIR_ERR_NO_XENSTORE),
        CODE(VIR_ERR_INVALID_MAC), CODE(VIR_ERR_UNKNOWN_HOST), CODE(VIR_ERR_NO_DOMAIN),
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return "VIR_ERR_OTHER";
}
