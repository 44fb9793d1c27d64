/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layer against a host that was written without it in mind: hvsim, over
 * real HTTP. Budgets are counted as requests, polls of jobs apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_maker.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_power.h"
#include "hyperv/hyperv_protector.h"
#include "tests/hyperv/sim_machines.h"

static void test_open_over_tls_takes_two_requests(void **state)
{
    Hvsim *sim = hvsim_start(TRUE, NULL);
    guint major, minor, build;

    assert_non_null(sim);
    hyperv_host_get_version(hvsim_host(sim), &major, &minor, &build);
    assert_int_equal(major, 10);
    assert_budget("open", wsman_client_get_n_requests(hvsim_client(sim)), 2);
    assert_string_equal(hyperv_host_get_name(hvsim_host(sim)), "HVSIM");
    hvsim_stop(sim);
}

static void test_node_is_told(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervNode) node = hyperv_host_query_node(hvsim_host(sim), NULL, &error);

    g_assert_no_error(error);
    assert_non_null(node->cpu_model);
    assert_true(node->sockets > 0 && node->cores > 0 && node->threads > 0);
    assert_true(node->memory_kib >= node->free_memory_kib && node->free_memory_kib > 0);
    hvsim_stop(sim);
}

static void test_listing_keeps_its_budget(void **state)
{
    static const guint sizes[] = { 0, 1, 10, 100, 1000 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *option = g_strdup_printf("--vms=%u", sizes[i]);
        Hvsim *sim = start_with(option, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) all = NULL;
        g_autofree char *what = g_strdup_printf("list of %u", sizes[i]);
        Count count;

        hvsim_host(sim);
        count = start_count(sim);
        all = hyperv_find_all(hvsim_host(sim), NULL, &error);
        g_assert_no_error(error);
        assert_int_equal(all->len, sizes[i]);
        assert_budget(what, end_count(sim, count), 3 + sizes[i] / 250);
        hvsim_stop(sim);
    }
}

static void test_one_machine_is_found_by_any_key(void **state)
{
    Hvsim *sim = start_with("--vms=20", NULL);
    HypervHost *host = hvsim_host(sim);
    g_autoptr(GPtrArray) all = hyperv_find_all(host, NULL, NULL);
    const HypervFound *first = g_ptr_array_index(all, 7);
    g_autoptr(GPtrArray) by_name = NULL;
    g_autoptr(GPtrArray) by_uuid = NULL;
    g_autoptr(HypervFound) by_guid = NULL;
    Count count = start_count(sim);

    by_name = hyperv_find_by_name(host, first->name, NULL, NULL);
    assert_budget("find by name", end_count(sim, count), 2);
    count = start_count(sim);
    by_uuid = hyperv_find_by_uuid(host, first->guid, NULL, NULL);
    assert_budget("find by uuid", end_count(sim, count), 2);
    count = start_count(sim);
    by_guid = hyperv_find_by_guid(host, first->guid, NULL, NULL);
    assert_budget("find by guid", end_count(sim, count), 2);
    assert_int_equal(by_name->len, 1);
    assert_int_equal(by_uuid->len, 1);
    assert_string_equal(((HypervFound *)g_ptr_array_index(by_name, 0))->guid, first->guid);
    assert_string_equal(((HypervFound *)g_ptr_array_index(by_uuid, 0))->guid, first->guid);
    assert_string_equal(by_guid->name, first->name);
    assert_int_equal(by_guid->state, first->state);
    hvsim_stop(sim);
}

static void test_running_machine_is_found_by_process_id(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervFound) found = NULL;
    HypervState machine_state;
    guint32 process_id;
    HypervUsage usage;

    hyperv_start(hvsim_host(sim), guid, NULL, &error);
    g_assert_no_error(error);
    assert_true(hyperv_query_state(hvsim_host(sim), guid, &machine_state, &process_id, NULL, NULL));
    assert_int_equal(machine_state, HYPERV_STATE_RUNNING);
    assert_true(process_id > 0);
    found = hyperv_find_by_process_id(hvsim_host(sim), process_id, NULL, &error);
    g_assert_no_error(error);
    assert_string_equal(found->guid, guid);
    assert_true(hyperv_query_usage(hvsim_host(sim), guid, &usage, NULL, &error));
    assert_int_equal(usage.processors, 2);
    assert_int_equal(usage.startup_memory_kib, 1024 * 1024);
    hvsim_stop(sim);
}

static void test_what_is_defined_is_what_loads(void **state)
{
    for (guint jobs = 0; jobs < 2; jobs++) {
        for (guint n = 0; n < 8; n += 3) {
            Hvsim *sim = start_with(jobs ? "--job-ms=30" : "--job-ms=0", NULL);
            g_autoptr(HypervMachine) wanted = make_machine(sim, 2, n, n);
            g_autofree char *guid = must_define(sim, wanted);

            assert_loads_as(sim, guid, wanted);
            hvsim_stop(sim);
        }
    }
}

static void test_generation_1_is_defined_and_loads(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 1, 2, 1);
    g_autoptr(HypervMachine) loaded = NULL;
    g_autofree char *guid = NULL;
    HypervDrive *dvd = hyperv_machine_add_drive(wanted, HYPERV_DRIVE_DVD, HYPERV_BUS_IDE, 1, 0);
    HypervDrive *disk = g_ptr_array_index(wanted->drives, 0);
    HypervNic *legacy = hyperv_machine_add_nic(wanted);

    dvd->path = g_strdup("C:\\iso\\install.iso");
    dvd->boot_order = 2;
    disk->boot_order = 1;
    legacy->legacy = TRUE;
    legacy->mac = g_strdup("00155D0000FF");
    guid = must_define(sim, wanted);
    loaded = hyperv_load(hvsim_host(sim), guid, NULL, NULL);
    assert_int_equal(loaded->generation, 1);
    assert_int_equal(loaded->drives->len, 3);
    assert_int_equal(loaded->nics->len, 2);
    assert_int_equal(hyperv_machine_find_drive(loaded, HYPERV_BUS_IDE, 0, 0)->boot_order, 1);
    assert_int_equal(hyperv_machine_find_drive(loaded, HYPERV_BUS_IDE, 1, 0)->boot_order, 2);
    assert_string_equal(hyperv_machine_find_drive(loaded, HYPERV_BUS_IDE, 1, 0)->path, "C:\\iso\\install.iso");
    hvsim_stop(sim);
}

static void test_budgets_of_a_machine(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    HypervHost *host = hvsim_host(sim);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(HypervMachine) loaded = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;
    HypervUsage usage;
    Count count = start_count(sim);

    before = hyperv_find_by_name_or_uuid(host, wanted->name, wanted->bios_guid, NULL, &error);
    g_assert_no_error(error);
    assert_int_equal(before->len, 0);
    guid = must_define(sim, wanted);
    assert_budget("define", end_count(sim, count), 12);
    count = start_count(sim);
    found = hyperv_find_by_uuid(host, wanted->bios_guid, NULL, NULL);
    loaded = hyperv_load_found(host, g_ptr_array_index(found, 0), NULL, &error);
    g_assert_no_error(error);
    assert_budget("dumpxml", end_count(sim, count), 6);
    count = start_count(sim);
    g_ptr_array_unref(found);
    found = hyperv_find_by_name(host, "web1", NULL, NULL);
    assert_true(hyperv_query_usage(host, guid, &usage, NULL, NULL));
    assert_budget("dominfo", end_count(sim, count), 4);
    count = start_count(sim);
    assert_true(hyperv_start(host, guid, NULL, NULL));
    assert_budget("start", end_count(sim, count), 1);
    count = start_count(sim);
    assert_true(hyperv_turn_off(host, guid, NULL, NULL));
    assert_budget("destroy", end_count(sim, count), 1);
    count = start_count(sim);
    assert_true(hyperv_undefine(host, guid, NULL, NULL));
    assert_budget("undefine", end_count(sim, count), 1);
    hvsim_stop(sim);
}

static void test_budget_of_a_define_with_tpm(void **state)
{
    Hvsim *sim = start_with("--guardian=yes", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *guid = NULL;
    g_autoptr(GPtrArray) before = NULL;
    Count count;

    add_tpm(wanted);
    hvsim_host(sim);
    count = start_count(sim);
    before = hyperv_find_by_name_or_uuid(hvsim_host(sim), wanted->name, wanted->bios_guid, NULL, NULL);
    guid = must_define(sim, wanted);
    assert_budget("define with TPM", end_count(sim, count), 18);
    assert_loads_as(sim, guid, wanted);
    hvsim_stop(sim);
}

static void test_tpm_with_a_guardian_yet_to_be_made(void **state)
{
    Hvsim *sim = start_with("--guardian=no", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 0);
    g_autofree char *guid = NULL;
    g_autoptr(GError) error = NULL;

    add_tpm(wanted);
    wanted->security.encrypt_traffic = TRUE;
    wanted->security.shielding_requested = TRUE;
    guid = must_define(sim, wanted);
    assert_loads_as(sim, guid, wanted);
    hyperv_start(hvsim_host(sim), guid, NULL, &error);
    g_assert_no_error(error);
    hvsim_stop(sim);
}

static GBytes *make_protector(Hvsim *sim, GError **error)
{
    HypervCall call = { .host = hvsim_host(sim) };
    HypervGuard guard = { .mode = HYPERV_GUARD_LOCAL };
    HypervOwner owner = { NULL, FALSE };
    g_autoptr(GPtrArray) problems = hyperv_problems_new();
    g_autoptr(HypervMaker) maker = hyperv_maker_new(&call, &guard, &owner, NULL, problems);

    return hyperv_problems_none(problems, error) ? hyperv_maker_run(maker, &call, error) : NULL;
}

static void test_protector_that_the_host_made_passes_our_check(void **state)
{
    Hvsim *sim = start_with("--guardian=yes", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) made = make_protector(sim, &error);
    gsize size;
    const guint8 *data;

    g_assert_no_error(error);
    data = g_bytes_get_data(made, &size);
    hyperv_protector_check(data, size, &error);
    g_assert_no_error(error);
    assert_int_equal(hyperv_material_detect(data, size), HYPERV_MATERIAL_PROTECTOR);
    hvsim_stop(sim);
}

static void test_given_protector_serves_and_is_not_asked_of_the_host(void **state)
{
    Hvsim *sim = start_with("--guardian=yes", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) made = make_protector(sim, &error);
    HypervProtection protection = { 0 };
    g_autofree char *guid = NULL;

    add_tpm(wanted);
    protection.protector = g_bytes_get_data(made, &protection.protector_size);
    /* Without its frame: the layer puts it back. */
    protection.protector += 4;
    protection.protector_size -= 4;
    guid = hyperv_define(hvsim_host(sim), wanted, PENDING, &protection, NULL, &error);
    g_assert_no_error(error);
    assert_loads_as(sim, guid, wanted);
    hvsim_stop(sim);
}

static void test_guarded_host_without_keys_is_left_alone(void **state)
{
    Hvsim *sim = start_with("--guard-mode=guarded", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *before = hvsim_control(sim, "GET", "/state", NULL);
    g_autofree char *after = NULL;
    g_autofree char *guid = NULL;

    add_tpm(wanted);
    guid = define(sim, wanted, &error);
    assert_null(guid);
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_GUARD_MODE);
    after = hvsim_control(sim, "GET", "/state", NULL);
    assert_string_equal(after, before);
    hvsim_stop(sim);
}

static void test_host_without_guard_says_so(void **state)
{
    Hvsim *sim = start_with("--guard-mode=none", NULL);
    g_autoptr(GError) error = NULL;
    HypervGuard guard;

    hyperv_query_guard(hvsim_host(sim), &guard, NULL, &error);
    g_assert_no_error(error);
    assert_int_equal(guard.mode, HYPERV_GUARD_NONE);
    hvsim_stop(sim);
}

static void test_old_host_has_no_security_but_serves(void **state)
{
    Hvsim *sim = start_with("--host-version=6.3.9600", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autoptr(HypervMachine) loaded = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *guid = NULL;

    g_clear_pointer(&wanted->secure_boot_template, g_free);
    guid = must_define(sim, wanted);
    loaded = hyperv_load(hvsim_host(sim), guid, NULL, &error);
    g_assert_no_error(error);
    assert_false(loaded->security.available);
    hvsim_stop(sim);
}

/* --- changes ------------------------------------------------------------------------------ */

static void test_changes_arrive(void **state)
{
    Hvsim *sim = start_with("--guardian=yes", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 2, 2);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(HypervMachine) loaded = NULL;
    g_autoptr(GError) error = NULL;

    redefine(sim, guid, &error);
    g_assert_no_error(error);
    loaded = hyperv_load(hvsim_host(sim), guid, NULL, NULL);
    assert_string_equal(loaded->name, "web2");
    assert_string_equal(loaded->notes, "another record");
    assert_int_equal(loaded->memory_mib, 2048);
    assert_int_equal(loaded->processors, 4);
    assert_int_equal(loaded->drives->len, 3);
    assert_string_equal(hyperv_machine_find_drive(loaded, HYPERV_BUS_SCSI, 0, 0)->path, "C:\\vm\\another.vhdx");
    assert_string_equal(hyperv_machine_find_drive(loaded, HYPERV_BUS_SCSI, 0, 5)->path, "C:\\iso\\install.iso");
    assert_false(((HypervNic *)g_ptr_array_index(loaded->nics, 0))->connected);
    assert_true(((HypervNic *)g_ptr_array_index(loaded->nics, 1))->connected);
    assert_true(loaded->security.tpm_enabled && loaded->secure_boot);
    hvsim_stop(sim);
}

static void test_states_follow_power(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *guid = must_define(sim, wanted);
    HypervHost *host = hvsim_host(sim);
    static const struct {
        gboolean (*act)(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
        HypervState after;
    } steps[] = {
        { hyperv_start, HYPERV_STATE_RUNNING }, { hyperv_pause, HYPERV_STATE_PAUSED },
        { hyperv_resume, HYPERV_STATE_RUNNING }, { hyperv_save, HYPERV_STATE_SAVED },
        { hyperv_start, HYPERV_STATE_RUNNING }, { hyperv_reset, HYPERV_STATE_RUNNING },
        { hyperv_turn_off, HYPERV_STATE_OFF },
    };
    g_autoptr(GError) error = NULL;
    HypervState now;

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        steps[i].act(host, guid, NULL, &error);
        g_assert_no_error(error);
        assert_true(hyperv_query_state(host, guid, &now, NULL, NULL, NULL));
        assert_int_equal(now, steps[i].after);
    }
    assert_false(hyperv_turn_off(host, guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE);
    hvsim_stop(sim);
}

static gboolean wait_for_state(Hvsim *sim, const char *guid, HypervState wanted)
{
    for (guint i = 0; i < 100; i++) {
        HypervState now;

        if (hyperv_query_state(hvsim_host(sim), guid, &now, NULL, NULL, NULL) && now == wanted)
            return TRUE;
        g_usleep(50 * 1000);
    }
    return FALSE;
}

static void test_guest_is_shut_down_and_a_machine_that_is_off_has_none(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(GError) error = NULL;

    assert_false(hyperv_shut_down(hvsim_host(sim), guid, FALSE, NULL, &error));
    assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_UNSUPPORTED) ||
                g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE));
    g_clear_error(&error);
    assert_true(hyperv_start(hvsim_host(sim), guid, NULL, NULL));
    hyperv_shut_down(hvsim_host(sim), guid, TRUE, NULL, &error);
    g_assert_no_error(error);
    assert_true(wait_for_state(sim, guid, HYPERV_STATE_RUNNING));
    hyperv_shut_down(hvsim_host(sim), guid, FALSE, NULL, &error);
    g_assert_no_error(error);
    assert_true(wait_for_state(sim, guid, HYPERV_STATE_OFF));
    hvsim_stop(sim);
}

static void test_locked_guest_is_shut_down_with_force(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 0, 0);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(GError) error = NULL;

    assert_true(hyperv_start(hvsim_host(sim), guid, NULL, NULL));
    hvsim_inject(sim, "when=InitiateShutdown,nth=1,do=return:32781");
    hyperv_shut_down(hvsim_host(sim), guid, FALSE, NULL, &error);
    g_assert_no_error(error);
    assert_true(wait_for_state(sim, guid, HYPERV_STATE_OFF));
    hvsim_stop(sim);
}

static void test_undefine_refuses_a_running_machine(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 0, 0);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(GError) error = NULL;

    assert_true(hyperv_start(hvsim_host(sim), guid, NULL, NULL));
    assert_false(hyperv_undefine(hvsim_host(sim), guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE);
    assert_true(hyperv_turn_off(hvsim_host(sim), guid, NULL, NULL));
    assert_true(hyperv_undefine(hvsim_host(sim), guid, NULL, NULL));
    hvsim_stop(sim);
}

static gpointer define_many(gpointer data)
{
    Hvsim *sim = data;
    static gint next;

    for (guint i = 0; i < 5; i++) {
        g_autoptr(HypervMachine) wanted = hyperv_machine_new();
        g_autofree char *guid = NULL;
        g_autoptr(GError) error = NULL;

        wanted->name = g_strdup_printf("thread-%d", g_atomic_int_add(&next, 1));
        wanted->generation = 2;
        wanted->memory_mib = 512;
        wanted->processors = 1;
        guid = define(sim, wanted, &error);
        g_assert_no_error(error);
        g_assert_true(hyperv_undefine(hvsim_host(sim), guid, NULL, &error));
    }
    return NULL;
}

static void test_many_threads_share_a_host(void **state)
{
    Hvsim *sim = start_with("--job-ms=5", NULL);
    GThread *threads[8];

    hvsim_host(sim);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("define", define_many, sim);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    hvsim_stop(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_over_tls_takes_two_requests),
        cmocka_unit_test(test_node_is_told),
        cmocka_unit_test(test_listing_keeps_its_budget),
        cmocka_unit_test(test_one_machine_is_found_by_any_key),
        cmocka_unit_test(test_running_machine_is_found_by_process_id),
        cmocka_unit_test(test_what_is_defined_is_what_loads),
        cmocka_unit_test(test_generation_1_is_defined_and_loads),
        cmocka_unit_test(test_budgets_of_a_machine),
        cmocka_unit_test(test_budget_of_a_define_with_tpm),
        cmocka_unit_test(test_tpm_with_a_guardian_yet_to_be_made),
        cmocka_unit_test(test_protector_that_the_host_made_passes_our_check),
        cmocka_unit_test(test_given_protector_serves_and_is_not_asked_of_the_host),
        cmocka_unit_test(test_guarded_host_without_keys_is_left_alone),
        cmocka_unit_test(test_host_without_guard_says_so),
        cmocka_unit_test(test_old_host_has_no_security_but_serves),
        cmocka_unit_test(test_changes_arrive),
        cmocka_unit_test(test_states_follow_power),
        cmocka_unit_test(test_guest_is_shut_down_and_a_machine_that_is_off_has_none),
        cmocka_unit_test(test_locked_guest_is_shut_down_with_force),
        cmocka_unit_test(test_undefine_refuses_a_running_machine),
        cmocka_unit_test(test_many_threads_share_a_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
