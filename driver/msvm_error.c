/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_error.h"

#include "hyperv/hyperv_error.h"
#include "keymgr/keymgr_error.h"
#include "wsman/wsman_error.h"

#include <gio/gio.h>

#include "internal.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static const MsvmErrorRow wsman_rows[] = {
    { WSMAN_ERROR_CONFIG, VIR_ERR_CONFIG_UNSUPPORTED },
    /* As libvirt's own transports say; VIR_ERR_NO_CONNECT means that no
     * driver took the URI. */
    { WSMAN_ERROR_CONNECT, VIR_ERR_SYSTEM_ERROR },
    { WSMAN_ERROR_TLS, VIR_ERR_SYSTEM_ERROR },
    { WSMAN_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { WSMAN_ERROR_AUTH, VIR_ERR_AUTH_FAILED },
    { WSMAN_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { WSMAN_ERROR_HTTP, VIR_ERR_HTTP_ERROR },
    { WSMAN_ERROR_PROTOCOL, VIR_ERR_RPC },
    { WSMAN_ERROR_LIMIT, VIR_ERR_RPC },
    { WSMAN_ERROR_NOT_FOUND, VIR_ERR_OPERATION_FAILED },
    { WSMAN_ERROR_INVALID_CLASS, VIR_ERR_OPERATION_UNSUPPORTED },
    { WSMAN_ERROR_INVALID_METHOD, VIR_ERR_OPERATION_UNSUPPORTED },
    { WSMAN_ERROR_FAULT, VIR_ERR_OPERATION_FAILED },
    { 0, 0 },
};

static const MsvmErrorRow hyperv_rows[] = {
    { HYPERV_ERROR_NO_HYPERV, VIR_ERR_OPERATION_UNSUPPORTED },
    { HYPERV_ERROR_HOST_TOO_OLD, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_NO_MACHINE, VIR_ERR_NO_DOMAIN },
    { HYPERV_ERROR_NO_SWITCH, VIR_ERR_NO_NETWORK },
    { HYPERV_ERROR_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED },
    { HYPERV_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { HYPERV_ERROR_INVALID_PARAMETER, VIR_ERR_INVALID_ARG },
    { HYPERV_ERROR_INVALID_STATE, VIR_ERR_OPERATION_INVALID },
    { HYPERV_ERROR_IN_USE, VIR_ERR_RESOURCE_BUSY },
    { HYPERV_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { HYPERV_ERROR_FAILED, VIR_ERR_OPERATION_FAILED },
    { HYPERV_ERROR_JOB_FAILED, VIR_ERR_OPERATION_FAILED },
    { HYPERV_ERROR_NOT_APPLIED, VIR_ERR_OPERATION_FAILED },
    { HYPERV_ERROR_GUARD_MODE, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_NO_GUARDIAN, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_INVALID_PROTECTOR, VIR_ERR_INVALID_SECRET },
    { HYPERV_ERROR_INCOMPATIBLE, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_UNSAFE, VIR_ERR_MIGRATE_UNSAFE },
    { HYPERV_ERROR_ABORTED, VIR_ERR_OPERATION_ABORTED },
    { HYPERV_ERROR_PROTECTOR_IN_USE, VIR_ERR_OPERATION_INVALID },
    { HYPERV_ERROR_NO_FEATURE, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_POLICY, VIR_ERR_CONFIG_UNSUPPORTED },
    { HYPERV_ERROR_NOT_AUTHORISED, VIR_ERR_CONFIG_UNSUPPORTED },
    { 0, 0 },
};

static const MsvmErrorRow keymgr_rows[] = {
    { KEYMGR_ERROR_CONFIG, VIR_ERR_CONFIG_UNSUPPORTED },
    { KEYMGR_ERROR_INVALID_REFERENCE, VIR_ERR_INVALID_ARG },
    { KEYMGR_ERROR_NOT_FOUND, VIR_ERR_NO_SECRET },
    { KEYMGR_ERROR_NO_PAYLOAD, VIR_ERR_NO_SECRET },
    { KEYMGR_ERROR_INVALID_SECRET, VIR_ERR_INVALID_SECRET },
    { KEYMGR_ERROR_AUTH, VIR_ERR_AUTH_FAILED },
    { KEYMGR_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { KEYMGR_ERROR_UNAVAILABLE, VIR_ERR_SYSTEM_ERROR },
    { KEYMGR_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { KEYMGR_ERROR_TLS, VIR_ERR_SYSTEM_ERROR },
    { KEYMGR_ERROR_HTTP, VIR_ERR_HTTP_ERROR },
    { KEYMGR_ERROR_PROTOCOL, VIR_ERR_RPC },
    { KEYMGR_ERROR_LIMIT, VIR_ERR_INVALID_SECRET },
    { KEYMGR_ERROR_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED },
    { KEYMGR_ERROR_EXISTS, VIR_ERR_OPERATION_INVALID },
    { 0, 0 },
};

static const MsvmErrorRow io_rows[] = {
    { G_IO_ERROR_CANCELLED, VIR_ERR_OPERATION_ABORTED },
    { G_IO_ERROR_TIMED_OUT, VIR_ERR_OPERATION_TIMEOUT },
    { G_IO_ERROR_PERMISSION_DENIED, VIR_ERR_ACCESS_DENIED },
    { G_IO_ERROR_CONNECTION_REFUSED, VIR_ERR_SYSTEM_ERROR },
    { G_IO_ERROR_HOST_UNREACHABLE, VIR_ERR_SYSTEM_ERROR },
    { G_IO_ERROR_NETWORK_UNREACHABLE, VIR_ERR_SYSTEM_ERROR },
    { 0, 0 },
};

const MsvmErrorRow *
msvmErrorRows(GQuark domain)
{
    if (domain == WSMAN_ERROR)
        return wsman_rows;
    if (domain == HYPERV_ERROR)
        return hyperv_rows;
    if (domain == KEYMGR_ERROR)
        return keymgr_rows;
    if (domain == G_IO_ERROR)
        return io_rows;
    return NULL;
}

int
msvmErrorNumber(const GError *error)
{
    const MsvmErrorRow *row = msvmErrorRows(error->domain);

    for (; row && row->number; row++) {
        if (row->code == error->code)
            return row->number;
    }
    return VIR_ERR_INTERNAL_ERROR;
}

/* " (HRESULT 0x80041002)", or nothing when there is none or the message has it. */
static char *
format_hresult(const GError *error)
{
    guint32 hresult = wsman_error_get_hresult(error);
    g_autofree char *digits = g_strdup_printf("%08X", hresult);
    g_autofree char *upper = g_ascii_strup(error->message, -1);

    if (hresult == 0 || strstr(upper, digits))
        return g_strdup("");
    return g_strdup_printf(" (HRESULT 0x%s)", digits);
}

/* libvirt puts words of its own before the text of an error; these are left
 * out: "got unknown HTTP error code". */
static void
report(int number, const char *text)
{
    if (number == VIR_ERR_HTTP_ERROR)
        virRaiseErrorFull(__FILE__, __func__, __LINE__, VIR_FROM_THIS, number, VIR_ERR_ERROR, text, NULL, NULL, 0,
                          0, "%s", text);
    else
        virReportError(number, "%s", text);
}

void
msvmReportError(const GError *error, const char *host, const char *format, ...)
{
    g_autofree char *what = NULL;
    g_autofree char *hresult = format_hresult(error);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    if (host)
        text = g_strdup_printf(_("%s on host '%s': %s%s"), what, host, error->message, hresult);
    else
        text = g_strdup_printf("%s: %s%s", what, error->message, hresult);
    report(msvmErrorNumber(error), text);
}
