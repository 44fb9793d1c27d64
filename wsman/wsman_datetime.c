/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_datetime.h"

#include <string.h>

#define WMI_LENGTH 25 /* both forms: 14 digits, a point, 6 digits, a sign, 3 digits */

static gboolean
matches(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++) {
        if (*pattern == '0' ? !g_ascii_isdigit(*text) : *text != *pattern)
            return FALSE;
    }
    return *text == '\0';
}

static int
number_at(const char *text, gsize at, gsize digits)
{
    int number = 0;

    for (gsize i = at; i < at + digits; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static char *
interval_to_iso(const char *text)
{
    return g_strdup_printf("P%dDT%dH%dM%d.%.6sS", number_at(text, 0, 8), number_at(text, 8, 2),
                           number_at(text, 10, 2), number_at(text, 12, 2), text + 15);
}

/* The zone is in minutes from UTC. */
static char *
point_to_iso(const char *text)
{
    int zone = number_at(text, 22, 3);
    g_autofree char *suffix = zone == 0 ? g_strdup("Z")
                                        : g_strdup_printf("%c%02d:%02d", text[21], zone / 60, zone % 60);

    return g_strdup_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.6s%s", text, text + 4, text + 6, text + 8,
                           text + 10, text + 12, text + 15, suffix);
}

char *
wsman_datetime_to_iso(const char *text, gboolean *is_interval)
{
    gsize length = strlen(text);

    *is_interval = FALSE;
    if (length == WMI_LENGTH && matches(text, "00000000000000.000000:000")) {
        *is_interval = TRUE;
        return interval_to_iso(text);
    }
    if (length == WMI_LENGTH && (matches(text, "00000000000000.000000+000") ||
                                 matches(text, "00000000000000.000000-000")))
        return point_to_iso(text);
    if (text[0] == 'P' || (text[0] == '-' && text[1] == 'P')) {
        *is_interval = TRUE;
        return g_strdup(text);
    }
    if (length >= 19 && text[4] == '-' && text[10] == 'T')
        return g_strdup(text);
    return NULL;
}
