/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the wire share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "sim/schema.h"

/* The simulator's own schema; fails the test when it cannot be read. */
static inline Schema *
testing_schema(void)
{
    const char *folder = g_getenv("MSVM_SRCDIR");
    g_autofree char *path = g_build_filename(folder ? folder : ".", "sim", "schema", NULL);
    g_autoptr(GError) error = NULL;
    Schema *schema = schema_load(path, &error);

    if (!schema)
        fail_msg("%s", error->message);
    return schema;
}

/* A recorded answer of a real host, or NULL without MSVM_SAMPLES_DIR: they are
 * not part of the project. Caller frees. */
static inline char *
testing_sample(const char *name)
{
    const char *folder = g_getenv("MSVM_SAMPLES_DIR");
    g_autofree char *path = folder ? g_build_filename(folder, "wsman-samples", name, NULL) : NULL;
    char *text = NULL;

    if (path && !g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s is missing", path);
    return text;
}

/* The text with every occurrence replaced. Caller frees. */
static inline char *
testing_replace(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);

    return g_strjoinv(with, parts);
}
