/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_machine.h"

static void drive_free(gpointer data)
{
    HypervDrive *drive = data;

    g_free(drive->path);
    g_free(drive->drive_id);
    g_free(drive->medium_id);
    g_free(drive);
}

static void nic_free(gpointer data)
{
    HypervNic *nic = data;

    g_free(nic->name);
    g_free(nic->mac);
    g_free(nic->switch_name);
    g_free(nic->switch_path);
    g_free(nic->port_id);
    g_free(nic->connection_id);
    g_free(nic);
}

HypervMachine *hyperv_machine_new(void)
{
    HypervMachine *machine = g_new0(HypervMachine, 1);

    machine->generation = 1;
    machine->drives = g_ptr_array_new_with_free_func(drive_free);
    machine->nics = g_ptr_array_new_with_free_func(nic_free);
    return machine;
}

void hyperv_machine_free(HypervMachine *machine)
{
    if (!machine)
        return;
    g_free(machine->guid);
    g_free(machine->name);
    g_free(machine->notes);
    g_free(machine->bios_guid);
    g_free(machine->version);
    g_free(machine->secure_boot_template);
    g_free(machine->security.instance_id);
    g_free(machine->security.owner);
    g_clear_pointer(&machine->security.guardians, g_ptr_array_unref);
    g_ptr_array_unref(machine->drives);
    g_ptr_array_unref(machine->nics);
    g_free(machine);
}

HypervGrant *hyperv_grant_new(const char *name, gboolean allow_expired)
{
    HypervGrant *grant = g_new0(HypervGrant, 1);

    grant->name = g_strdup(name);
    grant->allow_expired = allow_expired;
    return grant;
}

void hyperv_grant_free(HypervGrant *grant)
{
    if (!grant)
        return;
    g_free(grant->name);
    g_free(grant);
}

const HypervGrant *hyperv_grant_find(const GPtrArray *grants, const char *name)
{
    for (guint i = 0; i < grants->len; i++) {
        const HypervGrant *grant = g_ptr_array_index(grants, i);

        if (g_ascii_strcasecmp(grant->name, name) == 0)
            return grant;
    }
    return NULL;
}

static HypervDrive *drive_copy(const HypervDrive *drive)
{
    HypervDrive *copy = g_memdup2(drive, sizeof(*drive));

    copy->path = g_strdup(drive->path);
    copy->drive_id = g_strdup(drive->drive_id);
    copy->medium_id = g_strdup(drive->medium_id);
    return copy;
}

static HypervNic *nic_copy(const HypervNic *nic)
{
    HypervNic *copy = g_memdup2(nic, sizeof(*nic));

    copy->name = g_strdup(nic->name);
    copy->mac = g_strdup(nic->mac);
    copy->switch_name = g_strdup(nic->switch_name);
    copy->switch_path = g_strdup(nic->switch_path);
    copy->port_id = g_strdup(nic->port_id);
    copy->connection_id = g_strdup(nic->connection_id);
    return copy;
}

HypervMachine *hyperv_machine_copy(const HypervMachine *machine)
{
    HypervMachine *copy = g_memdup2(machine, sizeof(*machine));

    copy->guid = g_strdup(machine->guid);
    copy->name = g_strdup(machine->name);
    copy->notes = g_strdup(machine->notes);
    copy->bios_guid = g_strdup(machine->bios_guid);
    copy->version = g_strdup(machine->version);
    copy->secure_boot_template = g_strdup(machine->secure_boot_template);
    copy->security.instance_id = g_strdup(machine->security.instance_id);
    copy->security.owner = g_strdup(machine->security.owner);
    if (machine->security.guardians)
        g_ptr_array_ref(machine->security.guardians);
    copy->drives = g_ptr_array_new_with_free_func(drive_free);
    copy->nics = g_ptr_array_new_with_free_func(nic_free);
    for (guint i = 0; i < machine->drives->len; i++)
        g_ptr_array_add(copy->drives, drive_copy(g_ptr_array_index(machine->drives, i)));
    for (guint i = 0; i < machine->nics->len; i++)
        g_ptr_array_add(copy->nics, nic_copy(g_ptr_array_index(machine->nics, i)));
    return copy;
}

HypervDrive *hyperv_machine_add_drive(HypervMachine *machine, HypervDriveKind kind, HypervBus bus,
                                      guint controller, guint unit)
{
    HypervDrive *drive = g_new0(HypervDrive, 1);

    drive->kind = kind;
    drive->bus = bus;
    drive->controller = controller;
    drive->unit = unit;
    g_ptr_array_add(machine->drives, drive);
    return drive;
}

HypervNic *hyperv_machine_add_nic(HypervMachine *machine)
{
    HypervNic *nic = g_new0(HypervNic, 1);

    g_ptr_array_add(machine->nics, nic);
    return nic;
}

HypervDrive *hyperv_machine_find_drive(const HypervMachine *machine, HypervBus bus, guint controller,
                                       guint unit)
{
    for (guint i = 0; i < machine->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(machine->drives, i);

        if (drive->bus == bus && drive->controller == controller && drive->unit == unit)
            return drive;
    }
    return NULL;
}

gboolean hyperv_state_is_active(HypervState state)
{
    switch (state) {
    case HYPERV_STATE_OFF:
    case HYPERV_STATE_SAVED:
    case HYPERV_STATE_UNKNOWN:
        return FALSE;
    case HYPERV_STATE_RUNNING:
    case HYPERV_STATE_SHUTTING_DOWN:
    case HYPERV_STATE_PAUSED:
    case HYPERV_STATE_STARTING:
    case HYPERV_STATE_SAVING:
    case HYPERV_STATE_STOPPING:
    case HYPERV_STATE_PAUSING:
    case HYPERV_STATE_RESUMING:
        return TRUE;
    }
    return FALSE;
}
