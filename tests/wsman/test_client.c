/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identify, Get and Invoke against a well-behaved server, and the answers
 * that say no.
 */
#include "tests/wsman/support.h"

#include <string.h>

#define V2 "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" V2 "/"
#define OUTPUT "<o:Do_OUTPUT xmlns:o=\"" URI "Msvm_X\"><o:ReturnValue>0</o:ReturnValue></o:Do_OUTPUT>"

/* What the server does, and what it saw. */
typedef struct {
    guint status;
    const char *content_type;
    const char *header;
    const char *body;           /* of the SOAP body; NULL: raw is the whole answer */
    const char *raw;
    const char *relates_to;     /* instead of the right one */
    guint32 fault;
    const char *subcode;
} Script;

static void
follow(const HttpExchange *exchange, gpointer opaque)
{
    const Script *script = opaque;

    if (script->fault) {
        test_fault(exchange, script->subcode ? script->subcode : "w:InternalError", script->fault, "because");
    } else if (script->relates_to) {
        g_autofree char *text = test_envelope("urn:x", script->relates_to, script->body);

        http_answer_soap(exchange, 200, text);
    } else if (script->body) {
        test_answer(exchange, script->body);
    } else {
        http_answer(exchange, script->status, script->content_type, script->header,
                    script->raw ? script->raw : "");
    }
}

static WsmanInstance *
invoke(const Script *script, GError **error)
{
    g_autoptr(HttpServer) server = http_server_new(follow, (gpointer)script, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    WsmanInstance *output = wsman_client_invoke(client, target, "Do", NULL, NULL, error);

    /* Whatever went wrong after it was sent, it was sent once. */
    assert_int_equal(http_server_n_requests(server), 1);
    assert_int_equal(wsman_client_get_n_requests(client), 1);
    return output;
}

static GError *
invoke_error(const Script *script, WsmanError code)
{
    GError *error = NULL;

    assert_null(invoke(script, &error));
    assert_error(error, code);
    assert_contains(error->message, "http://127.0.0.1:");
    assert_contains(error->message, "Invoke Msvm_X.Do");
    return error;
}

static void
out_parameters_come_back(void **state)
{
    Script script = { .body = OUTPUT };
    g_autoptr(WsmanInstance) output = invoke(&script, NULL);
    guint64 result = 1;

    assert_non_null(output);
    assert_true(wsman_instance_get_uint(output, "ReturnValue", &result) && result == 0);
}

static void
identify_tells_the_version(void **state)
{
    Script script = {
        .body = "<i:IdentifyResponse xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\">"
                "<i:ProductVendor>Microsoft Corporation</i:ProductVendor>"
                "<i:ProductVersion>OS: 10.0.20348 SP: 0.0 Stack: 3.0</i:ProductVersion></i:IdentifyResponse>",
    };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanIdentity) identity = wsman_client_identify(client, NULL, NULL);

    assert_int_equal(identity->os_major, 10);
    assert_int_equal(identity->os_minor, 0);
    assert_int_equal(identity->os_build, 20348);
}

static void
one_connection_serves_many_requests_and_asks_for_the_password_once(void **state)
{
    Script script = { .body = OUTPUT };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    guint asked = 0;
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(WsmanClient) client = NULL;

    options.credentials_opaque = &asked;
    client = wsman_client_new(&options, NULL);
    assert_int_equal(asked, 0);
    for (guint i = 0; i < 10; i++) {
        g_autoptr(WsmanInstance) output = wsman_client_invoke(client, target, "Do", NULL, NULL, NULL);

        assert_non_null(output);
    }
    assert_int_equal(http_server_n_connections(server), 1);
    assert_int_equal(wsman_client_get_n_requests(client), 10);
    assert_int_equal(asked, 1);
}

static void
a_refused_password_is_told_and_asked_for_again(void **state)
{
    Script script = { .status = 401, .header = "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"WSMAN\"\r\n" };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    guint asked = 0;
    g_autoptr(WsmanClient) client = NULL;

    options.credentials_opaque = &asked;
    client = wsman_client_new(&options, NULL);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        assert_null(wsman_client_identify(client, NULL, &error));
        assert_error(error, WSMAN_ERROR_AUTH);
        assert_int_equal(wsman_error_get_http_status(error), 401);
        assert_contains(error->message, "refuses user or password");
        assert_contains(error->message, "Negotiate, Basic");
        assert_lacks(error->message, "pa:ss");
        assert_lacks(error->message, TEST_USER);
    }
    assert_int_equal(asked, 2);
}

static void
a_mechanism_that_is_not_offered_is_told(void **state)
{
    Script script = { .status = 401, .header = "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: \033Kerberos\r\n" };
    g_autoptr(GError) error = invoke_error(&script, WSMAN_ERROR_AUTH);

    assert_contains(error->message, "does not take authentication by Basic; it offers Negotiate");
    assert_lacks(error->message, "\033");
    assert_false(wsman_error_may_have_run(error));
}

static gboolean
no_credentials(char **user, char **password, gpointer opaque, GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "nobody knows");
    return FALSE;
}

static void
an_error_of_the_credentials_function_is_passed_on(void **state)
{
    Script script = { .body = OUTPUT };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(GError) error = NULL;

    options.credentials = no_credentials;
    client = wsman_client_new(&options, NULL);
    assert_null(wsman_client_identify(client, NULL, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    assert_int_equal(http_server_n_requests(server), 0);
}

static gboolean
colon_credentials(char **user, char **password, gpointer opaque, GError **error)
{
    *user = g_strdup("a:b");
    *password = g_strdup("c");
    return TRUE;
}

static void
a_user_with_a_colon_is_refused_by_basic(void **state)
{
    Script script = { .body = OUTPUT };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(GError) error = NULL;

    options.credentials = colon_credentials;
    client = wsman_client_new(&options, NULL);
    assert_null(wsman_client_identify(client, NULL, &error));
    assert_error(error, WSMAN_ERROR_AUTH);
    assert_int_equal(http_server_n_requests(server), 0);
}

static void
an_empty_500_over_http_speaks_of_encryption(void **state)
{
    Script script = { .status = 500 };
    g_autoptr(GError) error = invoke_error(&script, WSMAN_ERROR_HTTP);

    assert_contains(error->message, "AllowUnencrypted=false");
    assert_int_equal(wsman_error_get_http_status(error), 500);
    assert_false(wsman_error_may_have_run(error));
}

static void
other_statuses_have_their_words(void **state)
{
    static const struct {
        Script script;
        WsmanError code;
        const char *part;
        gboolean may_have_run;
    } rows[] = {
        { { .status = 413 }, WSMAN_ERROR_LIMIT, "413", FALSE },
        { { .status = 404, .content_type = "text/html", .raw = "<html>secret</html>" }, WSMAN_ERROR_HTTP, "404", FALSE },
        { { .status = 302, .header = "Location: http://elsewhere/\r\n" }, WSMAN_ERROR_HTTP, "not followed", FALSE },
        { { .status = 503, .content_type = "text/html", .raw = "secret" }, WSMAN_ERROR_HTTP, "503", TRUE },
        { { .status = 200, .content_type = "text/html", .raw = "secret" }, WSMAN_ERROR_PROTOCOL, "not SOAP", TRUE },
        { { .status = 200 }, WSMAN_ERROR_PROTOCOL, "not SOAP", TRUE },
        { { .status = 200, .content_type = "application/soap+xml", .raw = "<secret" }, WSMAN_ERROR_PROTOCOL,
          "not well-formed", TRUE },
        { { .status = 200, .content_type = "application/soap+xml", .raw = "<secret/>" }, WSMAN_ERROR_PROTOCOL,
          "SOAP 1.2 envelope", TRUE },
        { { .body = "<secret/>" }, WSMAN_ERROR_PROTOCOL, "no Do_OUTPUT", TRUE },
        { { .body = "" }, WSMAN_ERROR_PROTOCOL, "no Do_OUTPUT", TRUE },
        { { .body = OUTPUT, .relates_to = "uuid:other" }, WSMAN_ERROR_PROTOCOL, "another request", TRUE },
        { { .fault = 0x80041010 }, WSMAN_ERROR_INVALID_CLASS, "0x80041010", FALSE },
        { { .fault = 0x80338029 }, WSMAN_ERROR_TIMEOUT, "0x80338029", TRUE },
        { { .fault = 0x80338026 }, WSMAN_ERROR_LIMIT, "0x80338026", TRUE },
        { { .fault = 0x80338041 }, WSMAN_ERROR_FAULT, "because", FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = invoke_error(&rows[i].script, rows[i].code);

        assert_contains(error->message, rows[i].part);
        assert_lacks(error->message, "secret");
        if (wsman_error_may_have_run(error) != rows[i].may_have_run)
            fail_msg("may have run: %d, row %zu", wsman_error_may_have_run(error), i);
    }
}

static void
get_tells_a_missing_instance_from_a_missing_class(void **state)
{
    Script script = { .fault = 0x80338000, .subcode = "a:DestinationUnreachable" };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanEpr) epr = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(GError) no_class = NULL;
    g_autoptr(GError) no_instance = NULL;

    assert_null(wsman_client_get(client, epr, NULL, &no_class));
    assert_error(no_class, WSMAN_ERROR_INVALID_CLASS);
    wsman_epr_add_selector(epr, "Name", "a");
    assert_null(wsman_client_get(client, epr, NULL, &no_instance));
    assert_error(no_instance, WSMAN_ERROR_NOT_FOUND);
    assert_contains(no_instance->message, "Get Msvm_X: because (DestinationUnreachable, 0x80338000)");
    assert_false(wsman_error_may_have_run(no_instance));
}

static void
a_cancelled_call_sends_nothing(void **state)
{
    Script script = { .body = OUTPUT };
    g_autoptr(HttpServer) server = http_server_new(follow, &script, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    g_cancellable_cancel(cancellable);
    assert_null(wsman_client_identify(client, cancellable, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_int_equal(http_server_n_requests(server), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_parameters_come_back),
        cmocka_unit_test(identify_tells_the_version),
        cmocka_unit_test(one_connection_serves_many_requests_and_asks_for_the_password_once),
        cmocka_unit_test(a_refused_password_is_told_and_asked_for_again),
        cmocka_unit_test(a_mechanism_that_is_not_offered_is_told),
        cmocka_unit_test(an_error_of_the_credentials_function_is_passed_on),
        cmocka_unit_test(a_user_with_a_colon_is_refused_by_basic),
        cmocka_unit_test(an_empty_500_over_http_speaks_of_encryption),
        cmocka_unit_test(other_statuses_have_their_words),
        cmocka_unit_test(get_tells_a_missing_instance_from_a_missing_class),
        cmocka_unit_test(a_cancelled_call_sends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
