/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/host_private.h"

static const struct {
    const char *class_name;
    const char *method;
    SimMethodFunc func;
} rows[] = {
    { "Msvm_VirtualSystemManagementService", "DefineSystem", sim_define_system },
    { "Msvm_VirtualSystemManagementService", "ModifySystemSettings", sim_modify_system_settings },
    { "Msvm_VirtualSystemManagementService", "DestroySystem", sim_destroy_system },
    { "Msvm_VirtualSystemManagementService", "AddResourceSettings", sim_add_resources },
    { "Msvm_VirtualSystemManagementService", "ModifyResourceSettings", sim_modify_resources },
    { "Msvm_VirtualSystemManagementService", "RemoveResourceSettings", sim_remove_resources },
    { "Msvm_VirtualSystemManagementService", "AddFeatureSettings", sim_add_features },
    { "Msvm_VirtualSystemManagementService", "ModifyFeatureSettings", sim_modify_features },
    { "Msvm_VirtualSystemManagementService", "RemoveFeatureSettings", sim_remove_features },
    { "Msvm_VirtualSystemManagementService", "GetSummaryInformation", sim_get_summary },
    { "Msvm_VirtualSystemManagementService", "StartService", sim_service_start_stop },
    { "Msvm_VirtualSystemManagementService", "StopService", sim_service_start_stop },
    { "Msvm_ComputerSystem", "RequestStateChange", sim_request_state_change },
    { "Msvm_ShutdownComponent", "InitiateShutdown", sim_initiate_shutdown },
    { "Msvm_ShutdownComponent", "InitiateReboot", sim_initiate_reboot },
    { "Msvm_ConcreteJob", "GetError", sim_job_get_error },
    { "Msvm_ConcreteJob", "GetErrorEx", sim_job_get_error_ex },
    { "Msvm_ConcreteJob", "RequestStateChange", sim_job_request_state },
    { "Msvm_StorageJob", "GetError", sim_job_get_error },
    { "Msvm_StorageJob", "GetErrorEx", sim_job_get_error_ex },
    { "Msvm_StorageJob", "RequestStateChange", sim_job_request_state },
    { "Msvm_VirtualSystemMigrationService", "MigrateVirtualSystemToHost", sim_migrate_to_host },
    { "Msvm_VirtualSystemMigrationService", "CheckVirtualSystemIsMigratable", sim_check_migratable },
    { "Msvm_VirtualSystemMigrationService", "CheckVirtualSystemIsMigratableToHost", sim_check_migratable_to_host },
    { "Msvm_VirtualSystemMigrationService", "GetSystemCompatibilityInfo", sim_get_compatibility_info },
    { "Msvm_VirtualSystemMigrationService", "CheckSystemCompatibilityInfo", sim_check_compatibility_info },
    { "Msvm_VirtualSystemMigrationService", "StartService", sim_service_start_stop },
    { "Msvm_VirtualSystemMigrationService", "StopService", sim_service_start_stop },
    { "Msvm_MigrationJob", "GetError", sim_job_get_error },
    { "Msvm_MigrationJob", "GetErrorEx", sim_job_get_error_ex },
    { "Msvm_MigrationJob", "RequestStateChange", sim_job_request_state },
    { "Msvm_SecurityService", "SetKeyProtector", sim_set_key_protector },
    { "Msvm_SecurityService", "GetKeyProtector", sim_get_key_protector },
    { "Msvm_SecurityService", "RestoreLastKnownGoodKeyProtector", sim_restore_key_protector },
    { "Msvm_SecurityService", "SetSecurityPolicy", sim_set_security_policy },
    { "Msvm_SecurityService", "ModifySecuritySettings", sim_modify_security },
    { "Msvm_SecurityService", "StartService", sim_service_start_stop },
    { "Msvm_SecurityService", "StopService", sim_service_start_stop },
    { "Msvm_ImageManagementService", "CreateVirtualHardDisk", sim_image_create },
    { "Msvm_ImageManagementService", "GetVirtualHardDiskSettingData", sim_image_get_settings },
    { "Msvm_ImageManagementService", "GetVirtualHardDiskState", sim_image_get_state },
    { "MSFT_HgsClientConfiguration", "Get", sim_hgs_get },
    { "MSFT_HgsGuardian", "NewByGenerateCertificates", sim_hgs_guardian_new },
    { "MSFT_HgsGuardian", "Import", sim_hgs_guardian_import },
    { "MSFT_HgsGuardian", "Remove", sim_hgs_guardian_remove },
    { "MSFT_HgsKeyProtector", "NewByGuardians", sim_hgs_protector_new },
    { "MSFT_HgsKeyProtector", "ConvertToByRawBytes", sim_hgs_protector_convert },
    { "MSFT_HgsKeyProtector", "Grant", sim_hgs_protector_grant },
    { "MSFT_HgsKeyProtector", "Revoke", sim_hgs_protector_revoke },
    { "Msps_ProvisioningFileProcessor", "PopulateFromStream", sim_msps_populate_stream },
    { "Msps_ProvisioningFileProcessor", "PopulateFromFile", sim_msps_populate_file },
    { "Msps_ProvisioningFileProcessor", "QueryPolicyValue", sim_msps_query_policy },
    { "Msps_ProvisioningFileProcessor", "SerializeToFile", sim_msps_serialize },
    { "Msps_ProvisioningService", "ProvisionMachine", sim_msps_provision },
    { "Msps_ProvisioningService", "PrepareSpecializedMachine", sim_msps_prepare },
    { "Msps_ProvisioningJob", "GetError", sim_msps_get_error },
    { "Msps_ProvisioningJob", "KillJob", sim_msps_kill },
    { "CIM_DataFile", "Delete", sim_file_delete },
};

SimMethodFunc sim_method_find(const SchemaClass *cls, const char *method)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_ascii_strcasecmp(rows[i].class_name, schema_class_name(cls)) == 0 &&
            g_ascii_strcasecmp(rows[i].method, method) == 0)
            return rows[i].func;
    }
    return NULL;
}

const CimValue *sim_in(SimCall *call, const char *name)
{
    const CimValue *value = call->in ? g_hash_table_lookup(call->in, name) : NULL;

    return value && !cim_value_is_null(value) ? value : NULL;
}

const char *sim_in_text(SimCall *call, const char *name)
{
    const CimValue *value = sim_in(call, name);

    return value ? cim_value_text(value) : NULL;
}

gboolean sim_in_boolean(SimCall *call, const char *name)
{
    const CimValue *value = sim_in(call, name);

    return value && cim_value_boolean(value, FALSE);
}

CimPath *sim_in_path(SimCall *call, const char *name)
{
    const CimValue *value = sim_in(call, name);

    if (!value || cim_value_type(value) != CIM_REFERENCE || cim_value_count(value) == 0)
        return NULL;
    return cim_value_item(value, 0)->path;
}

void sim_out(SimCall *call, const char *name, CimValue *value)
{
    const SchemaParam *param = schema_method_find_param(call->method, name);

    if (!param || !param->out || param->value.type != cim_value_type(value) ||
        param->value.array != cim_value_is_array(value))
        g_error("%s has no such out parameter %s", schema_method_name(call->method), name);
    g_hash_table_insert(call->out, g_strdup(param->value.name), value);
}

static CimObject *read_instance(SimCall *call, const char *text, const char *class_name, guint32 *code)
{
    g_autoptr(CimObject) object =
        cim_object_from_xml(call->host->schema, schema_class_namespace(call->cls), text, code);

    if (object && !sim_is_a(object, class_name)) {
        *code = SIM_RC_INVALID_PARAMETER;
        return NULL;
    }
    return g_steal_pointer(&object);
}

CimObject *sim_in_instance(SimCall *call, const char *name, const char *class_name, guint32 *code)
{
    const char *text = sim_in_text(call, name);

    *code = SIM_RC_INVALID_PARAMETER;
    return text ? read_instance(call, text, class_name, code) : NULL;
}

GPtrArray *sim_in_instances(SimCall *call, const char *name, const char *class_name, guint32 *code)
{
    const CimValue *value = sim_in(call, name);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);

    *code = SIM_RC_INVALID_PARAMETER;
    if (!value || cim_value_count(value) == 0)
        return NULL;
    for (guint i = 0; i < cim_value_count(value); i++) {
        CimObject *object = read_instance(call, cim_value_item(value, i)->text, class_name, code);

        if (!object)
            return NULL;
        g_ptr_array_add(list, object);
    }
    *code = SIM_RC_DONE;
    return g_steal_pointer(&list);
}

/* The services of a host cannot be started or stopped through WMI (their
 * StartService and StopService pages: 1, not supported). */
SimStatus sim_service_start_stop(SimCall *call G_GNUC_UNUSED, guint32 *rv)
{
    *rv = 1;
    return SIM_OK;
}
