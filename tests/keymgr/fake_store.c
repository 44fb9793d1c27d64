/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/fake_store.h"

#include <stdlib.h>
#include <string.h>

#define MAX_HEAD 65536

struct FakeServer {
    GThread *thread;
    GMainContext *context;
    GMutex lock;
    GCond ready;
    FakeHandler handler;
    gpointer opaque;
    FakeTls *tls; /* NULL: plain */
    char *url; /* set when ready */
    gint requests;
    gint running;
    gint most;
    gint connections;
    gint stopping;
};

/* Reads up to the empty line; NULL when the client is gone. */
static char *
read_head(GDataInputStream *in)
{
    g_autoptr(GString) head = g_string_new(NULL);

    while (head->len < MAX_HEAD) {
        g_autofree char *line = g_data_input_stream_read_line(in, NULL, NULL, NULL);

        if (!line)
            return NULL;
        if (*line == '\0' || strcmp(line, "\r") == 0)
            return g_string_free(g_steal_pointer(&head), FALSE);
        g_string_append_printf(head, "%s\n", line);
    }
    return NULL;
}

char *
fake_request_header(const FakeRequest *request, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(request->head, "\n", -1);
    g_autofree char *prefix = g_strconcat(name, ":", NULL);
    gsize i;

    for (i = 0; lines[i]; i++) {
        if (g_ascii_strncasecmp(lines[i], prefix, strlen(prefix)) == 0)
            return g_strstrip(g_strdup(lines[i] + strlen(prefix)));
    }
    return NULL;
}

static FakeRequest *
read_request(GDataInputStream *in)
{
    g_autofree char *head = read_head(in);
    g_autofree char *length = NULL;
    g_auto(GStrv) words = NULL;
    FakeRequest *request;
    gsize size;

    if (!head)
        return NULL;
    request = g_new0(FakeRequest, 1);
    request->head = g_steal_pointer(&head);
    words = g_strsplit_set(request->head, " \n", 3);
    request->method = g_strdup(words[0]);
    request->path = g_strdup(words[0] ? words[1] : "");
    length = fake_request_header(request, "Content-Length");
    size = length ? (gsize)strtoul(length, NULL, 10) : 0;
    request->body = g_malloc0(size + 1);
    g_input_stream_read_all(G_INPUT_STREAM(in), request->body, size, NULL, NULL, NULL);
    return request;
}

static void
request_free(FakeRequest *request)
{
    g_free(request->method);
    g_free(request->path);
    g_free(request->head);
    g_free(request->body);
    g_free(request);
}

static gboolean
serve_one(FakeServer *server, GDataInputStream *in, GOutputStream *out)
{
    FakeRequest *request = read_request(in);
    gboolean keep;
    gint running;

    if (!request)
        return FALSE;
    request->out = out;
    request->number = (guint)g_atomic_int_add(&server->requests, 1) + 1;
    running = g_atomic_int_add(&server->running, 1) + 1;
    if (running > g_atomic_int_get(&server->most))
        g_atomic_int_set(&server->most, running);
    keep = server->handler(server, request, server->opaque);
    g_atomic_int_add(&server->running, -1);
    request_free(request);
    return keep;
}

static void
serve_all(FakeServer *server, GIOStream *stream)
{
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(g_io_stream_get_input_stream(stream));

    g_data_input_stream_set_newline_type(in, G_DATA_STREAM_NEWLINE_TYPE_LF);
    while (!fake_server_is_stopping(server) && serve_one(server, in, g_io_stream_get_output_stream(stream)))
        ;
    g_io_stream_close(stream, NULL, NULL);
}

static gboolean
on_run(GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer opaque)
{
    FakeServer *server = opaque;
    g_autoptr(GIOStream) stream = NULL;

    g_atomic_int_inc(&server->connections);
    g_socket_set_timeout(g_socket_connection_get_socket(connection), 5);
    stream = server->tls ? fake_tls_accept(server->tls, connection) : G_IO_STREAM(g_object_ref(connection));
    if (stream)
        serve_all(server, stream);
    g_atomic_int_add(&server->connections, -1);
    return TRUE;
}

/* Everything of the service happens in this thread's own main context. */
static gpointer
server_thread(gpointer opaque)
{
    FakeServer *server = opaque;
    g_autoptr(GInetAddress) address = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(address, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    GSocketService *service;

    g_main_context_push_thread_default(server->context);
    service = g_threaded_socket_service_new(64);
    g_assert_true(g_socket_listener_add_address(G_SOCKET_LISTENER(service), any, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
    g_signal_connect(service, "run", G_CALLBACK(on_run), server);
    g_socket_service_start(service);
    g_mutex_lock(&server->lock);
    server->url = g_strdup_printf("http%s://127.0.0.1:%u", server->tls ? "s" : "",
                                  g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    g_cond_signal(&server->ready);
    g_mutex_unlock(&server->lock);
    while (!fake_server_is_stopping(server))
        g_main_context_iteration(server->context, TRUE);
    g_socket_service_stop(service);
    g_socket_listener_close(G_SOCKET_LISTENER(service));
    while (g_atomic_int_get(&server->connections) > 0)
        g_usleep(1000);
    while (g_main_context_iteration(server->context, FALSE))
        ;
    g_object_unref(service);
    g_main_context_pop_thread_default(server->context);
    return NULL;
}

FakeServer *
fake_server_new(FakeHandler handler, gpointer opaque)
{
    return fake_server_new_tls(handler, opaque, NULL);
}

FakeServer *
fake_server_new_tls(FakeHandler handler, gpointer opaque, FakeTls *tls)
{
    FakeServer *server = g_new0(FakeServer, 1);

    server->tls = tls;
    server->handler = handler;
    server->opaque = opaque;
    server->context = g_main_context_new();
    g_mutex_init(&server->lock);
    g_cond_init(&server->ready);
    server->thread = g_thread_new("fake-server", server_thread, server);
    g_mutex_lock(&server->lock);
    while (!server->url)
        g_cond_wait(&server->ready, &server->lock);
    g_mutex_unlock(&server->lock);
    return server;
}

void
fake_server_free(FakeServer *server)
{
    g_atomic_int_set(&server->stopping, 1);
    g_main_context_wakeup(server->context);
    g_thread_join(server->thread);
    g_main_context_unref(server->context);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->ready);
    g_free(server->url);
    g_free(server);
}

const char *
fake_server_url(FakeServer *server)
{
    return server->url;
}

guint
fake_server_requests(FakeServer *server)
{
    return (guint)g_atomic_int_get(&server->requests);
}

guint
fake_server_most_at_once(FakeServer *server)
{
    return (guint)g_atomic_int_get(&server->most);
}

gboolean
fake_server_is_stopping(FakeServer *server)
{
    return g_atomic_int_get(&server->stopping);
}

gboolean
fake_write(FakeRequest *request, gconstpointer data, gsize size)
{
    return g_output_stream_write_all(request->out, data, size, NULL, NULL, NULL);
}

gboolean
fake_reply(FakeRequest *request, guint status, const char *type, const char *headers, const char *body)
{
    g_autofree char *whole = g_strdup_printf("HTTP/1.1 %u Whatever\r\nContent-Type: %s\r\n%s"
                                             "Content-Length: %zu\r\n\r\n%s",
                                             status, type, headers, strlen(body), body);

    return fake_write(request, whole, strlen(whole));
}

static char *
iso(gint64 seconds_from_now)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_seconds(now, (double)seconds_from_now);

    return g_date_time_format(then, "%Y-%m-%dT%H:%M:%S.000000Z");
}

gboolean
fake_reply_token(FakeRequest *request, const char *token, guint seconds, const char *url)
{
    /* Issued an hour "ago": the server's clock is not ours. */
    g_autofree char *start = iso(-3600);
    g_autofree char *end = iso((gint64)seconds - 3600);
    g_autofree char *headers = g_strdup_printf("X-Subject-Token: %s\r\n", token);
    g_autofree char *body = g_strdup_printf(
        "{\"token\":{\"issued_at\":\"%s\",\"expires_at\":\"%s\",\"catalog\":[{\"type\":\"key-manager\","
        "\"name\":\"barbican\",\"endpoints\":[{\"interface\":\"public\",\"region_id\":\"RegionOne\","
        "\"url\":\"%s\"}]}]}}", start, end, url);

    return fake_reply(request, 201, "application/json", headers, body);
}

gboolean
fake_server_answer_never(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    while (!fake_server_is_stopping(server))
        g_usleep(5000);
    return FALSE;
}
