/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a HypervProtection to a machine with a TPM, for define and redefine.
 *
 *   given             before anything is changed             in the machine
 *   key protector     read by the host                       SetKeyProtector
 *   shielding data    read by the host; protector checked    and SetSecurityPolicy, ProvisionMachine
 *   guardians         protector made for them                SetKeyProtector
 *   nothing           protector made, in local mode          SetKeyProtector
 *
 * In every case the guard of the host is looked at, and whether the protector
 * authorises the host. A protector whose owner has to be made first is made as
 * late as can be, right before SetKeyProtector: the guardian stays on the host,
 * whatever fails afterwards, because by then others may have protectors of it.
 */
#pragma once

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_maker.h"
#include "hyperv/hyperv_method.h"

/* The protector to be set: the caller's bytes, what the host made, or what
 * was in shielding data. */
typedef struct {
    const HypervProtection *given; /* borrowed, may be NULL */
    HypervMaker *maker; /* what is still to be made */
    GBytes *made;
    HypervShielding *shielding;
    gboolean replaces; /* it comes in place of one that the machine has */
    GPtrArray *granted; /* names of guardians: whom what was extended authorised before; or NULL */
} HypervKeys;

void hyperv_keys_clear(HypervKeys *keys);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HypervKeys, hyperv_keys_clear)

/* Whether key material was given, of any kind. */
gboolean hyperv_protection_is_given(const HypervProtection *protection);

/* Does all that can be done before anything is changed. wanted: what the
 * machine is to be. */
gboolean hyperv_keys_prepare(HypervCall *call, const HypervProtection *protection, const HypervSecurity *wanted,
                             HypervKeys *keys, GError **error);

/* Adds everything that would let it fail, not the first alone, and changes
 * nothing. */
void hyperv_keys_collect_problems(HypervCall *call, const HypervProtection *protection,
                                  const HypervSecurity *wanted, GPtrArray *problems);

/* Has the host grant and revoke, as hyperv_grant() does, what a protector lacks
 * of what is wanted. keys->made is then set, or stays as it was. */
gboolean hyperv_keys_extend(HypervCall *call, const guint8 *data, gsize size, const GPtrArray *grants,
                            HypervKeys *keys, GError **error);

/* Sets protector, policy and switches, in this order, and reads back; then
 * provisions. settings: as just read. set_protector: FALSE keeps the one that
 * is there, and what goes with it. */
gboolean hyperv_keys_apply(HypervCall *call, const char *guid, const WsmanInstance *settings, HypervKeys *keys,
                           gboolean set_protector, const HypervSecurity *wanted, GError **error);
