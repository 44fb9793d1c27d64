/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of guardians, of the attestation of a host, and of the order in
 * which a machine is protected.
 */
#include "tests/sim/sim_host_testing.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "sim/pdk.h"

/* --- what serves all ---------------------------------------------------------------- */

static SimHost *host_of(SimGuardMode mode, SimGuardianKind guardian, guint attestation)
{
    return t_host_from((SimHostOptions){
        .guard_mode = mode, .guardian = guardian, .attestation = attestation, .job_ms = 1 });
}

static CimObject *result_of(TCall *call)
{
    const CimValue *result = g_hash_table_lookup(call->out, "cmdletOutput");

    return result ? cim_value_item(result, 0)->object : NULL;
}

static CimObject *guardian_of(SimHost *host, const char *name)
{
    g_autoptr(GPtrArray) all = NULL;

    assert_int_equal(sim_host_enumerate(host, HGS, "MSFT_HgsGuardian", &all), SIM_OK);
    for (guint i = 0; i < all->len; i++) {
        CimObject *guardian = g_ptr_array_index(all, i);

        if (g_strcmp0(cim_value_text(cim_object_get(guardian, "Name")), name) == 0)
            return cim_object_ref(guardian);
    }
    fail_msg("no guardian %s", name);
    return NULL;
}

static void make_guardian(SimHost *host, const char *name)
{
    g_auto(TCall) made = t_call(host, t_class(HGS, "MSFT_HgsGuardian"), "NewByGenerateCertificates", "Name",
                                t_text(name), "GenerateCertificates", cim_value_new_boolean(TRUE), NULL);

    assert_int_equal(made.status, SIM_OK);
}

static TCall new_by(SimHost *host, const char *owner, gboolean allow_expired)
{
    g_autoptr(CimObject) guardian = guardian_of(host, owner);

    return t_call(host, t_class(HGS, "MSFT_HgsKeyProtector"), "NewByGuardians", "Owner",
                  cim_value_new_object(guardian), "AllowUntrustedRoot", cim_value_new_boolean(TRUE), "AllowExpired",
                  cim_value_new_boolean(allow_expired), NULL);
}

static SimStatus grant(SimHost *host, CimObject *protector, const char *name, gboolean allow_expired)
{
    g_autoptr(CimObject) guardian = guardian_of(host, name);
    g_auto(TCall) call = t_call(host, t_class(HGS, "MSFT_HgsKeyProtector"), "Grant", "KeyProtector",
                                cim_value_new_object(protector), "Guardian", cim_value_new_object(guardian),
                                "AllowUntrustedRoot", cim_value_new_boolean(TRUE), "AllowExpired",
                                cim_value_new_boolean(allow_expired), NULL);

    return call.status;
}

static gboolean flag(SimHost *host, const char *guid, const char *name)
{
    g_autoptr(CimObject) security = t_security(host, guid);

    return cim_value_boolean(cim_object_get(security, name), FALSE);
}

static guint32 set_policy(SimHost *host, const char *guid, SimPolicy policy)
{
    g_autoptr(CimObject) security = t_security(host, guid);
    char *text = t_instance(host, "Msvm_SecuritySettingData", "InstanceID",
                            cim_value_text(cim_object_get(security, "InstanceID")), NULL);
    g_autoptr(GBytes) bytes = sim_policy_format(policy);
    g_auto(TCall) call = t_call(host, t_service("Msvm_SecurityService"), "SetSecurityPolicy",
                                "SecuritySettingData", t_text(text), "SecurityPolicy", t_bytes(bytes), NULL);

    g_free(text);
    return t_result(host, &call, NULL);
}

static guint32 shield(SimHost *host, const char *guid)
{
    return t_secure(host, guid, NULL, "TpmEnabled", "true", "ShieldingRequested", "true",
                    "EncryptStateAndVmMigrationTraffic", "true", NULL);
}

/* --- the host ------------------------------------------------------------------------- */

static void a_guarded_host_opens_protectors_only_once_it_is_attested(void **state G_GNUC_UNUSED)
{
    static const guint attestations[] = { SIM_ATTESTATION_PASSED, 301 };

    for (guint i = 0; i < G_N_ELEMENTS(attestations); i++) {
        g_autoptr(SimHost) host = host_of(SIM_GUARD_GUARDED, SIM_GUARDIAN_NONE, attestations[i]);
        g_autofree char *guid = t_define(host, "shielded", GEN2);
        g_autoptr(GBytes) protector = t_tool_protector(host, NULL);
        g_autofree char *text = NULL;
        gboolean passed = attestations[i] == SIM_ATTESTATION_PASSED;

        assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
        assert_int_equal(shield(host, guid), 0);
        assert_int_equal(t_request(host, guid, 2, &text), passed ? 0 : 32768);
        assert_true(passed || strstr(text, "could not be unwrapped"));
    }
}

static void without_the_shielded_tools_there_is_no_msps(void **state G_GNUC_UNUSED)
{
    const SimHostOptions options = { .guard_mode = SIM_GUARD_LOCAL, .no_msps = TRUE };
    g_autoptr(SimHost) without = t_host_from(options);
    g_autoptr(SimHost) with = t_host(0, 0);
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) some = NULL;

    assert_int_equal(sim_host_enumerate(without, "root/msps", "Msps_ProvisioningFileProcessor", &none),
                     SIM_INVALID_NAMESPACE);
    assert_int_equal(sim_host_enumerate(with, "root/msps", "Msps_ProvisioningFileProcessor", &some), SIM_OK);
}

/* --- guardians -------------------------------------------------------------------------- */

static void an_owner_needs_its_private_keys(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = host_of(SIM_GUARD_LOCAL, SIM_GUARDIAN_IMPORTED, 0);
    g_auto(TCall) refused = new_by(host, "UntrustedGuardian", FALSE);
    g_auto(TCall) taken = { 0 };

    assert_int_equal(refused.status, SIM_FAILED);
    make_guardian(host, "Mine");
    taken = new_by(host, "Mine", FALSE);
    assert_int_equal(taken.status, SIM_OK);
}

static void certificates_that_have_ended_need_allow_expired(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = host_of(SIM_GUARD_LOCAL, SIM_GUARDIAN_EXPIRED, 0);
    g_auto(TCall) refused = new_by(host, "UntrustedGuardian", FALSE);
    g_auto(TCall) allowed = new_by(host, "UntrustedGuardian", TRUE);
    g_auto(TCall) mine = { 0 };

    assert_int_equal(refused.status, SIM_FAILED);
    assert_int_equal(allowed.status, SIM_OK);
    make_guardian(host, "Mine");
    mine = new_by(host, "Mine", FALSE);
    assert_int_equal(mine.status, SIM_OK);
    assert_int_equal(grant(host, result_of(&mine), "UntrustedGuardian", FALSE), SIM_FAILED);
    assert_int_equal(grant(host, result_of(&mine), "UntrustedGuardian", TRUE), SIM_OK);
}

static GBytes *certificate_with(unsigned bits)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t der = { 0 };
    GBytes *bytes = NULL;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, bits, 0), 0);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(crt, "\1", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600), 0);
    assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
    bytes = g_bytes_new(der.data, der.size);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return bytes;
}

static void certificates_have_rsa_keys_of_2048_bits_or_more(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) weak = certificate_with(1024);
    g_autoptr(GBytes) strong = certificate_with(2048);
    g_autoptr(GError) error = NULL;

    assert_null(sim_guardian_import("Weak", strong, weak, NULL));
    assert_null(sim_guardian_import("Weak", weak, strong, &error));
    assert_non_null(strstr(error->message, "2048 bits"));
    {
        g_autoptr(SimGuardian) good = sim_guardian_import("Strong", strong, strong, NULL);

        assert_non_null(good);
    }
}

/* --- a machine ---------------------------------------------------------------------------- */

static void a_policy_comes_after_the_protector_and_before_the_switches(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = host_of(SIM_GUARD_LOCAL, SIM_GUARDIAN_PRESENT, 0);
    g_autofree char *guid = t_define(host, "ordered", GEN2);
    g_autoptr(GBytes) protector = t_new_protector(host);

    assert_int_equal(set_policy(host, guid, SIM_POLICY_SHIELDED), 32768);
    assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
    assert_int_equal(set_policy(host, guid, SIM_POLICY_SHIELDED), 0);
    assert_true(flag(host, guid, "ShieldingRequested"));
    assert_int_equal(t_secure(host, guid, NULL, "TpmEnabled", "true", "ShieldingRequested", "false", NULL), 32768);
    assert_int_equal(shield(host, guid), 0);
    assert_int_equal(t_request(host, guid, 2, NULL), 0);
}

static void to_unshield_the_request_alone_is_cleared(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = host_of(SIM_GUARD_LOCAL, SIM_GUARDIAN_PRESENT, 0);
    g_autofree char *guid = t_define(host, "unshielded", GEN2);
    g_autoptr(GBytes) protector = t_new_protector(host);

    assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
    assert_int_equal(shield(host, guid), 0);
    assert_int_equal(t_secure(host, guid, NULL, "TpmEnabled", "false", "ShieldingRequested", "true", NULL), 32768);
    assert_int_equal(t_secure(host, guid, NULL, "ShieldingRequested", "false", NULL), 0);
    assert_false(flag(host, guid, "ShieldingRequested"));
    assert_true(flag(host, guid, "TpmEnabled"));
    assert_true(flag(host, guid, "EncryptStateAndVmMigrationTraffic"));
}

static void the_tpm_needs_a_configuration_of_version_8(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = host_of(SIM_GUARD_LOCAL, SIM_GUARDIAN_PRESENT, 0);
    g_autofree char *guid = t_define(host, "kept", GEN2);
    g_autoptr(GBytes) protector = t_new_protector(host);
    g_autofree char *text = NULL;

    assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
    assert_true(sim_host_prepare_machine(host, "kept", &(SimPreparation){ .version = "5.0" }));
    assert_int_equal(t_secure(host, guid, &text, "TpmEnabled", "true", NULL), 32770);
    assert_non_null(strstr(text, "configuration version"));
    assert_true(sim_host_prepare_machine(host, "kept", &(SimPreparation){ .version = "8.0" }));
    assert_int_equal(t_secure(host, guid, NULL, "TpmEnabled", "true", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guarded_host_opens_protectors_only_once_it_is_attested),
        cmocka_unit_test(without_the_shielded_tools_there_is_no_msps),
        cmocka_unit_test(an_owner_needs_its_private_keys),
        cmocka_unit_test(certificates_that_have_ended_need_allow_expired),
        cmocka_unit_test(certificates_have_rsa_keys_of_2048_bits_or_more),
        cmocka_unit_test(a_policy_comes_after_the_protector_and_before_the_switches),
        cmocka_unit_test(to_unshield_the_request_alone_is_cleared),
        cmocka_unit_test(the_tpm_needs_a_configuration_of_version_8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
