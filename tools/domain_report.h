/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What msvm-domain has to say: decisions, each with its reason, and problems,
 * each with its place. Printed for people, or as JSON.
 */
#pragma once

#include <stdio.h>

#include <glib.h>
#include <json-c/json.h>

typedef struct Report Report;

Report *report_new(void);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* "TPM: on, because FORMAT". */
void report_decide(Report *report, const char *subject, const char *value, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* code: virErrorNumber. line: 0 where there is none. where: may be NULL. The
 * same text on the same line is kept once. */
void report_problem(Report *report, int code, long line, const char *where, const char *text);
/* Something that does not stand in the way. */
void report_note(Report *report, long line, const char *format, ...) G_GNUC_PRINTF(3, 4);

guint report_problems(const Report *report);

/* file: for "FILE:LINE: problem: ..."; out gets decisions and notes, err the
 * problems. */
void report_print(const Report *report, const char *file, FILE *out, FILE *err);

/* Adds "ok", "decisions", "problems" and "notes". */
void report_add_json(const Report *report, json_object *object);

/* Prints and releases. */
void report_print_json(json_object *object);

/* "VIR_ERR_XML_ERROR". */
const char *report_code_name(int code);
