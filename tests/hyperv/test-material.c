/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key material in pieces, and guardian metadata.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_material.h"
#include "hyperv/hyperv_metadata.h"
#include "tests/hyperv/protector_maker.h"

/* Certificates are slow to make: once for all tests. */
static char *strong;
static char *weak;
static char *protector;
static char *metadata;

static const WrappingPlan owner_alone[] = { { 1, 1 } };

static char *make_metadata(const char *encryption, const char *signing)
{
    return g_strdup_printf("<?xml version=\"1.0\"?><Metadata xmlns=\"" HYPERV_PROTECTOR_NAMESPACE "\" Version=\"1\">"
                           "<GuardianInformation><Version>1</Version>"
                           "<EncryptionCertificate>%s</EncryptionCertificate>"
                           "<SigningCertificate>%s</SigningCertificate>"
                           "<EncryptionCertificateSignature Algorithm=\"urn:a\"><SignatureValue>c2ln</SignatureValue>"
                           "</EncryptionCertificateSignature></GuardianInformation></Metadata>",
                           encryption, signing);
}

static int setup_group(void **state)
{
    strong = make_certificate(2048);
    weak = make_certificate(1024);
    protector = make_protector_document(strong, owner_alone, 1);
    metadata = make_metadata(strong, strong);
    return 0;
}

static int teardown_group(void **state)
{
    g_free(strong);
    g_free(weak);
    g_free(protector);
    g_free(metadata);
    return 0;
}

static HypervPiece piece(const char *text, gsize from, gsize to)
{
    return (HypervPiece){ (const guint8 *)text + from, to - from };
}

static HypervPiece whole_piece(const char *text)
{
    return piece(text, 0, strlen(text));
}

/* --- pieces -------------------------------------------------------------------------- */

static void test_parts_are_joined_and_whole_metadata_stand_for_themselves(void **state)
{
    gsize half = strlen(protector) / 2;
    HypervPiece parts[] = { piece(protector, 0, half), piece(protector, half, strlen(protector)) };
    HypervPiece two[] = { whole_piece(metadata), whole_piece(metadata) };
    HypervPiece one[] = { whole_piece(metadata) };
    gboolean whole = TRUE;

    assert_true(hyperv_material_sort(parts, 2, &whole, NULL));
    assert_false(whole);
    assert_true(hyperv_material_sort(two, 2, &whole, NULL));
    assert_true(whole);
    assert_true(hyperv_material_sort(one, 1, &whole, NULL));
    assert_false(whole);
}

static void test_mixed_pieces_are_refused_by_number_and_kind(void **state)
{
    HypervPiece garbage = whole_piece("0123456789");
    HypervPiece mixes[][2] = {
        { whole_piece(protector), whole_piece(metadata) }, { whole_piece(metadata), garbage },
        { garbage, whole_piece(protector) }, { whole_piece(protector), whole_piece(protector) },
    };
    static const char *const messages[] = {
        "key 1 is a key protector, but key 2 is guardian metadata",
        "key 1 is guardian metadata, but key 2 is a part of something",
        "key 1 is a part of something, but key 2 is a key protector",
        "keys 1 and 2 are each a whole key protector",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(mixes); i++) {
        g_autoptr(GError) error = NULL;
        gboolean whole;

        assert_false(hyperv_material_sort(mixes[i], 2, &whole, &error));
        assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR));
        assert_non_null(strstr(error->message, messages[i]));
    }
}

static void assert_kind(const char *text, HypervMaterial expected)
{
    g_autoptr(GError) error = NULL;
    HypervMaterial kind;

    hyperv_material_kind((const guint8 *)text, strlen(text), &kind, &error);
    g_assert_no_error(error);
    assert_int_equal(kind, expected);
}

static void test_what_is_none_of_the_others_is_for_the_host_to_read(void **state)
{
    assert_kind(protector, HYPERV_MATERIAL_PROTECTOR);
    assert_kind(metadata, HYPERV_MATERIAL_GUARDIAN_METADATA);
    assert_kind("-----BEGIN CERTIFICATE-----\nAAAA\n", HYPERV_MATERIAL_GUARDIAN_METADATA);
    assert_kind("<Protector xmlns='urn:other'/>", HYPERV_MATERIAL_PROTECTOR);
    assert_kind("<Protector", HYPERV_MATERIAL_PROTECTOR);
    assert_kind("<Other/>", HYPERV_MATERIAL_SHIELDING_DATA);
    assert_kind("\x01\x02\x03", HYPERV_MATERIAL_SHIELDING_DATA);
    assert_kind("", HYPERV_MATERIAL_UNKNOWN);
}

static void test_shielding_data_are_bounded(void **state)
{
    g_autofree guint8 *data = g_malloc(HYPERV_SHIELDING_MAX_SIZE + 1);
    g_autoptr(GError) error = NULL;
    HypervMaterial kind;

    memset(data, 1, HYPERV_SHIELDING_MAX_SIZE + 1);
    assert_true(hyperv_material_kind(data, HYPERV_SHIELDING_MAX_SIZE, &kind, NULL));
    assert_false(hyperv_material_kind(data, HYPERV_SHIELDING_MAX_SIZE + 1, &kind, &error));
    assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR));
    assert_non_null(strstr(error->message, "262145 bytes too large"));
}

/* --- metadata ------------------------------------------------------------------------- */

static GPtrArray *parse_all(const char *text, GError **error)
{
    return hyperv_metadata_parse((const guint8 *)text, strlen(text), error);
}

static HypervMetadata *take_only(GPtrArray *guardians)
{
    HypervMetadata *guardian;

    if (!guardians)
        return NULL;
    assert_int_equal(guardians->len, 1);
    guardian = g_ptr_array_steal_index(guardians, 0);
    g_ptr_array_unref(guardians);
    return guardian;
}

static HypervMetadata *parse(const char *text, GError **error)
{
    return take_only(parse_all(text, error));
}

static void test_a_document_becomes_the_guardian_for_a_host(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervMetadata) guardian = parse(metadata, &error);
    g_autoptr(WsmanInstance) instance = NULL;
    g_autoptr(GBytes) certificate = NULL;

    g_assert_no_error(error);
    instance = hyperv_metadata_to_instance(guardian);
    certificate = wsman_instance_get_bytes(instance, "EncryptionCertificate");
    assert_true(g_bytes_equal(certificate, guardian->encryption->der));
    assert_string_equal(wsman_instance_get_string(instance, "Name"), guardian->encryption->thumbprint);
    assert_string_equal(wsman_instance_get_string(instance, "EncryptionCertificateSignature"), "c2ln");
    assert_string_equal(wsman_instance_get_string(instance, "EncryptionCertificateSignatureAlgorithm"), "urn:a");
}

static void test_a_certificate_is_taken_in_pem_and_in_der(void **state)
{
    g_autofree char *pem = g_strdup_printf("\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", strong);
    gsize size;
    g_autofree guchar *der = g_base64_decode(strong, &size);
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervMetadata) one = parse(pem, &error);
    g_autoptr(HypervMetadata) two = take_only(hyperv_metadata_parse(der, size, &error));

    g_assert_no_error(error);
    assert_true(hyperv_certificate_equal(one->encryption, two->encryption));
    assert_null(one->signing);
    assert_null(one->signature);
}

static void assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) guardians = parse_all(text, &error);

    assert_null(guardians);
    assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR));
    assert_true(g_str_has_prefix(error->message, "not usable guardian metadata: "));
    if (!strstr(error->message, message))
        fail_msg("'%s' does not say '%s'", error->message, message);
}

static void test_bad_documents_are_refused_with_the_place(void **state)
{
    static const char *const needed[] = { "EncryptionCertificate", "SigningCertificate", "GuardianInformation",
                                          "SignatureValue" };
    g_autofree char *with_weak = make_metadata(weak, strong);
    g_autofree char *with_text = make_metadata("bm8=", strong);

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autofree char *message = g_strdup_printf("has no <%s>", needed[i]);
        g_autoptr(GString) text = g_string_new(metadata);

        g_string_replace(text, needed[i], "Other", 2);
        assert_refused(text->str, message);
    }
    assert_refused(with_weak, "not RSA of at least 2048 bits");
    assert_refused(with_text, "<EncryptionCertificate> is not a certificate");
    assert_refused("<Metadata xmlns='urn:other'/>", "root element");
    assert_refused("<Metadata", "");
    assert_refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is not a certificate");
}

static char *in_pem(const char *base64)
{
    return g_strdup_printf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", base64);
}

static void test_every_certificate_of_a_bundle_counts(void **state)
{
    g_autofree char *other = make_certificate(2048);
    g_autofree char *first = in_pem(strong);
    g_autofree char *second = in_pem(other);
    g_autofree char *both = g_strconcat("\n", first, "\n# encryption\n", second, NULL);
    g_autofree guchar *der = NULL;
    gsize size;
    g_autoptr(GBytes) expected = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) guardians = parse_all(both, &error);

    g_assert_no_error(error);
    assert_int_equal(guardians->len, 2);
    der = g_base64_decode(other, &size);
    expected = g_bytes_new(der, size);
    assert_true(g_bytes_equal(((HypervMetadata *)g_ptr_array_index(guardians, 1))->encryption->der, expected));
}

static void test_what_else_is_in_a_bundle_is_refused(void **state)
{
    g_autofree char *good = in_pem(strong);
    g_autofree char *bad = in_pem(weak);
    g_autofree char *with_bad = g_strconcat(good, bad, NULL);
    g_autofree char *with_none = g_strconcat(good, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                             NULL);
    g_autofree char *with_cut = g_strconcat(good, "-----BEGIN CERTIFICATE-----\n", strong, NULL);
    g_autofree char *with_key = g_strconcat(good, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                                            NULL);
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    assert_refused(with_bad, "the key of certificate 2 is not RSA of at least 2048 bits");
    assert_refused(with_none, "certificate 2 is not a certificate");
    assert_refused(with_cut, "certificate 2 is not a certificate");
    assert_refused(with_key, "something else than certificates");
    assert_null(hyperv_metadata_parse((const guint8 *)"-----BEGIN CERTIFICATE-----\0AAAA", 32, &error));
    assert_non_null(strstr(error->message, "zero bytes"));
    for (guint i = 0; i <= HYPERV_METADATA_MAX_GUARDIANS; i++)
        g_string_append(many, good);
    assert_refused(many->str, "more than 16 certificates");
}

static void test_changed_bytes_never_crash(void **state)
{
    gsize size = strlen(metadata);

    for (gsize i = 0; i < size; i += 29) {
        g_autofree char *bad = g_strdup(metadata);
        g_autoptr(GPtrArray) guardians = NULL;

        bad[i] ^= 0x11;
        guardians = hyperv_metadata_parse((const guint8 *)bad, size, NULL);
        assert_null(hyperv_metadata_parse((const guint8 *)metadata, i, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_joined_and_whole_metadata_stand_for_themselves),
        cmocka_unit_test(test_mixed_pieces_are_refused_by_number_and_kind),
        cmocka_unit_test(test_what_is_none_of_the_others_is_for_the_host_to_read),
        cmocka_unit_test(test_shielding_data_are_bounded),
        cmocka_unit_test(test_a_document_becomes_the_guardian_for_a_host),
        cmocka_unit_test(test_a_certificate_is_taken_in_pem_and_in_der),
        cmocka_unit_test(test_bad_documents_are_refused_with_the_place),
        cmocka_unit_test(test_every_certificate_of_a_bundle_counts),
        cmocka_unit_test(test_what_else_is_in_a_bundle_is_refused),
        cmocka_unit_test(test_changed_bytes_never_crash),
    };

    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
