/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/protector_maker.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "hyperv/hyperv_protector.h"

#define CERTIFICATE_DAYS 3650

static char *certify(gnutls_pk_algorithm_t algorithm, guint bits)
{
    static const guint8 serial[] = { 1 };
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t der;
    char *text;

    g_assert_cmpint(gnutls_x509_privkey_init(&key), ==, 0);
    g_assert_cmpint(gnutls_x509_privkey_generate(key, algorithm, bits, 0), ==, 0);
    g_assert_cmpint(gnutls_x509_crt_init(&certificate), ==, 0);
    gnutls_x509_crt_set_version(certificate, 3);
    gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
    gnutls_x509_crt_set_activation_time(certificate, time(NULL));
    gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + CERTIFICATE_DAYS * 24 * 3600);
    gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, "Test Guardian", 13);
    gnutls_x509_crt_set_key(certificate, key);
    g_assert_cmpint(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), ==, 0);
    g_assert_cmpint(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &der), ==, 0);
    text = g_base64_encode(der.data, der.size);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return text;
}

char *make_certificate(guint rsa_bits)
{
    return certify(GNUTLS_PK_RSA, rsa_bits);
}

char *make_ec_certificate(void)
{
    return certify(GNUTLS_PK_EC, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
}

static void append_wrapping(GString *out, const char *certificate, const WrappingPlan *plan)
{
    g_string_append_printf(
        out,
        "<Wrapping>\n<Id>%u</Id>\n<SigningCertificate>%s</SigningCertificate>\n"
        "<SigningCertificateSignature ParentWrappingId=\"%u\"><Signature Algorithm=\"urn:a\">"
        "<SignatureValue>c2ln</SignatureValue></Signature></SigningCertificateSignature>\n"
        "<EncryptionCertificate>%s</EncryptionCertificate>\n"
        "<EncryptionCertificateSignature><Signature Algorithm=\"urn:a\"><SignatureValue>c2ln</SignatureValue>"
        "</Signature></EncryptionCertificateSignature>\n"
        "<TransportKey><EncryptedData Algorithm=\"urn:b\"><Parameters/><CipherValue>a2V5</CipherValue>"
        "</EncryptedData></TransportKey>\n</Wrapping>\n",
        plan->id, certificate, plan->parent, certificate);
}

char *make_protector_document(const char *certificate, const WrappingPlan *plan, guint n)
{
    g_autoptr(GString) out = g_string_new("<Protector xmlns=\"" HYPERV_PROTECTOR_NAMESPACE "\">\n<Wrappings>\n");

    for (guint i = 0; i < n; i++)
        append_wrapping(out, certificate, &plan[i]);
    g_string_append_printf(out,
                           "</Wrappings>\n<TransportKeySignature><KeyDerivationMethod Algorithm=\"urn:c\"/>"
                           "<Signature Algorithm=\"urn:a\"><SignatureValue>c2ln</SignatureValue></Signature>"
                           "</TransportKeySignature>\n<GuardianSignature WrappingId=\"%u\">"
                           "<Signature Algorithm=\"urn:a\">"
                           "<SignatureValue>c2ln</SignatureValue></Signature></GuardianSignature>\n</Protector>\n",
                           n > 0 ? plan[0].id : 1);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

GByteArray *frame_document(const char *document)
{
    gsize total = strlen(document) + 4;
    const guint8 length[] = { total >> 24, total >> 16, total >> 8, total };
    GByteArray *framed = g_byte_array_new();

    g_byte_array_append(framed, length, sizeof(length));
    g_byte_array_append(framed, (const guint8 *)document, strlen(document));
    return framed;
}
