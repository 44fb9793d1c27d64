/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_reply.h"

#include <string.h>
#include <sys/socket.h>

#define SERVER "Microsoft-HTTPAPI/2.0"
#define BLOCK_SIZE 16384
#define FLUSH_MS 50 /* for what was written to get out before a reset */

/* --- waiting ---------------------------------------------------------------------- */

void
sim_wait_init(SimWait *wait)
{
    g_mutex_init(&wait->lock);
    g_cond_init(&wait->changed);
    wait->stopping = FALSE;
}

void
sim_wait_clear(SimWait *wait)
{
    g_mutex_clear(&wait->lock);
    g_cond_clear(&wait->changed);
}

void
sim_wait_stop(SimWait *wait)
{
    g_mutex_lock(&wait->lock);
    wait->stopping = TRUE;
    g_cond_broadcast(&wait->changed);
    g_mutex_unlock(&wait->lock);
}

gboolean
sim_wait_for(SimWait *wait, guint64 milliseconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)milliseconds * 1000;
    gboolean go_on;

    g_mutex_lock(&wait->lock);
    while (!wait->stopping && g_cond_wait_until(&wait->changed, &wait->lock, until))
        ;
    go_on = !wait->stopping;
    g_mutex_unlock(&wait->lock);
    return go_on;
}

/* --- transport -------------------------------------------------------------------- */

void
sim_reply_reset(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr nobody = { .sa_family = AF_UNSPEC };

    /* Connecting to nobody dissolves the association with an RST (tcp(7)). */
    if (info)
        (void)connect(info->connect_fd, &nobody, sizeof(nobody));
}

/* A body that does not go its ordinary way. */
typedef struct {
    GString *body;
    SimInjectAction effect;
    guint64 turn;        /* where something happens */
    gboolean done;
    struct MHD_Connection *connection;
    SimWait *wait;
} Stream;

static void
stream_free(void *data)
{
    Stream *stream = data;

    g_string_free(stream->body, TRUE);
    sim_inject_action_clear(&stream->effect);
    g_free(stream);
}

/* At the turning point; FALSE: that was it. */
static gboolean
stream_turn(Stream *stream)
{
    stream->done = TRUE;
    switch (stream->effect.kind) {
    case SIM_INJECT_STALL_MID:
        return sim_wait_for(stream->wait, stream->effect.number * 1000);
    case SIM_INJECT_RESET_MID:
        sim_wait_for(stream->wait, FLUSH_MS);
        sim_reply_reset(stream->connection);
        return FALSE;
    default:
        return FALSE;
    }
}

static ssize_t
stream_read(void *data, uint64_t position, char *buffer, size_t size)
{
    Stream *stream = data;
    guint64 end = stream->done ? stream->body->len : MIN(stream->turn, stream->body->len);

    if (stream->effect.kind == SIM_INJECT_HUGE) {
        if (position > SIM_REPLY_HUGE_LIMIT)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        memset(buffer, ' ', size);
        return (ssize_t)size;
    }
    if (position >= end && !stream->done) {
        if (!stream_turn(stream))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        end = stream->body->len;
    }
    if (position >= end)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size = (size_t)MIN(size, end - position);
    memcpy(buffer, stream->body->str + position, size);
    return (ssize_t)size;
}

static struct MHD_Response *
stream_response(SimReply *reply, struct MHD_Connection *connection, SimWait *wait)
{
    Stream *stream = g_new0(Stream, 1);
    gboolean huge = reply->effect.kind == SIM_INJECT_HUGE;

    stream->body = reply->body ? g_steal_pointer(&reply->body) : g_string_new(NULL);
    stream->effect = reply->effect;
    memset(&reply->effect, 0, sizeof(reply->effect));
    stream->turn = stream->effect.kind == SIM_INJECT_TRUNCATE ? stream->effect.number : stream->body->len / 2;
    stream->connection = connection;
    stream->wait = wait;
    return MHD_create_response_from_callback(huge ? MHD_SIZE_UNKNOWN : stream->body->len, BLOCK_SIZE, stream_read,
                                             stream, stream_free);
}

/* --- sending ----------------------------------------------------------------------- */

static struct MHD_Response *
plain_response(SimReply *reply)
{
    gsize n = reply->body ? reply->body->len : 0;
    char *text = reply->body ? g_string_free(g_steal_pointer(&reply->body), FALSE) : NULL;

    return MHD_create_response_from_buffer_with_free_callback(n, text, g_free);
}

enum MHD_Result
sim_reply_send(SimReply *reply, struct MHD_Connection *connection, SimWait *wait)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (reply->effect.kind == SIM_INJECT_NONE)
        response = plain_response(reply);
    else
        response = stream_response(reply, connection, wait);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_SERVER, SERVER);
    if (reply->content_type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    if (reply->challenge)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, reply->challenge);
    for (const char *const *challenge = reply->challenges; challenge && *challenge; challenge++)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, *challenge);
    if (reply->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static guint64
header_line(const char *name, const char *value)
{
    return strlen(name) + 2 + strlen(value) + 2;
}

guint64
sim_reply_header_size(const SimReply *reply)
{
    g_autofree char *length = g_strdup_printf("%" G_GSIZE_FORMAT, reply->body ? reply->body->len : 0);
    const char *reason = MHD_get_reason_phrase_for(reply->status);
    guint64 size = strlen("HTTP/1.1 200 \r\n") + strlen(reason ? reason : "") + 2;

    size += header_line("Date", "Thu, 01 Jan 1970 00:00:00 GMT") + header_line("Content-Length", length);
    size += header_line("Server", SERVER);
    if (reply->content_type)
        size += header_line("Content-Type", reply->content_type);
    if (reply->challenge)
        size += header_line("WWW-Authenticate", reply->challenge);
    for (const char *const *challenge = reply->challenges; challenge && *challenge; challenge++)
        size += header_line("WWW-Authenticate", *challenge);
    if (reply->close)
        size += header_line("Connection", "close");
    return size;
}

void
sim_reply_clear(SimReply *reply)
{
    if (reply->body)
        g_string_free(g_steal_pointer(&reply->body), TRUE);
    g_clear_pointer(&reply->challenge, g_free);
    sim_inject_action_clear(&reply->effect);
}
