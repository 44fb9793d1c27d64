/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "libvirt_internal.h"

#include "tests/xml/xml_test.h"

#define TEST_GUID "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"

const MsvmPlanHost xml_test_host_2022 = { .name = "hv01", .major = 10, .minor = 0, .build = 20348 };
const MsvmPlanHost xml_test_host_2012r2 = { .name = "hv00", .major = 6, .minor = 3, .build = 9600 };

static void
test_ignore_error(void *opaque G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}


int
xml_test_setup(void **state)
{
    *state = NULL;
    virSetErrorFunc(NULL, test_ignore_error);
    return virInitialize();
}


static const char *
test_srcdir(void)
{
    const char *dir = g_getenv("MSVM_SRCDIR");

    return dir ? dir : ".";
}


char *
xml_test_data_path(const char *name)
{
    return g_build_filename(test_srcdir(), "tests", "xml", "data", name, NULL);
}


char *
xml_test_examples_dir(void)
{
    return g_build_filename(test_srcdir(), "docs", "examples", NULL);
}


char *
xml_test_read(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}


virDomainDef *
xml_test_parse(const char *xml)
{
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();

    assert_non_null(xmlopt);
    return virDomainDefParseString(xml, xmlopt, NULL, VIR_DOMAIN_DEF_PARSE_INACTIVE);
}


char *
xml_test_format(virDomainDef *def)
{
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    char *text = virDomainDefFormat(def, xmlopt, VIR_DOMAIN_DEF_FORMAT_SECURE | VIR_DOMAIN_DEF_FORMAT_INACTIVE);

    assert_non_null(text);
    return text;
}


MsvmPlan *
xml_test_plan(const char *xml, const MsvmPlanHost *host, const HypervMachine *current, virDomainDef **def)
{
    g_autoptr(virDomainDef) parsed = xml_test_parse(xml);
    MsvmPlan *plan = parsed ? msvmPlanNew(parsed, host, current) : NULL;

    if (def)
        *def = plan ? g_steal_pointer(&parsed) : NULL;
    return plan;
}


/* The host lists adapters by its own ids, not in the order they came. */
static void
test_copy_nics(HypervMachine *machine, const HypervMachine *wanted)
{
    guint i;

    for (i = wanted->nics->len; i > 0; i--) {
        const HypervNic *from = g_ptr_array_index(wanted->nics, i - 1);
        HypervNic *nic = hyperv_machine_add_nic(machine);

        nic->legacy = from->legacy;
        nic->name = g_strdup(from->name ? from->name : "Network Adapter");
        nic->mac = g_strdup(from->mac);
        nic->connected = from->connected;
        nic->switch_name = g_strdup(from->switch_name);
        nic->boot_order = from->boot_order;
        nic->port_id = g_strdup_printf("Microsoft:%s\\%u", TEST_GUID, i);
    }
}


/* All of a machine's devices are in its boot order, the unordered ones last. */
static void
test_copy_drives(HypervMachine *machine, const HypervMachine *wanted)
{
    guint i, last = 0;

    for (i = 0; i < wanted->drives->len; i++)
        last = MAX(last, ((HypervDrive *)g_ptr_array_index(wanted->drives, i))->boot_order);
    for (i = 0; i < wanted->nics->len; i++)
        last = MAX(last, ((HypervNic *)g_ptr_array_index(wanted->nics, i))->boot_order);
    for (i = 0; i < wanted->drives->len; i++) {
        const HypervDrive *from = g_ptr_array_index(wanted->drives, i);
        HypervDrive *drive = hyperv_machine_add_drive(machine, from->kind, from->bus, from->controller, from->unit);

        drive->path = g_strdup(from->path);
        drive->is_physical = from->is_physical;
        drive->boot_order = from->boot_order;
        if (machine->generation == 2 && !drive->boot_order)
            drive->boot_order = ++last;
        drive->drive_id = g_strdup_printf("Microsoft:%s\\drive%u", TEST_GUID, i);
    }
}


HypervMachine *
xml_test_host_makes(const HypervMachine *wanted)
{
    HypervMachine *machine = hyperv_machine_new();

    machine->guid = g_strdup(TEST_GUID);
    machine->name = g_strdup(wanted->name);
    machine->notes = g_strdup(wanted->notes);
    machine->bios_guid = g_strdup(wanted->bios_guid);
    machine->generation = wanted->generation;
    machine->version = g_strdup("10.0");
    machine->memory_mib = wanted->memory_mib;
    machine->dynamic_memory = wanted->dynamic_memory;
    machine->min_memory_mib = wanted->dynamic_memory ? wanted->min_memory_mib : 512;
    machine->max_memory_mib = wanted->dynamic_memory ? wanted->max_memory_mib : 1048576;
    machine->processors = wanted->processors;
    machine->secure_boot = wanted->secure_boot;
    machine->secure_boot_template = g_strdup(wanted->secure_boot_template);
    machine->startup_action = HYPERV_STARTUP_RESTART_IF_RUNNING;
    machine->shutdown_action = HYPERV_SHUTDOWN_SAVE;
    machine->turn_off_on_guest_restart = wanted->turn_off_on_guest_restart;
    machine->n_scsi_controllers = wanted->n_scsi_controllers;
    machine->network_boot = wanted->network_boot;
    machine->network_boot_order = wanted->network_boot_order;
    machine->security = wanted->security;
    machine->security.available = TRUE;
    machine->security.instance_id = NULL;
    machine->security.guardians = NULL; /* a host does not say whom it was asked to grant */
    test_copy_drives(machine, wanted);
    test_copy_nics(machine, wanted);
    return machine;
}


void
xml_test_assert_error(int code, const char *text)
{
    virErrorPtr error = virGetLastError();

    if (!error || error->code == VIR_ERR_OK)
        fail_msg("no error; expected %d with '%s'", code, text);
    if (error->code != code || !strstr(error->message, text))
        fail_msg("error %d, '%s'; expected %d with '%s'", error->code, error->message, code, text);
    virResetLastError();
}


void
xml_test_assert_golden(const char *name, const char *text)
{
    g_autofree char *path = xml_test_data_path(name);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(g_getenv("MSVM_REGENERATE"), "1") == 0 && !g_file_set_contents(path, text, -1, &error))
        fail_msg("%s", error->message);
    golden = xml_test_read(path);
    assert_string_equal(text, golden);
}


char *
xml_test_domain(const XmlTestParts *parts)
{
    g_autofree char *metadata = NULL;

    if (parts->metadata)
        metadata = g_strdup_printf("<metadata xmlns:msvm='" MSVM_NAMESPACE_URI "'><msvm:security>%s"
                                   "</msvm:security></metadata>", parts->metadata);
    return g_strdup_printf("<domain type='hyperv'><name>test</name><uuid>" XML_TEST_UUID "</uuid>%s"
                           "<memory unit='MiB'>1024</memory><vcpu>1</vcpu>%s<os%s><type>hvm</type>%s</os>"
                           "<devices>%s</devices></domain>",
                           metadata ? metadata : "", parts->top ? parts->top : "",
                           parts->generation == 1 ? "" : " firmware='efi'", parts->os ? parts->os : "",
                           parts->devices ? parts->devices : "");
}
