/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/keymgr_test.h"

#include <glib/gstdio.h>
#include <string.h>

GKeyFile *
keymgr_test_config(const char *text)
{
    GKeyFile *file = g_key_file_new();
    g_autoptr(GError) error = NULL;

    if (!g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, &error))
        fail_msg("the test's configuration: %s", error->message);
    return file;
}

Keymgr *
keymgr_test_new(const char *text)
{
    g_autoptr(GKeyFile) file = keymgr_test_config(text);
    g_autoptr(GError) error = NULL;
    Keymgr *keymgr = keymgr_new(file, NULL, &error);

    if (!keymgr)
        fail_msg("keymgr_new: %s", error->message);
    return keymgr;
}

void
keymgr_test_error(GError **error, KeymgrError code, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, "|", -1);
    gsize i;

    if (!*error)
        fail_msg("an error with '%s' was expected, none came", words);
    if ((*error)->domain != KEYMGR_ERROR || (*error)->code != (int)code)
        fail_msg("code %d was expected, this came: %s (%d): %s", code, g_quark_to_string((*error)->domain),
                 (*error)->code, (*error)->message);
    for (i = 0; list[i]; i++) {
        if (!strstr((*error)->message, list[i]))
            fail_msg("'%s' is missing in the message: %s", list[i], (*error)->message);
    }
    g_clear_error(error);
}

GPtrArray *
keymgr_test_list(Keymgr *keymgr, const char *name, GError **error)
{
    const KeymgrListOptions options = { .name = name };

    return keymgr_list(keymgr, &options, NULL, NULL, error);
}

void
keymgr_test_bytes(GPtrArray *secrets, guint index, gconstpointer bytes, gsize size)
{
    const KeymgrSecret *secret;

    assert_true(index < secrets->len);
    secret = g_ptr_array_index(secrets, index);
    assert_int_equal(keymgr_secret_size(secret), size);
    assert_memory_equal(keymgr_secret_data(secret), bytes, size);
}

void
keymgr_test_remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        keymgr_test_remove_tree(inner);
    }
    g_remove(path);
}

static guint
open_fds(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    while (folder && g_dir_read_name(folder))
        count++;
    return count;
}

static guint fds_before;

#define FDS_WAIT_US (5 * G_USEC_PER_SEC)

int
keymgr_test_count_fds(void **state)
{
    /* GLib's default context has one, for as long as the process. */
    g_main_context_wakeup(NULL);
    fds_before = open_fds();
    return 0;
}

int
keymgr_test_compare_fds(void **state)
{
    gint64 deadline = g_get_monotonic_time() + FDS_WAIT_US;
    guint after = open_fds();

    /* Threads of a server, or of a call that was given up, may be at their
     * end still. One more is that of the worker, where it started since. */
    for (; after > fds_before + 1 && g_get_monotonic_time() < deadline; after = open_fds())
        g_usleep(10 * G_TIME_SPAN_MILLISECOND);
    if (after <= fds_before + 1)
        return 0;
    print_error("%u file descriptors were open before, %u are now\n", fds_before, after);
    return -1;
}
