/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SOAP faults as a WinRM service gives them: a table of the conditions, and
 * one rendering (recorded answers of Windows hosts; WS-Management fault table
 * of DSP0226 14.6; codes of the Windows SDK's wsmerror.h). HTTP status is
 * always 500.
 */
#pragma once

#include <glib.h>

typedef enum {
    WIRE_FAULT_NONE,
    WIRE_FAULT_RESOURCE_NOT_FOUND,  /* unknown class, or keys that name nothing */
    WIRE_FAULT_INVALID_HEADER,      /* a header that is there, but wrong */
    WIRE_FAULT_MUST_UNDERSTAND,
    WIRE_FAULT_HEADER_REQUIRED,
    WIRE_FAULT_VERSION_MISMATCH,
    WIRE_FAULT_ACTION_NOT_SUPPORTED,
    WIRE_FAULT_FILTER_DIALECT,
    WIRE_FAULT_CANNOT_PROCESS_FILTER,
    WIRE_FAULT_FILTER_NAMESPACE,    /* a filter on a namespace that the host does not have */
    WIRE_FAULT_INVALID_CONTEXT,
    WIRE_FAULT_EVENT_SOURCE,
    WIRE_FAULT_RESPONSE_TOO_LARGE,
    WIRE_FAULT_TIMED_OUT,
    WIRE_FAULT_ENCODING_LIMIT,      /* MaxEnvelopeSize below the minimum */
    WIRE_FAULT_INVALID_OPTIONS,
    WIRE_FAULT_INVALID_PARAMETER,
    WIRE_FAULT_PARAMETER_TYPE,
    WIRE_FAULT_PARAMETER_NAME,
    WIRE_FAULT_INVALID_RESOURCE_URI,
    WIRE_FAULT_INVALID_SELECTORS,
    WIRE_FAULT_NOT_SINGLETON,       /* Get without keys */
    WIRE_FAULT_WQL_URI,             /* WQL on a URI that names a class or keys */
    WIRE_FAULT_SCHEMA_VALIDATION,
    WIRE_FAULT_UNSUPPORTED_FEATURE,
    WIRE_FAULT_QUOTA_OPERATIONS,    /* too many operations of one user */
    WIRE_FAULT_NOT_CAPABLE,         /* the WMI provider cannot do that */
    WIRE_FAULT_ACCESS_DENIED,
    WIRE_FAULT_METHOD_PARAMETERS,   /* WBEM_E_INVALID_METHOD_PARAMETERS */
    WIRE_FAULT_PROVIDER_FAILED,     /* WBEM_E_FAILED */
    WIRE_FAULT_LAST,
} WireFaultId;

typedef struct WireFault WireFault;

/* message: what happened, for f:Message; NULL: the condition's own text. */
WireFault *wire_fault_new(WireFaultId id, const char *message, ...) G_GNUC_PRINTF(2, 3);
/* A fault that no row has, for injection. subcode: prefix:Name with a prefix of
 * the envelope (s a x e n w p), NULL for w:InternalError. */
WireFault *wire_fault_new_raw(guint32 code, const char *subcode);
void wire_fault_free(WireFault *fault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireFault, wire_fault_free)

/* The last part of the w:FaultDetail URI. Returns the fault. */
WireFault *wire_fault_with_detail(WireFault *fault, const char *detail);
/* Makes it a fault of the WMI provider, with an __ExtendedStatus of the
 * operation (GetObject ...) and the object path or text that it had. */
WireFault *wire_fault_with_provider(WireFault *fault, const char *operation, const char *parameter);

guint32 wire_fault_code(const WireFault *fault);
const char *wire_fault_subcode(const WireFault *fault); /* NULL for a bare SOAP code */
const char *wire_fault_action(const WireFault *fault);
/* Whether prefix:Name is a subcode that the envelope can carry. */
gboolean wire_fault_is_subcode(const char *text);

typedef struct {
    const char *language;   /* xml:lang of the envelope: the host's UI language */
    const char *machine;    /* the address that the client used */
    const char *host;       /* the host's own name */
    const char *relates_to; /* MessageID of the request, or NULL */
} WireFaultContext;

/* The whole envelope. Caller frees. */
GString *wire_fault_render(const WireFault *fault, const WireFaultContext *context);
