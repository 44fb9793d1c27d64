/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a protector authorises a host: each kind of guard with each kind of
 * guardian.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hyperv/hyperv_authorise.h"

typedef struct {
    HypervGuard guard;
    gboolean known;    /* the second guardian of the protector is the host's */
    gboolean has_keys; /* with its private keys */
    gboolean only;     /* and there is no other */
    HypervAuthorises expected;
    const char *reason;
} Case;

static HypervCertificate *certificate(const char *text)
{
    HypervCertificate *made = g_new0(HypervCertificate, 1);

    made->der = g_bytes_new(text, strlen(text));
    made->thumbprint = g_strdup("00");
    made->subject = g_strdup_printf("CN=%s", text);
    return made;
}

static void add_wrapping(GPtrArray *wrappings, const char *name)
{
    HypervWrapping *wrapping = g_new0(HypervWrapping, 1);

    wrapping->signing = certificate(name);
    wrapping->encryption = certificate(name);
    g_ptr_array_add(wrappings, wrapping);
}

static void check(const Case *c)
{
    g_autoptr(GPtrArray) wrappings = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_wrapping_free);
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_guardian_free);
    g_autofree char *reason = NULL;

    if (!c->only)
        add_wrapping(wrappings, "foreign");
    add_wrapping(wrappings, "mine");
    if (c->known) {
        HypervGuardian *guardian = g_new0(HypervGuardian, 1);

        guardian->name = g_strdup("Mine");
        guardian->has_private_key = c->has_keys;
        guardian->encryption = certificate("mine");
        g_ptr_array_add(guardians, guardian);
    }
    assert_int_equal(hyperv_authorise_with(&c->guard, guardians, wrappings, &reason), c->expected);
    if (c->reason)
        assert_non_null(strstr(reason, c->reason));
    else
        assert_null(reason);
}

static void test_each_guard_with_each_guardian(void **state G_GNUC_UNUSED)
{
    const HypervGuard none = { .mode = HYPERV_GUARD_NONE };
    const HypervGuard unknown = { .mode = HYPERV_GUARD_UNKNOWN };
    const HypervGuard local = { .mode = HYPERV_GUARD_LOCAL };
    const HypervGuard refused = { .mode = HYPERV_GUARD_GUARDED, .attestation_status = 301 };
    const HypervGuard passed = { .mode = HYPERV_GUARD_GUARDED, .is_guarded = TRUE, .attestation_status = 100 };
    const Case cases[] = {
        { none, TRUE, TRUE, FALSE, HYPERV_AUTHORISES_NO, "no Host Guardian Service client" },
        { unknown, TRUE, TRUE, FALSE, HYPERV_AUTHORISES_UNKNOWN, "does not know" },
        { local, TRUE, TRUE, FALSE, HYPERV_AUTHORISES_YES, NULL },
        { local, TRUE, FALSE, FALSE, HYPERV_AUTHORISES_NO, "CN=foreign" },
        { local, FALSE, FALSE, FALSE, HYPERV_AUTHORISES_NO, "CN=mine" },
        { refused, TRUE, TRUE, FALSE, HYPERV_AUTHORISES_NO, "301, unauthorized" },
        { passed, TRUE, TRUE, TRUE, HYPERV_AUTHORISES_NO, "local guardians" },
        { passed, TRUE, TRUE, FALSE, HYPERV_AUTHORISES_UNKNOWN, "Host Guardian Service alone" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        check(&cases[i]);
}

static void test_every_documented_status_has_a_name(void **state G_GNUC_UNUSED)
{
    assert_string_equal(hyperv_attestation_name(100), "passed");
    assert_string_equal(hyperv_attestation_name(303), "insecure host configuration");
    assert_string_equal(hyperv_attestation_name(42), "unknown");
    assert_string_equal(hyperv_guard_mode_name(HYPERV_GUARD_GUARDED), "guarded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_guard_with_each_guardian),
        cmocka_unit_test(test_every_documented_status_has_a_name),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
