/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_inspect.h"

#include "hyperv/hyperv_inspect.h"

#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

bool
msvmInspectIsAbout(const GError *error)
{
    static const HypervError kinds[] = {
        HYPERV_ERROR_NO_SWITCH, HYPERV_ERROR_GUARD_MODE, HYPERV_ERROR_NO_GUARDIAN,
        HYPERV_ERROR_INVALID_PROTECTOR, HYPERV_ERROR_NO_FEATURE, HYPERV_ERROR_NOT_AUTHORISED,
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_error_matches(error, HYPERV_ERROR, kinds[i]))
            return true;
    }
    return false;
}

static void
take(MsvmChange *change, const GPtrArray *problems, const char *where)
{
    guint i;

    for (i = 0; i < problems->len; i++) {
        msvmChangeReportError(change, g_ptr_array_index(problems, i));
        msvmProblemsCatch(change->problems, -1, where);
    }
}

/* --- switches -------------------------------------------------------------------------- */

static bool
has_switch(const HypervMachine *machine, const char *name)
{
    guint i;

    for (i = 0; machine && i < machine->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(machine->nics, i);

        if (STREQ_NULLABLE(nic->switch_name, name))
            return true;
    }
    return false;
}

/* A switch that is gone may stay in a machine that is connected to it. */
static void
inspect_switches(MsvmChange *change)
{
    g_autoptr(HypervMachine) machine = hyperv_machine_new();
    g_autoptr(GPtrArray) problems = hyperv_problems_new();
    size_t i;

    for (i = 0; i < change->def->nnets; i++) {
        const char *name = msvmPlanNetSwitch(change->def->nets[i]);

        if (name && !has_switch(change->current, name))
            hyperv_machine_add_nic(machine)->switch_name = g_strdup(name);
    }
    hyperv_inspect_switches(change->priv->host, machine->nics, problems);
    take(change, problems, "/domain/devices/interface");
}

/* --- keys -------------------------------------------------------------------------------- */

/* Whether the host may shield has been asked already, by the guards. */
static void
inspect_keys(MsvmChange *change, const MsvmPolicy *policy, const MsvmProtection *protection)
{
    HypervSecurity wanted = { .tpm_enabled = TRUE, .guardians = policy->guardians };
    g_autoptr(GPtrArray) problems = hyperv_problems_new();

    if (change->has_guard && change->guard.mode == HYPERV_GUARD_NONE)
        return;
    hyperv_inspect_keys(change->priv->host, change->current ? change->guid : NULL,
                        protection ? &protection->protection : NULL, &wanted, problems);
    take(change, problems, MSVM_SECURITY_PATH);
}

void
msvmInspect(MsvmChange *change, const MsvmPolicy *policy, const MsvmProtection *protection)
{
    inspect_switches(change);
    if (policy && policy->tpm && (protection || change->current))
        inspect_keys(change, policy, protection);
}
