/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

#define JOB_WAIT_US (10 * G_USEC_PER_SEC)

SimHost *t_host_from(SimHostOptions options)
{
    g_autofree char *folder = sim_test_schema_folder();
    g_autoptr(GError) error = NULL;
    SimHost *host = NULL;

    options.schema_folder = folder;
    options.name = "hv01";
    options.ui_language = "en-US";
    if (!options.version)
        options.version = "10.0.20348";
    host = sim_host_new(&options, &error);
    if (!host)
        g_error("%s", error->message);
    return host;
}

SimHost *t_host_with(const char *version, SimGuardMode mode, gboolean guardian, guint job_ms)
{
    return t_host_from((SimHostOptions){ .version = version,
                                         .guard_mode = mode,
                                         .attestation = SIM_ATTESTATION_PASSED,
                                         .guardian = guardian ? SIM_GUARDIAN_PRESENT : SIM_GUARDIAN_NONE,
                                         .job_ms = job_ms });
}

SimHost *t_host(guint job_ms, guint machines)
{
    return t_host_from(
        (SimHostOptions){ .guard_mode = SIM_GUARD_LOCAL, .job_ms = job_ms, .n_machines = machines });
}

/* --- calls -------------------------------------------------------------------- */

TCall t_call(SimHost *host, CimPath *path, const char *method, ...)
{
    const SchemaClass *cls =
        schema_find(sim_host_schema(host), cim_path_namespace(path), cim_path_class(path));
    const SchemaMethod *declared = cls ? schema_class_find_method(cls, method) : NULL;
    g_autoptr(GHashTable) in = sim_values_new();
    TCall call = { .out = sim_values_new() };
    const char *name = NULL;
    va_list args;

    if (!declared)
        g_error("the schema has no %s.%s", cim_path_class(path), method);
    va_start(args, method);
    while ((name = va_arg(args, const char *)) != NULL)
        g_hash_table_insert(in, g_strdup(name), va_arg(args, CimValue *));
    va_end(args);
    call.status = sim_host_invoke(host, path, declared, in, call.out, &call.rv);
    cim_path_unref(path);
    return call;
}

void t_call_clear(TCall *call)
{
    g_clear_pointer(&call->out, g_hash_table_unref);
}

CimPath *t_out_path(TCall *call, const char *name, guint index)
{
    const CimValue *value = g_hash_table_lookup(call->out, name);

    if (!value || index >= cim_value_count(value))
        return NULL;
    return cim_path_ref(cim_value_item(value, index)->path);
}

guint32 t_result(SimHost *host, TCall *call, char **description)
{
    g_autoptr(CimPath) job = t_out_path(call, "Job", 0);
    gint64 end = g_get_monotonic_time() + JOB_WAIT_US;

    if (call->status != SIM_OK)
        fail_msg("the call failed with status %d", call->status);
    if (call->rv != 4096)
        return call->rv;
    assert_non_null(job);
    while (g_get_monotonic_time() < end) {
        g_autoptr(CimObject) object = NULL;
        guint64 state = 0;

        assert_int_equal(sim_host_get(host, job, &object), SIM_OK);
        state = cim_value_uint(cim_object_get(object, "JobState"), 0);
        if (state >= 7) {
            if (description)
                *description = g_strdup(cim_value_text(cim_object_get(object, "ErrorDescription")));
            return (guint32) cim_value_uint(cim_object_get(object, "ErrorCode"), 1);
        }
        g_usleep(1000);
    }
    fail_msg("the job did not end");
    return 1;
}

CimPath *t_class(const char *ns, const char *class_name)
{
    return cim_path_new(ns, class_name);
}

CimPath *t_service(const char *class_name)
{
    CimPath *path = cim_path_new(V2, class_name);

    cim_path_set_key(path, "CreationClassName", class_name);
    return path;
}

/* --- values -------------------------------------------------------------------- */

CimValue *t_text(const char *text)
{
    return cim_value_new_text(CIM_STRING, text);
}

CimValue *t_u16(guint16 number)
{
    return cim_value_new_uint(CIM_UINT16, number);
}

CimValue *t_texts(const char *first, ...)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    va_list args;

    va_start(args, first);
    for (const char *text = first; text; text = va_arg(args, const char *))
        g_ptr_array_add(items, (gpointer) text);
    va_end(args);
    g_ptr_array_add(items, NULL);
    return cim_value_new_strv((const char *const *) items->pdata);
}

CimValue *t_path(CimPath *path)
{
    CimValue *value = cim_value_new_path(path);

    cim_path_unref(path);
    return value;
}

CimValue *t_paths(CimPath *path)
{
    CimItem item = { .path = path };
    CimValue *value = cim_value_new_array(CIM_REFERENCE, &item, 1);

    cim_path_unref(path);
    return value;
}

CimValue *t_bytes(GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(bytes, &size);

    return cim_value_new_bytes(data, size);
}

static void append_property(GString *out, const SchemaClass *cls, const char *name, const char *value)
{
    const SchemaProperty *property = schema_class_find_property(cls, name);
    g_auto(GStrv) items = NULL;

    if (!property)
        g_error("%s has no %s", schema_class_name(cls), name);
    items = property->array ? g_strsplit(value, "|", -1) : g_strsplit(value, "\x01", -1);
    g_string_append_printf(out, "<PROPERTY%s NAME=\"%s\" TYPE=\"%s\">%s", property->array ? ".ARRAY" : "",
                           name, cim_type_name(property->type), property->array ? "<VALUE.ARRAY>" : "");
    for (char **item = items; *item; item++) {
        g_string_append(out, "<VALUE>");
        for (const char *p = *item; *p; p++) {
            if (strchr("&<>", *p))
                g_string_append_printf(out, "&#%d;", *p);
            else
                g_string_append_c(out, *p);
        }
        g_string_append(out, "</VALUE>");
    }
    g_string_append_printf(out, "%s</PROPERTY%s>", property->array ? "</VALUE.ARRAY>" : "",
                           property->array ? ".ARRAY" : "");
}

static char *instance_va(SimHost *host, const char *class_name, va_list args)
{
    const SchemaClass *cls = schema_find(sim_host_schema(host), V2, class_name);
    GString *out = g_string_new(NULL);
    const char *name = NULL;

    g_string_append_printf(out, "<INSTANCE CLASSNAME=\"%s\">", class_name);
    while ((name = va_arg(args, const char *)) != NULL)
        append_property(out, cls, name, va_arg(args, const char *));
    g_string_append(out, "</INSTANCE>");
    return g_string_free(out, FALSE);
}

char *t_instance(SimHost *host, const char *class_name, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, class_name);
    text = instance_va(host, class_name, args);
    va_end(args);
    return text;
}

/* --- machines -------------------------------------------------------------------- */

char *t_define(SimHost *host, const char *name, const char *sub_type)
{
    g_autofree char *text = t_instance(host, "Msvm_VirtualSystemSettingData", "ElementName", name,
                                       "VirtualSystemSubType", sub_type, NULL);
    g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"), "DefineSystem",
                                "SystemSettings", t_text(text), NULL);
    g_autoptr(CimPath) path = t_out_path(&call, "ResultingSystem", 0);

    assert_int_equal(t_result(host, &call, NULL), 0);
    assert_non_null(path);
    return g_strdup(cim_path_find_key(path, "Name"));
}

CimPath *t_system(const char *guid)
{
    CimPath *path = cim_path_new(V2, "Msvm_ComputerSystem");

    cim_path_set_key(path, "CreationClassName", "Msvm_ComputerSystem");
    cim_path_set_key(path, "Name", guid);
    return path;
}

static CimPath *instance_path(const char *class_name, const char *id)
{
    CimPath *path = cim_path_new(V2, class_name);

    cim_path_set_key(path, "InstanceID", id);
    return path;
}

CimPath *t_settings(const char *guid)
{
    g_autofree char *id = g_strconcat("Microsoft:", guid, NULL);

    return instance_path("Msvm_VirtualSystemSettingData", id);
}

char *t_reference(const char *class_name, const char *instance_id)
{
    g_autoptr(CimPath) path = instance_path(class_name, instance_id);

    return cim_path_format(path, "HV01");
}

CimObject *t_get(SimHost *host, CimPath *path)
{
    CimObject *object = NULL;

    assert_int_equal(sim_host_get(host, path, &object), SIM_OK);
    cim_path_unref(path);
    return object;
}

guint t_state(SimHost *host, const char *guid)
{
    g_autoptr(CimObject) system = t_get(host, t_system(guid));

    return (guint) cim_value_uint(cim_object_get(system, "EnabledState"), 0);
}

guint32 t_request(SimHost *host, const char *guid, guint16 state, char **description)
{
    g_auto(TCall) call =
        t_call(host, t_system(guid), "RequestStateChange", "RequestedState", t_u16(state), NULL);

    return t_result(host, &call, description);
}

guint32 t_modify(SimHost *host, const char *guid, char **description, ...)
{
    g_autofree char *id = g_strconcat("<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\"><PROPERTY "
                                      "NAME=\"InstanceID\" TYPE=\"string\"><VALUE>Microsoft:",
                                      guid, "</VALUE></PROPERTY>", NULL);
    g_autofree char *rest = NULL, *text = NULL;
    va_list args;

    va_start(args, description);
    rest = instance_va(host, "Msvm_VirtualSystemSettingData", args);
    va_end(args);
    text = g_strconcat(id, strchr(rest, '>') + 1, NULL);
    {
        g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"),
                                    "ModifySystemSettings", "SystemSettings", t_text(text), NULL);

        return t_result(host, &call, description);
    }
}

guint32 t_add(SimHost *host, const char *guid, char *text, char **id, char **description)
{
    g_autofree char *mine = text;
    g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"),
                                "AddResourceSettings", "AffectedConfiguration", t_path(t_settings(guid)),
                                "ResourceSettings", t_texts(text, NULL), NULL);
    guint32 code = t_result(host, &call, description);
    g_autoptr(CimPath) path = t_out_path(&call, "ResultingResourceSettings", 0);

    if (id)
        *id = path ? g_strdup(cim_path_find_key(path, "InstanceID")) : NULL;
    return code;
}

void t_add_disk(SimHost *host, const char *guid, const char *file)
{
    g_autofree char *controller = NULL, *drive = NULL, *parent = NULL, *drive_path = NULL;

    assert_int_equal(t_add(host, guid,
                           t_instance(host, "Msvm_ResourceAllocationSettingData", "ResourceSubType",
                                      "Microsoft:Hyper-V:Synthetic SCSI Controller", NULL),
                           &controller, NULL),
                     0);
    parent = t_reference("Msvm_ResourceAllocationSettingData", controller);
    assert_int_equal(t_add(host, guid,
                           t_instance(host, "Msvm_ResourceAllocationSettingData", "ResourceSubType",
                                      "Microsoft:Hyper-V:Synthetic Disk Drive", "Parent", parent,
                                      "AddressOnParent", "0", NULL),
                           &drive, NULL),
                     0);
    drive_path = t_reference("Msvm_ResourceAllocationSettingData", drive);
    assert_int_equal(t_add(host, guid,
                           t_instance(host, "Msvm_StorageAllocationSettingData", "ResourceSubType",
                                      "Microsoft:Hyper-V:Virtual Hard Disk", "Parent", drive_path,
                                      "HostResource", file, NULL),
                           NULL, NULL),
                     0);
}

GPtrArray *t_parts(SimHost *host, const char *guid, const char *class_name, const char *sub_type)
{
    g_autoptr(CimPath) path = t_settings(guid);
    GPtrArray *parts = NULL;

    assert_int_equal(sim_host_associators(host, path, "Msvm_VirtualSystemSettingDataComponent", class_name,
                                          NULL, NULL, &parts),
                     SIM_OK);
    for (guint i = parts->len; i > 0; i--) {
        const char *text =
            cim_value_text(cim_object_get(g_ptr_array_index(parts, i - 1), "ResourceSubType"));

        if (sub_type && g_strcmp0(text, sub_type) != 0)
            g_ptr_array_remove_index(parts, i - 1);
    }
    return parts;
}

const char *t_id(GPtrArray *parts, guint index)
{
    assert_true(index < parts->len);
    return cim_value_text(cim_object_get(g_ptr_array_index(parts, index), "InstanceID"));
}

/* --- security ---------------------------------------------------------------------- */

CimObject *t_security(SimHost *host, const char *guid)
{
    g_autoptr(CimPath) path = t_settings(guid);
    g_autoptr(GPtrArray) found = NULL;

    assert_int_equal(sim_host_associators(host, path, NULL, "Msvm_SecuritySettingData", NULL, NULL, &found),
                     SIM_OK);
    assert_int_equal(found->len, 1);
    return cim_object_ref(g_ptr_array_index(found, 0));
}

static char *security_text(SimHost *host, const char *guid)
{
    g_autoptr(CimObject) security = t_security(host, guid);

    return t_instance(host, "Msvm_SecuritySettingData", "InstanceID",
                      cim_value_text(cim_object_get(security, "InstanceID")), NULL);
}

guint32 t_set_protector(SimHost *host, const char *guid, GBytes *protector, char **description)
{
    g_autofree char *text = security_text(host, guid);
    g_auto(TCall) call =
        t_call(host, t_service("Msvm_SecurityService"), "SetKeyProtector", "SecuritySettingData",
               t_text(text), "KeyProtector", t_bytes(protector), NULL);

    return t_result(host, &call, description);
}

GBytes *t_get_protector(SimHost *host, const char *guid)
{
    g_autofree char *text = security_text(host, guid);
    g_auto(TCall) call = t_call(host, t_service("Msvm_SecurityService"), "GetKeyProtector",
                                "SecuritySettingData", t_text(text), NULL);

    assert_int_equal(call.status, SIM_OK);
    assert_int_equal(call.rv, 0);
    return cim_value_bytes(g_hash_table_lookup(call.out, "KeyProtector"));
}

guint32 t_secure(SimHost *host, const char *guid, char **description, ...)
{
    g_autoptr(CimObject) security = t_security(host, guid);
    g_autofree char *rest = NULL, *text = NULL, *head = NULL;
    va_list args;

    va_start(args, description);
    rest = instance_va(host, "Msvm_SecuritySettingData", args);
    va_end(args);
    head = t_instance(host, "Msvm_SecuritySettingData", "InstanceID",
                      cim_value_text(cim_object_get(security, "InstanceID")), NULL);
    head[strlen(head) - strlen("</INSTANCE>")] = '\0';
    text = g_strconcat(head, strchr(rest, '>') + 1, NULL);
    {
        g_auto(TCall) call = t_call(host, t_service("Msvm_SecurityService"), "ModifySecuritySettings",
                                    "SecuritySettingData", t_text(text), NULL);

        return t_result(host, &call, description);
    }
}

GBytes *t_new_protector(SimHost *host)
{
    g_autoptr(GPtrArray) guardians = NULL;
    g_auto(TCall) call = { 0 };
    const CimValue *result = NULL;

    assert_int_equal(sim_host_enumerate(host, HGS, "MSFT_HgsGuardian", &guardians), SIM_OK);
    assert_true(guardians->len > 0);
    call = t_call(host, t_class(HGS, "MSFT_HgsKeyProtector"), "NewByGuardians", "Owner",
                  cim_value_new_object(g_ptr_array_index(guardians, 0)), "AllowUntrustedRoot",
                  cim_value_new_boolean(TRUE), NULL);
    assert_int_equal(call.status, SIM_OK);
    result = g_hash_table_lookup(call.out, "cmdletOutput");
    return cim_value_bytes(cim_object_get(cim_value_item(result, 0)->object, "RawData"));
}

GBytes *t_tool_protector(SimHost *host, const char *broken)
{
    g_autofree char *tool = g_build_filename(g_getenv("MSVM_BUILDDIR") ? g_getenv("MSVM_BUILDDIR") : ".",
                                             "hvsim-protector", NULL);
    const char *argv[] = { tool, "--guardians", "-", broken ? "--broken" : NULL, broken, NULL };
    json_object *guardians = sim_host_guardians(host);
    const char *text = json_object_to_json_string(guardians);
    g_autoptr(GBytes) input = g_bytes_new(text, strlen(text));
    g_autoptr(GSubprocess) process =
        g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL);
    GBytes *output = NULL;

    json_object_put(guardians);
    assert_non_null(process);
    assert_true(g_subprocess_communicate(process, input, NULL, &output, NULL, NULL));
    assert_true(g_subprocess_get_successful(process));
    return output;
}
