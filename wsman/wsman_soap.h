/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SOAP envelopes: requests around a body that the caller writes, and answers
 * taken apart (MS-WSMV 2.2.4, 3.1.4.1).
 */
#pragma once

#include <libxml/tree.h>

#include "wsman/wsman_epr.h"
#include "wsman/wsman_writer.h"

/* More than any request needs: a protector of 16 MiB of repeated uint8 does not
 * fit, and no host would take it. */
#define WSMAN_MAX_REQUEST_SIZE (32u * 1024 * 1024)

typedef struct {
    const char *action;
    const char *to;             /* our URL */
    const char *resource_uri;
    const WsmanEpr *target;     /* whose selectors go into the header, or NULL */
    const char *message_id;     /* "uuid:..." */
    guint operation_timeout_ms;
} WsmanSoapHeader;

/* "uuid:" and a random UUID. Caller frees. */
char *wsman_soap_new_message_id(void);

/* Up to and with <s:Body>. */
void wsman_soap_begin(WsmanBuffer *out, const WsmanSoapHeader *header);
/* The rest. padding: bytes of white space before the last tag. */
void wsman_soap_end(WsmanBuffer *out, gsize padding);
/* Identify has an envelope of its own, without a header (DSP0226 11). */
void wsman_soap_write_identify(WsmanBuffer *out);

typedef struct WsmanMessage WsmanMessage;

/* secret: the tree is wiped when it is freed. Errors: WSMAN_ERROR_PROTOCOL, _LIMIT. */
WsmanMessage *wsman_message_parse(const char *data, gsize size, const char *charset, gboolean secret,
                                  GError **error);
void wsman_message_free(WsmanMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanMessage, wsman_message_free)

/* The first element of the body; NULL when it is empty. */
const xmlNode *wsman_message_get_body(const WsmanMessage *message);
/* The s:Fault that the body is, or NULL. */
const xmlNode *wsman_message_get_fault(const WsmanMessage *message);
/* a:RelatesTo, or NULL. */
const char *wsman_message_get_relates_to(const WsmanMessage *message);
