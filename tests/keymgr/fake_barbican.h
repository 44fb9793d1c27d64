/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server in the test's process that plays Keystone and Barbican, records
 * what it is asked, and answers as a test wants.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "tests/keymgr/fake_store.h"

/* All but the last digit of the UUIDs of this store. */
#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"
#define OCTETS "application/octet-stream"
#define JSON "application/json"

/* One server that is both services. The knobs are set before it starts. */
typedef struct {
    FakeServer *server;
    Keymgr *keymgr;
    guint token_seconds;
    guint token_delay_ms;
    guint reject;            /* Barbican answers 401 to so many first tokens, and to what is none of ours */
    const char *endpoint;    /* in the catalogue; NULL: this server */
    /* Answers a request to Barbican. NULL: a good payload. */
    gboolean (*answer)(FakeServer *server, FakeRequest *request, gpointer opaque);
    gpointer opaque;

    gint tokens;             /* token requests */
    gint calls;              /* other requests */
    GMutex lock;
    GPtrArray *heads;        /* of the other requests */
    GPtrArray *logins;       /* bodies of token requests */
} FakeBarbican;

/* UUIDs that end in 0 to 5, and NULL. */
extern const char *const fake_six[];

FakeBarbican *fake_barbican_new(void);
void fake_barbican_free(FakeBarbican *fake);
/* A key manager that uses it; borrowed. options: further lines of [barbican]. */
Keymgr *fake_barbican_connect(FakeBarbican *fake, const char *options);
/* Both at once. */
FakeBarbican *fake_barbican_setup(const char *options);

/* An answer: the payload of a secret is its UUID. */
gboolean fake_barbican_payload(FakeRequest *request);

/* Fetches the secret that ends in 0. */
GPtrArray *fake_barbican_fetch_one(FakeBarbican *fake, GError **error);
/* For g_thread_new(): the same; the thread's result is the error, or NULL. */
gpointer fake_barbican_fetch_in_thread(gpointer fake);
/* That fake_six came as they should. */
void fake_barbican_check_six(GPtrArray *secrets, GError *error);
