/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every example of docs/: it is taken, what a host has afterwards is shown,
 * and what is shown can be defined again without change.
 */
#include <config.h>

#include <string.h>

#include "tests/xml/xml_test.h"

/* The machine in a form for people, without what differs from run to run. */
static char *
describe(const HypervMachine *m)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint i;

    g_string_append_printf(out, "machine %s generation %u bios %s\n", m->name, m->generation, m->bios_guid);
    g_string_append_printf(out, "memory %" G_GUINT64_FORMAT " dynamic %d min %" G_GUINT64_FORMAT " max %"
                           G_GUINT64_FORMAT "\n", m->memory_mib, m->dynamic_memory, m->min_memory_mib,
                           m->max_memory_mib);
    g_string_append_printf(out, "processors %u turn-off-on-restart %d scsi %u\n", m->processors,
                           m->turn_off_on_guest_restart, m->n_scsi_controllers);
    g_string_append_printf(out, "secure-boot %d template %s\n", m->secure_boot,
                           m->secure_boot_template ? m->secure_boot_template : "-");
    g_string_append_printf(out, "tpm %d encrypt %d shielded %d\n", m->security.tpm_enabled,
                           m->security.encrypt_traffic, m->security.shielding_requested);
    if (m->network_boot)
        g_string_append_printf(out, "network-boot %u\n", m->network_boot_order);
    for (i = 0; i < m->drives->len; i++) {
        const HypervDrive *d = g_ptr_array_index(m->drives, i);

        g_string_append_printf(out, "drive kind %d bus %d %u:%u boot %u path %s\n", d->kind, d->bus, d->controller,
                               d->unit, d->boot_order, d->path ? d->path : "-");
    }
    for (i = 0; i < m->nics->len; i++) {
        const HypervNic *n = g_ptr_array_index(m->nics, i);

        g_string_append_printf(out, "nic %s legacy %d connected %d switch %s boot %u\n", n->mac, n->legacy,
                               n->connected, n->switch_name ? n->switch_name : "-", n->boot_order);
    }
    g_string_append_printf(out, "notes:\n%s\n", m->notes);
    return g_string_free(g_steal_pointer(&out), FALSE);
}


static char *
dumpxml(const HypervMachine *machine)
{
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    g_autoptr(virDomainDef) def = msvmDomainDefNew(machine, -1, xmlopt);

    assert_non_null(def);
    return xml_test_format(def);
}


static MsvmPlan *
plan_or_fail(const char *name, const char *xml, const HypervMachine *current)
{
    MsvmPlan *plan = xml_test_plan(xml, &xml_test_host_2022, current, NULL);

    if (!plan)
        fail_msg("%s: %s", name, virGetLastErrorMessage());
    return plan;
}


static void
check_example(const char *name, const char *xml)
{
    g_autoptr(MsvmPlan) plan = plan_or_fail(name, xml, NULL);
    g_autoptr(HypervMachine) made = xml_test_host_makes(plan->machine);
    g_autofree char *description = describe(plan->machine);
    g_autofree char *first = dumpxml(made);
    g_autofree char *golden_machine = g_strdup_printf("%s.machine", name);
    g_autoptr(MsvmPlan) again = plan_or_fail(name, first, made);
    g_autoptr(HypervMachine) made_again = xml_test_host_makes(again->machine);
    g_autofree char *description_again = describe(again->machine);
    g_autofree char *second = dumpxml(made_again);

    xml_test_assert_golden(name, first);
    xml_test_assert_golden(golden_machine, description);
    assert_string_equal(description, description_again);
    assert_string_equal(first, second);
}


static void
test_every_example_is_taken_and_comes_back_the_same(void **state G_GNUC_UNUSED)
{
    g_autofree char *path = xml_test_examples_dir();
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    int count = 0;

    assert_non_null(dir);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".xml")) {
            g_autofree char *file = g_build_filename(path, name, NULL);
            g_autofree char *xml = xml_test_read(file);

            check_example(name, xml);
            count++;
        }
    }
    assert_true(count >= 13);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_example_is_taken_and_comes_back_the_same),
    };

    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
