/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Servers that break the rules of HTTP, or the connection.
 */
#include "tests/wsman/support.h"

#include <string.h>

#include "tests/slow_resolver.h"

#define V2 "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" V2 "/"
#define OUTPUT "<o:Do_OUTPUT xmlns:o=\"" URI "Msvm_X\"><o:ReturnValue>0</o:ReturnValue></o:Do_OUTPUT>"
#define IDENTITY "<i:IdentifyResponse xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/>"

typedef enum {
    GOOD,
    RESET,
    CLOSE,
    RESET_IN_BODY,
    TRUNCATED,
    STALL,
    STALL_IN_BODY,
    NOT_HTTP,
    ENDLESS_BODY,
    ENDLESS_LENGTH,
    ENDLESS_CONTINUE,
    LONG_LINE,
} Manner;

typedef struct {
    Manner manner;
    guint from;         /* this many requests are served well first */
    guint until;        /* and after that many it is good again; 0: never */
    GCancellable *cancel; /* cancelled when the bad request has come */
} Behaviour;

static void
send_text(const HttpExchange *exchange, const char *text)
{
    http_send(exchange, text, strlen(text));
}

static void
send_for_ever(const HttpExchange *exchange, const char *head, const char *piece)
{
    send_text(exchange, head);
    for (guint i = 0; i < 200000; i++)
        send_text(exchange, piece);
}

static void
misbehave(const HttpExchange *exchange, const Behaviour *behaviour)
{
    static char filler[4096];

    memset(filler, 'x', sizeof(filler) - 1);
    if (behaviour->cancel)
        g_cancellable_cancel(behaviour->cancel);
    switch (behaviour->manner) {
    case RESET:
        http_reset(exchange);
        break;
    case CLOSE:
        http_close(exchange);
        break;
    case RESET_IN_BODY:
        send_text(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 100\r\n\r\n<s:Env");
        http_reset(exchange);
        break;
    case TRUNCATED:
        send_text(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 100\r\n\r\n<s:Env");
        http_close(exchange);
        break;
    case STALL:
        http_stall(exchange, 10000);
        http_close(exchange);
        break;
    case STALL_IN_BODY:
        send_text(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 100\r\n\r\n<s:Env");
        http_stall(exchange, 10000);
        http_close(exchange);
        break;
    case NOT_HTTP:
        send_text(exchange, "220 mail.example.org ESMTP\r\n\r\n");
        http_close(exchange);
        break;
    case ENDLESS_BODY:
        send_for_ever(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n", filler);
        http_close(exchange);
        break;
    case ENDLESS_LENGTH:
        send_for_ever(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 99999999999\r\n\r\n",
                      filler);
        http_close(exchange);
        break;
    case ENDLESS_CONTINUE:
        send_for_ever(exchange, "", "HTTP/1.1 100 Continue\r\n\r\n");
        http_close(exchange);
        break;
    case LONG_LINE:
        send_for_ever(exchange, "HTTP/1.1 200 OK\r\nX-Long: ", filler);
        http_close(exchange);
        break;
    case GOOD:
        break;
    }
}

static void
serve(const HttpExchange *exchange, gpointer opaque)
{
    const Behaviour *behaviour = opaque;

    if (exchange->n_request <= behaviour->from || behaviour->manner == GOOD ||
        (behaviour->until > 0 && exchange->n_request > behaviour->until))
        test_answer(exchange, strstr(exchange->body, "Do_INPUT") ? OUTPUT : IDENTITY);
    else
        misbehave(exchange, behaviour);
}

static WsmanClient *
hasty_client(const HttpServer *server)
{
    WsmanClientOptions options = test_options(server);

    options.connect_timeout_ms = 300;
    options.operation_timeout_ms = 300;
    options.network_delay_ms = 100;
    return wsman_client_new(&options, NULL);
}

static void
invoke_and_expect(HttpServer *server, WsmanClient *client, WsmanError code, const char *part,
                  gboolean may_have_run)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();
    g_autoptr(WsmanInstance) output = wsman_client_invoke(client, target, "Do", NULL, NULL, &error);

    assert_null(output);
    assert_error(error, code);
    assert_contains(error->message, part);
    assert_contains(error->message, http_server_url(server));
    if (wsman_error_may_have_run(error) != may_have_run)
        fail_msg("may have run: %d: %s", wsman_error_may_have_run(error), error->message);
    assert_true(g_get_monotonic_time() - start < 5 * G_USEC_PER_SEC);
}

static void
an_invoke_is_sent_once_whatever_happens(void **state)
{
    static const struct {
        Manner manner;
        WsmanError code;
        const char *part;
    } rows[] = {
        { RESET, WSMAN_ERROR_CONNECT, "the connection broke" },
        { CLOSE, WSMAN_ERROR_CONNECT, "the connection broke" },
        { RESET_IN_BODY, WSMAN_ERROR_CONNECT, "the connection broke" },
        { TRUNCATED, WSMAN_ERROR_CONNECT, "the connection broke" },
        { STALL, WSMAN_ERROR_TIMEOUT, "no complete answer within 0.4 s" },
        { STALL_IN_BODY, WSMAN_ERROR_TIMEOUT, "no complete answer within 0.4 s" },
        { NOT_HTTP, WSMAN_ERROR_PROTOCOL, "does not speak HTTP" },
        { ENDLESS_CONTINUE, WSMAN_ERROR_LIMIT, "header of the answer" },
        { LONG_LINE, WSMAN_ERROR_LIMIT, "header of the answer" },
    };

    /* With a new connection, and with one that was in use before, which
     * libcurl would repeat the request for. */
    for (guint from = 0; from < 2; from++) {
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
            Behaviour behaviour = { .manner = rows[i].manner, .from = from };
            g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
            g_autoptr(WsmanClient) client = hasty_client(server);
            g_autoptr(WsmanIdentity) warm = from ? wsman_client_identify(client, NULL, NULL) : NULL;

            invoke_and_expect(server, client, rows[i].code, rows[i].part, TRUE);
            assert_int_equal(http_server_n_requests(server), from + 1);
        }
    }
}

static void
bodies_without_end_are_cut_off(void **state)
{
    static const Manner manners[] = { ENDLESS_BODY, ENDLESS_LENGTH };

    for (gsize i = 0; i < G_N_ELEMENTS(manners); i++) {
        Behaviour behaviour = { .manner = manners[i] };
        g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
        g_autoptr(WsmanClient) client = test_client(server);

        invoke_and_expect(server, client, WSMAN_ERROR_LIMIT, "the answer is larger than 4194304 bytes", TRUE);
    }
}

static void
a_read_is_sent_again_when_the_connection_breaks(void **state)
{
    static const Manner manners[] = { RESET, CLOSE, RESET_IN_BODY, TRUNCATED };

    for (guint from = 0; from < 2; from++) {
        for (gsize i = 0; i < G_N_ELEMENTS(manners); i++) {
            Behaviour behaviour = { .manner = manners[i], .from = from, .until = from + 1 };
            g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
            g_autoptr(WsmanClient) client = test_client(server);
            g_autoptr(WsmanIdentity) warm = from ? wsman_client_identify(client, NULL, NULL) : NULL;
            g_autoptr(GError) error = NULL;
            g_autoptr(WsmanIdentity) identity = wsman_client_identify(client, NULL, &error);

            assert_no_error(error);
            assert_non_null(identity);
        }
    }
}

static void
a_read_is_not_sent_for_ever(void **state)
{
    Behaviour behaviour = { .manner = RESET };
    g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_identify(client, NULL, &error));
    assert_error(error, WSMAN_ERROR_CONNECT);
    assert_false(wsman_error_may_have_run(error));
    assert_int_equal(http_server_n_requests(server), 2);
}

/* The server closed the idle connection, as hosts do after two minutes. */
static void
serve_and_close(const HttpExchange *exchange, gpointer opaque)
{
    test_answer(exchange, OUTPUT);
    http_close(exchange);
}

static void
an_invoke_on_a_connection_that_was_closed_while_idle_works(void **state)
{
    g_autoptr(HttpServer) server = http_server_new(serve_and_close, NULL, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");

    for (guint i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(WsmanInstance) output = wsman_client_invoke(client, target, "Do", NULL, NULL, &error);

        assert_no_error(error);
        g_usleep(50000);
    }
    assert_int_equal(http_server_n_requests(server), 3);
    assert_int_equal(http_server_n_connections(server), 3);
}

static void
assert_no_connection(const char *url, WsmanError code, const char *part)
{
    WsmanClientOptions options = {
        .url = url, .auth = "basic", .connect_timeout_ms = 500, .operation_timeout_ms = 500,
        .network_delay_ms = 1, .credentials = test_credentials,
    };
    g_autoptr(WsmanClient) client = wsman_client_new(&options, NULL);
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_invoke(client, target, "Do", NULL, NULL, &error));
    assert_error(error, code);
    assert_contains(error->message, part);
    assert_contains(error->message, url);
    assert_false(wsman_error_may_have_run(error));
}

static void
hosts_that_cannot_be_reached_are_told_apart(void **state)
{
    HttpServer *gone = http_server_new(serve, NULL, NULL, HTTP_NORMAL);
    g_autofree char *url = g_strdup(http_server_url(gone));

    http_server_free(gone);
    assert_no_connection(url, WSMAN_ERROR_CONNECT, "refused");
    assert_no_connection("http://no-such-host.invalid/wsman", WSMAN_ERROR_CONNECT, "cannot be resolved");
}

static void
no_call_waits_for_a_resolver_that_is_silent(void **state)
{
    WsmanClientOptions options = {
        .url = "http://" SLOW_HOST "/wsman", .auth = "basic", .connect_timeout_ms = 10000,
        .operation_timeout_ms = 10000, .network_delay_ms = 1, .credentials = test_credentials,
    };
    g_autoptr(WsmanClient) client = wsman_client_new(&options, NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = slow_resolver_cancel_when_asked(cancellable);
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_identify(client, cancellable, &error));
    assert_true(slow_resolver_was_silent());
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_thread_join(thread);
    assert_no_connection(options.url, WSMAN_ERROR_TIMEOUT, "no connection within");
    assert_true(slow_resolver_was_silent());
}

static void
a_server_that_hangs_up_at_once_is_told(void **state)
{
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, NULL, HTTP_CLOSE_ON_ACCEPT);

    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_identify(client, NULL, &error));
    assert_error(error, WSMAN_ERROR_CONNECT);
    assert_contains(error->message, "the connection broke");
}

static void
an_endless_header_is_cut_off(void **state)
{
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, NULL, HTTP_ENDLESS_HEADER);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_identify(client, NULL, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
}

static gpointer
cancel_after_a_while(gpointer opaque)
{
    g_usleep(200000);
    g_cancellable_cancel(opaque);
    return NULL;
}

static void
a_call_that_waits_is_cancelled_at_once(void **state)
{
    Behaviour behaviour = { .manner = STALL };
    g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_after_a_while, cancellable);
    gint64 start = g_get_monotonic_time();

    assert_null(wsman_client_invoke(client, target, "Do", NULL, cancellable, &error));
    assert_true(g_get_monotonic_time() - start < 700000);
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(wsman_error_may_have_run(error));
    g_thread_join(thread);
    assert_int_equal(http_server_n_requests(server), 1);
}

typedef struct {
    WsmanClient *client;
    GCancellable *cancellable;
    GError *error;
    gint64 took;
} Call;

static gpointer
identify_in_thread(gpointer opaque)
{
    Call *call = opaque;
    gint64 start = g_get_monotonic_time();
    WsmanIdentity *identity = wsman_client_identify(call->client, call->cancellable, &call->error);

    call->took = g_get_monotonic_time() - start;
    wsman_identity_free(identity);
    return NULL;
}

static void
waiting_for_a_connection_ends_with_time_or_cancellation(void **state)
{
    Behaviour behaviour = { .manner = STALL };
    g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Call holder, patient, cancelled;
    GThread *threads[3];

    options.max_connections = 1;
    options.operation_timeout_ms = 500;
    options.network_delay_ms = 1500;
    client = wsman_client_new(&options, NULL);
    holder = (Call) { .client = client };
    patient = (Call) { .client = client };
    cancelled = (Call) { .client = client, .cancellable = cancellable };
    threads[0] = g_thread_new("holder", identify_in_thread, &holder);
    g_usleep(100000);
    threads[1] = g_thread_new("patient", identify_in_thread, &patient);
    threads[2] = g_thread_new("cancelled", identify_in_thread, &cancelled);
    g_usleep(100000);
    g_cancellable_cancel(cancellable);
    for (gsize i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    assert_error(holder.error, WSMAN_ERROR_TIMEOUT);
    assert_error(patient.error, WSMAN_ERROR_TIMEOUT);
    assert_contains(patient.error->message, "none of the 1 connections");
    assert_true(patient.took < 900000);
    assert_true(g_error_matches(cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(cancelled.took < 400000);
    g_error_free(holder.error);
    g_error_free(patient.error);
    g_error_free(cancelled.error);
}

static void
the_environment_names_no_proxy(void **state)
{
    Behaviour behaviour = { .manner = GOOD };
    g_autoptr(HttpServer) server = http_server_new(serve, &behaviour, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanIdentity) identity = NULL;

    g_setenv("http_proxy", "http://127.0.0.1:1/", TRUE);
    g_setenv("ALL_PROXY", "http://127.0.0.1:1/", TRUE);
    client = test_client(server);
    identity = wsman_client_identify(client, NULL, &error);
    assert_no_error(error);
    g_unsetenv("http_proxy");
    g_unsetenv("ALL_PROXY");
}

static void
answer_as_proxy(const HttpExchange *exchange, gpointer opaque)
{
    *(gboolean *)opaque = g_str_has_prefix(exchange->head, "POST http://hv01.invalid:5985/wsman HTTP/1.1\r\n");
    test_answer(exchange, IDENTITY);
}

static void
a_proxy_is_used_when_it_is_named(void **state)
{
    gboolean through_proxy = FALSE;
    g_autoptr(HttpServer) server = http_server_new(answer_as_proxy, &through_proxy, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autofree char *proxy = g_strdup_printf("http://127.0.0.1:%u", http_server_port(server));
    g_autoptr(WsmanClient) client = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanIdentity) identity = NULL;

    options.url = "http://hv01.invalid:5985/wsman";
    options.proxy = proxy;
    client = wsman_client_new(&options, NULL);
    identity = wsman_client_identify(client, NULL, &error);
    assert_no_error(error);
    assert_true(through_proxy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invoke_is_sent_once_whatever_happens),
        cmocka_unit_test(bodies_without_end_are_cut_off),
        cmocka_unit_test(a_read_is_sent_again_when_the_connection_breaks),
        cmocka_unit_test(a_read_is_not_sent_for_ever),
        cmocka_unit_test(an_invoke_on_a_connection_that_was_closed_while_idle_works),
        cmocka_unit_test(hosts_that_cannot_be_reached_are_told_apart),
        cmocka_unit_test(no_call_waits_for_a_resolver_that_is_silent),
        cmocka_unit_test(a_server_that_hangs_up_at_once_is_told),
        cmocka_unit_test(an_endless_header_is_cut_off),
        cmocka_unit_test(a_call_that_waits_is_cancelled_at_once),
        cmocka_unit_test(waiting_for_a_connection_ends_with_time_or_cancellation),
        cmocka_unit_test(the_environment_names_no_proxy),
        cmocka_unit_test(a_proxy_is_used_when_it_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
