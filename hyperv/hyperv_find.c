/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_find.h"

#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_settings.h"

void hyperv_found_free(HypervFound *found)
{
    if (!found)
        return;
    g_free(found->guid);
    g_free(found->name);
    g_free(found->notes);
    g_free(found->bios_guid);
    if (found->settings)
        wsman_instance_unref(found->settings);
    g_free(found);
}

static guint64 get_uint(const WsmanInstance *instance, const char *name)
{
    guint64 value = 0;

    wsman_instance_get_uint(instance, name, &value);
    return value;
}

/* What Msvm_ComputerSystem says. */
static void take_system(HypervFound *found, const WsmanInstance *system)
{
    found->state = get_uint(system, "EnabledState");
    found->process_id = hyperv_state_is_active(found->state) ? get_uint(system, "ProcessID") : 0;
}

/* What the settings say; NULL when they are no machine's. */
static HypervFound *new_from_settings(WsmanInstance *settings)
{
    const char *guid = wsman_instance_get_string(settings, "VirtualSystemIdentifier");
    const char *name = wsman_instance_get_string(settings, "ElementName");
    HypervFound *found;

    if (!guid)
        return NULL;
    found = g_new0(HypervFound, 1);
    found->guid = g_ascii_strup(guid, -1);
    found->name = g_strdup(name ? name : "");
    found->notes = hyperv_settings_get_notes(settings);
    found->bios_guid = hyperv_settings_get_bios_guid(settings);
    found->has_settings = TRUE;
    found->generation = hyperv_settings_get_generation(settings);
    found->startup_action = get_uint(settings, "AutomaticStartupAction");
    wsman_instance_get_boolean(settings, "IsSaved", &found->is_saved);
    found->settings = wsman_instance_ref(settings);
    return found;
}

static GPtrArray *run_query(HypervHost *host, const char *query, GCancellable *cancellable, GError **error)
{
    GPtrArray *rows = wsman_client_query(hyperv_host_get_client(host), HYPERV_NS_VIRTUALIZATION, query, cancellable,
                                         error);

    if (!rows)
        g_prefix_error(error, "looking for virtual machines: ");
    return rows;
}

/* Machines whose active settings fulfil the condition; without their state. */
static GPtrArray *find_settings(HypervHost *host, const char *condition, GCancellable *cancellable, GError **error)
{
    g_autofree char *query = g_strdup_printf("select * from " HYPERV_SETTINGS_CLASS
                                             " where VirtualSystemType = '" HYPERV_SETTINGS_REALIZED "' and (%s)",
                                             condition);
    g_autoptr(GPtrArray) rows = run_query(host, query, cancellable, error);
    GPtrArray *all;

    if (!rows)
        return NULL;
    all = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_found_free);
    for (guint i = 0; i < rows->len; i++) {
        HypervFound *found = new_from_settings(g_ptr_array_index(rows, i));

        if (found)
            g_ptr_array_add(all, found);
    }
    return all;
}

static WsmanInstance *get_system(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanEpr) epr = hyperv_system_epr(guid);
    g_autoptr(GError) local_error = NULL;
    WsmanInstance *system = wsman_client_get(hyperv_host_get_client(host), epr, cancellable, &local_error);

    if (system)
        return system;
    if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
        hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
    else
        g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "reading the state of %s: ", guid);
    return NULL;
}

static void drop_machine(GPtrArray *all, guint index)
{
    g_ptr_array_remove_index(all, index);
}

static gboolean add_one_state(HypervHost *host, GPtrArray *all, GCancellable *cancellable, GError **error)
{
    HypervFound *found = g_ptr_array_index(all, 0);
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) system = get_system(host, found->guid, cancellable, &local_error);

    if (system) {
        take_system(found, system);
        return TRUE;
    }
    if (g_error_matches(local_error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE)) {
        drop_machine(all, 0); /* removed since */
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

static GPtrArray *query_systems(HypervHost *host, GPtrArray *all, GCancellable *cancellable, GError **error)
{
    g_autoptr(GString) query = g_string_new("select Name, EnabledState, ProcessID from Msvm_ComputerSystem where ");

    for (guint i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);
        g_autofree char *guid = wsman_wql_quote(found->guid);

        g_string_append_printf(query, "%sName = %s", i > 0 ? " or " : "", guid);
    }
    return run_query(host, query->str, cancellable, error);
}

/* One more request, however many were found. */
static gboolean add_states(HypervHost *host, GPtrArray *all, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) systems = NULL;

    if (all->len == 0)
        return TRUE;
    if (all->len == 1)
        return add_one_state(host, all, cancellable, error);
    systems = query_systems(host, all, cancellable, error);
    if (!systems)
        return FALSE;
    for (guint i = all->len; i-- > 0;) {
        HypervFound *found = g_ptr_array_index(all, i);
        gboolean there = FALSE;

        for (guint j = 0; j < systems->len && !there; j++) {
            const WsmanInstance *system = g_ptr_array_index(systems, j);

            there = hyperv_id_equal(wsman_instance_get_string(system, "Name"), found->guid);
            if (there)
                take_system(found, system);
        }
        if (!there)
            drop_machine(all, i);
    }
    return TRUE;
}

static GPtrArray *find_with_states(HypervHost *host, const char *condition, GCancellable *cancellable,
                                   GError **error)
{
    g_autoptr(GPtrArray) all = find_settings(host, condition, cancellable, error);

    if (!all || !add_states(host, all, cancellable, error))
        return NULL;
    return g_steal_pointer(&all);
}

static char *name_condition(const char *name)
{
    g_autofree char *quoted = wsman_wql_quote(name);

    return g_strconcat("ElementName = ", quoted, NULL);
}

/* Both spellings of BIOSGUID: see hyperv_bios_guid_format(). */
static char *uuid_condition(const char *uuid)
{
    g_autofree char *guid = g_ascii_strup(uuid, -1);
    g_autofree char *plain = wsman_wql_quote(guid);
    g_autofree char *formatted = hyperv_bios_guid_format(guid);
    g_autofree char *in_braces = wsman_wql_quote(formatted);

    return g_strdup_printf("VirtualSystemIdentifier = %s or BIOSGUID = %s or BIOSGUID = %s", plain, in_braces, plain);
}

/* WQL compares without regard to case; a name means itself alone. */
static void keep_exact_names(GPtrArray *all, const char *name)
{
    for (guint i = all->len; i-- > 0;) {
        const HypervFound *found = g_ptr_array_index(all, i);

        if (g_strcmp0(found->name, name) != 0)
            drop_machine(all, i);
    }
}

GPtrArray *hyperv_find_by_name(HypervHost *host, const char *name, GCancellable *cancellable, GError **error)
{
    g_autofree char *condition = name_condition(name);
    g_autoptr(GPtrArray) all = find_settings(host, condition, cancellable, error);

    if (!all)
        return NULL;
    keep_exact_names(all, name);
    if (!add_states(host, all, cancellable, error))
        return NULL;
    return g_steal_pointer(&all);
}

GPtrArray *hyperv_find_by_uuid(HypervHost *host, const char *uuid, GCancellable *cancellable, GError **error)
{
    g_autofree char *condition = uuid_condition(uuid);

    return find_with_states(host, condition, cancellable, error);
}

GPtrArray *hyperv_find_by_name_or_uuid(HypervHost *host, const char *name, const char *uuid,
                                       GCancellable *cancellable, GError **error)
{
    g_autofree char *by_name = name_condition(name);
    g_autofree char *by_uuid = uuid_condition(uuid);
    g_autofree char *condition = g_strconcat(by_name, " or ", by_uuid, NULL);

    return find_settings(host, condition, cancellable, error);
}

static HypervFound *find_with_system(HypervHost *host, const char *guid, const WsmanInstance *system,
                                     GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) settings = hyperv_settings_fetch(&call, guid, error);
    HypervFound *found;

    if (!settings)
        return NULL;
    found = new_from_settings(settings);
    if (!found) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "the settings of %s do not name their machine", guid);
        return NULL;
    }
    take_system(found, system);
    return found;
}

HypervFound *hyperv_find_by_guid(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    g_autofree char *upper = g_ascii_strup(guid, -1);
    g_autoptr(WsmanInstance) system = get_system(host, upper, cancellable, error);

    return system ? find_with_system(host, upper, system, cancellable, error) : NULL;
}

HypervFound *hyperv_find_by_process_id(HypervHost *host, guint32 process_id, GCancellable *cancellable,
                                       GError **error)
{
    g_autofree char *query = g_strdup_printf("select Name, EnabledState, ProcessID from Msvm_ComputerSystem "
                                             "where ProcessID = %" G_GUINT32_FORMAT, process_id);
    g_autoptr(GPtrArray) systems = run_query(host, query, cancellable, error);

    if (!systems)
        return NULL;
    for (guint i = 0; i < systems->len; i++) {
        const WsmanInstance *system = g_ptr_array_index(systems, i);
        g_autofree char *guid = hyperv_guid_normalize(wsman_instance_get_string(system, "Name"));

        /* The host's own row has its name for a name. */
        if (guid && get_uint(system, "ProcessID") == process_id &&
            hyperv_state_is_active(get_uint(system, "EnabledState")))
            return find_with_system(host, guid, system, cancellable, error);
    }
    hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the process id %" G_GUINT32_FORMAT,
                     process_id);
    return NULL;
}

gboolean hyperv_query_state(HypervHost *host, const char *guid, HypervState *state, guint32 *process_id,
                            GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanInstance) system = get_system(host, guid, cancellable, error);
    HypervFound found = { 0 };

    if (!system)
        return FALSE;
    take_system(&found, system);
    *state = found.state;
    if (process_id)
        *process_id = found.process_id;
    return TRUE;
}
