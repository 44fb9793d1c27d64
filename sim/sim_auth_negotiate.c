/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Negotiate, which every real host offers. This host is in no domain and has
 * no account whose secret a token could prove, so it answers each as a host
 * answers a user that it does not know.
 */
#include "sim/sim_auth.h"

SimAuthResult
sim_auth_negotiate_step(const SimAuth *auth, SimAuthState *state, const char *token, char **reply)
{
    return SIM_AUTH_REFUSED;
}
