/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_maker.h"

#include "hyperv/hyperv_guardian.h"
#include "hyperv/hyperv_metadata.h"

#define GUARDIAN_CLASS "MSFT_HgsGuardian"
#define PROTECTOR_CLASS "MSFT_HgsKeyProtector"

struct HypervMaker {
    char *owner_name;
    WsmanInstance *owner; /* NULL: it is to be made */
    GPtrArray *guardians; /* instances to send, each once; may be empty */
};

void hyperv_maker_free(HypervMaker *maker)
{
    if (!maker)
        return;
    g_free(maker->owner_name);
    g_clear_pointer(&maker->owner, wsman_instance_unref);
    g_clear_pointer(&maker->guardians, g_ptr_array_unref);
    g_free(maker);
}

gboolean hyperv_maker_makes_owner(const HypervMaker *maker)
{
    return maker->owner == NULL;
}

/* --- looking --------------------------------------------------------------------------- */

/* Sets maker->owner to the one that the host has; NULL without an error: it is
 * to be made. */
static gboolean find_owner(HypervMaker *maker, const GPtrArray *known, const HypervOwner *owner, GError **error)
{
    const HypervGuardian *guardian;

    if (!hyperv_guard_find_owner(known, owner, &guardian, error))
        return FALSE;
    if (guardian)
        maker->owner = wsman_instance_ref(guardian->instance);
    return TRUE;
}

static const HypervGuardian *find_by_metadata(const GPtrArray *known, const HypervMetadata *metadata)
{
    for (guint i = 0; i < known->len; i++) {
        const HypervGuardian *guardian = g_ptr_array_index(known, i);

        if (guardian->encryption && hyperv_certificate_equal(guardian->encryption, metadata->encryption))
            return guardian;
        if (!metadata->signing && guardian->signing &&
            hyperv_certificate_equal(guardian->signing, metadata->encryption))
            return guardian;
    }
    return NULL;
}

static gboolean add_guardian(HypervMaker *maker, const GPtrArray *known, const HypervMetadata *metadata,
                             GError **error)
{
    const HypervGuardian *guardian = find_by_metadata(known, metadata);

    if (guardian) {
        if (!hyperv_guard_check_guardian(guardian, FALSE, error))
            return FALSE;
        if (!g_ptr_array_find(maker->guardians, guardian->instance, NULL))
            g_ptr_array_add(maker->guardians, wsman_instance_ref(guardian->instance));
        return TRUE;
    }
    if (metadata->signing) {
        g_ptr_array_add(maker->guardians, hyperv_metadata_to_instance(metadata));
        return TRUE;
    }
    hyperv_error_set(error, HYPERV_ERROR_NO_GUARDIAN, 0,
                     "the host has no guardian with the certificate %s (%s): give its metadata document in "
                     "place of the certificate, or import the guardian on the host",
                     metadata->encryption->thumbprint, metadata->encryption->subject);
    return FALSE;
}

HypervMaker *hyperv_maker_new(HypervCall *call, const HypervGuard *guard, const HypervOwner *owner,
                              const GPtrArray *guardians, GPtrArray *problems)
{
    g_autoptr(HypervMaker) maker = g_new0(HypervMaker, 1);
    g_autoptr(GPtrArray) known = NULL;
    guint before = problems->len;
    GError *error = NULL;

    maker->owner_name = g_strdup(owner->name ? owner->name : HYPERV_DEFAULT_OWNER);
    maker->guardians = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    if (hyperv_guard_check_maker(guard, guardians != NULL, &error))
        known = hyperv_list_guardians(call->host, call->cancellable, &error);
    hyperv_problems_take(problems, &error);
    if (!known)
        return NULL;
    for (guint i = 0; guardians && i < guardians->len; i++) {
        if (!add_guardian(maker, known, g_ptr_array_index(guardians, i), &error))
            hyperv_problems_take(problems, &error);
    }
    if (!find_owner(maker, known, owner, &error))
        hyperv_problems_take(problems, &error);
    return problems->len == before ? g_steal_pointer(&maker) : NULL;
}

/* --- making ----------------------------------------------------------------------------- */

static WsmanInstance *create_guardian(HypervCall *call, const char *name, GError **error)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("making guardian '%s'", name);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_string(args, "Name", name);
    wsman_args_add_boolean(args, "GenerateCertificates", TRUE);
    out = hyperv_guard_invoke(call, GUARDIAN_CLASS, "NewByGenerateCertificates", args, what, error);
    if (!out)
        return NULL;
    if (hyperv_guard_result(out))
        return wsman_instance_ref((WsmanInstance *)hyperv_guard_result(out));
    hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s: the answer holds no guardian", what);
    return NULL;
}

/* Somebody else may have made it since we looked. */
static WsmanInstance *get_owner(const HypervMaker *maker, HypervCall *call, GError **error)
{
    g_autoptr(GError) local_error = NULL;
    g_autoptr(GPtrArray) known = NULL;
    const HypervGuardian *guardian;
    WsmanInstance *made;

    if (maker->owner)
        return wsman_instance_ref(maker->owner);
    made = create_guardian(call, maker->owner_name, &local_error);
    if (made)
        return made;
    known = hyperv_list_guardians(call->host, call->cancellable, NULL);
    guardian = known ? hyperv_guardian_find(known, maker->owner_name) : NULL;
    if (guardian)
        return hyperv_guard_check_guardian(guardian, TRUE, error) ? wsman_instance_ref(guardian->instance) : NULL;
    g_propagate_error(error, g_steal_pointer(&local_error));
    return NULL;
}

GBytes *hyperv_maker_run(const HypervMaker *maker, HypervCall *call, GError **error)
{
    g_autoptr(WsmanInstance) owner = get_owner(maker, call, error);
    g_autoptr(WsmanArgs) args = NULL;
    g_autoptr(WsmanInstance) out = NULL;

    if (!owner)
        return NULL;
    args = wsman_args_new();
    wsman_args_add_object(args, "Owner", owner);
    for (guint i = 0; i < maker->guardians->len; i++)
        wsman_args_add_object(args, "Guardian", g_ptr_array_index(maker->guardians, i));
    wsman_args_add_boolean(args, "AllowUntrustedRoot", TRUE);
    out = hyperv_guard_invoke(call, PROTECTOR_CLASS, "NewByGuardians", args, "making a key protector", error);
    return out ? hyperv_guard_raw_data(out, error) : NULL;
}
