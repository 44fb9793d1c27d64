/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tiny HTTP server in the test's own process that answers with whatever
 * bytes a test wants: what no real Barbican would do, and what one does when
 * it breaks.
 */
#pragma once

#include "tests/keymgr/fake_tls.h"

typedef struct {
    char *method;
    char *path;    /* with the query */
    char *head;    /* request line and all header lines */
    char *body;
    guint number;  /* of this request at this server, from 1 */
    GOutputStream *out;
} FakeRequest;

typedef struct FakeServer FakeServer;

/* Called in a thread of the connection. FALSE closes the connection. */
typedef gboolean (*FakeHandler)(FakeServer *server, FakeRequest *request, gpointer opaque);

FakeServer *fake_server_new(FakeHandler handler, gpointer opaque);
/* The same over https. tls: borrowed. */
FakeServer *fake_server_new_tls(FakeHandler handler, gpointer opaque, FakeTls *tls);
/* Waits for the connections' threads. */
void fake_server_free(FakeServer *server);
const char *fake_server_url(FakeServer *server);
guint fake_server_requests(FakeServer *server);
/* The most requests that were in the handler at one moment. */
guint fake_server_most_at_once(FakeServer *server);
/* Whether the server is about to be freed: a handler that stalls must ask. */
gboolean fake_server_is_stopping(FakeServer *server);
/* A handler that gives no answer as long as the server lives. */
gboolean fake_server_answer_never(FakeServer *server, FakeRequest *request, gpointer opaque);

/* The value of a header; NULL without one. Caller frees. */
char *fake_request_header(const FakeRequest *request, const char *name);

/* Raw bytes; FALSE when the client is gone. */
gboolean fake_write(FakeRequest *request, gconstpointer data, gsize size);
/* A whole answer. headers: lines that end in CRLF, or "". */
gboolean fake_reply(FakeRequest *request, guint status, const char *type, const char *headers,
                    const char *body);
/* Keystone's answer to an authentication request, with a token that lives as
 * long as given and a catalogue with url as key-manager in "RegionOne". */
gboolean fake_reply_token(FakeRequest *request, const char *token, guint seconds, const char *url);
