/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_error.h"

#include <string.h>

/* In front of a status. What a server says of itself comes behind it. */
#define MARK ": HTTP "

G_DEFINE_QUARK(keymgr-error-quark, keymgr_error)

guint
keymgr_error_http_status(const GError *error)
{
    const char *mark = error->domain == KEYMGR_ERROR ? strstr(error->message, MARK) : NULL;
    char *end = NULL;
    guint64 status = mark ? g_ascii_strtoull(mark + strlen(MARK), &end, 10) : 0;

    return status >= 100 && status <= 999 && end == mark + strlen(MARK) + 3 ? (guint)status : 0;
}
