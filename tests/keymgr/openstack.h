/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real Keystone and Barbican that tests/openstack-fixture has started.
 * What these functions do in the services they do with the fixture and curl,
 * not with the code under test.
 */
#pragma once

#include <glib.h>

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

/* Stores a secret as user creator; its UUID. members: further JSON, such as
 * "\"secret_type\":\"symmetric\"". Caller frees. */
char *openstack_store(const char *members);
char *openstack_store_bytes(const char *type, gconstpointer bytes, gsize size);

/* Requests in a service's log that begin with this, such as "POST /v3/auth",
 * and were answered with status; NULL: any. */
guint openstack_count(const char *service, const char *begin, const char *status);
/* Both services stopped, and started with tokens of another life. */
void openstack_restart(const char *token_seconds);
