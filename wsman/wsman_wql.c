/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_wql.h"

#include <string.h>

#include "wsman/wsman_client.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

char *
wsman_wql_quote(const char *value)
{
    GString *literal = g_string_new("\"");

    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(literal, '\\');
        g_string_append_c(literal, *at);
    }
    g_string_append_c(literal, '"');
    return g_string_free(literal, FALSE);
}

static char *
name_at(const char *text)
{
    gsize length;

    text += strspn(text, " \t\r\n");
    length = strspn(text, NAME_CHARS);
    return length > 0 ? g_strndup(text, length) : g_strdup("?");
}

/* {\\HOST\root\virtualization\v2:Class.Key="..."}: what comes before a colon
 * outside the quotes is not the class. */
static char *
class_in_braces(const char *brace)
{
    const char *end = brace + strcspn(brace, "\"}=");
    const char *colon = memchr(brace, ':', (gsize)(end - brace));

    return name_at(colon ? colon + 1 : brace);
}

char *
wsman_wql_class(const char *query)
{
    g_autofree char *lower = g_ascii_strdown(query, -1);
    const char *start, *from, *brace;

    g_strdelimit(lower, "\t\r\n", ' ');
    start = lower + strspn(lower, " ");
    if (g_str_has_prefix(start, "select ")) {
        from = strstr(start, " from ");
        return from ? name_at(query + (from - lower) + strlen(" from ")) : g_strdup("?");
    }
    brace = strchr(query, '{');
    return brace ? class_in_braces(brace + 1) : g_strdup("?");
}
