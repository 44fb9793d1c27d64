/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/wql_private.h"

typedef struct {
    WqlLexer lexer;
    guint depth;
    char **message;
} Parser;

static WqlNode *parse_or(Parser *parser);

static void
node_free(gpointer data)
{
    WqlNode *node = data;

    if (!node)
        return;
    if (node->children)
        g_ptr_array_unref(node->children);
    g_free(node->property);
    g_free(node->text);
    g_free(node);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WqlNode, node_free)

void
wql_free(WqlQuery *query)
{
    if (!query)
        return;
    g_free(query->class_name);
    g_strfreev(query->properties);
    node_free(query->where);
    g_free(query->path);
    g_free(query->assoc_class);
    g_free(query->result_class);
    g_free(query->role);
    g_free(query->result_role);
    g_free(query);
}

/* FALSE, with a message of what was expected at the current token. */
static gboolean
expected(Parser *parser, const char *what)
{
    const WqlLexer *lexer = &parser->lexer;

    if (!*parser->message)
        *parser->message = g_strdup_printf("%s expected at character %u, found %s", what,
                                           (guint)(lexer->token - lexer->start) + 1, lexer->text);
    return FALSE;
}

static gboolean
at_word(const Parser *parser, const char *word)
{
    return parser->lexer.kind == WQL_TOKEN_NAME && g_ascii_strcasecmp(parser->lexer.text, word) == 0;
}

static gboolean
at_symbol(const Parser *parser, const char *symbol)
{
    return parser->lexer.kind == WQL_TOKEN_SYMBOL && strcmp(parser->lexer.text, symbol) == 0;
}

static gboolean
take_word(Parser *parser, const char *word)
{
    if (!at_word(parser, word))
        return FALSE;
    wql_lexer_next(&parser->lexer);
    return TRUE;
}

static gboolean
take_symbol(Parser *parser, const char *symbol)
{
    if (!at_symbol(parser, symbol))
        return FALSE;
    wql_lexer_next(&parser->lexer);
    return TRUE;
}

static gboolean
take_kind(Parser *parser, WqlTokenKind kind, const char *what, char **text)
{
    if (parser->lexer.kind != kind)
        return expected(parser, what);
    *text = g_steal_pointer(&parser->lexer.text);
    wql_lexer_next(&parser->lexer);
    return TRUE;
}

/* --- conditions --------------------------------------------------------------- */

static gboolean
take_operator(Parser *parser, WqlOperator *op)
{
    static const struct {
        const char *symbol;
        WqlOperator op;
    } table[] = { { "=", WQL_EQ },  { "<>", WQL_NE }, { "!=", WQL_NE }, { "<", WQL_LT },
                  { ">", WQL_GT },  { "<=", WQL_LE }, { ">=", WQL_GE } };

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        if (take_symbol(parser, table[i].symbol)) {
            *op = table[i].op;
            return TRUE;
        }
    }
    return expected(parser, "an operator");
}

static gboolean
take_constant(Parser *parser, WqlNode *node)
{
    if (at_word(parser, "true") || at_word(parser, "false"))
        node->constant = WQL_CONST_BOOLEAN;
    else if (parser->lexer.kind == WQL_TOKEN_STRING)
        node->constant = WQL_CONST_STRING;
    else if (parser->lexer.kind == WQL_TOKEN_NUMBER)
        node->constant = WQL_CONST_NUMBER;
    else
        return expected(parser, "a constant");
    node->text = g_steal_pointer(&parser->lexer.text);
    wql_lexer_next(&parser->lexer);
    return TRUE;
}

static WqlOperator
mirrored(WqlOperator op)
{
    switch (op) {
    case WQL_LT:
        return WQL_GT;
    case WQL_GT:
        return WQL_LT;
    case WQL_LE:
        return WQL_GE;
    case WQL_GE:
        return WQL_LE;
    default:
        return op;
    }
}

static WqlNode *
negated(WqlNode *node)
{
    WqlNode *not = g_new0(WqlNode, 1);

    not->kind = WQL_NOT;
    not->children = g_ptr_array_new_with_free_func(node_free);
    g_ptr_array_add(not->children, node);
    return not;
}

/* property LIKE 'p' | NOT LIKE 'p' | IS [NOT] NULL | ISA 'class' | operator constant */
static WqlNode *
parse_property_test(Parser *parser)
{
    g_autoptr(WqlNode) node = g_new0(WqlNode, 1);
    gboolean not = FALSE;

    if (!take_kind(parser, WQL_TOKEN_NAME, "a property", &node->property))
        return NULL;
    if (take_word(parser, "is")) {
        node->kind = WQL_IS_NULL;
        not = take_word(parser, "not");
        if (!take_word(parser, "null")) {
            expected(parser, "NULL");
            return NULL;
        }
    } else if (at_word(parser, "like") || at_word(parser, "not")) {
        not = take_word(parser, "not");
        node->kind = WQL_LIKE;
        if (!take_word(parser, "like") && !expected(parser, "LIKE"))
            return NULL;
        if (!take_kind(parser, WQL_TOKEN_STRING, "a string", &node->text))
            return NULL;
    } else if (take_word(parser, "isa")) {
        node->kind = WQL_ISA;
        if (!take_kind(parser, WQL_TOKEN_STRING, "a class name in quotes", &node->text))
            return NULL;
    } else {
        node->kind = WQL_COMPARE;
        if (!take_operator(parser, &node->op) || !take_constant(parser, node))
            return NULL;
    }
    return not ? negated(g_steal_pointer(&node)) : g_steal_pointer(&node);
}

static WqlNode *
parse_test(Parser *parser)
{
    g_autoptr(WqlNode) node = NULL;

    if (parser->lexer.kind == WQL_TOKEN_NAME && !at_word(parser, "true") && !at_word(parser, "false"))
        return parse_property_test(parser);
    node = g_new0(WqlNode, 1);
    node->kind = WQL_COMPARE;
    if (!take_constant(parser, node) || !take_operator(parser, &node->op) ||
        !take_kind(parser, WQL_TOKEN_NAME, "a property", &node->property))
        return NULL;
    node->op = mirrored(node->op);
    return g_steal_pointer(&node);
}

static WqlNode *
parse_not(Parser *parser)
{
    WqlNode *node;

    if (!at_word(parser, "not") && !at_symbol(parser, "("))
        return parse_test(parser);
    if (++parser->depth > WQL_MAX_DEPTH) {
        expected(parser, "less nesting");
        return NULL;
    }
    if (take_word(parser, "not")) {
        node = parse_not(parser);
        if (node)
            node = negated(node);
    } else {
        take_symbol(parser, "(");
        node = parse_or(parser);
        if (node && !take_symbol(parser, ")")) {
            expected(parser, ")");
            g_clear_pointer(&node, node_free);
        }
    }
    parser->depth--;
    return node;
}

/* One or more terms with the same word between them. */
static WqlNode *
parse_chain(Parser *parser, const char *word, WqlNodeKind kind, WqlNode *(*term)(Parser *))
{
    g_autoptr(WqlNode) chain = NULL;
    WqlNode *first = term(parser);

    if (!first || !at_word(parser, word))
        return first;
    chain = g_new0(WqlNode, 1);
    chain->kind = kind;
    chain->children = g_ptr_array_new_with_free_func(node_free);
    g_ptr_array_add(chain->children, first);
    while (take_word(parser, word)) {
        WqlNode *next = term(parser);

        if (!next)
            return NULL;
        g_ptr_array_add(chain->children, next);
    }
    return g_steal_pointer(&chain);
}

static WqlNode *
parse_and(Parser *parser)
{
    return parse_chain(parser, "and", WQL_AND, parse_not);
}

static WqlNode *
parse_or(Parser *parser)
{
    return parse_chain(parser, "or", WQL_OR, parse_and);
}

/* --- queries ------------------------------------------------------------------ */

static gboolean
parse_properties(Parser *parser, WqlQuery *query)
{
    g_autoptr(GPtrArray) names = NULL;
    char *name;

    if (take_symbol(parser, "*"))
        return TRUE;
    names = g_ptr_array_new_with_free_func(g_free);
    do {
        if (!take_kind(parser, WQL_TOKEN_NAME, "a property", &name))
            return FALSE;
        g_ptr_array_add(names, name);
    } while (take_symbol(parser, ","));
    g_ptr_array_add(names, NULL);
    query->properties = (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return TRUE;
}

static gboolean
parse_select(Parser *parser, WqlQuery *query)
{
    query->kind = WQL_SELECT;
    if (!parse_properties(parser, query))
        return FALSE;
    if (!take_word(parser, "from"))
        return expected(parser, "FROM");
    if (!take_kind(parser, WQL_TOKEN_NAME, "a class", &query->class_name))
        return FALSE;
    if (take_word(parser, "where")) {
        query->where = parse_or(parser);
        return query->where != NULL;
    }
    return TRUE;
}

static gboolean
parse_restriction(Parser *parser, WqlQuery *query, gboolean associators)
{
    const struct {
        const char *word;
        char **value;
        gboolean only_associators;
    } values[] = { { "AssocClass", &query->assoc_class, TRUE },
                   { "ResultClass", &query->result_class, FALSE },
                   { "Role", &query->role, FALSE },
                   { "ResultRole", &query->result_role, TRUE } };

    if (take_word(parser, "KeysOnly")) {
        query->keys_only = TRUE;
        return TRUE;
    }
    if (take_word(parser, "ClassDefsOnly")) {
        query->class_defs_only = TRUE;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        if ((values[i].only_associators && !associators) || *values[i].value || !take_word(parser, values[i].word))
            continue;
        if (!take_symbol(parser, "="))
            return expected(parser, "=");
        return take_kind(parser, WQL_TOKEN_NAME, "a name", values[i].value);
    }
    return expected(parser, "a restriction of the query");
}

static gboolean
parse_traversal(Parser *parser, WqlQuery *query, WqlKind kind)
{
    query->kind = kind;
    if (!take_word(parser, "of"))
        return expected(parser, "OF");
    if (!take_kind(parser, WQL_TOKEN_PATH, "a path in braces", &query->path))
        return FALSE;
    if (!take_word(parser, "where"))
        return TRUE;
    do {
        if (!parse_restriction(parser, query, kind == WQL_ASSOCIATORS))
            return FALSE;
    } while (parser->lexer.kind != WQL_TOKEN_END);
    return TRUE;
}

static gboolean
parse_query(Parser *parser, WqlQuery *query)
{
    gboolean ok;

    if (take_word(parser, "select"))
        ok = parse_select(parser, query);
    else if (take_word(parser, "associators"))
        ok = parse_traversal(parser, query, WQL_ASSOCIATORS);
    else if (take_word(parser, "references"))
        ok = parse_traversal(parser, query, WQL_REFERENCES);
    else
        return expected(parser, "SELECT, ASSOCIATORS or REFERENCES");
    if (ok && parser->lexer.kind != WQL_TOKEN_END)
        return expected(parser, "the end");
    return ok;
}

WqlQuery *
wql_parse(const char *text, char **message)
{
    g_autoptr(WqlQuery) query = g_new0(WqlQuery, 1);
    Parser parser = { .message = message };
    gboolean ok;

    *message = NULL;
    if (strlen(text) > WQL_MAX_TEXT) {
        *message = g_strdup("the query is too long");
        return NULL;
    }
    wql_lexer_init(&parser.lexer, text);
    ok = parse_query(&parser, query);
    wql_lexer_clear(&parser.lexer);
    return ok ? g_steal_pointer(&query) : NULL;
}
