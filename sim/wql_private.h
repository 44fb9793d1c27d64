/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a parsed query: tokens and the tree of its condition.
 */
#pragma once

#include "sim/wql.h"

typedef enum {
    WQL_TOKEN_END,
    WQL_TOKEN_NAME,
    WQL_TOKEN_STRING,
    WQL_TOKEN_NUMBER,
    WQL_TOKEN_SYMBOL, /* text holds it: = <> < > <= >= ( ) , * . */
    WQL_TOKEN_PATH,   /* the content of {...} */
    WQL_TOKEN_BAD,    /* text holds the complaint */
} WqlTokenKind;

typedef struct {
    const char *start; /* of the whole text, for positions */
    const char *at;
    WqlTokenKind kind; /* of the token that is next */
    char *text;
    const char *token; /* where that token begins */
} WqlLexer;

void wql_lexer_init(WqlLexer *lexer, const char *text);
void wql_lexer_next(WqlLexer *lexer);
void wql_lexer_clear(WqlLexer *lexer);

typedef enum {
    WQL_AND,
    WQL_OR,
    WQL_NOT,
    WQL_COMPARE,
    WQL_LIKE,
    WQL_IS_NULL,
    WQL_ISA,
} WqlNodeKind;

typedef enum {
    WQL_EQ,
    WQL_NE,
    WQL_LT,
    WQL_GT,
    WQL_LE,
    WQL_GE,
} WqlOperator;

typedef enum {
    WQL_CONST_STRING,
    WQL_CONST_NUMBER,
    WQL_CONST_BOOLEAN,
} WqlConstant;

struct WqlNode {
    WqlNodeKind kind;
    GPtrArray *children; /* AND, OR, NOT */
    char *property;      /* the others */
    WqlOperator op;
    WqlConstant constant;
    char *text;          /* the constant's lexical form */
};

/* A property that every object has besides those of its class. */
#define WQL_SYSTEM_CLASS "__CLASS"
