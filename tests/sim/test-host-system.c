/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DefineSystem, ModifySystemSettings, DestroySystem, RequestStateChange, the
 * shutdown component, jobs and failures on demand.
 */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

static int make_host(void **state)
{
    *state = t_host(1, 0);
    return 0;
}

static int free_host(void **state)
{
    sim_host_free(*state);
    return 0;
}

static guint32 destroy(SimHost *host, const char *guid)
{
    g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"), "DestroySystem",
                                "AffectedSystem", t_path(t_system(guid)), NULL);

    return t_result(host, &call, NULL);
}

static char *setting(SimHost *host, const char *guid, const char *property)
{
    g_autoptr(CimObject) settings = t_get(host, t_settings(guid));
    const CimValue *value = cim_object_get(settings, property);

    return cim_value_is_null(value) || cim_value_count(value) == 0
               ? NULL
               : cim_item_format(cim_value_type(value), cim_value_item(value, 0));
}

static guint count(SimHost *host, const char *guid, const char *sub_type)
{
    g_autoptr(GPtrArray) parts = t_parts(host, guid, "CIM_ResourceAllocationSettingData", sub_type);

    return parts->len;
}

/* --- DefineSystem ------------------------------------------------------------------ */

static void generation_1_comes_with_ide_and_floppy_and_generation_2_without(void **state)
{
    g_autofree char *one = t_define(*state, "one", GEN1);
    g_autofree char *two = t_define(*state, "two", GEN2);

    assert_int_equal(count(*state, one, "Microsoft:Hyper-V:Emulated IDE Controller"), 2);
    assert_int_equal(count(*state, one, "Microsoft:Hyper-V:Synthetic Diskette Drive"), 1);
    assert_int_equal(count(*state, one, "Microsoft:Hyper-V:Serial Port"), 2);
    assert_int_equal(count(*state, two, "Microsoft:Hyper-V:Emulated IDE Controller"), 0);
    assert_int_equal(count(*state, two, "Microsoft:Hyper-V:Synthetic SCSI Controller"), 0);
    assert_int_equal(count(*state, two, "Microsoft:Hyper-V:Synthetic Diskette Drive"), 0);
    assert_int_equal(count(*state, two, "Microsoft:Hyper-V:Memory"), 1);
    assert_int_equal(count(*state, two, "Microsoft:Hyper-V:Processor"), 1);
}

static void a_new_machine_is_off_with_the_ids_of_its_guid(void **state)
{
    g_autofree char *guid = t_define(*state, "ids", GEN2);
    g_autofree char *id = setting(*state, guid, "InstanceID");
    g_autofree char *system = setting(*state, guid, "VirtualSystemIdentifier");
    g_autofree char *bios = setting(*state, guid, "BIOSGUID");
    g_autofree char *type = setting(*state, guid, "VirtualSystemType");

    assert_int_equal(t_state(*state, guid), 3);
    assert_true(g_str_has_prefix(id, "Microsoft:"));
    assert_string_equal(id + 10, guid);
    assert_string_equal(system, guid);
    assert_int_equal(strlen(bios), 38);
    assert_int_equal(bios[0], '{');
    assert_string_equal(type, "Microsoft:Hyper-V:System:Realized");
}

static void two_machines_may_have_one_name(void **state)
{
    g_autofree char *one = t_define(*state, "twin", GEN2);
    g_autofree char *two = t_define(*state, "twin", GEN2);

    assert_string_not_equal(one, two);
}

static void secure_boot_is_on_for_generation_2_by_default(void **state)
{
    g_autofree char *one = t_define(*state, "g1", GEN1), *two = t_define(*state, "g2", GEN2);
    g_autofree char *first = setting(*state, one, "SecureBootEnabled");
    g_autofree char *second = setting(*state, two, "SecureBootEnabled");

    assert_string_equal(first, "false");
    assert_string_equal(second, "true");
}

static void a_definition_that_is_wrong_leaves_nothing_behind(void **state)
{
    static const char *const rows[][2] = { { "VirtualSystemSubType", "Microsoft:Hyper-V:SubType:3" },
                                           { "AutomaticStartupAction", "9" },
                                           { "BIOSGUID", "no guid" },
                                           { "IsSaved", "true" } };
    g_autoptr(GPtrArray) before = NULL, after = NULL;

    assert_int_equal(sim_host_enumerate(*state, V2, "Msvm_ComputerSystem", &before), SIM_OK);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            t_instance(*state, "Msvm_VirtualSystemSettingData", rows[i][0], rows[i][1], NULL);
        g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                    "DefineSystem", "SystemSettings", t_text(text), NULL);

        if (t_result(*state, &call, NULL) != 32773)
            fail_msg("%s=%s: %u", rows[i][0], rows[i][1], call.rv);
    }
    assert_int_equal(sim_host_enumerate(*state, V2, "Msvm_ComputerSystem", &after), SIM_OK);
    assert_int_equal(before->len, after->len);
}

static void resources_in_the_definition_are_applied(void **state)
{
    g_autofree char *system = t_instance(*state, "Msvm_VirtualSystemSettingData", "ElementName", "full",
                                         "VirtualSystemSubType", GEN2, NULL);
    g_autofree char *memory = t_instance(*state, "Msvm_MemorySettingData", "VirtualQuantity", "2048", NULL);
    g_autofree char *cpu = t_instance(*state, "Msvm_ProcessorSettingData", "VirtualQuantity", "4", NULL);
    g_autofree char *scsi = t_instance(*state, "Msvm_ResourceAllocationSettingData", "ResourceSubType",
                                       "Microsoft:Hyper-V:Synthetic SCSI Controller", NULL);
    g_auto(TCall) call =
        t_call(*state, t_service("Msvm_VirtualSystemManagementService"), "DefineSystem", "SystemSettings",
               t_text(system), "ResourceSettings", t_texts(memory, cpu, scsi, NULL), NULL);
    g_autoptr(CimPath) path = t_out_path(&call, "ResultingSystem", 0);
    const char *guid = cim_path_find_key(path, "Name");
    g_autoptr(GPtrArray) parts = t_parts(*state, guid, "Msvm_MemorySettingData", NULL);

    assert_int_equal(cim_value_uint(cim_object_get(g_ptr_array_index(parts, 0), "VirtualQuantity"), 0),
                     2048);
    assert_int_equal(count(*state, guid, "Microsoft:Hyper-V:Synthetic SCSI Controller"), 1);
}

/* --- ModifySystemSettings -------------------------------------------------------------- */

static void a_minimal_instance_changes_what_it_names_only(void **state)
{
    g_autofree char *guid = t_define(*state, "small", GEN2);
    g_autofree char *name = NULL, *action = NULL;
    g_autoptr(CimObject) settings = NULL;

    assert_int_equal(
        t_modify(*state, guid, NULL, "Notes", "one|two & <three>", "AutomaticStartupAction", "4", NULL), 0);
    settings = t_get(*state, t_settings(guid));
    assert_int_equal(cim_value_count(cim_object_get(settings, "Notes")), 2);
    assert_string_equal(cim_value_item(cim_object_get(settings, "Notes"), 1)->text, "two & <three>");
    name = setting(*state, guid, "ElementName");
    action = setting(*state, guid, "AutomaticStartupAction");
    assert_string_equal(name, "small");
    assert_string_equal(action, "4");
}

static void a_rename_shows_on_the_system_too(void **state)
{
    g_autofree char *guid = t_define(*state, "old", GEN2);
    g_autoptr(CimObject) system = NULL;

    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "new", NULL), 0);
    system = t_get(*state, t_system(guid));
    assert_string_equal(cim_value_text(cim_object_get(system, "ElementName")), "new");
}

static void read_only_properties_may_be_repeated_but_not_changed(void **state)
{
    g_autofree char *guid = t_define(*state, "readonly", GEN2);
    g_autofree char *text = NULL;

    assert_int_equal(
        t_modify(*state, guid, NULL, "VirtualSystemIdentifier", guid, "ElementName", "same", NULL), 0);
    assert_int_equal(t_modify(*state, guid, &text, "Version", "8.0", "ElementName", "other", NULL), 32773);
    assert_non_null(strstr(text, "Version"));
    {
        g_autofree char *name = setting(*state, guid, "ElementName");

        assert_string_equal(name, "same"); /* all or nothing */
    }
}

static void firmware_settings_need_the_machine_off_and_names_do_not(void **state)
{
    g_autofree char *guid = t_define(*state, "busy", GEN2);

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootEnabled", "false", NULL), 32775);
    assert_int_equal(
        t_modify(*state, guid, NULL, "BIOSGUID", "{11111111-2222-4333-8444-555555555555}", NULL), 32775);
    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "busy2", "Notes", "x", NULL), 0);
}

static void generation_1_has_no_secure_boot(void **state)
{
    g_autofree char *guid = t_define(*state, "one", GEN1);

    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootEnabled", "true", NULL), 32773);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootEnabled", "false", NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "BootOrder", "3|2|1|0", NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "BootOrder", "3|3|1|0", NULL), 32773);
}

static void an_unknown_secure_boot_template_is_refused(void **state)
{
    g_autofree char *guid = t_define(*state, "template", GEN2);

    assert_int_equal(
        t_modify(*state, guid, NULL, "SecureBootTemplateId", "11111111-2222-4333-8444-555555555555", NULL),
        32773);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootTemplateId", TEMPLATE_LINUX, NULL), 0);
}

static void boot_sources_follow_the_devices_and_can_be_reordered(void **state)
{
    g_autofree char *guid = t_define(*state, "boot", GEN2);
    g_autoptr(CimObject) settings = NULL, again = NULL;
    g_autofree char *order = NULL, *bad = NULL;
    const CimValue *value = NULL;

    t_add_disk(*state, guid, "C:\\boot.vhdx");
    assert_int_equal(t_add(*state, guid,
                           t_instance(*state, "Msvm_SyntheticEthernetPortSettingData", "ResourceSubType",
                                      "Microsoft:Hyper-V:Synthetic Ethernet Port", NULL),
                           NULL, NULL),
                     0);
    settings = t_get(*state, t_settings(guid));
    value = cim_object_get(settings, "BootSourceOrder");
    assert_int_equal(cim_value_count(value), 2);
    assert_non_null(strstr(cim_value_item(value, 0)->text, "\\\\D\\\\B\""));
    order = g_strjoin("|", cim_value_item(value, 1)->text, cim_value_item(value, 0)->text, NULL);
    assert_int_equal(t_modify(*state, guid, NULL, "BootSourceOrder", order, NULL), 0);
    again = t_get(*state, t_settings(guid));
    assert_string_equal(cim_value_item(cim_object_get(again, "BootSourceOrder"), 0)->text,
                        cim_value_item(value, 1)->text);
    bad = g_strjoin("|", cim_value_item(value, 0)->text, cim_value_item(value, 0)->text, NULL);
    assert_int_equal(t_modify(*state, guid, NULL, "BootSourceOrder", bad, NULL), 32773);
    assert_int_equal(t_modify(*state, guid, NULL, "BootSourceOrder", "nowhere", NULL), 32773);
}

static void a_boot_order_for_a_running_machine_is_dropped_without_a_word(void **state)
{
    g_autofree char *guid = t_define(*state, "dropped", GEN1);
    g_autofree char *first = NULL;

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "BootOrder", "3|2|1|0", NULL), 0);
    first = setting(*state, guid, "BootOrder");
    assert_string_equal(first, "1");
}

/* --- states ------------------------------------------------------------------------------- */

static void each_request_leads_where_it_should_or_is_refused(void **state)
{
    static const struct {
        guint16 from; /* request that leads to the first state; 0: off */
        guint16 request;
        guint32 code;
        guint state;
    } rows[] = {
        { 0, 2, 0, 2 },     { 0, 3, 32775, 3 },  { 0, 4, 32775, 3 }, { 0, 6, 32775, 3 },
        { 0, 9, 32775, 3 }, { 0, 11, 32775, 3 }, { 2, 2, 32775, 2 }, { 2, 3, 0, 3 },
        { 2, 4, 0, 3 },     { 2, 6, 0, 6 },      { 2, 9, 0, 9 },     { 2, 10, 0, 2 },
        { 2, 11, 0, 2 },    { 9, 2, 0, 2 },      { 9, 3, 0, 3 },     { 9, 6, 0, 6 },
        { 9, 9, 32775, 9 }, { 6, 2, 0, 2 },      { 6, 3, 0, 3 },     { 6, 9, 32775, 6 },
        { 2, 5, 32773, 2 }, { 0, 77, 32773, 3 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *guid = t_define(*state, "state", GEN2);
        guint32 code = 0;

        if (rows[i].from)
            assert_int_equal(t_request(*state, guid, 2, NULL), 0);
        if (rows[i].from > 2)
            assert_int_equal(t_request(*state, guid, rows[i].from, NULL), 0);
        code = t_request(*state, guid, rows[i].request, NULL);
        if (code != rows[i].code || t_state(*state, guid) != rows[i].state)
            fail_msg("from %u, request %u: code %u, state %u", rows[i].from, rows[i].request, code,
                     t_state(*state, guid));
    }
}

static void a_machine_on_its_way_shows_it_and_takes_no_second_request(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(200, 0);
    g_autofree char *guid = t_define(host, "slow", GEN2);
    g_auto(TCall) call =
        t_call(host, t_system(guid), "RequestStateChange", "RequestedState", t_u16(2), NULL);

    assert_int_equal(call.rv, 4096);
    assert_int_equal(t_state(host, guid), 10);
    assert_int_equal(t_request(host, guid, 2, NULL), 32775);
    assert_int_equal(t_request(host, guid, 3, NULL), 32775);
    assert_int_equal(t_modify(host, guid, NULL, "SecureBootEnabled", "false", NULL), 32775);
    assert_int_equal(destroy(host, guid), 32775);
    assert_int_equal(t_result(host, &call, NULL), 0);
    assert_int_equal(t_state(host, guid), 2);
}

static void uptime_and_process_belong_to_a_run(void **state)
{
    g_autofree char *guid = t_define(*state, "time", GEN2);
    g_autoptr(CimObject) running = NULL, off = NULL;

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    g_usleep(3000);
    running = t_get(*state, t_system(guid));
    assert_true(cim_value_uint(cim_object_get(running, "OnTimeInMilliseconds"), 0) > 0);
    assert_true(cim_value_uint(cim_object_get(running, "ProcessID"), 0) > 0);
    assert_int_equal(t_request(*state, guid, 3, NULL), 0);
    off = t_get(*state, t_system(guid));
    assert_int_equal(cim_value_uint(cim_object_get(off, "OnTimeInMilliseconds"), 1), 0);
    assert_true(cim_value_is_null(cim_object_get(off, "ProcessID")));
}

static CimPath *shutdown_component(SimHost *host, const char *guid)
{
    g_autoptr(CimPath) system = t_system(guid);
    g_autoptr(GPtrArray) found = NULL;

    assert_int_equal(sim_host_associators(host, system, "Msvm_SystemDevice", "Msvm_ShutdownComponent", NULL,
                                          NULL, &found),
                     SIM_OK);
    return found->len ? cim_object_path(g_ptr_array_index(found, 0)) : NULL;
}

static void the_guest_shuts_down_in_its_own_time(void **state)
{
    g_autofree char *guid = t_define(*state, "guest", GEN2);

    assert_null(shutdown_component(*state, guid));
    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    {
        g_auto(TCall) call = t_call(*state, shutdown_component(*state, guid), "InitiateShutdown", "Force",
                                    cim_value_new_boolean(FALSE), "Reason", t_text("test"), NULL);

        assert_int_equal(call.rv, 0);
        assert_null(g_hash_table_lookup(call.out, "Job"));
    }
    g_usleep(3000);
    assert_int_equal(t_state(*state, guid), 3);
}

static void a_paused_guest_cannot_answer(void **state)
{
    g_autofree char *guid = t_define(*state, "paused", GEN2);

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(t_request(*state, guid, 9, NULL), 0);
    {
        g_auto(TCall) call = t_call(*state, shutdown_component(*state, guid), "InitiateShutdown", NULL);

        assert_int_equal(call.rv, 32775);
    }
}

static void a_file_that_another_machine_has_open_refuses_the_start(void **state)
{
    g_autofree char *one = t_define(*state, "one", GEN2);
    g_autofree char *two = t_define(*state, "two", GEN2);
    g_autofree char *text = NULL;

    t_add_disk(*state, one, "C:\\shared.vhdx");
    t_add_disk(*state, two, "C:\\shared.vhdx");
    assert_int_equal(t_request(*state, one, 2, NULL), 0);
    assert_int_equal(t_request(*state, two, 2, &text), 32768);
    assert_non_null(strstr(text, "0x80070020"));
    assert_int_equal(t_state(*state, two), 3);
    assert_int_equal(t_request(*state, one, 3, NULL), 0);
    assert_int_equal(t_request(*state, two, 2, NULL), 0);
}

/* --- DestroySystem --------------------------------------------------------------------------- */

static void only_a_machine_that_is_off_or_saved_can_go(void **state)
{
    g_autofree char *guid = t_define(*state, "gone", GEN2);
    g_autoptr(CimPath) path = t_system(guid);
    g_autoptr(CimObject) object = NULL;

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(destroy(*state, guid), 32775);
    assert_int_equal(t_request(*state, guid, 9, NULL), 0);
    assert_int_equal(destroy(*state, guid), 32775);
    assert_int_equal(t_request(*state, guid, 6, NULL), 0);
    assert_int_equal(destroy(*state, guid), 0);
    assert_int_equal(sim_host_get(*state, path, &object), SIM_NOT_FOUND);
    assert_int_equal(destroy(*state, guid), 32773);
}

static void the_host_itself_cannot_be_destroyed_or_switched(void **state)
{
    assert_int_equal(destroy(*state, "HV01"), 32773);
    assert_int_equal(t_request(*state, "HV01", 3, NULL), 32770);
}

/* --- jobs --------------------------------------------------------------------------------------- */

static void a_job_runs_before_its_work_is_seen(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(150, 0);
    g_autofree char *guid = t_define(host, "before", GEN2);
    g_autofree char *id = g_strconcat("Microsoft:", guid, NULL);
    g_autofree char *text =
        t_instance(host, "Msvm_VirtualSystemSettingData", "InstanceID", id, "ElementName", "after", NULL);
    g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"),
                                "ModifySystemSettings", "SystemSettings", t_text(text), NULL);
    g_autoptr(CimPath) path = t_out_path(&call, "Job", 0);
    g_autoptr(CimObject) job = NULL, done = NULL;
    g_autofree char *name = NULL, *later = NULL;

    assert_int_equal(call.rv, 4096);
    assert_string_equal(cim_path_class(path), "Msvm_ConcreteJob");
    assert_int_equal(sim_host_get(host, path, &job), SIM_OK);
    assert_true(cim_value_uint(cim_object_get(job, "JobState"), 0) <= 4);
    assert_true(cim_value_uint(cim_object_get(job, "PercentComplete"), 100) < 100);
    name = setting(host, guid, "ElementName");
    assert_string_equal(name, "before");
    assert_int_equal(t_result(host, &call, NULL), 0);
    assert_int_equal(sim_host_get(host, path, &done), SIM_OK);
    assert_int_equal(cim_value_uint(cim_object_get(done, "JobState"), 0), 7);
    assert_int_equal(cim_value_uint(cim_object_get(done, "PercentComplete"), 0), 100);
    later = setting(host, guid, "ElementName");
    assert_string_equal(later, "after");
}

static void a_failed_job_tells_code_and_text_and_errors(void **state)
{
    g_autofree char *guid = t_define(*state, "fails", GEN2);
    g_autofree char *id = g_strconcat("Microsoft:", guid, NULL);
    g_autofree char *text =
        t_instance(*state, "Msvm_VirtualSystemSettingData", "InstanceID", id, "ConsoleMode", "77", NULL);
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "ModifySystemSettings", "SystemSettings", t_text(text), NULL);
    g_autoptr(CimPath) path = t_out_path(&call, "Job", 0);
    g_autoptr(CimObject) job = NULL;

    assert_int_equal(t_result(*state, &call, NULL), 32773);
    assert_int_equal(sim_host_get(*state, path, &job), SIM_OK);
    assert_int_equal(cim_value_uint(cim_object_get(job, "JobState"), 0), 10);
    assert_non_null(strstr(cim_value_text(cim_object_get(job, "ErrorDescription")), "ConsoleMode"));
    {
        g_auto(TCall) errors = t_call(*state, cim_path_ref(path), "GetErrorEx", NULL);
        const CimValue *value = g_hash_table_lookup(errors.out, "Errors");

        assert_int_equal(cim_value_count(value), 1);
        assert_non_null(strstr(cim_value_item(value, 0)->text, "Msvm_Error"));
        assert_non_null(strstr(cim_value_item(value, 0)->text, "ConsoleMode"));
    }
}

static void a_job_is_linked_to_its_machine_and_its_service(void **state)
{
    g_autofree char *guid = t_define(*state, "linked", GEN2);
    g_auto(TCall) call =
        t_call(*state, t_system(guid), "RequestStateChange", "RequestedState", t_u16(2), NULL);
    g_autoptr(CimPath) path = t_out_path(&call, "Job", 0);
    g_autoptr(GPtrArray) systems = NULL, services = NULL;

    assert_int_equal(t_result(*state, &call, NULL), 0);
    assert_int_equal(sim_host_associators(*state, path, "Msvm_AffectedJobElement", "Msvm_ComputerSystem",
                                          NULL, NULL, &systems),
                     SIM_OK);
    assert_int_equal(systems->len, 1);
    assert_int_equal(
        sim_host_associators(*state, path, "Msvm_OwningJobElement", NULL, NULL, NULL, &services), SIM_OK);
    assert_int_equal(services->len, 1);
}

static void jobs_that_take_no_time_are_methods_that_do_it_at_once(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(0, 0);
    g_autofree char *guid = t_define(host, "now", GEN2);
    g_auto(TCall) start =
        t_call(host, t_system(guid), "RequestStateChange", "RequestedState", t_u16(2), NULL);

    assert_int_equal(start.rv, 4096); /* a state change is a job always */
    assert_int_equal(t_state(host, guid), 2);
    assert_int_equal(t_modify(host, guid, NULL, "ElementName", "then", NULL), 0);
}

/* --- calls ------------------------------------------------------------------------------------------ */

static void an_instance_method_needs_an_instance(void **state)
{
    g_auto(TCall) call =
        t_call(*state, t_class(V2, "Msvm_VirtualSystemManagementService"), "DefineSystem", NULL);
    g_auto(TCall) missing = t_call(*state, t_system("00000000-0000-0000-0000-000000000000"),
                                   "RequestStateChange", "RequestedState", t_u16(2), NULL);

    assert_int_equal(call.status, SIM_INVALID_PARAMETER);
    assert_int_equal(missing.status, SIM_NOT_FOUND);
}

static void a_method_that_is_not_simulated_says_so(void **state)
{
    g_auto(TCall) call =
        t_call(*state, t_service("Msvm_VirtualSystemManagementService"), "GenerateWwpn", NULL);

    assert_int_equal(call.status, SIM_INVALID_METHOD);
}

static void the_nth_call_fails_as_asked_and_does_nothing(void **state)
{
    g_autofree char *guid = t_define(*state, "faults", GEN2);
    g_autofree char *text = NULL, *name = NULL;

    sim_host_fail_method(*state, "ModifySystemSettings", 2, 4096, 32768, "on demand");
    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "first", NULL), 0);
    assert_int_equal(t_modify(*state, guid, &text, "ElementName", "second", NULL), 32768);
    assert_string_equal(text, "on demand");
    name = setting(*state, guid, "ElementName");
    assert_string_equal(name, "first");
    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "third", NULL), 0);
    sim_host_fail_method(*state, NULL, 1, 32775, 0, NULL);
    assert_int_equal(t_request(*state, guid, 2, NULL), 32775);
    assert_int_equal(t_state(*state, guid), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generation_1_comes_with_ide_and_floppy_and_generation_2_without),
        cmocka_unit_test(a_new_machine_is_off_with_the_ids_of_its_guid),
        cmocka_unit_test(two_machines_may_have_one_name),
        cmocka_unit_test(secure_boot_is_on_for_generation_2_by_default),
        cmocka_unit_test(a_definition_that_is_wrong_leaves_nothing_behind),
        cmocka_unit_test(resources_in_the_definition_are_applied),
        cmocka_unit_test(a_minimal_instance_changes_what_it_names_only),
        cmocka_unit_test(a_rename_shows_on_the_system_too),
        cmocka_unit_test(read_only_properties_may_be_repeated_but_not_changed),
        cmocka_unit_test(firmware_settings_need_the_machine_off_and_names_do_not),
        cmocka_unit_test(generation_1_has_no_secure_boot),
        cmocka_unit_test(an_unknown_secure_boot_template_is_refused),
        cmocka_unit_test(boot_sources_follow_the_devices_and_can_be_reordered),
        cmocka_unit_test(a_boot_order_for_a_running_machine_is_dropped_without_a_word),
        cmocka_unit_test(each_request_leads_where_it_should_or_is_refused),
        cmocka_unit_test(a_machine_on_its_way_shows_it_and_takes_no_second_request),
        cmocka_unit_test(uptime_and_process_belong_to_a_run),
        cmocka_unit_test(the_guest_shuts_down_in_its_own_time),
        cmocka_unit_test(a_paused_guest_cannot_answer),
        cmocka_unit_test(a_file_that_another_machine_has_open_refuses_the_start),
        cmocka_unit_test(only_a_machine_that_is_off_or_saved_can_go),
        cmocka_unit_test(the_host_itself_cannot_be_destroyed_or_switched),
        cmocka_unit_test(a_job_runs_before_its_work_is_seen),
        cmocka_unit_test(a_failed_job_tells_code_and_text_and_errors),
        cmocka_unit_test(a_job_is_linked_to_its_machine_and_its_service),
        cmocka_unit_test(jobs_that_take_no_time_are_methods_that_do_it_at_once),
        cmocka_unit_test(an_instance_method_needs_an_instance),
        cmocka_unit_test(a_method_that_is_not_simulated_says_so),
        cmocka_unit_test(the_nth_call_fails_as_asked_and_does_nothing),
    };

    return cmocka_run_group_tests(tests, make_host, free_host);
}
