/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "msvm-config.h" /* memmem() */

#include "keymgr/keymgr_text.h"

#include <string.h>

static char *
quote(const char *text, gsize size, gboolean html)
{
    g_autofree char *valid = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean in_tag = FALSE;
    gboolean space = FALSE;
    const char *p;

    /* Looking at a few times the quote's size is enough, markup included. */
    valid = g_utf8_make_valid(text, (gssize)MIN(size, 20 * KEYMGR_TEXT_MAX_QUOTE));
    for (p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (html && (c == '<' || (in_tag && c == '>'))) {
            in_tag = c == '<';
            space = TRUE;
            continue;
        }
        if (in_tag)
            continue;
        if (g_unichar_isspace(c) || !g_unichar_isprint(c)) {
            space = TRUE;
            continue;
        }
        if (space && out->len > 0)
            g_string_append_c(out, ' ');
        space = FALSE;
        if (out->len + 6 > KEYMGR_TEXT_MAX_QUOTE) {
            g_string_append(out, "...");
            break;
        }
        g_string_append_unichar(out, c);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
keymgr_text_quote(const char *text, gsize size)
{
    return quote(text, size, FALSE);
}

char *
keymgr_text_quote_html(const char *text, gsize size)
{
    return quote(text, size, TRUE);
}

/* The character of an escape that text begins with, and the escape's size; 0
 * when it is none. */
static gunichar
html_escape(const char *text, gsize size, gsize *length)
{
    static const struct {
        const char *escape;
        gunichar c;
    } names[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
    char number[12] = "";
    gunichar c;
    char *end;
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        *length = strlen(names[i].escape);
        if (size >= *length && memcmp(text, names[i].escape, *length) == 0)
            return names[i].c;
    }
    if (size < 4 || memcmp(text, "&#", 2) != 0)
        return 0;
    memcpy(number, text + 2, MIN(size - 2, sizeof(number) - 1));
    if (number[0] == 'x' || number[0] == 'X')
        c = (gunichar)g_ascii_strtoull(number + 1, &end, 16);
    else
        c = (gunichar)g_ascii_strtoull(number, &end, 10);
    *length = 2 + (gsize)(end - number) + 1;
    i = *end == ';' && g_unichar_validate(c) ? c : 0;
    explicit_bzero(number, sizeof(number));
    return (gunichar)i;
}

char *
keymgr_text_unescape_html(const char *text, gsize size)
{
    /* No escape is shorter than its character. */
    char *out = g_malloc(size + 1);
    gsize used = 0;
    gsize at = 0;

    while (at < size) {
        gsize length = 1;
        gunichar c = text[at] == '&' ? html_escape(text + at, size - at, &length) : 0;

        if (c) {
            used += (gsize)g_unichar_to_utf8(c, out + used);
            at += length;
        } else {
            if (text[at])
                out[used++] = text[at];
            at++;
        }
    }
    out[used] = '\0';
    return out;
}

gboolean
keymgr_text_holds_secret(const char *text, gsize size, const KeymgrSecret *secret)
{
    if (!secret || keymgr_secret_size(secret) == 0)
        return FALSE;
    return memmem(text, size, keymgr_secret_data(secret), keymgr_secret_size(secret)) != NULL;
}

void
keymgr_text_wipe_free(char *text)
{
    if (!text)
        return;
    explicit_bzero(text, strlen(text));
    g_free(text);
}

KeymgrSecret *
keymgr_text_take_as_secret(char *text)
{
    KeymgrSecret *secret = keymgr_secret_new(text, strlen(text));

    keymgr_text_wipe_free(text);
    return secret;
}

const char *
keymgr_text_attribute(const char **names, const char **values, const char *name)
{
    for (; *names; names++, values++) {
        if (strcmp(*names, name) == 0)
            return *values;
    }
    return NULL;
}
