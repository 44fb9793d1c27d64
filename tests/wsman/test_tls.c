/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates good and bad, and ports that speak the other protocol.
 */
#include "tests/wsman/support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define IDENTITY "<i:IdentifyResponse xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/>"

static void
serve(const HttpExchange *exchange, gpointer opaque)
{
    test_answer(exchange, IDENTITY);
}

static WsmanIdentity *
identify(const char *url, const char *cacert, gboolean no_verify, GError **error)
{
    WsmanClientOptions options = {
        .url = url, .auth = "basic", .cacert = cacert, .no_verify = no_verify, .connect_timeout_ms = 1000,
        .operation_timeout_ms = 1000, .network_delay_ms = 100, .credentials = test_credentials,
    };
    g_autoptr(WsmanClient) client = wsman_client_new(&options, error);

    return client ? wsman_client_identify(client, NULL, error) : NULL;
}

static void
assert_refused(const char *url, const char *cacert, WsmanError code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanIdentity) identity = identify(url, cacert, FALSE, &error);

    assert_null(identity);
    assert_error(error, code);
    assert_contains(error->message, part);
}

static void
a_trusted_certificate_is_taken(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanIdentity) identity = identify(http_server_url(server), tls_identity_ca_file(tls), FALSE, &error);

    assert_no_error(error);
    assert_non_null(identity);
}

static void
many_requests_take_one_handshake(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);
    WsmanClientOptions options = test_options(server);
    g_autoptr(WsmanClient) client = NULL;

    options.cacert = tls_identity_ca_file(tls);
    client = wsman_client_new(&options, NULL);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(WsmanIdentity) identity = wsman_client_identify(client, NULL, NULL);

        assert_non_null(identity);
    }
    assert_int_equal(http_server_n_connections(server), 1);
}

static void
an_unknown_authority_is_refused_with_a_hint(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -1, 10);
    g_autoptr(TlsIdentity) other = tls_identity_new("localhost", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);

    assert_refused(http_server_url(server), tls_identity_ca_file(other), WSMAN_ERROR_TLS, "cacert=");
    assert_refused(http_server_url(server), NULL, WSMAN_ERROR_TLS, "NOT trusted");
    assert_int_equal(http_server_n_requests(server), 0);
}

static void
an_expired_certificate_is_named_so(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -10, -1);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);

    assert_refused(http_server_url(server), tls_identity_ca_file(tls), WSMAN_ERROR_TLS, "expired");
    assert_int_equal(http_server_n_requests(server), 0);
}

static void
a_certificate_that_is_not_valid_yet_is_named_so(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", 1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);

    assert_refused(http_server_url(server), tls_identity_ca_file(tls), WSMAN_ERROR_TLS, "not yet");
}

static void
a_certificate_for_another_host_is_named_so(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("hv01.example.org", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);

    assert_refused(http_server_url(server), tls_identity_ca_file(tls), WSMAN_ERROR_TLS,
                   "another host name than 'localhost'");
    assert_int_equal(http_server_n_requests(server), 0);
}

static void
no_verification_takes_anything(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("hv01.example.org", -10, -1);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);
    g_autoptr(GError) error = NULL;
    g_autoptr(WsmanIdentity) identity = identify(http_server_url(server), NULL, TRUE, &error);

    assert_no_error(error);
    assert_non_null(identity);
}

static void
a_file_that_holds_no_certificates_is_named(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("wsman-test-XXXXXX", &path, NULL);

    assert_int_equal(write(fd, "nonsense", 8), 8);
    close(fd);
    assert_refused(http_server_url(server), path, WSMAN_ERROR_CONFIG, path);
    g_unlink(path);
}

static void
https_to_a_port_of_http_is_told(void **state)
{
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, NULL, HTTP_GARBAGE_ON_ACCEPT);
    g_autofree char *url = g_strdup_printf("https://localhost:%u/wsman", http_server_port(server));

    assert_refused(url, NULL, WSMAN_ERROR_TLS, "5985");
}

static void
http_to_a_port_of_https_is_told(void **state)
{
    g_autoptr(TlsIdentity) tls = tls_identity_new("localhost", -1, 10);
    g_autoptr(HttpServer) server = http_server_new(serve, NULL, tls, HTTP_NORMAL);
    g_autofree char *url = g_strdup_printf("http://localhost:%u/wsman", http_server_port(server));
    g_autoptr(GError) error = NULL;

    assert_null(identify(url, NULL, FALSE, &error));
    assert_int_equal(error->domain, WSMAN_ERROR);
    assert_true(error->code == WSMAN_ERROR_CONNECT || error->code == WSMAN_ERROR_PROTOCOL);
}

static void
a_handshake_that_stalls_or_breaks_ends_in_time(void **state)
{
    static const HttpTemper tempers[] = { HTTP_SILENT, HTTP_RESET_IN_HANDSHAKE };
    static const WsmanError codes[] = { WSMAN_ERROR_TIMEOUT, WSMAN_ERROR_TLS };

    for (gsize i = 0; i < G_N_ELEMENTS(tempers); i++) {
        g_autoptr(HttpServer) server = http_server_new(serve, NULL, NULL, tempers[i]);
        g_autofree char *url = g_strdup_printf("https://localhost:%u/wsman", http_server_port(server));
        gint64 start = g_get_monotonic_time();

        assert_refused(url, NULL, codes[i], i == 0 ? "no connection within" : "no TLS connection");
        assert_true(g_get_monotonic_time() - start < 3 * G_USEC_PER_SEC);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_certificate_is_taken),
        cmocka_unit_test(many_requests_take_one_handshake),
        cmocka_unit_test(an_unknown_authority_is_refused_with_a_hint),
        cmocka_unit_test(an_expired_certificate_is_named_so),
        cmocka_unit_test(a_certificate_that_is_not_valid_yet_is_named_so),
        cmocka_unit_test(a_certificate_for_another_host_is_named_so),
        cmocka_unit_test(no_verification_takes_anything),
        cmocka_unit_test(a_file_that_holds_no_certificates_is_named),
        cmocka_unit_test(https_to_a_port_of_http_is_told),
        cmocka_unit_test(http_to_a_port_of_https_is_told),
        cmocka_unit_test(a_handshake_that_stalls_or_breaks_ends_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
