/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets in a PKCS#11 token: a hardware module, a smart card, or SoftHSM. A
 * module can block for as long as it likes, so that each call runs in a
 * thread that the caller stops waiting for when time is over.
 */
#include <string.h>

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_pkcs11_object.h"
#include "keymgr/keymgr_worker.h"

#define DEFAULT_TIMEOUT_MS 30000
#define MAX_TIMEOUT_SECONDS 3600

typedef struct {
    gatomicrefcount refs;
    KeymgrPkcs11Token *token;
    KeymgrWorkers *workers;
    guint timeout_ms;
} Store;

/* What a call asks for, in the thread that makes it. */
typedef struct Request Request;
struct Request {
    Store *store;
    gpointer (*work)(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error);
    gboolean writable;
    GArray *references;  /* of KeymgrPkcs11Reference; or NULL */
    char *name;          /* or NULL */
    KeymgrSecret *value; /* of a new secret; or NULL */
};

static const KeymgrConfigKey *const key_lists[] = { keymgr_pkcs11_keys, NULL };

/* --- the store ------------------------------------------------------------ */

static void
store_unref(Store *store)
{
    if (!g_atomic_ref_count_dec(&store->refs))
        return;
    keymgr_pkcs11_token_free(store->token);
    keymgr_workers_unref(store->workers);
    g_free(store);
}

static gpointer
pkcs11_open(const KeymgrConfig *config, GError **error)
{
    g_autoptr(KeymgrPkcs11Token) token = keymgr_pkcs11_token_new(config, error);
    guint timeout_ms;
    Store *store;

    if (!token || !keymgr_config_seconds(config, "total_timeout", MAX_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_MS,
                                         &timeout_ms, error))
        return NULL;
    store = g_new0(Store, 1);
    g_atomic_ref_count_init(&store->refs);
    store->workers = keymgr_workers_new("keymgr-pkcs11", keymgr_pkcs11_token_describe(token));
    store->token = g_steal_pointer(&token);
    store->timeout_ms = timeout_ms;
    return store;
}

static gint64
deadline_of(const Store *store)
{
    return g_get_monotonic_time() + store->timeout_ms * G_TIME_SPAN_MILLISECOND;
}

static gpointer
work_unref(gpointer data, GCancellable *left, GError **error)
{
    store_unref(data);
    return NULL;
}

/* The module's C_Finalize() may block, too. */
static void
pkcs11_close(gpointer data)
{
    static const KeymgrWork unref = { .work = work_unref };
    Store *store = data;
    g_autoptr(KeymgrWorkers) workers = keymgr_workers_ref(store->workers);

    keymgr_worker_run(workers, &unref, store, deadline_of(store), NULL, NULL);
}

static const char *
pkcs11_describe_store(gpointer store)
{
    return keymgr_pkcs11_token_describe(((Store *)store)->token);
}

/* --- calls ---------------------------------------------------------------- */

static void
clear_reference(gpointer reference)
{
    keymgr_pkcs11_reference_clear(reference);
}

static void
request_free(gpointer data)
{
    Request *request = data;

    if (request->references)
        g_array_unref(request->references);
    g_free(request->name);
    keymgr_secret_unref(request->value);
    store_unref(request->store);
    g_free(request);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

static Request *
request_new(Store *store, gpointer (*work)(Request *, KeymgrPkcs11Session *, GCancellable *, GError **))
{
    Request *request = g_new0(Request, 1);

    g_atomic_ref_count_inc(&store->refs);
    request->store = store;
    request->work = work;
    return request;
}

/* All references are understood before the token is asked for one. */
static gboolean
add_references(Request *request, const char *const *texts, GError **error)
{
    KeymgrPkcs11Reference reference;

    request->references = g_array_new(FALSE, FALSE, sizeof(reference));
    g_array_set_clear_func(request->references, clear_reference);
    for (; *texts; texts++) {
        if (request->references->len == KEYMGR_MAX_REFERENCES) {
            g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: more than %d secrets in one call",
                        pkcs11_describe_store(request->store), KEYMGR_MAX_REFERENCES);
            return FALSE;
        }
        if (!keymgr_pkcs11_reference_parse(*texts, &reference, error))
            return FALSE;
        g_array_append_val(request->references, reference);
    }
    return TRUE;
}

static const KeymgrPkcs11Reference *
reference_of(const Request *request, guint i)
{
    return &g_array_index(request->references, KeymgrPkcs11Reference, i);
}

static gpointer
perform(gpointer data, GCancellable *left, GError **error)
{
    Request *request = data;
    g_auto(KeymgrPkcs11Session) session = { 0 };

    if (!keymgr_pkcs11_session_open(request->store->token, request->writable, left, &session, error))
        return NULL;
    return request->work(request, &session, left, error);
}

static gpointer
run(Request *request, const KeymgrWork *kind, GCancellable *cancellable, GError **error)
{
    Store *store = request->store;

    return keymgr_worker_run(store->workers, kind, request, deadline_of(store), cancellable, error);
}

static void
free_secret(gpointer secret)
{
    keymgr_secret_unref(secret);
}

static void
free_info(gpointer info)
{
    keymgr_info_free(info);
}

static void
free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static gpointer
work_fetch(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(free_secret);
    CK_OBJECT_HANDLE object;
    guint i;

    for (i = 0; i < request->references->len; i++) {
        const KeymgrPkcs11Reference *reference = reference_of(request, i);
        KeymgrSecret *secret;

        if (g_cancellable_set_error_if_cancelled(left, error) ||
            !keymgr_pkcs11_object_find(session, reference, &object, error))
            return NULL;
        secret = keymgr_pkcs11_object_read(session, reference->shown, object, error);
        if (!secret)
            return NULL;
        g_ptr_array_add(secrets, secret);
    }
    return g_steal_pointer(&secrets);
}

static gpointer
work_describe(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    const KeymgrPkcs11Reference *reference = reference_of(request, 0);
    KeymgrInfo *info;
    CK_OBJECT_HANDLE object;

    if (!keymgr_pkcs11_object_find(session, reference, &object, error))
        return NULL;
    info = keymgr_pkcs11_object_info(session, reference->shown, object, error);
    if (!info && error && !*error)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "%s: secret %s: its label cannot be read",
                    pkcs11_describe_store(request->store), reference->shown);
    return info;
}

static gpointer
work_list(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    g_autoptr(GArray) objects = keymgr_pkcs11_object_list(session, KEYMGR_LIST_MAX, error);
    g_autoptr(GPtrArray) infos = g_ptr_array_new_with_free_func(free_info);
    guint i;

    for (i = 0; objects && i < objects->len; i++) {
        /* An object that is gone meanwhile is not in the list. */
        g_autoptr(KeymgrInfo) info = keymgr_pkcs11_object_info(
            session, "of the list", g_array_index(objects, CK_OBJECT_HANDLE, i), NULL);

        if (g_cancellable_set_error_if_cancelled(left, error))
            return NULL;
        if (info && (!request->name || g_strcmp0(info->name, request->name) == 0))
            g_ptr_array_add(infos, g_steal_pointer(&info));
    }
    return objects ? g_steal_pointer(&infos) : NULL;
}

/* The UUID of the new object. */
static gpointer
work_store(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    g_autofree char *id = g_uuid_string_random();

    if (g_cancellable_set_error_if_cancelled(left, error) ||
        !keymgr_pkcs11_object_create(session, id, request->name, request->value, error))
        return NULL;
    return g_steal_pointer(&id);
}

static gboolean
remove_object(KeymgrPkcs11Session *session, const KeymgrPkcs11Reference *reference, GError **error)
{
    CK_OBJECT_HANDLE object;

    return keymgr_pkcs11_object_find(session, reference, &object, error) &&
           keymgr_pkcs11_object_destroy(session, reference->shown, object, error);
}

/* What was stored when nobody waited any more. */
static void
undo_store(gpointer data, gpointer id)
{
    Request *request = data;
    g_auto(KeymgrPkcs11Session) session = { 0 };
    KeymgrPkcs11Reference reference;

    if (!keymgr_pkcs11_reference_parse(id, &reference, NULL))
        return;
    if (keymgr_pkcs11_session_open(request->store->token, TRUE, NULL, &session, NULL))
        remove_object(&session, &reference, NULL);
    keymgr_pkcs11_reference_clear(&reference);
}

/* What the object was called. */
static gpointer
work_remove(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    const KeymgrPkcs11Reference *reference = reference_of(request, 0);

    if (g_cancellable_set_error_if_cancelled(left, error) || !remove_object(session, reference, error))
        return NULL;
    return g_strdup(reference->shown);
}

static gpointer
work_check(Request *request, KeymgrPkcs11Session *session, GCancellable *left, GError **error)
{
    g_autoptr(GArray) objects = keymgr_pkcs11_object_list(session, KEYMGR_LIST_MAX, error);
    g_autofree char *label = keymgr_pkcs11_text(session->info.label, sizeof(session->info.label));
    g_autofree char *maker = keymgr_pkcs11_text(session->info.manufacturerID,
                                                sizeof(session->info.manufacturerID));
    g_autofree char *serial = keymgr_pkcs11_text(session->info.serialNumber,
                                                 sizeof(session->info.serialNumber));

    if (!objects)
        return NULL;
    return g_strdup_printf("PKCS#11 token '%s' (%s, serial number %s), %s, %u data objects", label, maker,
                           serial, session->logged_in ? "logged in" : "without a PIN", objects->len);
}

static const KeymgrWork for_array = { .work = perform, .free_result = free_array, .free_data = request_free };
static const KeymgrWork for_info = { .work = perform, .free_result = free_info, .free_data = request_free };
static const KeymgrWork for_text = { .work = perform, .free_result = g_free, .free_data = request_free };
static const KeymgrWork for_new_secret = {
    .work = perform, .free_result = g_free, .free_data = request_free, .undo = undo_store,
};

static GPtrArray *
pkcs11_fetch(gpointer store, const char *const *references, GCancellable *cancellable, GError **error)
{
    g_autoptr(Request) request = request_new(store, work_fetch);

    if (!add_references(request, references, error))
        return NULL;
    return run(g_steal_pointer(&request), &for_array, cancellable, error);
}

static KeymgrInfo *
pkcs11_describe(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    const char *const references[] = { text, NULL };
    g_autoptr(Request) request = request_new(store, work_describe);

    if (!add_references(request, references, error))
        return NULL;
    return run(g_steal_pointer(&request), &for_info, cancellable, error);
}

static GPtrArray *
pkcs11_list(gpointer store, const KeymgrListOptions *options, guint *total, GCancellable *cancellable,
            GError **error)
{
    Request *request = request_new(store, work_list);
    GPtrArray *infos;

    request->name = g_strdup(options->name);
    infos = run(request, &for_array, cancellable, error);
    return infos ? keymgr_list_cut(infos, options, total) : NULL;
}

static gboolean
check_new_secret(const Store *store, const KeymgrNewSecret *description, GError **error)
{
    const char *token = keymgr_pkcs11_token_describe(store->token);

    if ((description->type && strcmp(description->type, "data") != 0) || description->algorithm ||
        description->bit_length || description->mode || description->expiration)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: a secret has a name, and is of type data, and nothing else can be said of it",
                    token);
    else if (description->name && strlen(description->name) > KEYMGR_PKCS11_MAX_TEXT)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: a name of more than %d bytes", token,
                    KEYMGR_PKCS11_MAX_TEXT);
    else if (!keymgr_pkcs11_token_has_pin(store->token))
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_ACCESS_DENIED,
                    "%s: secrets are stored as private objects, for which a pin is needed", token);
    else
        return TRUE;
    return FALSE;
}

static char *
pkcs11_store(gpointer store, const KeymgrNewSecret *description, KeymgrSecret *value,
             GCancellable *cancellable, GError **error)
{
    Request *request;

    if (!check_new_secret(store, description, error))
        return NULL;
    if (!value) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED, "%s: a secret is its value: there is none without",
                    keymgr_pkcs11_token_describe(((Store *)store)->token));
        return NULL;
    }
    request = request_new(store, work_store);
    request->writable = TRUE;
    request->name = g_strdup(description->name);
    request->value = keymgr_secret_ref(value);
    return run(request, &for_new_secret, cancellable, error);
}

static gboolean
pkcs11_remove(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    const char *const references[] = { text, NULL };
    g_autoptr(Request) request = request_new(store, work_remove);
    g_autofree char *removed = NULL;

    request->writable = TRUE;
    if (add_references(request, references, error))
        removed = run(g_steal_pointer(&request), &for_text, cancellable, error);
    return removed != NULL;
}

static char *
pkcs11_check(gpointer store, KeymgrReached *reached, GCancellable *cancellable, GError **error)
{
    return run(request_new(store, work_check), &for_text, cancellable, error);
}

const KeymgrBackend keymgr_backend_pkcs11 = {
    .name = "pkcs11",
    .group = "pkcs11",
    .keys = key_lists,
    .open = pkcs11_open,
    .close = pkcs11_close,
    .describe_store = pkcs11_describe_store,
    .fetch = pkcs11_fetch,
    .describe = pkcs11_describe,
    .list = pkcs11_list,
    .store = pkcs11_store,
    .remove = pkcs11_remove,
    .check = pkcs11_check,
};
