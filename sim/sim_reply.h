/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An HTTP answer on its way out, whole or with a fault of the transport.
 */
#pragma once

#include <glib.h>
#include <microhttpd.h>

#include "sim/sim_inject.h"

#define SIM_REPLY_HUGE_LIMIT (G_GUINT64_CONSTANT(4) << 30) /* bytes of an answer without end */

/* A wait that the end of the server cuts short. */
typedef struct {
    GMutex lock;
    GCond changed;
    gboolean stopping;
} SimWait;

void sim_wait_init(SimWait *wait);
void sim_wait_clear(SimWait *wait);
void sim_wait_stop(SimWait *wait);
/* FALSE when the server is stopping. */
gboolean sim_wait_for(SimWait *wait, guint64 milliseconds);

typedef struct {
    guint status;
    GString *body;            /* taken over; NULL: empty */
    const char *content_type; /* NULL: none */
    gboolean close;           /* with Connection: close */
    const char *const *challenges; /* WWW-Authenticate headers, or NULL */
    char *challenge;          /* another one, first; taken over */
    SimInjectAction effect;   /* of the transport: *_MID, TRUNCATE, HUGE; taken over */
} SimReply;

/* Queues the answer. wait must outlive the connection. */
enum MHD_Result sim_reply_send(SimReply *reply, struct MHD_Connection *connection, SimWait *wait);
/* Bytes of the status line and the headers that will be sent. */
guint64 sim_reply_header_size(const SimReply *reply);
void sim_reply_clear(SimReply *reply);
/* Breaks the TCP connection with a reset, at once. */
void sim_reply_reset(struct MHD_Connection *connection);
