/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_authorise.h"

#include <string.h>

#include "hyperv/hyperv_protector.h"
#include "hyperv/hyperv_security.h"

/* --- names --------------------------------------------------------------------------- */

/* MSFT_HgsClientConfiguration.AttestationStatus. */
static const struct {
    guint status;
    const char *name;
} attestations[] = {
    { 0, "not configured" }, { 1, "not attempted" }, { HYPERV_ATTESTATION_PASSED, "passed" }, { 200, "expired" },
    { 300, "transient error" }, { 301, "unauthorized" }, { 302, "TPM error" },
    { 303, "insecure host configuration" },
};

const char *hyperv_attestation_name(guint status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(attestations); i++) {
        if (attestations[i].status == status)
            return attestations[i].name;
    }
    return "unknown";
}

const char *hyperv_guard_mode_name(HypervGuardMode mode)
{
    switch (mode) {
    case HYPERV_GUARD_NONE:
        return "none";
    case HYPERV_GUARD_LOCAL:
        return "local";
    case HYPERV_GUARD_GUARDED:
        return "guarded";
    case HYPERV_GUARD_UNKNOWN:
        break;
    }
    return "unknown";
}

/* --- the decision ---------------------------------------------------------------------- */

static guint count_with_keys(const GPtrArray *wrappings, const GPtrArray *guardians)
{
    guint count = 0;

    for (guint i = 0; i < wrappings->len; i++) {
        const HypervGuardian *guardian = hyperv_wrapping_guardian(g_ptr_array_index(wrappings, i), guardians);

        count += guardian && guardian->has_private_key;
    }
    return count;
}

/* "A, B": who could open it, by the subjects of their certificates. */
static char *describe_wrappings(const GPtrArray *wrappings)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < wrappings->len; i++) {
        const HypervWrapping *wrapping = g_ptr_array_index(wrappings, i);

        g_string_append_printf(text, "%s%s (%s)", i > 0 ? ", " : "", wrapping->encryption->subject,
                               wrapping->encryption->thumbprint);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static HypervAuthorises authorise_locally(const GPtrArray *guardians, const GPtrArray *wrappings, char **reason)
{
    g_autofree char *who = NULL;

    if (count_with_keys(wrappings, guardians) > 0)
        return HYPERV_AUTHORISES_YES;
    who = describe_wrappings(wrappings);
    *reason = g_strdup_printf("the host has none of the protector's guardians with its private keys: %s", who);
    return HYPERV_AUTHORISES_NO;
}

static HypervAuthorises authorise_guarded(const HypervGuard *guard, const GPtrArray *guardians,
                                          const GPtrArray *wrappings, char **reason)
{
    if (guard->attestation_status != HYPERV_ATTESTATION_PASSED || !guard->is_guarded) {
        *reason = g_strdup_printf("the host is to be guarded by a Host Guardian Service, but its attestation "
                                  "status is %u, %s", guard->attestation_status,
                                  hyperv_attestation_name(guard->attestation_status));
        return HYPERV_AUTHORISES_NO;
    }
    if (count_with_keys(wrappings, guardians) == wrappings->len) {
        *reason = g_strdup("the host is guarded by a Host Guardian Service, and the protector has local guardians "
                           "alone, which do not count there");
        return HYPERV_AUTHORISES_NO;
    }
    *reason = g_strdup("the host is guarded: its Host Guardian Service alone knows whether it is among the "
                       "protector's guardians");
    return HYPERV_AUTHORISES_UNKNOWN;
}

HypervAuthorises hyperv_authorise_with(const HypervGuard *guard, const GPtrArray *guardians,
                                       const GPtrArray *wrappings, char **reason)
{
    *reason = NULL;
    switch (guard->mode) {
    case HYPERV_GUARD_NONE:
        *reason = g_strdup("the host has no Host Guardian Service client");
        return HYPERV_AUTHORISES_NO;
    case HYPERV_GUARD_LOCAL:
        return authorise_locally(guardians, wrappings, reason);
    case HYPERV_GUARD_GUARDED:
        return authorise_guarded(guard, guardians, wrappings, reason);
    case HYPERV_GUARD_UNKNOWN:
        break;
    }
    *reason = g_strdup("the host does not know its guard mode");
    return HYPERV_AUTHORISES_UNKNOWN;
}

/* --- asking ------------------------------------------------------------------------------ */

void hyperv_authorisation_free(HypervAuthorisation *authorisation)
{
    if (!authorisation)
        return;
    g_free(authorisation->reason);
    g_clear_pointer(&authorisation->wrappings, g_ptr_array_unref);
    g_clear_pointer(&authorisation->guardians, g_ptr_array_unref);
    g_free(authorisation);
}

HypervAuthorisation *hyperv_authorise(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                      GError **error)
{
    g_autoptr(HypervAuthorisation) authorisation = g_new0(HypervAuthorisation, 1);

    authorisation->wrappings = hyperv_protector_wrappings(data, size, error);
    if (!authorisation->wrappings || !hyperv_query_guard(host, &authorisation->guard, cancellable, error))
        return NULL;
    authorisation->guardians = hyperv_list_guardians(host, cancellable, error);
    if (!authorisation->guardians)
        return NULL;
    authorisation->authorises = hyperv_authorise_with(&authorisation->guard, authorisation->guardians,
                                                      authorisation->wrappings, &authorisation->reason);
    return g_steal_pointer(&authorisation);
}

gboolean hyperv_read_protector(HypervHost *host, const char *guid, GBytes **protector, GCancellable *cancellable,
                               GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) settings = NULL;
    g_autoptr(GBytes) bytes = NULL;
    gsize size;
    const guint8 *data;

    *protector = NULL;
    if (!hyperv_security_fetch(&call, guid, &settings, error))
        return FALSE;
    bytes = settings ? hyperv_security_get_protector(&call, settings, error) : NULL;
    if (!bytes)
        return settings == NULL;
    data = g_bytes_get_data(bytes, &size);
    if (size > 0 && !hyperv_protector_is_empty(data, size))
        *protector = g_steal_pointer(&bytes);
    return TRUE;
}
