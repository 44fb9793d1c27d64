/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the client makes its errors.
 */
#pragma once

#include "wsman/wsman_error.h"

typedef struct {
    guint32 hresult;
    guint http_status;
    gboolean may_have_run;
    gboolean answer_too_large;  /* by our limit or the server's */
} WsmanErrorDetail;

/* As g_set_error(); detail may be NULL. */
void wsman_set_error(GError **error, WsmanError code, const WsmanErrorDetail *detail,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Changes the detail of an error of this domain; another is left alone. */
void wsman_error_set_may_have_run(GError *error);
gboolean wsman_error_is_answer_too_large(const GError *error);
