/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the policy of a domain to what protects its TPM: the secrets of the
 * key manager, joined and checked.
 */
#pragma once

#include "driver/msvm_secret_store.h"
#include "hyperv/hyperv_define.h"
#include "keymgr/keymgr.h"
#include "xml/msvm_policy.h"

typedef struct MsvmKeys MsvmKeys;

/* root: of embedded mode, or NULL. Reads the configuration when the first
 * key is needed, so that passwords of a key manager are in memory only where
 * they are used. */
MsvmKeys *msvmKeysNew(const char *root);
void msvmKeysFree(MsvmKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmKeys, msvmKeysFree)

/* The key manager that the configuration names, made with the first call.
 * Caller unrefs. NULL with an error reported. */
Keymgr *msvmKeysGetKeymgr(MsvmKeys *keys);
/* All secrets of the connection; borrowed. */
MsvmSecretStore *msvmKeysSecrets(MsvmKeys *keys);

/* Where provisioning may put its files on the host: see HypervProvisioning.
 * directory: copied; NULL: nowhere. Before the first use. */
void msvmKeysSetProvisioning(MsvmKeys *keys, const char *directory, unsigned int timeout);

/* -1 with VIR_ERR_CONFIG_UNSUPPORTED reported where the policy asks for
 * provisioning and there is no such place. */
int msvmKeysCheckProvisioning(const MsvmKeys *keys, const MsvmPolicy *policy, const char *domain);

/* What hyperv_define() takes, and what it borrows. */
typedef struct {
    HypervProtection protection;
    HypervProvisioning provisioning;
    KeymgrSecret *secret;
    GPtrArray *guardians; /* HypervMetadata */
} MsvmProtection;

/* Wipes the key bytes. */
void msvmProtectionFree(MsvmProtection *protection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmProtection, msvmProtectionFree)

/*
 * Fetches all secrets of the policy, or none, and tells from their content
 * whether they are a key protector, guardian metadata or shielding data.
 * Borrows from the policy, and from keys.
 * domain: its name, for messages.
 * NULL with an error reported: VIR_ERR_NO_SECRET, VIR_ERR_INVALID_SECRET,
 * VIR_ERR_AUTH_FAILED, VIR_ERR_CONFIG_UNSUPPORTED ...
 */
MsvmProtection *msvmProtectionNew(MsvmKeys *keys, const MsvmPolicy *policy, const char *domain);
