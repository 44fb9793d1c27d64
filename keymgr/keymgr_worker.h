/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls into libraries that can neither be cancelled nor be given a time
 * limit, such as libvirt's and those of PKCS#11 modules. Each runs in a
 * thread of its own, which the caller stops waiting for when time is over.
 */
#pragma once

#include <gio/gio.h>

/* Calls of one store that nobody waits for any more and that have not come
 * back. With so many of them no further one is begun. */
#define KEYMGR_WORKER_MAX_LOST 16

/* What the threads of one store share. */
typedef struct KeymgrWorkers KeymgrWorkers;

/* thread_name: static. description: of the store, for messages; copied. */
KeymgrWorkers *keymgr_workers_new(const char *thread_name, const char *description);
KeymgrWorkers *keymgr_workers_ref(KeymgrWorkers *workers);
void keymgr_workers_unref(KeymgrWorkers *workers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrWorkers, keymgr_workers_unref)

typedef struct {
    /* Runs in the thread. left: cancelled when the caller has gone; what is
     * not begun by then need not be. */
    gpointer (*work)(gpointer data, GCancellable *left, GError **error);
    GDestroyNotify free_result;
    /* Runs in the thread, for a result that came after the caller had gone:
     * takes back what the work did. NULL: there is nothing to take back. */
    void (*undo)(gpointer data, gpointer result);
    GDestroyNotify free_data; /* or NULL */
} KeymgrWork;

/* Returns what work returned, or NULL.
 * data: taken over, and freed with work->free_data when thread and caller are
 * done with it.
 * work: static.
 * deadline: of g_get_monotonic_time(); past it KEYMGR_ERROR_TIMEOUT. */
gpointer keymgr_worker_run(KeymgrWorkers *workers, const KeymgrWork *work, gpointer data, gint64 deadline,
                           GCancellable *cancellable, GError **error);
