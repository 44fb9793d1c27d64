/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trying again, with the options and delays of keystoneauth's adapters:
 * connect_retries and status_code_retries, from 0.5 s doubling to 60 s, or as
 * Retry-After says.
 */
#pragma once

#include "keymgr/keymgr_config.h"
#include "keymgr/keymgr_http.h"

typedef struct {
    guint connect_retries;
    guint connect_delay_ms; /* fixed; 0: from 0.5 s doubling */
    guint status_retries;
    guint status_delay_ms;
} KeymgrRetry;

/* What was tried so far; starts as zeroes. */
typedef struct {
    guint connects;
    guint statuses;
} KeymgrRetryState;

extern const KeymgrConfigKey keymgr_retry_keys[];

gboolean keymgr_retry_read(const KeymgrConfig *config, KeymgrRetry *retry, GError **error);

/* Whether a failed request may be sent again; counts it then, and sets the
 * time (of g_get_monotonic_time()) to wait for. When that is past the
 * deadline, the caller does not. */
gboolean keymgr_retry_again(const KeymgrRetry *retry, KeymgrRetryState *state,
                            const KeymgrHttpRequest *request, gint64 *not_before);
