/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key protectors with real certificates and made-up ciphertext. */
#pragma once

#include <glib.h>

/* Base64 of a self-signed certificate. */
char *make_certificate(guint rsa_bits);
/* Its elliptic-curve cousin, which no protector may have. */
char *make_ec_certificate(void);

typedef struct {
    guint id;
    guint parent;
} WrappingPlan;

/* A document with these wrappings, signed by the first. */
char *make_protector_document(const char *certificate, const WrappingPlan *plan, guint n);
/* The length in front. */
GByteArray *frame_document(const char *document);
