/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_worker.h"

#include "keymgr/keymgr_error.h"

struct KeymgrWorkers {
    gatomicrefcount refs;
    const char *thread_name;
    char *description;
    gint lost;
};

/* One call. Freed by the last of caller and thread. */
typedef struct {
    gatomicrefcount refs;
    KeymgrWorkers *workers;
    const KeymgrWork *work;
    gpointer data;
    GCancellable *left;
    GMutex lock;
    GCond changed;
    gboolean done;
    gboolean lost; /* the caller has gone before it was done */
    gpointer result;
    GError *error;
} Job;

KeymgrWorkers *
keymgr_workers_new(const char *thread_name, const char *description)
{
    KeymgrWorkers *workers = g_new0(KeymgrWorkers, 1);

    g_atomic_ref_count_init(&workers->refs);
    workers->thread_name = thread_name;
    workers->description = g_strdup(description);
    return workers;
}

KeymgrWorkers *
keymgr_workers_ref(KeymgrWorkers *workers)
{
    g_atomic_ref_count_inc(&workers->refs);
    return workers;
}

void
keymgr_workers_unref(KeymgrWorkers *workers)
{
    if (!workers || !g_atomic_ref_count_dec(&workers->refs))
        return;
    g_free(workers->description);
    g_free(workers);
}

static void
job_unref(Job *job)
{
    if (!g_atomic_ref_count_dec(&job->refs))
        return;
    if (job->result)
        job->work->free_result(job->result);
    if (job->data && job->work->free_data)
        job->work->free_data(job->data);
    g_clear_error(&job->error);
    g_object_unref(job->left);
    keymgr_workers_unref(job->workers);
    g_mutex_clear(&job->lock);
    g_cond_clear(&job->changed);
    g_free(job);
}

static gpointer
job_thread(gpointer data)
{
    Job *job = data;
    GError *error = NULL;
    gpointer result = job->work->work(job->data, job->left, &error);
    gboolean lost;

    g_mutex_lock(&job->lock);
    job->result = result;
    job->error = error;
    job->done = TRUE;
    lost = job->lost;
    g_cond_broadcast(&job->changed);
    g_mutex_unlock(&job->lock);
    if (lost) {
        if (result && job->work->undo)
            job->work->undo(job->data, result);
        g_atomic_int_add(&job->workers->lost, -1);
    }
    job_unref(job);
    return NULL;
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
    Job *job = data;

    g_mutex_lock(&job->lock);
    g_cond_broadcast(&job->changed);
    g_mutex_unlock(&job->lock);
}

/* Waits for a job's result, until the deadline or a cancellation. */
static gpointer
job_await(Job *job, gint64 deadline, GCancellable *cancellable, GError **error)
{
    gpointer result = NULL;
    gboolean in_time = TRUE;
    gulong handler = 0;

    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), job, NULL);
    g_mutex_lock(&job->lock);
    while (!job->done && in_time && !g_cancellable_is_cancelled(cancellable))
        in_time = g_cond_wait_until(&job->changed, &job->lock, deadline);
    job->lost = !job->done;
    if (job->lost) {
        g_atomic_int_inc(&job->workers->lost);
        if (!g_cancellable_set_error_if_cancelled(cancellable, error))
            g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_TIMEOUT, "%s: no answer in time",
                        job->workers->description);
    } else if (job->error) {
        g_propagate_error(error, g_steal_pointer(&job->error));
    } else {
        result = g_steal_pointer(&job->result);
    }
    g_mutex_unlock(&job->lock);
    if (job->lost)
        g_cancellable_cancel(job->left);
    g_cancellable_disconnect(cancellable, handler);
    return result;
}

static Job *
job_new(KeymgrWorkers *workers, const KeymgrWork *work, gpointer data)
{
    Job *job = g_new0(Job, 1);

    g_atomic_ref_count_init(&job->refs);
    g_mutex_init(&job->lock);
    g_cond_init(&job->changed);
    job->left = g_cancellable_new();
    job->workers = keymgr_workers_ref(workers);
    job->work = work;
    job->data = data;
    return job;
}

gpointer
keymgr_worker_run(KeymgrWorkers *workers, const KeymgrWork *work, gpointer data, gint64 deadline,
                  GCancellable *cancellable, GError **error)
{
    Job *job = job_new(workers, work, data);
    gint lost = g_atomic_int_get(&workers->lost);
    GThread *thread;
    gpointer result = NULL;

    if (lost >= KEYMGR_WORKER_MAX_LOST) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE, "%s: %d earlier calls have not come back",
                    workers->description, lost);
    } else if (!g_cancellable_set_error_if_cancelled(cancellable, error)) {
        g_atomic_ref_count_inc(&job->refs);
        thread = g_thread_try_new(workers->thread_name, job_thread, job, error);
        if (thread) {
            result = job_await(job, deadline, cancellable, error);
            /* A thread that is done still gives back what libraries keep for
             * it. That is over before the process can end or the library go. */
            if (job->lost)
                g_thread_unref(thread);
            else
                g_thread_join(thread);
        } else {
            job_unref(job);
        }
    }
    job_unref(job);
    return result;
}
