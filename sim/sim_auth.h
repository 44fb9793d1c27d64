/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication of HTTP requests: a table of mechanisms, each one file and
 * one row. What a mechanism learns about a connection (a security context, a
 * user) stays with the connection.
 */
#pragma once

#include <glib.h>

#define SIM_AUTH_MAX_PASSWORD 256 /* bytes */

typedef enum {
    SIM_AUTH_ACCEPTED,
    SIM_AUTH_CONTINUE, /* another leg: 401 with the mechanism's token */
    SIM_AUTH_MISSING,  /* no Authorization header: 401 with all challenges */
    SIM_AUTH_REFUSED,  /* 401 and Connection: close */
} SimAuthResult;

typedef struct SimAuth SimAuth;

/* One per connection, zeroed before its first use. */
typedef struct {
    char *user;           /* whom the last accepted request came from */
    gpointer context;     /* the mechanism's own */
    GDestroyNotify context_free;
} SimAuthState;

/* The account that may log on. The password is the first line of the file,
 * which nobody else may read. NULL with the error set. */
SimAuth *sim_auth_new(const char *user, const char *password_file, GError **error);
void sim_auth_free(SimAuth *auth); /* wipes the password */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimAuth, sim_auth_free)

/* authorization: the header's value, or NULL. *reply: what to send back as
 * WWW-Authenticate besides or instead of the challenges, or NULL; caller frees. */
SimAuthResult sim_auth_check(const SimAuth *auth, SimAuthState *state, const char *authorization, char **reply);
void sim_auth_state_clear(SimAuthState *state);
/* The challenges of a 401, in order; NULL-terminated. */
const char *const *sim_auth_challenges(void);

/* --- for mechanisms ------------------------------------------------------------ */

gboolean sim_auth_is_account(const SimAuth *auth, const char *user, const char *password);

typedef struct {
    const char *scheme;    /* the first word of the Authorization header */
    const char *challenge; /* of a 401 */
    SimAuthResult (*step)(const SimAuth *auth, SimAuthState *state, const char *token, char **reply);
} SimAuthMechanism;

SimAuthResult sim_auth_basic_step(const SimAuth *auth, SimAuthState *state, const char *token, char **reply);
SimAuthResult sim_auth_negotiate_step(const SimAuth *auth, SimAuthState *state, const char *token, char **reply);
