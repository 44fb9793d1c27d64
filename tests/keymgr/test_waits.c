/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a wait counts against, and what ends it: limits of time, retries, names
 * that are looked up, a login that another thread makes.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "keymgr/keymgr_keystone.h"
#include "tests/keymgr/fake_barbican.h"
#include "tests/slow_resolver.h"

#define LONG_US (10 * G_USEC_PER_SEC)

/* --- names ------------------------------------------------------------------ */

#define SLOW_NAME "[keymgr]\nbackend=barbican\n[barbican]\nauth_type=none\n" \
                  "barbican_endpoint=http://" SLOW_HOST "\n"

static const char *const one[] = { ID "0", NULL };

static void
test_a_cancellation_does_not_wait_for_the_resolver(void **state)
{
    g_autoptr(Keymgr) keymgr = keymgr_test_new(SLOW_NAME);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = slow_resolver_cancel_when_asked(cancellable);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, one, cancellable, &error));
    assert_true(slow_resolver_was_silent());
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_thread_join(thread);
}

static void
test_no_limit_of_time_waits_for_the_resolver(void **state)
{
    static const char *const limits[] = { "connect_timeout=0.1\n", "timeout=0.1\n", "total_timeout=0.1\n" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *text = g_strconcat(SLOW_NAME, limits[i], NULL);
        g_autoptr(Keymgr) keymgr = keymgr_test_new(text);
        g_autoptr(GError) error = NULL;

        assert_null(keymgr_fetch(keymgr, one, NULL, &error));
        assert_true(slow_resolver_was_silent());
        keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "Barbican at http://" SLOW_HOST);
    }
}

/* --- the time of one request ------------------------------------------------ */

static gboolean
answer_in_a_while(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_usleep(150 * G_TIME_SPAN_MILLISECOND);
    return fake_barbican_payload(request);
}

/* Sixteen over two connections take longer than one may. */
static void
test_waiting_for_a_connection_is_not_the_time_of_a_request(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("max_connections=2\ntimeout=1\n");
    const char *references[17] = { NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;
    gsize i;

    for (i = 0; i < 16; i++)
        references[i] = fake_six[i % 6];
    fake->answer = answer_in_a_while;
    secrets = keymgr_fetch(fake->keymgr, references, NULL, &error);
    if (!secrets)
        fail_msg("%s", error->message);
    assert_int_equal(secrets->len, 16);
    for (i = 0; i < 16; i++)
        keymgr_test_bytes(secrets, (guint)i, references[i], strlen(references[i]));
    assert_int_equal(fake_server_most_at_once(fake->server), 2);
    fake_barbican_free(fake);
}

/* The second of six does not exist: those behind it are not asked for. */
static gboolean
answer_the_second_is_missing(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (!strstr(request->path, ID "1/"))
        return fake_barbican_payload(request);
    return fake_reply(request, 404, JSON, "", "{\"code\":404,\"title\":\"Not Found\"}");
}

static void
test_what_waits_for_a_connection_is_not_begun_after_a_failure(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("max_connections=1\n");
    g_autoptr(GError) error = NULL;

    fake->answer = answer_the_second_is_missing;
    assert_null(keymgr_fetch(fake->keymgr, fake_six, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "secret " ID "1|HTTP 404");
    assert_int_equal(fake->calls, 2);
    fake_barbican_free(fake);
}

/* Two connections, and a token that ends while four still wait. */
static void
test_a_401_renews_the_token_once_where_connections_are_few(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("max_connections=2\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) first = fake_barbican_fetch_one(fake, NULL);
    g_autoptr(GPtrArray) secrets = NULL;

    assert_non_null(first);
    fake->reject = 1;
    secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    fake_barbican_check_six(secrets, error);
    assert_int_equal(fake->tokens, 2);
    /* One before, at most two refusals, and six. */
    assert_true(fake->calls <= 1 + 2 + 6);
    fake_barbican_free(fake);
}

/* --- retries ------------------------------------------------------------------ */

/* A host that takes connections and never says a word: TLS waits for one. */
typedef struct {
    GSocket *socket;
    GThread *thread;
    gint connections;
    gint stopping;
} Mute;

static gpointer
accept_and_say_nothing(gpointer opaque)
{
    Mute *mute = opaque;
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_object_unref);
    GSocket *connection;

    while ((connection = g_socket_accept(mute->socket, NULL, NULL)) && !g_atomic_int_get(&mute->stopping)) {
        g_ptr_array_add(kept, connection);
        g_atomic_int_inc(&mute->connections);
    }
    g_clear_object(&connection);
    return NULL;
}

static char *
mute_begin(Mute *mute)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(address, 0);
    g_autoptr(GSocketAddress) bound = NULL;

    mute->socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    assert_true(g_socket_bind(mute->socket, any, TRUE, NULL) && g_socket_listen(mute->socket, NULL));
    bound = g_socket_get_local_address(mute->socket, NULL);
    mute->thread = g_thread_new("mute", accept_and_say_nothing, mute);
    return g_strdup_printf("https://127.0.0.1:%u", g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
}

static void
mute_end(Mute *mute)
{
    g_autoptr(GSocketAddress) bound = g_socket_get_local_address(mute->socket, NULL);
    g_autoptr(GSocket) last = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

    g_atomic_int_set(&mute->stopping, 1);
    assert_true(g_socket_connect(last, bound, NULL, NULL));
    g_thread_join(mute->thread);
    g_object_unref(mute->socket);
}

static void
test_a_connection_that_comes_to_nothing_is_tried_again(void **state)
{
    Mute mute = { 0 };
    g_autofree char *url = mute_begin(&mute);
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=none\n"
                                            "barbican_endpoint=%s\nconnect_timeout=0.2\nconnect_retries=2\n"
                                            "connect_retry_delay=0.01\n", url);
    g_autoptr(Keymgr) keymgr = keymgr_test_new(text);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, one, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "Barbican at https://127.0.0.1");
    mute_end(&mute);
    assert_int_equal(mute.connections, 3);
}

static gpointer
cancel_when_connected(gpointer opaque)
{
    gpointer *data = opaque; /* the mute host or NULL, and what to cancel */
    gint64 end = g_get_monotonic_time() + LONG_US;
    Mute *mute = data[0];

    while (mute && g_atomic_int_get(&mute->connections) == 0 && g_get_monotonic_time() < end)
        g_usleep(1000);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    g_cancellable_cancel(data[1]);
    return NULL;
}

static void
check_cancelled_while_connecting(const char *url, Mute *mute)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=none\n"
                                            "barbican_endpoint=%s\nconnect_timeout=10\n", url);
    g_autoptr(Keymgr) keymgr = keymgr_test_new(text);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    gpointer data[] = { mute, cancellable };
    GThread *thread = g_thread_new("cancel", cancel_when_connected, data);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, fake_six, cancellable, &error));
    /* And not with the end of the time for a connection. */
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_thread_join(thread);
}

static void
test_a_call_is_cancelled_during_the_handshake_of_tls(void **state)
{
    Mute mute = { 0 };
    g_autofree char *url = mute_begin(&mute);

    check_cancelled_while_connecting(url, &mute);
    mute_end(&mute);
}

/* A host that has no room for connections lets them wait. */
static void
test_a_call_is_cancelled_while_it_connects(void **state)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(address, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    g_autofree char *url = NULL;
    GSocket *sockets[4];
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(sockets); i++)
        sockets[i] = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    assert_true(g_socket_bind(sockets[0], any, TRUE, NULL));
    g_socket_set_listen_backlog(sockets[0], 0);
    assert_true(g_socket_listen(sockets[0], NULL));
    bound = g_socket_get_local_address(sockets[0], NULL);
    for (i = 1; i < G_N_ELEMENTS(sockets); i++) {
        g_socket_set_blocking(sockets[i], FALSE);
        g_socket_connect(sockets[i], bound, NULL, NULL);
    }
    url = g_strdup_printf("http://127.0.0.1:%u", g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    check_cancelled_while_connecting(url, NULL);
    for (i = 0; i < G_N_ELEMENTS(sockets); i++)
        g_object_unref(sockets[i]);
}

static void
test_a_request_that_was_sent_is_not_tried_again_after_its_time(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("timeout=1\nconnect_retries=2\nconnect_retry_delay=0.01\n");
    g_autoptr(GError) error = NULL;

    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL));
    fake->answer = fake_server_answer_never;
    assert_null(fake_barbican_fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "secret " ID "0");
    assert_int_equal(fake->calls, 2);
    fake_barbican_free(fake);
}

static const KeymgrRetry soon = { .status_retries = 3, .status_delay_ms = 1 };

static void
test_retry_after_is_kept_however_long(void **state)
{
    KeymgrHttpRequest request = { .status = 503, .retry_after = 90 };
    gint64 before = g_get_monotonic_time();
    KeymgrRetryState tried = { 0 };
    gint64 not_before = 0;

    assert_true(keymgr_retry_again(&soon, &tried, &request, &not_before));
    assert_true(not_before >= before + 90 * G_TIME_SPAN_SECOND);
}

typedef struct {
    guint status;
    char *header;
    gint times; /* still to refuse */
} Busy;

static gboolean
answer_busy(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    Busy *busy = opaque;

    if (g_atomic_int_add(&busy->times, -1) > 0)
        return fake_reply(request, busy->status, "text/plain", busy->header, "later");
    return fake_barbican_payload(request);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static char *
http_date(gint seconds_from_now)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_seconds(now, seconds_from_now);

    return g_date_time_format(then, "%a, %d %b %Y %H:%M:%S GMT");
}

static void
test_a_retry_after_beyond_the_deadline_ends_the_call_at_once(void **state)
{
    g_autofree char *in_an_hour = http_date(3600);
    const char *const after[] = { "3600", in_an_hour };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(after); i++) {
        FakeBarbican *fake = fake_barbican_setup("status_code_retries=3\nstatus_code_retry_delay=0.01\n");
        g_autofree char *header = g_strdup_printf("Retry-After: %s\r\n", after[i]);
        Busy busy = { 503, header, 2 };
        g_autoptr(GError) error = NULL;

        fake->opaque = &busy;
        fake->answer = answer_busy;
        assert_null(fake_barbican_fetch_one(fake, &error));
        keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "HTTP 503|later");
        assert_int_equal(fake->calls, 1);
        fake_barbican_free(fake);
    }
}

/* A date that is over asks for no wait; too many requests are a reason to
 * come again. */
static void
test_a_429_and_a_date_that_is_over_are_tried_again(void **state)
{
    g_autofree char *an_hour_ago = http_date(-3600);
    g_autofree char *header = g_strdup_printf("Retry-After: %s\r\n", an_hour_ago);
    static const guint statuses[] = { 429, 503 };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(statuses); i++) {
        FakeBarbican *fake = fake_barbican_setup("status_code_retries=2\nstatus_code_retry_delay=0.01\n");
        Busy busy = { statuses[i], header, 2 };
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) secrets = NULL;

        fake->opaque = &busy;
        fake->answer = answer_busy;
        secrets = fake_barbican_fetch_one(fake, &error);
        if (!secrets)
            fail_msg("%s", error->message);
        assert_int_equal(fake->calls, 3);
        fake_barbican_free(fake);
    }
}

/* --- a login that another thread makes --------------------------------------- */

/* Of the first login nothing is heard; the next are quick. */
static gboolean
answer_all_but_the_first(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (request->number == 1)
        return fake_server_answer_never(server, request, opaque);
    return fake_reply_token(request, "token", 3600, fake_server_url(server));
}

typedef struct {
    FakeServer *server;
    KeymgrHttp *http;
    KeymgrKeystone *keystone;
} Logins;

static void
logins_begin(Logins *self)
{
    KeymgrHttpOptions options = { .connect_timeout_ms = 10000, .timeout_ms = 30000, .max_connections = 1 };
    const KeymgrRetry never = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(GKeyFile) file = NULL;
    KeymgrConfig config = { NULL, "g", NULL };

    self->server = fake_server_new(answer_all_but_the_first, NULL);
    text = g_strdup_printf("[g]\nauth_url=%s\nuser_id=u\npassword=x\n", fake_server_url(self->server));
    file = config.file = keymgr_test_config(text);
    self->http = keymgr_http_new(&options);
    self->keystone = keymgr_keystone_new(keymgr_auth_new(&config, NULL), self->http, &never, FALSE);
}

static void
logins_end(Logins *self)
{
    keymgr_keystone_free(self->keystone);
    keymgr_http_free(self->http);
    fake_server_free(self->server);
}

/* Waits in vain: its time is over soon, or it is cancelled. */
typedef struct {
    Logins *logins;
    gint64 microseconds;
    GCancellable *cancellable;
    GError *error;
} Login;

static gpointer
log_in(gpointer opaque)
{
    Login *login = opaque;
    KeymgrToken *token = keymgr_keystone_token(login->logins->keystone,
                                               g_get_monotonic_time() + login->microseconds,
                                               login->cancellable, &login->error);

    keymgr_token_unref(token);
    return NULL;
}

static GThread *
log_in_first(Login *login)
{
    GThread *thread = g_thread_new("first", log_in, login);
    gint64 end = g_get_monotonic_time() + LONG_US;

    while (fake_server_requests(login->logins->server) == 0 && g_get_monotonic_time() < end)
        g_usleep(1000);
    return thread;
}

static void
test_the_end_of_one_threads_time_is_not_that_of_the_others(void **state)
{
    Logins logins = { 0 };
    Login login = { &logins, 300 * G_TIME_SPAN_MILLISECOND, NULL, NULL };
    g_autoptr(KeymgrToken) token = NULL;
    g_autoptr(GError) error = NULL;
    GThread *first;

    logins_begin(&logins);
    first = log_in_first(&login);
    token = keymgr_keystone_token(logins.keystone, g_get_monotonic_time() + LONG_US, NULL, &error);
    g_thread_join(first);
    keymgr_test_error(&login.error, KEYMGR_ERROR_TIMEOUT, "the time for the whole operation is over");
    if (!token)
        fail_msg("%s", error->message);
    assert_int_equal(fake_server_requests(logins.server), 2);
    g_clear_pointer(&token, keymgr_token_unref);
    logins_end(&logins);
}

/* The second waits for the first one's login, and gives up; then the first. */
static void
test_a_thread_that_waits_for_a_login_can_be_cancelled(void **state)
{
    Logins logins = { 0 };
    Login login = { &logins, LONG_US, g_cancellable_new(), NULL };
    Login waiting = { &logins, LONG_US, g_cancellable_new(), NULL };
    GThread *first;
    GThread *second;

    logins_begin(&logins);
    first = log_in_first(&login);
    second = g_thread_new("second", log_in, &waiting);
    g_usleep(20 * G_TIME_SPAN_MILLISECOND);
    g_cancellable_cancel(waiting.cancellable);
    g_thread_join(second);
    assert_true(g_error_matches(waiting.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_cancellable_cancel(login.cancellable);
    g_thread_join(first);
    assert_true(g_error_matches(login.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_int_equal(fake_server_requests(logins.server), 1);
    g_clear_error(&waiting.error);
    g_clear_error(&login.error);
    g_object_unref(waiting.cancellable);
    g_object_unref(login.cancellable);
    logins_end(&logins);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cancellation_does_not_wait_for_the_resolver),
        cmocka_unit_test(test_no_limit_of_time_waits_for_the_resolver),
        cmocka_unit_test(test_waiting_for_a_connection_is_not_the_time_of_a_request),
        cmocka_unit_test(test_what_waits_for_a_connection_is_not_begun_after_a_failure),
        cmocka_unit_test(test_a_401_renews_the_token_once_where_connections_are_few),
        cmocka_unit_test(test_a_connection_that_comes_to_nothing_is_tried_again),
        cmocka_unit_test(test_a_call_is_cancelled_during_the_handshake_of_tls),
        cmocka_unit_test(test_a_call_is_cancelled_while_it_connects),
        cmocka_unit_test(test_a_request_that_was_sent_is_not_tried_again_after_its_time),
        cmocka_unit_test(test_retry_after_is_kept_however_long),
        cmocka_unit_test(test_a_retry_after_beyond_the_deadline_ends_the_call_at_once),
        cmocka_unit_test(test_a_429_and_a_date_that_is_over_are_tried_again),
        cmocka_unit_test(test_the_end_of_one_threads_time_is_not_that_of_the_others),
        cmocka_unit_test(test_a_thread_that_waits_for_a_login_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
