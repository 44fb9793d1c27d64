/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_claim.h"

static gint inside;
static gint most;

static gpointer
work(gpointer name)
{
    int i;

    for (i = 0; i < 50; i++) {
        g_autoptr(MsvmClaim) claim = msvmClaimTake("hv01", name, name);
        gint now = g_atomic_int_add(&inside, 1) + 1;

        if (now > g_atomic_int_get(&most))
            g_atomic_int_set(&most, now);
        g_thread_yield();
        g_atomic_int_add(&inside, -1);
    }
    return NULL;
}

static void
test_a_name_is_claimed_by_one_thread_at_a_time(void **state)
{
    GThread *threads[6];
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("work", work, (gpointer)"vm");
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    assert_int_equal(most, 1);
    assert_int_equal(inside, 0);
}

static void
test_others_are_not_kept_waiting(void **state)
{
    g_autoptr(MsvmClaim) one = msvmClaimTake("hv01", "vm", "uuid-1");
    g_autoptr(MsvmClaim) other_host = msvmClaimTake("hv02", "vm", "uuid-1");
    g_autoptr(MsvmClaim) other_domain = msvmClaimTake("hv01", "VM", "uuid-2");

    assert_non_null(one);
    assert_non_null(other_host);
    assert_non_null(other_domain);
}

typedef struct {
    const char *name;
    const char *uuid;
    gint done;
} Waiter;

static gpointer
wait_for_claim(gpointer data)
{
    Waiter *waiter = data;

    msvmClaimRelease(msvmClaimTake("hv01", waiter->name, waiter->uuid));
    g_atomic_int_set(&waiter->done, 1);
    return NULL;
}

static void
test_a_claim_holds_by_name_and_by_uuid(void **state)
{
    static const char *const wanted[][2] = { { "vm", "uuid-2" }, { "other", "uuid-1" } };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(wanted); i++) {
        Waiter waiter = { wanted[i][0], wanted[i][1], 0 };
        MsvmClaim *claim = msvmClaimTake("hv01", "vm", "uuid-1");
        GThread *thread = g_thread_new("waiter", wait_for_claim, &waiter);

        g_usleep(20000);
        assert_int_equal(g_atomic_int_get(&waiter.done), 0);
        msvmClaimRelease(claim);
        g_thread_join(thread);
        assert_int_equal(waiter.done, 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_claimed_by_one_thread_at_a_time),
        cmocka_unit_test(test_others_are_not_kept_waiting),
        cmocka_unit_test(test_a_claim_holds_by_name_and_by_uuid),
    };

    return cmocka_run_group_tests_name("driver/claim", tests, test_setup_libvirt, NULL);
}
