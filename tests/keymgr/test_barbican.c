/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The barbican backend against a server in this process that plays Keystone
 * and Barbican, well behaved or not, and counts what it is asked.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "tests/keymgr/fake_store.h"

#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"
#define OCTETS "application/octet-stream"
#define JSON "application/json"

/* One server that is both services. The knobs are set before it starts. */
typedef struct {
    FakeServer *server;
    Keymgr *keymgr;
    guint token_seconds;
    guint token_delay_ms;
    guint reject;            /* so many first requests of Barbican get 401 */
    const char *endpoint;    /* in the catalogue; NULL: this server */
    /* Answers a request to Barbican. NULL: a good payload. */
    gboolean (*answer)(FakeServer *server, FakeRequest *request, gpointer opaque);
    gpointer opaque;

    gint tokens;             /* token requests */
    gint calls;              /* other requests */
    GMutex lock;
    GPtrArray *heads;        /* of the other requests */
    GPtrArray *logins;       /* bodies of token requests */
} Fake;

static void
record(Fake *fake, GPtrArray *list, const char *text)
{
    g_mutex_lock(&fake->lock);
    g_ptr_array_add(list, g_strdup(text));
    g_mutex_unlock(&fake->lock);
}

/* The payload of a secret is its UUID. */
static gboolean
answer_payload(FakeRequest *request)
{
    g_auto(GStrv) parts = g_strsplit(request->path, "/", -1);

    return fake_reply(request, 200, OCTETS, "", g_strv_length(parts) > 3 ? parts[3] : "?");
}

static gboolean
on_request(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    Fake *fake = opaque;
    g_autofree char *token = NULL;
    gint call;

    if (g_str_has_prefix(request->path, "/v3/auth/tokens")) {
        token = g_strdup_printf("token-%d", g_atomic_int_add(&fake->tokens, 1) + 1);
        record(fake, fake->logins, request->body);
        g_usleep(fake->token_delay_ms * 1000);
        return fake_reply_token(request, token, fake->token_seconds,
                                fake->endpoint ? fake->endpoint : fake_server_url(server));
    }
    call = g_atomic_int_add(&fake->calls, 1) + 1;
    record(fake, fake->heads, request->head);
    if (call <= (gint)fake->reject)
        return fake_reply(request, 401, JSON, "", "{\"error\":{\"code\":401,\"title\":\"Unauthorized\","
                                                  "\"message\":\"The request needs authentication.\"}}");
    return fake->answer ? fake->answer(server, request, fake->opaque) : answer_payload(request);
}

static Fake *
fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);

    fake->token_seconds = 3600;
    g_mutex_init(&fake->lock);
    fake->heads = g_ptr_array_new_with_free_func(g_free);
    fake->logins = g_ptr_array_new_with_free_func(g_free);
    fake->server = fake_server_new(on_request, fake);
    return fake;
}

static void
fake_free(Fake *fake)
{
    keymgr_unref(fake->keymgr);
    fake_server_free(fake->server);
    g_ptr_array_unref(fake->heads);
    g_ptr_array_unref(fake->logins);
    g_mutex_clear(&fake->lock);
    g_free(fake);
}

/* options: further lines of [barbican]. */
static Keymgr *
connect_fake(Fake *fake, const char *options)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=%s\n"
                                            "username=u\npassword=pw-canary\nuser_domain_name=Default\n"
                                            "project_name=p\nproject_domain_name=Default\n%s",
                                            fake_server_url(fake->server), options);

    keymgr_unref(fake->keymgr);
    return fake->keymgr = keymgr_test_new(text);
}

static Fake *
setup(const char *options)
{
    Fake *fake = fake_new();

    connect_fake(fake, options);
    return fake;
}

static GPtrArray *
fetch_one(Fake *fake, GError **error)
{
    const char *const references[] = { ID "0", NULL };

    return keymgr_fetch(fake->keymgr, references, NULL, error);
}

static const char *const six[] = { ID "0", ID "1", ID "2", ID "3", ID "4", ID "5", NULL };

static void
check_six(GPtrArray *secrets, GError *error)
{
    guint i;

    if (!secrets)
        fail_msg("fetch: %s", error->message);
    assert_int_equal(secrets->len, 6);
    for (i = 0; i < 6; i++)
        keymgr_test_bytes(secrets, i, six[i], strlen(six[i]));
}

static void
test_six_secrets_cost_one_token_and_six_requests_in_order(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(fake->keymgr, six, NULL, &error);
    guint i;

    check_six(secrets, error);
    assert_int_equal(fake->tokens, 1);
    assert_int_equal(fake->calls, 6);
    for (i = 0; i < 6; i++) {
        const char *head = g_ptr_array_index(fake->heads, i);

        assert_non_null(strstr(head, "GET /v1/secrets/" ID));
        assert_non_null(strstr(head, "/payload HTTP/1.1"));
        assert_non_null(strstr(head, "Accept: application/octet-stream\r\n"));
        assert_non_null(strstr(head, "X-Auth-Token: token-1\r\n"));
        assert_null(strstr(head, "Accept: application/octet-stream,"));
    }
    fake_free(fake);
}

typedef struct {
    gint inside;
    gint met;
    gint first_was_alone;
} Meeting;

/* The first must be alone; the others wait until all five are here. */
static gboolean
answer_when_all_are_here(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    Meeting *meeting = opaque;
    gint64 end = g_get_monotonic_time() + 5 * G_TIME_SPAN_SECOND;

    if (strstr(request->path, ID "0/")) {
        g_usleep(50000);
        g_atomic_int_set(&meeting->first_was_alone, g_atomic_int_get(&meeting->inside) == 0);
        return answer_payload(request);
    }
    g_atomic_int_inc(&meeting->inside);
    while (g_atomic_int_get(&meeting->inside) < 5 && g_get_monotonic_time() < end)
        g_usleep(1000);
    if (g_atomic_int_get(&meeting->inside) == 5)
        g_atomic_int_inc(&meeting->met);
    return answer_payload(request);
}

static void
test_the_first_goes_alone_and_the_rest_at_once(void **state)
{
    Fake *fake = setup("");
    Meeting meeting = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &meeting;
    fake->answer = answer_when_all_are_here;
    secrets = keymgr_fetch(fake->keymgr, six, NULL, &error);
    check_six(secrets, error);
    assert_true(meeting.first_was_alone);
    assert_int_equal(meeting.met, 5);
    fake_free(fake);
}

static gboolean
answer_slowly(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_usleep(20000);
    return answer_payload(request);
}

static void
test_connections_are_bounded(void **state)
{
    Fake *fake = setup("max_connections=2\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->answer = answer_slowly;
    secrets = keymgr_fetch(fake->keymgr, six, NULL, &error);
    check_six(secrets, error);
    assert_int_equal(fake_server_most_at_once(fake->server), 2);
    fake_free(fake);
}

static void
test_references_reach_the_configured_endpoint_in_lower_case(void **state)
{
    const char *const references[] = { "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0",
                                       "https://evil.example/v1/secrets/0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F1",
                                       NULL };
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(fake->keymgr, references, NULL, &error);

    assert_non_null(secrets);
    keymgr_test_bytes(secrets, 0, ID "0", 36);
    keymgr_test_bytes(secrets, 1, ID "1", 36);
    fake_free(fake);
}

static void
test_a_bad_reference_among_good_ones_costs_no_request(void **state)
{
    const char *const references[] = { ID "0", "nonsense", NULL };
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "'nonsense'");
    assert_int_equal(fake_server_requests(fake->server), 0);
    fake_free(fake);
}

static void
test_endpoints_with_slashes_and_version(void **state)
{
    static const char *const tails[] = { "", "/", "/v1", "/v1/" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(tails); i++) {
        Fake *fake = fake_new();
        g_autofree char *fixed = g_strdup_printf("barbican_endpoint=%s%s\n", fake_server_url(fake->server),
                                                 tails[i]);
        g_autofree char *catalogued = g_strconcat(fake_server_url(fake->server), tails[i], NULL);
        g_autoptr(GPtrArray) a = NULL;
        g_autoptr(GPtrArray) b = NULL;

        connect_fake(fake, fixed);
        assert_non_null(a = fetch_one(fake, NULL));
        fake->endpoint = catalogued;
        connect_fake(fake, "");
        assert_non_null(b = fetch_one(fake, NULL));
        assert_true(g_str_has_prefix(g_ptr_array_index(fake->heads, 0), "GET /v1/secrets/" ID "0/payload "));
        assert_true(g_str_has_prefix(g_ptr_array_index(fake->heads, 1), "GET /v1/secrets/" ID "0/payload "));
        fake_free(fake);
    }
}

/* --- tokens ---------------------------------------------------------------- */

static gpointer
fetch_in_thread(gpointer opaque)
{
    GError *error = NULL;
    GPtrArray *secrets = fetch_one(opaque, &error);

    if (!secrets)
        return error;
    g_ptr_array_unref(secrets);
    return NULL;
}

static void
test_threads_share_one_token_request(void **state)
{
    Fake *fake = setup("");
    GThread *threads[8];
    gsize i;

    fake->token_delay_ms = 200;
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("fetch", fetch_in_thread, fake);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_null(g_thread_join(threads[i]));
    assert_int_equal(fake->tokens, 1);
    assert_int_equal(fake->calls, 8);
    fake_free(fake);
}

static gboolean
refuse_login(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_usleep(300000);
    return fake_reply(request, 401, JSON, "", "{\"error\":{\"code\":401,\"title\":\"Unauthorized\","
                                              "\"message\":\"The request needs authentication.\"}}");
}

/* Not one attempt a thread: accounts are locked after a few. */
static void
test_threads_share_one_refused_login(void **state)
{
    Fake *fake = fake_new();
    FakeServer *keystone = fake_server_new(refuse_login, NULL);
    g_autofree char *options = g_strdup_printf("auth_url=%s\n", fake_server_url(keystone));
    GThread *threads[8];
    gsize i;

    connect_fake(fake, options);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("fetch", fetch_in_thread, fake);
    for (i = 0; i < G_N_ELEMENTS(threads); i++) {
        GError *error = g_thread_join(threads[i]);

        keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "Keystone at http://|HTTP 401|user u, project p");
    }
    assert_int_equal(fake_server_requests(keystone), 1);
    keymgr_unref(g_steal_pointer(&fake->keymgr));
    fake_server_free(keystone);
    fake_free(fake);
}

static void
test_a_token_is_renewed_before_it_ends(void **state)
{
    Fake *fake = setup("");

    fake->token_seconds = 2; /* good for one second */
    g_ptr_array_unref(fetch_one(fake, NULL));
    g_ptr_array_unref(fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 1);
    g_usleep(1200000);
    g_ptr_array_unref(fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 2);
    fake_free(fake);
}

static void
test_a_401_renews_the_token_once(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->reject = 1;
    secrets = keymgr_fetch(fake->keymgr, six, NULL, &error);
    check_six(secrets, error);
    assert_int_equal(fake->tokens, 2);
    assert_int_equal(fake->calls, 7);
    fake_free(fake);
}

static void
test_a_401_in_the_parallel_part_renews_the_token_once(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) first = fetch_one(fake, NULL);
    g_autoptr(GPtrArray) secrets = NULL;

    fake->reject = 7; /* the six that go at once, all */
    secrets = keymgr_fetch(fake->keymgr, six, NULL, &error);
    assert_non_null(first);
    check_six(secrets, error);
    assert_int_equal(fake->tokens, 2);
    fake_free(fake);
}

static void
test_a_401_that_stays_is_an_error_after_one_renewal(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;

    fake->reject = 1000;
    assert_null(keymgr_fetch(fake->keymgr, six, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH,
                      "Barbican at http://127.0.0.1|secret " ID "|HTTP 401|needs authentication|new token");
    assert_int_equal(fake->tokens, 2);
    assert_int_equal(fake->calls, 2);
    fake_free(fake);
}

static void
test_a_ready_token_is_sent_as_it_is_and_not_renewed(void **state)
{
    Fake *fake = fake_new();
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=token\n"
                                            "token=ready\nbarbican_endpoint=%s\n",
                                            fake_server_url(fake->server));
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->keymgr = keymgr_test_new(text);
    secrets = fetch_one(fake, &error);
    assert_non_null(secrets);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token: ready\r\n"));
    fake->reject = 1000;
    assert_null(fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|cannot be renewed");
    assert_int_equal(fake->tokens, 0);
    fake_free(fake);
}

static void
test_without_authentication_the_project_is_named(void **state)
{
    Fake *fake = fake_new();
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=none\n"
                                            "project_id=42\nbarbican_endpoint=%s\n",
                                            fake_server_url(fake->server));
    g_autoptr(GPtrArray) secrets = NULL;

    fake->keymgr = keymgr_test_new(text);
    assert_non_null(secrets = fetch_one(fake, NULL));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Project-Id: 42\r\n"));
    assert_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token"));
    fake_free(fake);
}

static void
test_a_service_user_shows_a_second_token(void **state)
{
    Fake *fake = fake_new();
    g_autofree char *options = g_strdup_printf("send_service_user_token=true\n[barbican_service_user]\n"
                                               "auth_url=%s\nusername=svc\npassword=pw2\n"
                                               "user_domain_id=default\n", fake_server_url(fake->server));
    g_autoptr(GPtrArray) secrets = NULL;

    connect_fake(fake, options);
    assert_non_null(secrets = fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 2);
    assert_non_null(strstr(g_ptr_array_index(fake->logins, 1), "\"name\":\"svc\""));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token: token-1\r\n"));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Service-Token: token-2\r\n"));
    fake_free(fake);
}

/* --- refusals and retries -------------------------------------------------- */

static gboolean
answer_fixed(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    const char *const *row = opaque; /* status, type, headers, body */

    return fake_reply(request, (guint)g_ascii_strtoull(row[0], NULL, 10), row[1], row[2], row[3]);
}

static void
test_refusals_and_wrong_answers(void **state)
{
    static const struct {
        const char *answer[4];
        KeymgrError code;
        const char *words;
    } rows[] = {
        { { "403", JSON, "", "{\"code\":403,\"title\":\"Forbidden\",\"description\":\"not allowed\"}" },
          KEYMGR_ERROR_ACCESS_DENIED, "HTTP 403|Forbidden: not allowed" },
        { { "404", JSON, "", "{\"code\":404,\"title\":\"Not Found\",\"description\":\"Secret not found.\"}" },
          KEYMGR_ERROR_NOT_FOUND, "HTTP 404|Secret not found.|expired or was deleted" },
        { { "410", "text/plain", "", "gone" }, KEYMGR_ERROR_NOT_FOUND, "HTTP 410|gone" },
        { { "404", JSON, "", "{\"code\":404,\"title\":\"Not Found\",\"description\":"
                             "\"Not Found. Sorry but your secret has no payload.\"}" },
          KEYMGR_ERROR_NO_PAYLOAD, "has no payload" },
        { { "406", JSON, "", "{\"message\":\"no<br />way\",\"code\":\"406 Not Acceptable\","
                             "\"title\":\"Not Acceptable\"}" },
          KEYMGR_ERROR_HTTP, "HTTP 406|Not Acceptable: no way" },
        { { "500", "text/html", "", "<html><h1>Oops</h1></html>" }, KEYMGR_ERROR_HTTP, "HTTP 500|Oops" },
        { { "503", "text/plain", "", "busy" }, KEYMGR_ERROR_HTTP, "HTTP 503|busy" },
        { { "204", OCTETS, "", "" }, KEYMGR_ERROR_NO_PAYLOAD, "empty" },
        { { "200", OCTETS, "", "" }, KEYMGR_ERROR_NO_PAYLOAD, "empty" },
        { { "200", "text/html", "", "<h1>Please log in</h1>" }, KEYMGR_ERROR_PROTOCOL, "not a payload" },
        { { "206", OCTETS, "", "part" }, KEYMGR_ERROR_PROTOCOL, "HTTP 206" },
        { { "500", "text/plain", "", "your token is token-1 ha" }, KEYMGR_ERROR_HTTP, "HTTP 500" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        Fake *fake = setup("");
        g_autoptr(GError) error = NULL;

        fake->opaque = (gpointer)rows[i].answer;
        fake->answer = answer_fixed;
        assert_null(keymgr_fetch(fake->keymgr, six, NULL, &error));
        assert_null(strstr(error->message, "token-1"));
        assert_null(strstr(error->message, "pw-canary"));
        assert_non_null(strstr(error->message, "secret " ID "0"));
        keymgr_test_error(&error, rows[i].code, rows[i].words);
        assert_int_equal(fake->calls, 1);
        fake_free(fake);
    }
}

static gboolean
on_forbidden_visit(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    return fake_reply(request, 200, OCTETS, "", "stolen");
}

static void
test_a_redirect_to_another_host_is_not_followed(void **state)
{
    FakeServer *other = fake_server_new(on_forbidden_visit, NULL);
    g_autofree char *header = g_strdup_printf("Location: %s/v1/x\r\n", fake_server_url(other));
    const char *const row[] = { "302", "text/plain", header, "" };
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;

    fake->opaque = (gpointer)row;
    fake->answer = answer_fixed;
    assert_null(fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "HTTP 302|redirects to http://127.0.0.1|not followed");
    assert_int_equal(fake_server_requests(other), 0);
    fake_free(fake);
    fake_server_free(other);
}

static gboolean
answer_busy_twice(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    gint *times = opaque;

    if (g_atomic_int_add(times, 1) < 2)
        return fake_reply(request, 503, "text/plain", "Retry-After: 1\r\n", "busy");
    return answer_payload(request);
}

static void
test_a_503_is_tried_again_as_often_as_configured_and_not_before_retry_after(void **state)
{
    Fake *fake = setup("status_code_retries=2\nstatus_code_retry_delay=0.01\n");
    gint times = 0;
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &times;
    fake->answer = answer_busy_twice;
    secrets = fetch_one(fake, &error);
    assert_non_null(secrets);
    assert_int_equal(fake->calls, 3);
    assert_true(g_get_monotonic_time() - start >= 2 * G_TIME_SPAN_SECOND);

    g_clear_pointer(&fake->keymgr, keymgr_unref);
    connect_fake(fake, "status_code_retries=1\nstatus_code_retry_delay=0.01\n");
    times = 0;
    assert_null(fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "HTTP 503|busy");
    fake_free(fake);
}

static gboolean
answer_hang_up_twice(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    return g_atomic_int_add((gint *)opaque, 1) < 2 ? FALSE : answer_payload(request);
}

static void
test_a_lost_connection_is_tried_again_as_often_as_configured(void **state)
{
    Fake *fake = setup("connect_retries=2\nconnect_retry_delay=0.01\n");
    gint times = 0;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &times;
    fake->answer = answer_hang_up_twice;
    assert_non_null(secrets = fetch_one(fake, NULL));
    fake_free(fake);
}

/* --- all or nothing, time, cancellation ------------------------------------ */

static void
stall(FakeServer *server)
{
    gint64 end = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (!fake_server_is_stopping(server) && g_get_monotonic_time() < end)
        g_usleep(5000);
}

/* The fourth does not exist; the others never answer. */
static gboolean
answer_one_missing(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (strstr(request->path, ID "0/"))
        return answer_payload(request);
    if (strstr(request->path, ID "3/"))
        return fake_reply(request, 404, JSON, "", "{\"code\":404,\"title\":\"Not Found\"}");
    stall(server);
    return FALSE;
}

static void
test_the_first_failure_cancels_the_rest(void **state)
{
    Fake *fake = setup("");
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    fake->answer = answer_one_missing;
    assert_null(keymgr_fetch(fake->keymgr, six, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "secret " ID "3|HTTP 404");
    assert_true(g_get_monotonic_time() - start < 5 * G_TIME_SPAN_SECOND);
    fake_free(fake);
}

static gboolean
answer_never(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    stall(server);
    return FALSE;
}

static gboolean
answer_drop_by_drop(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                               "Content-Length: 10000\r\n\r\n";
    gboolean there = fake_write(request, head, strlen(head));

    while (there && !fake_server_is_stopping(server)) {
        there = fake_write(request, "x", 1);
        g_usleep(20000);
    }
    return FALSE;
}

static void
test_silence_and_dripping_end_in_time(void **state)
{
    static const char *const options[] = { "timeout=0.3\n", "total_timeout=0.3\n" };
    gboolean (*const answers[])(FakeServer *, FakeRequest *, gpointer) = { answer_never,
                                                                           answer_drop_by_drop };
    gsize i;
    gsize j;

    for (i = 0; i < G_N_ELEMENTS(options); i++) {
        for (j = 0; j < G_N_ELEMENTS(answers); j++) {
            Fake *fake = setup(options[i]);
            gint64 start = g_get_monotonic_time();
            g_autoptr(GError) error = NULL;

            fake->answer = answers[j];
            assert_null(fetch_one(fake, &error));
            keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "secret " ID "0");
            assert_true(g_get_monotonic_time() - start < 3 * G_TIME_SPAN_SECOND);
            fake_free(fake);
        }
    }
}

static gpointer
cancel_soon(gpointer cancellable)
{
    g_usleep(100000);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void
check_cancelled(Fake *fake, GCancellable *cancellable)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(fake->keymgr, six, cancellable, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - start < G_TIME_SPAN_SECOND);
}

static void
test_a_cancellation_works_at_any_moment(void **state)
{
    guint when;

    /* 0: before; 1: while the token comes; 2: while a secret comes; 3: in the
     * pause before a retry. */
    for (when = 0; when <= 3; when++) {
        static const char *const busy[] = { "503", "text/plain", "Retry-After: 30\r\n", "" };
        Fake *fake = setup("status_code_retries=3\n");
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        GThread *thread = NULL;

        fake->token_delay_ms = when == 1 ? 2000 : 0;
        fake->opaque = (gpointer)busy;
        fake->answer = when == 3 ? answer_fixed : answer_never;
        if (when == 0)
            g_cancellable_cancel(cancellable);
        else
            thread = g_thread_new("cancel", cancel_soon, cancellable);
        check_cancelled(fake, cancellable);
        if (thread)
            g_thread_join(thread);
        assert_int_equal(fake->tokens, when == 0 ? 0 : 1);
        fake_free(fake);
    }
}

/* One caller gives up while it fetches the token for all. */
static void
test_a_cancelled_thread_does_not_fail_the_others(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *canceller;
    GThread *other;

    fake->token_delay_ms = 400;
    canceller = g_thread_new("cancel", cancel_soon, cancellable);
    other = NULL;
    {
        g_autoptr(GError) error = NULL;
        const char *const references[] = { ID "0", NULL };

        other = g_thread_new("fetch", fetch_in_thread, fake);
        assert_true(!keymgr_fetch(fake->keymgr, references, cancellable, &error));
        assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    }
    assert_null(g_thread_join(other));
    g_thread_join(canceller);
    fake_free(fake);
}

/* --- what else the API offers ---------------------------------------------- */

static gboolean
answer_container(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (!g_str_has_prefix(request->path, "/v1/containers/"))
        return answer_payload(request);
    return fake_reply(request, 200, JSON, "",
                      "{\"secret_refs\":[{\"name\":\"2\",\"secret_ref\":\"http://x/v1/secrets/" ID "2\"},"
                      "{\"name\":\"1\",\"secret_ref\":\"http://x/v1/secrets/" ID "1\"}]}");
}

static void
test_a_container_stands_for_its_secrets(void **state)
{
    const char *const references[] = { ID "0", "http://h/v1/containers/" ID "a", ID "5", NULL };
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->answer = answer_container;
    secrets = keymgr_fetch(fake->keymgr, references, NULL, &error);
    assert_non_null(secrets);
    assert_int_equal(secrets->len, 4);
    keymgr_test_bytes(secrets, 0, ID "0", 36);
    keymgr_test_bytes(secrets, 1, ID "1", 36);
    keymgr_test_bytes(secrets, 2, ID "2", 36);
    keymgr_test_bytes(secrets, 3, ID "5", 36);
    fake_free(fake);
}

static gboolean
answer_pages(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    const char *text = strstr(request->path, "offset=");
    guint offset = text ? (guint)g_ascii_strtoull(text + strlen("offset="), NULL, 10) : 0;
    g_autoptr(GString) body = g_string_new("{\"total\":250,\"secrets\":[");
    guint i;

    for (i = offset; i < MIN(offset + 100, 250); i++)
        g_string_append_printf(body, "%s{\"name\":\"n%u\",\"secret_ref\":\"http://h/v1/secrets/"
                                     "00000000-0000-4000-8000-%012u\"}", i > offset ? "," : "", i, i);
    g_string_append(body, "]}");
    return fake_reply(request, 200, JSON, "", body->str);
}

static void
test_a_list_is_read_page_by_page(void **state)
{
    Fake *fake = setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) infos = NULL;

    fake->answer = answer_pages;
    infos = keymgr_list(fake->keymgr, "a&b c", NULL, &error);
    assert_non_null(infos);
    assert_int_equal(infos->len, 250);
    assert_string_equal(((KeymgrInfo *)g_ptr_array_index(infos, 249))->name, "n249");
    assert_int_equal(fake->calls, 3);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 2), "offset=200&name=a%26b%20c HTTP"));
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six_secrets_cost_one_token_and_six_requests_in_order),
        cmocka_unit_test(test_the_first_goes_alone_and_the_rest_at_once),
        cmocka_unit_test(test_connections_are_bounded),
        cmocka_unit_test(test_references_reach_the_configured_endpoint_in_lower_case),
        cmocka_unit_test(test_a_bad_reference_among_good_ones_costs_no_request),
        cmocka_unit_test(test_endpoints_with_slashes_and_version),
        cmocka_unit_test(test_threads_share_one_token_request),
        cmocka_unit_test(test_threads_share_one_refused_login),
        cmocka_unit_test(test_a_token_is_renewed_before_it_ends),
        cmocka_unit_test(test_a_401_renews_the_token_once),
        cmocka_unit_test(test_a_401_in_the_parallel_part_renews_the_token_once),
        cmocka_unit_test(test_a_401_that_stays_is_an_error_after_one_renewal),
        cmocka_unit_test(test_a_ready_token_is_sent_as_it_is_and_not_renewed),
        cmocka_unit_test(test_without_authentication_the_project_is_named),
        cmocka_unit_test(test_a_service_user_shows_a_second_token),
        cmocka_unit_test(test_refusals_and_wrong_answers),
        cmocka_unit_test(test_a_redirect_to_another_host_is_not_followed),
        cmocka_unit_test(test_a_503_is_tried_again_as_often_as_configured_and_not_before_retry_after),
        cmocka_unit_test(test_a_lost_connection_is_tried_again_as_often_as_configured),
        cmocka_unit_test(test_the_first_failure_cancels_the_rest),
        cmocka_unit_test(test_silence_and_dripping_end_in_time),
        cmocka_unit_test(test_a_cancellation_works_at_any_moment),
        cmocka_unit_test(test_a_cancelled_thread_does_not_fail_the_others),
        cmocka_unit_test(test_a_container_stands_for_its_secrets),
        cmocka_unit_test(test_a_list_is_read_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
