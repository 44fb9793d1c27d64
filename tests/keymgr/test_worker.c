/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/keymgr_test.h"

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_worker.h"

#define LONG_MS 10000
#define MOMENT_MS 20

/* What a library keeps for each thread, and takes its time to give back. */
static gint kept;

static void
give_back(gpointer data)
{
    g_usleep(MOMENT_MS * G_TIME_SPAN_MILLISECOND);
    g_atomic_int_add(&kept, -1);
}

static GPrivate for_thread = G_PRIVATE_INIT(give_back);

static gpointer
work_keeping(gpointer data, GCancellable *left, GError **error)
{
    g_atomic_int_inc(&kept);
    g_private_set(&for_thread, &kept);
    if (data)
        return g_strdup(data);
    g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND, "none there");
    return NULL;
}

/* A call that hangs until it is let go. */
typedef struct {
    GMutex lock;
    GCond changed;
    gboolean let_go;
    gboolean undone;
} Hanging;

static gpointer
work_hanging(gpointer data, GCancellable *left, GError **error)
{
    Hanging *hanging = data;

    g_mutex_lock(&hanging->lock);
    while (!hanging->let_go)
        g_cond_wait(&hanging->changed, &hanging->lock);
    g_mutex_unlock(&hanging->lock);
    return g_strdup("too late");
}

static void
undo_hanging(gpointer data, gpointer result)
{
    Hanging *hanging = data;

    g_mutex_lock(&hanging->lock);
    hanging->undone = g_str_equal(result, "too late");
    g_cond_broadcast(&hanging->changed);
    g_mutex_unlock(&hanging->lock);
}

static const KeymgrWork keeping = { .work = work_keeping, .free_result = g_free };
static const KeymgrWork keeping_data = { .work = work_keeping, .free_result = g_free, .free_data = g_free };
static const KeymgrWork hanging_work = {
    .work = work_hanging, .free_result = g_free, .undo = undo_hanging,
};

static gint64
after_ms(guint ms)
{
    return g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
}

static void
test_the_result_and_the_error_come_back(void **state)
{
    g_autoptr(KeymgrWorkers) workers = keymgr_workers_new("test", "the store");
    g_autoptr(GError) error = NULL;
    g_autofree char *result = keymgr_worker_run(workers, &keeping_data, g_strdup("a value"), after_ms(LONG_MS),
                                                NULL, &error);

    assert_null(error);
    assert_string_equal(result, "a value");
    assert_null(keymgr_worker_run(workers, &keeping, NULL, after_ms(LONG_MS), NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "none there");
}

static void
test_a_call_that_has_come_back_leaves_no_thread(void **state)
{
    g_autoptr(KeymgrWorkers) workers = keymgr_workers_new("test", "the store");
    g_autofree char *result = keymgr_worker_run(workers, &keeping_data, g_strdup("a value"), after_ms(LONG_MS),
                                                NULL, NULL);

    assert_non_null(result);
    assert_int_equal(g_atomic_int_get(&kept), 0);
    assert_null(keymgr_worker_run(workers, &keeping, NULL, after_ms(LONG_MS), NULL, NULL));
    assert_int_equal(g_atomic_int_get(&kept), 0);
}

static void
test_a_call_that_is_late_is_left_and_undone(void **state)
{
    g_autoptr(KeymgrWorkers) workers = keymgr_workers_new("test", "the store");
    g_autoptr(GError) error = NULL;
    /* The thread may still be leaving its lock when the test ends. */
    static Hanging hanging;

    assert_null(keymgr_worker_run(workers, &hanging_work, &hanging, after_ms(MOMENT_MS), NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "the store: no answer in time");
    g_mutex_lock(&hanging.lock);
    hanging.let_go = TRUE;
    g_cond_broadcast(&hanging.changed);
    while (!hanging.undone)
        assert_true(g_cond_wait_until(&hanging.changed, &hanging.lock, after_ms(LONG_MS)));
    g_mutex_unlock(&hanging.lock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_result_and_the_error_come_back),
        cmocka_unit_test(test_a_call_that_has_come_back_leaves_no_thread),
        cmocka_unit_test(test_a_call_that_is_late_is_left_and_undone),
    };

    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
