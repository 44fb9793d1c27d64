/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of configuration files: what it takes out before GLib's parser
 * sees the text, and how it takes it.
 */
#include "tests/keymgr/keymgr_test.h"

#include <glib/gstdio.h>
#include <string.h>

#include "keymgr/keymgr_config.h"

static char *folder;
static char *path;

static int
setup(void **state)
{
    folder = g_dir_make_tmp("keymgr-config-XXXXXX", NULL);
    path = g_build_filename(folder, "keymgr.conf", NULL);
    return 0;
}

static int
teardown(void **state)
{
    keymgr_test_remove_tree(folder);
    g_free(path);
    g_free(folder);
    return 0;
}

static void
write_bytes(const char *text, gssize size, int mode)
{
    assert_true(g_file_set_contents(path, text, size, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
}

static KeymgrConfigFile *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    KeymgrConfigFile *file;

    write_bytes(text, -1, 0600);
    file = keymgr_config_file_read(path, NULL, NULL, &error);
    if (!file)
        fail_msg("%s", error->message);
    return file;
}

/* NULL: it must be absent. */
static void
assert_secret(const KeymgrConfigFile *file, const char *group, const char *key, const char *value)
{
    KeymgrConfig config = { keymgr_config_file_keys(file), group, NULL, file };
    g_autoptr(KeymgrSecret) secret = NULL;
    g_autoptr(GError) error = NULL;

    if (!keymgr_config_secret(&config, key, &secret, &error))
        fail_msg("%s", error->message);
    if (!value) {
        assert_null(secret);
        return;
    }
    assert_non_null(secret);
    assert_int_equal(keymgr_secret_size(secret), strlen(value));
    assert_memory_equal(keymgr_secret_data(secret), value, strlen(value));
}

static void
assert_canary_is_gone(const KeymgrConfigFile *file)
{
    g_autofree char *text = g_key_file_to_data(keymgr_config_file_keys(file), NULL, NULL);

    if (strstr(text, "canary"))
        fail_msg("GLib was given this: %s", text);
}

static void
test_passwords_of_every_group_are_taken_out_and_all_else_stays(void **state)
{
    g_autoptr(KeymgrConfigFile) file = read_text("[keymgr]\nbackend = barbican\n"
                                                 "[barbican]\npassword = canary-1\nusername = u\n"
                                                 "application_credential_secret=canary-2\ntoken=canary-3\n"
                                                 "[barbican_service_user]\npassword=canary-4\n"
                                                 "[pkcs11]\npin=canary-5\npin_file=f");
    GKeyFile *keys = keymgr_config_file_keys(file);
    g_autofree char *backend = g_key_file_get_value(keys, "keymgr", "backend", NULL);
    g_autofree char *username = g_key_file_get_value(keys, "barbican", "username", NULL);
    g_autofree char *pin_file = g_key_file_get_value(keys, "pkcs11", "pin_file", NULL);

    assert_canary_is_gone(file);
    assert_string_equal(backend, "barbican");
    assert_string_equal(username, "u");
    assert_string_equal(pin_file, "f");
    assert_true(g_key_file_has_key(keys, "barbican", "password", NULL));
    assert_secret(file, "barbican", "password", "canary-1");
    assert_secret(file, "barbican", "application_credential_secret", "canary-2");
    assert_secret(file, "barbican", "token", "canary-3");
    assert_secret(file, "barbican_service_user", "password", "canary-4");
    assert_memory_equal(keymgr_secret_data(keymgr_config_file_secret(file, "pkcs11", "pin")), "canary-5", 8);
    assert_secret(file, "barbican_service_user", "token", NULL);
}

static void
test_comments_and_what_nobody_reads_are_taken_out(void **state)
{
    static const char *const texts[] = {
        "# password = canary\n[barbican]\n",
        "[barbican]\n  #canary\nusername=u\n",
        "[barbican]\npasword = canary\n",
        "[barbican]\npassword[de] = canary\n",
        "[keymgr]\npassword = canary\n",
        "[database]\nconnection = mysql://nova:canary@db/nova\n",
        "[barbican]\npassword = first-canary\npassword = second-canary\n",
        "[barbican]\npassword = canary\r\n",
        "[barbican]\n\tpassword=canary",
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(KeymgrConfigFile) file = read_text(texts[i]);

        assert_canary_is_gone(file);
    }
}

static void
test_a_password_is_read_as_openstack_reads_it(void **state)
{
    static const struct {
        const char *lines;
        const char *value;
    } rows[] = {
        { "password=plain\n", "plain" },
        { "password = \t around \t\r\n", "around" },
        { " password\t=\"  quoted \"\n", "  quoted " },
        { "password='single'", "single" },
        { "password=\"half\n", "\"half" },
        { "password='\n", "'" },
        { "password=back\\slash\\n$x\n", "back\\slash\\n$x" },
        { "password=a=b==\n", "a=b==" },
        { "password=a # b ; c\n", "a # b ; c" },
        { "password=[x]\n", "[x]" },
        { "password=p\xc3\xa4ss\n", "p\xc3\xa4ss" },
        { "password=\n", NULL },
        { "password=\"\"\n", NULL },
        { "password=one\npassword=two\n", "two" },
        { "password=one\npassword=\n", NULL },
        { "password=one\n[keymgr]\nbackend=x\n[barbican]\nusername=u\n", "one" },
        { "password=one\n[keymgr]\n[barbican]\npassword=two\n", "two" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat("[barbican]\n", rows[i].lines, NULL);
        g_autoptr(KeymgrConfigFile) file = read_text(text);

        assert_secret(file, "barbican", "password", rows[i].value);
    }
}

static void
test_a_password_and_its_file_or_too_long_a_one_are_refused(void **state)
{
    g_autofree char *long_value = g_strnfill(KEYMGR_CONFIG_MAX_SECRET + 1, 'x');
    g_autofree char *long_text = g_strconcat("[barbican]\npassword=", long_value, "\n", NULL);
    const struct {
        const char *text;
        const char *words;
    } rows[] = {
        { "[barbican]\npassword=canary\npassword_file=f\n", "[barbican] password|password_file is set as well" },
        { long_text, "[barbican] password|longer than 16384 bytes" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(KeymgrConfigFile) file = read_text(rows[i].text);
        KeymgrConfig config = { keymgr_config_file_keys(file), "barbican", NULL, file };
        g_autoptr(KeymgrSecret) secret = NULL;
        g_autoptr(GError) error = NULL;

        assert_false(keymgr_config_secret(&config, "password", &secret, &error));
        assert_null(secret);
        keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, rows[i].words);
    }
}

static void
test_a_file_with_a_password_must_not_be_open_to_others(void **state)
{
    static const struct {
        const char *text;
        int mode;
        gboolean good;
    } rows[] = {
        { "[barbican]\npassword=canary\n", 0644, FALSE }, { "[barbican]\npassword=canary\n", 0601, FALSE },
        { "[pkcs11]\npin=canary\npin=\n", 0604, FALSE },  { "[barbican]\npassword=canary\n", 0640, TRUE },
        { "[barbican]\npassword_file=f\n", 0644, TRUE },  { "#password=canary\n", 0644, TRUE },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(KeymgrConfigFile) file = NULL;
        g_autoptr(GError) error = NULL;

        write_bytes(rows[i].text, -1, rows[i].mode);
        file = keymgr_config_file_read(path, NULL, NULL, &error);
        assert_int_equal(file != NULL, rows[i].good);
        if (rows[i].good)
            continue;
        assert_null(strstr(error->message, "canary"));
        keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "keymgr.conf|holds a password|open to others");
    }
}

static void
test_a_bad_line_is_named_and_not_shown(void **state)
{
    static const char zero[] = "[barbican]\npassword=can\0ary\n";
    static const struct {
        const char *text;
        gssize size;
        const char *words;
    } rows[] = {
        { "[barbican]\npassword canary\n", -1, ":2: neither a comment" },
        { "[barbican]\r\n\r\n=canary\n", -1, ":3: neither a comment" },
        { "password=canary\n", -1, ":1: neither a comment" },
        { "[barbican]\n[canary\n", -1, ":2: neither a comment" },
        { "[canary] x\n", -1, ":1: neither a comment" },
        { zero, sizeof(zero) - 1, ":2: neither a comment" },
        { "[barbican]\n[canary]=x]\n", -1, "malformed group or key name" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        write_bytes(rows[i].text, rows[i].size, 0600);
        assert_null(keymgr_config_file_read(path, NULL, NULL, &error));
        assert_true(g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE));
        assert_null(strstr(error->message, "canary"));
        assert_non_null(strstr(error->message, rows[i].words));
    }
}

static gboolean
note(const char *group, const char *key, guint line, gpointer opaque)
{
    g_string_append_printf(opaque, "%u:%s:%s ", line, group, key ? key : "-");
    return g_strcmp0(key, "mine") == 0;
}

static void
test_a_visitor_sees_every_line_and_says_what_is_read(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(KeymgrConfigFile) file = NULL;
    g_autofree char *mine = NULL;

    write_bytes("# x\n[own]\nmine = yes\nother = canary\n\n[barbican]\npassword = canary\n", -1, 0600);
    file = keymgr_config_file_read(path, note, seen, NULL);
    assert_non_null(file);
    assert_string_equal(seen->str, "2:own:- 3:own:mine 4:own:other 6:barbican:- 7:barbican:password ");
    mine = g_key_file_get_value(keymgr_config_file_keys(file), "own", "mine", NULL);
    assert_string_equal(mine, "yes");
    assert_canary_is_gone(file);
    assert_secret(file, "barbican", "password", "canary");
}

static void
test_what_is_no_file_of_sane_size_is_refused(void **state)
{
    g_autofree char *big = g_strnfill(KEYMGR_CONFIG_MAX_FILE + 1, '#');
    g_autofree char *none = g_build_filename(folder, "none", NULL);
    g_autoptr(KeymgrConfigFile) file = NULL;
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_config_file_read(none, NULL, NULL, &error));
    assert_true(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
    g_clear_error(&error);
    assert_null(keymgr_config_file_read(folder, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "not a regular file of at most 1048576 bytes");
    write_bytes(big, KEYMGR_CONFIG_MAX_FILE + 1, 0600);
    assert_null(keymgr_config_file_read(path, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "not a regular file of at most 1048576 bytes");
    write_bytes(big, KEYMGR_CONFIG_MAX_FILE, 0600);
    file = keymgr_config_file_read(path, NULL, NULL, &error);
    assert_non_null(file);
    keymgr_config_file_free(g_steal_pointer(&file));
    file = read_text("");
    assert_non_null(keymgr_config_file_keys(file));
}

static void
test_a_key_manager_is_opened_from_a_file(void **state)
{
    g_autofree char *secret = g_build_filename(folder, "service", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Keymgr) keymgr = NULL;

    assert_true(g_file_set_contents(secret, "service-canary\n", -1, NULL));
    assert_int_equal(g_chmod(secret, 0600), 0);
    write_bytes("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=http://ks\nuser_id=u\npassword=canary\n"
                "send_service_user_token=yes\n[barbican_service_user]\nauth_url=http://ks\nuser_id=s\n"
                "password_file=service\n", -1, 0600);
    keymgr = keymgr_open(path, &error);
    if (!keymgr)
        fail_msg("%s", error->message);
    assert_non_null(strstr(keymgr_describe_store(keymgr), "http://ks"));

    write_bytes("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=http://ks\nuser_id=u\npassword canary\n", -1, 0600);
    assert_null(keymgr_open(path, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "keymgr.conf:6: neither");
    write_bytes("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=http://ks\nuser_id=u\n#password=canary\n", -1, 0600);
    assert_null(keymgr_open(path, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "[barbican] password|is needed, or password_file");
    g_unlink(path);
    assert_null(keymgr_open(path, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, "cannot open|keymgr.conf");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_passwords_of_every_group_are_taken_out_and_all_else_stays),
        TEST(test_comments_and_what_nobody_reads_are_taken_out),
        TEST(test_a_password_is_read_as_openstack_reads_it),
        TEST(test_a_password_and_its_file_or_too_long_a_one_are_refused),
        TEST(test_a_file_with_a_password_must_not_be_open_to_others),
        TEST(test_a_bad_line_is_named_and_not_shown),
        TEST(test_a_visitor_sees_every_line_and_says_what_is_read),
        TEST(test_what_is_no_file_of_sane_size_is_refused),
        TEST(test_a_key_manager_is_opened_from_a_file),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
