/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a Barbican says of its API: GET /v1/, and of its versions: GET /. There
 * has only ever been v1, with microversions since 1.1, so that fetching a
 * secret does not ask.
 */
#pragma once

#include "keymgr/keymgr_barbican.h"

/* The newest microversion, as "1.1"; "1.0" for a Barbican that knows none.
 * Caller frees. KEYMGR_ERROR_CONFIG when there is something else at its URL
 * than a Barbican with v1; the message has what it offers. */
char *keymgr_barbican_api_version(KeymgrBarbican *barbican, gint64 deadline, GCancellable *cancellable,
                                  GError **error);

/* Whether version, "1.1", is major.minor or newer. */
gboolean keymgr_barbican_version_at_least(const char *version, guint major, guint minor);
