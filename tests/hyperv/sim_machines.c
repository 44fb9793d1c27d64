/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/sim_machines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "tests/hyperv/describe.h"

Hvsim *start_with(const char *a, const char *b)
{
    const char *const extra[] = { a, b, NULL };
    Hvsim *sim = hvsim_start(FALSE, extra);

    assert_non_null(sim);
    return sim;
}

/* --- machines as they are wanted --------------------------------------------------- */

static char *switch_name(Hvsim *sim)
{
    g_autoptr(GPtrArray) rows = wsman_client_query(hvsim_client(sim), HYPERV_NS_VIRTUALIZATION,
                                                   "select ElementName from Msvm_VirtualEthernetSwitch", NULL, NULL);

    assert_true(rows && rows->len > 0);
    return g_strdup(wsman_instance_get_string(g_ptr_array_index(rows, 0), "ElementName"));
}

HypervMachine *make_machine(Hvsim *sim, guint generation, guint n_disks, guint n_nics)
{
    HypervMachine *machine = hyperv_machine_new();
    g_autofree char *lan = switch_name(sim);
    guint place = 0;

    machine->name = g_strdup("web1");
    machine->notes = g_strdup("libvirt-msvm 1 record & <more>");
    machine->bios_guid = g_strdup("11111111-2222-4333-8444-555555555555");
    machine->generation = generation;
    machine->memory_mib = 1024;
    machine->processors = 2;
    machine->startup_action = HYPERV_STARTUP_NONE;
    machine->shutdown_action = HYPERV_SHUTDOWN_GUEST;
    if (generation == 2)
        machine->secure_boot_template = g_strdup("1734c6e8-3154-4dda-ba5f-a874cc483422");
    for (guint i = 0; i < n_disks; i++) {
        HypervDrive *disk = generation == 2
            ? hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, i % 3, i / 3)
            : hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_IDE, i / 2, i % 2);

        disk->path = g_strdup_printf("C:\\vm\\web1 disk%u & co.vhdx", i);
        disk->boot_order = generation == 2 ? ++place : 0;
        machine->n_scsi_controllers = generation == 2 ? MAX(machine->n_scsi_controllers, i % 3 + 1) : 0;
    }
    for (guint i = 0; i < n_nics; i++) {
        HypervNic *nic = hyperv_machine_add_nic(machine);

        nic->mac = g_strdup_printf("00155D0000%02X", i + 1);
        nic->switch_name = g_strdup(lan);
        nic->connected = TRUE;
        nic->boot_order = generation == 2 ? ++place : 0;
    }
    return machine;
}

void add_tpm(HypervMachine *machine)
{
    machine->secure_boot = TRUE;
    machine->security.tpm_enabled = TRUE;
}

char *define(Hvsim *sim, const HypervMachine *wanted, GError **error)
{
    HypervProtection protection = { .create_owner = TRUE };

    return hyperv_define(hvsim_host(sim), wanted, PENDING, wanted->security.tpm_enabled ? &protection : NULL, NULL,
                         error);
}

char *must_define(Hvsim *sim, const HypervMachine *wanted)
{
    g_autoptr(GError) error = NULL;
    char *guid = define(sim, wanted, &error);

    g_assert_no_error(error);
    assert_non_null(guid);
    return guid;
}

static int compare_drives(gconstpointer a, gconstpointer b)
{
    const HypervDrive *left = *(const HypervDrive *const *)a;
    const HypervDrive *right = *(const HypervDrive *const *)b;

    return (int)(left->controller * 64 + left->unit) - (int)(right->controller * 64 + right->unit);
}

/* In the order of addresses; names of adapters, which the host makes, apart. */
static char *comparable(const HypervMachine *machine)
{
    g_autoptr(HypervMachine) copy = hyperv_machine_copy(machine);

    for (guint i = 0; i < copy->nics->len; i++)
        g_clear_pointer(&((HypervNic *)g_ptr_array_index(copy->nics, i))->name, g_free);
    g_ptr_array_sort(copy->drives, compare_drives);
    return describe_machine(copy);
}

void assert_loads_as(Hvsim *sim, const char *guid, const HypervMachine *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervMachine) loaded = hyperv_load(hvsim_host(sim), guid, NULL, &error);
    g_autofree char *expected = comparable(wanted);
    g_autofree char *got = NULL;

    g_assert_no_error(error);
    got = comparable(loaded);
    assert_string_equal(got, expected);
}

/* --- counting ------------------------------------------------------------------------ */

/* Gets of jobs since the log was started anew. */
static guint count_polls(Hvsim *sim)
{
    g_autofree char *log = hvsim_control(sim, "GET", "/log", NULL);
    guint polls = 0;

    for (const char *at = log; (at = strstr(at, "Job\"")) != NULL; at++) {
        const char *line = at;

        while (line > log && line[-1] != '\n')
            line--;
        polls += g_strstr_len(line, at - line, "\"Get\"") != NULL;
    }
    return polls;
}

Count start_count(Hvsim *sim)
{
    return (Count){ wsman_client_get_n_requests(hvsim_client(sim)), count_polls(sim) };
}

guint end_count(Hvsim *sim, Count start)
{
    guint64 requests = wsman_client_get_n_requests(hvsim_client(sim)) - start.requests;

    return (guint)requests - (count_polls(sim) - start.polls);
}

void assert_budget(const char *what, guint count, guint budget)
{
    print_message("# %s: %u of %u\n", what, count, budget);
    assert_in_range(count, 1, budget);
}

static void change_all(HypervMachine *machine)
{
    HypervDrive *more = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DVD, HYPERV_BUS_SCSI, 0, 5);

    g_free(machine->name);
    machine->name = g_strdup("web2");
    g_free(machine->notes);
    machine->notes = g_strdup("another record");
    machine->memory_mib = 2048;
    machine->processors = 4;
    more->path = g_strdup("C:\\iso\\install.iso");
    ((HypervNic *)g_ptr_array_index(machine->nics, 0))->connected = FALSE;
    g_free(((HypervDrive *)g_ptr_array_index(machine->drives, 0))->path);
    ((HypervDrive *)g_ptr_array_index(machine->drives, 0))->path = g_strdup("C:\\vm\\another.vhdx");
    add_tpm(machine);
}

gboolean redefine(Hvsim *sim, const char *guid, GError **error)
{
    g_autoptr(HypervMachine) current = hyperv_load(hvsim_host(sim), guid, NULL, NULL);
    g_autoptr(HypervMachine) wanted = hyperv_machine_copy(current);
    HypervProtection protection = { .create_owner = TRUE };

    change_all(wanted);
    return hyperv_redefine(hvsim_host(sim), current, wanted, &protection, NULL, error);
}
