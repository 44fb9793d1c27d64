/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control socket: HTTP on a Unix socket, for tests and demonstrations.
 *
 *   GET /health                    GET /state[?volatile=1]
 *   GET /log[?since=SEQ]           GET /counters   POST /counters/reset
 *   POST /fault (a specification)  DELETE /fault
 *   POST /latency (milliseconds)   POST /quit
 *   POST /machine?name=...         POST /disk (a path)
 *   POST /power-loss
 *   POST /migration/check          POST /migration/receive (from another hvsim)
 */
#pragma once

#include "sim/sim_http.h"

#define SIM_CONTROL_MAX_BODY 65536
#define SIM_CONTROL_MAX_MACHINE (16 * 1024 * 1024) /* of a machine on its way */

typedef struct {
    const char *path;
    SimHost *host;
    SimInject *inject;
    SimLog *log;
    SimHttp *http;
    WireService *service;
    void (*quit)(gpointer data); /* called on another thread */
    gpointer quit_data;
} SimControlOptions;

typedef struct SimControl SimControl;

/* Only the owner may connect. A socket that nobody listens on is replaced. */
SimControl *sim_control_start(const SimControlOptions *options, GError **error);
void sim_control_stop(SimControl *control); /* removes the socket */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimControl, sim_control_stop)
