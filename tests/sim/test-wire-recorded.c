/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The recorded answers of real hosts, written again to the byte. They are not
 * part of the project: MSVM_SAMPLES_DIR says where they are.
 */
#include "tests/sim/wire_schema.h"

#include <libxml/tree.h>
#include <stdio.h>

#include "sim/host.h"
#include "sim/wire_fault.h"
#include "sim/wire_ns.h"
#include "sim/wire_text.h"
#include "sim/wire_write.h"
#include "sim/wire_xml.h"

/* --- instances ---------------------------------------------------------------- */

/* One property out of recorded elements: all siblings of its name. */
static CimValue *
value_of_elements(const SchemaProperty *property, xmlNode *first)
{
    CimItem items[64];
    guint n = 0;
    CimValue *value;

    if (wire_xml_is_nil(first))
        return cim_value_new_null(property->type, property->array);
    for (xmlNode *node = first; node && xmlStrEqual(node->name, first->name); node = wire_xml_next(node)) {
        g_autofree char *text = wire_xml_text(node);

        assert_true(n < G_N_ELEMENTS(items));
        if (property->type == CIM_DATETIME) {
            xmlNode *inner = wire_xml_first(node);
            g_autofree char *iso = wire_xml_text(inner);

            items[n].text = wire_text_wmi_from_iso(iso, wire_xml_is(inner, WIRE_NS_CIM, "Interval"));
            assert_non_null(items[n++].text);
        } else {
            assert_true(cim_item_parse(property->type, text, &items[n++]));
        }
    }
    value = property->array ? cim_value_new_array(property->type, items, n)
                            : cim_value_new_item(property->type, &items[0]);
    while (n)
        cim_item_clear(property->type, &items[--n]);
    return value;
}

static CimObject *
object_of_element(const xmlNode *element)
{
    CimObject *object = cim_object_new(find((const char *)element->name));
    const xmlChar *last = NULL;

    for (xmlNode *node = wire_xml_first(element); node; node = wire_xml_next(node)) {
        const SchemaProperty *property = schema_class_find_property(cim_object_class(object),
                                                                    (const char *)node->name);

        if (!property)
            fail_msg("the schema lacks %s.%s", element->name, node->name);
        if (!last || !xmlStrEqual(last, node->name))
            cim_object_set(object, property->name, value_of_elements(property, node));
        last = node->name;
    }
    return object;
}

/* Reads the instance of a recorded answer by the schema, and writes it again. */
static void
check_recorded_instance(const char *name)
{
    g_autofree char *sample = testing_sample(name);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(CimObject) object = NULL;
    g_autofree char *message = NULL;
    xmlNode *node;
    xmlDoc *doc;

    assert_non_null(sample);
    doc = wire_xml_parse(sample, strlen(sample), NULL, &message);
    assert_non_null(doc);
    node = wire_xml_first(wire_xml_child(xmlDocGetRootElement(doc), WIRE_NS_SOAP, "Body"));
    if (wire_xml_is(node, WIRE_NS_ENUMERATION, "PullResponse"))
        node = wire_xml_first(wire_xml_child(node, WIRE_NS_ENUMERATION, "Items"));
    object = object_of_element(node);
    wire_write_instance(out, object, WIRE_BYTES_BASE64);
    xmlFreeDoc(doc);
    if (!strstr(sample, out->str))
        fail_msg("%s does not have\n%s", name, out->str);
}

static void
a_recorded_machine_that_is_off_is_written_alike(void **state)
{
    check_recorded_instance("go-wsman-recorded/recorded_computersystem_pull_vm_off.xml");
}

static void
a_recorded_machine_that_runs_is_written_alike(void **state)
{
    check_recorded_instance("go-wsman-recorded/recorded_computersystem_pull_vm_running_c_eos.xml");
}

static void
a_recorded_host_is_written_alike(void **state)
{
    check_recorded_instance("go-wsman-recorded/recorded_computersystem_pull_host.xml");
}

static void
a_recorded_job_is_written_alike(void **state)
{
    check_recorded_instance("go-wsman-recorded/get_response_storagejob_running.xml");
    check_recorded_instance("go-wsman-recorded/get_response_storagejob_completed.xml");
}

static void
a_recorded_switch_is_written_alike(void **state)
{
    check_recorded_instance("go-wsman-recorded/recorded_pull_virtualethernetswitch.xml");
}

/* --- methods and faults ---------------------------------------------------------- */

static void
a_recorded_output_is_written_alike(void **state)
{
    g_autofree char *sample = testing_sample("go-wsman-recorded/invoke_response_define_switch.xml");
    const SchemaClass *cls = find("Msvm_VirtualEthernetSwitchManagementService");
    g_autoptr(CimPath) path = cim_path_new(NS, "Msvm_VirtualEthernetSwitch");
    g_autoptr(GHashTable) values = sim_values_new();
    g_autofree char *uri = wire_class_uri(NS, schema_class_name(cls));
    g_autoptr(GString) out = g_string_new(NULL);

    assert_non_null(sample);
    cim_path_set_key(path, "CreationClassName", "Msvm_VirtualEthernetSwitch");
    cim_path_set_key(path, "Name", "00000000-0000-4000-8000-000000000014");
    g_hash_table_insert(values, g_strdup("ResultingSystem"), cim_value_new_path(path));
    wire_write_output(out, uri, schema_class_find_method(cls, "DefineSystem"), values, 0, WIRE_BYTES_BASE64);
    if (!strstr(sample, out->str))
        fail_msg("the sample does not have\n%s", out->str);
}

/* Replaces what differs from answer to answer. */
static char *
without_ids(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new("uuid:[0-9A-Fa-f-]{36}", 0, 0, NULL);

    return g_regex_replace_literal(regex, text, -1, 0, "ID", 0, NULL);
}

static void
check_recorded_fault(const char *name, const WireFault *fault, const WireFaultContext *context)
{
    g_autofree char *sample = testing_sample(name);
    g_autoptr(GString) out = wire_fault_render(fault, context);
    g_autofree char *expected = NULL;
    g_autofree char *got = NULL;

    assert_non_null(sample);
    expected = without_ids(g_strstrip(sample));
    got = without_ids(out->str);
    assert_string_equal(got, expected);
}

static void
the_recorded_timeout_is_written_alike(void **state)
{
    static const WireFaultContext context = { "en-US", "192.168.56.11", "HOST",
                                              "uuid:9BE5F54A-6B47-487D-9ACD-65201E650446" };
    g_autoptr(WireFault) fault = wire_fault_new(WIRE_FAULT_TIMED_OUT, NULL);

    check_recorded_fault("pypsrp/fault_timedout_http500.xml", fault, &context);
}

/* All of it but the provider's name, which is another one. */
static void
the_recorded_provider_fault_is_written_alike(void **state)
{
    static const WireFaultContext context = { "en-US", "10.68.240.26", "VMMUR-W12R2-02.SCX.com",
                                              "uuid:48ABB925-4C64-0005-0000-000000010000" };
    g_autoptr(WireFault) fault = wire_fault_with_provider(wire_fault_new(WIRE_FAULT_RESOURCE_NOT_FOUND, NULL),
                                                          "GetObject", "Win32_Process.Handle=\"29\"");
    g_autofree char *sample = testing_sample("omi/fault_destination_unreachable_extendederror.xml");
    g_autofree char *renamed = NULL;
    g_autoptr(GString) out = wire_fault_render(fault, &context);
    g_autofree char *expected = NULL;
    g_autofree char *got = NULL;

    assert_non_null(sample);
    expected = without_ids(g_strstrip(sample));
    renamed = testing_replace(out->str, "cimString\">WMI Provider<", "cimString\">CIMWin32<");
    got = without_ids(renamed);
    assert_string_equal(got, expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_machine_that_is_off_is_written_alike),
        cmocka_unit_test(a_recorded_machine_that_runs_is_written_alike),
        cmocka_unit_test(a_recorded_host_is_written_alike),
        cmocka_unit_test(a_recorded_job_is_written_alike),
        cmocka_unit_test(a_recorded_switch_is_written_alike),
        cmocka_unit_test(a_recorded_output_is_written_alike),
        cmocka_unit_test(the_recorded_timeout_is_written_alike),
        cmocka_unit_test(the_recorded_provider_fault_is_written_alike),
    };

    if (!g_getenv("MSVM_SAMPLES_DIR")) {
        puts("1..0 # SKIP MSVM_SAMPLES_DIR is not set");
        return 0;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
