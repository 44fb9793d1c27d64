/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keystone tokens: fetched once for all threads, renewed before they end.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_auth.h"
#include "keymgr/keymgr_http.h"
#include "keymgr/keymgr_retry.h"

/* A token is renewed when less than this is left of it, as keystoneauth does;
 * of a token that lives shorter than twice this, when half is left. */
#define KEYMGR_TOKEN_MARGIN_SECONDS 120
/* More endpoints than this in a catalogue are refused. */
#define KEYMGR_CATALOG_MAX_ENDPOINTS 10000

typedef struct KeymgrToken KeymgrToken;
typedef struct KeymgrKeystone KeymgrKeystone;

/* What to look for in the catalogue. */
typedef struct {
    const char *service_type;
    const char *service_name;       /* or NULL: any */
    const char *const *interfaces;  /* in order of preference */
    const char *region;             /* or NULL: any */
} KeymgrEndpointWish;

void keymgr_token_unref(KeymgrToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrToken, keymgr_token_unref)
const KeymgrSecret *keymgr_token_value(const KeymgrToken *token);
/* Whom Keystone says that it is for; empty of a ready token. As long as the token. */
const KeymgrParty *keymgr_token_user(const KeymgrToken *token);
const KeymgrParty *keymgr_token_project(const KeymgrToken *token);
/* The URL that the token's catalogue has, without trailing slashes; caller
 * frees. KEYMGR_ERROR_CONFIG that says what there is instead. */
char *keymgr_token_endpoint(const KeymgrToken *token, const KeymgrEndpointWish *wish, GError **error);
/* Whether a service has accepted the token already: then it remembers it, and
 * requests side by side are cheap. */
gboolean keymgr_token_is_proven(const KeymgrToken *token);
void keymgr_token_set_proven(KeymgrToken *token, gboolean proven);

/* auth: taken over. http: borrowed, must outlive it.
 * with_catalog: FALSE when the endpoint is fixed. */
KeymgrKeystone *keymgr_keystone_new(KeymgrAuth *auth, KeymgrHttp *http, const KeymgrRetry *retry,
                                    gboolean with_catalog);
void keymgr_keystone_free(KeymgrKeystone *keystone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrKeystone, keymgr_keystone_free)
const KeymgrAuth *keymgr_keystone_auth(const KeymgrKeystone *keystone);

/* A token that is good for a while. Threads that ask at the same time share
 * one request, and its failure. Caller unrefs. */
KeymgrToken *keymgr_keystone_token(KeymgrKeystone *keystone, gint64 deadline, GCancellable *cancellable,
                                   GError **error);
/* A service answered 401 to this token: forget it, if it is still the current
 * one. FALSE when no other can be had: that one is kept, as new to the
 * service. */
gboolean keymgr_keystone_reject(KeymgrKeystone *keystone, KeymgrToken *token);
