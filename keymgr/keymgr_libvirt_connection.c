/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_libvirt_connection.h"

#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

struct KeymgrLibvirtConnection {
    char *uri;
    char *description;
    GMutex lock;
    virConnectPtr connection; /* NULL: not open */
};

KeymgrLibvirtConnection *
keymgr_libvirt_connection_new(const char *uri)
{
    KeymgrLibvirtConnection *store = g_new0(KeymgrLibvirtConnection, 1);

    g_mutex_init(&store->lock);
    store->uri = g_strdup(uri);
    store->description = g_strdup_printf("libvirt's secrets at %s", uri);
    return store;
}

void
keymgr_libvirt_connection_free(KeymgrLibvirtConnection *store)
{
    if (!store)
        return;
    if (store->connection)
        virConnectClose(store->connection);
    g_free(store->uri);
    g_free(store->description);
    g_mutex_clear(&store->lock);
    g_free(store);
}

const char *
keymgr_libvirt_connection_describe(const KeymgrLibvirtConnection *store)
{
    return store->description;
}

const char *
keymgr_libvirt_connection_uri(const KeymgrLibvirtConnection *store)
{
    return store->uri;
}

/* other: of an error that libvirt has no code for, mostly. */
static KeymgrError
code_of(const virError *last, KeymgrError other)
{
    if (!last)
        return other;
    if (last->domain == VIR_FROM_RPC)
        other = KEYMGR_ERROR_UNAVAILABLE;
    switch (last->code) {
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
    case VIR_ERR_SYSTEM_ERROR:
    case VIR_ERR_RPC:
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
        return KEYMGR_ERROR_UNAVAILABLE;
    default:
        return other;
    }
}

static gpointer
fail(const KeymgrLibvirtConnection *store, const char *what, KeymgrError no_secret, KeymgrError other,
     GError **error)
{
    virErrorPtr last = virGetLastError();
    const char *text = last && last->message ? last->message : "unknown error";
    KeymgrError code = code_of(last, other);

    if (code == KEYMGR_ERROR_NOT_FOUND)
        code = no_secret;
    g_set_error(error, KEYMGR_ERROR, code, "%s%s%s: %s", store->description, *what ? ": secret " : "", what,
                text);
    return NULL;
}

gpointer
keymgr_libvirt_fail(const KeymgrLibvirtConnection *store, const char *what, KeymgrError no_secret, GError **error)
{
    return fail(store, what, no_secret, KEYMGR_ERROR_PROTOCOL, error);
}

static gboolean
is_embedded(const char *uri)
{
    return strstr(uri, ":///embed") != NULL;
}

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

gboolean
keymgr_libvirt_is_embedded(const KeymgrLibvirtConnection *store)
{
    return is_embedded(store->uri);
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

/* A connection of the driver msvm takes its secrets from a key manager, which
 * may be this one: that would go round in a circle. */
static gboolean
check_connection(KeymgrLibvirtConnection *store, GError **error)
{
    char *uri = virConnectGetURI(store->connection);
    gboolean is_circle = uri && g_str_has_prefix(uri, "msvm");

    free(uri);
    if (!is_circle)
        return TRUE;
    virConnectClose(store->connection);
    store->connection = NULL;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG,
                "%s: a connection of the driver msvm cannot be a key manager", store->description);
    return FALSE;
}

virConnectPtr
keymgr_libvirt_connect(KeymgrLibvirtConnection *store, GError **error)
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
    if (!store->connection) {
        fail(store, "", KEYMGR_ERROR_UNAVAILABLE, KEYMGR_ERROR_UNAVAILABLE, error);
    } else if (check_connection(store, error)) {
        virConnectRef(store->connection);
        connection = store->connection;
    }
    g_mutex_unlock(&store->lock);
    return connection;
}
