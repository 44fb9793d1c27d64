/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What memory, processors and network adapters may be.
 */
#include <string.h>

#include "sim/host_private.h"

#define MIN_MEMORY_MB 32
#define MAX_MEMORY_MB_FIRST (1024u * 1024)
#define MAX_MEMORY_MB_SECOND (12u * 1024 * 1024)
#define MAX_PROCESSORS_FIRST 64
#define FULL_PERCENT 100000

/* Hyper-V scalability tables of Windows Server 2016; memory comes in 2 MB steps
 * (Msvm_MemorySettingData page, VirtualQuantity). */
guint32 sim_memory_check(SimMachine *machine, const CimObject *part, SimFailure *failure)
{
    guint64 quantity = sim_uint(part, "VirtualQuantity");
    guint64 max = machine->generation == 2 ? MAX_MEMORY_MB_SECOND : MAX_MEMORY_MB_FIRST;

    if (quantity < MIN_MEMORY_MB || quantity > max || quantity % 2 != 0)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "Invalid startup memory amount: %" G_GUINT64_FORMAT
                           " MB. It must be even and from %d to %" G_GUINT64_FORMAT " MB.",
                           quantity, MIN_MEMORY_MB, max);
    if (!sim_boolean(part, "DynamicMemoryEnabled"))
        return SIM_RC_DONE;
    if (sim_uint(part, "Reservation") < MIN_MEMORY_MB || sim_uint(part, "Reservation") > quantity ||
        sim_uint(part, "Limit") < quantity)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "Dynamic memory: the minimum (Reservation), the startup "
                           "amount (VirtualQuantity) and the maximum (Limit) are "
                           "not in that order.");
    return SIM_RC_DONE;
}

/* Of generation 2; scalability tables of Windows Server 2012 R2, 2016, 2022 and
 * 2025. */
guint sim_max_processors(const SimHost *host)
{
    static const struct {
        guint build;
        guint processors;
    } rows[] = { { 26100, 2048 }, { 20348, 1024 }, { 14393, 240 } };
    const char *build = strrchr(host->version, '.');
    guint64 number = build ? g_ascii_strtoull(build + 1, NULL, 10) : 0;

    for (guint i = 0; g_str_has_prefix(host->version, "10.") && i < G_N_ELEMENTS(rows); i++) {
        if (number >= rows[i].build)
            return rows[i].processors;
    }
    return MAX_PROCESSORS_FIRST;
}

guint32 sim_processor_check(SimMachine *machine, const CimObject *part, SimFailure *failure)
{
    guint64 quantity = sim_uint(part, "VirtualQuantity");
    guint max = MIN(machine->generation == 2 ? sim_max_processors(machine->host) : MAX_PROCESSORS_FIRST,
                    sim_host_threads());

    if (quantity < 1 || quantity > max)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "Invalid number of processors: %" G_GUINT64_FORMAT ". It must be from 1 to %u.",
                           quantity, max);
    if (sim_uint(part, "Limit") > FULL_PERCENT || sim_uint(part, "Reservation") > sim_uint(part, "Limit") ||
        sim_uint(part, "Weight") < 1 || sim_uint(part, "Weight") > 10000)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The processor's reservation, limit or weight is out of "
                           "its range.");
    return SIM_RC_DONE;
}

/* Twelve hexadecimal digits, of one station, and not nought. */
static gboolean mac_is_valid(const char *text)
{
    if (strlen(text) != 12 || strspn(text, "0123456789abcdefABCDEF") != 12 || strspn(text, "0") == 12)
        return FALSE;
    return (g_ascii_xdigit_value(text[1]) & 1) == 0;
}

static guint32 check_address(CimObject *port, SimFailure *failure)
{
    if (!sim_boolean(port, "StaticMacAddress")) {
        /* The host gives the address at the first start. */
        if (!g_str_has_prefix(sim_text(port, "Address"), "00155D"))
            sim_set(port, "Address", "000000000000");
        return SIM_RC_DONE;
    }
    if (!mac_is_valid(sim_text(port, "Address")))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "'%s' is not a static MAC address.",
                           sim_text(port, "Address"));
    {
        g_autofree char *upper = g_ascii_strup(sim_text(port, "Address"), -1);

        sim_set(port, "Address", upper);
    }
    return SIM_RC_DONE;
}

/* HostResource: none, or the path of one switch of the host. */
static guint32 check_switch(SimHost *host, CimObject *connection, SimFailure *failure)
{
    const CimValue *paths = cim_object_get(connection, "HostResource");
    const char *text = cim_value_count(paths) > 0 ? cim_value_item(paths, 0)->text : "";
    g_autoptr(CimObject) found = NULL;
    g_autofree char *path = NULL;

    if (sim_uint(connection, "EnabledState") != 2 && sim_uint(connection, "EnabledState") != 3)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "EnabledState of a connection is 2 or 3.");
    if (*text == '\0')
        return SIM_RC_DONE;
    found =
        cim_value_count(paths) == 1 ? sim_find_text(host, text, "Msvm_VirtualEthernetSwitch", NULL) : NULL;
    if (!found)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "HostResource '%s' is not a virtual switch of the host.", text);
    path = sim_object_reference(host, found);
    sim_set_list(connection, "HostResource", path, NULL);
    sim_set(connection, "LastKnownSwitchName", sim_text(found, "ElementName"));
    return SIM_RC_DONE;
}

guint32 sim_ethernet_check(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    CimObject *port = NULL;
    g_autofree char *path = NULL;

    if (!sim_is_a(part, "Msvm_EthernetPortAllocationSettingData"))
        return check_address(part, failure);
    port = sim_machine_part_at(machine, sim_text(part, "Parent"));
    if (!port || sim_uint(port, "ResourceType") != 10)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "Parent '%s' is not a network adapter of the virtual "
                           "machine.",
                           sim_text(part, "Parent"));
    path = sim_object_reference(machine->host, port);
    sim_set(part, "Parent", path);
    return check_switch(machine->host, part, failure);
}
