/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of hvsim.
 */
#pragma once

#include "sim/host.h"
#include "sim/wire_service.h"

#define SIM_MAX_MACHINES 10000

typedef struct {
    char *listen;
    guint port;
    gboolean http;
    gboolean allow_unencrypted;
    char *tls_cert, *tls_key, *tls_dir;
    GPtrArray *tls_names; /* of text, NULL-terminated */
    char *user, *password_file;
    char *schema, *name, *host_version, *ui_language;
    SimGuardMode guard_mode;
    guint attestation, provisioning_ms;
    gboolean shielded_tools, hgs_rights;
    SimGuardianKind guardian;
    char *fabric, *without_switch;
    guint machines, job_ms, latency;
    guint max_envelope_kb, enumeration_ms, max_operations;
    WireBytes bytes;
    GPtrArray *faults; /* of text */
    GPtrArray *peers;  /* of text, NULL-terminated */
    gboolean migration;
    guint migration_ms;
    char *log, *control;
    int ready_fd;      /* -1: none */
} SimOptions;

typedef enum {
    SIM_OPTIONS_RUN,
    SIM_OPTIONS_DONE,  /* --help or --version was printed */
    SIM_OPTIONS_WRONG, /* a message was printed */
} SimOptionsResult;

SimOptionsResult sim_options_read(SimOptions *options, int argc, char **argv);
void sim_options_clear(SimOptions *options);
