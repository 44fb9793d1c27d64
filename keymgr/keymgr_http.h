/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP for secrets: several requests at once over a pool of warm connections,
 * with every size and wait bounded. Answers stream from the network straight
 * into locked memory; nothing follows a redirect.
 */
#pragma once

#include <gio/gio.h>

#include "keymgr/keymgr_secret.h"

/* All header lines of one answer together, in bytes. */
#define KEYMGR_HTTP_MAX_HEADERS (64 * 1024)
/* The longest token that Keystone may hand out, in bytes. */
#define KEYMGR_HTTP_MAX_TOKEN 8192
/* Sets of connections that are kept for later calls. */
#define KEYMGR_HTTP_MAX_IDLE_SESSIONS 4

typedef struct KeymgrHttp KeymgrHttp;

typedef struct {
    char *ca_path;   /* file or folder; NULL: the system's certificates */
    char *cert_file; /* PEM, for client authentication; or NULL */
    char *key_file;  /* PEM; NULL: in cert_file */
    gboolean insecure;
    gboolean http2;           /* for requests that say multiplex */
    guint connect_timeout_ms; /* covers the TLS handshake */
    guint timeout_ms;         /* one request */
    guint max_connections;    /* at once, of one call */
} KeymgrHttpOptions;

void keymgr_http_options_clear(KeymgrHttpOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeymgrHttpOptions, keymgr_http_options_clear)

/* One exchange. The caller fills the upper half; perform() the lower one. */
typedef struct {
    const char *method;
    char *url;
    const char *accept;
    const char *content_type;   /* of the body */
    const char *plain_header;   /* a further header line, without a secret; or NULL */
    KeymgrSecret *body;         /* or NULL */
    KeymgrSecret *headers[3];   /* whole header lines that end in NUL; or NULL */
    gsize max_answer;
    gboolean multiplex;         /* may share a connection over HTTP/2, where that is on; one call's
                                 * requests agree in this */
    gboolean fresh;             /* over no connection that was used before: libcurl sends again by itself
                                 * what such a one loses */

    guint status;               /* 0: no answer */
    char *answer_type;          /* Content-Type; or NULL */
    char *location;             /* or NULL */
    guint retry_after;          /* seconds; 0: not said */
    KeymgrSecret *answer;       /* the body; empty without one */
    KeymgrSecret *subject_token;/* the X-Subject-Token header; or NULL */
    gsize header_bytes;
    gboolean over_limit;
    gboolean framed;            /* the answer says where it ends */
    gboolean heard;             /* some of it was sent, so that the server may have done it */
    GError *error;              /* what went wrong below HTTP; or NULL */
} KeymgrHttpRequest;

/* All of it freed, what is secret wiped. */
void keymgr_http_request_free(KeymgrHttpRequest *request);
/* Forgets the answer, so that the request can be sent again. */
void keymgr_http_request_reset(KeymgrHttpRequest *request);

/* A header line that holds a secret: "NAME: VALUE" and a NUL. */
KeymgrSecret *keymgr_http_secret_header(const char *name, const KeymgrSecret *value);

/* options: copied. */
KeymgrHttp *keymgr_http_new(const KeymgrHttpOptions *options);
void keymgr_http_free(KeymgrHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrHttp, keymgr_http_free)

/* Called when a request is done, well or not. FALSE stops the others. */
typedef gboolean (*KeymgrHttpDone)(KeymgrHttpRequest *request, gpointer opaque);

/* Sends all requests at once, or as many as there may be connections, and then
 * the next whenever one is done: timeout_ms counts from there. A request that was stopped has no status and no
 * error.
 * deadline: of g_get_monotonic_time(); past it the requests that are not done
 * fail with KEYMGR_ERROR_TIMEOUT.
 * FALSE with G_IO_ERROR_CANCELLED, and then alone. Many threads may call at
 * once. */
gboolean keymgr_http_perform(KeymgrHttp *http, KeymgrHttpRequest **requests, gsize count,
                             gint64 deadline, KeymgrHttpDone done, gpointer opaque,
                             GCancellable *cancellable, GError **error);

/* Ends the idle connections that spoke HTTP/2: libcurl keeps what came last in
 * their buffers, until they end. */
void keymgr_http_cool_down(KeymgrHttp *http);

/* Waits until a time or the cancellable. FALSE when that is cancelled. */
gboolean keymgr_http_pause(gint64 until, GCancellable *cancellable, GError **error);
