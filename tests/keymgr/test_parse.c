/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parsers of what comes from outside: references, configuration, JSON,
 * tokens, containers, lists.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "keymgr/keymgr_auth.h"
#include "keymgr/keymgr_barbican_json.h"
#include "keymgr/keymgr_reference.h"
#include "keymgr/keymgr_token.h"

#define UUID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define UPPER "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0"

static KeymgrSecret *
secret_of(const char *text)
{
    return keymgr_secret_new(text, strlen(text));
}

static void
test_references(void **state)
{
    static const struct {
        const char *text;
        int kind; /* -1: refused */
    } rows[] = {
        { UUID, KEYMGR_REFERENCE_SECRET },
        { UPPER, KEYMGR_REFERENCE_SECRET },
        { "http://h:9311/v1/secrets/" UUID, KEYMGR_REFERENCE_SECRET },
        { "https://elsewhere/key-manager/v1/secrets/" UPPER, KEYMGR_REFERENCE_SECRET },
        { "https://h/v1/secrets/" UUID "/", KEYMGR_REFERENCE_SECRET },
        { "https://h/v1/containers/" UPPER, KEYMGR_REFERENCE_CONTAINER },
        { "", -1 },
        { " " UUID, -1 },
        { UUID " ", -1 },
        { UUID "/", -1 },
        { "/" UUID, -1 },
        { "secrets/" UUID, -1 },
        { "ftp://h/v1/secrets/" UUID, -1 },
        { "https://h/v1/orders/" UUID, -1 },
        { "https://h/v1/secrets/" UUID "/payload", -1 },
        { "https://h/v1/secrets/" UUID "?x=1", -1 },
        { "https://h/v1/secrets/", -1 },
        { "0b1c2d3e4f5061728394a5b6c7d8e9f0", -1 },
        { "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f", -1 },
        { "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fg", -1 },
        { "{" UUID "}", -1 },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        KeymgrReference reference;

        if (keymgr_reference_parse(rows[i].text, &reference, &error) != (rows[i].kind >= 0))
            fail_msg("'%s' was %s", rows[i].text, error ? "refused" : "taken");
        if (rows[i].kind >= 0) {
            assert_int_equal(reference.kind, rows[i].kind);
            assert_string_equal(reference.uuid, UUID);
        } else {
            keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "reference");
        }
    }
}

static void
test_an_endless_reference_is_refused_and_cut_in_the_message(void **state)
{
    g_autofree char *text = g_strnfill(1000000, 'a');
    g_autoptr(GError) error = NULL;
    KeymgrReference reference;

    assert_false(keymgr_reference_parse(text, &reference, &error));
    assert_true(strlen(error->message) < 600);
}

/* Parses JSON that is expected to be fine. */
static KeymgrJson *
json_of(const char *text)
{
    g_autoptr(KeymgrSecret) secret = secret_of(text);
    g_autoptr(GError) error = NULL;
    KeymgrJson *json = keymgr_json_parse(secret, &error);

    if (!json)
        fail_msg("%s: %s", text, error->message);
    return json;
}

static void
test_bad_json_is_refused(void **state)
{
    g_autofree char *open = g_strnfill(60, '[');
    g_autofree char *close = g_strnfill(60, ']');
    g_autofree char *deep = g_strconcat("{\"a\":", open, close, "}", NULL);
    const struct {
        const char *text;
        KeymgrError code;
    } rows[] = {
        { "", KEYMGR_ERROR_PROTOCOL },
        { "{\"a\":", KEYMGR_ERROR_PROTOCOL },
        { "{\"a\":1", KEYMGR_ERROR_PROTOCOL },
        { "[1]", KEYMGR_ERROR_PROTOCOL },
        { "\"text\"", KEYMGR_ERROR_PROTOCOL },
        { "{} x", KEYMGR_ERROR_PROTOCOL },
        { "{\"a\":\"\xff\"}", KEYMGR_ERROR_PROTOCOL },
        { "<html></html>", KEYMGR_ERROR_PROTOCOL },
        { deep, KEYMGR_ERROR_LIMIT },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(KeymgrSecret) secret = secret_of(rows[i].text);
        g_autoptr(GError) error = NULL;

        if (keymgr_json_parse(secret, &error))
            fail_msg("this was taken: %s", rows[i].text);
        keymgr_test_error(&error, rows[i].code, "JSON");
    }
}

static void
test_json_members_of_another_type_count_as_absent(void **state)
{
    g_autoptr(KeymgrJson) json = json_of("{\"s\":1,\"o\":[],\"a\":{},\"n\":-4,\"m\":\"5\",\"z\":null}");

    assert_null(keymgr_json_string(json, "s"));
    assert_null(keymgr_json_string(json, "z"));
    assert_null(keymgr_json_string(json, "none"));
    assert_null(keymgr_json_object(json, "o"));
    assert_null(keymgr_json_array(json, "a"));
    assert_int_equal(keymgr_json_uint(json, "n"), 0);
    assert_int_equal(keymgr_json_uint(json, "m"), 0);
    assert_null(keymgr_json_string(NULL, "s"));
}

static void
test_written_strings_come_back_unchanged(void **state)
{
    const char *text = "p\"w\\d\n\t\x01 \xc3\xa4 /";
    g_autoptr(KeymgrSecret) out = keymgr_secret_new_buffer(1000);
    g_autoptr(KeymgrJson) json = NULL;

    assert_true(keymgr_json_write(out, "{\"x\":"));
    assert_true(keymgr_json_write_string(out, text, strlen(text)));
    assert_true(keymgr_json_write(out, "}"));
    json = keymgr_json_parse(out, NULL);
    assert_string_equal(keymgr_json_string(json, "x"), text);
}

static void
test_writing_stops_at_the_limit(void **state)
{
    gsize limit;

    for (limit = 0; limit < 9; limit++) {
        g_autoptr(KeymgrSecret) out = keymgr_secret_new_buffer(limit);

        assert_false(keymgr_json_write_string(out, "ab\n\"", 4) && limit < 12);
    }
}

/* A configuration that lacks nothing but what a test leaves out. */
#define AUTH_URL "auth_url=http://ks:5000\n"
#define USER "username=u\nuser_domain_name=D\n"
#define PROJECT "project_name=p\nproject_domain_id=d\n"
#define BARBICAN "[keymgr]\nbackend=barbican\n[barbican]\n"

static void
test_configuration_errors_name_group_and_key(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        { "[keymgr]\n", "[keymgr] backend|barbican, libvirt" },
        { "[keymgr]\nbackend=vault\n", "[keymgr] backend|'vault'" },
        { BARBICAN USER PROJECT "password=x\n", "[barbican] auth_url" },
        { BARBICAN AUTH_URL PROJECT "password=x\n", "[barbican] username" },
        { BARBICAN AUTH_URL "username=u\npassword=x\n", "[barbican] username|user_domain_name" },
        { BARBICAN AUTH_URL USER "project_name=p\npassword=x\n", "[barbican] project_name|project_domain" },
        { BARBICAN AUTH_URL USER PROJECT, "[barbican] password" },
        { BARBICAN AUTH_URL USER PROJECT "password=\n", "[barbican] password" },
        { BARBICAN AUTH_URL USER PROJECT "trust_id=t\npassword=x\n", "exclude each other" },
        { BARBICAN AUTH_URL USER PROJECT "password=x\npassword_file=/y\n", "[barbican] password|password_file" },
        { BARBICAN AUTH_URL USER "password_file=/nonexistent\n", "password_file|/nonexistent" },
        { BARBICAN AUTH_URL USER "system_scope=some\npassword=x\n", "[barbican] system_scope" },
        { BARBICAN "auth_url=http://u:secretpw@ks\n" USER "password=x\n", "[barbican] auth_url" },
        { BARBICAN "auth_url=ldap://ks\n" USER "password=x\n", "[barbican] auth_url" },
        { BARBICAN "auth_url=http://ks/v2.0\n" USER "password=x\n", "[barbican] auth_url|version 2" },
        { BARBICAN "auth_type=v2password\n", "[barbican] auth_type|v2password" },
        { BARBICAN AUTH_URL "auth_type=v3applicationcredential\n", "application_credential_id" },
        { BARBICAN AUTH_URL "auth_type=v3applicationcredential\napplication_credential_id=i\n",
          "application_credential_secret" },
        { BARBICAN AUTH_URL "auth_type=v3applicationcredential\napplication_credential_name=i\n", "username" },
        { BARBICAN "auth_type=none\n", "barbican_endpoint" },
        { BARBICAN "auth_type=token\ntoken=x\n", "barbican_endpoint" },
        { BARBICAN AUTH_URL "auth_type=token\ntoken=x\tX-Evil: 1\n", "[barbican] token|visible" },
        { BARBICAN AUTH_URL USER "password=x\nbarbican_api_version=v2\n", "barbican_api_version" },
        { BARBICAN AUTH_URL USER "password=x\nbarbican_endpoint_type=secret\n", "barbican_endpoint_type" },
        { BARBICAN AUTH_URL USER "password=x\ncafile=/nonexistent\n", "[barbican] cafile|/nonexistent" },
        { BARBICAN AUTH_URL USER "password=x\nkeyfile=/etc/passwd\n", "[barbican] keyfile" },
        { BARBICAN AUTH_URL USER "password=x\ninsecure=maybe\n", "[barbican] insecure|maybe" },
        { BARBICAN AUTH_URL USER "password=x\ntimeout=0\n", "[barbican] timeout" },
        { BARBICAN AUTH_URL USER "password=x\ntimeout=-1\n", "[barbican] timeout" },
        { BARBICAN AUTH_URL USER "password=x\ntimeout=nan\n", "[barbican] timeout" },
        { BARBICAN AUTH_URL USER "password=x\nmax_connections=0\n", "[barbican] max_connections" },
        { BARBICAN AUTH_URL USER "password=x\nconnect_retries=1e9\n", "[barbican] connect_retries" },
        { BARBICAN AUTH_URL USER "password=x\nsend_service_user_token=yes\n", "[barbican_service_user]" },
        { BARBICAN AUTH_URL USER "password=x\xff\n", "[barbican] password" },
        { "[keymgr]\nbackend=libvirt\n[libvirt]\nusage_type=disk\n", "[libvirt] usage_type" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GKeyFile) file = keymgr_test_config(rows[i].text);
        g_autoptr(GError) error = NULL;

        if (keymgr_new(file, NULL, &error))
            fail_msg("this was taken: %s", rows[i].text);
        assert_null(strstr(error->message, "secretpw"));
        keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, rows[i].words);
    }
}

/* Writes a file with a mode in a folder; caller frees the path. */
static char *
write_file(const char *folder, const char *text, mode_t mode)
{
    char *path = g_build_filename(folder, "password", NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
    return path;
}

static void
test_a_password_file_is_read_without_its_line_end_unless_others_may_read_it(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("keymgr-test-XXXXXX", NULL);
    g_autofree char *path = write_file(folder, "pass word\\n\n", 0600);
    g_autoptr(GKeyFile) file = keymgr_test_config("[g]\npassword_file=password\n");
    g_autoptr(KeymgrSecret) expected = secret_of("pass word\\n");
    g_autoptr(KeymgrSecret) secret = NULL;
    KeymgrConfig config = { file, "g", folder };
    g_autoptr(GError) error = NULL;

    assert_true(keymgr_config_secret(&config, "password", &secret, &error));
    assert_true(keymgr_secret_equal(secret, expected));
    g_clear_pointer(&secret, keymgr_secret_unref);

    assert_int_equal(g_chmod(path, 0644), 0);
    assert_false(keymgr_config_secret(&config, "password", &secret, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "password_file|open to others|0644");

    g_free(write_file(folder, "\n", 0600));
    assert_false(keymgr_config_secret(&config, "password", &secret, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "password_file|empty");

    g_key_file_set_string(file, "g", "password_file", folder);
    assert_false(keymgr_config_secret(&config, "password", &secret, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "password_file|regular file");
    g_unlink(path);
    g_rmdir(folder);
}

static void
test_values_are_read_as_openstack_reads_them(void **state)
{
    g_autoptr(GKeyFile) file = keymgr_test_config("[g]\na=back\\slash\\n\nb=\"quoted  \"\nc=Yes\nd=OFF\ne= \n");
    KeymgrConfig config = { file, "g", NULL };
    g_autofree char *a = keymgr_config_string(&config, "a");
    g_autofree char *b = keymgr_config_string(&config, "b");
    gboolean value;

    assert_string_equal(a, "back\\slash\\n");
    assert_string_equal(b, "quoted  ");
    assert_null(keymgr_config_string(&config, "e"));
    assert_true(keymgr_config_boolean(&config, "c", FALSE, &value, NULL) && value);
    assert_true(keymgr_config_boolean(&config, "d", TRUE, &value, NULL) && !value);
}

static void
test_the_authentication_requests(void **state)
{
    static const struct {
        const char *options;
        const char *json;
    } rows[] = {
        { USER PROJECT "password=p\"w\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"u\","
          "\"domain\":{\"name\":\"D\"},\"password\":\"p\\\"w\"}}},\"scope\":{\"project\":{\"name\":\"p\","
          "\"domain\":{\"id\":\"d\"}}}}}" },
        { "user_id=i\nproject_id=j\npassword=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"id\":\"i\","
          "\"password\":\"x\"}}},\"scope\":{\"project\":{\"id\":\"j\"}}}}" },
        { "username=u\nproject_name=p\ndefault_domain_name=Default\npassword=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"u\","
          "\"domain\":{\"name\":\"Default\"},\"password\":\"x\"}}},\"scope\":{\"project\":{\"name\":\"p\","
          "\"domain\":{\"name\":\"Default\"}}}}}" },
        { USER "password=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"u\","
          "\"domain\":{\"name\":\"D\"},\"password\":\"x\"}}}}}" },
        { USER "domain_name=E\npassword=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"u\","
          "\"domain\":{\"name\":\"D\"},\"password\":\"x\"}}},\"scope\":{\"domain\":{\"name\":\"E\"}}}}" },
        { USER "trust_id=t\npassword=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"u\","
          "\"domain\":{\"name\":\"D\"},\"password\":\"x\"}}},\"scope\":{\"OS-TRUST:trust\":{\"id\":\"t\"}}}}" },
        { "auth_type=v3applicationcredential\napplication_credential_id=a\n" PROJECT
          "application_credential_secret=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],\"application_credential\":"
          "{\"id\":\"a\",\"secret\":\"x\"}}}}" },
        { "auth_type=v3applicationcredential\napplication_credential_name=n\n" USER
          "application_credential_secret=x\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],\"application_credential\":"
          "{\"name\":\"n\",\"user\":{\"name\":\"u\",\"domain\":{\"name\":\"D\"}},\"secret\":\"x\"}}}}" },
        { "auth_type=v3token\n" PROJECT "token=T\n",
          "{\"auth\":{\"identity\":{\"methods\":[\"token\"],\"token\":{\"id\":\"T\"}},\"scope\":{\"project\":"
          "{\"name\":\"p\",\"domain\":{\"id\":\"d\"}}}}}" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat("[g]\n" AUTH_URL, rows[i].options, NULL);
        g_autoptr(GKeyFile) file = keymgr_test_config(text);
        KeymgrConfig config = { file, "g", NULL };
        g_autoptr(KeymgrAuth) auth = keymgr_auth_new(&config, NULL);
        g_autoptr(KeymgrSecret) request = NULL;
        g_autofree char *json = NULL;

        assert_non_null(auth);
        request = keymgr_auth_request(auth);
        json = g_strndup((const char *)keymgr_secret_data(request), keymgr_secret_size(request));
        assert_string_equal(json, rows[i].json);
        assert_string_equal(keymgr_auth_url(auth), "http://ks:5000/v3");
    }
}

static void
test_auth_url_with_and_without_version_and_slashes(void **state)
{
    static const char *const urls[] = { "http://ks", "http://ks/", "http://ks/v3", "http://ks/v3//" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *text = g_strdup_printf("[g]\nauth_url=%s\n" USER "password=x\n", urls[i]);
        g_autoptr(GKeyFile) file = keymgr_test_config(text);
        KeymgrConfig config = { file, "g", NULL };
        g_autoptr(KeymgrAuth) auth = keymgr_auth_new(&config, NULL);

        assert_non_null(auth);
        assert_string_equal(keymgr_auth_url(auth), "http://ks/v3");
    }
}

static void
test_known_keys_and_secret_keys(void **state)
{
    const char *const *keys = keymgr_config_keys("barbican");

    assert_true(g_strv_contains(keys, "auth_url"));
    assert_true(g_strv_contains(keys, "password_file"));
    assert_true(g_strv_contains(keys, "verify_ssl_path"));
    assert_true(g_strv_contains(keys, "connect_retries"));
    assert_false(g_strv_contains(keys, "pasword"));
    assert_ptr_equal(keys, keymgr_config_keys("barbican"));
    assert_true(g_strv_contains(keymgr_config_keys("keymgr"), "backend"));
    assert_true(g_strv_contains(keymgr_config_keys("libvirt"), "uri"));
    assert_true(g_strv_contains(keymgr_config_keys("barbican_service_user"), "password"));
    assert_null(keymgr_config_keys("driver"));
    assert_true(keymgr_config_key_is_secret("barbican", "password"));
    assert_true(keymgr_config_key_is_secret("barbican", "application_credential_secret"));
    assert_true(keymgr_config_key_is_secret("barbican_service_user", "password"));
    assert_true(keymgr_config_key_is_secret("barbican", "token"));
    assert_false(keymgr_config_key_is_secret("barbican", "username"));
    assert_false(keymgr_config_key_is_secret("driver", "password"));
}

#define TOKEN_BODY(catalog)                                                                              \
    "{\"token\":{\"issued_at\":\"2026-11-23T13:40:29.000000Z\","                                       \
    "\"expires_at\":\"2026-11-23T14:40:29.000000Z\",\"catalog\":[" catalog "]}}"

/* The error, or NULL, of parsing an answer of Keystone. */
static KeymgrToken *
token_of(const char *header, const char *body, GError **error)
{
    KeymgrHttpRequest answer = { .answer = secret_of(body), .subject_token = secret_of(header) };
    KeymgrToken *token = keymgr_token_parse(&answer, NULL, g_get_monotonic_time(), error);

    keymgr_secret_unref(answer.answer);
    keymgr_secret_unref(answer.subject_token);
    return token;
}

static void
test_bad_tokens_are_refused(void **state)
{
    static const struct {
        const char *header;
        const char *body;
        const char *words;
    } rows[] = {
        { "", TOKEN_BODY(""), "X-Subject-Token" },
        { "a b", TOKEN_BODY(""), "X-Subject-Token" },
        { "a\rX-Evil: 1", TOKEN_BODY(""), "X-Subject-Token" },
        { "t", "{}", "expires_at" },
        { "t", "{\"token\":[]}", "expires_at" },
        { "t", "{\"token\":{\"expires_at\":\"tomorrow\"}}", "expires_at" },
        { "t", "{\"token\":{\"expires_at\":\"1999-01-01T00:00:00Z\"}}", "ends before" },
        { "t", "{\"token\":", "cut off" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(token_of(rows[i].header, rows[i].body, &error));
        keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, rows[i].words);
    }
}

#define ENDPOINT(interface, region, url)                                                                 \
    "{\"interface\":\"" interface "\",\"region_id\":\"" region "\",\"url\":\"" url "\"}"
#define CATALOG                                                                                          \
    "{\"type\":\"identity\",\"endpoints\":[" ENDPOINT("public", "One", "http://ks") "]},"                \
    "{\"type\":\"key-manager\",\"name\":\"barbican\",\"endpoints\":["                                   \
    ENDPOINT("public", "One", "http://one/") "," ENDPOINT("internal", "One", "http://inner") ","         \
    ENDPOINT("public", "Two", "https://two/key-manager") "," ENDPOINT("admin", "Bad", "http://u:p@h") "]}"

static void
test_the_endpoint_is_chosen_by_interface_and_region(void **state)
{
    static const struct {
        const char *interfaces[3];
        const char *region;
        const char *name;
        const char *url; /* NULL: words of the error */
        const char *words;
    } rows[] = {
        { { "public" }, NULL, NULL, "http://one", NULL },
        { { "public" }, "Two", NULL, "https://two/key-manager", NULL },
        { { "internal", "public" }, NULL, "barbican", "http://inner", NULL },
        { { "internal", "public" }, "Two", NULL, "https://two/key-manager", NULL },
        { { "admin" }, "One", NULL, NULL, "key-manager|admin|region One|internal in One, public in Two" },
        { { "public" }, "Three", NULL, NULL, "region Three" },
        { { "public" }, NULL, "other", NULL, "no endpoint of this service at all" },
    };
    g_autoptr(KeymgrToken) token = token_of("t", TOKEN_BODY(CATALOG), NULL);
    const char *bad_interfaces[] = { "admin", NULL };
    KeymgrEndpointWish bad = { "key-manager", NULL, bad_interfaces, "Bad" };
    g_autoptr(GError) error = NULL;
    gsize i;

    assert_non_null(token);
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        KeymgrEndpointWish wish = { "key-manager", rows[i].name, rows[i].interfaces, rows[i].region };
        g_autofree char *url = keymgr_token_endpoint(token, &wish, &error);

        if (rows[i].url)
            assert_string_equal(url, rows[i].url);
        else
            keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, rows[i].words);
    }
    assert_null(keymgr_token_endpoint(token, &bad, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "plain");
}

static void
test_a_secrets_description(void **state)
{
    g_autoptr(KeymgrJson) json = json_of(
        "{\"created\":\"2026-11-23T13:40:30.304525\",\"status\":\"ACTIVE\",\"name\":\"n\","
        "\"secret_type\":\"symmetric\",\"expiration\":\"2027-01-01T00:00:00\",\"algorithm\":\"aes\","
        "\"bit_length\":256,\"content_types\":{\"default\":\"application/octet-stream\"},"
        "\"secret_ref\":\"http://h/v1/secrets/" UPPER "\"}");
    g_autoptr(KeymgrJson) empty = json_of("{\"secret_ref\":\"http://h/v1/secrets/" UUID "\",\"name\":null}");
    g_autoptr(KeymgrJson) none = json_of("{\"secret_ref\":\"http://h/\"}");
    g_autoptr(KeymgrInfo) info = keymgr_barbican_json_info(json, NULL);
    g_autoptr(KeymgrInfo) bare = keymgr_barbican_json_info(empty, NULL);

    assert_string_equal(info->id, UUID);
    assert_string_equal(info->type, "symmetric");
    assert_string_equal(info->created, "2026-11-23T13:40:30.304525Z");
    assert_string_equal(info->expiration, "2027-01-01T00:00:00Z");
    assert_int_equal(info->bit_length, 256);
    assert_true(info->has_payload);
    assert_null(bare->name);
    assert_false(bare->has_payload);
    assert_null(keymgr_barbican_json_info(none, NULL));
}

/* The last digit of each UUID that a container gives, in order. */
static char *
container_order(const char *type, const char *const *names, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) order = g_string_new(NULL);
    g_autoptr(KeymgrJson) json = NULL;
    guint i;

    g_string_append_printf(text, "{\"type\":\"%s\",\"secret_refs\":[", type);
    for (i = 0; names[i]; i++)
        g_string_append_printf(text, "%s{\"name\":%s,\"secret_ref\":\"http://h/v1/secrets/"
                                     "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f%x\"}",
                               i > 0 ? "," : "", names[i], i);
    g_string_append(text, "]}");
    json = json_of(text->str);
    if (!keymgr_barbican_json_container(json, 256, uuids, error))
        return NULL;
    for (i = 0; i < uuids->len; i++)
        g_string_append_c(order, ((const char *)g_ptr_array_index(uuids, i))[35]);
    return g_string_free(g_steal_pointer(&order), FALSE);
}

static void
test_the_order_of_a_containers_secrets(void **state)
{
    static const struct {
        const char *type;
        const char *names[13];
        const char *order;
    } rows[] = {
        { "generic", { "\"2\"", "\"3\"", "\"1\"" }, "201" },
        { "generic", { "\"10\"", "\"9\"", "\"8\"", "\"7\"", "\"6\"", "\"5\"", "\"4\"", "\"3\"", "\"2\"",
                       "\"1\"" }, "9876543210" },
        { "generic", { "\"02\"", "\"1\"" }, "10" },
        { "certificate", { "\"private_key\"", "\"intermediates\"", "\"certificate\"" }, "201" },
        { "rsa", { "\"public_key\"", "\"private_key_passphrase\"", "\"private_key\"" }, "210" },
        { "generic", { "\"private_key\"", "\"intermediates\"", "\"certificate\"" }, "012" },
        { "generic", { "\"b\"", "null", "\"a\"" }, "012" },
        { "generic", { "\"2\"", "\"b\"", "\"1\"" }, "012" },
        { "generic", { "\"2\"", "null", "\"1\"" }, "012" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *order = container_order(rows[i].type, rows[i].names, NULL);

        assert_string_equal(order, rows[i].order);
    }
}

static void
test_numbered_pieces_of_which_one_is_missing_are_refused(void **state)
{
    static const struct {
        const char *names[4];
        const char *words;
    } rows[] = {
        { { "\"1\"", "\"3\"" }, "piece 2 is missing" },
        { { "\"3\"", "\"2\"" }, "piece 1 is missing" },
        { { "\"2\"" }, "piece 1 is missing" },
        { { "\"2\"", "\"2\"", "\"1\"" }, "piece 3 is missing" },
        { { "\"0\"", "\"1\"" }, "piece 2 is missing" },
        { { "\"1\"", "\"99999999999999999999999\"" }, "piece 2 is missing" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *order = container_order("generic", rows[i].names, &error);

        assert_null(order);
        keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, rows[i].words);
    }
}

static void
test_bad_containers_are_refused(void **state)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(KeymgrJson) none = json_of("{}");
    g_autoptr(KeymgrJson) empty = json_of("{\"secret_refs\":[]}");
    g_autoptr(KeymgrJson) strange = json_of("{\"secret_refs\":[{\"secret_ref\":\"file:///etc/passwd\"}]}");
    g_autoptr(KeymgrJson) two = json_of("{\"secret_refs\":[{},{}]}");
    g_autoptr(GError) error = NULL;

    assert_false(keymgr_barbican_json_container(none, 256, uuids, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "secret_refs");
    assert_false(keymgr_barbican_json_container(empty, 256, uuids, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NO_PAYLOAD, "no secrets");
    assert_false(keymgr_barbican_json_container(strange, 256, uuids, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "secret_refs");
    assert_false(keymgr_barbican_json_container(two, 1, uuids, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "too many");
    assert_int_equal(uuids->len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_an_endless_reference_is_refused_and_cut_in_the_message),
        cmocka_unit_test(test_bad_json_is_refused),
        cmocka_unit_test(test_json_members_of_another_type_count_as_absent),
        cmocka_unit_test(test_written_strings_come_back_unchanged),
        cmocka_unit_test(test_writing_stops_at_the_limit),
        cmocka_unit_test(test_configuration_errors_name_group_and_key),
        cmocka_unit_test(test_a_password_file_is_read_without_its_line_end_unless_others_may_read_it),
        cmocka_unit_test(test_values_are_read_as_openstack_reads_them),
        cmocka_unit_test(test_the_authentication_requests),
        cmocka_unit_test(test_auth_url_with_and_without_version_and_slashes),
        cmocka_unit_test(test_known_keys_and_secret_keys),
        cmocka_unit_test(test_bad_tokens_are_refused),
        cmocka_unit_test(test_the_endpoint_is_chosen_by_interface_and_region),
        cmocka_unit_test(test_a_secrets_description),
        cmocka_unit_test(test_the_order_of_a_containers_secrets),
        cmocka_unit_test(test_numbered_pieces_of_which_one_is_missing_are_refused),
        cmocka_unit_test(test_bad_containers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
