/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_power.h"
#include "tests/hyperv/describe.h"
#include "tests/hyperv/fake_host.h"
#include "tests/hyperv/machines.h"

typedef struct {
    FakeHost *fake;
    char *guid;
} Fixture;

static Fixture *fixture_new(HypervMachine *(*make)(void))
{
    Fixture *fixture = g_new0(Fixture, 1);
    g_autoptr(HypervMachine) machine = make();
    g_autoptr(GError) error = NULL;
    HypervProtection protection = { 0 };

    fixture->fake = fake_host_new();
    fixture->guid = hyperv_define(fixture->fake->host, machine, "pending",
                                  machine->security.tpm_enabled ? &protection : NULL, NULL, &error);
    g_assert_no_error(error);
    g_free(fake_wsman_take_log(fixture->fake->wsman));
    return fixture;
}

static void fixture_free(Fixture *fixture)
{
    fake_host_free(fixture->fake);
    g_free(fixture->guid);
    g_free(fixture);
}

static int setup_plain(void **state)
{
    *state = fixture_new(machine_plain);
    return 0;
}

static int setup_tpm(void **state)
{
    *state = fixture_new(machine_with_tpm);
    return 0;
}

static int setup_generation_1(void **state)
{
    *state = fixture_new(machine_generation_1);
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static HypervMachine *load(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    HypervMachine *machine = hyperv_load(fixture->fake->host, fixture->guid, NULL, &error);

    g_assert_no_error(error);
    return machine;
}

static char *describe(Fixture *fixture)
{
    g_autoptr(HypervMachine) machine = load(fixture);

    return describe_machine(machine);
}

typedef void (*Change)(HypervMachine *machine);

static void change_name_and_notes(HypervMachine *m)
{
    g_free(m->name);
    m->name = g_strdup("web2");
    g_free(m->notes);
    m->notes = g_strdup("other notes");
}

static void change_memory(HypervMachine *m)
{
    m->memory_mib = 4096;
    m->dynamic_memory = TRUE;
    m->min_memory_mib = 1024;
    m->max_memory_mib = 8192;
    m->processors = 4;
}

static void change_disk_file(HypervMachine *m)
{
    HypervDrive *drive = g_ptr_array_index(m->drives, 0);

    g_free(drive->path);
    drive->path = g_strdup("C:\\vm\\another.vhdx");
}

static void change_disk_address(HypervMachine *m)
{
    HypervDrive *drive = g_ptr_array_index(m->drives, 0);

    drive->unit = 9;
}

static void change_disk_to_dvd(HypervMachine *m)
{
    HypervDrive *drive = g_ptr_array_index(m->drives, 0);

    drive->kind = HYPERV_DRIVE_DVD;
    g_clear_pointer(&drive->path, g_free);
}

static void add_disks(HypervMachine *m)
{
    for (guint i = 0; i < 3; i++) {
        HypervDrive *drive = hyperv_machine_add_drive(m, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, i, 7);

        drive->path = g_strdup_printf("C:\\vm\\more%u.vhdx", i);
        drive->boot_order = 3 + i;
    }
}

static void remove_all_devices(HypervMachine *m)
{
    g_ptr_array_set_size(m->drives, 0);
    g_ptr_array_set_size(m->nics, 0);
    m->n_scsi_controllers = 0;
}

static void change_switch(HypervMachine *m)
{
    HypervNic *nic = g_ptr_array_index(m->nics, 0);

    g_free(nic->switch_name);
    nic->switch_name = g_strdup("dmz");
}

static void pull_cable(HypervMachine *m)
{
    ((HypervNic *)g_ptr_array_index(m->nics, 0))->connected = FALSE;
}

static void leave_switch(HypervMachine *m)
{
    HypervNic *nic = g_ptr_array_index(m->nics, 0);

    g_clear_pointer(&nic->switch_name, g_free);
    nic->connected = FALSE;
}

static void change_mac(HypervMachine *m)
{
    HypervNic *nic = g_ptr_array_index(m->nics, 0);

    g_free(nic->mac);
    nic->mac = g_strdup("00155DFFFFFF");
}

static void add_nic(HypervMachine *m)
{
    HypervNic *nic = hyperv_machine_add_nic(m);

    nic->mac = g_strdup("00155D111111");
    nic->switch_name = g_strdup("dmz");
    nic->connected = TRUE;
    nic->boot_order = 3;
}

static void swap_boot_order(HypervMachine *m)
{
    ((HypervDrive *)g_ptr_array_index(m->drives, 0))->boot_order = 1;
    ((HypervNic *)g_ptr_array_index(m->nics, 0))->boot_order = 2;
}

static void change_actions(HypervMachine *m)
{
    m->startup_action = HYPERV_STARTUP_ALWAYS;
    m->shutdown_action = HYPERV_SHUTDOWN_SAVE;
    m->turn_off_on_guest_restart = TRUE;
}

static void secure_boot_on(HypervMachine *m)
{
    m->secure_boot = TRUE;
    g_free(m->secure_boot_template);
    m->secure_boot_template = g_strdup("272e7447-90a4-4563-a4b9-8e4ab00526ce");
}

static void tpm_on(HypervMachine *m)
{
    m->security.tpm_enabled = TRUE;
    m->security.encrypt_traffic = TRUE;
}

static void tpm_off(HypervMachine *m)
{
    m->security.tpm_enabled = FALSE;
}

static void template_and_tpm(HypervMachine *m)
{
    secure_boot_on(m);
    tpm_on(m);
}

static void everything(HypervMachine *m)
{
    change_name_and_notes(m);
    change_memory(m);
    m->secure_boot = TRUE;
    tpm_on(m);
    change_disk_address(m);
    add_nic(m);
    change_switch(m);
    change_actions(m);
}

static const Change changes[] = {
    change_name_and_notes, change_memory, change_disk_file, change_disk_address, change_disk_to_dvd, add_disks,
    remove_all_devices, change_switch, pull_cable, leave_switch, change_mac, add_nic, swap_boot_order,
    change_actions, secure_boot_on, tpm_on, everything,
};

static gboolean redefine(Fixture *fixture, Change change, GCancellable *cancellable, GError **error)
{
    g_autoptr(HypervMachine) current = load(fixture);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    HypervProtection protection = { 0 };

    change(wanted);
    return hyperv_redefine(fixture->fake->host, current, wanted,
                           wanted->security.tpm_enabled && !current->security.tpm_enabled ? &protection : NULL,
                           cancellable, error);
}

/* What the change makes of the machine, places in the boot order apart: they
 * are counted anew. */
static char *expect(Fixture *fixture, Change change)
{
    g_autoptr(HypervMachine) wanted = load(fixture);

    change(wanted);
    for (guint i = 0; i < wanted->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(wanted->drives, i);

        if (drive->bus == HYPERV_BUS_SCSI)
            wanted->n_scsi_controllers = MAX(wanted->n_scsi_controllers, drive->controller + 1);
    }
    return describe_machine(wanted);
}

static void test_every_change_arrives(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        Fixture *fixture = fixture_new(machine_plain);
        g_autoptr(GError) error = NULL;
        g_autofree char *expected = expect(fixture, changes[i]);
        g_autofree char *after = NULL;

        redefine(fixture, changes[i], NULL, &error);
        g_assert_no_error(error);
        after = describe(fixture);
        assert_string_equal(after, expected);
        fixture_free(fixture);
    }
}

static void test_changes_work_where_everything_is_a_job_without_results(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        Fixture *fixture = fixture_new(machine_plain);
        g_autoptr(GError) error = NULL;
        g_autofree char *expected = expect(fixture, changes[i]);
        g_autofree char *after = NULL;

        fixture->fake->jobs = TRUE;
        redefine(fixture, changes[i], NULL, &error);
        g_assert_no_error(error);
        after = describe(fixture);
        assert_string_equal(after, expected);
        fixture_free(fixture);
    }
}

static void no_change(HypervMachine *m)
{
}

static void test_same_machine_changes_nothing(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *before = fake_host_dump(fixture->fake);
    g_autofree char *after = NULL;

    assert_true(redefine(fixture, no_change, NULL, &error));
    after = fake_host_dump(fixture->fake);
    assert_string_equal(after, before);
    assert_false(fake_wsman_log_has(fixture->fake->wsman, "Modify"));
}

static void test_name_alone_touches_the_name_alone(void **state)
{
    Fixture *fixture = *state;

    assert_true(redefine(fixture, change_name_and_notes, NULL, NULL));
    assert_false(fake_wsman_log_has(fixture->fake->wsman, "ResourceSettings ="));
    assert_false(fake_wsman_log_has(fixture->fake->wsman, "Security =" ));
    assert_false(fake_wsman_log_has(fixture->fake->wsman, "Msvm_VirtualEthernetSwitch where ElementName"));
}

/* --- failures ------------------------------------------------------------------- */

static guint count_calls(HypervMachine *(*make)(void), Change change)
{
    Fixture *fixture = fixture_new(make);
    guint before;
    guint count;

    g_free(describe(fixture));
    before = fake_wsman_n_calls(fixture->fake->wsman);
    assert_true(redefine(fixture, change, NULL, NULL));
    count = fake_wsman_n_calls(fixture->fake->wsman) - before;
    fixture_free(fixture);
    return count;
}

static void fail_at(HypervMachine *(*make)(void), Change change, guint nth, FakeFailure failure)
{
    Fixture *fixture = fixture_new(make);
    g_autoptr(HypervMachine) current = load(fixture);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *before = describe_machine(current);
    g_autofree char *after = NULL;
    HypervProtection protection = { 0 };
    gboolean ok;

    change(wanted);
    fake_wsman_fail(fixture->fake->wsman, nth, failure, cancellable);
    ok = hyperv_redefine(fixture->fake->host, current, wanted,
                         wanted->security.tpm_enabled && !current->security.tpm_enabled ? &protection : NULL,
                         cancellable, &error);
    if (!fake_wsman_has_failed(fixture->fake->wsman)) {
        fixture_free(fixture);
        return;
    }
    assert_false(ok);
    assert_non_null(error);
    after = describe(fixture);
    assert_string_equal(after, before);
    assert_int_equal(g_bytes_get_size(fake_host_find(fixture->fake, "web1")->protector),
                     current->security.tpm_enabled ? 8 : 4);
    fixture_free(fixture);
}

static void test_failure_of_any_call_goes_back(void **state)
{
    static const FakeFailure failures[] = { FAKE_FAIL_REFUSED, FAKE_FAIL_LOST, FAKE_FAIL_RETURN, FAKE_FAIL_JOB,
                                            FAKE_FAIL_CANCEL };

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        guint count = count_calls(machine_plain, changes[i]);

        for (gsize f = 0; f < G_N_ELEMENTS(failures); f++) {
            for (guint nth = 1; nth <= count; nth++)
                fail_at(machine_plain, changes[i], nth, failures[f]);
        }
    }
}

static void test_failure_of_taking_the_tpm_away_goes_back(void **state)
{
    guint count = count_calls(machine_with_tpm, tpm_off);

    for (guint nth = 1; nth <= count; nth++)
        fail_at(machine_with_tpm, tpm_off, nth, FAKE_FAIL_RETURN);
}

static void test_template_that_a_tpm_froze_is_told(void **state)
{
    guint count = count_calls(machine_plain, template_and_tpm);
    Fixture *fixture = *state;
    g_autoptr(HypervMachine) current = load(fixture);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    g_autoptr(HypervMachine) after = NULL;
    g_autoptr(GError) error = NULL;
    HypervProtection protection = { 0 };

    template_and_tpm(wanted);
    /* The last one reads back: the TPM is there by then. */
    fake_wsman_fail(fixture->fake->wsman, count - 4, FAKE_FAIL_REFUSED, NULL);
    assert_false(hyperv_redefine(fixture->fake->host, current, wanted, &protection, NULL, &error));
    assert_non_null(strstr(error->message, "template of Secure Boot"));
    after = load(fixture);
    assert_false(after->security.tpm_enabled || after->secure_boot);
}

static void test_failure_to_go_back_is_told(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(HypervMachine) current = load(fixture);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    g_autoptr(GError) error = NULL;

    everything(wanted);
    fake_wsman_fail_from(fixture->fake->wsman, 10);
    assert_false(hyperv_redefine(fixture->fake->host, current, wanted, NULL, NULL, &error));
    assert_non_null(strstr(error->message, "could not be brought back"));
}

/* --- what is refused --------------------------------------------------------------- */

static void expect_refusal(Fixture *fixture, Change change, const HypervProtection *protection, HypervError kind)
{
    g_autoptr(HypervMachine) current = load(fixture);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    g_autoptr(GError) error = NULL;
    g_autofree char *before = fake_host_dump(fixture->fake);
    g_autofree char *after = NULL;

    change(wanted);
    assert_false(hyperv_redefine(fixture->fake->host, current, wanted, protection, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, (int)kind);
    after = fake_host_dump(fixture->fake);
    assert_string_equal(after, before);
}

static void to_generation_1(HypervMachine *m)
{
    m->generation = 1;
}

static void to_unknown_switch(HypervMachine *m)
{
    HypervNic *nic = g_ptr_array_index(m->nics, 0);

    g_free(nic->switch_name);
    nic->switch_name = g_strdup("nowhere");
}

static void test_generation_and_unknown_switch_are_refused(void **state)
{
    expect_refusal(*state, to_generation_1, NULL, HYPERV_ERROR_UNSUPPORTED);
    expect_refusal(*state, to_unknown_switch, NULL, HYPERV_ERROR_NO_SWITCH);
}

static void test_running_machine_takes_name_and_notes_alone(void **state)
{
    Fixture *fixture = *state;

    assert_true(hyperv_start(fixture->fake->host, fixture->guid, NULL, NULL));
    expect_refusal(fixture, change_memory, NULL, HYPERV_ERROR_INVALID_STATE);
    expect_refusal(fixture, pull_cable, NULL, HYPERV_ERROR_INVALID_STATE);
    assert_true(redefine(fixture, change_name_and_notes, NULL, NULL));
    assert_non_null(fake_host_find(fixture->fake, "web2"));
}

static void test_secure_boot_is_frozen_while_there_is_a_tpm(void **state)
{
    Fixture *fixture = *state;

    expect_refusal(fixture, secure_boot_on, NULL, HYPERV_ERROR_UNSUPPORTED);
}

static void test_protector_of_a_tpm_is_never_replaced(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *path = g_build_filename(g_getenv("MSVM_SRCDIR") ? g_getenv("MSVM_SRCDIR") : ".", "tests",
                                             "hyperv", "data", "protector.xml", NULL);
    g_autofree char *document = NULL;
    gsize size;
    HypervProtection protection = { 0 };

    assert_true(g_file_get_contents(path, &document, &size, NULL));
    protection.protector = (const guint8 *)document;
    protection.protector_size = size;
    expect_refusal(fixture, change_memory, &protection, HYPERV_ERROR_PROTECTOR_IN_USE);
}

static void test_protector_that_is_there_serves_a_tpm_that_comes_back(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *log = NULL;

    assert_true(redefine(fixture, tpm_off, NULL, &error));
    g_free(fake_wsman_take_log(fixture->fake->wsman));
    assert_true(redefine(fixture, tpm_on, NULL, &error));
    log = fake_wsman_take_log(fixture->fake->wsman);
    assert_null(strstr(log, "SetKeyProtector"));
    assert_null(strstr(log, "NewByGuardians"));
}

static void test_same_switch_is_not_looked_up_again(void **state)
{
    Fixture *fixture = *state;

    g_free(describe(fixture));
    g_free(fake_wsman_take_log(fixture->fake->wsman));
    assert_true(redefine(fixture, pull_cable, NULL, NULL));
    assert_false(fake_wsman_log_has(fixture->fake->wsman, "Switch where ElementName"));
}

/* --- generation 1 ---------------------------------------------------------------------- */

static void empty_floppy(HypervMachine *m)
{
    for (guint i = 0; i < m->drives->len; i++) {
        if (((HypervDrive *)g_ptr_array_index(m->drives, i))->bus == HYPERV_BUS_FLOPPY)
            g_ptr_array_remove_index(m->drives, i);
    }
}

static void insert_iso(HypervMachine *m)
{
    HypervDrive *dvd = hyperv_machine_find_drive(m, HYPERV_BUS_IDE, 1, 0);

    dvd->path = g_strdup("C:\\iso\\install.iso");
}

static void disk_first(HypervMachine *m)
{
    hyperv_machine_find_drive(m, HYPERV_BUS_IDE, 0, 0)->boot_order = 1;
    hyperv_machine_find_drive(m, HYPERV_BUS_IDE, 1, 0)->boot_order = 2;
}

static void test_generation_1_changes_arrive(void **state)
{
    static const Change table[] = { insert_iso, disk_first, empty_floppy };
    Fixture *fixture = *state;

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *expected = expect(fixture, table[i]);
        g_autofree char *after = NULL;
        g_autoptr(GError) error = NULL;

        redefine(fixture, table[i], NULL, &error);
        g_assert_no_error(error);
        after = describe(fixture);
        assert_string_equal(after, expected);
    }
}

int main(void)
{
#define T(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_arrives),
        cmocka_unit_test(test_changes_work_where_everything_is_a_job_without_results),
        T(test_same_machine_changes_nothing, setup_tpm),
        T(test_name_alone_touches_the_name_alone, setup_tpm),
        cmocka_unit_test(test_failure_of_any_call_goes_back),
        cmocka_unit_test(test_failure_of_taking_the_tpm_away_goes_back),
        T(test_template_that_a_tpm_froze_is_told, setup_plain),
        T(test_failure_to_go_back_is_told, setup_plain),
        T(test_generation_and_unknown_switch_are_refused, setup_plain),
        T(test_running_machine_takes_name_and_notes_alone, setup_plain),
        T(test_secure_boot_is_frozen_while_there_is_a_tpm, setup_tpm),
        T(test_protector_of_a_tpm_is_never_replaced, setup_tpm),
        T(test_protector_that_is_there_serves_a_tpm_that_comes_back, setup_tpm),
        T(test_same_switch_is_not_looked_up_again, setup_plain),
        T(test_generation_1_changes_arrive, setup_generation_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
