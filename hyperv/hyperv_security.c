/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_security.h"

#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_protector.h"

#define SECURITY_CLASS "Msvm_SecuritySettingData"
#define SECURITY_SERVICE "Msvm_SecurityService"

/* All of the class; the last two are known to newer hosts alone. */
static const char *const switches[] = {
    "TpmEnabled", "KsdEnabled", "ShieldingRequested", "DataProtectionRequested",
    "EncryptStateAndVmMigrationTraffic", "VirtualizationBasedSecurityOptOut", "BindToHostTpm",
    "AppContainerLaunchOptOut",
};

static gboolean get_switch(const WsmanInstance *settings, const char *name)
{
    gboolean value = FALSE;

    wsman_instance_get_boolean(settings, name, &value);
    return value;
}

gboolean hyperv_security_fetch(HypervCall *call, const char *guid, WsmanInstance **settings, GError **error)
{
    g_autofree char *pattern = g_strdup_printf("Microsoft:%s%%", guid);
    g_autofree char *quoted = wsman_wql_quote(pattern);
    g_autofree char *query = g_strconcat("select * from " SECURITY_CLASS " where InstanceID like ", quoted, NULL);
    g_autoptr(GError) local_error = NULL;
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   query, call->cancellable, &local_error);

    *settings = NULL;
    if (rows) {
        if (rows->len > 0)
            *settings = wsman_instance_ref(g_ptr_array_index(rows, 0));
        return TRUE;
    }
    if (g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS))
        return TRUE;
    g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "reading the security settings of %s: ", guid);
    return FALSE;
}

void hyperv_security_read(const WsmanInstance *settings, HypervSecurity *security)
{
    g_free(security->instance_id);
    security->available = TRUE;
    security->instance_id = g_strdup(wsman_instance_get_string(settings, "InstanceID"));
    security->tpm_enabled = get_switch(settings, "TpmEnabled");
    security->encrypt_traffic = get_switch(settings, "EncryptStateAndVmMigrationTraffic");
    security->shielding_requested = get_switch(settings, "ShieldingRequested");
    security->ksd_enabled = get_switch(settings, "KsdEnabled");
}

/* What the calls take: the id and every switch as read. */
static WsmanInstance *copy_settings(const WsmanInstance *settings)
{
    WsmanInstance *copy = wsman_instance_new(HYPERV_NS_VIRTUALIZATION, SECURITY_CLASS);

    wsman_instance_set_string(copy, "InstanceID", wsman_instance_get_string(settings, "InstanceID"));
    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
        if (wsman_instance_has(settings, switches[i]))
            wsman_instance_set_boolean(copy, switches[i], get_switch(settings, switches[i]));
    }
    return copy;
}

static WsmanInstance *invoke(HypervCall *call, const char *method, const WsmanInstance *embedded,
                             const char *bytes_name, const guint8 *data, gsize size, const char *what,
                             GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr(SECURITY_SERVICE);
    g_autoptr(WsmanArgs) args = wsman_args_new();

    wsman_args_add_embedded(args, "SecuritySettingData", embedded);
    if (bytes_name)
        wsman_args_add_secret_bytes(args, bytes_name, data, size);
    return hyperv_invoke(call, service, method, args, what, error);
}

static gboolean send_protector(HypervCall *call, const WsmanInstance *settings, const guint8 *data, gsize size,
                               GError **error)
{
    g_autoptr(WsmanInstance) embedded = copy_settings(settings);
    g_autoptr(WsmanInstance) out = invoke(call, "SetKeyProtector", embedded, "KeyProtector", data, size,
                                          "setting the key protector", error);

    return out != NULL;
}

gboolean hyperv_security_set_protector(HypervCall *call, const WsmanInstance *settings, const guint8 *data,
                                       gsize size, GError **error)
{
    g_autoptr(GBytes) framed = hyperv_protector_frame(data, size);

    return send_protector(call, settings, g_bytes_get_data(framed, NULL), g_bytes_get_size(framed), error);
}

gboolean hyperv_security_clear_protector(HypervCall *call, const WsmanInstance *settings, GError **error)
{
    static const guint8 empty[] = { 0, 0, 0, 4 };

    return send_protector(call, settings, empty, sizeof(empty), error);
}

gboolean hyperv_security_set_policy(HypervCall *call, const WsmanInstance *settings, const guint8 *data, gsize size,
                                    GError **error)
{
    g_autoptr(WsmanInstance) embedded = copy_settings(settings);
    g_autoptr(WsmanInstance) out = invoke(call, "SetSecurityPolicy", embedded, "SecurityPolicy", data, size,
                                          "setting the security policy", error);

    return out != NULL;
}

GBytes *hyperv_security_get_protector(HypervCall *call, const WsmanInstance *settings, GError **error)
{
    static const guint8 empty[] = { 0, 0, 0, 4 };
    g_autoptr(WsmanInstance) embedded = copy_settings(settings);
    g_autoptr(WsmanInstance) out = invoke(call, "GetKeyProtector", embedded, NULL, NULL, 0,
                                          "reading the key protector", error);
    GBytes *bytes;

    if (!out)
        return NULL;
    bytes = wsman_instance_get_bytes(out, "KeyProtector");
    return bytes ? bytes : g_bytes_new_static(empty, sizeof(empty));
}

static gboolean check_applied(const WsmanInstance *settings, const char *name, gboolean wanted, GError **error)
{
    if (get_switch(settings, name) == wanted)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0,
                     "the host accepted %s = %s, but did not keep it", name, wanted ? "true" : "false");
    return FALSE;
}

static gboolean read_back(HypervCall *call, const WsmanInstance *sent, GError **error)
{
    g_autoptr(WsmanEpr) epr = hyperv_setting_epr(SECURITY_CLASS, wsman_instance_get_string(sent, "InstanceID"));
    g_autoptr(WsmanInstance) now = wsman_client_get(hyperv_host_get_client(call->host), epr, call->cancellable,
                                                    error);

    if (!now) {
        g_prefix_error(error, "reading back the security settings: ");
        return FALSE;
    }
    return check_applied(now, "TpmEnabled", get_switch(sent, "TpmEnabled"), error) &&
           check_applied(now, "ShieldingRequested", get_switch(sent, "ShieldingRequested"), error) &&
           check_applied(now, "EncryptStateAndVmMigrationTraffic",
                         get_switch(sent, "EncryptStateAndVmMigrationTraffic"), error);
}

gboolean hyperv_security_modify(HypervCall *call, const WsmanInstance *settings, const HypervSecurity *wanted,
                                GError **error)
{
    g_autoptr(WsmanInstance) embedded = copy_settings(settings);
    g_autoptr(WsmanInstance) out = NULL;
    gboolean shielded = wanted->shielding_requested;

    wsman_instance_set_boolean(embedded, "TpmEnabled", wanted->tpm_enabled || shielded);
    wsman_instance_set_boolean(embedded, "ShieldingRequested", shielded);
    wsman_instance_set_boolean(embedded, "EncryptStateAndVmMigrationTraffic", wanted->encrypt_traffic || shielded);
    out = invoke(call, "ModifySecuritySettings", embedded, NULL, NULL, 0, "changing the security settings", error);
    return out && read_back(call, embedded, error);
}

gboolean hyperv_security_query_running(HypervCall *call, const char *guid, gboolean *shielded, gboolean *encrypted,
                                       GError **error)
{
    g_autofree char *quoted = wsman_wql_quote(guid);
    g_autofree char *query = g_strconcat("select * from Msvm_SecurityElement where SystemName = ", quoted, NULL);
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(call->host), HYPERV_NS_VIRTUALIZATION,
                                                   query, call->cancellable, error);

    *shielded = *encrypted = FALSE;
    if (!rows) {
        g_prefix_error(error, "reading the present security of %s: ", guid);
        return FALSE;
    }
    if (rows->len > 0) {
        *shielded = get_switch(g_ptr_array_index(rows, 0), "Shielded");
        *encrypted = get_switch(g_ptr_array_index(rows, 0), "EncryptStateAndVmMigrationTrafficEnabled");
    }
    return TRUE;
}
