/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_host.h"

void hyperv_node_free(HypervNode *node)
{
    if (!node)
        return;
    g_free(node->cpu_model);
    g_free(node->os_caption);
    g_free(node->system_uuid);
    g_free(node);
}

static guint64 get_uint(const WsmanInstance *instance, const char *name)
{
    guint64 value = 0;

    wsman_instance_get_uint(instance, name, &value);
    return value;
}

static GPtrArray *query_cimv2(HypervHost *host, const char *query, GCancellable *cancellable, GError **error)
{
    GPtrArray *rows = wsman_client_query(hyperv_host_get_client(host), HYPERV_NS_CIMV2, query, cancellable, error);

    if (!rows)
        g_prefix_error(error, "reading the host's hardware: ");
    return rows;
}

/* One Win32_Processor for each socket. */
static gboolean query_processors(HypervHost *host, HypervNode *node, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) rows = query_cimv2(host,
        "select Name, MaxClockSpeed, NumberOfCores, NumberOfLogicalProcessors from Win32_Processor", cancellable,
        error);
    const WsmanInstance *first;

    if (!rows)
        return FALSE;
    if (rows->len == 0) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "the host shows no processor");
        return FALSE;
    }
    first = g_ptr_array_index(rows, 0);
    node->sockets = rows->len;
    node->cpu_model = g_strdup(wsman_instance_get_string(first, "Name"));
    node->cpu_mhz = get_uint(first, "MaxClockSpeed");
    node->cores = MAX(get_uint(first, "NumberOfCores"), 1);
    node->threads = MAX(get_uint(first, "NumberOfLogicalProcessors") / node->cores, 1);
    return TRUE;
}

static gboolean query_system(HypervHost *host, HypervNode *node, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) rows = query_cimv2(host,
        "select Caption, FreePhysicalMemory, TotalVisibleMemorySize from Win32_OperatingSystem", cancellable, error);
    const WsmanInstance *row;

    if (!rows)
        return FALSE;
    if (rows->len == 0) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "the host shows no operating system");
        return FALSE;
    }
    row = g_ptr_array_index(rows, 0);
    node->os_caption = g_strdup(wsman_instance_get_string(row, "Caption"));
    node->free_memory_kib = get_uint(row, "FreePhysicalMemory");
    node->memory_kib = get_uint(row, "TotalVisibleMemorySize");
    return TRUE;
}

static gboolean query_product(HypervHost *host, HypervNode *node, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) rows = query_cimv2(host, "select UUID from Win32_ComputerSystemProduct", cancellable, error);

    if (!rows)
        return FALSE;
    if (rows->len > 0)
        node->system_uuid = g_strdup(wsman_instance_get_string(g_ptr_array_index(rows, 0), "UUID"));
    return TRUE;
}

HypervNode *hyperv_host_query_node(HypervHost *host, GCancellable *cancellable, GError **error)
{
    g_autoptr(HypervNode) node = g_new0(HypervNode, 1);

    if (!query_processors(host, node, cancellable, error) || !query_system(host, node, cancellable, error) ||
        !query_product(host, node, cancellable, error))
        return NULL;
    return g_steal_pointer(&node);
}
