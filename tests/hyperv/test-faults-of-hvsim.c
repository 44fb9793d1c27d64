/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes wrong on the way or on the host: nothing is left behind, and what
 * was there is there again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_power.h"
#include "tests/hyperv/sim_machines.h"

static const char *const actions[] = { "http:500", "fault:0x80041001", "reset", "reset-after", "reset-mid",
                                       "return:32768", "job:32768:injected" };

/* Every request of a define fails in turn, until one define is through. */
static void fail_every_request(const char *action, gboolean jobs)
{
    Hvsim *sim = start_with(jobs ? "--job-ms=10" : "--job-ms=0", "--guardian=yes");
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *before = NULL;
    guint failed = 0;

    add_tpm(wanted);
    hvsim_host(sim);
    before = hvsim_control(sim, "GET", "/state", NULL);
    for (guint nth = 1; nth < 200; nth++) {
        g_autofree char *spec = g_strdup_printf("when=any,nth=%u,do=%s", nth, action);
        g_autofree char *after = NULL;
        g_autofree char *guid = NULL;
        g_autoptr(GError) error = NULL;
        guint64 requests = wsman_client_get_n_requests(hvsim_client(sim));

        hvsim_inject(sim, spec);
        guid = define(sim, wanted, &error);
        hvsim_clear_faults(sim);
        requests = wsman_client_get_n_requests(hvsim_client(sim)) - requests;
        if (guid) {
            assert_true(hyperv_undefine(hvsim_host(sim), guid, NULL, NULL));
            if (requests < nth)
                break;
        }
        failed += guid == NULL;
        after = hvsim_control(sim, "GET", "/state", NULL);
        if (strcmp(after, before) != 0)
            fail_msg("%s at request %u left something (%s)", action, nth, error ? error->message : "defined");
    }
    assert_true(failed > 0);
    hvsim_stop(sim);
}

static void test_failure_of_any_request_leaves_nothing(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
        fail_every_request(actions[i], FALSE);
}

static void test_failure_of_any_request_among_jobs_leaves_nothing(void **state)
{
    fail_every_request("fault:0x80041001", TRUE);
    fail_every_request("reset-after", TRUE);
}

static void test_failed_job_tells_why(void **state)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(GError) error = NULL;

    hvsim_inject(sim, "when=RequestStateChange,nth=1,do=job:32768:not enough memory");
    assert_false(hyperv_start(hvsim_host(sim), guid, NULL, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_JOB_FAILED);
    assert_non_null(strstr(error->message, "not enough memory"));
    hvsim_stop(sim);
}

static void test_failed_change_goes_back(void **state)
{
    Hvsim *sim = start_with("--guardian=yes", "--job-ms=0");
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 2, 2);
    g_autofree char *guid = must_define(sim, wanted);
    g_autoptr(HypervMachine) before = hyperv_load(hvsim_host(sim), guid, NULL, NULL);
    guint failed = 0;

    for (guint nth = 4; nth < 60; nth++) {
        g_autofree char *spec = g_strdup_printf("when=Invoke,nth=%u,do=return:32768", nth - 3);
        g_autoptr(GError) error = NULL;
        gboolean ok;

        hvsim_inject(sim, spec);
        ok = redefine(sim, guid, &error);
        hvsim_clear_faults(sim);
        if (ok)
            break;
        failed++;
        if (strstr(error->message, "brought back"))
            fail_msg("%s", error->message);
        assert_loads_as(sim, guid, before);
    }
    assert_true(failed > 5);
    hvsim_stop(sim);
}

static gpointer cancel_soon(gpointer cancellable)
{
    g_usleep(60 * 1000);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void test_define_that_is_cancelled_among_slow_jobs_leaves_nothing(void **state)
{
    Hvsim *sim = start_with("--job-ms=200", NULL);
    g_autoptr(HypervMachine) wanted = make_machine(sim, 2, 1, 1);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autofree char *guid = NULL;
    g_autoptr(GError) error = NULL;
    GThread *thread;

    hvsim_host(sim);
    before = hvsim_control(sim, "GET", "/state", NULL);
    thread = g_thread_new("cancel", cancel_soon, cancellable);
    guid = hyperv_define(hvsim_host(sim), wanted, PENDING, NULL, cancellable, &error);
    g_thread_join(thread);
    assert_null(guid);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    after = hvsim_control(sim, "GET", "/state", NULL);
    assert_string_equal(after, before);
    hvsim_stop(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_of_any_request_leaves_nothing),
        cmocka_unit_test(test_failure_of_any_request_among_jobs_leaves_nothing),
        cmocka_unit_test(test_failed_job_tells_why),
        cmocka_unit_test(test_failed_change_goes_back),
        cmocka_unit_test(test_define_that_is_cancelled_among_slow_jobs_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
