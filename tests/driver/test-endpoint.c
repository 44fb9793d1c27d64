/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_endpoint.h"

/* The endpoint of a URI under a configuration; NULL with an error. */
static MsvmEndpoint *
endpoint_of(const char *uri_text, const char *config_text)
{
    g_autofree char *directory = g_dir_make_tmp("msvm-endpoint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "msvm.conf", NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(virURI) uri = virURIParse(uri_text);
    g_autoptr(MsvmEndpoint) endpoint = NULL;
    g_autoptr(MsvmConfig) config = NULL;
    int rc = -1;

    assert_non_null(uri);
    test_write(path, config_text, 0600);
    config = msvmConfigLoadFile(path, warnings);
    assert_non_null(config);
    endpoint = msvmEndpointParse(uri);
    if (endpoint)
        rc = msvmEndpointComplete(endpoint, uri, config);
    g_unlink(path);
    g_rmdir(directory);
    return rc == 0 ? g_steal_pointer(&endpoint) : NULL;
}

static const struct {
    const char *uri;
    const char *config;
    const char *name;
    const char *user;
    const char *url;
} good[] = {
    { "msvm://hv01/embed?root=/r", "", "hv01", NULL, "https://hv01:5986/wsman" },
    { "msvm://admin@hv01:1234/embed?root=/r", "", "hv01", "admin", "https://hv01:1234/wsman" },
    { "msvm://CORP%5Cadmin@hv01/embed?root=/r", "", "hv01", "CORP\\admin", "https://hv01:5986/wsman" },
    { "msvm://hv01/embed?root=/r&transport=http", "", "hv01", NULL, "http://hv01:5985/wsman" },
    { "msvm://hv01:80/embed?root=/r&transport=http", "", "hv01", NULL, "http://hv01:80/wsman" },
    { "msvm://[fe80::1]/embed?root=/r", "", "fe80::1", NULL, "https://[fe80::1]:5986/wsman" },
    { "msvm:///embed?root=/r", "[driver]\ndefault_host=hv02\n", "hv02", NULL, "https://hv02:5986/wsman" },
    { "msvm:///embed?root=/r", "[driver]\ndefault_host=hv02:77\n", "hv02", NULL, "https://hv02:77/wsman" },
    { "msvm:///embed?root=/r", "[driver]\ndefault_host=[::1]:77\n", "::1", NULL, "https://[::1]:77/wsman" },
    { "msvm://hv01/embed?root=/r", "[host hv01]\nurl=https://far:7/x\n", "hv01", NULL, "https://far:7/x" },
    { "msvm://hv01:9/embed?root=/r", "[host hv01]\nurl=https://far:7/x\n", "hv01", NULL, "https://hv01:9/wsman" },
    { "msvm://hv01/embed?root=/r&transport=https", "[host hv01]\nurl=http://far:7/x\n", "hv01", NULL,
      "https://hv01:5986/wsman" },
    { "msvm:///embed?root=/r", "[driver]\ndefault_host=a\n[host a]\nurl=https://b/wsman\n", "a", NULL,
      "https://b/wsman" },
    /* what a daemon delivers */
    { "msvm:///hv01", "", "hv01", NULL, "https://hv01:5986/wsman" },
    { "msvm://hv01/", "", "hv01", NULL, "https://hv01:5986/wsman" },
    { "msvm://hv01", "", "hv01", NULL, "https://hv01:5986/wsman" },
    { "msvm://hv01/system", "", "hv01", NULL, "https://hv01:5986/wsman" },
    { "msvm:///system", "[driver]\ndefault_host=hv02\n", "hv02", NULL, "https://hv02:5986/wsman" },
};

static void
test_uri_and_configuration_give_where_to_connect(void **state)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(MsvmEndpoint) endpoint = endpoint_of(good[i].uri, good[i].config);

        if (!endpoint)
            fail_msg("%s: %s", good[i].uri, virGetLastErrorMessage());
        assert_string_equal(endpoint->name, good[i].name);
        assert_string_equal(endpoint->url, good[i].url);
        assert_int_equal(g_strcmp0(endpoint->user, good[i].user), 0);
    }
}

static const struct {
    const char *uri;
    const char *part;
} bad[] = {
    { "msvm://hv01/embed?root=/r&colour=red", "unknown URI parameter 'colour'" },
    { "msvm://hv01/embed?root=/r&transport=ftp", "URI parameter 'transport' is 'ftp'" },
    { "msvm://hv01/embed?root=/r&auth=digest", "URI parameter 'auth' is 'digest'" },
    { "msvm://hv01/embed?root=/r&no_verify=yes", "URI parameter 'no_verify' is 'yes'" },
    { "msvm://hv01/embed?root=/r&cacert=ca.pem", "URI parameter 'cacert' is 'ca.pem'" },
    { "msvm://hv01/embed?root=r", "URI parameter 'root' is 'r'" },
    { "msvm://hv01/embed?root=/r&cacert=", "URI parameter 'cacert' has no value" },
    { "msvm://hv01/embed?root=/r&auth=basic&auth=ntlm", "URI parameter 'auth' is given twice" },
    { "msvm://hv01/other?root=/r", "unexpected path '/other'" },
    { "msvm:///a/b", "unexpected path '/a/b'" },
    { "msvm:///a%20b", "'a b' is not the name or address of a host" },
    { "msvm:///a%5Db", "'a]b' is not the name or address of a host" },
    { "msvm:///embed?root=/r", "the URI names no host" },
};

static void
test_what_is_wrong_with_a_uri_is_named(void **state)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(MsvmEndpoint) endpoint = endpoint_of(bad[i].uri, "");

        if (endpoint)
            fail_msg("%s was taken", bad[i].uri);
        test_assert_error(VIR_ERR_INVALID_ARG, bad[i].part);
    }
}

static void
test_a_bad_default_host_is_refused(void **state)
{
    static const char *const hosts[] = { "a/b", "a b", "u@h", "h?x", "[::1" };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autofree char *text = g_strdup_printf("[driver]\ndefault_host=%s\n", hosts[i]);
        g_autoptr(MsvmEndpoint) endpoint = endpoint_of("msvm:///embed?root=/r", text);

        if (endpoint)
            fail_msg("%s was taken", hosts[i]);
        test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, hosts[i]);
    }
}

static void
test_a_password_in_the_uri_is_refused_and_not_shown(void **state)
{
    assert_null(endpoint_of("msvm://admin:canary@hv01/embed?root=/r", ""));
    assert_null(strstr(virGetLastErrorMessage(), "canary"));
    test_assert_error(VIR_ERR_INVALID_ARG, "auth.conf");
}

static void
test_the_uri_goes_before_the_configuration(void **state)
{
    static const char *const config = "[host a]\nauth=ntlm\ncacert=/c.pem\nno_verify=1\njob_timeout=9\n";
    g_autoptr(MsvmEndpoint) configured = endpoint_of("msvm://a/embed?root=/r", config);
    g_autoptr(MsvmEndpoint) given = endpoint_of("msvm://a/embed?root=/r&auth=basic&cacert=/u.pem&no_verify=0", config);

    assert_string_equal(configured->auth, "ntlm");
    assert_string_equal(configured->cacert, "/c.pem");
    assert_true(configured->no_verify);
    assert_int_equal(configured->job_timeout, 9);
    assert_string_equal(configured->root, "/r");
    assert_string_equal(given->auth, "basic");
    assert_string_equal(given->cacert, "/u.pem");
    assert_false(given->no_verify);
}

static void
test_without_a_word_the_certificate_is_verified(void **state)
{
    g_autoptr(MsvmEndpoint) endpoint = endpoint_of("msvm://a/embed?root=/r", "");

    assert_false(endpoint->no_verify);
    assert_null(endpoint->auth);
    assert_null(endpoint->cacert);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uri_and_configuration_give_where_to_connect),
        cmocka_unit_test(test_what_is_wrong_with_a_uri_is_named),
        cmocka_unit_test(test_a_bad_default_host_is_refused),
        cmocka_unit_test(test_a_password_in_the_uri_is_refused_and_not_shown),
        cmocka_unit_test(test_the_uri_goes_before_the_configuration),
        cmocka_unit_test(test_without_a_word_the_certificate_is_verified),
    };

    return cmocka_run_group_tests_name("driver/endpoint", tests, test_setup_libvirt, NULL);
}
