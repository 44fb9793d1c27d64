/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for a job (Msvm_ConcreteJob, Msvm_StorageJob, ...). Jobs stay on the
 * host for five minutes after they ended, so a late look still finds them.
 */
#pragma once

#include "hyperv/hyperv_method.h"

/* CIM_ConcreteJob.JobState */
typedef enum {
    HYPERV_JOB_NEW = 2,
    HYPERV_JOB_STARTING = 3,
    HYPERV_JOB_RUNNING = 4,
    HYPERV_JOB_SUSPENDED = 5,
    HYPERV_JOB_SHUTTING_DOWN = 6,
    HYPERV_JOB_COMPLETED = 7,
    HYPERV_JOB_TERMINATED = 8,
    HYPERV_JOB_KILLED = 9,
    HYPERV_JOB_EXCEPTION = 10,
    HYPERV_JOB_COMPLETED_WITH_WARNINGS = 32768, /* Hyper-V's own */
} HypervJobState;

/*
 * Polls the job, one request each time, with pauses that grow from 20 ms to
 * 1 s, until it ends or the host's job timeout has passed. A job that failed
 * gives its ErrorCode and its text. When we give up before the job ends
 * (timeout, cancelled, connection lost), call->unfinished names it.
 */
gboolean hyperv_job_wait(HypervCall *call, const WsmanEpr *job, GError **error);
/* With a limit of its own. Of other classes than Hyper-V's, too. */
gboolean hyperv_job_wait_seconds(HypervCall *call, const WsmanEpr *job, guint seconds, GError **error);

/* Waits, unless cancelled: FALSE with G_IO_ERROR_CANCELLED. */
gboolean hyperv_job_pause(guint milliseconds, GCancellable *cancellable, GError **error);
