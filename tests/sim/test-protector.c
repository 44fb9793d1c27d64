/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guardians and key protectors ([MS-KPS]). Three guardians serve all tests.
 */
#include "tests/sim/sim_testing.h"

#include <string.h>

#include "sim/protector.h"

typedef struct {
    SimGuardian *owner;
    SimGuardian *host;
    SimGuardian *other;
} Fixture;

static int make(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->owner = sim_guardian_generate("Owner", "A", NULL);
    fixture->host = sim_guardian_generate("Host", "B", NULL);
    fixture->other = sim_guardian_generate("Other", "C", NULL);
    *state = fixture;
    return fixture->owner && fixture->host && fixture->other ? 0 : -1;
}

static int clean(void **state)
{
    Fixture *fixture = *state;

    sim_guardian_unref(fixture->owner);
    sim_guardian_unref(fixture->host);
    sim_guardian_unref(fixture->other);
    g_free(fixture);
    return 0;
}

static GPtrArray *list(SimGuardian *guardian)
{
    GPtrArray *guardians = g_ptr_array_new();

    g_ptr_array_add(guardians, guardian);
    return guardians;
}

static SimProtector *make_protector(Fixture *fixture)
{
    g_autoptr(GPtrArray) guardians = list(fixture->host);
    SimProtector *protector = sim_protector_new(fixture->owner, guardians, NULL);

    assert_non_null(protector);
    return protector;
}

static void the_length_prefix_counts_itself_and_is_big_endian(void **state)
{
    g_autoptr(SimProtector) protector = make_protector(*state);
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(framed, &size);

    assert_int_equal((gsize) data[0] << 24 | (gsize) data[1] << 16 | (gsize) data[2] << 8 | data[3], size);
    assert_memory_equal(data + 4, "<?xml", 5);
}

static void what_is_formatted_reads_back(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    g_autoptr(SimProtector) again = sim_protector_parse(framed, NULL);
    g_autoptr(GBytes) twice = again ? sim_protector_format(again) : NULL;

    assert_non_null(again);
    assert_true(g_bytes_equal(framed, twice));
    assert_int_equal(sim_protector_n_wrappings(again), 2);
    assert_true(g_bytes_equal(sim_protector_signing_certificate(again, sim_protector_owner_index(again)),
                              sim_guardian_signing_certificate(fixture->owner)));
}

static void only_who_is_authorised_opens_it_and_all_find_the_same_key(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(GPtrArray) owner = list(fixture->owner), host = list(fixture->host),
                         other = list(fixture->other);
    g_autofree char *one = sim_protector_unwrap(protector, owner);
    g_autofree char *two = sim_protector_unwrap(protector, host);
    g_autofree char *three = sim_protector_unwrap(protector, other);

    assert_non_null(one);
    assert_string_equal(one, two);
    assert_null(three);
}

static void certificates_without_keys_open_nothing(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(SimGuardian) imported =
        sim_guardian_import("Host", sim_guardian_signing_certificate(fixture->host),
                            sim_guardian_encryption_certificate(fixture->host), NULL);
    g_autoptr(GPtrArray) guardians = list(imported);

    assert_false(sim_guardian_has_keys(imported));
    assert_null(sim_protector_unwrap(protector, guardians));
    assert_null(sim_protector_new(imported, NULL, NULL));
}

static void rekeying_changes_the_bytes_and_keeps_the_key(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(GPtrArray) host = list(fixture->host), owner = list(fixture->owner);
    g_autoptr(GBytes) before = sim_protector_format(protector);
    g_autofree char *key = sim_protector_unwrap(protector, host);
    g_autoptr(GBytes) after = NULL;
    g_autofree char *same = NULL;

    assert_true(sim_protector_rekey(protector, host));
    after = sim_protector_format(protector);
    same = sim_protector_unwrap(protector, owner);
    assert_false(g_bytes_equal(before, after));
    assert_string_equal(key, same);
}

static void granting_and_revoking_need_the_owners_key(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(GPtrArray) owner = list(fixture->owner), host = list(fixture->host),
                         other = list(fixture->other);
    g_autofree char *key = NULL;

    assert_false(sim_protector_grant(protector, host, fixture->other, NULL));
    assert_true(sim_protector_grant(protector, owner, fixture->other, NULL));
    assert_false(sim_protector_grant(protector, owner, fixture->other, NULL));
    key = sim_protector_unwrap(protector, other);
    assert_non_null(key);
    assert_false(sim_protector_revoke(protector, host, fixture->other, NULL));
    assert_true(sim_protector_revoke(protector, owner, fixture->other, NULL));
    assert_null(sim_protector_unwrap(protector, other));
    assert_false(sim_protector_revoke(protector, owner, fixture->owner, NULL));
}

/* --- what is refused ------------------------------------------------------------ */

static GBytes *frame(const char *text)
{
    guint32 total = GUINT32_TO_BE((guint32) strlen(text) + 4);
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *) &total, sizeof total);
    g_byte_array_append(bytes, (const guint8 *) text, (guint) strlen(text));
    return g_byte_array_free_to_bytes(bytes);
}

static char *document(Fixture *fixture)
{
    g_autoptr(SimProtector) protector = make_protector(fixture);
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    gsize size = 0;
    const char *data = g_bytes_get_data(framed, &size);

    return g_strndup(data + 4, size - 4);
}

static void each_fault_of_the_document_is_found(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        const char *says;
    } rows[] = {
        { "</Protector>", "", "not well-formed" },
        { "kps/2014/07", "kps/2015/07", "Protector" },
        { "<Protector ", "<!DOCTYPE x><Protector ", "document type" },
        { "<Id>2</Id>", "<Id>1</Id>", "same Id" },
        { "<Id>2</Id>", "<Id>two</Id>", "no number" },
        { "<Id>2</Id>", "", "Id" },
        { "<Wrapping><Id>1</Id>", "<Wrapping><Id>7</Id>", "owner" },
        { "ParentWrappingId=\"1\"", "ParentWrappingId=\"2\"", "owner" },
        { "ParentWrappingId=\"1\"", "ParentWrappingId=\"\"", "no number" },
        { "WrappingId=\"1\"><Signature ", "WrappingId=\"1\"><Odd ", "not well-formed" },
        { "GuardianSignature WrappingId=\"1\"", "GuardianSignature WrappingId=\"9\"", "names no wrapping" },
        { "<EncryptionCertificate>", "<EncryptionCertificate>AAAA", "X.509" },
        { "<CipherValue>", "<CipherValue>*", "no base64" },
        { "<TransportKey>", "<Extra></Extra><TransportKey>", "TransportKey" },
        { " Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-1_5\"", "", "Algorithm" },
        { "</GuardianSignature>", "</GuardianSignature><Extra></Extra>", "unexpected" },
    };
    g_autofree char *good = document(*state);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) text = g_string_new(good);
        g_autoptr(GBytes) framed = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(SimProtector) protector = NULL;

        assert_true(g_string_replace(text, rows[i].find, rows[i].with, 1) == 1);
        framed = frame(text->str);
        protector = sim_protector_parse(framed, &error);
        if (protector || !strstr(error->message, rows[i].says))
            fail_msg("%s -> %s: %s", rows[i].find, rows[i].with, error ? error->message : "taken");
    }
}

static void a_transport_key_signature_inside_a_wrapping_is_refused(void **state)
{
    static const char misplaced[] =
        "<TransportKeySignature><KeyDerivationMethod Algorithm=\"a\"/><Signature "
        "Algorithm=\"a\"><SignatureValue>AAAA</SignatureValue></Signature>"
        "</TransportKeySignature></Wrapping>";
    g_autofree char *good = document(*state);
    g_autoptr(GString) text = g_string_new(good);
    g_autoptr(GBytes) framed = NULL;

    g_string_replace(text, "</Wrapping>", misplaced, 1);
    framed = frame(text->str);
    assert_null(sim_protector_parse(framed, NULL));
}

static void a_wrong_length_is_refused(void **state)
{
    g_autofree char *good = document(*state);
    g_autoptr(GBytes) framed = frame(good);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(framed, &size);
    g_autoptr(GBytes) shorter = g_bytes_new(data, size - 1);
    g_autoptr(GBytes) bare = g_bytes_new(data + 4, size - 4);
    g_autoptr(GBytes) none = sim_protector_none();
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

    assert_null(sim_protector_parse(shorter, NULL));
    assert_null(sim_protector_parse(bare, NULL));
    assert_null(sim_protector_parse(none, NULL));
    assert_null(sim_protector_parse(nothing, NULL));
    assert_true(sim_protector_is_none(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_prefix_counts_itself_and_is_big_endian),
        cmocka_unit_test(what_is_formatted_reads_back),
        cmocka_unit_test(only_who_is_authorised_opens_it_and_all_find_the_same_key),
        cmocka_unit_test(certificates_without_keys_open_nothing),
        cmocka_unit_test(rekeying_changes_the_bytes_and_keeps_the_key),
        cmocka_unit_test(granting_and_revoking_need_the_owners_key),
        cmocka_unit_test(each_fault_of_the_document_is_found),
        cmocka_unit_test(a_transport_key_signature_inside_a_wrapping_is_refused),
        cmocka_unit_test(a_wrong_length_is_refused),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
