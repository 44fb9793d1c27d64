/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real Keystone and Barbican that tests/openstack-fixture has started.
 * What these functions do in the services they do with the fixture and curl,
 * not with the code under test.
 */
#pragma once

#include "keymgr/keymgr.h"

/* The value of a variable of the fixture's env file; fails where absent. */
const char *openstack_env(const char *name);

/* Runs the fixture with a verb and up to three arguments; its output, stripped.
 * Caller frees. */
char *openstack_fixture(const char *verb, const char *a, const char *b, const char *c);
/* The next count requests of "barbican" or "keystone" get status (0: the true
 * answer) after delay seconds. */
void openstack_fault(const char *service, const char *status, const char *delay, guint count);

/* Sends a request; the answer's body. Fails the test when the status is not
 * the one that is expected. Caller frees. */
char *openstack_request(const char *method, const char *url, const char *user, const char *type,
                        const char *body, gsize size, guint status);

/* The same without a body, and with a header line more. */
char *openstack_request_with(const char *method, const char *url, const char *user, const char *header,
                             guint status);

/* Stores a secret as user creator; its UUID. members: further JSON, such as
 * "\"secret_type\":\"symmetric\"". Caller frees. */
char *openstack_store(const char *members);
char *openstack_store_bytes(const char *type, gconstpointer bytes, gsize size);

/* Requests in a service's log that begin with this, such as "POST /v3/auth",
 * and were answered with status; NULL: any. */
guint openstack_count(const char *service, const char *begin, const char *status);
/* Tokens of users are kept for openstack_request(); after what ends them. */
void openstack_forget_tokens(void);
/* A string of a JSON text, as in openstack_json(text, "trust", "id"); outer may
 * be NULL. Fails where absent. Caller frees. */
char *openstack_json(const char *text, const char *outer, const char *name);

/* What a secret holds that is always there, and its UUID. */
#define OPENSTACK_KEY "a key of thirty-two bytes, truly"
extern char *openstack_known;

/* Whether the tests talk HTTPS to both services. */
extern gboolean openstack_tls;
/* "KEYSTONE" or "BARBICAN": its URL, as openstack_tls says. */
const char *openstack_url(const char *service);

/* A key manager for a user, with further lines of [barbican]. */
Keymgr *openstack_open_as(const char *user, const char *project, const char *options);
/* One with these lines, and with what leads to the services' region. */
Keymgr *openstack_open(const char *options);
/* Lines for openstack_open(): Keystone and a user with his password. Caller
 * frees. */
char *openstack_user(const char *user);

GPtrArray *openstack_fetch(Keymgr *keymgr, const char *reference, GError **error);
/* That a reference gives these bytes; or an error with a code and words. */
void openstack_check_fetch(Keymgr *keymgr, const char *reference, gconstpointer bytes, gsize size);
void openstack_check_known(Keymgr *keymgr);
void openstack_check_refusal(Keymgr *keymgr, const char *reference, KeymgrError code, const char *words);

/* Keystone's keys, while it is down: it knows no token of before. */
void openstack_change_keys(void);
/* Both services stopped, and started with tokens of another life. */
void openstack_restart(const char *token_seconds);
