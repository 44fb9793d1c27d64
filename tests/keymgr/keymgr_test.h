/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the key manager's tests share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keymgr/keymgr.h"

/* A key file from its text. */
GKeyFile *keymgr_test_config(const char *text);
/* A key manager from the text of a configuration; fails the test otherwise. */
Keymgr *keymgr_test_new(const char *text);

/* That an error has a code, and a message with every word of a list that is
 * separated by '|'. Frees and clears the error. */
void keymgr_test_error(GError **error, KeymgrError code, const char *words);

/* The secrets of a name. */
GPtrArray *keymgr_test_list(Keymgr *keymgr, const char *name, GError **error);

/* That a fetched secret holds these bytes. */
void keymgr_test_bytes(GPtrArray *secrets, guint index, gconstpointer bytes, gsize size);

/* A folder with all that is in it. */
void keymgr_test_remove_tree(const char *path);

/* For cmocka's groups: as teardown, fails when file descriptors are open that
 * were not at the setup. */
int keymgr_test_count_fds(void **state);
int keymgr_test_compare_fds(void **state);
