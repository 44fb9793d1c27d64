/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one signature in a key protector that can be verified without its keys:
 * the GuardianSignature, over <Wrappings> after exclusive canonicalization
 * (MS-KPS 2.2.2.8). What the certificates' signatures in it are over, byte for
 * byte, is in no document; the TransportKeySignature is made with the key.
 */
#pragma once

#include <libxml/tree.h>

#include "hyperv/hyperv_error.h"

typedef enum {
    HYPERV_SIGNATURE_GOOD,
    HYPERV_SIGNATURE_BAD,
    HYPERV_SIGNATURE_NOT_VERIFIED, /* of an algorithm that is none of XML-DSig's with RSA and SHA-2, or that has
                                      parameters */
} HypervSignature;

/* signature: <Signature Algorithm="..."> with its <SignatureValue>, which is
 * there; signed_node: the element that it is over; certificate: DER. */
HypervSignature hyperv_signature_verify(xmlNode *signature, xmlNode *signed_node, const GByteArray *certificate);
