/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS for the server in the test's process, with a certificate of its own for
 * 127.0.0.1. A connection ends as the handler ends it: without the farewell
 * that TLS has for an honest end.
 */
#pragma once

#include <gio/gio.h>

typedef struct FakeTls FakeTls;

/* Writes its certificate to a file that clients may trust. */
FakeTls *fake_tls_new(void);
void fake_tls_free(FakeTls *tls);
const char *fake_tls_ca_file(const FakeTls *tls);

/* Shakes hands on an accepted connection; the plain side of it, whose bytes a
 * thread carries. NULL when the client did not agree. */
GIOStream *fake_tls_accept(FakeTls *tls, GSocketConnection *connection);
