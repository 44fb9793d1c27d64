/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/tls_identity.h"

#include <glib/gstdio.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY (24 * 60 * 60)

struct TlsIdentity {
    gnutls_certificate_credentials_t credentials;
    char *ca_file;
};

static void
must(int result, const char *what)
{
    if (result < 0)
        g_error("%s: %s", what, gnutls_strerror(result));
}

static gnutls_x509_privkey_t
new_key(void)
{
    gnutls_x509_privkey_t key;

    must(gnutls_x509_privkey_init(&key), "key");
    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
         "key");
    return key;
}

static gnutls_x509_crt_t
new_certificate(const char *name, gnutls_x509_privkey_t key, time_t from, time_t to, guint8 serial)
{
    gnutls_x509_crt_t certificate;

    must(gnutls_x509_crt_init(&certificate), "certificate");
    must(gnutls_x509_crt_set_version(certificate, 3), "version");
    must(gnutls_x509_crt_set_serial(certificate, &serial, 1), "serial");
    must(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                       (unsigned)strlen(name)), "name");
    must(gnutls_x509_crt_set_activation_time(certificate, from), "from");
    must(gnutls_x509_crt_set_expiration_time(certificate, to), "to");
    must(gnutls_x509_crt_set_key(certificate, key), "key");
    return certificate;
}

static void
write_ca_file(TlsIdentity *identity, gnutls_x509_crt_t authority)
{
    gnutls_datum_t pem;
    int fd = g_file_open_tmp("wsman-test-ca-XXXXXX", &identity->ca_file, NULL);

    must(gnutls_x509_crt_export2(authority, GNUTLS_X509_FMT_PEM, &pem), "export");
    if (fd < 0 || write(fd, pem.data, pem.size) != (gssize)pem.size)
        g_error("no file for the authority");
    close(fd);
    gnutls_free(pem.data);
}

static void
set_names(gnutls_x509_crt_t leaf, const char *dns_name)
{
    static const guint8 loopback[] = { 127, 0, 0, 1 };

    must(gnutls_x509_crt_set_subject_alt_name(leaf, GNUTLS_SAN_DNSNAME, dns_name, (unsigned)strlen(dns_name),
                                              GNUTLS_FSAN_SET), "alternative name");
    if (strcmp(dns_name, "localhost") == 0)
        must(gnutls_x509_crt_set_subject_alt_name(leaf, GNUTLS_SAN_IPADDRESS, loopback, sizeof(loopback),
                                                  GNUTLS_FSAN_APPEND), "address");
}

TlsIdentity *
tls_identity_new(const char *dns_name, int from_days, int to_days)
{
    TlsIdentity *identity = g_new0(TlsIdentity, 1);
    gnutls_x509_privkey_t ca_key = new_key(), key = new_key();
    time_t now = time(NULL);
    gnutls_x509_crt_t ca = new_certificate("Test authority", ca_key, now - 1000 * DAY, now + 1000 * DAY, 1);
    gnutls_x509_crt_t leaf = new_certificate(dns_name, key, now + from_days * DAY, now + to_days * DAY, 2);

    must(gnutls_x509_crt_set_basic_constraints(ca, 1, -1), "constraints");
    must(gnutls_x509_crt_set_key_usage(ca, GNUTLS_KEY_KEY_CERT_SIGN), "usage");
    must(gnutls_x509_crt_sign2(ca, ca, ca_key, GNUTLS_DIG_SHA256, 0), "sign");
    set_names(leaf, dns_name);
    must(gnutls_x509_crt_sign2(leaf, ca, ca_key, GNUTLS_DIG_SHA256, 0), "sign");
    must(gnutls_certificate_allocate_credentials(&identity->credentials), "credentials");
    must(gnutls_certificate_set_x509_key(identity->credentials, &leaf, 1, key), "set key");
    write_ca_file(identity, ca);
    gnutls_x509_crt_deinit(ca);
    gnutls_x509_crt_deinit(leaf);
    gnutls_x509_privkey_deinit(ca_key);
    gnutls_x509_privkey_deinit(key);
    return identity;
}

void
tls_identity_free(TlsIdentity *identity)
{
    gnutls_certificate_free_credentials(identity->credentials);
    g_unlink(identity->ca_file);
    g_free(identity->ca_file);
    g_free(identity);
}

const char *
tls_identity_ca_file(const TlsIdentity *identity)
{
    return identity->ca_file;
}

gnutls_certificate_credentials_t
tls_identity_credentials(const TlsIdentity *identity)
{
    return identity->credentials;
}
