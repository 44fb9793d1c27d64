/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_driver.h"

#include "driver/msvm_keys.h"
#include "driver/msvm_private.h"
#include "driver/msvm_secret_store.h"
#include "driver/msvm_secret_xml.h"

#include "secret_event.h"
#include "viraccessapicheck.h"
#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_SECRET

/* A secret as entries work with it: our definition, and libvirt's for ACLs. */
typedef struct {
    KeymgrDefinition *definition;
    virSecretDef *def;
} Found;

static void
found_clear(Found *found)
{
    keymgr_definition_free(found->definition);
    virSecretDefFree(found->def);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static MsvmSecretStore *
store_of(virConnectPtr conn)
{
    return msvmKeysSecrets(msvmPrivateOf(conn)->keys);
}

/* Takes the definition over, which may be NULL after an error. */
static int
found_set(Found *found, KeymgrDefinition *definition)
{
    found->definition = definition;
    found->def = definition ? msvmSecretDefNew(definition) : NULL;
    return found->def ? 0 : -1;
}

static virSecretPtr
make_pointer(virConnectPtr conn, const virSecretDef *def)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    virUUIDFormat(def->uuid, uuid);
    msvmSecretStoreHandOut(store_of(conn), uuid);
    return virGetSecret(conn, def->uuid, def->usage_type, NULLSTR_EMPTY(def->usage_id));
}

/* A pointer stands for the secret that it was made for: one to an ephemeral
 * secret that is gone never reaches a stored one with the same UUID. */
static int
find(virSecretPtr secret, bool whole, Found *found)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    virUUIDFormat(secret->uuid, uuid);
    if (found_set(found, msvmSecretStoreFind(store_of(secret->conn), uuid, whole)) < 0)
        return -1;
    if (!msvmSecretStoreIsGone(store_of(secret->conn), found->definition) &&
        found->def->usage_type == secret->usageType &&
        STREQ(NULLSTR_EMPTY(found->def->usage_id), NULLSTR_EMPTY(secret->usageID)))
        return 0;
    virReportError(VIR_ERR_NO_SECRET, _("no secret with matching uuid '%s' and usage '%s'"), uuid,
                   NULLSTR_EMPTY(secret->usageID));
    return -1;
}

/* --- lists ----------------------------------------------------------------- */

static bool
matches(const virSecretDef *def, unsigned int flags)
{
    unsigned int ephemeral = flags & VIR_CONNECT_LIST_SECRETS_FILTERS_EPHEMERAL;
    unsigned int private = flags & VIR_CONNECT_LIST_SECRETS_FILTERS_PRIVATE;

    if (ephemeral && !(ephemeral & (def->isephemeral ? VIR_CONNECT_LIST_SECRETS_EPHEMERAL
                                                     : VIR_CONNECT_LIST_SECRETS_NO_EPHEMERAL)))
        return false;
    return !private || (private & (def->isprivate ? VIR_CONNECT_LIST_SECRETS_PRIVATE
                                                  : VIR_CONNECT_LIST_SECRETS_NO_PRIVATE));
}

static void
def_free(gpointer def)
{
    virSecretDefFree(def);
}

/* All secrets that flags and ACLs let through, as virSecretDef; those whose
 * store gives them no UUID are left out, as libvirt cannot name them. */
static GPtrArray *
list(virConnectPtr conn, unsigned int flags, bool (*may_see)(virConnectPtr, virSecretDef *))
{
    bool whole = (flags & VIR_CONNECT_LIST_SECRETS_FILTERS_PRIVATE) != 0;
    g_autoptr(GPtrArray) all = msvmSecretStoreList(store_of(conn), whole);
    GPtrArray *defs;
    guint i;

    if (!all)
        return NULL;
    defs = g_ptr_array_new_with_free_func(def_free);
    for (i = 0; i < all->len; i++) {
        KeymgrDefinition *definition = g_ptr_array_index(all, i);
        g_autoptr(virSecretDef) def = NULL;
        unsigned char uuid[VIR_UUID_BUFLEN];

        if (virUUIDParse(definition->id, uuid) == 0 && (def = msvmSecretDefNew(definition)) &&
            matches(def, flags) && may_see(conn, def))
            g_ptr_array_add(defs, g_steal_pointer(&def));
    }
    return defs;
}

int
msvmConnectNumOfSecrets(virConnectPtr conn)
{
    g_autoptr(GPtrArray) defs = NULL;

    if (virConnectNumOfSecretsEnsureACL(conn) < 0 || !(defs = list(conn, 0, virConnectNumOfSecretsCheckACL)))
        return -1;
    return defs->len;
}

int
msvmConnectListSecrets(virConnectPtr conn, char **uuids, int maxuuids)
{
    g_autoptr(GPtrArray) defs = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int i;

    if (virConnectListSecretsEnsureACL(conn) < 0 || !(defs = list(conn, 0, virConnectListSecretsCheckACL)))
        return -1;
    for (i = 0; i < maxuuids && i < (int)defs->len; i++) {
        virUUIDFormat(((virSecretDef *)g_ptr_array_index(defs, i))->uuid, uuid);
        uuids[i] = g_strdup(uuid);
    }
    return i;
}

int
msvmConnectListAllSecrets(virConnectPtr conn, virSecretPtr **secrets, unsigned int flags)
{
    g_autoptr(GPtrArray) defs = NULL;
    virSecretPtr *made;
    guint i;

    virCheckFlags(VIR_CONNECT_LIST_SECRETS_FILTERS_ALL, -1);

    if (virConnectListAllSecretsEnsureACL(conn) < 0 ||
        !(defs = list(conn, flags, virConnectListAllSecretsCheckACL)))
        return -1;
    if (!secrets)
        return defs->len;
    made = g_new0(virSecretPtr, defs->len + 1);
    for (i = 0; i < defs->len; i++) {
        made[i] = make_pointer(conn, g_ptr_array_index(defs, i));
        if (made[i])
            continue;
        while (i-- > 0)
            virObjectUnref(made[i]);
        g_free(made);
        return -1;
    }
    *secrets = made;
    return defs->len;
}

/* --- one secret -------------------------------------------------------------- */

virSecretPtr
msvmSecretLookupByUUID(virConnectPtr conn, const unsigned char *uuid)
{
    g_auto(Found) found = { NULL, NULL };
    char text[VIR_UUID_STRING_BUFLEN];

    virUUIDFormat(uuid, text);
    if (found_set(&found, msvmSecretStoreFind(store_of(conn), text, false)) < 0 ||
        virSecretLookupByUUIDEnsureACL(conn, found.def) < 0)
        return NULL;
    return make_pointer(conn, found.def);
}

virSecretPtr
msvmSecretLookupByUsage(virConnectPtr conn, int usageType, const char *usageID)
{
    g_auto(Found) found = { NULL, NULL };

    if (usageType <= VIR_SECRET_USAGE_TYPE_NONE || usageType >= VIR_SECRET_USAGE_TYPE_LAST) {
        virReportError(VIR_ERR_NO_SECRET, _("no secret with matching usage '%s'"), usageID);
        return NULL;
    }
    if (found_set(&found, msvmSecretStoreFindUsage(store_of(conn), usageType, usageID)) < 0 ||
        virSecretLookupByUsageEnsureACL(conn, found.def) < 0)
        return NULL;
    return make_pointer(conn, found.def);
}

virSecretPtr
msvmSecretDefineXML(virConnectPtr conn, const char *xml, unsigned int flags)
{
    g_autoptr(virSecretDef) asked = NULL;
    g_auto(Found) found = { NULL, NULL };

    virCheckFlags(VIR_SECRET_DEFINE_VALIDATE, NULL);

    if (!(found.definition = msvmSecretParse(xml, NULL, flags)) ||
        !(asked = virSecretDefParse(xml, NULL, 0)) || virSecretDefineXMLEnsureACL(conn, asked) < 0 ||
        msvmSecretStoreDefine(store_of(conn), found.definition) < 0 ||
        !(found.def = msvmSecretDefNew(found.definition)))
        return NULL;
    return make_pointer(conn, found.def);
}

char *
msvmSecretGetXMLDesc(virSecretPtr secret, unsigned int flags)
{
    g_auto(Found) found = { NULL, NULL };

    virCheckFlags(0, NULL);

    if (find(secret, true, &found) < 0 || virSecretGetXMLDescEnsureACL(secret->conn, found.def) < 0)
        return NULL;
    return virSecretDefFormat(found.def);
}

int
msvmSecretSetValue(virSecretPtr secret, const unsigned char *value, size_t value_size, unsigned int flags)
{
    g_auto(Found) found = { NULL, NULL };

    virCheckFlags(0, -1);

    if (find(secret, false, &found) < 0 || virSecretSetValueEnsureACL(secret->conn, found.def) < 0)
        return -1;
    return msvmSecretStoreSetValue(store_of(secret->conn), found.definition, value, value_size);
}

unsigned char *
msvmSecretGetValue(virSecretPtr secret, size_t *value_size, unsigned int flags)
{
    g_auto(Found) found = { NULL, NULL };
    g_autoptr(KeymgrSecret) value = NULL;
    unsigned char *copy;

    virCheckFlags(0, NULL);

    if (find(secret, true, &found) < 0 || virSecretGetValueEnsureACL(secret->conn, found.def) < 0)
        return NULL;
    /* Before the key manager is asked for the bytes. */
    if (found.def->isprivate) {
        virReportError(VIR_ERR_INVALID_SECRET, "%s", _("secret is private"));
        return NULL;
    }
    value = msvmSecretStoreGetValue(store_of(secret->conn), found.definition);
    if (!value)
        return NULL;
    copy = g_new0(unsigned char, keymgr_secret_size(value) + 1);
    memcpy(copy, keymgr_secret_data(value), keymgr_secret_size(value));
    *value_size = keymgr_secret_size(value);
    return copy;
}

int
msvmSecretUndefine(virSecretPtr secret)
{
    g_auto(Found) found = { NULL, NULL };

    if (find(secret, false, &found) < 0 || virSecretUndefineEnsureACL(secret->conn, found.def) < 0)
        return -1;
    return msvmSecretStoreRemove(store_of(secret->conn), found.definition);
}

/* --- events ------------------------------------------------------------------- */

int
msvmConnectSecretEventRegisterAny(virConnectPtr conn, virSecretPtr secret, int eventID,
                                  virConnectSecretEventGenericCallback cb, void *opaque,
                                  virFreeCallback freecb)
{
    int callback_id = -1;

    if (virConnectSecretEventRegisterAnyEnsureACL(conn) < 0 ||
        virSecretEventStateRegisterID(conn, msvmSecretStoreEvents(store_of(conn)), secret, eventID, cb, opaque,
                                      freecb, &callback_id) < 0)
        return -1;
    return callback_id;
}

int
msvmConnectSecretEventDeregisterAny(virConnectPtr conn, int callbackID)
{
    if (virConnectSecretEventDeregisterAnyEnsureACL(conn) < 0 ||
        virObjectEventStateDeregisterID(conn, msvmSecretStoreEvents(store_of(conn)), callbackID, true) < 0)
        return -1;
    return 0;
}
