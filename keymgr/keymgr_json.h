/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON in two directions: answers of servers, parsed with limits, and requests
 * that hold secrets, written straight into locked memory. No answer should hold
 * a secret (Keystone's token is in a header), but a refusal may repeat what was
 * sent: so json-c's copies are wiped.
 */
#pragma once

#include <json-c/json.h>

#include "keymgr/keymgr_secret.h"

/* Deeper documents are refused. Catalogues and containers need 7. */
#define KEYMGR_JSON_MAX_DEPTH 32

typedef struct json_object KeymgrJson;
/* Wipes all text in it. NULL is fine. */
void keymgr_json_unref(KeymgrJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrJson, keymgr_json_unref)

/* The whole text as one object. KEYMGR_ERROR_PROTOCOL when it is not JSON,
 * cut off, not an object, or followed by something; KEYMGR_ERROR_LIMIT when
 * it is nested too deeply. The message has the reason alone. */
KeymgrJson *keymgr_json_parse(const KeymgrSecret *text, GError **error);

/* Borrowed members, or NULL where absent or of another type. */
const char *keymgr_json_string(KeymgrJson *object, const char *name);
KeymgrJson *keymgr_json_object(KeymgrJson *object, const char *name);
KeymgrJson *keymgr_json_array(KeymgrJson *object, const char *name);
/* 0 where absent, negative or of another type. */
guint keymgr_json_uint(KeymgrJson *object, const char *name);

/* Appends to a request. FALSE when the request would pass its max_size. */
gboolean keymgr_json_write(KeymgrSecret *out, const char *raw) G_GNUC_WARN_UNUSED_RESULT;
/* "text", escaped. */
gboolean keymgr_json_write_string(KeymgrSecret *out, const char *text,
                                  gsize size) G_GNUC_WARN_UNUSED_RESULT;
gboolean keymgr_json_write_secret(KeymgrSecret *out, const KeymgrSecret *text) G_GNUC_WARN_UNUSED_RESULT;
