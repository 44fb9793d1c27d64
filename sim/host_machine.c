/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/host_private.h"

#define DATA_ROOT "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V"
#define TEMPLATE_WINDOWS "1734c6e8-3154-4dda-ba5f-a874cc483422"

/* The configuration version that a host gives to new machines. */
const char *sim_config_version(const SimHost *host)
{
    guint64 build = 0;
    const char *last = strrchr(host->version, '.');

    if (!g_str_has_prefix(host->version, "10."))
        return "5.0";
    build = last ? g_ascii_strtoull(last + 1, NULL, 10) : 0;
    if (build >= 26100)
        return "12.0";
    if (build >= 20348)
        return "10.0";
    return build >= 17763 ? "9.0" : "8.0";
}

/* A host runs machines of its own version and of older ones, down to 5.0. */
gboolean sim_config_version_fits(const SimHost *host, const char *version)
{
    gdouble number = g_ascii_strtod(version, NULL);

    return number >= 5.0 && number <= g_ascii_strtod(sim_config_version(host), NULL);
}

/* --- making -------------------------------------------------------------------------- */

/* Values as recorded from a machine that was never started. */
static void fill_system(SimMachine *machine, const char *name)
{
    CimObject *system = machine->system;
    gint64 now = g_get_real_time();

    sim_set(system, "CreationClassName", "Msvm_ComputerSystem");
    sim_set(system, "Name", machine->guid);
    sim_set(system, "ElementName", name);
    sim_set(system, "Caption", sim_translate(machine->host, "Virtual Machine"));
    sim_set(system, "Description", "Microsoft Virtual Machine");
    sim_set_uint(system, "EnabledDefault", 3);
    sim_set_uint(system, "FailedOverReplicationType", 0);
    sim_set_uint(system, "HealthState", 5);
    sim_set_time(system, "InstallDate", now);
    sim_set(system, "LastApplicationConsistentReplicationTime", SIM_TIME_NEVER);
    sim_set(system, "LastReplicationTime", SIM_TIME_NEVER);
    sim_set_uint(system, "LastReplicationType", 0);
    sim_set_uint(system, "NumberOfNumaNodes", 1);
    sim_set_list(system, "OperationalStatus", "2", NULL);
    sim_set_uint(system, "ReplicationHealth", 0);
    sim_set_uint(system, "ReplicationMode", 0);
    sim_set_uint(system, "ReplicationState", 0);
    sim_set_uint(system, "RequestedState", 5);
    sim_set_uint(system, "ResetCapability", 1);
    sim_set(system, "Status", "OK");
    sim_set_list(system, "StatusDescriptions", sim_translate(machine->host, "Operating normally"), NULL);
    sim_set_time(system, "TimeOfLastConfigurationChange", now);
    sim_set(system, "TimeOfLastStateChange", SIM_TIME_NEVER);
}

static void fill_identity(SimMachine *machine, const char *name)
{
    CimObject *settings = machine->settings;
    g_autofree char *bios = sim_guid_new(machine->host);
    guint32 serial = g_str_hash(machine->guid);

    sim_setf(settings, "InstanceID", "Microsoft:%s", machine->guid);
    sim_set(settings, "ElementName", name);
    sim_set(settings, "VirtualSystemIdentifier", machine->guid);
    sim_set(settings, "ConfigurationID", machine->guid);
    sim_setf(settings, "BIOSGUID", "{%s}", bios);
    sim_setf(settings, "BIOSSerialNumber", "%04u-%04u-%04u-%04u-%04u-%04u-%02u", serial % 10000,
             serial / 7 % 10000, serial / 11 % 10000, serial / 13 % 10000, serial / 17 % 10000,
             serial / 19 % 10000, serial % 100);
    sim_set(settings, "BaseBoardSerialNumber", sim_text(settings, "BIOSSerialNumber"));
    sim_set(settings, "ChassisSerialNumber", sim_text(settings, "BIOSSerialNumber"));
    sim_set(settings, "ChassisAssetTag", sim_text(settings, "BIOSSerialNumber"));
    sim_set_time(settings, "CreationTime", g_get_real_time());
    sim_setf(settings, "ConfigurationFile", "Virtual Machines\\%s.%s", machine->guid,
             strcmp(sim_config_version(machine->host), "5.0") == 0 ? "xml" : "vmcx");
    sim_setf(settings, "GuestStateFile", "Virtual Machines\\%s.vmrs", machine->guid);
}

static void fill_actions(CimObject *settings)
{
    sim_set_uint(settings, "AutomaticStartupAction", 3);
    sim_set(settings, "AutomaticStartupActionDelay", "00000000000000.000000:000");
    sim_set_uint(settings, "AutomaticStartupActionSequenceNumber", 0);
    sim_set_uint(settings, "AutomaticShutdownAction", 3);
    sim_set_uint(settings, "AutomaticRecoveryAction", 3);
    sim_set_uint(settings, "AutomaticCriticalErrorAction", 1);
    sim_set(settings, "AutomaticCriticalErrorActionTimeout", "00000000003000.000000:000");
    sim_set_boolean(settings, "AutomaticSnapshotsEnabled", FALSE);
    sim_set_uint(settings, "UserSnapshotType", 3);
}

static void fill_firmware(SimMachine *machine)
{
    CimObject *settings = machine->settings;
    gboolean second = machine->generation == 2;

    sim_setf(settings, "VirtualSystemSubType", "Microsoft:Hyper-V:SubType:%u", machine->generation);
    sim_set_boolean(settings, "SecureBootEnabled", second);
    if (second)
        sim_set(settings, "SecureBootTemplateId", TEMPLATE_WINDOWS);
    else
        sim_set_list(settings, "BootOrder", "1", "2", "3", "0", NULL);
    sim_set_boolean(settings, "BIOSNumLock", FALSE);
    sim_set_boolean(settings, "PauseAfterBootFailure", FALSE);
    sim_set_uint(settings, "NetworkBootPreferredProtocol", 4096);
    sim_set_uint(settings, "ConsoleMode", 0);
    sim_set_uint(settings, "LowMmioGapSize", 128);
    sim_set_uint(settings, "HighMmioGapSize", 512);
}

static void fill_settings(SimMachine *machine)
{
    static const char *const roots[] = {
        "ConfigurationDataRoot", "SnapshotDataRoot", "SuspendDataRoot",
        "SwapFileDataRoot",      "LogDataRoot",      "GuestStateDataRoot"
    };
    CimObject *settings = machine->settings;

    sim_set(settings, "Caption", "Virtual Machine Settings");
    sim_set(settings, "Description", "Active settings for the virtual machine");
    sim_set(settings, "VirtualSystemType", "Microsoft:Hyper-V:System:Realized");
    sim_set(settings, "Version", sim_config_version(machine->host));
    sim_set_list(settings, "Notes", "", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(roots); i++)
        sim_set(settings, roots[i], DATA_ROOT);
    sim_set(settings, "Architecture", "x64");
    sim_set(settings, "AdditionalRecoveryInformation", NULL);
    sim_set_boolean(settings, "AllowFullSCSICommandSet", FALSE);
    sim_set_boolean(settings, "AllowReducedFcRedundancy", FALSE);
    sim_set_uint(settings, "DebugChannelId", 0);
    sim_set_uint(settings, "DebugPort", 0);
    sim_set_uint(settings, "DebugPortEnabled", 0);
    sim_set_uint(settings, "EnhancedSessionTransportType", 0);
    sim_set_boolean(settings, "GuestControlledCacheTypes", FALSE);
    sim_set_boolean(settings, "IncrementalBackupEnabled", FALSE);
    sim_set_boolean(settings, "IsAutomaticSnapshot", FALSE);
    sim_set_boolean(settings, "IsSaved", FALSE);
    sim_set_boolean(settings, "LockOnDisconnect", FALSE);
    sim_set_boolean(settings, "VirtualNumaEnabled", TRUE);
    fill_actions(settings);
    fill_firmware(machine);
}

/* What all machines of a generation share is made once, and its values shared. */
static void make_settings(SimMachine *machine, const char *name)
{
    SimHost *host = machine->host;
    const char *key = machine->generation == 2 ? "settings of generation 2" : "settings of generation 1";
    CimObject *model = g_hash_table_lookup(host->templates, key);

    if (model) {
        machine->settings = cim_object_copy(model);
    } else {
        machine->settings = sim_object_new(host, SIM_V2, "Msvm_VirtualSystemSettingData");
        fill_settings(machine);
        g_hash_table_insert(host->templates, g_strdup(key), cim_object_copy(machine->settings));
    }
    fill_identity(machine, name);
}

/* Every flag is false by default (Msvm_SecuritySettingData page). */
static void fill_security(SimMachine *machine)
{
    const SchemaClass *cls = schema_find(machine->host->schema, SIM_V2, "Msvm_SecuritySettingData");

    if (!cls)
        return;
    machine->security = cim_object_new(cls);
    sim_setf(machine->security, "InstanceID", "Microsoft:%s\\2AF9CF0A-8C8D-4D1B-9C0A-7D5E5B8E1A77",
             machine->guid);
    sim_set(machine->security, "Caption", "Security Settings");
    sim_set(machine->security, "ElementName", "Security Settings");
    sim_set(machine->security, "Description", "Settings for the security of the virtual machine.");
    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const SchemaProperty *property = schema_class_property(cls, i);

        if (property->type == CIM_BOOLEAN)
            sim_set_boolean(machine->security, property->name, FALSE);
    }
}

static GPtrArray *object_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
}

SimMachine *sim_machine_new(SimHost *host, const char *guid, const char *name, guint generation)
{
    SimMachine *machine = g_new0(SimMachine, 1);

    machine->host = host;
    machine->guid = guid ? g_strdup(guid) : sim_guid_new(host);
    machine->generation = generation;
    machine->state = SIM_STATE_OFF;
    machine->protector = sim_protector_none();
    machine->system = sim_object_new(host, SIM_V2, "Msvm_ComputerSystem");
    machine->parts = object_list();
    machine->features = object_list();
    machine->boot_sources = object_list();
    machine->snapshots = object_list();
    fill_system(machine, name);
    make_settings(machine, name);
    fill_security(machine);
    sim_defaults_of_generation(machine);
    return machine;
}

void sim_machine_free(SimMachine *machine)
{
    if (!machine)
        return;
    cim_object_unref(machine->system);
    cim_object_unref(machine->settings);
    cim_object_unref(machine->security);
    g_ptr_array_unref(machine->parts);
    g_ptr_array_unref(machine->features);
    g_ptr_array_unref(machine->boot_sources);
    g_ptr_array_unref(machine->snapshots);
    g_clear_pointer(&machine->devices, g_ptr_array_unref);
    g_clear_pointer(&machine->protector, g_bytes_unref);
    g_clear_pointer(&machine->last_protector, g_bytes_unref);
    g_clear_pointer(&machine->policy, g_bytes_unref);
    g_clear_pointer(&machine->fabric_data, g_hash_table_unref);
    g_free(machine->tpm_lineage);
    g_free(machine->guid);
    g_free(machine);
}

void sim_machine_add(SimHost *host, SimMachine *machine)
{
    g_ptr_array_add(host->machines, machine);
    g_hash_table_insert(host->machines_by_guid, machine->guid, machine);
}

void sim_machine_remove(SimHost *host, SimMachine *machine)
{
    sim_jobs_forget_machine(host, machine);
    g_hash_table_remove(host->machines_by_guid, machine->guid);
    g_ptr_array_remove(host->machines, machine); /* frees it */
}

SimMachine *sim_machine_find(SimHost *host, const char *guid)
{
    return g_hash_table_lookup(host->machines_by_guid, guid);
}

/* --- state ------------------------------------------------------------------------------- */

guint sim_machine_state(const SimMachine *machine)
{
    return machine->transition ? machine->transition : machine->state;
}

gboolean sim_machine_is_off(const SimMachine *machine)
{
    return machine->state == SIM_STATE_OFF && !machine->transition && !sim_machine_is_moving(machine);
}

gboolean sim_machine_is_active(const SimMachine *machine)
{
    return machine->state == SIM_STATE_RUNNING || machine->state == SIM_STATE_PAUSED ||
           machine->transition == SIM_STATE_STARTING;
}

gint64 sim_machine_uptime_us(const SimMachine *machine)
{
    gint64 end = machine->state == SIM_STATE_PAUSED ? machine->paused_us : g_get_real_time();

    return machine->on_time_us + (machine->started_us ? MAX(0, end - machine->started_us) : 0);
}

static void leave_state(SimMachine *machine, guint next)
{
    if (machine->state == SIM_STATE_PAUSED && next == SIM_STATE_RUNNING)
        machine->started_us += g_get_real_time() - machine->paused_us;
    if (next == SIM_STATE_SAVED)
        machine->on_time_us = sim_machine_uptime_us(machine);
    else if (next == SIM_STATE_OFF)
        machine->on_time_us = 0;
    if (next == SIM_STATE_SAVED || next == SIM_STATE_OFF) {
        machine->started_us = 0;
        machine->process = 0;
    }
}

void sim_machine_set_state(SimMachine *machine, guint state)
{
    gint64 now = g_get_real_time();

    leave_state(machine, state);
    if (state == SIM_STATE_RUNNING && !machine->started_us) {
        machine->started_us = now;
        machine->process = machine->host->next_process += 4;
    }
    if (state == SIM_STATE_PAUSED)
        machine->paused_us = now;
    machine->state = state;
    machine->transition = 0;
    sim_set_boolean(machine->settings, "IsSaved", state == SIM_STATE_SAVED);
    sim_set_time(machine->system, "TimeOfLastStateChange", now);
    sim_set_uint(machine->system, "EnabledDefault", 2);
    g_clear_pointer(&machine->devices, g_ptr_array_unref);
}

void sim_machine_refresh(SimMachine *machine)
{
    CimObject *system = machine->system;
    gboolean active = sim_machine_is_active(machine);

    sim_set_uint(system, "EnabledState", sim_machine_state(machine));
    sim_set_uint(system, "OnTimeInMilliseconds", (guint64) sim_machine_uptime_us(machine) / 1000);
    sim_set_uint(system, "EnhancedSessionModeState", machine->state == SIM_STATE_RUNNING ? 6 : 3);
    if (active && machine->process)
        sim_set_uint(system, "ProcessID", machine->process);
    else
        sim_set(system, "ProcessID", NULL);
    if (machine->state == SIM_STATE_RUNNING &&
        schema_class_find_property(cim_object_class(system), "HwThreadsPerCoreRealized"))
        sim_set_uint(system, "HwThreadsPerCoreRealized", 2);
}

void sim_machine_touch(SimMachine *machine)
{
    sim_set_time(machine->system, "TimeOfLastConfigurationChange", g_get_real_time());
}

void sim_machine_rename(SimMachine *machine, const char *name)
{
    sim_set(machine->system, "ElementName", name);
    sim_set(machine->settings, "ElementName", name);
}

/* --- parts ------------------------------------------------------------------------------------ */

CimObject *sim_machine_part(SimMachine *machine, const char *class_name, const char *sub_type)
{
    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);

        if (sim_is_a(part, class_name) && (!sub_type || sim_text_is(part, "ResourceSubType", sub_type)))
            return part;
    }
    return NULL;
}

CimObject *sim_machine_part_at(SimMachine *machine, const char *path_text)
{
    g_autoptr(CimPath) path = cim_path_parse(path_text, SIM_V2);

    for (guint i = 0; path && i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);
        g_autoptr(CimPath) own = cim_object_path(part);

        if (cim_path_equal(path, own))
            return part;
    }
    return NULL;
}

/* --- boot sources of generation 2 ---------------------------------------------------------------- */

static gboolean is_bootable(const CimObject *part)
{
    return sim_text_is(part, "ResourceSubType", "Microsoft:Hyper-V:Synthetic Disk Drive") ||
           sim_text_is(part, "ResourceSubType", "Microsoft:Hyper-V:Synthetic DVD Drive") ||
           sim_text_is(part, "ResourceSubType", "Microsoft:Hyper-V:Synthetic Ethernet Port");
}

/* Its InstanceID is the device's with "\B" behind, as real hosts make it. */
static CimObject *boot_source_new(SimHost *host, const CimObject *part)
{
    CimObject *source = sim_object_new(host, SIM_V2, "Msvm_BootSourceSettingData");
    gboolean network = sim_is_a(part, "Msvm_SyntheticEthernetPortSettingData");

    sim_setf(source, "InstanceID", "%s\\B", sim_text(part, "InstanceID"));
    sim_set(source, "Caption", "Boot Source");
    sim_set(source, "Description", "Microsoft Virtual Machine Boot Source");
    sim_set(source, "ElementName", network ? "EFI Network" : "EFI SCSI Device");
    sim_set(source, "BootSourceDescription", network ? "EFI Network" : "EFI SCSI Device");
    sim_set_uint(source, "BootSourceType", network ? 2 : 1);
    sim_set(source, "OtherLocation", NULL);
    if (network)
        sim_setf(source, "FirmwareDevicePath",
                 "\\AcpiEx(VMBus,0,0)\\VenHw(9B17E5A2-0891-42DD-B653-80B5C22809BA,"
                 "%s)\\MAC(%s)",
                 sim_text(part, "InstanceID"), sim_text(part, "Address"));
    else
        sim_setf(source, "FirmwareDevicePath",
                 "\\AcpiEx(VMBus,0,0)\\VenHw(9B17E5A2-0891-42DD-B653-80B5C22809BA,"
                 "%s)\\Scsi(0,%s)",
                 sim_text(part, "InstanceID"), sim_text(part, "AddressOnParent"));
    return source;
}

static CimObject *find_source(SimMachine *machine, const char *device_id)
{
    g_autofree char *id = g_strconcat(device_id, "\\B", NULL);

    for (guint i = 0; i < machine->boot_sources->len; i++) {
        CimObject *source = g_ptr_array_index(machine->boot_sources, i);

        if (sim_text_is(source, "InstanceID", id))
            return source;
    }
    return NULL;
}

static void make_sources(SimMachine *machine)
{
    g_autoptr(GPtrArray) fresh = object_list();

    for (guint i = 0; i < machine->parts->len; i++) {
        CimObject *part = g_ptr_array_index(machine->parts, i);
        CimObject *old = is_bootable(part) ? find_source(machine, sim_text(part, "InstanceID")) : NULL;

        if (is_bootable(part))
            g_ptr_array_add(fresh, old ? cim_object_ref(old) : boot_source_new(machine->host, part));
    }
    g_ptr_array_unref(machine->boot_sources);
    machine->boot_sources = g_steal_pointer(&fresh);
}

void sim_machine_update_boot_sources(SimMachine *machine)
{
    const CimValue *order = cim_object_get(machine->settings, "BootSourceOrder");
    g_autoptr(GPtrArray) next = g_ptr_array_new_with_free_func(g_free);

    if (machine->generation != 2)
        return;
    make_sources(machine);
    for (guint i = 0; i < cim_value_count(order); i++) { /* what is still there keeps its place */
        const char *text = cim_value_item(order, i)->text;
        g_autoptr(CimPath) path = cim_path_parse(text, SIM_V2);
        const char *id = path ? cim_path_find_key(path, "InstanceID") : NULL;

        for (guint j = 0; id && j < machine->boot_sources->len; j++) { /* in the host's own form */
            CimObject *source = g_ptr_array_index(machine->boot_sources, j);

            if (sim_text_is(source, "InstanceID", id))
                g_ptr_array_add(next, sim_object_reference(machine->host, source));
        }
    }
    for (guint i = 0; i < machine->boot_sources->len; i++) { /* and what is new comes last */
        char *text = sim_object_reference(machine->host, g_ptr_array_index(machine->boot_sources, i));

        if (g_ptr_array_find_with_equal_func(next, text, g_str_equal, NULL))
            g_free(text);
        else
            g_ptr_array_add(next, text);
    }
    g_ptr_array_add(next, NULL);
    cim_object_set(machine->settings, "BootSourceOrder",
                   cim_value_new_strv((const char *const *) next->pdata));
}
