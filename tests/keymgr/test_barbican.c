/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The barbican backend against a well-behaved server that counts what it is
 * asked: rounds, references, endpoints, tokens, containers, lists.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "tests/keymgr/fake_barbican.h"

static void
test_six_secrets_cost_one_token_and_six_requests_in_order(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    guint i;

    fake_barbican_check_six(secrets, error);
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
    fake_barbican_free(fake);
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
        return fake_barbican_payload(request);
    }
    g_atomic_int_inc(&meeting->inside);
    while (g_atomic_int_get(&meeting->inside) < 5 && g_get_monotonic_time() < end)
        g_usleep(1000);
    if (g_atomic_int_get(&meeting->inside) == 5)
        g_atomic_int_inc(&meeting->met);
    return fake_barbican_payload(request);
}

/* A key manager with a token that was made elsewhere. */
static void
connect_with_ready_token(FakeBarbican *fake)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=token\n"
                                            "token=ready\nbarbican_endpoint=%s\n",
                                            fake_server_url(fake->server));

    fake->keymgr = keymgr_test_new(text);
}

static void
check_the_first_is_alone(FakeBarbican *fake)
{
    Meeting meeting = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &meeting;
    fake->answer = answer_when_all_are_here;
    secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    fake_barbican_check_six(secrets, error);
    assert_true(meeting.first_was_alone);
    assert_int_equal(meeting.met, 5);
    fake->answer = NULL;
}

static void
test_the_first_goes_alone_and_the_rest_at_once(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");

    check_the_first_is_alone(fake);
    fake_barbican_free(fake);
}

/* Barbican has to learn of it anew after it has refused it. */
static void
test_with_a_ready_token_too_the_rest_goes_at_once(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autoptr(GError) error = NULL;

    connect_with_ready_token(fake);
    check_the_first_is_alone(fake);
    fake->reject = 1;
    assert_null(fake_barbican_fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401");
    fake->reject = 0;
    check_the_first_is_alone(fake);
    fake_barbican_free(fake);
}

static gboolean
answer_slowly(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_usleep(20000);
    return fake_barbican_payload(request);
}

static void
test_connections_are_bounded(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("max_connections=2\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->answer = answer_slowly;
    secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    fake_barbican_check_six(secrets, error);
    assert_int_equal(fake_server_most_at_once(fake->server), 2);
    fake_barbican_free(fake);
}

static void
test_references_reach_the_configured_endpoint_in_lower_case(void **state)
{
    const char *const references[] = { "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0",
                                       "https://evil.example/v1/secrets/0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F1",
                                       NULL };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(fake->keymgr, references, NULL, &error);

    assert_non_null(secrets);
    keymgr_test_bytes(secrets, 0, ID "0", 36);
    keymgr_test_bytes(secrets, 1, ID "1", 36);
    fake_barbican_free(fake);
}

static void
test_a_bad_reference_among_good_ones_costs_no_request(void **state)
{
    const char *const references[] = { ID "0", "nonsense", NULL };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "'nonsense'");
    assert_int_equal(fake_server_requests(fake->server), 0);
    fake_barbican_free(fake);
}

static void
test_endpoints_with_slashes_and_version(void **state)
{
    static const char *const tails[] = { "", "/", "/v1", "/v1/" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(tails); i++) {
        FakeBarbican *fake = fake_barbican_new();
        g_autofree char *fixed = g_strdup_printf("barbican_endpoint=%s%s\n", fake_server_url(fake->server),
                                                 tails[i]);
        g_autofree char *catalogued = g_strconcat(fake_server_url(fake->server), tails[i], NULL);
        g_autoptr(GPtrArray) a = NULL;
        g_autoptr(GPtrArray) b = NULL;

        fake_barbican_connect(fake, fixed);
        assert_non_null(a = fake_barbican_fetch_one(fake, NULL));
        fake->endpoint = catalogued;
        fake_barbican_connect(fake, "");
        assert_non_null(b = fake_barbican_fetch_one(fake, NULL));
        assert_true(g_str_has_prefix(g_ptr_array_index(fake->heads, 0), "GET /v1/secrets/" ID "0/payload "));
        assert_true(g_str_has_prefix(g_ptr_array_index(fake->heads, 1), "GET /v1/secrets/" ID "0/payload "));
        fake_barbican_free(fake);
    }
}

/* --- tokens ---------------------------------------------------------------- */

static void
test_threads_share_one_token_request(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    GThread *threads[8];
    gsize i;

    fake->token_delay_ms = 200;
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("fetch", fake_barbican_fetch_in_thread, fake);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_null(g_thread_join(threads[i]));
    assert_int_equal(fake->tokens, 1);
    assert_int_equal(fake->calls, 8);
    fake_barbican_free(fake);
}

static gboolean
refuse_login(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_usleep(1000000);
    return fake_reply(request, 401, JSON, "", "{\"error\":{\"code\":401,\"title\":\"Unauthorized\","
                                              "\"message\":\"The request needs authentication.\"}}");
}

/* Not one attempt a thread: accounts are locked after a few. */
static void
test_threads_share_one_refused_login(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    FakeServer *keystone = fake_server_new(refuse_login, NULL);
    g_autofree char *options = g_strdup_printf("auth_url=%s\n", fake_server_url(keystone));
    GThread *threads[8];
    gsize i;

    fake_barbican_connect(fake, options);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("fetch", fake_barbican_fetch_in_thread, fake);
    for (i = 0; i < G_N_ELEMENTS(threads); i++) {
        GError *error = g_thread_join(threads[i]);

        keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "Keystone at http://|HTTP 401|user u, project p");
    }
    assert_int_equal(fake_server_requests(keystone), 1);
    keymgr_unref(g_steal_pointer(&fake->keymgr));
    fake_server_free(keystone);
    fake_barbican_free(fake);
}

static void
test_a_token_is_renewed_before_it_ends(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");

    fake->token_seconds = 6; /* good for three */
    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL));
    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 1);
    g_usleep(3200000);
    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 2);
    fake_barbican_free(fake);
}

static void
test_a_401_renews_the_token_once(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->reject = 1;
    secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    fake_barbican_check_six(secrets, error);
    assert_int_equal(fake->tokens, 2);
    assert_int_equal(fake->calls, 7);
    fake_barbican_free(fake);
}

static void
test_a_401_in_the_parallel_part_renews_the_token_once(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) first = fake_barbican_fetch_one(fake, NULL);
    g_autoptr(GPtrArray) secrets = NULL;

    fake->reject = 1; /* the token that all six show */
    secrets = keymgr_fetch(fake->keymgr, fake_six, NULL, &error);
    assert_non_null(first);
    fake_barbican_check_six(secrets, error);
    assert_int_equal(fake->tokens, 2);
    fake_barbican_free(fake);
}

static void
test_a_401_that_stays_is_an_error_after_one_renewal(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;

    fake->reject = 1000;
    assert_null(keymgr_fetch(fake->keymgr, fake_six, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH,
                      "Barbican at http://127.0.0.1|secret " ID "|HTTP 401|needs authentication|new token");
    assert_int_equal(fake->tokens, 2);
    assert_int_equal(fake->calls, 2);
    fake_barbican_free(fake);
}

static void
test_a_ready_token_is_sent_as_it_is_and_not_renewed(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    connect_with_ready_token(fake);
    secrets = fake_barbican_fetch_one(fake, &error);
    assert_non_null(secrets);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token: ready\r\n"));
    fake->reject = 1000;
    assert_null(fake_barbican_fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|cannot be renewed");
    assert_int_equal(fake->tokens, 0);
    fake_barbican_free(fake);
}

static void
test_without_authentication_the_project_is_named(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=none\n"
                                            "project_id=42\nbarbican_endpoint=%s\n",
                                            fake_server_url(fake->server));
    g_autoptr(GPtrArray) secrets = NULL;

    fake->keymgr = keymgr_test_new(text);
    assert_non_null(secrets = fake_barbican_fetch_one(fake, NULL));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Project-Id: 42\r\n"));
    assert_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token"));
    fake_barbican_free(fake);
}

static void
test_a_service_user_shows_a_second_token(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autofree char *options = g_strdup_printf("send_service_user_token=true\n[barbican_service_user]\n"
                                               "auth_url=%s\nusername=svc\npassword=pw2\n"
                                               "user_domain_id=default\n", fake_server_url(fake->server));
    g_autoptr(GPtrArray) secrets = NULL;

    fake_barbican_connect(fake, options);
    assert_non_null(secrets = fake_barbican_fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 2);
    assert_non_null(strstr(g_ptr_array_index(fake->logins, 1), "\"name\":\"svc\""));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Auth-Token: token-1\r\n"));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "X-Service-Token: token-2\r\n"));
    fake_barbican_free(fake);
}

static void
test_a_401_renews_the_service_users_token_beside_a_ready_one(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    const char *url = fake_server_url(fake->server);
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_type=token\n"
                                            "token=ready\nbarbican_endpoint=%s\n"
                                            "send_service_user_token=true\n[barbican_service_user]\n"
                                            "auth_url=%s\nusername=svc\npassword=pw2\n"
                                            "user_domain_id=default\n", url, url);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->keymgr = keymgr_test_new(text);
    fake->reject = 1;
    secrets = fake_barbican_fetch_one(fake, &error);
    if (!secrets)
        fail_msg("%s", error->message);
    assert_int_equal(fake->tokens, 2);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 1), "X-Auth-Token: ready\r\n"));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 1), "X-Service-Token: token-2\r\n"));
    fake->reject = 1000;
    assert_null(fake_barbican_fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|new token of the service user too");
    assert_int_equal(fake->tokens, 3);
    fake_barbican_free(fake);
}

/* --- what else the API offers ---------------------------------------------- */

static gboolean
answer_container(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (!g_str_has_prefix(request->path, "/v1/containers/"))
        return fake_barbican_payload(request);
    return fake_reply(request, 200, JSON, "",
                      "{\"secret_refs\":[{\"name\":\"2\",\"secret_ref\":\"http://x/v1/secrets/" ID "2\"},"
                      "{\"name\":\"1\",\"secret_ref\":\"http://x/v1/secrets/" ID "1\"}]}");
}

static void
test_a_container_stands_for_its_secrets(void **state)
{
    const char *const references[] = { ID "0", "http://h/v1/containers/" ID "a", ID "5", NULL };
    FakeBarbican *fake = fake_barbican_setup("");
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
    fake_barbican_free(fake);
}

static void
test_a_bad_reference_behind_a_container_costs_no_request(void **state)
{
    const char *const references[] = { "http://h/v1/containers/" ID "a", "nonsense", NULL };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;

    fake->answer = answer_container;
    assert_null(keymgr_fetch(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "'nonsense'");
    assert_int_equal(fake_server_requests(fake->server), 0);
    fake_barbican_free(fake);
}

/* Answers when three have come. */
static gboolean
answer_container_when_all_are_here(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    Meeting *meeting = opaque;
    gint64 end = g_get_monotonic_time() + 5 * G_TIME_SPAN_SECOND;

    g_atomic_int_inc(&meeting->inside);
    while (g_atomic_int_get(&meeting->inside) < 3 && g_get_monotonic_time() < end)
        g_usleep(1000);
    if (g_atomic_int_get(&meeting->inside) == 3)
        g_atomic_int_inc(&meeting->met);
    return answer_container(server, request, NULL);
}

static void
test_containers_and_secrets_are_asked_for_at_once(void **state)
{
    const char *const references[] = { "http://h/v1/containers/" ID "a", ID "5", "http://h/v1/containers/" ID "b",
                                       NULL };
    static const char order[] = "12512";
    FakeBarbican *fake = fake_barbican_setup("");
    Meeting meeting = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;
    guint i;

    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL));
    fake->opaque = &meeting;
    fake->answer = answer_container_when_all_are_here;
    secrets = keymgr_fetch(fake->keymgr, references, NULL, &error);
    if (!secrets)
        fail_msg("%s", error->message);
    assert_int_equal(meeting.met, 3);
    assert_int_equal(secrets->len, strlen(order));
    for (i = 0; i < secrets->len; i++) {
        g_autofree char *value = g_strdup_printf(ID "%c", order[i]);

        keymgr_test_bytes(secrets, i, value, strlen(value));
    }
    fake_barbican_free(fake);
}

static void
test_more_secrets_than_the_limit_are_refused(void **state)
{
    const char *references[258] = { NULL };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    gsize i;

    for (i = 0; i < 257; i++)
        references[i] = ID "0";
    assert_null(keymgr_fetch(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "more than 256 secrets");
    assert_int_equal(fake_server_requests(fake->server), 0);
    /* With those of a container. */
    references[256] = NULL;
    references[0] = "http://h/v1/containers/" ID "a";
    fake->answer = answer_container;
    assert_null(keymgr_fetch(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "more than 256 secrets");
    fake_barbican_free(fake);
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
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) infos = NULL;

    fake->answer = answer_pages;
    infos = keymgr_test_list(fake->keymgr, "a&b c", &error);
    assert_non_null(infos);
    assert_int_equal(infos->len, 250);
    assert_string_equal(((KeymgrInfo *)g_ptr_array_index(infos, 249))->name, "n249");
    assert_int_equal(fake->calls, 3);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 2), "offset=200&name=a%2526b%2520c HTTP"));
    fake_barbican_free(fake);
}

/* Its server gives whole pages, whatever is asked for. */
static void
test_a_list_of_a_limit_is_no_longer_than_that(void **state)
{
    const KeymgrListOptions options = { NULL, 30, 150 };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) infos = NULL;
    guint total = 0;

    fake->answer = answer_pages;
    infos = keymgr_list(fake->keymgr, &options, &total, NULL, &error);
    assert_non_null(infos);
    assert_int_equal(infos->len, 150);
    assert_int_equal(total, 250);
    assert_string_equal(((KeymgrInfo *)g_ptr_array_index(infos, 149))->name, "n179");
    assert_int_equal(fake->calls, 2);
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 0), "limit=100&offset=30 HTTP"));
    assert_non_null(strstr(g_ptr_array_index(fake->heads, 1), "limit=50&offset=130 HTTP"));
    fake_barbican_free(fake);
}

static gboolean
answer_without_consumers(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (strstr(request->path, "/consumers"))
        return fake_reply(request, 404, "text/html", "", "<html>404 Not Found</html>");
    return fake_reply(request, 200, JSON, "", "{\"version\":{\"id\":\"v1\",\"status\":\"stable\"}}");
}

static const KeymgrConsumer vm = { (char *)"service", (char *)"domain", (char *)"uuid" };

static void
test_a_barbican_without_consumers_is_said_to_be_too_old(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;

    fake->answer = answer_without_consumers;
    assert_false(keymgr_add_consumer(fake->keymgr, fake_six, &vm, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, "its API is 1.0, they came with 1.1");
    assert_null(keymgr_list_consumers(fake->keymgr, fake_six[0], NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, "its API is 1.0");
    assert_false(keymgr_remove_consumer(fake->keymgr, fake_six, &vm, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, "its API is 1.0");
    fake_barbican_free(fake);
}

static gboolean
answer_one_failure(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    gboolean bad = strstr(request->path, fake_six[3]) && strcmp(request->method, "POST") == 0;
    gboolean registered = strstr(request->path, fake_six[1]) != NULL;

    if (strcmp(request->method, "GET") == 0)
        return fake_reply(request, 200, JSON, "", registered
                          ? "{\"consumers\":[{\"service\":\"service\",\"resource_type\":\"domain\","
                            "\"resource_id\":\"uuid\"}],\"total\":1}" : "{\"consumers\":[],\"total\":0}");
    return fake_reply(request, bad ? 500 : 200, JSON, "", "{}");
}

static guint
count_heads(FakeBarbican *fake, const char *begin)
{
    guint count = 0;
    guint i;

    for (i = 0; i < fake->heads->len; i++)
        count += g_str_has_prefix(g_ptr_array_index(fake->heads, i), begin);
    return count;
}

static void
test_a_consumer_that_one_secret_refuses_is_taken_from_those_that_had_it_not(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GError) error = NULL;

    fake->answer = answer_one_failure;
    assert_false(keymgr_add_consumer(fake->keymgr, fake_six, &vm, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, ID "3|HTTP 500|registering a consumer");
    assert_int_equal(count_heads(fake, "DELETE /v1/secrets/" ID), 5);
    assert_int_equal(count_heads(fake, "DELETE /v1/secrets/" ID "1"), 0);
    fake_barbican_free(fake);
}

static void
test_consumers_are_wanted_when_they_are_configured(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");

    assert_false(keymgr_wants_consumers(fake->keymgr));
    fake_barbican_connect(fake, "register_consumers=yes\n");
    assert_true(keymgr_wants_consumers(fake->keymgr));
    fake_barbican_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six_secrets_cost_one_token_and_six_requests_in_order),
        cmocka_unit_test(test_the_first_goes_alone_and_the_rest_at_once),
        cmocka_unit_test(test_with_a_ready_token_too_the_rest_goes_at_once),
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
        cmocka_unit_test(test_a_401_renews_the_service_users_token_beside_a_ready_one),
        cmocka_unit_test(test_a_container_stands_for_its_secrets),
        cmocka_unit_test(test_a_bad_reference_behind_a_container_costs_no_request),
        cmocka_unit_test(test_containers_and_secrets_are_asked_for_at_once),
        cmocka_unit_test(test_more_secrets_than_the_limit_are_refused),
        cmocka_unit_test(test_a_list_is_read_page_by_page),
        cmocka_unit_test(test_a_list_of_a_limit_is_no_longer_than_that),
        cmocka_unit_test(test_a_barbican_without_consumers_is_said_to_be_too_old),
        cmocka_unit_test(test_a_consumer_that_one_secret_refuses_is_taken_from_those_that_had_it_not),
        cmocka_unit_test(test_consumers_are_wanted_when_they_are_configured),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
