/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data (PDK) and specialization data (FSK). What Windows puts into
 * such files is not published, so these are the simulator's own containers,
 * and no real host reads them:
 *
 *   8 bytes: HVSIMPDK or HVSIMFSK | whole length, 4 bytes, big endian | sections
 *
 *   section: tag, 1 byte | length of the data, 4 bytes, big endian | data
 *
 *   PDK: protector (1), policy (2), and last the signature (9): RSA with
 *        SHA-256 of the owner's signing key over all that goes before, to be
 *        verified with the signing certificate of the protector's owner.
 *   FSK: pairs (3), each NAME NUL VALUE, and last a SHA-256 of all before (8).
 *
 * Whatever is cut off, added or changed is found out, as a real file's would be.
 */
#pragma once

#include "sim/protector.h"

#define SIM_PDK_MAX_BYTES (1024 * 1024)
#define SIM_FSK_MAX_PAIRS 64

/* PolicyData of the PDK: the text HVSIMPOL and one of these. */
typedef enum {
    SIM_POLICY_NONE,       /* no policy of ours */
    SIM_POLICY_ENCRYPTION, /* "encryption supported": TPM and encryption */
    SIM_POLICY_SHIELDED,   /* shielded */
} SimPolicy;

GBytes *sim_policy_format(SimPolicy policy);
SimPolicy sim_policy_parse(GBytes *data);

typedef struct {
    GBytes *raw;
    GBytes *protector; /* framed */
    GBytes *policy;
} SimPdk;

/* owner: with private keys, of the protector. NULL when it cannot be signed. */
GBytes *sim_pdk_format(GBytes *protector, GBytes *policy, const SimGuardian *owner);
/* NULL unless it is whole and its signature holds. */
SimPdk *sim_pdk_parse(GBytes *data);
void sim_pdk_free(SimPdk *pdk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPdk, sim_pdk_free)

/* pairs: name -> value, both char *. NULL: too many, or a name that is not
 * written @@NAME@@. */
GBytes *sim_fsk_format(GHashTable *pairs);
/* NULL unless it is whole. */
GHashTable *sim_fsk_parse(GBytes *data);
