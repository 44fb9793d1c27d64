/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_destroy.h"

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_job.h"
#include "hyperv/hyperv_names.h"

/* A machine that is still being worked on refuses to go, or does not show yet. */
#define UNDO_MAX_ATTEMPTS 5
#define UNDO_FIRST_PAUSE_MS 100

/* A lost answer does not tell: only the host does. */
static gboolean is_gone(HypervCall *call, const char *guid)
{
    HypervState state;
    g_autoptr(GError) error = NULL;

    return !hyperv_query_state(call->host, guid, &state, NULL, call->cancellable, &error) &&
           g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
}

gboolean hyperv_destroy(HypervCall *call, const char *guid, GError **error)
{
    g_autoptr(WsmanEpr) system = hyperv_system_epr(guid);
    WsmanArgs *args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("removing %s", guid);
    g_autoptr(GError) local_error = NULL;

    wsman_args_add_epr(args, "AffectedSystem", system);
    if (hyperv_invoke_management(call, "DestroySystem", args, what, &local_error))
        return TRUE;
    if (wsman_error_may_have_run(local_error) && is_gone(call, guid))
        return TRUE;
    if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
        hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
    else
        g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

gboolean hyperv_undefine(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    gboolean ok = hyperv_destroy(&call, guid, error);

    wsman_epr_free(call.unfinished);
    return ok;
}

static gboolean destroy_stubbornly(HypervCall *call, const char *guid, GError **error)
{
    guint pause = UNDO_FIRST_PAUSE_MS;

    for (guint attempt = 1;; attempt++) {
        g_autoptr(GError) local_error = NULL;

        if (hyperv_destroy(call, guid, &local_error) ||
            g_error_matches(local_error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE) || is_gone(call, guid))
            return TRUE;
        if (attempt == UNDO_MAX_ATTEMPTS) {
            g_propagate_error(error, g_steal_pointer(&local_error));
            return FALSE;
        }
        hyperv_job_pause(pause, NULL, NULL);
        pause *= 2;
    }
}

static gboolean is_ours(const HypervFound *found, const char *pending_notes, const char *bios_guid)
{
    return g_strcmp0(found->notes, pending_notes) == 0 &&
           (!bios_guid || hyperv_id_equal(found->bios_guid, bios_guid));
}

/* The guids of machines that only this define can have made; NULL when the
 * host does not answer. */
static GPtrArray *find_ours(HypervHost *host, const char *name, const char *pending_notes, const char *bios_guid,
                            GError **error)
{
    g_autoptr(GPtrArray) all = hyperv_find_by_name(host, name, NULL, error);
    GPtrArray *ours;

    if (!all)
        return NULL;
    ours = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);

        if (is_ours(found, pending_notes, bios_guid))
            g_ptr_array_add(ours, g_strdup(found->guid));
    }
    return ours;
}

/* A request whose answer was lost may still be at work: one look is not
 * enough to say that it made nothing. */
static gboolean destroy_in_doubt(HypervCall *call, const char *name, const char *pending_notes,
                                 const char *bios_guid, GError **error)
{
    guint pause = UNDO_FIRST_PAUSE_MS;
    g_autoptr(GError) local_error = NULL;

    for (guint attempt = 0; attempt < UNDO_MAX_ATTEMPTS; attempt++) {
        g_autoptr(GPtrArray) ours = NULL;

        g_clear_error(&local_error);
        ours = find_ours(call->host, name, pending_notes, bios_guid, &local_error);
        for (guint i = 0; ours && i < ours->len; i++) {
            if (!destroy_stubbornly(call, g_ptr_array_index(ours, i), error))
                return FALSE;
        }
        if (ours && ours->len > 0)
            return TRUE;
        hyperv_job_pause(pause, NULL, NULL);
        pause *= 2;
    }
    if (!local_error)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

gboolean hyperv_destroy_unfinished(HypervHost *host, const char *guid, gboolean in_doubt, const char *name,
                                   const char *pending_notes, const char *bios_guid, const WsmanEpr *unfinished,
                                   GError **error)
{
    HypervCall call = { .host = host };
    gboolean ok = TRUE;

    if (unfinished)
        hyperv_job_wait(&call, unfinished, NULL);
    if (guid)
        ok = destroy_stubbornly(&call, guid, error);
    else if (in_doubt)
        ok = destroy_in_doubt(&call, name, pending_notes, bios_guid, error);
    wsman_epr_free(call.unfinished);
    return ok;
}
