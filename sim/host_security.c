/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Msvm_SecurityService: key protector, policy and security settings of a
 * machine (its pages; the rules between the settings are those that tools
 * around Hyper-V report).
 */
#include <string.h>

#include "sim/host_private.h"
#include "sim/pdk.h"

#define MAX_POLICY_BYTES (1024 * 1024)
#define TPM_VERSION 8.0 /* of the configuration, at least */

static SimMachine *machine_of(SimHost *host, const CimObject *asked)
{
    const char *id = sim_text(asked, "InstanceID");
    g_autofree char *guid = strlen(id) >= 46 ? g_strndup(id + 10, 36) : NULL;
    SimMachine *machine = guid ? sim_machine_find(host, guid) : NULL;

    return machine && machine->security && sim_text_is(machine->security, "InstanceID", id) ? machine
                                                                                            : NULL;
}

/* The machine that the parameter SecuritySettingData means; *rv says why not. */
static SimMachine *target(SimCall *call, CimObject **asked, guint32 *rv)
{
    SimMachine *machine = NULL;

    *asked = sim_in_instance(call, "SecuritySettingData", "Msvm_SecuritySettingData", rv);
    if (!*asked)
        return NULL;
    machine = machine_of(call->host, *asked);
    *rv = machine ? SIM_RC_DONE : SIM_RC_INVALID_PARAMETER;
    return machine;
}

typedef struct {
    char *guid;
    GBytes *bytes;
    CimObject *asked;
} Work;

static Work *work_new(SimMachine *machine, GBytes *bytes, CimObject *asked)
{
    Work *work = g_new0(Work, 1);

    work->guid = g_strdup(machine->guid);
    work->bytes = bytes ? g_bytes_ref(bytes) : NULL;
    work->asked = asked ? cim_object_ref(asked) : NULL;
    return work;
}

static void work_free(gpointer data)
{
    Work *work = data;

    g_free(work->guid);
    g_clear_pointer(&work->bytes, g_bytes_unref);
    cim_object_unref(work->asked);
    g_free(work);
}

/* All of these want the machine off, not only not running. */
static guint32 find_off(SimHost *host, const Work *work, SimMachine **machine, SimFailure *failure)
{
    *machine = sim_machine_find(host, work->guid);
    if (!*machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    if (!sim_machine_is_off(*machine))
        return sim_failure(failure, SIM_RC_INVALID_STATE, "The virtual machine '%s' is not off.",
                           sim_text((*machine)->system, "ElementName"));
    /* ASSUMED: no page says it, but what a checkpoint holds was saved with the
     * protector and the settings of its time. */
    if (*sim_text((*machine)->settings, "Parent") != '\0')
        return sim_failure(failure, SIM_RC_INVALID_STATE, "The virtual machine '%s' has checkpoints.",
                           sim_text((*machine)->system, "ElementName"));
    return SIM_RC_DONE;
}

static gboolean uses_protector(const SimMachine *machine)
{
    return sim_boolean(machine->security, "TpmEnabled") || sim_boolean(machine->security, "KsdEnabled") ||
           sim_boolean(machine->security, "EncryptStateAndVmMigrationTraffic");
}

/* --- the key protector --------------------------------------------------------------- */

static void set_protector(SimMachine *machine, GBytes *bytes)
{
    g_bytes_unref(machine->protector);
    machine->protector = g_bytes_ref(bytes);
    if (sim_protector_is_none(bytes))
        g_clear_pointer(&machine->policy, g_bytes_unref);
    sim_machine_touch(machine);
}

/* Whom it authorises is only found out at the next start. */
static guint32 work_set_protector(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                                  SimFailure *failure)
{
    Work *work = data;
    SimMachine *machine = NULL;
    guint32 code = find_off(host, work, &machine, failure);

    if (code != SIM_RC_DONE)
        return code;
    if (sim_protector_is_none(work->bytes) && uses_protector(machine))
        return sim_failure(failure, SIM_RC_FAILED,
                           "The key protector of the virtual machine '%s' is in use.",
                           sim_text(machine->system, "ElementName"));
    set_protector(machine, work->bytes);
    return SIM_RC_DONE;
}

/* Msvm_SecurityService.SetKeyProtector: what is not a protector by its form is
 * refused at once (ASSUMED: 32773, invalid parameter). */
SimStatus sim_set_key_protector(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine", .type = 2 };
    g_autoptr(CimObject) asked = NULL;
    SimMachine *machine = target(call, &asked, rv);
    const CimValue *value = sim_in(call, "KeyProtector");
    g_autoptr(GBytes) bytes = value ? cim_value_bytes(value) : NULL;
    g_autoptr(SimProtector) protector = NULL;

    if (!machine)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    if (!sim_machine_is_off(machine))
        return SIM_OK;
    *rv = SIM_RC_INVALID_PARAMETER;
    protector = bytes ? sim_protector_parse(bytes, NULL) : NULL;
    if (!bytes || (!protector && !sim_protector_is_none(bytes)))
        return SIM_OK;
    kind.machine = machine;
    *rv = sim_job_run(call, &kind, work_set_protector, work_new(machine, bytes, NULL), work_free);
    return SIM_OK;
}

/* Synchronous always; no protector reads as 00 00 00 04, never as null. */
SimStatus sim_get_key_protector(SimCall *call, guint32 *rv)
{
    g_autoptr(CimObject) asked = NULL;
    SimMachine *machine = target(call, &asked, rv);
    gsize size = 0;
    gconstpointer data = machine ? g_bytes_get_data(machine->protector, &size) : NULL;

    if (machine)
        sim_out(call, "KeyProtector", cim_value_new_bytes(data, size));
    return SIM_OK;
}

static guint32 work_restore(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                            SimFailure *failure)
{
    SimMachine *machine = NULL;
    guint32 code = find_off(host, data, &machine, failure);

    if (code == SIM_RC_DONE && !machine->last_protector)
        return sim_failure(failure, SIM_RC_FAILED, "There is no last known good key protector.");
    if (code == SIM_RC_DONE)
        set_protector(machine, machine->last_protector);
    return code;
}

SimStatus sim_restore_key_protector(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine", .type = 2 };
    g_autoptr(CimObject) asked = NULL;
    SimMachine *machine = target(call, &asked, rv);

    if (!machine)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    kind.machine = machine;
    if (sim_machine_is_off(machine))
        *rv = sim_job_run(call, &kind, work_restore, work_new(machine, NULL, NULL), work_free);
    return SIM_OK;
}

/* --- the policy ------------------------------------------------------------------------- */

/* ASSUMED: a policy turns on what it demands, and that then stays on. */
static void follow_policy(SimMachine *machine)
{
    SimPolicy policy = sim_policy_parse(machine->policy);

    if (policy == SIM_POLICY_NONE)
        return;
    sim_set_boolean(machine->security, "EncryptStateAndVmMigrationTraffic", TRUE);
    if (policy == SIM_POLICY_SHIELDED)
        sim_set_boolean(machine->security, "ShieldingRequested", TRUE);
}

static guint32 work_set_policy(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                               SimFailure *failure)
{
    Work *work = data;
    SimMachine *machine = NULL;
    guint32 code = find_off(host, work, &machine, failure);

    if (code != SIM_RC_DONE)
        return code;
    if (sim_protector_is_none(machine->protector))
        return sim_failure(failure, SIM_RC_FAILED, "A security policy needs a key protector.");
    g_clear_pointer(&machine->policy, g_bytes_unref);
    machine->policy = g_bytes_ref(work->bytes);
    follow_policy(machine);
    sim_machine_touch(machine);
    return SIM_RC_DONE;
}

SimStatus sim_set_security_policy(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine", .type = 2 };
    g_autoptr(CimObject) asked = NULL;
    SimMachine *machine = target(call, &asked, rv);
    const CimValue *value = sim_in(call, "SecurityPolicy");
    g_autoptr(GBytes) bytes = value ? cim_value_bytes(value) : NULL;

    if (!machine)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    if (!sim_machine_is_off(machine))
        return SIM_OK;
    *rv = SIM_RC_INVALID_PARAMETER;
    kind.machine = machine;
    if (bytes && g_bytes_get_size(bytes) > 0 && g_bytes_get_size(bytes) <= MAX_POLICY_BYTES)
        *rv = sim_job_run(call, &kind, work_set_policy, work_new(machine, bytes, NULL), work_free);
    return SIM_OK;
}

/* --- the settings -------------------------------------------------------------------------- */

/* What the settings would be; what the client left out stays as it is (ASSUMED). */
static CimObject *merged(const SimMachine *machine, const CimObject *asked)
{
    CimObject *next = cim_object_copy(machine->security);
    const SchemaClass *cls = cim_object_class(asked);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const SchemaProperty *property = schema_class_property(cls, i);
        const CimValue *value = cim_object_get(asked, property->name);

        if (property->type == CIM_BOOLEAN && !cim_value_is_null(value))
            cim_object_set(next, property->name, cim_value_ref((CimValue *) value));
    }
    return next;
}

/* Shielding takes effect only together with the TPM and encryption: alone it is
 * dropped without a word. */
static void drop_lone_shielding(const SimMachine *machine, CimObject *next)
{
    gboolean complete =
        sim_boolean(next, "TpmEnabled") && sim_boolean(next, "EncryptStateAndVmMigrationTraffic");

    if (sim_boolean(next, "ShieldingRequested") && !sim_boolean(machine->security, "ShieldingRequested") &&
        !complete)
        sim_set_boolean(next, "ShieldingRequested", FALSE);
}

static gboolean turns_on(const SimMachine *machine, const CimObject *next, const char *flag)
{
    return sim_boolean(next, flag) && !sim_boolean(machine->security, flag);
}

static guint32 check_settings(const SimMachine *machine, const CimObject *next, SimFailure *failure)
{
    const char *name = sim_text(machine->system, "ElementName");

    if (sim_boolean(next, "TpmEnabled") && machine->generation != 2)
        return sim_failure(failure, SIM_RC_NOT_SUPPORTED,
                           "The virtual machine '%s' is of generation 1 and cannot have "
                           "a virtual TPM.",
                           name);
    /* ASSUMED: the code; that it takes 8.0 is what tools of Microsoft's check. */
    if (turns_on(machine, next, "TpmEnabled") &&
        g_ascii_strtod(sim_text(machine->settings, "Version"), NULL) < TPM_VERSION)
        return sim_failure(failure, SIM_RC_NOT_SUPPORTED,
                           "The configuration version of the virtual machine '%s' is too old for a virtual TPM.",
                           name);
    if (sim_protector_is_none(machine->protector) &&
        (turns_on(machine, next, "TpmEnabled") || turns_on(machine, next, "KsdEnabled") ||
         turns_on(machine, next, "EncryptStateAndVmMigrationTraffic")))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Cannot modify the selected security settings of the virtual machine "
                           "'%s' without a valid key protector configured.",
                           name);
    if (machine->policy && sim_policy_parse(machine->policy) == SIM_POLICY_SHIELDED &&
        sim_boolean(next, "TpmEnabled") && !sim_boolean(next, "ShieldingRequested"))
        return sim_failure(failure, SIM_RC_FAILED,
                           "The security policy of the virtual machine '%s' demands that it is shielded.", name);
    if (!sim_boolean(next, "ShieldingRequested"))
        return SIM_RC_DONE;
    if (!sim_boolean(machine->settings, "SecureBootEnabled"))
        return sim_failure(failure, SIM_RC_FAILED, "Shielding needs Secure Boot, which is off on '%s'.",
                           name);
    if (!sim_boolean(next, "TpmEnabled") || !sim_boolean(next, "EncryptStateAndVmMigrationTraffic"))
        return sim_failure(failure, SIM_RC_FAILED,
                           "The shielded virtual machine '%s' cannot be without its virtual TPM "
                           "and encryption.",
                           name);
    return SIM_RC_DONE;
}

static guint32 work_modify(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    Work *work = data;
    SimMachine *machine = NULL;
    g_autoptr(CimObject) next = NULL;
    guint32 code = find_off(host, work, &machine, failure);

    if (code != SIM_RC_DONE)
        return code;
    next = merged(machine, work->asked);
    drop_lone_shielding(machine, next);
    code = check_settings(machine, next, failure);
    if (code != SIM_RC_DONE)
        return code;
    cim_object_unref(machine->security);
    machine->security = g_steal_pointer(&next);
    machine->tpm_seen = machine->tpm_seen || sim_boolean(machine->security, "TpmEnabled");
    g_clear_pointer(&machine->devices, g_ptr_array_unref); /* Msvm_SecurityElement follows */
    sim_machine_touch(machine);
    return SIM_RC_DONE;
}

SimStatus sim_modify_security(SimCall *call, guint32 *rv)
{
    SimJobKind kind = { .caption = "Modifying Virtual Machine", .type = 2 };
    g_autoptr(CimObject) asked = NULL;
    SimMachine *machine = target(call, &asked, rv);

    if (!machine)
        return SIM_OK;
    *rv = SIM_RC_INVALID_STATE;
    kind.machine = machine;
    if (sim_machine_is_off(machine))
        *rv = sim_job_run(call, &kind, work_modify, work_new(machine, NULL, asked), work_free);
    return SIM_OK;
}
