/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_text.h"

#include <string.h>

char *
wsman_text_trim(const char *text)
{
    return g_strstrip(g_strdup(text ? text : ""));
}

char *
wsman_text_for_message(const char *text, guint max)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *line = g_string_new(NULL);
    guint count = 0;

    for (const char *at = valid; *at && count < max; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean blank = g_unichar_isspace(c) || !g_unichar_isprint(c);

        if (blank && (line->len == 0 || line->str[line->len - 1] == ' '))
            continue;
        g_string_append_unichar(line, blank ? ' ' : c);
        count++;
    }
    while (line->len > 0 && line->str[line->len - 1] == ' ')
        g_string_truncate(line, line->len - 1);
    return g_string_free(line, FALSE);
}

/* g_ascii_string_to_*() take no white space; XML documents that were printed
 * prettily have it around their numbers. */
gboolean
wsman_text_to_uint(const char *text, guint64 *value)
{
    g_autofree char *number = wsman_text_trim(text);

    return g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, value, NULL);
}

gboolean
wsman_text_to_int(const char *text, gint64 *value)
{
    g_autofree char *number = wsman_text_trim(text);

    return g_ascii_string_to_signed(number, 10, G_MININT64, G_MAXINT64, value, NULL);
}
