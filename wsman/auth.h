/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication mechanisms: one file and one row of the table in auth.c each.
 *
 * A mechanism has a state per TCP connection, made when the connection's first
 * request goes out.
 */
#pragma once

#include "wsman/wsman_buffer.h"
#include "wsman/wsman_client.h"

typedef struct {
    const char *host;           /* as in the URL, for the service's name */
    gboolean encrypted;         /* https */
    WsmanCredentialsFunc credentials;
    gpointer credentials_opaque;
} WsmanAuthTarget;

typedef struct {
    const char *name;       /* in options and messages: "basic" */
    const char *scheme;     /* the word in WWW-Authenticate: "Basic" */
    /* Whoever reads the connection reads the password: over plain http only
     * when the mechanism was asked for by name. */
    gboolean sends_password;
    /* Whether what it needs at run time is there. */
    gboolean (*is_available)(void);
    /* The state of a connection. Errors: of the credentials function, or
     * WSMAN_ERROR_AUTH. */
    gpointer (*begin)(const WsmanAuthTarget *target, GError **error);
    /* Appends the header line "Authorization: ..." of the next request. */
    gboolean (*write_header)(gpointer state, WsmanBuffer *out, GError **error);
    /* Wipes what it holds. NULL is fine. */
    void (*end)(gpointer state);
} WsmanAuthMechanism;

extern const WsmanAuthMechanism wsman_auth_basic;

/* By name, or for NULL the best one that is available and may be used there.
 * NULL with WSMAN_ERROR_CONFIG. */
const WsmanAuthMechanism *wsman_auth_find(const char *name, gboolean encrypted, GError **error);
