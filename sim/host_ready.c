/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ready-made machines: the same for the same number, whatever the day.
 *
 *   generation  1, 2 in turn          state  off, running, off, paused, saved, running in turn
 *   name        vm0001 ...            notes  every third has free text, every seventh several lines
 */
#include "sim/host_private.h"

static char *steady_guid(const char *what, guint index)
{
    g_autofree char *seed = g_strdup_printf("hvsim %s %u", what, index);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, seed, -1);
    g_autofree char *guid = g_strdup_printf("%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8, digest + 12,
                                            digest + 15, digest + 18);

    return g_ascii_strup(guid, -1);
}

static CimObject *asked_for(SimMachine *machine, const char *sub_type)
{
    CimObject *asked = sim_default_of(machine->host, NULL, sub_type);

    g_assert(asked);
    return asked;
}

/* Adds by the same rules as a client would. */
static CimObject *add(SimMachine *machine, CimObject *asked)
{
    g_autoptr(CimObject) mine = asked;
    g_autoptr(GPtrArray) created = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    SimFailure failure = { 0 };

    if (sim_resource_add(machine, mine, created, &failure) != SIM_RC_DONE)
        g_error("a ready-made machine breaks the rules: %s", failure.text);
    return g_ptr_array_index(created, 0); /* the machine keeps it */
}

static void set_parent(SimMachine *machine, CimObject *asked, const CimObject *parent)
{
    g_autofree char *path = sim_object_reference(machine->host, parent);

    sim_set(asked, "Parent", path);
}

static void add_disk(SimMachine *machine, guint index)
{
    CimObject *controller =
        machine->generation == 1
            ? sim_machine_part(machine, "Msvm_ResourceAllocationSettingData",
                               "Microsoft:Hyper-V:Emulated IDE Controller")
            : add(machine, asked_for(machine, "Microsoft:Hyper-V:Synthetic SCSI Controller"));
    CimObject *drive = asked_for(machine, "Microsoft:Hyper-V:Synthetic Disk Drive");
    CimObject *disk = asked_for(machine, "Microsoft:Hyper-V:Virtual Hard Disk");
    g_autofree char *path = g_strdup_printf("C:\\VMs\\vm%04u\\disk.vhdx", index);

    set_parent(machine, drive, controller);
    sim_set(drive, "AddressOnParent", "0");
    drive = add(machine, drive);
    set_parent(machine, disk, drive);
    sim_set_list(disk, "HostResource", path, NULL);
    add(machine, disk);
}

static void add_nic(SimMachine *machine, guint index)
{
    CimObject *port = asked_for(machine, "Microsoft:Hyper-V:Synthetic Ethernet Port");
    CimObject *connection = asked_for(machine, "Microsoft:Hyper-V:Ethernet Connection");
    g_autofree char *path =
        sim_object_reference(machine->host, sim_fixed_find(machine->host, "Msvm_VirtualEthernetSwitch"));

    sim_setf(port, "Address", "00155D%06X", 0x800000 + index);
    sim_set_boolean(port, "StaticMacAddress", TRUE);
    port = add(machine, port);
    set_parent(machine, connection, port);
    sim_set_list(connection, "HostResource", path, NULL);
    add(machine, connection);
}

static void set_notes(SimMachine *machine, guint index)
{
    if (index % 7 == 0)
        sim_set_list(machine->settings, "Notes", "Owner: operations",
                     "Do not delete <before> \"Q4\" & tell Ada.", NULL);
    else if (index % 3 == 0)
        sim_set_list(machine->settings, "Notes", "made by hand", NULL);
}

static void set_state(SimMachine *machine, guint index)
{
    static const guint states[] = { SIM_STATE_OFF,    SIM_STATE_RUNNING, SIM_STATE_OFF,
                                    SIM_STATE_PAUSED, SIM_STATE_SAVED,   SIM_STATE_RUNNING };
    guint state = states[index % G_N_ELEMENTS(states)];

    if (state == SIM_STATE_OFF)
        return;
    sim_machine_set_state(machine, SIM_STATE_RUNNING);
    if (state != SIM_STATE_RUNNING)
        sim_machine_set_state(machine, state);
}

void sim_ready_machines(SimHost *host, guint count)
{
    for (guint index = 1; index <= count; index++) {
        g_autofree char *guid = steady_guid("machine", index);
        g_autofree char *bios = steady_guid("bios", index);
        g_autofree char *name = g_strdup_printf("vm%04u", index);
        SimMachine *machine = sim_machine_new(host, guid, name, index % 2 ? 1 : 2);
        CimObject *memory = sim_machine_part(machine, "Msvm_MemorySettingData", NULL);

        sim_setf(machine->settings, "BIOSGUID", "{%s}", bios);
        sim_set_uint(memory, "VirtualQuantity", 512u << (index % 4));
        sim_set_uint(sim_machine_part(machine, "Msvm_ProcessorSettingData", NULL), "VirtualQuantity",
                     1 + index % 4);
        add_disk(machine, index);
        add_nic(machine, index);
        set_notes(machine, index);
        set_state(machine, index);
        sim_machine_add(host, machine);
    }
}
