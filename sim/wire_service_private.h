/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the operations of the service share.
 */
#pragma once

#include "sim/wire_cursor.h"
#include "sim/wire_read.h"
#include "sim/wire_service.h"

struct WireService {
    SimHost *host;
    WireServiceOptions options;
    char *ui_language;
    WireCursors *cursors;
};

/* The envelope up to <s:Body>. What is declared follows the family of the
 * operation, as recorded: s a n w for enumerations, s a x w p for the rest. */
typedef enum {
    WIRE_FAMILY_ENUMERATION,
    WIRE_FAMILY_TRANSFER,
} WireFamily;

GString *wire_envelope_new(const WireService *service, const WireRequest *request, WireFamily family,
                           const char *action);
void wire_envelope_end(GString *out);
/* Bytes that the answer may have: the smaller one of the host's limit and the
 * request's. */
gsize wire_envelope_limit(const WireService *service, const WireRequest *request);

/* The fault for what the WMI provider answered; operation and parameter as in
 * wire_fault_with_provider. */
WireFault *wire_status_fault(SimStatus status, const char *operation, const char *parameter);

/* The operations; NULL with the fault set. */
GString *wire_op_enumerate(WireService *service, const WireRequest *request, const char *user, char **asked,
                           WireFault **fault);
GString *wire_op_pull(WireService *service, const WireRequest *request, const char *user, WireFault **fault);
GString *wire_op_release(WireService *service, const WireRequest *request, const char *user, WireFault **fault);
GString *wire_op_identify(const WireService *service, const char *user);
GString *wire_op_config(const WireService *service, const WireRequest *request);
GString *wire_op_get(WireService *service, const WireRequest *request, WireFault **fault);
GString *wire_op_invoke(WireService *service, const WireRequest *request, WireFault **fault);
