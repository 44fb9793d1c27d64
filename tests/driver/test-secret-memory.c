/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_secret_memory.h"

#define UUID "6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f51"
#define OTHER "6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f52"

enum { VTPM = 5, CEPH = 2 };

static int
setup(void **state)
{
    *state = msvmSecretMemoryNew();
    return 0;
}

static int
teardown(void **state)
{
    msvmSecretMemoryFree(*state);
    return 0;
}

static void
define(MsvmSecretMemory *memory, const char *uuid, const char *usage_id, gboolean is_private)
{
    KeymgrDefinition definition = {
        .id = (char *)uuid, .usage_type = VTPM, .usage_id = (char *)usage_id, .is_private = is_private,
        .is_ephemeral = TRUE,
    };
    g_autoptr(GError) error = NULL;

    if (!msvmSecretMemoryDefine(memory, &definition, &error))
        fail_msg("%s", error->message);
}

static void
set_value(MsvmSecretMemory *memory, const char *uuid, const char *text)
{
    g_autoptr(KeymgrSecret) value = keymgr_secret_new(text, strlen(text));

    assert_true(msvmSecretMemorySetValue(memory, uuid, value));
}

static void
assert_value(MsvmSecretMemory *memory, const char *uuid, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrSecret) value = msvmSecretMemoryGetValue(memory, uuid, &error);

    if (!value)
        fail_msg("%s", error->message);
    assert_int_equal(keymgr_secret_size(value), strlen(text));
    assert_memory_equal(keymgr_secret_data(value), text, strlen(text));
}

static void
assert_no_value(MsvmSecretMemory *memory, const char *uuid, int code)
{
    g_autoptr(GError) error = NULL;

    assert_null(msvmSecretMemoryGetValue(memory, uuid, &error));
    assert_true(g_error_matches(error, KEYMGR_ERROR, code));
    assert_non_null(strstr(error->message, uuid));
}

static void
test_a_secret_is_found_by_uuid_and_usage(void **state)
{
    g_autoptr(KeymgrDefinition) by_uuid = NULL;
    g_autoptr(KeymgrDefinition) by_usage = NULL;

    define(*state, UUID, "vm", TRUE);
    by_uuid = msvmSecretMemoryFind(*state, UUID);
    by_usage = msvmSecretMemoryFindUsage(*state, VTPM, "vm");
    assert_non_null(by_uuid);
    assert_true(by_uuid->is_private);
    assert_string_equal(by_uuid->usage_id, "vm");
    assert_non_null(by_usage);
    assert_string_equal(by_usage->id, UUID);
    assert_null(msvmSecretMemoryFind(*state, OTHER));
    assert_null(msvmSecretMemoryFindUsage(*state, CEPH, "vm"));
    assert_null(msvmSecretMemoryFindUsage(*state, VTPM, "other"));
}

static void
test_a_value_is_replaced_and_survives_another_definition(void **state)
{
    define(*state, UUID, "vm", FALSE);
    assert_no_value(*state, UUID, KEYMGR_ERROR_NO_PAYLOAD);
    set_value(*state, UUID, "one");
    assert_value(*state, UUID, "one");
    set_value(*state, UUID, "another");
    define(*state, UUID, "vm", TRUE);
    assert_value(*state, UUID, "another");
}

static void
test_what_is_removed_is_gone_with_its_value(void **state)
{
    define(*state, UUID, "vm", FALSE);
    define(*state, OTHER, "vm2", FALSE);
    set_value(*state, UUID, "one");
    set_value(*state, OTHER, "two");
    assert_true(msvmSecretMemoryRemove(*state, UUID));
    assert_false(msvmSecretMemoryRemove(*state, UUID));
    assert_no_value(*state, UUID, KEYMGR_ERROR_NOT_FOUND);
    assert_value(*state, OTHER, "two");
    define(*state, UUID, "vm", FALSE);
    assert_no_value(*state, UUID, KEYMGR_ERROR_NO_PAYLOAD);
}

static void
test_what_is_gone_is_known_until_its_uuid_is_handed_out(void **state)
{
    define(*state, UUID, "vm", FALSE);
    assert_false(msvmSecretMemoryIsGone(*state, UUID));
    msvmSecretMemoryRemove(*state, UUID);
    assert_true(msvmSecretMemoryIsGone(*state, UUID));
    define(*state, UUID, "vm", FALSE);
    assert_false(msvmSecretMemoryIsGone(*state, UUID));
    msvmSecretMemoryRemove(*state, UUID);
    msvmSecretMemoryHandOut(*state, UUID);
    assert_false(msvmSecretMemoryIsGone(*state, UUID));
}

static void
test_a_value_for_nobody_is_refused(void **state)
{
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);

    assert_false(msvmSecretMemorySetValue(*state, UUID, value));
}

static void
test_there_is_a_limit(void **state)
{
    g_autoptr(GPtrArray) all = keymgr_definitions_new();
    g_autoptr(GError) error = NULL;
    KeymgrDefinition more = { .id = (char *)OTHER };
    guint i;

    for (i = 0; i < MSVM_SECRET_MEMORY_MAX; i++) {
        g_autofree char *uuid = g_strdup_printf("6f1c24c8-5bd7-4a4e-9f43-%012u", i);

        define(*state, uuid, uuid, FALSE);
    }
    assert_false(msvmSecretMemoryDefine(*state, &more, &error));
    assert_true(g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT));
    msvmSecretMemoryList(*state, all);
    assert_int_equal(all->len, MSVM_SECRET_MEMORY_MAX);
    /* Another definition of one that is there is no new one. */
    define(*state, "6f1c24c8-5bd7-4a4e-9f43-000000000000", "x", TRUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_secret_is_found_by_uuid_and_usage),
        TEST(test_a_value_is_replaced_and_survives_another_definition),
        TEST(test_what_is_removed_is_gone_with_its_value),
        TEST(test_what_is_gone_is_known_until_its_uuid_is_handed_out),
        TEST(test_a_value_for_nobody_is_refused),
        TEST(test_there_is_a_limit),
    };

    return cmocka_run_group_tests_name("driver/secret-memory", tests, test_setup_libvirt, NULL);
}
