/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_switch.h"

#include "hyperv/hyperv_names.h"

#define SWITCH_CLASS "Msvm_VirtualEthernetSwitch"

/* column = 'a' or column = 'b' ...; NULL when no adapter has a value. */
static char *make_condition(GPtrArray *nics, const char *column, char *(*value_of)(const HypervNic *nic))
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < nics->len; i++) {
        char *value = value_of(g_ptr_array_index(nics, i));
        g_autofree char *quoted = NULL;

        if (!value || !g_hash_table_add(seen, value))
            continue;
        quoted = wsman_wql_quote(value);
        g_string_append_printf(text, "%s%s = %s", text->len > 0 ? " or " : "", column, quoted);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static GPtrArray *query_switches(HypervCall *call, const char *condition, GError **error)
{
    g_autofree char *query = g_strconcat("select Name, ElementName from " SWITCH_CLASS " where ", condition, NULL);
    GPtrArray *switches = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION, query,
                                             call->cancellable, error);

    if (!switches)
        g_prefix_error(error, "looking up virtual switches: ");
    return switches;
}

static char *copy_name(const HypervNic *nic)
{
    return g_strdup(nic->switch_name);
}

static char *id_of_path(const HypervNic *nic)
{
    return hyperv_path_get_key(nic->switch_path, "Name");
}

static char *make_path(const char *id)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, SWITCH_CLASS);

    wsman_epr_add_selector(epr, "CreationClassName", SWITCH_CLASS);
    wsman_epr_add_selector(epr, "Name", id);
    return wsman_epr_to_object_path(epr);
}

/* WQL compares without regard to case, names of switches are told apart by it
 * only when the host has both. */
static const char *find_by_name(GPtrArray *switches, const char *name, guint *count)
{
    const char *exact = NULL;
    const char *folded = NULL;
    guint n_exact = 0;
    guint n_folded = 0;

    for (guint i = 0; i < switches->len; i++) {
        const WsmanInstance *row = g_ptr_array_index(switches, i);
        const char *row_name = wsman_instance_get_string(row, "ElementName");
        const char *id = wsman_instance_get_string(row, "Name");

        if (!row_name || !id)
            continue;
        if (g_str_equal(row_name, name)) {
            exact = id;
            n_exact++;
        } else if (g_ascii_strcasecmp(row_name, name) == 0) {
            folded = id;
            n_folded++;
        }
    }
    *count = n_exact > 0 ? n_exact : n_folded;
    return exact ? exact : folded;
}

static gboolean resolve_path(HypervNic *nic, GPtrArray *switches, GError **error)
{
    guint count = 0;
    const char *id;

    if (!nic->switch_name)
        return TRUE;
    id = find_by_name(switches, nic->switch_name, &count);
    if (count != 1) {
        hyperv_error_set(error, HYPERV_ERROR_NO_SWITCH, 0,
                         count == 0 ? "the host has no virtual switch '%s'"
                                    : "the host has several virtual switches '%s'", nic->switch_name);
        return FALSE;
    }
    g_free(nic->switch_path);
    nic->switch_path = make_path(id);
    return TRUE;
}

void hyperv_switch_collect_problems(HypervCall *call, GPtrArray *nics, GPtrArray *problems)
{
    g_autofree char *condition = make_condition(nics, "ElementName", copy_name);
    g_autoptr(GPtrArray) switches = NULL;
    GError *error = NULL;

    switches = condition ? query_switches(call, condition, &error) : NULL;
    hyperv_problems_take(problems, &error);
    for (guint i = 0; switches && i < nics->len; i++) {
        if (!resolve_path(g_ptr_array_index(nics, i), switches, &error))
            hyperv_problems_take(problems, &error);
    }
}

gboolean hyperv_switch_resolve_paths(HypervCall *call, GPtrArray *nics, GError **error)
{
    g_autoptr(GPtrArray) problems = hyperv_problems_new();

    hyperv_switch_collect_problems(call, nics, problems);
    return hyperv_problems_none(problems, error);
}

static void take_name(HypervNic *nic, GPtrArray *switches)
{
    g_autofree char *id = id_of_path(nic);

    for (guint i = 0; id && i < switches->len; i++) {
        const WsmanInstance *row = g_ptr_array_index(switches, i);
        const char *name = wsman_instance_get_string(row, "ElementName");

        if (name && hyperv_id_equal(wsman_instance_get_string(row, "Name"), id)) {
            g_free(nic->switch_name);
            nic->switch_name = g_strdup(name);
            return;
        }
    }
}

gboolean hyperv_switch_resolve_names(HypervCall *call, GPtrArray *nics, GError **error)
{
    g_autofree char *condition = make_condition(nics, "Name", id_of_path);
    g_autoptr(GPtrArray) switches = NULL;

    if (!condition)
        return TRUE;
    switches = query_switches(call, condition, error);
    if (!switches)
        return FALSE;
    for (guint i = 0; i < nics->len; i++)
        take_name(g_ptr_array_index(nics, i), switches);
    return TRUE;
}
