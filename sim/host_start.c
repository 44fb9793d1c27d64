/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must hold for a machine to start: its files are there and free, its
 * protector can be unwrapped. What it gets then: MAC addresses, TPM state.
 */
#include "sim/host_private.h"

static const char *file_of(const CimObject *part)
{
    const CimValue *files = NULL;

    if (!sim_is_a(part, "Msvm_StorageAllocationSettingData"))
        return NULL;
    files = cim_object_get(part, "HostResource");
    return cim_value_count(files) ? cim_value_item(files, 0)->text : NULL;
}

static gboolean is_read_only(const char *path)
{
    return g_str_has_suffix(path, ".iso") || g_str_has_suffix(path, ".ISO");
}

/* The machine that has the file open; ISO images may be shared. */
static SimMachine *user_of(SimMachine *self, const char *path)
{
    SimHost *host = self->host;

    for (guint i = 0; i < host->machines->len && !is_read_only(path); i++) {
        SimMachine *machine = g_ptr_array_index(host->machines, i);

        if (machine == self || !sim_machine_is_active(machine))
            continue;
        for (guint j = 0; j < machine->parts->len; j++) {
            const char *other = file_of(g_ptr_array_index(machine->parts, j));

            if (other && g_ascii_strcasecmp(other, path) == 0)
                return machine;
        }
    }
    return NULL;
}

static guint32 check_files(SimMachine *machine, SimFailure *failure)
{
    const char *name = sim_text(machine->system, "ElementName");

    for (guint i = 0; i < machine->parts->len; i++) {
        const char *path = file_of(g_ptr_array_index(machine->parts, i));

        if (!path)
            continue;
        if (!sim_file_exists(machine->host, path))
            return sim_failure(failure, SIM_RC_FAILED,
                               "'%s' failed to start. Attachment '%s' not found. Error: 'The "
                               "system cannot find the file specified.' (0x80070002).",
                               name, path);
        if (user_of(machine, path))
            return sim_failure(failure, SIM_RC_FAILED,
                               "'%s' failed to start. Attachment '%s' failed to open because "
                               "of error: 'The process cannot access the file because it is "
                               "being used by another process.' (0x80070020).",
                               name, path);
    }
    return SIM_RC_DONE;
}

static void give_addresses(SimMachine *machine)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);

        if (sim_is_a(part, "CIM_EthernetPortAllocationSettingData") &&
            sim_uint(part, "ResourceType") == 10 && !sim_boolean(part, "StaticMacAddress") &&
            sim_text_is(part, "Address", "000000000000"))
            sim_setf(part, "Address", "%012" G_GINT64_MODIFIER "X", machine->host->next_mac++);
    }
}

gboolean sim_machine_is_sealed(const SimMachine *machine)
{
    return machine->security &&
           (sim_boolean(machine->security, "TpmEnabled") || sim_boolean(machine->security, "KsdEnabled"));
}

guint32 sim_start_check(SimMachine *machine, SimFailure *failure)
{
    guint32 code = check_files(machine, failure);

    if (code == SIM_RC_DONE && sim_machine_is_sealed(machine))
        code = sim_machine_unwrap(machine, failure);
    if (code == SIM_RC_DONE)
        give_addresses(machine);
    return code;
}
