/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All secrets of a connection: ephemeral ones, which are in this process'
 * memory, and those of its key manager. An ephemeral secret hides one of the
 * key manager with the same UUID as long as it lives, which is what OpenStack
 * Nova's way needs: it takes a key from Barbican, gives it to libvirt as an
 * ephemeral secret with Barbican's id, and undefines that when the domain is
 * there.
 *
 * The functions report libvirt's errors, and they may be called from many
 * threads at once. What is defined, changed or removed here is told to those
 * who registered for events.
 */
#pragma once

#include "driver/msvm_secret_memory.h"
#include "keymgr/keymgr_definition.h"

#include "internal.h"
#include "object_event.h"

typedef struct MsvmSecretStore MsvmSecretStore;

/* Gives a reference to the key manager, or NULL with an error reported. */
typedef Keymgr *(*MsvmSecretKeymgr)(gpointer opaque);

/*
 * root: of embedded mode, or NULL. Connections with the same root share their
 * ephemeral secrets and their events, for as long as the process lives.
 * keymgr: is asked when one is needed; opaque outlives the store.
 */
MsvmSecretStore *msvmSecretStoreNew(const char *root, MsvmSecretKeymgr keymgr, gpointer opaque);
void msvmSecretStoreFree(MsvmSecretStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmSecretStore, msvmSecretStoreFree)

virObjectEventState *msvmSecretStoreEvents(MsvmSecretStore *store);

/* One secret's definition. uuid: lower case. whole: as keymgr_inspect().
 * NULL: VIR_ERR_NO_SECRET ... */
KeymgrDefinition *msvmSecretStoreFind(MsvmSecretStore *store, const char *uuid, bool whole);
KeymgrDefinition *msvmSecretStoreFindUsage(MsvmSecretStore *store, int usage_type, const char *usage_id);
/* All definitions: array of KeymgrDefinition with a free function. */
GPtrArray *msvmSecretStoreList(MsvmSecretStore *store, bool whole);

/* A new secret, or another definition of one. Sets its id. */
int msvmSecretStoreDefine(MsvmSecretStore *store, KeymgrDefinition *definition);
/* The bytes are the caller's to wipe. */
int msvmSecretStoreSetValue(MsvmSecretStore *store, const KeymgrDefinition *definition,
                            const unsigned char *value, size_t size);
/* Caller unrefs. Whether it is private, the caller looks. */
KeymgrSecret *msvmSecretStoreGetValue(MsvmSecretStore *store, const KeymgrDefinition *definition);
/* Deletes it, where it is, for good. */
int msvmSecretStoreRemove(MsvmSecretStore *store, const KeymgrDefinition *definition);

/* Whether a handle may stand for another one than this: an ephemeral secret with
 * its UUID was undefined, and the UUID was not handed out since. */
bool msvmSecretStoreIsGone(MsvmSecretStore *store, const KeymgrDefinition *definition);
void msvmSecretStoreHandOut(MsvmSecretStore *store, const char *uuid);

/* Whether a domain's key comes from memory, so that no key manager has it. */
bool msvmSecretStoreIsEphemeral(MsvmSecretStore *store, const char *reference);

/* As keymgr_fetch(), ephemeral secrets included; private ones as well. */
GPtrArray *msvmSecretStoreFetch(MsvmSecretStore *store, Keymgr *keymgr, const char *const *references,
                                GError **error);
