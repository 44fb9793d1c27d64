/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets of libvirt: any connection that has a secret driver, such as
 * secret:///system, or secret:///embed?root=DIR (for which the program must
 * have an event loop registered).
 *
 * libvirt's calls cannot be cancelled, so each runs in a thread of its own
 * that the caller stops waiting for when time is over. A driver that gives a
 * function of its own for values is called in the caller's thread: libvirt
 * keeps the embedded connections per thread.
 */
#include <stdlib.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_libvirt_connection.h"
#include "keymgr/keymgr_reference.h"
#include "keymgr/keymgr_text.h"
#include "keymgr/keymgr_worker.h"

#define DEFAULT_URI "secret:///system"
/* What libvirt itself takes for a TPM. */
#define DEFAULT_USAGE_TYPE "vtpm"
#define ANY_USAGE_TYPE "any"
#define DEFAULT_TIMEOUT_MS 30000

typedef struct {
    gatomicrefcount refs;
    const char *description;
    int usage_type; /* of virSecretUsageType; -1: any */
    guint timeout_ms;
    KeymgrWorkers *workers;
    KeymgrLibvirtConnection *connection;
    KeymgrLibvirtHooks hooks; /* of a driver; all NULL without */
    gpointer opaque;
    GDestroyNotify destroy;
} Store;

/* What a call asks for, in the thread that makes it. */
typedef struct Job Job;
struct Job {
    Store *store;
    gpointer (*work)(Job *job, virConnectPtr connection, GError **error);
    char *text;          /* UUID or name, or the XML of a new secret */
    KeymgrSecret *value; /* of a new secret; or NULL */
};

static const KeymgrConfigKey libvirt_keys[] = {
    { "uri", FALSE },
    { "usage_type", FALSE },
    { "total_timeout", FALSE },
    { NULL, FALSE },
};

static const KeymgrConfigKey *const key_lists[] = { libvirt_keys, NULL };

static void
store_unref(Store *store)
{
    if (!g_atomic_ref_count_dec(&store->refs))
        return;
    if (store->destroy)
        store->destroy(store->opaque);
    keymgr_libvirt_connection_free(store->connection);
    keymgr_workers_unref(store->workers);
    g_free(store);
}

static gboolean
read_usage_type(const KeymgrConfig *config, Store *store, GError **error)
{
    g_autofree char *name = keymgr_config_string(config, "usage_type");

    store->usage_type = keymgr_usage_type_number(name ? name : DEFAULT_USAGE_TYPE);
    if (store->usage_type >= 0 || strcmp(name, ANY_USAGE_TYPE) == 0)
        return TRUE;
    return keymgr_config_fail(config, "usage_type", "'%s' is not a usage type of libvirt's secrets", error,
                              name);
}

static gpointer
libvirt_open(const KeymgrConfig *config, GError **error)
{
    g_autofree char *uri = keymgr_config_string(config, "uri");
    Store *store = g_new0(Store, 1);

    g_atomic_ref_count_init(&store->refs);
    store->connection = keymgr_libvirt_connection_new(uri ? uri : DEFAULT_URI);
    store->description = keymgr_libvirt_connection_describe(store->connection);
    store->workers = keymgr_workers_new("keymgr-libvirt", store->description);
    if (!read_usage_type(config, store, error) ||
        !keymgr_config_seconds(config, "total_timeout", 3600, DEFAULT_TIMEOUT_MS, &store->timeout_ms, error)) {
        store_unref(store);
        return NULL;
    }
    return store;
}

static gint64
deadline_of(const Store *store)
{
    return g_get_monotonic_time() + store->timeout_ms * G_TIME_SPAN_MILLISECOND;
}

static gpointer
work_unref(gpointer store, GCancellable *left, GError **error)
{
    store_unref(store);
    return NULL;
}

/* The end of a connection is told to its daemon, which may not answer. */
static void
libvirt_close(gpointer data)
{
    static const KeymgrWork unref = { .work = work_unref };
    Store *store = data;
    g_autoptr(KeymgrWorkers) workers = keymgr_workers_ref(store->workers);

    keymgr_worker_run(workers, &unref, store, deadline_of(store), NULL, NULL);
}

static const char *
libvirt_describe_store(gpointer store)
{
    return ((Store *)store)->description;
}

static void
libvirt_set_hooks(gpointer data, const KeymgrLibvirtHooks *hooks, gpointer opaque, GDestroyNotify destroy)
{
    Store *store = data;

    if (store->destroy)
        store->destroy(store->opaque);
    store->hooks = *hooks;
    store->opaque = opaque;
    store->destroy = destroy;
}

static void
job_free(gpointer data)
{
    Job *job = data;

    g_free(job->text);
    keymgr_secret_unref(job->value);
    store_unref(job->store);
    g_free(job);
}

static gpointer
job_perform(gpointer data, GCancellable *left, GError **error)
{
    Job *job = data;
    virConnectPtr connection = keymgr_libvirt_connect(job->store->connection, error);
    gpointer result = NULL;

    if (connection) {
        result = job->work(job, connection, error);
        virConnectClose(connection);
    }
    return result;
}

static gpointer
run(Store *store, gpointer (*work)(Job *, virConnectPtr, GError **), const KeymgrWork *kind, const char *text,
    KeymgrSecret *value, gint64 deadline, GCancellable *cancellable, GError **error)
{
    Job *job = g_new0(Job, 1);

    g_atomic_ref_count_inc(&store->refs);
    job->store = store;
    job->work = work;
    job->text = g_strdup(text);
    job->value = value ? keymgr_secret_ref(value) : NULL;
    return keymgr_worker_run(store->workers, kind, job, deadline, cancellable, error);
}

/* As libvirt, which takes a secret without a usage for any. */
static gboolean
check_usage(const Store *store, virSecretPtr secret, const char *uuid, GError **error)
{
    int usage = virSecretGetUsageType(secret);
    const char *name = keymgr_usage_type_name(usage);

    if (store->usage_type < 0 || usage == store->usage_type || usage == VIR_SECRET_USAGE_TYPE_NONE)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                "%s: secret %s is of usage type %s, wanted is %s ([libvirt] usage_type)", store->description, uuid,
                name ? name : "unknown", keymgr_usage_type_name(store->usage_type));
    return FALSE;
}

static KeymgrSecret *
take_value(const Store *store, const char *uuid, unsigned char *value, size_t size, GError **error)
{
    KeymgrSecret *secret = NULL;

    if (size == 0)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NO_PAYLOAD, "%s: secret %s: its value is empty",
                    store->description, uuid);
    else if (size > KEYMGR_SECRET_MAX_SIZE)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: secret %s passes the limit of %d bytes",
                    store->description, uuid, KEYMGR_SECRET_MAX_SIZE);
    else
        secret = keymgr_secret_new(value, size);
    explicit_bzero(value, size);
    free(value);
    return secret;
}

/* libvirt's own words for a private value differ from driver to driver, down
 * to "internal error: No current identity". */
static gboolean
is_private(virSecretPtr secret)
{
    char *xml = virSecretGetXMLDesc(secret, 0);
    gboolean is = xml && strstr(xml, " private='yes'");

    free(xml);
    return is;
}

static void
fail_value(Job *job, virSecretPtr secret, GError **error)
{
    /* It was found a moment ago, so that "no secret" means: no value. First,
     * because is_private() forgets libvirt's error. */
    g_autoptr(GError) said = NULL;

    keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NO_PAYLOAD, &said);
    if (is_private(secret))
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_ACCESS_DENIED,
                    "%s: secret %s is private: its value is for drivers inside libvirt alone",
                    job->store->description, job->text);
    else
        g_propagate_error(error, g_steal_pointer(&said));
}

static gpointer
get_value(Job *job, virConnectPtr connection, gboolean any_usage, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    unsigned char *value;
    size_t size = 0;
    KeymgrSecret *result = NULL;

    if (!secret)
        return keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    if (any_usage || check_usage(job->store, secret, job->text, error)) {
        value = virSecretGetValue(secret, &size, 0);
        if (value)
            result = take_value(job->store, job->text, value, size, error);
        else
            fail_value(job, secret, error);
    }
    virSecretFree(secret);
    return result;
}

/* Of a domain's key. */
static gpointer
work_get_key(Job *job, virConnectPtr connection, GError **error)
{
    return get_value(job, connection, FALSE, error);
}

/* Of any secret. */
static gpointer
work_get_value(Job *job, virConnectPtr connection, GError **error)
{
    return get_value(job, connection, TRUE, error);
}

static KeymgrInfo *
info_of(virSecretPtr secret)
{
    KeymgrInfo *info = g_new0(KeymgrInfo, 1);
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    int usage = virSecretGetUsageType(secret);
    const char *name = virSecretGetUsageID(secret);

    virSecretGetUUIDString(secret, uuid);
    info->id = g_ascii_strdown(uuid, -1);
    info->name = name && *name ? g_strdup(name) : NULL;
    info->type = g_strdup(keymgr_usage_type_name(usage));
    /* libvirt does not tell without giving the value away. */
    info->has_payload = TRUE;
    return info;
}

static gpointer
work_describe(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    KeymgrInfo *info;

    if (!secret)
        return keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    info = info_of(secret);
    virSecretFree(secret);
    return info;
}

static void
info_free(gpointer info)
{
    keymgr_info_free(info);
}

/* Of a list that is to be given out. */
static gboolean
check_count(const Store *store, guint count, GError **error)
{
    if (count <= KEYMGR_LIST_MAX)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: it has %u secrets, more than %d at once",
                store->description, count, KEYMGR_LIST_MAX);
    return FALSE;
}

static gpointer
work_list(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr *secrets = NULL;
    int count = virConnectListAllSecrets(connection, &secrets, 0);
    GPtrArray *infos;
    int i;

    if (count < 0)
        return keymgr_libvirt_fail(job->store->connection, "", KEYMGR_ERROR_UNAVAILABLE, error);
    infos = g_ptr_array_new_with_free_func(info_free);
    for (i = 0; i < count; i++) {
        KeymgrInfo *info = info_of(secrets[i]);

        if (!job->text || g_strcmp0(job->text, info->name) == 0)
            g_ptr_array_add(infos, info);
        else
            keymgr_info_free(info);
        virSecretFree(secrets[i]);
    }
    free(secrets);
    return infos;
}

/* --- definitions ------------------------------------------------------------- */

/* Usage in any case; the rest is in the XML alone. */
static KeymgrDefinition *
definition_of(virSecretPtr secret, gboolean whole, GError **error)
{
    g_autoptr(KeymgrInfo) info = info_of(secret);
    KeymgrDefinition *definition = g_new0(KeymgrDefinition, 1);
    char *xml;

    if (whole) {
        keymgr_definition_free(definition);
        xml = virSecretGetXMLDesc(secret, 0);
        definition = xml ? keymgr_libvirt_parse(xml, error) : NULL;
        free(xml);
        if (!definition)
            return NULL;
        g_free(definition->id);
    } else if (info->name) {
        definition->usage_type = virSecretGetUsageType(secret);
        definition->usage_id = g_steal_pointer(&info->name);
    }
    definition->id = g_steal_pointer(&info->id);
    return definition;
}

static gpointer
work_inspect(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    KeymgrDefinition *definition;

    if (!secret)
        return keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    definition = definition_of(secret, TRUE, error);
    if (!definition && error && !*error)
        keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    virSecretFree(secret);
    return definition;
}

static gpointer
list_definitions(Job *job, virConnectPtr connection, gboolean whole, GError **error)
{
    virSecretPtr *secrets = NULL;
    int count = virConnectListAllSecrets(connection, &secrets, 0);
    GPtrArray *definitions = NULL;
    int i;

    if (count < 0)
        return keymgr_libvirt_fail(job->store->connection, "", KEYMGR_ERROR_UNAVAILABLE, error);
    if (check_count(job->store, (guint)count, error))
        definitions = keymgr_definitions_new();
    for (i = 0; i < count; i++) {
        /* One that is gone since is no error. */
        KeymgrDefinition *definition = definitions ? definition_of(secrets[i], whole, NULL) : NULL;

        if (definition)
            g_ptr_array_add(definitions, definition);
        virSecretFree(secrets[i]);
    }
    free(secrets);
    return definitions;
}

static gpointer
work_list_definitions(Job *job, virConnectPtr connection, GError **error)
{
    return list_definitions(job, connection, TRUE, error);
}

static gpointer
work_list_usages(Job *job, virConnectPtr connection, GError **error)
{
    return list_definitions(job, connection, FALSE, error);
}

/* libvirt 9.0's embedded driver jumps to a null pointer at the end of its
 * secretUndefine(): it calls the daemon's inhibit callback, which it has not. */
static gboolean
undefine(Job *job, virSecretPtr secret, const char *uuid, GError **error)
{
    if (keymgr_libvirt_is_embedded(job->store->connection)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: secret %s: libvirt's embedded driver cannot delete secrets; delete it in a daemon",
                    job->store->description, uuid);
        return FALSE;
    }
    if (virSecretUndefine(secret) == 0)
        return TRUE;
    keymgr_libvirt_fail(job->store->connection, uuid, KEYMGR_ERROR_NOT_FOUND, error);
    return FALSE;
}

/* Whether another secret has the usage, or another usage the UUID. */
static gboolean
is_taken(virConnectPtr connection, const KeymgrDefinition *wanted)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    virSecretPtr other = NULL;
    gboolean taken = FALSE;

    if (wanted->usage_id)
        other = virSecretLookupByUsage(connection, wanted->usage_type, wanted->usage_id);
    if (other) {
        virSecretGetUUIDString(other, uuid);
        taken = !wanted->id || g_ascii_strcasecmp(uuid, wanted->id) != 0;
    } else if (wanted->id && (other = virSecretLookupByUUIDString(connection, wanted->id))) {
        taken = g_strcmp0(virSecretGetUsageID(other), wanted->usage_id ? wanted->usage_id : "") != 0;
    }
    if (other)
        virSecretFree(other);
    return taken;
}

/* libvirt calls it an internal error when there is such a secret already. */
static gpointer
fail_new(Job *job, virConnectPtr connection, GError **error)
{
    g_autoptr(KeymgrDefinition) wanted = keymgr_libvirt_parse(job->text, NULL);
    g_autoptr(GError) said = NULL;

    keymgr_libvirt_fail(job->store->connection, "to be stored", KEYMGR_ERROR_UNAVAILABLE, &said);
    if (said->code == KEYMGR_ERROR_PROTOCOL && wanted && is_taken(connection, wanted))
        said->code = KEYMGR_ERROR_EXISTS;
    g_propagate_error(error, g_steal_pointer(&said));
    return NULL;
}

/* A new secret's UUID. */
static gpointer
work_store(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretDefineXML(connection, job->text, 0);
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (!secret)
        return fail_new(job, connection, error);
    virSecretGetUUIDString(secret, uuid);
    if (job->value &&
        virSecretSetValue(secret, keymgr_secret_data(job->value), keymgr_secret_size(job->value), 0) < 0) {
        keymgr_libvirt_fail(job->store->connection, uuid, KEYMGR_ERROR_NOT_FOUND, error);
        undefine(job, secret, uuid, NULL);
        virSecretFree(secret);
        return NULL;
    }
    virSecretFree(secret);
    return g_ascii_strdown(uuid, -1);
}

/* The UUID of the secret that has the value now. */
static gpointer
work_set_value(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    gpointer result = NULL;

    if (!secret)
        return keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    if (virSecretSetValue(secret, keymgr_secret_data(job->value), keymgr_secret_size(job->value), 0) == 0)
        result = g_strdup(job->text);
    else
        keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    virSecretFree(secret);
    return result;
}

/* The UUID of the secret that is gone. */
static gpointer
work_remove(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    gpointer result = NULL;

    if (!secret)
        return keymgr_libvirt_fail(job->store->connection, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    if (undefine(job, secret, job->text, error))
        result = g_strdup(job->text);
    virSecretFree(secret);
    return result;
}

/* A secret that was stored when nobody waited any more. */
static void
undo_store(gpointer data, gpointer uuid)
{
    Job *job = data;
    virConnectPtr connection = keymgr_libvirt_connect(job->store->connection, NULL);
    virSecretPtr secret = connection ? virSecretLookupByUUIDString(connection, uuid) : NULL;

    if (secret) {
        undefine(job, secret, uuid, NULL);
        virSecretFree(secret);
    }
    if (connection)
        virConnectClose(connection);
}

static gpointer
work_check(Job *job, virConnectPtr connection, GError **error)
{
    int count = virConnectNumOfSecrets(connection);

    if (count < 0)
        return keymgr_libvirt_fail(job->store->connection, "", KEYMGR_ERROR_UNAVAILABLE, error);
    return g_strdup_printf("%s, which has %d", job->store->description, count);
}

static void
secret_free(gpointer secret)
{
    keymgr_secret_unref(secret);
}

static void
array_free(gpointer array)
{
    g_ptr_array_unref(array);
}

static const KeymgrWork for_secret = { .work = job_perform, .free_result = secret_free, .free_data = job_free };
static const KeymgrWork for_info = { .work = job_perform, .free_result = info_free, .free_data = job_free };
static void
free_definition(gpointer definition)
{
    keymgr_definition_free(definition);
}

static const KeymgrWork for_definition = {
    .work = job_perform, .free_result = free_definition, .free_data = job_free,
};
static const KeymgrWork for_array = { .work = job_perform, .free_result = array_free, .free_data = job_free };
static const KeymgrWork for_text = { .work = job_perform, .free_result = g_free, .free_data = job_free };
static const KeymgrWork for_new_secret = {
    .work = job_perform, .free_result = g_free, .free_data = job_free, .undo = undo_store,
};

static gboolean
parse(const char *text, KeymgrReference *reference, GError **error)
{
    if (!keymgr_reference_parse(text, reference, error))
        return FALSE;
    if (reference->kind == KEYMGR_REFERENCE_SECRET)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE, "'%s': libvirt has no containers",
                reference->uuid);
    return FALSE;
}

static GPtrArray *
libvirt_fetch(gpointer data, const char *const *references, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    gint64 deadline = deadline_of(store);
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(secret_free);
    KeymgrReference reference;
    gsize i;

    for (i = 0; references[i]; i++) {
        if (!parse(references[i], &reference, error))
            return NULL;
    }
    for (i = 0; references[i]; i++) {
        KeymgrSecret *secret;

        if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
            !parse(references[i], &reference, error))
            return NULL;
        secret = store->hooks.get_value
                     ? store->hooks.get_value(reference.uuid, store->usage_type, store->opaque, error)
                     : run(store, work_get_key, &for_secret, reference.uuid, NULL, deadline, cancellable, error);
        if (!secret)
            return NULL;
        g_ptr_array_add(secrets, secret);
    }
    return g_steal_pointer(&secrets);
}

static KeymgrInfo *
libvirt_describe(gpointer data, const char *text, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    KeymgrReference reference;

    if (!parse(text, &reference, error))
        return NULL;
    return run(store, work_describe, &for_info, reference.uuid, NULL, deadline_of(store), cancellable,
               error);
}

static GPtrArray *
libvirt_list(gpointer data, const KeymgrListOptions *options, guint *total, GCancellable *cancellable,
             GError **error)
{
    Store *store = data;
    g_autoptr(GPtrArray) infos = run(store, work_list, &for_array, options->name, NULL, deadline_of(store),
                                     cancellable, error);

    if (!infos || !check_count(store, keymgr_list_cut(infos, options, total)->len, error))
        return NULL;
    return g_steal_pointer(&infos);
}

static char *
libvirt_store(gpointer data, const KeymgrNewSecret *description, KeymgrSecret *value,
              GCancellable *cancellable, GError **error)
{
    Store *store = data;
    KeymgrDefinition definition = { .usage_id = (char *)description->name };
    g_autofree char *xml = NULL;

    definition.usage_type = keymgr_usage_type_number(description->type ? description->type : "vtpm");
    if (!description->name || definition.usage_type <= 0 || description->algorithm ||
        description->bit_length || description->mode || description->expiration) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: a secret has a name, which is needed, and a usage type, and nothing else",
                    store->description);
        return NULL;
    }
    xml = keymgr_libvirt_format(&definition);
    return run(store, work_store, &for_new_secret, xml, value, deadline_of(store), cancellable, error);
}

static gboolean
libvirt_set_payload(gpointer data, const char *text, KeymgrSecret *value, GCancellable *cancellable,
                    GError **error)
{
    Store *store = data;
    KeymgrReference reference;
    g_autofree char *changed = NULL;

    if (!parse(text, &reference, error))
        return FALSE;
    if (store->hooks.set_value)
        return store->hooks.set_value(reference.uuid, value, store->opaque, error);
    changed = run(store, work_set_value, &for_text, reference.uuid, value, deadline_of(store), cancellable, error);
    return changed != NULL;
}

static gboolean
libvirt_remove(gpointer data, const char *text, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    KeymgrReference reference;
    g_autofree char *removed = NULL;

    if (!parse(text, &reference, error))
        return FALSE;
    if (store->hooks.remove)
        return store->hooks.remove(reference.uuid, store->opaque, error);
    removed = run(store, work_remove, &for_text, reference.uuid, NULL, deadline_of(store), cancellable, error);
    return removed != NULL;
}

static char *
libvirt_check(gpointer data, KeymgrReached *reached, GCancellable *cancellable, GError **error)
{
    Store *store = data;

    reached->url = g_strdup(keymgr_libvirt_connection_uri(store->connection));
    return run(store, work_check, &for_text, NULL, NULL, deadline_of(store), cancellable, error);
}

static KeymgrDefinition *
libvirt_inspect(gpointer data, const char *text, gboolean whole, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    KeymgrReference reference;

    if (!parse(text, &reference, error))
        return NULL;
    if (store->hooks.inspect)
        return store->hooks.inspect(reference.uuid, store->opaque, error);
    return run(store, work_inspect, &for_definition, reference.uuid, NULL, deadline_of(store), cancellable, error);
}

static GPtrArray *
libvirt_list_definitions(gpointer data, gboolean whole, GCancellable *cancellable, GError **error)
{
    Store *store = data;

    if (store->hooks.list)
        return store->hooks.list(store->opaque, error);
    return run(store, whole ? work_list_definitions : work_list_usages, &for_array, NULL, NULL,
               deadline_of(store), cancellable, error);
}

static char *
libvirt_define(gpointer data, const KeymgrDefinition *definition, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    g_autofree char *xml = keymgr_libvirt_format(definition);

    if (store->hooks.define)
        return store->hooks.define(definition, store->opaque, error);
    return run(store, work_store, &for_text, xml, NULL, deadline_of(store), cancellable, error);
}

static KeymgrSecret *
libvirt_get_value(gpointer data, const char *text, GCancellable *cancellable, GError **error)
{
    Store *store = data;
    KeymgrReference reference;

    if (!parse(text, &reference, error))
        return NULL;
    if (store->hooks.read_value)
        return store->hooks.read_value(reference.uuid, store->opaque, error);
    return run(store, work_get_value, &for_secret, reference.uuid, NULL, deadline_of(store), cancellable, error);
}

static const KeymgrDefinitionOps definition_ops = {
    .inspect = libvirt_inspect,
    .list = libvirt_list_definitions,
    .define = libvirt_define,
    .get_value = libvirt_get_value,
};

const KeymgrBackend keymgr_backend_libvirt = {
    .name = "libvirt",
    .group = "libvirt",
    .keys = key_lists,
    .open = libvirt_open,
    .close = libvirt_close,
    .describe_store = libvirt_describe_store,
    .fetch = libvirt_fetch,
    .describe = libvirt_describe,
    .list = libvirt_list,
    .store = libvirt_store,
    .set_payload = libvirt_set_payload,
    .remove = libvirt_remove,
    .check = libvirt_check,
    .definitions = &definition_ops,
    .set_libvirt_hooks = libvirt_set_hooks,
};
