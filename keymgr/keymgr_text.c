/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "msvm-config.h" /* memmem() */

#include "keymgr/keymgr_text.h"

#include <string.h>

static char *
quote(const char *text, gsize size, gboolean html)
{
    char *valid;
    /* As long as it may become: what grows leaves copies behind. */
    g_autoptr(GString) out = g_string_sized_new(KEYMGR_TEXT_MAX_QUOTE + 8);
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
    keymgr_text_wipe_free(valid);
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

/* The bytes of an escape that text begins with. *used: the escape's size; 0 when
 * it is none. Returns their number: fewer than the escape has. */
typedef gsize (*Escape)(const char *text, gsize size, char bytes[6], gsize *used);

static gsize
html_escape(const char *text, gsize size, char bytes[6], gsize *used)
{
    static const struct {
        const char *escape;
        char c;
    } names[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
    char number[12] = "";
    gunichar c;
    char *end;
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        *used = strlen(names[i].escape);
        bytes[0] = names[i].c;
        if (size >= *used && memcmp(text, names[i].escape, *used) == 0)
            return 1;
    }
    *used = 0;
    if (size < 4 || memcmp(text, "&#", 2) != 0)
        return 0;
    memcpy(number, text + 2, MIN(size - 2, sizeof(number) - 1));
    if (number[0] == 'x' || number[0] == 'X')
        c = (gunichar)g_ascii_strtoull(number + 1, &end, 16);
    else
        c = (gunichar)g_ascii_strtoull(number, &end, 10);
    if (*end == ';' && c != 0 && g_unichar_validate(c))
        *used = 2 + (gsize)(end - number) + 1;
    explicit_bzero(number, sizeof(number));
    return *used > 0 ? (gsize)g_unichar_to_utf8(c, bytes) : 0;
}

/* -1 when they are none. */
static gint
hex_digits(const char *text, gsize count)
{
    gint number = 0;

    for (; count > 0; count--, text++) {
        if (!g_ascii_isxdigit(*text))
            return -1;
        number = number * 16 + g_ascii_xdigit_value(*text);
    }
    return number;
}

/* Those of JSON, and \' and \xNN as Python shows bytes. */
static gsize
json_escape(const char *text, gsize size, char bytes[6], gsize *used)
{
    static const char letters[] = "\"\\/bfnrt'";
    static const char meant[] = "\"\\/\b\f\n\r\t'";
    const char *letter = size >= 2 && text[1] ? strchr(letters, text[1]) : NULL;
    gint high = size >= 6 && text[1] == 'u' ? hex_digits(text + 2, 4) : -1;
    gint low = high >= 0xd800 && high < 0xdc00 && size >= 12 && text[6] == '\\' && text[7] == 'u'
                   ? hex_digits(text + 8, 4)
                   : -1;
    gint byte = size >= 4 && text[1] == 'x' ? hex_digits(text + 2, 2) : -1;

    *used = letter ? 2 : byte >= 0 ? 4 : low >= 0xdc00 && low < 0xe000 ? 12 : high >= 0 ? 6 : 0;
    if (letter || byte >= 0) {
        bytes[0] = letter ? meant[letter - letters] : (char)byte;
        return 1;
    }
    if (*used == 12)
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return *used > 0 ? (gsize)g_unichar_to_utf8((gunichar)high, bytes) : 0;
}

static KeymgrSecret *
unescape(const char *text, gsize size, char mark, Escape escape)
{
    /* No escape is shorter than what it stands for. */
    KeymgrSecret *out = keymgr_secret_new_buffer(size);
    const char *end = text + size;

    while (text < end) {
        const char *next = memchr(text, mark, (gsize)(end - text));
        gboolean good = keymgr_secret_append(out, text, (gsize)((next ? next : end) - text));
        char bytes[6];
        gsize count;
        gsize used;

        if (!next)
            break;
        count = escape(next, (gsize)(end - next), bytes, &used);
        good = good && (used > 0 ? keymgr_secret_append(out, bytes, count) : keymgr_secret_append(out, next, 1));
        g_assert(good);
        explicit_bzero(bytes, sizeof(bytes));
        text = next + MAX(used, 1);
    }
    return out;
}

KeymgrSecret *
keymgr_text_unescape_html(const char *text, gsize size)
{
    return unescape(text, size, '&', html_escape);
}

KeymgrSecret *
keymgr_text_unescape_json(const char *text, gsize size)
{
    return unescape(text, size, '\\', json_escape);
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
