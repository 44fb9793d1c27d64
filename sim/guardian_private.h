/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What guardian.c does with keys for protector.c. Base64 in and out, because
 * that is how the document has it.
 */
#pragma once

#include "sim/protector.h"

#define SIM_TRANSPORT_KEY_BYTES 32

/* A copy that is wiped when it is freed. */
GBytes *sim_secret_bytes(gconstpointer data, gsize size);
/* Signature (RSA, SHA-256) of the signing key over the data. NULL without keys. */
char *sim_guardian_sign(const SimGuardian *guardian, gconstpointer data, gsize size);
/* Encrypts to the certificate (DER); NULL when that cannot be done. */
char *sim_certificate_encrypt(GBytes *certificate, gconstpointer data, gsize size);
/* Decrypts with the encryption key; NULL when it is not for this guardian. */
GBytes *sim_guardian_decrypt(const SimGuardian *guardian, const char *base64);
/* Parses as DER and is RSA of at least 2048 bits. */
gboolean sim_certificate_check(GBytes *certificate, GError **error);
/* Whether the signature (RSA, SHA-256) over the data is of the certificate's key. */
gboolean sim_certificate_verify(GBytes *certificate, gconstpointer data, gsize size, gconstpointer signature,
                                gsize signature_size);
/* HMAC with a key derived from the transport key. */
char *sim_transport_key_sign(GBytes *payload, gconstpointer data, gsize size);
