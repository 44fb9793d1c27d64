/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shapes of answers: values, instances, references, batches and faults.
 */
#include "tests/sim/wire_schema.h"

#include <libxml/tree.h>

#include "sim/host.h"
#include "sim/wire_cursor.h"
#include "sim/wire_fault.h"
#include "sim/wire_ns.h"
#include "sim/wire_read.h"
#include "sim/wire_request.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

#define SERVICE "Msvm_VirtualSystemManagementService"

/* --- text ----------------------------------------------------------------------------- */

static void
text_is_escaped_as_hosts_do(void **state)
{
    g_autoptr(GString) out = g_string_new(NULL);

    wire_text_escape(out, "a&b<c>\"d'\t\n\x01\x1F\xC3\xA4\xFF\xEF\xBF\xBE");
    assert_string_equal(out->str, "a&amp;b&lt;c&gt;&quot;d&apos;\t\n??\xC3\xA4??");
}

static void
datetimes_have_two_forms(void **state)
{
    static const struct {
        const char *wmi;
        const char *iso;
        gboolean interval;
    } cases[] = {
        { "20251217095522.702341+000", "2025-12-17T09:55:22.702341Z", FALSE },
        { "20261008151536.684240+000", "2026-10-08T15:15:36.68424Z", FALSE },
        { "16010101000000.000000+000", "1601-01-01T00:00:00Z", FALSE },
        { "20120614081530.500000+480", "2012-06-14T08:15:30.5+08:00", FALSE },
        { "20120614081530.000000-090", "2012-06-14T08:15:30-01:30", FALSE },
        { "00000000000001.004170:000", "P0DT0H0M1.00417S", TRUE },
        { "00000000000500.000000:000", "P0DT0H5M0S", TRUE },
        { "00000012010203.000000:000", "P12DT1H2M3S", TRUE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean interval;
        g_autofree char *iso = wire_text_iso_from_wmi(cases[i].wmi, &interval);
        g_autofree char *back = wire_text_wmi_from_iso(cases[i].iso, cases[i].interval);

        assert_string_equal(iso, cases[i].iso);
        assert_int_equal(interval, cases[i].interval);
        assert_string_equal(back, cases[i].wmi);
    }
}

static void
malformed_datetimes_are_refused(void **state)
{
    static const char *const bad[] = { "", "2025", "2025-12-17", "2025-13-17T00:00:00Z", "2025-12-17T25:00:00Z",
                                       "2025-12-17T00:00:00.Z", "2025-12-17T00:00:00+8", "20251217095522.702341+000" };
    static const char *const durations[] = { "", "P", "PT", "5", "PT5", "P5S", "PT5S5M", "PT1.5M", "PT-5S", "P1DT",
                                             "PT99999999999S" };
    g_autofree char *none = wire_text_wmi_from_iso("2025-12-17T00:00:00", FALSE);
    guint ms;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_null(wire_text_wmi_from_iso(bad[i], FALSE));
    for (guint i = 0; i < G_N_ELEMENTS(durations); i++)
        assert_false(wire_text_duration(durations[i], &ms));
    assert_string_equal(none, "20251217000000.000000+000");
    assert_true(wire_text_duration("PT60.000S", &ms));
    assert_int_equal(ms, 60000);
    assert_true(wire_text_duration("PT1M0.25S", &ms));
    assert_int_equal(ms, 60250);
}

/* --- instances --------------------------------------------------------------------------- */

static void
references_are_the_content_of_an_endpoint_reference(void **state)
{
    g_autoptr(CimObject) object = cim_object_new(find("Msvm_SystemDevice"));
    g_autoptr(CimPath) path = cim_path_new(NS, "Msvm_ComputerSystem");
    g_autoptr(GString) out = g_string_new(NULL);

    cim_path_set_key(path, "Name", "a\\b&c");
    cim_path_set_key(path, "CreationClassName", "Msvm_ComputerSystem");
    cim_object_set(object, "GroupComponent", cim_value_new_path(path));
    wire_write_instance(out, object, WIRE_BYTES_BASE64);
    assert_non_null(strstr(out->str,
        "<p:GroupComponent xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
        "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"><a:Address>"
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        "<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem"
        "</w:ResourceURI><w:SelectorSet><w:Selector Name=\"CreationClassName\">Msvm_ComputerSystem</w:Selector>"
        "<w:Selector Name=\"Name\">a\\b&amp;c</w:Selector></w:SelectorSet></a:ReferenceParameters>"
        "</p:GroupComponent>"));
    assert_non_null(strstr(out->str, "<p:PartComponent xsi:nil=\"true\"/>"));
}

static void
projections_have_no_namespace_and_keep_the_order_of_names(void **state)
{
    g_autoptr(CimObject) object = cim_object_new(find("Msvm_ComputerSystem"));
    static const char *const names[] = { "name", "InstallDate", "elementname", "OperationalStatus", NULL };
    g_autoptr(GString) out = g_string_new(NULL);

    cim_object_set(object, "Name", cim_value_new_text(CIM_STRING, "n"));
    cim_object_set(object, "InstallDate", cim_value_new_text(CIM_DATETIME, "20251217095522.000000+000"));
    wire_write_fragment(out, object, names, WIRE_BYTES_BASE64);
    assert_string_equal(out->str, "<w:XmlFragment xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                        "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">"
                        "<ElementName xsi:nil=\"true\"/><InstallDate><Datetime>2025-12-17T09:55:22Z</Datetime>"
                        "</InstallDate><Name>n</Name></w:XmlFragment>");
}

/* --- methods -------------------------------------------------------------------------------- */

static void
bytes_are_base64_or_repeated_as_chosen(void **state)
{
    const SchemaClass *cls = find("Msvm_SecurityService");
    const SchemaMethod *method = schema_class_find_method(cls, "GetKeyProtector");
    g_autoptr(GHashTable) values = sim_values_new();
    g_autoptr(GString) one = g_string_new(NULL);
    g_autoptr(GString) many = g_string_new(NULL);

    g_hash_table_insert(values, g_strdup("KeyProtector"), cim_value_new_bytes("\0\0\0\4", 4));
    wire_write_output(one, "urn:x", method, values, 0, WIRE_BYTES_BASE64);
    wire_write_output(many, "urn:x", method, values, 0, WIRE_BYTES_REPEATED);
    assert_non_null(strstr(one->str, "<p:KeyProtector>AAAABA==</p:KeyProtector><p:ReturnValue>0"));
    assert_non_null(strstr(many->str, "<p:KeyProtector>0</p:KeyProtector><p:KeyProtector>0</p:KeyProtector>"
                           "<p:KeyProtector>0</p:KeyProtector><p:KeyProtector>4</p:KeyProtector>"));
}

/* Reads a body as the input of a method. */
static GHashTable *
read_input(const char *class_name, const char *method, const char *children, WireBytes bytes, WireFault **fault)
{
    g_autofree char *uri = wire_class_uri(NS, class_name);
    g_autofree char *text = g_strdup_printf("<p:%s_INPUT xmlns:p='%s' xmlns:a='" WIRE_NS_ADDRESSING "' xmlns:w='"
                                            WIRE_NS_WSMAN "' xmlns:cim='" WIRE_NS_CIM "' xmlns:xsi='" WIRE_NS_XSI
                                            "'>%s</p:%s_INPUT>", method, uri, children, method);
    g_autofree char *message = NULL;
    xmlDoc *doc = wire_xml_parse(text, strlen(text), NULL, &message);
    GHashTable *values;

    assert_non_null(doc);
    *fault = NULL;
    values = wire_read_input(schema, schema_class_find_method(find(class_name), method), uri,
                             xmlDocGetRootElement(doc), bytes, fault);
    xmlFreeDoc(doc);
    return values;
}

#define EPR(key) \
    "<a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>" WIRE_URI_WMI NS "/Msvm_ComputerSystem" \
    "</w:ResourceURI><w:SelectorSet><w:Selector Name='" key "'>v</w:Selector></w:SelectorSet>" \
    "</a:ReferenceParameters>"

static void
parameters_are_read_by_their_types(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(GHashTable) values = read_input(SERVICE, "AddResourceSettings",
        "<p:ResourceSettings>&lt;INSTANCE/></p:ResourceSettings><p:AffectedConfiguration>" EPR("Name")
        "</p:AffectedConfiguration><p:ResourceSettings><![CDATA[<b>]]></p:ResourceSettings>", WIRE_BYTES_BASE64,
        &fault);
    const CimValue *settings, *affected;

    assert_null(fault);
    settings = g_hash_table_lookup(values, "ResourceSettings");
    affected = g_hash_table_lookup(values, "AffectedConfiguration");
    assert_int_equal(cim_value_count(settings), 2);
    assert_string_equal(cim_value_item(settings, 0)->text, "<INSTANCE/>");
    assert_string_equal(cim_value_item(settings, 1)->text, "<b>");
    assert_string_equal(cim_path_find_key(cim_value_item(affected, 0)->path, "Name"), "v");
}

static void
a_datetime_parameter_may_be_an_interval(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(GHashTable) values = read_input("Msvm_ComputerSystem", "RequestStateChange",
        "<p:RequestedState>2</p:RequestedState><p:TimeoutPeriod><cim:Interval>PT30S</cim:Interval>"
        "</p:TimeoutPeriod>", WIRE_BYTES_BASE64, &fault);

    assert_null(fault);
    assert_string_equal(cim_value_text(g_hash_table_lookup(values, "TimeoutPeriod")), "00000000000030.000000:000");
    assert_int_equal(cim_value_uint(g_hash_table_lookup(values, "RequestedState"), 0), 2);
}

static void
wrong_parameters_get_the_fault_of_their_mistake(void **state)
{
    static const struct {
        const char *class_name, *method, *children;
        WireBytes bytes;
        guint32 code;
    } cases[] = {
        /* Recorded: a wrapped reference, a tree instead of text, a selector that is no key. */
        { SERVICE, "AddResourceSettings", "<p:AffectedConfiguration><a:EndpointReference>" EPR("Name")
          "</a:EndpointReference></p:AffectedConfiguration>", WIRE_BYTES_BASE64, 0x80338041 },
        { SERVICE, "AddResourceSettings", "<p:ResourceSettings><p:X/></p:ResourceSettings>", WIRE_BYTES_BASE64,
          0x80338041 },
        { SERVICE, "AddResourceSettings", "<p:AffectedConfiguration>" EPR("ElementName")
          "</p:AffectedConfiguration>", WIRE_BYTES_BASE64, 0x8033803D },
        { SERVICE, "AddResourceSettings", "<p:AffectedConfiguration>text</p:AffectedConfiguration>",
          WIRE_BYTES_BASE64, 0x80338041 },
        { SERVICE, "AddResourceSettings", "<p:NoSuch>1</p:NoSuch>", WIRE_BYTES_BASE64, 0x80338055 },
        { SERVICE, "AddResourceSettings", "<p:ResultingResourceSettings>1</p:ResultingResourceSettings>",
          WIRE_BYTES_BASE64, 0x80338055 },
        { SERVICE, "AddResourceSettings", "<ResourceSettings>1</ResourceSettings>", WIRE_BYTES_BASE64, 0x80338055 },
        { "Msvm_ComputerSystem", "RequestStateChange", "<p:RequestedState>off</p:RequestedState>", WIRE_BYTES_BASE64,
          0x80338054 },
        { "Msvm_ComputerSystem", "RequestStateChange", "<p:RequestedState>65536</p:RequestedState>",
          WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_ComputerSystem", "RequestStateChange", "<p:RequestedState>2</p:RequestedState><p:RequestedState>3"
          "</p:RequestedState>", WIRE_BYTES_BASE64, 0x80338041 },
        { "Msvm_ComputerSystem", "RequestStateChange", "<p:TimeoutPeriod>00000000000030.000000:000"
          "</p:TimeoutPeriod>", WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector>0</p:KeyProtector><p:KeyProtector>0"
          "</p:KeyProtector>", WIRE_BYTES_BASE64, 0x80338041 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector>no base64!</p:KeyProtector>",
          WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector>AAAABA=</p:KeyProtector>",
          WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector>AA==AAAA</p:KeyProtector>",
          WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector><p:x/></p:KeyProtector>",
          WIRE_BYTES_BASE64, 0x80338054 },
        { "Msvm_SecurityService", "SetKeyProtector", "<p:KeyProtector>AAAABA==</p:KeyProtector>",
          WIRE_BYTES_REPEATED, 0x80338054 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(WireFault) fault = NULL;
        g_autoptr(GHashTable) values = read_input(cases[i].class_name, cases[i].method, cases[i].children,
                                                  cases[i].bytes, &fault);

        if (values)
            fail_msg("case %u is accepted", i);
        if (wire_fault_code(fault) != cases[i].code)
            fail_msg("case %u: %08x", i, wire_fault_code(fault));
    }
}

static void
bytes_are_read_in_the_chosen_form(void **state)
{
    static const char *const bodies[] = { "<p:KeyProtector>AAEC/w==</p:KeyProtector>",
                                          "<p:KeyProtector>0</p:KeyProtector><p:KeyProtector>1</p:KeyProtector>"
                                          "<p:KeyProtector>2</p:KeyProtector><p:KeyProtector>255</p:KeyProtector>" };

    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(WireFault) fault = NULL;
        g_autoptr(GHashTable) values = read_input("Msvm_SecurityService", "SetKeyProtector", bodies[i],
                                                  i ? WIRE_BYTES_REPEATED : WIRE_BYTES_BASE64, &fault);
        const CimValue *value;

        assert_null(fault);
        value = g_hash_table_lookup(values, "KeyProtector");
        assert_int_equal(cim_value_count(value), 4);
        assert_int_equal(cim_value_item(value, 3)->u, 255);
    }
}

/* --- batches ------------------------------------------------------------------------------------ */

static WireCursor *
new_cursor(guint n)
{
    GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify)cim_object_unref);

    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("vm-%03u", i);
        CimObject *object = cim_object_new(find("Msvm_ComputerSystem"));

        cim_object_set(object, "Name", cim_value_new_text(CIM_STRING, name));
        g_ptr_array_add(objects, object);
    }
    return wire_cursor_new(objects, WIRE_MODE_OBJECT, NULL);
}

static void
batches_stop_at_their_count_and_their_size(void **state)
{
    g_autoptr(WireCursor) cursor = new_cursor(10);
    g_autoptr(GString) out = g_string_new(NULL);
    gsize one;

    assert_int_equal(wire_cursor_write(cursor, out, 1, G_MAXSIZE, WIRE_BYTES_BASE64), 1);
    one = out->len;
    assert_int_equal(wire_cursor_write(cursor, out, 3, G_MAXSIZE, WIRE_BYTES_BASE64), 3);
    assert_int_equal(out->len, 4 * one);
    assert_int_equal(wire_cursor_write(cursor, out, 100, 2 * one + 10, WIRE_BYTES_BASE64), 2);
    /* One at least, even if it is larger than allowed. */
    assert_int_equal(wire_cursor_write(cursor, out, 100, 10, WIRE_BYTES_BASE64), 1);
    assert_false(wire_cursor_is_done(cursor));
    assert_int_equal(wire_cursor_write(cursor, out, 100, G_MAXSIZE, WIRE_BYTES_BASE64), 3);
    assert_true(wire_cursor_is_done(cursor));
    assert_int_equal(wire_cursor_write(cursor, out, 100, G_MAXSIZE, WIRE_BYTES_BASE64), 0);
    assert_int_equal(out->len, 10 * one);
    assert_non_null(strstr(out->str, "vm-009"));
}

static void
a_context_is_good_once_and_for_its_owner(void **state)
{
    g_autoptr(WireCursors) cursors = wire_cursors_new(2, 60000);
    g_autofree char *first = wire_cursors_put(cursors, new_cursor(2), "ann");
    g_autofree char *second = NULL;
    WireCursor *cursor;

    assert_null(wire_cursors_take(cursors, first, "bob"));
    cursor = wire_cursors_take(cursors, first, "ann");
    assert_non_null(cursor);
    assert_null(wire_cursors_take(cursors, first, "ann"));
    second = wire_cursors_put(cursors, cursor, "ann");
    assert_string_not_equal(first, second);
    assert_int_equal(wire_cursors_count(cursors), 1);
}

static void
contexts_are_limited_for_each_user(void **state)
{
    g_autoptr(WireCursors) cursors = wire_cursors_new(2, 60000);

    g_free(wire_cursors_put(cursors, new_cursor(2), "ann"));
    assert_true(wire_cursors_have_room(cursors, "ann"));
    g_free(wire_cursors_put(cursors, new_cursor(2), "ann"));
    assert_false(wire_cursors_have_room(cursors, "ann"));
    assert_true(wire_cursors_have_room(cursors, "bob"));
}

static void
contexts_grow_old(void **state)
{
    g_autoptr(WireCursors) cursors = wire_cursors_new(2, 1);
    g_autofree char *name = wire_cursors_put(cursors, new_cursor(2), "ann");

    g_usleep(5000);
    assert_null(wire_cursors_take(cursors, name, "ann"));
    assert_int_equal(wire_cursors_count(cursors), 0);
}

/* --- faults ---------------------------------------------------------------------------------------- */

static void
every_condition_renders_to_valid_xml_with_its_code(void **state)
{
    static const WireFaultContext context = { "en-US", "10.0.0.1", "HV01", "uuid:1" };

    for (guint i = WIRE_FAULT_NONE + 1; i < WIRE_FAULT_LAST; i++) {
        g_autoptr(WireFault) fault = wire_fault_with_provider(wire_fault_new((WireFaultId)i, NULL), "GetObject",
                                                              "X.Y=\"<1>\"");
        g_autoptr(GString) out = wire_fault_render(fault, &context);
        g_autofree char *code = g_strdup_printf("%u", wire_fault_code(fault));
        g_autofree char *message = NULL;
        xmlDoc *doc = wire_xml_parse(out->str, out->len, NULL, &message);

        if (!doc)
            fail_msg("fault %u: %s\n%s", i, message, out->str);
        xmlFreeDoc(doc);
        assert_non_null(strstr(out->str, code));
        assert_non_null(wire_fault_action(fault));
        assert_true(!wire_fault_subcode(fault) || wire_fault_is_subcode(wire_fault_subcode(fault)));
    }
}

static void
a_host_of_another_language_has_no_english_reason(void **state)
{
    static const WireFaultContext context = { "ja-JP", "h", "HV01", NULL };
    g_autoptr(WireFault) fault = wire_fault_new(WIRE_FAULT_TIMED_OUT, NULL);
    g_autoptr(GString) out = wire_fault_render(fault, &context);

    assert_non_null(strstr(out->str, "<s:Envelope xml:lang=\"ja-JP\""));
    assert_non_null(strstr(out->str, "<s:Reason><s:Text xml:lang=\"\"></s:Text></s:Reason>"));
    assert_null(strstr(out->str, "RelatesTo"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped_as_hosts_do),
        cmocka_unit_test(datetimes_have_two_forms),
        cmocka_unit_test(malformed_datetimes_are_refused),
        cmocka_unit_test(references_are_the_content_of_an_endpoint_reference),
        cmocka_unit_test(projections_have_no_namespace_and_keep_the_order_of_names),
        cmocka_unit_test(bytes_are_base64_or_repeated_as_chosen),
        cmocka_unit_test(parameters_are_read_by_their_types),
        cmocka_unit_test(a_datetime_parameter_may_be_an_interval),
        cmocka_unit_test(wrong_parameters_get_the_fault_of_their_mistake),
        cmocka_unit_test(bytes_are_read_in_the_chosen_form),
        cmocka_unit_test(batches_stop_at_their_count_and_their_size),
        cmocka_unit_test(a_context_is_good_once_and_for_its_owner),
        cmocka_unit_test(contexts_are_limited_for_each_user),
        cmocka_unit_test(contexts_grow_old),
        cmocka_unit_test(every_condition_renders_to_valid_xml_with_its_code),
        cmocka_unit_test(a_host_of_another_language_has_no_english_reason),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
