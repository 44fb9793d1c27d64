/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The components of a machine as they are on the host: where devices can be
 * put, and which are there.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

#define HYPERV_N_IDE_CONTROLLERS 2

/* InstanceIDs. */
typedef struct {
    char *memory;
    char *processor;
    char *ide[HYPERV_N_IDE_CONTROLLERS];
    char *floppy_drive; /* generation 1 has one drive, always */
    GPtrArray *scsi;    /* char *, controller 0 first */
    GPtrArray *ports;   /* char *, as the host lists them */
} HypervSlots;

HypervSlots *hyperv_slots_new(void);
void hyperv_slots_free(HypervSlots *slots);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervSlots, hyperv_slots_free)

/* Reads the components: one query, about two requests. Fills in memory,
 * processors, drives and adapters of machine, which must have none yet. */
HypervSlots *hyperv_slots_fetch(HypervCall *call, const char *guid, HypervMachine *machine, GError **error);

/* The same from instances that are there: array of WsmanInstance. */
HypervSlots *hyperv_slots_read(const GPtrArray *components, HypervMachine *machine);

/* The InstanceID of a drive's controller; NULL when the machine has none. */
const char *hyperv_slots_get_controller(const HypervSlots *slots, HypervBus bus, guint controller);
