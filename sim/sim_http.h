/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HTTP side of the simulated host: POST /wsman over TLS or in the clear,
 * with authentication, limits, latency and faults on demand.
 */
#pragma once

#include "sim/sim_auth.h"
#include "sim/sim_inject.h"
#include "sim/sim_log.h"
#include "sim/sim_tls.h"
#include "sim/wire_service.h"

#define SIM_HTTP_MAX_CONNECTIONS 300 /* MaxConnections of a real host */
#define SIM_HTTP_IDLE_SECONDS 120    /* MaxPacketRetrievalTimeSeconds */

/* Everything is borrowed and must outlive the server. */
typedef struct {
    SimHost *host;
    WireService *service;
    SimAuth *auth;
    SimInject *inject;
    SimLog *log;
    const SimTls *tls;         /* NULL: plain HTTP */
    gboolean allow_unencrypted;
    gsize max_body;            /* bytes of a request */
    const char *address;       /* numeric, or a name of this machine */
    guint16 port;              /* 0: any */
} SimHttpOptions;

typedef struct SimHttp SimHttp;

SimHttp *sim_http_start(const SimHttpOptions *options, GError **error);
/* Ends every wait and connection. */
void sim_http_stop(SimHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHttp, sim_http_stop)
guint16 sim_http_port(const SimHttp *http);
/* Milliseconds that every request takes longer. */
void sim_http_set_latency(SimHttp *http, guint milliseconds);
guint sim_http_latency(SimHttp *http);
/* Requests that a stall holds up now. */
guint sim_http_held(SimHttp *http);
