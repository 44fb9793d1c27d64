/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key protectors as [MS-KPS] 2.2.2.3 and 6.1 define them, and the guardians
 * that make and open them.
 *
 *   4 bytes: whole length, big endian | Protector document, UTF-8
 *
 *   Protector
 *     Wrappings
 *       Wrapping: the owner's, its own parent
 *       Wrapping: of each guardian, signed by its parent
 *         Id, SigningCertificate, SigningCertificateSignature @ParentWrappingId,
 *         EncryptionCertificate, EncryptionCertificateSignature, TransportKey
 *     TransportKeySignature       over Wrappings, key derived from the transport key
 *     GuardianSignature @WrappingId
 *
 * The document leaves all algorithms open ([MS-KPS] 2.2.3.12): those used here
 * are the simulator's own choice, and no real host opens what it makes.
 */
#pragma once

#include <gio/gio.h>

typedef struct SimGuardian SimGuardian;
typedef struct SimProtector SimProtector;

/* A bound for what is taken from outside. */
#define SIM_PROTECTOR_MAX_BYTES (256 * 1024)

/* --- guardians ------------------------------------------------------------- */

/* With two fresh RSA keys and self-signed certificates of ten years, named as
 * New-HgsGuardian -GenerateCertificates names them. */
SimGuardian *sim_guardian_generate(const char *name, const char *host, GError **error);
/* The same, but they expired yesterday. */
SimGuardian *sim_guardian_generate_expired(const char *name, const char *host, GError **error);
/* The guardian whose keys and certificates are in the folder; the first time, they are made there. */
SimGuardian *sim_guardian_keep(const char *name, const char *host, const char *folder, GError **error);
/* Of another place: certificates (DER) only. */
SimGuardian *sim_guardian_import(const char *name, GBytes *signing, GBytes *encryption, GError **error);
SimGuardian *sim_guardian_ref(SimGuardian *guardian);
void sim_guardian_unref(SimGuardian *guardian);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimGuardian, sim_guardian_unref)
const char *sim_guardian_name(const SimGuardian *guardian);
GBytes *sim_guardian_signing_certificate(const SimGuardian *guardian);    /* borrowed; DER */
GBytes *sim_guardian_encryption_certificate(const SimGuardian *guardian); /* borrowed; DER */
gboolean sim_guardian_has_keys(const SimGuardian *guardian);
/* Base64 of the signature of the signing key over the encryption certificate; NULL without keys. */
char *sim_guardian_certificate_signature(const SimGuardian *guardian);
/* Whether today is outside of its time. */
gboolean sim_certificate_expired(GBytes *certificate);
/* The Metadata document of a guardian ([MS-KPS] 6.4), as HGS serves it. Signed
 * in the simulator's own way, since nobody here verifies its XML signature.
 * signature: over the encryption certificate, where the keys are elsewhere; it
 * then stands for the others as well. NULL without either. */
GBytes *sim_guardian_metadata(const SimGuardian *guardian, const char *signature);

/* --- protectors -------------------------------------------------------------- */

/* 00 00 00 04: what a machine without a protector has. */
GBytes *sim_protector_none(void);
gboolean sim_protector_is_none(GBytes *framed);

/* A fresh transport key, wrapped for the owner (who needs private keys) and
 * for each guardian (may be NULL: none). */
SimProtector *sim_protector_new(SimGuardian *owner, GPtrArray *guardians, GError **error);
/* Checks framing, form, certificates and the chain of wrappings; the error says
 * what is wrong. Signatures are not checked. */
SimProtector *sim_protector_parse(GBytes *framed, GError **error);
GBytes *sim_protector_format(const SimProtector *protector); /* framed */
void sim_protector_free(SimProtector *protector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimProtector, sim_protector_free)

guint sim_protector_n_wrappings(const SimProtector *protector);
GBytes *sim_protector_signing_certificate(const SimProtector *protector, guint index);    /* borrowed */
GBytes *sim_protector_encryption_certificate(const SimProtector *protector, guint index); /* borrowed */
guint sim_protector_owner_index(const SimProtector *protector);

/* Opens it with the private keys of one of the guardians and returns what
 * stays the same when it is re-keyed: a digest of the transport key. NULL when
 * none of them is authorised, or the wrapping was tampered with. */
char *sim_protector_unwrap(const SimProtector *protector, GPtrArray *guardians);
/* Wraps the same transport key anew, as a host does at each start: other bytes,
 * the same certificates. FALSE when it cannot be unwrapped. */
gboolean sim_protector_rekey(SimProtector *protector, GPtrArray *guardians);
/* Needs the owner's private keys. */
gboolean sim_protector_grant(SimProtector *protector, GPtrArray *owners, SimGuardian *guardian,
                             GError **error);
gboolean sim_protector_revoke(SimProtector *protector, GPtrArray *owners, SimGuardian *guardian,
                              GError **error);
