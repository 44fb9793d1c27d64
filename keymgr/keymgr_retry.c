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

gboolean
keymgr_retry_read(const KeymgrConfig *config, KeymgrRetry *retry, GError **error)
{
    return keymgr_config_uint(config, "connect_retries", 0, MAX_RETRIES, 0, &retry->connect_retries,
                              error) &&
           keymgr_config_seconds(config, "connect_retry_delay", MAX_DELAY_MS / 1000, 0,
                                 &retry->connect_delay_ms, error) &&
           keymgr_config_uint(config, "status_code_retries", 0, MAX_RETRIES, 0, &retry->status_retries,
                              error) &&
           keymgr_config_seconds(config, "status_code_retry_delay", MAX_DELAY_MS / 1000, 0,
                                 &retry->status_delay_ms, error);
}

static guint
delay_ms(guint fixed_ms, guint tried)
{
    if (fixed_ms > 0)
        return fixed_ms;
    return MIN(FIRST_DELAY_MS << MIN(tried, 10), MAX_DELAY_MS);
}

gboolean
keymgr_retry_again(const KeymgrRetry *retry, KeymgrRetryState *state, const KeymgrHttpRequest *request,
                   gint64 *not_before)
{
    guint delay;

    if (g_error_matches(request->error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE)) {
        if (state->connects >= retry->connect_retries)
            return FALSE;
        delay = delay_ms(retry->connect_delay_ms, state->connects++);
    } else if (!request->error && request->status == 503) {
        if (state->statuses >= retry->status_retries)
            return FALSE;
        delay = delay_ms(retry->status_delay_ms, state->statuses++);
        delay = MAX(delay, MIN(request->retry_after, MAX_DELAY_MS / 1000) * 1000);
    } else {
        return FALSE;
    }
    *not_before = g_get_monotonic_time() + delay * G_TIME_SPAN_MILLISECOND;
    return TRUE;
}
