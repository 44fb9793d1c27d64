/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other simulated hosts that this one knows by name, each behind its control
 * socket: machines migrate to them.
 */
#pragma once

#include <glib.h>

#define SIM_PEER_MAX_ANSWER (64 * 1024)
#define SIM_PEER_TIMEOUT_SECONDS 5

typedef struct SimPeers SimPeers;

/* specs: NAME=SOCKET each, as sim_peer_is_spec() takes them. */
SimPeers *sim_peers_new(const char *const *specs);
void sim_peers_free(SimPeers *peers);
gboolean sim_peer_is_spec(const char *spec);

/* For SimHostOptions.peer; data is the SimPeers. A fully qualified name finds
 * the host by its first label, too. */
char *sim_peers_ask(gpointer data, const char *name, const char *path, const char *body, gboolean *refused,
                    GError **error);
