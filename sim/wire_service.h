/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The WS-Management service of the simulated host: a request in, an envelope
 * out. Knows nothing of HTTP. Any thread may call it.
 */
#pragma once

#include "sim/host.h"
#include "sim/wire_request.h"
#include "sim/wire_write.h"

/* Quotas of a real host's configuration (Windows Server 2012 and later). */
#define WIRE_DEFAULT_ENVELOPE (500 * 1024)
#define WIRE_DEFAULT_TIMEOUT_MS 60000
#define WIRE_DEFAULT_ENUMERATION_MS 240000
#define WIRE_DEFAULT_OPERATIONS 1500
#define WIRE_MAX_BATCH_ITEMS 32000

typedef struct {
    WireBytes bytes;
    gsize max_envelope;       /* MaxEnvelopeSizekb, in bytes */
    guint enumeration_ms;     /* EnumerationTimeoutms */
    guint max_operations;     /* MaxConcurrentOperationsPerUser */
    const char *ui_language;
    gboolean basic;           /* offered, for Identify */
    gboolean allow_unencrypted;
} WireServiceOptions;

typedef struct WireService WireService;

/* The host is borrowed and must outlive the service. */
WireService *wire_service_new(SimHost *host, const WireServiceOptions *options);
void wire_service_free(WireService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireService, wire_service_free)

/* Who calls: a user name, or NULL for an Identify without credentials. *asked:
 * the text of a filter, for the log (caller frees). Returns the envelope, or
 * NULL with the fault set. */
GString *wire_service_perform(WireService *service, const WireRequest *request, const char *user, char **asked,
                              WireFault **fault);
/* The envelope of a fault. */
GString *wire_service_fault(const WireService *service, const WireRequest *request, const WireFault *fault);
/* How long an operation may take: OperationTimeout, or the host's own limit
 * when that is less or none was given (MS-WSMV 3.1.4.1.6). Milliseconds. */
guint wire_service_timeout(const WireRequest *request);
guint wire_service_open_enumerations(WireService *service);
