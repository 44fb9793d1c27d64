/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What protector.c (keys and signatures) and protector_xml.c (the document)
 * share.
 */
#pragma once

#include "sim/protector.h"

typedef struct {
    guint id;
    guint parent;
    GBytes *signing;
    GBytes *encryption;
    char *signing_signature;    /* base64, as all below */
    char *encryption_signature;
    char *cipher;
} SimWrapping;

struct SimProtector {
    GPtrArray *wrappings; /* of SimWrapping */
    char *transport_signature;
    char *guardian_signature;
    guint guardian_id;
};

SimProtector *sim_protector_alloc(void);
/* <Wrappings xmlns="...">...</Wrappings>, which is its own exclusive canonical
 * form: no white space, no empty elements, one attribute at most. */
char *sim_protector_format_wrappings(const SimProtector *protector);
