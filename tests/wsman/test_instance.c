/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/support.h"

#include <string.h>

#include "wsman/wsman_instance_xml.h"
#include "wsman/wsman_xml.h"

#define NS "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" NS "/"
#define HEAD "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:cim=\"http://schemas.dmtf.org/wbem/wscim/1/common\"" \
             " xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\""
#define EPR "<a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>\n " URI "Msvm_ConcreteJob </w:ResourceURI>" \
            "<w:SelectorSet><w:Selector Name=\"InstanceID\">42</w:Selector></w:SelectorSet></a:ReferenceParameters>"

/* Of an instance of Msvm_X with these properties. */
static WsmanInstance *
read_full(const char *properties, GError **error)
{
    g_autofree char *text = g_strdup_printf("<p:Msvm_X " HEAD " xmlns:p=\"" URI "Msvm_X\" xsi:type=\"p:Msvm_X_Type\">"
                                            "%s</p:Msvm_X>", properties);
    g_autoptr(xmlDoc) doc = wsman_xml_parse("text", text, strlen(text), NULL, error);

    return doc ? wsman_instance_from_node(xmlDocGetRootElement(doc), NULL, NULL, FALSE, error) : NULL;
}

static WsmanInstance *
read_properties(const char *properties)
{
    GError *error = NULL;
    WsmanInstance *instance = read_full(properties, &error);

    assert_no_error(error);
    return instance;
}

static void
both_forms_of_null_are_missing(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties("<p:A xsi:nil=\"true\"/><p:B xsi:nil=\"1\"/><p:C></p:C>");

    assert_false(wsman_instance_has(instance, "A"));
    assert_false(wsman_instance_has(instance, "B"));
    assert_false(wsman_instance_has(instance, "Absent"));
    assert_null(wsman_instance_get_string(instance, "A"));
    assert_null(wsman_instance_get_strv(instance, "A")[0]);
    assert_int_equal(wsman_instance_get_eprs(instance, "A")->len, 0);
    assert_int_equal(wsman_instance_get_instances(instance, "A")->len, 0);
    assert_string_equal(wsman_instance_get_string(instance, "C"), "");
}

static void
class_and_namespace_come_from_the_element(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties("");

    assert_string_equal(wsman_instance_get_class(instance), "Msvm_X");
    assert_string_equal(wsman_instance_get_namespace(instance), NS);
}

static void
repeated_elements_are_an_array_in_order(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties("<p:S>17</p:S><p:T>x</p:T><p:S>2</p:S>");
    const char *const *items = wsman_instance_get_strv(instance, "s");

    assert_string_equal(items[0], "17");
    assert_string_equal(items[1], "2");
    assert_null(items[2]);
    assert_string_equal(wsman_instance_get_string(instance, "S"), "17");
}

static void
long_arrays_keep_all_items(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(WsmanInstance) instance = NULL;

    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "<p:N>%u</p:N>", i);
    instance = read_properties(text->str);
    assert_int_equal(g_strv_length((char **)wsman_instance_get_strv(instance, "N")), 1000);
    assert_string_equal(wsman_instance_get_strv(instance, "N")[999], "999");
}

static void
text_that_is_not_of_the_type_leaves_the_value_alone(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:B>yes</p:B><p:U>-1</p:U><p:V>18446744073709551616</p:V><p:W>1x</p:W><p:I>-9223372036854775809</p:I><p:E></p:E>");
    gboolean flag = 7;
    guint64 number = 7;
    gint64 with_sign = 7;

    assert_false(wsman_instance_get_boolean(instance, "B", &flag));
    assert_false(wsman_instance_get_uint(instance, "U", &number));
    assert_false(wsman_instance_get_uint(instance, "V", &number));
    assert_false(wsman_instance_get_uint(instance, "W", &number));
    assert_false(wsman_instance_get_uint(instance, "E", &number));
    assert_false(wsman_instance_get_int(instance, "I", &with_sign));
    assert_int_equal(flag, 7);
    assert_int_equal(number, 7);
    assert_int_equal(with_sign, 7);
}

static void
booleans_and_numbers_in_all_their_spellings_are_read(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:A>true</p:A><p:B>TRUE</p:B><p:C> 1 </p:C><p:D>False</p:D><p:E>0</p:E>"
        "<p:U>\n 18446744073709551615 </p:U><p:I>-9223372036854775808</p:I>");
    gboolean flag = FALSE;
    guint64 number = 0;
    gint64 with_sign = 0;

    assert_true(wsman_instance_get_boolean(instance, "A", &flag) && flag);
    assert_true(wsman_instance_get_boolean(instance, "B", &flag) && flag);
    assert_true(wsman_instance_get_boolean(instance, "C", &flag) && flag);
    assert_true(wsman_instance_get_boolean(instance, "D", &flag) && !flag);
    assert_true(wsman_instance_get_boolean(instance, "E", &flag) && !flag);
    assert_true(wsman_instance_get_uint(instance, "U", &number) && number == G_MAXUINT64);
    assert_true(wsman_instance_get_int(instance, "I", &with_sign) && with_sign == G_MININT64);
}

static void
datetimes_keep_their_text(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:A><cim:Datetime>2025-12-17T09:55:22.702341Z</cim:Datetime></p:A>"
        "<p:B><cim:Interval>P0DT0H0M1.00417S</cim:Interval></p:B>"
        "<p:C>\n<cim:CIM_DateTime>\n<cim:Interval>P1D</cim:Interval>\n</cim:CIM_DateTime></p:C>");

    assert_string_equal(wsman_instance_get_string(instance, "A"), "2025-12-17T09:55:22.702341Z");
    assert_string_equal(wsman_instance_get_string(instance, "B"), "P0DT0H0M1.00417S");
    assert_string_equal(wsman_instance_get_string(instance, "C"), "P1D");
}

static void
both_forms_of_references_are_read(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:Direct>" EPR "</p:Direct><p:Wrapped><a:EndpointReference>" EPR "</a:EndpointReference></p:Wrapped>"
        "<p:Many>" EPR "</p:Many><p:Many>" EPR "</p:Many><p:Alien><a:Address>x</a:Address><a:ReferenceParameters/></p:Alien>");

    assert_string_equal(wsman_epr_get_class(wsman_instance_get_epr(instance, "Direct")), "Msvm_ConcreteJob");
    assert_string_equal(wsman_epr_get_selector(wsman_instance_get_epr(instance, "Wrapped"), "InstanceID"), "42");
    assert_int_equal(wsman_instance_get_eprs(instance, "Many")->len, 2);
    assert_null(wsman_instance_get_epr(instance, "Alien"));
    assert_null(wsman_instance_get_string(instance, "Direct"));
}

static void
both_forms_of_embedded_instances_are_read(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:Tree xmlns:q=\"" URI "Msvm_SummaryInformation\"><q:Name>a</q:Name></p:Tree>"
        "<p:Tree xmlns:q=\"" URI "Msvm_SummaryInformation\" xsi:type=\"q:Msvm_SummaryInformation_Type\"><q:Name>b</q:Name></p:Tree>"
        "<p:Text>&lt;INSTANCE CLASSNAME=&quot;Msvm_Y&quot;&gt;&lt;PROPERTY NAME=&quot;N&quot; TYPE=&quot;string&quot;&gt;"
        "&lt;VALUE&gt;&amp;lt;&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</p:Text>"
        "<p:Cdata><![CDATA[<INSTANCE CLASSNAME=\"Msvm_Z\"/>]]></p:Cdata><p:Not>&lt;INSTANCE of nothing</p:Not>");
    const GPtrArray *tree = wsman_instance_get_instances(instance, "Tree");
    const GPtrArray *text = wsman_instance_get_instances(instance, "Text");

    assert_int_equal(tree->len, 2);
    assert_string_equal(wsman_instance_get_class(g_ptr_array_index(tree, 0)), "Msvm_SummaryInformation");
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(tree, 1), "Name"), "b");
    assert_int_equal(text->len, 1);
    assert_string_equal(wsman_instance_get_class(g_ptr_array_index(text, 0)), "Msvm_Y");
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(text, 0), "N"), "<");
    assert_int_equal(wsman_instance_get_instances(instance, "Cdata")->len, 1);
    assert_int_equal(wsman_instance_get_instances(instance, "Not")->len, 0);
    assert_string_equal(wsman_instance_get_string(instance, "Not"), "<INSTANCE of nothing");
}

static void
assert_bytes(const WsmanInstance *instance, const char *name, const char *expected, gsize size)
{
    g_autoptr(GBytes) bytes = wsman_instance_get_bytes(instance, name);

    if (!bytes)
        fail_msg("no bytes in %s", name);
    assert_int_equal(g_bytes_get_size(bytes), size);
    if (size > 0)
        assert_memory_equal(g_bytes_get_data(bytes, NULL), expected, size);
}

static void
bytes_are_read_from_base64_and_from_numbers(void **state)
{
    g_autoptr(WsmanInstance) instance = read_properties(
        "<p:Base64>AP+A\n QQ==</p:Base64><p:Numbers>0</p:Numbers><p:Numbers>255</p:Numbers><p:One>7</p:One>"
        "<p:Four>1234</p:Four><p:Empty></p:Empty><p:Big>1</p:Big><p:Big>256</p:Big><p:Bad>AB*=</p:Bad><p:Short>ABC</p:Short>"
        "<p:Late>A=BC</p:Late>");

    assert_bytes(instance, "Base64", "\0\377\200A", 4);
    assert_bytes(instance, "Numbers", "\0\377", 2);
    assert_bytes(instance, "One", "\7", 1);
    assert_bytes(instance, "Four", "\327\155\370", 3);
    assert_bytes(instance, "Empty", "", 0);
    assert_null(wsman_instance_get_bytes(instance, "Big"));
    assert_null(wsman_instance_get_bytes(instance, "Bad"));
    assert_null(wsman_instance_get_bytes(instance, "Short"));
    assert_null(wsman_instance_get_bytes(instance, "Late"));
    assert_null(wsman_instance_get_bytes(instance, "Absent"));
}

static void
setting_again_replaces(void **state)
{
    g_autoptr(WsmanInstance) instance = wsman_instance_new(NS, "Msvm_X");
    const char *const two[] = { "a", "b", NULL };
    guint64 number = 0;

    wsman_instance_set_array(instance, "P", WSMAN_CIM_STRING, two);
    wsman_instance_set_uint(instance, "p", WSMAN_CIM_UINT32, 5);
    assert_true(wsman_instance_get_uint(instance, "P", &number) && number == 5);
    assert_null(wsman_instance_get_strv(instance, "P")[1]);
}

static void
the_number_of_properties_has_a_limit(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i <= WSMAN_MAX_PROPERTIES; i++)
        g_string_append_printf(text, "<p:P%u/>", i);
    assert_null(read_full(text->str, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
}

static void
the_depth_of_embedding_has_a_limit(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 20; i++)
        g_string_append(text, "<p:P>");
    for (guint i = 0; i < 20; i++)
        g_string_append(text, "</p:P>");
    assert_null(read_full(text->str, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_null_are_missing),
        cmocka_unit_test(class_and_namespace_come_from_the_element),
        cmocka_unit_test(repeated_elements_are_an_array_in_order),
        cmocka_unit_test(long_arrays_keep_all_items),
        cmocka_unit_test(text_that_is_not_of_the_type_leaves_the_value_alone),
        cmocka_unit_test(booleans_and_numbers_in_all_their_spellings_are_read),
        cmocka_unit_test(datetimes_keep_their_text),
        cmocka_unit_test(both_forms_of_references_are_read),
        cmocka_unit_test(both_forms_of_embedded_instances_are_read),
        cmocka_unit_test(bytes_are_read_from_base64_and_from_numbers),
        cmocka_unit_test(setting_again_replaces),
        cmocka_unit_test(the_number_of_properties_has_a_limit),
        cmocka_unit_test(the_depth_of_embedding_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
