/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_guard.h"

#include <gnutls/gnutls.h>

#include "hyperv/hyperv_method.h"

#define GUARDIAN_CLASS "MSFT_HgsGuardian"
#define DEFAULT_OWNER "UntrustedGuardian"

/* The result object of a static method: these cmdlet-like methods name it all
 * the same. Borrowed from out. */
static const WsmanInstance *get_result(const WsmanInstance *out)
{
    const GPtrArray *results = wsman_instance_get_instances(out, "cmdletOutput");

    return results->len > 0 ? g_ptr_array_index(results, 0) : NULL;
}

static WsmanInstance *invoke_static(HypervCall *call, const char *class_name, const char *method, WsmanArgs *args,
                                    const char *what, GError **error)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(HYPERV_NS_HGS, class_name);

    return hyperv_invoke(call, target, method, args, what, error);
}

static HypervGuardMode mode_from_wire(guint64 mode)
{
    switch (mode) {
    case 1:
        return HYPERV_GUARD_LOCAL;
    case 2:
        return HYPERV_GUARD_GUARDED;
    default:
        return HYPERV_GUARD_UNKNOWN;
    }
}

gboolean hyperv_query_guard(HypervHost *host, HypervGuard *guard, GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) out = invoke_static(&call, "MSFT_HgsClientConfiguration", "Get", NULL,
                                                 "reading the guard mode", &local_error);
    const WsmanInstance *configuration;
    guint64 value = 0;

    *guard = (HypervGuard){ .mode = HYPERV_GUARD_NONE };
    if (!out && (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) ||
                 g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_METHOD)))
        return TRUE;
    if (!out) {
        g_propagate_error(error, g_steal_pointer(&local_error));
        return FALSE;
    }
    configuration = get_result(out);
    if (!configuration) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "reading the guard mode: the answer holds no configuration");
        return FALSE;
    }
    wsman_instance_get_uint(configuration, "Mode", &value);
    guard->mode = mode_from_wire(value);
    wsman_instance_get_boolean(configuration, "IsHostGuarded", &guard->is_guarded);
    value = 0;
    wsman_instance_get_uint(configuration, "AttestationStatus", &value);
    guard->attestation_status = value;
    return TRUE;
}

static gboolean require_local_mode(HypervHost *host, GCancellable *cancellable, GError **error)
{
    HypervGuard guard;

    if (!hyperv_query_guard(host, &guard, cancellable, error))
        return FALSE;
    switch (guard.mode) {
    case HYPERV_GUARD_LOCAL:
        return TRUE;
    case HYPERV_GUARD_GUARDED:
        hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                         "the host is guarded by a Host Guardian Service and makes no key protectors of its own: "
                         "give keys");
        return FALSE;
    case HYPERV_GUARD_NONE:
        hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                         "the host has no Host Guardian Service client to make a key protector: give keys");
        return FALSE;
    case HYPERV_GUARD_UNKNOWN:
        break;
    }
    hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                     "the host does not know its guard mode, and makes no key protector: give keys");
    return FALSE;
}

/* NULL without an error when there is none. */
static WsmanInstance *find_guardian(HypervCall *call, const char *name, GError **error)
{
    g_autofree char *quoted = wsman_wql_quote(name);
    g_autofree char *query = g_strconcat("select * from " GUARDIAN_CLASS " where Name = ", quoted, NULL);
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_HGS, query,
                                                   call->cancellable, error);

    if (!rows) {
        g_prefix_error(error, "looking for guardian '%s': ", name);
        return NULL;
    }
    return rows->len > 0 ? wsman_instance_ref(g_ptr_array_index(rows, 0)) : NULL;
}

static WsmanInstance *create_guardian(HypervCall *call, const char *name, GError **error)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("making guardian '%s'", name);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_string(args, "Name", name);
    wsman_args_add_boolean(args, "GenerateCertificates", TRUE);
    out = invoke_static(call, GUARDIAN_CLASS, "NewByGenerateCertificates", args, what, error);
    if (!out)
        return NULL;
    if (get_result(out))
        return wsman_instance_ref((WsmanInstance *)get_result(out));
    hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s: the answer holds no guardian", what);
    return NULL;
}

static WsmanInstance *get_owner(HypervCall *call, const char *name, gboolean create, GError **error)
{
    g_autoptr(GError) local_error = NULL;
    WsmanInstance *guardian = find_guardian(call, name, &local_error);

    if (guardian)
        return guardian;
    if (local_error) {
        g_propagate_error(error, g_steal_pointer(&local_error));
        return NULL;
    }
    if (create)
        return create_guardian(call, name, error);
    hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                     "the host has no guardian '%s' to own a key protector, and none may be made", name);
    return NULL;
}

static void wipe_and_free(gpointer data)
{
    GByteArray *copy = data;

    gnutls_memset(copy->data, 0, copy->len);
    g_byte_array_unref(copy);
}

static GBytes *take_raw_data(const WsmanInstance *out, GError **error)
{
    const WsmanInstance *protector = get_result(out);
    g_autoptr(GBytes) raw = protector ? wsman_instance_get_bytes(protector, "RawData") : NULL;
    GByteArray *copy;

    if (!raw || g_bytes_get_size(raw) == 0) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "making a key protector: the answer holds none");
        return NULL;
    }
    copy = g_byte_array_sized_new(g_bytes_get_size(raw));
    g_byte_array_append(copy, g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
    return g_bytes_new_with_free_func(copy->data, copy->len, wipe_and_free, copy);
}

GBytes *hyperv_make_protector(HypervHost *host, const char *owner, gboolean create_owner,
                              GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) guardian = NULL;
    g_autoptr(WsmanInstance) out = NULL;

    if (!require_local_mode(host, cancellable, error))
        return NULL;
    guardian = get_owner(&call, owner ? owner : DEFAULT_OWNER, create_owner, error);
    if (!guardian)
        return NULL;
    wsman_args_add_object(args, "Owner", guardian);
    wsman_args_add_boolean(args, "AllowUntrustedRoot", TRUE);
    out = invoke_static(&call, "MSFT_HgsKeyProtector", "NewByGuardians", args, "making a key protector", error);
    return out ? take_raw_data(out, error) : NULL;
}
