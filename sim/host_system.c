/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DefineSystem, ModifySystemSettings and DestroySystem (their pages in the
 * Hyper-V WMI provider's reference).
 */
#include <string.h>

#include "sim/host_private.h"

#define MAX_NAME_CHARS 100

/* ElementName may repeat: Hyper-V tells machines apart by their GUID alone. */

enum {
    OFFLINE = 1 << 0, /* only while the machine is off */
    DROPPED = 1 << 1, /* accepted and dropped while it is not off, as reported of real hosts */
    SECOND = 1 << 2,  /* generation 2 only */
    FIRST = 1 << 3,   /* generation 1 only */
};

/* What a client may change; everything else must be left out or be as it is.
 * (Msvm_VirtualSystemSettingData page, "read/write".) */
static const struct {
    const char *name;
    guint flags;
} writable[] = {
    { "ElementName", 0 },
    { "Notes", 0 },
    { "AutomaticStartupAction", 0 },
    { "AutomaticStartupActionDelay", 0 },
    { "AutomaticStartupActionSequenceNumber", 0 },
    { "AutomaticShutdownAction", 0 },
    { "AutomaticRecoveryAction", 0 },
    { "AutomaticCriticalErrorAction", 0 },
    { "AutomaticCriticalErrorActionTimeout", 0 },
    { "AutomaticSnapshotsEnabled", 0 },
    { "UserSnapshotType", 0 },
    { "SnapshotDataRoot", 0 },
    { "SwapFileDataRoot", OFFLINE },
    { "LockOnDisconnect", 0 },
    { "IncrementalBackupEnabled", 0 },
    { "EnhancedSessionTransportType", OFFLINE },
    { "BIOSGUID", OFFLINE },
    { "BIOSSerialNumber", OFFLINE },
    { "BaseBoardSerialNumber", OFFLINE },
    { "ChassisSerialNumber", OFFLINE },
    { "ChassisAssetTag", OFFLINE },
    { "BIOSNumLock", OFFLINE | FIRST },
    { "BootOrder", DROPPED | FIRST },
    { "BootSourceOrder", DROPPED | SECOND },
    { "SecureBootEnabled", OFFLINE | SECOND },
    { "SecureBootTemplateId", OFFLINE | SECOND },
    { "PauseAfterBootFailure", OFFLINE | SECOND },
    { "NetworkBootPreferredProtocol", OFFLINE | SECOND },
    { "ConsoleMode", OFFLINE | SECOND },
    { "GuestControlledCacheTypes", OFFLINE },
    { "LowMmioGapSize", OFFLINE },
    { "HighMmioGapSize", OFFLINE },
    { "VirtualNumaEnabled", OFFLINE },
    { "AllowFullSCSICommandSet", OFFLINE },
    { "DebugChannelId", OFFLINE },
    { "DebugPort", OFFLINE },
    { "DebugPortEnabled", OFFLINE },
};

/* Taken at DefineSystem only. */
static const char *const at_define[] = { "VirtualSystemSubType",
                                         "VirtualSystemType",
                                         "ConfigurationDataRoot",
                                         "SuspendDataRoot",
                                         "LogDataRoot",
                                         "GuestStateDataRoot",
                                         "VirtualSystemIdentifier",
                                         "Version",
                                         "ConfigurationID",
                                         "InstanceID",
                                         "Caption",
                                         "Description",
                                         "CreationTime" };

/* Ids of the templates that Windows ships (1734..., 272e... in published
 * sources; the third, OpenSourceShieldedVM, is ASSUMED). */
static const char *const secure_boot_templates[] = { "1734c6e8-3154-4dda-ba5f-a874cc483422",
                                                     "272e7447-90a4-4563-a4b9-8e4ab00526ce",
                                                     "4292ae2b-ee2c-42b5-a969-dd8f8689f6f3" };

static int writable_flags(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(writable); i++) {
        if (g_ascii_strcasecmp(writable[i].name, name) == 0)
            return (int) writable[i].flags;
    }
    return -1;
}

static gboolean is_at_define(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(at_define); i++) {
        if (g_ascii_strcasecmp(at_define[i], name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* --- single properties --------------------------------------------------------------- */

static guint32 check_template(SimMachine *machine, const char *id, SimFailure *failure)
{
    /* Once the TPM exists the template is frozen: even the same value is
     * refused, and disabling the TPM does not unlock it (public reports). */
    if (machine->tpm_seen)
        return sim_failure(failure, SIM_RC_FAILED,
                           "The Secure Boot template cannot be changed: the virtual machine "
                           "'%s' has a virtual TPM.",
                           sim_text(machine->system, "ElementName"));
    for (guint i = 0; i < G_N_ELEMENTS(secure_boot_templates); i++) {
        if (g_ascii_strcasecmp(secure_boot_templates[i], id) == 0)
            return SIM_RC_DONE;
    }
    return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The Secure Boot template '%s' is not known.",
                       id);
}

/* Each path must name a boot source of the machine, once. */
static guint32 check_boot_sources(SimMachine *machine, const CimValue *order, SimFailure *failure)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func((GDestroyNotify) cim_path_unref);

    for (guint i = 0; i < cim_value_count(order); i++) {
        const char *text = cim_value_item(order, i)->text;
        CimPath *path = cim_path_parse(text, SIM_V2);
        const char *id = path ? cim_path_find_key(path, "InstanceID") : NULL;
        gboolean found = FALSE;

        for (guint j = 0; id && j < machine->boot_sources->len; j++)
            found = found || sim_text_is(g_ptr_array_index(machine->boot_sources, j), "InstanceID", id);
        for (guint j = 0; path && j < seen->len; j++)
            found = found && !cim_path_equal(path, g_ptr_array_index(seen, j));
        if (path)
            g_ptr_array_add(seen, path);
        if (!found)
            return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                               "BootSourceOrder: '%s' is not a boot source of the "
                               "virtual machine, or is there twice.",
                               text);
    }
    return SIM_RC_DONE;
}

/* All four kinds, each once (the page: 0 floppy, 1 CD, 2 IDE, 3 PXE). */
static guint32 check_boot_order(const CimValue *order, SimFailure *failure)
{
    guint seen = 0;

    for (guint i = 0; i < cim_value_count(order); i++)
        seen |= cim_value_item(order, i)->u < 4 ? 1u << cim_value_item(order, i)->u : 0x10;
    if (cim_value_count(order) != 4 || seen != 0xf)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "BootOrder must name each of the four kinds once.");
    return SIM_RC_DONE;
}

static guint32 check_range(const char *name, guint64 number, guint low, guint high, SimFailure *failure)
{
    if (number < low || number > high)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "%s: %" G_GUINT64_FORMAT " is not a value.",
                           name, number);
    return SIM_RC_DONE;
}

static guint32 check_value(SimMachine *machine, const char *name, const CimValue *value,
                           SimFailure *failure)
{
    const char *text = cim_value_text(value);
    g_autofree char *guid = NULL;

    if (strcmp(name, "SecureBootTemplateId") == 0)
        return check_template(machine, text, failure);
    if (strcmp(name, "BootSourceOrder") == 0)
        return check_boot_sources(machine, value, failure);
    if (strcmp(name, "BootOrder") == 0)
        return check_boot_order(value, failure);
    if (strcmp(name, "AutomaticStartupAction") == 0 || strcmp(name, "AutomaticShutdownAction") == 0 ||
        strcmp(name, "AutomaticRecoveryAction") == 0)
        return check_range(name, cim_value_uint(value, 0), 2, 4, failure);
    if (strcmp(name, "ConsoleMode") == 0)
        return check_range(name, cim_value_uint(value, 0), 0, 3, failure);
    if (strcmp(name, "UserSnapshotType") == 0)
        return check_range(name, cim_value_uint(value, 0), 2, 5, failure);
    if (strcmp(name, "NetworkBootPreferredProtocol") == 0)
        return check_range(name, cim_value_uint(value, 0), 4096, 4097, failure);
    if (strcmp(name, "BIOSGUID") == 0 && (guid = sim_guid_normalize(text)) == NULL)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "BIOSGUID: '%s' is not a GUID.", text);
    if (strcmp(name, "ElementName") == 0 && (*text == '\0' || g_utf8_strlen(text, -1) > MAX_NAME_CHARS))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The name must have 1 to %d characters.",
                           MAX_NAME_CHARS);
    /* Shielding makes Hyper-V enforce Secure Boot (guarded fabric documentation). */
    if (strcmp(name, "SecureBootEnabled") == 0 && !cim_value_boolean(value, TRUE) && machine->security &&
        sim_boolean(machine->security, "ShieldingRequested"))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Secure Boot cannot be disabled on a shielded virtual machine.");
    return SIM_RC_DONE;
}

static void set_value(SimMachine *machine, const char *name, const CimValue *value)
{
    if (strcmp(name, "ElementName") == 0) {
        sim_machine_rename(machine, cim_value_text(value));
    } else if (strcmp(name, "BIOSGUID") == 0) {
        g_autofree char *guid = sim_guid_normalize(cim_value_text(value));

        sim_setf(machine->settings, "BIOSGUID", "{%s}", guid);
    } else {
        cim_object_set(machine->settings, name, cim_value_ref((CimValue *) value));
        /* Paths are kept in the host's own form. */
        if (strcmp(name, "BootSourceOrder") == 0)
            sim_machine_update_boot_sources(machine);
    }
}

/* --- all of them -------------------------------------------------------------------------- */

/* What to do with one property that the client sent: 0 nothing, 1 set, or a failure. */
static guint32 judge(SimMachine *machine, const SchemaProperty *property, const CimValue *value,
                     gboolean defining, gboolean *set, SimFailure *failure)
{
    int flags = writable_flags(property->name);
    gboolean same = cim_value_equal(value, cim_object_get(machine->settings, property->name));
    gboolean off = sim_machine_is_off(machine);

    *set = FALSE;
    if (cim_value_is_null(value) || (defining && is_at_define(property->name)))
        return SIM_RC_DONE;
    if (same && strcmp(property->name, "SecureBootTemplateId") != 0)
        return SIM_RC_DONE;
    if (flags < 0)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "The property '%s' cannot be changed.",
                           property->name);
    if (((flags & SECOND) && machine->generation != 2) || ((flags & FIRST) && machine->generation != 1)) {
        /* Firmware settings that the generation has not: only a request to turn
         * something on is an error, the default may be spelled out. */
        if (cim_value_type(value) == CIM_BOOLEAN && !cim_value_boolean(value, TRUE))
            return SIM_RC_DONE;
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "The property '%s' is not available on a generation %u "
                           "virtual machine.",
                           property->name, machine->generation);
    }
    if ((flags & DROPPED) && !off)
        return SIM_RC_DONE;
    if ((flags & OFFLINE) && !off)
        return sim_failure(failure, SIM_RC_INVALID_STATE,
                           "The property '%s' cannot be changed while the virtual "
                           "machine is not off.",
                           property->name);
    *set = TRUE;
    return check_value(machine, property->name, value, failure);
}

/* Checks all, then sets all: a failure leaves the machine as it was. */
static guint32 apply_settings(SimMachine *machine, const CimObject *asked, gboolean defining, gboolean dry,
                              SimFailure *failure)
{
    const SchemaClass *cls = cim_object_class(asked);

    for (guint pass = 0; pass < (dry ? 1 : 2); pass++) {
        for (guint i = 0; i < schema_class_n_properties(cls); i++) {
            const SchemaProperty *property = schema_class_property(cls, i);
            const CimValue *value = cim_object_get(asked, property->name);
            gboolean set = FALSE;
            guint32 code = judge(machine, property, value, defining, &set, failure);

            if (code != SIM_RC_DONE)
                return code;
            if (pass == 1 && set)
                set_value(machine, property->name, value);
        }
    }
    return SIM_RC_DONE;
}

/* --- DefineSystem ------------------------------------------------------------------------------ */

static guint32 read_generation(const CimObject *asked, guint *generation, SimFailure *failure)
{
    const char *sub_type = sim_text(asked, "VirtualSystemSubType");

    *generation = 1; /* the default when it is not said */
    if (g_ascii_strcasecmp(sub_type, "Microsoft:Hyper-V:SubType:2") == 0)
        *generation = 2;
    else if (*sub_type && g_ascii_strcasecmp(sub_type, "Microsoft:Hyper-V:SubType:1") != 0)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "'%s' is not a virtual machine generation.",
                           sub_type);
    return SIM_RC_DONE;
}

/* The resources of the call: memory and processor settings change those that
 * the machine has, all others are added. */
static guint32 apply_resources(SimMachine *machine, GPtrArray *resources, SimFailure *failure)
{
    g_autoptr(GPtrArray) created = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);

    for (guint i = 0; resources && i < resources->len; i++) {
        CimObject *asked = g_ptr_array_index(resources, i);
        gboolean single =
            sim_is_a(asked, "Msvm_MemorySettingData") || sim_is_a(asked, "Msvm_ProcessorSettingData");
        guint32 code =
            single
                ? sim_resource_modify(
                      machine, sim_machine_part(machine, schema_class_name(cim_object_class(asked)), NULL),
                      asked, failure)
                : sim_resource_add(machine, asked, created, failure);

        if (code != SIM_RC_DONE)
            return code;
    }
    return SIM_RC_DONE;
}

static guint32 define(SimCall *call, const CimObject *asked, GPtrArray *resources, SimMachine **out)
{
    SimFailure failure = { 0 };
    SimMachine *machine = NULL;
    const char *name = sim_text(asked, "ElementName");
    guint generation = 1;
    guint32 code = read_generation(asked, &generation, &failure);

    if (code == SIM_RC_DONE) {
        machine = sim_machine_new(call->host, NULL, *name ? name : "New Virtual Machine", generation);
        code = apply_settings(machine, asked, TRUE, FALSE, &failure);
    }
    if (code == SIM_RC_DONE && cim_object_is_set(asked, "ConfigurationDataRoot") &&
        *sim_text(asked, "ConfigurationDataRoot"))
        sim_set(machine->settings, "ConfigurationDataRoot", sim_text(asked, "ConfigurationDataRoot"));
    if (code == SIM_RC_DONE)
        code = apply_resources(machine, resources, &failure);
    if (code != SIM_RC_DONE)
        g_clear_pointer(&machine, sim_machine_free);
    sim_failure_clear(&failure);
    *out = machine;
    return code;
}

SimStatus sim_define_system(SimCall *call, guint32 *rv)
{
    g_autoptr(CimObject) asked = NULL;
    g_autoptr(GPtrArray) resources = NULL;
    SimMachine *machine = NULL;

    if (sim_in(call, "SystemSettings")) {
        asked = sim_in_instance(call, "SystemSettings", "Msvm_VirtualSystemSettingData", rv);
        if (!asked)
            return SIM_OK;
    } else {
        asked = sim_object_new(call->host, SIM_V2, "Msvm_VirtualSystemSettingData");
    }
    if (sim_in(call, "ResourceSettings") && cim_value_count(sim_in(call, "ResourceSettings")) > 0) {
        resources = sim_in_instances(call, "ResourceSettings", "CIM_ResourceAllocationSettingData", rv);
        if (!resources)
            return SIM_OK;
    }
    *rv = define(call, asked, resources, &machine);
    if (machine) {
        sim_machine_add(call->host, machine);
        sim_out(call, "ResultingSystem", sim_reference(machine->system));
    }
    return SIM_OK;
}

/* --- ModifySystemSettings --------------------------------------------------------------------------- */

typedef struct {
    char *guid;
    CimObject *asked;
} Change;

static void change_free(gpointer data)
{
    Change *change = data;

    g_free(change->guid);
    cim_object_unref(change->asked);
    g_free(change);
}

static guint32 work_modify(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    Change *change = data;
    SimMachine *machine = sim_machine_find(host, change->guid);
    guint32 code = 0;

    if (!machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    code = apply_settings(machine, change->asked, FALSE, FALSE, failure);
    if (code == SIM_RC_DONE)
        sim_machine_touch(machine);
    return code;
}

static SimMachine *machine_of_settings(SimHost *host, const CimObject *asked)
{
    const char *id = sim_text(asked, "InstanceID");

    for (guint i = 0; i < host->machines->len; i++) {
        SimMachine *machine = g_ptr_array_index(host->machines, i);

        if (sim_text_is(machine->settings, "InstanceID", id))
            return machine;
    }
    return NULL;
}

SimStatus sim_modify_system_settings(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine", .type = 2 };
    g_autoptr(CimObject) asked =
        sim_in_instance(call, "SystemSettings", "Msvm_VirtualSystemSettingData", rv);
    SimMachine *machine = asked ? machine_of_settings(call->host, asked) : NULL;
    SimFailure failure = { 0 };
    Change *change = NULL;

    if (!asked)
        return SIM_OK;
    *rv = SIM_RC_INVALID_PARAMETER;
    if (!machine)
        return SIM_OK;
    /* A wrong state is seen at once; what is wrong with the values, by the job. */
    *rv = apply_settings(machine, asked, FALSE, TRUE, &failure);
    sim_failure_clear(&failure);
    if (*rv == SIM_RC_INVALID_STATE)
        return SIM_OK;
    change = g_new0(Change, 1);
    change->guid = g_strdup(machine->guid);
    change->asked = g_steal_pointer(&asked);
    kind.machine = machine;
    *rv = sim_job_run(call, &kind, work_modify, change, change_free);
    return SIM_OK;
}

/* --- DestroySystem -------------------------------------------------------------------------------------- */

static guint32 work_destroy(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                            SimFailure *failure)
{
    SimMachine *machine = sim_machine_find(host, data);

    if (!machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    if (machine->transition || sim_machine_is_active(machine))
        return sim_failure(failure, SIM_RC_INVALID_STATE, "The virtual machine '%s' is running.",
                           sim_text(machine->system, "ElementName"));
    sim_machine_remove(host, machine);
    return SIM_RC_DONE;
}

/* Only a machine that is off or saved can go (its disks stay). */
SimStatus sim_destroy_system(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Deleting Virtual Machine", .type = 3 };
    SimMachine *machine = NULL;
    g_autoptr(CimObject) system = sim_find_reference(call->host, sim_in_path(call, "AffectedSystem"),
                                                     "Msvm_ComputerSystem", &machine);

    *rv = SIM_RC_INVALID_PARAMETER;
    if (!system || !machine)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    if (machine->transition || sim_machine_is_active(machine) || sim_machine_is_moving(machine))
        return SIM_OK;
    kind.machine = machine;
    *rv = sim_job_run(call, &kind, work_destroy, g_strdup(machine->guid), g_free);
    return SIM_OK;
}

/* --- what was done before ----------------------------------------------------------------- */

gboolean sim_host_prepare_machine(SimHost *host, const char *name, const SimPreparation *preparation)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->lock);
    SimMachine *machine = NULL;

    (void) locker;
    for (guint i = 0; i < host->machines->len && !machine; i++) {
        SimMachine *candidate = g_ptr_array_index(host->machines, i);

        if (sim_text_is(candidate->system, "ElementName", name))
            machine = candidate;
    }
    if (!machine)
        return FALSE;
    if (preparation->checkpoint) {
        g_autofree char *parent =
            g_strdup_printf("\\\\%s\\root\\virtualization\\v2:Msvm_VirtualSystemSettingData"
                            ".InstanceID=\"Microsoft:5C8A1F0E-6B1D-4F4C-9A43-0C35D1E7B5A1\"",
                            host->name);

        sim_set(machine->settings, "Parent", parent);
    }
    if ((preparation->tpm_off || preparation->ksd) && machine->security)
        sim_set_boolean(machine->security, "TpmEnabled", FALSE);
    if (preparation->ksd && machine->security)
        sim_set_boolean(machine->security, "KsdEnabled", TRUE);
    if (preparation->version)
        sim_set(machine->settings, "Version", preparation->version);
    if (preparation->notes)
        sim_set_list(machine->settings, "Notes", preparation->notes, NULL);
    return TRUE;
}
