/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does what it is told, a line at a time, so that tests/keymgr/test-custody
 * can look into its memory in between:
 *
 *   open FILE           reads a configuration
 *   fetch REFERENCE     fetches a secret, twice, and keeps it
 *   cancel REFERENCE    the same, cancelled when the next line comes
 *   describe REFERENCE, list, check
 *   store FILE          stores what a file holds
 *   bare                stores a secret without a value
 *   set FILE            gives that one the value that a file holds
 *   consumers REFERENCE registers a consumer, lists and removes it
 *   metadata REFERENCE  sets metadata, and reads them
 *   delete              deletes what was stored last
 *   drop                frees what was fetched
 *   close               frees the key manager
 *   fork                starts a child that does nothing
 *   reap                ends it
 *   abort
 *
 * It answers each with "ok", after fork with the child's number too, or with
 * the error's message. What is logged goes to standard error.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "keymgr/keymgr.h"

static Keymgr *keymgr;
static GPtrArray *secrets;
static char *stored;
static pid_t child;

static gboolean
do_open(const char *path, GError **error)
{
    keymgr = keymgr_open(path, error);
    return keymgr != NULL;
}

static gboolean
do_fetch(const char *reference, GError **error)
{
    const char *const references[] = { reference, reference, NULL };

    secrets = keymgr_fetch(keymgr, references, NULL, error);
    return secrets != NULL;
}

static gpointer
cancel_when_told(gpointer cancellable)
{
    char line[16];

    if (!fgets(line, sizeof(line), stdin))
        return NULL;
    g_cancellable_cancel(cancellable);
    return NULL;
}

static gboolean
do_cancel(const char *reference, GError **error)
{
    const char *const references[] = { reference, NULL };
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *thread = g_thread_new("cancel", cancel_when_told, cancellable);

    secrets = keymgr_fetch(keymgr, references, cancellable, error);
    g_thread_join(thread);
    return secrets != NULL;
}

static gboolean
do_describe(const char *reference, GError **error)
{
    g_autoptr(KeymgrInfo) info = keymgr_describe(keymgr, reference, NULL, error);

    return info != NULL;
}

static gboolean
do_list(const char *argument, GError **error)
{
    g_autoptr(GPtrArray) infos = keymgr_list(keymgr, NULL, NULL, NULL, error);

    return infos != NULL;
}

static gboolean
do_check(const char *argument, GError **error)
{
    g_autofree char *reached = keymgr_check(keymgr, NULL, error);

    return reached != NULL;
}

static KeymgrSecret *
read_value(const char *path)
{
    KeymgrSecret *value = keymgr_secret_new_buffer(KEYMGR_SECRET_MAX_SIZE);
    guint8 chunk[4096];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && (got = read(fd, chunk, sizeof(chunk))) > 0)
        g_assert_true(keymgr_secret_append(value, chunk, (gsize)got));
    explicit_bzero(chunk, sizeof(chunk));
    if (fd >= 0)
        close(fd);
    return value;
}

static gboolean
store(KeymgrSecret *value, GError **error)
{
    const KeymgrNewSecret description = { .name = "custody" };

    g_free(stored);
    stored = keymgr_store(keymgr, &description, value, NULL, error);
    return stored != NULL;
}

static gboolean
do_store(const char *path, GError **error)
{
    g_autoptr(KeymgrSecret) value = read_value(path);

    return store(value, error);
}

static gboolean
do_bare(const char *argument, GError **error)
{
    return store(NULL, error);
}

static gboolean
do_set(const char *path, GError **error)
{
    g_autoptr(KeymgrSecret) value = read_value(path);

    return keymgr_set_payload(keymgr, stored ? stored : "nothing was stored", value, NULL, error);
}

static gboolean
do_consumers(const char *reference, GError **error)
{
    const char *const references[] = { reference, NULL };
    const KeymgrConsumer consumer = { (char *)"custody", (char *)"domain",
                                      (char *)"0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0" };
    g_autoptr(GPtrArray) there = NULL;

    if (!keymgr_add_consumer(keymgr, references, &consumer, NULL, error))
        return FALSE;
    there = keymgr_list_consumers(keymgr, reference, NULL, error);
    return there && keymgr_remove_consumer(keymgr, references, &consumer, NULL, error);
}

static gboolean
do_metadata(const char *reference, GError **error)
{
    const char *const references[] = { reference, NULL };
    g_autoptr(GHashTable) metadata = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) all = NULL;

    g_hash_table_insert(metadata, (gpointer)"custody", (gpointer)"looked after");
    if (!keymgr_set_metadata(keymgr, reference, metadata, NULL, error))
        return FALSE;
    all = keymgr_get_metadata(keymgr, references, NULL, error);
    return all != NULL;
}

static gboolean
do_delete(const char *argument, GError **error)
{
    return keymgr_delete(keymgr, stored ? stored : "nothing was stored", NULL, error);
}

static gboolean
do_drop(const char *argument, GError **error)
{
    g_clear_pointer(&secrets, g_ptr_array_unref);
    return TRUE;
}

static gboolean
do_close(const char *argument, GError **error)
{
    g_clear_pointer(&keymgr, keymgr_unref);
    return TRUE;
}

static gboolean
do_fork(const char *argument, GError **error)
{
    child = fork();
    if (child == 0) {
        while (TRUE)
            pause();
    }
    return child > 0;
}

static gboolean
do_reap(const char *argument, GError **error)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    child = 0;
    return TRUE;
}

static gboolean
do_abort(const char *argument, GError **error)
{
    abort();
}

static const struct {
    const char *word;
    gboolean (*obey)(const char *argument, GError **error);
} commands[] = {
    { "open", do_open },     { "fetch", do_fetch }, { "cancel", do_cancel }, { "describe", do_describe },
    { "list", do_list },     { "check", do_check }, { "store", do_store },   { "delete", do_delete },
    { "drop", do_drop },     { "close", do_close }, { "fork", do_fork },     { "reap", do_reap },
    { "abort", do_abort },   { "bare", do_bare },   { "set", do_set },       { "consumers", do_consumers },
    { "metadata", do_metadata },
};

static void
obey(const char *word, const char *argument)
{
    g_autoptr(GError) error = NULL;
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(word, commands[i].word) != 0)
            continue;
        if (!commands[i].obey(argument, &error))
            puts(error ? error->message : g_strerror(errno));
        else if (child > 0)
            printf("ok %d\n", (int)child);
        else
            puts("ok");
        return;
    }
    puts("no such command");
}

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

int
main(void)
{
    char line[4096];

    virSetErrorFunc(NULL, ignore_error);
    g_log_writer_default_set_use_stderr(TRUE);
    /* As in a program with libvirt, which has initialised libcurl already. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    while (fgets(line, sizeof(line), stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 2);

        if (words[0])
            obey(words[0], words[1]);
        fflush(stdout);
    }
    return 0;
}
