/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/wql_private.h"

static void
set_token(WqlLexer *lexer, WqlTokenKind kind, char *text)
{
    g_free(lexer->text);
    lexer->kind = kind;
    lexer->text = text;
}

static void
take_span(WqlLexer *lexer, WqlTokenKind kind, gsize length)
{
    set_token(lexer, kind, g_strndup(lexer->at, length));
    lexer->at += length;
}

/* A string in either quote; a backslash takes the next character as it is. */
static void
take_string(WqlLexer *lexer)
{
    char quote = *lexer->at++;
    GString *text = g_string_new(NULL);

    for (; *lexer->at && *lexer->at != quote; lexer->at++) {
        if (*lexer->at == '\\' && lexer->at[1])
            lexer->at++;
        g_string_append_c(text, *lexer->at);
    }
    if (*lexer->at != quote) {
        g_string_free(text, TRUE);
        set_token(lexer, WQL_TOKEN_BAD, g_strdup("a string without an end"));
        return;
    }
    lexer->at++;
    set_token(lexer, WQL_TOKEN_STRING, g_string_free(text, FALSE));
}

/* Everything to the brace that closes; braces in quoted keys do not count. */
static void
take_path(WqlLexer *lexer)
{
    const char *at = lexer->at + 1;
    gboolean quoted = FALSE;

    for (; *at && (quoted || *at != '}'); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (quoted && *at == '\\' && at[1])
            at++;
    }
    if (*at != '}') {
        set_token(lexer, WQL_TOKEN_BAD, g_strdup("a path without a closing brace"));
        return;
    }
    set_token(lexer, WQL_TOKEN_PATH, g_strstrip(g_strndup(lexer->at + 1, (gsize)(at - lexer->at - 1))));
    lexer->at = at + 1;
}

static gsize
number_length(const char *at)
{
    gsize n = *at == '-' || *at == '+';

    if (!g_ascii_isdigit(at[n]))
        return 0;
    while (g_ascii_isdigit(at[n]))
        n++;
    if (at[n] == '.' && g_ascii_isdigit(at[n + 1])) {
        for (n++; g_ascii_isdigit(at[n]);)
            n++;
    }
    return g_ascii_isalpha(at[n]) || at[n] == '_' ? 0 : n;
}

static gsize
symbol_length(const char *at)
{
    static const char *const symbols[] = { "<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "*", "." };

    for (guint i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (strncmp(at, symbols[i], strlen(symbols[i])) == 0)
            return strlen(symbols[i]);
    }
    return 0;
}

void
wql_lexer_next(WqlLexer *lexer)
{
    const char *at;
    gsize n = 0;

    while (g_ascii_isspace(*lexer->at))
        lexer->at++;
    at = lexer->token = lexer->at;
    if (!*at) {
        set_token(lexer, WQL_TOKEN_END, g_strdup("the end"));
    } else if (*at == '\'' || *at == '"') {
        take_string(lexer);
    } else if (*at == '{') {
        take_path(lexer);
    } else if (g_ascii_isalpha(*at) || *at == '_') {
        while (g_ascii_isalnum(at[n]) || at[n] == '_')
            n++;
        take_span(lexer, WQL_TOKEN_NAME, n);
    } else if ((n = number_length(at))) {
        take_span(lexer, WQL_TOKEN_NUMBER, n);
    } else if ((n = symbol_length(at))) {
        take_span(lexer, WQL_TOKEN_SYMBOL, n);
    } else {
        set_token(lexer, WQL_TOKEN_BAD, g_strdup("a character that is not part of the language"));
    }
}

void
wql_lexer_init(WqlLexer *lexer, const char *text)
{
    memset(lexer, 0, sizeof(*lexer));
    lexer->start = lexer->at = text;
    wql_lexer_next(lexer);
}

void
wql_lexer_clear(WqlLexer *lexer)
{
    g_clear_pointer(&lexer->text, g_free);
}
