/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/hvsim.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_TIMEOUT_MS 30000
#define MAX_ANSWER (64u * 1024 * 1024)
/* Bigger than what one answer holds: pages end at the envelope. */
#define BATCH_SIZE 2000

struct Hvsim {
    GPid pid;
    char *folder;
    char *control;
    char *url;
    char *ca;
    WsmanClient *client;
    HypervHost *host;
};

static const char password[] = "Secret-1";

static gboolean give_credentials(char **user, char **pass, gpointer opaque, GError **error)
{
    *user = g_strdup("Administrator");
    *pass = g_strdup(password);
    return TRUE;
}

/* Reads the address that hvsim writes when it is ready. */
static char *read_line(int fd)
{
    GString *line = g_string_new(NULL);
    GPollFD poll_fd = { .fd = fd, .events = G_IO_IN };
    char c;

    while (g_poll(&poll_fd, 1, START_TIMEOUT_MS) > 0 && read(fd, &c, 1) == 1 && c != '\n')
        g_string_append_c(line, c);
    return g_string_free(line, line->len == 0);
}

static void die_with_parent(gpointer data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GPtrArray *make_arguments(Hvsim *sim, const char *password_file, gboolean tls, const char *const *extra,
                                 int ready_fd)
{
    const char *builddir = g_getenv("MSVM_BUILDDIR");
    const char *srcdir = g_getenv("MSVM_SRCDIR");
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(arguments, g_build_filename(builddir ? builddir : ".", "hvsim", NULL));
    g_ptr_array_add(arguments, g_strdup("--user=Administrator"));
    g_ptr_array_add(arguments, g_strdup_printf("--password-file=%s", password_file));
    g_ptr_array_add(arguments, g_strdup("--port=0"));
    g_ptr_array_add(arguments, g_strdup_printf("--schema=%s/sim/schema", srcdir ? srcdir : "."));
    g_ptr_array_add(arguments, g_strdup_printf("--control=%s", sim->control));
    g_ptr_array_add(arguments, g_strdup_printf("--ready-fd=%d", ready_fd));
    if (tls) {
        g_ptr_array_add(arguments, g_strdup_printf("--tls-dir=%s", sim->folder));
    } else {
        g_ptr_array_add(arguments, g_strdup("--http"));
        g_ptr_array_add(arguments, g_strdup("--allow-unencrypted"));
    }
    for (guint i = 0; extra && extra[i]; i++)
        g_ptr_array_add(arguments, g_strdup(extra[i]));
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static void spawn(Hvsim *sim, gboolean tls, const char *const *extra)
{
    g_autofree char *password_file = g_build_filename(sim->folder, "password", NULL);
    g_autoptr(GPtrArray) arguments = NULL;
    g_autoptr(GError) error = NULL;
    int ends[2];

    g_file_set_contents_full(password_file, password, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
    g_assert_no_error(error);
    g_assert_true(g_unix_open_pipe(ends, 0, &error));
    arguments = make_arguments(sim, password_file, tls, extra, ends[1]);
    g_spawn_async(NULL, (char **)arguments->pdata, NULL,
                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_STDOUT_TO_DEV_NULL,
                  die_with_parent, NULL, &sim->pid, &error);
    g_assert_no_error(error);
    close(ends[1]);
    sim->url = read_line(ends[0]);
    close(ends[0]);
}

Hvsim *hvsim_start(gboolean tls, const char *const *extra)
{
    Hvsim *sim = g_new0(Hvsim, 1);

    sim->folder = g_dir_make_tmp("hvsim-test-XXXXXX", NULL);
    sim->control = g_build_filename(sim->folder, "control", NULL);
    if (tls)
        sim->ca = g_build_filename(sim->folder, "ca.pem", NULL);
    spawn(sim, tls, extra);
    if (!sim->url) {
        fprintf(stderr, "hvsim did not start\n");
        hvsim_stop(sim);
        return NULL;
    }
    return sim;
}

static void remove_folder(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

void hvsim_stop(Hvsim *sim)
{
    if (sim->host)
        hyperv_host_unref(sim->host);
    if (sim->client)
        wsman_client_unref(sim->client);
    if (sim->pid > 0) {
        kill(sim->pid, SIGTERM);
        waitpid(sim->pid, NULL, 0);
    }
    remove_folder(sim->folder);
    g_free(sim->folder);
    g_free(sim->control);
    g_free(sim->url);
    g_free(sim->ca);
    g_free(sim);
}

WsmanClient *hvsim_client(Hvsim *sim)
{
    WsmanClientOptions options = { .url = sim->url, .auth = "basic", .cacert = sim->ca, .batch_size = BATCH_SIZE,
                                   .credentials = give_credentials };
    g_autoptr(GError) error = NULL;

    if (!sim->client) {
        sim->client = wsman_client_new(&options, &error);
        g_assert_no_error(error);
    }
    return sim->client;
}

HypervHost *hvsim_host(Hvsim *sim)
{
    g_autoptr(GError) error = NULL;

    if (!sim->host) {
        sim->host = hyperv_host_open(hvsim_client(sim), NULL, &error);
        g_assert_no_error(error);
    }
    return sim->host;
}

static int connect_control(Hvsim *sim)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(g_strlcpy(address.sun_path, sim->control, sizeof(address.sun_path)), <,
                     sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    return fd;
}

char *hvsim_control(Hvsim *sim, const char *method, const char *path, const char *body)
{
    g_autofree char *request = g_strdup_printf("%s %s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s", method, path,
                                               body ? strlen(body) : 0, body ? body : "");
    g_autoptr(GString) answer = g_string_new(NULL);
    char buffer[4096];
    const char *end;
    gssize n;
    int fd = connect_control(sim);

    g_assert_cmpint(write(fd, request, strlen(request)), ==, (gssize)strlen(request));
    while ((n = read(fd, buffer, sizeof(buffer))) > 0 && answer->len < MAX_ANSWER)
        g_string_append_len(answer, buffer, n);
    close(fd);
    g_assert_true(g_str_has_prefix(answer->str, "HTTP/1."));
    if (answer->str[9] != '2')
        g_error("%s %s %s: %s", method, path, body ? body : "", answer->str);
    end = strstr(answer->str, "\r\n\r\n");
    return g_strdup(end ? end + 4 : "");
}

void hvsim_inject(Hvsim *sim, const char *spec)
{
    g_free(hvsim_control(sim, "POST", "/fault", spec));
}

void hvsim_clear_faults(Hvsim *sim)
{
    g_free(hvsim_control(sim, "DELETE", "/fault", NULL));
}
