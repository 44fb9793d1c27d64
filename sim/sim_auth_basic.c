/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Basic authentication (RFC 7617), off by default on real hosts.
 */
#include <string.h>

#include "sim/sim_auth.h"

#define MAX_TOKEN 2048 /* characters of base64 */

SimAuthResult
sim_auth_basic_step(const SimAuth *auth, SimAuthState *state, const char *token, char **reply)
{
    char pair[MAX_TOKEN];
    gint decoder = 0;
    guint save = 0;
    gsize n;
    char *colon;
    gboolean ok = FALSE;

    if (strlen(token) >= MAX_TOKEN)
        return SIM_AUTH_REFUSED;
    n = g_base64_decode_step(token, strlen(token), (guchar *)pair, &decoder, &save);
    pair[n] = '\0';
    colon = memchr(pair, ':', n);
    if (colon && !memchr(pair, '\0', n)) {
        *colon = '\0';
        ok = sim_auth_is_account(auth, pair, colon + 1);
    }
    if (ok) {
        g_free(state->user);
        state->user = g_strdup(pair);
    }
    explicit_bzero(pair, sizeof(pair));
    return ok ? SIM_AUTH_ACCEPTED : SIM_AUTH_REFUSED;
}
