/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates for tests, made when they are needed.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

typedef struct TlsIdentity TlsIdentity;

/* A certificate for dns_name (and for 127.0.0.1 when that is "localhost"),
 * valid from and to that many days from now, signed by an authority of its own. */
TlsIdentity *tls_identity_new(const char *dns_name, int from_days, int to_days);
void tls_identity_free(TlsIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsIdentity, tls_identity_free)
/* File with the authority's certificate; removed with the identity. */
const char *tls_identity_ca_file(const TlsIdentity *identity);
gnutls_certificate_credentials_t tls_identity_credentials(const TlsIdentity *identity);
