/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_error_private.h"

#include <gio/gio.h>
#include <stdarg.h>

typedef WsmanErrorDetail WsmanErrorPrivate;

static void
wsman_error_private_init(WsmanErrorPrivate *priv)
{
    *priv = (WsmanErrorPrivate) { 0 };
}

static void
wsman_error_private_copy(const WsmanErrorPrivate *src, WsmanErrorPrivate *dest)
{
    *dest = *src;
}

static void
wsman_error_private_clear(WsmanErrorPrivate *priv)
{
}

G_DEFINE_EXTENDED_ERROR(WsmanError, wsman_error)

void
wsman_set_error(GError **error, WsmanError code, const WsmanErrorDetail *detail, const char *format, ...)
{
    GError *made;
    va_list args;

    if (!error)
        return;
    va_start(args, format);
    made = g_error_new_valist(WSMAN_ERROR, (int)code, format, args);
    va_end(args);
    if (detail)
        *wsman_error_get_private(made) = *detail;
    g_propagate_error(error, made);
}

void
wsman_error_set_may_have_run(GError *error)
{
    if (error && error->domain == WSMAN_ERROR)
        wsman_error_get_private(error)->may_have_run = TRUE;
}

gboolean
wsman_error_is_answer_too_large(const GError *error)
{
    return error && error->domain == WSMAN_ERROR && wsman_error_get_private(error)->answer_too_large;
}

guint32
wsman_error_get_hresult(const GError *error)
{
    return error && error->domain == WSMAN_ERROR ? wsman_error_get_private(error)->hresult : 0;
}

guint
wsman_error_get_http_status(const GError *error)
{
    return error && error->domain == WSMAN_ERROR ? wsman_error_get_private(error)->http_status : 0;
}

gboolean
wsman_error_may_have_run(const GError *error)
{
    if (!error)
        return FALSE;
    if (error->domain == WSMAN_ERROR)
        return wsman_error_get_private(error)->may_have_run;
    /* Where the call was when it was cancelled is not kept. */
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
