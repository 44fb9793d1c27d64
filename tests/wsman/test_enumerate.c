/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerate, Pull and Release with a server that holds a number of items and
 * behaves as hosts were seen to, or breaks in the middle.
 */
#include "tests/wsman/support.h"

#include <stdlib.h>
#include <string.h>

#define V2 "root/virtualization/v2"
#define URI "http://schemas.microsoft.com/wbem/wsman/1/wmi/" V2 "/"

typedef enum {
    NO_TROUBLE,
    TIMED_OUT,          /* w:TimedOut */
    CONTEXT_LOST,
    RESET,
    ACCESS_DENIED,
    NONSENSE,
} Trouble;

typedef struct {
    /* how it behaves */
    guint n_items;
    guint n_first;          /* in the Enumerate answer */
    guint max_batch;        /* the most that one answer can hold */
    gboolean too_large;     /* a greater MaxElements is a fault, rather than cut */
    gboolean wsman_names;   /* w:Items and w:EndOfSequence in Pull answers too */
    gboolean empty_forever;
    guint trouble_at;       /* the n-th Pull, from 1 */
    Trouble trouble;
    guint n_troubles;       /* how often; 0: for ever */
    /* what it saw */
    guint next;             /* item */
    guint context;          /* number of the newest */
    guint n_enumerate, n_pull, n_release, n_bad_context, n_troubled;
} Store;

static guint
number_in(const char *body, const char *element)
{
    const char *at = strstr(body, element);

    return at ? (guint)strtoul(at + strlen(element) + 1, NULL, 10) : 0;
}

static void
append_items(Store *store, GString *body, guint count)
{
    for (; count > 0 && store->next < store->n_items; count--) {
        g_string_append_printf(body, "<p:Msvm_X xmlns:p=\"" URI "Msvm_X\"><p:N>%u</p:N></p:Msvm_X>",
                               store->next++);
    }
}

/* An answer with up to count items. */
static void
answer_items(Store *store, const HttpExchange *exchange, const char *response, const char *prefix,
             guint count)
{
    g_autoptr(GString) body = g_string_new(NULL);

    g_string_printf(body, "<n:%s>", response);
    store->context++;
    if (store->next + count < store->n_items || store->empty_forever)
        g_string_append_printf(body, "<n:EnumerationContext>uuid:%u</n:EnumerationContext>", store->context);
    else if (*prefix == 'w')
        g_string_append(body, "<n:EnumerationContext></n:EnumerationContext>");
    if (count > 0) {
        g_string_append_printf(body, "<%s:Items>", prefix);
        append_items(store, body, count);
        g_string_append_printf(body, "</%s:Items>", prefix);
    }
    if (store->next >= store->n_items && !store->empty_forever)
        g_string_append_printf(body, "<%s:EndOfSequence/>", prefix);
    g_string_append_printf(body, "</n:%s>", response);
    test_answer(exchange, body->str);
}

static gboolean
make_trouble(Store *store, const HttpExchange *exchange)
{
    if (store->trouble == NO_TROUBLE || store->n_pull < store->trouble_at ||
        (store->n_troubles > 0 && store->n_troubled == store->n_troubles))
        return FALSE;
    store->n_troubled++;
    if (store->trouble == TIMED_OUT)
        test_fault(exchange, "w:TimedOut", 2150858793u, "too slow");
    else if (store->trouble == CONTEXT_LOST)
        test_fault(exchange, "n:InvalidEnumerationContext", 2150858779u, "what context");
    else if (store->trouble == ACCESS_DENIED)
        test_fault(exchange, "w:AccessDenied", 5, "no");
    else if (store->trouble == NONSENSE)
        test_answer(exchange, "<n:Nonsense/>");
    else
        http_reset(exchange);
    return TRUE;
}

static void
answer_pull(Store *store, const HttpExchange *exchange)
{
    guint asked = number_in(exchange->body, "<n:MaxElements");

    store->n_pull++;
    if (number_in(exchange->body, "<n:EnumerationContext>uuid") != store->context) {
        store->n_bad_context++;
        test_fault(exchange, "n:InvalidEnumerationContext", 2150858779u, "what context");
    } else if (make_trouble(store, exchange)) {
        return;
    } else if (store->too_large && asked > store->max_batch) {
        test_fault(exchange, "w:EncodingLimit", 2150858790u, "too large");
    } else {
        answer_items(store, exchange, "PullResponse", store->wsman_names ? "w" : "n",
                     MIN(asked, store->max_batch));
    }
}

static void
serve(const HttpExchange *exchange, gpointer opaque)
{
    Store *store = opaque;

    if (test_is_action(exchange, "/Enumerate")) {
        store->n_enumerate++;
        store->next = 0;
        store->context += 100;
        answer_items(store, exchange, "EnumerateResponse", "w", store->n_first);
    } else if (test_is_action(exchange, "/Pull")) {
        answer_pull(store, exchange);
    } else {
        store->n_release++;
        test_answer(exchange, "");
    }
}

static GPtrArray *
query_with(Store *store, guint batch_size, GCancellable *cancellable, GError **error)
{
    g_autoptr(HttpServer) server = http_server_new(serve, store, NULL, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;

    options.batch_size = batch_size;
    client = wsman_client_new(&options, NULL);
    return wsman_client_query(client, V2, "select * from Msvm_X", cancellable, error);
}

/* All items, each once, in order. */
static void
assert_complete(Store *store, guint batch_size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = query_with(store, batch_size, NULL, &error);

    assert_no_error(error);
    assert_int_equal(items->len, store->n_items);
    for (guint i = 0; i < items->len; i++) {
        guint64 number = G_MAXUINT64;

        assert_true(wsman_instance_get_uint(g_ptr_array_index(items, i), "N", &number));
        assert_int_equal(number, i);
    }
    assert_int_equal(store->n_bad_context, 0);
}

static void
nothing_and_one_and_many(void **state)
{
    static const guint counts[] = { 0, 1, 2, 999, 1000, 1001, 4000 };

    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        Store store = { .n_items = counts[i], .n_first = 1, .max_batch = 100 };

        assert_complete(&store, 0);
        assert_int_equal(store.n_enumerate, 1);
        assert_int_equal(store.n_pull, counts[i] <= 1 ? 0 : (counts[i] - 1 + 99) / 100);
        assert_int_equal(store.n_release, 0);
    }
}

static void
a_first_answer_without_items_is_fine(void **state)
{
    Store store = { .n_items = 3, .n_first = 0, .max_batch = 1 };

    assert_complete(&store, 0);
    assert_int_equal(store.n_pull, 3);
}

static void
both_namespaces_of_items_and_end_are_read(void **state)
{
    Store store = { .n_items = 5, .n_first = 1, .max_batch = 2, .wsman_names = TRUE };

    assert_complete(&store, 0);
}

static void
the_batch_size_is_asked_for(void **state)
{
    Store store = { .n_items = 21, .n_first = 1, .max_batch = 1000 };

    assert_complete(&store, 4);
    assert_int_equal(store.n_pull, 5);
}

static void
a_pull_that_times_out_is_tried_once_more(void **state)
{
    Store store = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 1, .trouble = TIMED_OUT,
                    .n_troubles = 1 };
    Store slow = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 1, .trouble = TIMED_OUT };
    g_autoptr(GError) error = NULL;

    assert_complete(&store, 0);
    assert_int_equal(store.n_enumerate, 1);
    assert_null(query_with(&slow, 0, NULL, &error));
    assert_error(error, WSMAN_ERROR_TIMEOUT);
    assert_int_equal(slow.n_pull, 2);
    assert_int_equal(slow.n_release, 1);
}

static void
a_lost_context_starts_over_once(void **state)
{
    Store store = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 2, .trouble = CONTEXT_LOST,
                    .n_troubles = 1 };
    Store forgetful = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 2, .trouble = CONTEXT_LOST };
    g_autoptr(GError) error = NULL;

    assert_complete(&store, 0);
    assert_int_equal(store.n_enumerate, 2);
    assert_null(query_with(&forgetful, 0, NULL, &error));
    assert_error(error, WSMAN_ERROR_FAULT);
    assert_int_equal(forgetful.n_enumerate, 2);
}

static void
a_connection_that_breaks_under_a_pull_starts_over(void **state)
{
    Store store = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 2, .trouble = RESET,
                    .n_troubles = 1 };

    assert_complete(&store, 0);
    assert_int_equal(store.n_enumerate, 2);
}

static void
answers_too_large_halve_the_batch(void **state)
{
    Store store = { .n_items = 50, .n_first = 1, .max_batch = 10, .too_large = TRUE };
    Store hopeless = { .n_items = 50, .n_first = 1, .max_batch = 0, .too_large = TRUE };
    g_autoptr(GError) error = NULL;

    assert_complete(&store, 1000);
    assert_int_equal(store.n_enumerate, 8); /* 1000, 500, 250, 125, 62, 31, 15, 7 */
    assert_null(query_with(&hopeless, 4, NULL, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
    assert_int_equal(wsman_error_get_hresult(error), 2150858790u);
}

static void
an_error_in_the_middle_releases_the_context(void **state)
{
    Store denied = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 2, .trouble = ACCESS_DENIED };
    Store nonsense = { .n_items = 5, .n_first = 1, .max_batch = 2, .trouble_at = 2, .trouble = NONSENSE };
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;

    assert_null(query_with(&denied, 0, NULL, &error));
    assert_error(error, WSMAN_ERROR_ACCESS_DENIED);
    assert_contains(error->message, "Enumerate Msvm_X");
    assert_int_equal(denied.n_release, 1);
    assert_null(query_with(&nonsense, 0, NULL, &other));
    assert_error(other, WSMAN_ERROR_PROTOCOL);
    assert_contains(other->message, "no PullResponse");
    assert_int_equal(nonsense.n_release, 1);
    assert_false(wsman_error_may_have_run(other));
}

static void
empty_answers_without_end_are_given_up(void **state)
{
    Store store = { .n_items = 0, .n_first = 0, .max_batch = 10, .empty_forever = TRUE };
    g_autoptr(GError) error = NULL;

    assert_null(query_with(&store, 0, NULL, &error));
    assert_error(error, WSMAN_ERROR_LIMIT);
    assert_true(store.n_pull < 50);
    assert_int_equal(store.n_release, 1);
}

/* Cancels from within a Pull, whose answer still comes. */
typedef struct {
    Store store;
    GCancellable *cancellable;
} CancelledStore;

static void
serve_and_cancel(const HttpExchange *exchange, gpointer opaque)
{
    CancelledStore *cancelled = opaque;

    if (test_is_action(exchange, "/Pull"))
        g_cancellable_cancel(cancelled->cancellable);
    serve(exchange, &cancelled->store);
}

static void
a_cancelled_query_releases_its_context_and_ends_soon(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    CancelledStore cancelled = { .store = { .n_items = 100, .n_first = 1, .max_batch = 1 },
                                 .cancellable = cancellable };
    g_autoptr(HttpServer) server = http_server_new(serve_and_cancel, &cancelled, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();

    assert_null(wsman_client_query(client, V2, "select * from Msvm_X", cancellable, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - start < 2 * G_USEC_PER_SEC);
    assert_true(cancelled.store.n_pull <= 2);
    assert_int_equal(cancelled.store.n_release, 1);
}

static void
answer_projection(const HttpExchange *exchange, gpointer opaque)
{
    test_answer(exchange, "<n:EnumerateResponse><n:EnumerationContext/><w:Items>"
                          "<w:XmlFragment xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><A>1</A><B xsi:nil=\"true\"/></w:XmlFragment>"
                          "<w:Item><p:Msvm_Y xmlns:p=\"" URI "Msvm_Y\"><p:A>2</p:A></p:Msvm_Y><a:EndpointReference/></w:Item>"
                          "</w:Items><w:EndOfSequence/></n:EnumerateResponse>");
}

static void
projections_and_items_with_references_are_read(void **state)
{
    g_autoptr(HttpServer) server = http_server_new(answer_projection, NULL, NULL, HTTP_NORMAL);
    g_autoptr(WsmanClient) client = test_client(server);
    g_autoptr(GPtrArray) items = wsman_client_query(client, V2, "select A, B from Msvm_X", NULL, NULL);

    assert_int_equal(items->len, 2);
    assert_string_equal(wsman_instance_get_class(g_ptr_array_index(items, 0)), "Msvm_X");
    assert_string_equal(wsman_instance_get_string(g_ptr_array_index(items, 0), "A"), "1");
    assert_false(wsman_instance_has(g_ptr_array_index(items, 0), "B"));
    assert_string_equal(wsman_instance_get_class(g_ptr_array_index(items, 1)), "Msvm_Y");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_one_and_many),
        cmocka_unit_test(a_first_answer_without_items_is_fine),
        cmocka_unit_test(both_namespaces_of_items_and_end_are_read),
        cmocka_unit_test(the_batch_size_is_asked_for),
        cmocka_unit_test(a_pull_that_times_out_is_tried_once_more),
        cmocka_unit_test(a_lost_context_starts_over_once),
        cmocka_unit_test(a_connection_that_breaks_under_a_pull_starts_over),
        cmocka_unit_test(answers_too_large_halve_the_batch),
        cmocka_unit_test(an_error_in_the_middle_releases_the_context),
        cmocka_unit_test(empty_answers_without_end_are_given_up),
        cmocka_unit_test(a_cancelled_query_releases_its_context_and_ends_soon),
        cmocka_unit_test(projections_and_items_with_references_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
