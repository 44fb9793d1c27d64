/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/slow_resolver.h"

#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

/* For a test that fails. */
#define LONG_US (10 * G_USEC_PER_SEC)

static GMutex lock;
static GCond changed;
static guint asked;  /* how often */
static guint inside; /* so many have no answer yet */
static gboolean let_go;

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    gint64 end = g_get_monotonic_time() + LONG_US;

    if (!node || strcmp(node, SLOW_HOST) != 0) {
        *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
        return next(node, service, hints, result);
    }
    g_mutex_lock(&lock);
    asked++;
    inside++;
    g_cond_broadcast(&changed);
    while (!let_go && g_cond_wait_until(&changed, &lock, end))
        ;
    inside--;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
    return EAI_AGAIN;
}

static gpointer
cancel_when_asked(gpointer opaque)
{
    gint64 end = g_get_monotonic_time() + LONG_US;
    GCancellable *cancellable = opaque;

    g_mutex_lock(&lock);
    while (asked == 0 && g_cond_wait_until(&changed, &lock, end))
        ;
    g_mutex_unlock(&lock);
    g_cancellable_cancel(cancellable);
    g_object_unref(cancellable);
    return NULL;
}

GThread *
slow_resolver_cancel_when_asked(GCancellable *cancellable)
{
    return g_thread_new("cancel", cancel_when_asked, g_object_ref(cancellable));
}

gboolean
slow_resolver_was_silent(void)
{
    gint64 end = g_get_monotonic_time() + LONG_US;
    gboolean silent;

    g_mutex_lock(&lock);
    while (asked == 0 && g_cond_wait_until(&changed, &lock, end))
        ;
    silent = asked > 0 && inside == asked;
    let_go = TRUE;
    g_cond_broadcast(&changed);
    while (inside > 0 && g_cond_wait_until(&changed, &lock, end))
        ;
    asked = 0;
    let_go = FALSE;
    g_mutex_unlock(&lock);
    return silent;
}
