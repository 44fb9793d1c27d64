/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerate, get, associations, ready-made machines, the dump.
 */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

#define N_READY 14

static int make_host(void **state)
{
    *state = t_host(1, N_READY);
    return 0;
}

static int free_host(void **state)
{
    sim_host_free(*state);
    return 0;
}

static GPtrArray *all(SimHost *host, const char *ns, const char *class_name)
{
    GPtrArray *found = NULL;

    assert_int_equal(sim_host_enumerate(host, ns, class_name, &found), SIM_OK);
    return found;
}

static const char *text(GPtrArray *list, guint index, const char *property)
{
    return cim_value_text(cim_object_get(g_ptr_array_index(list, index), property));
}

static void the_host_is_a_computer_system_among_its_machines(void **state)
{
    g_autoptr(GPtrArray) systems = all(*state, V2, "Msvm_ComputerSystem");

    assert_int_equal(systems->len, N_READY + 1);
    assert_string_equal(text(systems, 0, "Name"), "HV01");
    assert_string_equal(text(systems, 0, "ElementName"), "HV01");
    assert_true(cim_value_is_null(cim_object_get(g_ptr_array_index(systems, 0), "InstallDate")));
    assert_true(
        cim_value_is_null(cim_object_get(g_ptr_array_index(systems, 0), "EnhancedSessionModeState")));
}

static void a_base_class_gives_all_that_derive_from_it(void **state)
{
    g_autoptr(GPtrArray) settings = all(*state, V2, "CIM_ResourceAllocationSettingData");
    g_autoptr(GPtrArray) memory = all(*state, V2, "Msvm_MemorySettingData");
    gboolean ports = FALSE;

    for (guint i = 0; i < settings->len; i++)
        ports = ports || strcmp(schema_class_name(cim_object_class(g_ptr_array_index(settings, i))),
                                "Msvm_SyntheticEthernetPortSettingData") == 0;
    assert_true(ports);
    assert_int_equal(memory->len, N_READY + 4); /* default, minimum, maximum, increment */
}

static void unknown_names_are_told_apart(void **state)
{
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(CimObject) object = NULL;
    g_autoptr(CimPath) missing = t_system("00000000-0000-0000-0000-000000000000");
    g_autoptr(CimPath) odd_key = cim_path_new(V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) no_key = cim_path_new(V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) vague = cim_path_new(V2, "Msvm_ComputerSystem");

    cim_path_set_key(odd_key, "ElementName", "vm0001");
    cim_path_set_key(vague, "CreationClassName", "Msvm_ComputerSystem");
    assert_int_equal(sim_host_enumerate(*state, "root/nothing", "X", &found), SIM_INVALID_NAMESPACE);
    assert_int_equal(sim_host_enumerate(*state, V2, "Msvm_NoSuchThing", &found), SIM_INVALID_CLASS);
    assert_int_equal(sim_host_get(*state, missing, &object), SIM_NOT_FOUND);
    assert_int_equal(sim_host_get(*state, odd_key, &object), SIM_INVALID_SELECTORS);
    assert_int_equal(sim_host_get(*state, no_key, &object), SIM_INVALID_SELECTORS);
    assert_int_equal(sim_host_get(*state, vague, &object), SIM_INVALID_SELECTORS);
}

static void a_singleton_service_needs_its_class_name_only(void **state)
{
    g_autoptr(CimObject) service = t_get(*state, t_service("Msvm_SecurityService"));

    assert_string_equal(cim_value_text(cim_object_get(service, "Name")), "vmsecuritywmi");
}

static void keys_are_matched_without_regard_to_case(void **state)
{
    g_autoptr(GPtrArray) systems = all(*state, V2, "Msvm_ComputerSystem");
    g_autofree char *lower = g_ascii_strdown(text(systems, 1, "Name"), -1);
    g_autoptr(CimObject) system = t_get(*state, t_system(lower));

    assert_string_equal(cim_value_text(cim_object_get(system, "Name")), text(systems, 1, "Name"));
}

static void what_is_handed_out_does_not_follow_later_changes(void **state)
{
    g_autofree char *guid = t_define(*state, "before", GEN2);
    g_autoptr(CimObject) settings = t_get(*state, t_settings(guid));

    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "after", NULL), 0);
    assert_string_equal(cim_value_text(cim_object_get(settings, "ElementName")), "before");
}

static void the_ways_from_a_machine_to_its_parts(void **state)
{
    g_autoptr(GPtrArray) systems = all(*state, V2, "Msvm_ComputerSystem");
    CimObject *running = g_ptr_array_index(systems, 1); /* vm0001: state row 1 of 6 */
    g_autoptr(CimPath) system = cim_object_path(running);
    g_autoptr(GPtrArray) settings = NULL, devices = NULL, components = NULL, parts = NULL;
    g_autoptr(CimPath) path = NULL;

    assert_int_equal(cim_value_uint(cim_object_get(running, "EnabledState"), 0), 2);
    assert_int_equal(sim_host_associators(*state, system, "Msvm_SettingsDefineState",
                                          "Msvm_VirtualSystemSettingData", NULL, NULL, &settings),
                     SIM_OK);
    assert_int_equal(settings->len, 1);
    path = cim_object_path(g_ptr_array_index(settings, 0));
    assert_int_equal(sim_host_associators(*state, path, "Msvm_VirtualSystemSettingDataComponent",
                                          "Msvm_ProcessorSettingData", NULL, NULL, &parts),
                     SIM_OK);
    assert_int_equal(parts->len, 1);
    assert_int_equal(sim_host_associators(*state, system, "Msvm_SystemDevice", "Msvm_ShutdownComponent",
                                          NULL, NULL, &devices),
                     SIM_OK);
    assert_int_equal(devices->len, 1);
    assert_int_equal(sim_host_associators(*state, system, "Msvm_SystemComponent", "Msvm_SecurityElement",
                                          NULL, NULL, &components),
                     SIM_OK);
    assert_int_equal(components->len, 1);
}

static void roles_and_classes_narrow_a_walk(void **state)
{
    g_autoptr(GPtrArray) systems = all(*state, V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) system = cim_object_path(g_ptr_array_index(systems, 2));
    g_autoptr(GPtrArray) right = NULL, wrong = NULL, none = NULL, references = NULL, bad = NULL;

    assert_int_equal(sim_host_associators(*state, system, "Msvm_SettingsDefineState", NULL,
                                          "ManagedElement", "SettingData", &right),
                     SIM_OK);
    assert_int_equal(right->len, 1);
    assert_int_equal(
        sim_host_associators(*state, system, "Msvm_SettingsDefineState", NULL, "SettingData", NULL, &wrong),
        SIM_OK);
    assert_int_equal(wrong->len, 0);
    assert_int_equal(
        sim_host_associators(*state, system, NULL, "Msvm_VirtualEthernetSwitch", NULL, NULL, &none),
        SIM_OK);
    assert_int_equal(none->len, 0);
    assert_int_equal(sim_host_references(*state, system, "Msvm_SettingsDefineState", NULL, &references),
                     SIM_OK);
    assert_int_equal(references->len, 1);
    assert_int_equal(cim_value_type(cim_object_get(g_ptr_array_index(references, 0), "SettingData")),
                     CIM_REFERENCE);
    assert_int_equal(sim_host_associators(*state, system, "Msvm_NoSuchThing", NULL, NULL, NULL, &bad),
                     SIM_INVALID_CLASS);
}

static void association_instances_can_be_got_by_their_path(void **state)
{
    g_autoptr(GPtrArray) links = all(*state, V2, "Msvm_SettingsDefineState");
    g_autoptr(CimPath) path = cim_object_path(g_ptr_array_index(links, 3));
    g_autoptr(CimObject) link = NULL;

    assert_int_equal(sim_host_get(*state, path, &link), SIM_OK);
    assert_true(cim_value_equal(cim_object_get(link, "ManagedElement"),
                                cim_object_get(g_ptr_array_index(links, 3), "ManagedElement")));
}

static void a_pool_leads_to_its_default_settings(void **state)
{
    g_autoptr(GPtrArray) pools = all(*state, V2, "Msvm_ResourcePool");
    guint checked = 0;

    for (guint i = 0; i < pools->len; i++) {
        g_autoptr(CimPath) pool = cim_object_path(g_ptr_array_index(pools, i));
        g_autoptr(GPtrArray) capabilities = NULL, defaults = NULL;
        g_autoptr(CimPath) path = NULL;

        assert_int_equal(
            sim_host_associators(*state, pool, "Msvm_ElementCapabilities", NULL, NULL, NULL, &capabilities),
            SIM_OK);
        assert_int_equal(capabilities->len, 1);
        path = cim_object_path(g_ptr_array_index(capabilities, 0));
        assert_int_equal(sim_host_associators(*state, path, "Msvm_SettingsDefineCapabilities", NULL, NULL,
                                              NULL, &defaults),
                         SIM_OK);
        assert_true(defaults->len >= 1);
        assert_true(g_str_has_suffix(text(defaults, 0, "InstanceID"), "\\Default"));
        assert_string_equal(text(defaults, 0, "ResourceSubType"), text(pools, i, "ResourceSubType"));
        checked++;
    }
    assert_true(checked > 10);
}

static void a_machine_that_is_off_has_no_devices(void **state)
{
    g_autoptr(GPtrArray) systems = all(*state, V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) off = cim_object_path(g_ptr_array_index(systems, 2));
    g_autoptr(GPtrArray) devices = NULL;

    assert_int_equal(cim_value_uint(cim_object_get(g_ptr_array_index(systems, 2), "EnabledState"), 0), 3);
    assert_true(cim_value_is_null(cim_object_get(g_ptr_array_index(systems, 2), "ProcessID")));
    assert_int_equal(sim_host_associators(*state, off, "Msvm_SystemDevice", NULL, NULL, NULL, &devices),
                     SIM_OK);
    assert_int_equal(devices->len, 0);
}

/* Those that stand for the host's configuration versions come first. */
static GPtrArray *settings_of_machines(SimHost *host)
{
    GPtrArray *settings = all(host, V2, "Msvm_VirtualSystemSettingData");

    while (settings->len > 0 && g_str_has_prefix(text(settings, 0, "InstanceID"), "Microsoft:Definition"))
        g_ptr_array_remove_index(settings, 0);
    return settings;
}

static void configuration_versions_are_capabilities_of_the_host(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(1, 0);
    g_autoptr(GPtrArray) capabilities = all(host, V2, "Msvm_VirtualSystemManagementCapabilities");
    g_autoptr(GPtrArray) settings = all(host, V2, "Msvm_VirtualSystemSettingData");
    g_autoptr(GPtrArray) links = all(host, V2, "Msvm_SettingsDefineCapabilities");
    guint supported = 0;

    assert_int_equal(capabilities->len, 1);
    for (guint i = 0; i < links->len; i++) {
        const CimObject *link = g_ptr_array_index(links, i);

        /* Supported points: other definitions are defaults and bounds. */
        if (cim_value_uint(cim_object_get(link, "ValueRole"), 9) == 3 &&
            cim_value_uint(cim_object_get(link, "ValueRange"), 9) == 0)
            supported++;
    }
    assert_int_equal(supported + 1, settings->len);
    assert_string_equal(text(settings, settings->len - 1, "Version"), text(settings, 0, "Version"));
}

static void ready_made_machines_are_the_same_every_time(void **state)
{
    g_autoptr(SimHost) other = t_host(1, N_READY);
    g_autoptr(GPtrArray) one = settings_of_machines(*state);
    g_autoptr(GPtrArray) two = settings_of_machines(other);
    guint generations[3] = { 0 };

    for (guint i = 0; i < N_READY; i++) {
        assert_string_equal(text(one, i, "InstanceID"), text(two, i, "InstanceID"));
        assert_string_equal(text(one, i, "BIOSGUID"), text(two, i, "BIOSGUID"));
        generations[g_str_has_suffix(text(one, i, "VirtualSystemSubType"), "2") ? 2 : 1]++;
    }
    assert_string_equal(text(one, 0, "ElementName"), "vm0001");
    assert_int_equal(generations[1], N_READY / 2);
    assert_int_equal(generations[2], N_READY / 2);
}

static void states_of_ready_made_machines_are_mixed(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(1, N_READY);
    g_autoptr(GPtrArray) systems = all(host, V2, "Msvm_ComputerSystem");
    guint seen[16] = { 0 };

    for (guint i = 1; i < systems->len; i++)
        seen[cim_value_uint(cim_object_get(g_ptr_array_index(systems, i), "EnabledState"), 0)]++;
    assert_true(seen[2] > 0 && seen[3] > 0 && seen[6] > 0 && seen[9] > 0);
}

static void texts_follow_the_language(void **state G_GNUC_UNUSED)
{
    g_autofree char *folder = sim_test_schema_folder();
    SimHostOptions options = { .schema_folder = folder,
                               .name = "hv02",
                               .version = "10.0.20348",
                               .guard_mode = SIM_GUARD_LOCAL,
                               .n_machines = 1,
                               .ui_language = "ja-JP" };
    g_autoptr(SimHost) host = sim_host_new(&options, NULL);
    g_autoptr(GPtrArray) systems = all(host, V2, "Msvm_ComputerSystem");

    assert_string_equal(text(systems, 1, "Caption"), "仮想マシン");
}

static void the_version_decides_the_configuration_version(void **state G_GNUC_UNUSED)
{
    static const char *const rows[][2] = {
        { "10.0.14393", "8.0" }, { "10.0.17763", "9.0" }, { "10.0.20348", "10.0" }, { "6.3.9600", "5.0" }
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(SimHost) host = t_host_with(rows[i][0], SIM_GUARD_LOCAL, FALSE, 0);
        g_autofree char *guid = t_define(host, "v", GEN2);
        g_autoptr(CimObject) settings = t_get(host, t_settings(guid));

        assert_string_equal(cim_value_text(cim_object_get(settings, "Version")), rows[i][1]);
    }
}

static void cimv2_describes_the_host(void **state)
{
    g_autoptr(GPtrArray) os = all(*state, "root/cimv2", "Win32_OperatingSystem");
    g_autoptr(GPtrArray) cpus = all(*state, "root/cimv2", "Win32_Processor");
    g_autoptr(GPtrArray) product = all(*state, "root/cimv2", "Win32_ComputerSystemProduct");

    assert_string_equal(text(os, 0, "Version"), "10.0.20348");
    assert_string_equal(text(os, 0, "CSName"), "HV01");
    assert_int_equal(cpus->len, 2);
    assert_int_equal(strlen(text(product, 0, "UUID")), 36);
}

static void two_dumps_of_the_same_state_are_equal(void **state)
{
    json_object *one = sim_host_dump(*state, FALSE), *two = sim_host_dump(*state, FALSE);
    json_object *machines = NULL;

    assert_true(json_object_equal(one, two));
    assert_true(json_object_object_get_ex(one, "machines", &machines));
    assert_true(json_object_array_length(machines) >= N_READY);
    json_object_put(one);
    json_object_put(two);
}

static void the_dump_tells_what_changed(void **state)
{
    json_object *before = sim_host_dump(*state, FALSE), *after = NULL;
    g_autofree char *guid = t_define(*state, "changed", GEN1);

    after = sim_host_dump(*state, FALSE);
    assert_false(json_object_equal(before, after));
    assert_non_null(strstr(json_object_to_json_string(after), guid));
    json_object_put(before);
    json_object_put(after);
}

static void too_many_machines_are_refused(void **state G_GNUC_UNUSED)
{
    g_autofree char *folder = sim_test_schema_folder();
    SimHostOptions options = { .schema_folder = folder, .n_machines = 1000000 };
    g_autoptr(GError) error = NULL;

    assert_null(sim_host_new(&options, &error));
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_a_computer_system_among_its_machines),
        cmocka_unit_test(a_base_class_gives_all_that_derive_from_it),
        cmocka_unit_test(unknown_names_are_told_apart),
        cmocka_unit_test(a_singleton_service_needs_its_class_name_only),
        cmocka_unit_test(keys_are_matched_without_regard_to_case),
        cmocka_unit_test(the_ways_from_a_machine_to_its_parts),
        cmocka_unit_test(roles_and_classes_narrow_a_walk),
        cmocka_unit_test(association_instances_can_be_got_by_their_path),
        cmocka_unit_test(a_pool_leads_to_its_default_settings),
        cmocka_unit_test(a_machine_that_is_off_has_no_devices),
        cmocka_unit_test(configuration_versions_are_capabilities_of_the_host),
        cmocka_unit_test(ready_made_machines_are_the_same_every_time),
        cmocka_unit_test(states_of_ready_made_machines_are_mixed),
        cmocka_unit_test(texts_follow_the_language),
        cmocka_unit_test(the_version_decides_the_configuration_version),
        cmocka_unit_test(cimv2_describes_the_host),
        cmocka_unit_test(what_is_handed_out_does_not_follow_later_changes),
        cmocka_unit_test(two_dumps_of_the_same_state_are_equal),
        cmocka_unit_test(the_dump_tells_what_changed),
        cmocka_unit_test(too_many_machines_are_refused),
    };

    return cmocka_run_group_tests(tests, make_host, free_host);
}
