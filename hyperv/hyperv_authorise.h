/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a key protector authorises a host, which is to say whether a machine
 * with that protector could start there. Hyper-V itself finds out at the start
 * alone; this asks before, as far as a host can be asked.
 *
 *   guard of the host                  authorised
 *   no HGS client classes              no
 *   mode unknown                       unknown
 *   local                              yes, if a guardian that the host has with its private keys is
 *                                      among the protector's; else no
 *   guarded, attestation not passed    no: nothing that is protected starts there
 *   guarded, all wrappings are local   no: local guardians do not count in this mode
 *   guarded                            unknown: which guardian the fabric has is known to its
 *                                      Host Guardian Service alone
 */
#pragma once

#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_guardian.h"

#define HYPERV_ATTESTATION_PASSED 100

typedef enum {
    HYPERV_AUTHORISES_YES,
    HYPERV_AUTHORISES_NO,
    HYPERV_AUTHORISES_UNKNOWN,
} HypervAuthorises;

typedef struct {
    HypervGuard guard;
    HypervAuthorises authorises;
    char *reason;         /* a clause, "the host has no ..."; NULL when the answer is yes */
    GPtrArray *wrappings; /* HypervWrapping, the owner first */
    GPtrArray *guardians; /* HypervGuardian of the host */
} HypervAuthorisation;

void hyperv_authorisation_free(HypervAuthorisation *authorisation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervAuthorisation, hyperv_authorisation_free)

/* data: a protector, framed or bare; not kept. Two requests: guard and
 * guardians. NULL with HYPERV_ERROR_INVALID_PROTECTOR or the host's error. */
HypervAuthorisation *hyperv_authorise(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                      GError **error);

/* The same answer from what is known already. Caller frees *reason. */
HypervAuthorises hyperv_authorise_with(const HypervGuard *guard, const GPtrArray *guardians,
                                       const GPtrArray *wrappings, char **reason);

/* The protector of a machine on its host, two requests. *protector is NULL,
 * without an error, where the machine has none. */
gboolean hyperv_read_protector(HypervHost *host, const char *guid, GBytes **protector, GCancellable *cancellable,
                               GError **error);

/* Words for messages and <msvm:status>: "passed", "unauthorized" ... Of a
 * status that no document has: "unknown". */
const char *hyperv_attestation_name(guint status);
/* "none", "unknown", "local", "guarded". */
const char *hyperv_guard_mode_name(HypervGuardMode mode);
