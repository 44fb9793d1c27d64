/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client from inside: one exchange of envelopes.
 */
#pragma once

#include "wsman/wsman_client.h"
#include "wsman/wsman_pool.h"
#include "wsman/wsman_soap.h"

struct WsmanClient {
    gatomicrefcount refs;
    WsmanHttpConfig config;
    WsmanPool *pool;
    guint operation_timeout_ms;
    guint network_delay_ms;
    guint batch_size;
    WsmanBytesForm byte_arrays;
    gpointer credentials_opaque;
    GDestroyNotify credentials_destroy;
};

/* One request: made by wsman_call_begin(), its body written by the caller into
 * request, and sent by wsman_call(). */
typedef struct {
    const char *label;          /* for errors: "Invoke Msvm_X.Method"; borrowed */
    gboolean repeatable;        /* may be sent twice */
    gboolean read_only;         /* changes nothing at the host */
    gboolean names_instance;    /* see wsman_fault_to_error() */
    gboolean secret;            /* the answer may hold secrets */
    guint timeout_ms;           /* 0: that of the client */
    WsmanBuffer *request;
    char *message_id;           /* NULL for Identify */
} WsmanCall;

void wsman_call_clear(WsmanCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WsmanCall, wsman_call_clear)

/* Writes the envelope up to the body. target: whose selectors go along, or NULL. */
void wsman_call_begin(const WsmanClient *client, WsmanCall *call, const char *action,
                      const char *resource_uri, const WsmanEpr *target);

/* Sends it and takes the answer, which is no fault. Errors begin with the URL
 * and the label. size: bytes of the answer, or NULL. */
WsmanMessage *wsman_call(WsmanClient *client, WsmanCall *call, gsize *size, GCancellable *cancellable,
                         GError **error);

/* Puts the URL and the label before the message. */
void wsman_client_prefix_error(const WsmanClient *client, const char *label, GError **error);
