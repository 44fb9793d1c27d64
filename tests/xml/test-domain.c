/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines as they are shown: those made elsewhere, those that were changed
 * elsewhere, and what a redefine keeps.
 */
#include <config.h>

#include <string.h>

#include "viruuid.h"

#include "tests/xml/xml_test.h"

#define GUID "9F3E0A51-7C2B-4D6E-8A1F-112233445566"
#define BIOS_GUID "11111111-2222-3333-4444-555555555555"
#define UEFI_CA "272e7447-90a4-4563-a4b9-8e4ab00526ce"
#define WINDOWS "1734c6e8-3154-4dda-ba5f-a874cc483422"

static char *
show(const HypervMachine *machine, int id)
{
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    g_autoptr(virDomainDef) def = msvmDomainDefNew(machine, id, xmlopt);
    char *text;

    if (!def)
        fail_msg("%s", virGetLastErrorMessage());
    text = virDomainDefFormat(def, xmlopt, VIR_DOMAIN_DEF_FORMAT_SECURE);
    assert_non_null(text);
    return text;
}


static HypervMachine *
foreign_machine(guint generation)
{
    HypervMachine *machine = hyperv_machine_new();

    machine->guid = g_strdup(GUID);
    machine->name = g_strdup("made by hand");
    machine->bios_guid = g_strdup(BIOS_GUID);
    machine->version = g_strdup("9.0");
    machine->generation = generation;
    machine->memory_mib = 1024;
    machine->min_memory_mib = 512;
    machine->max_memory_mib = 1048576;
    machine->processors = 2;
    machine->startup_action = HYPERV_STARTUP_ALWAYS;
    machine->shutdown_action = HYPERV_SHUTDOWN_GUEST;
    return machine;
}


static HypervMachine *
foreign_gen2(void)
{
    HypervMachine *machine = foreign_machine(2);
    HypervDrive *drive;
    HypervNic *nic;

    machine->notes = g_strdup("Notes of an administrator.\r\nTwo lines.");
    machine->secure_boot = TRUE;
    machine->secure_boot_template = g_strdup(UEFI_CA);
    machine->n_scsi_controllers = 1;
    machine->dynamic_memory = TRUE;
    machine->min_memory_mib = 512;
    machine->max_memory_mib = 4096;
    drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 0);
    drive->path = g_strdup("C:\\VMs\\linux.vhdx");
    drive->boot_order = 2;
    drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 0, 1);
    drive->boot_order = 3;
    nic = hyperv_machine_add_nic(machine);
    nic->mac = g_strdup("00155D0A0B0C");
    nic->name = g_strdup("Front");
    nic->switch_name = g_strdup("External");
    nic->connected = TRUE;
    nic->boot_order = 1;
    nic = hyperv_machine_add_nic(machine);
    nic->mac = g_strdup("00155D0A0B0D");
    machine->security.tpm_enabled = TRUE;
    machine->security.shielding_requested = TRUE;
    machine->security.encrypt_traffic = TRUE;
    return machine;
}


static HypervMachine *
foreign_gen1(void)
{
    HypervMachine *machine = foreign_machine(1);
    HypervDrive *drive;
    HypervNic *nic;

    drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_IDE, 0, 0);
    drive->path = g_strdup("C:\\VMs\\old.vhd");
    drive->boot_order = 2;
    drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DVD, HYPERV_BUS_IDE, 1, 0);
    drive->boot_order = 1;
    drive = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 5);
    drive->is_physical = TRUE;
    machine->n_scsi_controllers = 1;
    nic = hyperv_machine_add_nic(machine);
    nic->legacy = TRUE;
    nic->mac = g_strdup("00155D0A0B0E");
    nic->switch_name = g_strdup("External");
    machine->network_boot = TRUE;
    machine->network_boot_order = 3;
    machine->turn_off_on_guest_restart = TRUE;
    return machine;
}


static void
check_foreign(HypervMachine *machine, const char *golden)
{
    g_autoptr(HypervMachine) made = NULL;
    g_autoptr(MsvmPlan) plan = NULL;
    g_autofree char *first = show(machine, -1);
    g_autofree char *second = NULL;

    xml_test_assert_golden(golden, first);
    plan = xml_test_plan(first, &xml_test_host_2022, machine, NULL);
    if (!plan)
        fail_msg("%s: %s", golden, virGetLastErrorMessage());
    assert_string_equal(plan->machine->guid, GUID);
    assert_string_equal(plan->machine->bios_guid, BIOS_GUID);
    assert_string_equal(plan->machine->version, "9.0");
    assert_int_equal(plan->machine->startup_action, HYPERV_STARTUP_ALWAYS);
    assert_int_equal(plan->machine->shutdown_action, HYPERV_SHUTDOWN_GUEST);
    made = xml_test_host_makes(plan->machine);
    second = show(made, -1);
    assert_string_equal(first, second);
}


static void
test_a_machine_made_elsewhere_is_shown_and_can_be_defined(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) gen2 = foreign_gen2();
    g_autoptr(HypervMachine) gen1 = foreign_gen1();

    check_foreign(gen2, "foreign-gen2.out");
    check_foreign(gen1, "foreign-gen1.out");
}


static void
test_a_running_machine_has_an_id(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = foreign_gen2();
    g_autofree char *live = show(machine, 4711);
    g_autofree char *inactive = show(machine, -1);

    assert_non_null(strstr(live, "<domain type='hyperv' id='4711'>"));
    assert_non_null(strstr(inactive, "<domain type='hyperv'>"));
}


static void
test_an_almost_empty_machine_is_shown(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = hyperv_machine_new();
    g_autofree char *text = NULL;

    machine->guid = g_strdup(GUID);
    machine->generation = 1;
    text = show(machine, -1);
    assert_non_null(strstr(text, "<name/>") ? text : strstr(text, "<name></name>"));
    assert_non_null(strstr(text, "<uuid>9f3e0a51-7c2b-4d6e-8a1f-112233445566</uuid>"));
}


static void
test_a_machine_without_any_uuid_is_an_error(void **state G_GNUC_UNUSED)
{
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    g_autoptr(HypervMachine) machine = foreign_gen2();
    g_autoptr(virDomainDef) def = NULL;

    g_free(machine->guid);
    machine->guid = g_strdup("nonsense");
    def = msvmDomainDefNew(machine, -1, xmlopt);
    assert_null(def);
    xml_test_assert_error(VIR_ERR_INTERNAL_ERROR, "'made by hand' has no UUID: 'nonsense'");
}


/* --- changed elsewhere --------------------------------------------------- */

static HypervMachine *
define(const char *devices, const char *os, int generation)
{
    XmlTestParts parts = { .devices = devices, .os = os, .generation = generation };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

    if (!plan)
        fail_msg("%s", virGetLastErrorMessage());
    return xml_test_host_makes(plan->machine);
}


#define DISK(name, more) "<disk type='file'><source file='C:\\" name ".vhdx'/><target dev='" name "' bus='scsi'/>" \
                         more "</disk>"

static void
test_the_hosts_boot_order_wins_over_the_authors_words(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) kinds = define(DISK("sda", "") DISK("sdb", ""), "<boot dev='hd'/>", 2);
    g_autoptr(HypervMachine) devices = define(DISK("sda", "<boot order='7'/>")
                                              DISK("sdb", "<boot order='5'/>"), NULL, 2);
    g_autofree char *as_written = show(kinds, -1);
    g_autofree char *orders = show(devices, -1);
    g_autofree char *changed = NULL;
    g_autofree char *changed_orders = NULL;

    assert_non_null(strstr(as_written, "<boot dev='hd'/>"));
    assert_non_null(strstr(orders, "<boot order='7'/>"));
    assert_non_null(strstr(orders, "<boot order='5'/>"));
    ((HypervDrive *)g_ptr_array_index(kinds->drives, 0))->boot_order = 2;
    ((HypervDrive *)g_ptr_array_index(kinds->drives, 1))->boot_order = 1;
    changed = show(kinds, -1);
    assert_null(strstr(changed, "<boot dev='hd'/>"));
    assert_non_null(strstr(changed, "<boot order='2'/>"));
    ((HypervDrive *)g_ptr_array_index(devices->drives, 0))->boot_order = 1;
    ((HypervDrive *)g_ptr_array_index(devices->drives, 1))->boot_order = 2;
    changed_orders = show(devices, -1);
    assert_null(strstr(changed_orders, "<boot order='7'/>"));
    assert_non_null(strstr(changed_orders, "<boot order='1'/>"));
}


static void
test_a_disk_added_elsewhere_gets_a_free_name(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = define("<disk type='file'><source file='C:\\a.vhdx'/><target dev='sdb' "
                                              "bus='scsi'/><address type='drive' unit='0'/></disk>", NULL, 2);
    HypervDrive *added = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 1);
    g_autofree char *text = NULL;
    g_autoptr(MsvmPlan) plan = NULL;

    added->path = g_strdup("C:\\b.vhdx");
    text = show(machine, -1);
    assert_non_null(strstr(text, "<target dev='sdb' bus='scsi'/>"));
    plan = xml_test_plan(text, &xml_test_host_2022, machine, NULL);
    assert_non_null(plan);
    assert_int_equal(plan->machine->drives->len, 2);
}


static void
test_settings_changed_elsewhere_are_shown(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = define(DISK("sda", "") XML_TEST_TPM,
                                              "<loader secure='yes'/>", 2);
    g_autofree char *before = show(machine, -1);
    g_autofree char *after = NULL;

    assert_non_null(strstr(before, "<tpm model='tpm-crb'>"));
    assert_non_null(strstr(before, "<loader secure='yes'/>"));
    machine->security.tpm_enabled = FALSE;
    machine->secure_boot = FALSE;
    machine->processors = 7;
    machine->memory_mib = 3072;
    machine->turn_off_on_guest_restart = TRUE;
    g_free(machine->name);
    machine->name = g_strdup("renamed <&>");
    after = show(machine, -1);
    assert_null(strstr(after, "<tpm"));
    assert_null(strstr(after, "<loader"));
    assert_non_null(strstr(after, "<feature enabled='no' name='secure-boot'/>"));
    assert_non_null(strstr(after, "<vcpu placement='static'>7</vcpu>"));
    assert_non_null(strstr(after, "<memory unit='KiB'>3145728</memory>"));
    assert_non_null(strstr(after, "<on_reboot>destroy</on_reboot>"));
    assert_non_null(strstr(after, "<name>renamed &lt;&amp;&gt;</name>"));
}


static void
test_security_set_elsewhere_is_shown_in_the_metadata(void **state G_GNUC_UNUSED)
{
    static const char windows_said[] =
        "<domain type='hyperv'><name>test</name><uuid>" XML_TEST_UUID "</uuid><metadata><a:b xmlns:a='urn:a'/>"
        "<msvm:security xmlns:msvm='" MSVM_NAMESPACE_URI "'><msvm:secureBoot template='MicrosoftWindows'/>"
        "<msvm:policy encryptTraffic='no'/></msvm:security></metadata><memory unit='MiB'>512</memory>"
        "<os firmware='efi'><type>hvm</type></os><devices>" XML_TEST_TPM "</devices></domain>";
    g_autoptr(MsvmPlan) plan = xml_test_plan(windows_said, &xml_test_host_2022, NULL, NULL);
    g_autoptr(HypervMachine) machine = NULL;
    g_autofree char *text = NULL;
    g_autoptr(MsvmPlan) again = NULL;

    assert_non_null(plan);
    machine = xml_test_host_makes(plan->machine);
    g_free(machine->secure_boot_template);
    machine->secure_boot_template = g_strdup("11112222-3333-4444-5555-666677778888");
    machine->security.encrypt_traffic = TRUE;
    text = show(machine, -1);
    assert_non_null(strstr(text, "<a:b xmlns:a=\"urn:a\"/>"));
    assert_non_null(strstr(text, "template=\"11112222-3333-4444-5555-666677778888\""));
    assert_non_null(strstr(text, "encryptTraffic=\"yes\""));
    again = xml_test_plan(text, &xml_test_host_2022, machine, NULL);
    assert_non_null(again);
    assert_string_equal(again->machine->secure_boot_template, "11112222-3333-4444-5555-666677778888");
    assert_true(again->machine->security.encrypt_traffic);
}


static void
test_security_taken_away_elsewhere_is_shown_in_the_metadata(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .metadata = "<msvm:policy shielded='yes'/>", .devices = XML_TEST_TPM };
    XmlTestParts required = { .metadata = "<msvm:image><msvm:property name='os_shielded_vm' value='required'/>"
                                          "</msvm:image>", .devices = XML_TEST_TPM };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autofree char *required_xml = xml_test_domain(&required);
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
    g_autoptr(MsvmPlan) required_plan = xml_test_plan(required_xml, &xml_test_host_2022, NULL, NULL);
    g_autoptr(HypervMachine) machine = xml_test_host_makes(plan->machine);
    g_autoptr(HypervMachine) required_machine = xml_test_host_makes(required_plan->machine);
    g_autoptr(MsvmPlan) again = NULL;
    g_autofree char *unshielded = NULL;
    g_autofree char *bare = NULL;
    g_autofree char *words = NULL;

    machine->security.shielding_requested = FALSE;
    unshielded = show(machine, -1);
    assert_non_null(strstr(unshielded, "<msvm:policy shielded=\"no\" encryptTraffic=\"yes\"/>"));
    machine->security.encrypt_traffic = FALSE;
    bare = show(machine, -1);
    assert_non_null(strstr(bare, "<msvm:policy shielded=\"no\"/>"));
    again = xml_test_plan(bare, &xml_test_host_2022, machine, NULL);
    assert_non_null(again);
    assert_false(again->machine->security.shielding_requested);
    assert_false(again->machine->security.encrypt_traffic);
    /* What image and flavor say stays, so that the text can be defined again. */
    required_machine->security.shielding_requested = FALSE;
    words = show(required_machine, -1);
    assert_null(strstr(words, "<msvm:policy"));
    assert_non_null(strstr(words, "os_shielded_vm"));
}


static void
test_encryption_stays_when_nothing_is_said_of_it(void **state G_GNUC_UNUSED)
{
    XmlTestParts silent = { .devices = XML_TEST_TPM };
    XmlTestParts no = { .metadata = "<msvm:policy encryptTraffic='no'/>", .devices = XML_TEST_TPM };
    g_autofree char *silent_xml = xml_test_domain(&silent);
    g_autofree char *no_xml = xml_test_domain(&no);
    g_autoptr(HypervMachine) current = define(XML_TEST_TPM, NULL, 2);
    g_autoptr(MsvmPlan) stays = NULL;
    g_autoptr(MsvmPlan) goes = NULL;

    current->security.shielding_requested = TRUE;
    current->security.encrypt_traffic = TRUE;
    stays = xml_test_plan(silent_xml, &xml_test_host_2022, current, NULL);
    goes = xml_test_plan(no_xml, &xml_test_host_2022, current, NULL);
    assert_false(stays->machine->security.shielding_requested);
    assert_true(stays->machine->security.encrypt_traffic);
    assert_false(goes->machine->security.encrypt_traffic);
}


/* --- redefine ------------------------------------------------------------ */

static void
test_a_frozen_template_is_refused_before_the_host_is_asked(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .metadata = "<msvm:secureBoot template='MicrosoftUEFICertificateAuthority'/>",
                           .devices = XML_TEST_TPM };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autoptr(HypervMachine) current = define(XML_TEST_TPM, NULL, 2);
    g_autoptr(MsvmPlan) refused = xml_test_plan(xml, &xml_test_host_2022, current, NULL);
    g_autoptr(MsvmPlan) taken = NULL;

    assert_null(refused);
    xml_test_assert_error(VIR_ERR_OPERATION_INVALID, "Secure Boot template of 'test' cannot change");
    current->security.tpm_enabled = FALSE;
    taken = xml_test_plan(xml, &xml_test_host_2022, current, NULL);
    assert_non_null(taken);
    assert_string_equal(taken->machine->secure_boot_template, UEFI_CA);
}


static void
test_the_generation_cannot_change(void **state G_GNUC_UNUSED)
{
    XmlTestParts gen1 = { .generation = 1 };
    XmlTestParts gen2 = { .generation = 2 };
    g_autofree char *xml1 = xml_test_domain(&gen1);
    g_autofree char *xml2 = xml_test_domain(&gen2);
    g_autoptr(HypervMachine) current1 = define(NULL, NULL, 1);
    g_autoptr(HypervMachine) current2 = define(NULL, NULL, 2);
    g_autoptr(MsvmPlan) a = xml_test_plan(xml1, &xml_test_host_2022, current2, NULL);
    g_autoptr(MsvmPlan) b = NULL;

    assert_null(a);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "is 2 and cannot change: give");
    b = xml_test_plan(xml2, &xml_test_host_2022, current1, NULL);
    assert_null(b);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "is 1 and cannot change: leave out");
}


static void
test_a_disk_of_the_host_itself_may_stay_but_not_come(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = foreign_gen1();
    g_autofree char *text = NULL;
    g_autoptr(MsvmPlan) stays = NULL;
    g_autoptr(MsvmPlan) comes = NULL;

    machine->turn_off_on_guest_restart = FALSE;
    text = show(machine, -1);
    stays = xml_test_plan(text, &xml_test_host_2022, machine, NULL);
    assert_non_null(strstr(text, "<disk type='block' device='disk'>"));
    assert_non_null(stays);
    assert_true(hyperv_machine_find_drive(stays->machine, HYPERV_BUS_SCSI, 0, 5)->is_physical);
    comes = xml_test_plan(text, &xml_test_host_2022, NULL, NULL);
    assert_null(comes);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "type='block'");
}


static void
test_adapter_names_stay(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = foreign_gen2();
    g_autofree char *text = show(machine, -1);
    g_autoptr(MsvmPlan) plan = xml_test_plan(text, &xml_test_host_2022, machine, NULL);

    assert_non_null(plan);
    assert_string_equal(((HypervNic *)g_ptr_array_index(plan->machine->nics, 0))->name, "Front");
}


/* --- plan ---------------------------------------------------------------- */

static void
test_the_policys_tpm_is_written_into_the_definition(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .metadata = "<msvm:image><msvm:property name='os_vtpm' value='required'/></msvm:image>" };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autoptr(virDomainDef) def = NULL;
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, &def);

    assert_non_null(plan);
    assert_true(plan->policy->add_tpm);
    assert_true(plan->machine->security.tpm_enabled);
    assert_int_equal(def->ntpms, 1);
    assert_int_equal(def->tpms[0]->model, VIR_DOMAIN_TPM_MODEL_CRB);
}


static void
test_pending_notes_say_so_and_final_ones_do_not(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .devices = NULL };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
    g_autoptr(MsvmRecord) pending = NULL;
    g_autoptr(MsvmRecord) final = NULL;

    assert_non_null(plan);
    pending = msvmRecordParse(plan->pending_notes);
    final = msvmRecordParse(plan->machine->notes);
    assert_true(pending->pending);
    assert_false(final->pending);
    assert_string_equal(pending->uuid, XML_TEST_UUID);
    assert_string_equal(final->uuid, XML_TEST_UUID);
    assert_null(plan->machine->guid);
    assert_string_equal(plan->machine->bios_guid, "C7A5FDBD-EDAF-9455-926A-D65C16DB1809");
}


static void
test_memory_is_rounded_and_dynamic_when_asked(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *memory;
        guint64 start, min, max;
        gboolean dynamic;
    } cases[] = {
        { "<memory unit='KiB'>1048577</memory>", 1026, 1026, 1026, FALSE },
        { "<memory unit='MiB'>1025</memory><currentMemory unit='MiB'>1025</currentMemory>", 1026, 1026, 1026, FALSE },
        { "<memory unit='MiB'>4096</memory><currentMemory unit='MiB'>1024</currentMemory>", 1024, 512, 4096, TRUE },
        { "<memory unit='MiB'>4096</memory><currentMemory unit='MiB'>256</currentMemory>", 256, 256, 4096, TRUE },
        { "<memory unit='MiB'>4096</memory><memtune><min_guarantee unit='MiB'>1024</min_guarantee></memtune>", 4096,
          1024, 4096, TRUE },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml = g_strdup_printf("<domain type='hyperv'><name>m</name>%s<os><type>hvm</type></os>"
                                               "</domain>", cases[i].memory);
        g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

        assert_non_null(plan);
        assert_int_equal(plan->machine->memory_mib, cases[i].start);
        assert_int_equal(plan->machine->min_memory_mib, cases[i].min);
        assert_int_equal(plan->machine->max_memory_mib, cases[i].max);
        assert_int_equal(plan->machine->dynamic_memory, cases[i].dynamic);
    }
}


static void
test_turning_off_at_a_restart_needs_a_host_that_knows_how(void **state G_GNUC_UNUSED)
{
    static const MsvmPlanHost host_2025 = { .name = "hv25", .major = 10, .minor = 0, .build = 26100 };
    XmlTestParts parts = { .top = "<on_reboot>destroy</on_reboot>" };
    g_autofree char *xml = xml_test_domain(&parts);
    g_autoptr(MsvmPlan) old = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
    g_autoptr(MsvmPlan) new = xml_test_plan(xml, &host_2025, NULL, NULL);

    assert_null(old);
    assert_non_null(new);
    assert_true(new->machine->turn_off_on_guest_restart);
    virResetLastError();
    old = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "'hv01' is of version 10.0.20348");
}


static void
test_the_second_ide_bus_is_the_second_controller(void **state G_GNUC_UNUSED)
{
    static const char *const disks[] = {
        "<disk type='file'><source file='C:\\a.vhd'/><target dev='hdc' bus='ide'/></disk>",
        "<disk type='file'><source file='C:\\a.vhd'/><target dev='hdc' bus='ide'/><address type='drive' "
        "controller='0' bus='1' unit='0'/></disk>",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(disks); i++) {
        g_autoptr(HypervMachine) machine = define(disks[i], NULL, 1);

        assert_non_null(hyperv_machine_find_drive(machine, HYPERV_BUS_IDE, 1, 0));
    }
}


static void
test_an_empty_floppy_drive_comes_back_though_no_machine_shows_it(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = define("<disk type='file' device='floppy'><target dev='fda' "
                                              "bus='fdc'/></disk>",
                                              "<boot dev='fd'/><boot dev='hd'/>", 1);
    g_autofree char *text = show(machine, -1);
    g_autoptr(MsvmPlan) again = xml_test_plan(text, &xml_test_host_2022, machine, NULL);

    assert_int_equal(machine->drives->len, 0);
    assert_non_null(strstr(text, "<target dev='fda' bus='fdc'/>"));
    assert_non_null(strstr(text, "<controller type='fdc' index='0'/>"));
    assert_non_null(strstr(text, "<boot dev='fd'/>"));
    assert_non_null(again);
}


static void
test_scsi_names_count_64_to_a_controller(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = define(DISK("sdh", "") DISK("sdbl", "") DISK("sdbm", ""), NULL, 2);

    assert_non_null(hyperv_machine_find_drive(machine, HYPERV_BUS_SCSI, 0, 7));
    assert_non_null(hyperv_machine_find_drive(machine, HYPERV_BUS_SCSI, 0, 63));
    assert_non_null(hyperv_machine_find_drive(machine, HYPERV_BUS_SCSI, 1, 0));
    assert_int_equal(machine->n_scsi_controllers, 2);
}


static void
test_notes_change_with_title_description_and_metadata(void **state G_GNUC_UNUSED)
{
    static const char xml[] = "<domain type='hyperv'><name>n</name><uuid>" XML_TEST_UUID "</uuid><title>New</title>"
                              "<description>Other text</description><metadata><a:b xmlns:a='urn:a'/></metadata>"
                              "<memory>65536</memory><os><type>hvm</type></os></domain>";
    g_autoptr(virDomainDef) def = xml_test_parse(xml);
    g_autoptr(HypervMachine) machine = define(DISK("sda", "<alias name='ua-x'/>"), NULL, 2);
    g_autofree char *notes = msvmPlanNotes(def, machine->notes);
    g_autofree char *fresh = msvmPlanNotes(def, "Old text");
    g_autoptr(MsvmRecord) a = msvmRecordParse(notes);
    g_autoptr(MsvmRecord) b = msvmRecordParse(fresh);

    assert_string_equal(a->title, "New");
    assert_string_equal(a->description, "Other text");
    assert_non_null(strstr(a->metadata, "urn:a"));
    assert_string_equal(msvmRecordGetHint(a, "disk:scsi:0:0:alias"), "ua-x");
    assert_string_equal(b->uuid, XML_TEST_UUID);
    assert_string_equal(b->description, "Other text");
}


static void
test_notes_that_are_too_large_are_refused(void **state G_GNUC_UNUSED)
{
    g_autofree char *filler = g_strnfill(MSVM_RECORD_MAX_SIZE, 'x');
    g_autofree char *xml = g_strdup_printf("<domain type='hyperv'><name>n</name><description>%s</description>"
                                           "<memory>65536</memory><os><type>hvm</type></os></domain>", filler);
    g_autoptr(virDomainDef) def = xml_test_parse(xml);
    g_autofree char *notes = msvmPlanNotes(def, NULL);
    g_autoptr(MsvmPlan) plan = NULL;

    assert_null(notes);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "'n' are too large");
    plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
    assert_null(plan);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "'n' are too large");
}


/* --- the rest of the interface ------------------------------------------- */

static void
test_states_and_their_reasons(void **state G_GNUC_UNUSED)
{
    static const struct {
        int state, domain, reason;
    } cases[] = {
        { HYPERV_STATE_RUNNING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN },
        { HYPERV_STATE_OFF, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_UNKNOWN },
        { HYPERV_STATE_SAVED, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED },
        { HYPERV_STATE_PAUSED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER },
        { HYPERV_STATE_SHUTTING_DOWN, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER },
        { HYPERV_STATE_STARTING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED },
        { HYPERV_STATE_SAVING, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE },
        { HYPERV_STATE_STOPPING, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER },
        { HYPERV_STATE_PAUSING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN },
        { HYPERV_STATE_RESUMING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED },
        { HYPERV_STATE_UNKNOWN, VIR_DOMAIN_NOSTATE, VIR_DOMAIN_NOSTATE_UNKNOWN },
        { 12345, VIR_DOMAIN_NOSTATE, VIR_DOMAIN_NOSTATE_UNKNOWN },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        int reason = -1;

        assert_int_equal(msvmDomainState(cases[i].state, &reason), cases[i].domain);
        assert_int_equal(reason, cases[i].reason);
        assert_int_equal(msvmDomainState(cases[i].state, NULL), cases[i].domain);
    }
}


static void
test_the_uuid_is_the_records_else_the_vm_id(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmRecord) record = msvmRecordNew();
    unsigned char uuid[VIR_UUID_BUFLEN];
    char text[VIR_UUID_STRING_BUFLEN];

    assert_int_equal(msvmDomainUUID(record, GUID, uuid), 0);
    assert_string_equal(virUUIDFormat(uuid, text), "9f3e0a51-7c2b-4d6e-8a1f-112233445566");
    assert_int_equal(msvmDomainUUID(NULL, GUID, uuid), 0);
    assert_int_equal(msvmDomainUUID(record, NULL, uuid), -1);
    assert_int_equal(msvmDomainUUID(record, "x", uuid), -1);
    record->uuid = g_strdup(XML_TEST_UUID);
    assert_int_equal(msvmDomainUUID(record, GUID, uuid), 0);
    assert_string_equal(virUUIDFormat(uuid, text), XML_TEST_UUID);
}


static void
test_capabilities_name_the_guests(void **state G_GNUC_UNUSED)
{
    g_autoptr(virCaps) caps = msvmCapsNew(VIR_ARCH_X86_64);
    g_autofree char *xml = NULL;

    assert_non_null(caps);
    xml = virCapabilitiesFormatXML(caps);
    assert_non_null(strstr(xml, "<arch name='x86_64'>"));
    assert_non_null(strstr(xml, "<arch name='i686'>"));
    assert_non_null(strstr(xml, "<domain type='hyperv'/>"));
    assert_non_null(strstr(xml, "<os_type>hvm</os_type>"));
}


static void
test_missing_macs_are_of_microsofts_range(void **state G_GNUC_UNUSED)
{
    g_autoptr(HypervMachine) machine = define("<interface type='network'><source network='S'/></interface>"
                                              "<interface type='network'><mac address='00:00:00:00:00:00'/>"
                                              "<source network='S'/></interface>", NULL, 2);
    /* The host lists them the other way round. */
    const HypervNic *given = g_ptr_array_index(machine->nics, 1);
    const HypervNic *hosts = g_ptr_array_index(machine->nics, 0);

    assert_true(g_str_has_prefix(given->mac, "00155D"));
    assert_int_equal(strlen(given->mac), 12);
    assert_null(hosts->mac);
}


/* libvirt calls many entries at once: nothing here may be shared. */
static gpointer
plan_many_times(gpointer data)
{
    const char *xml = data;
    int i;

    for (i = 0; i < 40; i++) {
        g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);
        g_autoptr(HypervMachine) made = plan ? xml_test_host_makes(plan->machine) : NULL;
        g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
        g_autoptr(virDomainDef) def = made ? msvmDomainDefNew(made, -1, xmlopt) : NULL;

        if (!def)
            return GINT_TO_POINTER(1);
    }
    return NULL;
}


static void
test_many_threads_plan_at_once(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .metadata = "<msvm:image><msvm:property name='os_vtpm' value='required'/></msvm:image>",
                           .devices = DISK("sda", "") };
    g_autofree char *xml = xml_test_domain(&parts);
    GThread *threads[8];
    size_t i;
    int failures = 0;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("plan", plan_many_times, xml);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        failures += GPOINTER_TO_INT(g_thread_join(threads[i]));
    assert_int_equal(failures, 0);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_machine_made_elsewhere_is_shown_and_can_be_defined),
        cmocka_unit_test(test_a_running_machine_has_an_id),
        cmocka_unit_test(test_an_almost_empty_machine_is_shown),
        cmocka_unit_test(test_a_machine_without_any_uuid_is_an_error),
        cmocka_unit_test(test_the_hosts_boot_order_wins_over_the_authors_words),
        cmocka_unit_test(test_a_disk_added_elsewhere_gets_a_free_name),
        cmocka_unit_test(test_settings_changed_elsewhere_are_shown),
        cmocka_unit_test(test_security_set_elsewhere_is_shown_in_the_metadata),
        cmocka_unit_test(test_security_taken_away_elsewhere_is_shown_in_the_metadata),
        cmocka_unit_test(test_encryption_stays_when_nothing_is_said_of_it),
        cmocka_unit_test(test_a_frozen_template_is_refused_before_the_host_is_asked),
        cmocka_unit_test(test_the_generation_cannot_change),
        cmocka_unit_test(test_a_disk_of_the_host_itself_may_stay_but_not_come),
        cmocka_unit_test(test_adapter_names_stay),
        cmocka_unit_test(test_the_policys_tpm_is_written_into_the_definition),
        cmocka_unit_test(test_pending_notes_say_so_and_final_ones_do_not),
        cmocka_unit_test(test_memory_is_rounded_and_dynamic_when_asked),
        cmocka_unit_test(test_turning_off_at_a_restart_needs_a_host_that_knows_how),
        cmocka_unit_test(test_the_second_ide_bus_is_the_second_controller),
        cmocka_unit_test(test_an_empty_floppy_drive_comes_back_though_no_machine_shows_it),
        cmocka_unit_test(test_scsi_names_count_64_to_a_controller),
        cmocka_unit_test(test_notes_change_with_title_description_and_metadata),
        cmocka_unit_test(test_notes_that_are_too_large_are_refused),
        cmocka_unit_test(test_states_and_their_reasons),
        cmocka_unit_test(test_the_uuid_is_the_records_else_the_vm_id),
        cmocka_unit_test(test_capabilities_name_the_guests),
        cmocka_unit_test(test_missing_macs_are_of_microsofts_range),
        cmocka_unit_test(test_many_threads_plan_at_once),
    };

    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
