/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who needs a secret or container, as Barbican notes it: the functions
 * add_consumer, remove_consumer and list_consumers of its backend. Key Manager
 * API: POST, DELETE and GET of /v1/secrets/UUID/consumers (since microversion
 * 1.1) and of /v1/containers/UUID/consumers.
 */
#pragma once

#include "keymgr/keymgr.h"

/* The most consumers of one secret that are listed. */
#define KEYMGR_CONSUMERS_MAX 10000

gboolean keymgr_barbican_add_consumer(gpointer store, const char *const *references,
                                      const KeymgrConsumer *consumer, GCancellable *cancellable,
                                      GError **error);
gboolean keymgr_barbican_remove_consumer(gpointer store, const char *const *references,
                                         const KeymgrConsumer *consumer, GCancellable *cancellable,
                                         GError **error);
GPtrArray *keymgr_barbican_list_consumers(gpointer store, const char *reference, GCancellable *cancellable,
                                          GError **error);
