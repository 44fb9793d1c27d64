/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What two connections tell each other of a migration. Either may be anybody's:
 * what is missing, broken or too much is refused, never taken as harmless.
 */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_migrate_cookie.h"
#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_protector.h"

#include <gnutls/x509.h>

#define GUID "12345678-9ABC-4DEF-8123-456789ABCDEF"
#define SERVICE "http://hgs.blue.example/KeyProtection"

/* The smallest that GnuTLS makes and reads. */
static HypervCertificate *
make_certificate(void)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t der;
    g_autoptr(GBytes) bytes = NULL;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                                  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\001", 1);
    gnutls_x509_crt_set_activation_time(crt, 0);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_key(crt, key);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
    bytes = g_bytes_new(der.data, der.size);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return hyperv_certificate_new(bytes, NULL);
}

static void
add_wrapping(HypervTraveller *traveller, gboolean owner, gboolean local)
{
    HypervWrapping *wrapping = g_new0(HypervWrapping, 1);

    wrapping->is_owner = owner;
    wrapping->is_local = local;
    wrapping->signing = make_certificate();
    wrapping->encryption = make_certificate();
    g_ptr_array_add(traveller->wrappings, wrapping);
}

static HypervTraveller *
make_traveller(void)
{
    HypervTraveller *traveller = hyperv_traveller_new();

    traveller->guid = g_strdup(GUID);
    traveller->name = g_strdup("web1");
    traveller->version = g_strdup("10.0");
    traveller->active = TRUE;
    traveller->shielded = TRUE;
    traveller->asked = TRUE;
    traveller->guard = HYPERV_GUARD_GUARDED;
    traveller->guard_service = g_strdup(SERVICE);
    traveller->compatibility = g_bytes_new_static("\0\1\2", 3);
    traveller->wrappings = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_wrapping_free);
    add_wrapping(traveller, TRUE, FALSE);
    add_wrapping(traveller, FALSE, TRUE);
    return traveller;
}

static HypervTraveller *
parse(const char *cookie)
{
    g_autofree char *ticket = NULL;

    return msvmMigrateCookieParse(cookie, strlen(cookie) + 1, &ticket);
}

static void
test_what_the_destination_judges_by_arrives_whole(void **state)
{
    g_autoptr(HypervTraveller) sent = make_traveller();
    g_autofree char *cookie = msvmMigrateCookieFormat(sent, "ticket");
    g_autofree char *ticket = NULL;
    g_autoptr(HypervTraveller) got = msvmMigrateCookieParse(cookie, strlen(cookie) + 1, &ticket);
    guint i;

    assert_non_null(got);
    assert_string_equal(ticket, "ticket");
    assert_string_equal(got->guid, GUID);
    assert_string_equal(got->name, "web1");
    assert_string_equal(got->version, "10.0");
    assert_true(got->active && got->shielded && got->asked && !got->off);
    assert_int_equal(got->guard, HYPERV_GUARD_GUARDED);
    assert_string_equal(got->guard_service, SERVICE);
    assert_true(g_bytes_equal(got->compatibility, sent->compatibility));
    assert_int_equal(got->wrappings->len, 2);
    for (i = 0; i < 2; i++) {
        const HypervWrapping *a = g_ptr_array_index(sent->wrappings, i);
        const HypervWrapping *b = g_ptr_array_index(got->wrappings, i);

        assert_true(a->is_owner == b->is_owner && a->is_local == b->is_local);
        assert_true(hyperv_certificate_equal(a->signing, b->signing));
        assert_true(hyperv_certificate_equal(a->encryption, b->encryption));
    }
}

static void
test_without_a_protector_there_is_no_guard(void **state)
{
    g_autoptr(HypervTraveller) sent = make_traveller();
    g_autoptr(HypervTraveller) got = NULL;
    g_autofree char *cookie = NULL;

    g_clear_pointer(&sent->wrappings, g_ptr_array_unref);
    cookie = msvmMigrateCookieFormat(sent, NULL);
    got = parse(cookie);
    assert_non_null(got);
    assert_null(got->wrappings);
}

/* Each key in turn is taken out, or has another value. */
static void
test_what_is_missing_or_unknown_is_refused(void **state)
{
    g_autoptr(HypervTraveller) sent = make_traveller();
    g_autofree char *whole = msvmMigrateCookieFormat(sent, NULL);
    static const struct {
        const char *group, *key, *value, *error;
    } rows[] = {
        { "machine", "guid", NULL, "machine" },
        { "machine", "guid", "../web1", "machine" },
        { "machine", "name", NULL, "machine" },
        { "machine", "off", NULL, "machine" },
        { "machine", "shielded", NULL, "machine" },
        { "machine", "shielded", "perhaps", "machine" },
        { "machine", "asked", NULL, "machine" },
        { "machine", "protected", NULL, "machine" },
        { "machine", "protected", "", "machine" },
        { "machine", "compatibility", NULL, "compatibility information" },
        { "machine", "compatibility", "", "compatibility information" },
        { "machine", "guard", NULL, "guard" },
        { "machine", "guard", "sleeping", "guard" },
        { "wrapping 0", "signing", NULL, "certificates" },
        { "wrapping 1", "encryption", "AAAA", "certificates" },
        { "wrapping 0", NULL, NULL, "certificates" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autofree char *changed = NULL;

        assert_true(g_key_file_load_from_data(file, whole, -1, G_KEY_FILE_NONE, NULL));
        if (rows[i].value)
            g_key_file_set_string(file, rows[i].group, rows[i].key, rows[i].value);
        else if (rows[i].key)
            assert_true(g_key_file_remove_key(file, rows[i].group, rows[i].key, NULL));
        else
            assert_true(g_key_file_remove_group(file, rows[i].group, NULL));
        changed = g_key_file_to_data(file, NULL, NULL);
        assert_null(parse(changed));
        test_assert_error(VIR_ERR_INTERNAL_ERROR, rows[i].error);
    }
}

static void
test_more_than_the_limits_is_refused(void **state)
{
    g_autoptr(HypervTraveller) sent = make_traveller();
    g_autoptr(HypervTraveller) got = NULL;
    g_autofree char *cookie = NULL;
    g_autofree char *fewer = NULL;
    g_autofree char *huge = g_strnfill(MSVM_MIGRATE_COOKIE_MAX_SIZE, '#');
    g_autoptr(GString) addresses = g_string_new("[destination]\naddresses=");
    guint i;

    g_free(sent->guard_service);
    sent->guard_service = g_strnfill(HYPERV_GUARD_MAX_SERVICE, 'h');
    fewer = msvmMigrateCookieFormat(sent, NULL);
    got = parse(fewer);
    assert_non_null(got);
    g_free(sent->guard_service);
    sent->guard_service = g_strnfill(HYPERV_GUARD_MAX_SERVICE + 1, 'h');
    cookie = msvmMigrateCookieFormat(sent, NULL);
    assert_null(parse(cookie));
    test_assert_error(VIR_ERR_INTERNAL_ERROR, "guard");

    assert_null(parse(huge));
    test_assert_error(VIR_ERR_INTERNAL_ERROR, "content");

    for (i = 0; i < 65; i++)
        g_string_append(addresses, "10.0.0.1;");
    assert_null(msvmMigrateCookieParseAddresses(addresses->str, addresses->len));
    test_assert_error(VIR_ERR_INTERNAL_ERROR, "addresses");
    g_string_truncate(addresses, addresses->len - strlen("10.0.0.1;"));
    {
        g_auto(GStrv) list = msvmMigrateCookieParseAddresses(addresses->str, addresses->len);

        assert_int_equal(g_strv_length(list), 64);
    }
}

static void
test_a_protector_of_too_many_guardians_is_refused(void **state)
{
    g_autoptr(HypervTraveller) sent = make_traveller();
    g_autoptr(HypervTraveller) got = NULL;
    HypervWrapping *first = g_ptr_array_index(sent->wrappings, 0);
    g_autofree char *most = NULL;
    g_autofree char *cookie = NULL;

    while (sent->wrappings->len <= HYPERV_PROTECTOR_MAX_WRAPPINGS) {
        HypervWrapping *wrapping = g_new0(HypervWrapping, 1);

        if (sent->wrappings->len == HYPERV_PROTECTOR_MAX_WRAPPINGS)
            most = msvmMigrateCookieFormat(sent, NULL);
        wrapping->signing = hyperv_certificate_new(first->signing->der, NULL);
        wrapping->encryption = hyperv_certificate_new(first->encryption->der, NULL);
        g_ptr_array_add(sent->wrappings, wrapping);
    }
    got = parse(most);
    assert_non_null(got);
    assert_int_equal(got->wrappings->len, HYPERV_PROTECTOR_MAX_WRAPPINGS);
    cookie = msvmMigrateCookieFormat(sent, NULL);
    assert_null(parse(cookie));
    test_assert_error(VIR_ERR_INTERNAL_ERROR, "certificates");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_destination_judges_by_arrives_whole),
        cmocka_unit_test(test_without_a_protector_there_is_no_guard),
        cmocka_unit_test(test_what_is_missing_or_unknown_is_refused),
        cmocka_unit_test(test_more_than_the_limits_is_refused),
        cmocka_unit_test(test_a_protector_of_too_many_guardians_is_refused),
    };

    return cmocka_run_group_tests(tests, test_setup_libvirt, NULL);
}
