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
#include "keymgr/keymgr_reference.h"
#include "keymgr/keymgr_text.h"
#include "keymgr/keymgr_worker.h"

#define DEFAULT_URI "secret:///system"
#define DEFAULT_TIMEOUT_MS 30000

typedef struct {
    gatomicrefcount refs;
    char *uri;
    char *description;
    int usage_type; /* of virSecretUsageType; -1: any */
    guint timeout_ms;
    KeymgrWorkers *workers;
    GMutex lock;
    virConnectPtr connection;
    KeymgrLibvirtGetValue get_value;
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

static const char *const usage_names[] = {
    [VIR_SECRET_USAGE_TYPE_NONE] = "none",   [VIR_SECRET_USAGE_TYPE_VOLUME] = "volume",
    [VIR_SECRET_USAGE_TYPE_CEPH] = "ceph",   [VIR_SECRET_USAGE_TYPE_ISCSI] = "iscsi",
    [VIR_SECRET_USAGE_TYPE_TLS] = "tls",     [VIR_SECRET_USAGE_TYPE_VTPM] = "vtpm",
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
    if (store->connection)
        virConnectClose(store->connection);
    keymgr_workers_unref(store->workers);
    g_free(store->uri);
    g_free(store->description);
    g_mutex_clear(&store->lock);
    g_free(store);
}

static gboolean
read_usage_type(const KeymgrConfig *config, Store *store, GError **error)
{
    g_autofree char *name = keymgr_config_string(config, "usage_type");
    gsize i;

    store->usage_type = -1;
    if (!name || strcmp(name, "any") == 0)
        return TRUE;
    for (i = 0; i < G_N_ELEMENTS(usage_names); i++) {
        if (strcmp(name, usage_names[i]) == 0) {
            store->usage_type = (int)i;
            return TRUE;
        }
    }
    return keymgr_config_fail(config, "usage_type", "'%s' is not a usage type of libvirt's secrets", error,
                              name);
}

static gpointer
libvirt_open(const KeymgrConfig *config, GError **error)
{
    Store *store = g_new0(Store, 1);

    g_atomic_ref_count_init(&store->refs);
    g_mutex_init(&store->lock);
    store->uri = keymgr_config_string(config, "uri");
    if (!store->uri)
        store->uri = g_strdup(DEFAULT_URI);
    store->description = g_strdup_printf("libvirt's secrets at %s", store->uri);
    store->workers = keymgr_workers_new("keymgr-libvirt", store->description);
    if (!read_usage_type(config, store, error) ||
        !keymgr_config_seconds(config, "total_timeout", 3600, DEFAULT_TIMEOUT_MS, &store->timeout_ms, error)) {
        store_unref(store);
        return NULL;
    }
    return store;
}

static void
libvirt_close(gpointer store)
{
    store_unref(store);
}

static const char *
libvirt_describe_store(gpointer store)
{
    return ((Store *)store)->description;
}

static void
libvirt_set_get_value(gpointer data, KeymgrLibvirtGetValue get_value, gpointer opaque, GDestroyNotify destroy)
{
    Store *store = data;

    if (store->destroy)
        store->destroy(store->opaque);
    store->get_value = get_value;
    store->opaque = opaque;
    store->destroy = destroy;
}

static KeymgrError
code_of(int code)
{
    switch (code) {
    case VIR_ERR_NO_SECRET:
        return KEYMGR_ERROR_NOT_FOUND;
    case VIR_ERR_INVALID_SECRET:
    case VIR_ERR_OPERATION_DENIED:
    case VIR_ERR_ACCESS_DENIED:
        return KEYMGR_ERROR_ACCESS_DENIED;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
        return KEYMGR_ERROR_AUTH;
    case VIR_ERR_NO_SUPPORT:
        return KEYMGR_ERROR_UNSUPPORTED;
    case VIR_ERR_OPERATION_TIMEOUT:
        return KEYMGR_ERROR_TIMEOUT;
    default:
        return KEYMGR_ERROR_UNAVAILABLE;
    }
}

/* From libvirt's last error of this thread. Always NULL. */
static gpointer
fail(const Store *store, const char *what, KeymgrError no_secret, GError **error)
{
    virErrorPtr last = virGetLastError();
    const char *text = last && last->message ? last->message : "unknown error";
    KeymgrError code = last ? code_of(last->code) : KEYMGR_ERROR_UNAVAILABLE;

    if (code == KEYMGR_ERROR_NOT_FOUND)
        code = no_secret;
    g_set_error(error, KEYMGR_ERROR, code, "%s%s%s: %s", store->description, *what ? ": secret " : "", what,
                text);
    return NULL;
}

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

static gboolean
is_embedded(const char *uri)
{
    return strstr(uri, ":///embed") != NULL;
}

/* libvirt 9.0 opens an embedded driver only once in a process: a second
 * virConnectOpen() ends in "A secret driver is already registered", even after
 * a close. So such a connection is kept and shared as long as the process. */
static virConnectPtr
open_uri(const char *uri)
{
    static GMutex lock;
    static GHashTable *embedded;
    virConnectPtr connection;

    if (!is_embedded(uri))
        return virConnectOpen(uri);
    g_mutex_lock(&lock);
    if (!embedded)
        embedded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    connection = g_hash_table_lookup(embedded, uri);
    if (!connection && (connection = virConnectOpen(uri)))
        g_hash_table_insert(embedded, g_strdup(uri), connection);
    if (connection)
        virConnectRef(connection);
    g_mutex_unlock(&lock);
    return connection;
}

/* The connection, opened again when it has died. Caller closes. */
static virConnectPtr
connect_store(Store *store, GError **error)
{
    virConnectPtr connection = NULL;

    g_mutex_lock(&store->lock);
    if (store->connection && virConnectIsAlive(store->connection) != 1) {
        virConnectClose(store->connection);
        store->connection = NULL;
    }
    if (!store->connection && (store->connection = open_uri(store->uri)))
        /* Errors are reported by us, not printed by libvirt. */
        virConnSetErrorFunc(store->connection, NULL, ignore_error);
    if (store->connection) {
        virConnectRef(store->connection);
        connection = store->connection;
    } else {
        fail(store, "", KEYMGR_ERROR_UNAVAILABLE, error);
    }
    g_mutex_unlock(&store->lock);
    return connection;
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
    virConnectPtr connection = connect_store(job->store, error);
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

static gboolean
check_usage(const Store *store, virSecretPtr secret, const char *uuid, GError **error)
{
    int usage = virSecretGetUsageType(secret);

    if (store->usage_type < 0 || usage == store->usage_type)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_SECRET,
                "%s: secret %s is of usage type %s, configured is %s", store->description, uuid,
                usage >= 0 && usage < (int)G_N_ELEMENTS(usage_names) ? usage_names[usage] : "unknown",
                usage_names[store->usage_type]);
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

    fail(job->store, job->text, KEYMGR_ERROR_NO_PAYLOAD, &said);
    if (is_private(secret))
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_ACCESS_DENIED,
                    "%s: secret %s is private: its value is for drivers inside libvirt alone",
                    job->store->description, job->text);
    else
        g_propagate_error(error, g_steal_pointer(&said));
}

static gpointer
work_get_value(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretLookupByUUIDString(connection, job->text);
    unsigned char *value;
    size_t size = 0;
    KeymgrSecret *result = NULL;

    if (!secret)
        return fail(job->store, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    if (check_usage(job->store, secret, job->text, error)) {
        value = virSecretGetValue(secret, &size, 0);
        if (value)
            result = take_value(job->store, job->text, value, size, error);
        else
            fail_value(job, secret, error);
    }
    virSecretFree(secret);
    return result;
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
    info->type = g_strdup(usage >= 0 && usage < (int)G_N_ELEMENTS(usage_names) ? usage_names[usage] : NULL);
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
        return fail(job->store, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    info = info_of(secret);
    virSecretFree(secret);
    return info;
}

static void
info_free(gpointer info)
{
    keymgr_info_free(info);
}

static gpointer
work_list(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr *secrets = NULL;
    int count = virConnectListAllSecrets(connection, &secrets, 0);
    GPtrArray *infos;
    int i;

    if (count < 0)
        return fail(job->store, "", KEYMGR_ERROR_UNAVAILABLE, error);
    infos = g_ptr_array_new_with_free_func(info_free);
    for (i = 0; i < count; i++) {
        KeymgrInfo *info = info_of(secrets[i]);

        if ((!job->text || g_strcmp0(job->text, info->name) == 0) && infos->len < KEYMGR_LIST_MAX)
            g_ptr_array_add(infos, info);
        else
            keymgr_info_free(info);
        virSecretFree(secrets[i]);
    }
    free(secrets);
    return infos;
}

/* libvirt 9.0's embedded driver jumps to a null pointer at the end of its
 * secretUndefine(): it calls the daemon's inhibit callback, which it has not. */
static gboolean
undefine(Job *job, virSecretPtr secret, const char *uuid, GError **error)
{
    if (is_embedded(job->store->uri)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: secret %s: libvirt's embedded driver cannot delete secrets; delete it in a daemon",
                    job->store->description, uuid);
        return FALSE;
    }
    if (virSecretUndefine(secret) == 0)
        return TRUE;
    fail(job->store, uuid, KEYMGR_ERROR_NOT_FOUND, error);
    return FALSE;
}

/* A new secret's UUID. */
static gpointer
work_store(Job *job, virConnectPtr connection, GError **error)
{
    virSecretPtr secret = virSecretDefineXML(connection, job->text, 0);
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (!secret)
        return fail(job->store, "to be stored", KEYMGR_ERROR_UNAVAILABLE, error);
    virSecretGetUUIDString(secret, uuid);
    if (job->value &&
        virSecretSetValue(secret, keymgr_secret_data(job->value), keymgr_secret_size(job->value), 0) < 0) {
        fail(job->store, uuid, KEYMGR_ERROR_NOT_FOUND, error);
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
        return fail(job->store, job->text, KEYMGR_ERROR_NOT_FOUND, error);
    if (virSecretSetValue(secret, keymgr_secret_data(job->value), keymgr_secret_size(job->value), 0) == 0)
        result = g_strdup(job->text);
    else
        fail(job->store, job->text, KEYMGR_ERROR_NOT_FOUND, error);
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
        return fail(job->store, job->text, KEYMGR_ERROR_NOT_FOUND, error);
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
    virConnectPtr connection = connect_store(job->store, NULL);
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
        return fail(job->store, "", KEYMGR_ERROR_UNAVAILABLE, error);
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

static gint64
deadline_of(const Store *store)
{
    return g_get_monotonic_time() + store->timeout_ms * G_TIME_SPAN_MILLISECOND;
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
        secret = store->get_value ? store->get_value(reference.uuid, store->opaque, error)
                                  : run(store, work_get_value, &for_secret, reference.uuid, NULL,
                                        deadline, cancellable, error);
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
    GPtrArray *infos = run(store, work_list, &for_array, options->name, NULL, deadline_of(store), cancellable,
                           error);

    return infos ? keymgr_list_cut(infos, options, total) : NULL;
}

/* libvirt's element for the name that goes with a usage type. */
static const char *
usage_element(const char *type)
{
    if (strcmp(type, "volume") == 0)
        return "volume";
    if (strcmp(type, "iscsi") == 0)
        return "target";
    return "name";
}

static char *
libvirt_store(gpointer data, const KeymgrNewSecret *description, KeymgrSecret *value,
              GCancellable *cancellable, GError **error)
{
    Store *store = data;
    const char *type = description->type ? description->type : "vtpm";
    g_autofree char *xml = NULL;

    if (!description->name || description->algorithm || description->bit_length || description->mode ||
        description->expiration) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: a secret has a name, which is needed, and a usage type, and nothing else",
                    store->description);
        return NULL;
    }
    xml = g_markup_printf_escaped("<secret ephemeral='no' private='no'><usage type='%s'><%s>%s</%s></usage>"
                                  "</secret>", type, usage_element(type), description->name,
                                  usage_element(type));
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
    removed = run(store, work_remove, &for_text, reference.uuid, NULL, deadline_of(store), cancellable, error);
    return removed != NULL;
}

static char *
libvirt_check(gpointer data, GCancellable *cancellable, GError **error)
{
    Store *store = data;

    return run(store, work_check, &for_text, NULL, NULL, deadline_of(store), cancellable, error);
}

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
    .set_libvirt_get_value = libvirt_set_get_value,
};
