/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_config.h"
#include "keymgr/keymgr.h"

static char *directory;
static char *path;

static int
setup(void **state)
{
    directory = g_dir_make_tmp("msvm-config-XXXXXX", NULL);
    path = g_build_filename(directory, "msvm.conf", NULL);
    return 0;
}

static int
teardown(void **state)
{
    g_unlink(path);
    g_rmdir(directory);
    g_free(path);
    g_free(directory);
    return 0;
}

static MsvmConfig *
load(const char *text, int mode, GPtrArray **warnings)
{
    *warnings = g_ptr_array_new_with_free_func(g_free);
    test_write(path, text, mode);
    return msvmConfigLoadFile(path, *warnings);
}

static void
test_no_file_means_defaults(void **state)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MsvmConfig) config = msvmConfigLoadFile(path, warnings);
    g_autoptr(MsvmConfigHost) host = NULL;

    assert_non_null(config);
    assert_null(msvmConfigDefaultHost(config));
    host = msvmConfigGetHost(config, "hv01");
    assert_non_null(host);
    assert_null(host->url);
    assert_int_equal(host->job_timeout, 0);
    assert_int_equal(warnings->len, 0);
}

static void
test_values_are_read(void **state)
{
    g_autoptr(GPtrArray) warnings = NULL;
    g_autoptr(MsvmConfig) config = load("# a comment\n[driver]\n default_host = hv01 \n"
                                        "[host hv01]\nurl=https://x:1/wsman\nauth=basic\ncacert=ca.pem\n"
                                        "no_verify=yes\nconnect_timeout=3\noperation_timeout=4\njob_timeout=5\n"
                                        "provisioning_directory = C:\\Keys\\New 1\\\nprovisioning_timeout=6\n",
                                        0644, &warnings);
    g_autoptr(MsvmConfigHost) host = NULL;
    g_autofree char *name = NULL;
    g_autofree char *cacert = g_build_filename(directory, "ca.pem", NULL);

    assert_non_null(config);
    assert_int_equal(warnings->len, 0);
    name = msvmConfigDefaultHost(config);
    assert_string_equal(name, "hv01");
    host = msvmConfigGetHost(config, "hv01");
    assert_string_equal(host->url, "https://x:1/wsman");
    assert_string_equal(host->auth, "basic");
    assert_string_equal(host->cacert, cacert);
    assert_true(host->no_verify);
    assert_int_equal(host->connect_timeout, 3);
    assert_int_equal(host->operation_timeout, 4);
    assert_int_equal(host->job_timeout, 5);
    assert_string_equal(host->provisioning_directory, "C:\\Keys\\New 1");
    assert_int_equal(host->provisioning_timeout, 6);
}

static void
test_unknown_keys_and_groups_are_warnings_with_their_line(void **state)
{
    g_autoptr(GPtrArray) warnings = NULL;
    g_autoptr(MsvmConfig) config = load("[driver]\ndefault_hots=a\n\n[hsot b]\nurl=c\n[barbican]\nuser=d\n", 0600,
                                        &warnings);

    assert_non_null(config);
    assert_int_equal(warnings->len, 3);
    assert_non_null(strstr(g_ptr_array_index(warnings, 0), ":2: unknown key 'default_hots' in [driver]"));
    assert_non_null(strstr(g_ptr_array_index(warnings, 1), ":4: unknown group [hsot b]"));
    assert_non_null(strstr(g_ptr_array_index(warnings, 2), ":7: unknown key 'user' in [barbican]"));
}

static void
test_a_password_that_others_can_read_is_refused(void **state)
{
    static const int bad[] = { 0644, 0604, 0602, 0601 };
    static const int good[] = { 0600, 0640, 0400 };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GPtrArray) warnings = NULL;

        assert_null(load("[barbican]\npassword = canary\n", bad[i], &warnings));
        assert_null(strstr(virGetLastErrorMessage(), "canary"));
        test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "open to others");
    }
    for (i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GPtrArray) warnings = NULL;
        g_autoptr(MsvmConfig) config = load("[barbican]\npassword = canary\n", good[i], &warnings);

        assert_non_null(config);
        g_unlink(path);
    }
}

static void
test_a_bad_line_is_named_and_not_shown(void **state)
{
    static const char *const texts[] = {
        "[barbican]\npassword canary\n",
        "[barbican]\n=canary\n",
        "\nkey=canary\n[barbican]\n",
        "[barbican]\n[canary\n",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GPtrArray) warnings = NULL;

        assert_null(load(texts[i], 0600, &warnings));
        assert_null(strstr(virGetLastErrorMessage(), "canary"));
        test_assert_error(VIR_ERR_CONF_SYNTAX, ":2:");
    }
}

static void
test_bad_values_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } bad[] = {
        { "[host a]\nno_verify=maybe\n", "[host a] no_verify: 'maybe'" },
        { "[host a]\nconnect_timeout=0\n", "connect_timeout: '0'" },
        { "[host a]\noperation_timeout=-1\n", "operation_timeout: '-1'" },
        { "[host a]\njob_timeout=86401\n", "job_timeout: '86401'" },
        { "[host a]\njob_timeout=5 min\n", "job_timeout: '5 min'" },
        { "[host a]\nprovisioning_timeout=0\n", "provisioning_timeout: '0'" },
        { "[host a]\nprovisioning_directory=C:\\\n", "provisioning_directory: 'C:\\'" },
        { "[host a]\nprovisioning_directory=/tmp\n", "'/tmp' is not a folder of the host" },
        { "[host a]\nprovisioning_directory=C:\\a|b\n", "'C:\\a|b'" },
        { "[host a]\nprovisioning_directory=\\\\server\\share\n", "is not a folder of the host" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GPtrArray) warnings = NULL;
        g_autoptr(MsvmConfig) config = load(bad[i].text, 0600, &warnings);

        assert_non_null(config);
        assert_null(msvmConfigGetHost(config, "a"));
        test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, bad[i].part);
    }
}

static void
test_what_is_no_regular_file_of_sane_size_is_refused(void **state)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *big = g_strnfill(KEYMGR_CONFIG_MAX_FILE + 1, '#');

    assert_null(msvmConfigLoadFile(directory, warnings));
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "not a regular file");
    test_write(path, big, 0600);
    assert_null(msvmConfigLoadFile(path, warnings));
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "not a regular file of at most");
}

static void
test_the_file_of_the_root_goes_first(void **state)
{
    g_autofree char *etc = g_build_filename(directory, "etc", NULL);
    g_autofree char *file = g_build_filename(etc, "msvm.conf", NULL);
    g_autoptr(MsvmConfig) own = NULL;
    g_autoptr(MsvmConfig) other = NULL;

    assert_int_equal(g_mkdir(etc, 0700), 0);
    other = msvmConfigLoad(directory);
    assert_string_equal(msvmConfigPath(other), MSVM_SYSCONFDIR "/libvirt/msvm.conf");
    test_write(file, "[driver]\n", 0600);
    own = msvmConfigLoad(directory);
    assert_string_equal(msvmConfigPath(own), file);
    assert_string_equal(keymgr_config_file_directory(msvmConfigKeymgrFile(own)), etc);
    g_unlink(file);
    g_rmdir(etc);
}

/* Every "#key = value" of the sample, without its #. */
static char *
uncomment_sample(void)
{
    g_autofree char *sample = g_build_filename(g_getenv("MSVM_SRCDIR"), "driver", "msvm.conf", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    size_t i;

    assert_true(g_file_get_contents(sample, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", 0);
    for (i = 0; lines[i]; i++) {
        if (lines[i][0] == '#' && g_ascii_isalpha(lines[i][1]))
            memmove(lines[i], lines[i] + 1, strlen(lines[i]));
    }
    return g_strjoinv("\n", lines);
}

static void
assert_has_keys(GKeyFile *file, const char *group, const char *const *keys)
{
    for (; *keys; keys++) {
        if (!g_key_file_has_key(file, group, *keys, NULL))
            fail_msg("the sample does not have [%s] %s", group, *keys);
    }
}

static void
test_the_sample_has_every_key_and_no_other(void **state)
{
    static const char *const host_keys[] = { "url", "auth", "cacert", "no_verify", "connect_timeout",
                                             "operation_timeout", "job_timeout", "provisioning_directory",
                                             "provisioning_timeout", NULL };
    static const char *const groups[] = { "keymgr", "libvirt", "pkcs11", "barbican" };
    g_autofree char *text = uncomment_sample();
    g_autoptr(GPtrArray) warnings = NULL;
    g_autoptr(MsvmConfig) config = load(text, 0600, &warnings);
    g_autoptr(MsvmConfigHost) host = NULL;
    GKeyFile *file;
    size_t i;

    assert_non_null(config);
    file = keymgr_config_file_keys(msvmConfigKeymgrFile(config));
    for (i = 0; i < warnings->len; i++)
        fail_msg("%s", (const char *)g_ptr_array_index(warnings, i));
    host = msvmConfigGetHost(config, "hv01");
    assert_non_null(host);
    assert_has_keys(file, "host hv01", host_keys);
    for (i = 0; i < G_N_ELEMENTS(groups); i++)
        assert_has_keys(file, groups[i], keymgr_config_keys(groups[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_file_means_defaults),
        TEST(test_values_are_read),
        TEST(test_unknown_keys_and_groups_are_warnings_with_their_line),
        TEST(test_a_password_that_others_can_read_is_refused),
        TEST(test_a_bad_line_is_named_and_not_shown),
        TEST(test_bad_values_are_refused),
        TEST(test_what_is_no_regular_file_of_sane_size_is_refused),
        TEST(test_the_file_of_the_root_goes_first),
        TEST(test_the_sample_has_every_key_and_no_other),
    };

    return cmocka_run_group_tests_name("driver/config", tests, test_setup_libvirt, NULL);
}
