/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User-defined metadata of Barbican's secrets: /v1/secrets/UUID/metadata.
 * Barbican makes keys lower case and takes letters, digits, - and _ in them.
 * As the rows of a backend's table.
 */
#pragma once

#include "keymgr/keymgr.h"

/* The most keys of one secret that are looked at. */
#define KEYMGR_BARBICAN_MAX_METADATA 1000

/* All at once; a secret that is not there leaves a NULL. */
GPtrArray *keymgr_barbican_get_metadata(gpointer store, const char *const *references,
                                        GCancellable *cancellable, GError **error);

/* One request replaces everything. */
gboolean keymgr_barbican_set_metadata(gpointer store, const char *reference, GHashTable *metadata,
                                      GCancellable *cancellable, GError **error);
