/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The set-up of tests that need the schema and nothing else of a host.
 */
#pragma once

#include "tests/sim/wire_testing.h"

#define NS "root/virtualization/v2"

static Schema *schema;

static inline int
setup(void **state G_GNUC_UNUSED)
{
    schema = testing_schema();
    return 0;
}

static inline int
teardown(void **state G_GNUC_UNUSED)
{
    schema_free(schema);
    return 0;
}

/* A class that must be there. */
static inline const SchemaClass *
find(const char *name)
{
    const SchemaClass *cls = schema_find(schema, NS, name);

    assert_non_null(cls);
    return cls;
}
