/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a move between two hosts. Keys are slow to make: two hosts in
 * local mode serve all tests, and each has a guardian with its private keys.
 */
#include "tests/sim/sim_host_testing.h"

#include <glib/gstdio.h>
#include <string.h>

#define SERVICE "Msvm_VirtualSystemMigrationService"
#define MOVE_SYSTEM "32768"
#define MOVE_BOTH "32771"

typedef struct {
    SimHost *one;
    SimHost *two;
} Hosts;

/* Whom a host finds at the other end: set once both are there. */
static char *ask_peer(gpointer data, const char *name G_GNUC_UNUSED, const char *path, const char *body,
                      gboolean *refused, GError **error G_GNUC_UNUSED)
{
    char *refusal = sim_host_receive(*(SimHost **) data, body, g_str_has_suffix(path, "check"));

    *refused = refusal != NULL;
    return refusal ? refusal : g_strdup("");
}

static SimHost *host_new(const char *name, SimHost **peer, SimHostOptions options)
{
    g_autofree char *folder = sim_test_schema_folder();
    g_autoptr(GError) error = NULL;
    SimHost *host = NULL;

    options.schema_folder = folder;
    options.name = name;
    options.version = options.version ? options.version : "10.0.20348";
    options.attestation = options.attestation ? options.attestation : SIM_ATTESTATION_PASSED;
    options.migration_address = "127.0.0.1";
    options.peer = ask_peer;
    options.peer_data = peer;
    host = sim_host_new(&options, &error);
    if (!host)
        g_error("%s", error->message);
    return host;
}

static Hosts hosts;

static int make_hosts(void **state)
{
    const SimHostOptions local = { .guard_mode = SIM_GUARD_LOCAL, .guardian = SIM_GUARDIAN_PRESENT };

    hosts.one = host_new("HV01", &hosts.two, local);
    hosts.two = host_new("HV02", &hosts.one, local);
    *state = &hosts;
    return 0;
}

static int free_hosts(void **state G_GNUC_UNUSED)
{
    sim_host_free(hosts.one);
    sim_host_free(hosts.two);
    return 0;
}

/* A protector of a tenant's for the guardians of these hosts; two: or NULL. */
static GBytes *protector_for(SimHost *one, SimHost *two)
{
    SimHost *list[] = { one, two };
    g_autoptr(SimGuardian) tenant = sim_guardian_generate("Tenant", "ELSEWHERE", NULL);
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify) sim_guardian_unref);
    g_autoptr(SimProtector) protector = NULL;

    for (guint i = 0; i < 2 && list[i]; i++) {
        json_object *json = sim_host_guardians(list[i]);

        for (gsize j = 0; j < json_object_array_length(json); j++) {
            json_object *row = json_object_array_get_idx(json, j);
            GBytes *pair[2];

            for (guint k = 0; k < 2; k++) {
                json_object *text = json_object_object_get(row, k ? "encryptionCertificate" : "signingCertificate");
                gsize size = 0;
                guchar *der = g_base64_decode(json_object_get_string(text), &size);

                pair[k] = g_bytes_new_take(der, size);
            }
            g_ptr_array_add(guardians, sim_guardian_import("host", pair[0], pair[1], NULL));
            g_bytes_unref(pair[0]);
            g_bytes_unref(pair[1]);
        }
        json_object_put(json);
    }
    protector = sim_protector_new(tenant, guardians, NULL);
    return sim_protector_format(protector);
}

static char *machine(SimHost *host, const char *name, GBytes *protector, gboolean shielded)
{
    const char *flag = shielded ? "true" : "false";
    char *guid = t_define(host, name, GEN2);

    assert_int_equal(t_set_protector(host, guid, protector, NULL), 0);
    assert_int_equal(t_secure(host, guid, NULL, "TpmEnabled", "true", "ShieldingRequested", flag,
                              "EncryptStateAndVmMigrationTraffic", flag, NULL),
                     0);
    return guid;
}

static guint32 call(SimHost *from, const char *method, const char *guid, const char *type, char **text)
{
    g_autofree char *settings =
        t_instance(from, "Msvm_VirtualSystemMigrationSettingData", "MigrationType", type,
                   "DestinationIPAddressList", "127.0.0.1", NULL);
    g_auto(TCall) result =
        t_call(from, t_service(SERVICE), method, "ComputerSystem", t_path(t_system(guid)), "DestinationHost",
               t_text("other"), "MigrationSettingData", t_text(settings), NULL);

    return t_result(from, &result, text);
}

static guint32 migrate(SimHost *from, const char *guid, char **text)
{
    return call(from, "MigrateVirtualSystemToHost", guid, MOVE_SYSTEM, text);
}

static gboolean is_there(SimHost *host, const char *guid)
{
    g_autoptr(CimObject) object = NULL;
    g_autoptr(CimPath) path = t_system(guid);

    return sim_host_get(host, path, &object) == SIM_OK;
}

static void refuse(SimHost *from, SimHost *to, const char *guid, const char *words)
{
    g_autofree char *text = NULL;

    assert_int_equal(migrate(from, guid, &text), 32768);
    if (!strstr(text, words))
        fail_msg("'%s' is not in '%s'", words, text);
    assert_true(is_there(from, guid) && !is_there(to, guid));
}

static void a_running_machine_needs_a_guardians_private_keys_at_the_target(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) both = protector_for(hosts.one, hosts.two);
    g_autoptr(GBytes) mine = protector_for(hosts.one, NULL);
    g_autofree char *good = machine(hosts.one, "good", both, FALSE);
    g_autofree char *bad = machine(hosts.one, "bad", mine, FALSE);

    assert_int_equal(t_request(hosts.one, good, 2, NULL), 0);
    assert_int_equal(t_request(hosts.one, bad, 2, NULL), 0);
    assert_int_equal(migrate(hosts.one, good, NULL), 0);
    assert_true(!is_there(hosts.one, good) && t_state(hosts.two, good) == 2);
    refuse(hosts.one, hosts.two, bad, "could not be unwrapped");
}

static void certificates_without_private_keys_do_not_count(void **state G_GNUC_UNUSED)
{
    SimHost *peer = NULL;
    g_autoptr(SimHost) there = host_new("HV03", &peer, (SimHostOptions) { .guard_mode = SIM_GUARD_LOCAL,
                                                                        .guardian = SIM_GUARDIAN_IMPORTED });
    g_autoptr(SimHost) here = host_new("HV04", &peer, (SimHostOptions) { .guard_mode = SIM_GUARD_LOCAL,
                                                                       .guardian = SIM_GUARDIAN_PRESENT });
    g_autoptr(GBytes) both = protector_for(here, there);
    g_autofree char *guid = machine(here, "imported", both, FALSE);

    peer = there;
    assert_int_equal(t_request(here, guid, 2, NULL), 0);
    refuse(here, there, guid, "could not be unwrapped");
}

static void the_text_names_the_device_that_does_not_fit(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) mine = protector_for(hosts.one, NULL);
    g_autofree char *guid = machine(hosts.one, "device", mine, FALSE);

    assert_int_equal(t_request(hosts.one, guid, 2, NULL), 0);
    refuse(hosts.one, hosts.two, guid, "'Microsoft Virtual TPM Device' (device ID 736e6aa9-a3f8-49c0-9550-a963214d259a)");
    refuse(hosts.one, hosts.two, guid, "0x80070057");
}

static void no_check_notices_a_missing_authorisation_of_a_machine_that_is_off(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) mine = protector_for(hosts.one, NULL);
    g_autofree char *guid = machine(hosts.one, "off", mine, FALSE);
    g_autofree char *text = NULL;

    assert_int_equal(call(hosts.one, "CheckVirtualSystemIsMigratable", guid, MOVE_SYSTEM, NULL), 0);
    assert_int_equal(migrate(hosts.one, guid, NULL), 0);
    assert_true(is_there(hosts.two, guid) && !is_there(hosts.one, guid));
    assert_int_equal(t_request(hosts.two, guid, 2, &text), 32768);
    assert_non_null(strstr(text, "could not be unwrapped"));
}

static void a_key_storage_drive_needs_its_protector_as_a_tpm_does(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) mine = protector_for(hosts.one, NULL);
    g_autofree char *guid = t_define(hosts.one, "ksd", GEN1);

    assert_int_equal(t_set_protector(hosts.one, guid, mine, NULL), 0);
    assert_int_equal(t_secure(hosts.one, guid, NULL, "KsdEnabled", "true", NULL), 0);
    assert_int_equal(t_request(hosts.one, guid, 2, NULL), 0);
    refuse(hosts.one, hosts.two, guid, "could not be unwrapped");
}

static void another_version_is_32784(void **state G_GNUC_UNUSED)
{
    SimHost *peer = NULL;
    g_autoptr(SimHost) old = host_new("HV03", &peer, (SimHostOptions) { .version = "10.0.14393" });
    g_autofree char *guid = t_define(hosts.one, "version", GEN2);
    g_auto(TCall) asked = t_call(hosts.one, t_service(SERVICE), "GetSystemCompatibilityInfo", "ComputerSystem",
                                 t_path(t_system(guid)), NULL);
    g_autoptr(GBytes) info = cim_value_bytes(g_hash_table_lookup(asked.out, "CompatibilityInfo"));
    g_auto(TCall) here = t_call(hosts.two, t_service(SERVICE), "CheckSystemCompatibilityInfo", "CompatibilityInfo",
                                t_bytes(info), NULL);
    g_auto(TCall) there =
        t_call(old, t_service(SERVICE), "CheckSystemCompatibilityInfo", "CompatibilityInfo", t_bytes(info), NULL);

    assert_int_equal(here.rv, 0);
    assert_int_equal(there.rv, 32784);
    assert_non_null(g_hash_table_lookup(there.out, "Reasons"));
}

/* --- fabrics ------------------------------------------------------------------------- */

typedef struct {
    char *folder;
    SimHost *peer;
    SimHost *blue;
} Fabric;

static SimHost *guarded(Fabric *fabric, const char *name, const char *of)
{
    g_autofree char *folder = g_build_filename(fabric->folder, of, NULL);

    return host_new(name, &fabric->peer, (SimHostOptions) { .guard_mode = SIM_GUARD_GUARDED, .fabric = folder });
}

static void fabric_clear(Fabric *fabric)
{
    static const char *const files[] = { "signing.pem", "encryption.pem" };
    static const char *const names[] = { "blue", "green" };

    sim_host_free(fabric->blue);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *folder = g_build_filename(fabric->folder, names[i], NULL);

        for (guint j = 0; j < G_N_ELEMENTS(files); j++) {
            g_autofree char *path = g_build_filename(folder, files[j], NULL);

            g_remove(path);
        }
        g_rmdir(folder);
    }
    g_rmdir(fabric->folder);
    g_free(fabric->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fabric, fabric_clear)

static void hosts_of_one_fabric_have_one_guardian(void **state G_GNUC_UNUSED)
{
    g_auto(Fabric) fabric = { .folder = g_dir_make_tmp("hvsim-fabric-XXXXXX", NULL) };
    g_autoptr(SimHost) other = NULL, green = NULL;
    g_autoptr(GBytes) protector = NULL;
    g_autofree char *guid = NULL;

    fabric.blue = guarded(&fabric, "HV05", "blue");
    other = guarded(&fabric, "HV06", "blue");
    green = guarded(&fabric, "HV07", "green");
    protector = protector_for(fabric.blue, NULL);
    guid = machine(fabric.blue, "fabric", protector, TRUE);
    assert_int_equal(t_request(fabric.blue, guid, 2, NULL), 0);
    fabric.peer = green;
    refuse(fabric.blue, green, guid, "could not be unwrapped");
    fabric.peer = other;
    assert_int_equal(migrate(fabric.blue, guid, NULL), 0);
    assert_int_equal(t_state(other, guid), 2);
}

static void a_fabrics_shielded_machine_goes_to_attested_hosts_alone(void **state G_GNUC_UNUSED)
{
    g_auto(Fabric) fabric = { .folder = g_dir_make_tmp("hvsim-fabric-XXXXXX", NULL) };
    g_autoptr(GBytes) protector = NULL;
    g_autofree char *shielded = NULL;
    g_autofree char *other = NULL;

    fabric.blue = guarded(&fabric, "HV05", "blue");
    fabric.peer = hosts.two;
    protector = protector_for(fabric.blue, hosts.two);
    shielded = machine(fabric.blue, "shielded", protector, TRUE);
    other = machine(fabric.blue, "other", protector, FALSE);
    refuse(fabric.blue, hosts.two, shielded, "not an attested guarded host");
    assert_int_equal(t_request(fabric.blue, shielded, 2, NULL), 0);
    refuse(fabric.blue, hosts.two, shielded, "not an attested guarded host");
    assert_int_equal(t_request(fabric.blue, other, 2, NULL), 0);
    assert_int_equal(migrate(fabric.blue, other, NULL), 0);
}

/* Another protector at the target does not read the state: so it came along. */
static void protector_and_tpm_state_go_with_the_machine_and_with_no_other(void **state G_GNUC_UNUSED)
{
    g_autoptr(GBytes) protector = protector_for(hosts.one, hosts.two);
    g_autoptr(GBytes) another = protector_for(hosts.one, hosts.two);
    g_autofree char *guid = machine(hosts.one, "moves", protector, FALSE);
    g_autofree char *fresh = t_define(hosts.two, "moves", GEN2);
    g_autoptr(GBytes) before = NULL, after = NULL, none = t_get_protector(hosts.two, fresh);

    assert_int_equal(t_request(hosts.one, guid, 2, NULL), 0);
    assert_int_equal(t_request(hosts.one, guid, 3, NULL), 0);
    before = t_get_protector(hosts.one, guid);
    assert_int_equal(migrate(hosts.one, guid, NULL), 0);
    after = t_get_protector(hosts.two, guid);
    assert_true(g_bytes_equal(before, after));
    assert_int_equal(t_set_protector(hosts.two, guid, another, NULL), 0);
    assert_int_equal(t_request(hosts.two, guid, 2, NULL), 32768);
    assert_int_equal(t_set_protector(hosts.two, guid, after, NULL), 0);
    assert_int_equal(t_request(hosts.two, guid, 2, NULL), 0);
    assert_int_equal(g_bytes_get_size(none), 4);
}

/* --- disks ------------------------------------------------------------------------------ */

static gboolean has_disk(SimHost *host, const char *path)
{
    json_object *dump = sim_host_dump(host, FALSE);
    json_object *disks = json_object_object_get(dump, "disks");
    gboolean found = FALSE;

    for (gsize i = 0; i < json_object_array_length(disks); i++)
        found = found || strcmp(json_object_get_string(json_object_array_get_idx(disks, i)), path) == 0;
    json_object_put(dump);
    return found;
}

static void disks_move_when_asked_for_and_overwrite_nothing(void **state G_GNUC_UNUSED)
{
    static const char path[] = "C:\\VMs\\new-disk.vhdx";
    g_autofree char *guid = t_define(hosts.one, "disk", GEN2);
    g_autofree char *text = NULL;

    assert_true(sim_host_prepare_disk(hosts.one, path));
    t_add_disk(hosts.one, guid, path);
    refuse(hosts.one, hosts.two, guid, "cannot be found on 'HV02'");
    assert_int_equal(call(hosts.one, "MigrateVirtualSystemToHost", guid, MOVE_BOTH, NULL), 0);
    assert_true(has_disk(hosts.two, path) && !has_disk(hosts.one, path));
    assert_true(sim_host_prepare_disk(hosts.one, path));
    assert_int_equal(call(hosts.two, "MigrateVirtualSystemToHost", guid, MOVE_BOTH, &text), 32768);
    assert_non_null(strstr(text, "The file exists"));
    assert_true(has_disk(hosts.two, path) && is_there(hosts.two, guid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_machine_needs_a_guardians_private_keys_at_the_target),
        cmocka_unit_test(certificates_without_private_keys_do_not_count),
        cmocka_unit_test(the_text_names_the_device_that_does_not_fit),
        cmocka_unit_test(no_check_notices_a_missing_authorisation_of_a_machine_that_is_off),
        cmocka_unit_test(a_key_storage_drive_needs_its_protector_as_a_tpm_does),
        cmocka_unit_test(another_version_is_32784),
        cmocka_unit_test(hosts_of_one_fabric_have_one_guardian),
        cmocka_unit_test(a_fabrics_shielded_machine_goes_to_attested_hosts_alone),
        cmocka_unit_test(protector_and_tpm_state_go_with_the_machine_and_with_no_other),
        cmocka_unit_test(disks_move_when_asked_for_and_overwrite_nothing),
    };

    return cmocka_run_group_tests(tests, make_hosts, free_hosts);
}
