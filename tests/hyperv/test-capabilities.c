/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host can give its machines, against hvsim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_capabilities.h"
#include "tests/hyperv/sim_machines.h"

static void test_versions_are_compared_by_number(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        { "9.0", "10.0", -1 }, { "10.0", "9.0", 1 }, { "8.0", "8.0", 0 }, { "8.1", "8.10", -1 }, { "8", "8.0", -1 },
        { "254.0", "12.0", 1 }, { "", "5.0", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint order = hyperv_version_compare(rows[i].a, rows[i].b);

        assert_int_equal(order < 0 ? -1 : order > 0, rows[i].order);
    }
}

static void assert_host(const char *version, gboolean security, guint processors, const char *oldest,
                        const char *newest)
{
    g_autofree char *option = g_strdup_printf("--host-version=%s", version);
    Hvsim *sim = start_with(option, NULL);
    HypervCapabilities capabilities;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) versions = NULL;
    Count count;

    hvsim_host(sim);
    count = start_count(sim);
    assert_true(hyperv_query_capabilities(hvsim_host(sim), &capabilities, NULL, &error));
    assert_budget("capabilities", end_count(sim, count), 4);
    assert_int_equal(capabilities.has_security, security);
    assert_int_equal(hyperv_capabilities_have_tpm(&capabilities), security);
    assert_int_equal(capabilities.max_processors, processors);
    assert_true(capabilities.max_memory_mib >= 1024 * 1024);
    versions = hyperv_query_versions(hvsim_host(sim), NULL, &error);
    g_assert_no_error(error);
    assert_string_equal(g_ptr_array_index(versions, 0), oldest);
    assert_string_equal(g_ptr_array_index(versions, versions->len - 1), newest);
    for (guint i = 1; i < versions->len; i++)
        assert_true(hyperv_version_compare(g_ptr_array_index(versions, i - 1), g_ptr_array_index(versions, i)) < 0);
    hvsim_stop(sim);
}

static void test_each_windows_has_its_own(void **state G_GNUC_UNUSED)
{
    assert_host("6.3.9600", FALSE, 64, "5.0", "5.0");
    assert_host("10.0.14393", TRUE, 240, "5.0", "8.0");
    assert_host("10.0.26100", TRUE, 2048, "8.0", "12.0");
}

static void test_a_tpm_takes_a_guard_that_opens_its_protector(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *option;
        HypervGuardMode mode;
        gboolean tpm;
    } rows[] = {
        { "--guard-mode=none", HYPERV_GUARD_NONE, FALSE },
        { "--guard-mode=unknown", HYPERV_GUARD_UNKNOWN, TRUE },
        { "--guard-mode=local", HYPERV_GUARD_LOCAL, TRUE },
        { "--guard-mode=guarded", HYPERV_GUARD_GUARDED, TRUE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Hvsim *sim = start_with(rows[i].option, NULL);
        HypervCapabilities capabilities;

        assert_true(hyperv_query_capabilities(hvsim_host(sim), &capabilities, NULL, NULL));
        assert_true(capabilities.has_security);
        assert_int_equal(capabilities.guard.mode, rows[i].mode);
        assert_int_equal(hyperv_capabilities_have_tpm(&capabilities), rows[i].tpm);
        hvsim_stop(sim);
    }
}

static void test_switches_disks_and_tools_are_told(void **state G_GNUC_UNUSED)
{
    Hvsim *sim = start_with(NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) switches = hyperv_query_switches(hvsim_host(sim), NULL, &error);
    gboolean present = FALSE;

    g_assert_no_error(error);
    assert_true(g_ptr_array_find_with_equal_func(switches, "Default Switch", g_str_equal, NULL));
    assert_true(hyperv_query_disk(hvsim_host(sim), "C:\\VMs\\web.vhdx", &present, NULL, &error));
    assert_true(present);
    assert_true(hyperv_query_disk(hvsim_host(sim), "C:\\VMs\\missing-1.vhdx", &present, NULL, &error));
    assert_false(present);
    assert_true(hyperv_query_shielding_tools(hvsim_host(sim), &present, NULL, &error));
    assert_true(present);
    hvsim_stop(sim);
}

static void test_a_host_without_the_tools_is_no_failure(void **state G_GNUC_UNUSED)
{
    Hvsim *sim = start_with("--shielded-tools=no", NULL);
    g_autoptr(GError) error = NULL;
    gboolean present = TRUE;

    assert_true(hyperv_query_shielding_tools(hvsim_host(sim), &present, NULL, &error));
    assert_false(present);
    hvsim_stop(sim);
}

static void test_what_cannot_be_asked_is_an_error_that_says_what(void **state G_GNUC_UNUSED)
{
    Hvsim *sim = start_with(NULL, NULL);
    HypervCapabilities capabilities;
    g_autoptr(GError) error = NULL;
    gboolean present;

    hvsim_host(sim);
    hvsim_inject(sim, "when=Get,nth=1,do=fault:0x80041003:w:AccessDenied");
    assert_false(hyperv_query_capabilities(hvsim_host(sim), &capabilities, NULL, &error));
    assert_non_null(strstr(error->message, "the security service"));
    g_clear_error(&error);
    hvsim_inject(sim, "when=MSFT_HgsClientConfiguration,nth=1,do=fault:0x80041003:w:AccessDenied");
    assert_false(hyperv_query_capabilities(hvsim_host(sim), &capabilities, NULL, &error));
    assert_non_null(strstr(error->message, "the guard mode"));
    g_clear_error(&error);
    hvsim_inject(sim, "when=Enumerate,nth=1,do=fault:0x80041003:w:AccessDenied");
    assert_null(hyperv_query_versions(hvsim_host(sim), NULL, &error));
    assert_non_null(strstr(error->message, "the host's capabilities"));
    g_clear_error(&error);
    hvsim_inject(sim, "when=Enumerate,nth=1,do=fault:0x80041003:w:AccessDenied");
    assert_false(hyperv_query_shielding_tools(hvsim_host(sim), &present, NULL, &error));
    g_clear_error(&error);
    hvsim_inject(sim, "when=GetVirtualHardDiskSettingData,nth=1,do=return:32769");
    assert_false(hyperv_query_disk(hvsim_host(sim), "C:\\a.vhdx", &present, NULL, &error));
    assert_non_null(strstr(error->message, "looking for a disk image"));
    hvsim_stop(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_are_compared_by_number),
        cmocka_unit_test(test_each_windows_has_its_own),
        cmocka_unit_test(test_a_tpm_takes_a_guard_that_opens_its_protector),
        cmocka_unit_test(test_switches_disks_and_tools_are_told),
        cmocka_unit_test(test_a_host_without_the_tools_is_no_failure),
        cmocka_unit_test(test_what_cannot_be_asked_is_an_error_that_says_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
