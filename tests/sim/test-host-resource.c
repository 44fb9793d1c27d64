/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resources: where they may go, what they may be, when they may change; the
 * features of switch ports; summaries and disks.
 */
#include "tests/sim/sim_host_testing.h"

#include <string.h>

#define RASD "Msvm_ResourceAllocationSettingData"
#define SASD "Msvm_StorageAllocationSettingData"
#define PORT "Msvm_SyntheticEthernetPortSettingData"
#define CONNECTION "Msvm_EthernetPortAllocationSettingData"
#define SCSI "Microsoft:Hyper-V:Synthetic SCSI Controller"
#define IDE "Microsoft:Hyper-V:Emulated IDE Controller"
#define DISK_DRIVE "Microsoft:Hyper-V:Synthetic Disk Drive"
#define DVD_DRIVE "Microsoft:Hyper-V:Synthetic DVD Drive"
#define DISK "Microsoft:Hyper-V:Virtual Hard Disk"
#define ISO "Microsoft:Hyper-V:Virtual CD/DVD Disk"
#define NIC "Microsoft:Hyper-V:Synthetic Ethernet Port"

static int make_host(void **state)
{
    *state = t_host(1, 0);
    return 0;
}

static int free_host(void **state)
{
    sim_host_free(*state);
    return 0;
}

static guint32 add_scsi(SimHost *host, const char *guid, char **path)
{
    g_autofree char *id = NULL;
    guint32 code = t_add(host, guid, t_instance(host, RASD, "ResourceSubType", SCSI, NULL), &id, NULL);

    if (path)
        *path = id ? t_reference(RASD, id) : NULL;
    return code;
}

static guint32 add_drive(SimHost *host, const char *guid, const char *sub_type, const char *parent,
                         const char *address, char **path)
{
    g_autofree char *id = NULL;
    guint32 code = t_add(host, guid,
                         t_instance(host, RASD, "ResourceSubType", sub_type, "Parent", parent,
                                    "AddressOnParent", address, NULL),
                         &id, NULL);

    if (path)
        *path = id ? t_reference(RASD, id) : NULL;
    return code;
}

static guint32 add_medium(SimHost *host, const char *guid, const char *sub_type, const char *parent,
                          const char *file)
{
    return t_add(
        host, guid,
        t_instance(host, SASD, "ResourceSubType", sub_type, "Parent", parent, "HostResource", file, NULL),
        NULL, NULL);
}

static char *ide_path(SimHost *host, const char *guid, guint index)
{
    g_autoptr(GPtrArray) parts = t_parts(host, guid, RASD, IDE);

    return t_reference(RASD, t_id(parts, index));
}

static guint32 remove_part(SimHost *host, const char *class_name, const char *id, SimStatus *status)
{
    CimPath *path = cim_path_new(V2, class_name);

    cim_path_set_key(path, "InstanceID", id);
    {
        g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"),
                                    "RemoveResourceSettings", "ResourceSettings", t_paths(path), NULL);

        if (status)
            *status = call.status;
        return call.status == SIM_OK ? t_result(host, &call, NULL) : 0;
    }
}

static guint32 modify_part(SimHost *host, char *text)
{
    g_autofree char *mine = text;
    g_auto(TCall) call = t_call(host, t_service("Msvm_VirtualSystemManagementService"),
                                "ModifyResourceSettings", "ResourceSettings", t_texts(text, NULL), NULL);

    return t_result(host, &call, NULL);
}

/* --- controllers and drives ---------------------------------------------------------- */

static void at_most_four_scsi_controllers(void **state)
{
    g_autofree char *guid = t_define(*state, "scsi", GEN2);

    for (guint i = 0; i < 4; i++)
        assert_int_equal(add_scsi(*state, guid, NULL), 0);
    assert_int_equal(add_scsi(*state, guid, NULL), 32773);
}

static void an_ide_controller_has_two_places_and_a_scsi_controller_64(void **state)
{
    g_autofree char *one = t_define(*state, "ide", GEN1), *two = t_define(*state, "scsi", GEN2);
    g_autofree char *ide = ide_path(*state, one, 0), *scsi = NULL;

    assert_int_equal(add_scsi(*state, two, &scsi), 0);
    assert_int_equal(add_drive(*state, one, DISK_DRIVE, ide, "0", NULL), 0);
    assert_int_equal(add_drive(*state, one, DISK_DRIVE, ide, "1", NULL), 0);
    assert_int_equal(add_drive(*state, one, DISK_DRIVE, ide, "2", NULL), 32773);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "63", NULL), 0);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "64", NULL), 32773);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "-1", NULL), 32773);
}

static void a_place_is_taken_once(void **state)
{
    g_autofree char *guid = t_define(*state, "place", GEN2), *scsi = NULL;
    g_autoptr(GPtrArray) drives = NULL;

    assert_int_equal(add_scsi(*state, guid, &scsi), 0);
    assert_int_equal(add_drive(*state, guid, DISK_DRIVE, scsi, "0", NULL), 0);
    assert_int_equal(add_drive(*state, guid, DVD_DRIVE, scsi, "0", NULL), 32773);
    assert_int_equal(
        t_add(*state, guid, t_instance(*state, RASD, "ResourceSubType", DISK_DRIVE, "Parent", scsi, NULL),
              NULL, NULL),
        0);
    drives = t_parts(*state, guid, RASD, DISK_DRIVE);
    assert_string_equal(cim_value_text(cim_object_get(g_ptr_array_index(drives, 1), "AddressOnParent")),
                        "1");
}

static void a_dvd_drive_of_generation_1_goes_on_ide_only(void **state)
{
    g_autofree char *guid = t_define(*state, "dvd", GEN1), *scsi = NULL;
    g_autofree char *ide = ide_path(*state, guid, 1);

    assert_int_equal(add_scsi(*state, guid, &scsi), 0);
    assert_int_equal(add_drive(*state, guid, DVD_DRIVE, scsi, "0", NULL), 32773);
    assert_int_equal(add_drive(*state, guid, DVD_DRIVE, ide, "0", NULL), 0);
}

static void parents_must_be_devices_of_the_same_machine(void **state)
{
    g_autofree char *one = t_define(*state, "one", GEN2), *two = t_define(*state, "two", GEN2),
                    *scsi = NULL;

    assert_int_equal(add_scsi(*state, one, &scsi), 0);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "0", NULL), 32773);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, "nowhere", "0", NULL), 32773);
    assert_int_equal(
        t_add(*state, two, t_instance(*state, RASD, "ResourceSubType", DISK_DRIVE, NULL), NULL, NULL),
        32773);
}

static void a_path_without_the_host_is_stored_with_it(void **state)
{
    g_autofree char *guid = t_define(*state, "path", GEN2), *scsi = NULL;
    g_autoptr(GPtrArray) drives = NULL;

    assert_int_equal(add_scsi(*state, guid, &scsi), 0);
    {
        const char *relative = strchr(scsi, ':') + 1;
        g_autofree char *slashes = g_strconcat("root/virtualization/v2:", relative, NULL);

        assert_int_equal(add_drive(*state, guid, DISK_DRIVE, slashes, "0", NULL), 0);
    }
    drives = t_parts(*state, guid, RASD, DISK_DRIVE);
    assert_string_equal(cim_value_text(cim_object_get(g_ptr_array_index(drives, 0), "Parent")), scsi);
}

static void what_a_machine_comes_with_cannot_be_added_or_removed(void **state)
{
    g_autofree char *guid = t_define(*state, "fixed", GEN1);
    g_autoptr(GPtrArray) ide = t_parts(*state, guid, RASD, IDE);
    g_autoptr(GPtrArray) memory = t_parts(*state, guid, "Msvm_MemorySettingData", NULL);

    assert_int_equal(
        t_add(*state, guid, t_instance(*state, RASD, "ResourceSubType", IDE, NULL), NULL, NULL), 32773);
    assert_int_equal(t_add(*state, guid,
                           t_instance(*state, "Msvm_MemorySettingData", "ResourceSubType",
                                      "Microsoft:Hyper-V:Memory", NULL),
                           NULL, NULL),
                     32773);
    assert_int_equal(
        t_add(*state, guid, t_instance(*state, RASD, "ResourceSubType", "Nothing", NULL), NULL, NULL),
        32773);
    assert_int_equal(
        t_add(*state, guid, t_instance(*state, RASD, "ResourceSubType", NIC, NULL), NULL, NULL), 32773);
    assert_int_equal(remove_part(*state, RASD, t_id(ide, 0), NULL), 32773);
    assert_int_equal(remove_part(*state, "Msvm_MemorySettingData", t_id(memory, 0), NULL), 32773);
}

static void a_batch_takes_all_or_none(void **state)
{
    g_autofree char *guid = t_define(*state, "batch", GEN2);
    g_autofree char *good = t_instance(*state, RASD, "ResourceSubType", SCSI, NULL);
    g_autofree char *bad = t_instance(*state, RASD, "ResourceSubType", IDE, NULL);
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "AddResourceSettings", "AffectedConfiguration", t_path(t_settings(guid)),
                                "ResourceSettings", t_texts(good, bad, NULL), NULL);
    g_autoptr(GPtrArray) parts = NULL;

    assert_int_equal(t_result(*state, &call, NULL), 32773);
    parts = t_parts(*state, guid, RASD, SCSI);
    assert_int_equal(parts->len, 0);
}

static void a_batch_in_order_gives_its_results_in_order(void **state)
{
    g_autofree char *guid = t_define(*state, "batch", GEN2);
    g_autofree char *scsi = t_instance(*state, RASD, "ResourceSubType", SCSI, NULL);
    g_autofree char *nic = t_instance(*state, PORT, "ResourceSubType", NIC, NULL);
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "AddResourceSettings", "AffectedConfiguration", t_path(t_settings(guid)),
                                "ResourceSettings", t_texts(scsi, nic, NULL), NULL);
    g_autoptr(CimPath) first = t_out_path(&call, "ResultingResourceSettings", 0);
    g_autoptr(CimPath) second = t_out_path(&call, "ResultingResourceSettings", 1);

    assert_int_equal(call.rv, 0);
    assert_string_equal(cim_path_class(first), RASD);
    assert_string_equal(cim_path_class(second), PORT);
}

/* --- media ------------------------------------------------------------------------------- */

static void media_go_into_the_drive_for_their_kind_once(void **state)
{
    g_autofree char *guid = t_define(*state, "media", GEN2), *scsi = NULL, *disk = NULL, *dvd = NULL;

    assert_int_equal(add_scsi(*state, guid, &scsi), 0);
    assert_int_equal(add_drive(*state, guid, DISK_DRIVE, scsi, "0", &disk), 0);
    assert_int_equal(add_drive(*state, guid, DVD_DRIVE, scsi, "1", &dvd), 0);
    assert_int_equal(add_medium(*state, guid, ISO, disk, "C:\\a.iso"), 32773);
    assert_int_equal(add_medium(*state, guid, DISK, dvd, "C:\\a.vhdx"), 32773);
    assert_int_equal(add_medium(*state, guid, DISK, disk, "C:\\a.iso"), 32773);
    assert_int_equal(add_medium(*state, guid, DISK, disk, "C:\\missing.vhdx"), 32768);
    assert_int_equal(add_medium(*state, guid, DISK, disk, "C:\\a.vhdx"), 0);
    assert_int_equal(add_medium(*state, guid, DISK, disk, "C:\\b.vhdx"), 32773);
    assert_int_equal(add_medium(*state, guid, ISO, dvd, "C:\\a.iso"), 0);
}

static void generation_2_takes_no_vhd(void **state)
{
    g_autofree char *one = t_define(*state, "one", GEN1), *two = t_define(*state, "two", GEN2);
    g_autofree char *ide = ide_path(*state, one, 0), *scsi = NULL, *first = NULL, *second = NULL;

    assert_int_equal(add_scsi(*state, two, &scsi), 0);
    assert_int_equal(add_drive(*state, one, DISK_DRIVE, ide, "0", &first), 0);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "0", &second), 0);
    assert_int_equal(add_medium(*state, one, DISK, first, "C:\\a.vhd"), 0);
    assert_int_equal(add_medium(*state, two, DISK, second, "C:\\a.vhd"), 32773);
}

static void one_file_is_one_disk_of_a_machine(void **state)
{
    g_autofree char *guid = t_define(*state, "twice", GEN2), *scsi = NULL, *one = NULL, *two = NULL;

    assert_int_equal(add_scsi(*state, guid, &scsi), 0);
    assert_int_equal(add_drive(*state, guid, DISK_DRIVE, scsi, "0", &one), 0);
    assert_int_equal(add_drive(*state, guid, DISK_DRIVE, scsi, "1", &two), 0);
    assert_int_equal(add_medium(*state, guid, DISK, one, "C:\\same.vhdx"), 0);
    assert_int_equal(add_medium(*state, guid, DISK, two, "c:\\SAME.vhdx"), 32773);
}

static void a_drive_with_a_medium_stays_and_the_call_fails_as_a_whole(void **state)
{
    g_autofree char *guid = t_define(*state, "stays", GEN2);
    g_autoptr(GPtrArray) drives = NULL, media = NULL;
    SimStatus status = SIM_OK;

    t_add_disk(*state, guid, "C:\\stays.vhdx");
    drives = t_parts(*state, guid, RASD, DISK_DRIVE);
    media = t_parts(*state, guid, SASD, NULL);
    remove_part(*state, RASD, t_id(drives, 0), &status);
    assert_int_equal(status, SIM_FAILED);
    assert_int_equal(remove_part(*state, SASD, t_id(media, 0), NULL), 0);
    assert_int_equal(remove_part(*state, RASD, t_id(drives, 0), NULL), 0);
}

static void a_drive_moves_with_its_medium(void **state)
{
    g_autofree char *guid = t_define(*state, "moves", GEN2);
    g_autoptr(GPtrArray) drives = NULL, media = NULL;

    t_add_disk(*state, guid, "C:\\moves.vhdx");
    drives = t_parts(*state, guid, RASD, DISK_DRIVE);
    assert_int_equal(modify_part(*state, t_instance(*state, RASD, "InstanceID", t_id(drives, 0),
                                                    "AddressOnParent", "5", NULL)),
                     0);
    g_ptr_array_unref(g_steal_pointer(&drives));
    drives = t_parts(*state, guid, RASD, DISK_DRIVE);
    media = t_parts(*state, guid, SASD, NULL);
    assert_true(g_str_has_suffix(t_id(drives, 0), "\\5\\D"));
    assert_true(g_str_has_suffix(t_id(media, 0), "\\5\\L"));
}

static void a_job_adds_media_and_its_result_is_found_by_association(void **state G_GNUC_UNUSED)
{
    g_autoptr(SimHost) host = t_host(50, 0);
    g_autofree char *guid = t_define(host, "job", GEN2), *scsi = NULL, *drive = NULL, *text = NULL;
    g_autoptr(GPtrArray) found = NULL;

    assert_int_equal(add_scsi(host, guid, &scsi), 0);
    assert_int_equal(add_drive(host, guid, DISK_DRIVE, scsi, "0", &drive), 0);
    text = t_instance(host, SASD, "ResourceSubType", DISK, "Parent", drive, "HostResource", "C:\\j.vhdx",
                      NULL);
    {
        g_auto(TCall) call =
            t_call(host, t_service("Msvm_VirtualSystemManagementService"), "AddResourceSettings",
                   "AffectedConfiguration", t_path(t_settings(guid)), "ResourceSettings",
                   t_texts(text, NULL), NULL);
        g_autoptr(CimPath) job = t_out_path(&call, "Job", 0);

        assert_int_equal(call.rv, 4096);
        assert_null(g_hash_table_lookup(call.out, "ResultingResourceSettings"));
        assert_int_equal(t_result(host, &call, NULL), 0);
        assert_int_equal(
            sim_host_associators(host, job, "Msvm_AffectedJobElement", SASD, NULL, NULL, &found), SIM_OK);
        assert_int_equal(found->len, 1);
    }
}

/* --- memory and processors ---------------------------------------------------------------- */

static guint32 set_part(SimHost *host, const char *guid, const char *class_name, const char *property,
                        const char *value)
{
    g_autoptr(GPtrArray) parts = t_parts(host, guid, class_name, NULL);

    return modify_part(host,
                       t_instance(host, class_name, "InstanceID", t_id(parts, 0), property, value, NULL));
}

static void memory_and_processors_have_limits(void **state)
{
    static const struct {
        const char *class_name;
        const char *value;
        guint32 code;
    } rows[] = {
        { "Msvm_MemorySettingData", "4096", 0 },      { "Msvm_MemorySettingData", "30", 32773 },
        { "Msvm_MemorySettingData", "513", 32773 },   { "Msvm_MemorySettingData", "99999998", 32773 },
        { "Msvm_ProcessorSettingData", "8", 0 },      { "Msvm_ProcessorSettingData", "0", 32773 },
        { "Msvm_ProcessorSettingData", "33", 32773 },
    };
    g_autofree char *guid = t_define(*state, "limits", GEN2);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint32 code = set_part(*state, guid, rows[i].class_name, "VirtualQuantity", rows[i].value);

        if (code != rows[i].code)
            fail_msg("%s %s: %u", rows[i].class_name, rows[i].value, code);
    }
}

static void hardware_of_a_running_machine_is_not_changed(void **state)
{
    g_autofree char *guid = t_define(*state, "busy", GEN2);

    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    assert_int_equal(set_part(*state, guid, "Msvm_MemorySettingData", "VirtualQuantity", "4096"), 32775);
    assert_int_equal(set_part(*state, guid, "Msvm_ProcessorSettingData", "VirtualQuantity", "2"), 32775);
    assert_int_equal(add_scsi(*state, guid, NULL), 32775);
}

static void scsi_disks_and_network_adapters_can_be_added_to_a_running_machine(void **state)
{
    g_autofree char *one = t_define(*state, "one", GEN1), *two = t_define(*state, "two", GEN2);
    g_autofree char *scsi = NULL, *ide = ide_path(*state, one, 0);
    g_autoptr(GPtrArray) drives = NULL;
    g_autofree char *drive = NULL;

    assert_int_equal(add_scsi(*state, two, &scsi), 0);
    assert_int_equal(t_request(*state, one, 2, NULL), 0);
    assert_int_equal(t_request(*state, two, 2, NULL), 0);
    assert_int_equal(add_drive(*state, one, DISK_DRIVE, ide, "0", NULL), 32775);
    assert_int_equal(t_add(*state, one, t_instance(*state, PORT, "ResourceSubType", NIC, NULL), NULL, NULL),
                     32775);
    assert_int_equal(add_drive(*state, two, DISK_DRIVE, scsi, "0", NULL), 0);
    drives = t_parts(*state, two, RASD, DISK_DRIVE);
    drive = t_reference(RASD, t_id(drives, 0));
    assert_int_equal(add_medium(*state, two, DISK, drive, "C:\\hot.vhdx"), 0);
    assert_int_equal(t_add(*state, two, t_instance(*state, PORT, "ResourceSubType", NIC, NULL), NULL, NULL),
                     0);
}

/* --- network ----------------------------------------------------------------------------------- */

static char *switch_path(SimHost *host, guint index)
{
    g_autoptr(GPtrArray) switches = NULL;
    g_autoptr(CimPath) path = NULL;

    assert_int_equal(sim_host_enumerate(host, V2, "Msvm_VirtualEthernetSwitch", &switches), SIM_OK);
    path = cim_object_path(g_ptr_array_index(switches, index));
    return cim_path_format(path, "HV01");
}

static char *add_nic(SimHost *host, const char *guid, const char *mac)
{
    g_autofree char *id = NULL;

    assert_int_equal(t_add(host, guid,
                           t_instance(host, PORT, "ResourceSubType", NIC, "Address", mac,
                                      "StaticMacAddress", "true", NULL),
                           &id, NULL),
                     0);
    return t_reference(PORT, id);
}

static guint32 connect_nic(SimHost *host, const char *guid, const char *port, const char *host_resource,
                           char **id)
{
    return t_add(host, guid,
                 t_instance(host, CONNECTION, "ResourceSubType", "Microsoft:Hyper-V:Ethernet Connection",
                            "Parent", port, "HostResource", host_resource, NULL),
                 id, NULL);
}

static void a_static_mac_address_is_twelve_digits_of_one_station(void **state)
{
    static const char *const bad[] = {
        "", "00155D01020", "00:15:5D:01:02:03", "000000000000", "01005E000001", "00155D01020G"
    };
    g_autofree char *guid = t_define(*state, "mac", GEN2);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (t_add(*state, guid,
                  t_instance(*state, PORT, "ResourceSubType", NIC, "Address", bad[i], "StaticMacAddress",
                             "true", NULL),
                  NULL, NULL) != 32773)
            fail_msg("taken: '%s'", bad[i]);
    }
    {
        g_autofree char *port = add_nic(*state, guid, "00155dab0102");
        g_autoptr(GPtrArray) ports = t_parts(*state, guid, PORT, NULL);

        assert_non_null(port);
        assert_string_equal(cim_value_text(cim_object_get(g_ptr_array_index(ports, 0), "Address")),
                            "00155DAB0102");
    }
}

static void a_dynamic_mac_address_comes_with_the_first_start(void **state)
{
    g_autofree char *guid = t_define(*state, "dynamic", GEN2);
    g_autoptr(GPtrArray) before = NULL, after = NULL;

    assert_int_equal(
        t_add(*state, guid, t_instance(*state, PORT, "ResourceSubType", NIC, NULL), NULL, NULL), 0);
    before = t_parts(*state, guid, PORT, NULL);
    assert_string_equal(cim_value_text(cim_object_get(g_ptr_array_index(before, 0), "Address")),
                        "000000000000");
    assert_int_equal(t_request(*state, guid, 2, NULL), 0);
    after = t_parts(*state, guid, PORT, NULL);
    assert_true(
        g_str_has_prefix(cim_value_text(cim_object_get(g_ptr_array_index(after, 0), "Address")), "00155D"));
}

static void a_connection_joins_one_port_and_one_switch(void **state)
{
    g_autofree char *guid = t_define(*state, "net", GEN2);
    g_autofree char *port = add_nic(*state, guid, "00155D000001");
    g_autofree char *lan = switch_path(*state, 2), *id = NULL;
    g_autoptr(GPtrArray) parts = NULL, ports = NULL, left = NULL;

    assert_int_equal(connect_nic(*state, guid, "nowhere", lan, NULL), 32773);
    assert_int_equal(connect_nic(*state, guid, port, port, NULL), 32773);
    assert_int_equal(connect_nic(*state, guid, port, lan, &id), 0);
    assert_int_equal(connect_nic(*state, guid, port, lan, NULL), 32773);
    assert_true(g_str_has_suffix(id, "\\C"));
    parts = t_parts(*state, guid, CONNECTION, NULL);
    assert_string_equal(
        cim_value_item(cim_object_get(g_ptr_array_index(parts, 0), "HostResource"), 0)->text, lan);
    assert_string_equal(cim_value_text(cim_object_get(g_ptr_array_index(parts, 0), "LastKnownSwitchName")),
                        "Lab \"A\" & B");
    assert_int_equal(
        modify_part(*state, t_instance(*state, CONNECTION, "InstanceID", id, "EnabledState", "3", NULL)),
        0);
    assert_int_equal(
        modify_part(*state, t_instance(*state, CONNECTION, "InstanceID", id, "EnabledState", "5", NULL)),
        32773);
    ports = t_parts(*state, guid, PORT, NULL);
    assert_int_equal(remove_part(*state, PORT, t_id(ports, 0), NULL), 0);
    left = t_parts(*state, guid, CONNECTION, NULL);
    assert_int_equal(left->len, 0); /* the connection goes with its port */
}

static void a_port_has_one_vlan_that_leaves_with_it(void **state)
{
    g_autofree char *guid = t_define(*state, "vlan", GEN2);
    g_autofree char *port = add_nic(*state, guid, "00155D000002");
    g_autofree char *lan = switch_path(*state, 1), *id = NULL;
    g_autofree char *text = t_instance(*state, "Msvm_EthernetSwitchPortVlanSettingData", "OperationMode",
                                       "1", "AccessVlanId", "42", NULL);
    g_autofree char *bad = t_instance(*state, "Msvm_EthernetSwitchPortVlanSettingData", "OperationMode",
                                      "1", "AccessVlanId", "4095", NULL);
    static const char *const order[] = { "bad", "good", "again" };
    g_autoptr(GPtrArray) ports = NULL, left = NULL;

    assert_int_equal(connect_nic(*state, guid, port, lan, &id), 0);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        CimPath *path = cim_path_new(V2, CONNECTION);

        cim_path_set_key(path, "InstanceID", id);
        {
            g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                        "AddFeatureSettings", "AffectedConfiguration", t_path(path),
                                        "FeatureSettings", t_texts(i == 0 ? bad : text, NULL), NULL);

            assert_int_equal(call.rv, i == 1 ? 0 : 32773);
        }
    }
    ports = t_parts(*state, guid, PORT, NULL);
    assert_int_equal(remove_part(*state, PORT, t_id(ports, 0), NULL), 0);
    assert_int_equal(sim_host_enumerate(*state, V2, "Msvm_EthernetSwitchPortVlanSettingData", &left),
                     SIM_OK);
    assert_int_equal(left->len, 0);
}

/* --- summaries -------------------------------------------------------------------------------------- */

static CimValue *numbers(const guint *list, guint count)
{
    CimItem items[8] = { 0 };

    for (guint i = 0; i < count; i++)
        items[i].u = list[i];
    return cim_value_new_array(CIM_UINT32, items, count);
}

static void a_summary_has_only_what_was_asked_for(void **state)
{
    static const guint asked[] = { 0, 1, 100 };
    g_autofree char *guid = t_define(*state, "summary", GEN2);
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "GetSummaryInformation", "SettingData", t_paths(t_settings(guid)),
                                "RequestedInformation", numbers(asked, G_N_ELEMENTS(asked)), NULL);
    const CimValue *result = g_hash_table_lookup(call.out, "SummaryInformation");
    const CimObject *info = NULL;

    assert_int_equal(call.rv, 0);
    assert_int_equal(cim_value_count(result), 1);
    info = cim_value_item(result, 0)->object;
    assert_string_equal(cim_value_text(cim_object_get(info, "Name")), guid);
    assert_int_equal(cim_value_uint(cim_object_get(info, "EnabledState"), 0), 3);
    assert_false(cim_object_is_set(info, "NumberOfProcessors"));
    assert_false(cim_object_is_set(info, "Notes"));
}

static void without_settings_a_summary_is_of_all_machines(void **state)
{
    static const guint asked[] = { 1 };
    g_autoptr(GPtrArray) systems = NULL;
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "GetSummaryInformation", "RequestedInformation", numbers(asked, 1), NULL);
    const CimValue *result = g_hash_table_lookup(call.out, "SummaryInformation");

    assert_int_equal(sim_host_enumerate(*state, V2, "Msvm_ComputerSystem", &systems), SIM_OK);
    assert_int_equal(cim_value_count(result), systems->len - 1);
}

static void an_unknown_number_in_a_summary_request_is_refused(void **state)
{
    static const guint asked[] = { 1, 9999 };
    g_auto(TCall) call = t_call(*state, t_service("Msvm_VirtualSystemManagementService"),
                                "GetSummaryInformation", "RequestedInformation", numbers(asked, 2), NULL);
    g_auto(TCall) none =
        t_call(*state, t_service("Msvm_VirtualSystemManagementService"), "GetSummaryInformation", NULL);

    assert_int_equal(call.rv, 32773);
    assert_int_equal(none.rv, 32773);
}

/* --- disks --------------------------------------------------------------------------------------------- */

static TCall image(SimHost *host, const char *method, const char *path)
{
    return t_call(host, t_service("Msvm_ImageManagementService"), method, "Path", t_text(path), NULL);
}

static void a_disk_is_made_by_a_storage_job_and_is_there_afterwards(void **state)
{
    g_autofree char *text =
        t_instance(*state, "Msvm_VirtualHardDiskSettingData", "Path", "C:\\new-disk.vhdx", "Format", "3",
                   "Type", "3", "MaxInternalSize", "10737418240", NULL);
    g_auto(TCall) before = image(*state, "GetVirtualHardDiskSettingData", "C:\\new-disk.vhdx");
    g_auto(TCall) made = t_call(*state, t_service("Msvm_ImageManagementService"), "CreateVirtualHardDisk",
                                "VirtualDiskSettingData", t_text(text), NULL);
    g_autoptr(CimPath) job = t_out_path(&made, "Job", 0);

    assert_int_equal(before.rv, 32779);
    assert_int_equal(made.rv, 4096);
    assert_string_equal(cim_path_class(job), "Msvm_StorageJob");
    assert_int_equal(t_result(*state, &made, NULL), 0);
    {
        g_auto(TCall) after = image(*state, "GetVirtualHardDiskSettingData", "c:\\NEW-DISK.vhdx");
        g_auto(TCall) use = image(*state, "GetVirtualHardDiskState", "C:\\new-disk.vhdx");
        g_auto(TCall) again = t_call(*state, t_service("Msvm_ImageManagementService"),
                                     "CreateVirtualHardDisk", "VirtualDiskSettingData", t_text(text), NULL);
        g_autofree char *why = NULL;

        assert_int_equal(after.rv, 0);
        assert_non_null(
            strstr(cim_value_text(g_hash_table_lookup(after.out, "SettingData")), "10737418240"));
        assert_int_equal(use.rv, 0);
        assert_int_equal(t_result(*state, &again, &why), 32768);
        assert_non_null(strstr(why, "0x80070050"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_most_four_scsi_controllers),
        cmocka_unit_test(an_ide_controller_has_two_places_and_a_scsi_controller_64),
        cmocka_unit_test(a_place_is_taken_once),
        cmocka_unit_test(a_dvd_drive_of_generation_1_goes_on_ide_only),
        cmocka_unit_test(parents_must_be_devices_of_the_same_machine),
        cmocka_unit_test(a_path_without_the_host_is_stored_with_it),
        cmocka_unit_test(what_a_machine_comes_with_cannot_be_added_or_removed),
        cmocka_unit_test(a_batch_takes_all_or_none),
        cmocka_unit_test(a_batch_in_order_gives_its_results_in_order),
        cmocka_unit_test(media_go_into_the_drive_for_their_kind_once),
        cmocka_unit_test(generation_2_takes_no_vhd),
        cmocka_unit_test(one_file_is_one_disk_of_a_machine),
        cmocka_unit_test(a_drive_with_a_medium_stays_and_the_call_fails_as_a_whole),
        cmocka_unit_test(a_drive_moves_with_its_medium),
        cmocka_unit_test(a_job_adds_media_and_its_result_is_found_by_association),
        cmocka_unit_test(memory_and_processors_have_limits),
        cmocka_unit_test(hardware_of_a_running_machine_is_not_changed),
        cmocka_unit_test(scsi_disks_and_network_adapters_can_be_added_to_a_running_machine),
        cmocka_unit_test(a_static_mac_address_is_twelve_digits_of_one_station),
        cmocka_unit_test(a_dynamic_mac_address_comes_with_the_first_start),
        cmocka_unit_test(a_connection_joins_one_port_and_one_switch),
        cmocka_unit_test(a_port_has_one_vlan_that_leaves_with_it),
        cmocka_unit_test(a_summary_has_only_what_was_asked_for),
        cmocka_unit_test(without_settings_a_summary_is_of_all_machines),
        cmocka_unit_test(an_unknown_number_in_a_summary_request_is_refused),
        cmocka_unit_test(a_disk_is_made_by_a_storage_job_and_is_there_afterwards),
    };

    return cmocka_run_group_tests(tests, make_host, free_host);
}
