/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data and specialization data: what comes out of the containers is
 * what went in, and whatever is changed, cut off or added is found out.
 */
#include "tests/sim/sim_testing.h"

#include <string.h>

#include "sim/pdk.h"

typedef struct {
    SimGuardian *owner;
    GBytes *pdk;
} Fixture;

static int make(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    g_autoptr(GBytes) policy = sim_policy_format(SIM_POLICY_SHIELDED);
    g_autoptr(SimProtector) protector = NULL;
    g_autoptr(GBytes) framed = NULL;

    fixture->owner = sim_guardian_generate("Owner", "A", NULL);
    protector = sim_protector_new(fixture->owner, NULL, NULL);
    framed = sim_protector_format(protector);
    fixture->pdk = sim_pdk_format(framed, policy, fixture->owner);
    *state = fixture;
    return fixture->pdk ? 0 : -1;
}

static int clean(void **state)
{
    Fixture *fixture = *state;

    sim_guardian_unref(fixture->owner);
    g_bytes_unref(fixture->pdk);
    g_free(fixture);
    return 0;
}

static gboolean is_pdk(gconstpointer data, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(SimPdk) pdk = sim_pdk_parse(bytes);

    return pdk != NULL;
}

static void what_went_into_shielding_data_comes_out(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimPdk) pdk = sim_pdk_parse(fixture->pdk);
    g_autoptr(SimProtector) protector = NULL;

    assert_non_null(pdk);
    assert_true(g_bytes_equal(pdk->raw, fixture->pdk));
    assert_int_equal(sim_policy_parse(pdk->policy), SIM_POLICY_SHIELDED);
    protector = sim_protector_parse(pdk->protector, NULL);
    assert_non_null(protector);
    assert_true(g_bytes_equal(sim_protector_signing_certificate(protector, 0),
                              sim_guardian_signing_certificate(fixture->owner)));
}

static void changed_shielding_data_are_found_out(void **state)
{
    Fixture *fixture = *state;
    gsize size = 0;
    g_autofree guint8 *copy = g_bytes_unref_to_data(g_bytes_ref(fixture->pdk), &size);
    g_autofree guint8 *longer = g_malloc0(size + 1);

    for (gsize i = 0; i < size; i += 37) {
        copy[i] ^= 0x20;
        assert_false(is_pdk(copy, size));
        copy[i] ^= 0x20;
    }
    assert_true(is_pdk(copy, size));
    for (gsize cut = 0; cut < size; cut += 101)
        assert_false(is_pdk(copy, cut));
    memcpy(longer, copy, size);
    assert_false(is_pdk(longer, size + 1));
}

static void another_owner_cannot_sign(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimGuardian) other = sim_guardian_generate("Other", "B", NULL);
    g_autoptr(SimGuardian) without_keys =
        sim_guardian_import("Owner", sim_guardian_signing_certificate(fixture->owner),
                            sim_guardian_encryption_certificate(fixture->owner), NULL);
    g_autoptr(SimPdk) pdk = sim_pdk_parse(fixture->pdk);
    g_autoptr(GBytes) forged = sim_pdk_format(pdk->protector, pdk->policy, other);

    assert_null(sim_pdk_parse(forged));
    assert_null(sim_pdk_format(pdk->protector, pdk->policy, without_keys));
}

static void what_went_into_specialization_data_comes_out(void **state G_GNUC_UNUSED)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) again = NULL;
    g_autoptr(GBytes) fsk = NULL;
    g_autofree guint8 *copy = NULL;
    gsize size = 0;

    g_hash_table_insert(pairs, (gpointer) "@@ComputerName@@", (gpointer) "web01");
    g_hash_table_insert(pairs, (gpointer) "@@Empty@@", (gpointer) "");
    fsk = sim_fsk_format(pairs);
    again = sim_fsk_parse(fsk);
    assert_non_null(again);
    assert_int_equal(g_hash_table_size(again), 2);
    assert_string_equal(g_hash_table_lookup(again, "@@ComputerName@@"), "web01");
    assert_string_equal(g_hash_table_lookup(again, "@@Empty@@"), "");
    copy = g_bytes_unref_to_data(g_bytes_ref(fsk), &size);
    for (gsize i = 0; i < size; i++) {
        g_autoptr(GBytes) bad = NULL;

        copy[i] ^= 1;
        bad = g_bytes_new(copy, size);
        assert_null(sim_fsk_parse(bad));
        copy[i] ^= 1;
    }
}

static void names_of_specialization_data_are_in_at_signs(void **state G_GNUC_UNUSED)
{
    static const char *const bad[] = { "ComputerName", "@@@@", "@@Name", "Name@@", "" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GHashTable) pairs = g_hash_table_new(g_str_hash, g_str_equal);

        g_hash_table_insert(pairs, (gpointer) bad[i], (gpointer) "x");
        assert_null(sim_fsk_format(pairs));
    }
}

static void only_our_policies_are_policies(void **state G_GNUC_UNUSED)
{
    static const char *const bad[] = { "", "HVSIMPOL", "HVSIMPOL\3", "HVSIMPOL\1\1", "HVSIMPOX\1" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) data = g_bytes_new(bad[i], strlen(bad[i]));

        assert_int_equal(sim_policy_parse(data), SIM_POLICY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_into_shielding_data_comes_out),
        cmocka_unit_test(changed_shielding_data_are_found_out),
        cmocka_unit_test(another_owner_cannot_sign),
        cmocka_unit_test(what_went_into_specialization_data_comes_out),
        cmocka_unit_test(names_of_specialization_data_are_in_at_signs),
        cmocka_unit_test(only_our_policies_are_policies),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
