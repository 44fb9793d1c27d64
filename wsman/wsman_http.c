/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP over libcurl.
 *
 * What libcurl keeps of secrets: its buffer for the request's header, which
 * holds the Authorization line, is freed unwiped, unless the program has given
 * libcurl an allocator that wipes, as the driver does. A body goes through its upload buffer by pieces that
 * overwrite each other; wsman_client.c ends a secret body with more white
 * space than a piece holds, so that nothing of the secret stays there. What
 * comes in is wiped from its buffer as it is taken; the record buffers of
 * GnuTLS, over https, are out of reach. The header list and the
 * answer's body are in memory of ours.
 */
#include "wsman/wsman_http.h"

#include <curl/curl.h>
#include <string.h>

#include "wsman/wsman_client.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_http_error.h"
#include "wsman/wsman_text.h"

#define MAX_REQUEST_HEADER 65536

struct WsmanHttp {
    WsmanHttpConfig *config;
    CURL *easy;
    CURLM *multi;
    gpointer auth;              /* the mechanism's state, or NULL */
    char curl_error[CURL_ERROR_SIZE];
    /* during a request */
    const WsmanHttpRequest *request;
    WsmanHttpAnswer *answer;
    gsize offset;               /* of the body, handed to libcurl */
    gsize header_size;
    gboolean header_overflown;
};

void
wsman_http_answer_clear(WsmanHttpAnswer *answer)
{
    g_clear_pointer(&answer->body, wsman_buffer_free);
    g_clear_pointer(&answer->content_type, g_free);
    g_clear_pointer(&answer->charset, g_free);
    g_clear_pointer(&answer->challenges, g_ptr_array_unref);
    answer->status = 0;
    answer->sent = FALSE;
    answer->broke = FALSE;
}

/* --- callbacks of libcurl ------------------------------------------------- */

static size_t
on_write(char *data, size_t size, size_t count, void *opaque)
{
    WsmanHttp *http = opaque;
    gboolean taken = wsman_buffer_append(http->answer->body, data, size * count);

    /* This is libcurl's buffer, which it only overwrites with what comes next. */
    if (http->request->secret_answer)
        wsman_wipe(data, size * count);
    return taken ? size * count : 0;
}

/* The first piece is short where need be, so that each later one, the last
 * too, covers all of the one before it. */
static size_t
on_read(char *data, size_t size, size_t count, void *opaque)
{
    WsmanHttp *http = opaque;
    const WsmanBuffer *body = http->request->body;
    gsize left = wsman_buffer_get_size(body) - http->offset;
    gsize piece = MIN(left, size * count);

    if (wsman_buffer_is_secret(body)) {
        piece = MIN(piece, WSMAN_SECRET_PIECE);
        if (http->offset == 0 && left % WSMAN_SECRET_PIECE != 0)
            piece = MIN(piece, left % WSMAN_SECRET_PIECE);
    }
    memcpy(data, wsman_buffer_get_data(body) + http->offset, piece);
    http->offset += piece;
    return piece;
}

/* libcurl sends a request again on its own when a connection that it had kept
 * turns out to be dead. Once part of the body has gone out it asks here. */
static int
on_seek(void *opaque, curl_off_t offset, int origin)
{
    WsmanHttp *http = opaque;

    if (!http->request->repeatable || origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_FAIL;
    http->offset = 0;
    return CURL_SEEKFUNC_OK;
}

static void
read_content_type(WsmanHttpAnswer *answer, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", 4);

    g_clear_pointer(&answer->content_type, g_free);
    g_clear_pointer(&answer->charset, g_free);
    answer->content_type = g_ascii_strdown(g_strstrip(parts[0] ? parts[0] : (char[]) { "" }), -1);
    for (guint i = 1; parts[0] && parts[i]; i++) {
        char *parameter = g_strstrip(parts[i]);

        if (g_ascii_strncasecmp(parameter, "charset=", 8) != 0)
            continue;
        g_free(answer->charset);
        answer->charset = g_strdup(g_strstrip(g_strdelimit(parameter + 8, "\"'", ' ')));
    }
}

static void
read_challenge(WsmanHttpAnswer *answer, const char *value)
{
    gsize length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    if (length > 0 && length <= 20 && answer->challenges->len < WSMAN_MAX_CHALLENGES)
        g_ptr_array_add(answer->challenges, g_strndup(value, length));
}

static gboolean
is_header(const char *line, const char *name, const char **value)
{
    gsize length = strlen(name);

    if (g_ascii_strncasecmp(line, name, length) != 0 || line[length] != ':')
        return FALSE;
    *value = line + length + 1;
    while (**value == ' ' || **value == '\t')
        (*value)++;
    return TRUE;
}

static size_t
on_header(char *data, size_t size, size_t count, void *opaque)
{
    WsmanHttp *http = opaque;
    g_autofree char *line = NULL;
    const char *value;

    http->header_size += size * count;
    if (http->header_size > WSMAN_MAX_HEADER_SIZE) {
        http->header_overflown = TRUE;
        return 0;
    }
    line = g_strndup(data, size * count);
    if (is_header(line, "Content-Type", &value))
        read_content_type(http->answer, value);
    else if (is_header(line, "WWW-Authenticate", &value))
        read_challenge(http->answer, value);
    return size * count;
}

/* --- set-up --------------------------------------------------------------- */

static gpointer
init_curl(gpointer unused)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        g_error("wsman: libcurl does not start");
    return NULL;
}

#define SET(option, value) \
    do { \
        CURLcode set_ = curl_easy_setopt(http->easy, option, value); \
        if (set_ != CURLE_OK) \
            g_error("wsman: libcurl refuses %s: %s", #option, curl_easy_strerror(set_)); \
    } while (0)

static void
set_protocols(WsmanHttp *http)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_USERAGENT, "libvirt-msvm");
    SET(CURLOPT_URL, http->config->url);
    /* The Authorization line is not for a proxy. */
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    /* "" overrules the environment. */
    SET(CURLOPT_PROXY, http->config->proxy ? http->config->proxy : "");
    if (http->config->proxy)
        SET(CURLOPT_NOPROXY, "");
}

static void
set_tls(WsmanHttp *http)
{
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, http->config->no_verify ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, http->config->no_verify ? 0L : 2L);
    if (http->config->cacert)
        SET(CURLOPT_CAINFO, http->config->cacert);
}

static void
set_callbacks(WsmanHttp *http)
{
    SET(CURLOPT_ERRORBUFFER, http->curl_error);
    SET(CURLOPT_WRITEFUNCTION, on_write);
    SET(CURLOPT_WRITEDATA, http);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, http);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, http);
    SET(CURLOPT_SEEKFUNCTION, on_seek);
    SET(CURLOPT_SEEKDATA, http);
}

WsmanHttp *
wsman_http_new(WsmanHttpConfig *config)
{
    static GOnce once = G_ONCE_INIT;
    WsmanHttp *http = g_new0(WsmanHttp, 1);

    g_once(&once, init_curl, NULL);
    http->config = config;
    http->easy = curl_easy_init();
    http->multi = curl_multi_init();
    if (!http->easy || !http->multi)
        g_error("wsman: no memory for an HTTP connection");
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* The thread that looks up a name cannot be ended: it is left behind, and
     * not waited for when the request is cancelled or out of time. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    SET(CURLOPT_MAXAGE_CONN, (long)WSMAN_MAX_IDLE_SECONDS);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    set_protocols(http);
    set_tls(http);
    set_callbacks(http);
    return http;
}

static void
drop_authentication(WsmanHttp *http)
{
    if (http->auth)
        http->config->mechanism->end(http->auth);
    http->auth = NULL;
}

void
wsman_http_free(WsmanHttp *http)
{
    if (!http)
        return;
    drop_authentication(http);
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    g_free(http);
}

/* --- a request ------------------------------------------------------------ */

static gboolean
begin_authentication(WsmanHttp *http, GError **error)
{
    WsmanHttpConfig *config = http->config;

    if (http->auth)
        return TRUE;
    g_mutex_lock(&config->credentials_lock);
    http->auth = config->mechanism->begin(&config->target, error);
    g_mutex_unlock(&config->credentials_lock);
    return http->auth != NULL;
}

static void
on_cancelled(GCancellable *cancellable, gpointer opaque)
{
    curl_multi_wakeup(opaque);
}

/* CURLOPT_TIMEOUT_MS ends the loop at the latest. CURLE_ABORTED_BY_CALLBACK
 * when cancelled. */
static CURLcode
run_transfer(WsmanHttp *http, GCancellable *cancellable)
{
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    gulong handler = 0;
    int running = 0, left;
    CURLMsg *message;

    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), http->multi, NULL);
    curl_multi_add_handle(http->multi, http->easy);
    do {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            break;
        if (running && curl_multi_poll(http->multi, NULL, 0, 1000, NULL) != CURLM_OK)
            break;
    } while (running && !g_cancellable_is_cancelled(cancellable));
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg == CURLMSG_DONE)
            result = message->data.result;
    }
    curl_multi_remove_handle(http->multi, http->easy);
    g_cancellable_disconnect(cancellable, handler);
    return result;
}

/*
 * What may be sent again goes as one block. What must not goes through the
 * read and seek functions, which can refuse the repetition.
 */
static void
set_body(WsmanHttp *http)
{
    const WsmanBuffer *body = http->request->body;
    gboolean whole = http->request->repeatable && !wsman_buffer_is_secret(body);

    SET(CURLOPT_POSTFIELDS, whole ? wsman_buffer_get_data(body) : NULL);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wsman_buffer_get_size(body));
    http->offset = 0;
}

static gboolean
was_sent(WsmanHttp *http)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return http->offset == wsman_buffer_get_size(http->request->body) ||
           (gsize)sent >= wsman_buffer_get_size(http->request->body);
}

/* libcurl is given a list of our own making: curl_slist_append() would copy
 * the Authorization line into memory that is not wiped. */
static CURLcode
transfer(WsmanHttp *http, const WsmanBuffer *authorization, GCancellable *cancellable)
{
    struct curl_slist lines[] = {
        { .data = (char *)wsman_buffer_get_data(authorization), .next = &lines[1] },
        { .data = (char *)"Content-Type: application/soap+xml;charset=UTF-8", .next = &lines[2] },
        { .data = (char *)"Expect:" },
    };
    CURLcode result;

    SET(CURLOPT_HTTPHEADER, lines);
    SET(CURLOPT_TIMEOUT_MS, (long)http->request->timeout_ms);
    set_body(http);
    http->curl_error[0] = '\0';
    http->header_size = 0;
    http->header_overflown = FALSE;
    __atomic_add_fetch(&http->config->n_requests, 1, __ATOMIC_RELAXED);
    result = run_transfer(http, cancellable);
    SET(CURLOPT_HTTPHEADER, NULL);
    SET(CURLOPT_POSTFIELDS, NULL);
    return result;
}

static gboolean
finish(WsmanHttp *http, CURLcode result, GCancellable *cancellable, GError **error)
{
    WsmanErrorDetail too_large = { .answer_too_large = TRUE };
    WsmanHttpAnswer *answer = http->answer;
    long status = 0;

    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (guint)status;
    answer->sent = was_sent(http);
    /* A complete answer is worth more than a cancellation that came with it. */
    if (result == CURLE_OK)
        return TRUE;
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    answer->broke = wsman_http_is_broken_connection(result);
    if (wsman_buffer_has_overflown(answer->body))
        wsman_set_error(error, WSMAN_ERROR_LIMIT, &too_large, "the answer is larger than %u bytes",
                        WSMAN_MAX_BODY_SIZE);
    else if (http->header_overflown)
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the header of the answer is larger than %u bytes",
                        WSMAN_MAX_HEADER_SIZE);
    else
        wsman_http_set_error(http->easy, result, http->curl_error, http->config, http->request->timeout_ms,
                             answer->sent, error);
    return FALSE;
}

gboolean
wsman_http_post(WsmanHttp *http, const WsmanHttpRequest *request, WsmanHttpAnswer *answer,
                GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanBuffer) authorization = wsman_buffer_new(TRUE, MAX_REQUEST_HEADER);
    CURLcode result;
    gboolean done;

    if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
        !begin_authentication(http, error) ||
        !http->config->mechanism->write_header(http->auth, authorization, error))
        return FALSE;
    http->request = request;
    http->answer = answer;
    answer->body = wsman_buffer_new(request->secret_answer, WSMAN_MAX_BODY_SIZE);
    answer->challenges = g_ptr_array_new_with_free_func(g_free);
    result = transfer(http, authorization, cancellable);
    done = finish(http, result, cancellable, error);
    http->request = NULL;
    http->answer = NULL;
    /* The next try asks for the password again. */
    if (answer->status == 401)
        drop_authentication(http);
    return done;
}
