/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "tests/hyperv/describe.h"
#include "tests/hyperv/fake_host.h"
#include "tests/hyperv/machines.h"

#define PENDING "pending: one of ours"

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

static char *define(FakeHost *fake, const HypervMachine *wanted, GError **error)
{
    HypervProtection protection = { 0 };

    return hyperv_define(fake->host, wanted, PENDING, wanted->security.tpm_enabled ? &protection : NULL, NULL, error);
}

/* Defines, and gives what a load then shows. */
static char *define_and_load(FakeHost *fake, const HypervMachine *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = define(fake, wanted, &error);
    g_autoptr(HypervMachine) loaded = NULL;

    g_assert_no_error(error);
    assert_non_null(guid);
    loaded = hyperv_load(fake->host, guid, NULL, &error);
    g_assert_no_error(error);
    return describe_machine(loaded);
}

static void assert_defines_as_wanted(FakeHost *fake, HypervMachine *wanted, guint scsi)
{
    g_autofree char *loaded = define_and_load(fake, wanted);
    g_autofree char *expected = NULL;

    wanted->n_scsi_controllers = scsi;
    expected = describe_machine(wanted);
    assert_string_equal(loaded, expected);
}

static void test_what_is_defined_is_what_loads(void **state)
{
    g_autoptr(HypervMachine) wanted = machine_plain();

    assert_defines_as_wanted(*state, wanted, 1);
}

static void test_calls_of_a_plain_define_are_the_golden_ones(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_plain();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = define(fake, wanted, &error);
    g_autofree char *log = fake_wsman_take_log(fake->wsman);

    g_assert_no_error(error);
    assert_golden("define-plain.txt", log);
}

static void test_calls_of_a_define_with_tpm_are_the_golden_ones(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = define(fake, wanted, &error);
    g_autofree char *log = fake_wsman_take_log(fake->wsman);

    g_assert_no_error(error);
    assert_golden("define-tpm.txt", log);
}

static void test_calls_of_a_generation_1_define_are_the_golden_ones(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_generation_1();
    g_autofree char *loaded = define_and_load(fake, wanted);
    g_autofree char *log = fake_wsman_take_log(fake->wsman);
    g_autofree char *both = g_strconcat(log, loaded, NULL);

    assert_golden("define-generation-1.txt", both);
}

static void test_define_works_where_everything_is_a_job_without_results(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();

    fake->jobs = TRUE;
    wanted->security.encrypt_traffic = TRUE;
    assert_defines_as_wanted(fake, wanted, 1);
}

static void test_many_devices_find_their_places(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_devices(11);
    g_autofree char *loaded = NULL;
    g_autofree char *log = NULL;

    loaded = define_and_load(fake, wanted);
    assert_golden("define-many.txt", loaded);
}

static void test_many_devices_find_their_places_without_results(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_devices(11);
    g_autofree char *loaded = NULL;

    fake->jobs = TRUE;
    loaded = define_and_load(fake, wanted);
    assert_golden("define-many.txt", loaded);
}

static void test_budget_of_a_plain_define_is_kept(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_plain();
    guint before = fake_wsman_n_calls(fake->wsman);
    g_autofree char *guid = define(fake, wanted, NULL);

    /* A query of several rows takes one request more on a real host: here that
     * is the one for components. */
    assert_non_null(guid);
    assert_in_range(fake_wsman_n_calls(fake->wsman) - before + 1, 1, 11);
}

static void test_budget_of_a_define_with_tpm_is_kept(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    guint before = fake_wsman_n_calls(fake->wsman);
    g_autofree char *guid = define(fake, wanted, NULL);

    assert_non_null(guid);
    assert_in_range(fake_wsman_n_calls(fake->wsman) - before + 1, 1, 17);
}

static void test_machine_stays_pending_until_complete(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autofree char *guid = define(fake, wanted, NULL);
    g_autofree char *log = fake_wsman_take_log(fake->wsman);
    const char *last_security = g_strrstr(log, "ModifySecuritySettings");
    const char *final_notes = g_strrstr(log, "with two lines");

    assert_non_null(strstr(log, PENDING));
    assert_true(last_security && final_notes && last_security < final_notes);
}

/* --- failures ----------------------------------------------------------------- */

static guint count_calls(HypervMachine *(*make)(void), gboolean jobs)
{
    FakeHost *fake = fake_host_new();
    g_autoptr(HypervMachine) wanted = make();
    g_autofree char *guid = NULL;
    guint before = fake_wsman_n_calls(fake->wsman);
    guint count;

    fake->jobs = jobs;
    guid = define(fake, wanted, NULL);
    assert_non_null(guid);
    count = fake_wsman_n_calls(fake->wsman) - before;
    fake_host_free(fake);
    return count;
}

static void fail_at(HypervMachine *(*make)(void), guint nth, FakeFailure failure, gboolean jobs)
{
    FakeHost *fake = fake_host_new();
    g_autoptr(HypervMachine) wanted = make();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    HypervProtection protection = { 0 };

    fake->jobs = jobs;
    fake_host_add_machine(fake, "web1", 2); /* a namesake, which must survive */
    before = fake_host_dump(fake);
    fake_wsman_fail(fake->wsman, nth, failure, cancellable);
    guid = hyperv_define(fake->host, wanted, PENDING, wanted->security.tpm_enabled ? &protection : NULL, cancellable,
                         &error);
    assert_true(fake_wsman_has_failed(fake->wsman));
    after = fake_host_dump(fake);
    /* A poll that was lost is repeated, and all is well. */
    if (!guid) {
        assert_non_null(error);
        assert_string_equal(after, before);
    } else {
        assert_int_equal(failure, FAKE_FAIL_LOST);
        assert_int_equal(fake->machines->len, 2);
    }
    fake_host_free(fake);
}

static void fail_everywhere(HypervMachine *(*make)(void), FakeFailure failure, gboolean jobs)
{
    guint count = count_calls(make, jobs);

    for (guint nth = 1; nth <= count; nth++)
        fail_at(make, nth, failure, jobs);
}

static void test_refusal_of_any_call_leaves_nothing(void **state)
{
    fail_everywhere(machine_with_tpm, FAKE_FAIL_REFUSED, FALSE);
    fail_everywhere(machine_generation_1, FAKE_FAIL_REFUSED, FALSE);
}

static void test_return_code_of_any_method_leaves_nothing(void **state)
{
    fail_everywhere(machine_with_tpm, FAKE_FAIL_RETURN, FALSE);
}

static void test_failed_job_of_any_method_leaves_nothing(void **state)
{
    fail_everywhere(machine_with_tpm, FAKE_FAIL_JOB, FALSE);
}

static void test_cancelling_at_any_call_leaves_nothing(void **state)
{
    fail_everywhere(machine_with_tpm, FAKE_FAIL_CANCEL, FALSE);
    fail_everywhere(machine_plain, FAKE_FAIL_CANCEL, TRUE);
}

static void test_lost_answer_of_any_call_leaves_nothing(void **state)
{
    fail_everywhere(machine_with_tpm, FAKE_FAIL_LOST, FALSE);
    fail_everywhere(machine_plain, FAKE_FAIL_LOST, TRUE);
}

static void test_failure_of_undo_says_what_is_left(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_plain();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;

    fake_wsman_fail_from(fake->wsman, 4);
    guid = define(fake, wanted, &error);
    assert_null(guid);
    assert_int_equal(fake->machines->len, 1);
    assert_non_null(strstr(error->message, "left on the host"));
    assert_non_null(strstr(error->message, ((FakeMachine *)g_ptr_array_index(fake->machines, 0))->guid));
}

static void expect_untouched(FakeHost *fake, const HypervMachine *wanted, const HypervProtection *protection,
                             HypervError kind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = hyperv_define(fake->host, wanted, PENDING, protection, NULL, &error);

    assert_null(guid);
    g_assert_error(error, HYPERV_ERROR, (int)kind);
    assert_false(fake_wsman_log_has(fake->wsman, "DefineSystem"));
    assert_int_equal(fake->machines->len, 0);
}

static void test_guarded_host_without_keys_is_refused_before_anything(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    HypervProtection protection = { 0 };

    fake->guard_mode = 2;
    expect_untouched(fake, wanted, &protection, HYPERV_ERROR_GUARD_MODE);
    fake->guard_mode = 0;
    expect_untouched(fake, wanted, &protection, HYPERV_ERROR_NO_FEATURE);
}

static void test_missing_guardian_is_refused_or_made(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    HypervProtection protection = { 0 };
    g_autofree char *guid = NULL;

    fake->has_guardian = FALSE;
    expect_untouched(fake, wanted, &protection, HYPERV_ERROR_NO_GUARDIAN);
    protection.create_owner = TRUE;
    guid = hyperv_define(fake->host, wanted, PENDING, &protection, NULL, NULL);
    assert_non_null(guid);
    assert_true(fake->has_guardian);
}

static void test_unknown_and_ambiguous_switch_are_refused_before_anything(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_plain();
    HypervNic *nic = g_ptr_array_index(wanted->nics, 0);

    g_free(nic->switch_name);
    nic->switch_name = g_strdup("nowhere");
    expect_untouched(fake, wanted, NULL, HYPERV_ERROR_NO_SWITCH);
    g_free(nic->switch_name);
    nic->switch_name = g_strdup("twice");
    expect_untouched(fake, wanted, NULL, HYPERV_ERROR_NO_SWITCH);
}

static void test_old_host_is_refused_a_tpm(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;

    hyperv_host_unref(fake->host);
    fake_wsman_set_version(fake->wsman, 6, 3, 9600);
    fake->host = hyperv_host_open(fake_wsman_client(fake->wsman), NULL, NULL);
    guid = define(fake, wanted, &error);
    assert_null(guid);
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_HOST_TOO_OLD);
    assert_non_null(strstr(error->message, "6.3.9600"));
}

static void test_setting_that_is_dropped_is_noticed_and_undone(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;

    fake->deaf = TRUE;
    guid = define(fake, wanted, &error);
    assert_null(guid);
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_NOT_APPLIED);
    assert_int_equal(fake->machines->len, 0);
}

static void test_protector_that_is_dropped_lets_no_tpm_be_and_is_undone(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;

    fake->deaf_to_protector = TRUE;
    guid = define(fake, wanted, &error);
    assert_null(guid);
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_FAILED);
    assert_int_equal(fake->machines->len, 0);
}

static void test_secure_boot_is_set_before_the_protector_where_define_ignores_it(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autofree char *guid = NULL;
    g_autofree char *log = NULL;
    const char *secure_boot;

    fake->deaf_to_secure_boot = TRUE;
    guid = define(fake, wanted, NULL);
    assert_non_null(guid);
    log = fake_wsman_take_log(fake->wsman);
    secure_boot = strstr(strstr(log, "DefineSystem") + 1, "ModifySystemSettings");
    assert_true(secure_boot && secure_boot < strstr(log, "SetKeyProtector"));
}

static void test_shielding_sets_three_switches_together(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    g_autofree char *loaded = NULL;

    wanted->security.shielding_requested = TRUE;
    loaded = define_and_load(fake, wanted);
    assert_non_null(strstr(loaded, "tpm 1 encrypt 1 shield 1"));
}

static void test_bytes_that_are_no_protector_are_refused_before_anything(void **state)
{
    static const guint8 bad[] = { 0, 0, 0, 9, '<', 'm', '/', '>' };
    static const guint8 empty[] = { 0, 0, 0, 4 };
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_with_tpm();
    HypervProtection protection = { .protector = bad, .protector_size = sizeof(bad) };

    expect_untouched(fake, wanted, &protection, HYPERV_ERROR_INVALID_PROTECTOR);
    protection.protector = empty;
    protection.protector_size = sizeof(empty);
    expect_untouched(fake, wanted, &protection, HYPERV_ERROR_INVALID_PROTECTOR);
}

/* What cannot be, each with the change that makes it so. */
static void make_ide_on_2(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DVD, HYPERV_BUS_IDE, 0, 0);
}

static void make_floppy_on_2(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_FLOPPY, HYPERV_BUS_FLOPPY, 0, 0);
}

static void make_far_unit(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 0, 64);
}

static void make_far_controller(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 4, 0);
}

static void make_clash(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 0, 0);
}

static void make_disk_without_file(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 1);
}

static void make_legacy_on_2(HypervMachine *m)
{
    hyperv_machine_add_nic(m)->legacy = TRUE;
}

static void make_bad_mac(HypervMachine *m)
{
    hyperv_machine_add_nic(m)->mac = g_strdup("00:15:5d:01:02");
}

static void make_same_mac(HypervMachine *m)
{
    hyperv_machine_add_nic(m)->mac = g_strdup("00155D010203");
}

static void make_same_place(HypervMachine *m)
{
    hyperv_machine_add_nic(m)->boot_order = 1;
}

static void make_no_memory(HypervMachine *m)
{
    m->memory_mib = 0;
}

static void make_odd_dynamic_memory(HypervMachine *m)
{
    m->dynamic_memory = TRUE;
    m->min_memory_mib = m->memory_mib + 1;
    m->max_memory_mib = m->memory_mib + 2;
}

static void make_no_name(HypervMachine *m)
{
    g_clear_pointer(&m->name, g_free);
}

static void make_generation_3(HypervMachine *m)
{
    m->generation = 3;
}

static void make_five_controllers(HypervMachine *m)
{
    m->n_scsi_controllers = 5;
}

static void make_encryption_without_tpm(HypervMachine *m)
{
    m->security.encrypt_traffic = TRUE;
}

static void make_shield_without_secure_boot(HypervMachine *m)
{
    m->security.tpm_enabled = TRUE;
    m->security.shielding_requested = TRUE;
}

static void make_physical(HypervMachine *m)
{
    hyperv_machine_add_drive(m, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 1)->is_physical = TRUE;
}

static void test_impossible_machines_are_refused_without_a_request(void **state)
{
    static const struct {
        void (*make)(HypervMachine *m);
        HypervError kind;
    } table[] = {
        { make_ide_on_2, HYPERV_ERROR_UNSUPPORTED },
        { make_floppy_on_2, HYPERV_ERROR_UNSUPPORTED },
        { make_far_unit, HYPERV_ERROR_UNSUPPORTED },
        { make_far_controller, HYPERV_ERROR_UNSUPPORTED },
        { make_clash, HYPERV_ERROR_INVALID_PARAMETER },
        { make_disk_without_file, HYPERV_ERROR_INVALID_PARAMETER },
        { make_legacy_on_2, HYPERV_ERROR_UNSUPPORTED },
        { make_bad_mac, HYPERV_ERROR_INVALID_PARAMETER },
        { make_same_mac, HYPERV_ERROR_INVALID_PARAMETER },
        { make_same_place, HYPERV_ERROR_UNSUPPORTED },
        { make_no_memory, HYPERV_ERROR_INVALID_PARAMETER },
        { make_odd_dynamic_memory, HYPERV_ERROR_INVALID_PARAMETER },
        { make_no_name, HYPERV_ERROR_INVALID_PARAMETER },
        { make_generation_3, HYPERV_ERROR_INVALID_PARAMETER },
        { make_five_controllers, HYPERV_ERROR_UNSUPPORTED },
        { make_encryption_without_tpm, HYPERV_ERROR_UNSUPPORTED },
        { make_shield_without_secure_boot, HYPERV_ERROR_UNSUPPORTED },
        { make_physical, HYPERV_ERROR_UNSUPPORTED },
    };
    FakeHost *fake = *state;

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(HypervMachine) wanted = machine_plain();
        g_autofree char *log = NULL;

        table[i].make(wanted);
        expect_untouched(fake, wanted, NULL, table[i].kind);
        log = fake_wsman_take_log(fake->wsman);
        assert_string_equal(log, "");
    }
}

static void test_generation_1_boot_order_is_refused_where_it_cannot_be(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) second = machine_generation_1();
    g_autoptr(HypervMachine) scsi = machine_generation_1();
    HypervDrive *drive = hyperv_machine_add_drive(second, HYPERV_DRIVE_DVD, HYPERV_BUS_IDE, 1, 1);

    drive->boot_order = 7;
    expect_untouched(fake, second, NULL, HYPERV_ERROR_UNSUPPORTED);
    drive = hyperv_machine_add_drive(scsi, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 0, 0);
    drive->boot_order = 7;
    expect_untouched(fake, scsi, NULL, HYPERV_ERROR_UNSUPPORTED);
}

static void test_boot_order_is_found_by_association_where_ids_follow_no_rule(void **state)
{
    FakeHost *fake = *state;
    g_autoptr(HypervMachine) wanted = machine_plain();

    fake->boot_suffix = "\\another";
    assert_defines_as_wanted(fake, wanted, 1);
    assert_true(fake_wsman_log_has(fake->wsman, "Msvm_LogicalIdentity"));
}

static void test_undefine_removes_and_tells_what_is_missing(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "old", 2);
    g_autofree char *guid = g_strdup(machine->guid);
    g_autoptr(GError) error = NULL;

    assert_true(hyperv_undefine(fake->host, guid, NULL, &error));
    assert_int_equal(fake->machines->len, 0);
    assert_false(hyperv_undefine(fake->host, guid, NULL, &error));
    assert_int_equal(hyperv_error_get_code(error), 32773);
}

static void test_undefine_with_a_lost_answer_looks_whether_it_is_gone(void **state)
{
    FakeHost *fake = *state;
    FakeMachine *machine = fake_host_add_machine(fake, "old", 2);
    g_autofree char *guid = g_strdup(machine->guid);
    g_autoptr(GError) error = NULL;

    fake_wsman_fail(fake->wsman, 1, FAKE_FAIL_LOST, NULL);
    assert_true(hyperv_undefine(fake->host, guid, NULL, &error));
    assert_int_equal(fake->machines->len, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_defined_is_what_loads),
        T(test_calls_of_a_plain_define_are_the_golden_ones),
        T(test_calls_of_a_define_with_tpm_are_the_golden_ones),
        T(test_calls_of_a_generation_1_define_are_the_golden_ones),
        T(test_define_works_where_everything_is_a_job_without_results),
        T(test_many_devices_find_their_places),
        T(test_many_devices_find_their_places_without_results),
        T(test_budget_of_a_plain_define_is_kept),
        T(test_budget_of_a_define_with_tpm_is_kept),
        T(test_machine_stays_pending_until_complete),
        T(test_refusal_of_any_call_leaves_nothing),
        T(test_return_code_of_any_method_leaves_nothing),
        T(test_failed_job_of_any_method_leaves_nothing),
        T(test_cancelling_at_any_call_leaves_nothing),
        T(test_lost_answer_of_any_call_leaves_nothing),
        T(test_failure_of_undo_says_what_is_left),
        T(test_guarded_host_without_keys_is_refused_before_anything),
        T(test_missing_guardian_is_refused_or_made),
        T(test_unknown_and_ambiguous_switch_are_refused_before_anything),
        T(test_old_host_is_refused_a_tpm),
        T(test_setting_that_is_dropped_is_noticed_and_undone),
        T(test_protector_that_is_dropped_lets_no_tpm_be_and_is_undone),
        T(test_secure_boot_is_set_before_the_protector_where_define_ignores_it),
        T(test_shielding_sets_three_switches_together),
        T(test_bytes_that_are_no_protector_are_refused_before_anything),
        T(test_impossible_machines_are_refused_without_a_request),
        T(test_generation_1_boot_order_is_refused_where_it_cannot_be),
        T(test_boot_order_is_found_by_association_where_ids_follow_no_rule),
        T(test_undefine_removes_and_tells_what_is_missing),
        T(test_undefine_with_a_lost_answer_looks_whether_it_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
