/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Credentials for Keystone, under the option names of keystoneauth, and the
 * request that shows them (Identity API v3, POST /v3/auth/tokens).
 */
#pragma once

#include "keymgr/keymgr_config.h"

typedef enum {
    KEYMGR_AUTH_NONE,                   /* a Barbican without Keystone */
    KEYMGR_AUTH_PASSWORD,
    KEYMGR_AUTH_APPLICATION_CREDENTIAL,
    KEYMGR_AUTH_TOKEN,
} KeymgrAuthKind;

typedef struct KeymgrAuth KeymgrAuth;

extern const KeymgrConfigKey keymgr_auth_keys[];
/* Groups of OpenStack's files that hold such options, and that auth_section may
 * name in place of the own group: NULL-terminated. Their keys are known, so
 * that a reader of the file sees the passwords in them. */
extern const char *const keymgr_auth_groups[];

KeymgrAuth *keymgr_auth_new(const KeymgrConfig *config, GError **error);
void keymgr_auth_free(KeymgrAuth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrAuth, keymgr_auth_free)

KeymgrAuthKind keymgr_auth_kind(const KeymgrAuth *auth);
/* Keystone's URL up to /v3; NULL without one. */
const char *keymgr_auth_url(const KeymgrAuth *auth);
/* The password, application credential secret or token; NULL without one. */
KeymgrSecret *keymgr_auth_secret(const KeymgrAuth *auth);
/* For X-Project-Id where there is no Keystone; or NULL. */
const char *keymgr_auth_project_id(const KeymgrAuth *auth);
/* The service's URL, given with KEYMGR_AUTH_NONE; or NULL. */
const char *keymgr_auth_endpoint(const KeymgrAuth *auth);
/* Who logs in, for messages: "user creator, project demo". */
const char *keymgr_auth_who(const KeymgrAuth *auth);
/* The JSON body, in locked memory. */
KeymgrSecret *keymgr_auth_request(const KeymgrAuth *auth);
