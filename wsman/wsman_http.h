/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One HTTP connection: at most one TCP connection, one request at a time, and
 * the authentication that belongs to it. Not safe for several threads; see
 * wsman_pool.h.
 */
#pragma once

#include <gio/gio.h>

#include "wsman/auth.h"

/* Of the pieces in which a secret body is handed to libcurl. */
#define WSMAN_SECRET_PIECE 2048
/* A dead connection that the server dropped after 120 s is not worth a try. */
#define WSMAN_MAX_IDLE_SECONDS 100
#define WSMAN_MAX_CHALLENGES 8

/* Fixed for the life of a client; outlives its connections. */
typedef struct {
    char *url;
    char *cacert;
    char *proxy;
    gboolean no_verify;
    guint connect_timeout_ms;
    const WsmanAuthMechanism *mechanism;
    WsmanAuthTarget target;
    GMutex credentials_lock;    /* the credentials function is never called twice at once */
    guint64 n_requests;         /* atomic */
} WsmanHttpConfig;

typedef struct {
    const WsmanBuffer *body;
    /* May be sent again, by libcurl or by us, when the connection breaks. */
    gboolean repeatable;
    gboolean secret_answer;
    guint timeout_ms;
} WsmanHttpRequest;

typedef struct {
    guint status;               /* 0 when there was no answer */
    WsmanBuffer *body;
    char *content_type;         /* lower case, without parameters; or NULL */
    char *charset;              /* or NULL */
    GPtrArray *challenges;      /* schemes that a 401 offers: char * */
    gboolean sent;              /* the whole request had gone out */
    gboolean broke;             /* the connection had been there, and broke */
} WsmanHttpAnswer;

void wsman_http_answer_clear(WsmanHttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WsmanHttpAnswer, wsman_http_answer_clear)

typedef struct WsmanHttp WsmanHttp;

WsmanHttp *wsman_http_new(WsmanHttpConfig *config);
void wsman_http_free(WsmanHttp *http);

/*
 * Sends the request and reads the answer, whatever its status. answer: zeroed;
 * also filled in, as far as it came, when FALSE is returned.
 * Errors: WSMAN_ERROR_CONNECT, _TIMEOUT, _TLS, _AUTH, _LIMIT, _PROTOCOL,
 * _CONFIG, G_IO_ERROR_CANCELLED, and those of the credentials function.
 */
gboolean wsman_http_post(WsmanHttp *http, const WsmanHttpRequest *request, WsmanHttpAnswer *answer,
                         GCancellable *cancellable, GError **error);
