/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One Hyper-V host behind a WS-Management client. Serves many threads.
 */
#pragma once

#include "hyperv/hyperv_error.h"
#include "wsman/wsman_client.h"

#define HYPERV_NS_VIRTUALIZATION "root/virtualization/v2"
#define HYPERV_NS_CIMV2 "root/cimv2"
#define HYPERV_NS_HGS "root/Microsoft/Windows/Hgs"
#define HYPERV_NS_MSPS "root/msps"

typedef struct HypervHost HypervHost;

/* Proves that the host is there, lets us in and has Hyper-V: two requests.
 * References the client. Errors: WSMAN_ERROR, HYPERV_ERROR_NO_HYPERV. */
HypervHost *hyperv_host_open(WsmanClient *client, GCancellable *cancellable, GError **error);
HypervHost *hyperv_host_ref(HypervHost *host);
void hyperv_host_unref(HypervHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervHost, hyperv_host_unref)

WsmanClient *hyperv_host_get_client(HypervHost *host);
const char *hyperv_host_get_name(HypervHost *host); /* the computer's name, as it says */
/* Of the operating system: 10, 0, 20348. */
void hyperv_host_get_version(HypervHost *host, guint *major, guint *minor, guint *build);
/* Whether its version is at least this. */
gboolean hyperv_host_version_at_least(HypervHost *host, guint major, guint minor);

/* How long a job may take before it counts as hung; 0: the default, 300 s. */
void hyperv_host_set_job_timeout(HypervHost *host, guint seconds);
guint hyperv_host_get_job_timeout(HypervHost *host);

typedef struct {
    char *cpu_model;
    guint cpu_mhz;
    guint sockets;
    guint cores;     /* per socket */
    guint threads;   /* per core */
    guint64 memory_kib;
    guint64 free_memory_kib;
    char *os_caption;
    char *system_uuid; /* Win32_ComputerSystemProduct.UUID */
} HypervNode;

void hyperv_node_free(HypervNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervNode, hyperv_node_free)
HypervNode *hyperv_host_query_node(HypervHost *host, GCancellable *cancellable, GError **error);
