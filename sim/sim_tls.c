/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define VALID_SECONDS (10 * 365 * 86400)
#define SERIAL_BYTES 16
#define MAX_PEM 65536

void
sim_tls_free(SimTls *tls)
{
    if (!tls)
        return;
    if (tls->key)
        explicit_bzero(tls->key, strlen(tls->key));
    g_free(tls->key);
    g_free(tls->certificate);
    g_free(tls);
}

SimTls *
sim_tls_load(const char *certificate_file, const char *key_file, GError **error)
{
    g_autoptr(SimTls) tls = g_new0(SimTls, 1);

    if (!g_file_get_contents(certificate_file, &tls->certificate, NULL, error) ||
        !g_file_get_contents(key_file, &tls->key, NULL, error))
        return NULL;
    return g_steal_pointer(&tls);
}

/* --- making ---------------------------------------------------------------------- */

/* A certificate and its key; everything of GnuTLS in one place to free. */
typedef struct {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
} Pair;

static void
pair_clear(Pair *pair)
{
    if (pair->crt)
        gnutls_x509_crt_deinit(pair->crt);
    if (pair->key)
        gnutls_x509_privkey_deinit(pair->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

/* The usual pattern of GnuTLS: below zero is an error. */
static gboolean
check(int code, const char *what, GError **error)
{
    if (code >= 0)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make a certificate: %s: %s", what,
                gnutls_strerror(code));
    return FALSE;
}

static gboolean
start_pair(Pair *pair, const char *common_name, GError **error)
{
    guchar serial[SERIAL_BYTES];
    time_t now = time(NULL);

    if (!check(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)), "serial number", error) ||
        !check(gnutls_x509_crt_init(&pair->crt), "memory", error) ||
        !check(gnutls_x509_privkey_init(&pair->key), "memory", error))
        return FALSE;
    serial[0] &= 0x7F; /* serial numbers are positive */
    return check(gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), "key", error) &&
        check(gnutls_x509_crt_set_version(pair->crt, 3), "version", error) &&
        check(gnutls_x509_crt_set_serial(pair->crt, serial, sizeof(serial)), "serial number", error) &&
        check(gnutls_x509_crt_set_activation_time(pair->crt, now - 86400), "time", error) &&
        check(gnutls_x509_crt_set_expiration_time(pair->crt, now + VALID_SECONDS), "time", error) &&
        check(gnutls_x509_crt_set_dn_by_oid(pair->crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                            (unsigned)strlen(common_name)), "name", error) &&
        check(gnutls_x509_crt_set_key(pair->crt, pair->key), "key", error);
}

static gboolean
sign(Pair *pair, const Pair *issuer, GError **error)
{
    guchar id[64];
    size_t size = sizeof(id);

    return check(gnutls_x509_crt_get_key_id(pair->crt, 0, id, &size), "key id", error) &&
        check(gnutls_x509_crt_set_subject_key_id(pair->crt, id, size), "key id", error) &&
        check(gnutls_x509_crt_sign2(pair->crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0), "signature", error);
}

static gboolean
make_ca(Pair *ca, GError **error)
{
    return start_pair(ca, "hvsim test authority", error) &&
        check(gnutls_x509_crt_set_basic_constraints(ca->crt, 1, 0), "constraints", error) &&
        check(gnutls_x509_crt_set_key_usage(ca->crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN), "usage",
              error) &&
        sign(ca, ca, error);
}

static gboolean
add_name(Pair *server, const char *name, GError **error)
{
    guchar address[sizeof(struct in6_addr)];
    int code;

    if (inet_pton(AF_INET, name, address) == 1)
        code = gnutls_x509_crt_set_subject_alt_name(server->crt, GNUTLS_SAN_IPADDRESS, address,
                                                    sizeof(struct in_addr), GNUTLS_FSAN_APPEND);
    else if (inet_pton(AF_INET6, name, address) == 1)
        code = gnutls_x509_crt_set_subject_alt_name(server->crt, GNUTLS_SAN_IPADDRESS, address,
                                                    sizeof(struct in6_addr), GNUTLS_FSAN_APPEND);
    else
        code = gnutls_x509_crt_set_subject_alt_name(server->crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
                                                    GNUTLS_FSAN_APPEND);
    return check(code, name, error);
}

static gboolean
make_server(Pair *server, const Pair *ca, const char *const *names, GError **error)
{
    if (!start_pair(server, names[0], error))
        return FALSE;
    for (; *names; names++) {
        if (!add_name(server, *names, error))
            return FALSE;
    }
    return check(gnutls_x509_crt_set_basic_constraints(server->crt, 0, -1), "constraints", error) &&
        check(gnutls_x509_crt_set_key_usage(server->crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "usage", error) &&
        check(gnutls_x509_crt_set_key_purpose_oid(server->crt, GNUTLS_KP_TLS_WWW_SERVER, 0), "purpose", error) &&
        sign(server, ca, error);
}

/* --- the folder ------------------------------------------------------------------- */

static char *
export_certificate(const Pair *pair, GError **error)
{
    gnutls_datum_t pem = { 0 };
    char *text;

    if (!check(gnutls_x509_crt_export2(pair->crt, GNUTLS_X509_FMT_PEM, &pem), "export", error))
        return NULL;
    text = g_strndup((const char *)pem.data, pem.size);
    gnutls_free(pem.data);
    return text;
}

static char *
export_key(const Pair *pair, GError **error)
{
    gnutls_datum_t pem = { 0 };
    char *text;

    if (!check(gnutls_x509_privkey_export2(pair->key, GNUTLS_X509_FMT_PEM, &pem), "export", error))
        return NULL;
    text = g_strndup((const char *)pem.data, pem.size);
    explicit_bzero(pem.data, pem.size);
    gnutls_free(pem.data);
    return text;
}

/* Whether an earlier run's certificate still does. */
static gboolean
is_good(const SimTls *tls, const char *const *names)
{
    g_auto(Pair) pair = { 0 };
    gnutls_datum_t pem = { (guchar *)tls->certificate, (unsigned)strlen(tls->certificate) };

    if (gnutls_x509_crt_init(&pair.crt) < 0 || gnutls_x509_crt_import(pair.crt, &pem, GNUTLS_X509_FMT_PEM) < 0)
        return FALSE;
    if (gnutls_x509_crt_get_expiration_time(pair.crt) < time(NULL) + 86400)
        return FALSE;
    for (; *names; names++) {
        if (!gnutls_x509_crt_check_hostname(pair.crt, *names))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_file(const char *path, const char *text, int mode, GError **error)
{
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, error);
}

SimTls *
sim_tls_make(const char *folder, const char *const *names, GError **error)
{
    g_autofree char *ca_path = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *certificate_path = g_build_filename(folder, "server.pem", NULL);
    g_autofree char *key_path = g_build_filename(folder, "server.key", NULL);
    g_autofree char *ca_text = NULL;
    g_autoptr(SimTls) tls = NULL;
    g_auto(Pair) ca = { 0 };
    g_auto(Pair) server = { 0 };

    if (g_mkdir_with_parents(folder, 0700) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot make %s: %s", folder, g_strerror(errno));
        return NULL;
    }
    if (g_file_test(ca_path, G_FILE_TEST_EXISTS))
        tls = sim_tls_load(certificate_path, key_path, NULL);
    if (tls && is_good(tls, names))
        return g_steal_pointer(&tls);
    g_clear_pointer(&tls, sim_tls_free);
    tls = g_new0(SimTls, 1);
    if (!make_ca(&ca, error) || !make_server(&server, &ca, names, error))
        return NULL;
    ca_text = export_certificate(&ca, error);
    if (!ca_text || !(tls->certificate = export_certificate(&server, error)) ||
        !(tls->key = export_key(&server, error)))
        return NULL;
    if (!write_file(key_path, tls->key, 0600, error) || !write_file(certificate_path, tls->certificate, 0644, error) ||
        !write_file(ca_path, ca_text, 0644, error))
        return NULL;
    return g_steal_pointer(&tls);
}
