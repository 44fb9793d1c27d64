/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the whole configuration of one machine.
 */
#pragma once

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"

/* Up to five requests (settings, components, boot sources where generation 2
 * has a boot order, security). HYPERV_ERROR_NO_MACHINE when there is none. */
HypervMachine *hyperv_load(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);
