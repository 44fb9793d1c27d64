/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/fake_tls.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define HANDSHAKE_MS 5000
#define CHUNK 4096

struct FakeTls {
    gnutls_certificate_credentials_t credentials;
    char *ca_file;
};

/* One connection. */
typedef struct {
    GSocketConnection *connection;
    gnutls_session_t session;
    int plain; /* our end of the pair */
} Pump;

static void
must(int code)
{
    if (code < 0)
        g_error("GnuTLS: %s", gnutls_strerror(code));
}

static void
sign_self(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
    static const guint8 address[4] = { 127, 0, 0, 1 };
    static const guint8 serial[1] = { 1 };

    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    must(gnutls_x509_crt_set_version(certificate, 3));
    must(gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial)));
    must(gnutls_x509_crt_set_activation_time(certificate, time(NULL) - 3600));
    must(gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + 3600));
    must(gnutls_x509_crt_set_dn(certificate, "CN=fake store", NULL));
    must(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, address, sizeof(address),
                                              GNUTLS_FSAN_SET));
    must(gnutls_x509_crt_set_key(certificate, key));
    must(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

FakeTls *
fake_tls_new(void)
{
    FakeTls *tls = g_new0(FakeTls, 1);
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    gnutls_datum_t pem = { NULL, 0 };
    int fd = g_file_open_tmp("keymgr-fake-XXXXXX.pem", &tls->ca_file, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    must(gnutls_x509_crt_init(&certificate));
    must(gnutls_x509_privkey_init(&key));
    sign_self(certificate, key);
    must(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem));
    g_assert_true(g_file_set_contents(tls->ca_file, (const char *)pem.data, (gssize)pem.size, NULL));
    must(gnutls_certificate_allocate_credentials(&tls->credentials));
    must(gnutls_certificate_set_x509_key(tls->credentials, &certificate, 1, key));
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return tls;
}

void
fake_tls_free(FakeTls *tls)
{
    gnutls_certificate_free_credentials(tls->credentials);
    g_unlink(tls->ca_file);
    g_free(tls->ca_file);
    g_free(tls);
}

const char *
fake_tls_ca_file(const FakeTls *tls)
{
    return tls->ca_file;
}

static gboolean
to_client(Pump *pump, const guint8 *data, gsize size)
{
    while (size > 0) {
        gssize sent = gnutls_record_send(pump->session, data, size);

        if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED)
            continue;
        if (sent <= 0)
            return FALSE;
        data += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

static gboolean
carry(Pump *pump, int tls_fd)
{
    guint8 chunk[CHUNK];
    struct pollfd fds[2] = { { tls_fd, POLLIN, 0 }, { pump->plain, POLLIN, 0 } };
    gssize got;

    if (gnutls_record_check_pending(pump->session) == 0 && poll(fds, 2, -1) < 0)
        return FALSE;
    if (fds[1].revents && ((got = read(pump->plain, chunk, sizeof(chunk))) <= 0 ||
                           !to_client(pump, chunk, (gsize)got)))
        return FALSE;
    if (!fds[0].revents && gnutls_record_check_pending(pump->session) == 0)
        return TRUE;
    got = gnutls_record_recv(pump->session, chunk, sizeof(chunk));
    if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
        return TRUE;
    return got > 0 && send(pump->plain, chunk, (gsize)got, MSG_NOSIGNAL) == got;
}

static gpointer
pump_thread(gpointer data)
{
    Pump *pump = data;
    int fd = g_socket_get_fd(g_socket_connection_get_socket(pump->connection));

    while (carry(pump, fd))
        ;
    gnutls_deinit(pump->session);
    close(pump->plain);
    g_io_stream_close(G_IO_STREAM(pump->connection), NULL, NULL);
    g_object_unref(pump->connection);
    g_free(pump);
    return NULL;
}

GIOStream *
fake_tls_accept(FakeTls *tls, GSocketConnection *connection)
{
    GSocket *socket = g_socket_connection_get_socket(connection);
    gnutls_session_t session;
    g_autoptr(GSocket) plain = NULL;
    Pump *pump;
    int pair[2];

    must(gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL));
    must(gnutls_set_default_priority(session));
    must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials));
    gnutls_transport_set_int(session, g_socket_get_fd(socket));
    gnutls_handshake_set_timeout(session, HANDSHAKE_MS);
    g_socket_set_blocking(socket, TRUE);
    if (gnutls_handshake(session) < 0) {
        gnutls_deinit(session);
        return NULL;
    }
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    pump = g_new0(Pump, 1);
    pump->connection = g_object_ref(connection);
    pump->session = session;
    pump->plain = pair[0];
    g_thread_unref(g_thread_new("fake-tls", pump_thread, pump));
    plain = g_socket_new_from_fd(pair[1], NULL);
    return G_IO_STREAM(g_socket_connection_factory_create_connection(plain));
}
