/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP server for tests that does what it is told, good or bad. One thread
 * per connection, on the loopback interface.
 */
#pragma once

#include <gio/gio.h>

#include "tests/wsman/tls_identity.h"

typedef struct HttpServer HttpServer;
typedef struct HttpConnection HttpConnection;

typedef struct {
    HttpConnection *connection;
    const char *head;       /* request line and header */
    const char *body;
    gsize body_size;
    guint n_connection;     /* from 1 */
    guint n_request;        /* of the server, from 1 */
    guint n_on_connection;  /* of the connection, from 1 */
} HttpExchange;

/* Called in the thread of the connection. */
typedef void (*HttpHandler)(const HttpExchange *exchange, gpointer opaque);

typedef enum {
    HTTP_NORMAL,
    HTTP_CLOSE_ON_ACCEPT,
    HTTP_SILENT,           /* accepts and never says a word */
    HTTP_GARBAGE_ON_ACCEPT,
    HTTP_ENDLESS_HEADER,   /* as soon as it has read the request's first bytes */
    HTTP_RESET_IN_HANDSHAKE,
} HttpTemper;

/* identity NULL: plain http. */
HttpServer *http_server_new(HttpHandler handler, gpointer opaque, const TlsIdentity *identity,
                            HttpTemper temper);
void http_server_free(HttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpServer, http_server_free)
/* "http://127.0.0.1:PORT/wsman" or "https://localhost:PORT/wsman" */
const char *http_server_url(const HttpServer *server);
guint http_server_port(const HttpServer *server);
guint http_server_n_connections(HttpServer *server);
guint http_server_n_requests(HttpServer *server);

void http_send(const HttpExchange *exchange, const char *data, gsize size);
/* A whole answer; content_type may be NULL, extra (header lines with CRLF) too. */
void http_answer(const HttpExchange *exchange, guint status, const char *content_type, const char *extra,
                 const char *body);
void http_answer_soap(const HttpExchange *exchange, guint status, const char *body);
void http_close(const HttpExchange *exchange);
void http_reset(const HttpExchange *exchange);
/* Until the client goes away or the server is freed; at most ms. */
void http_stall(const HttpExchange *exchange, guint ms);
