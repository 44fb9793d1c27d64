/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The barbican backend against a real Barbican with a real Keystone. Run by
 * tests/keymgr/test-openstack, which starts them.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "tests/keymgr/openstack.h"
#include "tests/keymgr/openstack_tests.h"

static void
test_the_wrong_protocol_ends_in_time(void **state)
{
    g_autofree char *https = g_strdup_printf("auth_url=https%s\nuser_id=u\npassword=x\nconnect_timeout=1\n",
                                             openstack_url("KEYSTONE") + strlen("http"));
    g_autofree char *http = g_strdup_printf("auth_url=http%s\nuser_id=u\npassword=x\n",
                                            openstack_env("KEYSTONE_TLS_URL") + strlen("https"));
    g_autoptr(Keymgr) to_plain_port = openstack_open(https);
    g_autoptr(Keymgr) to_tls_port = openstack_open(http);

    openstack_check_refusal(to_plain_port, openstack_known, KEYMGR_ERROR_TIMEOUT, "Keystone at https");
    openstack_check_refusal(to_tls_port, openstack_known, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http:");
}

/* The same over HTTP and over HTTPS, for what takes its time. */
#define BOTH 2

static void
open_both(Keymgr **both, const char *user)
{
    gsize i;

    for (i = 0; i < BOTH; i++) {
        openstack_tls = i > 0;
        both[i] = openstack_open_as(user, "demo", "");
    }
    openstack_tls = FALSE;
}

static void
close_both(Keymgr **both)
{
    gsize i;

    for (i = 0; i < BOTH; i++)
        keymgr_unref(both[i]);
}

static void
check_both(Keymgr **both)
{
    gsize i;

    for (i = 0; i < BOTH; i++)
        openstack_check_known(both[i]);
}

static void
check_both_refused(Keymgr **both, KeymgrError code, const char *words)
{
    gsize i;

    for (i = 0; i < BOTH; i++)
        openstack_check_refusal(both[i], openstack_known, code, words);
}

static void
test_a_secret_that_expires_is_gone(void **state)
{
    Keymgr *both[BOTH];
    gint64 end = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) soon = g_date_time_add_seconds(now, 2);
    g_autofree char *when = g_date_time_format(soon, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *members = g_strdup_printf("\"payload\":\"x\",\"payload_content_type\":\"text/plain\","
                                               "\"expiration\":\"%s\"", when);
    g_autofree char *expiring = openstack_store(members);
    GPtrArray *secrets;
    gsize i;

    open_both(both, "creator");
    openstack_check_fetch(both[0], expiring, "x", 1);
    while ((secrets = openstack_fetch(both[0], expiring, NULL)) && g_get_monotonic_time() < end) {
        g_ptr_array_unref(secrets);
        g_usleep(250000);
    }
    for (i = 0; i < BOTH; i++)
        openstack_check_refusal(both[i], expiring, KEYMGR_ERROR_NOT_FOUND, "HTTP 404|expired");
    close_both(both);
}

static void
test_faults_of_the_services(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "timeout=1\n");
    g_autoptr(Keymgr) patient = openstack_open_as("creator", "demo", "status_code_retries=2\nstatus_code_retry_delay=0.1\n");

    openstack_fault("keystone", "500", "0", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_HTTP, "Keystone at http|HTTP 500");
    openstack_fault("keystone", "404", "0", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_HTTP, "HTTP 404|auth_url");
    openstack_fault("keystone", "0", "2", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_TIMEOUT, "Keystone at http");
    openstack_check_known(keymgr);
    openstack_fault("barbican", "503", "0", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_HTTP, "Barbican at http|HTTP 503");
    openstack_fault("barbican", "410", "0", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_NOT_FOUND, "HTTP 410");
    openstack_fault("barbican", "0", "2", 1);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_TIMEOUT, "Barbican at http|secret ");
    openstack_fault("barbican", "503", "0", 2);
    openstack_check_known(patient);
    openstack_fault("barbican", "401", "0", 1);
    openstack_check_known(keymgr);
    openstack_fault("barbican", "401", "0", 2);
    openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401|with a new token too");
}

/* The admin disables a user, which revokes the user's tokens, and enables him
 * again. Barbican asks Keystone about every request here. */
static void
test_a_revoked_token_is_replaced(void **state)
{
    g_autofree char *url = g_strdup_printf("%s/v3/users/%s", openstack_url("KEYSTONE"),
                                           openstack_env("CREATOR_ID"));
    const char *off = "{\"user\":{\"enabled\":false}}";
    const char *on = "{\"user\":{\"enabled\":true}}";
    Keymgr *both[BOTH];
    guint logins;

    open_both(both, "creator");
    check_both(both);
    g_free(openstack_request("PATCH", url, "admin", "application/json", off, strlen(off), 200));
    check_both_refused(both, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 401");
    g_free(openstack_request("PATCH", url, "admin", "application/json", on, strlen(on), 200));
    openstack_forget_tokens();
    g_usleep(1500000); /* Keystone revokes what was issued in that second too */
    logins = openstack_count("keystone", "POST /v3/auth/tokens", NULL);
    check_both(both);
    assert_int_equal(openstack_count("keystone", "POST /v3/auth/tokens", NULL), logins + BOTH);
    close_both(both);
}

typedef struct {
    Keymgr *keymgr;
    char *ids[7];
} Six;

static gpointer
fetch_six(gpointer opaque)
{
    Six *six = opaque;
    guint round;

    for (round = 0; round < 3; round++) {
        GError *error = NULL;
        g_autoptr(GPtrArray) secrets = keymgr_fetch(six->keymgr, (const char *const *)six->ids, NULL, &error);
        guint i;

        if (!secrets)
            return error;
        for (i = 0; i < 6; i++) {
            const KeymgrSecret *secret = g_ptr_array_index(secrets, i);
            char expected[] = "value 0";

            expected[6] = (char)('0' + i);
            if (keymgr_secret_size(secret) != 7 || memcmp(keymgr_secret_data(secret), expected, 7) != 0)
                return g_error_new(KEYMGR_ERROR, KEYMGR_ERROR_INVALID_SECRET, "secret %u is another", i);
        }
    }
    return NULL;
}

static void
test_six_secrets_from_eight_threads(void **state)
{
    Six six = { .keymgr = openstack_open_as("creator", "demo", "") };
    guint logins;
    GThread *threads[8];
    gsize i;

    for (i = 0; i < 6; i++) {
        char value[] = "value 0";

        value[6] = (char)('0' + i);
        six.ids[i] = openstack_store_bytes("opaque", value, 7);
    }
    logins = openstack_count("keystone", "POST /v3/auth/tokens", NULL);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("six", fetch_six, &six);
    for (i = 0; i < G_N_ELEMENTS(threads); i++) {
        GError *error = g_thread_join(threads[i]);

        if (error)
            fail_msg("%s", error->message);
    }
    assert_int_equal(openstack_count("keystone", "POST /v3/auth/tokens", NULL), logins + 1);
    for (i = 0; i < 6; i++)
        g_free(six.ids[i]);
    keymgr_unref(six.keymgr);
}

static void
test_a_barbican_without_keystone(void **state)
{
    g_autofree char *options = g_strdup_printf("auth_type=none\nbarbican_endpoint=%s\nproject_id=any\n",
                                               openstack_env("NOAUTH_URL"));
    g_autofree char *foreign = g_strdup_printf("auth_type=noauth\nendpoint_override=%s/v1\nproject_id=another\n",
                                               openstack_env("NOAUTH_URL"));
    g_autoptr(Keymgr) keymgr = openstack_open(options);
    g_autoptr(Keymgr) other = openstack_open(foreign);
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    const KeymgrNewSecret description = { .name = "without Keystone" };
    g_autoptr(GError) error = NULL;
    g_autofree char *reached = keymgr_check(keymgr, NULL, &error);
    g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, &error);

    if (!id || !reached)
        fail_msg("%s", error->message);
    assert_non_null(strstr(reached, "no authentication, API 1.1"));
    openstack_check_fetch(keymgr, id, "x", 1);
    openstack_check_refusal(other, id, KEYMGR_ERROR_ACCESS_DENIED, "HTTP 403");
    assert_true(keymgr_delete(keymgr, id, NULL, &error));
}

#define LOG_WAIT_US (5 * G_USEC_PER_SEC)

/* Lines of nghttpx' log: "PORT PROTOCOL METHOD PATH"; how many connections have
 * carried requests with a protocol for payloads. */
static guint
connections(const char *protocol, guint *requests)
{
    g_autofree char *path = g_build_filename(openstack_env("FIXTURE_STATE"), "http2.log", NULL);
    g_autoptr(GHashTable) ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *log = NULL;
    g_auto(GStrv) lines = NULL;
    gsize i;

    assert_true(g_file_get_contents(path, &log, NULL, NULL));
    lines = g_strsplit(log, "\n", -1);
    *requests = 0;
    for (i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 4);

        if (g_strv_length(words) != 4 || strcmp(words[1], protocol) != 0)
            continue;
        g_hash_table_add(ports, g_strdup(words[0]));
        (*requests)++;
    }
    return g_hash_table_size(ports);
}

/* So many connections have carried so many requests. */
static void
check_connections(const char *protocol, guint expected, guint expected_connections)
{
    gint64 deadline = g_get_monotonic_time() + LOG_WAIT_US;
    guint requests = 0;
    guint count = connections(protocol, &requests);

    /* A line is written when its answer has gone. */
    for (; requests < expected && g_get_monotonic_time() < deadline; count = connections(protocol, &requests))
        g_usleep(10 * G_TIME_SPAN_MILLISECOND);
    assert_int_equal(requests, expected);
    assert_int_equal(count, expected_connections);
}

static void
test_secrets_share_one_connection_over_http2(void **state)
{
    g_autofree char *options = g_strdup_printf("http2=yes\nbarbican_endpoint=%s\ncafile=%s\n",
                                               openstack_env("HTTP2_URL"), openstack_env("CA_FILE"));
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", options);
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    const KeymgrNewSecret description = { .name = "http2" };
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;
    guint i;

    for (i = 0; i < 12; i++) {
        char text[] = "value a";

        text[6] = (char)('a' + i);
        g_ptr_array_add(ids, openstack_store_bytes("opaque", text, 7));
    }
    g_ptr_array_add(ids, NULL);
    secrets = keymgr_fetch(keymgr, (const char *const *)ids->pdata, NULL, &error);
    if (!secrets)
        fail_msg("%s", error->message);
    for (i = 0; i < 12; i++) {
        char text[] = "value a";

        text[6] = (char)('a' + i);
        keymgr_test_bytes(secrets, i, text, 7);
    }
    check_connections("h2", 12, 1);
    /* What is sent would be copied by libnghttp2. And what changes something
     * goes on a connection of its own, where libcurl never sends it twice. */
    g_free(keymgr_store(keymgr, &description, value, NULL, &error));
    check_connections("http/1.1", 2, 2);
    openstack_check_known(keymgr);
    /* None stays open, with a token in libnghttp2's table. */
    for (i = 0; i < 2; i++) {
        g_autoptr(KeymgrInfo) info = keymgr_describe(keymgr, openstack_known, NULL, &error);

        assert_non_null(info);
    }
    check_connections("h2", 12 + 1 + 2, 1 + 1 + 2);
}

/* Barbican cannot ask about the token that it is shown. Then Keystone is there
 * again, and knows no token of before. */
static void
test_a_keystone_that_is_away_and_comes_back_with_new_keys(void **state)
{
    Keymgr *both[BOTH];
    Keymgr *fresh[BOTH];
    guint refusals;

    open_both(both, "creator");
    open_both(fresh, "creator");
    check_both(both);
    g_free(openstack_fixture("down", "keystone", NULL, NULL));
    check_both_refused(both, KEYMGR_ERROR_HTTP, "Barbican at http|HTTP 503");
    check_both_refused(fresh, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http");
    openstack_change_keys();
    g_free(openstack_fixture("up", NULL, NULL, NULL));
    refusals = openstack_count("barbican", "GET /v1/secrets/", "401");
    check_both(both);
    assert_int_equal(openstack_count("barbican", "GET /v1/secrets/", "401"), refusals + BOTH);
    check_both(fresh);
    close_both(both);
    close_both(fresh);
}

/* With a token that was made elsewhere, alone and beside a service user's. */
static void
open_ready(const char *token, Keymgr **alone, Keymgr **served)
{
    g_autofree char *user = openstack_user("svc");
    g_autofree char *ready = g_strdup_printf("auth_type=token\ntoken=%s\nbarbican_endpoint=%s\n", token,
                                             openstack_url("BARBICAN"));
    g_autofree char *both = g_strdup_printf("%ssend_service_user_token=yes\n[barbican_service_user]\n%s"
                                            "project_name=service\nproject_domain_id=default\n", ready, user);

    *alone = openstack_open(ready);
    *served = openstack_open(both);
}

/* All that takes a token's whole life, in one such life. */
static void
test_tokens_that_end(void **state)
{
    g_autofree char *token = NULL;
    Keymgr *renewing[BOTH];
    Keymgr *alone[BOTH];
    Keymgr *served[BOTH];
    guint refusals;
    gsize i;

    open_both(renewing, "observer");
    openstack_restart("4");
    refusals = openstack_count("barbican", "GET /v1/secrets/", "401");
    check_both(renewing);
    token = openstack_fixture("token", "creator", NULL, NULL);
    for (i = 0; i < BOTH; i++) {
        openstack_tls = i > 0;
        open_ready(token, &alone[i], &served[i]);
    }
    openstack_tls = FALSE;
    check_both(alone);
    g_usleep(4500 * 1000);
    check_both(renewing);
    assert_int_equal(openstack_count("barbican", "GET /v1/secrets/", "401"), refusals);
    check_both_refused(alone, KEYMGR_ERROR_AUTH, "HTTP 401|the token cannot be renewed");
    check_both(served);
    close_both(renewing);
    close_both(alone);
    close_both(served);
}

/* Last: stops both services, and starts them again on the same ports. */
static void
test_stopped_services_and_started_again(void **state)
{
    Keymgr *both[BOTH];
    Keymgr *fresh[BOTH];

    open_both(both, "creator");
    open_both(fresh, "creator");
    check_both(both);
    g_free(openstack_fixture("down", NULL, NULL, NULL));
    check_both_refused(both, KEYMGR_ERROR_UNAVAILABLE, "at http");
    check_both_refused(fresh, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http");
    g_free(openstack_fixture("up", NULL, NULL, NULL));
    check_both(both);
    check_both(fresh);
    close_both(both);
    close_both(fresh);
}

static int
begin(void **state)
{
    openstack_known = openstack_store_bytes("symmetric", OPENSTACK_KEY, strlen(OPENSTACK_KEY));
    return keymgr_test_count_fds(state);
}

static int
end(void **state)
{
    g_clear_pointer(&openstack_known, g_free);
    openstack_forget_tokens();
    return keymgr_test_compare_fds(state);
}

static int
use_http(void **state)
{
    openstack_tls = FALSE;
    return 0;
}

static int
use_https(void **state)
{
    openstack_tls = TRUE;
    return 0;
}

/* A list, with names that say how the services are reached. */
static void
add(GArray *all, const struct CMUnitTest *tests, const char *suffix, CMFixtureFunction setup)
{
    for (; tests->name; tests++) {
        struct CMUnitTest test = *tests;
        g_autofree char *name = g_strconcat(tests->name, suffix, NULL);

        test.name = g_intern_string(name);
        test.setup_func = setup;
        g_array_append_val(all, test);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wrong_protocol_ends_in_time),
        cmocka_unit_test(test_a_secret_that_expires_is_gone),
        cmocka_unit_test(test_a_revoked_token_is_replaced),
        cmocka_unit_test(test_a_barbican_without_keystone),
        { NULL },
    };
    static const struct CMUnitTest here[] = {
        cmocka_unit_test(test_faults_of_the_services),
        cmocka_unit_test(test_six_secrets_from_eight_threads),
        { NULL },
    };
    const struct CMUnitTest over_http2[] = {
        cmocka_unit_test(test_secrets_share_one_connection_over_http2),
        { NULL },
    };
    const struct CMUnitTest last[] = {
        cmocka_unit_test(test_a_keystone_that_is_away_and_comes_back_with_new_keys),
        cmocka_unit_test(test_tokens_that_end),
        cmocka_unit_test(test_stopped_services_and_started_again),
        { NULL },
    };
    static const struct CMUnitTest *const twice[] = { openstack_auth_tests, openstack_secret_tests,
                                                      openstack_store_tests, here };
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct CMUnitTest));
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(twice); i++) {
        add(all, twice[i], "_over_http", use_http);
        add(all, twice[i], "_over_https", use_https);
    }
    add(all, tests, "", use_http);
    if (g_getenv("HTTP2_URL"))
        add(all, over_http2, "", use_http);
    add(all, last, "", use_http);
    return _cmocka_run_group_tests("openstack", (const struct CMUnitTest *)(gpointer)all->data, all->len, begin,
                                   end);
}
