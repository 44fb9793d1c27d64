/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The barbican backend against a real Barbican with a real Keystone. Run by
 * tests/keymgr/test-openstack, which starts them.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include <glib/gstdio.h>

#include "tests/keymgr/openstack.h"

static const char key[] = "a key of thirty-two bytes, truly";
static char *known; /* a secret that holds it */

/* A key manager for a user, with further lines of [barbican]. */
static Keymgr *
open_as(const char *user, const char *project, const char *options)
{
    g_autofree char *text = g_strdup_printf(
        "[keymgr]\nbackend=barbican\n[barbican]\nauth_url=%s\nusername=%s\npassword=%s\n"
        "user_domain_id=default\nproject_name=%s\nproject_domain_name=Default\nregion_name=RegionOne\n%s",
        openstack_env("KEYSTONE_URL"), user, openstack_env("FIXTURE_PASSWORD"), project, options);

    return keymgr_test_new(text);
}

static Keymgr *
open_with(const char *options)
{
    g_autofree char *text = g_strconcat("[keymgr]\nbackend=barbican\n[barbican]\n", options, NULL);

    return keymgr_test_new(text);
}

static GPtrArray *
fetch(Keymgr *keymgr, const char *reference, GError **error)
{
    const char *const references[] = { reference, NULL };

    return keymgr_fetch(keymgr, references, NULL, error);
}

static void
check_fetch(Keymgr *keymgr, const char *reference, gconstpointer bytes, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = fetch(keymgr, reference, &error);

    if (!secrets)
        fail_msg("%s: %s", reference, error->message);
    assert_int_equal(secrets->len, 1);
    keymgr_test_bytes(secrets, 0, bytes, size);
}

static void
check_refusal(Keymgr *keymgr, const char *reference, KeymgrError code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = fetch(keymgr, reference, &error);

    assert_null(secrets);
    assert_null(strstr(error->message, openstack_env("FIXTURE_PASSWORD")));
    keymgr_test_error(&error, code, words);
}

static void
test_every_type_of_secret_comes_out_byte_for_byte(void **state)
{
    static const char *const types[] = { "opaque", "symmetric", "private", "public", "certificate",
                                         "passphrase" };
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *text = openstack_store("\"payload\":\"p\xc3\xa4ss word\",\"secret_type\":\"passphrase\","
                                            "\"payload_content_type\":\"text/plain\"");
    guint8 all[256];
    gsize i;

    for (i = 0; i < sizeof(all); i++)
        all[i] = (guint8)i;
    for (i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *binary = openstack_store_bytes(types[i], all, sizeof(all));
        g_autofree char *certificate = openstack_store_bytes(types[i], pem, strlen(pem));

        check_fetch(keymgr, binary, all, sizeof(all));
        check_fetch(keymgr, certificate, pem, strlen(pem));
    }
    check_fetch(keymgr, text, "p\xc3\xa4ss word", strlen("p\xc3\xa4ss word"));
}

static void
test_the_biggest_payload_comes_out(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *id = openstack_store("\"name\":\"big\"");
    g_autofree char *url = g_strdup_printf("%s/v1/secrets/%s", openstack_env("BARBICAN_URL"), id);
    g_autofree char *big = g_malloc(20000);
    gsize i;

    for (i = 0; i < 20000; i++)
        big[i] = (char)(i * 7);
    g_free(openstack_request("PUT", url, "creator", "application/octet-stream", big, 20000, 204));
    check_fetch(keymgr, id, big, 20000);
}

static void
test_references_in_capitals_and_as_urls(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *upper = g_ascii_strup(known, -1);
    g_autofree char *href = g_strdup_printf("%s/v1/secrets/%s", openstack_env("BARBICAN_URL"), known);
    g_autofree char *elsewhere = g_strdup_printf("https://barbican.example:9311/v1/secrets/%s", upper);

    check_fetch(keymgr, upper, key, strlen(key));
    check_fetch(keymgr, href, key, strlen(key));
    check_fetch(keymgr, elsewhere, key, strlen(key));
}

static void
test_who_may_read(void **state)
{
    static const struct {
        const char *user;
        const char *project;
        gboolean may;
    } rows[] = {
        { "creator", "demo", TRUE },  { "creator2", "demo", TRUE }, { "observer", "demo", TRUE },
        { "audit", "demo", FALSE },   { "member", "demo", FALSE },  { "norole", "demo", FALSE },
        { "stranger", "other", FALSE },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Keymgr) keymgr = open_as(rows[i].user, rows[i].project, "");

        if (rows[i].may)
            check_fetch(keymgr, known, key, strlen(key));
        else
            check_refusal(keymgr, known, KEYMGR_ERROR_ACCESS_DENIED, "HTTP 403|Forbidden|Barbican at http");
    }
}

static void
test_wrong_credentials(void **state)
{
    g_autoptr(Keymgr) user = open_as("nobody", "demo", "");
    g_autoptr(Keymgr) project = open_as("creator", "nowhere", "");
    g_autoptr(Keymgr) role = open_as("stranger", "demo", "");
    g_autofree char *options = g_strdup_printf("auth_url=%s\nusername=creator\npassword=wrong\n"
                                               "user_domain_id=default\n", openstack_env("KEYSTONE_URL"));
    g_autoptr(Keymgr) password = open_with(options);

    check_refusal(user, known, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 401|user nobody");
    check_refusal(project, known, KEYMGR_ERROR_AUTH, "HTTP 401|project nowhere");
    check_refusal(role, known, KEYMGR_ERROR_AUTH, "HTTP 401");
    check_refusal(password, known, KEYMGR_ERROR_AUTH, "HTTP 401|user creator");
}

/* Each is a whole [barbican] but for the auth_url. */
static void
test_ways_to_authenticate(void **state)
{
    const char *password = openstack_env("FIXTURE_PASSWORD");
    g_autofree char *token = openstack_fixture("token", "creator", NULL, NULL);
    g_autofree char *by_id = g_strdup_printf("user_id=%s\nproject_id=%s\npassword=%s\n",
                                             openstack_env("CREATOR_ID"), openstack_env("DEMO_PROJECT_ID"),
                                             password);
    g_autofree char *by_name = g_strdup_printf("username=creator\nproject_name=demo\npassword='%s'\n"
                                               "default_domain_name=Default\n", password);
    g_autofree char *default_project = g_strdup_printf("user_id=%s\npassword=%s\n", openstack_env("CREATOR_ID"),
                                                       password);
    g_autofree char *credential_id = g_strdup_printf("auth_type=v3applicationcredential\n"
                                                     "application_credential_id=%s\n"
                                                     "application_credential_secret=%s\nproject_name=demo\n"
                                                     "project_domain_id=default\n",
                                                     openstack_env("APP_CRED_ID"), password);
    g_autofree char *credential_name = g_strdup_printf("auth_type=v3applicationcredential\n"
                                                       "application_credential_name=fixture\nuser_id=%s\n"
                                                       "application_credential_secret=%s\n",
                                                       openstack_env("CREATOR_ID"), password);
    g_autofree char *rescoped = g_strdup_printf("auth_type=v3token\ntoken=%s\nproject_id=%s\n", token,
                                                openstack_env("DEMO_PROJECT_ID"));
    const char *const ways[] = { by_id, by_name, default_project, credential_id, credential_name, rescoped };
    g_autofree char *ready = g_strdup_printf("auth_type=token\ntoken=%s\nbarbican_endpoint=%s/v1\n", token,
                                             openstack_env("BARBICAN_URL"));
    g_autoptr(Keymgr) with_ready = open_with(ready);
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *options = g_strdup_printf("auth_url=%s/v3/\n%s", openstack_env("KEYSTONE_URL"), ways[i]);
        g_autoptr(Keymgr) keymgr = open_with(options);

        check_fetch(keymgr, known, key, strlen(key));
    }
    check_fetch(with_ready, known, key, strlen(key));
}

static void
test_endpoints_of_the_catalogue(void **state)
{
    g_autofree char *fixed = g_strdup_printf("barbican_endpoint=%s/\n", openstack_env("BARBICAN_URL"));
    g_autoptr(Keymgr) internal = open_as("creator", "demo", "barbican_endpoint_type=internal\n");
    g_autoptr(Keymgr) with_fixed = open_as("creator", "demo", fixed);
    g_autoptr(Keymgr) nowhere = open_as("creator", "demo", "barbican_region_name=Atlantis\n");

    check_fetch(internal, known, key, strlen(key));
    check_fetch(with_fixed, known, key, strlen(key));
    check_refusal(nowhere, known, KEYMGR_ERROR_CONFIG, "key-manager|region Atlantis|public in RegionOne");
}

static void
test_https_with_our_own_authority(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("keymgr-ca-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *pem = NULL;
    g_autofree char *base = g_strdup_printf(
        "auth_url=%s\nusername=creator\npassword=%s\nuser_domain_id=default\nregion_name=TLS\n",
        openstack_env("KEYSTONE_TLS_URL"), openstack_env("FIXTURE_PASSWORD"));
    const char *ca = openstack_env("CA_FILE");
    char *trusted[] = {
        g_strdup_printf("%scafile=%s\n", base, ca),
        g_strdup_printf("%sverify_ssl_path=%s\n", base, ca),
        g_strdup_printf("%sverify_ssl_path=%s\n", base, folder),
        g_strdup_printf("%sinsecure=true\n", base),
        g_strdup_printf("%sverify_ssl=false\n", base),
    };
    g_autoptr(Keymgr) untrusted = open_with(base);
    gsize i;

    assert_true(g_file_get_contents(ca, &pem, NULL, NULL));
    assert_true(g_file_set_contents(file, pem, -1, NULL));
    for (i = 0; i < G_N_ELEMENTS(trusted); i++) {
        g_autoptr(Keymgr) keymgr = open_with(trusted[i]);

        check_fetch(keymgr, known, key, strlen(key));
        g_free(trusted[i]);
    }
    check_refusal(untrusted, known, KEYMGR_ERROR_TLS, "Keystone at https");
    g_unlink(file);
    g_rmdir(folder);
}

static void
test_the_wrong_protocol_ends_in_time(void **state)
{
    g_autofree char *https = g_strdup_printf("auth_url=https%s\nuser_id=u\npassword=x\nconnect_timeout=1\n",
                                             openstack_env("KEYSTONE_URL") + strlen("http"));
    g_autofree char *http = g_strdup_printf("auth_url=http%s\nuser_id=u\npassword=x\n",
                                            openstack_env("KEYSTONE_TLS_URL") + strlen("https"));
    g_autoptr(Keymgr) to_plain_port = open_with(https);
    g_autoptr(Keymgr) to_tls_port = open_with(http);

    check_refusal(to_plain_port, known, KEYMGR_ERROR_TIMEOUT, "Keystone at https");
    check_refusal(to_tls_port, known, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http:");
}

static void
test_secrets_that_cannot_be_had(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *empty = openstack_store("\"name\":\"empty\"");
    g_autofree char *not_base64 = openstack_store("\"payload\":\"!!!\",\"payload_content_type\":"
                                                  "\"application/octet-stream\","
                                                  "\"payload_content_encoding\":\"base64\"");
    g_autofree char *gone = openstack_store_bytes("opaque", key, strlen(key));
    g_autofree char *url = g_strdup_printf("%s/v1/secrets/%s", openstack_env("BARBICAN_URL"), gone);

    g_free(openstack_request("DELETE", url, "creator", "", NULL, 0, 204));
    check_refusal(keymgr, "00000000-0000-4000-8000-000000000000", KEYMGR_ERROR_NOT_FOUND,
                  "00000000-0000-4000-8000-000000000000|HTTP 404|Secret not found.|expired or was deleted");
    check_refusal(keymgr, gone, KEYMGR_ERROR_NOT_FOUND, "HTTP 404");
    check_refusal(keymgr, empty, KEYMGR_ERROR_NO_PAYLOAD, "HTTP 404|has no payload");
    check_refusal(keymgr, not_base64, KEYMGR_ERROR_NO_PAYLOAD, "HTTP 204|empty");
}

static void
test_a_secret_that_expires_is_gone(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    gint64 end = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) soon = g_date_time_add_seconds(now, 5);
    g_autofree char *when = g_date_time_format(soon, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *members = g_strdup_printf("\"payload\":\"x\",\"payload_content_type\":\"text/plain\","
                                               "\"expiration\":\"%s\"", when);
    g_autofree char *expiring = openstack_store(members);
    GPtrArray *secrets;

    check_fetch(keymgr, expiring, "x", 1);
    while ((secrets = fetch(keymgr, expiring, NULL)) && g_get_monotonic_time() < end) {
        g_ptr_array_unref(secrets);
        g_usleep(250000);
    }
    check_refusal(keymgr, expiring, KEYMGR_ERROR_NOT_FOUND, "HTTP 404|expired");
}

static void
test_one_missing_secret_leaves_nothing(void **state)
{
    const char *const references[] = { known, "00000000-0000-4000-8000-000000000000", known, NULL };
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "00000000-0000-4000-8000-000000000000");
}

static void
test_descriptions_and_lists(void **state)
{
    g_autoptr(Keymgr) audit = open_as("audit", "demo", "");
    g_autoptr(Keymgr) creator = open_as("creator", "demo", "");
    g_autofree char *id = openstack_store("\"name\":\"a name & more\",\"secret_type\":\"symmetric\","
                                          "\"algorithm\":\"aes\",\"bit_length\":256,"
                                          "\"expiration\":\"2099-01-01T00:00:00\"");
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrInfo) info = keymgr_describe(audit, id, NULL, &error);
    g_autoptr(GPtrArray) named = NULL;
    g_autoptr(GPtrArray) all = NULL;

    assert_non_null(info);
    assert_string_equal(info->id, id);
    assert_string_equal(info->name, "a name & more");
    assert_string_equal(info->type, "symmetric");
    assert_string_equal(info->status, "ACTIVE");
    assert_string_equal(info->expiration, "2099-01-01T00:00:00Z");
    assert_string_equal(info->algorithm, "aes");
    assert_int_equal(info->bit_length, 256);
    assert_false(info->has_payload);
    named = keymgr_test_list(creator, "a name & more", &error);
    if (!named)
        fail_msg("%s", error->message);
    assert_int_equal(named->len, 1);
    all = keymgr_list(creator, NULL, NULL, NULL, &error);
    assert_non_null(all);
    assert_true(all->len > 10);
    /* audit may read descriptions, but not list them. */
    assert_null(keymgr_list(audit, NULL, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "the list of secrets|HTTP 403");
}

static void
test_what_is_stored_can_be_fetched_and_deleted(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    const KeymgrNewSecret description = { .name = "stored \"here\"", .type = "symmetric", .algorithm = "aes",
                                          .bit_length = 256, .expiration = "2099-01-01T00:00:00Z" };
    g_autoptr(KeymgrSecret) value = keymgr_secret_new(" white space \0 kept\n", 20);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, &error);
    g_autoptr(KeymgrInfo) info = NULL;

    if (!id)
        fail_msg("%s", error->message);
    check_fetch(keymgr, id, " white space \0 kept\n", 20);
    info = keymgr_describe(keymgr, id, NULL, &error);
    assert_string_equal(info->name, "stored \"here\"");
    assert_string_equal(info->type, "symmetric");
    assert_string_equal(info->expiration, "2099-01-01T00:00:00Z");
    assert_int_equal(info->bit_length, 256);
    assert_true(keymgr_delete(keymgr, id, NULL, &error));
    assert_false(keymgr_delete(keymgr, id, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "deleting secret|HTTP 404");
}

static void
test_a_store_that_fails_leaves_nothing(void **state)
{
    g_autoptr(Keymgr) creator = open_as("creator", "demo", "");
    g_autoptr(Keymgr) observer = open_as("observer", "demo", "");
    g_autofree char *bytes = g_malloc0(20001);
    g_autoptr(KeymgrSecret) too_big = keymgr_secret_new(bytes, 20001);
    g_autoptr(KeymgrSecret) small = keymgr_secret_new("x", 1);
    g_autoptr(KeymgrSecret) empty = keymgr_secret_new("", 0);
    const KeymgrNewSecret description = { .name = "too big" };
    const KeymgrNewSecret wrong = { .name = "too big", .type = "nonsense" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) left = NULL;

    assert_null(keymgr_store(creator, &description, too_big, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "storing the payload|HTTP 413");
    assert_null(keymgr_store(observer, &description, small, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "storing a secret|HTTP 403");
    assert_null(keymgr_store(creator, &wrong, small, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "storing a secret|HTTP 400|nonsense");
    assert_null(keymgr_store(creator, &description, empty, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_SECRET, "empty");
    left = keymgr_test_list(creator, "too big", &error);
    assert_non_null(left);
    assert_int_equal(left->len, 0);
}

static void
test_a_check_says_what_was_reached_as_whom(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("norole", "demo", "");
    g_autofree char *bad_token = g_strdup_printf("auth_type=token\ntoken=nonsense\nbarbican_endpoint=%s\n",
                                                 openstack_env("BARBICAN_URL"));
    g_autoptr(Keymgr) refused = open_with(bad_token);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = keymgr_check(keymgr, NULL, &error);

    if (!text)
        fail_msg("%s", error->message);
    assert_non_null(strstr(text, openstack_env("BARBICAN_URL")));
    assert_non_null(strstr(text, "user norole, project demo"));
    assert_null(keymgr_check(refused, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|its version");
}

static void
test_a_container_gives_its_secrets_in_order(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *one = openstack_store_bytes("opaque", "one", 3);
    g_autofree char *two = openstack_store_bytes("opaque", "two", 3);
    const char *base = openstack_env("BARBICAN_URL");
    g_autofree char *url = g_strconcat(base, "/v1/containers", NULL);
    g_autofree char *body = g_strdup_printf("{\"name\":\"pieces\",\"type\":\"generic\",\"secret_refs\":["
                                            "{\"name\":\"2\",\"secret_ref\":\"%s/v1/secrets/%s\"},"
                                            "{\"name\":\"1\",\"secret_ref\":\"%s/v1/secrets/%s\"}]}",
                                            base, two, base, one);
    g_autofree char *answer = openstack_request("POST", url, "creator", "application/json", body, strlen(body),
                                                201);
    g_autofree char *href = g_strdup_printf("%s/%.36s", url, strrchr(answer, '/') + 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = fetch(keymgr, href, &error);

    if (!secrets)
        fail_msg("%s", error->message);
    assert_int_equal(secrets->len, 2);
    keymgr_test_bytes(secrets, 0, "one", 3);
    keymgr_test_bytes(secrets, 1, "two", 3);
}

static void
test_faults_of_the_services(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "timeout=2\n");
    g_autoptr(Keymgr) patient = open_as("creator", "demo", "status_code_retries=2\nstatus_code_retry_delay=0.1\n");

    openstack_fault("keystone", "500", "0", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_HTTP, "Keystone at http|HTTP 500");
    openstack_fault("keystone", "404", "0", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_HTTP, "HTTP 404|auth_url");
    openstack_fault("keystone", "0", "4", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_TIMEOUT, "Keystone at http");
    check_fetch(keymgr, known, key, strlen(key));
    openstack_fault("barbican", "503", "0", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_HTTP, "Barbican at http|HTTP 503");
    openstack_fault("barbican", "410", "0", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_NOT_FOUND, "HTTP 410");
    openstack_fault("barbican", "0", "4", 1);
    check_refusal(keymgr, known, KEYMGR_ERROR_TIMEOUT, "Barbican at http|secret ");
    openstack_fault("barbican", "503", "0", 2);
    check_fetch(patient, known, key, strlen(key));
    openstack_fault("barbican", "401", "0", 1);
    check_fetch(keymgr, known, key, strlen(key));
    openstack_fault("barbican", "401", "0", 2);
    check_refusal(keymgr, known, KEYMGR_ERROR_AUTH, "HTTP 401|with a new token too");
}

/* The admin disables a user, which revokes the user's tokens, and enables him
 * again. Barbican asks Keystone about every request here. */
static void
test_a_revoked_token_is_replaced(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autofree char *url = g_strdup_printf("%s/v3/users/%s", openstack_env("KEYSTONE_URL"),
                                           openstack_env("CREATOR_ID"));
    const char *off = "{\"user\":{\"enabled\":false}}";
    const char *on = "{\"user\":{\"enabled\":true}}";
    guint logins;

    check_fetch(keymgr, known, key, strlen(key));
    g_free(openstack_request("PATCH", url, "admin", "application/json", off, strlen(off), 200));
    check_refusal(keymgr, known, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 401");
    g_free(openstack_request("PATCH", url, "admin", "application/json", on, strlen(on), 200));
    g_usleep(1500000); /* Keystone revokes what was issued in that second too */
    logins = openstack_count("keystone", "POST /v3/auth/tokens", NULL);
    check_fetch(keymgr, known, key, strlen(key));
    assert_int_equal(openstack_count("keystone", "POST /v3/auth/tokens", NULL), logins + 1);
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
    Six six = { .keymgr = open_as("creator", "demo", "") };
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
test_a_service_token(void **state)
{
    g_autofree char *options = g_strdup_printf("send_service_user_token=true\n[barbican_service_user]\n"
                                               "auth_url=%s\nusername=svc\npassword=%s\nuser_domain_id=default\n"
                                               "project_name=service\nproject_domain_id=default\n",
                                               openstack_env("KEYSTONE_URL"), openstack_env("FIXTURE_PASSWORD"));
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", options);

    check_fetch(keymgr, known, key, strlen(key));
}

static void
test_a_token_is_renewed_before_it_ends(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("observer", "demo", "");
    guint refusals;

    openstack_restart("4");
    refusals = openstack_count("barbican", "GET /v1/secrets/", "401");
    check_fetch(keymgr, known, key, strlen(key));
    g_usleep(5 * G_USEC_PER_SEC);
    check_fetch(keymgr, known, key, strlen(key));
    assert_int_equal(openstack_count("barbican", "GET /v1/secrets/", "401"), refusals);
}

/* Last: stops both services, and starts them again on the same ports. */
static void
test_stopped_services_and_started_again(void **state)
{
    g_autoptr(Keymgr) keymgr = open_as("creator", "demo", "");
    g_autoptr(Keymgr) fresh = open_as("creator", "demo", "");

    check_fetch(keymgr, known, key, strlen(key));
    g_free(openstack_fixture("down", NULL, NULL, NULL));
    check_refusal(keymgr, known, KEYMGR_ERROR_UNAVAILABLE, "at http://127.0.0.1");
    check_refusal(fresh, known, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http");
    g_free(openstack_fixture("up", NULL, NULL, NULL));
    check_fetch(keymgr, known, key, strlen(key));
    check_fetch(fresh, known, key, strlen(key));
}

static int
store_known(void **state)
{
    known = openstack_store_bytes("symmetric", key, strlen(key));
    return 0;
}

static int
free_known(void **state)
{
    g_free(known);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_of_secret_comes_out_byte_for_byte),
        cmocka_unit_test(test_the_biggest_payload_comes_out),
        cmocka_unit_test(test_references_in_capitals_and_as_urls),
        cmocka_unit_test(test_who_may_read),
        cmocka_unit_test(test_wrong_credentials),
        cmocka_unit_test(test_ways_to_authenticate),
        cmocka_unit_test(test_endpoints_of_the_catalogue),
        cmocka_unit_test(test_https_with_our_own_authority),
        cmocka_unit_test(test_the_wrong_protocol_ends_in_time),
        cmocka_unit_test(test_secrets_that_cannot_be_had),
        cmocka_unit_test(test_a_secret_that_expires_is_gone),
        cmocka_unit_test(test_one_missing_secret_leaves_nothing),
        cmocka_unit_test(test_descriptions_and_lists),
        cmocka_unit_test(test_what_is_stored_can_be_fetched_and_deleted),
        cmocka_unit_test(test_a_store_that_fails_leaves_nothing),
        cmocka_unit_test(test_a_check_says_what_was_reached_as_whom),
        cmocka_unit_test(test_a_container_gives_its_secrets_in_order),
        cmocka_unit_test(test_faults_of_the_services),
        cmocka_unit_test(test_a_revoked_token_is_replaced),
        cmocka_unit_test(test_six_secrets_from_eight_threads),
        cmocka_unit_test(test_a_service_token),
        cmocka_unit_test(test_a_token_is_renewed_before_it_ends),
        cmocka_unit_test(test_stopped_services_and_started_again),
    };

    return cmocka_run_group_tests(tests, store_known, free_known);
}
