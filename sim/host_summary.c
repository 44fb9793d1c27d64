/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetSummaryInformation (its page): typed instances in which only the asked-for
 * properties are set. No settings named: all machines, but not the host.
 */
#include <string.h>

#include "sim/host_private.h"

#define MAX_REQUESTED 256
#define THUMBNAIL_MAX_BYTES (320 * 240 * 2)

static void set_switch_names(SimMachine *machine, CimObject *info)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);

        if (sim_is_a(part, "Msvm_EthernetPortAllocationSettingData") &&
            *sim_text(part, "LastKnownSwitchName"))
            g_ptr_array_add(names, (gpointer) sim_text(part, "LastKnownSwitchName"));
    }
    g_ptr_array_add(names, NULL);
    cim_object_set(info, "VirtualSwitchNames", cim_value_new_strv((const char *const *) names->pdata));
}

static void set_notes(SimMachine *machine, CimObject *info)
{
    const CimValue *notes = cim_object_get(machine->settings, "Notes");
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < cim_value_count(notes); i++)
        g_string_append_printf(text, "%s%s", i ? "\r\n" : "", cim_value_item(notes, i)->text);
    sim_set(info, "Notes", text->str);
}

/* RGB565, all of one colour. */
static void set_thumbnail(CimObject *info, guint width, guint height)
{
    g_autofree guint8 *pixels = g_malloc0(width * height * 2);

    g_assert(width * height * 2 <= THUMBNAIL_MAX_BYTES);
    cim_object_set(info, "ThumbnailImage", cim_value_new_bytes(pixels, width * height * 2));
    sim_set_uint(info, "ThumbnailImageWidth", width);
    sim_set_uint(info, "ThumbnailImageHeight", height);
}

static void set_snapshots(SimMachine *machine, CimObject *info)
{
    g_autofree CimItem *items = g_new0(CimItem, machine->snapshots->len + 1);

    for (guint i = 0; i < machine->snapshots->len; i++)
        items[i].object = g_ptr_array_index(machine->snapshots, i);
    cim_object_set(info, "Snapshots", cim_value_new_array(CIM_OBJECT, items, machine->snapshots->len));
}

typedef struct {
    SimMachine *machine;
    GArray *items;
} Tasks;

static void collect_task(const SimLink *link, gpointer data)
{
    Tasks *tasks = data;
    guint64 state = sim_uint(link->left, "JobState");

    if (link->right == tasks->machine->system && state < 7) {
        CimItem item = { .object = cim_object_copy(link->left) };

        g_array_append_val(tasks->items, item);
    }
}

static void set_tasks(SimMachine *machine, CimObject *info)
{
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(CimItem));
    Tasks tasks = { machine, items };

    sim_job_links(machine->host, machine, collect_task, &tasks);
    cim_object_set(info, "AsynchronousTasks",
                   cim_value_new_array(CIM_OBJECT, (const CimItem *) (void *) items->data, items->len));
    for (guint i = 0; i < items->len; i++)
        cim_object_unref(g_array_index(items, CimItem, i).object);
}

static void set_running(SimMachine *machine, CimObject *info, guint what)
{
    gboolean running = machine->state == SIM_STATE_RUNNING;
    guint64 memory = sim_uint(sim_machine_part(machine, "Msvm_MemorySettingData", NULL), "VirtualQuantity");

    if (what == 101) {
        sim_set_uint(info, "ProcessorLoad", running ? g_str_hash(machine->guid) % 40 : 0);
    } else if (what == 102) {
        sim_set_list(info, "ProcessorLoadHistory", "0", "0", "0", "0", NULL);
    } else if (what == 103) {
        sim_set_uint(info, "MemoryUsage", sim_machine_is_active(machine) ? memory : 0);
    } else if (what == 104) {
        if (running)
            sim_set_uint(info, "Heartbeat", 2);
        else
            sim_set(info, "Heartbeat", NULL);
    } else if (what == 106) {
        sim_set(info, "GuestOperatingSystem", running ? "Debian GNU/Linux 12" : NULL);
    } else { /* 112, 113 */
        cim_object_set(info, what == 112 ? "MemoryAvailable" : "AvailableMemoryBuffer",
                       cim_value_new_sint(CIM_SINT32, running ? 80 : G_MAXINT32));
    }
}

static void copy(CimObject *info, const char *property, const CimObject *from)
{
    cim_object_set(info, property, cim_value_ref((CimValue *) cim_object_get(from, property)));
}

static void set_replication(SimMachine *machine, CimObject *info, guint what)
{
    if (what == 118)
        sim_set_list(info, "ReplicationStateEx", "0", NULL);
    else if (what == 119)
        sim_set_list(info, "ReplicationHealthEx", "0", NULL);
    else
        copy(info,
             what == 114   ? "ReplicationMode"
             : what == 115 ? "ReplicationState"
                           : "ReplicationHealth",
             machine->system);
}

static void set_security(SimMachine *machine, CimObject *info)
{
    gboolean shielded = machine->security && sim_boolean(machine->security, "ShieldingRequested") &&
                        sim_boolean(machine->security, "TpmEnabled");

    if (schema_class_find_property(cim_object_class(info), "Shielded"))
        sim_set_boolean(info, "Shielded", shielded);
}

/* One number of RequestedInformation; FALSE: the host does not know it. */
static gboolean set_requested(SimMachine *machine, CimObject *info, guint what)
{
    switch (what) {
    case 0: copy(info, "Name", machine->system); break;
    case 1: copy(info, "ElementName", machine->system); break;
    case 2: copy(info, "CreationTime", machine->settings); break;
    case 3: set_notes(machine, info); break;
    case 4:
        sim_set_uint(
            info, "NumberOfProcessors",
            sim_uint(sim_machine_part(machine, "Msvm_ProcessorSettingData", NULL), "VirtualQuantity"));
        break;
    case 5: set_thumbnail(info, 80, 60); break;
    case 6: set_thumbnail(info, 160, 120); break;
    case 7: set_thumbnail(info, 320, 240); break;
    case 8: sim_set(info, "AllocatedGPU", NULL); break;
    case 9: set_switch_names(machine, info); break;
    case 10: copy(info, "Version", machine->settings); break;
    case 11: set_security(machine, info); break;
    case 100: copy(info, "EnabledState", machine->system); break;
    case 101:
    case 102:
    case 103:
    case 104:
    case 106:
    case 112:
    case 113: set_running(machine, info, what); break;
    case 105: sim_set_uint(info, "UpTime", sim_uint(machine->system, "OnTimeInMilliseconds")); break;
    case 107: set_snapshots(machine, info); break;
    case 108: set_tasks(machine, info); break;
    case 109: copy(info, "HealthState", machine->system); break;
    case 110: copy(info, "OperationalStatus", machine->system); break;
    case 111: copy(info, "StatusDescriptions", machine->system); break;
    case 114:
    case 115:
    case 116:
    case 118:
    case 119: set_replication(machine, info, what); break;
    case 117: sim_set_uint(info, "ApplicationHealth", 32896); break;
    case 120: sim_set_boolean(info, "SwapFilesInUse", FALSE); break;
    case 121: sim_set_uint(info, "IntegrationServicesVersionState", 1); break;
    case 122: sim_set(info, "OtherEnabledState", NULL); break;
    case 123: sim_set_boolean(info, "MemorySpansPhysicalNumaNodes", FALSE); break;
    case 132: sim_set(info, "OtherEnabledState", NULL); break;
    default: return FALSE;
    }
    return TRUE;
}

static CimObject *summary_new(SimMachine *machine, const CimValue *requested, guint32 *rv)
{
    g_autoptr(CimObject) info = sim_object_new(machine->host, SIM_V2, "Msvm_SummaryInformation");

    sim_machine_refresh(machine);
    copy(info, "InstanceID", machine->settings);
    for (guint i = 0; i < cim_value_count(requested); i++) {
        if (!set_requested(machine, info, (guint) cim_value_item(requested, i)->u)) {
            *rv = SIM_RC_INVALID_PARAMETER;
            return NULL;
        }
    }
    return g_steal_pointer(&info);
}

static gboolean find_machines(SimCall *call, GPtrArray *machines)
{
    const CimValue *paths = sim_in(call, "SettingData");

    for (guint i = 0; !paths && i < call->host->machines->len; i++)
        g_ptr_array_add(machines, g_ptr_array_index(call->host->machines, i));
    for (guint i = 0; paths && i < cim_value_count(paths); i++) {
        SimMachine *machine = NULL;
        g_autoptr(CimObject) settings = sim_find_reference(call->host, cim_value_item(paths, i)->path,
                                                           "Msvm_VirtualSystemSettingData", &machine);

        if (!settings || !machine)
            return FALSE;
        g_ptr_array_add(machines, machine);
    }
    return TRUE;
}

SimStatus sim_get_summary(SimCall *call, guint32 *rv)
{
    const CimValue *requested = sim_in(call, "RequestedInformation");
    g_autoptr(GPtrArray) machines = g_ptr_array_new();
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(CimItem));

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!requested || cim_value_count(requested) == 0 || cim_value_count(requested) > MAX_REQUESTED ||
        !find_machines(call, machines))
        return SIM_OK;
    *rv = SIM_RC_DONE;
    for (guint i = 0; i < machines->len && *rv == SIM_RC_DONE; i++) {
        CimItem item = { .object = summary_new(g_ptr_array_index(machines, i), requested, rv) };

        if (item.object)
            g_array_append_val(items, item);
    }
    if (*rv == SIM_RC_DONE)
        sim_out(call, "SummaryInformation",
                cim_value_new_array(CIM_OBJECT, (const CimItem *) (void *) items->data, items->len));
    for (guint i = 0; i < items->len; i++)
        cim_object_unref(g_array_index(items, CimItem, i).object);
    return SIM_OK;
}
