/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session with Barbican: finds its endpoint, shows a token, sends requests
 * side by side, renews the token once on a 401, tries again where the
 * configuration asks for it, and turns refusals into errors.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_config.h"
#include "keymgr/keymgr_http.h"
#include "keymgr/keymgr_retry.h"

typedef struct KeymgrBarbican KeymgrBarbican;

/* One request to the API. Zeroed by the caller, then filled. */
typedef struct KeymgrBarbicanCall KeymgrBarbicanCall;
struct KeymgrBarbicanCall {
    KeymgrHttpRequest *http; /* owned; its url is set by the session */
    char *path;              /* owned; below the versioned endpoint: "/secrets/..." */
    char *what;              /* owned; for messages: "secret UUID" */
    /* Looks at an answer of status 2xx; FALSE with the reason set refuses it.
     * NULL: anything goes. */
    gboolean (*check)(KeymgrBarbicanCall *call, GError **error);
    gboolean once;           /* not sent again when its connection was lost: it may have been heard */
    gboolean above;          /* path is below the endpoint without its version, where 300 is an answer */
    gboolean may_be_gone;    /* 404 is an answer */
    guint done_status;       /* an answer after a try whose own answer was lost: that one was heard; or 0 */
    gboolean lost;           /* set by the session: there was such a try */
    gboolean done;           /* set by the session */
    KeymgrRetryState retries;
};

extern const KeymgrConfigKey keymgr_barbican_keys[];
/* Those of keystoneauth's sessions; the service user may have a session of his
 * own. */
extern const KeymgrConfigKey keymgr_session_keys[];

/* Reads the group's options. NULL with KEYMGR_ERROR_CONFIG. */
KeymgrBarbican *keymgr_barbican_new(const KeymgrConfig *config, GError **error);
void keymgr_barbican_free(KeymgrBarbican *barbican);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrBarbican, keymgr_barbican_free)
const char *keymgr_barbican_describe(const KeymgrBarbican *barbican);
/* Whether the configuration wants consumers to be registered. */
gboolean keymgr_barbican_registers_consumers(const KeymgrBarbican *barbican);

/* Logs in. Returns a sentence on who that was and which endpoint the
 * credentials lead to; caller frees. reached: its URLs, user and project are
 * filled in. */
char *keymgr_barbican_reach(KeymgrBarbican *barbican, KeymgrReached *reached, gint64 deadline,
                            GCancellable *cancellable, GError **error);

/* The moment by which an operation that begins now must be over. */
gint64 keymgr_barbican_deadline(const KeymgrBarbican *barbican);

/* Sends all calls that are not done, and returns when all are or one has failed
 * for good, which cancels the rest. Keeps no connection in whose memory tokens
 * or payloads are left. calls: of KeymgrBarbicanCall. */
gboolean keymgr_barbican_send(KeymgrBarbican *barbican, GPtrArray *calls, gint64 deadline,
                              GCancellable *cancellable, GError **error);
