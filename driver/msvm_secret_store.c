/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_store.h"

#include "driver/msvm_error.h"
#include "keymgr/keymgr_reference.h"

#include "secret_event.h"
#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_SECRET

/* What the connections of one root share. Never freed: a daemon's clients
 * come and go, and find their ephemeral secrets again. */
typedef struct {
    MsvmSecretMemory *memory;
    virObjectEventState *events;
    GMutex define_lock;    /* from the look whether a usage is free to its being taken, in the store */
    GMutex ephemeral_lock; /* the same in memory, which waits for no store */
} Shared;

struct MsvmSecretStore {
    Shared *shared;
    MsvmSecretKeymgr keymgr;
    gpointer opaque;
};

static Shared *
get_shared(const char *root)
{
    static GMutex lock;
    static GHashTable *known;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    Shared *shared;

    if (!known)
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    shared = g_hash_table_lookup(known, root ? root : "");
    if (!shared) {
        shared = g_new0(Shared, 1);
        g_mutex_init(&shared->define_lock);
        g_mutex_init(&shared->ephemeral_lock);
        shared->memory = msvmSecretMemoryNew();
        shared->events = virObjectEventStateNew();
        g_hash_table_insert(known, g_strdup(root ? root : ""), shared);
    }
    return shared;
}

MsvmSecretStore *
msvmSecretStoreNew(const char *root, MsvmSecretKeymgr keymgr, gpointer opaque)
{
    MsvmSecretStore *store = g_new0(MsvmSecretStore, 1);

    store->shared = get_shared(root);
    store->keymgr = keymgr;
    store->opaque = opaque;
    return store;
}

void
msvmSecretStoreFree(MsvmSecretStore *store)
{
    g_free(store);
}

virObjectEventState *
msvmSecretStoreEvents(MsvmSecretStore *store)
{
    return store->shared->events;
}

static Keymgr *
get_keymgr(MsvmSecretStore *store)
{
    return store->keymgr(store->opaque);
}

/* --- events --------------------------------------------------------------- */

static void
tell_lifecycle(MsvmSecretStore *store, const KeymgrDefinition *definition, int type)
{
    unsigned char uuid[VIR_UUID_BUFLEN];

    if (virUUIDParse(definition->id, uuid) == 0)
        virObjectEventStateQueue(store->shared->events,
                                 virSecretEventLifecycleNew(uuid, definition->usage_type,
                                                            NULLSTR_EMPTY(definition->usage_id), type, 0));
}

static void
tell_value(MsvmSecretStore *store, const KeymgrDefinition *definition)
{
    unsigned char uuid[VIR_UUID_BUFLEN];

    if (virUUIDParse(definition->id, uuid) == 0)
        virObjectEventStateQueue(store->shared->events,
                                 virSecretEventValueChangedNew(uuid, definition->usage_type,
                                                               NULLSTR_EMPTY(definition->usage_id)));
}

/* --- looking ------------------------------------------------------------------ */

KeymgrDefinition *
msvmSecretStoreFind(MsvmSecretStore *store, const char *uuid, bool whole)
{
    KeymgrDefinition *definition = msvmSecretMemoryFind(store->shared->memory, uuid);
    g_autoptr(Keymgr) keymgr = NULL;
    g_autoptr(GError) error = NULL;

    if (definition || !(keymgr = get_keymgr(store)))
        return definition;
    definition = keymgr_inspect(keymgr, uuid, whole, NULL, &error);
    if (!definition && g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        msvmReportError(error, NULL, _("no secret with matching uuid '%s'"), uuid);
    else if (!definition)
        msvmReportError(error, NULL, _("cannot look for secret '%s'"), uuid);
    return definition;
}

KeymgrDefinition *
msvmSecretStoreFindUsage(MsvmSecretStore *store, int usage_type, const char *usage_id)
{
    KeymgrDefinition *definition = msvmSecretMemoryFindUsage(store->shared->memory, usage_type, usage_id);
    g_autoptr(Keymgr) keymgr = NULL;
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GError) error = NULL;

    if (definition || !(keymgr = get_keymgr(store)))
        return definition;
    found = keymgr_list_definitions(keymgr, usage_type, usage_id, FALSE, NULL, &error);
    if (!found)
        msvmReportError(error, NULL, _("cannot look for a secret with usage '%s'"), usage_id);
    else if (found->len == 0)
        virReportError(VIR_ERR_NO_SECRET, _("no secret with matching usage '%s'"), usage_id);
    else
        definition = keymgr_definition_copy(g_ptr_array_index(found, 0));
    return definition;
}

/* Whether an ephemeral secret stands before this one. */
static bool
is_hidden(GPtrArray *memory, const char *uuid)
{
    guint i;

    for (i = 0; i < memory->len; i++) {
        if (STREQ(((KeymgrDefinition *)g_ptr_array_index(memory, i))->id, uuid))
            return true;
    }
    return false;
}

GPtrArray *
msvmSecretStoreList(MsvmSecretStore *store, bool whole)
{
    g_autoptr(Keymgr) keymgr = get_keymgr(store);
    g_autoptr(GPtrArray) memory = keymgr_definitions_new();
    g_autoptr(GError) error = NULL;
    GPtrArray *all;
    guint i;

    if (!keymgr)
        return NULL;
    all = keymgr_list_definitions(keymgr, 0, NULL, whole, NULL, &error);
    if (!all) {
        msvmReportError(error, NULL, _("cannot list secrets"));
        return NULL;
    }
    msvmSecretMemoryList(store->shared->memory, memory);
    for (i = all->len; i-- > 0;) {
        if (is_hidden(memory, ((KeymgrDefinition *)g_ptr_array_index(all, i))->id))
            g_ptr_array_remove_index(all, i);
    }
    while (memory->len > 0)
        g_ptr_array_add(all, g_ptr_array_steal_index(memory, memory->len - 1));
    return all;
}

/* --- defining ------------------------------------------------------------------ */

/* The rules of libvirt's own secret driver, with its codes and words. */
static int
check_change(const KeymgrDefinition *old, const KeymgrDefinition *definition)
{
    if (old->usage_type != definition->usage_type || STRNEQ_NULLABLE(old->usage_id, definition->usage_id)) {
        virReportError(VIR_ERR_INTERNAL_ERROR, _("a secret with UUID %s is already defined for use with %s"),
                       old->id, old->usage_id ? old->usage_id : _("nothing in particular"));
        return -1;
    }
    if (old->is_private && !definition->is_private) {
        virReportError(VIR_ERR_INTERNAL_ERROR, "%s", _("cannot change private flag on existing secret"));
        return -1;
    }
    return 0;
}

static int
fail_usage_taken(const KeymgrDefinition *other)
{
    virReportError(VIR_ERR_INTERNAL_ERROR, _("a secret with UUID %s already defined for use with %s"), other->id,
                   other->usage_id);
    return -1;
}

static int
define_ephemeral(MsvmSecretStore *store, KeymgrDefinition *definition)
{
    MsvmSecretMemory *memory = store->shared->memory;
    g_autoptr(KeymgrDefinition) old = definition->id ? msvmSecretMemoryFind(memory, definition->id) : NULL;
    g_autoptr(KeymgrDefinition) other = NULL;
    g_autoptr(GError) error = NULL;
    unsigned char uuid[VIR_UUID_BUFLEN];
    char text[VIR_UUID_STRING_BUFLEN];

    if (old && check_change(old, definition) < 0)
        return -1;
    if (!old && definition->usage_id &&
        (other = msvmSecretMemoryFindUsage(memory, definition->usage_type, definition->usage_id)))
        return fail_usage_taken(other);
    if (!definition->id) {
        if (virUUIDGenerate(uuid) < 0) {
            virReportError(VIR_ERR_INTERNAL_ERROR, "%s", _("Failed to generate UUID"));
            return -1;
        }
        virUUIDFormat(uuid, text);
        definition->id = g_strdup(text);
    }
    definition->in_process = TRUE;
    if (msvmSecretMemoryDefine(memory, definition, &error))
        return 0;
    msvmReportError(error, NULL, _("cannot define secret '%s'"), definition->id);
    return -1;
}

/* *old: the secret that is redefined; NULL: it is new. */
static int
find_old(Keymgr *keymgr, const KeymgrDefinition *definition, KeymgrDefinition **old)
{
    g_autoptr(GError) error = NULL;

    if (!definition->id)
        return 0;
    *old = keymgr_inspect(keymgr, definition->id, TRUE, NULL, &error);
    if (*old)
        return check_change(*old, definition);
    if (g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        return 0;
    msvmReportError(error, NULL, _("cannot define secret '%s'"), definition->id);
    return -1;
}

static int
check_usage_is_free(MsvmSecretStore *store, Keymgr *keymgr, const KeymgrDefinition *definition)
{
    g_autoptr(KeymgrDefinition) other = NULL;
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GError) error = NULL;

    if (!definition->usage_id)
        return 0;
    other = msvmSecretMemoryFindUsage(store->shared->memory, definition->usage_type, definition->usage_id);
    if (other)
        return fail_usage_taken(other);
    found = keymgr_list_definitions(keymgr, definition->usage_type, definition->usage_id, FALSE, NULL, &error);
    if (!found) {
        msvmReportError(error, NULL, _("cannot look for a secret with usage '%s'"), definition->usage_id);
        return -1;
    }
    return found->len > 0 ? fail_usage_taken(g_ptr_array_index(found, 0)) : 0;
}

static int
define_stored(MsvmSecretStore *store, KeymgrDefinition *definition)
{
    g_autoptr(Keymgr) keymgr = get_keymgr(store);
    g_autoptr(KeymgrDefinition) in_memory = NULL;
    g_autoptr(KeymgrDefinition) old = NULL;
    g_autoptr(GError) error = NULL;
    char *id;

    if (!keymgr)
        return -1;
    if (definition->id && (in_memory = msvmSecretMemoryFind(store->shared->memory, definition->id))) {
        virReportError(VIR_ERR_OPERATION_INVALID,
                       _("secret '%s' is ephemeral: undefine it before it is stored"), definition->id);
        return -1;
    }
    if (find_old(keymgr, definition, &old) < 0 ||
        (!old && check_usage_is_free(store, keymgr, definition) < 0))
        return -1;
    id = keymgr_define(keymgr, definition, old, NULL, &error);
    if (id) {
        g_free(definition->id);
        definition->id = id;
        return 0;
    }
    /* The XML asks for more than the store can do. */
    if (g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED))
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("cannot define the secret: %s"), error->message);
    else
        msvmReportError(error, NULL, _("cannot define the secret"));
    return -1;
}

int
msvmSecretStoreDefine(MsvmSecretStore *store, KeymgrDefinition *definition)
{
    GMutex *lock = definition->is_ephemeral ? &store->shared->ephemeral_lock : &store->shared->define_lock;
    int result;

    g_mutex_lock(lock);
    result = definition->is_ephemeral ? define_ephemeral(store, definition) : define_stored(store, definition);
    g_mutex_unlock(lock);
    if (result == 0)
        tell_lifecycle(store, definition, VIR_SECRET_EVENT_DEFINED);
    return result;
}

/* --- values ------------------------------------------------------------------- */

/* Whether a value that the store does not let us change is there already. */
static int
compare_value(Keymgr *keymgr, const char *uuid, const KeymgrSecret *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrSecret) found = keymgr_get_value(keymgr, uuid, NULL, &error);

    if (!found) {
        msvmReportError(error, NULL, _("cannot compare the value of secret '%s' with the one that it has"), uuid);
        return -1;
    }
    if (keymgr_secret_equal(found, value))
        return 0;
    virReportError(VIR_ERR_OPERATION_UNSUPPORTED,
                   _("secret '%s' has another value already, and %s takes only one in a secret's life: "
                     "define a new secret"), uuid, keymgr_describe_store(keymgr));
    return -1;
}

/* 1: it has this value already. */
static int
set_stored(MsvmSecretStore *store, const char *uuid, KeymgrSecret *value)
{
    g_autoptr(Keymgr) keymgr = get_keymgr(store);
    g_autoptr(GError) error = NULL;

    if (!keymgr)
        return -1;
    if (keymgr_set_payload(keymgr, uuid, value, NULL, &error))
        return 0;
    if (g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_EXISTS))
        return compare_value(keymgr, uuid, value) < 0 ? -1 : 1;
    msvmReportError(error, NULL, _("cannot set the value of secret '%s'"), uuid);
    return -1;
}

int
msvmSecretStoreSetValue(MsvmSecretStore *store, const KeymgrDefinition *definition, const unsigned char *value,
                        size_t size)
{
    g_autoptr(KeymgrSecret) secret = NULL;
    int result = 0;

    if (size == 0) {
        virReportError(VIR_ERR_INVALID_ARG, _("an empty value for secret '%s'"), definition->id);
        return -1;
    }
    if (size > KEYMGR_SECRET_MAX_SIZE) {
        virReportError(VIR_ERR_INVALID_ARG, _("the value for secret '%s' is longer than %d bytes"),
                       definition->id, KEYMGR_SECRET_MAX_SIZE);
        return -1;
    }
    secret = keymgr_secret_new(value, size);
    if (!definition->in_process) {
        result = set_stored(store, definition->id, secret);
    } else if (!msvmSecretMemorySetValue(store->shared->memory, definition->id, secret)) {
        virReportError(VIR_ERR_NO_SECRET, _("no secret with matching uuid '%s'"), definition->id);
        result = -1;
    }
    if (result == 0)
        tell_value(store, definition);
    return result < 0 ? -1 : 0;
}

KeymgrSecret *
msvmSecretStoreGetValue(MsvmSecretStore *store, const KeymgrDefinition *definition)
{
    g_autoptr(Keymgr) keymgr = NULL;
    g_autoptr(GError) error = NULL;
    KeymgrSecret *value = NULL;

    if (definition->in_process) {
        value = msvmSecretMemoryGetValue(store->shared->memory, definition->id, &error);
    } else {
        if (!(keymgr = get_keymgr(store)))
            return NULL;
        value = keymgr_get_value(keymgr, definition->id, NULL, &error);
    }
    if (!value)
        msvmReportError(error, NULL, _("cannot get the value of secret '%s'"), definition->id);
    return value;
}

int
msvmSecretStoreRemove(MsvmSecretStore *store, const KeymgrDefinition *definition)
{
    g_autoptr(Keymgr) keymgr = NULL;
    g_autoptr(GError) error = NULL;

    if (definition->in_process) {
        if (!msvmSecretMemoryRemove(store->shared->memory, definition->id)) {
            virReportError(VIR_ERR_NO_SECRET, _("no secret with matching uuid '%s'"), definition->id);
            return -1;
        }
    } else {
        if (!(keymgr = get_keymgr(store)))
            return -1;
        if (!keymgr_delete(keymgr, definition->id, NULL, &error)) {
            msvmReportError(error, NULL, _("cannot undefine secret '%s'"), definition->id);
            return -1;
        }
    }
    tell_lifecycle(store, definition, VIR_SECRET_EVENT_UNDEFINED);
    return 0;
}

/* --- handles ---------------------------------------------------------------------- */

bool
msvmSecretStoreIsGone(MsvmSecretStore *store, const KeymgrDefinition *definition)
{
    return !definition->in_process && msvmSecretMemoryIsGone(store->shared->memory, definition->id);
}

void
msvmSecretStoreHandOut(MsvmSecretStore *store, const char *uuid)
{
    msvmSecretMemoryHandOut(store->shared->memory, uuid);
}

/* --- keys of a domain ----------------------------------------------------------- */

static void
secret_free(gpointer secret)
{
    keymgr_secret_unref(secret);
}

bool
msvmSecretStoreIsEphemeral(MsvmSecretStore *store, const char *text)
{
    g_autoptr(KeymgrDefinition) definition = NULL;
    KeymgrReference reference;

    if (!keymgr_reference_parse(text, &reference, NULL) || reference.kind != KEYMGR_REFERENCE_SECRET)
        return false;
    definition = msvmSecretMemoryFind(store->shared->memory, reference.uuid);
    return definition != NULL;
}

/* Takes from memory what is there, and leaves a NULL for the others. */
static gboolean
fetch_ephemeral(MsvmSecretStore *store, const char *const *references, GPtrArray *values, bool *any,
                GError **error)
{
    for (; *references; references++) {
        g_autoptr(KeymgrDefinition) definition = NULL;
        KeymgrSecret *value = NULL;
        KeymgrReference reference;

        if (!keymgr_reference_parse(*references, &reference, error))
            return FALSE;
        if (reference.kind == KEYMGR_REFERENCE_SECRET)
            definition = msvmSecretMemoryFind(store->shared->memory, reference.uuid);
        if (definition && !(value = msvmSecretMemoryGetValue(store->shared->memory, reference.uuid, error)))
            return FALSE;
        g_ptr_array_add(values, value);
        *any |= value != NULL;
    }
    return TRUE;
}

static bool
is_container(const char *text)
{
    KeymgrReference reference;

    return keymgr_reference_parse(text, &reference, NULL) && reference.kind == KEYMGR_REFERENCE_CONTAINER;
}

/* The other secrets, all at once, into the places of their references. */
static gboolean
fetch_stored(Keymgr *keymgr, const char *const *references, GPtrArray *values, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autoptr(GPtrArray) fetched = NULL;
    guint i;

    for (i = 0; i < values->len; i++) {
        if (!values->pdata[i] && !is_container(references[i]))
            g_ptr_array_add(missing, (gpointer)references[i]);
    }
    if (missing->len == 0)
        return TRUE;
    g_ptr_array_add(missing, NULL);
    if (!(fetched = keymgr_fetch(keymgr, (const char *const *)missing->pdata, NULL, error)))
        return FALSE;
    for (i = 0; i < values->len; i++) {
        if (!values->pdata[i] && !is_container(references[i]))
            values->pdata[i] = g_ptr_array_steal_index(fetched, 0);
    }
    return TRUE;
}

GPtrArray *
msvmSecretStoreFetch(MsvmSecretStore *store, Keymgr *keymgr, const char *const *references, GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(secret_free);
    g_autoptr(GPtrArray) fetched = NULL;
    bool any = false;
    guint i;

    if (!fetch_ephemeral(store, references, values, &any, error))
        return NULL;
    if (!any)
        return keymgr_fetch(keymgr, references, NULL, error);
    if (!fetch_stored(keymgr, references, values, error))
        return NULL;
    fetched = g_ptr_array_new_with_free_func(secret_free);
    for (i = 0; i < values->len; i++) {
        const char *const one[] = { references[i], NULL };
        g_autoptr(GPtrArray) part = NULL;

        if (values->pdata[i]) {
            g_ptr_array_add(fetched, g_steal_pointer(&values->pdata[i]));
            continue;
        }
        /* A container gives several values, which could not be told apart from
         * others. */
        if (!(part = keymgr_fetch(keymgr, one, NULL, error)))
            return NULL;
        while (part->len > 0)
            g_ptr_array_add(fetched, g_ptr_array_steal_index(part, 0));
    }
    return g_steal_pointer(&fetched);
}
