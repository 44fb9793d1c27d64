/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request as it came over the wire: its SOAP headers, checked as a WinRM
 * service checks them (MS-WSMV 3.1.4.1.1 to .12), and its body.
 */
#pragma once

#include <libxml/tree.h>

#include "sim/cim_object.h"
#include "sim/wire_fault.h"

#define WIRE_MIN_ENVELOPE 8192       /* MS-WSMV 3.1.4.1.7 */
#define WIRE_MAX_MESSAGE_ID 2048     /* characters */
#define WIRE_MAX_URI 2083            /* characters */
#define WIRE_MAX_HEADERS 64
#define WIRE_MAX_SELECTORS 64
#define WIRE_MAX_SELECTOR_DEPTH 4    /* endpoint references inside selectors */

typedef enum {
    WIRE_OP_UNKNOWN,
    WIRE_OP_IDENTIFY,
    WIRE_OP_GET,
    WIRE_OP_PUT,
    WIRE_OP_CREATE,
    WIRE_OP_DELETE,
    WIRE_OP_ENUMERATE,
    WIRE_OP_PULL,
    WIRE_OP_RELEASE,
    WIRE_OP_RENEW,
    WIRE_OP_SUBSCRIBE,
    WIRE_OP_UNSUBSCRIBE,
    WIRE_OP_INVOKE,
    WIRE_OP_LAST,
} WireOperation;

typedef struct {
    xmlDoc *doc;
    WireOperation operation;
    char *action;
    char *message_id;
    char *to;
    char *uri;           /* ResourceURI, without white space around it */
    char *ns;            /* of a WMI URI: root/virtualization/v2; NULL for others */
    char *class_name;    /* "*" for all classes */
    char *method;        /* of an Invoke */
    CimPath *path;       /* ns, class and the selectors; NULL without a WMI URI */
    guint n_selectors;
    guint timeout_ms;    /* OperationTimeout; 0: not given */
    guint64 max_envelope; /* MaxEnvelopeSize in bytes; 0: not given */
    xmlNode *body;       /* the element in s:Body, or NULL; borrowed */
} WireRequest;

/* Never NULL: what could be read is in it even when *fault is set, so that the
 * fault can relate to it and the log can name it. encoding: the charset of the
 * transport, or NULL. */
WireRequest *wire_request_parse(const char *data, gsize size, const char *encoding, WireFault **fault);
void wire_request_free(WireRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireRequest, wire_request_free)

const char *wire_operation_name(WireOperation operation); /* "Enumerate" ... */

/* Splits .../wsman/1/wmi/NAMESPACE/CLASS. FALSE when it is not of that form. */
gboolean wire_uri_split(const char *uri, char **ns, char **class_name);
/* Reads w:SelectorSet into the keys of a path. */
gboolean wire_selectors_read(const xmlNode *set, CimPath *path, guint *count, guint depth, WireFault **fault);
/* The content of an endpoint reference (a:Address, a:ReferenceParameters) in
 * a parent of any name. New reference; NULL with the fault set. */
CimPath *wire_endpoint_read(const xmlNode *parent, guint depth, WireFault **fault);
