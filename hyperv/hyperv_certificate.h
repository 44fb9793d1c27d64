/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be said of an X.509 certificate of a guardian.
 */
#pragma once

#include <glib.h>

typedef struct {
    GBytes *der;
    char *thumbprint;  /* SHA-1 of the DER, 40 upper-case digits, as Windows shows it */
    char *subject;     /* RFC 4514; may be empty */
    gint64 not_before; /* seconds since 1970 */
    gint64 not_after;
} HypervCertificate;

/* der: referenced. NULL with HYPERV_ERROR_INVALID_PROTECTOR when it is no
 * certificate; the message says no more, the caller knows which one it was. */
HypervCertificate *hyperv_certificate_new(GBytes *der, GError **error);
void hyperv_certificate_free(HypervCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervCertificate, hyperv_certificate_free)

gboolean hyperv_certificate_equal(const HypervCertificate *a, const HypervCertificate *b);

typedef enum {
    HYPERV_CERTIFICATE_VALID,
    HYPERV_CERTIFICATE_EXPIRED,
    HYPERV_CERTIFICATE_NOT_YET_VALID,
} HypervCertificateAge;

/* now: seconds since 1970. */
HypervCertificateAge hyperv_certificate_age(const HypervCertificate *certificate, gint64 now);

/* "2036-11-20T22:10:00Z"; caller frees. */
char *hyperv_certificate_time(gint64 seconds);
