/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_protection.h"

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_grant.h"
#include "hyperv/hyperv_protector.h"
#include "hyperv/hyperv_security.h"

void hyperv_keys_clear(HypervKeys *keys)
{
    g_clear_pointer(&keys->made, g_bytes_unref);
    g_clear_pointer(&keys->maker, hyperv_maker_free);
    g_clear_pointer(&keys->shielding, hyperv_shielding_free);
    g_clear_pointer(&keys->granted, g_ptr_array_unref);
    keys->given = NULL;
}

gboolean hyperv_protection_is_given(const HypervProtection *protection)
{
    return protection && (protection->protector || protection->shielding || protection->guardians);
}

/* What is to be set: of shielding data, what is in them. Borrowed. */
static const guint8 *protector_of(const HypervKeys *keys, gsize *size)
{
    GBytes *bytes = keys->made || !keys->shielding ? keys->made : keys->shielding->protector;

    if (bytes)
        return g_bytes_get_data(bytes, size);
    *size = keys->given->protector_size;
    return keys->given->protector;
}

/* A protector that is ready, which the host has but to take. */
static gboolean is_ready(const HypervProtection *given)
{
    return given && (given->protector || given->shielding);
}

/* --- before --------------------------------------------------------------------------- */

/*
 * An account that may manage Hyper-V may lack rights in the namespace of the
 * guardian classes; ASSUMED: only administrators have them. Of a ready
 * protector, what we may not ask there is left to the host, which at the start
 * refuses what it cannot open. Making a protector, and shielding, cannot be
 * done without an answer.
 */
static gboolean may_not_ask(const GError *error)
{
    return g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_ACCESS_DENIED);
}

static gboolean get_guard(HypervCall *call, const HypervKeys *keys, const HypervSecurity *wanted,
                          HypervGuard *guard, GError **error)
{
    g_autoptr(GError) local_error = NULL;

    if (keys->given && keys->given->guard) {
        *guard = *keys->given->guard;
        return TRUE;
    }
    if (hyperv_query_guard(call->host, guard, call->cancellable, &local_error))
        return TRUE;
    if (may_not_ask(local_error) && is_ready(keys->given) && !wanted->shielding_requested) {
        g_warning("the account has no rights in root\\Microsoft\\Windows\\Hgs of the host, so that the key "
                  "protector is set without asking whether it authorises the host");
        *guard = (HypervGuard){ .mode = HYPERV_GUARD_UNKNOWN };
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&local_error));
    if (error && may_not_ask(*error))
        g_prefix_error(error, "the account has no rights in root\\Microsoft\\Windows\\Hgs of the host, which %s: ",
                       wanted->shielding_requested ? "shielding a machine takes" : "making a key protector takes");
    return FALSE;
}

/* The host's own parser is the second judge; where it lacks the method, or
 * does not let us ask, ours is the only one, and the start will tell. */
static gboolean check_by_host(HypervCall *call, const guint8 *data, gsize size, GError **error)
{
    g_autoptr(GError) local_error = NULL;

    if (hyperv_convert_protector(call->host, data, size, call->cancellable, &local_error) ||
        g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_METHOD) ||
        g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) || may_not_ask(local_error))
        return TRUE;
    if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_FAULT) || local_error->domain == HYPERV_ERROR)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "the host does not take the key protector: %s",
                         local_error->message);
    else
        g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

static gboolean check_authorised(HypervCall *call, const HypervGuard *guard, const guint8 *data, gsize size,
                                 GError **error)
{
    g_autoptr(GPtrArray) wrappings = hyperv_protector_wrappings(data, size, error);
    g_autoptr(GPtrArray) guardians = NULL;
    g_autoptr(GError) local_error = NULL;
    g_autofree char *reason = NULL;

    if (!wrappings)
        return FALSE;
    if (guard->mode == HYPERV_GUARD_GUARDED && !hyperv_guard_has_passed(guard))
        return TRUE;
    guardians = hyperv_list_guardians(call->host, call->cancellable, &local_error);
    if (!guardians) {
        if (may_not_ask(local_error))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&local_error));
        return FALSE;
    }
    if (hyperv_authorise_with(guard, guardians, wrappings, &reason) != HYPERV_AUTHORISES_NO)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NOT_AUTHORISED, 0,
                     "the key protector does not authorise this host, so the machine could not start: %s", reason);
    return FALSE;
}

static gboolean read_shielding(HypervCall *call, HypervKeys *keys, GError **error)
{
    gsize size;
    const guint8 *data;

    keys->shielding = hyperv_shielding_read(call->host, keys->given->shielding, keys->given->shielding_size,
                                            call->cancellable, error);
    if (!keys->shielding)
        return FALSE;
    data = g_bytes_get_data(keys->shielding->protector, &size);
    if (hyperv_protector_verify(data, size, error))
        return TRUE;
    g_prefix_error(error, "in the shielding data: ");
    return FALSE;
}

/* What is ready, as far as the host tells. */
static void look_at_protector(HypervCall *call, const HypervGuard *guard, HypervKeys *keys, GPtrArray *problems)
{
    GError *error = NULL;
    gsize size;
    const guint8 *data;

    if (keys->given->shielding && !read_shielding(call, keys, &error)) {
        hyperv_problems_take(problems, &error);
        return;
    }
    data = protector_of(keys, &size);
    if (!check_by_host(call, data, size, &error) || !check_authorised(call, guard, data, size, &error))
        hyperv_problems_take(problems, &error);
}

/* All that can be found out without a change. */
static void look(HypervCall *call, const HypervSecurity *wanted, HypervKeys *keys, GPtrArray *problems)
{
    const HypervProtection *given = keys->given;
    HypervOwner owner = { .name = given ? given->owner : NULL, .create = given && given->create_owner };
    HypervGuard guard;
    GError *error = NULL;

    if (!get_guard(call, keys, wanted, &guard, &error)) {
        hyperv_problems_take(problems, &error);
        return;
    }
    if (!hyperv_guard_check(&guard, wanted->shielding_requested, &error))
        hyperv_problems_take(problems, &error);
    if (guard.mode == HYPERV_GUARD_NONE)
        return;
    if (is_ready(given))
        look_at_protector(call, &guard, keys, problems);
    else
        keys->maker = hyperv_maker_new(call, &guard, &owner, given ? given->guardians : NULL, problems);
}

/* --- extending ---------------------------------------------------------------------------- */

gboolean hyperv_keys_extend(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants,
                            HypervKeys *keys, GError **error)
{
    g_autoptr(GError) local_error = NULL;
    GBytes *extended;

    g_clear_pointer(&keys->granted, g_ptr_array_unref);
    extended = hyperv_grant(call, data, size, grants, &keys->granted, &local_error);
    if (extended) {
        g_clear_pointer(&keys->made, g_bytes_unref);
        keys->made = extended;
    }
    if (!local_error)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

/* --- what is to be set --------------------------------------------------------------------- */

/* Makes what is to be made, and extends it. */
static gboolean finish(HypervCall *call, const HypervSecurity *wanted, HypervKeys *keys, GError **error)
{
    gsize size;
    const guint8 *data;

    if (keys->maker && !(keys->made = hyperv_maker_run(keys->maker, call, error)))
        return FALSE;
    g_clear_pointer(&keys->maker, hyperv_maker_free);
    if (!wanted->guardians)
        return TRUE;
    data = protector_of(keys, &size);
    return hyperv_keys_extend(call, data, size, wanted->guardians, keys, error);
}

/* What is wrong with the guardians that are wanted beside the owner. */
static void look_at_grants(HypervCall *call, const HypervSecurity *wanted, const HypervKeys *keys,
                           GPtrArray *problems)
{
    const HypervProtection *given = keys->given;
    const char *owner = given && given->owner ? given->owner : HYPERV_DEFAULT_OWNER;
    gsize size = 0;
    const guint8 *data = NULL;

    if (!wanted->guardians)
        return;
    if (keys->shielding || (given && given->protector))
        data = protector_of(keys, &size);
    hyperv_grant_collect_problems(call, data, size, given && given->create_owner ? owner : NULL, wanted->guardians,
                                  problems);
}

gboolean hyperv_keys_prepare(HypervCall *call, const HypervProtection *protection, const HypervSecurity *wanted,
                             HypervKeys *keys, GError **error)
{
    g_autoptr(GPtrArray) problems = hyperv_problems_new();

    keys->given = protection;
    look(call, wanted, keys, problems);
    /* A guardian that is made stays, so nothing else is to fail after it. */
    if (keys->maker && hyperv_maker_makes_owner(keys->maker)) {
        look_at_grants(call, wanted, keys, problems);
        return hyperv_problems_none(problems, error);
    }
    return hyperv_problems_none(problems, error) && finish(call, wanted, keys, error);
}

void hyperv_keys_collect_problems(HypervCall *call, const HypervProtection *protection,
                                  const HypervSecurity *wanted, GPtrArray *problems)
{
    g_auto(HypervKeys) keys = { .given = protection };

    look(call, wanted, &keys, problems);
    look_at_grants(call, wanted, &keys, problems);
}

/* --- in the machine ---------------------------------------------------------------------- */

/* A TPM cannot be turned on without a protector, so that reading back the TPM
 * is enough for the first one; a later one must be looked at itself. */
static gboolean send_protector(HypervCall *call, const WsmanInstance *settings, const HypervKeys *keys,
                               GError **error)
{
    g_autoptr(GBytes) kept = NULL;
    gsize size;
    const guint8 *data = protector_of(keys, &size);

    if (!hyperv_security_set_protector(call, settings, data, size, error))
        return FALSE;
    if (!keys->replaces)
        return TRUE;
    kept = hyperv_security_get_protector(call, settings, error);
    if (!kept)
        return FALSE;
    if (hyperv_protector_is_for_same(data, size, kept))
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0, "the host accepted the key protector, but did not keep it");
    return FALSE;
}

/* ASSUMED: what a policy demands shows in the switches that it turned on. */
static gboolean obey_policy(const WsmanInstance *settings, HypervSecurity *wanted, GError **error)
{
    gboolean shielded = FALSE;
    gboolean encrypted = FALSE;

    wsman_instance_get_boolean(settings, "ShieldingRequested", &shielded);
    wsman_instance_get_boolean(settings, "EncryptStateAndVmMigrationTraffic", &encrypted);
    if (shielded && !wanted->shielding_requested) {
        hyperv_error_set(error, HYPERV_ERROR_POLICY, 0,
                         "the policy in the shielding data demands a shielded machine, which the definition does not "
                         "ask for");
        return FALSE;
    }
    if (encrypted && !wanted->encrypt_traffic && !wanted->encryption_is_open) {
        hyperv_error_set(error, HYPERV_ERROR_POLICY, 0,
                         "the policy in the shielding data demands an encrypted machine, and the definition says that "
                         "it is none");
        return FALSE;
    }
    wanted->encrypt_traffic |= encrypted;
    return TRUE;
}

/*
 * A policy may turn switches of its own, so the settings are read again after
 * it. A protector does not, and they were read right before.
 */
static gboolean send_policy(HypervCall *call, const char *guid, const WsmanInstance *settings,
                            const HypervKeys *keys, HypervSecurity *wanted, WsmanInstance **again,
                            GError **error)
{
    gsize size;
    const guint8 *data;

    *again = NULL;
    if (!keys->shielding || !keys->shielding->policy)
        return TRUE;
    data = g_bytes_get_data(keys->shielding->policy, &size);
    if (!hyperv_security_set_policy(call, settings, data, size, error) ||
        !hyperv_security_fetch(call, guid, again, error))
        return FALSE;
    return !*again || obey_policy(*again, wanted, error);
}

gboolean hyperv_keys_apply(HypervCall *call, const char *guid, const WsmanInstance *settings, HypervKeys *keys,
                           gboolean set_protector, const HypervSecurity *wanted, GError **error)
{
    g_autoptr(WsmanInstance) again = NULL;
    HypervSecurity switches = *wanted; /* what it points to is the caller's */

    if (set_protector && keys->maker && !finish(call, wanted, keys, error))
        return FALSE;
    if (set_protector && (!send_protector(call, settings, keys, error) ||
                          !send_policy(call, guid, settings, keys, &switches, &again, error)))
        return FALSE;
    if (!hyperv_security_modify(call, again ? again : settings, &switches, error))
        return FALSE;
    return !set_protector || !keys->shielding || !keys->given->provisioning ||
           hyperv_provision(call, guid, keys->shielding, keys->given->provisioning, error);
}
