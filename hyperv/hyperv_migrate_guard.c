/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_migrate_guard.h"

#include <string.h>

#include "hyperv/hyperv_protector.h"

static gboolean has_keys(const HypervWrapping *wrapping, const GPtrArray *guardians)
{
    const HypervGuardian *guardian = hyperv_wrapping_guardian(wrapping, guardians);

    return guardian && guardian->has_private_key;
}

/* --- the source ------------------------------------------------------------------------ */

static gboolean read_wrappings(HypervCall *call, HypervTraveller *traveller, GError **error)
{
    g_autoptr(GBytes) protector = NULL;
    gsize size;
    const guint8 *data;

    if (!hyperv_read_protector(call->host, traveller->guid, &protector, call->cancellable, error))
        return FALSE;
    if (!protector && !traveller->machine->security.tpm_enabled)
        return TRUE;
    if (!protector) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "'%s' has a TPM, but no key protector",
                         traveller->name);
        return FALSE;
    }
    data = g_bytes_get_data(protector, &size);
    traveller->wrappings = hyperv_protector_wrappings(data, size, error);
    return traveller->wrappings != NULL;
}

gboolean hyperv_migrate_guard_describe(HypervCall *call, HypervTraveller *traveller, GError **error)
{
    HypervGuard guard;
    g_autoptr(GPtrArray) guardians = NULL;

    if (!read_wrappings(call, traveller, error))
        return FALSE;
    traveller->asked = TRUE;
    if (!traveller->wrappings)
        return TRUE;
    if (!hyperv_query_guard_and_service(call->host, &guard, &traveller->guard_service, call->cancellable, error))
        return FALSE;
    traveller->guard = guard.mode;
    if (guard.mode != HYPERV_GUARD_GUARDED) /* where it is not, no guarded host takes the machine */
        return TRUE;
    guardians = hyperv_list_guardians(call->host, call->cancellable, error);
    for (guint i = 0; guardians && i < traveller->wrappings->len; i++) {
        HypervWrapping *wrapping = g_ptr_array_index(traveller->wrappings, i);

        wrapping->is_local = has_keys(wrapping, guardians);
    }
    return guardians != NULL;
}

/* --- the decision ------------------------------------------------------------------------ */

/* Of each guardian one of the two hosts has the private keys: none of them is
 * the fabric's, whose keys never leave its Host Guardian Service. */
static gboolean are_all_local(const GPtrArray *wrappings, const GPtrArray *guardians)
{
    for (guint i = 0; i < wrappings->len; i++) {
        const HypervWrapping *wrapping = g_ptr_array_index(wrappings, i);

        if (!wrapping->is_local && !has_keys(wrapping, guardians))
            return FALSE;
    }
    return TRUE;
}

/* Two hosts may spell the one URL differently; IIS does not mind the case. */
static gboolean is_same_service(const char *a, const char *b)
{
    gsize length_a = strlen(a), length_b = strlen(b);

    while (length_a > 0 && a[length_a - 1] == '/')
        length_a--;
    while (length_b > 0 && b[length_b - 1] == '/')
        length_b--;
    return length_a == length_b && g_ascii_strncasecmp(a, b, length_a) == 0;
}

static gboolean is_of_one_fabric(const HypervTraveller *traveller, const char *service, const GPtrArray *guardians,
                                 char **reason)
{
    if (are_all_local(traveller->wrappings, guardians))
        *reason = g_strdup("the host is guarded by a Host Guardian Service, and the protector has local guardians "
                           "of the two hosts alone, which do not count there");
    else if (traveller->guard != HYPERV_GUARD_GUARDED)
        *reason = g_strdup_printf("the host is guarded by a Host Guardian Service and the source is not (guard mode "
                                  "%s): nothing says that the protector is for that fabric",
                                  hyperv_guard_mode_name(traveller->guard));
    else if (!traveller->guard_service || !service)
        *reason = g_strdup("both hosts are guarded, but they do not both say by which Host Guardian Service");
    else if (!is_same_service(traveller->guard_service, service))
        *reason = g_strdup_printf("the host is of another fabric: it is guarded by the Host Guardian Service '%s', "
                                  "the source by '%s'", service, traveller->guard_service);
    return *reason == NULL;
}

gboolean hyperv_migrate_is_safe(const HypervTraveller *traveller, const HypervGuard *guard, const char *service,
                                const GPtrArray *guardians, char **reason)
{
    HypervAuthorises authorises = hyperv_authorise_with(guard, guardians, traveller->wrappings, reason);

    if (authorises == HYPERV_AUTHORISES_UNKNOWN && guard->mode == HYPERV_GUARD_GUARDED) {
        g_clear_pointer(reason, g_free);
        return is_of_one_fabric(traveller, service, guardians, reason);
    }
    if (authorises != HYPERV_AUTHORISES_YES)
        return FALSE;
    if (!traveller->shielded || traveller->guard == HYPERV_GUARD_LOCAL)
        return TRUE;
    *reason = g_strdup("the machine is shielded: from a guarded host it moves to one alone that is guarded, too, and "
                       "attested");
    return FALSE;
}

/* --- the destination ------------------------------------------------------------------------ */

gboolean hyperv_migrate_guard_check(HypervCall *call, const HypervTraveller *traveller, GError **error)
{
    HypervGuard guard;
    g_autofree char *service = NULL;
    g_autoptr(GPtrArray) guardians = NULL;
    g_autofree char *reason = NULL;

    if (!traveller->asked) {
        hyperv_error_set(error, HYPERV_ERROR_UNSAFE, 0, "the source was not asked whether '%s' has a key protector",
                         traveller->name);
        return FALSE;
    }
    if (!traveller->wrappings)
        return TRUE;
    if (!hyperv_query_guard_and_service(call->host, &guard, &service, call->cancellable, error))
        return FALSE;
    guardians = hyperv_list_guardians(call->host, call->cancellable, error);
    if (!guardians)
        return FALSE;
    if (hyperv_migrate_is_safe(traveller, &guard, service, guardians, &reason))
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_UNSAFE, 0, "host '%s' (guard mode %s) is not safe for '%s': %s",
                     hyperv_host_get_name(call->host), hyperv_guard_mode_name(guard.mode), traveller->name, reason);
    return FALSE;
}
