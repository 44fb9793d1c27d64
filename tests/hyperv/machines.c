/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/machines.h"

static HypervMachine *machine_basic(guint generation)
{
    HypervMachine *machine = hyperv_machine_new();

    machine->name = g_strdup("web1");
    machine->notes = g_strdup("record\nwith two lines");
    machine->bios_guid = g_strdup("11111111-2222-4333-8444-555555555555");
    machine->generation = generation;
    if (generation == 2)
        machine->secure_boot_template = g_strdup("1734c6e8-3154-4dda-ba5f-a874cc483422");
    machine->memory_mib = 2048;
    machine->processors = 2;
    machine->startup_action = HYPERV_STARTUP_NONE;
    machine->shutdown_action = HYPERV_SHUTDOWN_GUEST;
    return machine;
}

static HypervNic *add_nic(HypervMachine *machine, const char *mac, const char *switch_name)
{
    HypervNic *nic = hyperv_machine_add_nic(machine);

    nic->mac = g_strdup(mac);
    nic->switch_name = g_strdup(switch_name);
    nic->connected = TRUE;
    return nic;
}

HypervMachine *machine_plain(void)
{
    HypervMachine *machine = machine_basic(2);
    HypervDrive *disk = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, 0, 0);

    disk->path = g_strdup("C:\\vm\\web1 & co.vhdx");
    disk->boot_order = 2;
    add_nic(machine, "00155D010203", "lan")->boot_order = 1;
    return machine;
}

HypervMachine *machine_with_tpm(void)
{
    HypervMachine *machine = machine_plain();

    machine->secure_boot = TRUE;
    machine->security.tpm_enabled = TRUE;
    return machine;
}

HypervMachine *machine_generation_1(void)
{
    HypervMachine *machine = machine_basic(1);
    HypervDrive *disk = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_IDE, 0, 0);
    HypervDrive *floppy;
    HypervNic *legacy;

    disk->path = g_strdup("C:\\vm\\old.vhd");
    disk->boot_order = 2;
    hyperv_machine_add_drive(machine, HYPERV_DRIVE_DVD, HYPERV_BUS_IDE, 1, 0)->boot_order = 1;
    floppy = hyperv_machine_add_drive(machine, HYPERV_DRIVE_FLOPPY, HYPERV_BUS_FLOPPY, 0, 0);
    floppy->path = g_strdup("C:\\vm\\boot.vfd");
    legacy = add_nic(machine, "00155D0A0A01", "lan");
    legacy->legacy = TRUE;
    legacy->name = g_strdup("Legacy");
    add_nic(machine, "00155D0A0A02", "dmz")->connected = FALSE;
    return machine;
}

HypervMachine *machine_with_devices(guint n)
{
    HypervMachine *machine = machine_basic(2);

    for (guint i = 0; i < n; i++) {
        HypervDrive *disk = hyperv_machine_add_drive(machine, HYPERV_DRIVE_DISK, HYPERV_BUS_SCSI, i % 4, i / 4);
        g_autofree char *mac = g_strdup_printf("00155D02%04X", i);

        disk->path = g_strdup_printf("C:\\vm\\disk%u.vhdx", i);
        add_nic(machine, mac, "lan");
    }
    return machine;
}
