/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_summary.h"

#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_names.h"

#define HRESULT_RESPONSE_TOO_LARGE 0x80338026u
#define HRESULT_QUOTA_LIMIT 0x8033803Fu

/* A listing is taken anew when a machine went away in the middle; several
 * clients that remove machines at once make that likely. */
#define MAX_ATTEMPTS 10

static WsmanInstance *ask(HypervCall *call, const char *const *guids, gsize n_guids, const guint32 *items,
                          gsize n_items, GError **error)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_VirtualSystemManagementService");

    for (gsize i = 0; i < n_guids; i++) {
        g_autoptr(WsmanEpr) settings = hyperv_settings_epr(guids[i]);

        wsman_args_add_epr(args, "SettingData", settings);
    }
    wsman_args_add_uints(args, "RequestedInformation", items, n_items);
    return hyperv_invoke(call, service, "GetSummaryInformation", args, "reading summaries", error);
}

static gboolean is_too_large(const GError *error)
{
    guint32 hresult = wsman_error_get_hresult(error);

    return hresult == HRESULT_RESPONSE_TOO_LARGE || hresult == HRESULT_QUOTA_LIMIT ||
           g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_LIMIT);
}

/* Asks for the page, or for its halves; depth is that of halving, which ends at
 * one machine. */
static gboolean ask_page(HypervCall *call, const char *const *guids, gsize n_guids, const guint32 *items,
                         gsize n_items, GPtrArray *all, GError **error)
{
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) out = ask(call, guids, n_guids, items, n_items, &local_error);
    const GPtrArray *summaries;

    if (!out && is_too_large(local_error) && n_guids > 1)
        return ask_page(call, guids, n_guids / 2, items, n_items, all, error) &&
               ask_page(call, guids + n_guids / 2, n_guids - n_guids / 2, items, n_items, all, error);
    if (!out) {
        g_propagate_error(error, g_steal_pointer(&local_error));
        return FALSE;
    }
    summaries = wsman_instance_get_instances(out, "SummaryInformation");
    for (guint i = 0; i < summaries->len; i++)
        g_ptr_array_add(all, wsman_instance_ref(g_ptr_array_index(summaries, i)));
    return TRUE;
}

GPtrArray *hyperv_summary_query(HypervCall *call, const char *const *guids, gsize n_guids, const guint32 *items,
                                gsize n_items, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);

    for (gsize start = 0; start < n_guids; start += HYPERV_SUMMARY_PAGE) {
        gsize count = MIN(n_guids - start, HYPERV_SUMMARY_PAGE);

        if (!ask_page(call, guids + start, count, items, n_items, all, error))
            return NULL;
    }
    return g_steal_pointer(&all);
}

/* --- all machines ---------------------------------------------------------- */

static GPtrArray *list_systems(HypervCall *call, GError **error)
{
    g_autofree char *host_name = wsman_wql_quote(hyperv_host_get_name(call->host));
    g_autofree char *query = g_strdup_printf("select Name, ElementName, EnabledState, ProcessID "
                                             "from Msvm_ComputerSystem where Name <> %s", host_name);
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   query, call->cancellable, error);
    GPtrArray *all;

    if (!rows) {
        g_prefix_error(error, "listing virtual machines: ");
        return NULL;
    }
    all = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_found_free);
    for (guint i = 0; i < rows->len; i++) {
        const WsmanInstance *row = g_ptr_array_index(rows, i);
        char *guid = hyperv_guid_normalize(wsman_instance_get_string(row, "Name"));
        HypervFound *found;
        guint64 value = 0;

        if (!guid)
            continue; /* the host itself, under another name */
        found = g_new0(HypervFound, 1);
        found->guid = guid;
        found->name = g_strdup(wsman_instance_get_string(row, "ElementName"));
        wsman_instance_get_uint(row, "EnabledState", &value);
        found->state = value;
        value = 0;
        wsman_instance_get_uint(row, "ProcessID", &value);
        found->process_id = hyperv_state_is_active(found->state) ? value : 0;
        g_ptr_array_add(all, found);
    }
    return all;
}

static gboolean add_notes(HypervCall *call, GPtrArray *all, GError **error)
{
    static const guint32 items[] = { HYPERV_SUMMARY_NAME, HYPERV_SUMMARY_NOTES };
    g_autofree const char **guids = g_new0(const char *, all->len + 1);
    g_autoptr(GHashTable) by_guid = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) summaries = NULL;

    for (guint i = 0; i < all->len; i++) {
        HypervFound *found = g_ptr_array_index(all, i);

        guids[i] = found->guid;
        g_hash_table_insert(by_guid, found->guid, found);
    }
    summaries = hyperv_summary_query(call, guids, all->len, items, G_N_ELEMENTS(items), error);
    if (!summaries)
        return FALSE;
    for (guint i = 0; i < summaries->len; i++) {
        const WsmanInstance *summary = g_ptr_array_index(summaries, i);
        g_autofree char *guid = hyperv_guid_normalize(wsman_instance_get_string(summary, "Name"));
        const char *notes = wsman_instance_get_string(summary, "Notes");
        HypervFound *found = guid ? g_hash_table_lookup(by_guid, guid) : NULL;

        if (found && !found->notes && notes && *notes != '\0')
            found->notes = g_strdup(notes);
    }
    return TRUE;
}

/* What a reference to a machine that has just been removed may come to. */
static gboolean is_stale_reference(const GError *error)
{
    return error->domain == HYPERV_ERROR || g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND) ||
           g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_FAULT);
}

GPtrArray *hyperv_find_all(HypervHost *host, GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };

    for (guint attempt = 1;; attempt++) {
        g_autoptr(GError) local_error = NULL;
        g_autoptr(GPtrArray) all = list_systems(&call, error);

        if (!all)
            return NULL;
        if (add_notes(&call, all, &local_error))
            return g_steal_pointer(&all);
        if (attempt >= MAX_ATTEMPTS || !is_stale_reference(local_error)) {
            g_propagate_error(error, g_steal_pointer(&local_error));
            return NULL;
        }
    }
}

/* --- one machine's usage ---------------------------------------------------- */

static gboolean take_summary(HypervCall *call, const char *guid, HypervUsage *usage, GError **error)
{
    static const guint32 items[] = { HYPERV_SUMMARY_NAME, HYPERV_SUMMARY_PROCESSORS, HYPERV_SUMMARY_STATE,
                                     HYPERV_SUMMARY_MEMORY_USAGE, HYPERV_SUMMARY_UPTIME };
    g_autoptr(GPtrArray) summaries = hyperv_summary_query(call, &guid, 1, items, G_N_ELEMENTS(items), error);
    const WsmanInstance *summary;
    guint64 value = 0;

    if (!summaries)
        return FALSE;
    if (summaries->len == 0) {
        hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
        return FALSE;
    }
    summary = g_ptr_array_index(summaries, 0);
    wsman_instance_get_uint(summary, "EnabledState", &value);
    usage->state = value;
    value = 0;
    wsman_instance_get_uint(summary, "NumberOfProcessors", &value);
    usage->processors = value;
    wsman_instance_get_uint(summary, "UpTime", &usage->uptime_ms);
    value = 0;
    wsman_instance_get_uint(summary, "MemoryUsage", &value); /* MiB */
    usage->memory_kib = hyperv_state_is_active(usage->state) ? value * 1024 : 0;
    return TRUE;
}

static gboolean take_memory(HypervCall *call, const char *guid, HypervUsage *usage, GError **error)
{
    g_autofree char *pattern = g_strdup_printf("Microsoft:%s%%", guid);
    g_autofree char *quoted = wsman_wql_quote(pattern);
    g_autofree char *query = g_strdup_printf("select InstanceID, VirtualQuantity, Limit, DynamicMemoryEnabled "
                                             "from Msvm_MemorySettingData where InstanceID like %s", quoted);
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   query, call->cancellable, error);
    gboolean is_dynamic = FALSE;
    guint64 value = 0;

    if (!rows) {
        g_prefix_error(error, "reading the memory of %s: ", guid);
        return FALSE;
    }
    if (rows->len == 0) {
        hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
        return FALSE;
    }
    wsman_instance_get_uint(g_ptr_array_index(rows, 0), "VirtualQuantity", &value);
    usage->startup_memory_kib = value * 1024;
    wsman_instance_get_boolean(g_ptr_array_index(rows, 0), "DynamicMemoryEnabled", &is_dynamic);
    if (is_dynamic)
        wsman_instance_get_uint(g_ptr_array_index(rows, 0), "Limit", &value);
    usage->max_memory_kib = value * 1024;
    return TRUE;
}

gboolean hyperv_query_usage(HypervHost *host, const char *guid, HypervUsage *usage, GCancellable *cancellable,
                            GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };

    *usage = (HypervUsage){ 0 };
    return take_summary(&call, guid, usage, error) && take_memory(&call, guid, usage, error);
}
