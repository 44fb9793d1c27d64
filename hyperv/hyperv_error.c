/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_error.h"

#include <stdarg.h>

typedef struct {
    guint32 code;
} HypervErrorPrivate;

static void hyperv_error_private_init(HypervErrorPrivate *priv)
{
    priv->code = 0;
}

static void hyperv_error_private_copy(const HypervErrorPrivate *from, HypervErrorPrivate *to)
{
    to->code = from->code;
}

static void hyperv_error_private_clear(HypervErrorPrivate *priv)
{
}

G_DEFINE_EXTENDED_ERROR(HypervError, hyperv_error)

guint32 hyperv_error_get_code(const GError *error)
{
    if (!error || error->domain != HYPERV_ERROR)
        return 0;
    return hyperv_error_get_private(error)->code;
}

void hyperv_error_set(GError **error, HypervError kind, guint32 code, const char *format, ...)
{
    va_list args;

    if (!error)
        return;
    va_start(args, format);
    *error = g_error_new_valist(HYPERV_ERROR, kind, format, args);
    va_end(args);
    hyperv_error_get_private(*error)->code = code;
}

GPtrArray *hyperv_problems_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
}

void hyperv_problems_take(GPtrArray *problems, GError **error)
{
    if (*error)
        g_ptr_array_add(problems, g_steal_pointer(error));
}

gboolean hyperv_problems_none(const GPtrArray *problems, GError **error)
{
    if (problems->len == 0)
        return TRUE;
    g_propagate_error(error, g_error_copy(g_ptr_array_index(problems, 0)));
    return FALSE;
}
