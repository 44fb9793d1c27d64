/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the simulator's unit tests share.
 */
#pragma once

/* cmocka wants these four before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "sim/schema.h"

#define V2 "root/virtualization/v2"
#define HGS "root/Microsoft/Windows/Hgs"

static inline char *sim_test_schema_folder(void)
{
    const char *srcdir = g_getenv("MSVM_SRCDIR");

    return g_build_filename(srcdir ? srcdir : ".", "sim", "schema", NULL);
}

static inline Schema *sim_test_schema(void)
{
    g_autofree char *folder = sim_test_schema_folder();
    g_autoptr(GError) error = NULL;
    Schema *schema = schema_load(folder, &error);

    if (!schema)
        g_error("%s", error->message);
    return schema;
}
