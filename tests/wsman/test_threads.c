/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many threads on one client, with cancellations and breaking connections in
 * between. Meant for ThreadSanitizer too.
 */
#include "tests/wsman/support.h"

#include <string.h>

#define V2 "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" V2 "/"
#define N_THREADS 16
#define N_CALLS 40

/* Echoes the number in the request, so that a mixed-up answer is noticed. */
static void
echo(const HttpExchange *exchange, gpointer opaque)
{
    const guint *break_every = opaque;
    const char *at = strstr(exchange->body, "<p:Number>");
    g_autofree char *body = NULL;

    if (*break_every > 0 && exchange->n_request % *break_every == 0) {
        http_reset(exchange);
        return;
    }
    if (!at) {
        test_answer(exchange, "<n:EnumerateResponse><n:EnumerationContext/><w:Items/><w:EndOfSequence/>"
                              "</n:EnumerateResponse>");
        return;
    }
    at += strlen("<p:Number>");
    body = g_strdup_printf("<o:Do_OUTPUT xmlns:o=\"" URI "Msvm_X\"><o:Number>%.*s</o:Number></o:Do_OUTPUT>",
                           (int)strspn(at, "0123456789"), at);
    test_answer(exchange, body);
}

typedef struct {
    WsmanClient *client;
    guint number;
    guint n_good, n_broken, n_cancelled, n_wrong;
} Worker;

static gpointer
cancel_soon(gpointer opaque)
{
    g_usleep(500);
    g_cancellable_cancel(opaque);
    g_object_unref(opaque);
    return NULL;
}

static void
judge(Worker *worker, const WsmanInstance *output, guint64 expected, const GError *error)
{
    guint64 number = 0;

    if (output && wsman_instance_get_uint(output, "Number", &number) && number == expected)
        worker->n_good++;
    else if (g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_CONNECT))
        worker->n_broken++;
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        worker->n_cancelled++;
    else
        worker->n_wrong++;
}

static void
call(Worker *worker, guint i)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(V2, "Msvm_X");
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanInstance) output = NULL;
    GThread *canceller = i % 10 == 9 ? g_thread_new("cancel", cancel_soon, g_object_ref(cancellable)) : NULL;
    guint64 number = worker->number * 1000 + i;

    wsman_args_add_uint(args, "Number", number);
    output = wsman_client_invoke(worker->client, target, "Do", args, cancellable, &error);
    judge(worker, output, number, error);
    if (canceller)
        g_thread_join(canceller);
}

static gpointer
work(gpointer opaque)
{
    Worker *worker = opaque;

    for (guint i = 0; i < N_CALLS; i++) {
        if (i % 8 == 7) {
            GPtrArray *items = wsman_client_query(worker->client, V2, "select * from Msvm_X", NULL, NULL);

            if (items)
                g_ptr_array_unref(items);
        } else {
            call(worker, i);
        }
    }
    return NULL;
}

static void
run_workers(WsmanClient *client, Worker *workers)
{
    GThread *threads[N_THREADS];

    for (guint i = 0; i < N_THREADS; i++) {
        workers[i] = (Worker) { .client = client, .number = i };
        threads[i] = g_thread_new("worker", work, &workers[i]);
    }
    for (guint i = 0; i < N_THREADS; i++)
        g_thread_join(threads[i]);
}

static void
threads_get_their_own_answers(void **state)
{
    guint break_every = 0;
    g_autoptr(HttpServer) server = http_server_new(echo, &break_every, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    Worker workers[N_THREADS];

    run_workers(client, workers);
    for (guint i = 0; i < N_THREADS; i++) {
        assert_int_equal(workers[i].n_wrong, 0);
        assert_int_equal(workers[i].n_broken, 0);
        assert_int_equal(workers[i].n_good + workers[i].n_cancelled, N_CALLS - N_CALLS / 8);
        assert_true(workers[i].n_good >= N_CALLS - N_CALLS / 8 - N_CALLS / 10);
    }
}

static void
breaking_connections_do_not_mix_answers_up(void **state)
{
    guint break_every = 7;
    g_autoptr(HttpServer) server = http_server_new(echo, &break_every, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    Worker workers[N_THREADS];
    guint n_broken = 0;

    run_workers(client, workers);
    for (guint i = 0; i < N_THREADS; i++) {
        assert_int_equal(workers[i].n_wrong, 0);
        n_broken += workers[i].n_broken;
    }
    assert_true(n_broken > 0);
}

static void
no_more_connections_than_allowed(void **state)
{
    guint break_every = 0;
    g_autoptr(HttpServer) server = http_server_new(echo, &break_every, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;
    Worker workers[N_THREADS];
    guint n_cancelled = 0;

    options.max_connections = 3;
    client = wsman_client_new(&options, NULL);
    run_workers(client, workers);
    for (guint i = 0; i < N_THREADS; i++) {
        assert_int_equal(workers[i].n_wrong, 0);
        n_cancelled += workers[i].n_cancelled;
    }
    /* A cancelled transfer costs its connection, and nothing else does. */
    assert_true(http_server_n_connections(server) <= 3 + n_cancelled);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_get_their_own_answers),
        cmocka_unit_test(breaking_connections_do_not_mix_answers_up),
        cmocka_unit_test(no_more_connections_than_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
