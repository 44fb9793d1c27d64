/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_cache.h"

#define UUID "5b7d5b3e-6a1c-4c0f-9d0a-6f6d6d737631"
#define OTHER "00000000-0000-0000-0000-000000000002"
#define GUID "0D1B3C5A-1111-2222-3333-444455556666"

static gint64 now;

static gint64
test_clock(void)
{
    return now;
}

static MsvmCache *
new_cache(void)
{
    MsvmCache *cache = msvmCacheNew();

    now = 1000 * G_USEC_PER_SEC;
    msvmCacheSetClock(cache, test_clock);
    return cache;
}

static HypervFound *
new_found(const char *guid, HypervState state)
{
    HypervFound *found = g_new0(HypervFound, 1);

    found->guid = g_strdup(guid);
    found->name = g_strdup("vm");
    found->notes = g_strdup("notes");
    found->state = state;
    found->process_id = 7;
    return found;
}

static bool
answers(MsvmCache *cache, const char *uuid, MsvmQuestion question)
{
    g_autoptr(HypervFound) found = msvmCacheAsk(cache, uuid, question);

    return found != NULL;
}

static void
test_each_question_is_answered_once(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();
    g_autoptr(HypervFound) found = NULL;

    msvmCachePut(cache, msvmCacheTicket(cache), UUID, new_found(GUID, HYPERV_STATE_RUNNING));
    found = msvmCacheAsk(cache, UUID, MSVM_ASK_STATE);
    assert_non_null(found);
    assert_int_equal(found->state, HYPERV_STATE_RUNNING);
    assert_int_equal(found->process_id, 7);
    assert_string_equal(found->notes, "notes");
    assert_false(answers(cache, UUID, MSVM_ASK_STATE));
    assert_true(answers(cache, UUID, MSVM_ASK_ACTIVE));
    assert_true(answers(cache, UUID, MSVM_ASK_POWER));
    assert_false(answers(cache, UUID, MSVM_ASK_ACTIVE));
}

static void
test_a_new_fetch_answers_again(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();

    msvmCachePut(cache, msvmCacheTicket(cache), UUID, new_found(GUID, HYPERV_STATE_RUNNING));
    assert_true(answers(cache, UUID, MSVM_ASK_STATE));
    msvmCachePut(cache, msvmCacheTicket(cache), UUID, new_found(GUID, HYPERV_STATE_OFF));
    assert_true(answers(cache, UUID, MSVM_ASK_STATE));
}

static void
test_what_is_old_does_not_answer(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();

    msvmCachePut(cache, msvmCacheTicket(cache), UUID, new_found(GUID, HYPERV_STATE_RUNNING));
    now += MSVM_CACHE_FRESH_US;
    assert_true(answers(cache, UUID, MSVM_ASK_STATE));
    now += 1;
    assert_false(answers(cache, UUID, MSVM_ASK_ACTIVE));
}

static void
test_a_change_ends_freshness_and_keeps_the_name(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();
    g_autofree char *guid = NULL;
    g_autofree char *name = NULL;

    msvmCachePut(cache, msvmCacheTicket(cache), UUID, new_found(GUID, HYPERV_STATE_RUNNING));
    msvmCacheChanged(cache);
    assert_false(answers(cache, UUID, MSVM_ASK_STATE));
    assert_true(msvmCacheFind(cache, UUID, &guid, &name));
    assert_string_equal(guid, GUID);
    assert_string_equal(name, "vm");
}

static void
test_a_fetch_that_overlaps_a_change_is_not_fresh(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();
    guint64 ticket = msvmCacheTicket(cache);

    msvmCacheChanged(cache);
    msvmCachePut(cache, ticket, UUID, new_found(GUID, HYPERV_STATE_RUNNING));
    assert_false(answers(cache, UUID, MSVM_ASK_STATE));
}

static void
test_what_is_forgotten_or_unknown_is_not_found(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();
    char *guid = NULL;
    char *name = NULL;

    msvmCacheName(cache, UUID, GUID, "vm");
    assert_false(answers(cache, UUID, MSVM_ASK_STATE));
    msvmCacheForget(cache, UUID);
    assert_false(msvmCacheFind(cache, UUID, &guid, &name));
    assert_false(msvmCacheFind(cache, OTHER, &guid, &name));
    msvmCacheName(cache, UUID, GUID, "vm");
    msvmCacheClear(cache);
    assert_false(msvmCacheFind(cache, UUID, &guid, &name));
}

static gpointer
hammer(gpointer data)
{
    MsvmCache *cache = data;
    int i;

    for (i = 0; i < 2000; i++) {
        g_autofree char *uuid = g_strdup_printf("%d", i % 17);
        g_autofree char *guid = NULL;
        g_autofree char *name = NULL;

        msvmCachePut(cache, msvmCacheTicket(cache), uuid, new_found(GUID, HYPERV_STATE_RUNNING));
        answers(cache, uuid, i % 10);
        if (msvmCacheFind(cache, uuid, &guid, &name) && !g_str_equal(guid, GUID))
            return cache;
        if (i % 31 == 0)
            msvmCacheChanged(cache);
        if (i % 97 == 0)
            msvmCacheClear(cache);
    }
    return NULL;
}

static void
test_many_threads_share_it(void **state)
{
    g_autoptr(MsvmCache) cache = new_cache();
    GThread *threads[8];
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("hammer", hammer, cache);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_null(g_thread_join(threads[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_question_is_answered_once),
        cmocka_unit_test(test_a_new_fetch_answers_again),
        cmocka_unit_test(test_what_is_old_does_not_answer),
        cmocka_unit_test(test_a_change_ends_freshness_and_keeps_the_name),
        cmocka_unit_test(test_a_fetch_that_overlaps_a_change_is_not_fresh),
        cmocka_unit_test(test_what_is_forgotten_or_unknown_is_not_found),
        cmocka_unit_test(test_many_threads_share_it),
    };

    return cmocka_run_group_tests_name("driver/cache", tests, test_setup_libvirt, NULL);
}
