/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can go wrong between a reference and its bytes.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS
#pragma GCC visibility push(default) /* all else stays inside the library */

#define KEYMGR_ERROR (keymgr_error_quark())

typedef enum {
    KEYMGR_ERROR_CONFIG,            /* the configuration is incomplete or contradicts itself */
    KEYMGR_ERROR_INVALID_REFERENCE, /* not a UUID or URL that the store could know, or of a secret of another usage */
    KEYMGR_ERROR_NOT_FOUND,         /* no such secret (or expired, or deleted: stores do not tell) */
    KEYMGR_ERROR_NO_PAYLOAD,        /* the secret exists and holds nothing */
    KEYMGR_ERROR_INVALID_SECRET,    /* what came is not what the store says it holds */
    KEYMGR_ERROR_AUTH,              /* wrong credentials (401) */
    KEYMGR_ERROR_ACCESS_DENIED,     /* credentials are right, not allowed (403) */
    KEYMGR_ERROR_UNAVAILABLE,       /* cannot be reached */
    KEYMGR_ERROR_TIMEOUT,
    KEYMGR_ERROR_TLS,               /* the certificate is not trusted or names another host */
    KEYMGR_ERROR_HTTP,              /* any other HTTP status */
    KEYMGR_ERROR_PROTOCOL,          /* the answer cannot be understood */
    KEYMGR_ERROR_LIMIT,             /* a named limit was passed */
    KEYMGR_ERROR_UNSUPPORTED,       /* the backend cannot do this */
    KEYMGR_ERROR_EXISTS,            /* there is one already (409) */
} KeymgrError;

/* Messages name the store, the reference and the status; never a password, a
 * token or payload bytes. A cancelled call gives G_IO_ERROR_CANCELLED. */
GQuark keymgr_error_quark(void);

/* The HTTP status that an error's message tells; 0 when it tells none. */
guint keymgr_error_http_status(const GError *error);

#pragma GCC visibility pop
G_END_DECLS
