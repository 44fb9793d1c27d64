/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines for hvsim, and requests counted there.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "tests/hyperv/hvsim.h"

#define PENDING "libvirt-msvm pending 1"

/* With up to two more arguments. */
Hvsim *start_with(const char *a, const char *b);

/* On the host's first switch; of generation 2 with an order to boot in. */
HypervMachine *make_machine(Hvsim *sim, guint generation, guint n_disks, guint n_nics);
void add_tpm(HypervMachine *machine);

char *define(Hvsim *sim, const HypervMachine *wanted, GError **error);
char *must_define(Hvsim *sim, const HypervMachine *wanted);
/* Changes a bit of everything. */
gboolean redefine(Hvsim *sim, const char *guid, GError **error);
void assert_loads_as(Hvsim *sim, const char *guid, const HypervMachine *wanted);

typedef struct {
    guint64 requests;
    guint polls;
} Count;

Count start_count(Hvsim *sim);
/* Requests since then, polls of jobs apart. */
guint end_count(Hvsim *sim, Count start);
void assert_budget(const char *what, guint count, guint budget);
