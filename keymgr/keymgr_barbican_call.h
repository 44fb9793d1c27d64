/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single requests to Barbican: made, sent alone, and their answers read.
 */
#pragma once

#include "keymgr/keymgr_barbican.h"
#include "keymgr/keymgr_json.h"
#include "keymgr/keymgr_reference.h"

/* Takes over path and what. method and accept are constants. */
KeymgrBarbicanCall *keymgr_barbican_call_new(const char *method, const char *accept, char *path, char *what);
/* The GET of a payload, byte for byte, whose answer is checked: NO_PAYLOAD and
 * PROTOCOL. */
KeymgrBarbicanCall *keymgr_barbican_payload_call(const char *uuid);
void keymgr_barbican_call_free(gpointer call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrBarbicanCall, keymgr_barbican_call_free)

/* For keymgr_barbican_send(): an empty array that owns its calls. */
GPtrArray *keymgr_barbican_calls_new(void);

/* Sends one call; returns it when all went well. Takes it over otherwise. */
KeymgrBarbicanCall *keymgr_barbican_send_one(KeymgrBarbican *barbican, KeymgrBarbicanCall *call,
                                             gint64 deadline, GCancellable *cancellable, GError **error);

/* The same for a call whose answer is of no interest. */
gboolean keymgr_barbican_do(KeymgrBarbican *barbican, KeymgrBarbicanCall *call, gint64 deadline,
                            GCancellable *cancellable, GError **error);

/* One GET of a JSON object. Takes over path and what. */
KeymgrJson *keymgr_barbican_get_json(KeymgrBarbican *barbican, char *path, char *what, gint64 deadline,
                                     GCancellable *cancellable, GError **error);

/* Puts the store and what was asked for before the reason of an error. */
void keymgr_barbican_prefix(KeymgrBarbican *barbican, const char *what, GError **error);

/* A reference that may only be a secret. KEYMGR_ERROR_INVALID_REFERENCE;
 * cannot: "cannot be described", for a container. */
gboolean keymgr_barbican_parse_secret(const char *text, const char *cannot, KeymgrReference *reference,
                                      GError **error);
/* "/secrets/UUID" or "/containers/UUID" with rest behind it. Caller frees. */
char *keymgr_barbican_path_of(const KeymgrReference *reference, const char *rest);
/* "secret UUID" or "container UUID". Caller frees. */
char *keymgr_barbican_name_of(const KeymgrReference *reference);
