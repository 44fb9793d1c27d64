/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_writer.h"

#include <stdarg.h>
#include <string.h>

typedef enum { IN_TEXT, IN_ATTRIBUTE, NUMERIC } Escaping;

/* A reader would turn a bare carriage return into a line feed, and white space in
 * an attribute into blanks (XML 1.0, 2.11 and 3.3.3). */
static const char *
escape_of(gunichar c, Escaping escaping)
{
    gboolean numeric = escaping == NUMERIC;

    switch (c) {
    case '&':
        return numeric ? "&#38;" : "&amp;";
    case '<':
        return numeric ? "&#60;" : "&lt;";
    case '>':
        return numeric ? "&#62;" : "&gt;";
    case '"':
        return numeric ? "&#34;" : escaping == IN_ATTRIBUTE ? "&quot;" : NULL;
    case '\'':
        return numeric ? "&#39;" : NULL;
    case '\r':
        return "&#13;";
    case '\n':
        return escaping == IN_ATTRIBUTE ? "&#10;" : NULL;
    case '\t':
        return escaping == IN_ATTRIBUTE ? "&#9;" : NULL;
    default:
        return NULL;
    }
}

/* XML 1.0, 2.2: Char. The functions of GLib have refused surrogates already. */
static gboolean
is_xml_char(gunichar c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0xFFFE && c != 0xFFFF;
}

static void
write_escaped(WsmanBuffer *out, const char *text, Escaping escaping)
{
    const char *at = text, *plain = text;

    while (*at) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        gboolean valid = c != (gunichar)-1 && c != (gunichar)-2 && is_xml_char(c);
        const char *escape = valid ? escape_of(c, escaping) : "?";
        const char *next = c != (gunichar)-1 && c != (gunichar)-2 ? g_utf8_next_char(at) : at + 1;

        if (escape) {
            wsman_buffer_append(out, plain, (gsize)(at - plain));
            wsman_buffer_append_str(out, escape);
            plain = next;
        }
        at = next;
    }
    wsman_buffer_append(out, plain, (gsize)(at - plain));
}

void
wsman_writer_open(WsmanBuffer *out, const char *name)
{
    wsman_buffer_append(out, "<", 1);
    wsman_buffer_append_str(out, name);
    wsman_buffer_append(out, ">", 1);
}

void
wsman_writer_open_with(WsmanBuffer *out, const char *name, ...)
{
    va_list args;
    const char *attribute;

    wsman_buffer_append(out, "<", 1);
    wsman_buffer_append_str(out, name);
    va_start(args, name);
    while ((attribute = va_arg(args, const char *))) {
        wsman_buffer_append(out, " ", 1);
        wsman_buffer_append_str(out, attribute);
        wsman_buffer_append(out, "=\"", 2);
        write_escaped(out, va_arg(args, const char *), IN_ATTRIBUTE);
        wsman_buffer_append(out, "\"", 1);
    }
    va_end(args);
    wsman_buffer_append(out, ">", 1);
}

void
wsman_writer_close(WsmanBuffer *out, const char *name)
{
    wsman_buffer_append(out, "</", 2);
    wsman_buffer_append_str(out, name);
    wsman_buffer_append(out, ">", 1);
}

void
wsman_writer_element(WsmanBuffer *out, const char *name, const char *text)
{
    wsman_writer_open(out, name);
    wsman_writer_text(out, text);
    wsman_writer_close(out, name);
}

void
wsman_writer_text(WsmanBuffer *out, const char *text)
{
    write_escaped(out, text, IN_TEXT);
}

void
wsman_writer_text_numeric(WsmanBuffer *out, const char *text)
{
    write_escaped(out, text, NUMERIC);
}

void
wsman_writer_base64(WsmanBuffer *out, gconstpointer data, gsize size)
{
    /* g_base64_encode_step(): (n / 3 + 1) * 4 + 4 bytes without line breaks. */
    char *at = wsman_buffer_reserve(out, (size / 3 + 1) * 4 + 4);
    int state = 0, save = 0;
    gsize written;

    if (!at)
        return;
    written = g_base64_encode_step(data, size, FALSE, at, &state, &save);
    written += g_base64_encode_close(FALSE, at + written, &state, &save);
    wsman_buffer_commit(out, written);
}

gboolean
wsman_writer_is_name(const char *text)
{
    if (!g_ascii_isalpha(text[0]) && text[0] != '_')
        return FALSE;
    for (const char *at = text + 1; *at; at++) {
        if (!g_ascii_isalnum(*at) && *at != '_')
            return FALSE;
    }
    return TRUE;
}
