/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_migrate_offer.h"

typedef struct {
    char *ticket;
    char *guid;
    HypervHost *host;
} Offer;

static GMutex lock;
static GQueue offers = G_QUEUE_INIT; /* the newest first */

static void
offer_free(Offer *offer)
{
    if (!offer)
        return;
    g_free(offer->ticket);
    g_free(offer->guid);
    hyperv_host_unref(offer->host);
    g_free(offer);
}

char *
msvmMigrateOffer(HypervHost *host, const char *guid)
{
    Offer *offer = g_new0(Offer, 1);
    Offer *oldest = NULL;
    char *ticket = g_uuid_string_random();

    offer->ticket = g_strdup(ticket);
    offer->guid = g_strdup(guid);
    offer->host = hyperv_host_ref(host);
    g_mutex_lock(&lock);
    g_queue_push_head(&offers, offer);
    if (offers.length > MSVM_MIGRATE_MAX_OFFERS)
        oldest = g_queue_pop_tail(&offers);
    g_mutex_unlock(&lock);
    offer_free(oldest); /* not under the lock: it may be a host's last reference */
    return ticket;
}

void
msvmMigrateWithdraw(HypervHost *host)
{
    GQueue ended = G_QUEUE_INIT;
    GList *item;
    GList *next;

    g_mutex_lock(&lock);
    for (item = offers.head; item; item = next) {
        const Offer *offer = item->data;

        next = item->next;
        if (offer->host != host)
            continue;
        g_queue_unlink(&offers, item);
        g_queue_push_tail_link(&ended, item);
    }
    g_mutex_unlock(&lock);
    g_queue_clear_full(&ended, (GDestroyNotify)offer_free);
}

HypervHost *
msvmMigrateRedeem(const char *ticket, char **guid)
{
    Offer *found = NULL;
    HypervHost *host;
    GList *item;

    g_mutex_lock(&lock);
    for (item = offers.head; item && !found; item = item->next) {
        Offer *offer = item->data;

        if (g_str_equal(offer->ticket, ticket))
            found = offer;
    }
    if (found)
        g_queue_remove(&offers, found);
    g_mutex_unlock(&lock);
    if (!found)
        return NULL;
    host = hyperv_host_ref(found->host);
    *guid = g_strdup(found->guid);
    offer_free(found);
    return host;
}
