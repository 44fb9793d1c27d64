/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_method.h"

#include "hyperv/hyperv_job.h"
#include "hyperv/hyperv_names.h"

static const struct {
    guint32 code;
    HypervError kind;
    const char *name;
} return_codes[] = {
    /* of the methods in DMTF's style */
    { 1, HYPERV_ERROR_UNSUPPORTED, "not supported" },
    { 2, HYPERV_ERROR_FAILED, "failed" },
    { 3, HYPERV_ERROR_TIMEOUT, "timeout" },
    { 4, HYPERV_ERROR_INVALID_PARAMETER, "invalid parameter" },
    { 5, HYPERV_ERROR_INVALID_STATE, "invalid state" },
    { 6, HYPERV_ERROR_INVALID_PARAMETER, "incompatible parameters" },
    { 4097, HYPERV_ERROR_INVALID_STATE, "invalid state transition" },
    { 4098, HYPERV_ERROR_UNSUPPORTED, "use of timeout parameter not supported" },
    { 4099, HYPERV_ERROR_IN_USE, "busy" },
    /* of Hyper-V's own */
    { 32768, HYPERV_ERROR_FAILED, "failed" },
    { 32769, HYPERV_ERROR_ACCESS_DENIED, "access denied" },
    { 32770, HYPERV_ERROR_UNSUPPORTED, "not supported" },
    { 32771, HYPERV_ERROR_FAILED, "status is unknown" },
    { 32772, HYPERV_ERROR_TIMEOUT, "timeout" },
    { 32773, HYPERV_ERROR_INVALID_PARAMETER, "invalid parameter" },
    { 32774, HYPERV_ERROR_IN_USE, "system is in use" },
    { 32775, HYPERV_ERROR_INVALID_STATE, "invalid state for this operation" },
    { 32776, HYPERV_ERROR_INVALID_PARAMETER, "incorrect data type" },
    { 32777, HYPERV_ERROR_FAILED, "system is not available" },
    { 32778, HYPERV_ERROR_FAILED, "out of memory" },
    { 32779, HYPERV_ERROR_FAILED, "file not found" },
    { 32780, HYPERV_ERROR_INVALID_STATE, "the system is not ready" },
    { 32781, HYPERV_ERROR_IN_USE, "the machine is locked" },
    { 32782, HYPERV_ERROR_INVALID_STATE, "a system shutdown is in progress" },
};

const char *hyperv_return_code_name(guint32 code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(return_codes); i++) {
        if (return_codes[i].code == code)
            return return_codes[i].name;
    }
    return "unknown return code";
}

HypervError hyperv_return_code_kind(guint32 code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(return_codes); i++) {
        if (return_codes[i].code == code)
            return return_codes[i].kind;
    }
    return HYPERV_ERROR_FAILED;
}

static gboolean check_return(HypervCall *call, const WsmanInstance *out, GError **error)
{
    const WsmanEpr *job;
    guint64 code;

    if (!wsman_instance_get_uint(out, "ReturnValue", &code)) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "the answer has no return code");
        return FALSE;
    }
    if (code == HYPERV_RETURN_COMPLETED)
        return TRUE;
    if (code != HYPERV_RETURN_JOB_STARTED) {
        hyperv_error_set(error, hyperv_return_code_kind(code), code, "%s (return code %" G_GUINT64_FORMAT ")",
                         hyperv_return_code_name(code), code);
        return FALSE;
    }
    job = wsman_instance_get_epr(out, "Job");
    if (!job) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, code, "a job was started, but the answer does not name it");
        return FALSE;
    }
    return hyperv_job_wait(call, job, error);
}

WsmanInstance *hyperv_invoke(HypervCall *call, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                             const char *what, GError **error)
{
    WsmanClient *client = hyperv_host_get_client(call->host);
    g_autoptr(WsmanInstance) out = NULL;

    g_debug("%s: %s.%s", what, wsman_epr_get_class(target), method);
    out = wsman_client_invoke(client, target, method, args, call->cancellable, error);
    if (!out || !check_return(call, out, error)) {
        g_prefix_error(error, "%s: %s: ", what, method);
        return NULL;
    }
    return g_steal_pointer(&out);
}

gboolean hyperv_invoke_management(HypervCall *call, const char *method, WsmanArgs *args, const char *what,
                                  GError **error)
{
    g_autoptr(WsmanArgs) owned = args;
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_VirtualSystemManagementService");
    g_autoptr(WsmanInstance) out = hyperv_invoke(call, service, method, owned, what, error);

    return out != NULL;
}
