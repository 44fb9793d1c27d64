/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options of the configuration that come from OpenStack's files, and the
 * sample that the driver brings.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include <glib/gstdio.h>

#include "tests/keymgr/fake_barbican.h"

#define USER "username=u\nuser_domain_name=D\nproject_domain_name=D\n"
#define KEYSTONE "auth_url=http://keystone:5000\n"

/* --- the sample ---------------------------------------------------------------- */

static char *folder;

static int
setup(void **state)
{
    folder = g_dir_make_tmp("keymgr-options-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int
teardown(void **state)
{
    keymgr_test_remove_tree(folder);
    g_clear_pointer(&folder, g_free);
    return 0;
}

/* A configuration that works, but for the values of one group of the sample. */
static char *
whole_config(const char *group, const char *values)
{
    gboolean has_file = strstr(values, "\npassword_file=") || g_str_has_prefix(values, "password_file=");
    const char *password = has_file ? "" : "password=x\n";

    if (strcmp(group, "libvirt") == 0)
        return g_strconcat("[keymgr]\nbackend=libvirt\n[libvirt]\n", values, NULL);
    if (strcmp(group, "pkcs11") == 0)
        return g_strconcat("[keymgr]\nbackend=pkcs11\n[pkcs11]\ntoken_label=msvm\n", values, NULL);
    if (strcmp(group, "barbican") == 0)
        return g_strconcat("[keymgr]\nbackend=barbican\n[service_user]\n" KEYSTONE USER "password=x\n[barbican]\n"
                           KEYSTONE USER, password, values, NULL);
    if (strcmp(group, "barbican_service_user") == 0)
        return g_strconcat("[keymgr]\nbackend=barbican\n[service_user]\n" KEYSTONE USER "password=x\n[barbican]\n"
                           KEYSTONE USER "password=x\nsend_service_user_token=yes\n"
                           "[barbican_service_user]\n" KEYSTONE USER, password, values, NULL);
    return NULL;
}

/* A name of the sample that is no file here is told to be none. */
static void
check_value(const char *group, const char *key, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s=%s\n", key, value);
    g_autofree char *text = whole_config(group, line);
    g_autoptr(GKeyFile) file = text ? keymgr_test_config(text) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Keymgr) keymgr = NULL;

    if (!file)
        return;
    if (g_str_has_suffix(key, "_file")) {
        g_autofree char *path = g_build_filename(folder, value, NULL);

        assert_true(g_file_set_contents(path, "x\n", -1, NULL));
        assert_int_equal(g_chmod(path, 0600), 0);
    }
    keymgr = keymgr_new(file, folder, &error);
    if (!keymgr && !strstr(error->message, "cannot read /"))
        fail_msg("[%s] %s: %s", group, line, error->message);
}

static void
test_every_value_of_the_sample_is_accepted(void **state)
{
    g_autofree char *path = g_build_filename(g_getenv("MSVM_SRCDIR"), "driver", "msvm.conf", NULL);
    g_autofree char *group = g_strdup("");
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint checked = 0;
    gsize i;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (i = 0; lines[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], " = ", 2);

        if (lines[i][0] == '[') {
            g_free(group);
            group = g_strndup(lines[i] + 1, strlen(lines[i]) - 2);
        } else if (lines[i][0] == '#' && g_ascii_isalpha(lines[i][1]) && parts[1] && *parts[1]) {
            check_value(group, parts[0] + 1, parts[1]);
            checked++;
        }
    }
    assert_true(checked > 40);
}

/* --- credentials elsewhere ------------------------------------------------------- */

/* A key manager from the text of a configuration with the fake's URL in it. */
static void
connect_with(FakeBarbican *fake, const char *format)
{
    g_auto(GStrv) parts = g_strsplit(format, "URL", -1);
    g_autofree char *text = g_strjoinv(fake_server_url(fake->server), parts);
    g_autofree char *whole = g_strconcat("[keymgr]\nbackend=barbican\n", text, NULL);

    keymgr_unref(fake->keymgr);
    fake->keymgr = keymgr_test_new(whole);
}

static void
test_auth_section_names_the_group_with_the_credentials(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autoptr(GPtrArray) secrets = NULL;

    connect_with(fake, "[barbican]\nauth_section=keystone_authtoken\nusername=not-me\nsend_service_user_token=yes\n"
                       "[keystone_authtoken]\nauth_url=URL\nusername=me\nuser_domain_id=d\npassword=x\n"
                       "[barbican_service_user]\nauth_section=service_user\n"
                       "[service_user]\nauth_url=URL\nusername=service\nuser_domain_id=d\npassword=x\n");
    assert_non_null(secrets = fake_barbican_fetch_one(fake, NULL));
    assert_int_equal(fake->tokens, 2);
    assert_non_null(strstr(g_ptr_array_index(fake->logins, 0), "\"name\":\"me\""));
    assert_non_null(strstr(g_ptr_array_index(fake->logins, 1), "\"name\":\"service\""));
    fake_barbican_free(fake);
}

static void
test_mistakes_in_such_a_group_name_it(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        { "[barbican]\nauth_section=service_user\n[service_user]\n" KEYSTONE USER,
          "[service_user] password" },
        { "[barbican]\nauth_section=service_user\n" KEYSTONE USER "password=x\n", "[service_user] username" },
        { "[barbican]\nauth_section=other\n[other]\n" KEYSTONE USER "password=x\n",
          "[barbican] auth_section|'other'|keystone_authtoken|service_user" },
        { "[barbican]\n" KEYSTONE USER "password=x\nsend_service_user_token=yes\n[barbican_service_user]\n"
          KEYSTONE USER "password=x\ncafile=/nonexistent\n", "[barbican_service_user] cafile|/nonexistent" },
        { "[barbican]\n" KEYSTONE USER "password=x\nsend_service_user_token=yes\n[barbican_service_user]\n"
          KEYSTONE USER "password=x\nkeyfile=/etc/passwd\n", "[barbican_service_user] keyfile|certfile" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat("[keymgr]\nbackend=barbican\n", rows[i].text, NULL);
        g_autoptr(GKeyFile) file = keymgr_test_config(text);
        g_autoptr(GError) error = NULL;

        if (keymgr_new(file, NULL, &error))
            fail_msg("this was taken: %s", rows[i].text);
        keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, rows[i].words);
    }
}

/* So that a reader of the file warns of nothing, and sees the passwords. */
static void
test_the_keys_of_such_groups_are_known(void **state)
{
    static const char *const groups[] = { "barbican_service_user", "keystone_authtoken", "service_user" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(groups); i++) {
        const char *const *keys = keymgr_config_keys(groups[i]);

        assert_non_null(keys);
        assert_true(g_strv_contains(keys, "auth_url") && g_strv_contains(keys, "cafile"));
        assert_true(g_strv_contains(keys, "auth_section") && g_strv_contains(keys, "collect_timing"));
        assert_true(keymgr_config_key_is_secret(groups[i], "password"));
    }
    assert_true(g_strv_contains(keymgr_config_keys("barbican"), "auth_section"));
    assert_true(g_strv_contains(keymgr_config_keys("barbican"), "cafile"));
}

static void
test_the_endpoint_of_noauth_is_barbicans(void **state)
{
    FakeBarbican *fake = fake_barbican_new();
    g_autoptr(GPtrArray) secrets = NULL;

    connect_with(fake, "[barbican]\nauth_type=none\nendpoint=URL\n");
    assert_non_null(secrets = fake_barbican_fetch_one(fake, NULL));
    assert_true(g_str_has_prefix(g_ptr_array_index(fake->heads, 0), "GET /v1/secrets/" ID "0/payload "));
    fake_barbican_free(fake);
}

/* --- the service user's own session -------------------------------------------------- */

static gboolean
answer_login(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    return fake_reply_token(request, "service-token", 3600, fake_server_url(server));
}

static void
test_a_service_user_may_have_a_ca_of_his_own(void **state)
{
    FakeTls *tls = fake_tls_new();
    FakeServer *keystone = fake_server_new_tls(answer_login, NULL, tls);
    FakeBarbican *fake = fake_barbican_new();
    /* His own, that of [barbican], none. */
    g_autofree char *own = g_strdup_printf("[barbican_service_user]\ncafile=%s\n", fake_tls_ca_file(tls));
    g_autofree char *shared = g_strdup_printf("cafile=%s\n[barbican_service_user]\n", fake_tls_ca_file(tls));
    const char *const rows[] = { own, shared, "[barbican_service_user]\n" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *options = g_strdup_printf("send_service_user_token=yes\n%sauth_url=%s\nusername=svc\n"
                                                   "password=x\nuser_domain_id=d\n", rows[i],
                                                   fake_server_url(keystone));
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) secrets = NULL;

        fake_barbican_connect(fake, options);
        secrets = fake_barbican_fetch_one(fake, &error);
        if (i + 1 == G_N_ELEMENTS(rows))
            keymgr_test_error(&error, KEYMGR_ERROR_TLS, "Keystone at https://127.0.0.1");
        else if (!secrets)
            fail_msg("%s", error->message);
    }
    fake_barbican_free(fake);
    fake_server_free(keystone);
    fake_tls_free(tls);
}

static void
test_a_service_user_may_have_a_timeout_of_his_own(void **state)
{
    FakeServer *keystone = fake_server_new(fake_server_answer_never, NULL);
    FakeBarbican *fake = fake_barbican_new();
    g_autofree char *options = g_strdup_printf("send_service_user_token=yes\ntotal_timeout=5\n"
                                               "[barbican_service_user]\nauth_url=%s\n"
                                               "username=svc\npassword=x\nuser_domain_id=d\ntimeout=0.2\n",
                                               fake_server_url(keystone));
    g_autoptr(GError) error = NULL;

    fake_barbican_connect(fake, options);
    assert_null(fake_barbican_fetch_one(fake, &error));
    assert_null(strstr(error->message, "whole operation"));
    keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "Keystone at http://127.0.0.1");
    fake_barbican_free(fake);
    fake_server_free(keystone);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_value_of_the_sample_is_accepted, setup, teardown),
        cmocka_unit_test(test_auth_section_names_the_group_with_the_credentials),
        cmocka_unit_test(test_mistakes_in_such_a_group_name_it),
        cmocka_unit_test(test_the_keys_of_such_groups_are_known),
        cmocka_unit_test(test_the_endpoint_of_noauth_is_barbicans),
        cmocka_unit_test(test_a_service_user_may_have_a_ca_of_his_own),
        cmocka_unit_test(test_a_service_user_may_have_a_timeout_of_his_own),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
