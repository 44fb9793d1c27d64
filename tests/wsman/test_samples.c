/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recorded answers of real hosts, where MSVM_SAMPLES_DIR says that they are.
 * A server plays them to the client.
 */
#include "tests/wsman/support.h"

#include <string.h>

#include "wsman/wsman_fault.h"
#include "wsman/wsman_soap.h"

#define V2 "root/virtualization/v2"

/* What is played, answer by answer. Recorded answers relate to other requests. */
typedef struct {
    char *answers[3];
} Tape;

static void
tape_clear(Tape *tape)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tape->answers); i++)
        g_free(tape->answers[i]);
}

/* Declared before the server that reads it, and so freed after it. */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tape, tape_clear)

static char *
without_relation(char *text)
{
    char *start = strstr(text, "<a:RelatesTo>");
    char *end = start ? strstr(start, "</a:RelatesTo>") : NULL;

    if (end)
        memmove(start, end + strlen("</a:RelatesTo>"), strlen(end) - strlen("</a:RelatesTo>") + 1);
    return text;
}

static void
play(const HttpExchange *exchange, gpointer opaque)
{
    const Tape *tape = opaque;
    guint i = exchange->n_request - 1;

    if (i < G_N_ELEMENTS(tape->answers) && tape->answers[i])
        http_answer_soap(exchange, 200, tape->answers[i]);
    else
        http_answer(exchange, 404, NULL, NULL, "");
}

static GPtrArray *
query(const char *ns, const char *wql, const char *first, const char *second, guint n_expected)
{
    g_auto(Tape) tape = { { without_relation(test_sample(first)),
                    second ? without_relation(test_sample(second)) : NULL } };
    g_autoptr(HttpServer) server = http_server_new(play, &tape, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;
    GPtrArray *items = wsman_client_query(client, ns, wql, NULL, &error);

    assert_no_error(error);
    assert_int_equal(items->len, n_expected);
    return items;
}

static WsmanInstance *
play_one(const char *sample, const WsmanEpr *target, const char *method)
{
    g_auto(Tape) tape = { { without_relation(test_sample(sample)) } };
    g_autoptr(HttpServer) server = http_server_new(play, &tape, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;
    WsmanInstance *instance = method ? wsman_client_invoke(client, target, method, NULL, NULL, &error)
                                     : wsman_client_get(client, target, NULL, &error);

    assert_no_error(error);
    return instance;
}

static void
an_empty_first_answer_and_a_last_pull(void **state)
{
    g_autoptr(GPtrArray) items = query(V2, "select * from Msvm_ComputerSystem",
                                       "go-wsman-recorded/recorded_computersystem_enumerate.xml",
                                       "go-wsman-recorded/recorded_computersystem_pull_vm_running_c_eos.xml", 1);
    const WsmanInstance *machine = g_ptr_array_index(items, 0);
    guint64 number = 0;

    assert_string_equal(wsman_instance_get_class(machine), "Msvm_ComputerSystem");
    assert_string_equal(wsman_instance_get_namespace(machine), V2);
    assert_true(wsman_instance_get_uint(machine, "OnTimeInMilliseconds", &number));
    assert_int_equal(number, G_GUINT64_CONSTANT(6138293824));
    assert_string_equal(wsman_instance_get_string(machine, "InstallDate"), "2025-12-17T09:55:22.702341Z");
    assert_false(wsman_instance_has(machine, "NameFormat"));
    assert_string_equal(wsman_instance_get_string(machine, "Caption"), "仮想マシン");
}

static void
a_host_and_a_switch(void **state)
{
    static const char *const pulls[] = {
        "go-wsman-recorded/recorded_computersystem_pull_host.xml",
        "go-wsman-recorded/recorded_computersystem_pull_vm_off.xml",
        "go-wsman-recorded/recorded_computersystem_pull_vm_running_a.xml",
        "go-wsman-recorded/recorded_pull_virtualethernetswitch.xml",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pulls); i++) {
        g_auto(Tape) tape = { { without_relation(test_sample("go-wsman-recorded/recorded_computersystem_enumerate.xml")),
                        without_relation(test_sample(pulls[i])),
                        without_relation(test_sample(
                            "go-wsman-recorded/recorded_computersystem_pull_vm_running_c_eos.xml")) } };
        g_autoptr(HttpServer) server = http_server_new(play, &tape, NULL, HTTP_NORMAL);
        g_autoptr(WsmanClient) client = test_client(server);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) items = wsman_client_query(client, V2, "select * from Msvm_X", NULL, &error);

        /* Those with an end of their own need no third answer. */
        assert_no_error(error);
        assert_true(items->len >= 1);
        assert_true(wsman_instance_has(g_ptr_array_index(items, 0), "ElementName"));
    }
}

static void
two_answers_of_server_2008_are_joined(void **state)
{
    g_autoptr(GPtrArray) items = query("root/cimv2", "select * from Win32_NetworkAdapterConfiguration",
                                       "txwinrm/server_2008_Win32_NetworkAdapterConfiguration_star_000.xml",
                                       "txwinrm/server_2008_Win32_NetworkAdapterConfiguration_star_001.xml", 14);
    guint addresses = 0;

    for (guint i = 0; i < items->len; i++) {
        guint64 index = 99;

        assert_true(wsman_instance_get_uint(g_ptr_array_index(items, i), "Index", &index));
        assert_int_equal(index, i);
        addresses += g_strv_length((char **)wsman_instance_get_strv(g_ptr_array_index(items, i), "IPAddress"));
    }
    assert_int_equal(addresses, 1);
}

static void
a_projection_takes_the_class_of_the_query(void **state)
{
    g_autoptr(GPtrArray) items = query("root/cimv2", "select Name, Roles from Win32_ComputerSystem",
                                       "txwinrm/server_2012_Win32_ComputerSystem_all_000.xml", NULL, 1);
    const WsmanInstance *system = g_ptr_array_index(items, 0);
    gint64 pause = 0;

    assert_string_equal(wsman_instance_get_class(system), "Win32_ComputerSystem");
    assert_string_equal(wsman_instance_get_namespace(system), "root/cimv2");
    assert_int_equal(g_strv_length((char **)wsman_instance_get_strv(system, "Roles")), 4);
    assert_true(wsman_instance_get_int(system, "PauseAfterReset", &pause));
    assert_int_equal(pause, -1);
}

static void
whole_classes_of_server_2012(void **state)
{
    static const char *const names[] = { "ComputerSystem", "IP4RouteTable", "OperatingSystem" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *sample = g_strdup_printf("txwinrm/server_2012_Win32_%s_star_000.xml", names[i]);
        g_autofree char *class_name = g_strconcat("Win32_", names[i], NULL);
        g_autofree char *wql = g_strconcat("select * from ", class_name, NULL);
        char *text = test_sample(sample);
        gboolean ends = strstr(text, "EndOfSequence") != NULL;
        g_autoptr(GPtrArray) items = NULL;

        g_free(text);
        /* The recording of one breaks off after its first answer: any last one will do. */
        items = query("root/cimv2", wql, sample,
                      ends ? NULL : "go-wsman-recorded/recorded_computersystem_pull_vm_running_c_eos.xml",
                      ends ? 1 : 2);
        assert_string_equal(wsman_instance_get_class(g_ptr_array_index(items, 0)), class_name);
    }
}

static void
references_in_an_association(void **state)
{
    g_autoptr(GPtrArray) items = query("root/virtualization", "select * from Msvm_SettingsDefineCapabilities",
                                       "misc/runner-mei_enumerate_response_ref_properties.xml", NULL, 1);
    const WsmanInstance *association = g_ptr_array_index(items, 0);
    const WsmanEpr *part = wsman_instance_get_epr(association, "PartComponent");

    assert_string_equal(wsman_epr_get_class(part), "Msvm_Synthetic3DDisplayControllerSettingData");
    assert_string_equal(wsman_epr_get_selector(part, "InstanceID"),
                        "Microsoft:Definition\\06FF76FA-2D58-4BAF-9F8D-455773824F37\\Default");
}

static void
jobs_by_get(void **state)
{
    g_autoptr(WsmanEpr) job = wsman_epr_new(V2, "Msvm_StorageJob");
    g_autoptr(WsmanInstance) running = NULL;
    g_autoptr(WsmanInstance) completed = NULL;
    guint64 number = 0;

    wsman_epr_add_selector(job, "InstanceID", "00000000-0000-4000-8000-000000000003");
    running = play_one("go-wsman-recorded/get_response_storagejob_running.xml", job, NULL);
    completed = play_one("go-wsman-recorded/get_response_storagejob_completed.xml", job, NULL);
    assert_true(wsman_instance_get_uint(running, "JobState", &number) && number == 4);
    assert_string_equal(wsman_instance_get_string(running, "TimeBeforeRemoval"), "P0DT0H5M0S");
    assert_string_equal(wsman_instance_get_string(running, "ErrorDescription"), "");
    assert_true(wsman_instance_get_uint(completed, "JobState", &number) && number == 7);
}

static void
a_method_with_a_reference_and_a_null_job(void **state)
{
    g_autoptr(WsmanEpr) service = wsman_epr_new(V2, "Msvm_VirtualEthernetSwitchManagementService");
    g_autoptr(WsmanInstance) output = play_one("go-wsman-recorded/invoke_response_define_switch.xml", service,
                                               "DefineSystem");
    guint64 result = 1;

    assert_true(wsman_instance_get_uint(output, "ReturnValue", &result) && result == 0);
    assert_false(wsman_instance_has(output, "Job"));
    assert_string_equal(wsman_epr_get_class(wsman_instance_get_epr(output, "ResultingSystem")),
                        "Msvm_VirtualEthernetSwitch");
}

static void
identify_of_2008_r2(void **state)
{
    g_auto(Tape) tape = { { test_sample("misc/identify_response_2008r2_unauth.xml") } };
    g_autoptr(HttpServer) server = http_server_new(play, &tape, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanIdentity) identity = wsman_client_identify(client, NULL, NULL);

    assert_non_null(identity);
    assert_string_equal(identity->vendor, "Microsoft Corporation");
    assert_string_equal(identity->version, "OS: 0.0.0 SP: 0.0 Stack: 2.0");
    assert_int_equal(identity->os_major, 0);
}

/* The envelopes in the specification's examples, with their white space. */
static guint
parse_examples(const char *name)
{
    g_autofree char *text = test_sample(name);
    guint count = 0;

    for (char *at = strstr(text, "<s:Envelope"); at; at = strstr(at, "<s:Envelope")) {
        char *end = strstr(at, "</s:Envelope>");
        g_autofree char *envelope = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(WsmanMessage) message = NULL;

        assert_non_null(end);
        envelope = g_strndup(at, (gsize)(end - at) + strlen("</s:Envelope>"));
        message = wsman_message_parse(envelope, strlen(envelope), NULL, FALSE, &error);
        assert_no_error(error);
        at = end;
        count++;
    }
    return count;
}

static void
examples_of_the_specification(void **state)
{
    assert_int_equal(parse_examples("ms-wsmv/4.1.1-get.txt"), 2);
    assert_int_equal(parse_examples("ms-wsmv/4.1.2-enumerate-pull.txt"), 6);
    assert_int_equal(parse_examples("ms-wsmv/4.1.4-invoke.txt"), 2);
}

static void
every_recorded_answer_is_an_envelope(void **state)
{
    static const char *const names[] = {
        "txwinrm/eventlog_pull_resp_01.xml", "txwinrm/eventlog_pull_resp_02.xml",
        "txwinrm/eventlog_subscribe_resp.xml", "pypsrp/get_config_1_response.xml",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = test_sample(names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(WsmanMessage) message = wsman_message_parse(text, strlen(text), NULL, FALSE, &error);

        assert_no_error(error);
        assert_non_null(wsman_message_get_body(message));
        assert_null(wsman_message_get_fault(message));
    }
}

static GError *
sample_error(const char *name)
{
    g_autofree char *text = test_sample(name);
    GError *error = NULL;
    g_autoptr(WsmanMessage) message = wsman_message_parse(text, strlen(text), "UTF-8", FALSE, &error);

    assert_no_error(error);
    assert_non_null(wsman_message_get_fault(message));
    wsman_fault_to_error(wsman_message_get_fault(message), 500, TRUE, &error);
    return error;
}

static void
recorded_time_out(void **state)
{
    g_autoptr(GError) error = sample_error("pypsrp/fault_timedout_http500.xml");

    assert_error(error, WSMAN_ERROR_TIMEOUT);
    assert_int_equal(wsman_error_get_hresult(error), 0x80338029);
    assert_int_equal(wsman_error_get_http_status(error), 500);
    assert_string_equal(error->message, "The WS-Management service cannot complete the operation within the time "
                                        "specified in OperationTimeout. (TimedOut, 0x80338029)");
}

static void
recorded_provider_fault_with_extended_status(void **state)
{
    g_autoptr(GError) error = sample_error("omi/fault_destination_unreachable_extendederror.xml");

    assert_error(error, WSMAN_ERROR_NOT_FOUND);
    assert_int_equal(wsman_error_get_hresult(error), 0x80338000);
    assert_contains(error->message, "cannot find the resource identified");
}

static void
recorded_provider_fault_with_text(void **state)
{
    g_autoptr(GError) error = sample_error("omi/fault_internal_error_providerfault.xml");

    assert_error(error, WSMAN_ERROR_FAULT);
    assert_int_equal(wsman_error_get_hresult(error), 2152992672u);
    assert_contains(error->message, "WSManPluginReceiveResult");
}

static void
recorded_wmi_error(void **state)
{
    g_autoptr(GError) error = sample_error("pywinrm/fault_msft_wmierror.xml");

    assert_error(error, WSMAN_ERROR_FAULT);
    assert_int_equal(wsman_error_get_hresult(error), 0x803381A6);
    assert_contains(error->message, "WMI Message.");
}

static void
recorded_quota_fault_printed_prettily(void **state)
{
    g_autoptr(GError) error = sample_error("txwinrm/fault_max_concurrent.xml");

    assert_error(error, WSMAN_ERROR_FAULT);
    assert_int_equal(wsman_error_get_hresult(error), 0x803381A6);
    assert_contains(error->message, "maximum number of 15 concurrent operations");
    assert_contains(error->message, "(InternalError, 0x803381A6)");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_first_answer_and_a_last_pull),
        cmocka_unit_test(a_host_and_a_switch),
        cmocka_unit_test(two_answers_of_server_2008_are_joined),
        cmocka_unit_test(a_projection_takes_the_class_of_the_query),
        cmocka_unit_test(whole_classes_of_server_2012),
        cmocka_unit_test(references_in_an_association),
        cmocka_unit_test(jobs_by_get),
        cmocka_unit_test(a_method_with_a_reference_and_a_null_job),
        cmocka_unit_test(identify_of_2008_r2),
        cmocka_unit_test(examples_of_the_specification),
        cmocka_unit_test(every_recorded_answer_is_an_envelope),
        cmocka_unit_test(recorded_time_out),
        cmocka_unit_test(recorded_provider_fault_with_extended_status),
        cmocka_unit_test(recorded_provider_fault_with_text),
        cmocka_unit_test(recorded_wmi_error),
        cmocka_unit_test(recorded_quota_fault_printed_prettily),
    };

    if (!test_have_samples())
        return test_skip_all("no recorded answers are at hand");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
