/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything on a host that stands in the way of a define or a redefine, which
 * themselves end at the first of it. Nothing is changed.
 */
#pragma once

#include "hyperv/hyperv_define.h"

/* nics: HypervNic; the virtual switches that they name. */
void hyperv_inspect_switches(HypervHost *host, GPtrArray *nics, GPtrArray *problems);

/* guid: of the machine that is there; NULL for a new one. A protector that it
 * has stays, so that nothing but its guardians is looked at then.
 * protection, wanted: as for hyperv_define(). */
void hyperv_inspect_keys(HypervHost *host, const char *guid, const HypervProtection *protection,
                         const HypervSecurity *wanted, GPtrArray *problems);
