/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_credentials.h"
#include "wsman/wsman_error.h"

#include "viruri.h"

static char *directory;
static char *path;

static int
setup(void **state)
{
    directory = g_dir_make_tmp("msvm-auth-XXXXXX", NULL);
    path = g_build_filename(directory, "auth.conf", NULL);
    g_setenv("LIBVIRT_AUTH_FILE", path, TRUE);
    test_write(path, "", 0600);
    return 0;
}

static int
teardown(void **state)
{
    g_unlink(path);
    g_rmdir(directory);
    g_free(path);
    g_free(directory);
    g_unsetenv("LIBVIRT_AUTH_FILE");
    return 0;
}

static void
write_auth(void)
{
    test_write(path, "[credentials-a]\nusername=fileuser\npassword=filepass\n[auth-msvm-hv01]\ncredentials=a\n", 0600);
}

/* A client that can be asked. */
typedef struct {
    int asked;
    const char *user;
    const char *password;
} Client;

static int
client_callback(virConnectCredentialPtr cred, unsigned int ncred, void *data)
{
    Client *client = data;
    const char *answer;
    unsigned int i;

    for (i = 0; i < ncred; i++) {
        client->asked++;
        answer = cred[i].type == VIR_CRED_AUTHNAME ? client->user : client->password;
        cred[i].result = g_strdup(answer);
        cred[i].resultlen = answer ? strlen(answer) : 0;
    }
    return 0;
}

static int client_types[] = { VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE };

static void
assert_gives(MsvmCredentials *credentials, const char *user, const char *password)
{
    g_autofree char *got_user = NULL;
    g_autofree char *got_password = NULL;
    g_autoptr(GError) error = NULL;

    if (!msvmCredentialsGet(&got_user, &got_password, credentials, &error))
        fail_msg("%s", error->message);
    assert_string_equal(got_user, user);
    assert_string_equal(got_password, password);
}

static void
assert_refuses(MsvmCredentials *credentials, const char *part)
{
    char *user = NULL;
    char *password = NULL;
    g_autoptr(GError) error = NULL;

    assert_false(msvmCredentialsGet(&user, &password, credentials, &error));
    assert_true(g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_AUTH));
    if (!strstr(error->message, part))
        fail_msg("'%s' does not have '%s'", error->message, part);
}

static void
test_auth_conf_suffices_without_callbacks(void **state)
{
    g_autoptr(MsvmCredentials) credentials = NULL;

    write_auth();
    credentials = msvmCredentialsNew(NULL, NULL, NULL, "hv01");
    assert_gives(credentials, "fileuser", "filepass");
}

static void
test_the_user_of_the_uri_goes_first(void **state)
{
    g_autoptr(MsvmCredentials) credentials = NULL;

    write_auth();
    credentials = msvmCredentialsNew(NULL, NULL, "uriuser", "hv01");
    assert_gives(credentials, "uriuser", "filepass");
}

static void
test_a_client_is_asked_once(void **state)
{
    Client client = { 0, "cbuser", "cbpass" };
    virConnectAuth auth = { client_types, 2, client_callback, &client };
    g_autoptr(MsvmCredentials) credentials = msvmCredentialsNew(NULL, &auth, NULL, "hv01");

    assert_gives(credentials, "cbuser", "cbpass");
    assert_gives(credentials, "cbuser", "cbpass");
    assert_int_equal(client.asked, 2);
    msvmCredentialsSeal(credentials);
    assert_gives(credentials, "cbuser", "cbpass");
    assert_int_equal(client.asked, 2);
}

static void
test_a_file_that_is_not_there_does_not_stop_callbacks(void **state)
{
    Client client = { 0, "cbuser", "cbpass" };
    virConnectAuth auth = { client_types, 2, client_callback, &client };
    g_autoptr(MsvmCredentials) credentials = NULL;

    g_unlink(path);
    credentials = msvmCredentialsNew(NULL, &auth, NULL, "hv01");
    assert_gives(credentials, "cbuser", "cbpass");
}

static void
test_without_entry_and_callbacks_it_fails(void **state)
{
    g_autoptr(MsvmCredentials) credentials = msvmCredentialsNew(NULL, NULL, "u", "other");

    write_auth();
    assert_refuses(credentials, "no password for host 'other'");
}

static void
test_an_empty_user_name_is_none(void **state)
{
    Client client = { 0, "", "cbpass" };
    virConnectAuth auth = { client_types, 2, client_callback, &client };
    g_autoptr(MsvmCredentials) credentials = NULL;

    g_unlink(path);
    credentials = msvmCredentialsNew(NULL, &auth, NULL, "hv01");
    assert_refuses(credentials, "no user name for host 'hv01'");
    assert_int_equal(client.asked, 1);
}

static void
test_a_client_that_gives_nothing_fails(void **state)
{
    Client client = { 0, "cbuser", NULL };
    virConnectAuth auth = { client_types, 2, client_callback, &client };
    g_autoptr(MsvmCredentials) credentials = msvmCredentialsNew(NULL, &auth, NULL, "hv01");

    assert_refuses(credentials, "no password for host 'hv01'");
}

static void
test_nobody_is_asked_once_the_connection_is_open(void **state)
{
    Client client = { 0, "cbuser", "cbpass" };
    virConnectAuth auth = { client_types, 2, client_callback, &client };
    g_autoptr(MsvmCredentials) credentials = msvmCredentialsNew(NULL, &auth, NULL, "hv01");

    msvmCredentialsSeal(credentials);
    assert_refuses(credentials, "hv01");
    assert_int_equal(client.asked, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_auth_conf_suffices_without_callbacks),
        TEST(test_the_user_of_the_uri_goes_first),
        TEST(test_a_client_is_asked_once),
        TEST(test_a_file_that_is_not_there_does_not_stop_callbacks),
        TEST(test_without_entry_and_callbacks_it_fails),
        TEST(test_a_client_that_gives_nothing_fails),
        TEST(test_an_empty_user_name_is_none),
        TEST(test_nobody_is_asked_once_the_connection_is_open),
    };

    return cmocka_run_group_tests_name("driver/credentials", tests, test_setup_libvirt, NULL);
}
