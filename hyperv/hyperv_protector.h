/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure of a key protector (MS-KPS 2.2): a 4-byte big-endian length
 * that counts itself, then an XML document.
 *
 *   +----+----+----+----+--------------------------------------
 *   |  total, big endian | <Protector xmlns="http://schemas...
 *   +----+----+----+----+--------------------------------------
 *
 * An empty one is 00 00 00 04. The document, by the schema of MS-KPS:
 *
 *   Protector
 *     Wrappings
 *       Wrapping              one for each guardian; the owner's is its own parent
 *         Id, SigningCertificate, SigningCertificateSignature @ParentWrappingId,
 *         EncryptionCertificate, EncryptionCertificateSignature, TransportKey
 *     TransportKeySignature
 *     GuardianSignature       @WrappingId
 */
#pragma once

#include <glib.h>

#include "hyperv/hyperv_error.h"

#define HYPERV_PROTECTOR_MAX_SIZE (1024 * 1024)
#define HYPERV_PROTECTOR_MAX_WRAPPINGS 64
#define HYPERV_PROTECTOR_NAMESPACE "http://schemas.microsoft.com/kps/2014/07"

/* What key material is, told from its content. */
typedef enum {
    HYPERV_MATERIAL_PROTECTOR,
    HYPERV_MATERIAL_GUARDIAN_METADATA, /* MS-KPS Metadata document */
    HYPERV_MATERIAL_SHIELDING_DATA,    /* anything that is framed or binary and neither: for the host to parse */
    HYPERV_MATERIAL_UNKNOWN,
} HypervMaterial;

HypervMaterial hyperv_material_detect(const guint8 *data, gsize size);

/* Checks frame and structure: length prefix, size, well-formed XML without
 * DTD, root and namespace, at least one wrapping, unique Ids, exactly one
 * owner (its own parent), parents that exist and lead to it, the guardian
 * signature's wrapping, base64, certificates (RSA of 2048 bits or more),
 * required children. Takes a bare document, too. FALSE with
 * HYPERV_ERROR_INVALID_PROTECTOR, whose message says what is wrong and where,
 * never what the bytes are. */
gboolean hyperv_protector_check(const guint8 *data, gsize size, GError **error);

/* The same, and that the guardian signature is one, where its algorithm is
 * known; where it is not, the log says that it is not verified. */
gboolean hyperv_protector_verify(const guint8 *data, gsize size, GError **error);

/* A copy with its frame, which is wiped when it is freed: what hosts take. */
GBytes *hyperv_protector_frame(const guint8 *data, gsize size);

/* Whether a framed protector is the empty one, which stands for none. */
gboolean hyperv_protector_is_empty(const guint8 *data, gsize size);

/* *data and *size: of a protector; then of the document behind its frame, or
 * of the whole where there is no frame. FALSE as hyperv_protector_check(). */
gboolean hyperv_protector_document(const guint8 **data, gsize *size, GError **error);
