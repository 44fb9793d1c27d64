/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *text_or(const char *text)
{
    return text ? text : "-";
}

char *describe_machine(const HypervMachine *machine)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_string_append_printf(out, "%s generation %u notes [%s] bios %s\n", text_or(machine->name), machine->generation,
                           text_or(machine->notes), text_or(machine->bios_guid));
    g_string_append_printf(out, "memory %" G_GUINT64_FORMAT " dynamic %d processors %u scsi %u\n", machine->memory_mib,
                           machine->dynamic_memory, machine->processors, machine->n_scsi_controllers);
    if (machine->dynamic_memory)
        g_string_append_printf(out, "from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "\n", machine->min_memory_mib,
                               machine->max_memory_mib);
    g_string_append_printf(out, "secure boot %d %s actions %u %u %d\n", machine->secure_boot,
                           text_or(machine->secure_boot_template), machine->startup_action, machine->shutdown_action,
                           machine->turn_off_on_guest_restart);
    g_string_append_printf(out, "tpm %d encrypt %d shield %d\n", machine->security.tpm_enabled,
                           machine->security.encrypt_traffic, machine->security.shielding_requested);
    for (guint i = 0; i < machine->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(machine->drives, i);

        g_string_append_printf(out, "drive kind %u bus %u %u:%u %s physical %d boot %u\n", drive->kind, drive->bus,
                               drive->controller, drive->unit, text_or(drive->path), drive->is_physical,
                               drive->boot_order);
    }
    for (guint i = 0; i < machine->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(machine->nics, i);

        g_string_append_printf(out, "nic legacy %d %s mac %s connected %d switch %s boot %u\n", nic->legacy,
                               text_or(nic->name), text_or(nic->mac), nic->connected, text_or(nic->switch_name),
                               nic->boot_order);
    }
    if (machine->network_boot)
        g_string_append_printf(out, "network boot %u\n", machine->network_boot_order);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *without_random(const char *text)
{
    g_autoptr(GRegex) uuid = g_regex_new("\\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\}", 0, 0, NULL);

    return g_regex_replace(uuid, text, -1, 0, "{UUID}", 0, NULL);
}

void assert_golden(const char *name, const char *text)
{
    const char *srcdir = g_getenv("MSVM_SRCDIR");
    g_autofree char *path = g_build_filename(srcdir ? srcdir : ".", "tests", "hyperv", "data", name, NULL);
    g_autofree char *clean = without_random(text);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(g_getenv("MSVM_REGENERATE"), "1") == 0) {
        g_file_set_contents(path, clean, -1, &error);
        g_assert_no_error(error);
        return;
    }
    g_file_get_contents(path, &expected, NULL, &error);
    g_assert_no_error(error);
    assert_string_equal(clean, expected);
}
