/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests as they go over the wire, against data/ (MSVM_REGENERATE=1 writes
 * it anew). Message ids and the port are made the same first.
 */
#include "tests/wsman/support.h"

#include <string.h>

#define V2 "root/virtualization/v2"

static void
record(const HttpExchange *exchange, gpointer opaque)
{
    char **body = opaque;

    g_free(*body);
    *body = g_strndup(exchange->body, exchange->body_size);
    if (test_is_action(exchange, "/Enumerate"))
        test_answer(exchange, "<n:EnumerateResponse><n:EnumerationContext>uuid:1&amp;2</n:EnumerationContext>"
                              "</n:EnumerateResponse>");
    else
        http_answer(exchange, 404, NULL, NULL, "");
}

static char *
normalize(const char *text, const HttpServer *server)
{
    g_autofree char *port = g_strdup_printf("127.0.0.1:%u", http_server_port(server));
    g_autoptr(GString) result = g_string_new(text);
    char *id = strstr(result->str, "uuid:");

    if (id && strstr(result->str, "<a:MessageID>") == id - strlen("<a:MessageID>"))
        memcpy(id, "uuid:00000000-0000-0000-0000-000000000000", 41);
    g_string_replace(result, port, "hv01:5985", 0);
    for (char *blank = strstr(result->str, "    "); blank; blank = strstr(result->str, "    ")) {
        gsize length = strspn(blank, " ");
        gssize at = blank - result->str;
        g_autofree char *count = g_strdup_printf("[%zu blanks]", length);

        g_string_erase(result, at, (gssize)length);
        g_string_insert(result, at, count);
    }
    g_string_replace(result, "><", ">\n<", 0);
    g_string_append_c(result, '\n');
    return g_strdup(result->str);
}

static void
assert_golden(const char *name, const char *body, const HttpServer *server)
{
    const char *source = g_getenv("MSVM_SRCDIR");
    g_autofree char *path = g_strdup_printf("%s/tests/wsman/data/%s.xml", source ? source : ".", name);
    g_autofree char *actual = normalize(body, server);
    g_autofree char *expected = NULL;

    if (g_getenv("MSVM_REGENERATE"))
        assert_true(g_file_set_contents(path, actual, -1, NULL));
    if (!g_file_get_contents(path, &expected, NULL, NULL))
        fail_msg("%s cannot be read", path);
    assert_string_equal(actual, expected);
}

typedef struct {
    HttpServer *server;
    WsmanClient *client;
    char *body;
} Fixture;

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->server = http_server_new(record, &fixture->body, NULL, HTTP_NORMAL);
    fixture->client = test_client(fixture->server);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;

    wsman_client_unref(fixture->client);
    http_server_free(fixture->server);
    g_free(fixture->body);
    g_free(fixture);
    return 0;
}

static void
identify(void **state)
{
    Fixture *fixture = *state;

    assert_null(wsman_client_identify(fixture->client, NULL, NULL));
    assert_golden("identify", fixture->body, fixture->server);
}

static void
get_with_a_reference_for_a_key(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(WsmanEpr) epr = wsman_epr_new(V2, "Msvm_AffectedJobElement");
    WsmanEpr *job = wsman_epr_new(V2, "Msvm_ConcreteJob");

    wsman_epr_add_selector(job, "InstanceID", "a<b>&\"c\"");
    wsman_epr_add_selector_epr(epr, "AffectingElement", job);
    wsman_epr_add_selector(epr, "Other", "x");
    assert_null(wsman_client_get(fixture->client, epr, NULL, NULL));
    assert_golden("get", fixture->body, fixture->server);
}

/* The first Pull is refused, and then Release goes out. */
static void
record_first(const HttpExchange *exchange, gpointer opaque)
{
    char **bodies = opaque;

    bodies[exchange->n_request - 1] = g_strndup(exchange->body, exchange->body_size);
    if (exchange->n_request == 1)
        test_answer(exchange, "<n:EnumerateResponse><n:EnumerationContext>uuid:1&amp;2</n:EnumerationContext>"
                              "</n:EnumerateResponse>");
    else if (exchange->n_request == 2)
        test_fault(exchange, "w:AccessDenied", 5, "no");
    else
        test_answer(exchange, "");
}

static void
enumerate_pull_and_release(void **state)
{
    char *bodies[4] = { NULL };
    g_autoptr(HttpServer) server = http_server_new(record_first, bodies, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);

    assert_null(wsman_client_query(client, V2, "select * from Msvm_X where Name < \"a&b\"", NULL, NULL));
    assert_int_equal(http_server_n_requests(server), 3);
    assert_golden("enumerate", bodies[0], server);
    assert_golden("pull", bodies[1], server);
    assert_golden("release", bodies[2], server);
    for (gsize i = 0; i < 3; i++)
        g_free(bodies[i]);
}

static void
invoke_without_parameters(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(WsmanEpr) target = wsman_epr_new("root/Microsoft/Windows/Hgs", "MSFT_HgsClientConfiguration");

    assert_null(wsman_client_invoke(fixture->client, target, "Get", NULL, NULL, NULL));
    assert_golden("invoke-nothing", fixture->body, fixture->server);
}

static WsmanInstance *
guardian(void)
{
    WsmanInstance *instance = wsman_instance_new("root/Microsoft/Windows/Hgs", "MSFT_HgsGuardian");
    const char *const numbers[] = { "1", "2", NULL };

    wsman_instance_set_string(instance, "Name", "Untrusted<Guardian>");
    wsman_instance_set_array(instance, "Numbers", WSMAN_CIM_UINT8, numbers);
    wsman_instance_set_text(instance, "Since", WSMAN_CIM_DATETIME, "20251217095522.702341+060");
    wsman_instance_set_text(instance, "For", WSMAN_CIM_DATETIME, "00000001020304.000005:000");
    wsman_instance_set_text(instance, "Of", WSMAN_CIM_REFERENCE, "root/x:C.K=\"v\"");
    return instance;
}

static void
invoke_with_every_kind_of_parameter(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_VirtualSystemManagementService");
    g_autoptr(WsmanEpr) system = wsman_epr_new(V2, "Msvm_ComputerSystem");
    g_autoptr(WsmanInstance) settings = wsman_instance_new(V2, "Msvm_VirtualSystemSettingData");
    g_autoptr(WsmanInstance) object = guardian();
    g_autoptr(WsmanArgs) args = wsman_args_new();
    const char *const words[] = { "a]]>", "\r\n", "", NULL };
    const guint32 numbers[] = { 0, 1, 4294967295u };

    wsman_epr_add_selector(target, "CreationClassName", "Msvm_VirtualSystemManagementService");
    wsman_epr_add_selector(system, "Name", "0A");
    wsman_instance_set_string(settings, "ElementName", "<a & 'b' \"c\">");
    wsman_args_add_string(args, "Word", "\303\244<&>\"");
    wsman_args_add_boolean(args, "Yes", TRUE);
    wsman_args_add_boolean(args, "No", FALSE);
    wsman_args_add_uint(args, "Number", G_MAXUINT64);
    wsman_args_add_strv(args, "Words", words);
    wsman_args_add_uints(args, "Numbers", numbers, 3);
    wsman_args_add_epr(args, "AffectedSystem", system);
    wsman_args_add_embedded(args, "Settings", settings);
    wsman_args_add_embedded(args, "Settings", settings);
    wsman_args_add_object(args, "Owner", object);
    assert_null(wsman_client_invoke(fixture->client, target, "Everything", args, NULL, NULL));
    assert_golden("invoke-every-kind", fixture->body, fixture->server);
}

static void
invoke_bytes(Fixture *fixture, WsmanBytesForm form, const char *golden)
{
    WsmanClientOptions options = test_options(fixture->server);
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_SecurityService");
    g_autoptr(WsmanArgs) args = wsman_args_new();

    options.byte_arrays = form;
    client = wsman_client_new(&options, NULL);
    wsman_args_add_secret_bytes(args, "KeyProtector", "\0\1\377", 3);
    wsman_args_add_string(args, "SecuritySettingData", "x");
    assert_null(wsman_client_invoke(client, target, "SetKeyProtector", args, NULL, NULL));
    assert_golden(golden, fixture->body, fixture->server);
}

static void
invoke_with_bytes_in_base64(void **state)
{
    invoke_bytes(*state, WSMAN_BYTES_BASE64, "invoke-bytes-base64");
}

static void
invoke_with_bytes_repeated(void **state)
{
    invoke_bytes(*state, WSMAN_BYTES_REPEATED, "invoke-bytes-repeated");
}

static void
record_head(const HttpExchange *exchange, gpointer opaque)
{
    *(char **)opaque = g_strdup(exchange->head);
    http_answer(exchange, 404, NULL, NULL, "");
}

static void
the_http_header_is_what_windows_expects(void **state)
{
    g_autofree char *head = NULL;
    g_autoptr(HttpServer) server = http_server_new(record_head, &head, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);

    assert_null(wsman_client_identify(client, NULL, NULL));
    assert_true(g_str_has_prefix(head, "POST /wsman HTTP/1.1\r\n"));
    assert_contains(head, "\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n");
    assert_contains(head, "\r\nContent-Length: ");
    assert_contains(head, "\r\nAuthorization: Basic QWRtaW5pc3RyYXRvcjpwYTpzc8Okd29yZA==\r\n");
    assert_lacks(head, "Expect");
    assert_lacks(head, "Transfer-Encoding");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(get_with_a_reference_for_a_key, set_up, tear_down),
        cmocka_unit_test(enumerate_pull_and_release),
        cmocka_unit_test_setup_teardown(invoke_without_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invoke_with_every_kind_of_parameter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invoke_with_bytes_in_base64, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invoke_with_bytes_repeated, set_up, tear_down),
        cmocka_unit_test(the_http_header_is_what_windows_expects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
