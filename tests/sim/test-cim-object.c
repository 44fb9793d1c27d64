/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/sim_testing.h"

#include <string.h>

#include "sim/cim_object.h"

static int load(void **state)
{
    *state = sim_test_schema();
    return 0;
}

static int unload(void **state)
{
    schema_free(*state);
    return 0;
}

/* --- paths ------------------------------------------------------------------ */

static void a_path_is_read_in_each_form_that_wmi_takes(void **state G_GNUC_UNUSED)
{
    static const char *const texts[] = {
        "\\\\HV01\\root\\virtualization\\v2:Msvm_X.InstanceID=\"Microsoft:A\\\\B\"",
        "root/virtualization/v2:Msvm_X.InstanceID=\"Microsoft:A\\\\B\"",
        "\\\\.\\root\\virtualization\\v2:msvm_x.instanceid=\"microsoft:a\\\\b\"",
        "Msvm_X.InstanceID=\"Microsoft:A\\\\B\"",
    };
    g_autoptr(CimPath) expected = cim_path_new(V2, "Msvm_X");

    cim_path_set_key(expected, "InstanceID", "Microsoft:A\\B");
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CimPath) path = cim_path_parse(texts[i], V2);

        if (!path || !cim_path_equal(path, expected))
            fail_msg("%s", texts[i]);
    }
}

static void a_malformed_path_is_refused(void **state G_GNUC_UNUSED)
{
    static const char *const texts[] = {
        "",
        ":",
        "X.",
        "X.A",
        "X.A=",
        "X.A=\"b",
        "X.A=\"b\"c",
        "X.A=\"b\",",
        "\\\\HV01",
        "\\\\HV01\\root:",
        "A B.C=\"d\"",
        "X=\"value\"",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CimPath) path = cim_path_parse(texts[i], V2);

        if (path)
            fail_msg("taken: '%s'", texts[i]);
    }
}

static void a_formatted_path_names_the_host_and_reads_back(void **state G_GNUC_UNUSED)
{
    g_autoptr(CimPath) path = cim_path_new(V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) again = NULL;
    g_autofree char *text = NULL;

    cim_path_set_key(path, "CreationClassName", "Msvm_ComputerSystem");
    cim_path_set_key(path, "Name", "a\"b\\c");
    text = cim_path_format(path, "HV01");
    assert_string_equal(text, "\\\\HV01\\root\\virtualization\\v2:Msvm_ComputerSystem."
                              "CreationClassName=\"Msvm_ComputerSystem\",Name=\"a\\\"b\\\\c\"");
    again = cim_path_parse(text, NULL);
    assert_true(cim_path_equal(path, again));
    assert_string_equal(cim_path_find_key(again, "name"), "a\"b\\c");
}

static void a_key_may_be_a_path_itself(void **state G_GNUC_UNUSED)
{
    g_autoptr(CimPath) inner = cim_path_new(V2, "Msvm_ComputerSystem");
    g_autoptr(CimPath) a = cim_path_new(V2, "Msvm_SettingsDefineState");
    g_autoptr(CimPath) b = cim_path_new(V2, "Msvm_SettingsDefineState");

    cim_path_set_key(inner, "Name", "X");
    cim_path_set_key_path(a, "ManagedElement", inner);
    cim_path_set_key(b, "ManagedElement", "X");
    assert_true(cim_path_equal(a, a));
    assert_false(cim_path_equal(a, b));
    assert_null(cim_path_key_value(a, 0));
    assert_ptr_equal(cim_path_key_path(a, 0), inner);
}

/* --- objects ------------------------------------------------------------------ */

static void a_property_left_out_differs_from_a_null(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_SecuritySettingData");
    g_autoptr(CimObject) object = cim_object_new(cls);

    assert_false(cim_object_is_set(object, "TpmEnabled"));
    assert_true(cim_value_is_null(cim_object_get(object, "TpmEnabled")));
    cim_object_set(object, "TpmEnabled", cim_value_new_null(CIM_BOOLEAN, FALSE));
    assert_true(cim_object_is_set(object, "tpmenabled"));
    assert_true(cim_value_is_null(cim_object_get(object, "TpmEnabled")));
}

static void a_copy_does_not_follow_later_changes(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_SecuritySettingData");
    g_autoptr(CimObject) object = cim_object_new(cls);
    g_autoptr(CimObject) copy = NULL;

    cim_object_set(object, "TpmEnabled", cim_value_new_boolean(FALSE));
    copy = cim_object_copy(object);
    cim_object_set(object, "TpmEnabled", cim_value_new_boolean(TRUE));
    assert_false(cim_value_boolean(cim_object_get(copy, "TpmEnabled"), TRUE));
}

static void the_path_is_made_of_the_keys(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_ComputerSystem");
    g_autoptr(CimObject) object = cim_object_new(cls);
    g_autoptr(CimPath) path = NULL;
    g_autofree char *text = NULL;

    cim_object_set(object, "Name", cim_value_new_text(CIM_STRING, "G"));
    cim_object_set(object, "CreationClassName", cim_value_new_text(CIM_STRING, "Msvm_ComputerSystem"));
    cim_object_set(object, "ElementName", cim_value_new_text(CIM_STRING, "vm"));
    path = cim_object_path(object);
    text = cim_path_format(path, "H");
    assert_string_equal(text, "\\\\H\\root\\virtualization\\v2:Msvm_ComputerSystem."
                              "CreationClassName=\"Msvm_ComputerSystem\",Name=\"G\"");
}

/* --- instance text -------------------------------------------------------------- */

#define SETTING(inner) "<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\">" inner "</INSTANCE>"
#define STORAGE(inner) "<INSTANCE CLASSNAME=\"Msvm_StorageAllocationSettingData\">" inner "</INSTANCE>"

static void instance_text_is_read(void **state)
{
    static const char text[] = SETTING(
        "<PROPERTY NAME=\"elementname\" TYPE=\"string\"><VALUE>a &#38; b</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"SecureBootEnabled\" TYPE=\"boolean\"><VALUE>true</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"AutomaticStartupActionDelay\" TYPE=\"datetime\">"
        "<VALUE>00000000000010.000000:000</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"Caption\" TYPE=\"string\"></PROPERTY>"
        "<PROPERTY.ARRAY NAME=\"Notes\" TYPE=\"string\"><VALUE.ARRAY><VALUE>one</VALUE><VALUE>two</VALUE>"
        "</VALUE.ARRAY></PROPERTY.ARRAY>"
        "<PROPERTY.ARRAY NAME=\"BootOrder\" TYPE=\"uint16\"></PROPERTY.ARRAY>");
    guint32 code = 1;
    g_autoptr(CimObject) object = cim_object_from_xml(*state, V2, text, &code);

    assert_int_equal(code, 0);
    assert_string_equal(cim_value_text(cim_object_get(object, "ElementName")), "a & b");
    assert_true(cim_value_boolean(cim_object_get(object, "SecureBootEnabled"), FALSE));
    assert_int_equal(cim_value_count(cim_object_get(object, "Notes")), 2);
    assert_true(cim_object_is_set(object, "Caption"));
    assert_true(cim_value_is_null(cim_object_get(object, "Caption")));
    assert_true(cim_value_is_null(cim_object_get(object, "BootOrder")));
    assert_false(cim_object_is_set(object, "Version"));
}

static void each_fault_of_instance_text_has_its_code(void **state)
{
    static const struct {
        const char *text;
        guint32 code;
    } rows[] = {
        { "", 32768 },
        { "<INSTANCE", 32768 },
        { "<OTHER/>", 32768 },
        { "<!DOCTYPE x><INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\"/>", 32768 },
        { "<INSTANCE CLASSNAME=\"Msvm_NoSuchThing\"/>", 32773 },
        { "<INSTANCE CLASSNAME=\"CIM_SettingData\"/>", 32773 },
        { SETTING("<PROPERTY NAME=\"Nothing\" TYPE=\"string\"><VALUE>x</VALUE></PROPERTY>"), 32773 },
        { SETTING("<VALUE>x</VALUE>"), 32773 },
        { SETTING("<PROPERTY NAME=\"ElementName\" TYPE=\"string\"><VALUE>a &amp; b</VALUE></PROPERTY>"),
          32768 },
        { SETTING("<PROPERTY NAME=\"ElementName\" TYPE=\"string\"><VALUE>a &lt; b</VALUE></PROPERTY>"),
          32773 },
        { SETTING("<PROPERTY NAME=\"ElementName\" TYPE=\"uint16\"><VALUE>1</VALUE></PROPERTY>"), 32776 },
        { SETTING("<PROPERTY NAME=\"ElementName\"><VALUE>1</VALUE></PROPERTY>"), 32776 },
        { SETTING("<PROPERTY NAME=\"SecureBootEnabled\" TYPE=\"boolean\"><VALUE>TRUE</VALUE></PROPERTY>"),
          32768 },
        { SETTING("<PROPERTY NAME=\"AutomaticStartupAction\" TYPE=\"uint16\"><VALUE>x</VALUE></PROPERTY>"),
          32768 },
        { SETTING(
              "<PROPERTY NAME=\"AutomaticStartupActionDelay\" TYPE=\"datetime\"><VALUE>PT5S</VALUE></PROPERTY>"),
          32768 },
        { SETTING("<PROPERTY NAME=\"AutomaticStartupActionDelay\" TYPE=\"string\">"
                  "<VALUE>00000000000010.000000:000</VALUE></PROPERTY>"),
          32768 },
        { STORAGE("<PROPERTY NAME=\"HostResource\" TYPE=\"string\"><VALUE>C:\\a.vhdx</VALUE></PROPERTY>"),
          32776 },
        { STORAGE("<PROPERTY.ARRAY NAME=\"Parent\" TYPE=\"string\"><VALUE.ARRAY/></PROPERTY.ARRAY>"),
          32776 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint32 code = 0;
        g_autoptr(CimObject) object = cim_object_from_xml(*state, V2, rows[i].text, &code);

        if (object || code != rows[i].code)
            fail_msg("code %u for %s", code, rows[i].text);
    }
}

/* What tools send that read an instance, change it and send it back. */
static void qualifiers_and_inherited_marks_are_passed_over(void **state)
{
    static const char text[] = SETTING(
        "<QUALIFIER NAME=\"dynamic\" TYPE=\"boolean\"><VALUE>TRUE</VALUE></QUALIFIER>"
        "<PROPERTY NAME=\"ElementName\" CLASSORIGIN=\"CIM_ManagedElement\" PROPAGATED=\"true\" TYPE=\"string\">"
        "<VALUE>x</VALUE></PROPERTY>");
    guint32 code = 1;
    g_autoptr(CimObject) object = cim_object_from_xml(*state, V2, text, &code);

    assert_int_equal(code, 0);
    assert_string_equal(cim_value_text(cim_object_get(object, "ElementName")), "x");
}

static void what_a_host_writes_has_every_property_and_marks_inherited_ones(void **state)
{
    const SchemaClass *cls = schema_find(*state, V2, "Msvm_VirtualHardDiskSettingData");
    g_autoptr(CimObject) object = cim_object_new(cls);
    g_autofree char *text = NULL;

    cim_object_set(object, "Path", cim_value_new_text(CIM_STRING, "C:\\a & b.vhdx"));
    cim_object_set(object, "Format", cim_value_new_uint(CIM_UINT16, 3));
    text = cim_object_to_xml(object);
    assert_non_null(
        strstr(text, "<PROPERTY NAME=\"Caption\" PROPAGATED=\"true\" TYPE=\"string\"></PROPERTY>"));
    assert_non_null(strstr(text, "<PROPERTY NAME=\"Format\" TYPE=\"uint16\"><VALUE>3</VALUE></PROPERTY>"));
    assert_non_null(strstr(text, "<VALUE>C:\\a &amp; b.vhdx</VALUE>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_read_in_each_form_that_wmi_takes),
        cmocka_unit_test(a_malformed_path_is_refused),
        cmocka_unit_test(a_formatted_path_names_the_host_and_reads_back),
        cmocka_unit_test(a_key_may_be_a_path_itself),
        cmocka_unit_test(a_property_left_out_differs_from_a_null),
        cmocka_unit_test(a_copy_does_not_follow_later_changes),
        cmocka_unit_test(the_path_is_made_of_the_keys),
        cmocka_unit_test(instance_text_is_read),
        cmocka_unit_test(each_fault_of_instance_text_has_its_code),
        cmocka_unit_test(qualifiers_and_inherited_marks_are_passed_over),
        cmocka_unit_test(what_a_host_writes_has_every_property_and_marks_inherited_ones),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
