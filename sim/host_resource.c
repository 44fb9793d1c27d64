/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AddResourceSettings, ModifyResourceSettings and RemoveResourceSettings (their
 * pages in the Hyper-V WMI provider's reference).
 *
 * Timing: what only changes the configuration of a machine that is off is done
 * at once (RemoveResourceSettings was seen to return 0); what opens a file, and
 * everything on an active machine, is a job, and so is every modification. With
 * a job the resulting references are not in the answer: they are found through
 * Msvm_AffectedJobElement, as seen for CreateSnapshot (ASSUMED for these). A
 * call with several resources takes all or none (ASSUMED).
 */
#include <string.h>

#include "sim/host_private.h"

#define MAX_SCSI_CONTROLLERS 4
#define MAX_SYNTHETIC_PORTS 8
#define MAX_EMULATED_PORTS 4
#define MAX_RESOURCES_IN_CALL 256

#define SCSI "Microsoft:Hyper-V:Synthetic SCSI Controller"

static gboolean is_kind(const CimObject *part, const char *ending)
{
    return g_str_has_suffix(sim_text(part, "ResourceSubType"), ending);
}

static gboolean is_drive(const CimObject *part)
{
    return is_kind(part, " Drive") && sim_is_a(part, "Msvm_ResourceAllocationSettingData");
}

static gboolean is_medium(const CimObject *part)
{
    return sim_is_a(part, "Msvm_StorageAllocationSettingData");
}

static gboolean is_port(const CimObject *part)
{
    return sim_is_a(part, "Msvm_SyntheticEthernetPortSettingData") ||
           sim_is_a(part, "Msvm_EmulatedEthernetPortSettingData");
}

static gboolean is_connection(const CimObject *part)
{
    return sim_is_a(part, "Msvm_EthernetPortAllocationSettingData");
}

static guint count_of(SimMachine *machine, const char *sub_type)
{
    guint count = 0;

    for (guint i = 0; i < machine->parts->len; i++)
        count += sim_is_a(g_ptr_array_index(machine->parts, i), "CIM_ResourceAllocationSettingData") &&
                 sim_text_is(g_ptr_array_index(machine->parts, i), "ResourceSubType", sub_type);
    return count;
}

static CimObject *parent_of(SimMachine *machine, const CimObject *part)
{
    return sim_machine_part_at(machine, sim_text(part, "Parent"));
}

/* What a machine that is not off takes: hot add of SCSI disks and, on
 * generation 2, of network adapters; connections and the media of DVD drives
 * on any (Windows Server 2016, what's new in Hyper-V). */
gboolean sim_resource_hot(const SimMachine *machine, const CimObject *part)
{
    CimObject *parent = NULL;

    if (is_connection(part))
        return TRUE;
    if (!sim_machine_is_active(machine) || machine->transition)
        return FALSE;
    if (is_port(part))
        return machine->generation == 2 && sim_is_a(part, "Msvm_SyntheticEthernetPortSettingData");
    if (!is_drive(part) && !is_medium(part))
        return FALSE;
    parent = parent_of((SimMachine *) machine, part);
    if (is_medium(part) && parent && is_kind(parent, "DVD Drive"))
        return TRUE;
    while (parent && is_drive(parent))
        parent = parent_of((SimMachine *) machine, parent);
    return parent && sim_text_is(parent, "ResourceSubType", SCSI);
}

static guint32 check_state(SimMachine *machine, const CimObject *part, SimFailure *failure)
{
    if (sim_machine_is_off(machine) || sim_resource_hot(machine, part))
        return SIM_RC_DONE;
    return sim_failure(failure, SIM_RC_INVALID_STATE,
                       "The device '%s' cannot be changed in the current state of the "
                       "virtual machine.",
                       sim_text(part, "ElementName"));
}

/* --- adding -------------------------------------------------------------------------- */

/* Lays what the client sent over the defaults; what it left out or sent as null
 * keeps its default. InstanceID is the host's to give. */
static guint32 overlay(CimObject *part, const CimObject *asked, gboolean modify, SimFailure *failure)
{
    const SchemaClass *cls = cim_object_class(asked);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const SchemaProperty *property = schema_class_property(cls, i);
        const CimValue *value = cim_object_get(asked, property->name);
        gboolean fixed =
            strcmp(property->name, "ResourceType") == 0 || strcmp(property->name, "ResourceSubType") == 0;

        if (cim_value_is_null(value) || property->key)
            continue;
        if (fixed && !cim_value_equal(value, cim_object_get(part, property->name)))
            return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "%s does not agree with the resource%s.",
                               property->name, modify ? "" : " sub-type");
        if (!fixed)
            cim_object_set(part, property->name, cim_value_ref((CimValue *) value));
    }
    return SIM_RC_DONE;
}

static guint32 place_drive(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    CimObject *parent = NULL;
    guint32 code = sim_slot_check(machine, part, &parent, failure);

    if (code == SIM_RC_DONE)
        sim_setf(part, "InstanceID", "%s\\%s\\D", sim_text(parent, "InstanceID"),
                 sim_text(part, "AddressOnParent"));
    return code;
}

/* The medium's InstanceID is the drive's with L (load) for D (drive). */
static guint32 place_medium(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    CimObject *parent = NULL;
    guint32 code = sim_slot_check(machine, part, &parent, failure);
    const char *drive = code == SIM_RC_DONE ? sim_text(parent, "InstanceID") : "";

    if (code == SIM_RC_DONE)
        sim_setf(part, "InstanceID", "%.*sL", (int) strlen(drive) - 1, drive);
    return code;
}

static guint32 place_controller(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    g_autofree char *guid = sim_guid_new(machine->host);

    if (count_of(machine, SCSI) >= MAX_SCSI_CONTROLLERS)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The virtual machine has %d SCSI controllers already.", MAX_SCSI_CONTROLLERS);
    sim_setf(part, "InstanceID", "Microsoft:%s\\%s\\0", machine->guid, guid);
    sim_set(part, "Address", "");
    if (sim_is_a(part, "Msvm_ResourceAllocationSettingData")) {
        g_autofree char *identifier = g_strdup_printf("{%s}", guid);

        sim_set_list(part, "VirtualSystemIdentifiers", identifier, NULL);
    }
    return SIM_RC_DONE;
}

static guint32 place_port(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    gboolean synthetic = sim_is_a(part, "Msvm_SyntheticEthernetPortSettingData");
    guint limit = synthetic ? MAX_SYNTHETIC_PORTS : MAX_EMULATED_PORTS;
    g_autofree char *guid = sim_guid_new(machine->host);
    guint32 code = sim_ethernet_check(machine, part, failure);

    if (code != SIM_RC_DONE)
        return code;
    if (!synthetic && machine->generation == 2)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "A legacy network adapter needs a generation 1 virtual "
                           "machine.");
    if (count_of(machine, sim_text(part, "ResourceSubType")) >= limit)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The virtual machine has %u such network adapters "
                           "already.",
                           limit);
    sim_setf(part, "InstanceID", "Microsoft:%s\\%s", machine->guid, guid);
    if (synthetic && cim_value_count(cim_object_get(part, "VirtualSystemIdentifiers")) == 0) {
        g_autofree char *identifier = g_strdup_printf("{%s}", guid);

        sim_set_list(part, "VirtualSystemIdentifiers", identifier, NULL);
    }
    return SIM_RC_DONE;
}

static guint32 place_connection(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    guint32 code = sim_ethernet_check(machine, part, failure);
    CimObject *port = code == SIM_RC_DONE ? parent_of(machine, part) : NULL;
    g_autofree char *id = port ? g_strconcat(sim_text(port, "InstanceID"), "\\C", NULL) : NULL;

    if (code != SIM_RC_DONE)
        return code;
    for (guint i = 0; i < machine->parts->len; i++) {
        if (sim_text_is(g_ptr_array_index(machine->parts, i), "InstanceID", id))
            return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                               "The network adapter has a connection already.");
    }
    sim_set(part, "InstanceID", id);
    return SIM_RC_DONE;
}

static guint32 place(SimMachine *machine, CimObject *part, SimFailure *failure)
{
    if (is_drive(part))
        return place_drive(machine, part, failure);
    if (is_medium(part))
        return place_medium(machine, part, failure);
    if (is_port(part))
        return place_port(machine, part, failure);
    if (is_connection(part))
        return place_connection(machine, part, failure);
    if (sim_text_is(part, "ResourceSubType", SCSI))
        return place_controller(machine, part, failure);
    return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "A device of the kind '%s' cannot be added.",
                       sim_text(part, "ResourceSubType"));
}

guint32 sim_resource_add(SimMachine *machine, const CimObject *asked, GPtrArray *created,
                         SimFailure *failure)
{
    const char *sub_type = sim_text(asked, "ResourceSubType");
    g_autoptr(CimObject) part =
        sim_default_of(machine->host, schema_class_name(cim_object_class(asked)), sub_type);
    guint32 code = SIM_RC_DONE;

    if (!part)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The host has no resource '%s' of the class %s.", sub_type,
                           schema_class_name(cim_object_class(asked)));
    code = overlay(part, asked, FALSE, failure);
    if (code == SIM_RC_DONE)
        code = check_state(machine, part, failure);
    if (code == SIM_RC_DONE)
        code = place(machine, part, failure);
    if (code != SIM_RC_DONE)
        return code;
    g_ptr_array_add(machine->parts, cim_object_ref(part));
    g_ptr_array_add(created, g_steal_pointer(&part));
    sim_machine_update_boot_sources(machine);
    return SIM_RC_DONE;
}

/* --- modifying ------------------------------------------------------------------------- */

static void assign(CimObject *part, const CimObject *from)
{
    const SchemaClass *cls = cim_object_class(part);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const char *name = schema_class_property(cls, i)->name;

        cim_object_set(part, name, cim_value_ref((CimValue *) cim_object_get(from, name)));
    }
}

static void move_children(SimMachine *machine, const char *old_path, const CimObject *parent)
{
    g_autofree char *path = sim_object_reference(machine->host, parent);
    const char *drive = sim_text(parent, "InstanceID");

    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *child = g_ptr_array_index(machine->parts, i);

        if (!is_medium(child) || !sim_text_is(child, "Parent", old_path))
            continue;
        sim_set(child, "Parent", path);
        sim_setf(child, "InstanceID", "%.*sL", (int) strlen(drive) - 1, drive);
    }
}

static guint32 check_changed(SimMachine *machine, CimObject *next, SimFailure *failure)
{
    CimObject *parent = NULL;

    if (is_drive(next))
        return place_drive(machine, next, failure);
    if (is_medium(next))
        return sim_slot_check(machine, next, &parent, failure);
    if (is_port(next) || is_connection(next))
        return sim_ethernet_check(machine, next, failure);
    if (sim_is_a(next, "Msvm_MemorySettingData"))
        return sim_memory_check(machine, next, failure);
    if (sim_is_a(next, "Msvm_ProcessorSettingData"))
        return sim_processor_check(machine, next, failure);
    return SIM_RC_DONE;
}

guint32 sim_resource_modify(SimMachine *machine, CimObject *part, const CimObject *asked,
                            SimFailure *failure)
{
    g_autoptr(CimObject) next = cim_object_copy(part);
    g_autofree char *old_path = sim_object_reference(machine->host, part);
    guint32 code = SIM_RC_DONE;

    if (cim_object_class(asked) != cim_object_class(part))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The class of the settings is not the device's.");
    code = overlay(next, asked, TRUE, failure);
    if (code == SIM_RC_DONE)
        code = check_state(machine, part, failure);
    if (code == SIM_RC_DONE)
        code = check_changed(machine, next, failure);
    if (code != SIM_RC_DONE)
        return code;
    assign(part, next);
    if (is_drive(part))
        move_children(machine, old_path, part);
    sim_machine_update_boot_sources(machine);
    return SIM_RC_DONE;
}

/* --- the methods -------------------------------------------------------------------------- */

typedef struct {
    char *guid;
    GPtrArray *asked; /* CimObjects; for a removal the parts themselves */
} Batch;

static Batch *batch_new(SimMachine *machine, GPtrArray *asked)
{
    Batch *batch = g_new0(Batch, 1);

    batch->guid = g_strdup(machine->guid);
    batch->asked = g_ptr_array_ref(asked);
    return batch;
}

static void batch_free(gpointer data)
{
    Batch *batch = data;

    g_free(batch->guid);
    g_ptr_array_unref(batch->asked);
    g_free(batch);
}

static guint32 gone(SimFailure *failure)
{
    return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
}

static guint32 work_add(SimHost *host, gpointer data, GPtrArray *created, SimFailure *failure)
{
    Batch *batch = data;
    SimMachine *machine = sim_machine_find(host, batch->guid);
    guint before = machine ? machine->parts->len : 0;
    guint32 code = machine ? SIM_RC_DONE : gone(failure);

    for (guint i = 0; code == SIM_RC_DONE && i < batch->asked->len; i++)
        code = sim_resource_add(machine, g_ptr_array_index(batch->asked, i), created, failure);
    if (!machine)
        return code;
    if (code != SIM_RC_DONE) {
        g_ptr_array_set_size(machine->parts, (gint) before);
        g_ptr_array_set_size(created, 0);
        sim_machine_update_boot_sources(machine);
    } else {
        sim_machine_touch(machine);
    }
    return code;
}

/* States are checked at once, for all; so is whether the work is long. */
static guint32 look_over(SimMachine *machine, GPtrArray *parts, gboolean *long_work)
{
    SimFailure failure = { 0 };
    guint32 code = SIM_RC_DONE;

    *long_work = !sim_machine_is_off(machine);
    for (guint i = 0; code == SIM_RC_DONE && i < parts->len; i++) {
        *long_work = *long_work || is_medium(g_ptr_array_index(parts, i));
        code = check_state(machine, g_ptr_array_index(parts, i), &failure);
    }
    sim_failure_clear(&failure);
    return code;
}

SimStatus sim_add_resources(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Adding Virtual Machine Resources", .type = 30 };
    g_autoptr(GPtrArray) created = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    g_autoptr(CimObject) settings =
        sim_find_reference(call->host, sim_in_path(call, "AffectedConfiguration"),
                           "Msvm_VirtualSystemSettingData", &kind.machine);
    g_autoptr(GPtrArray) asked = NULL;
    gboolean long_work = FALSE;
    Batch *batch = NULL;
    SimFailure failure = { 0 };

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!settings || !kind.machine)
        return SIM_OK;
    asked = sim_in_instances(call, "ResourceSettings", "CIM_ResourceAllocationSettingData", rv);
    if (!asked)
        return SIM_OK;
    *rv = asked->len > MAX_RESOURCES_IN_CALL ? SIM_RC_INVALID_PARAMETER
                                             : look_over(kind.machine, asked, &long_work);
    if (*rv != SIM_RC_DONE)
        return SIM_OK;
    batch = batch_new(kind.machine, asked);
    if (long_work && call->host->job_ms > 0) {
        *rv = sim_job_run(call, &kind, work_add, batch, batch_free);
        return SIM_OK;
    }
    *rv = work_add(call->host, batch, created, &failure);
    batch_free(batch);
    sim_failure_clear(&failure);
    if (*rv == SIM_RC_DONE)
        sim_out(call, "ResultingResourceSettings", sim_references(created));
    return SIM_OK;
}

/* Finds the machine's part that the settings name by their InstanceID. */
static CimObject *part_of(SimHost *host, const CimObject *asked, SimMachine **machine)
{
    const char *id = sim_text(asked, "InstanceID");
    g_autofree char *guid = strlen(id) >= 46 ? g_strndup(id + 10, 36) : NULL;

    *machine = guid ? sim_machine_find(host, guid) : NULL;
    for (guint i = 0; *machine && i < (*machine)->parts->len; i++) {
        CimObject *part = g_ptr_array_index((*machine)->parts, i);

        if (sim_text_is(part, "InstanceID", id))
            return part;
    }
    return NULL;
}

static guint32 work_modify(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    Batch *batch = data;
    SimMachine *machine = sim_machine_find(host, batch->guid);
    g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    guint32 code = machine ? SIM_RC_DONE : gone(failure);

    for (guint i = 0; machine && i < machine->parts->len; i++)
        g_ptr_array_add(before, cim_object_copy(g_ptr_array_index(machine->parts, i)));
    for (guint i = 0; code == SIM_RC_DONE && i < batch->asked->len; i++) {
        CimObject *asked = g_ptr_array_index(batch->asked, i);
        CimObject *part = part_of(host, asked, &machine);

        code = part ? sim_resource_modify(machine, part, asked, failure)
                    : sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The device is not there any more.");
    }
    for (guint i = 0; machine && code != SIM_RC_DONE && i < before->len; i++)
        assign(g_ptr_array_index(machine->parts, i), g_ptr_array_index(before, i));
    if (machine && code == SIM_RC_DONE)
        sim_machine_touch(machine);
    return code;
}

/* All must be devices of one machine. */
static guint32 find_parts(SimHost *host, GPtrArray *asked, SimMachine **machine, GPtrArray *parts)
{
    for (guint i = 0; i < asked->len; i++) {
        SimMachine *owner = NULL;
        CimObject *part = part_of(host, g_ptr_array_index(asked, i), &owner);

        if (!part || (*machine && *machine != owner))
            return SIM_RC_INVALID_PARAMETER;
        *machine = owner;
        g_ptr_array_add(parts, cim_object_ref(part));
    }
    return SIM_RC_DONE;
}

SimStatus sim_modify_resources(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine Resources", .type = 31 };
    g_autoptr(GPtrArray) asked =
        sim_in_instances(call, "ResourceSettings", "CIM_ResourceAllocationSettingData", rv);
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    gboolean long_work = FALSE;

    if (!asked)
        return SIM_OK;
    *rv = find_parts(call->host, asked, &kind.machine, parts);
    if (*rv == SIM_RC_DONE)
        *rv = look_over(kind.machine, parts, &long_work);
    if (*rv == SIM_RC_DONE)
        *rv = sim_job_run(call, &kind, work_modify, batch_new(kind.machine, asked), batch_free);
    if (*rv == SIM_RC_DONE)
        sim_out(call, "ResultingResourceSettings", sim_references(parts));
    return SIM_OK;
}

/* --- removing -------------------------------------------------------------------------------- */

static gboolean is_removable(const CimObject *part)
{
    return is_drive(part) || is_medium(part) || is_port(part) || is_connection(part) ||
           sim_text_is(part, "ResourceSubType", SCSI);
}

/* A drive with a medium in it, or a controller with drives, stays: a real host
 * was seen to fail the call as a whole (0x80041001). A network adapter takes
 * its connection with it. */
static gboolean has_child_outside(SimMachine *machine, const CimObject *part, GPtrArray *leaving)
{
    g_autofree char *path = sim_object_reference(machine->host, part);

    for (guint i = 0; !is_port(part) && i < machine->parts->len; i++) {
        CimObject *child = g_ptr_array_index(machine->parts, i);

        if (sim_is_a(child, "CIM_ResourceAllocationSettingData") && sim_text_is(child, "Parent", path) &&
            !g_ptr_array_find(leaving, child, NULL))
            return TRUE;
    }
    return FALSE;
}

static void remove_connection_of(SimMachine *machine, const CimObject *port)
{
    g_autofree char *path = sim_object_reference(machine->host, port);

    for (guint i = machine->parts->len; is_port(port) && i > 0; i--) {
        CimObject *child = g_ptr_array_index(machine->parts, i - 1);

        if (is_connection(child) && sim_text_is(child, "Parent", path))
            g_ptr_array_remove_index(machine->parts, i - 1);
    }
}

static guint32 work_remove(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    Batch *batch = data;
    SimMachine *machine = sim_machine_find(host, batch->guid);

    if (!machine)
        return gone(failure);
    for (guint i = 0; i < batch->asked->len; i++) {
        CimObject *part = g_ptr_array_index(batch->asked, i);

        remove_connection_of(machine, part);
        g_ptr_array_remove(machine->parts, part);
    }
    sim_features_follow(machine);
    sim_machine_update_boot_sources(machine);
    sim_machine_touch(machine);
    return SIM_RC_DONE;
}

static GPtrArray *leaving_parts(SimCall *call, SimMachine **machine)
{
    const CimValue *paths = sim_in(call, "ResourceSettings");
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);

    for (guint i = 0; paths && i < cim_value_count(paths); i++) {
        SimMachine *owner = NULL;
        CimObject *part = sim_find_reference(call->host, cim_value_item(paths, i)->path,
                                             "CIM_ResourceAllocationSettingData", &owner);

        if (part)
            g_ptr_array_add(parts, part);
        if (!part || !owner || (*machine && *machine != owner) || !is_removable(part))
            return NULL;
        *machine = owner;
    }
    return parts->len > 0 ? g_steal_pointer(&parts) : NULL;
}

SimStatus sim_remove_resources(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Removing Virtual Machine Resources", .type = 32 };
    g_autoptr(GPtrArray) parts = leaving_parts(call, &kind.machine);
    SimFailure failure = { 0 };
    gboolean long_work = FALSE;
    Batch *batch = NULL;

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!parts)
        return SIM_OK;
    *rv = look_over(kind.machine, parts, &long_work);
    if (*rv != SIM_RC_DONE)
        return SIM_OK;
    for (guint i = 0; i < parts->len; i++) {
        if (has_child_outside(kind.machine, g_ptr_array_index(parts, i), parts))
            return SIM_FAILED;
    }
    batch = batch_new(kind.machine, parts);
    if (!sim_machine_is_off(kind.machine)) {
        *rv = sim_job_run(call, &kind, work_remove, batch, batch_free);
    } else {
        *rv = work_remove(call->host, batch, NULL, &failure);
        batch_free(batch);
    }
    sim_failure_clear(&failure);
    return SIM_OK;
}
