/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets changed in a real Barbican, described and listed.
 */
#include "tests/keymgr/openstack_tests.h"

#include <string.h>

#include "tests/keymgr/keymgr_test.h"
#include "tests/keymgr/openstack.h"

static void
test_descriptions_and_lists(void **state)
{
    g_autoptr(Keymgr) audit = openstack_open_as("audit", "demo", "");
    g_autoptr(Keymgr) creator = openstack_open_as("creator", "demo", "");
    g_autofree char *id = openstack_store("\"name\":\"100% a name+ & more\",\"secret_type\":\"symmetric\","
                                          "\"algorithm\":\"aes\",\"bit_length\":256,\"mode\":\"cbc\","
                                          "\"expiration\":\"2099-01-01T00:00:00\"");
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrInfo) info = keymgr_describe(audit, id, NULL, &error);
    g_autoptr(GPtrArray) named = NULL;
    g_autoptr(GPtrArray) all = NULL;

    assert_non_null(info);
    assert_string_equal(info->id, id);
    assert_string_equal(info->name, "100% a name+ & more");
    assert_string_equal(info->type, "symmetric");
    assert_string_equal(info->status, "ACTIVE");
    assert_string_equal(info->expiration, "2099-01-01T00:00:00Z");
    assert_string_equal(info->algorithm, "aes");
    assert_int_equal(info->bit_length, 256);
    assert_string_equal(info->mode, "cbc");
    assert_string_equal(info->creator, openstack_env("CREATOR_ID"));
    assert_true(g_str_has_suffix(info->created, "Z"));
    assert_true(g_str_has_suffix(info->updated, "Z"));
    assert_null(info->content_type);
    assert_false(info->has_payload);
    named = keymgr_test_list(creator, "100% a name+ & more", &error);
    if (!named)
        fail_msg("%s", error->message);
    assert_int_equal(named->len, 1);
    assert_true(keymgr_delete(creator, id, NULL, &error));
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
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    const KeymgrNewSecret description = { .name = "stored \"here\"", .type = "symmetric", .algorithm = "aes",
                                          .bit_length = 256, .mode = "ctr",
                                          .expiration = "2099-01-01T00:00:00Z" };
    g_autoptr(KeymgrSecret) value = keymgr_secret_new(" white space \0 kept\n", 20);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, &error);
    g_autoptr(KeymgrInfo) info = NULL;

    if (!id)
        fail_msg("%s", error->message);
    openstack_check_fetch(keymgr, id, " white space \0 kept\n", 20);
    info = keymgr_describe(keymgr, id, NULL, &error);
    assert_string_equal(info->name, "stored \"here\"");
    assert_string_equal(info->type, "symmetric");
    assert_string_equal(info->expiration, "2099-01-01T00:00:00Z");
    assert_string_equal(info->mode, "ctr");
    assert_string_equal(info->content_type, "application/octet-stream");
    assert_int_equal(info->bit_length, 256);
    assert_true(keymgr_delete(keymgr, id, NULL, &error));
    assert_false(keymgr_delete(keymgr, id, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "deleting secret|HTTP 404");
}

static void
test_a_store_that_fails_leaves_nothing(void **state)
{
    g_autoptr(Keymgr) creator = openstack_open_as("creator", "demo", "");
    g_autoptr(Keymgr) observer = openstack_open_as("observer", "demo", "");
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
test_a_description_first_and_its_payload_later(void **state)
{
    g_autoptr(Keymgr) creator = openstack_open_as("creator", "demo", "");
    g_autoptr(Keymgr) observer = openstack_open_as("observer", "demo", "");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new(" later\0 ", 8);
    g_autoptr(KeymgrSecret) other = keymgr_secret_new("other", 5);
    g_autofree char *big = g_malloc0(20001);
    g_autoptr(KeymgrSecret) too_big = keymgr_secret_new(big, 20001);
    const KeymgrNewSecret description = { .name = "two steps" };
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(creator, &description, NULL, NULL, &error);

    if (!id)
        fail_msg("%s", error->message);
    openstack_check_refusal(creator, id, KEYMGR_ERROR_NO_PAYLOAD, "has no payload");
    assert_false(keymgr_set_payload(observer, id, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "storing the payload of secret|HTTP 403");
    assert_false(keymgr_set_payload(creator, id, too_big, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "HTTP 413");
    assert_true(keymgr_set_payload(creator, id, value, NULL, &error));
    openstack_check_fetch(creator, id, " later\0 ", 8);
    assert_false(keymgr_set_payload(creator, id, other, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_EXISTS, "HTTP 409|already has data");
    openstack_check_fetch(creator, id, " later\0 ", 8);
    assert_false(keymgr_set_payload(creator, "http://h/v1/containers/00000000-0000-4000-8000-000000000000", value,
                                    NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "container");
    assert_true(keymgr_delete(creator, id, NULL, &error));
}

static GPtrArray *
page(Keymgr *keymgr, const char *name, guint offset, guint limit, guint *total)
{
    const KeymgrListOptions options = { name, offset, limit };
    g_autoptr(GError) error = NULL;
    GPtrArray *infos = keymgr_list(keymgr, &options, total, NULL, &error);

    if (!infos)
        fail_msg("%s", error->message);
    return infos;
}

static void
test_a_list_in_pages_has_each_secret_once(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    const KeymgrNewSecret description = { .name = openstack_tls ? "paged, https" : "paged, http" };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) beyond = NULL;
    guint total = 0;
    guint offset;
    guint i;

    for (i = 0; i < 5; i++)
        g_free(keymgr_store(keymgr, &description, NULL, NULL, NULL));
    for (offset = 0; offset < 6; offset += 2) {
        g_autoptr(GPtrArray) infos = page(keymgr, description.name, offset, 2, &total);

        assert_int_equal(total, 5);
        assert_int_equal(infos->len, offset < 4 ? 2 : 1);
        for (i = 0; i < infos->len; i++)
            assert_true(g_hash_table_add(seen, g_strdup(((KeymgrInfo *)g_ptr_array_index(infos, i))->id)));
    }
    beyond = page(keymgr, description.name, 100, 0, &total);
    assert_int_equal(beyond->len, 0);
    assert_int_equal(g_hash_table_size(seen), 5);
}

/* A container without secrets. */
static const char no_secrets[] = "{\"type\":\"generic\",\"secret_refs\":[]}";

static void
set_acl(const char *kind, const char *id, const char *acl)
{
    g_autofree char *url = g_strdup_printf("%s/v1/%s/%s/acl", openstack_url("BARBICAN"), kind, id);

    g_free(openstack_request("PUT", url, "creator", "application/json", acl, strlen(acl), 200));
}

static void
test_acls_of_secrets_and_containers(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autoptr(Keymgr) stranger = openstack_open_as("stranger", "other", "");
    g_autofree char *id = openstack_store_bytes("opaque", "x", 1);
    g_autofree char *url = g_strconcat(openstack_url("BARBICAN"), "/v1/containers", NULL);
    g_autofree char *answer = openstack_request("POST", url, "creator", "application/json",
                                                no_secrets, strlen(no_secrets), 201);
    g_autofree char *href = openstack_json(answer, NULL, "container_ref");
    g_autofree char *closed = g_strdup_printf("{\"read\":{\"users\":[\"%s\",\"abc\"],\"project-access\":false}}",
                                              openstack_env("ADMIN_ID"));
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrAcl) first = keymgr_get_acl(keymgr, id, NULL, &error);
    g_autoptr(KeymgrAcl) second = NULL;
    g_autoptr(KeymgrAcl) of_container = NULL;

    assert_non_null(first);
    assert_true(first->project_access);
    assert_null(first->users[0]);
    assert_null(first->created);
    set_acl("secrets", id, closed);
    set_acl("containers", strrchr(href, '/') + 1, closed);
    second = keymgr_get_acl(keymgr, id, NULL, &error);
    of_container = keymgr_get_acl(keymgr, href, NULL, &error);
    assert_non_null(second);
    assert_false(second->project_access);
    assert_int_equal(g_strv_length(second->users), 2);
    assert_true(g_strv_contains((const char *const *)second->users, openstack_env("ADMIN_ID")));
    assert_true(g_str_has_suffix(second->created, "Z"));
    assert_non_null(of_container);
    assert_false(of_container->project_access);
    assert_null(keymgr_get_acl(stranger, id, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "secret |HTTP 403");
}

static guint
count_consumers(Keymgr *keymgr, const char *reference)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) consumers = keymgr_list_consumers(keymgr, reference, NULL, &error);

    if (!consumers)
        fail_msg("%s", error->message);
    return consumers->len;
}

static void
test_consumers_of_secrets(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autoptr(Keymgr) audit = openstack_open_as("audit", "demo", "");
    g_autofree char *one = openstack_store_bytes("opaque", "1", 1);
    g_autofree char *two = openstack_store_bytes("opaque", "2", 1);
    const char *const both[] = { one, two, NULL };
    const char *const bad[] = { one, "00000000-0000-4000-8000-000000000000", two, NULL };
    const KeymgrConsumer consumer = { (char *)"a \"service\"", (char *)"domain",
                                      (char *)"11111111-2222-4333-8444-555555555555" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) listed = NULL;
    const KeymgrConsumer *first;

    assert_false(keymgr_add_consumer(keymgr, bad, &consumer, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "registering a consumer of secret 00000000|HTTP 404");
    assert_int_equal(count_consumers(keymgr, one) + count_consumers(keymgr, two), 0);
    assert_true(keymgr_add_consumer(keymgr, both, &consumer, NULL, &error));
    assert_true(keymgr_add_consumer(keymgr, both, &consumer, NULL, &error)); /* stays one */
    listed = keymgr_list_consumers(audit, two, NULL, NULL);
    if (!listed)
        listed = keymgr_list_consumers(keymgr, two, NULL, &error);
    assert_int_equal(listed->len, 1);
    /* What was there before is not taken back. */
    assert_false(keymgr_add_consumer(keymgr, bad, &consumer, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "secret 00000000");
    assert_int_equal(count_consumers(keymgr, one), 1);
    first = g_ptr_array_index(listed, 0);
    assert_string_equal(first->service, consumer.service);
    assert_string_equal(first->resource_type, consumer.resource_type);
    assert_string_equal(first->resource_id, consumer.resource_id);
    assert_false(keymgr_remove_consumer(keymgr, bad, &consumer, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "removing a consumer of secret 00000000");
    assert_int_equal(count_consumers(keymgr, one) + count_consumers(keymgr, two), 0);
    openstack_check_fetch(keymgr, one, "1", 1);
}

static void
test_consumers_of_containers(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *url = g_strconcat(openstack_url("BARBICAN"), "/v1/containers", NULL);
    g_autofree char *answer = openstack_request("POST", url, "creator", "application/json",
                                                no_secrets, strlen(no_secrets), 201);
    g_autofree char *href = openstack_json(answer, NULL, "container_ref");
    const char *const references[] = { href, NULL };
    const KeymgrConsumer consumer = { (char *)"libvirt-msvm", NULL, (char *)"https://host.example/vm" };
    const KeymgrConsumer of_secret = { (char *)"libvirt-msvm", (char *)"domain", (char *)"x" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) listed = NULL;

    assert_true(keymgr_add_consumer(keymgr, references, &consumer, NULL, &error));
    listed = keymgr_list_consumers(keymgr, href, NULL, &error);
    assert_int_equal(listed->len, 1);
    assert_string_equal(((KeymgrConsumer *)g_ptr_array_index(listed, 0))->resource_id, consumer.resource_id);
    assert_null(((KeymgrConsumer *)g_ptr_array_index(listed, 0))->resource_type);
    assert_true(keymgr_remove_consumer(keymgr, references, &consumer, NULL, &error));
    assert_int_equal(count_consumers(keymgr, href), 0);
    assert_false(keymgr_add_consumer(keymgr, references, &of_secret, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "container");
}

static void
test_a_quota_is_a_limit_and_not_a_matter_of_roles(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *url = g_strdup_printf("%s/v1/project-quotas/%s", openstack_url("BARBICAN"),
                                           openstack_env("DEMO_PROJECT_ID"));
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    static const char quota[] = "{\"project_quotas\":{\"secrets\":1}}";
    const KeymgrNewSecret description = { .name = "over quota" };
    g_autoptr(GError) error = NULL;
    g_autofree char *id = NULL;

    g_free(openstack_request("PUT", url, "admin", "application/json", quota, strlen(quota), 204));
    id = keymgr_store(keymgr, &description, value, NULL, &error);
    g_free(openstack_request("DELETE", url, "admin", "", NULL, 0, 204));
    assert_null(id);
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "storing a secret|HTTP 403|quota");
}

/* What each role may do beside reading: creator all, the others nothing. */
static void
test_who_may_change(void **state)
{
    static const char *const users[] = { "observer", "audit", "member", "norole" };
    g_autofree char *id = openstack_store_bytes("opaque", "x", 1);
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    const KeymgrNewSecret description = { .name = "not allowed" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autoptr(Keymgr) keymgr = openstack_open_as(users[i], "demo", "");
        g_autoptr(GError) error = NULL;

        assert_null(keymgr_store(keymgr, &description, value, NULL, &error));
        keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "storing a secret|HTTP 403");
        assert_false(keymgr_delete(keymgr, id, NULL, &error));
        keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "deleting secret|HTTP 403");
    }
}

const struct CMUnitTest openstack_store_tests[] = {
    cmocka_unit_test(test_descriptions_and_lists),
    cmocka_unit_test(test_what_is_stored_can_be_fetched_and_deleted),
    cmocka_unit_test(test_a_store_that_fails_leaves_nothing),
    cmocka_unit_test(test_a_description_first_and_its_payload_later),
    cmocka_unit_test(test_a_list_in_pages_has_each_secret_once),
    cmocka_unit_test(test_acls_of_secrets_and_containers),
    cmocka_unit_test(test_consumers_of_secrets),
    cmocka_unit_test(test_consumers_of_containers),
    cmocka_unit_test(test_a_quota_is_a_limit_and_not_a_matter_of_roles),
    cmocka_unit_test(test_who_may_change),
    { NULL },
};
