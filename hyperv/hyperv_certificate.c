/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "hyperv/hyperv_error.h"

#define MAX_CERTIFICATE_SIZE (64 * 1024)

void hyperv_certificate_free(HypervCertificate *certificate)
{
    if (!certificate)
        return;
    g_clear_pointer(&certificate->der, g_bytes_unref);
    g_free(certificate->thumbprint);
    g_free(certificate->subject);
    g_free(certificate);
}

static char *read_subject(gnutls_x509_crt_t crt)
{
    gnutls_datum_t text = { 0 };
    char *subject;

    if (gnutls_x509_crt_get_dn3(crt, &text, 0) != GNUTLS_E_SUCCESS)
        return g_strdup("");
    subject = g_utf8_make_valid((const char *)text.data, (gssize)text.size);
    gnutls_free(text.data);
    return subject;
}

static HypervCertificate *describe(gnutls_x509_crt_t crt, GBytes *der)
{
    HypervCertificate *certificate = g_new0(HypervCertificate, 1);
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA1, der);

    certificate->der = g_bytes_ref(der);
    certificate->thumbprint = g_ascii_strup(digest, -1);
    certificate->subject = read_subject(crt);
    certificate->not_before = gnutls_x509_crt_get_activation_time(crt);
    certificate->not_after = gnutls_x509_crt_get_expiration_time(crt);
    return certificate;
}

HypervCertificate *hyperv_certificate_new(GBytes *der, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(der, &size);
    gnutls_datum_t datum = { .data = (unsigned char *)data, .size = size };
    gnutls_x509_crt_t crt = NULL;
    HypervCertificate *certificate = NULL;

    if (size > 0 && size <= MAX_CERTIFICATE_SIZE && gnutls_x509_crt_init(&crt) == GNUTLS_E_SUCCESS) {
        if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS)
            certificate = describe(crt, der);
        gnutls_x509_crt_deinit(crt);
    }
    if (!certificate)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "not an X.509 certificate");
    return certificate;
}

gboolean hyperv_certificate_equal(const HypervCertificate *a, const HypervCertificate *b)
{
    return g_bytes_equal(a->der, b->der);
}

HypervCertificateAge hyperv_certificate_age(const HypervCertificate *certificate, gint64 now)
{
    if (now > certificate->not_after)
        return HYPERV_CERTIFICATE_EXPIRED;
    return now < certificate->not_before ? HYPERV_CERTIFICATE_NOT_YET_VALID : HYPERV_CERTIFICATE_VALID;
}

char *hyperv_certificate_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("unknown");
}
