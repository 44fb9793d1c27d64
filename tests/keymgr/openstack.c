/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/openstack.h"

#include <string.h>

#include <json-c/json.h>

#include "tests/keymgr/keymgr_test.h"

char *openstack_known;
gboolean openstack_tls;
static GHashTable *tokens; /* of users */

const char *
openstack_env(const char *name)
{
    const char *value = g_getenv(name);

    if (!value)
        fail_msg("%s is not set: run this through tests/keymgr/test-openstack", name);
    return value;
}

/* Runs a program with a text as its input; its output. */
static char *
run(const char *const *argv, const char *input, gsize size, int *status)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    g_autoptr(GBytes) in = g_bytes_new(input, size);
    g_autoptr(GBytes) out = NULL;

    if (!process || !g_subprocess_communicate(process, in, NULL, &out, NULL, &error))
        fail_msg("%s: %s", argv[0], error->message);
    *status = g_subprocess_get_exit_status(process);
    return g_strndup(g_bytes_get_data(out, NULL) ? g_bytes_get_data(out, NULL) : "", g_bytes_get_size(out));
}

char *
openstack_fixture(const char *verb, const char *a, const char *b, const char *c)
{
    g_autofree char *program = g_build_filename(openstack_env("MSVM_SRCDIR"), "tests/openstack-fixture", NULL);
    g_autofree char *count = NULL;
    const char *argv[] = { program, verb, openstack_env("FIXTURE_STATE"), a, b, c, NULL, NULL };
    g_auto(GStrv) words = c ? g_strsplit(c, " ", 2) : NULL;
    char *output;
    int status;

    /* c may hold two arguments. */
    if (words && words[1]) {
        argv[5] = words[0];
        argv[6] = words[1];
    }
    output = run(argv, "", 0, &status);
    if (status != 0)
        fail_msg("openstack-fixture %s: %d", verb, status);
    return g_strstrip(output);
}

void
openstack_fault(const char *service, const char *status, const char *delay, guint count)
{
    g_autofree char *rest = g_strdup_printf("%s %u", delay, count);

    g_free(openstack_fixture("fault", service, status, rest));
}

void
openstack_forget_tokens(void)
{
    g_clear_pointer(&tokens, g_hash_table_unref);
}

static const char *
token_of(const char *user)
{
    char *token;

    if (!tokens)
        tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    token = g_hash_table_lookup(tokens, user);
    if (!token) {
        token = openstack_fixture("token", user, NULL, NULL);
        g_hash_table_insert(tokens, g_strdup(user), token);
    }
    return token;
}

/* further: a header line. */
static char *
request(const char *method, const char *url, const char *user, const char *further, const char *body,
        gsize size, guint status)
{
    g_autofree char *header = g_strconcat("X-Auth-Token: ", token_of(user), NULL);
    const char *argv[] = { "curl", "-s", "-m", "20", "--cacert", openstack_env("CA_FILE"), "-X", method, "-H", header, "-H", further,
                           "-H", "Accept: application/json", "-w", "\n%{http_code}", url,
                           body ? "--data-binary" : NULL, "@-", NULL };
    g_autofree char *output = NULL;
    char *code;
    int exit_status;

    output = run(argv, body ? body : "", size, &exit_status);
    code = strrchr(output, '\n');
    if (exit_status != 0 || !code || g_ascii_strtoull(code + 1, NULL, 10) != status)
        fail_msg("%s %s: curl ended with %d: %s", method, url, exit_status, output);
    return g_strndup(output, (gsize)(code - output));
}

char *
openstack_request(const char *method, const char *url, const char *user, const char *type, const char *body,
                  gsize size, guint status)
{
    g_autofree char *header = g_strconcat("Content-Type: ", type ? type : "", NULL);

    return request(method, url, user, header, body, size, status);
}

char *
openstack_request_with(const char *method, const char *url, const char *user, const char *header, guint status)
{
    return request(method, url, user, header, NULL, 0, status);
}

char *
openstack_json(const char *text, const char *outer, const char *name)
{
    struct json_object *json = json_tokener_parse(text);
    struct json_object *object = json;
    struct json_object *value = NULL;
    char *copy;

    if (outer)
        json_object_object_get_ex(json, outer, &object);
    if (!object || !json_object_object_get_ex(object, name, &value))
        fail_msg("no %s in: %s", name, text);
    copy = g_strdup(json_object_get_string(value));
    json_object_put(json);
    return copy;
}

const char *
openstack_url(const char *service)
{
    g_autofree char *name = g_strconcat(service, openstack_tls ? "_TLS_URL" : "_URL", NULL);

    return openstack_env(name);
}

Keymgr *
openstack_open(const char *options)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nregion_name=%s\n%s%s\n%s",
                                            openstack_tls ? "TLS" : "RegionOne", openstack_tls ? "cafile=" : "",
                                            openstack_tls ? openstack_env("CA_FILE") : "", options);

    return keymgr_test_new(text);
}

char *
openstack_user(const char *user)
{
    return g_strdup_printf("auth_url=%s\nusername=%s\npassword=%s\nuser_domain_id=default\n",
                           openstack_url("KEYSTONE"), user, openstack_env("FIXTURE_PASSWORD"));
}

Keymgr *
openstack_open_as(const char *user, const char *project, const char *options)
{
    g_autofree char *lines = openstack_user(user);
    g_autofree char *all = g_strdup_printf("%sproject_name=%s\nproject_domain_name=Default\n%s", lines, project,
                                           options);

    return openstack_open(all);
}

GPtrArray *
openstack_fetch(Keymgr *keymgr, const char *reference, GError **error)
{
    const char *const references[] = { reference, NULL };

    return keymgr_fetch(keymgr, references, NULL, error);
}

void
openstack_check_fetch(Keymgr *keymgr, const char *reference, gconstpointer bytes, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = openstack_fetch(keymgr, reference, &error);

    if (!secrets)
        fail_msg("%s: %s", reference, error->message);
    assert_int_equal(secrets->len, 1);
    keymgr_test_bytes(secrets, 0, bytes, size);
}

void
openstack_check_known(Keymgr *keymgr)
{
    openstack_check_fetch(keymgr, openstack_known, OPENSTACK_KEY, strlen(OPENSTACK_KEY));
}

void
openstack_check_refusal(Keymgr *keymgr, const char *reference, KeymgrError code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = openstack_fetch(keymgr, reference, &error);

    assert_null(secrets);
    assert_null(strstr(error->message, openstack_env("FIXTURE_PASSWORD")));
    keymgr_test_error(&error, code, words);
}

char *
openstack_store(const char *members)
{
    g_autofree char *url = g_strconcat(openstack_env("BARBICAN_URL"), "/v1/secrets", NULL);
    g_autofree char *json = g_strconcat("{", members, "}", NULL);
    g_autofree char *answer = openstack_request("POST", url, "creator", "application/json", json, strlen(json),
                                                201);
    char *slash = strrchr(answer, '/');

    assert_non_null(slash);
    return g_strndup(slash + 1, 36);
}

char *
openstack_store_bytes(const char *type, gconstpointer bytes, gsize size)
{
    g_autofree char *base64 = g_base64_encode(bytes, size);
    g_autofree char *members = g_strdup_printf(
        "\"name\":\"by-test\",\"secret_type\":\"%s\",\"payload\":\"%s\",\"payload_content_type\":"
        "\"application/octet-stream\",\"payload_content_encoding\":\"base64\"", type, base64);

    return openstack_store(members);
}

guint
openstack_count(const char *service, const char *begin, const char *status)
{
    g_autofree char *word = g_strdup_printf(" %s ", status ? status : "");
    g_autofree char *path = g_build_filename(openstack_env("FIXTURE_STATE"), service, "access.log", NULL);
    g_autofree char *log = NULL;
    g_auto(GStrv) lines = NULL;
    guint count = 0;
    gsize i;

    assert_true(g_file_get_contents(path, &log, NULL, NULL));
    lines = g_strsplit(log, "\n", -1);
    for (i = 0; lines[i]; i++)
        count += g_str_has_prefix(lines[i], begin) && (!status || strstr(lines[i], word));
    return count;
}

void
openstack_change_keys(void)
{
    static const char *const names[] = { "0", "1" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(openstack_env("FIXTURE_STATE"), "keystone", "fernet-keys", names[i],
                                                 NULL);
        guint32 key[8];
        g_autofree char *text = NULL;
        gsize j;

        for (j = 0; j < G_N_ELEMENTS(key); j++)
            key[j] = g_random_int();
        text = g_base64_encode((const guchar *)key, sizeof(key));
        g_strdelimit(text, "+", '-');
        g_strdelimit(text, "/", '_');
        assert_true(g_file_set_contents(path, text, -1, NULL));
    }
    openstack_forget_tokens();
}

void
openstack_restart(const char *token_seconds)
{
    g_autofree char *path = g_build_filename(openstack_env("FIXTURE_STATE"), "keystone", "keystone.conf", NULL);
    g_autofree char *expiration = g_strconcat("expiration = ", token_seconds, NULL);
    g_autoptr(GRegex) regex = g_regex_new("^expiration = .*$", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    openstack_forget_tokens();
    g_free(openstack_fixture("down", NULL, NULL, NULL));
    assert_true(g_file_get_contents(path, &before, NULL, NULL));
    after = g_regex_replace_literal(regex, before, -1, 0, expiration, 0, NULL);
    assert_true(g_file_set_contents(path, after, -1, NULL));
    g_free(openstack_fixture("up", NULL, NULL, NULL));
}
