/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does what it is told, a line at a time, so that tests/keymgr/test-custody
 * can look into its memory in between:
 *
 *   open FILE        reads a configuration
 *   fetch REFERENCE  fetches a secret and keeps it
 *   cancel REFERENCE fetches a secret, cancelled after 50 ms
 *   drop             frees what was fetched
 *   close            frees the key manager
 *
 * It answers each with "ok" or with the error's message.
 */
#include <stdio.h>
#include <string.h>

#include "keymgr/keymgr.h"

static Keymgr *keymgr;
static GPtrArray *secrets;

static gboolean
do_open(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error))
        return FALSE;
    keymgr = keymgr_new(file, NULL, error);
    return keymgr != NULL;
}

static gpointer
cancel_soon(gpointer cancellable)
{
    g_usleep(50000);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static gboolean
do_fetch(const char *reference, gboolean cancel, GError **error)
{
    const char *const references[] = { reference, reference, NULL };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = cancel ? g_thread_new("cancel", cancel_soon, cancellable) : NULL;

    secrets = keymgr_fetch(keymgr, references, cancellable, error);
    if (thread)
        g_thread_join(thread);
    return secrets != NULL;
}

static gboolean
obey(const char *word, const char *argument, GError **error)
{
    if (strcmp(word, "open") == 0)
        return do_open(argument, error);
    if (strcmp(word, "fetch") == 0 || strcmp(word, "cancel") == 0)
        return do_fetch(argument, *word == 'c', error);
    if (strcmp(word, "drop") == 0)
        g_clear_pointer(&secrets, g_ptr_array_unref);
    else
        g_clear_pointer(&keymgr, keymgr_unref);
    return TRUE;
}

int
main(void)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 2);
        g_autoptr(GError) error = NULL;

        if (!words[0])
            continue;
        if (obey(words[0], words[1], &error))
            puts("ok");
        else
            puts(error->message);
        fflush(stdout);
    }
    return 0;
}
