/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_text.h"

#include <stdio.h>
#include <string.h>

/* What stands for one character, NULL when it stands for itself. */
static const char *
escape_of(gunichar c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\t':
    case '\n':
    case '\r':
        return NULL;
    default:
        return c < 0x20 || c == 0xFFFE || c == 0xFFFF ? "?" : NULL;
    }
}

void
wire_text_escape(GString *out, const char *text)
{
    const char *end;

    if (!text)
        return;
    end = text + strlen(text);
    while (text < end) {
        gunichar c = g_utf8_get_char_validated(text, end - text);
        const char *instead;
        const char *next;

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_c(out, '?');
            text++;
            continue;
        }
        next = g_utf8_next_char(text);
        instead = escape_of(c);
        if (instead)
            g_string_append(out, instead);
        else
            g_string_append_len(out, text, next - text);
        text = next;
    }
}

void
wire_text_element(GString *out, const char *prefix, const char *name, const char *text)
{
    const char *colon = prefix ? ":" : "";

    if (!prefix)
        prefix = "";
    g_string_append_printf(out, "<%s%s%s>", prefix, colon, name);
    wire_text_escape(out, text);
    g_string_append_printf(out, "</%s%s%s>", prefix, colon, name);
}

char *
wire_text_uuid(void)
{
    g_autofree char *lower = g_uuid_string_random();
    g_autofree char *upper = g_ascii_strup(lower, -1);

    return g_strconcat("uuid:", upper, NULL);
}

/* --- dates ---------------------------------------------------------------- */

/* Reads count decimal digits; FALSE at anything else, a wildcard included. */
static gboolean
take_digits(const char **text, guint count, guint *value)
{
    *value = 0;
    for (guint i = 0; i < count; i++, (*text)++) {
        if (!g_ascii_isdigit(**text))
            return FALSE;
        *value = *value * 10 + (guint)(**text - '0');
    }
    return TRUE;
}

/* ".68424" for 684240; nothing for 0: hosts cut trailing zeros. */
static void
append_fraction(GString *out, guint microseconds)
{
    if (!microseconds)
        return;
    g_string_append_printf(out, ".%06u", microseconds);
    while (out->str[out->len - 1] == '0')
        g_string_truncate(out, out->len - 1);
}

static char *
iso_interval(const char *at)
{
    guint days, hours, minutes, seconds, micro;
    GString *out;

    if (!take_digits(&at, 8, &days) || !take_digits(&at, 2, &hours) || !take_digits(&at, 2, &minutes) ||
        !take_digits(&at, 2, &seconds) || *at++ != '.' || !take_digits(&at, 6, &micro) || strcmp(at, ":000") != 0)
        return NULL;
    out = g_string_new(NULL);
    g_string_append_printf(out, "P%uDT%uH%uM%u", days, hours, minutes, seconds);
    append_fraction(out, micro);
    g_string_append_c(out, 'S');
    return g_string_free(out, FALSE);
}

static char *
iso_datetime(const char *at)
{
    guint year, month, day, hours, minutes, seconds, micro, zone;
    char sign;
    GString *out;

    if (!take_digits(&at, 4, &year) || !take_digits(&at, 2, &month) || !take_digits(&at, 2, &day) ||
        !take_digits(&at, 2, &hours) || !take_digits(&at, 2, &minutes) || !take_digits(&at, 2, &seconds) ||
        *at++ != '.' || !take_digits(&at, 6, &micro))
        return NULL;
    sign = *at++;
    if ((sign != '+' && sign != '-') || !take_digits(&at, 3, &zone) || *at)
        return NULL;
    out = g_string_new(NULL);
    g_string_append_printf(out, "%04u-%02u-%02uT%02u:%02u:%02u", year, month, day, hours, minutes, seconds);
    append_fraction(out, micro);
    if (zone)
        g_string_append_printf(out, "%c%02u:%02u", sign, zone / 60, zone % 60);
    else
        g_string_append_c(out, 'Z');
    return g_string_free(out, FALSE);
}

char *
wire_text_iso_from_wmi(const char *wmi, gboolean *interval)
{
    *interval = strlen(wmi) == 25 && wmi[21] == ':';
    if (strlen(wmi) != 25)
        return NULL;
    return *interval ? iso_interval(wmi) : iso_datetime(wmi);
}

/* An optional ".123" of at most six significant digits, as microseconds. */
static gboolean
take_fraction(const char **text, guint *microseconds)
{
    guint digits = 0;

    *microseconds = 0;
    if (**text != '.')
        return TRUE;
    for ((*text)++; g_ascii_isdigit(**text); (*text)++, digits++) {
        if (digits < 6)
            *microseconds = *microseconds * 10 + (guint)(**text - '0');
    }
    if (!digits)
        return FALSE;
    for (; digits < 6; digits++)
        *microseconds *= 10;
    return TRUE;
}

/* The zone in minutes: "", "Z" or "+hh:mm". */
static gboolean
take_zone(const char *text, char *sign, guint *minutes)
{
    guint hours;

    *sign = '+';
    *minutes = 0;
    if (!*text || strcmp(text, "Z") == 0)
        return TRUE;
    *sign = *text++;
    if ((*sign != '+' && *sign != '-') || !take_digits(&text, 2, &hours) || *text++ != ':' ||
        !take_digits(&text, 2, minutes) || *text)
        return FALSE;
    *minutes += hours * 60;
    return *minutes <= 999;
}

static char *
wmi_datetime(const char *at)
{
    guint year, month, day, hours, minutes, seconds, micro, zone;
    char sign;

    if (!take_digits(&at, 4, &year) || *at++ != '-' || !take_digits(&at, 2, &month) || *at++ != '-' ||
        !take_digits(&at, 2, &day) || *at++ != 'T' || !take_digits(&at, 2, &hours) || *at++ != ':' ||
        !take_digits(&at, 2, &minutes) || *at++ != ':' || !take_digits(&at, 2, &seconds) ||
        !take_fraction(&at, &micro) || !take_zone(at, &sign, &zone))
        return NULL;
    if (!month || month > 12 || !day || day > 31 || hours > 23 || minutes > 59 || seconds > 60)
        return NULL;
    return g_strdup_printf("%04u%02u%02u%02u%02u%02u.%06u%c%03u", year, month, day, hours, minutes, seconds, micro,
                           sign, zone);
}

/* PnDTnHnMn.nS, every part optional but one, into its parts. */
static gboolean
take_duration(const char *at, guint64 *seconds, guint *microseconds)
{
    static const struct {
        char letter;
        guint64 seconds;
    } parts[] = { { 'D', 86400 }, { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    guint next = 0;
    gboolean time = FALSE, any = FALSE;

    *seconds = 0;
    *microseconds = 0;
    if (*at++ != 'P')
        return FALSE;
    while (*at) {
        guint64 value;
        char *end;

        if (*at == 'T' && !time) {
            time = TRUE;
            next = MAX(next, 1);
            if (!*++at)
                return FALSE;
            continue;
        }
        if (!g_ascii_isdigit(*at))
            return FALSE;
        value = g_ascii_strtoull(at, &end, 10);
        at = end;
        if (value > G_MAXINT32 || !take_fraction(&at, microseconds))
            return FALSE;
        while (next < G_N_ELEMENTS(parts) && parts[next].letter != *at)
            next++;
        if (next == G_N_ELEMENTS(parts) || (next > 0) != time || (*microseconds && next != 3))
            return FALSE;
        *seconds += value * parts[next].seconds;
        next++;
        at++;
        any = TRUE;
    }
    return any;
}

static char *
wmi_interval(const char *at)
{
    guint64 seconds;
    guint micro;

    if (!take_duration(at, &seconds, &micro) || seconds / 86400 > 99999999)
        return NULL;
    return g_strdup_printf("%08u%02u%02u%02u.%06u:000", (guint)(seconds / 86400), (guint)(seconds / 3600 % 24),
                           (guint)(seconds / 60 % 60), (guint)(seconds % 60), micro);
}

char *
wire_text_wmi_from_iso(const char *iso, gboolean interval)
{
    return interval ? wmi_interval(iso) : wmi_datetime(iso);
}

gboolean
wire_text_duration(const char *text, guint *milliseconds)
{
    guint64 seconds;
    guint micro;

    if (!take_duration(text, &seconds, &micro) || seconds > G_MAXINT32 / 1000 - 1)
        return FALSE;
    *milliseconds = (guint)(seconds * 1000 + micro / 1000);
    return TRUE;
}
