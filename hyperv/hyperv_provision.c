/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_provision.h"

#include "hyperv/hyperv_job.h"

#define PROCESSOR_CLASS "Msps_ProvisioningFileProcessor"
#define SERVICE_CLASS "Msps_ProvisioningService"
#define JOB_CLASS "Msps_ProvisioningJob"

typedef struct {
    HypervCall *call;
    char *pdk;
    char *fsk;
} Files;

/* By these names they are found again, if whoever wrote them is gone. */
static void files_init(Files *files, HypervCall *call, const char *guid, const char *directory)
{
    files->call = call;
    files->pdk = g_strdup_printf("%s\\%s.pdk", directory, guid);
    files->fsk = g_strdup_printf("%s\\%s.fsk", directory, guid);
}

static void files_clear(Files *files)
{
    g_free(files->pdk);
    g_free(files->fsk);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

/* --- files on the host ----------------------------------------------------------------- */

static gboolean write_file(HypervCall *call, const char *path, const WsmanInstance *file, GError **error)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(HYPERV_NS_MSPS, PROCESSOR_CLASS);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autofree char *what = g_strdup_printf("writing '%s' on the host for the provisioning", path);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_string(args, "FilePath", path);
    wsman_args_add_object(args, "ProvisioningFile", file);
    out = hyperv_invoke(call, target, "SerializeToFile", args, what, error);
    return out != NULL;
}

static WsmanInstance *make_fsk(const HypervProvisioning *provisioning)
{
    WsmanInstance *fsk = wsman_instance_new(HYPERV_NS_MSPS, "Msps_FSK");

    for (gsize i = 0; provisioning->names[i]; i++) {
        g_autoptr(WsmanInstance) pair = wsman_instance_new(HYPERV_NS_MSPS, "Msps_FabricData");

        wsman_instance_set_string(pair, "key", provisioning->names[i]);
        wsman_instance_set_string(pair, "Value", provisioning->values[i]);
        wsman_instance_add_instance(fsk, "FabricDataPairs", pair);
    }
    return fsk;
}

static gboolean write_files(const Files *files, const HypervShielding *shielding,
                            const HypervProvisioning *provisioning, GError **error)
{
    g_autoptr(WsmanInstance) fsk = make_fsk(provisioning);

    return write_file(files->call, files->pdk, shielding->instance, error) &&
           write_file(files->call, files->fsk, fsk, error);
}

/* Also after a cancelled call: what was written is to go. */
static gboolean remove_file(HypervCall *call, const char *path, GError **error)
{
    HypervCall own = { .host = call->host };
    g_autoptr(WsmanEpr) file = wsman_epr_new(HYPERV_NS_CIMV2, "CIM_DataFile");
    g_autofree char *what = g_strdup_printf("removing '%s'", path);
    g_autoptr(WsmanInstance) out = NULL;

    wsman_epr_add_selector(file, "Name", path);
    out = hyperv_invoke(&own, file, "Delete", NULL, what, error);
    return out != NULL;
}

/* What is left of them, in words, or NULL; caller frees. A file that was never
 * written cannot be removed, which is no matter. */
static char *remove_files(const Files *files)
{
    const char *const paths[] = { files->pdk, files->fsk };
    GString *left = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        if (remove_file(files->call, paths[i], &error) ||
            g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_NOT_FOUND))
            continue;
        g_string_append_printf(left, "%s'%s' is left on the host and should be removed there (%s)",
                               left->len > 0 ? "; " : "", paths[i], error->message);
    }
    return g_string_free(left, left->len == 0);
}

gboolean hyperv_provision_clean(HypervHost *host, const char *guid, const char *directory, GError **error)
{
    HypervCall call = { .host = host };
    g_auto(Files) files = { 0 };
    g_autofree char *left = NULL;

    files_init(&files, &call, guid, directory);
    left = remove_files(&files);
    if (left)
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s", left);
    return !left;
}

/* --- the job ------------------------------------------------------------------------------ */

/* ASSUMED: the key of the job is its InstanceID, as for all of CIM_ConcreteJob. */
static WsmanEpr *job_epr(const WsmanInstance *out)
{
    const GPtrArray *jobs = wsman_instance_get_instances(out, "ProvisioningJob");
    const char *id = jobs->len > 0 ? wsman_instance_get_string(g_ptr_array_index(jobs, 0), "InstanceID") : NULL;
    WsmanEpr *epr;

    if (!id && !wsman_instance_get_epr(out, "ProvisioningJob"))
        return NULL;
    if (!id)
        return wsman_epr_copy(wsman_instance_get_epr(out, "ProvisioningJob"));
    epr = wsman_epr_new(HYPERV_NS_MSPS, JOB_CLASS);
    wsman_epr_add_selector(epr, "InstanceID", id);
    return epr;
}

static void kill_job(HypervCall *call, const WsmanEpr *job)
{
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) out = NULL;

    wsman_args_add_boolean(args, "DeleteOnKill", TRUE);
    out = wsman_client_invoke(hyperv_host_get_client(call->host), job, "KillJob", args, NULL, NULL);
}

/* The pages name no return codes: 0 and 4096 both come with a job. */
static WsmanEpr *start(HypervCall *call, const char *guid, const Files *files, GError **error)
{
    g_autoptr(WsmanEpr) target = wsman_epr_new(HYPERV_NS_MSPS, SERVICE_CLASS);
    g_autoptr(WsmanArgs) args = wsman_args_new();
    g_autoptr(WsmanInstance) out = NULL;
    guint64 code = 0;
    WsmanEpr *job;

    wsman_args_add_string(args, "PDKPath", files->pdk);
    wsman_args_add_string(args, "FSKPath", files->fsk);
    wsman_args_add_string(args, "MachineID", guid);
    out = wsman_client_invoke(hyperv_host_get_client(call->host), target, "ProvisionMachine", args,
                              call->cancellable, error);
    if (!out)
        return NULL;
    wsman_instance_get_uint(out, "ReturnValue", &code);
    if (code != HYPERV_RETURN_COMPLETED && code != HYPERV_RETURN_JOB_STARTED) {
        hyperv_error_set(error, hyperv_return_code_kind(code), code, "%s (return code %" G_GUINT64_FORMAT ")",
                         hyperv_return_code_name(code), code);
        return NULL;
    }
    job = job_epr(out);
    if (!job)
        hyperv_error_set(error, HYPERV_ERROR_FAILED, code, "the answer names no job");
    return job;
}

static gboolean run(const Files *files, const char *guid, guint timeout, GError **error)
{
    g_autoptr(WsmanEpr) job = start(files->call, guid, files, error);

    if (!job)
        return FALSE;
    g_info("provisioning machine %s: begins, as %s '%s'", guid, wsman_epr_get_class(job),
           wsman_epr_get_selector(job, "InstanceID"));
    if (hyperv_job_wait_seconds(files->call, job, timeout ? timeout : HYPERV_PROVISION_TIMEOUT, error)) {
        g_info("provisioning machine %s: done", guid);
        return TRUE;
    }
    if (files->call->unfinished) {
        kill_job(files->call, job);
        g_clear_pointer(&files->call->unfinished, wsman_epr_free);
    }
    return FALSE;
}

gboolean hyperv_provision(HypervCall *call, const char *guid, const HypervShielding *shielding,
                          const HypervProvisioning *provisioning, GError **error)
{
    g_auto(Files) files = { 0 };
    g_autofree char *left = NULL;
    gboolean ok;

    files_init(&files, call, guid, provisioning->directory);
    ok = write_files(&files, shielding, provisioning, error);
    if (ok && !run(&files, guid, provisioning->timeout, error)) {
        ok = FALSE;
        g_prefix_error(error, "provisioning the machine: ProvisionMachine: ");
    }
    left = remove_files(&files);
    if (left && ok)
        g_warning("%s", left);
    else if (left)
        g_prefix_error(error, "%s, after: ", left);
    return ok;
}
