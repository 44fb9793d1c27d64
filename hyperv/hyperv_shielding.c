/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_shielding.h"

#include "hyperv/hyperv_capabilities.h"
#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_protector_xml.h"

#define PROCESSOR_CLASS "Msps_ProvisioningFileProcessor"
#define NO_TOOLS "the host lacks root\\msps: install the feature FabricShieldedTools or RSAT-Shielded-VM-Tools there"

void hyperv_shielding_free(HypervShielding *shielding)
{
    if (!shielding)
        return;
    g_clear_pointer(&shielding->protector, g_bytes_unref);
    g_clear_pointer(&shielding->policy, g_bytes_unref);
    g_clear_pointer(&shielding->instance, wsman_instance_unref);
    g_free(shielding);
}

GBytes *hyperv_secret_bytes(gconstpointer data, gsize size)
{
    GByteArray *copy = g_byte_array_sized_new(size);

    g_byte_array_append(copy, data, size);
    return g_bytes_new_with_free_func(copy->data, copy->len, (GDestroyNotify)hyperv_protector_bytes_free, copy);
}

static GBytes *take_bytes(const WsmanInstance *instance, const char *name)
{
    g_autoptr(GBytes) bytes = wsman_instance_get_bytes(instance, name);
    gsize size = 0;
    gconstpointer data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

    return size > 0 ? hyperv_secret_bytes(data, size) : NULL;
}

/* What is between us and the host, or forbids us to ask, says nothing about
 * the data: only a fault of the method itself does. */
static void explain(GError *failure, GError **error)
{
    g_autoptr(GError) owned = failure;

    if (g_error_matches(failure, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS) ||
        g_error_matches(failure, WSMAN_ERROR, WSMAN_ERROR_INVALID_METHOD))
        hyperv_error_set(error, HYPERV_ERROR_NO_FEATURE, 0,
                         "they are neither a key protector nor guardian metadata, and for shielding data "
                         NO_TOOLS);
    else if (g_error_matches(failure, WSMAN_ERROR, WSMAN_ERROR_FAULT) ||
             g_error_matches(failure, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND) || failure->domain == HYPERV_ERROR)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                         "they are neither a key protector nor guardian metadata, and the host cannot read them "
                         "as shielding data: %s",
                         failure->message);
    else
        g_propagate_error(error, g_steal_pointer(&owned));
}

static WsmanInstance *populate(HypervCall *call, const guint8 *data, gsize size, GError **error)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(HYPERV_NS_MSPS, PROCESSOR_CLASS);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    GError *local_error = NULL;
    WsmanInstance *out;

    wsman_args_add_secret_bytes(args, "Data", data, size);
    out = hyperv_invoke(call, target, "PopulateFromStream", args, "reading shielding data", &local_error);
    if (!out)
        explain(local_error, error);
    return out;
}

gboolean hyperv_shielding_require(HypervHost *host, GCancellable *cancellable, GError **error)
{
    gboolean present;

    if (!hyperv_query_shielding_tools(host, &present, cancellable, error))
        return FALSE;
    if (!present)
        hyperv_error_set(error, HYPERV_ERROR_NO_FEATURE, 0, "to read shielding data " NO_TOOLS);
    return present;
}

HypervShielding *hyperv_shielding_read(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                       GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanInstance) out = populate(&call, data, size, error);
    g_autoptr(HypervShielding) shielding = g_new0(HypervShielding, 1);
    const GPtrArray *files = out ? wsman_instance_get_instances(out, "ProvisioningFile") : NULL;

    if (!out)
        return NULL;
    if (files->len > 0) {
        shielding->instance = wsman_instance_ref(g_ptr_array_index(files, 0));
        shielding->protector = take_bytes(shielding->instance, "KeyProtector");
        shielding->policy = take_bytes(shielding->instance, "PolicyData");
    }
    if (shielding->protector)
        return g_steal_pointer(&shielding);
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                     "the host reads them as %s, which hold no key protector",
                     shielding->instance ? wsman_instance_get_class(shielding->instance) : "nothing");
    return NULL;
}
