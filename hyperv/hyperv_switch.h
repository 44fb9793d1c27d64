/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual switches: names for people, object paths for Hyper-V. Names are not
 * unique there.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

/* Sets switch_path of every adapter that has a switch_name: one query, none
 * when no adapter has. HYPERV_ERROR_NO_SWITCH names the switch that the host
 * does not have, or has twice. */
gboolean hyperv_switch_resolve_paths(HypervCall *call, GPtrArray *nics, GError **error);

/* The same with every problem, not the first alone. */
void hyperv_switch_collect_problems(HypervCall *call, GPtrArray *nics, GPtrArray *problems);

/* Sets switch_name of every adapter that has a switch_path: one query, none
 * when no adapter has. A switch that is gone leaves the name it had. */
gboolean hyperv_switch_resolve_names(HypervCall *call, GPtrArray *nics, GError **error);
