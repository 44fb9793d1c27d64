/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_job.h"
#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_names.h"
#include "tests/hyperv/fake_wsman.h"
#include "wsman/wsman_error_private.h"

/* A host with one method, whose job takes so many polls. */
typedef struct {
    FakeWsman *wsman;
    HypervHost *host;
    guint return_value;
    gboolean names_no_job;
    guint polls_left; /* G_MAXUINT: for ever */
    guint lost;       /* so many polls are lost on the way */
    gboolean vanishes;
    guint end_state;
    guint error_code;
    const char *error_description;
    const char *error_ex;
    const char *job_class;
    guint n_polls;
    gint64 first_poll;
    gint64 last_poll;
    gint64 longest_pause;
    GCancellable *cancel_at_poll;
} Fixture;

static void note_time(Fixture *fixture)
{
    gint64 now = g_get_monotonic_time();

    if (fixture->n_polls++ == 0)
        fixture->first_poll = now;
    else
        fixture->longest_pause = MAX(fixture->longest_pause, now - fixture->last_poll);
    fixture->last_poll = now;
}

static WsmanInstance *poll_job(Fixture *fixture, const WsmanEpr *epr, GError **error)
{
    WsmanInstance *job = wsman_instance_new("root/virtualization/v2", fixture->job_class);
    gboolean running = fixture->polls_left > 0;

    assert_string_equal(wsman_epr_get_class(epr), fixture->job_class);
    if (running && fixture->polls_left != G_MAXUINT)
        fixture->polls_left--;
    wsman_instance_set_uint(job, "JobState", WSMAN_CIM_UINT16, running ? HYPERV_JOB_RUNNING : fixture->end_state);
    wsman_instance_set_uint(job, "ErrorCode", WSMAN_CIM_UINT16, running ? 0 : fixture->error_code);
    if (!running && fixture->error_description)
        wsman_instance_set_string(job, "ErrorDescription", fixture->error_description);
    if (fixture->cancel_at_poll)
        g_cancellable_cancel(fixture->cancel_at_poll);
    return job;
}

static WsmanInstance *on_get(gpointer opaque, const WsmanEpr *epr, GError **error)
{
    Fixture *fixture = opaque;

    if (g_str_equal(wsman_epr_get_class(epr), "Msvm_VirtualSystemManagementService"))
        return wsman_instance_new("root/virtualization/v2", "Msvm_VirtualSystemManagementService");
    note_time(fixture);
    if (fixture->lost > 0) {
        fixture->lost--;
        wsman_set_error(error, WSMAN_ERROR_CONNECT, NULL, "connection reset");
        return NULL;
    }
    if (fixture->vanishes) {
        wsman_set_error(error, WSMAN_ERROR_NOT_FOUND, NULL, "no such job");
        return NULL;
    }
    return poll_job(fixture, epr, error);
}

static GPtrArray *on_query(gpointer opaque, const char *ns, const char *query, GError **error)
{
    return fake_rows();
}

static WsmanInstance *on_invoke(gpointer opaque, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                                GError **error)
{
    Fixture *fixture = opaque;
    g_autoptr(WsmanEpr) job = hyperv_setting_epr(fixture->job_class, "the-job");
    WsmanInstance *out;

    if (g_str_equal(method, "GetErrorEx")) {
        g_autoptr(WsmanInstance) detail = wsman_instance_new("root/virtualization/v2", "Msvm_Error");

        out = fake_out(0);
        if (fixture->error_ex) {
            wsman_instance_set_string(detail, "Message", fixture->error_ex);
            fake_set_instance(out, "Errors", detail);
        }
        return out;
    }
    out = fake_out(fixture->return_value);
    if (!fixture->names_no_job && fixture->return_value == 4096)
        fake_set_epr(out, "Job", job);
    return out;
}

static int setup(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    FakeHandlers handlers = { on_get, on_query, on_invoke, fixture };

    fixture->wsman = fake_wsman_new(&handlers);
    fixture->host = hyperv_host_open(fake_wsman_client(fixture->wsman), NULL, NULL);
    fixture->return_value = 4096;
    fixture->end_state = HYPERV_JOB_COMPLETED;
    fixture->job_class = "Msvm_ConcreteJob";
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    Fixture *fixture = *state;

    hyperv_host_unref(fixture->host);
    fake_wsman_free(fixture->wsman);
    g_free(fixture);
    return 0;
}

static gboolean run(Fixture *fixture, HypervCall *call, GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_VirtualSystemManagementService");
    g_autoptr(WsmanInstance) out = NULL;

    call->host = fixture->host;
    out = hyperv_invoke(call, service, "DoIt", NULL, "doing it", error);
    return out != NULL;
}

static void test_method_that_is_done_at_once_needs_no_poll(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };

    fixture->return_value = 0;
    assert_true(run(fixture, &call, NULL));
    assert_int_equal(fixture->n_polls, 0);
}

static void test_job_is_polled_until_it_completes(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };

    fixture->polls_left = 4;
    assert_true(run(fixture, &call, NULL));
    assert_int_equal(fixture->n_polls, 5);
    assert_null(call.unfinished);
}

static void test_job_of_another_class_is_followed(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };

    fixture->job_class = "Msvm_StorageJob";
    assert_true(run(fixture, &call, NULL));
    assert_int_equal(fixture->n_polls, 1);
}

static void test_pauses_start_short_and_grow(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    gint64 start = g_get_monotonic_time();

    fixture->polls_left = 6;
    assert_true(run(fixture, &call, NULL));
    assert_in_range(fixture->first_poll - start, 10 * 1000, 500 * 1000);
    /* 20 ms, half more each time: the seventh is well above 100 ms. */
    assert_true(fixture->longest_pause > 100 * 1000);
}

static void test_completed_with_warnings_is_completed(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };

    fixture->end_state = HYPERV_JOB_COMPLETED_WITH_WARNINGS;
    assert_true(run(fixture, &call, NULL));
}

static void test_failure_tells_code_and_text(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->end_state = HYPERV_JOB_EXCEPTION;
    fixture->error_code = 32768;
    fixture->error_description = "the disk \xe3\x83\x87 is gone";
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_JOB_FAILED);
    assert_int_equal(hyperv_error_get_code(error), 32768);
    assert_non_null(strstr(error->message, "doing it: DoIt: the job failed: the disk \xe3\x83\x87 is gone"));
    assert_null(call.unfinished);
}

static void test_completed_with_an_error_code_is_a_failure(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->error_code = 32775;
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE);
}

static void test_failure_without_text_asks_for_the_errors(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->end_state = HYPERV_JOB_KILLED;
    fixture->error_ex = "somebody killed it";
    assert_false(run(fixture, &call, &error));
    assert_non_null(strstr(error->message, "somebody killed it"));
}

static void test_failure_without_any_text_says_so(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->end_state = HYPERV_JOB_TERMINATED;
    fixture->error_description = "";
    assert_false(run(fixture, &call, &error));
    assert_non_null(strstr(error->message, "the host gives no reason"));
}

static void test_job_that_hangs_is_given_up_in_time(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();

    fixture->polls_left = G_MAXUINT;
    hyperv_host_set_job_timeout(fixture->host, 1);
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_TIMEOUT);
    assert_in_range(g_get_monotonic_time() - start, G_TIME_SPAN_SECOND, 5 * G_TIME_SPAN_SECOND);
    assert_non_null(call.unfinished);
    assert_string_equal(wsman_epr_get_selector(call.unfinished, "InstanceID"), "the-job");
    wsman_epr_free(call.unfinished);
}

static void test_cancelling_ends_the_wait_and_names_the_job(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    HypervCall call = { .cancellable = cancellable };
    g_autoptr(GError) error = NULL;

    fixture->polls_left = G_MAXUINT;
    fixture->cancel_at_poll = cancellable;
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    assert_int_equal(fixture->n_polls, 1);
    assert_non_null(call.unfinished);
    wsman_epr_free(call.unfinished);
}

static gpointer cancel_later(gpointer data)
{
    g_usleep(50 * 1000);
    g_cancellable_cancel(data);
    return NULL;
}

static void test_cancelling_wakes_a_pause(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_later, cancellable);
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();

    assert_false(hyperv_job_pause(20000, cancellable, &error));
    g_thread_join(thread);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    assert_true(g_get_monotonic_time() - start < 10 * G_TIME_SPAN_SECOND);
}

static void test_lost_polls_are_repeated(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };

    fixture->lost = 3;
    assert_true(run(fixture, &call, NULL));
    assert_int_equal(fixture->n_polls, 4);
}

static void test_too_many_lost_polls_give_up(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->lost = 4;
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, WSMAN_ERROR, WSMAN_ERROR_CONNECT);
    assert_non_null(call.unfinished);
    wsman_epr_free(call.unfinished);
}

static void test_job_that_vanished_is_no_success(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->vanishes = TRUE;
    assert_false(run(fixture, &call, &error));
    assert_non_null(error);
    wsman_epr_free(call.unfinished);
}

static void test_started_job_without_a_name_is_a_failure(void **state)
{
    Fixture *fixture = *state;
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    fixture->names_no_job = TRUE;
    assert_false(run(fixture, &call, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_FAILED);
}

static void test_return_codes_have_kind_and_name(void **state)
{
    static const struct {
        guint code;
        HypervError kind;
        const char *name;
    } table[] = {
        { 1, HYPERV_ERROR_UNSUPPORTED, "not supported" },
        { 5, HYPERV_ERROR_INVALID_STATE, "invalid state" },
        { 32768, HYPERV_ERROR_FAILED, "failed" },
        { 32769, HYPERV_ERROR_ACCESS_DENIED, "access denied" },
        { 32770, HYPERV_ERROR_UNSUPPORTED, "not supported" },
        { 32772, HYPERV_ERROR_TIMEOUT, "timeout" },
        { 32773, HYPERV_ERROR_INVALID_PARAMETER, "invalid parameter" },
        { 32774, HYPERV_ERROR_IN_USE, "system is in use" },
        { 32775, HYPERV_ERROR_INVALID_STATE, "invalid state for this operation" },
        { 32776, HYPERV_ERROR_INVALID_PARAMETER, "incorrect data type" },
        { 12345, HYPERV_ERROR_FAILED, "unknown return code" },
    };
    Fixture *fixture = *state;

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        HypervCall call = { 0 };
        g_autoptr(GError) error = NULL;

        fixture->return_value = table[i].code;
        assert_false(run(fixture, &call, &error));
        g_assert_error(error, HYPERV_ERROR, (int)table[i].kind);
        assert_int_equal(hyperv_error_get_code(error), table[i].code);
        assert_non_null(strstr(error->message, table[i].name));
        assert_non_null(strstr(error->message, "doing it: DoIt: "));
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_method_that_is_done_at_once_needs_no_poll),
        T(test_job_is_polled_until_it_completes),
        T(test_job_of_another_class_is_followed),
        T(test_pauses_start_short_and_grow),
        T(test_completed_with_warnings_is_completed),
        T(test_failure_tells_code_and_text),
        T(test_completed_with_an_error_code_is_a_failure),
        T(test_failure_without_text_asks_for_the_errors),
        T(test_failure_without_any_text_says_so),
        T(test_job_that_hangs_is_given_up_in_time),
        T(test_cancelling_ends_the_wait_and_names_the_job),
        T(test_cancelling_wakes_a_pause),
        T(test_lost_polls_are_repeated),
        T(test_too_many_lost_polls_give_up),
        T(test_job_that_vanished_is_no_success),
        T(test_started_job_without_a_name_is_a_failure),
        T(test_return_codes_have_kind_and_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
