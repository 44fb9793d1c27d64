/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the whole configuration of one machine.
 */
#pragma once

#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"

/* Four queries at most: settings, components, the names of switches if it is
 * connected to any, security if it is of generation 2. The components take two
 * requests, since a first answer may hold one item. HYPERV_ERROR_NO_MACHINE
 * when there is none. */
HypervMachine *hyperv_load(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);

/* The same without the first query: takes the settings that a find_by_*
 * function has just read. A find and this one make a whole description in six
 * requests. */
HypervMachine *hyperv_load_found(HypervHost *host, const HypervFound *found, GCancellable *cancellable,
                                 GError **error);
