/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one type that holds secret bytes: locked in memory, left out of core
 * dumps and forked children, wiped when it is freed. There is no way to print
 * it, and nothing converts it to a string.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS
#pragma GCC visibility push(default) /* all else stays inside the library */

/* No secret store gives more; Barbican's own default limit is 20,000 bytes. */
#define KEYMGR_SECRET_MAX_SIZE (1024 * 1024)

typedef struct KeymgrSecret KeymgrSecret;

/* A copy of the bytes; the caller wipes his own. Never fails for a size up to
 * KEYMGR_SECRET_MAX_SIZE; aborts beyond it. */
KeymgrSecret *keymgr_secret_new(gconstpointer data, gsize size);

/* A secret of so many zeroes, up to KEYMGR_SECRET_MAX_SIZE. *bytes: where its
 * maker writes the value, before anybody else sees it. */
KeymgrSecret *keymgr_secret_new_sized(gsize size, guint8 **bytes);

/* An empty secret that grows by keymgr_secret_append() up to max_size. */
KeymgrSecret *keymgr_secret_new_buffer(gsize max_size);

/* FALSE, and nothing appended, when it would pass max_size. */
gboolean keymgr_secret_append(KeymgrSecret *secret, gconstpointer data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

KeymgrSecret *keymgr_secret_ref(KeymgrSecret *secret);
/* Wipes the bytes with the last reference. NULL is fine. Thread safe. */
void keymgr_secret_unref(KeymgrSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrSecret, keymgr_secret_unref)

/* Valid as long as the secret is; not terminated by a NUL. */
const guint8 *keymgr_secret_data(const KeymgrSecret *secret);
gsize keymgr_secret_size(const KeymgrSecret *secret);

/* All parts, in order, as one secret. NULL when the sum passes
 * KEYMGR_SECRET_MAX_SIZE. */
KeymgrSecret *keymgr_secret_concat(KeymgrSecret *const *parts, gsize count);

/* In constant time for secrets of one size. */
gboolean keymgr_secret_equal(const KeymgrSecret *a, const KeymgrSecret *b);

/* Whether all secrets so far could be locked in memory, which RLIMIT_MEMLOCK
 * may forbid. */
gboolean keymgr_secret_all_locked(void);

/* What to tell the user when a secret could not be locked: once in a process,
 * and NULL from then on, and as long as all could be. */
const char *keymgr_secret_lock_warning(void);

#pragma GCC visibility pop
G_END_DECLS
