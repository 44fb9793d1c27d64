/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/support.h"

#include <string.h>

#include "wsman/wsman_epr.h"

#define NS "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" NS "/Msvm_ComputerSystem"

static void
a_class_has_its_uri_and_no_selectors(void **state)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new(NS, "Msvm_ComputerSystem");

    assert_string_equal(wsman_epr_get_resource_uri(epr), URI);
    assert_string_equal(wsman_epr_get_namespace(epr), NS);
    assert_string_equal(wsman_epr_get_class(epr), "Msvm_ComputerSystem");
    assert_int_equal(wsman_epr_n_selectors(epr), 0);
}

static void
backslashes_in_a_namespace_become_slashes(void **state)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new("root\\virtualization\\v2\\", "Msvm_ComputerSystem");

    assert_string_equal(wsman_epr_get_resource_uri(epr), URI);
}

static void
a_uri_is_split_into_namespace_and_class(void **state)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new_from_uri("\n  " URI "\n");
    static const char *const bad[] = {
        "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ComputerSystem", "",
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/", "http://schemas.microsoft.com/wbem/wsman/1/wmi/x",
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/",
    };

    assert_non_null(epr);
    assert_string_equal(wsman_epr_get_namespace(epr), NS);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_null(wsman_epr_new_from_uri(bad[i]));
}

static void
selectors_are_found_without_regard_to_case(void **state)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new(NS, "Msvm_ComputerSystem");

    wsman_epr_add_selector(epr, "CreationClassName", "Msvm_ComputerSystem");
    wsman_epr_add_selector(epr, "Name", "0A");
    assert_string_equal(wsman_epr_get_selector(epr, "name"), "0A");
    assert_null(wsman_epr_get_selector(epr, "InstanceID"));
}

static WsmanEpr *
association(void)
{
    WsmanEpr *epr = wsman_epr_new(NS, "Msvm_AffectedJobElement");
    WsmanEpr *job = wsman_epr_new(NS, "Msvm_ConcreteJob");

    wsman_epr_add_selector(job, "InstanceID", "C:\\x\"y");
    wsman_epr_add_selector_epr(epr, "AffectingElement", job);
    return epr;
}

static void
a_copy_shares_nothing(void **state)
{
    WsmanEpr *epr = association();
    g_autoptr(WsmanEpr) copy = wsman_epr_copy(epr);
    g_autofree char *path = NULL;

    wsman_epr_free(epr);
    path = wsman_epr_to_object_path(copy);
    assert_string_equal(path, NS ":Msvm_AffectedJobElement.AffectingElement=\"" NS ":Msvm_ConcreteJob.InstanceID="
                              "\\\"C:\\\\\\\\x\\\\\\\"y\\\"\"");
    assert_null(wsman_epr_get_selector(copy, "AffectingElement"));
}

static void
an_object_path_goes_there_and_back(void **state)
{
    g_autoptr(WsmanEpr) epr = wsman_epr_new(NS, "Msvm_SecuritySettingData");
    g_autoptr(WsmanEpr) back = NULL;
    g_autofree char *path = NULL;

    wsman_epr_add_selector(epr, "InstanceID", "Microsoft:0A\\B,C=\"D\"");
    wsman_epr_add_selector(epr, "Other", "");
    path = wsman_epr_to_object_path(epr);
    back = wsman_epr_from_object_path(path, NULL);
    assert_non_null(back);
    assert_string_equal(wsman_epr_get_selector(back, "InstanceID"), "Microsoft:0A\\B,C=\"D\"");
    assert_string_equal(wsman_epr_get_selector(back, "Other"), "");
    assert_string_equal(wsman_epr_get_class(back), "Msvm_SecuritySettingData");
}

static void
paths_with_host_namespace_or_neither_are_read(void **state)
{
    static const char *const paths[] = {
        "\\\\HV01\\root\\virtualization\\v2:Msvm_X.Name=\"a\"",
        "\\\\hv01.example.org\\root\\virtualization\\v2:Msvm_X.Name=\"a\"",
        "root/virtualization/v2:Msvm_X.Name=\"a\"",
        "Msvm_X.Name=\"a\"",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(WsmanEpr) epr = wsman_epr_from_object_path(paths[i], NS);

        if (!epr)
            fail_msg("%s", paths[i]);
        assert_string_equal(wsman_epr_get_namespace(epr), NS);
        assert_string_equal(wsman_epr_get_class(epr), "Msvm_X");
        assert_string_equal(wsman_epr_get_selector(epr, "Name"), "a");
    }
}

static void
bare_values_and_singletons_are_read(void **state)
{
    g_autoptr(WsmanEpr) number = wsman_epr_from_object_path("Win32_Process.Handle=29,Ok=TRUE", "root/cimv2");
    g_autoptr(WsmanEpr) single = wsman_epr_from_object_path("root/x:Win32_Y=@", NULL);
    g_autoptr(WsmanEpr) class = wsman_epr_from_object_path("root/x:Win32_Y", NULL);

    assert_string_equal(wsman_epr_get_selector(number, "handle"), "29");
    assert_string_equal(wsman_epr_get_selector(number, "OK"), "TRUE");
    assert_int_equal(wsman_epr_n_selectors(single), 0);
    assert_int_equal(wsman_epr_n_selectors(class), 0);
}

static void
malformed_paths_are_refused(void **state)
{
    static const char *const bad[] = {
        "", ":", "root/x:", "root/x:C.", "root/x:C.K", "root/x:C.K=", "root/x:C.K=\"a", "root/x:C.K=\"a\\",
        "root/x:C.K=\"a\"b", "root/x:C.K=\"a\",", "root/x:C.=\"a\"", "root/x:C=\"a\"", "\\\\", "\\\\HOST",
        "root/x:C D.K=\"a\"", "root/x:C.K=\"\xff\"", "C.K=\"a\"", ":C.K=\"a\"",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (wsman_epr_from_object_path(bad[i], NULL))
            fail_msg("taken: %s", bad[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_class_has_its_uri_and_no_selectors),
        cmocka_unit_test(backslashes_in_a_namespace_become_slashes),
        cmocka_unit_test(a_uri_is_split_into_namespace_and_class),
        cmocka_unit_test(selectors_are_found_without_regard_to_case),
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(an_object_path_goes_there_and_back),
        cmocka_unit_test(paths_with_host_namespace_or_neither_are_read),
        cmocka_unit_test(bare_values_and_singletons_are_read),
        cmocka_unit_test(malformed_paths_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
