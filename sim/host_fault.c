/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/host_private.h"

typedef struct {
    char *method; /* NULL: any */
    guint remaining;
    guint32 return_value;
    guint32 error_code;
    char *description;
} SimFault;

void sim_fault_free(gpointer data)
{
    SimFault *fault = data;

    g_free(fault->method);
    g_free(fault->description);
    g_free(fault);
}

void sim_host_fail_method(SimHost *host, const char *method, guint nth, guint32 return_value,
                          guint32 error_code, const char *description)
{
    SimFault *fault = g_new0(SimFault, 1);

    fault->method = g_strdup(method);
    fault->remaining = MAX(nth, 1);
    fault->return_value = return_value;
    fault->error_code = error_code;
    fault->description = g_strdup(description);
    g_mutex_lock(&host->lock);
    g_ptr_array_add(host->faults, fault);
    g_mutex_unlock(&host->lock);
}

static gboolean is_due(SimFault *fault, const char *method)
{
    if (fault->method && g_ascii_strcasecmp(fault->method, method) != 0)
        return FALSE;
    return --fault->remaining == 0;
}

/* 4096 needs a method that has jobs; another one then fails with the code itself. */
static guint32 fail(SimCall *call, const SimFault *fault)
{
    static const char *const outs[] = { "Job", "ProvisioningJob", "PreparationJob" };
    const SchemaParam *job = NULL;

    if (fault->return_value != SIM_RC_JOB)
        return fault->return_value;
    for (guint i = 0; !job && i < G_N_ELEMENTS(outs); i++)
        job = schema_method_find_param(call->method, outs[i]);
    if (!job || !job->out)
        return fault->error_code;
    return sim_job_fail_later(call, fault->error_code, fault->description);
}

gboolean sim_fault_take(SimCall *call, guint32 *rv)
{
    gboolean taken = FALSE;

    for (guint i = 0; i < call->host->faults->len;) {
        SimFault *fault = g_ptr_array_index(call->host->faults, i);

        if (!is_due(fault, schema_method_name(call->method))) {
            i++;
            continue;
        }
        if (!taken)
            *rv = fail(call, fault);
        taken = TRUE;
        g_ptr_array_remove_index(call->host->faults, i);
    }
    return taken;
}
