/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_peer.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

struct SimPeers {
    char **specs;
};

gboolean
sim_peer_is_spec(const char *spec)
{
    const char *equals = strchr(spec, '=');

    return equals && equals > spec && equals[1] && !strpbrk(spec, "\\\" ");
}

SimPeers *
sim_peers_new(const char *const *specs)
{
    SimPeers *peers = g_new0(SimPeers, 1);

    peers->specs = g_strdupv((char **)specs);
    return peers;
}

void
sim_peers_free(SimPeers *peers)
{
    if (!peers)
        return;
    g_strfreev(peers->specs);
    g_free(peers);
}

/* The socket's path; borrowed. NULL: no such host. */
static const char *
find(const SimPeers *peers, const char *name)
{
    gsize full = strlen(name), label = strcspn(name, ".");

    for (guint i = 0; peers->specs[i]; i++) {
        const char *equals = strchr(peers->specs[i], '=');
        gsize length = (gsize)(equals - peers->specs[i]);

        if ((length == full || length == label) && g_ascii_strncasecmp(peers->specs[i], name, length) == 0)
            return equals + 1;
    }
    return NULL;
}

static void
set_errno(GError **error, const char *what, int code)
{
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s", what, g_strerror(code));
}

static int
open_socket(const char *path, GError **error)
{
    struct timeval limit = { .tv_sec = SIM_PEER_TIMEOUT_SECONDS };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = -1, code = ENAMETOOLONG;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) < sizeof(address.sun_path)) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        code = errno;
    }
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    set_errno(error, path, fd >= 0 ? errno : code);
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean
send_all(int fd, const char *data, gsize size, GError **error)
{
    while (size > 0) {
        gssize sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            set_errno(error, "sending to the other host", errno);
            return FALSE;
        }
        data += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

/* Up to the end of the connection. */
static char *
receive_all(int fd, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];

    while (text->len <= SIM_PEER_MAX_ANSWER) {
        gssize got = recv(fd, buffer, sizeof(buffer), 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            set_errno(error, "waiting for the other host", errno);
            return NULL;
        }
        if (got == 0)
            return g_string_free(g_steal_pointer(&text), FALSE);
        g_string_append_len(text, buffer, got);
    }
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "the other host's answer is too long");
    return NULL;
}

/* 2xx: taken; 409: refused, for the reason in the body. */
static char *
read_answer(const char *answer, gboolean *refused, GError **error)
{
    guint64 status = g_str_has_prefix(answer, "HTTP/1.") ? g_ascii_strtoull(answer + strlen("HTTP/1.x "), NULL, 10)
                                                         : 0;
    const char *body = strstr(answer, "\r\n\r\n");

    *refused = status == 409;
    if (body && (*refused || (status >= 200 && status < 300)))
        return g_strchomp(g_strdup(body + strlen("\r\n\r\n")));
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the other host answers with status %u", (guint)status);
    return NULL;
}

char *
sim_peers_ask(gpointer data, const char *name, const char *path, const char *body, gboolean *refused, GError **error)
{
    const char *socket_path = find(data, name);
    g_autofree char *head = NULL;
    g_autofree char *answer = NULL;
    int fd;

    if (!socket_path) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND, "no host is called %s", name);
        return NULL;
    }
    fd = open_socket(socket_path, error);
    if (fd < 0)
        return NULL;
    head = g_strdup_printf("POST %s HTTP/1.0\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n", path, name, strlen(body));
    if (send_all(fd, head, strlen(head), error) && send_all(fd, body, strlen(body), error))
        answer = receive_all(fd, error);
    close(fd);
    return answer ? read_answer(answer, refused, error) : NULL;
}
