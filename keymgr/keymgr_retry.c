/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_retry.h"

#include "keymgr/keymgr_error.h"

#define FIRST_DELAY_MS 500
#define MAX_DELAY_MS 60000
#define MAX_RETRIES 100

const KeymgrConfigKey keymgr_retry_keys[] = {
    { "connect_retries", FALSE },      { "connect_retry_delay", FALSE },
    { "status_code_retries", FALSE },  { "status_code_retry_delay", FALSE },
    { NULL, FALSE },
};

/* 0, as in the sample: longer each time. */
static gboolean
read_delay(const KeymgrConfig *config, const char *key, guint *delay_ms, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    char *end = NULL;

    *delay_ms = 0;
    if (text && g_ascii_strtod(text, &end) == 0 && end != text && !*end)
        return TRUE;
    return keymgr_config_seconds(config, key, MAX_DELAY_MS / 1000, 0, delay_ms, error);
}

gboolean
keymgr_retry_read(const KeymgrConfig *config, KeymgrRetry *retry, GError **error)
{
    return keymgr_config_uint(config, "connect_retries", 0, MAX_RETRIES, 0, &retry->connect_retries,
                              error) &&
           read_delay(config, "connect_retry_delay", &retry->connect_delay_ms, error) &&
           keymgr_config_uint(config, "status_code_retries", 0, MAX_RETRIES, 0, &retry->status_retries,
                              error) &&
           read_delay(config, "status_code_retry_delay", &retry->status_delay_ms, error);
}

static guint
delay_ms(guint fixed_ms, guint tried)
{
    if (fixed_ms > 0)
        return fixed_ms;
    return MIN(FIRST_DELAY_MS << MIN(tried, 10), MAX_DELAY_MS);
}

/* The server was not reached; or not in the time for that, so that it has heard
 * nothing. */
static gboolean
is_no_connection(const KeymgrHttpRequest *request)
{
    return g_error_matches(request->error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE) ||
           (g_error_matches(request->error, KEYMGR_ERROR, KEYMGR_ERROR_TIMEOUT) && !request->heard);
}

/* It has too much to do. */
static gboolean
is_busy(const KeymgrHttpRequest *request)
{
    return !request->error && (request->status == 503 || request->status == 429);
}

gboolean
keymgr_retry_again(const KeymgrRetry *retry, KeymgrRetryState *state, const KeymgrHttpRequest *request,
                   gint64 *not_before)
{
    gint64 delay;

    if (is_no_connection(request)) {
        if (state->connects >= retry->connect_retries)
            return FALSE;
        delay = delay_ms(retry->connect_delay_ms, state->connects++);
    } else if (is_busy(request)) {
        if (state->statuses >= retry->status_retries)
            return FALSE;
        delay = delay_ms(retry->status_delay_ms, state->statuses++);
        delay = MAX(delay, (gint64)request->retry_after * 1000);
    } else {
        return FALSE;
    }
    *not_before = g_get_monotonic_time() + delay * G_TIME_SPAN_MILLISECOND;
    return TRUE;
}
