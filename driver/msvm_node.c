/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_node.h"

#include "driver/msvm_private.h"
#include "xml/msvm_domain.h"

#include "capabilities.h"
#include "viraccessapicheck.h"
#include "virerror.h"
#include "virstring.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static HypervNode *
query_node(MsvmPrivate *priv)
{
    g_autoptr(GError) error = NULL;
    HypervNode *node = hyperv_host_query_node(priv->host, NULL, &error);

    if (!node)
        msvmReportHostError(priv, error, "%s", _("cannot get processors and memory"));
    return node;
}

/* Windows puts "(R)" and padding into names, and libvirt's field has 31
 * characters. */
static void
shorten_model(char *dest, size_t size, const char *model)
{
    g_autofree char *text = g_strdup(model ? model : "");
    const char *const noise[] = { "(R)", "(TM)", "CPU", "Processor" };
    g_auto(GStrv) words = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    size_t i;
    char *hit;

    for (i = 0; i < G_N_ELEMENTS(noise); i++) {
        while ((hit = strstr(text, noise[i])))
            memset(hit, ' ', strlen(noise[i]));
    }
    words = g_strsplit(text, " ", 0);
    for (i = 0; words[i]; i++) {
        if (*words[i])
            g_string_append_printf(out, "%s%s", out->len ? " " : "", words[i]);
    }
    g_strlcpy(dest, out->str, size);
}

void
msvmNodeInfoFill(virNodeInfoPtr info, const HypervNode *node)
{
    memset(info, 0, sizeof(*info));
    shorten_model(info->model, sizeof(info->model), node->cpu_model);
    info->memory = node->memory_kib;
    info->mhz = node->cpu_mhz;
    info->nodes = 1;
    info->sockets = MAX(node->sockets, 1);
    info->cores = MAX(node->cores, 1);
    info->threads = MAX(node->threads, 1);
    info->cpus = info->sockets * info->cores * info->threads;
}

int
msvmNodeGetInfo(virConnectPtr conn, virNodeInfoPtr info)
{
    g_autoptr(HypervNode) node = NULL;

    if (virNodeGetInfoEnsureACL(conn) < 0 || !(node = query_node(msvmPrivateOf(conn))))
        return -1;
    msvmNodeInfoFill(info, node);
    return 0;
}

unsigned long long
msvmNodeGetFreeMemory(virConnectPtr conn)
{
    g_autoptr(HypervNode) node = NULL;

    if (virNodeGetFreeMemoryEnsureACL(conn) < 0 || !(node = query_node(msvmPrivateOf(conn))))
        return 0;
    return node->free_memory_kib * 1024ull;
}

char *
msvmConnectGetCapabilities(virConnectPtr conn)
{
    g_autoptr(HypervNode) node = NULL;
    g_autoptr(virCaps) caps = NULL;
    virNodeInfo info;

    if (virConnectGetCapabilitiesEnsureACL(conn) < 0 || !(node = query_node(msvmPrivateOf(conn))) ||
        !(caps = msvmCapsNew(VIR_ARCH_X86_64)))
        return NULL;
    msvmNodeInfoFill(&info, node);
    if (node->system_uuid && virUUIDParse(node->system_uuid, caps->host.host_uuid) < 0)
        memset(caps->host.host_uuid, 0, VIR_UUID_BUFLEN);
    if (!caps->host.cpu) {
        caps->host.cpu = virCPUDefNew();
        caps->host.cpu->type = VIR_CPU_TYPE_HOST;
        caps->host.cpu->arch = VIR_ARCH_X86_64;
    }
    caps->host.cpu->sockets = info.sockets;
    caps->host.cpu->dies = 1;
    caps->host.cpu->cores = info.cores;
    caps->host.cpu->threads = info.threads;
    return virCapabilitiesFormatXML(caps);
}
