/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Barbican's JSON documents. Errors are KEYMGR_ERROR_PROTOCOL or _LIMIT, with
 * the reason alone.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_json.h"
#include "keymgr/keymgr_reference.h"

/* GET /v1/secrets/UUID */
KeymgrInfo *keymgr_barbican_json_info(KeymgrJson *json, GError **error);

/* GET /v1/secrets: appends a page to infos, which may hold max at most. */
gboolean keymgr_barbican_json_list(KeymgrJson *json, guint max, GPtrArray *infos, GError **error);

/* The body of POST /v1/secrets, without payload. KEYMGR_ERROR_LIMIT for
 * texts that are too long. */
KeymgrSecret *keymgr_barbican_json_new_secret(const KeymgrNewSecret *description, GError **error);
/* Its answer {"secret_ref": URL}. */
gboolean keymgr_barbican_json_reference(KeymgrJson *json, KeymgrReference *reference, GError **error);

/* GET /v1/secrets/UUID/acl: {"read": {"project-access": ..., "users": [...]}} */
KeymgrAcl *keymgr_barbican_json_acl(KeymgrJson *json, GError **error);

/* The body of POST and DELETE of .../consumers: of a container when it has no
 * resource_type. KEYMGR_ERROR_LIMIT for texts that are too long. */
KeymgrSecret *keymgr_barbican_json_consumer(const KeymgrConsumer *consumer, GError **error);
/* GET .../consumers: appends a page to consumers, which may hold max at most. */
gboolean keymgr_barbican_json_consumers(KeymgrJson *json, guint max, GPtrArray *consumers, GError **error);

/* GET /v1/containers/UUID: appends the UUIDs of its secrets, in an order that
 * its type gives: those named "1", "2", ... "N" by number, as shielding data
 * is stored in pieces; certificate and private key before passphrase and
 * intermediates; others as they stand. */
gboolean keymgr_barbican_json_container(KeymgrJson *json, guint max, GPtrArray *uuids, GError **error);
