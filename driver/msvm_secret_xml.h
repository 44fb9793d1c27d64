/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets in libvirt's XML and types, and as the key manager knows them.
 */
#pragma once

#include "keymgr/keymgr_definition.h"

#include "internal.h"
#include "secret_conf.h"

/*
 * xml: a <secret>; or NULL, then path is a file with one.
 * flags: of virSecretDefineXML(), checked by the caller.
 * The id is NULL where the XML has no <uuid>: the store gives one.
 * NULL with an error reported.
 */
KeymgrDefinition *msvmSecretParse(const char *xml, const char *path, unsigned int flags);

/* For libvirt's ACL checks and its formatter. NULL, with VIR_ERR_NO_SECRET
 * reported, for an id that is no UUID: stores of other kinds have such. */
virSecretDef *msvmSecretDefNew(const KeymgrDefinition *definition);

/* The XML of a definition that has an id; caller frees. NULL with an error
 * reported. */
char *msvmSecretFormat(const KeymgrDefinition *definition);
