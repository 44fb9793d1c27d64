/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hvsim: a Hyper-V host that is not there.
 */
#include <glib-unix.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/sim_control.h"
#include "sim/sim_options.h"
#include "sim/sim_peer.h"

/* Everything that runs, in the order in which it is made. */
typedef struct {
    SimPeers *peers;
    SimHost *host;
    WireService *service;
    SimAuth *auth;
    SimInject *inject;
    SimLog *log;
    SimTls *tls;
    SimHttp *http;
    SimControl *control;
    GMainLoop *loop;
} Program;

static void
quit(gpointer loop)
{
    g_main_loop_quit(loop);
}

static gboolean
on_signal(gpointer loop)
{
    quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
start_host(Program *program, const SimOptions *options, GError **error)
{
    SimHostOptions host = {
        .schema_folder = options->schema,
        .name = options->name,
        .version = options->host_version,
        .guard_mode = options->guard_mode,
        .attestation = options->attestation,
        .provisioning_ms = options->provisioning_ms,
        .no_msps = !options->shielded_tools,
        .no_hgs_rights = !options->hgs_rights,
        .guardian = options->guardian,
        .fabric = options->fabric,
        .without_switch = options->without_switch,
        .n_machines = options->machines,
        .job_ms = options->job_ms,
        .ui_language = options->ui_language,
        .migration_ms = options->migration_ms,
        .migration_address = options->migration ? options->listen : NULL,
        .peer = sim_peers_ask,
    };
    WireServiceOptions service = {
        .bytes = options->bytes,
        .max_envelope = (gsize)options->max_envelope_kb * 1024,
        .enumeration_ms = options->enumeration_ms,
        .max_operations = options->max_operations,
        .ui_language = options->ui_language,
        .basic = TRUE,
        .allow_unencrypted = options->allow_unencrypted,
    };

    program->peers = sim_peers_new((const char *const *)options->peers->pdata);
    host.peer_data = program->peers;
    program->host = sim_host_new(&host, error);
    if (!program->host)
        return FALSE;
    program->service = wire_service_new(program->host, &service);
    return TRUE;
}

static gboolean
start_tls(Program *program, const SimOptions *options, GError **error)
{
    if (options->http)
        return TRUE;
    if (options->tls_cert)
        program->tls = sim_tls_load(options->tls_cert, options->tls_key, error);
    else
        program->tls = sim_tls_make(options->tls_dir, (const char *const *)options->tls_names->pdata, error);
    return program->tls != NULL;
}

static gboolean
start_faults(Program *program, const SimOptions *options, GError **error)
{
    program->inject = sim_inject_new();
    for (guint i = 0; i < options->faults->len; i++) {
        if (!sim_inject_add(program->inject, options->faults->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
start_http(Program *program, const SimOptions *options, GError **error)
{
    SimHttpOptions http = {
        .host = program->host,
        .service = program->service,
        .auth = program->auth,
        .inject = program->inject,
        .log = program->log,
        .tls = program->tls,
        .allow_unencrypted = options->allow_unencrypted,
        .max_body = (gsize)options->max_envelope_kb * 1024,
        .address = options->listen,
        .port = (guint16)options->port,
    };

    program->http = sim_http_start(&http, error);
    if (!program->http)
        return FALSE;
    sim_http_set_latency(program->http, options->latency);
    return TRUE;
}

static gboolean
start_control(Program *program, const SimOptions *options, GError **error)
{
    SimControlOptions control = {
        .path = options->control,
        .host = program->host,
        .inject = program->inject,
        .log = program->log,
        .http = program->http,
        .service = program->service,
        .quit = quit,
        .quit_data = program->loop,
    };

    if (!options->control)
        return TRUE;
    program->control = sim_control_start(&control, error);
    return program->control != NULL;
}

static gboolean
start(Program *program, const SimOptions *options, GError **error)
{
    program->loop = g_main_loop_new(NULL, FALSE);
    program->auth = sim_auth_new(options->user, options->password_file, error);
    program->log = program->auth ? sim_log_new(options->log, error) : NULL;
    return program->log && start_faults(program, options, error) && start_tls(program, options, error) &&
        start_host(program, options, error) && start_http(program, options, error) &&
        start_control(program, options, error);
}

static void
stop(Program *program)
{
    /* No request, and nobody who asks, while the rest goes away. */
    sim_control_stop(program->control);
    sim_http_stop(program->http);
    wire_service_free(program->service);
    if (program->host)
        sim_host_free(program->host);
    sim_peers_free(program->peers);
    sim_tls_free(program->tls);
    sim_inject_free(program->inject);
    sim_log_free(program->log);
    sim_auth_free(program->auth);
    g_main_loop_unref(program->loop);
}

static void
say_ready(const Program *program, const SimOptions *options)
{
    gboolean bracket = strchr(options->listen, ':') != NULL;
    g_autofree char *url = g_strdup_printf("%s://%s%s%s:%u/wsman", options->http ? "http" : "https",
                                           bracket ? "[" : "", options->listen, bracket ? "]" : "",
                                           sim_http_port(program->http));

    printf("hvsim: listening on %s\n", url);
    fflush(stdout);
    if (options->ready_fd >= 0) {
        dprintf(options->ready_fd, "%s\n", url);
        close(options->ready_fd);
    }
}

int
main(int argc, char **argv)
{
    SimOptions options;
    Program program = { 0 };
    g_autoptr(GError) error = NULL;
    SimOptionsResult wish = sim_options_read(&options, argc, argv);
    int status = wish == SIM_OPTIONS_WRONG ? 2 : 0;

    if (wish == SIM_OPTIONS_RUN) {
        xmlInitParser();
        signal(SIGPIPE, SIG_IGN);
        if (start(&program, &options, &error)) {
            guint term = g_unix_signal_add(SIGTERM, on_signal, program.loop);
            guint interrupt = g_unix_signal_add(SIGINT, on_signal, program.loop);

            say_ready(&program, &options);
            g_main_loop_run(program.loop);
            g_source_remove(term);
            g_source_remove(interrupt);
        } else {
            fprintf(stderr, "hvsim: %s\n", error->message);
            status = 1;
        }
        stop(&program);
        xmlCleanupParser();
    }
    sim_options_clear(&options);
    return status;
}
