/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_guardian.h"
#include "hyperv/hyperv_protector.h"
#include "tests/hyperv/protector_maker.h"

/* Certificates are slow to make: once for all tests. */
static char *strong;
static char *weak;
static char *elliptic;

static const WrappingPlan owner_alone[] = { { 1, 1 } };
static const WrappingPlan owner_and_two[] = { { 1, 1 }, { 2, 1 }, { 7, 2 } };

static int setup_group(void **state)
{
    strong = make_certificate(2048);
    weak = make_certificate(1024);
    elliptic = make_ec_certificate();
    return 0;
}

static int teardown_group(void **state)
{
    g_free(strong);
    g_free(weak);
    g_free(elliptic);
    return 0;
}

static char *document(void)
{
    return make_protector_document(strong, owner_and_two, G_N_ELEMENTS(owner_and_two));
}

static void assert_taken(const char *text)
{
    g_autoptr(GByteArray) framed = frame_document(text);
    g_autoptr(GError) error = NULL;

    hyperv_protector_check(framed->data, framed->len, &error);
    g_assert_no_error(error);
    hyperv_protector_check((const guint8 *)text, strlen(text), &error);
    g_assert_no_error(error);
}

/* Refused, framed and bare, with this in the message, which never shows what
 * the bytes are. */
static void assert_refused(const char *text, const char *message)
{
    g_autoptr(GByteArray) framed = frame_document(text);
    g_autoptr(GError) error = NULL;

    assert_false(hyperv_protector_check(framed->data, framed->len, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR);
    if (!strstr(error->message, message))
        fail_msg("\"%s\" does not say \"%s\"", error->message, message);
    assert_null(strstr(error->message, "a2V5"));
    g_clear_error(&error);
    assert_false(hyperv_protector_check((const guint8 *)text, strlen(text), &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR);
}

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    assert_non_null(at);
    return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_good_protectors_are_taken(void **state)
{
    g_autofree char *alone = make_protector_document(strong, owner_alone, 1);
    g_autofree char *three = document();
    g_autofree char *with_declaration = g_strconcat("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", alone, NULL);
    g_autofree char *with_mark = g_strconcat("\xef\xbb\xbf", alone, NULL);

    assert_taken(alone);
    assert_taken(three);
    assert_taken(with_declaration);
    assert_taken(with_mark);
}

static void test_utf16_is_taken(void **state)
{
    g_autofree char *alone = make_protector_document(strong, owner_alone, 1);
    gsize size;
    g_autofree char *wide = g_convert(alone, -1, "UTF-16", "UTF-8", NULL, &size, NULL);
    g_autoptr(GError) error = NULL;

    hyperv_protector_check((const guint8 *)wide, size, &error);
    g_assert_no_error(error);
}

static void test_every_broken_part_is_named(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *message;
    } table[] = {
        { HYPERV_PROTECTOR_NAMESPACE, "urn:other", "root element" },
        { "<Protector ", "<!DOCTYPE Protector [<!ENTITY a \"b\">]>\n<Protector ", "document type" },
        { "</Wrappings>", "", "well-formed" },
        { "<Wrappings>", "<Wrappings/><Wrappings>", "more than one <Wrappings>" },
        { "<Id>2</Id>", "<Id>1</Id>", "two wrappings have the Id 1" },
        { "<Id>2</Id>", "<Id>two</Id>", "<Id> is not a number" },
        { "<Id>2</Id>", "", "<Wrapping> has no <Id>" },
        { "ParentWrappingId=\"2\"", "ParentWrappingId=\"9\"", "descends from one that is not there" },
        { "ParentWrappingId=\"2\"", "ParentWrappingId=\"7\"", "more than one owner" },
        { "ParentWrappingId=\"2\"", "", "no number in ParentWrappingId" },
        { "ParentWrappingId=\"1\"", "ParentWrappingId=\"7\"", "form a loop" },
        { "GuardianSignature WrappingId=\"1\"", "GuardianSignature WrappingId=\"5\"", "signature is of wrapping 5" },
        { "GuardianSignature WrappingId=\"1\"", "GuardianSignature", "no number in WrappingId" },
        { "<SignatureValue>c2ln</SignatureValue>", "<SignatureValue>c2l</SignatureValue>", "not base64" },
        { "<SignatureValue>c2ln</SignatureValue>", "<SignatureValue>c2!n</SignatureValue>", "not base64" },
        { "<SignatureValue>c2ln</SignatureValue>", "<SignatureValue>c2==ln==</SignatureValue>", "not base64" },
        { "<SignatureValue>c2ln</SignatureValue>", "<SignatureValue><b/>c2ln</SignatureValue>", "not base64" },
        { "<SignatureValue>c2ln</SignatureValue>", "<SignatureValue/>", "not base64, or empty" },
        { "<SignatureValue>c2ln</SignatureValue>", "", "has no <SignatureValue>" },
        { " Algorithm=\"urn:a\"", "", "names no algorithm" },
        { " Algorithm=\"urn:b\"", " Algorithm=\"\"", "names no algorithm" },
        { " Algorithm=\"urn:c\"", "", "names no algorithm" },
        { "<CipherValue>a2V5</CipherValue>", "", "has no <CipherValue>" },
        { "<TransportKey>", "<TransportKey><EncryptedData/>", "more than one <EncryptedData>" },
        { "TransportKeySignature>", "Other>", "well-formed" },
        { "<TransportKeySignature>", "<GuardianSignature/><TransportKeySignature>",
          "more than one <GuardianSignature>" },
        { "<KeyDerivationMethod Algorithm=\"urn:c\"/>", "", "has no <KeyDerivationMethod>" },
        { "<EncryptionCertificate>", "<EncryptionCertificate>QUJD</EncryptionCertificate><EncryptionCertificate>",
          "more than one <EncryptionCertificate>" },
        { "<SigningCertificate>MII", "<SigningCertificate>AAA", "not a certificate" },
    };
    g_autofree char *good = document();

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *bad = replaced(good, table[i].from, table[i].to);

        assert_refused(bad, table[i].message);
    }
}

static void test_weak_and_foreign_keys_are_refused(void **state)
{
    g_autofree char *with_weak = make_protector_document(weak, owner_alone, 1);
    g_autofree char *with_elliptic = make_protector_document(elliptic, owner_alone, 1);

    assert_refused(with_weak, "not RSA of at least 2048 bits");
    assert_refused(with_elliptic, "not RSA of at least 2048 bits");
}

static void test_number_of_wrappings_has_limits(void **state)
{
    g_autofree WrappingPlan *plan = g_new(WrappingPlan, HYPERV_PROTECTOR_MAX_WRAPPINGS + 1);
    g_autofree char *none = make_protector_document(strong, NULL, 0);
    g_autofree char *most = NULL;
    g_autofree char *many = NULL;

    for (guint i = 0; i <= HYPERV_PROTECTOR_MAX_WRAPPINGS; i++)
        plan[i] = (WrappingPlan){ i, i == 0 ? 0 : i - 1 };
    most = make_protector_document(strong, plan, HYPERV_PROTECTOR_MAX_WRAPPINGS);
    many = make_protector_document(strong, plan, HYPERV_PROTECTOR_MAX_WRAPPINGS + 1);
    assert_taken(most);
    assert_refused(many, "too many wrappings");
    assert_refused(none, "no wrapping");
}

static void test_zero_bytes_do_not_hide_what_follows(void **state)
{
    g_autofree char *good = make_protector_document(strong, owner_alone, 1);
    g_autoptr(GByteArray) longer = g_byte_array_new();

    g_byte_array_append(longer, (const guint8 *)good, strlen(good));
    g_byte_array_append(longer, (const guint8 *)"\0garbage", 8);
    assert_false(hyperv_protector_check(longer->data, longer->len, NULL));
}

static void test_deep_nesting_is_refused(void **state)
{
    g_autoptr(GString) deep = g_string_new("<Protector xmlns=\"" HYPERV_PROTECTOR_NAMESPACE "\">");

    for (guint i = 0; i < 100; i++)
        g_string_append(deep, "<a>");
    for (guint i = 0; i < 100; i++)
        g_string_append(deep, "</a>");
    g_string_append(deep, "</Protector>");
    assert_refused(deep->str, "too deep");
}

static void assert_bytes_refused(const guint8 *data, gsize size, const char *message)
{
    g_autoptr(GError) error = NULL;

    assert_false(hyperv_protector_check(data, size, &error));
    g_assert_error(error, HYPERV_ERROR, HYPERV_ERROR_INVALID_PROTECTOR);
    if (!strstr(error->message, message))
        fail_msg("\"%s\" does not say \"%s\"", error->message, message);
}

static void test_wrong_frames_are_refused(void **state)
{
    g_autofree char *good = document();
    g_autoptr(GByteArray) framed = frame_document(good);
    g_autofree guint8 *huge = g_malloc0(HYPERV_PROTECTOR_MAX_SIZE + 1);

    assert_bytes_refused(framed->data, framed->len - 1, "its length prefix says");
    framed->data[3]++;
    assert_bytes_refused(framed->data, framed->len, "its length prefix says");
    assert_bytes_refused((const guint8 *)"", 0, "empty");
    assert_bytes_refused((const guint8 *)"\0\0\0\4", 4, "empty");
    assert_bytes_refused((const guint8 *)"\0\0\0", 3, "neither");
    assert_bytes_refused((const guint8 *)"no protector", 12, "neither");
    huge[0] = '<';
    assert_bytes_refused(huge, HYPERV_PROTECTOR_MAX_SIZE + 1, "more than");
}

static void test_truncation_anywhere_is_refused(void **state)
{
    g_autofree char *good = make_protector_document(strong, owner_alone, 1);
    gsize length = strlen(good) - 1; /* the newline at the end may go */

    for (gsize cut = 1; cut < length; cut += 31)
        assert_false(hyperv_protector_check((const guint8 *)good, cut, NULL));
}

static void test_flipped_bytes_never_crash(void **state)
{
    g_autofree char *good = document();
    gsize length = strlen(good);

    for (gsize i = 0; i < length; i += 43) {
        g_autofree char *bad = g_strdup(good);

        bad[i] ^= 0x15;
        hyperv_protector_check((const guint8 *)bad, length, NULL);
        hyperv_material_detect((const guint8 *)bad, length);
    }
}

static void test_only_four_bytes_of_length_four_are_empty(void **state)
{
    assert_true(hyperv_protector_is_empty((const guint8 *)"\0\0\0\4", 4));
    assert_false(hyperv_protector_is_empty((const guint8 *)"\0\0\0\5", 4));
    assert_false(hyperv_protector_is_empty((const guint8 *)"\0\0\0\5x", 5));
    assert_false(hyperv_protector_is_empty((const guint8 *)"", 0));
}

static void test_the_same_guardians_in_another_form_are_the_same(void **state)
{
    g_autofree char *mine = document();
    g_autofree char *other_form = replaced(mine, "<Wrappings>\n", "<Wrappings>\n\n");
    g_autofree char *fewer = make_protector_document(strong, owner_and_two, 2);
    g_autofree char *certificate = make_certificate(2048);
    g_autofree char *others = make_protector_document(certificate, owner_and_two, G_N_ELEMENTS(owner_and_two));
    static const guint8 empty[] = { 0, 0, 0, 4 };
    const struct {
        const char *text; /* NULL: the empty protector */
        gboolean same;
    } cases[] = { { mine, TRUE }, { other_form, TRUE }, { fewer, FALSE }, { others, FALSE }, { NULL, FALSE } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) kept = cases[i].text
                                     ? hyperv_protector_frame((const guint8 *)cases[i].text, strlen(cases[i].text))
                                     : g_bytes_new_static(empty, sizeof(empty));

        assert_int_equal(hyperv_protector_is_for_same((const guint8 *)mine, strlen(mine), kept), cases[i].same);
    }
}

static void test_kinds_of_material_are_told_apart(void **state)
{
    g_autofree char *good = document();
    g_autoptr(GByteArray) framed = frame_document(good);
    const char *metadata = "<Metadata xmlns='http://schemas.microsoft.com/kps/2014/07' Version='1'/>";

    assert_int_equal(hyperv_material_detect(framed->data, framed->len), HYPERV_MATERIAL_PROTECTOR);
    assert_int_equal(hyperv_material_detect((const guint8 *)good, strlen(good)), HYPERV_MATERIAL_PROTECTOR);
    framed->data[3]++;
    assert_int_equal(hyperv_material_detect(framed->data, framed->len), HYPERV_MATERIAL_PROTECTOR);
    assert_int_equal(hyperv_material_detect((const guint8 *)metadata, strlen(metadata)),
                     HYPERV_MATERIAL_GUARDIAN_METADATA);
    assert_int_equal(hyperv_material_detect((const guint8 *)"\x01\x02\x03\x04\x05\x06", 6),
                     HYPERV_MATERIAL_SHIELDING_DATA);
    assert_int_equal(hyperv_material_detect((const guint8 *)"<other/>", 8), HYPERV_MATERIAL_UNKNOWN);
    assert_int_equal(hyperv_material_detect((const guint8 *)"", 0), HYPERV_MATERIAL_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_protectors_are_taken),
        cmocka_unit_test(test_utf16_is_taken),
        cmocka_unit_test(test_every_broken_part_is_named),
        cmocka_unit_test(test_weak_and_foreign_keys_are_refused),
        cmocka_unit_test(test_number_of_wrappings_has_limits),
        cmocka_unit_test(test_zero_bytes_do_not_hide_what_follows),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_wrong_frames_are_refused),
        cmocka_unit_test(test_truncation_anywhere_is_refused),
        cmocka_unit_test(test_flipped_bytes_never_crash),
        cmocka_unit_test(test_only_four_bytes_of_length_four_are_empty),
        cmocka_unit_test(test_the_same_guardians_in_another_form_are_the_same),
        cmocka_unit_test(test_kinds_of_material_are_told_apart),
    };

    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
