/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One token and what came with it.
 */
#pragma once

#include "keymgr/keymgr_keystone.h"

/* From the answer to an authentication request: the X-Subject-Token header
 * and the body {"token": {"issued_at", "expires_at", "user",
 * "project", "catalog"}}.
 * sent: the secret that it was asked for with, which is not to be shown; or
 * NULL. asked_at: g_get_monotonic_time() before the request.
 * KEYMGR_ERROR_PROTOCOL, with the reason alone. */
KeymgrToken *keymgr_token_parse(const KeymgrHttpRequest *answer, const KeymgrSecret *sent, gint64 asked_at,
                                GError **error);
/* A token that was given ready-made; nothing is known of its end. */
KeymgrToken *keymgr_token_new_ready(KeymgrSecret *value);
KeymgrToken *keymgr_token_ref(KeymgrToken *token);
gboolean keymgr_token_is_fresh(const KeymgrToken *token);
