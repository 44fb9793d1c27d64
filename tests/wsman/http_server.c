/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "msvm-config.h" /* GNU extensions */

#include "tests/wsman/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_REQUEST (64u * 1024 * 1024)
#define PATIENCE_MS 20000 /* of a connection for its client, so that no test hangs */

struct HttpServer {
    int listener;
    int stop; /* an eventfd, readable from the end on */
    guint port;
    char *url;
    HttpHandler handler;
    gpointer opaque;
    const TlsIdentity *identity;
    HttpTemper temper;
    GThread *thread;
    GMutex lock;
    GPtrArray *threads;
    guint n_connections;
    guint n_requests;
};

struct HttpConnection {
    HttpServer *server;
    int fd;
    gnutls_session_t tls;
    gboolean done;
    guint number;
    guint n_requests;
};

/* FALSE at the end of the server or of patience. */
static gboolean
wait_for(const HttpServer *server, int fd, short events, int ms)
{
    struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = server->stop, .events = POLLIN } };
    int result;

    do {
        result = poll(fds, 2, ms);
    } while (result < 0 && errno == EINTR);
    return result > 0 && !fds[1].revents;
}

static gssize
receive(HttpConnection *connection, char *data, gsize size)
{
    gssize got;

    do {
        if ((!connection->tls || gnutls_record_check_pending(connection->tls) == 0) &&
            !wait_for(connection->server, connection->fd, POLLIN, PATIENCE_MS))
            return -1;
        got = connection->tls ? gnutls_record_recv(connection->tls, data, size)
                              : recv(connection->fd, data, size, 0);
    } while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
    return got;
}

static gboolean
transmit(HttpConnection *connection, const char *data, gsize size)
{
    while (size > 0) {
        gssize put;

        if (!wait_for(connection->server, connection->fd, POLLOUT, PATIENCE_MS))
            return FALSE;
        put = connection->tls ? gnutls_record_send(connection->tls, data, MIN(size, 16384))
                              : send(connection->fd, data, size, MSG_NOSIGNAL);
        if (put == GNUTLS_E_AGAIN || put == GNUTLS_E_INTERRUPTED)
            continue;
        if (put <= 0)
            return FALSE;
        data += put;
        size -= (gsize)put;
    }
    return TRUE;
}

void
http_send(const HttpExchange *exchange, const char *data, gsize size)
{
    if (!exchange->connection->done && !transmit(exchange->connection, data, size))
        exchange->connection->done = TRUE;
}

void
http_answer(const HttpExchange *exchange, guint status, const char *content_type, const char *extra,
            const char *body)
{
    g_autofree char *type = content_type ? g_strdup_printf("Content-Type: %s\r\n", content_type) : g_strdup("");
    g_autofree char *head = g_strdup_printf("HTTP/1.1 %u Whatever\r\n%s%sContent-Length: %zu\r\n"
                                            "Server: Microsoft-HTTPAPI/2.0\r\n\r\n",
                                            status, type, extra ? extra : "", strlen(body));

    http_send(exchange, head, strlen(head));
    http_send(exchange, body, strlen(body));
}

void
http_answer_soap(const HttpExchange *exchange, guint status, const char *body)
{
    http_answer(exchange, status, "application/soap+xml;charset=UTF-8", NULL, body);
}

void
http_close(const HttpExchange *exchange)
{
    exchange->connection->done = TRUE;
}

void
http_reset(const HttpExchange *exchange)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(exchange->connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    exchange->connection->done = TRUE;
}

void
http_stall(const HttpExchange *exchange, guint ms)
{
    (void)wait_for(exchange->connection->server, exchange->connection->fd, POLLRDHUP, (int)ms);
}

static gsize
content_length(const char *head)
{
    g_autofree char *lower = g_ascii_strdown(head, -1);
    const char *at = strstr(lower, "\r\ncontent-length:");

    return at ? g_ascii_strtoull(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* Header and body into data; *head_size to where the body begins. */
static gboolean
read_request(HttpConnection *connection, GString *data, gsize *head_size)
{
    gsize needed = 0;
    char piece[4096];

    g_string_truncate(data, 0);
    while (needed == 0 || data->len < needed) {
        gssize got = receive(connection, piece, sizeof(piece));
        const char *end;

        if (got <= 0 || data->len > MAX_REQUEST)
            return FALSE;
        g_string_append_len(data, piece, got);
        end = needed == 0 ? strstr(data->str, "\r\n\r\n") : NULL;
        if (end) {
            *head_size = (gsize)(end - data->str) + 4;
            needed = *head_size + content_length(data->str);
        }
    }
    return TRUE;
}

static void
serve(HttpConnection *connection)
{
    HttpServer *server = connection->server;
    g_autoptr(GString) data = g_string_new(NULL);
    gsize head_size = 0;

    while (!connection->done && read_request(connection, data, &head_size)) {
        g_autofree char *head = g_strndup(data->str, head_size);
        HttpExchange exchange = {
            .connection = connection, .head = head, .body = data->str + head_size,
            .body_size = data->len - head_size, .n_connection = connection->number,
            .n_on_connection = ++connection->n_requests,
        };

        g_mutex_lock(&server->lock);
        exchange.n_request = ++server->n_requests;
        g_mutex_unlock(&server->lock);
        server->handler(&exchange, server->opaque);
    }
}

static void
serve_endless_header(HttpConnection *connection)
{
    HttpExchange exchange = { .connection = connection };
    char piece[1024];

    if (receive(connection, piece, sizeof(piece)) <= 0)
        return;
    http_send(&exchange, "HTTP/1.1 200 OK\r\n", 17);
    while (!connection->done)
        http_send(&exchange, "X-More: and more and more and more and more\r\n", 45);
}

static gboolean
handshake(HttpConnection *connection)
{
    int result;

    gnutls_init(&connection->tls, GNUTLS_SERVER);
    gnutls_set_default_priority(connection->tls);
    gnutls_credentials_set(connection->tls, GNUTLS_CRD_CERTIFICATE,
                           tls_identity_credentials(connection->server->identity));
    gnutls_transport_set_int(connection->tls, connection->fd);
    gnutls_handshake_set_timeout(connection->tls, 5000);
    do {
        result = gnutls_handshake(connection->tls);
    } while (result < 0 && !gnutls_error_is_fatal(result));
    return result == 0;
}

static void
act(HttpConnection *connection)
{
    HttpServer *server = connection->server;
    HttpExchange exchange = { .connection = connection };

    switch (server->temper) {
    case HTTP_CLOSE_ON_ACCEPT:
        return;
    case HTTP_RESET_IN_HANDSHAKE:
        if (wait_for(server, connection->fd, POLLIN, PATIENCE_MS))
            http_reset(&exchange);
        return;
    case HTTP_SILENT:
        http_stall(&exchange, PATIENCE_MS);
        return;
    case HTTP_GARBAGE_ON_ACCEPT:
        http_send(&exchange, "\x16\x03garbage\r\n\r\n", 13);
        http_stall(&exchange, 500);
        return;
    case HTTP_ENDLESS_HEADER:
        serve_endless_header(connection);
        return;
    case HTTP_NORMAL:
        if (!server->identity || handshake(connection))
            serve(connection);
        return;
    }
}

static gpointer
run_connection(gpointer opaque)
{
    HttpConnection *connection = opaque;

    act(connection);
    if (connection->tls)
        gnutls_deinit(connection->tls);
    close(connection->fd);
    g_free(connection);
    return NULL;
}

static gpointer
run_server(gpointer opaque)
{
    HttpServer *server = opaque;

    while (wait_for(server, server->listener, POLLIN, -1)) {
        HttpConnection *connection = g_new0(HttpConnection, 1);
        int one = 1;

        connection->server = server;
        connection->fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection->fd < 0) {
            g_free(connection);
            continue;
        }
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        g_mutex_lock(&server->lock);
        connection->number = ++server->n_connections;
        g_ptr_array_add(server->threads, g_thread_new("connection", run_connection, connection));
        g_mutex_unlock(&server->lock);
    }
    return NULL;
}

HttpServer *
http_server_new(HttpHandler handler, gpointer opaque, const TlsIdentity *identity, HttpTemper temper)
{
    HttpServer *server = g_new0(HttpServer, 1);
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    server->handler = handler;
    server->opaque = opaque;
    server->identity = identity;
    server->temper = temper;
    g_mutex_init(&server->lock);
    server->threads = g_ptr_array_new();
    server->stop = eventfd(0, EFD_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (server->listener < 0 || server->stop < 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(server->listener, 64) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) < 0)
        g_error("no test server: %s", g_strerror(errno));
    server->port = ntohs(address.sin_port);
    server->url = g_strdup_printf(identity ? "https://localhost:%u/wsman" : "http://127.0.0.1:%u/wsman",
                                  server->port);
    server->thread = g_thread_new("server", run_server, server);
    return server;
}

void
http_server_free(HttpServer *server)
{
    eventfd_write(server->stop, 1);
    g_thread_join(server->thread);
    for (guint i = 0; i < server->threads->len; i++)
        g_thread_join(g_ptr_array_index(server->threads, i));
    g_ptr_array_unref(server->threads);
    close(server->listener);
    close(server->stop);
    g_mutex_clear(&server->lock);
    g_free(server->url);
    g_free(server);
}

const char *
http_server_url(const HttpServer *server)
{
    return server->url;
}

guint
http_server_port(const HttpServer *server)
{
    return server->port;
}

guint
http_server_n_connections(HttpServer *server)
{
    guint count;

    g_mutex_lock(&server->lock);
    count = server->n_connections;
    g_mutex_unlock(&server->lock);
    return count;
}

guint
http_server_n_requests(HttpServer *server)
{
    guint count;

    g_mutex_lock(&server->lock);
    count = server->n_requests;
    g_mutex_unlock(&server->lock);
    return count;
}
