/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calling a method of Hyper-V: the request, its return code, its job.
 */
#pragma once

#include "hyperv/hyperv_host.h"

/* What the functions of one operation share. */
typedef struct {
    HypervHost *host;
    GCancellable *cancellable;
    gboolean patient;     /* a job that makes progress may take longer than the job timeout */
    WsmanEpr *unfinished; /* a job that still ran when we stopped to wait for it; freed by the owner */
} HypervCall;

#define HYPERV_RETURN_COMPLETED 0
#define HYPERV_RETURN_JOB_STARTED 4096

/* What a return code means: a row for every code of the documents. */
const char *hyperv_return_code_name(guint32 code);
HypervError hyperv_return_code_kind(guint32 code);

/*
 * Invokes the method and waits for the job that it may have started.
 * what: for messages, "adding the devices of web1". Returns the out parameters
 * of the call. Errors: HYPERV_ERROR by return code or job, WSMAN_ERROR as they
 * came, both with what and the method put in front.
 */
WsmanInstance *hyperv_invoke(HypervCall *call, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                             const char *what, GError **error);

/* The same on Msvm_VirtualSystemManagementService, when the out parameters do
 * not matter. Takes over args. */
gboolean hyperv_invoke_management(HypervCall *call, const char *method, WsmanArgs *args, const char *what,
                                  GError **error);
