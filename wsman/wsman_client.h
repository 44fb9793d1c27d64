/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A WS-Management client for one host: Identify, Get, Enumerate with WQL, and
 * Invoke, over a pool of HTTP connections with one request at a time on each
 * (authentication belongs to the connection).
 *
 * One client serves many threads at once. Every call is bounded in time, and
 * ends early when its GCancellable is cancelled, with G_IO_ERROR_CANCELLED.
 */
#pragma once

#include <gio/gio.h>

#include "wsman/wsman_args.h"
#include "wsman/wsman_error.h"
#include "wsman/wsman_instance.h"

/* What an answer may hold, whatever was asked for. */
#define WSMAN_MAX_ENVELOPE_SIZE (500u * 1024)     /* asked of the server: its own default limit */
#define WSMAN_MAX_BODY_SIZE (4u * 1024 * 1024)    /* more than this is cut off */
#define WSMAN_MAX_HEADER_SIZE (64u * 1024)
#define WSMAN_MAX_XML_DEPTH 64
#define WSMAN_MAX_ITEMS 200000                    /* of one enumeration */

/* How uint8[] parameters are written. Which form Hyper-V's SetKeyProtector
 * takes is not documented; one element of base64 is assumed (the form in which
 * hosts answer uint8[] parameters). */
typedef enum {
    WSMAN_BYTES_BASE64,
    WSMAN_BYTES_REPEATED,
} WsmanBytesForm;

/* Asks for the password when a connection is authenticated, so that it lives
 * no longer than needed. Fills in newly allocated strings; the client wipes
 * the password after use. FALSE with an error set to give up. */
typedef gboolean (*WsmanCredentialsFunc)(char **user, char **password, gpointer opaque, GError **error);

typedef struct {
    const char *url;            /* https://host:5986/wsman */
    const char *auth;           /* mechanism by name, or NULL: the best that is there */
    const char *cacert;         /* file of trusted certificates; NULL: the system's */
    gboolean no_verify;         /* no verification of the certificate at all */
    const char *proxy;          /* or NULL: none, whatever the environment says */
    guint connect_timeout_ms;   /* 0: 10 s */
    guint operation_timeout_ms; /* w:OperationTimeout; 0: 60 s */
    guint network_delay_ms;     /* the client waits longer by this (MS-WSMV 3.2.2); 0: 5 s */
    guint max_connections;      /* of the pool; 0: 6 */
    guint batch_size;           /* MaxElements of a Pull; 0: 1000 */
    WsmanBytesForm byte_arrays;
    WsmanCredentialsFunc credentials;
    gpointer credentials_opaque;
    GDestroyNotify credentials_destroy; /* not called when no client comes about */
} WsmanClientOptions;

typedef struct WsmanClient WsmanClient;

/* No network traffic yet. Errors: WSMAN_ERROR_CONFIG. */
WsmanClient *wsman_client_new(const WsmanClientOptions *options, GError **error);
WsmanClient *wsman_client_ref(WsmanClient *client);
void wsman_client_unref(WsmanClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanClient, wsman_client_unref)

/* NULL-terminated: the authentication mechanisms of this build, best first. */
const char *const *wsman_client_mechanisms(void);
gboolean wsman_client_is_encrypted(const WsmanClient *client);
const char *wsman_client_get_url(const WsmanClient *client);

typedef struct {
    char *vendor;
    char *version;      /* as sent: "OS: 10.0.20348 SP: 0.0 Stack: 3.0" */
    guint os_major;
    guint os_minor;
    guint os_build;     /* all 0 when the server does not say */
} WsmanIdentity;

void wsman_identity_free(WsmanIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanIdentity, wsman_identity_free)

/* Authenticated, so that it also proves the credentials. */
WsmanIdentity *wsman_client_identify(WsmanClient *client, GCancellable *cancellable, GError **error);

/* One instance by its keys. */
WsmanInstance *wsman_client_get(WsmanClient *client, const WsmanEpr *epr, GCancellable *cancellable,
                                GError **error);

/* All instances that the query gives: array of WsmanInstance with a free
 * function, in the server's order. A projection (select A, B ...) gives
 * instances that hold only those properties.
 * query: WQL; values in it must have gone through wsman_wql_quote(). */
GPtrArray *wsman_client_query(WsmanClient *client, const char *ns, const char *query,
                              GCancellable *cancellable, GError **error);

/* A string literal for WQL, with its quotes; backslashes and quotes escaped. */
char *wsman_wql_quote(const char *value);

/*
 * Calls a method. target: an instance, or a class for a static method.
 * args: may be NULL.
 * Returns the out parameters, ReturnValue among them; what it means is the
 * caller's business. The request is sent again only where it cannot have been
 * carried out (see wsman_error_may_have_run).
 */
WsmanInstance *wsman_client_invoke(WsmanClient *client, const WsmanEpr *target, const char *method,
                                   const WsmanArgs *args, GCancellable *cancellable, GError **error);

/* For a benchmark: requests sent since the client was made. */
guint64 wsman_client_get_n_requests(const WsmanClient *client);
