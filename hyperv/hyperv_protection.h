/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a HypervProtection to a machine with a TPM, for define and redefine.
 */
#pragma once

#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_method.h"

/* The protector to be set: the caller's bytes, or what the host made. */
typedef struct {
    const HypervProtection *given; /* borrowed, may be NULL */
    GBytes *made;
} HypervKeys;

void hyperv_keys_clear(HypervKeys *keys);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HypervKeys, hyperv_keys_clear)

/* Has the host make a protector unless one was given. To be called before
 * anything is changed: in a guarded host it fails. */
gboolean hyperv_keys_prepare(HypervCall *call, const HypervProtection *protection, HypervKeys *keys, GError **error);

/* Sets protector, policy and switches, in this order, and reads back.
 * settings: as just read. set_protector: FALSE keeps the one that is there. */
gboolean hyperv_keys_apply(HypervCall *call, const char *guid, const WsmanInstance *settings, const HypervKeys *keys,
                           gboolean set_protector, const HypervSecurity *wanted, GError **error);
