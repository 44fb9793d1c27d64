/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State changes. Each sends one request, and polls its job with a growing
 * pause until it ends, bounded by the host's job timeout. A change that the
 * present state does not allow gives HYPERV_ERROR_INVALID_STATE.
 */
#pragma once

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"

gboolean hyperv_start(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
gboolean hyperv_turn_off(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
gboolean hyperv_reset(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
gboolean hyperv_pause(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
gboolean hyperv_resume(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
gboolean hyperv_save(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);

/* Through the guest's integration services; returns when the guest was told.
 * HYPERV_ERROR_UNSUPPORTED when the guest has none that listen. */
gboolean hyperv_shut_down(HypervHost *host, const char *guid, gboolean reboot, GCancellable *cancellable,
                          GError **error);
