/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bounded pool of HTTP connections. Made when they are needed and kept; the
 * one used last is given out first, since it is the warmest.
 */
#pragma once

#include "wsman/wsman_http.h"

typedef struct WsmanPool WsmanPool;

/* config must outlive the pool. */
WsmanPool *wsman_pool_new(WsmanHttpConfig *config, guint max_connections);
/* All connections must have been given back. */
void wsman_pool_free(WsmanPool *pool);

/* Waits for at most wait_ms. NULL with WSMAN_ERROR_TIMEOUT or G_IO_ERROR_CANCELLED. */
WsmanHttp *wsman_pool_acquire(WsmanPool *pool, guint wait_ms, GCancellable *cancellable, GError **error);
void wsman_pool_release(WsmanPool *pool, WsmanHttp *http);
