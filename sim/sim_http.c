/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_http.h"

#include <errno.h>
#include <gio/gio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/sim_reply.h"

#define PATH "/wsman"
#define PATH_ANONYMOUS "/wsman-anon/identify"
#define CONTENT_TYPE "application/soap+xml;charset=UTF-8"
#define LISTEN_BACKLOG 128
/* A body that is too large, up to this, is read to its end: a client that is
 * still sending would meet the end of the connection before the answer. */
#define MAX_DRAINED_BODY (16 * 1024 * 1024)
#define HTTP_TOO_LARGE 413 /* the name changed between versions of the library */
#define FIRST_BODY_BYTES 4096

struct SimHttp {
    gint held; /* atomic: requests that a fault holds up */
    SimHttpOptions options;
    struct MHD_Daemon *daemon;
    SimWait wait;
    gint latency;      /* milliseconds, atomic */
    gint connections;  /* the number of the last one, atomic */
    guint16 port;
};

/* Lives as long as its TCP connection. */
typedef struct {
    guint64 number;
    SimAuthState auth;
} Connection;

/* One request, from its first header to its answer. */
typedef struct {
    SimHttp *http;
    struct MHD_Connection *connection;
    Connection *owner;
    GByteArray *body;
    gboolean too_large;
    WireRequest *request;
    WireFault *fault;
    char *asked;
    SimInjectAction action; /* on demand */
    SimReply reply;
    gboolean no_answer;
    SimLogEntry entry;
} Exchange;

/* --- connections --------------------------------------------------------------------- */

static void
on_connection(void *data, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code)
{
    SimHttp *http = data;
    Connection *connection = *slot;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = g_new0(Connection, 1);
        connection->number = (guint64)g_atomic_int_add(&http->connections, 1) + 1;
        *slot = connection;
    } else if (connection) {
        sim_auth_state_clear(&connection->auth);
        g_free(connection);
        *slot = NULL;
    }
    sim_log_connection(http->options.log, code == MHD_CONNECTION_NOTIFY_STARTED);
}

static void
exchange_free(Exchange *exchange)
{
    if (exchange->body) {
        /* It may hold a key protector. */
        explicit_bzero(exchange->body->data, exchange->body->len);
        g_byte_array_unref(exchange->body);
    }
    wire_request_free(exchange->request);
    wire_fault_free(exchange->fault);
    g_free(exchange->asked);
    sim_inject_action_clear(&exchange->action);
    sim_reply_clear(&exchange->reply);
    g_free(exchange);
}

static void
on_completed(void *data, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code)
{
    if (*slot)
        exchange_free(*slot);
    *slot = NULL;
}

static const char *
header(const Exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

/* --- answers -------------------------------------------------------------------------- */

static void
answer(Exchange *exchange, guint status, const char *text)
{
    sim_reply_clear(&exchange->reply);
    exchange->reply = (SimReply){ .status = status };
    if (text) {
        exchange->reply.body = g_string_new(text);
        exchange->reply.content_type = "text/html; charset=us-ascii";
    }
}

static void
answer_soap(Exchange *exchange, guint status, GString *body)
{
    sim_reply_clear(&exchange->reply);
    exchange->reply = (SimReply){ .status = status, .body = body, .content_type = CONTENT_TYPE };
}

static void
answer_unauthorized(Exchange *exchange, char *challenge, gboolean close)
{
    answer(exchange, MHD_HTTP_UNAUTHORIZED, NULL);
    exchange->reply.challenge = challenge;
    exchange->reply.challenges = challenge ? NULL : sim_auth_challenges();
    exchange->reply.close = close;
    exchange->entry.operation = "Unauthorized";
}

/* A SOAP fault; takes it over. */
static void
answer_fault(Exchange *exchange, WireFault *fault)
{
    wire_fault_free(exchange->fault);
    exchange->fault = fault;
    exchange->entry.fault = wire_fault_code(fault);
    answer_soap(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
                wire_service_fault(exchange->http->options.service, exchange->request, fault));
}

static void
answer_http_error(Exchange *exchange, const SimInjectAction *action)
{
    answer(exchange, (guint)action->number, action->empty ? NULL : "<HTML><BODY>Injected error</BODY></HTML>\r\n");
}

/* Whoever asks the control socket sees that it hangs. */
static void
hold(Exchange *exchange, guint64 milliseconds)
{
    g_atomic_int_inc(&exchange->http->held);
    sim_wait_for(&exchange->http->wait, milliseconds);
    g_atomic_int_add(&exchange->http->held, -1);
}

/* --- faults on demand ------------------------------------------------------------------- */

/* Those that come instead of the operation. FALSE: it is to be performed. */
static gboolean
inject_instead(Exchange *exchange)
{
    const SimInjectAction *action = &exchange->action;

    switch (action->kind) {
    case SIM_INJECT_HTTP:
        answer_http_error(exchange, action);
        return TRUE;
    case SIM_INJECT_UNAUTHORIZED:
        answer_unauthorized(exchange, NULL, FALSE);
        return TRUE;
    case SIM_INJECT_FAULT:
        answer_fault(exchange, wire_fault_new_raw((guint32)action->number, action->text));
        return TRUE;
    case SIM_INJECT_GARBAGE:
        answer_soap(exchange, MHD_HTTP_OK, g_string_new("\x01\x02 this is not XML <s:Envelope"));
        return TRUE;
    case SIM_INJECT_HUGE:
        answer_soap(exchange, MHD_HTTP_OK, NULL);
        exchange->reply.effect.kind = SIM_INJECT_HUGE;
        return TRUE;
    case SIM_INJECT_STALL:
        hold(exchange, action->number * 1000);
        exchange->no_answer = TRUE;
        return TRUE;
    case SIM_INJECT_RESET:
        exchange->no_answer = TRUE;
        return TRUE;
    default:
        return FALSE;
    }
}

/* What the model has to do differently. */
static void
inject_before(const Exchange *exchange)
{
    SimHost *host = exchange->http->options.host;
    const SimInjectAction *action = &exchange->action;
    const char *method = exchange->request->method;

    if (!method)
        return;
    if (action->kind == SIM_INJECT_RETURN)
        sim_host_fail_method(host, method, 1, (guint32)action->number, 0, NULL);
    else if (action->kind == SIM_INJECT_JOB)
        sim_host_fail_method(host, method, 1, 4096, (guint32)action->number, action->text);
}

/* Those that spoil the answer of an operation that was performed. */
static void
inject_after(Exchange *exchange)
{
    SimInjectAction *action = &exchange->action;
    guint timeout = wire_service_timeout(exchange->request);

    switch (action->kind) {
    case SIM_INJECT_HTTP_AFTER:
        answer_http_error(exchange, action);
        break;
    case SIM_INJECT_STALL_AFTER:
        hold(exchange, action->number * 1000);
        exchange->no_answer = TRUE;
        break;
    case SIM_INJECT_RESET_AFTER:
        exchange->no_answer = TRUE;
        break;
    case SIM_INJECT_DELAY:
        sim_wait_for(&exchange->http->wait, MIN(action->number, timeout));
        if (action->number > timeout)
            answer_fault(exchange, wire_fault_new(WIRE_FAULT_TIMED_OUT, NULL));
        break;
    case SIM_INJECT_RESET_MID:
    case SIM_INJECT_STALL_MID:
    case SIM_INJECT_TRUNCATE:
        exchange->reply.effect = (SimInjectAction){ .kind = action->kind, .number = action->number };
        break;
    default:
        break;
    }
}

static void
find_injection(Exchange *exchange)
{
    const WireRequest *request = exchange->request;
    const char *names[4] = { wire_operation_name(request->operation) };
    guint n = 1;

    if (request->class_name)
        names[n++] = request->class_name;
    if (request->method)
        names[n++] = request->method;
    if (sim_inject_match(exchange->http->options.inject, names, &exchange->action))
        exchange->entry.injected = sim_inject_kind_name(exchange->action.kind);
}

/* --- SOAP --------------------------------------------------------------------------------- */

/* The charset of the request; FALSE when it is not SOAP, or in another one than
 * UTF-8 and UTF-16. */
static gboolean
read_content_type(const Exchange *exchange, const char **encoding)
{
    const char *type = header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *charset;

    *encoding = NULL;
    if (!type || g_ascii_strncasecmp(type, "application/soap+xml", 20) != 0)
        return FALSE;
    charset = strchr(type, '=');
    if (!charset)
        return TRUE;
    charset += 1 + strspn(charset + 1, "\"' ");
    if (g_ascii_strncasecmp(charset, "utf-16", 6) == 0)
        *encoding = "UTF-16";
    return *encoding || g_ascii_strncasecmp(charset, "utf-8", 5) == 0;
}

static void
parse(Exchange *exchange, const char *encoding)
{
    const GByteArray *body = exchange->body;

    exchange->request = wire_request_parse((const char *)body->data, body->len, encoding, &exchange->fault);
    exchange->entry.operation = wire_operation_name(exchange->request->operation);
    exchange->entry.action = exchange->request->action;
    exchange->entry.class_name = exchange->request->class_name;
    exchange->entry.method = exchange->request->method;
}

static void
perform(Exchange *exchange)
{
    WireFault *fault = g_steal_pointer(&exchange->fault);
    GString *out = NULL;

    if (!fault) {
        find_injection(exchange);
        if (inject_instead(exchange))
            return;
        inject_before(exchange);
        out = wire_service_perform(exchange->http->options.service, exchange->request, exchange->entry.user,
                                   &exchange->asked, &fault);
        exchange->entry.query = exchange->asked;
    }
    if (out)
        answer_soap(exchange, MHD_HTTP_OK, out);
    else
        answer_fault(exchange, fault);
    inject_after(exchange);
}

/* --- HTTP ---------------------------------------------------------------------------------- */

/* Whether the caller may go on; otherwise the answer is set. */
static gboolean
authenticate(Exchange *exchange)
{
    const char *authorization = header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
    SimAuthState *state = &exchange->owner->auth;
    char *challenge = NULL;
    SimAuthResult result = sim_auth_check(exchange->http->options.auth, state, authorization, &challenge);

    if (result == SIM_AUTH_ACCEPTED) {
        exchange->entry.user = state->user;
        exchange->reply.challenge = challenge;
        return TRUE;
    }
    answer_unauthorized(exchange, challenge, result == SIM_AUTH_REFUSED);
    return FALSE;
}

/* Identify without credentials, asked for by a header (MS-WSMV 3.1.4.1.23). */
static gboolean
is_anonymous_identify(const Exchange *exchange, const char *url)
{
    const char *wish = header(exchange, "WSMANIDENTIFY");

    return wish && g_ascii_strcasecmp(wish, "unauthenticated") == 0 &&
        (strcmp(url, PATH_ANONYMOUS) == 0 || !header(exchange, MHD_HTTP_HEADER_AUTHORIZATION));
}

static void
process(Exchange *exchange, const char *url, const char *method)
{
    const SimHttpOptions *options = &exchange->http->options;
    gboolean anonymous = is_anonymous_identify(exchange, url);
    const char *encoding;

    if (strcmp(url, PATH) != 0 && !(anonymous && strcmp(url, PATH_ANONYMOUS) == 0)) {
        answer(exchange, MHD_HTTP_NOT_FOUND, "<HTML><BODY>Not Found</BODY></HTML>\r\n");
        return;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
        answer(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, NULL);
        return;
    }
    if (!anonymous && !authenticate(exchange))
        return;
    if (!options->tls && !options->allow_unencrypted && !anonymous) {
        /* AllowUnencrypted is false: an empty 500, as real hosts answer. */
        answer(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
        return;
    }
    if (!read_content_type(exchange, &encoding)) {
        answer(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, NULL);
        return;
    }
    parse(exchange, encoding);
    if (anonymous && exchange->request->operation != WIRE_OP_IDENTIFY) {
        answer_unauthorized(exchange, NULL, FALSE);
        return;
    }
    perform(exchange);
}

static void
write_log(Exchange *exchange)
{
    const union MHD_ConnectionInfo *size = MHD_get_connection_info(exchange->connection,
                                                                   MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    SimLogEntry *entry = &exchange->entry;

    entry->connection = exchange->owner->number;
    entry->bytes_in = exchange->body->len;
    entry->http_in = exchange->body->len + (size ? size->header_size : 0);
    if (!exchange->no_answer) {
        entry->status = exchange->reply.status;
        entry->bytes_out = exchange->reply.body ? exchange->reply.body->len : 0;
        entry->http_out = entry->bytes_out + sim_reply_header_size(&exchange->reply);
    }
    sim_log_add(exchange->http->options.log, entry);
}

static enum MHD_Result
finish(Exchange *exchange)
{
    write_log(exchange);
    if (exchange->no_answer) {
        sim_reply_reset(exchange->connection);
        return MHD_NO;
    }
    return sim_reply_send(&exchange->reply, exchange->connection, &exchange->http->wait);
}

static enum MHD_Result
start(SimHttp *http, struct MHD_Connection *mhd, void **slot)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    Exchange *exchange = g_new0(Exchange, 1);
    const char *length;
    guint64 size;

    exchange->http = http;
    exchange->connection = mhd;
    exchange->owner = info->socket_context;
    exchange->body = g_byte_array_sized_new(FIRST_BODY_BYTES);
    exchange->entry.operation = "Unknown";
    exchange->entry.started = g_get_monotonic_time();
    *slot = exchange;
    length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length && (!g_ascii_string_to_unsigned(length, 10, 0, G_MAXUINT64, &size, NULL) ||
                   size > MAX_DRAINED_BODY)) {
        /* Refused before it is read: the connection ends with the answer. */
        answer(exchange, HTTP_TOO_LARGE, NULL);
        return finish(exchange);
    }
    exchange->too_large = length && size > http->options.max_body;
    return MHD_YES;
}

static void
take_body(Exchange *exchange, const char *data, size_t size)
{
    if (exchange->too_large || exchange->body->len + size > exchange->http->options.max_body)
        exchange->too_large = TRUE;
    else
        g_byte_array_append(exchange->body, (const guint8 *)data, (guint)size);
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_size, void **slot)
{
    SimHttp *http = data;
    Exchange *exchange = *slot;

    if (!exchange)
        return start(http, mhd, slot);
    if (*upload_size) {
        take_body(exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    sim_wait_for(&http->wait, (guint64)g_atomic_int_get(&http->latency));
    if (exchange->too_large)
        answer(exchange, HTTP_TOO_LARGE, NULL);
    else
        process(exchange, url, method);
    return finish(exchange);
}

/* --- start and stop ------------------------------------------------------------------------- */

static int
listen_at(const char *address, guint16 port, guint16 *bound, GError **error)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *list = NULL;
    g_autofree char *service = g_strdup_printf("%u", port);
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    int one = 1, fd = -1, code = getaddrinfo(address, service, &hints, &list);

    if (code == 0)
        fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (code != 0 || fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &length) < 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot listen on %s port %u: %s", address, port,
                    code ? gai_strerror(code) : g_strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    } else {
        *bound = ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                                  : ((struct sockaddr_in *)&name)->sin_port);
    }
    if (list)
        freeaddrinfo(list);
    return fd;
}

SimHttp *
sim_http_start(const SimHttpOptions *options, GError **error)
{
    SimHttp *http = g_new0(SimHttp, 1);
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_KEY, 0, options->tls ? options->tls->key : NULL },
        { MHD_OPTION_HTTPS_MEM_CERT, 0, options->tls ? options->tls->certificate : NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
    int fd;

    sim_wait_init(&http->wait);
    http->options = *options;
    fd = listen_at(options->address, options->port, &http->port, error);
    if (fd >= 0) {
        http->daemon = MHD_start_daemon(options->tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, on_request, http,
                                        MHD_OPTION_LISTEN_SOCKET, fd,
                                        MHD_OPTION_CONNECTION_LIMIT, SIM_HTTP_MAX_CONNECTIONS,
                                        MHD_OPTION_CONNECTION_TIMEOUT, SIM_HTTP_IDLE_SECONDS,
                                        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
                                        MHD_OPTION_ARRAY, options->tls ? tls : none, MHD_OPTION_END);
        if (!http->daemon) {
            close(fd);
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot start the HTTP server%s",
                        options->tls ? " (is the certificate with its key valid?)" : "");
        }
    }
    if (!http->daemon) {
        sim_http_stop(http);
        return NULL;
    }
    return http;
}

void
sim_http_stop(SimHttp *http)
{
    if (!http)
        return;
    sim_wait_stop(&http->wait);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    sim_wait_clear(&http->wait);
    g_free(http);
}

guint16
sim_http_port(const SimHttp *http)
{
    return http->port;
}

void
sim_http_set_latency(SimHttp *http, guint milliseconds)
{
    g_atomic_int_set(&http->latency, (gint)milliseconds);
}

guint
sim_http_held(SimHttp *http)
{
    return (guint)g_atomic_int_get(&http->held);
}

guint
sim_http_latency(SimHttp *http)
{
    return (guint)g_atomic_int_get(&http->latency);
}
