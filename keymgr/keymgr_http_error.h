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
 * its answer holds one of the secrets that were sent or the request's body, as
 * they are or escaped as in JSON or HTML. Caller frees.
 * hidden: NULL-terminated. */
char *keymgr_http_server_text(const KeymgrHttpRequest *request, const KeymgrSecret *const *hidden);

/* The code for a status: 401 AUTH, 403 ACCESS_DENIED, 404 and 410 NOT_FOUND,
 * 413 LIMIT, anything else HTTP. */
KeymgrError keymgr_http_error_code(guint status);

/* Fills error from a request that failed, below HTTP or by its status. Shows
 * nothing of an answer, or of where it redirects to, that holds one of hidden
 * (NULL-terminated; or NULL) or the request's body.
 * prefix: "Barbican at https://host:9311: secret ..."; hint: added in
 * parentheses; or NULL. Always FALSE. */
gboolean keymgr_http_fail(const KeymgrHttpRequest *request, const char *prefix, const char *hint,
                          const KeymgrSecret *const *hidden, GError **error);
