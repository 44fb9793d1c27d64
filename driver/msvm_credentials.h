/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User and password of one connection: from libvirt's auth.conf, group
 * auth-msvm-HOST, else from the client's callbacks. Asked for when the host
 * first asks, while the connection is being opened, and kept, locked and
 * outside of core dumps, for the connections that come later; wiped at close.
 */
#pragma once

#include <glib.h>

#include "internal.h"
#include "datatypes.h"

typedef struct MsvmCredentials MsvmCredentials;

/* user: from the URI; NULL: ask for it, too.
 * host: as the user called it.
 * auth: borrowed until msvmCredentialsSeal(); NULL is fine. */
MsvmCredentials *msvmCredentialsNew(virConnectPtr conn, virConnectAuthPtr auth, const char *user,
                                    const char *host);
MsvmCredentials *msvmCredentialsRef(MsvmCredentials *credentials);
void msvmCredentialsUnref(MsvmCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmCredentials, msvmCredentialsUnref)

/* The connection is open: nobody is asked from here on. */
void msvmCredentialsSeal(MsvmCredentials *credentials);

/* A WsmanCredentialsFunc; opaque is the MsvmCredentials. */
gboolean msvmCredentialsGet(char **user, char **password, gpointer opaque, GError **error);
