/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Extending a key protector, which is how a machine whose TPM has state gets
 * to run elsewhere: MSFT_HgsKeyProtector.Grant and Revoke, on a host that has
 * the private keys of the protector's owner.
 *
 *   wanted, and not among its guardians      Grant
 *   among them, known here, and not wanted   Revoke
 *   its owner                                stays
 *   unknown to this host                     stays: it has no name to speak of
 */
#pragma once

#include "hyperv/hyperv_guardian.h"
#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

/*
 * data: the protector as it is. grants: HypervGrant.
 * The protector as wanted, or, where it is that already, NULL without an
 * error. *granted: the names of the guardians of this host that it authorises
 * as it is, without its owner; caller unrefs. One request, and two more with
 * one for each guardian that comes or goes. HYPERV_ERROR_NO_GUARDIAN: unknown, or with certificates that are not
 * valid at this time; HYPERV_ERROR_NOT_AUTHORISED: the owner's keys are not
 * here.
 */
GBytes *hyperv_grant(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants, GPtrArray **granted,
                     GError **error);

/* Whether hyperv_grant() would go as far as the first call that makes
 * something; the same errors. *needed: it would come to one. One request. */
gboolean hyperv_grant_check(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants,
                            gboolean *needed, GError **error);

/* Adds everything that would let it fail, and changes nothing. data: NULL for
 * a protector that is yet to be made; to_be: its owner, where that may be made,
 * too; or NULL. */
void hyperv_grant_collect_problems(HypervCall *call, const guint8 *data, gsize size, const char *to_be,
                                   const GPtrArray *grants, GPtrArray *problems);

/* Whether the protector that a machine has belongs to a guardian: who owns one
 * that stays cannot change (HYPERV_ERROR_PROTECTOR_IN_USE). One request. */
gboolean hyperv_grant_check_owner(HypervCall *call, const char *machine, GBytes *protector, const char *wanted,
                                  GError **error);

/* The guardian of the host that a grant names; borrowed from known. NULL with
 * HYPERV_ERROR_NO_GUARDIAN. */
const HypervGuardian *hyperv_grant_guardian(const GPtrArray *known, const HypervGrant *grant, GError **error);
/* Whether it can be granted where it is not yet: its certificates. */
gboolean hyperv_grant_check_guardian(const HypervGuardian *guardian, gboolean allow_expired, GError **error);
