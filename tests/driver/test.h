/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the unit tests of the driver share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "virerror.h"

static inline void
test_ignore_error(void *opaque, virErrorPtr error)
{
}

/* libvirt would print every error that a test provokes. */
static inline int
test_setup_libvirt(void **state)
{
    virSetErrorFunc(NULL, test_ignore_error);
    return virInitialize();
}

/* The error that was reported: its code, and a part of its message. */
static inline void
test_assert_error(int code, const char *part)
{
    virErrorPtr error = virGetLastError();

    assert_non_null(error);
    if (error->code != code || !strstr(error->message, part))
        fail_msg("error %d '%s', expected %d with '%s'", error->code, error->message, code, part);
    virResetLastError();
}

static inline void
test_write(const char *path, const char *text, int mode)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
}
