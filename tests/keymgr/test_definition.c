/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions of secrets in a store that has names and metadata: what is
 * asked of it, and what happens when that goes wrong halfway.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "keymgr/keymgr_definition.h"
#include "tests/keymgr/fake_barbican.h"

enum { VTPM = 5 };

/* What the server says to one kind of request. */
typedef struct {
    const char *method;
    const char *path; /* ends like this, without the query */
    guint status;
    const char *body;
} Rule;

static gboolean
answer(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_auto(GStrv) parts = g_strsplit(request->path, "?", 2);
    const Rule *rule;

    for (rule = opaque; rule->method; rule++) {
        if (strcmp(rule->method, request->method) == 0 && g_str_has_suffix(parts[0], rule->path))
            return fake_reply(request, rule->status, JSON, "", rule->body);
    }
    return fake_reply(request, 404, JSON, "", "{\"code\":404,\"title\":\"Not Found\",\"description\":\"\"}");
}

static FakeBarbican *
serve(const Rule *rules)
{
    FakeBarbican *fake = fake_barbican_setup("");

    fake->answer = answer;
    fake->opaque = (gpointer)rules;
    return fake;
}

/* The requests to Barbican, each "METHOD PATH", are these. */
static void
check_requests(FakeBarbican *fake, const char *const *wanted)
{
    guint i;

    assert_int_equal(fake->heads->len, g_strv_length((char **)wanted));
    for (i = 0; i < fake->heads->len; i++) {
        if (!g_str_has_prefix(g_ptr_array_index(fake->heads, i), wanted[i]))
            fail_msg("%s instead of %s", (char *)g_ptr_array_index(fake->heads, i), wanted[i]);
    }
}

#define REF(digit) "\"secret_ref\":\"http://h/v1/secrets/" ID digit "\""
#define CREATED { "POST", "/secrets", 201, "{" REF("0") "}" }
#define DELETED { "DELETE", ID "0", 204, "" }
#define BROKEN "{\"code\":500,\"title\":\"Internal\",\"description\":\"out of order\"}"

static void
test_a_new_definition_costs_two_requests_and_a_plain_one_costs_one(void **state)
{
    static const Rule rules[] = { CREATED, { "PUT", "/metadata", 201, "{\"metadata_ref\":\"x\"}" }, { NULL } };
    static const char *const wanted[] = {
        "POST /v1/secrets ", "PUT /v1/secrets/" ID "0/metadata ", "POST /v1/secrets ", NULL,
    };
    KeymgrDefinition definition = { .usage_type = VTPM, .usage_id = (char *)"vm", .is_private = TRUE };
    FakeBarbican *fake = serve(rules);
    g_autofree char *private = keymgr_define(fake->keymgr, &definition, NULL, NULL, NULL);
    g_autofree char *plain = NULL;

    definition.is_private = FALSE;
    plain = keymgr_define(fake->keymgr, &definition, NULL, NULL, NULL);
    assert_string_equal(private, ID "0");
    assert_string_equal(plain, ID "0");
    check_requests(fake, wanted);
    fake_barbican_free(fake);
}

static void
test_what_fails_halfway_is_taken_back(void **state)
{
    static const Rule rules[] = { CREATED, { "PUT", "/metadata", 500, BROKEN }, DELETED, { NULL } };
    static const char *const wanted[] = {
        "POST /v1/secrets ", "PUT /v1/secrets/" ID "0/metadata ", "DELETE /v1/secrets/" ID "0 ", NULL,
    };
    KeymgrDefinition definition = { .description = (char *)"d", .is_private = TRUE };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_define(fake->keymgr, &definition, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, ID "0|500|out of order");
    check_requests(fake, wanted);
    fake_barbican_free(fake);
}

static void
test_an_id_of_the_authors_choice_costs_no_request(void **state)
{
    static const Rule rules[] = { { NULL } };
    static const char *const wanted[] = { NULL };
    KeymgrDefinition definition = { .id = (char *)ID "0" };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_define(fake->keymgr, &definition, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, ID "0|without a UUID");
    check_requests(fake, wanted);
    fake_barbican_free(fake);
}

static void
test_an_unchanged_definition_costs_no_request(void **state)
{
    static const Rule rules[] = { { NULL } };
    static const char *const wanted[] = { NULL };
    KeymgrDefinition definition = { .id = (char *)ID "0", .description = (char *)"d", .is_private = TRUE };
    FakeBarbican *fake = serve(rules);
    g_autofree char *id = keymgr_define(fake->keymgr, &definition, &definition, NULL, NULL);

    assert_string_equal(id, ID "0");
    check_requests(fake, wanted);
    fake_barbican_free(fake);
}

static void
test_a_secret_that_goes_while_it_is_listed_is_left_out(void **state)
{
    static const Rule rules[] = {
        { "GET", "/secrets", 200, "{\"total\":2,\"secrets\":[{" REF("0") ",\"name\":\"libvirt:vtpm:a\"},{"
                                  REF("1") ",\"name\":\"libvirt:vtpm:b\"}]}" },
        { "GET", ID "1/metadata", 200, "{\"metadata\":{\"libvirt_private\":\"yes\",\"odd\":7}}" },
        { NULL },
    };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = keymgr_list_definitions(fake->keymgr, 0, NULL, TRUE, NULL, &error);
    KeymgrDefinition *left;

    if (!found)
        fail_msg("%s", error->message);
    assert_int_equal(found->len, 1);
    left = g_ptr_array_index(found, 0);
    assert_string_equal(left->id, ID "1");
    assert_string_equal(left->usage_id, "b");
    assert_true(left->is_private);
    fake_barbican_free(fake);
}

static void
test_a_look_up_by_usage_is_one_request_and_takes_only_what_it_asked_for(void **state)
{
    static const Rule rules[] = {
        { "GET", "/secrets", 200, "{\"total\":2,\"secrets\":[{" REF("0") ",\"name\":\"libvirt:vtpm:other\"},{"
                                  REF("1") ",\"name\":\"libvirt:vtpm:a b\"}]}" },
        { NULL },
    };
    /* Barbican decodes the name once more than HTTP does. */
    static const char *const wanted[] = {
        "GET /v1/secrets?limit=100&offset=0&name=libvirt%253Avtpm%253Aa%2520b ", NULL,
    };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GPtrArray) found = keymgr_list_definitions(fake->keymgr, VTPM, "a b", FALSE, NULL, NULL);

    assert_non_null(found);
    assert_int_equal(found->len, 1);
    assert_string_equal(((KeymgrDefinition *)g_ptr_array_index(found, 0))->id, ID "1");
    check_requests(fake, wanted);
    fake_barbican_free(fake);
}

static void
test_metadata_that_is_none_is_refused(void **state)
{
    static const char *const bodies[] = { "{}", "{\"metadata\":[]}", "[", "{\"metadata\":\"x\"}" };
    const char *const references[] = { ID "0", NULL };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(bodies); i++) {
        const Rule rules[] = { { "GET", "/metadata", 200, bodies[i] }, { NULL } };
        FakeBarbican *fake = serve(rules);
        g_autoptr(GError) error = NULL;

        assert_null(keymgr_get_metadata(fake->keymgr, references, NULL, &error));
        keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "the metadata of secret " ID "0");
        fake_barbican_free(fake);
    }
}

static void
test_metadata_has_a_limit(void **state)
{
    static const Rule rules[] = { { NULL } };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GHashTable) metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) error = NULL;

    g_hash_table_insert(metadata, g_strdup("key"), g_strnfill(20000, 'x'));
    assert_false(keymgr_set_metadata(fake->keymgr, ID "0", metadata, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "too long");
    assert_int_equal(fake->heads->len, 0);
    fake_barbican_free(fake);
}

static void
test_containers_have_none(void **state)
{
    static const Rule rules[] = { { NULL } };
    const char *const references[] = { "http://h/v1/containers/" ID "0", NULL };
    FakeBarbican *fake = serve(rules);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_get_metadata(fake->keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "metadata");
    fake_barbican_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_definition_costs_two_requests_and_a_plain_one_costs_one),
        cmocka_unit_test(test_what_fails_halfway_is_taken_back),
        cmocka_unit_test(test_an_id_of_the_authors_choice_costs_no_request),
        cmocka_unit_test(test_an_unchanged_definition_costs_no_request),
        cmocka_unit_test(test_a_secret_that_goes_while_it_is_listed_is_left_out),
        cmocka_unit_test(test_a_look_up_by_usage_is_one_request_and_takes_only_what_it_asked_for),
        cmocka_unit_test(test_metadata_that_is_none_is_refused),
        cmocka_unit_test(test_metadata_has_a_limit),
        cmocka_unit_test(test_containers_have_none),
    };

    return cmocka_run_group_tests_name("keymgr/definition", tests, NULL, NULL);
}
