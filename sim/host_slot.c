/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Controllers, drives and media:
 *
 *   controller  <--Parent--  drive  <--Parent--  medium
 *   (address)                (AddressOnParent)   (HostResource: a file)
 *
 * Limits: two IDE controllers with two places each, four SCSI controllers with
 * 64 places each (Hyper-V scalability tables).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/host_private.h"

#define IDE_PLACES 2
#define SCSI_PLACES 64

#define IDE "Microsoft:Hyper-V:Emulated IDE Controller"
#define SCSI "Microsoft:Hyper-V:Synthetic SCSI Controller"
#define DISKETTE "Microsoft:Hyper-V:Emulated Diskette Controller"
#define DISK_DRIVE "Microsoft:Hyper-V:Synthetic Disk Drive"
#define DVD_DRIVE "Microsoft:Hyper-V:Synthetic DVD Drive"
#define DISKETTE_DRIVE "Microsoft:Hyper-V:Synthetic Diskette Drive"
#define HARD_DISK "Microsoft:Hyper-V:Virtual Hard Disk"
#define ISO_DISK "Microsoft:Hyper-V:Virtual CD/DVD Disk"
#define FLOPPY_DISK "Microsoft:Hyper-V:Virtual Floppy Disk"

/* Which kind of drive goes on which controller, and which medium into which drive. */
static const struct {
    const char *child;
    const char *parent;
    guint places;
    guint generations; /* bit mask: 1, 2, or both */
} fits[] = {
    { DISK_DRIVE, IDE, IDE_PLACES, 1 }, { DISK_DRIVE, SCSI, SCSI_PLACES, 1 | 2 },
    { DVD_DRIVE, IDE, IDE_PLACES, 1 },  { DVD_DRIVE, SCSI, SCSI_PLACES, 2 },
    { DISKETTE_DRIVE, DISKETTE, 1, 1 }, { HARD_DISK, DISK_DRIVE, 1, 1 | 2 },
    { ISO_DISK, DVD_DRIVE, 1, 1 | 2 },  { FLOPPY_DISK, DISKETTE_DRIVE, 1, 1 },
};

static guint places_for(const SimMachine *machine, const CimObject *part, const CimObject *parent)
{
    for (guint i = 0; i < G_N_ELEMENTS(fits); i++) {
        if (sim_text_is(part, "ResourceSubType", fits[i].child) &&
            sim_text_is(parent, "ResourceSubType", fits[i].parent) &&
            (fits[i].generations & machine->generation))
            return fits[i].places;
    }
    return 0;
}

static gboolean is_child_of(const CimObject *part, const CimObject *parent, SimHost *host)
{
    g_autofree char *path = sim_object_reference(host, parent);

    return sim_text_is(part, "Parent", path);
}

static CimObject *occupant(SimMachine *machine, const CimObject *parent, const char *address,
                           const CimObject *self)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *other = g_ptr_array_index(machine->parts, i);

        if (other != self && !sim_text_is(other, "InstanceID", sim_text(self, "InstanceID")) &&
            sim_is_a(other, "CIM_ResourceAllocationSettingData") &&
            is_child_of(other, parent, machine->host) &&
            (!address || sim_text_is(other, "AddressOnParent", address)))
            return other;
    }
    return NULL;
}

/* A place that the client did not choose is the first free one (ASSUMED). */
static guint32 choose_address(SimMachine *machine, CimObject *part, const CimObject *parent, guint places,
                              SimFailure *failure)
{
    const char *given = sim_text(part, "AddressOnParent");
    guint64 number = 0;

    if (*given) {
        if (!g_ascii_string_to_unsigned(given, 10, 0, places - 1, &number, NULL))
            return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                               "AddressOnParent '%s' is not one of the %u places of "
                               "the controller.",
                               given, places);
        if (occupant(machine, parent, given, part))
            return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                               "The place %s of the controller is in use.", given);
        return SIM_RC_DONE;
    }
    for (guint i = 0; i < places; i++) {
        g_autofree char *address = g_strdup_printf("%u", i);

        if (!occupant(machine, parent, address, part)) {
            sim_set(part, "AddressOnParent", address);
            return SIM_RC_DONE;
        }
    }
    return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The controller has no free place.");
}

/* --- media --------------------------------------------------------------------------- */

static gboolean has_ending(const char *path, const char *const *endings)
{
    const char *dot = strrchr(path, '.');

    for (; dot && *endings; endings++) {
        if (g_ascii_strcasecmp(dot + 1, *endings) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean file_fits(const SimMachine *machine, const CimObject *part, const char *path)
{
    static const char *const first[] = { "vhd", "vhdx", "avhd", "avhdx", "vhds", NULL };
    static const char *const second[] = { "vhdx", "avhdx", "vhds", NULL }; /* generation 2 takes no VHD */
    static const char *const iso[] = { "iso", NULL };
    static const char *const floppy[] = { "vfd", NULL };

    if (sim_text_is(part, "ResourceSubType", HARD_DISK))
        return has_ending(path, machine->generation == 2 ? second : first);
    return has_ending(path, sim_text_is(part, "ResourceSubType", ISO_DISK) ? iso : floppy);
}

static gboolean path_is_taken(SimMachine *machine, const CimObject *self, const char *path)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *other = g_ptr_array_index(machine->parts, i);
        const CimValue *files = NULL;

        if (!sim_is_a(other, "Msvm_StorageAllocationSettingData") || other == self ||
            sim_text_is(other, "InstanceID", sim_text(self, "InstanceID")))
            continue;
        files = cim_object_get(other, "HostResource");
        if (cim_value_count(files) && g_ascii_strcasecmp(cim_value_item(files, 0)->text, path) == 0)
            return TRUE;
    }
    return FALSE;
}

static guint32 check_medium(SimMachine *machine, CimObject *part, const CimObject *drive,
                            SimFailure *failure)
{
    const CimValue *files = cim_object_get(part, "HostResource");
    const char *path = cim_value_count(files) == 1 ? cim_value_item(files, 0)->text : NULL;

    if (occupant(machine, drive, NULL, part))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The drive holds a medium already.");
    if (!path)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "HostResource must name one file.");
    if (!file_fits(machine, part, path))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "'%s' is not a file for this drive.", path);
    if (path_is_taken(machine, part, path) && sim_text_is(part, "ResourceSubType", HARD_DISK))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "'%s' is attached to the virtual machine already.", path);
    if (!sim_file_exists(machine->host, path))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Failed to add device '%s'. Attachment '%s' not found. Error: 'The "
                           "system cannot find the file specified.' (0x80070002).",
                           sim_text(part, "ElementName"), path);
    return SIM_RC_DONE;
}

guint32 sim_slot_check(SimMachine *machine, CimObject *part, CimObject **parent, SimFailure *failure)
{
    gboolean medium = sim_is_a(part, "Msvm_StorageAllocationSettingData");
    g_autofree char *path = NULL;
    guint places = 0;
    guint32 code = SIM_RC_DONE;

    *parent = sim_machine_part_at(machine, sim_text(part, "Parent"));
    if (!*parent)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "Parent '%s' is not a device of the virtual machine.", sim_text(part, "Parent"));
    places = places_for(machine, part, *parent);
    if (places == 0)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "A '%s' does not go on a '%s' of a generation %u virtual "
                           "machine.",
                           sim_text(part, "ResourceSubType"), sim_text(*parent, "ResourceSubType"),
                           machine->generation);
    path = sim_object_reference(machine->host, *parent);
    sim_set(part, "Parent", path); /* a host stores the whole path, with its name */
    code = medium ? check_medium(machine, part, *parent, failure)
                  : choose_address(machine, part, *parent, places, failure);
    return code;
}
