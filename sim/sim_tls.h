/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's certificate: from files, or from a certification authority made
 * for the purpose in a folder:
 *
 *   DIR/ca.pem      what clients are to trust
 *   DIR/server.pem  the server's certificate
 *   DIR/server.key  its private key, readable for the owner only
 *
 * A folder that has them already, for all the names and not expired, is used
 * as it is.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *certificate; /* PEM */
    char *key;         /* PEM; wiped when freed */
} SimTls;

SimTls *sim_tls_load(const char *certificate_file, const char *key_file, GError **error);
/* names: DNS names and addresses, NULL-terminated, at least one. */
SimTls *sim_tls_make(const char *folder, const char *const *names, GError **error);
void sim_tls_free(SimTls *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTls, sim_tls_free)
