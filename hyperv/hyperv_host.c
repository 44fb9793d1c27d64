/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_host.h"

#include <stdio.h>

#include "hyperv/hyperv_names.h"

#define DEFAULT_JOB_TIMEOUT_S 300

struct HypervHost {
    gatomicrefcount references;
    WsmanClient *client;
    char *name;
    guint major;
    guint minor;
    guint build;
    guint job_timeout_s; /* atomic */
};

/* The one look into the virtualization namespace: the service is there on
 * every Hyper-V host, and its key SystemName is the computer's name. */
static char *query_name(WsmanClient *client, GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanEpr) epr = hyperv_service_epr("Msvm_VirtualSystemManagementService");
    g_autoptr(GError) local_error = NULL;
    g_autoptr(WsmanInstance) service = wsman_client_get(client, epr, cancellable, &local_error);
    const char *name;

    if (!service) {
        if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) ||
            g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
            hyperv_error_set(error, HYPERV_ERROR_NO_HYPERV, 0, "%s has no Hyper-V: %s",
                             wsman_client_get_url(client), local_error->message);
        else
            g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "looking for Hyper-V: ");
        return NULL;
    }
    name = wsman_instance_get_string(service, "SystemName");
    return g_strdup(name ? name : "");
}

/* For servers that keep their version to themselves in Identify. */
static gboolean query_version(WsmanClient *client, WsmanIdentity *identity, GCancellable *cancellable,
                              GError **error)
{
    g_autoptr(GPtrArray) rows = wsman_client_query(client, HYPERV_NS_CIMV2,
                                                   "select Version from Win32_OperatingSystem", cancellable, error);
    const char *version;

    if (!rows)
        return FALSE;
    version = rows->len > 0 ? wsman_instance_get_string(g_ptr_array_index(rows, 0), "Version") : NULL;
    if (!version || sscanf(version, "%u.%u.%u", &identity->os_major, &identity->os_minor, &identity->os_build) < 2) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "the host does not tell its version");
        return FALSE;
    }
    return TRUE;
}

HypervHost *hyperv_host_open(WsmanClient *client, GCancellable *cancellable, GError **error)
{
    g_autoptr(WsmanIdentity) identity = wsman_client_identify(client, cancellable, error);
    HypervHost *host;
    char *name;

    if (!identity)
        return NULL;
    if (identity->os_major == 0 && !query_version(client, identity, cancellable, error))
        return NULL;
    name = query_name(client, cancellable, error);
    if (!name)
        return NULL;
    host = g_new0(HypervHost, 1);
    g_atomic_ref_count_init(&host->references);
    host->client = wsman_client_ref(client);
    host->name = name;
    host->major = identity->os_major;
    host->minor = identity->os_minor;
    host->build = identity->os_build;
    host->job_timeout_s = DEFAULT_JOB_TIMEOUT_S;
    return host;
}

HypervHost *hyperv_host_ref(HypervHost *host)
{
    g_atomic_ref_count_inc(&host->references);
    return host;
}

void hyperv_host_unref(HypervHost *host)
{
    if (!host || !g_atomic_ref_count_dec(&host->references))
        return;
    wsman_client_unref(host->client);
    g_free(host->name);
    g_free(host);
}

WsmanClient *hyperv_host_get_client(HypervHost *host)
{
    return host->client;
}

const char *hyperv_host_get_name(HypervHost *host)
{
    return host->name;
}

void hyperv_host_get_version(HypervHost *host, guint *major, guint *minor, guint *build)
{
    *major = host->major;
    *minor = host->minor;
    *build = host->build;
}

gboolean hyperv_host_version_at_least(HypervHost *host, guint major, guint minor)
{
    return host->major > major || (host->major == major && host->minor >= minor);
}

void hyperv_host_set_job_timeout(HypervHost *host, guint seconds)
{
    g_atomic_int_set(&host->job_timeout_s, seconds > 0 ? seconds : DEFAULT_JOB_TIMEOUT_S);
}

guint hyperv_host_get_job_timeout(HypervHost *host)
{
    return g_atomic_int_get(&host->job_timeout_s);
}
