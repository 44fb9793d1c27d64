/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_pool.h"

#include "wsman/wsman_error_private.h"

struct WsmanPool {
    GMutex lock;
    GCond freed;
    WsmanHttpConfig *config;
    GPtrArray *idle; /* WsmanHttp: the warmest last */
    guint n_made;
    guint max;
};

WsmanPool *
wsman_pool_new(WsmanHttpConfig *config, guint max_connections)
{
    WsmanPool *pool = g_new0(WsmanPool, 1);

    g_mutex_init(&pool->lock);
    g_cond_init(&pool->freed);
    pool->config = config;
    pool->idle = g_ptr_array_new();
    pool->max = max_connections;
    return pool;
}

void
wsman_pool_free(WsmanPool *pool)
{
    if (!pool)
        return;
    g_assert(pool->idle->len == pool->n_made);
    for (guint i = 0; i < pool->idle->len; i++)
        wsman_http_free(g_ptr_array_index(pool->idle, i));
    g_ptr_array_unref(pool->idle);
    g_cond_clear(&pool->freed);
    g_mutex_clear(&pool->lock);
    g_free(pool);
}

/* Wakes all who wait: each looks whether it was meant. */
static void
on_cancelled(GCancellable *cancellable, gpointer opaque)
{
    WsmanPool *pool = opaque;

    g_mutex_lock(&pool->lock);
    g_cond_broadcast(&pool->freed);
    g_mutex_unlock(&pool->lock);
}

/* NULL when all are in use. The lock is held. */
static WsmanHttp *
take(WsmanPool *pool)
{
    if (pool->idle->len > 0)
        return g_ptr_array_remove_index(pool->idle, pool->idle->len - 1);
    if (pool->n_made == pool->max)
        return NULL;
    pool->n_made++;
    return wsman_http_new(pool->config);
}

WsmanHttp *
wsman_pool_acquire(WsmanPool *pool, guint wait_ms, GCancellable *cancellable, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)wait_ms * 1000;
    gulong handler = 0;
    WsmanHttp *http = NULL;
    gboolean in_time = TRUE;

    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), pool, NULL);
    g_mutex_lock(&pool->lock);
    while (!g_cancellable_is_cancelled(cancellable) && !(http = take(pool)) && in_time)
        in_time = g_cond_wait_until(&pool->freed, &pool->lock, deadline);
    /* One may have come back together with the end of the time. */
    if (!http && !in_time && !g_cancellable_is_cancelled(cancellable))
        http = take(pool);
    /* The signal that woke a cancelled one was for somebody. */
    if (!http && pool->idle->len > 0)
        g_cond_signal(&pool->freed);
    g_mutex_unlock(&pool->lock);
    g_cancellable_disconnect(cancellable, handler);
    if (!http && !g_cancellable_set_error_if_cancelled(cancellable, error))
        wsman_set_error(error, WSMAN_ERROR_TIMEOUT, NULL,
                        "none of the %u connections to the host became free within %.1f s", pool->max,
                        wait_ms / 1000.0);
    return http;
}

void
wsman_pool_release(WsmanPool *pool, WsmanHttp *http)
{
    g_mutex_lock(&pool->lock);
    g_ptr_array_add(pool->idle, http);
    g_cond_signal(&pool->freed);
    g_mutex_unlock(&pool->lock);
}
