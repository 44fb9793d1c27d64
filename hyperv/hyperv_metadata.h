/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guardian metadata: the public part of a guardian, from which a host makes a
 * key protector that the guardian can open.
 *
 *   a Metadata document (MS-KPS 6.4), which a Host Guardian Service serves:
 *   both certificates, and the guardian's signature over the one for encryption;
 *   a certificate, in PEM or DER: of a guardian that the host knows. PEM may
 *   hold several, of one guardian or of more.
 */
#pragma once

#include "hyperv/hyperv_certificate.h"
#include "wsman/wsman_instance.h"

#define HYPERV_METADATA_MAX_GUARDIANS 16 /* certificates in one piece */

typedef struct {
    HypervCertificate *signing;    /* NULL for a bare certificate */
    HypervCertificate *encryption; /* the bare certificate, of whichever use it is */
    char *signature;               /* base64, over encryption; NULL for a bare certificate */
    char *signature_algorithm;     /* a URI */
} HypervMetadata;

void hyperv_metadata_free(HypervMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervMetadata, hyperv_metadata_free)

/* Whether the bytes are a certificate, or look like one in PEM. */
gboolean hyperv_metadata_is_certificate(const guint8 *data, gsize size);

/* Reads a document or certificates: an array of HypervMetadata, one for the
 * document or for each certificate. HYPERV_ERROR_INVALID_PROTECTOR says what is
 * wrong, and that a certificate is not in its time. Signatures are not
 * verified. */
GPtrArray *hyperv_metadata_parse(const guint8 *data, gsize size, GError **error);

/* FALSE with HYPERV_ERROR_INVALID_PROTECTOR, "NAME expired on 2026-11-22". */
gboolean hyperv_certificate_check_time(const HypervCertificate *certificate, const char *name, GError **error);

/* The MSFT_HgsGuardian of a document, for a host that does not know the
 * guardian. ASSUMED: that NewByGuardians takes such an embedded instance, made
 * elsewhere, as it takes those that the host itself has. */
WsmanInstance *hyperv_metadata_to_instance(const HypervMetadata *metadata);
