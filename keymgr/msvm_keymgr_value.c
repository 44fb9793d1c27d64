/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keymgr/keymgr_error.h"

static gboolean
fail_errno(const char *path, GError **error)
{
    int number = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: %s", path, g_strerror(number));
    return FALSE;
}

/* Until there is something to read, or its end. */
static gboolean
wait_for(int fd, const char *path, GCancellable *cancellable, GError **error)
{
    GPollFD waiting[2] = { { .fd = fd, .events = G_IO_IN } };
    gboolean can_cancel = g_cancellable_make_pollfd(cancellable, &waiting[1]);
    int ready;
    int number;

    do {
        ready = g_poll(waiting, can_cancel ? 2 : 1, -1);
        number = errno;
    } while (ready < 0 && number == EINTR);
    if (can_cancel)
        g_cancellable_release_fd(cancellable);
    errno = number;
    if (ready < 0)
        return fail_errno(path, error);
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

/* Appends what is there; *end: nothing more will come. */
static gboolean
read_some(int fd, const char *path, KeymgrSecret *value, gboolean *end, GError **error)
{
    char chunk[4096];
    ssize_t got = read(fd, chunk, sizeof(chunk));
    gboolean fits;

    *end = got == 0;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR || fail_errno(path, error);
    fits = keymgr_secret_append(value, chunk, (gsize)got);
    explicit_bzero(chunk, sizeof(chunk));
    if (!fits)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: more than %d bytes", path, KEYMGR_SECRET_MAX_SIZE);
    return fits;
}

KeymgrSecret *
msvm_keymgr_read(const char *path, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrSecret) value = keymgr_secret_new_buffer(KEYMGR_SECRET_MAX_SIZE);
    /* A named pipe would keep open() until somebody writes to it. */
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean good = fd >= 0 || fail_errno(path, error);
    gboolean end = FALSE;

    while (good && !end)
        good = wait_for(fd, path, cancellable, error) && read_some(fd, path, value, &end, error);
    if (fd > STDIN_FILENO)
        close(fd);
    return good ? g_steal_pointer(&value) : NULL;
}
