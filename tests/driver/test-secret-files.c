/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_secret_files.h"
#include "driver/msvm_secret_value.h"

#include "virsecret.h"

#define UUID "6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f51"

static char *root;
static char *definition;
static char *value;

static int
setup(void **state)
{
    g_autofree char *folder = NULL;

    root = g_dir_make_tmp("msvm-secret-XXXXXX", NULL);
    folder = g_build_filename(root, "etc", "secrets", NULL);
    definition = g_build_filename(folder, UUID ".xml", NULL);
    value = g_build_filename(folder, UUID ".base64", NULL);
    return g_mkdir_with_parents(folder, 0700);
}

static int
teardown(void **state)
{
    g_autofree char *folder = g_path_get_dirname(definition);
    g_autofree char *etc = g_path_get_dirname(folder);

    g_unlink(definition);
    g_unlink(value);
    g_rmdir(folder);
    g_rmdir(etc);
    g_rmdir(root);
    g_free(definition);
    g_free(value);
    g_free(root);
    return 0;
}

static void
write_definition(const char *usage, const char *private)
{
    g_autofree char *xml = g_strdup_printf("<secret ephemeral='no' private='%s'><uuid>" UUID "</uuid>%s</secret>",
                                           private, usage);

    test_write(definition, xml, 0600);
}

#define VTPM "<usage type='vtpm'><name>vm</name></usage>"

static void
assert_fails(int code, const char *part)
{
    g_autoptr(GError) error = NULL;

    assert_null(msvmSecretValueGet(UUID, VIR_SECRET_USAGE_TYPE_VTPM, root, &error));
    if (!g_error_matches(error, KEYMGR_ERROR, code) || !strstr(error->message, part))
        fail_msg("error %d '%s', expected %d with '%s'", error->code, error->message, code, part);
}

static void
test_a_private_value_is_read(void **state)
{
    static const guint8 bytes[] = { 0, 0, 0, 4, 255, '\n' };
    g_autofree char *text = g_base64_encode(bytes, sizeof(bytes));
    g_autoptr(KeymgrSecret) secret = NULL;
    g_autoptr(GError) error = NULL;

    write_definition(VTPM, "yes");
    test_write(value, text, 0600);
    secret = msvmSecretValueGet(UUID, VIR_SECRET_USAGE_TYPE_VTPM, root, &error);
    if (!secret)
        fail_msg("%s", error->message);
    assert_int_equal(keymgr_secret_size(secret), sizeof(bytes));
    assert_memory_equal(keymgr_secret_data(secret), bytes, sizeof(bytes));
}

static void
test_a_secret_without_usage_is_read(void **state)
{
    g_autoptr(KeymgrSecret) secret = NULL;

    write_definition("", "no");
    test_write(value, "Zm9v", 0600);
    secret = msvmSecretValueGet(UUID, VIR_SECRET_USAGE_TYPE_VTPM, root, NULL);
    assert_non_null(secret);
    assert_memory_equal(keymgr_secret_data(secret), "foo", 3);
}

static void
test_an_unknown_secret_is_not_found(void **state)
{
    assert_fails(KEYMGR_ERROR_NOT_FOUND, UUID);
}

static void
test_a_secret_without_value_says_so(void **state)
{
    write_definition(VTPM, "no");
    assert_fails(KEYMGR_ERROR_NO_PAYLOAD, "does not have a value");
}

static void
test_another_usage_type_is_refused(void **state)
{
    write_definition("<usage type='ceph'><name>x</name></usage>", "no");
    test_write(value, "Zm9v", 0600);
    assert_fails(KEYMGR_ERROR_INVALID_REFERENCE, "is of type 'ceph' not expected 'vtpm' type");
}

static void
test_the_usage_type_that_is_asked_for_is_read(void **state)
{
    static const int types[] = { VIR_SECRET_USAGE_TYPE_CEPH, -1 };
    size_t i;

    write_definition("<usage type='ceph'><name>x</name></usage>", "no");
    test_write(value, "Zm9v", 0600);
    for (i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(KeymgrSecret) secret = msvmSecretValueGet(UUID, types[i], root, NULL);

        assert_non_null(secret);
        assert_memory_equal(keymgr_secret_data(secret), "foo", 3);
    }
}

static void
test_a_damaged_definition_is_refused(void **state)
{
    test_write(definition, "<secret", 0600);
    assert_fails(KEYMGR_ERROR_INVALID_SECRET, UUID);
}

static void
test_a_value_that_is_too_long_is_refused(void **state)
{
    g_autofree char *big = g_strnfill(MSVM_SECRET_MAX_FILE + 1, 'A');
    g_autofree char *long_value = g_strnfill((KEYMGR_SECRET_MAX_SIZE / 3 + 1) * 4, 'A');

    write_definition(VTPM, "no");
    test_write(value, big, 0600);
    assert_fails(KEYMGR_ERROR_UNAVAILABLE, "at most");
    test_write(value, long_value, 0600);
    assert_fails(KEYMGR_ERROR_LIMIT, "longer than");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_private_value_is_read),
        TEST(test_a_secret_without_usage_is_read),
        TEST(test_an_unknown_secret_is_not_found),
        TEST(test_a_secret_without_value_says_so),
        TEST(test_another_usage_type_is_refused),
        TEST(test_the_usage_type_that_is_asked_for_is_read),
        TEST(test_a_damaged_definition_is_refused),
        TEST(test_a_value_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests_name("driver/secret-files", tests, test_setup_libvirt, NULL);
}
