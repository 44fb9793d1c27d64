/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of root/msps: what the host reads out of shielding data and their
 * policy, which files it writes, and what a machine must be to be provisioned
 * or prepared.
 */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

#include "sim/pdk.h"

#define NS "root/msps"
#define POLICY "6d1bc5f6-4d4a-4a3c-9a5e-2f1f0f7ad001"
#define JOB_WAIT_US (10 * G_USEC_PER_SEC)

typedef struct {
    SimHost *host;
    GBytes *pdk; /* of a tenant of elsewhere */
} Fixture;

static int make(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    g_autoptr(SimGuardian) owner = sim_guardian_generate("Tenant", "A", NULL);
    g_autoptr(SimProtector) protector = sim_protector_new(owner, NULL, NULL);
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    g_autoptr(GBytes) policy = sim_policy_format(SIM_POLICY_SHIELDED);

    fixture->host = t_host_with("10.0.20348", SIM_GUARD_LOCAL, TRUE, 1);
    fixture->pdk = sim_pdk_format(framed, policy, owner);
    *state = fixture;
    return fixture->pdk ? 0 : -1;
}

static int clean(void **state)
{
    Fixture *fixture = *state;

    sim_host_free(fixture->host);
    g_bytes_unref(fixture->pdk);
    g_free(fixture);
    return 0;
}

static CimObject *out_object(TCall *call, const char *name)
{
    const CimValue *value = g_hash_table_lookup(call->out, name);

    return value ? cim_value_item(value, 0)->object : NULL;
}

static void assert_octets(CimObject *object, const char *name, GBytes *expected)
{
    g_autoptr(GBytes) bytes = cim_value_bytes(cim_object_get(object, name));

    assert_true(g_bytes_equal(bytes, expected));
}

static TCall read_stream(SimHost *host, GBytes *data)
{
    return t_call(host, t_class(NS, "Msps_ProvisioningFileProcessor"), "PopulateFromStream", "Data", t_bytes(data),
                  NULL);
}

static TCall read_file(SimHost *host, const char *path)
{
    return t_call(host, t_class(NS, "Msps_ProvisioningFileProcessor"), "PopulateFromFile", "FilePath", t_text(path),
                  NULL);
}

static SimStatus write_file(SimHost *host, const char *path, CimObject *file)
{
    g_auto(TCall) call = t_call(host, t_class(NS, "Msps_ProvisioningFileProcessor"), "SerializeToFile", "FilePath",
                                t_text(path), "ProvisioningFile", cim_value_new_object(file), NULL);

    return call.status;
}

/* --- files ------------------------------------------------------------------------ */

static void shielding_data_are_read_written_and_read_again(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(SimPdk) pdk = sim_pdk_parse(fixture->pdk);
    g_auto(TCall) call = read_stream(fixture->host, fixture->pdk);
    g_auto(TCall) again = { 0 };
    CimObject *object = out_object(&call, "ProvisioningFile");

    assert_int_equal(call.status, SIM_OK);
    assert_octets(object, "KeyProtector", pdk->protector);
    assert_octets(object, "PolicyData", pdk->policy);
    assert_int_equal(write_file(fixture->host, "C:\\there\\a.pdk", object), SIM_OK);
    again = read_file(fixture->host, "C:\\there\\a.pdk");
    assert_int_equal(again.status, SIM_OK);
    assert_octets(out_object(&again, "ProvisioningFile"), "RawData", fixture->pdk);
}

static void what_cannot_be_read_or_written_fails_as_a_whole(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(fixture->pdk, 0, g_bytes_get_size(fixture->pdk) - 1);
    g_auto(TCall) good = read_stream(fixture->host, fixture->pdk);
    g_auto(TCall) bad = read_stream(fixture->host, cut);
    g_auto(TCall) nowhere = read_file(fixture->host, "C:\\there\\never-written.pdk");

    assert_int_equal(bad.status, SIM_FAILED);
    assert_int_equal(nowhere.status, SIM_FAILED);
    assert_int_equal(write_file(fixture->host, "C:\\missing\\a.pdk", out_object(&good, "ProvisioningFile")),
                     SIM_FAILED);
}

/* --- policies --------------------------------------------------------------------- */

static TCall query(SimHost *host, GBytes *policy, const char *guid)
{
    return t_call(host, t_class(NS, "Msps_ProvisioningFileProcessor"), "QueryPolicyValue", "PolicyData",
                  t_bytes(policy), "PolicyGUID", t_text(guid), NULL);
}

static void a_policy_tells_its_value(void **state)
{
    Fixture *fixture = *state;
    const SimPolicy policies[] = { SIM_POLICY_ENCRYPTION, SIM_POLICY_SHIELDED };

    for (guint i = 0; i < G_N_ELEMENTS(policies); i++) {
        g_autoptr(GBytes) policy = sim_policy_format(policies[i]);
        g_auto(TCall) call = query(fixture->host, policy, POLICY);
        g_autoptr(GBytes) value = NULL;

        assert_int_equal(call.status, SIM_OK);
        value = cim_value_bytes(g_hash_table_lookup(call.out, "PolicyValue"));
        assert_int_equal(g_bytes_get_size(value), 1);
        assert_int_equal(*(const guint8 *) g_bytes_get_data(value, NULL), policies[i]);
    }
}

static void unknown_policies_have_no_value(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GBytes) policy = sim_policy_format(SIM_POLICY_SHIELDED);
    g_autoptr(GBytes) junk = g_bytes_new_static("junk", 4);
    g_auto(TCall) other = query(fixture->host, policy, "00000000-0000-0000-0000-000000000001");
    g_auto(TCall) none = query(fixture->host, junk, POLICY);

    assert_int_equal(other.status, SIM_NOT_FOUND);
    assert_int_equal(none.status, SIM_INVALID_PARAMETER);
}

/* --- machines ---------------------------------------------------------------------- */

static TCall prepare(SimHost *host, const char *disk, const char *guid)
{
    return t_call(host, t_class(NS, "Msps_ProvisioningService"), "PrepareSpecializedMachine",
                  "TemplateUtilityDiskPath", t_text(disk), "MachineID", t_text(guid), NULL);
}

/* 0, or the code of the job's error with its text. */
static guint64 job_result(SimHost *host, CimObject *job, char **text)
{
    g_autoptr(CimPath) path = cim_path_new(NS, "Msps_ProvisioningJob");
    gint64 end = g_get_monotonic_time() + JOB_WAIT_US;

    cim_path_set_key(path, "InstanceID", cim_value_text(cim_object_get(job, "InstanceID")));
    while (g_get_monotonic_time() < end) {
        g_autoptr(CimObject) object = t_get(host, cim_path_ref(path));

        if (cim_value_uint(cim_object_get(object, "JobState"), 0) >= 7) {
            *text = g_strdup(cim_value_text(cim_object_get(object, "ErrorDescription")));
            return cim_value_uint(cim_object_get(object, "ErrorCode"), 0);
        }
        g_usleep(1000);
    }
    fail_msg("the job did not end");
    return 1;
}

static void a_machine_without_a_tpm_cannot_be_prepared(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *guid = t_define(fixture->host, "plain", GEN2);
    g_auto(TCall) call = prepare(fixture->host, "C:\\disks\\utility.vhdx", guid);
    g_autofree char *text = NULL;

    assert_int_equal(call.status, SIM_OK);
    assert_int_equal(call.rv, 4096);
    assert_int_not_equal(job_result(fixture->host, out_object(&call, "PreparationJob"), &text), 0);
    assert_non_null(strstr(text, "virtual TPM is off"));
}

static void a_machine_with_a_tpm_and_a_disk_is_prepared(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *guid = t_define(fixture->host, "ready", GEN2);
    g_autoptr(GBytes) protector = t_new_protector(fixture->host);
    g_autofree char *text = NULL;
    g_auto(TCall) call = { 0 };

    t_add_disk(fixture->host, guid, "C:\\disks\\system.vhdx");
    assert_int_equal(t_set_protector(fixture->host, guid, protector, NULL), 0);
    assert_int_equal(t_secure(fixture->host, guid, NULL, "TpmEnabled", "true", NULL), 0);
    call = prepare(fixture->host, "C:\\disks\\utility.vhdx", guid);
    assert_int_equal(call.rv, 4096);
    assert_int_equal(job_result(fixture->host, out_object(&call, "PreparationJob"), &text), 0);
}

static void a_preparation_needs_its_disk_and_a_machine_that_is_off(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *guid = t_define(fixture->host, "running", GEN2);
    g_auto(TCall) no_disk = prepare(fixture->host, "C:\\missing\\utility.vhdx", guid);
    g_auto(TCall) no_machine = prepare(fixture->host, "C:\\disks\\utility.vhdx",
                                       "00000000-0000-0000-0000-000000000001");
    g_auto(TCall) running = { 0 };

    assert_int_equal(no_disk.status, SIM_FAILED);
    assert_int_equal(no_machine.status, SIM_FAILED);
    assert_int_equal(t_request(fixture->host, guid, 2, NULL), 0);
    running = prepare(fixture->host, "C:\\disks\\utility.vhdx", guid);
    assert_int_equal(running.status, SIM_OK);
    assert_int_equal(running.rv, 32775);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shielding_data_are_read_written_and_read_again),
        cmocka_unit_test(what_cannot_be_read_or_written_fails_as_a_whole),
        cmocka_unit_test(a_policy_tells_its_value),
        cmocka_unit_test(unknown_policies_have_no_value),
        cmocka_unit_test(a_machine_without_a_tpm_cannot_be_prepared),
        cmocka_unit_test(a_machine_with_a_tpm_and_a_disk_is_prepared),
        cmocka_unit_test(a_preparation_needs_its_disk_and_a_machine_that_is_off),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
