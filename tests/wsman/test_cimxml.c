/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/support.h"

#include <string.h>

#define NS "root/virtualization/v2"

static WsmanInstance *
read_text(const char *text)
{
    GError *error = NULL;
    WsmanInstance *instance = wsman_instance_from_cimxml(text, NS, &error);

    assert_no_error(error);
    return instance;
}

static void
only_what_was_set_is_written(void **state)
{
    g_autoptr(WsmanInstance) instance = wsman_instance_new(NS, "Msvm_VirtualSystemSettingData");
    const char *const parts[] = { "a", NULL };
    g_autofree char *text = NULL;

    wsman_instance_set_string(instance, "ElementName", "web & <1>");
    wsman_instance_set_boolean(instance, "SecureBootEnabled", TRUE);
    wsman_instance_set_uint(instance, "AutomaticStartupAction", WSMAN_CIM_UINT16, 2);
    wsman_instance_set_array(instance, "HostResource", WSMAN_CIM_STRING, parts);
    wsman_instance_set_text(instance, "AutomaticStartupActionDelay", WSMAN_CIM_DATETIME,
                            "00000000000130.000000:000");
    wsman_instance_set_string(instance, "ElementName", "web \"&'\r\n<1>");
    text = wsman_instance_to_cimxml(instance);
    assert_string_equal(text,
        "<INSTANCE CLASSNAME=\"Msvm_VirtualSystemSettingData\">"
        "<PROPERTY NAME=\"ElementName\" TYPE=\"string\"><VALUE>web &#34;&#38;&#39;&#13;\n&#60;1&#62;</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"SecureBootEnabled\" TYPE=\"boolean\"><VALUE>true</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"AutomaticStartupAction\" TYPE=\"uint16\"><VALUE>2</VALUE></PROPERTY>"
        "<PROPERTY.ARRAY NAME=\"HostResource\" TYPE=\"string\"><VALUE.ARRAY><VALUE>a</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>"
        "<PROPERTY NAME=\"AutomaticStartupActionDelay\" TYPE=\"datetime\"><VALUE>00000000000130.000000:000</VALUE></PROPERTY>"
        "</INSTANCE>");
}

static void
what_is_written_is_read_again_unchanged(void **state)
{
    static const char *const awkward[] = {
        "", " leading and trailing ", "]]>", "<INSTANCE", "&amp;", "tab\tline\nreturn\r", "\303\244\342\202\254\360\237\224\221",
        "<INSTANCE CLASSNAME=\"X\"></INSTANCE>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(awkward); i++) {
        g_autoptr(WsmanInstance) instance = wsman_instance_new(NS, "Msvm_X");
        g_autoptr(WsmanInstance) back = NULL;
        g_autofree char *text = NULL;

        wsman_instance_set_string(instance, "Notes", awkward[i]);
        text = wsman_instance_to_cimxml(instance);
        back = read_text(text);
        assert_string_equal(wsman_instance_get_string(back, "notes"), awkward[i]);
        assert_string_equal(wsman_instance_get_class(back), "Msvm_X");
        assert_string_equal(wsman_instance_get_namespace(back), NS);
    }
}

static void
what_xml_cannot_hold_becomes_a_question_mark(void **state)
{
    g_autoptr(WsmanInstance) instance = wsman_instance_new(NS, "Msvm_X");
    g_autoptr(WsmanInstance) back = NULL;
    g_autofree char *text = NULL;

    wsman_instance_set_string(instance, "Notes", "a\001b\033c\xff" "d\357\277\276");
    text = wsman_instance_to_cimxml(instance);
    back = read_text(text);
    assert_string_equal(wsman_instance_get_string(back, "Notes"), "a?b?c?d?");
}

static void
an_embedded_instance_inside_another_survives(void **state)
{
    g_autoptr(WsmanInstance) inner = wsman_instance_new(NS, "Msvm_Inner");
    g_autoptr(WsmanInstance) outer = wsman_instance_new(NS, "Msvm_Outer");
    g_autoptr(WsmanInstance) back = NULL;
    g_autofree char *inner_text = NULL;
    g_autofree char *text = NULL;
    const GPtrArray *found;

    wsman_instance_set_string(inner, "Name", "<&>");
    inner_text = wsman_instance_to_cimxml(inner);
    wsman_instance_set_string(outer, "Embedded", inner_text);
    text = wsman_instance_to_cimxml(outer);
    back = read_text(text);
    found = wsman_instance_get_instances(back, "Embedded");
    assert_int_equal(found->len, 1);
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(found, 0), "Name"), "<&>");
    assert_string_equal(wsman_instance_get_string(back, "Embedded"), inner_text);
}

static void
the_forms_of_windows_are_read(void **state)
{
    g_autoptr(WsmanInstance) instance = read_text(
        "\n<INSTANCE CLASSNAME=\"Msvm_VirtualHardDiskSettingData\">"
        "<QUALIFIER NAME=\"x\" TYPE=\"boolean\"><VALUE>TRUE</VALUE></QUALIFIER>"
        "<PROPERTY NAME=\"Caption\" PROPAGATED=\"true\" TYPE=\"string\"></PROPERTY>"
        "<PROPERTY NAME=\"Flag\" TYPE=\"boolean\"><VALUE>TRUE</VALUE></PROPERTY>"
        "<PROPERTY NAME=\"MaxInternalSize\" TYPE=\"uint64\"><VALUE> 10737418240 </VALUE></PROPERTY>"
        "<PROPERTY.ARRAY NAME=\"Status\" TYPE=\"uint16\"><VALUE.ARRAY><VALUE>17</VALUE><VALUE>2</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>"
        "<PROPERTY.ARRAY NAME=\"None\" TYPE=\"uint16\"></PROPERTY.ARRAY>"
        "<PROPERTY.REFERENCE NAME=\"Path\" REFERENCECLASS=\"X\"><VALUE.REFERENCE>\\\\HV01\\root\\virtualization\\v2:"
        "Msvm_X.Name=\"a\"</VALUE.REFERENCE></PROPERTY.REFERENCE>"
        "<PROPERTY.REFERENCE NAME=\"Ref\"><VALUE.REFERENCE><INSTANCEPATH><NAMESPACEPATH/><INSTANCENAME CLASSNAME=\"Msvm_Y\">"
        "<KEYBINDING NAME=\"Id\"><KEYVALUE VALUETYPE=\"string\">b</KEYVALUE></KEYBINDING></INSTANCENAME></INSTANCEPATH>"
        "</VALUE.REFERENCE></PROPERTY.REFERENCE>"
        "<PROPERTY.OBJECT NAME=\"Object\"><VALUE.OBJECT><INSTANCE CLASSNAME=\"Msvm_Z\"><PROPERTY NAME=\"N\" TYPE=\"string\">"
        "<VALUE>c</VALUE></PROPERTY></INSTANCE></VALUE.OBJECT></PROPERTY.OBJECT>"
        "</INSTANCE>");
    gboolean flag = FALSE;
    guint64 size = 0;
    const char *const *status = wsman_instance_get_strv(instance, "Status");

    assert_false(wsman_instance_has(instance, "Caption"));
    assert_false(wsman_instance_has(instance, "None"));
    assert_true(wsman_instance_get_boolean(instance, "Flag", &flag) && flag);
    assert_true(wsman_instance_get_uint(instance, "maxinternalsize", &size));
    assert_int_equal(size, G_GUINT64_CONSTANT(10737418240));
    assert_string_equal(status[0], "17");
    assert_string_equal(status[1], "2");
    assert_null(status[2]);
    assert_string_equal(wsman_epr_get_selector(wsman_instance_get_epr(instance, "Path"), "Name"), "a");
    assert_string_equal(wsman_epr_get_class(wsman_instance_get_epr(instance, "Ref")), "Msvm_Y");
    assert_string_equal(wsman_epr_get_selector(wsman_instance_get_epr(instance, "Ref"), "Id"), "b");
    assert_string_equal(wsman_instance_get_class(g_ptr_array_index(wsman_instance_get_instances(instance, "Object"), 0)),
                        "Msvm_Z");
}

static void
a_reference_is_written_as_an_object_path(void **state)
{
    g_autoptr(WsmanInstance) instance = wsman_instance_new(NS, "Msvm_X");
    g_autofree char *text = NULL;

    wsman_instance_set_text(instance, "Ref", WSMAN_CIM_REFERENCE, "root/x:C.K=\"v\"");
    text = wsman_instance_to_cimxml(instance);
    assert_string_equal(text, "<INSTANCE CLASSNAME=\"Msvm_X\"><PROPERTY.REFERENCE NAME=\"Ref\"><VALUE.REFERENCE>"
                              "root/x:C.K=&#34;v&#34;</VALUE.REFERENCE></PROPERTY.REFERENCE></INSTANCE>");
}

static void
malformed_text_is_an_error(void **state)
{
    static const char *const bad[] = {
        "", "x", "<INSTANCE", "<INSTANCE/>", "<INSTANCE CLASSNAME=\"\"/>", "<OTHER CLASSNAME=\"X\"/>",
        "<INSTANCE CLASSNAME=\"X\"><PROPERTY/></INSTANCE>",
        "<!DOCTYPE x [<!ENTITY e \"v\">]><INSTANCE CLASSNAME=\"&e;\"/>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        if (wsman_instance_from_cimxml(bad[i], NS, &error))
            fail_msg("taken: %s", bad[i]);
        assert_error(error, WSMAN_ERROR_PROTOCOL);
    }
}

static void
nesting_has_a_limit(void **state)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 12; i++)
        g_string_append(deep, "<INSTANCE CLASSNAME=\"X\"><PROPERTY.OBJECT NAME=\"O\"><VALUE.OBJECT>");
    g_string_append(deep, "<INSTANCE CLASSNAME=\"X\"/>");
    for (guint i = 0; i < 12; i++)
        g_string_append(deep, "</VALUE.OBJECT></PROPERTY.OBJECT></INSTANCE>");
    assert_null(wsman_instance_from_cimxml(deep->str, NS, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_set_is_written),
        cmocka_unit_test(what_is_written_is_read_again_unchanged),
        cmocka_unit_test(what_xml_cannot_hold_becomes_a_question_mark),
        cmocka_unit_test(an_embedded_instance_inside_another_survives),
        cmocka_unit_test(the_forms_of_windows_are_read),
        cmocka_unit_test(a_reference_is_written_as_an_object_path),
        cmocka_unit_test(malformed_text_is_an_error),
        cmocka_unit_test(nesting_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
