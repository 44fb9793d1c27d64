/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication and discovery, against a real Keystone.
 */
#include "tests/keymgr/openstack_tests.h"

#include <string.h>

#include <glib/gstdio.h>

#include "tests/keymgr/keymgr_test.h"
#include "tests/keymgr/openstack.h"

static void
test_wrong_credentials(void **state)
{
    g_autoptr(Keymgr) user = openstack_open_as("nobody", "demo", "");
    g_autoptr(Keymgr) project = openstack_open_as("creator", "nowhere", "");
    g_autoptr(Keymgr) role = openstack_open_as("stranger", "demo", "");
    g_autofree char *options = g_strdup_printf("auth_url=%s\nusername=creator\npassword=wrong\n"
                                               "user_domain_id=default\n", openstack_url("KEYSTONE"));
    g_autoptr(Keymgr) password = openstack_open(options);

    openstack_check_refusal(user, openstack_known, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 401|user nobody");
    openstack_check_refusal(project, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401|project nowhere");
    openstack_check_refusal(role, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401");
    openstack_check_refusal(password, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401|user creator");
}

static void
test_endpoints_of_the_catalogue(void **state)
{
    g_autofree char *fixed = g_strdup_printf("barbican_endpoint=%s/\n", openstack_url("BARBICAN"));
    g_autoptr(Keymgr) internal = openstack_open_as("creator", "demo", "barbican_endpoint_type=internal\n");
    g_autoptr(Keymgr) with_fixed = openstack_open_as("creator", "demo", fixed);
    g_autoptr(Keymgr) nowhere = openstack_open_as("creator", "demo", "barbican_region_name=Atlantis\n");

    openstack_check_known(internal);
    openstack_check_known(with_fixed);
    openstack_check_refusal(nowhere, openstack_known, KEYMGR_ERROR_CONFIG, "key-manager|region Atlantis|public in RegionOne");
}

static void
test_a_check_says_what_was_reached_as_whom(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("norole", "demo", "");
    g_autofree char *bad_token = g_strdup_printf("auth_type=token\ntoken=nonsense\nbarbican_endpoint=%s\n",
                                                 openstack_url("BARBICAN"));
    g_autoptr(Keymgr) refused = openstack_open(bad_token);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = keymgr_check(keymgr, NULL, &error);

    if (!text)
        fail_msg("%s", error->message);
    assert_non_null(strstr(text, openstack_url("BARBICAN")));
    assert_non_null(strstr(text, "user norole (domain Default), project demo (domain Default)"));
    assert_null(keymgr_check(refused, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|its version");
}

/* lines: a whole [barbican] but for the auth_url. However creator logs in, a
 * check says as whom and in which project. */
static void
check_way(const char *lines)
{
    g_autofree char *options = g_strdup_printf("auth_url=%s/v3/\n%s", openstack_url("KEYSTONE"), lines);
    g_autoptr(Keymgr) keymgr = openstack_open(options);
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrReached) reached = keymgr_reach(keymgr, NULL, &error);

    openstack_check_known(keymgr);
    if (!reached)
        fail_msg("%s", error->message);
    assert_non_null(strstr(reached->summary, "user creator (domain Default), project demo (domain Default), API 1.1"));
    assert_string_equal(reached->user.id, openstack_env("CREATOR_ID"));
    assert_string_equal(reached->user.name, "creator");
    assert_string_equal(reached->user.domain, "Default");
    assert_string_equal(reached->project.id, openstack_env("DEMO_PROJECT_ID"));
    assert_string_equal(reached->project.name, "demo");
    assert_string_equal(reached->api_version, "1.1");
    assert_true(g_str_has_prefix(reached->url, openstack_url("BARBICAN")));
    assert_true(g_str_has_prefix(reached->auth_url, openstack_url("KEYSTONE")));
}

static void
test_users_by_id_by_name_and_with_their_default_project(void **state)
{
    const char *password = openstack_env("FIXTURE_PASSWORD");
    g_autofree char *by_id = g_strdup_printf("user_id=%s\nproject_id=%s\npassword=%s\n",
                                             openstack_env("CREATOR_ID"), openstack_env("DEMO_PROJECT_ID"),
                                             password);
    g_autofree char *by_name = g_strdup_printf("auth_type=v3password\nuser_name=creator\ntenant_name=demo\n"
                                               "password='%s'\ndefault_domain_name=Default\n", password);
    g_autofree char *default_project = g_strdup_printf("user_id=%s\npassword=%s\n", openstack_env("CREATOR_ID"),
                                                       password);

    check_way(by_id);
    check_way(by_name);
    check_way(default_project);
}

static void
test_application_credentials_by_id_and_by_name_with_their_user(void **state)
{
    static const char head[] = "auth_type=v3applicationcredential\napplication_credential_secret=";
    const char *password = openstack_env("FIXTURE_PASSWORD");
    g_autofree char *id = g_strdup_printf("%s%s\napplication_credential_id=%s\nproject_name=demo\n"
                                          "project_domain_id=default\n", head, password,
                                          openstack_env("APP_CRED_ID"));
    g_autofree char *user_id = g_strdup_printf("%s%s\napplication_credential_name=fixture\nuser_id=%s\n", head,
                                               password, openstack_env("CREATOR_ID"));
    g_autofree char *user_name = g_strdup_printf("%s%s\napplication_credential_name=fixture\nusername=creator\n"
                                                 "user_domain_name=Default\n", head, password);
    g_autofree char *wrong = g_strdup_printf("auth_url=%s\n%swrong\napplication_credential_id=%s\n",
                                             openstack_url("KEYSTONE"), head, openstack_env("APP_CRED_ID"));
    g_autoptr(Keymgr) refused = openstack_open(wrong);

    check_way(id);
    check_way(user_id);
    check_way(user_name);
    openstack_check_refusal(refused, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401|application credential");
}

static char *
token_of(const char *user)
{
    return openstack_fixture("token", user, NULL, NULL);
}

static void
test_tokens_ready_made_and_exchanged(void **state)
{
    g_autofree char *token = token_of("creator");
    g_autofree char *exchanged = g_strdup_printf("auth_type=v3token\ntoken=%s\nproject_id=%s\n", token,
                                                 openstack_env("DEMO_PROJECT_ID"));
    g_autofree char *ready = g_strdup_printf("auth_type=token\ntoken=%s\nbarbican_endpoint=%s/v1\n", token,
                                             openstack_url("BARBICAN"));
    g_autoptr(Keymgr) with_ready = openstack_open(ready);

    check_way(exchanged);
    openstack_check_known(with_ready);
}

static void
revoke_token(const char *user, const char *token)
{
    g_autofree char *url = g_strconcat(openstack_url("KEYSTONE"), "/v3/auth/tokens", NULL);
    g_autofree char *subject = g_strconcat("X-Subject-Token: ", token, NULL);

    g_free(openstack_request_with("DELETE", url, user, subject, 204));
}

static void
test_a_revoked_token_is_refused_and_not_renewed(void **state)
{
    g_autofree char *token = token_of("observer");
    g_autofree char *ready = g_strdup_printf("auth_type=token\ntoken=%s\nbarbican_endpoint=%s\n", token,
                                             openstack_url("BARBICAN"));
    g_autofree char *exchanged = g_strdup_printf("auth_type=token\ntoken=%s\nauth_url=%s\nproject_id=%s\n",
                                                 token, openstack_url("KEYSTONE"),
                                                 openstack_env("DEMO_PROJECT_ID"));
    g_autoptr(Keymgr) with_ready = openstack_open(ready);
    g_autoptr(Keymgr) with_exchanged = openstack_open(exchanged);
    g_autoptr(GError) error = NULL;

    openstack_check_known(with_ready);
    revoke_token("admin", token);
    assert_null(openstack_fetch(with_ready, openstack_known, &error));
    assert_null(strstr(error->message, token));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "HTTP 401|the token cannot be renewed");
    assert_null(openstack_fetch(with_exchanged, openstack_known, &error));
    assert_null(strstr(error->message, token));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 404|validate token|it has ended or was revoked");
}

/* The UUID of a trust in which creator lets stranger, of another project, act
 * for him. Caller frees. */
static char *
make_trust(void)
{
    g_autofree char *users = g_strconcat(openstack_url("KEYSTONE"), "/v3/users?name=stranger", NULL);
    g_autofree char *found = openstack_request("GET", users, "admin", "", NULL, 0, 200);
    const char *list = strstr(found, "\"users\": [");
    g_autofree char *stranger = NULL;
    g_autofree char *body = NULL;
    g_autofree char *answer = NULL;
    g_autofree char *url = g_strconcat(openstack_url("KEYSTONE"), "/v3/OS-TRUST/trusts", NULL);

    assert_non_null(list);
    stranger = openstack_json(list + strlen("\"users\": ["), NULL, "id");
    body = g_strdup_printf("{\"trust\":{\"trustor_user_id\":\"%s\",\"trustee_user_id\":\"%s\","
                           "\"project_id\":\"%s\",\"impersonation\":true,\"roles\":[{\"name\":\"creator\"}]}}",
                           openstack_env("CREATOR_ID"), stranger, openstack_env("DEMO_PROJECT_ID"));
    answer = openstack_request("POST", url, "creator", "application/json", body, strlen(body), 201);
    return openstack_json(answer, "trust", "id");
}

static void
test_a_trust_lets_a_stranger_act(void **state)
{
    g_autofree char *trust = make_trust();
    g_autofree char *lines = openstack_user("stranger");
    g_autofree char *with = g_strdup_printf("%strust_id=%s\n", lines, trust);
    g_autofree char *unknown = g_strdup_printf("%strust_id=0123456789abcdef0123456789abcdef\n", lines);
    g_autoptr(Keymgr) trusted = openstack_open(with);
    g_autoptr(Keymgr) untrusted = openstack_open(lines);
    g_autoptr(Keymgr) wrong = openstack_open(unknown);

    openstack_check_known(trusted);
    openstack_check_refusal(untrusted, openstack_known, KEYMGR_ERROR_ACCESS_DENIED, "HTTP 403");
    assert_null(openstack_fetch(wrong, openstack_known, NULL));
}

/* Such tokens are for no project, and Barbican's secrets belong to projects. */
static void
test_domain_and_system_scope_are_asked_for(void **state)
{
    g_autofree char *lines = openstack_user("admin");
    g_autofree char *system = g_strdup_printf("%ssystem_scope=all\n", lines);
    g_autofree char *domain = g_strdup_printf("%sdomain_id=default\n", lines);
    g_autoptr(Keymgr) with_system = openstack_open(system);
    g_autoptr(Keymgr) with_domain = openstack_open(domain);

    /* Barbican 15 stumbles over a token without a project. */
    openstack_check_refusal(with_system, openstack_known, KEYMGR_ERROR_HTTP, "Barbican at http|HTTP 500");
    /* He has no role there, and Keystone gives no token. */
    openstack_check_refusal(with_domain, openstack_known, KEYMGR_ERROR_AUTH, "Keystone at http|HTTP 401");
}

static void
test_interfaces_are_tried_in_their_order(void **state)
{
    g_autoptr(Keymgr) admin = openstack_open_as("creator", "demo", "interface=admin\n");
    g_autoptr(Keymgr) list = openstack_open_as("creator", "demo", "valid_interfaces=internalURL, public\n");
    g_autoptr(Keymgr) named = openstack_open_as("creator", "demo", "service_name=barbican\n");
    g_autoptr(Keymgr) other_name = openstack_open_as("creator", "demo", "service_name=another\n");
    g_autoptr(Keymgr) other_type = openstack_open_as("creator", "demo", "service_type=identity\n");

    openstack_check_known(admin);
    openstack_check_known(list);
    openstack_check_known(named);
    openstack_check_refusal(other_name, openstack_known, KEYMGR_ERROR_CONFIG, "no key-manager endpoint");
    openstack_check_refusal(other_type, openstack_known, KEYMGR_ERROR_NOT_FOUND, "/v3/v1: secret|HTTP 404");
}

static void
test_what_is_no_barbican_is_said_to_be_something_else(void **state)
{
    g_autofree char *keystone = g_strdup_printf("barbican_endpoint=%s\n", openstack_url("KEYSTONE"));
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", keystone);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_check(keymgr, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "no Barbican with v1, but versions: v3|HTTP 404");
}

static char *
service_user(const char *user, const char *project)
{
    g_autofree char *lines = openstack_user(user);

    return g_strdup_printf("send_service_user_token=true\n[barbican_service_user]\n%sproject_name=%s\n"
                           "project_domain_id=default\n", lines, project);
}

static void
test_a_service_token_goes_along_and_must_be_one(void **state)
{
    g_autofree char *good = service_user("svc", "service");
    g_autofree char *bad = service_user("creator2", "demo");
    g_autoptr(Keymgr) with_good = openstack_open_as("creator", "demo", good);
    g_autoptr(Keymgr) with_bad = openstack_open_as("creator", "demo", bad);

    openstack_check_known(with_good);
    openstack_check_refusal(with_bad, openstack_known, KEYMGR_ERROR_AUTH, "HTTP 401|with a new token too");
}

static void
test_https_with_our_own_authority(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("keymgr-ca-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *pem = NULL;
    g_autofree char *base = g_strdup_printf(
        "[keymgr]\nbackend=barbican\n[barbican]\n"
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
    g_autoptr(Keymgr) untrusted = keymgr_test_new(base);
    gsize i;

    assert_true(g_file_get_contents(ca, &pem, NULL, NULL));
    assert_true(g_file_set_contents(file, pem, -1, NULL));
    for (i = 0; i < G_N_ELEMENTS(trusted); i++) {
        g_autoptr(Keymgr) keymgr = keymgr_test_new(trusted[i]);

        openstack_check_known(keymgr);
        g_free(trusted[i]);
    }
    openstack_check_refusal(untrusted, openstack_known, KEYMGR_ERROR_TLS, "Keystone at https");
    g_unlink(file);
    g_rmdir(folder);
}

const struct CMUnitTest openstack_auth_tests[] = {
    cmocka_unit_test(test_wrong_credentials),
    cmocka_unit_test(test_users_by_id_by_name_and_with_their_default_project),
    cmocka_unit_test(test_application_credentials_by_id_and_by_name_with_their_user),
    cmocka_unit_test(test_tokens_ready_made_and_exchanged),
    cmocka_unit_test(test_a_revoked_token_is_refused_and_not_renewed),
    cmocka_unit_test(test_a_trust_lets_a_stranger_act),
    cmocka_unit_test(test_domain_and_system_scope_are_asked_for),
    cmocka_unit_test(test_endpoints_of_the_catalogue),
    cmocka_unit_test(test_interfaces_are_tried_in_their_order),
    cmocka_unit_test(test_what_is_no_barbican_is_said_to_be_something_else),
    cmocka_unit_test(test_a_check_says_what_was_reached_as_whom),
    cmocka_unit_test(test_a_service_token_goes_along_and_must_be_one),
    cmocka_unit_test(test_https_with_our_own_authority),
    { NULL },
};
