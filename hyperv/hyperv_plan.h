/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What differs between a machine as it is and as it is wanted: drives are
 * told apart by bus, controller and unit, adapters by MAC, then by position.
 */
#pragma once

#include "hyperv/hyperv_devices.h"

/* Removal goes from the leaves to the root. */
typedef enum {
    HYPERV_REMOVE_LEAVES,      /* media, connections */
    HYPERV_REMOVE_DEVICES,     /* drives, ports */
    HYPERV_REMOVE_CONTROLLERS,
    HYPERV_N_REMOVE_ROUNDS,
} HypervRemoveRound;

typedef struct {
    gboolean settings;      /* name or actions */
    gboolean off_settings;  /* what can be set while off alone: BIOS GUID, shutdown action ... */
    gboolean notes;
    gboolean secure_boot;
    gboolean memory;
    gboolean processors;
    gboolean security;      /* TPM, encryption, shielding */
    gboolean boot;          /* the order is to be written */
    GPtrArray *removals[HYPERV_N_REMOVE_ROUNDS]; /* WsmanEpr */
    GPtrArray *changed_media;       /* HypervDrive of wanted: another file */
    GPtrArray *changed_ports;       /* HypervNic of wanted: another MAC or name */
    GPtrArray *changed_connections; /* HypervNic of wanted: another switch, cable in or out */
    HypervAddition *addition;       /* of wanted */
} HypervPlan;

/* wanted gets the ids and switch paths of what stays. slots: of current.
 * HYPERV_ERROR_UNSUPPORTED: what cannot be changed. */
HypervPlan *hyperv_plan_new(const HypervMachine *current, HypervMachine *wanted, const HypervSlots *slots,
                            GError **error);
void hyperv_plan_free(HypervPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervPlan, hyperv_plan_free)

gboolean hyperv_plan_changes_devices(const HypervPlan *plan);
/* Whether the machine must be off for it. */
gboolean hyperv_plan_needs_off(const HypervPlan *plan);
gboolean hyperv_plan_is_empty(const HypervPlan *plan);
