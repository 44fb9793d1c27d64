/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WQL, WMI's query language (MS-WMI 2.2.1; "WQL (SQL for WMI)" in the Windows
 * documentation), as far as data queries go:
 *
 *   SELECT *|property[, ...] FROM class [WHERE condition]
 *   ASSOCIATORS OF {path} [WHERE AssocClass=c ResultClass=c Role=p ResultRole=p KeysOnly ClassDefsOnly]
 *   REFERENCES OF {path} [WHERE ResultClass=c Role=p KeysOnly ClassDefsOnly]
 *
 * Conditions: = <> != < > <= >=, [NOT] LIKE, IS [NOT] NULL, ISA, AND, OR, NOT
 * and parentheses. Names and strings compare without regard to case. A
 * comparison with null is neither true nor false, so its negation selects
 * nothing either.
 */
#pragma once

#include "sim/cim_object.h"

#define WQL_MAX_TEXT 65536  /* bytes of a query */
#define WQL_MAX_DEPTH 64    /* nested parentheses and NOTs */

typedef enum {
    WQL_SELECT,
    WQL_ASSOCIATORS,
    WQL_REFERENCES,
} WqlKind;

typedef struct WqlNode WqlNode;

typedef struct {
    WqlKind kind;
    char *class_name;   /* SELECT */
    char **properties;  /* SELECT; NULL for * */
    WqlNode *where;     /* SELECT; may be NULL */
    char *path;         /* the text in the braces */
    char *assoc_class;  /* these four may be NULL */
    char *result_class;
    char *role;
    char *result_role;
    gboolean keys_only;
    gboolean class_defs_only;
} WqlQuery;

/* NULL with *message set (caller frees): what is wrong, and where. */
WqlQuery *wql_parse(const char *text, char **message);
void wql_free(WqlQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WqlQuery, wql_free)

/* Whether a SELECT fits the class: its properties exist, none that is compared
 * is an array, and constants are of the properties' types. */
gboolean wql_check(const WqlQuery *query, const SchemaClass *cls, char **message);
/* Whether an instance of that class, or of one derived from it, is selected. */
gboolean wql_matches(const WqlQuery *query, const CimObject *object);
/* LIKE alone: % _ [a-z] [^a-z]. */
gboolean wql_like(const char *text, const char *pattern);
