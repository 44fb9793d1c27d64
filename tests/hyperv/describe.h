/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as text without the host's ids: for comparing, and for golden
 * files.
 */
#pragma once

#include "hyperv/hyperv_machine.h"

char *describe_machine(const HypervMachine *machine);

/* Compares with tests/hyperv/data/NAME; with MSVM_REGENERATE=1, writes it.
 * Random UUIDs in braces become {UUID}. */
void assert_golden(const char *name, const char *text);
