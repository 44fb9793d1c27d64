/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_control.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LATENCY_MS 600000
#define HTTP_TOO_LARGE 413 /* the name changed between versions of the library */

struct SimControl {
    SimControlOptions options;
    char *path;
    struct MHD_Daemon *daemon;
};

typedef struct {
    GString *body;
    gboolean too_large;
    gboolean quit; /* once it is answered */
} Call;

/* Each gives the status, and the text of the answer in *out (may stay NULL). */
typedef guint (*Handler)(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out);

static char *
json_text(json_object *object)
{
    char *text = g_strconcat(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
                                                            JSON_C_TO_STRING_NOSLASHESCAPE), "\n", NULL);

    json_object_put(object);
    return text;
}

static guint64
argument(struct MHD_Connection *mhd, const char *name)
{
    const char *text = MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, name);

    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static guint
get_health(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    json_object *object = json_object_new_object();

    json_object_object_add(object, "status", json_object_new_string("ok"));
    json_object_object_add(object, "port", json_object_new_int(sim_http_port(control->options.http)));
    json_object_object_add(object, "latency", json_object_new_int((int)sim_http_latency(control->options.http)));
    json_object_object_add(object, "held", json_object_new_int((int)sim_http_held(control->options.http)));
    *out = json_text(object);
    return MHD_HTTP_OK;
}

static guint
get_state(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    *out = json_text(sim_host_dump(control->options.host, argument(mhd, "volatile") != 0));
    return MHD_HTTP_OK;
}

static guint
get_log(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    *out = sim_log_since(control->options.log, argument(mhd, "since"));
    return MHD_HTTP_OK;
}

static guint
get_counters(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    json_object *object = sim_log_counters(control->options.log);
    guint open = wire_service_open_enumerations(control->options.service);

    json_object_object_add(object, "openEnumerations", json_object_new_int((int)open));
    *out = json_text(object);
    return MHD_HTTP_OK;
}

static guint
reset_counters(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    sim_log_reset_counters(control->options.log);
    return MHD_HTTP_NO_CONTENT;
}

static guint
post_fault(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    g_autofree char *spec = g_strstrip(g_strdup(call->body->str));
    g_autoptr(GError) error = NULL;

    if (sim_inject_add(control->options.inject, spec, &error))
        return MHD_HTTP_NO_CONTENT;
    *out = g_strconcat(error->message, "\n", NULL);
    return MHD_HTTP_BAD_REQUEST;
}

/* A machine that another simulated host sends, or asks about. */
static guint
take_machine(SimControl *control, const Call *call, gboolean only_check, char **out)
{
    *out = sim_host_receive(control->options.host, call->body->str, only_check);
    return *out ? MHD_HTTP_CONFLICT : MHD_HTTP_NO_CONTENT;
}

static guint
post_migration_check(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    return take_machine(control, call, TRUE, out);
}

static guint
post_migration(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    return take_machine(control, call, FALSE, out);
}

static guint
delete_fault(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    sim_inject_clear(control->options.inject);
    return MHD_HTTP_NO_CONTENT;
}

static guint
post_latency(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    g_autofree char *text = g_strstrip(g_strdup(call->body->str));
    guint64 milliseconds;

    if (!g_ascii_string_to_unsigned(text, 10, 0, MAX_LATENCY_MS, &milliseconds, NULL)) {
        *out = g_strdup("a number of milliseconds is expected\n");
        return MHD_HTTP_BAD_REQUEST;
    }
    sim_http_set_latency(control->options.http, (guint)milliseconds);
    return MHD_HTTP_NO_CONTENT;
}

static guint
post_machine(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    const char *name = MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, "name");
    SimPreparation preparation = {
        .checkpoint = argument(mhd, "checkpoint") != 0,
        .ksd = argument(mhd, "ksd") != 0,
        .tpm_off = argument(mhd, "tpm-off") != 0,
        .version = MHD_lookup_connection_value(mhd, MHD_GET_ARGUMENT_KIND, "version"),
        .notes = call->body->len > 0 ? call->body->str : NULL,
    };

    if (name && sim_host_prepare_machine(control->options.host, name, &preparation))
        return MHD_HTTP_NO_CONTENT;
    *out = g_strdup("there is no such machine\n");
    return MHD_HTTP_NOT_FOUND;
}

/* The path is the body. */
static guint
post_disk(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    if (sim_host_prepare_disk(control->options.host, g_strstrip(call->body->str)))
        return MHD_HTTP_NO_CONTENT;
    *out = g_strdup("there is one already, or that is not the path of a .vhdx\n");
    return MHD_HTTP_CONFLICT;
}

static guint
post_power_loss(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    sim_host_lose_power(control->options.host);
    return MHD_HTTP_NO_CONTENT;
}

static guint
post_quit(SimControl *control, struct MHD_Connection *mhd, Call *call, char **out)
{
    call->quit = TRUE;
    return MHD_HTTP_NO_CONTENT;
}

static const struct {
    const char *method;
    const char *path;
    Handler handler;
} routes[] = {
    { "GET", "/health", get_health },
    { "GET", "/state", get_state },
    { "GET", "/log", get_log },
    { "GET", "/counters", get_counters },
    { "POST", "/counters/reset", reset_counters },
    { "POST", "/fault", post_fault },
    { "DELETE", "/fault", delete_fault },
    { "POST", "/latency", post_latency },
    { "POST", "/machine", post_machine },
    { "POST", "/disk", post_disk },
    { "POST", "/power-loss", post_power_loss },
    { "POST", "/migration/check", post_migration_check },
    { "POST", "/migration/receive", post_migration },
    { "POST", "/quit", post_quit },
};

static guint
dispatch(SimControl *control, struct MHD_Connection *mhd, const char *method, const char *url, Call *call,
         char **out)
{
    guint status = MHD_HTTP_NOT_FOUND;

    if (call->too_large)
        return HTTP_TOO_LARGE;
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
        if (strcmp(url, routes[i].path) != 0)
            continue;
        status = MHD_HTTP_METHOD_NOT_ALLOWED;
        if (strcmp(method, routes[i].method) == 0)
            return routes[i].handler(control, mhd, call, out);
    }
    return status;
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
           const char *upload, size_t *upload_size, void **slot)
{
    SimControl *control = data;
    Call *call = *slot;
    struct MHD_Response *response;
    enum MHD_Result result;
    char *out = NULL;
    guint status;

    if (!call) {
        call = *slot = g_new0(Call, 1);
        call->body = g_string_new(NULL);
        return MHD_YES;
    }
    if (*upload_size) {
        gsize limit = g_str_has_prefix(url, "/migration/") ? SIM_CONTROL_MAX_MACHINE : SIM_CONTROL_MAX_BODY;

        call->too_large = call->too_large || call->body->len + *upload_size > limit;
        if (!call->too_large)
            g_string_append_len(call->body, upload, (gssize)*upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    status = dispatch(control, mhd, method, url, call, &out);
    response = MHD_create_response_from_buffer_with_free_callback(out ? strlen(out) : 0, out, g_free);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, out && strchr("[{", *out) ? "application/json"
                                                                                             : "text/plain");
    result = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return result;
}

static void
on_completed(void *data, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code)
{
    SimControl *control = data;
    Call *call = *slot;

    if (!call)
        return;
    if (call->quit)
        control->options.quit(control->options.quit_data);
    g_string_free(call->body, TRUE);
    g_free(call);
    *slot = NULL;
}

/* --- the socket --------------------------------------------------------------------- */

/* Whether somebody answers at the socket; one that is left over may go. */
static gboolean
is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

static int
listen_on(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    mode_t mask;
    int fd, code;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, "control socket %s: the path is too long", path);
        return -1;
    }
    if (is_alive(&address)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "control socket %s: in use", path);
        return -1;
    }
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mask = umask(0177);
    code = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (code < 0 || listen(fd, 16) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "control socket %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

SimControl *
sim_control_start(const SimControlOptions *options, GError **error)
{
    SimControl *control;
    int fd = listen_on(options->path, error);

    if (fd < 0)
        return NULL;
    control = g_new0(SimControl, 1);
    control->options = *options;
    control->path = g_strdup(options->path);
    control->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request,
                                       control, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
                                       on_completed, control, MHD_OPTION_CONNECTION_TIMEOUT, 60, MHD_OPTION_END);
    if (!control->daemon) {
        close(fd);
        sim_control_stop(control);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot start the control server");
        return NULL;
    }
    return control;
}

void
sim_control_stop(SimControl *control)
{
    if (!control)
        return;
    if (control->daemon)
        MHD_stop_daemon(control->daemon);
    unlink(control->path);
    g_free(control->path);
    g_free(control);
}
