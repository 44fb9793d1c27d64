/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changes secrets in Barbican: the functions store, set_payload and
 * remove of its backend.
 */
#pragma once

#include "keymgr/keymgr.h"

char *keymgr_barbican_store(gpointer store, const KeymgrNewSecret *description, KeymgrSecret *value,
                            GCancellable *cancellable, GError **error);
gboolean keymgr_barbican_set_payload(gpointer store, const char *reference, KeymgrSecret *value,
                                     GCancellable *cancellable, GError **error);
gboolean keymgr_barbican_remove(gpointer store, const char *reference, GCancellable *cancellable,
                                GError **error);
