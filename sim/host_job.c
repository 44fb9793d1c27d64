/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs. A method that takes time checks its parameters, answers 4096 and names
 * a job; the work is done when the job's time has come, all at once, so that no
 * client sees half of it. Nothing runs in the background: whoever calls the
 * host next finishes what is due (sim_jobs_settle).
 *
 * Which methods take time is in the SimJobKind of each; where no observation of
 * a real host is known, the choice is ASSUMED and stands there alone.
 */
#include "sim/host_private.h"

/* TimeBeforeRemoval, as recorded from a real host: five minutes. */
#define KEEP_US (5 * 60 * G_USEC_PER_SEC)
#define KEEP_INTERVAL "00000000000500.000000:000"

enum {
    JOB_STARTING = 3,
    JOB_RUNNING = 4,
    JOB_COMPLETED = 7,
    JOB_TERMINATED = 8,
    JOB_EXCEPTION = 10,
};

struct SimJob {
    CimObject *object;
    SimMachine *machine; /* NULL once that is gone */
    SimWork work;
    gpointer data;
    GDestroyNotify free_data;
    gint64 start_us; /* monotonic */
    gint64 due_us;
    gint64 done_us; /* 0 while it runs */
    gint64 start_real_us;
    guint state;
    SimFailure failure;
    GPtrArray *created;
};

void sim_job_free(gpointer data)
{
    SimJob *job = data;

    if (job->free_data)
        job->free_data(job->data);
    cim_object_unref(job->object);
    g_ptr_array_unref(job->created);
    sim_failure_clear(&job->failure);
    g_free(job);
}

static SimJob *job_new(SimHost *host, const SimJobKind *kind, SimWork work, gpointer data,
                       GDestroyNotify free_data)
{
    SimJob *job = g_new0(SimJob, 1);

    job->object = sim_object_new(host, kind->object ? SIM_MSPS : SIM_V2,
                                 kind->job_class ? kind->job_class : "Msvm_ConcreteJob");
    job->machine = kind->machine;
    job->work = work;
    job->data = data;
    job->free_data = free_data;
    job->state = JOB_STARTING;
    job->start_us = g_get_monotonic_time();
    job->due_us = job->start_us + (gint64) (kind->ms ? kind->ms : host->job_ms) * 1000;
    job->start_real_us = g_get_real_time();
    job->created = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    g_ptr_array_add(host->jobs, job);
    return job;
}

/* --- what a job shows --------------------------------------------------------- */

static void fill_hyperv(SimJob *job, const SimJobKind *kind)
{
    CimObject *object = job->object;

    sim_set(object, "ErrorSummaryDescription", "");
    sim_set_uint(object, "JobType", kind->type);
    sim_set_boolean(object, "Cancellable", FALSE);
    if (sim_is_a(object, "Msvm_StorageJob")) {
        sim_set_uint(object, "JobCompletionStatusCode", 0);
        sim_set_boolean(object, "Cancellable", TRUE);
    }
}

static void fill_constant(SimHost *host, SimJob *job, const SimJobKind *kind)
{
    CimObject *object = job->object;
    const char *caption = sim_translate(host, kind->caption);
    g_autofree char *id = sim_guid_new(host);

    sim_set(object, "InstanceID", id);
    sim_set(object, "Caption", caption);
    sim_set(object, "Description", caption);
    sim_set(object, "ElementName", caption);
    sim_set(object, "Name", caption);
    sim_set(object, "InstallDate", SIM_TIME_NEVER);
    sim_setf(object, "Owner", "%s\\Administrator", host->name);
    sim_set(object, "Notify", "");
    sim_set(object, "OtherRecoveryAction", "");
    sim_set(object, "TimeBeforeRemoval", KEEP_INTERVAL);
    sim_set_uint(object, "JobRunTimes", 1);
    sim_set_uint(object, "LocalOrUtcTime", 2);
    sim_set_uint(object, "Priority", 0);
    sim_set_uint(object, "RecoveryAction", 2);
    sim_set_uint(object, "HealthState", 5);
    sim_set_boolean(object, "DeleteOnCompletion", FALSE);
    sim_set_time(object, "TimeSubmitted", job->start_real_us);
    sim_set_time(object, "ScheduledStartTime", job->start_real_us);
    sim_set_time(object, "StartTime", job->start_real_us);
    if (kind->object)
        sim_set(object, "AdditionalIdentifier", kind->machine ? kind->machine->guid : "");
    else
        fill_hyperv(job, kind);
    if (sim_is_a(object, "Msvm_MigrationJob"))
        sim_set_boolean(object, "Cancellable", TRUE);
    if (kind->fill)
        kind->fill(object, job->data);
}

static guint job_percent(const SimJob *job, gint64 now)
{
    if (job->state == JOB_COMPLETED)
        return 100;
    if (job->due_us <= job->start_us)
        return 0;
    return (guint) CLAMP(
        (MIN(now, job->done_us ? job->done_us : now) - job->start_us) * 100 / (job->due_us - job->start_us),
        0, 99);
}

static void refresh(SimHost *host, SimJob *job)
{
    gint64 now = g_get_monotonic_time();
    gint64 end = job->done_us ? job->done_us : now;
    gboolean failed = job->state == JOB_EXCEPTION;
    const char *status = failed         ? "Job has failed."
                         : job->done_us ? "Job has completed."
                                        : "Job is running.";
    g_autofree char *elapsed = sim_interval_text(end - job->start_us);
    CimObject *object = job->object;

    sim_set_uint(object, "JobState", job->state);
    sim_set(object, "JobStatus", sim_translate(host, status));
    sim_set_uint(object, "PercentComplete", job_percent(job, now));
    sim_set(object, "ElapsedTime", elapsed);
    sim_set_uint(object, "ErrorCode", job->failure.code);
    sim_set(object, "ErrorDescription", job->failure.text ? job->failure.text : "");
    sim_set(object, "Status", failed ? "Error" : "OK");
    sim_set_time(object, "TimeOfLastStateChange",
                 job->start_real_us + (job->done_us ? job->done_us - job->start_us : 0));
    if (failed) /* 17 completed, 6 error */
        sim_set_list(object, "OperationalStatus", "17", "6", NULL);
    else if (job->done_us)
        sim_set_list(object, "OperationalStatus", "17", "2", NULL);
    else
        sim_set_list(object, "OperationalStatus", "2", NULL);
    if (job->done_us && !failed)
        sim_set_list(object, "StatusDescriptions", sim_translate(host, status),
                     sim_translate(host, "Job has completed successfully."), NULL);
    else
        sim_set_list(object, "StatusDescriptions", sim_translate(host, status), NULL);
    if (sim_is_a(object, "Msvm_StorageJob"))
        sim_set_uint(object, "JobCompletionStatusCode", job->failure.code);
}

/* --- running -------------------------------------------------------------------- */

static void finish(SimHost *host, SimJob *job)
{
    guint32 code = job->work(host, job->data, job->created, &job->failure);

    job->failure.code = code;
    job->state = code == SIM_RC_DONE ? JOB_COMPLETED : JOB_EXCEPTION;
    job->done_us = MAX(job->due_us, job->start_us);
    if (code != SIM_RC_DONE && !job->failure.text)
        job->failure.text = g_strdup("The operation failed.");
}

static gint by_due_time(gconstpointer a, gconstpointer b)
{
    const SimJob *left = *(SimJob *const *) a;
    const SimJob *right = *(SimJob *const *) b;

    return left->due_us < right->due_us ? -1 : left->due_us > right->due_us;
}

void sim_jobs_settle(SimHost *host)
{
    gint64 now = g_get_monotonic_time();
    g_autoptr(GPtrArray) due = g_ptr_array_new();

    for (guint i = 0; i < host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(host->jobs, i);

        if (!job->done_us && job->due_us <= now)
            g_ptr_array_add(due, job);
        else if (!job->done_us)
            job->state = JOB_RUNNING;
    }
    g_ptr_array_sort(due, by_due_time);
    for (guint i = 0; i < due->len; i++)
        finish(host, g_ptr_array_index(due, i));
    for (guint i = host->jobs->len; i > 0; i--) {
        SimJob *job = g_ptr_array_index(host->jobs, i - 1);

        if (job->done_us && job->done_us + KEEP_US <= now)
            g_ptr_array_remove_index(host->jobs, i - 1);
    }
}

guint32 sim_job_run(SimCall *call, const SimJobKind *kind, SimWork work, gpointer data,
                    GDestroyNotify free_data)
{
    SimHost *host = call->host;
    SimJob *job = NULL;

    if (host->job_ms == 0 && !kind->always && !kind->object) {
        g_autoptr(GPtrArray) created = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
        SimFailure failure = { 0 };
        guint32 code = work(host, data, created, &failure);

        sim_failure_clear(&failure);
        if (free_data)
            free_data(data);
        return code;
    }
    job = job_new(host, kind, work, data, free_data);
    fill_constant(host, job, kind);
    if (kind->object) {
        g_autoptr(CimObject) copy = NULL;

        refresh(host, job);
        copy = cim_object_copy(job->object);
        sim_out(call, kind->object, cim_value_new_object(copy));
    } else {
        sim_out(call, "Job", sim_reference(job->object));
    }
    return SIM_RC_JOB;
}

void sim_job_start(SimHost *host, const SimJobKind *kind, SimWork work, gpointer data,
                   GDestroyNotify free_data)
{
    SimJob *job = job_new(host, kind, work, data, free_data);

    fill_constant(host, job, kind);
}

static guint32 work_failing(SimHost *host G_GNUC_UNUSED, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                            SimFailure *failure)
{
    const SimFailure *wanted = data;

    return sim_failure(failure, wanted->code, "%s", wanted->text);
}

static void failure_free(gpointer data)
{
    sim_failure_clear(data);
    g_free(data);
}

guint32 sim_job_fail_later(SimCall *call, guint32 code, const char *description)
{
    SimJobKind kind = {
        .caption = "Modifying Virtual Machine", .type = 2, .always = TRUE, .machine = call->machine
    };
    SimFailure *failure = g_new0(SimFailure, 1);

    if (g_ascii_strcasecmp(schema_class_namespace(call->cls), SIM_MSPS) == 0) {
        kind.job_class = "Msps_ProvisioningJob";
        kind.object = schema_method_find_param(call->method, "ProvisioningJob") ? "ProvisioningJob"
                                                                                : "PreparationJob";
    }
    sim_failure(failure, code, "%s", description ? description : "The operation failed.");
    return sim_job_run(call, &kind, work_failing, failure, failure_free);
}

void sim_jobs_forget_machine(SimHost *host, SimMachine *machine)
{
    for (guint i = 0; i < host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(host->jobs, i);

        if (job->machine == machine)
            job->machine = NULL;
    }
}

/* --- looking at jobs --------------------------------------------------------------- */

void sim_jobs_each(SimHost *host, void (*func)(CimObject *job, gpointer data), gpointer data)
{
    for (guint i = 0; i < host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(host->jobs, i);

        refresh(host, job);
        func(job->object, data);
    }
}

guint sim_jobs_running(SimHost *host, SimMachine *machine)
{
    guint count = 0;

    for (guint i = 0; i < host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(host->jobs, i);

        count += !job->done_us && (!machine || job->machine == machine);
    }
    return count;
}

gboolean sim_machine_is_moving(const SimMachine *machine)
{
    for (guint i = 0; i < machine->host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(machine->host->jobs, i);

        /* The checks of a migration change nothing: 305 and more move. */
        if (!job->done_us && job->machine == machine && sim_is_a(job->object, "Msvm_MigrationJob") &&
            sim_uint(job->object, "JobType") >= 305)
            return TRUE;
    }
    return FALSE;
}

/* The service that a job belongs to. */
static CimObject *owner_of(SimHost *host, const SimJob *job)
{
    if (sim_is_a(job->object, "Msvm_StorageJob"))
        return sim_fixed_find(host, "Msvm_ImageManagementService");
    if (sim_is_a(job->object, "Msvm_MigrationJob"))
        return sim_fixed_find(host, "Msvm_VirtualSystemMigrationService");
    return sim_fixed_find(host, "Msvm_VirtualSystemManagementService");
}

/* ElementEffects 5 for what the job has made, 0 for what it touches, both as recorded. */
void sim_job_links(SimHost *host, SimMachine *machine, SimLinkFunc func, gpointer data)
{
    for (guint i = 0; i < host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(host->jobs, i);
        gboolean storage = sim_is_a(job->object, "Msvm_StorageJob");
        const char *class_name = storage ? "Msvm_AffectedStorageJobElement" : "Msvm_AffectedJobElement";

        if (g_ascii_strcasecmp(schema_class_namespace(cim_object_class(job->object)), SIM_V2) != 0)
            continue;
        if (!machine) {
            SimLink link = { "Msvm_OwningJobElement", owner_of(host, job), job->object, 0 };

            func(&link, data);
            continue;
        }
        if (job->machine != machine)
            continue;
        {
            SimLink link = { class_name, job->object, machine->system, 0 };

            func(&link, data);
        }
        for (guint j = 0; job->done_us && j < job->created->len; j++) {
            SimLink link = { class_name, job->object, g_ptr_array_index(job->created, j), 5 };

            func(&link, data);
        }
    }
}

static SimJob *job_of(SimCall *call)
{
    for (guint i = 0; i < call->host->jobs->len; i++) {
        SimJob *job = g_ptr_array_index(call->host->jobs, i);

        if (job->object == call->target)
            return job;
    }
    return NULL;
}

static char *error_text(SimHost *host, const SimJob *job)
{
    g_autoptr(CimObject) error = sim_object_new(host, SIM_V2, "Msvm_Error");

    sim_set_uint(error, "ErrorType", 4);
    sim_set_uint(error, "PerceivedSeverity", 4);
    sim_set_uint(error, "ProbableCause", 1);
    sim_set_uint(error, "ErrorSourceFormat", 0);
    sim_set_uint(error, "CIMStatusCode", 1);
    sim_set(error, "OwningEntity", "Microsoft Hyper-V Virtual Machine Management");
    sim_set(error, "Message", job->failure.text);
    sim_setf(error, "MessageID", "%u", job->failure.code);
    return cim_object_to_xml(error);
}

const SimFailure *sim_job_failure(SimCall *call)
{
    const SimJob *job = job_of(call);

    return job && job->state == JOB_EXCEPTION ? &job->failure : NULL;
}

gboolean sim_job_cancel(SimCall *call)
{
    SimJob *job = job_of(call);

    if (!job || job->done_us)
        return FALSE;
    job->state = JOB_TERMINATED;
    job->done_us = g_get_monotonic_time();
    return TRUE;
}

SimStatus sim_job_get_error(SimCall *call, guint32 *rv)
{
    SimJob *job = job_of(call);

    if (job && job->state == JOB_EXCEPTION) {
        g_autofree char *text = error_text(call->host, job);

        sim_out(call, "Error", cim_value_new_text(CIM_STRING, text));
    }
    *rv = SIM_RC_DONE;
    return SIM_OK;
}

SimStatus sim_job_get_error_ex(SimCall *call, guint32 *rv)
{
    SimJob *job = job_of(call);

    if (job && job->state == JOB_EXCEPTION) {
        g_autofree char *text = error_text(call->host, job);
        const char *items[] = { text, NULL };

        sim_out(call, "Errors", cim_value_new_strv(items));
    }
    *rv = SIM_RC_DONE;
    return SIM_OK;
}

/* RequestStateChange of a job: terminate (4) or kill (5) it, if it can be
 * cancelled; state changes of machines cannot. */
SimStatus sim_job_request_state(SimCall *call, guint32 *rv)
{
    SimJob *job = job_of(call);
    const CimValue *state = sim_in(call, "RequestedState");
    guint64 wanted = cim_value_uint(state, 0);

    *rv = SIM_RC_INVALID_STATE;
    if (wanted != 4 && wanted != 5) {
        *rv = SIM_RC_INVALID_PARAMETER;
    } else if (job && sim_boolean(job->object, "Cancellable") && sim_job_cancel(call)) {
        *rv = SIM_RC_DONE;
    }
    return SIM_OK;
}
