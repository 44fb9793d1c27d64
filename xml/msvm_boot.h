/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot order, which the two generations have in different forms: a list
 * of devices in generation 2, a list of kinds of devices in generation 1,
 * whose BIOS boots from the first device of a kind alone.
 */
#pragma once

#include "hyperv/hyperv_machine.h"

#include "domain_conf.h"

/* One device that a machine may boot from: either of the two. */
typedef struct {
    HypervDrive *drive;
    HypervNic *nic;
} MsvmBootItem;

/* The devices that <boot dev=...> stands for, in order. Free with g_array_unref(). */
GArray *msvmBootOfKinds(const HypervMachine *machine, const virDomainBootOrder *kinds, size_t n);

/* The order that a machine has. */
GArray *msvmBootOfMachine(const HypervMachine *machine);

/* The kind of a device. */
virDomainBootOrder msvmBootKind(const MsvmBootItem *item);

/* "scsi:0:0", "nic:00155D0A0B0C"; caller frees. */
char *msvmBootName(const MsvmBootItem *item);
/* The device of that name; false when there is none. */
bool msvmBootFind(const HypervMachine *machine, const char *name, MsvmBootItem *item);

/* Whether the machine boots from the wanted devices in that order, before
 * any others. */
bool msvmBootAgrees(const HypervMachine *machine, const GArray *wanted);

/* Writes an order into a machine. */
void msvmBootApply(HypervMachine *machine, const GArray *order);
