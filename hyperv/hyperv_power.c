/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_power.h"

#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_names.h"

/* Msvm_ComputerSystem.RequestStateChange, RequestedState */
typedef enum {
    REQUEST_ENABLED = 2,
    REQUEST_DISABLED = 3,
    REQUEST_OFFLINE = 6,
    REQUEST_QUIESCE = 9,
    REQUEST_RESET = 11,
} StateRequest;

#define RETURN_LOCKED 32781 /* of InitiateShutdown: somebody is logged in */

/* A reference to a machine that is not there any more. */
static void translate_missing(const char *guid, GError **error)
{
    if (!error || !g_error_matches(*error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
        return;
    g_clear_error(error);
    hyperv_error_set(error, HYPERV_ERROR_NO_MACHINE, 0, "no virtual machine has the id %s", guid);
}

static gboolean request_state(HypervHost *host, const char *guid, StateRequest state, const char *verb,
                              GCancellable *cancellable, GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanEpr) system = hyperv_system_epr(guid);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("%s %s", verb, guid);
    g_autoptr(WsmanInstance) out = NULL;
    g_autoptr(GError) local_error = NULL;

    wsman_args_add_uint(args, "RequestedState", state);
    out = hyperv_invoke(&call, system, "RequestStateChange", args, what, &local_error);
    wsman_epr_free(call.unfinished);
    if (out)
        return TRUE;
    translate_missing(guid, &local_error);
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

gboolean hyperv_start(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_ENABLED, "starting", cancellable, error);
}

gboolean hyperv_turn_off(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_DISABLED, "turning off", cancellable, error);
}

gboolean hyperv_reset(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_RESET, "resetting", cancellable, error);
}

gboolean hyperv_pause(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_QUIESCE, "pausing", cancellable, error);
}

gboolean hyperv_resume(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_ENABLED, "resuming", cancellable, error);
}

gboolean hyperv_save(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error)
{
    return request_state(host, guid, REQUEST_OFFLINE, "saving", cancellable, error);
}

/* The guest's end of the shutdown service: there while the machine runs. */
static WsmanEpr *find_shutdown_component(HypervCall *call, const char *guid, GError **error)
{
    static const char *const keys[] = { "CreationClassName", "DeviceID", "SystemCreationClassName", "SystemName" };
    g_autofree char *quoted = wsman_wql_quote(guid);
    g_autofree char *query = g_strconcat("select * from Msvm_ShutdownComponent where SystemName = ", quoted, NULL);
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   query, call->cancellable, error);
    WsmanEpr *epr;

    if (!rows) {
        g_prefix_error(error, "looking for the guest's shutdown service: ");
        return NULL;
    }
    if (rows->len == 0) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "the guest of %s has no shutdown service that listens", guid);
        return NULL;
    }
    epr = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, "Msvm_ShutdownComponent");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = wsman_instance_get_string(g_ptr_array_index(rows, 0), keys[i]);

        if (value)
            wsman_epr_add_selector(epr, keys[i], value);
    }
    return epr;
}

static gboolean initiate(HypervCall *call, const WsmanEpr *component, const char *guid, gboolean reboot,
                         gboolean force, GError **error)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("%s the guest of %s", reboot ? "rebooting" : "shutting down", guid);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_boolean(args, "Force", force);
    wsman_args_add_string(args, "Reason", "Requested through libvirt-msvm");
    out = hyperv_invoke(call, component, reboot ? "InitiateReboot" : "InitiateShutdown", args, what, error);
    return out != NULL;
}

gboolean hyperv_shut_down(HypervHost *host, const char *guid, gboolean reboot, GCancellable *cancellable,
                          GError **error)
{
    HypervCall call = { .host = host, .cancellable = cancellable };
    g_autoptr(WsmanEpr) component = find_shutdown_component(&call, guid, error);
    g_autoptr(GError) local_error = NULL;
    gboolean ok;

    if (!component)
        return FALSE;
    ok = initiate(&call, component, guid, reboot, FALSE, &local_error);
    /* A locked console is no reason to keep running: a power button would not
     * ask, either. */
    if (!ok && hyperv_error_get_code(local_error) == RETURN_LOCKED) {
        g_clear_error(&local_error);
        ok = initiate(&call, component, guid, reboot, TRUE, &local_error);
    }
    wsman_epr_free(call.unfinished);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&local_error));
    return ok;
}
