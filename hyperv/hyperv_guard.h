/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guard of a host: Host Guardian Service client, guardians, protectors
 * (namespace root/Microsoft/Windows/Hgs).
 */
#pragma once

#include "hyperv/hyperv_guardian.h"
#include "hyperv/hyperv_method.h"

/* Who owns a protector that the host makes, unless another is named. */
#define HYPERV_DEFAULT_OWNER "UntrustedGuardian"

typedef enum {
    HYPERV_GUARD_NONE,    /* the host has no HGS client classes */
    HYPERV_GUARD_UNKNOWN, /* Mode 0 */
    HYPERV_GUARD_LOCAL,   /* Mode 1 */
    HYPERV_GUARD_GUARDED, /* Mode 2: Host Guardian Service */
} HypervGuardMode;

typedef struct {
    HypervGuardMode mode;
    gboolean is_guarded;       /* IsHostGuarded */
    guint attestation_status;  /* 100 is passed */
} HypervGuard;

/* One request. A host without the classes gives HYPERV_GUARD_NONE. */
gboolean hyperv_query_guard(HypervHost *host, HypervGuard *guard, GCancellable *cancellable, GError **error);

/* More than any URL that HTTP servers take. */
#define HYPERV_GUARD_MAX_SERVICE 2048

/* The same, and where the Host Guardian Service of a guarded host is:
 * KeyProtectionServerUrl. Caller frees; NULL where there is none. */
gboolean hyperv_query_guard_and_service(HypervHost *host, HypervGuard *guard, char **service,
                                        GCancellable *cancellable, GError **error);

/* AttestationStatus passed, and IsHostGuarded. */
gboolean hyperv_guard_has_passed(const HypervGuard *guard);

/* Who owns what the host makes: a guardian of the host with its private keys. */
typedef struct {
    const char *name; /* NULL: HYPERV_DEFAULT_OWNER */
    gboolean create;  /* make it if the host has none of that name */
} HypervOwner;

/* --- what stands in the way; asks nothing, so that it can be told beforehand ---- */

/* Whether a machine may get a key protector there at all, and be shielded. */
gboolean hyperv_guard_check(const HypervGuard *guard, gboolean shielded, GError **error);

/* Whether the host makes key protectors itself. for_others: for guardians that
 * the caller names, not for its owner alone. */
gboolean hyperv_guard_check_maker(const HypervGuard *guard, gboolean for_others, GError **error);

/* What the host itself would refuse without telling why: certificates that are
 * not in their time; of an owner, no private key. */
gboolean hyperv_guard_check_guardian(const HypervGuardian *guardian, gboolean as_owner, GError **error);

/* Whether an owner can own one. *guardian: borrowed from known, the guardians
 * of the host; NULL where it is yet to be made. */
gboolean hyperv_guard_find_owner(const GPtrArray *known, const HypervOwner *owner, const HypervGuardian **guardian,
                                 GError **error);

/* --- protectors ----------------------------------------------------------------- */

/* MSFT_HgsKeyProtector.ConvertToByRawBytes: whether the host can read it. */
gboolean hyperv_convert_protector(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                  GError **error);

/* --- for those who call the static methods of these classes themselves --------- */

/* Invokes a method of a class in the namespace of HGS. */
WsmanInstance *hyperv_guard_invoke(HypervCall *call, const char *class_name, const char *method, WsmanArgs *args,
                                   const char *what, GError **error);
/* The object that these methods give back; borrowed from out. NULL when there is none. */
const WsmanInstance *hyperv_guard_result(const WsmanInstance *out);
/* The framed protector of an MSFT_HgsKeyProtector that a method gave back. */
GBytes *hyperv_guard_raw_data(const WsmanInstance *out, GError **error);
