/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a protector authorises a host, and whether its machine may move there:
 * each kind of guard with each kind of guardian.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_migrate_guard.h"

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

/* --- migration ---------------------------------------------------------------------- */

typedef struct {
    HypervGuardMode from;
    const char *from_service;
    gboolean shielded;
    HypervGuard to;
    const char *to_service;
    gboolean foreign_is_local; /* the first guardian of the protector is the source's own */
    gboolean has_keys;         /* the second is the destination's own */
    const char *reason;        /* NULL: it is safe */
} Move;

static void check_move(const Move *move)
{
    g_autoptr(HypervTraveller) traveller = hyperv_traveller_new();
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_guardian_free);
    g_autofree char *reason = NULL;
    gboolean safe;

    traveller->guard = move->from;
    traveller->guard_service = g_strdup(move->from_service);
    traveller->shielded = move->shielded;
    traveller->wrappings = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_wrapping_free);
    add_wrapping(traveller->wrappings, "foreign");
    add_wrapping(traveller->wrappings, "mine");
    ((HypervWrapping *)g_ptr_array_index(traveller->wrappings, 0))->is_local = move->foreign_is_local;
    if (move->has_keys) {
        HypervGuardian *guardian = g_new0(HypervGuardian, 1);

        guardian->has_private_key = TRUE;
        guardian->encryption = certificate("mine");
        g_ptr_array_add(guardians, guardian);
    }
    safe = hyperv_migrate_is_safe(traveller, &move->to, move->to_service, guardians, &reason);
    assert_int_equal(safe, move->reason == NULL);
    if (safe)
        assert_null(reason);
    else if (!reason || !strstr(reason, move->reason))
        fail_msg("'%s' is not in '%s'", move->reason, reason ? reason : "");
}

static void test_a_machine_moves_where_its_protector_lets_it_start(void **state G_GNUC_UNUSED)
{
    static const char blue[] = "http://hgs.blue.example/KeyProtection";
    static const char green[] = "http://hgs.green.example/KeyProtection";
    const HypervGuard none = { .mode = HYPERV_GUARD_NONE };
    const HypervGuard unknown = { .mode = HYPERV_GUARD_UNKNOWN };
    const HypervGuard local = { .mode = HYPERV_GUARD_LOCAL };
    const HypervGuard refused = { .mode = HYPERV_GUARD_GUARDED, .attestation_status = 301 };
    const HypervGuard passed = { .mode = HYPERV_GUARD_GUARDED, .is_guarded = TRUE, .attestation_status = 100 };
    const Move moves[] = {
        { HYPERV_GUARD_LOCAL, NULL, FALSE, local, NULL, FALSE, TRUE, NULL },
        { HYPERV_GUARD_LOCAL, NULL, FALSE, local, NULL, FALSE, FALSE, "CN=mine" },
        { HYPERV_GUARD_LOCAL, NULL, TRUE, local, NULL, FALSE, TRUE, NULL },
        { HYPERV_GUARD_GUARDED, blue, FALSE, local, NULL, FALSE, TRUE, NULL },
        { HYPERV_GUARD_GUARDED, blue, TRUE, local, NULL, FALSE, TRUE, "shielded" },
        { HYPERV_GUARD_UNKNOWN, NULL, TRUE, local, NULL, FALSE, TRUE, "shielded" },
        { HYPERV_GUARD_LOCAL, NULL, FALSE, none, NULL, FALSE, TRUE, "no Host Guardian Service client" },
        { HYPERV_GUARD_LOCAL, NULL, FALSE, unknown, NULL, FALSE, TRUE, "does not know" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, refused, blue, FALSE, FALSE, "301, unauthorized" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, blue, FALSE, FALSE, NULL },
        { HYPERV_GUARD_GUARDED, blue, TRUE, passed, blue, FALSE, FALSE, NULL },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, "HTTP://HGS.BLUE.example/KeyProtection/", FALSE, FALSE, NULL },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, green, FALSE, FALSE, "another fabric" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, "http://hgs.blue.example", FALSE, FALSE, "another fabric" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, NULL, FALSE, FALSE, "both say" },
        { HYPERV_GUARD_GUARDED, NULL, FALSE, passed, NULL, FALSE, FALSE, "both say" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, blue, TRUE, TRUE, "local guardians of the two hosts alone" },
        { HYPERV_GUARD_GUARDED, blue, FALSE, passed, blue, TRUE, FALSE, NULL },
        { HYPERV_GUARD_LOCAL, NULL, FALSE, passed, blue, FALSE, FALSE, "guard mode local" },
        { HYPERV_GUARD_NONE, NULL, FALSE, passed, blue, FALSE, FALSE, "guard mode none" },
        { HYPERV_GUARD_UNKNOWN, NULL, FALSE, passed, blue, FALSE, FALSE, "guard mode unknown" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(moves); i++)
        check_move(&moves[i]);
}

/* Before any host is asked, hence without one. */
static void test_a_source_that_was_not_asked_makes_nothing_safe(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervTraveller) traveller = hyperv_traveller_new();
    HypervCall call = { 0 };
    g_autoptr(GError) error = NULL;

    traveller->name = g_strdup("web1");
    assert_false(hyperv_migrate_guard_check(&call, traveller, &error));
    assert_true(g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_UNSAFE));
    g_clear_error(&error);
    traveller->asked = TRUE;
    assert_true(hyperv_migrate_guard_check(&call, traveller, &error));
    assert_null(error);
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
        cmocka_unit_test(test_a_machine_moves_where_its_protector_lets_it_start),
        cmocka_unit_test(test_a_source_that_was_not_asked_makes_nothing_safe),
        cmocka_unit_test(test_every_documented_status_has_a_name),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
