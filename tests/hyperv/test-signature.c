/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The GuardianSignature of a key protector, against canonical forms that are
 * written out here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "hyperv/hyperv_protector.h"

#define NS "xmlns=\"" HYPERV_PROTECTOR_NAMESPACE "\""
#define SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define SHA512 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
#define PSS_SHA256 "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
#define SHA1 "http://www.w3.org/2000/09/xmldsig#rsa-sha1"

static gnutls_privkey_t key;
static char *certificate; /* base64 */
static char *wrappings;   /* in canonical form */

static void make_key(void)
{
    gnutls_x509_privkey_t own;
    gnutls_x509_crt_t crt;
    gnutls_datum_t der;

    g_assert_cmpint(gnutls_x509_privkey_init(&own), ==, 0);
    g_assert_cmpint(gnutls_x509_privkey_generate(own, GNUTLS_PK_RSA, 2048, 0), ==, 0);
    g_assert_cmpint(gnutls_x509_crt_init(&crt), ==, 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_activation_time(crt, time(NULL));
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_key(crt, own);
    g_assert_cmpint(gnutls_x509_crt_sign2(crt, crt, own, GNUTLS_DIG_SHA256, 0), ==, 0);
    g_assert_cmpint(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), ==, 0);
    certificate = g_base64_encode(der.data, der.size);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(crt);
    g_assert_cmpint(gnutls_privkey_init(&key), ==, 0);
    g_assert_cmpint(gnutls_privkey_import_x509(key, own, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE), ==, 0);
}

static int setup_group(void **state)
{
    make_key();
    wrappings = g_strdup_printf(
        "<Wrappings " NS "><Wrapping><Id>1</Id><SigningCertificate>%s</SigningCertificate>"
        "<SigningCertificateSignature ParentWrappingId=\"1\"><Signature Algorithm=\"urn:a\">"
        "<SignatureValue>c2ln</SignatureValue></Signature></SigningCertificateSignature>"
        "<EncryptionCertificate>%s</EncryptionCertificate><EncryptionCertificateSignature>"
        "<Signature Algorithm=\"urn:a\"><SignatureValue>c2ln</SignatureValue></Signature>"
        "</EncryptionCertificateSignature><TransportKey><EncryptedData Algorithm=\"urn:b\"><Parameters></Parameters>"
        "<CipherValue>a2V5</CipherValue></EncryptedData></TransportKey></Wrapping></Wrappings>",
        certificate, certificate);
    return 0;
}

static int teardown_group(void **state)
{
    gnutls_privkey_deinit(key);
    g_free(certificate);
    g_free(wrappings);
    return 0;
}

static char *sign(const char *what, gnutls_sign_algorithm_t algorithm)
{
    gnutls_datum_t data = { .data = (unsigned char *)what, .size = strlen(what) };
    gnutls_datum_t signature;
    char *text;

    g_assert_cmpint(gnutls_privkey_sign_data2(key, algorithm, 0, &data, &signature), ==, 0);
    text = g_base64_encode(signature.data, signature.size);
    gnutls_free(signature.data);
    return text;
}

/* parameters: before the value, or "". */
static GString *document(const char *uri, const char *parameters, const char *value)
{
    GString *text = g_string_new("<Protector " NS ">");

    g_string_append(text, wrappings);
    g_string_append_printf(text,
                           "<TransportKeySignature><KeyDerivationMethod Algorithm=\"urn:c\"/><Signature "
                           "Algorithm=\"urn:a\"><SignatureValue>c2ln</SignatureValue></Signature>"
                           "</TransportKeySignature><GuardianSignature WrappingId=\"1\"><Signature Algorithm=\"%s\">%s"
                           "<SignatureValue>%s</SignatureValue></Signature></GuardianSignature></Protector>",
                           uri, parameters, value);
    return text;
}

static void count_info(const char *domain, GLogLevelFlags level, const char *text, gpointer count)
{
    if (strstr(text, "not verified"))
        ++*(guint *)count;
}

/* Taken, or refused for its signature; and whether the log says that it is not
 * verified. */
static void assert_verifies(const void *data, gsize size, gboolean taken, gboolean verified)
{
    g_autoptr(GError) error = NULL;
    guint said = 0;
    guint handler = g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_INFO, count_info, &said);

    assert_int_equal(hyperv_protector_verify(data, size, &error), taken);
    g_log_remove_handler(G_LOG_DOMAIN, handler);
    assert_int_equal(said, verified ? 0 : 1);
    if (taken)
        return;
    assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR));
    assert_non_null(strstr(error->message, "GuardianSignature"));
}

static void test_a_signature_of_a_known_algorithm_is_verified(void **state)
{
    static const struct {
        const char *uri;
        gnutls_sign_algorithm_t algorithm;
    } rows[] = { { SHA256, GNUTLS_SIGN_RSA_SHA256 }, { SHA512, GNUTLS_SIGN_RSA_SHA512 },
                 { PSS_SHA256, GNUTLS_SIGN_RSA_PSS_SHA256 } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = sign(wrappings, rows[i].algorithm);
        g_autoptr(GString) good = document(rows[i].uri, "", value);
        g_autoptr(GString) bad = document(rows[i].uri, "", value);

        assert_verifies(good->str, good->len, TRUE, TRUE);
        g_string_replace(bad, "<CipherValue>a2V5", "<CipherValue>a2V6", 1);
        assert_true(hyperv_protector_check((const guint8 *)bad->str, bad->len, NULL));
        assert_verifies(bad->str, bad->len, FALSE, TRUE);
    }
}

static void test_the_form_in_which_a_document_is_written_does_not_matter(void **state)
{
    g_autofree char *value = sign(wrappings, GNUTLS_SIGN_RSA_SHA256);
    g_autoptr(GString) text = document(SHA256, "", value);
    g_autofree char *wide = g_convert(text->str, text->len, "UTF-16LE", "UTF-8", NULL, NULL, NULL);
    g_autoptr(GByteArray) marked = g_byte_array_new();

    g_byte_array_append(marked, (const guint8 *)"\xff\xfe", 2);
    g_byte_array_append(marked, (const guint8 *)wide, 2 * text->len);
    assert_verifies(marked->data, marked->len, TRUE, TRUE);
    g_string_replace(text, "<Protector ", "<?xml version='1.0'?>\n<!-- a --><Protector xmlns:other='urn:x' ", 1);
    g_string_replace(text, "<Wrappings " NS ">", "\n<Wrappings\n><!-- b -->", 1);
    g_string_replace(text, "<Parameters></Parameters>", "<Parameters />", 1);
    g_string_replace(text, "ParentWrappingId=\"1\"", "ParentWrappingId = '&#49;'", 1);
    assert_verifies(text->str, text->len, TRUE, TRUE);
}

static void test_white_space_between_elements_may_be_signed_or_not(void **state)
{
    g_autoptr(GString) laid_out = g_string_new(wrappings);
    g_autofree char *bare = sign(wrappings, GNUTLS_SIGN_RSA_SHA256);
    g_autofree char *whole = NULL;
    g_autoptr(GString) one = document(SHA256, "", bare);
    g_autoptr(GString) two = NULL;

    g_string_replace(laid_out, "><", ">\n  <", 0);
    g_string_replace(laid_out, "\n  </Wrappings>", "</Wrappings>", 1);
    whole = sign(laid_out->str, GNUTLS_SIGN_RSA_SHA256);
    two = document(SHA256, "", whole);
    g_string_replace(one, wrappings, laid_out->str, 1);
    g_string_replace(two, wrappings, laid_out->str, 1);
    assert_verifies(one->str, one->len, TRUE, TRUE);
    assert_verifies(two->str, two->len, TRUE, TRUE);
    /* Within an element that has text it counts. */
    g_string_replace(one, "<Id>1<", "<Id> 1<", 1);
    assert_verifies(one->str, one->len, FALSE, TRUE);
}

static void test_what_cannot_be_verified_is_taken_and_said(void **state)
{
    g_autofree char *value = sign(wrappings, GNUTLS_SIGN_RSA_SHA256);
    g_autoptr(GString) other = document("urn:kps:signature", "", value);
    g_autoptr(GString) weak = document(SHA1, "", value);
    g_autoptr(GString) with_parameters = document(SHA256, "<Parameters/>", value);

    assert_verifies(other->str, other->len, TRUE, FALSE);
    assert_verifies(weak->str, weak->len, TRUE, FALSE);
    assert_verifies(with_parameters->str, with_parameters->len, TRUE, FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signature_of_a_known_algorithm_is_verified),
        cmocka_unit_test(test_the_form_in_which_a_document_is_written_does_not_matter),
        cmocka_unit_test(test_white_space_between_elements_may_be_signed_or_not),
        cmocka_unit_test(test_what_cannot_be_verified_is_taken_and_said),
    };

    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
