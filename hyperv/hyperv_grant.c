/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_grant.h"

#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_guardian.h"
#include "hyperv/hyperv_metadata.h"
#include "hyperv/hyperv_protector.h"

#define PROTECTOR_CLASS "MSFT_HgsKeyProtector"

typedef struct {
    HypervCall *call;
    GPtrArray *guardians;  /* HypervGuardian of the host */
    GPtrArray *wrappings;  /* HypervWrapping of the protector */
    GPtrArray *to_grant;   /* HypervGuardian, borrowed */
    GPtrArray *to_revoke;  /* likewise */
    const char *to_be;     /* a guardian that will be there, and needs no grant; or NULL */
    gboolean allow_expired;
} Extension;

static void extension_clear(Extension *extension)
{
    g_clear_pointer(&extension->guardians, g_ptr_array_unref);
    g_clear_pointer(&extension->wrappings, g_ptr_array_unref);
    g_clear_pointer(&extension->to_grant, g_ptr_array_unref);
    g_clear_pointer(&extension->to_revoke, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Extension, extension_clear)

/* --- what is to be done --------------------------------------------------------------- */

const HypervGuardian *hyperv_grant_guardian(const GPtrArray *known, const HypervGrant *grant, GError **error)
{
    const HypervGuardian *guardian = hyperv_guardian_find(known, grant->name);

    if (!guardian)
        hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                         "the host knows no guardian '%s': import it there with Import-HgsGuardian", grant->name);
    return guardian;
}

gboolean hyperv_grant_check_guardian(const HypervGuardian *guardian, gboolean allow_expired, GError **error)
{
    const HypervCertificate *const certificates[] = { guardian->signing, guardian->encryption };
    g_autoptr(GError) local_error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(certificates); i++) {
        if (!certificates[i]) {
            hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                             "guardian '%s' has no certificates that can be read", guardian->name);
            return FALSE;
        }
        if (allow_expired || hyperv_certificate_check_time(certificates[i], "its certificate", &local_error))
            continue;
        hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                         "guardian '%s' cannot be granted: %s; allowExpired='yes' allows it", guardian->name,
                         local_error->message);
        return FALSE;
    }
    return TRUE;
}

static gboolean is_granted(const Extension *extension, const HypervGuardian *guardian)
{
    for (guint i = 0; i < extension->wrappings->len; i++) {
        if (hyperv_wrapping_guardian(g_ptr_array_index(extension->wrappings, i), extension->guardians) == guardian)
            return TRUE;
    }
    return FALSE;
}

static gboolean plan_grant(Extension *extension, const HypervGrant *grant, GError **error)
{
    const HypervGuardian *guardian;

    if (extension->to_be && g_ascii_strcasecmp(grant->name, extension->to_be) == 0)
        return TRUE;
    guardian = hyperv_grant_guardian(extension->guardians, grant, error);
    if (!guardian)
        return FALSE;
    if (is_granted(extension, guardian))
        return TRUE;
    if (!hyperv_grant_check_guardian(guardian, grant->allow_expired, error))
        return FALSE;
    extension->allow_expired |= grant->allow_expired;
    g_ptr_array_add(extension->to_grant, (gpointer)guardian);
    return TRUE;
}

static GPtrArray *list_granted(const Extension *extension)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < extension->wrappings->len; i++) {
        const HypervWrapping *wrapping = g_ptr_array_index(extension->wrappings, i);
        const HypervGuardian *guardian = hyperv_wrapping_guardian(wrapping, extension->guardians);

        if (!wrapping->is_owner && guardian)
            g_ptr_array_add(names, g_strdup(guardian->name));
    }
    return names;
}

static void plan_revocations(Extension *extension, const GPtrArray *grants)
{
    for (guint i = 0; i < extension->wrappings->len; i++) {
        const HypervWrapping *wrapping = g_ptr_array_index(extension->wrappings, i);
        const HypervGuardian *guardian = hyperv_wrapping_guardian(wrapping, extension->guardians);

        if (!wrapping->is_owner && guardian && !hyperv_grant_find(grants, guardian->name))
            g_ptr_array_add(extension->to_revoke, (gpointer)guardian);
    }
}

/* Only the owner of a protector can change it. */
static gboolean require_owner(const Extension *extension, GError **error)
{
    const HypervWrapping *owner = g_ptr_array_index(extension->wrappings, 0);
    const HypervGuardian *guardian = hyperv_wrapping_guardian(owner, extension->guardians);

    if (guardian && guardian->has_private_key)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NOT_AUTHORISED, 0,
                     "the host has no private key of the protector's owner, %s (%s), and cannot change whom it "
                     "authorises: do it on a host that has", owner->signing->subject, owner->signing->thumbprint);
    return FALSE;
}

static gboolean is_needed(const Extension *extension)
{
    return extension->to_grant->len > 0 || extension->to_revoke->len > 0;
}

/* All that can be told before the host is told to do anything. data: NULL for a
 * protector that is yet to be made, whose owner the host has. */
static void look(Extension *extension, const guint8 *data, gsize size, const GPtrArray *grants, GPtrArray *problems)
{
    GError *error = NULL;

    extension->to_grant = g_ptr_array_new();
    extension->to_revoke = g_ptr_array_new();
    extension->wrappings = data ? hyperv_protector_wrappings(data, size, &error) : g_ptr_array_new();
    if (extension->wrappings)
        extension->guardians = hyperv_list_guardians(extension->call->host, extension->call->cancellable, &error);
    hyperv_problems_take(problems, &error);
    if (!extension->guardians)
        return;
    for (guint i = 0; i < grants->len; i++) {
        if (!plan_grant(extension, g_ptr_array_index(grants, i), &error))
            hyperv_problems_take(problems, &error);
    }
    plan_revocations(extension, grants);
    if (is_needed(extension) && data && !require_owner(extension, &error))
        hyperv_problems_take(problems, &error);
}

void hyperv_grant_collect_problems(HypervCall *call, const guint8 *data, gsize size, const char *to_be,
                                   const GPtrArray *grants, GPtrArray *problems)
{
    g_auto(Extension) extension = { .call = call, .to_be = to_be };

    look(&extension, data, size, grants, problems);
}

static gboolean prepare(Extension *extension, const guint8 *data, gsize size, const GPtrArray *grants,
                        GError **error)
{
    g_autoptr(GPtrArray) problems = hyperv_problems_new();

    look(extension, data, size, grants, problems);
    return hyperv_problems_none(problems, error);
}

gboolean hyperv_grant_check(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants,
                            gboolean *needed, GError **error)
{
    g_auto(Extension) extension = { .call = call };

    if (!prepare(&extension, data, size, grants, error))
        return FALSE;
    *needed = is_needed(&extension);
    return TRUE;
}

gboolean hyperv_grant_check_owner(HypervCall *call, const char *machine, GBytes *protector, const char *wanted,
                                  GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(protector, &size);
    g_autoptr(GPtrArray) wrappings = hyperv_protector_wrappings(data, size, error);
    g_autoptr(GPtrArray) guardians = wrappings ? hyperv_list_guardians(call->host, call->cancellable, error) : NULL;
    const HypervGuardian *owner;

    if (!guardians)
        return FALSE;
    owner = hyperv_wrapping_guardian(g_ptr_array_index(wrappings, 0), guardians);
    if (owner && g_ascii_strcasecmp(owner->name, wanted) == 0)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_PROTECTOR_IN_USE, 0,
                     "the key protector of '%s' belongs to %s%s%s, and not to '%s': it cannot change hands", machine,
                     owner ? "guardian '" : "a guardian that the host does not know", owner ? owner->name : "",
                     owner ? "'" : "", wanted);
    return FALSE;
}

/* --- doing it ----------------------------------------------------------------------------- */

static WsmanInstance *convert(const Extension *extension, const guint8 *data, gsize size, GError **error)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(GBytes) framed = hyperv_protector_frame(data, size);

    wsman_args_add_secret_bytes(args, "Bytes", g_bytes_get_data(framed, NULL), g_bytes_get_size(framed));
    return hyperv_guard_invoke(extension->call, PROTECTOR_CLASS, "ConvertToByRawBytes", args,
                               "reading the key protector", error);
}

/* *out: the answer of the call before; then of this one. */
static gboolean change_one(const Extension *extension, const HypervGuardian *guardian, gboolean grant,
                           WsmanInstance **out, GError **error)
{
    g_autofree char *what = g_strdup_printf("%s guardian '%s'", grant ? "granting" : "revoking", guardian->name);
    const WsmanInstance *protector = hyperv_guard_result(*out);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    WsmanInstance *next;

    if (!protector) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s: the host gave no key protector to start from", what);
        return FALSE;
    }
    wsman_args_add_object(args, "KeyProtector", protector);
    wsman_args_add_object(args, "Guardian", guardian->instance);
    if (grant) {
        wsman_args_add_boolean(args, "AllowExpired", extension->allow_expired);
        wsman_args_add_boolean(args, "AllowUntrustedRoot", TRUE);
    }
    next = hyperv_guard_invoke(extension->call, PROTECTOR_CLASS, grant ? "Grant" : "Revoke", args, what, error);
    if (!next)
        return FALSE;
    wsman_instance_unref(*out);
    *out = next;
    return TRUE;
}

static gboolean change_all(const Extension *extension, const GPtrArray *guardians, gboolean grant,
                           WsmanInstance **out, GError **error)
{
    for (guint i = 0; i < guardians->len; i++) {
        if (!change_one(extension, g_ptr_array_index(guardians, i), grant, out, error))
            return FALSE;
    }
    return TRUE;
}

static GBytes *extend(const Extension *extension, const guint8 *data, gsize size, GError **error)
{
    g_autoptr(WsmanInstance) out = convert(extension, data, size, error);

    if (!out || !change_all(extension, extension->to_grant, TRUE, &out, error) ||
        !change_all(extension, extension->to_revoke, FALSE, &out, error))
        return NULL;
    return hyperv_guard_raw_data(out, error);
}

GBytes *hyperv_grant(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants, GPtrArray **granted,
                     GError **error)
{
    g_auto(Extension) extension = { .call = call };

    if (!prepare(&extension, data, size, grants, error))
        return NULL;
    *granted = list_granted(&extension);
    return is_needed(&extension) ? extend(&extension, data, size, error) : NULL;
}
