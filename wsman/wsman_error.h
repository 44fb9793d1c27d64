/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the WS-Management client.
 *
 * Beside code and message, an error carries what the server said: the
 * HRESULT of a fault and the HTTP status.
 */
#pragma once

#include <glib.h>

#define WSMAN_ERROR (wsman_error_quark())

typedef enum {
    WSMAN_ERROR_CONFIG,         /* options that contradict themselves, files that cannot be read */
    WSMAN_ERROR_CONNECT,        /* the host cannot be reached, or broke the connection */
    WSMAN_ERROR_TIMEOUT,        /* no answer within the limit, ours or the server's (w:TimedOut) */
    WSMAN_ERROR_TLS,            /* the certificate is not trusted or names another host */
    WSMAN_ERROR_AUTH,           /* 401: wrong user or password, or no common mechanism */
    WSMAN_ERROR_ACCESS_DENIED,  /* w:AccessDenied, WBEM_E_ACCESS_DENIED: right credentials, not allowed */
    WSMAN_ERROR_HTTP,           /* any other HTTP status without a SOAP fault */
    WSMAN_ERROR_PROTOCOL,       /* the answer is not what WS-Management prescribes */
    WSMAN_ERROR_LIMIT,          /* a named limit was passed */
    WSMAN_ERROR_NOT_FOUND,      /* no such instance (WBEM_E_NOT_FOUND) */
    WSMAN_ERROR_INVALID_CLASS,  /* no such class or namespace on this host */
    WSMAN_ERROR_INVALID_METHOD, /* the class has no such method on this host */
    WSMAN_ERROR_FAULT,          /* any other SOAP fault */
} WsmanError;

GQuark wsman_error_quark(void);

/* The HRESULT of the innermost fault, 0 when there is none or the error is
 * not of this domain. */
guint32 wsman_error_get_hresult(const GError *error);

/* The HTTP status, 0 when there was no answer. */
guint wsman_error_get_http_status(const GError *error);

/* Whether the request may have been carried out although it failed: the
 * connection broke, or time ran out, after it had been sent. A caller must
 * then look at the state before it repeats an Invoke. TRUE for
 * G_IO_ERROR_CANCELLED as well: where a cancelled call was is not kept. */
gboolean wsman_error_may_have_run(const GError *error);
