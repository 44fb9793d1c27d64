/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_power.h"
#include "hyperv/hyperv_rasd.h"
#include "tests/hyperv/describe.h"
#include "tests/hyperv/fake_host.h"

static int setup(void **state)
{
    *state = fake_host_new();
    return 0;
}

static int teardown(void **state)
{
    fake_host_free(*state);
    return 0;
}

static const HypervFound *at(GPtrArray *all, guint i)
{
    assert_true(i < all->len);
    return g_ptr_array_index(all, i);
}

/* --- finding ------------------------------------------------------------------- */

static void test_open_takes_two_requests_and_the_name(void **state)
{
    FakeHost *fake = *state;
    guint major, minor, build;

    assert_int_equal(fake_wsman_n_calls(fake->wsman), 2);
    assert_string_equal(hyperv_host_get_name(fake->host), "FAKE01");
    hyperv_host_get_version(fake->host, &major, &minor, &build);
    assert_int_equal(build, 20348);
    assert_true(hyperv_host_version_at_least(fake->host, 10, 0));
    assert_true(hyperv_host_version_at_least(fake->host, 6, 3));
    assert_false(hyperv_host_version_at_least(fake->host, 10, 1));
}

static void test_host_without_hyperv_is_told(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GError) error = NULL;

    fake->no_hyperv = TRUE;
    assert_null(hyperv_host_open(fake_wsman_client(fake->wsman), NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_HYPERV);
}

static void test_listing_takes_two_queries_for_250(void **state)
{
    static const char *const notes[] = { "first", "second", NULL };
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = NULL;
    guint before;

    for (guint i = 0; i < 250; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        FakeMachine *machine = fake_host_add_machine(fake, name, 2);

        if (i == 3)
            wsman_instance_set_array(machine->settings, "Notes", WSMAN_CIM_STRING, notes);
    }
    before = fake_wsman_n_calls(fake->wsman);
    all = hyperv_find_all(fake->host, NULL, NULL);
    assert_non_null(all);
    assert_int_equal(all->len, 250);
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 2);
    assert_string_equal(at(all, 3)->notes, "first\nsecond");
    assert_null(at(all, 4)->notes);
    assert_int_equal(at(all, 4)->state, HYPERV_STATE_OFF);
    assert_false(at(all, 4)->has_settings);
}

static void test_listing_halves_pages_that_are_too_large(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = NULL;

    for (guint i = 0; i < 37; i++)
        fake_host_add_machine(fake, "many", 2);
    fake->max_summaries = 5;
    all = hyperv_find_all(fake->host, NULL, NULL);
    assert_non_null(all);
    assert_int_equal(all->len, 37);
}

static void test_listing_of_no_machine_is_empty(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = hyperv_find_all(fake->host, NULL, NULL);

    assert_non_null(all);
    assert_int_equal(all->len, 0);
}

static void test_one_machine_is_found_in_two_requests_by_any_key(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "web1", 2);
    g_autoptr(GPtrArray) by_name = NULL;
    g_autoptr(GPtrArray) by_id = NULL;
    g_autoptr(GPtrArray) by_bios = NULL;
    g_autoptr(HypervFound) by_process = NULL;
    g_autoptr(HypervFound) by_guid = NULL;
    g_autofree char *lower = g_ascii_strdown(machine->guid, -1);
    guint before = fake_wsman_n_calls(fake->wsman);

    fake_host_add_machine(fake, "other", 2);
    wsman_instance_set_string(machine->settings, "BIOSGUID", "{AAAAAAAA-0000-4000-8000-000000000000}");
    wsman_instance_set_uint(machine->settings, "AutomaticStartupAction", WSMAN_CIM_UINT16, 4);
    wsman_instance_set_uint(machine->system, "EnabledState", WSMAN_CIM_UINT16, 2);
    wsman_instance_set_uint(machine->system, "ProcessID", WSMAN_CIM_UINT32, 4711);
    by_name = hyperv_find_by_name(fake->host, "web1", NULL, NULL);
    by_id = hyperv_find_by_uuid(fake->host, lower, NULL, NULL);
    by_bios = hyperv_find_by_uuid(fake->host, "aaaaaaaa-0000-4000-8000-000000000000", NULL, NULL);
    by_process = hyperv_find_by_process_id(fake->host, 4711, NULL, NULL);
    by_guid = hyperv_find_by_guid(fake->host, lower, NULL, NULL);
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 10);
    assert_string_equal(at(by_name, 0)->guid, machine->guid);
    assert_string_equal(at(by_id, 0)->guid, machine->guid);
    assert_string_equal(at(by_bios, 0)->bios_guid, "AAAAAAAA-0000-4000-8000-000000000000");
    assert_string_equal(by_process->name, "web1");
    assert_int_equal(by_guid->process_id, 4711);
    assert_int_equal(by_guid->generation, 2);
    assert_int_equal(by_guid->startup_action, HYPERV_STARTUP_ALWAYS);
    assert_int_equal(by_guid->state, HYPERV_STATE_RUNNING);
}

static void test_namesakes_are_all_found_with_one_request_for_states(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = NULL;
    FakeMachine *running;
    guint before;

    fake_host_add_machine(fake, "twin", 2);
    running = fake_host_add_machine(fake, "twin", 1);
    wsman_instance_set_uint(running->system, "EnabledState", WSMAN_CIM_UINT16, 2);
    before = fake_wsman_n_calls(fake->wsman);
    all = hyperv_find_by_name(fake->host, "twin", NULL, NULL);
    assert_int_equal(all->len, 2);
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 2);
    assert_int_equal(at(all, 0)->state, HYPERV_STATE_OFF);
    assert_int_equal(at(all, 1)->state, HYPERV_STATE_RUNNING);
    assert_int_equal(at(all, 1)->generation, 1);
}

static void test_look_before_a_define_takes_one_request(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = NULL;
    guint before = fake_wsman_n_calls(fake->wsman);

    fake_host_add_machine(fake, "web1", 2);
    all = hyperv_find_by_name_or_uuid(fake->host, "web1", "aaaaaaaa-0000-4000-8000-000000000000", NULL, NULL);
    assert_int_equal(all->len, 1);
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 1);
}

static void test_what_is_not_there_is_told(void **state)
{
    FakeHost *fake = *state;
    const char *guid = "0A0B0C0D-0000-4000-8000-00000000FFFF";
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = hyperv_find_by_name(fake->host, "nobody", NULL, NULL);
    HypervState machine_state;

    assert_int_equal(none->len, 0);
    assert_null(hyperv_find_by_guid(fake->host, guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
    g_clear_error(&error);
    assert_null(hyperv_find_by_process_id(fake->host, 99, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
    g_clear_error(&error);
    assert_null(hyperv_load(fake->host, guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
    g_clear_error(&error);
    assert_false(hyperv_query_state(fake->host, guid, &machine_state, NULL, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
    g_clear_error(&error);
    assert_false(hyperv_start(fake->host, guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE);
}

static void test_names_with_quotes_and_backslashes_are_quoted(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) none = hyperv_find_by_name(fake->host, "a\" or \"1\"=\"1\\", NULL, NULL);

    assert_non_null(none);
    assert_true(fake_wsman_log_has(fake->wsman, "ElementName = \"a\\\" or \\\"1\\\"=\\\"1\\\\\""));
}

static void test_usage_takes_two_requests(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "web1", 2);
    HypervUsage usage;
    guint before = fake_wsman_n_calls(fake->wsman);

    wsman_instance_set_uint(machine->system, "EnabledState", WSMAN_CIM_UINT16, 2);
    assert_true(hyperv_query_usage(fake->host, machine->guid, &usage, NULL, NULL));
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 2);
    assert_int_equal(usage.processors, 3);
    assert_int_equal(usage.memory_kib, 512 * 1024);
    assert_int_equal(usage.startup_memory_kib, 1024 * 1024);
    assert_int_equal(usage.max_memory_kib, 1024 * 1024);
    assert_int_equal(usage.uptime_ms, 60000);
}

/* --- loading ---------------------------------------------------------------------- */

static WsmanInstance *add_component(FakeMachine *machine, const char *class_name, const char *suffix, guint type)
{
    g_autofree char *id = g_strdup_printf("Microsoft:%s\\%s", machine->guid, suffix);
    WsmanInstance *part = wsman_instance_new("root/virtualization/v2", class_name);

    wsman_instance_set_string(part, "InstanceID", id);
    wsman_instance_set_uint(part, "ResourceType", WSMAN_CIM_UINT16, type);
    g_ptr_array_add(machine->components, part);
    return part;
}

/* As hosts write it: the host's name in front, backslashes doubled. */
static void set_parent(WsmanInstance *part, const char *class_name, FakeMachine *machine, const char *suffix)
{
    g_autofree char *id = g_strdup_printf("Microsoft:%s\\%s", machine->guid, suffix);
    g_auto(GStrv) pieces = g_strsplit(id, "\\", -1);
    g_autofree char *escaped = g_strjoinv("\\\\", pieces);
    g_autofree char *path = g_strdup_printf("\\\\FAKE01\\root\\virtualization\\v2:%s.InstanceID=\"%s\"", class_name,
                                            escaped);

    wsman_instance_set_string(part, "Parent", path);
}

static void test_null_forms_and_foreign_parts_load(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "odd", 2);
    g_autoptr(HypervMachine) loaded = NULL;
    g_autofree char *text = NULL;
    WsmanInstance *part;

    add_component(machine, "Msvm_SyntheticMouseSettingData", "mouse", 13);
    add_component(machine, HYPERV_RASD_CLASS, "scsi0", 6);
    part = add_component(machine, HYPERV_RASD_CLASS, "scsi0\\0\\1\\D", 16);
    set_parent(part, HYPERV_RASD_CLASS, machine, "scsi0");
    wsman_instance_set_string(part, "AddressOnParent", "1");
    part = add_component(machine, HYPERV_RASD_CLASS, "scsi0\\0\\0\\D", 17);
    set_parent(part, HYPERV_RASD_CLASS, machine, "scsi0");
    wsman_instance_set_string(part, "AddressOnParent", "0");
    wsman_instance_set_string(part, "ResourceSubType", "Microsoft:Hyper-V:Physical Disk Drive");
    /* No parent, no address: of no controller. */
    add_component(machine, HYPERV_RASD_CLASS, "lost", 17);
    part = add_component(machine, HYPERV_SYNTHETIC_PORT_CLASS, "port", 10);
    wsman_instance_set_string(part, "Address", "000000000000");
    wsman_instance_set_string(part, "ElementName", "Network Adapter");
    part = add_component(machine, HYPERV_CONNECTION_CLASS, "port\\C", 33);
    set_parent(part, HYPERV_SYNTHETIC_PORT_CLASS, machine, "port");
    wsman_instance_set_uint(part, "EnabledState", WSMAN_CIM_UINT16, 2);
    wsman_instance_set_string(part, "HostResource", "");
    loaded = hyperv_load(fake->host, machine->guid, NULL, NULL);
    assert_non_null(loaded);
    text = describe_machine(loaded);
    assert_golden("load-odd.txt", text);
    assert_true(loaded->security.available);
    assert_false(loaded->has_checkpoints);
}

static void test_switch_that_is_gone_keeps_its_last_name(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "odd", 2);
    g_autoptr(HypervMachine) loaded = NULL;
    WsmanInstance *part = add_component(machine, HYPERV_SYNTHETIC_PORT_CLASS, "port", 10);
    const HypervNic *nic;

    part = add_component(machine, HYPERV_CONNECTION_CLASS, "port\\C", 33);
    set_parent(part, HYPERV_SYNTHETIC_PORT_CLASS, machine, "port");
    wsman_instance_set_string(part, "HostResource",
                              "\\\\FAKE01\\root\\virtualization\\v2:Msvm_VirtualEthernetSwitch."
                              "CreationClassName=\"Msvm_VirtualEthernetSwitch\",Name=\"GONE\"");
    wsman_instance_set_string(part, "LastKnownSwitchName", "old lan");
    loaded = hyperv_load(fake->host, machine->guid, NULL, NULL);
    nic = g_ptr_array_index(loaded->nics, 0);
    assert_string_equal(nic->switch_name, "old lan");
    assert_false(nic->connected);
}

static void test_machine_on_a_checkpoint_says_so(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "odd", 2);
    g_autoptr(HypervMachine) loaded = NULL;

    wsman_instance_set_string(machine->settings, "Parent", "\\\\FAKE01\\root\\virtualization\\v2:...");
    loaded = hyperv_load(fake->host, machine->guid, NULL, NULL);
    assert_true(loaded->has_checkpoints);
}

static void test_find_and_load_take_at_most_six_requests(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(HypervMachine) loaded = NULL;
    guint before;

    fake_host_add_machine(fake, "web1", 2);
    before = fake_wsman_n_calls(fake->wsman);
    all = hyperv_find_by_name(fake->host, "web1", NULL, NULL);
    loaded = hyperv_load_found(fake->host, at(all, 0), NULL, NULL);
    assert_non_null(loaded);
    /* Components take one more on a host that begins with one item. */
    assert_in_range(fake_wsman_n_calls(fake->wsman) - before + 1, 1, 6);
}

static void test_failure_of_any_request_of_a_load_is_told(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "web1", 2);

    for (guint nth = 1; nth <= 3; nth++) {
        g_autoptr(GError) error = NULL;

        fake_wsman_fail(fake->wsman, nth, FAKE_FAIL_REFUSED, NULL);
        assert_null(hyperv_load(fake->host, machine->guid, NULL, &error));
        assert_non_null(strstr(error->message, "reading the"));
    }
}

/* --- guard, power, names -------------------------------------------------------------- */

static void test_guard_mode_is_read_in_one_request(void **state)
{
    FakeHost *fake = *state;
    HypervGuard guard;
    guint before = fake_wsman_n_calls(fake->wsman);

    assert_true(hyperv_query_guard(fake->host, &guard, NULL, NULL));
    assert_int_equal(guard.mode, HYPERV_GUARD_LOCAL);
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 1);
    fake->guard_mode = 2;
    assert_true(hyperv_query_guard(fake->host, &guard, NULL, NULL));
    assert_int_equal(guard.mode, HYPERV_GUARD_GUARDED);
    assert_true(guard.is_guarded);
    assert_int_equal(guard.attestation_status, 100);
    fake->guard_mode = 0;
    assert_true(hyperv_query_guard(fake->host, &guard, NULL, NULL));
    assert_int_equal(guard.mode, HYPERV_GUARD_NONE);
}

static void test_the_guardian_service_is_that_of_a_guarded_host(void **state)
{
    FakeHost *fake = *state;
    g_autofree char *longest = g_strnfill(HYPERV_GUARD_MAX_SERVICE, 'h');
    g_autofree char *longer = g_strnfill(HYPERV_GUARD_MAX_SERVICE + 1, 'h');
    const struct {
        guint mode;
        const char *told, *expected;
    } rows[] = { { 0, longest, NULL }, { 1, longest, NULL }, { 2, longest, longest }, { 2, "", NULL } };
    HypervGuard guard;
    char *service = NULL;
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        fake->guard_mode = rows[i].mode;
        fake->guard_service = rows[i].told;
        assert_true(hyperv_query_guard_and_service(fake->host, &guard, &service, NULL, NULL));
        assert_int_equal(g_strcmp0(service, rows[i].expected), 0);
        g_clear_pointer(&service, g_free);
    }
    fake->guard_service = longer;
    assert_false(hyperv_query_guard_and_service(fake->host, &guard, &service, NULL, &error));
    assert_null(service);
    assert_non_null(strstr(error->message, "is longer than 2048 bytes"));
}

static void test_power_takes_one_request_and_knows_bad_states(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "web1", 2);
    g_autoptr(GError) error = NULL;
    guint before = fake_wsman_n_calls(fake->wsman);

    assert_true(hyperv_start(fake->host, machine->guid, NULL, &error));
    assert_int_equal(fake_wsman_n_calls(fake->wsman) - before, 1);
    assert_false(hyperv_start(fake->host, machine->guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE);
    assert_true(hyperv_pause(fake->host, machine->guid, NULL, NULL));
    assert_true(hyperv_resume(fake->host, machine->guid, NULL, NULL));
    assert_true(hyperv_save(fake->host, machine->guid, NULL, NULL));
    assert_true(hyperv_turn_off(fake->host, machine->guid, NULL, NULL));
}

static void test_keys_are_read_from_object_paths_of_every_form(void **state)
{
    static const struct {
        const char *path;
        const char *key;
        const char *value;
    } table[] = {
        { "A.InstanceID=\"Microsoft:1\\\\2\"", "InstanceID", "Microsoft:1\\2" },
        { "\\\\H\\root\\v2:A.InstanceID=\"Microsoft:1\\2\\B\"", "InstanceID", "Microsoft:1\\2\\B" },
        { "r:A.CreationClassName=\"A\",Name=\"n\\\"q\"", "name", "n\"q" },
        { "r:A.CreationClassName=\"A\",Name=\"n\"", "ClassName", NULL },
        { "r:A.Name=\"open", "Name", NULL },
        { "=\"\"", "Name", NULL },
        { "", "Name", NULL },
        { NULL, "Name", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *value = hyperv_path_get_key(table[i].path, table[i].key);

        if (table[i].value)
            assert_string_equal(value, table[i].value);
        else
            assert_null(value);
    }
}

static void test_guids_are_normalized_or_refused(void **state)
{
    g_autofree char *braces = hyperv_guid_normalize("{aaaaaaaa-0000-4000-8000-000000000000}");
    g_autofree char *plain = hyperv_guid_normalize("aaaaaaaa-0000-4000-8000-00000000000f");

    assert_string_equal(braces, "AAAAAAAA-0000-4000-8000-000000000000");
    assert_string_equal(plain, "AAAAAAAA-0000-4000-8000-00000000000F");
    assert_null(hyperv_guid_normalize("HV01"));
    assert_null(hyperv_guid_normalize("zzzzzzzz-0000-4000-8000-00000000000f"));
    assert_null(hyperv_guid_normalize(NULL));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_open_takes_two_requests_and_the_name),
        T(test_host_without_hyperv_is_told),
        T(test_listing_takes_two_queries_for_250),
        T(test_listing_halves_pages_that_are_too_large),
        T(test_listing_of_no_machine_is_empty),
        T(test_one_machine_is_found_in_two_requests_by_any_key),
        T(test_namesakes_are_all_found_with_one_request_for_states),
        T(test_look_before_a_define_takes_one_request),
        T(test_what_is_not_there_is_told),
        T(test_names_with_quotes_and_backslashes_are_quoted),
        T(test_usage_takes_two_requests),
        T(test_null_forms_and_foreign_parts_load),
        T(test_switch_that_is_gone_keeps_its_last_name),
        T(test_machine_on_a_checkpoint_says_so),
        T(test_find_and_load_take_at_most_six_requests),
        T(test_failure_of_any_request_of_a_load_is_told),
        T(test_guard_mode_is_read_in_one_request),
        T(test_the_guardian_service_is_that_of_a_guarded_host),
        T(test_power_takes_one_request_and_knows_bad_states),
        T(test_keys_are_read_from_object_paths_of_every_form),
        T(test_guids_are_normalized_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
