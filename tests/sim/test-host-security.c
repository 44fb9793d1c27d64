/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of key protectors and security settings. Keys are slow to make:
 * one host with a guardian serves all tests.
 */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

static int make_host(void **state)
{
    *state = t_host_with("10.0.20348", SIM_GUARD_LOCAL, TRUE, 1);
    return 0;
}

static int free_host(void **state)
{
    sim_host_free(*state);
    return 0;
}

static gboolean flag(SimHost *host, const char *guid, const char *name)
{
    g_autoptr(CimObject) security = t_security(host, guid);

    return cim_value_boolean(cim_object_get(security, name), FALSE);
}

static char *secured(SimHost *host, const char *name)
{
    char *guid = t_define(host, name, GEN2);
    g_autoptr(GBytes) protector = t_new_protector(host);

    assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
    assert_int_equal(t_secure(host, guid, NULL, "TpmEnabled", "true", NULL), 0);
    return guid;
}

static void no_protector_reads_as_four_bytes(void **state)
{
    g_autofree char *guid = t_define(*state, "empty", GEN2);
    g_autoptr(GBytes) bytes = t_get_protector(*state, guid);

    assert_int_equal(g_bytes_get_size(bytes), 4);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), "\0\0\0\4", 4);
}

static void the_tpm_needs_a_protector_and_the_job_says_so(void **state)
{
    g_autofree char *guid = t_define(*state, "noprotector", GEN2);
    g_autofree char *text = NULL;

    assert_int_equal(t_secure(*state, guid, &text, "TpmEnabled", "true", NULL), 32768);
    assert_non_null(strstr(text, "without a valid key protector"));
    assert_false(flag(*state, guid, "TpmEnabled"));
}

static void generation_1_gets_no_tpm(void **state)
{
    g_autofree char *guid = t_define(*state, "old", GEN1);
    g_autoptr(GBytes) protector = t_new_protector(*state);

    assert_int_equal(t_set_protector(*state, guid, protector, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", NULL), 32770);
}

static void a_protector_that_is_none_is_refused_at_once(void **state)
{
    g_autofree char *guid = t_define(*state, "bad", GEN2);
    g_autoptr(GBytes) good = t_new_protector(*state);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(good, &size);
    g_autoptr(GBytes) truncated = g_bytes_new(data, size - 100);
    g_autoptr(GBytes) bare = g_bytes_new(data + 4, size - 4);
    g_autoptr(GBytes) junk = g_bytes_new("\0\0\0\x0chello wo", 12);
    GBytes *rows[] = { truncated, bare, junk };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) after = NULL;

        assert_int_equal(t_set_protector(*state, guid, rows[i], NULL), 32773);
        after = t_get_protector(*state, guid);
        assert_int_equal(g_bytes_get_size(after), 4);
    }
}

static void the_machine_must_be_off(void **state)
{
    g_autofree char *guid = secured(*state, "running");
    g_autoptr(GBytes) protector = t_get_protector(*state, guid);

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(t_set_protector(*state, guid, protector, NULL), 32775);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 32775);
    assert_int_equal(t_request(*state, guid, 6, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 32775);
    assert_int_equal(t_request(*state, guid, 3, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 0);
}

static void settings_left_out_stay_as_they_are(void **state)
{
    g_autofree char *guid = secured(*state, "partial");

    assert_int_equal(t_secure(*state, guid, NULL, "EncryptStateAndVmMigrationTraffic", "true", NULL), 0);
    assert_true(flag(*state, guid, "TpmEnabled"));
    assert_true(flag(*state, guid, "EncryptStateAndVmMigrationTraffic"));
}

static void shielding_alone_is_dropped_without_a_word(void **state)
{
    g_autofree char *guid = secured(*state, "shielding");

    assert_int_equal(t_secure(*state, guid, NULL, "ShieldingRequested", "true", NULL), 0);
    assert_false(flag(*state, guid, "ShieldingRequested"));
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", "ShieldingRequested", "true",
                              "EncryptStateAndVmMigrationTraffic", "true", NULL),
                     0);
    assert_true(flag(*state, guid, "ShieldingRequested"));
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootEnabled", "false", NULL), 32768);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 32768);
    assert_int_equal(t_secure(*state, guid, NULL, "ShieldingRequested", "false", NULL), 0);
    assert_true(flag(*state, guid, "TpmEnabled"));
}

static void shielding_needs_secure_boot(void **state)
{
    g_autofree char *guid = secured(*state, "noboot");

    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootEnabled", "false", NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", "ShieldingRequested", "true",
                              "EncryptStateAndVmMigrationTraffic", "true", NULL),
                     32768);
}

static void the_secure_boot_template_is_frozen_once_the_tpm_exists(void **state)
{
    g_autofree char *guid = t_define(*state, "template", GEN2);
    g_autoptr(GBytes) protector = t_new_protector(*state);

    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootTemplateId", TEMPLATE_LINUX, NULL), 0);
    assert_int_equal(t_set_protector(*state, guid, protector, NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootTemplateId", TEMPLATE_LINUX, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootTemplateId", TEMPLATE_LINUX, NULL), 32768);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 0);
    assert_int_equal(t_modify(*state, guid, NULL, "SecureBootTemplateId", TEMPLATE_LINUX, NULL), 32768);
    assert_int_equal(t_modify(*state, guid, NULL, "ElementName", "renamed", NULL), 0);
}

static void a_start_rekeys_the_protector_and_keeps_its_certificates(void **state)
{
    g_autofree char *guid = secured(*state, "rekey");
    g_autoptr(GBytes) before = t_get_protector(*state, guid);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(SimProtector) one = NULL, two = NULL;

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    after = t_get_protector(*state, guid);
    assert_false(g_bytes_equal(before, after));
    one = sim_protector_parse(before, NULL);
    two = sim_protector_parse(after, NULL);
    assert_int_equal(sim_protector_n_wrappings(one), sim_protector_n_wrappings(two));
    assert_true(g_bytes_equal(sim_protector_encryption_certificate(one, 0),
                              sim_protector_encryption_certificate(two, 0)));
    assert_int_equal(t_request(*state, guid, 3, NULL), 0);
    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
}

static void a_protector_for_others_is_stored_but_the_start_fails(void **state)
{
    g_autofree char *guid = t_define(*state, "foreign", GEN2);
    g_autoptr(SimGuardian) stranger = sim_guardian_generate("Stranger", "ELSEWHERE", NULL);
    g_autoptr(SimProtector) protector = sim_protector_new(stranger, NULL, NULL);
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    g_autofree char *text = NULL;

    assert_int_equal(t_set_protector(*state, guid, framed, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", NULL), 0);
    assert_int_equal(t_request(*state, guid, 2, &text), 32768);
    assert_non_null(strstr(text, "could not be unwrapped"));
    assert_non_null(strstr(text, "0x80070057"));
    assert_int_equal(t_state(*state, guid), 3);
}

static void another_protector_makes_the_tpms_state_unreadable(void **state)
{
    g_autofree char *guid = secured(*state, "replaced");
    g_autoptr(GBytes) first = t_get_protector(*state, guid);
    g_autoptr(GBytes) other = t_new_protector(*state);

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(t_request(*state, guid, 3, NULL), 0);
    assert_int_equal(t_set_protector(*state, guid, other, NULL), 0);
    assert_int_equal(t_request(*state, guid, 2, NULL), 32768);
    assert_int_equal(t_set_protector(*state, guid, first, NULL), 0);
    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
}

static void a_protector_in_use_cannot_be_taken_away(void **state)
{
    g_autofree char *guid = secured(*state, "inuse");
    g_autoptr(GBytes) none = sim_protector_none();

    assert_int_equal(t_set_protector(*state, guid, none, NULL), 32768);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "false", NULL), 0);
    assert_int_equal(t_set_protector(*state, guid, none, NULL), 0);
}

static void guarded_hosts_ignore_local_guardians(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host_with("10.0.20348", SIM_GUARD_GUARDED, TRUE, 1);
    g_autofree char *guid = secured(host, "guarded");
    g_autofree char *text = NULL;

    assert_int_equal(t_request(host, guid, 2, &text), 32768);
    assert_non_null(strstr(text, "could not be unwrapped"));
}

static void the_guard_mode_is_told(void **state)
{
    g_auto(TCall) call = t_call(*state, t_class(HGS, "MSFT_HgsClientConfiguration"), "Get", NULL);
    const CimValue *result = g_hash_table_lookup(call.out, "cmdletOutput");

    assert_int_equal(call.status, SIM_OK);
    assert_int_equal(cim_value_uint(cim_object_get(cim_value_item(result, 0)->object, "Mode"), 0), 1);
    assert_false(
        cim_value_boolean(cim_object_get(cim_value_item(result, 0)->object, "IsHostGuarded"), TRUE));
}

static void a_host_without_guard_has_no_hgs_classes(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host_with("10.0.20348", SIM_GUARD_NONE, TRUE, 1);
    g_autoptr(GPtrArray) found = NULL;

    assert_int_equal(sim_host_enumerate(host, HGS, "MSFT_HgsGuardian", &found), SIM_INVALID_NAMESPACE);
}

static void an_old_host_has_no_security_classes(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host_with("6.3.9600", SIM_GUARD_LOCAL, TRUE, 1);
    g_autofree char *guid = t_define(host, "old", GEN2);
    g_autoptr(CimObject) settings = t_get(host, t_settings(guid));
    g_autoptr(GPtrArray) found = NULL;

    assert_int_equal(sim_host_enumerate(host, V2, "Msvm_SecurityService", &found), SIM_INVALID_CLASS);
    assert_int_equal(sim_host_enumerate(host, V2, "Msvm_SecuritySettingData", &found), SIM_INVALID_CLASS);
    assert_string_equal(cim_value_text(cim_object_get(settings, "Version")), "5.0");
}

static void guardians_are_made_imported_and_removed(void **state)
{
    g_auto(TCall) made =
        t_call(*state, t_class(HGS, "MSFT_HgsGuardian"), "NewByGenerateCertificates", "Name",
               t_text("Mine"), "GenerateCertificates", cim_value_new_boolean(TRUE), NULL);
    g_auto(TCall) again =
        t_call(*state, t_class(HGS, "MSFT_HgsGuardian"), "NewByGenerateCertificates", "Name",
               t_text("mine"), "GenerateCertificates", cim_value_new_boolean(TRUE), NULL);
    g_auto(TCall) imported =
        t_call(*state, t_class(HGS, "MSFT_HgsGuardian"), "Import", "Path", t_text("C:\\other.xml"), "Name",
               t_text("Other"), "AllowUntrustedRoot", cim_value_new_boolean(TRUE), NULL);
    g_auto(TCall) removed =
        t_call(*state, t_class(HGS, "MSFT_HgsGuardian"), "Remove", "Name", t_text("Mine"), NULL);
    g_auto(TCall) gone =
        t_call(*state, t_class(HGS, "MSFT_HgsGuardian"), "Remove", "Name", t_text("Mine"), NULL);
    const CimValue *object = g_hash_table_lookup(imported.out, "cmdletOutput");

    assert_int_equal(made.status, SIM_OK);
    assert_int_equal(again.status, SIM_FAILED);
    assert_int_equal(imported.status, SIM_OK);
    assert_false(
        cim_value_boolean(cim_object_get(cim_value_item(object, 0)->object, "HasPrivateSigningKey"), TRUE));
    assert_int_equal(removed.status, SIM_OK);
    assert_int_equal(gone.status, SIM_NOT_FOUND);
}

/* --- hvsim-protector ------------------------------------------------------------ */

static void the_tool_makes_a_protector_that_the_host_opens(void **state)
{
    g_autofree char *guid = t_define(*state, "tool", GEN2);
    g_autoptr(GBytes) protector = t_tool_protector(*state, NULL);

    assert_int_equal(t_set_protector(*state, guid, protector, NULL), 0);
    assert_int_equal(t_secure(*state, guid, NULL, "TpmEnabled", "true", NULL), 0);
    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
}

static void each_way_to_spoil_a_protector_is_refused_by_the_host(void **state)
{
    static const char *const kinds[] = { "truncated", "prefix", "bare", "text", "chain", "certificate" };
    g_autofree char *guid = t_define(*state, "spoilt", GEN2);

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GBytes) protector = t_tool_protector(*state, kinds[i]);

        if (t_set_protector(*state, guid, protector, NULL) != 32773)
            fail_msg("taken: %s", kinds[i]);
    }
}

static void key_material_is_never_in_the_dump(void **state)
{
    g_autofree char *guid = secured(*state, "dump");
    g_autoptr(GBytes) protector = t_get_protector(*state, guid);
    gsize size = 0;
    const char *data = g_bytes_get_data(protector, &size);
    const char *cipher = g_strstr_len(data + 4, (gssize) size - 4, "<CipherValue>");
    g_autofree char *needle = g_strndup(cipher + strlen("<CipherValue>"), 60);
    json_object *dump = sim_host_dump(*state, TRUE);
    const char *text = json_object_to_json_string(dump);

    assert_null(strstr(text, needle));
    assert_non_null(strstr(text, guid));
    json_object_put(dump);
}

/* --- threads ----------------------------------------------------------------------- */

static gpointer hammer(gpointer data)
{
    SimHost *host = data;

    for (guint i = 0; i < 50; i++) {
        g_autoptr(GPtrArray) found = NULL;
        json_object *dump = NULL;

        if (sim_host_enumerate(host, V2, "CIM_ManagedElement", &found) != SIM_OK)
            return GINT_TO_POINTER(1);
        dump = sim_host_dump(host, TRUE);
        json_object_put(dump);
    }
    return NULL;
}

static void any_thread_may_call_while_others_change_the_host(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(1, 3);
    GThread *threads[4];

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("hammer", hammer, host);
    for (guint i = 0; i < 10; i++) {
        g_autofree char *guid = t_define(host, "thread", GEN2);

        assert_int_equal(t_request(host, guid, 2, NULL), 0);
        assert_int_equal(t_modify(host, guid, NULL, "Notes", "x|y", NULL), 0);
    }
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_null(g_thread_join(threads[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_protector_reads_as_four_bytes),
        cmocka_unit_test(the_tpm_needs_a_protector_and_the_job_says_so),
        cmocka_unit_test(generation_1_gets_no_tpm),
        cmocka_unit_test(a_protector_that_is_none_is_refused_at_once),
        cmocka_unit_test(the_machine_must_be_off),
        cmocka_unit_test(settings_left_out_stay_as_they_are),
        cmocka_unit_test(shielding_alone_is_dropped_without_a_word),
        cmocka_unit_test(shielding_needs_secure_boot),
        cmocka_unit_test(the_secure_boot_template_is_frozen_once_the_tpm_exists),
        cmocka_unit_test(a_start_rekeys_the_protector_and_keeps_its_certificates),
        cmocka_unit_test(a_protector_for_others_is_stored_but_the_start_fails),
        cmocka_unit_test(another_protector_makes_the_tpms_state_unreadable),
        cmocka_unit_test(a_protector_in_use_cannot_be_taken_away),
        cmocka_unit_test(guarded_hosts_ignore_local_guardians),
        cmocka_unit_test(the_guard_mode_is_told),
        cmocka_unit_test(a_host_without_guard_has_no_hgs_classes),
        cmocka_unit_test(an_old_host_has_no_security_classes),
        cmocka_unit_test(guardians_are_made_imported_and_removed),
        cmocka_unit_test(the_tool_makes_a_protector_that_the_host_opens),
        cmocka_unit_test(each_way_to_spoil_a_protector_is_refused_by_the_host),
        cmocka_unit_test(key_material_is_never_in_the_dump),
        cmocka_unit_test(any_thread_may_call_while_others_change_the_host),
    };

    return cmocka_run_group_tests(tests, make_host, free_host);
}
