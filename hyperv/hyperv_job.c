/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_job.h"

/* The first look comes after a short pause: most jobs are done by then. */
#define JOB_FIRST_PAUSE_MS 20
#define JOB_LAST_PAUSE_MS 1000
/* A poll that fails on the way is repeated: the job does not depend on it. */
#define JOB_MAX_LOST_POLLS 3

gboolean hyperv_job_pause(guint milliseconds, GCancellable *cancellable, GError **error)
{
    GPollFD fd;

    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (!cancellable || !g_cancellable_make_pollfd(cancellable, &fd)) {
        g_usleep((gulong)milliseconds * 1000);
        return !g_cancellable_set_error_if_cancelled(cancellable, error);
    }
    g_poll(&fd, 1, (int)milliseconds);
    g_cancellable_release_fd(cancellable);
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

/* Msvm_Error texts, for a job that gives no description of its own. */
static char *ask_for_errors(HypervCall *call, const WsmanEpr *job)
{
    WsmanClient *client = hyperv_host_get_client(call->host);
    g_autoptr(WsmanInstance) out = wsman_client_invoke(client, job, "GetErrorEx", NULL, call->cancellable, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const GPtrArray *errors;

    if (!out)
        return NULL;
    errors = wsman_instance_get_instances(out, "Errors");
    for (guint i = 0; i < errors->len; i++) {
        const char *message = wsman_instance_get_string(g_ptr_array_index(errors, i), "Message");

        if (message && *message != '\0')
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", message);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static char *describe_failure(HypervCall *call, const WsmanEpr *epr, const WsmanInstance *job)
{
    const char *text = wsman_instance_get_string(job, "ErrorDescription");
    char *detail;

    if (text && *text != '\0')
        return g_strdup(text);
    detail = ask_for_errors(call, epr);
    if (detail)
        return detail;
    text = wsman_instance_get_string(job, "ErrorSummaryDescription");
    return g_strdup(text && *text != '\0' ? text : "the host gives no reason");
}

/* Return codes that say more than "the job failed" come as job errors, too. */
static HypervError failure_kind(guint64 state, guint64 code)
{
    HypervError kind = hyperv_return_code_kind(code);

    if (state == HYPERV_JOB_TERMINATED || state == HYPERV_JOB_KILLED)
        return HYPERV_ERROR_ABORTED;
    if (kind == HYPERV_ERROR_ACCESS_DENIED || kind == HYPERV_ERROR_INVALID_STATE || kind == HYPERV_ERROR_IN_USE)
        return kind;
    return HYPERV_ERROR_JOB_FAILED;
}

static void set_failure(HypervCall *call, const WsmanEpr *epr, const WsmanInstance *job, guint64 state,
                        GError **error)
{
    g_autofree char *text = describe_failure(call, epr, job);
    guint64 code = 0;

    wsman_instance_get_uint(job, "ErrorCode", &code);
    hyperv_error_set(error, failure_kind(state, code), code,
                     "the job failed: %s (job state %" G_GUINT64_FORMAT ", error code %" G_GUINT64_FORMAT ")", text,
                     state, code);
}

/* TRUE: it ended, and *ok tells how. */
static gboolean has_ended(HypervCall *call, const WsmanEpr *epr, const WsmanInstance *job, gboolean *ok,
                          GError **error)
{
    guint64 state = 0;
    guint64 code = 0;

    wsman_instance_get_uint(job, "JobState", &state);
    switch (state) {
    case HYPERV_JOB_NEW:
    case HYPERV_JOB_STARTING:
    case HYPERV_JOB_RUNNING:
    case HYPERV_JOB_SUSPENDED:
    case HYPERV_JOB_SHUTTING_DOWN:
        return FALSE;
    case HYPERV_JOB_COMPLETED:
    case HYPERV_JOB_COMPLETED_WITH_WARNINGS:
        wsman_instance_get_uint(job, "ErrorCode", &code);
        *ok = code == 0;
        break;
    default:
        *ok = FALSE;
        break;
    }
    if (!*ok)
        set_failure(call, epr, job, state, error);
    return TRUE;
}

static gboolean is_lost_poll(const GError *error)
{
    return g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_CONNECT) ||
           g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_TIMEOUT);
}

/* NULL without an error: lost on the way, to be repeated. */
static WsmanInstance *poll_job(HypervCall *call, const WsmanEpr *epr, guint *lost, GError **error)
{
    WsmanClient *client = hyperv_host_get_client(call->host);
    g_autoptr(GError) local_error = NULL;
    WsmanInstance *job = wsman_client_get(client, epr, call->cancellable, &local_error);

    if (job) {
        *lost = 0;
        return job;
    }
    if (is_lost_poll(local_error) && ++*lost <= JOB_MAX_LOST_POLLS)
        return NULL;
    g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "looking at the job: ");
    return NULL;
}

/* A patient caller's time begins anew with every step that the job makes. Steps
 * only go up, to 100 at most, so that this ends. */
static gint64 deadline_of(const HypervCall *call, guint seconds, gint64 deadline, guint64 before, guint64 now)
{
    if (!call->patient || MIN(now, 100) <= before)
        return deadline;
    return g_get_monotonic_time() + (gint64)seconds * G_TIME_SPAN_SECOND;
}

/* For whoever waits with us: libvirt has no other place for it while a machine
 * is only being made. */
static void tell_progress(const WsmanEpr *epr, guint64 before, guint64 now)
{
    const char *id = wsman_epr_get_selector(epr, "InstanceID");

    if (now != before)
        g_info("%s '%s': %" G_GUINT64_FORMAT " %%", wsman_epr_get_class(epr), id ? id : "", now);
}

static gboolean wait_for(HypervCall *call, const WsmanEpr *epr, guint seconds, gboolean *ended, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_TIME_SPAN_SECOND;
    guint64 percent = 0;
    guint pause = JOB_FIRST_PAUSE_MS;
    guint lost = 0;
    gboolean ok = FALSE;

    for (;;) {
        g_autoptr(WsmanInstance) job = NULL;
        g_autoptr(GError) local_error = NULL;
        guint64 now = 0;

        if (!hyperv_job_pause(pause, call->cancellable, error))
            return FALSE;
        job = poll_job(call, epr, &lost, &local_error);
        if (local_error) {
            g_propagate_error(error, g_steal_pointer(&local_error));
            return FALSE;
        }
        if (job && has_ended(call, epr, job, &ok, error)) {
            *ended = TRUE;
            return ok;
        }
        if (job && wsman_instance_get_uint(job, "PercentComplete", &now)) {
            tell_progress(epr, percent, now);
            deadline = deadline_of(call, seconds, deadline, percent, now);
            percent = MAX(percent, MIN(now, 100));
        }
        if (g_get_monotonic_time() >= deadline) {
            hyperv_error_set(error, HYPERV_ERROR_TIMEOUT, 0,
                             "the job did not end within %u s: it is at %" G_GUINT64_FORMAT " %%", seconds, percent);
            return FALSE;
        }
        pause = MIN(pause + pause / 2 + 1, JOB_LAST_PAUSE_MS);
    }
}

gboolean hyperv_job_wait(HypervCall *call, const WsmanEpr *job, GError **error)
{
    return hyperv_job_wait_seconds(call, job, hyperv_host_get_job_timeout(call->host), error);
}

gboolean hyperv_job_wait_seconds(HypervCall *call, const WsmanEpr *job, guint seconds, GError **error)
{
    gboolean ended = FALSE;

    if (wait_for(call, job, seconds, &ended, error))
        return TRUE;
    if (!ended) {
        g_clear_pointer(&call->unfinished, wsman_epr_free);
        call->unfinished = wsman_epr_copy(job);
    }
    return FALSE;
}
