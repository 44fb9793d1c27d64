/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a server's refusal means, in words. Barbican and Keystone answer in
 * four shapes: the API's {"code", "title", "description"}, the middleware's
 * {"error": {"code", "title", "message"}}, webob's {"message", "code": "406 Not
 * Acceptable", "title"}, and HTML.
 */
#pragma once

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_http.h"

/* The server's own text, fit for a message; "" when it said nothing, or when
 * it holds one of the secrets that were sent. Caller frees.
 * hidden: NULL-terminated; or NULL. */
char *keymgr_http_server_text(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden);

/* The code for a status: 401 AUTH, 403 ACCESS_DENIED, 404 and 410 NOT_FOUND,
 * 413 LIMIT, anything else HTTP. */
KeymgrError keymgr_http_error_code(guint status);

/* Fills error from a request that failed, below HTTP or by its status.
 * prefix: "Barbican at https://host:9311: secret ..."; hint: added in
 * parentheses; or NULL. Always FALSE. */
gboolean keymgr_http_fail(const KeymgrHttpRequest *request, const char *prefix, const char *hint,
                          const KeymgrSecret *const *hidden, GError **error);
