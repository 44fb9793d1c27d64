/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_guard.h"

#include <string.h>

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_metadata.h"
#include "hyperv/hyperv_protector.h"
#include "hyperv/hyperv_shielding.h"

#define PROTECTOR_CLASS "MSFT_HgsKeyProtector"

/* The result object of a static method: these cmdlet-like methods name it all
 * the same. Borrowed from out. */
const WsmanInstance *hyperv_guard_result(const WsmanInstance *out)
{
    const GPtrArray *results = wsman_instance_get_instances(out, "cmdletOutput");

    return results->len > 0 ? g_ptr_array_index(results, 0) : NULL;
}

WsmanInstance *hyperv_guard_invoke(HypervCall *call, const char *class_name, const char *method, WsmanArgs *args,
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

/* NULL in *service, without an error, where the host names none. */
static gboolean read_service(const WsmanInstance *configuration, char **service, GError **error)
{
    const char *url = wsman_instance_get_string(configuration, "KeyProtectionServerUrl");

    *service = NULL;
    if (url && strlen(url) > HYPERV_GUARD_MAX_SERVICE) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0,
                         "reading the guard mode: the address of the Host Guardian Service is longer than %d bytes",
                         HYPERV_GUARD_MAX_SERVICE);
        return FALSE;
    }
    if (url && *url)
        *service = g_strdup(url);
    return TRUE;
}

gboolean hyperv_query_guard(HypervHost *host, HypervGuard *guard, GCancellable *cancellable, GError **error)
{
    return hyperv_query_guard_and_service(host, guard, NULL, cancellable, error);
}

gboolean hyperv_query_guard_and_service(HypervHost *host, HypervGuard *guard, char **service,
                                        GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) out = hyperv_guard_invoke(&call, "MSFT_HgsClientConfiguration", "Get", NULL,
                                                 "reading the guard mode", &local_error);
    const WsmanInstance *configuration;
    guint64 value = 0;

    *guard = (HypervGuard){ .mode = HYPERV_GUARD_NONE };
    if (service)
        *service = NULL;
    if (!out && (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) ||
                 g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_METHOD)))
        return TRUE;
    if (!out) {
        g_propagate_error(error, g_steal_pointer(&local_error));
        return FALSE;
    }
    configuration = hyperv_guard_result(out);
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
    return !service || guard->mode != HYPERV_GUARD_GUARDED || read_service(configuration, service, error);
}

gboolean hyperv_guard_has_passed(const HypervGuard *guard)
{
    return guard->attestation_status == HYPERV_ATTESTATION_PASSED && guard->is_guarded;
}

/* A machine that is not shielded may wait for the attestation; a shielded one
 * is not even made where nothing says that it could ever start. */
gboolean hyperv_guard_check(const HypervGuard *guard, gboolean shielded, GError **error)
{
    if (guard->mode == HYPERV_GUARD_NONE) {
        hyperv_error_set(error, HYPERV_ERROR_NO_FEATURE, 0,
                         "the host has no Host Guardian Service client, hence opens no key protector: install the "
                         "feature HostGuardian there");
        return FALSE;
    }
    if (guard->mode != HYPERV_GUARD_GUARDED || !shielded || hyperv_guard_has_passed(guard))
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                     "a shielded machine needs a host that its Host Guardian Service has attested, but IsHostGuarded "
                     "is %s and the attestation status is %u, %s",
                     guard->is_guarded ? "true" : "false", guard->attestation_status,
                     hyperv_attestation_name(guard->attestation_status));
    return FALSE;
}

gboolean hyperv_guard_check_maker(const HypervGuard *guard, gboolean for_others, GError **error)
{
    if (guard->mode == HYPERV_GUARD_LOCAL || (guard->mode == HYPERV_GUARD_GUARDED && for_others))
        return TRUE;
    if (guard->mode == HYPERV_GUARD_GUARDED)
        hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                         "the host is guarded by a Host Guardian Service and makes no key protectors of its own: "
                         "give keys");
    else
        hyperv_error_set(error, HYPERV_ERROR_GUARD_MODE, 0,
                         "the host does not know its guard mode, and makes no key protector: give keys");
    return FALSE;
}

/* --- guardians -------------------------------------------------------------------------- */

gboolean hyperv_guard_check_guardian(const HypervGuardian *guardian, gboolean as_owner, GError **error)
{
    const HypervCertificate *const certificates[] = { guardian->signing, guardian->encryption };
    g_autoptr(GError) local_error = NULL;

    if (as_owner && !guardian->has_private_key) {
        hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                         "guardian '%s' cannot own a key protector: the host has no private key of it",
                         guardian->name);
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(certificates); i++) {
        if (!certificates[i] || hyperv_certificate_check_time(certificates[i], "its certificate", &local_error))
            continue;
        hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0, "guardian '%s' of the host cannot be used: %s",
                         guardian->name, local_error->message);
        return FALSE;
    }
    return TRUE;
}

static const char *owner_name(const HypervOwner *owner)
{
    return owner->name ? owner->name : HYPERV_DEFAULT_OWNER;
}

gboolean hyperv_guard_find_owner(const GPtrArray *known, const HypervOwner *owner, const HypervGuardian **guardian,
                                 GError **error)
{
    *guardian = hyperv_guardian_find(known, owner_name(owner));
    if (*guardian)
        return hyperv_guard_check_guardian(*guardian, TRUE, error);
    if (owner->create)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                     "the host has no guardian '%s' to own a key protector, and none may be made: give "
                     "create='yes' to make it", owner_name(owner));
    return FALSE;
}

/* --- protectors ------------------------------------------------------------------------ */

GBytes *hyperv_guard_raw_data(const WsmanInstance *out, GError **error)
{
    const WsmanInstance *protector = hyperv_guard_result(out);
    g_autoptr(GBytes) raw = protector ? wsman_instance_get_bytes(protector, "RawData") : NULL;

    if (!raw || g_bytes_get_size(raw) == 0) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "making a key protector: the answer holds none");
        return NULL;
    }
    return hyperv_secret_bytes(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
}

gboolean hyperv_convert_protector(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                  GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(GBytes) framed = hyperv_protector_frame(data, size);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_secret_bytes(args, "Bytes", g_bytes_get_data(framed, NULL), g_bytes_get_size(framed));
    out = hyperv_guard_invoke(&call, PROTECTOR_CLASS, "ConvertToByRawBytes", args, "checking the key protector", error);
    return out != NULL;
}
