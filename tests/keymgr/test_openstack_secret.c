/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets and containers fetched from a real Barbican.
 */
#include "tests/keymgr/openstack_tests.h"

#include <string.h>

#include "tests/keymgr/keymgr_test.h"
#include "tests/keymgr/openstack.h"

static void
test_every_type_of_secret_comes_out_byte_for_byte(void **state)
{
    static const char *const types[] = { "opaque", "symmetric", "private", "public", "certificate",
                                         "passphrase" };
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *text = openstack_store("\"payload\":\"p\xc3\xa4ss word\",\"secret_type\":\"passphrase\","
                                            "\"payload_content_type\":\"text/plain\"");
    guint8 all[256];
    gsize i;

    for (i = 0; i < sizeof(all); i++)
        all[i] = (guint8)i;
    for (i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *binary = openstack_store_bytes(types[i], all, sizeof(all));
        g_autofree char *certificate = openstack_store_bytes(types[i], pem, strlen(pem));

        openstack_check_fetch(keymgr, binary, all, sizeof(all));
        openstack_check_fetch(keymgr, certificate, pem, strlen(pem));
    }
    openstack_check_fetch(keymgr, text, "p\xc3\xa4ss word", strlen("p\xc3\xa4ss word"));
}

static void
test_the_biggest_payload_comes_out(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *id = openstack_store("\"name\":\"big\"");
    g_autofree char *url = g_strdup_printf("%s/v1/secrets/%s", openstack_url("BARBICAN"), id);
    g_autofree char *big = g_malloc(20000);
    gsize i;

    for (i = 0; i < 20000; i++)
        big[i] = (char)(i * 7);
    g_free(openstack_request("PUT", url, "creator", "application/octet-stream", big, 20000, 204));
    openstack_check_fetch(keymgr, id, big, 20000);
}

static void
test_references_in_capitals_and_as_urls(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *upper = g_ascii_strup(openstack_known, -1);
    g_autofree char *href = g_strdup_printf("%s/v1/secrets/%s", openstack_url("BARBICAN"), openstack_known);
    g_autofree char *elsewhere = g_strdup_printf("https://barbican.example:9311/v1/secrets/%s", upper);

    openstack_check_fetch(keymgr, upper, OPENSTACK_KEY, strlen(OPENSTACK_KEY));
    openstack_check_fetch(keymgr, href, OPENSTACK_KEY, strlen(OPENSTACK_KEY));
    openstack_check_fetch(keymgr, elsewhere, OPENSTACK_KEY, strlen(OPENSTACK_KEY));
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
        g_autoptr(Keymgr) keymgr = openstack_open_as(rows[i].user, rows[i].project, "");

        if (rows[i].may)
            openstack_check_known(keymgr);
        else
            openstack_check_refusal(keymgr, openstack_known, KEYMGR_ERROR_ACCESS_DENIED,
                                    "HTTP 403|Forbidden|Barbican at http");
    }
}

static void
test_secrets_that_cannot_be_had(void **state)
{
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *empty = openstack_store("\"name\":\"empty\"");
    g_autofree char *not_base64 = openstack_store("\"payload\":\"!!!\",\"payload_content_type\":"
                                                  "\"application/octet-stream\","
                                                  "\"payload_content_encoding\":\"base64\"");
    g_autofree char *gone = openstack_store_bytes("opaque", OPENSTACK_KEY, strlen(OPENSTACK_KEY));
    g_autofree char *url = g_strdup_printf("%s/v1/secrets/%s", openstack_url("BARBICAN"), gone);

    g_free(openstack_request("DELETE", url, "creator", "", NULL, 0, 204));
    openstack_check_refusal(keymgr, "00000000-0000-4000-8000-000000000000", KEYMGR_ERROR_NOT_FOUND,
                  "00000000-0000-4000-8000-000000000000|HTTP 404|Secret not found.|expired or was deleted");
    openstack_check_refusal(keymgr, gone, KEYMGR_ERROR_NOT_FOUND, "HTTP 404");
    openstack_check_refusal(keymgr, empty, KEYMGR_ERROR_NO_PAYLOAD, "HTTP 404|has no payload");
    openstack_check_refusal(keymgr, not_base64, KEYMGR_ERROR_NO_PAYLOAD, "HTTP 204|empty");
}

static void
test_one_missing_secret_leaves_nothing(void **state)
{
    const char *const references[] = { openstack_known, "00000000-0000-4000-8000-000000000000", openstack_known,
                                       NULL };
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "00000000-0000-4000-8000-000000000000");
}

/* Makes a container of three secrets, whose values are their names; its URL,
 * and the UUID of the first. Caller frees. */
static char *
make_container(const char *type, const char *const *names, char **first)
{
    g_autofree char *url = g_strconcat(openstack_url("BARBICAN"), "/v1/containers", NULL);
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *answer = NULL;
    gsize i;

    g_string_printf(body, "{\"name\":\"c\",\"type\":\"%s\",\"secret_refs\":[", type);
    for (i = 0; i < 3; i++) {
        g_autofree char *id = openstack_store_bytes("opaque", names[i], strlen(names[i]));

        g_string_append_printf(body, "%s{\"name\":\"%s\",\"secret_ref\":\"%s/v1/secrets/%s\"}", i > 0 ? "," : "",
                               names[i], openstack_url("BARBICAN"), id);
        if (i == 0 && first)
            *first = g_steal_pointer(&id);
    }
    g_string_append(body, "]}");
    answer = openstack_request("POST", url, "creator", "application/json", body->str, body->len, 201);
    return openstack_json(answer, NULL, "container_ref");
}

static void
test_containers_give_their_parts_in_order(void **state)
{
    static const struct {
        const char *type;
        const char *const names[3];
        const char *const order[3];
    } rows[] = {
        { "generic", { "3", "1", "2" }, { "1", "2", "3" } },
        { "generic", { "zebra", "10", "ape" }, { "zebra", "10", "ape" } },
        { "certificate", { "intermediates", "private_key", "certificate" },
          { "certificate", "private_key", "intermediates" } },
        { "rsa", { "public_key", "private_key_passphrase", "private_key" },
          { "private_key", "private_key_passphrase", "public_key" } },
    };
    g_autoptr(Keymgr) keymgr = openstack_open_as("observer", "demo", "");
    gsize i;
    guint j;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *href = make_container(rows[i].type, rows[i].names, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) secrets = openstack_fetch(keymgr, href, &error);

        if (!secrets)
            fail_msg("%s", error->message);
        assert_int_equal(secrets->len, 3);
        for (j = 0; j < 3; j++)
            keymgr_test_bytes(secrets, j, rows[i].order[j], strlen(rows[i].order[j]));
    }
}

/* Barbican says nothing of a deleted secret in a container: it is not there. */
static void
test_numbered_pieces_of_which_one_was_deleted_are_refused(void **state)
{
    static const char *const names[] = { "2", "1", "3" };
    g_autoptr(Keymgr) keymgr = openstack_open_as("creator", "demo", "");
    g_autofree char *second = NULL;
    g_autofree char *href = make_container("generic", names, &second);
    g_autoptr(GError) error = NULL;

    assert_true(keymgr_delete(keymgr, second, NULL, &error));
    openstack_check_refusal(keymgr, href, KEYMGR_ERROR_NOT_FOUND, "container |piece 2 is missing");
}

const struct CMUnitTest openstack_secret_tests[] = {
    cmocka_unit_test(test_every_type_of_secret_comes_out_byte_for_byte),
    cmocka_unit_test(test_the_biggest_payload_comes_out),
    cmocka_unit_test(test_references_in_capitals_and_as_urls),
    cmocka_unit_test(test_who_may_read),
    cmocka_unit_test(test_secrets_that_cannot_be_had),
    cmocka_unit_test(test_one_missing_secret_leaves_nothing),
    cmocka_unit_test(test_containers_give_their_parts_in_order),
    cmocka_unit_test(test_numbered_pieces_of_which_one_was_deleted_are_refused),
    { NULL },
};
