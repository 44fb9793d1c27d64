/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session is a libcurl multi handle with its connections. A call takes an
 * idle session or makes one, and gives it back: so connections stay warm, no
 * two threads meet in libcurl, and no lock is held while waiting.
 */
#include "keymgr/keymgr_http.h"

#include <string.h>

#include <curl/curl.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_memory.h"
#include "keymgr/keymgr_text.h"

/* The longest sleep in one poll; a cancellable wakes it at once. */
#define POLL_MS 1000
/* A day: no call lives so long. */
#define MAX_RETRY_AFTER 86400

/* Requests at once over one HTTP/2 connection: what RFC 9113 would have
 * servers allow at least. */
#define MAX_STREAMS 100

struct KeymgrHttp {
    KeymgrHttpOptions options;
    gint has_http2; /* the last answer over a shared connection was HTTP/2 */
    GMutex lock;
    GQueue idle;        /* of CURLM */
    GQueue idle_shared; /* the same, with connections that speak HTTP/2 */
};

/* One request in flight. */
typedef struct {
    KeymgrHttpRequest *request;
    CURL *easy;
    struct curl_slist lines[8];
    char *plain[3];
    char reason[CURL_ERROR_SIZE];
} Transfer;

/* One call of perform(). */
typedef struct {
    KeymgrHttp *http;
    CURLM *multi;
    gboolean shared; /* one connection for all, where the server has HTTP/2 */
    KeymgrHttpRequest **requests;
    Transfer *transfers; /* of the requests that were begun */
    gsize count;
    gsize begun;
    gsize running;
    gboolean stopped;
    KeymgrHttpDone done;
    gpointer opaque;
} Call;

void
keymgr_http_request_reset(KeymgrHttpRequest *request)
{
    request->status = 0;
    request->retry_after = 0;
    request->header_bytes = 0;
    request->over_limit = FALSE;
    request->framed = FALSE;
    request->heard = FALSE;
    /* Servers repeat what they were sent in places like these, too. */
    g_clear_pointer(&request->answer_type, keymgr_text_wipe_free);
    g_clear_pointer(&request->location, keymgr_text_wipe_free);
    g_clear_pointer(&request->answer, keymgr_secret_unref);
    g_clear_pointer(&request->subject_token, keymgr_secret_unref);
    g_clear_error(&request->error);
}

void
keymgr_http_request_free(KeymgrHttpRequest *request)
{
    gsize i;

    if (!request)
        return;
    keymgr_http_request_reset(request);
    g_free(request->url);
    keymgr_secret_unref(request->body);
    for (i = 0; i < G_N_ELEMENTS(request->headers); i++)
        keymgr_secret_unref(request->headers[i]);
    g_free(request);
}

KeymgrSecret *
keymgr_http_secret_header(const char *name, const KeymgrSecret *value)
{
    KeymgrSecret *line = keymgr_secret_new_buffer(KEYMGR_SECRET_MAX_SIZE);

    if (!keymgr_secret_append(line, name, strlen(name)) || !keymgr_secret_append(line, ": ", 2) ||
        !keymgr_secret_append(line, keymgr_secret_data(value), keymgr_secret_size(value)) ||
        !keymgr_secret_append(line, "", 1))
        g_error("a header line of more than %d bytes", KEYMGR_SECRET_MAX_SIZE);
    return line;
}

void
keymgr_http_options_clear(KeymgrHttpOptions *options)
{
    g_free(options->ca_path);
    g_free(options->cert_file);
    g_free(options->key_file);
}

KeymgrHttp *
keymgr_http_new(const KeymgrHttpOptions *options)
{
    KeymgrHttp *http = g_new0(KeymgrHttp, 1);

    keymgr_memory_init();
    http->options = *options;
    http->options.ca_path = g_strdup(options->ca_path);
    http->options.cert_file = g_strdup(options->cert_file);
    http->options.key_file = g_strdup(options->key_file);
    g_mutex_init(&http->lock);
    g_queue_init(&http->idle);
    g_queue_init(&http->idle_shared);
    return http;
}

static void
session_free(gpointer multi)
{
    curl_multi_cleanup(multi);
}

void
keymgr_http_free(KeymgrHttp *http)
{
    if (!http)
        return;
    g_queue_clear_full(&http->idle, session_free);
    g_queue_clear_full(&http->idle_shared, session_free);
    g_mutex_clear(&http->lock);
    keymgr_http_options_clear(&http->options);
    g_free(http);
}

/* Apart from each other: libcurl would send what is meant for HTTP/1.1 over a
 * connection that it has. */
static GQueue *
idle_queue(KeymgrHttp *http, gboolean shared)
{
    return shared ? &http->idle_shared : &http->idle;
}

static CURLM *
session_take(KeymgrHttp *http, gboolean shared)
{
    CURLM *multi;

    g_mutex_lock(&http->lock);
    multi = g_queue_pop_head(idle_queue(http, shared));
    g_mutex_unlock(&http->lock);
    if (multi)
        return multi;

    multi = curl_multi_init();
    if (!multi)
        g_error("libcurl gives no multi handle");
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)http->options.max_connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)http->options.max_connections + 1);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return multi;
}

static void
session_give_back(KeymgrHttp *http, gboolean shared, CURLM *multi)
{
    GQueue *idle = idle_queue(http, shared);

    g_mutex_lock(&http->lock);
    if (g_queue_get_length(idle) < KEYMGR_HTTP_MAX_IDLE_SESSIONS)
        g_queue_push_head(idle, g_steal_pointer(&multi));
    g_mutex_unlock(&http->lock);
    if (multi)
        session_free(multi);
}

void
keymgr_http_cool_down(KeymgrHttp *http)
{
    GQueue ended;

    g_mutex_lock(&http->lock);
    ended = http->idle_shared;
    g_queue_init(&http->idle_shared);
    g_mutex_unlock(&http->lock);
    g_queue_clear_full(&ended, session_free);
}

/* The value of header NAME in one line of an answer, without white space at
 * its ends; NULL when the line is another header. */
static const char *
header_value(const char *line, gsize size, const char *name, gsize *value_size)
{
    gsize skip = strlen(name);

    if (size <= skip || g_ascii_strncasecmp(line, name, skip) != 0 || line[skip] != ':')
        return NULL;
    for (skip++; skip < size && g_ascii_isspace(line[skip]); skip++)
        ;
    while (size > skip && g_ascii_isspace(line[size - 1]))
        size--;
    *value_size = size - skip;
    return line + skip;
}

/* Retry-After: a number, or a date. What is neither is as good as nothing
 * said. */
static guint
seconds_of(const char *value, gsize size)
{
    char *text = g_strndup(value, size);
    gint64 seconds;

    if (g_ascii_isdigit(*text))
        seconds = g_ascii_strtoll(text, NULL, 10);
    else
        seconds = curl_getdate(text, NULL) - g_get_real_time() / G_USEC_PER_SEC;
    keymgr_text_wipe_free(text);
    return (guint)CLAMP(seconds, 0, MAX_RETRY_AFTER);
}

static size_t
on_header(char *line, size_t one, size_t size, void *opaque)
{
    KeymgrHttpRequest *request = opaque;
    const char *value;
    gsize value_size;

    request->header_bytes += size;
    if (request->header_bytes > KEYMGR_HTTP_MAX_HEADERS) {
        request->over_limit = TRUE;
        return 0;
    }
    if ((value = header_value(line, size, "X-Subject-Token", &value_size))) {
        if (value_size > KEYMGR_HTTP_MAX_TOKEN) {
            request->over_limit = TRUE;
            return 0;
        }
        keymgr_secret_unref(request->subject_token);
        request->subject_token = keymgr_secret_new(value, value_size);
    } else if ((value = header_value(line, size, "Location", &value_size))) {
        keymgr_text_wipe_free(request->location);
        request->location = g_strndup(value, value_size);
    } else if ((value = header_value(line, size, "Retry-After", &value_size))) {
        request->retry_after = seconds_of(value, value_size);
    }
    if (header_value(line, size, "Content-Length", &value_size) ||
        header_value(line, size, "Transfer-Encoding", &value_size))
        request->framed = TRUE;
    return size;
}

static size_t
on_body(char *data, size_t one, size_t size, void *opaque)
{
    KeymgrHttpRequest *request = opaque;

    if (keymgr_secret_append(request->answer, data, size))
        return size;
    request->over_limit = TRUE;
    return 0;
}

static void
transfer_add_line(Transfer *transfer, gsize *used, const char *line)
{
    g_assert(*used < G_N_ELEMENTS(transfer->lines));
    /* libcurl copies a header list's nodes nowhere, so that they may point
     * into locked memory; curl_slist_append() would copy the text. */
    transfer->lines[*used].data = (char *)line;
    transfer->lines[*used].next = NULL;
    if (*used > 0)
        transfer->lines[*used - 1].next = &transfer->lines[*used];
    (*used)++;
}

static void
transfer_set_headers(Transfer *transfer)
{
    KeymgrHttpRequest *request = transfer->request;
    gsize used = 0;
    gsize i;

    if (request->accept) {
        transfer->plain[0] = g_strconcat("Accept: ", request->accept, NULL);
        transfer_add_line(transfer, &used, transfer->plain[0]);
    }
    if (request->body) {
        transfer->plain[1] = g_strconcat("Content-Type: ", request->content_type, NULL);
        transfer_add_line(transfer, &used, transfer->plain[1]);
        transfer_add_line(transfer, &used, "Expect:"); /* no 100-continue round */
    }
    if (request->plain_header)
        transfer_add_line(transfer, &used, request->plain_header);
    for (i = 0; i < G_N_ELEMENTS(request->headers); i++) {
        if (request->headers[i])
            transfer_add_line(transfer, &used, (const char *)keymgr_secret_data(request->headers[i]));
    }
    if (used > 0)
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines);
}

static void
transfer_set_tls(CURL *easy, const KeymgrHttpOptions *options)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    if (options->ca_path && !options->insecure) {
        gboolean folder = g_file_test(options->ca_path, G_FILE_TEST_IS_DIR);

        curl_easy_setopt(easy, CURLOPT_CAINFO, folder ? NULL : options->ca_path);
        curl_easy_setopt(easy, CURLOPT_CAPATH, folder ? options->ca_path : NULL);
    }
    if (options->cert_file) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key_file ? options->key_file : options->cert_file);
    }
}

static void
transfer_set_limits(CURL *easy, const KeymgrHttpOptions *options, gboolean shared)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Names are looked up in a thread, which nothing can end. Without this,
     * libcurl would wait for it after a cancellation and past all limits of
     * time; with it, the thread is left to end by itself. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     shared ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    /* With HTTP/2, wait for the first connection and share it. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, shared ? 1L : 0L);
    /* Tokens go to the server and to nobody in between. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* libcurl counts the time of a request from here on. */
static void
transfer_start(Transfer *transfer, Call *call, KeymgrHttpRequest *request)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        g_error("libcurl gives no easy handle");
    request->answer = keymgr_secret_new_buffer(request->max_answer);
    transfer->request = request;
    transfer->easy = easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "libvirt-msvm");
    transfer_set_limits(easy, &call->http->options, call->shared);
    transfer_set_tls(easy, &call->http->options);
    transfer_set_headers(transfer);
    if (request->body) {
        /* Not copied: it stays in locked memory. */
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, keymgr_secret_data(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)keymgr_secret_size(request->body));
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_multi_add_handle(call->multi, easy);
    call->running++;
}

static void
transfer_end(Transfer *transfer, Call *call)
{
    gsize i;

    if (!transfer->easy)
        return;
    curl_multi_remove_handle(call->multi, transfer->easy);
    curl_easy_cleanup(g_steal_pointer(&transfer->easy));
    for (i = 0; i < G_N_ELEMENTS(transfer->plain); i++)
        g_free(transfer->plain[i]);
    call->running--;
}

/* How many may be under way: those that libcurl need not keep waiting for a
 * connection, which would be taken off their time. */
static gsize
call_room(const Call *call)
{
    if (call->shared && g_atomic_int_get(&call->http->has_http2))
        return MAX_STREAMS;
    return call->http->options.max_connections;
}

static void
call_begin_next(Call *call)
{
    while (!call->stopped && call->begun < call->count && call->running < call_room(call)) {
        transfer_start(&call->transfers[call->begun], call, call->requests[call->begun]);
        call->begun++;
    }
}

static KeymgrError
code_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return KEYMGR_ERROR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return KEYMGR_ERROR_TLS;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return KEYMGR_ERROR_UNAVAILABLE;
    case CURLE_OUT_OF_MEMORY: /* how it calls a header line that does not end */
        return KEYMGR_ERROR_LIMIT;
    default:
        return KEYMGR_ERROR_PROTOCOL;
    }
}

static void
transfer_set_error(Transfer *transfer, CURLcode code)
{
    KeymgrHttpRequest *request = transfer->request;

    if (request->over_limit && request->header_bytes > KEYMGR_HTTP_MAX_HEADERS)
        g_set_error(&request->error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT,
                    "the answer's headers pass the limit of %d bytes", KEYMGR_HTTP_MAX_HEADERS);
    else if (request->over_limit)
        g_set_error(&request->error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT,
                    "the answer passes the limit of %zu bytes", request->max_answer);
    else if (code == CURLE_OUT_OF_MEMORY)
        g_set_error_literal(&request->error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT,
                            "a header line of the answer does not end, or memory is short");
    else
        g_set_error(&request->error, KEYMGR_ERROR, code_of(code), "%s",
                    transfer->reason[0] ? transfer->reason : curl_easy_strerror(code));
}

/* An answer that ends where the connection does may have been cut off there:
 * half a key must not pass for a key. */
static void
transfer_check_frame(Transfer *transfer, gboolean is_http2)
{
    KeymgrHttpRequest *request = transfer->request;

    if (request->framed || is_http2 || request->status == 204 || request->status >= 300)
        return;
    request->status = 0;
    g_set_error_literal(&request->error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL,
                        "the answer does not say where it ends, so that it may have been cut off");
}

static void
transfer_set_answer(Transfer *transfer, Call *call)
{
    KeymgrHttpRequest *request = transfer->request;
    char *type = NULL;
    long version = 0;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    request->status = (guint)status;
    request->answer_type = g_strdup(type);
    transfer_check_frame(transfer, version >= CURL_HTTP_VERSION_2_0);
    if (call->shared)
        g_atomic_int_set(&call->http->has_http2, version >= CURL_HTTP_VERSION_2_0);
}

static void
call_finish_one(Call *call, CURLMsg *message)
{
    CURLcode code = message->data.result;
    Transfer *transfer = NULL;
    KeymgrHttpRequest *request;
    long sent = 0;

    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    request = transfer->request;
    curl_easy_getinfo(message->easy_handle, CURLINFO_REQUEST_SIZE, &sent);
    request->heard = sent > 0;
    if (code == CURLE_OK)
        transfer_set_answer(transfer, call);
    else
        transfer_set_error(transfer, code);
    g_debug("%s %s: HTTP %u%s%s", request->method, request->url, request->status, request->error ? ": " : "",
            request->error ? request->error->message : "");
    transfer_end(transfer, call);
    if (!call->stopped && !call->done(request, call->opaque))
        call->stopped = TRUE;
    call_begin_next(call);
}

static void
on_cancelled(GCancellable *cancellable, gpointer multi)
{
    curl_multi_wakeup(multi);
}

static void
call_time_out(Call *call)
{
    gsize i;

    for (i = 0; i < call->count && !call->stopped; i++) {
        if (i < call->begun && !call->transfers[i].easy)
            continue; /* it is done */
        g_set_error_literal(&call->requests[i]->error, KEYMGR_ERROR, KEYMGR_ERROR_TIMEOUT,
                            "the time for the whole operation is over");
        transfer_end(&call->transfers[i], call);
        call->stopped = !call->done(call->requests[i], call->opaque);
    }
}

static void
call_run(Call *call, gint64 deadline, GCancellable *cancellable)
{
    while (call->running > 0 && !call->stopped && !g_cancellable_is_cancelled(cancellable)) {
        gint64 left_ms = (deadline - g_get_monotonic_time() + 999) / 1000;
        CURLMsg *message;
        int running;
        int queued;

        if (left_ms <= 0) {
            call_time_out(call);
            return;
        }
        curl_multi_perform(call->multi, &running);
        while ((message = curl_multi_info_read(call->multi, &queued))) {
            if (message->msg == CURLMSG_DONE)
                call_finish_one(call, message);
        }
        if (call->running > 0 && !call->stopped)
            curl_multi_poll(call->multi, NULL, 0, (int)MIN(left_ms, POLL_MS), NULL);
    }
}

gboolean
keymgr_http_perform(KeymgrHttp *http, KeymgrHttpRequest **requests, gsize count, gint64 deadline,
                    KeymgrHttpDone done, gpointer opaque, GCancellable *cancellable, GError **error)
{
    g_autofree Transfer *transfers = g_new0(Transfer, count);
    Call call = { .http = http, .requests = requests, .transfers = transfers, .count = count, .done = done,
                  .opaque = opaque };
    gulong handler = 0;
    gsize i;

    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    call.shared = http->options.http2 && count > 0 && requests[0]->multiplex;
    call.multi = session_take(http, call.shared);
    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), call.multi, NULL);
    for (i = 0; i < count; i++)
        keymgr_http_request_reset(requests[i]);
    call_begin_next(&call);
    call_run(&call, deadline, cancellable);
    for (i = 0; i < count; i++)
        transfer_end(&transfers[i], &call);
    g_cancellable_disconnect(cancellable, handler);
    session_give_back(http, call.shared, call.multi);
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

gboolean
keymgr_http_pause(gint64 until, GCancellable *cancellable, GError **error)
{
    GPollFD fd;
    gboolean can_poll = cancellable && g_cancellable_make_pollfd(cancellable, &fd);
    gint64 left;

    while (!g_cancellable_is_cancelled(cancellable) && (left = until - g_get_monotonic_time()) > 0)
        g_poll(&fd, can_poll ? 1 : 0, (int)MIN(left / 1000 + 1, POLL_MS));
    if (can_poll)
        g_cancellable_release_fd(cancellable);
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}
