/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_capabilities.h"

#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_names.h"

#define DEFINITIONS "Microsoft:Definition\\"
#define MAXIMUM "\\Maximum"
/* Of Msvm_ImageManagementService. */
#define FILE_NOT_FOUND 32779

static GPtrArray *query(HypervHost *host, const char *ns, const char *text, const char *what,
                        GCancellable *cancellable, GError **error)
{
    GPtrArray *rows = wsman_client_query(hyperv_host_get_client(host), ns, text, cancellable, error);

    if (!rows)
        g_prefix_error(error, "reading %s: ", what);
    return rows;
}

/* Whether an error says that the host has no such class, or namespace. */
static gboolean is_absent(const GError *error)
{
    return g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) ||
           g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND);
}

/* FALSE with the error passed on, unless it only says that there is none. */
static gboolean forgive_absence(GError *local_error, const char *what, GError **error)
{
    if (is_absent(local_error)) {
        g_error_free(local_error);
        return TRUE;
    }
    g_propagate_prefixed_error(error, local_error, "reading %s: ", what);
    return FALSE;
}

static gboolean query_security(HypervHost *host, gboolean *present, GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanEpr) epr = hyperv_service_epr("Msvm_SecurityService");
    GError *local_error = NULL;
    g_autoptr(WsmanInstance) service = wsman_client_get(hyperv_host_get_client(host), epr, cancellable, &local_error);

    *present = service != NULL;
    return service || forgive_absence(local_error, "the security service", error);
}

/* VirtualQuantity of the definition that is a maximum; 0 when there is none. */
static gboolean query_maximum(HypervHost *host, const char *class_name, guint64 *maximum, GCancellable *cancellable,
                              GError **error)
{
    g_autofree char *text = g_strdup_printf("select InstanceID, VirtualQuantity from %s "
                                            "where InstanceID like 'Microsoft:Definition%%Maximum'", class_name);
    g_autoptr(GPtrArray) rows = query(host, HYPERV_NS_VIRTUALIZATION, text, "what machines may have", cancellable,
                                      error);
    guint i;

    *maximum = 0;
    for (i = 0; rows && i < rows->len; i++) {
        const WsmanInstance *row = g_ptr_array_index(rows, i);
        const char *id = wsman_instance_get_string(row, "InstanceID");

        if (id && g_str_has_prefix(id, DEFINITIONS) && g_str_has_suffix(id, MAXIMUM))
            wsman_instance_get_uint(row, "VirtualQuantity", maximum);
    }
    return rows != NULL;
}

gboolean hyperv_capabilities_have_tpm(const HypervCapabilities *capabilities)
{
    return capabilities->has_security && hyperv_guard_check(&capabilities->guard, FALSE, NULL);
}

gboolean hyperv_query_capabilities(HypervHost *host, HypervCapabilities *capabilities, GCancellable *cancellable,
                                   GError **error)
{
    guint64 processors, memory;

    *capabilities = (HypervCapabilities){ 0 };
    if (!query_security(host, &capabilities->has_security, cancellable, error) ||
        (capabilities->has_security && !hyperv_query_guard(host, &capabilities->guard, cancellable, error)) ||
        !query_maximum(host, "Msvm_ProcessorSettingData", &processors, cancellable, error) ||
        !query_maximum(host, "Msvm_MemorySettingData", &memory, cancellable, error))
        return FALSE;
    capabilities->max_processors = MIN(processors, G_MAXINT);
    capabilities->max_memory_mib = memory;
    return TRUE;
}

/* --- configuration versions ---------------------------------------------------------- */

gint hyperv_version_compare(const char *a, const char *b)
{
    g_auto(GStrv) left = g_strsplit(a, ".", 4);
    g_auto(GStrv) right = g_strsplit(b, ".", 4);
    guint i;

    for (i = 0; left[i] && right[i]; i++) {
        guint64 x = g_ascii_strtoull(left[i], NULL, 10);
        guint64 y = g_ascii_strtoull(right[i], NULL, 10);

        if (x != y)
            return x < y ? -1 : 1;
    }
    return (left[i] != NULL) - (right[i] != NULL);
}

static gint compare_items(gconstpointer a, gconstpointer b)
{
    return hyperv_version_compare(*(const char *const *)a, *(const char *const *)b);
}

static char *escape_key(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "\\", -1);

    return g_strjoinv("\\\\", parts);
}

/* The settings that the capabilities object stands for, one for each version. */
static GPtrArray *query_supported(HypervHost *host, const char *id, GCancellable *cancellable, GError **error)
{
    g_autofree char *key = escape_key(id);
    g_autofree char *text = g_strdup_printf(
        "associators of {Msvm_VirtualSystemManagementCapabilities.InstanceID=\"%s\"} "
        "where AssocClass = Msvm_SettingsDefineCapabilities ResultClass = Msvm_VirtualSystemSettingData", key);

    return query(host, HYPERV_NS_VIRTUALIZATION, text, "the configuration versions", cancellable, error);
}

GPtrArray *hyperv_query_versions(HypervHost *host, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) capabilities = query(host, HYPERV_NS_VIRTUALIZATION,
        "select InstanceID from Msvm_VirtualSystemManagementCapabilities", "the host's capabilities", cancellable,
        error);
    g_autoptr(GPtrArray) settings = NULL;
    const char *id;
    guint i;

    if (!capabilities)
        return NULL;
    id = capabilities->len > 0 ? wsman_instance_get_string(g_ptr_array_index(capabilities, 0), "InstanceID") : NULL;
    if (!id)
        return g_steal_pointer(&versions);
    settings = query_supported(host, id, cancellable, error);
    if (!settings)
        return NULL;
    for (i = 0; i < settings->len && versions->len < HYPERV_MAX_CONFIGURATION_VERSIONS; i++) {
        const char *version = wsman_instance_get_string(g_ptr_array_index(settings, i), "Version");

        /* The default settings repeat one of the versions. */
        if (version && *version && !g_ptr_array_find_with_equal_func(versions, version, g_str_equal, NULL))
            g_ptr_array_add(versions, g_strdup(version));
    }
    g_ptr_array_sort(versions, compare_items);
    return g_steal_pointer(&versions);
}

/* --- what else there is --------------------------------------------------------------- */

gboolean hyperv_query_shielding_tools(HypervHost *host, gboolean *present, GCancellable *cancellable,
                                      GError **error)
{
    GError *local_error = NULL;
    /* The service has no instance that we could know; whether the class may be
     * asked for is what tells. */
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(host), HYPERV_NS_MSPS,
                                                   "select * from Msps_ProvisioningFileProcessor", cancellable,
                                                   &local_error);

    *present = rows != NULL;
    return rows || forgive_absence(local_error, "the shielding tools", error);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *hyperv_query_switches(HypervHost *host, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) rows = query(host, HYPERV_NS_VIRTUALIZATION,
                                      "select ElementName from Msvm_VirtualEthernetSwitch", "the virtual switches",
                                      cancellable, error);
    GPtrArray *names;
    guint i;

    if (!rows)
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    for (i = 0; i < rows->len; i++) {
        const char *name = wsman_instance_get_string(g_ptr_array_index(rows, i), "ElementName");

        if (name)
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

gboolean hyperv_query_disk(HypervHost *host, const char *path, gboolean *present, GCancellable *cancellable,
                           GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_ImageManagementService");
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_string(args, "Path", path);
    out = hyperv_invoke(&call, service, "GetVirtualHardDiskSettingData", args, "looking for a disk image",
                        &local_error);
    *present = out != NULL;
    if (out || (local_error->domain == HYPERV_ERROR && hyperv_error_get_code(local_error) == FILE_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}
