/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening and closing a connection.
 */
#pragma once

#include "driver/msvm_private.h"

#include "driver.h"

virDrvOpenStatus msvmConnectOpen(virConnectPtr conn, virConnectAuthPtr auth, virConf *conf, unsigned int flags);
int msvmConnectClose(virConnectPtr conn);

/* Another host, for a connection's own use: where is a host's name or a
 * connection URI of this driver. Its root is the connection's unless the URI
 * has one; its credentials come from auth.conf alone. NULL with an error
 * reported. */
MsvmPrivate *msvmPrivateOpenPeer(virConnectPtr conn, const char *where);
void msvmPrivateFree(MsvmPrivate *priv);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmPrivate, msvmPrivateFree)
