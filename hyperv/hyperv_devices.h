/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding devices in few requests. What refers to a new device by its path can
 * only come after it, hence up to three rounds of AddResourceSettings:
 *
 *   1  SCSI controllers, network ports
 *   2  drives (on controllers), connections (of ports)
 *   3  media (in drives)
 */
#pragma once

#include "hyperv/hyperv_slots.h"

/* All borrowed; the ids that the host gives are written into them. */
typedef struct {
    guint n_scsi;           /* controllers */
    GPtrArray *drives;      /* HypervDrive: with its medium, if it has a path */
    GPtrArray *media;       /* HypervDrive that is there: its medium alone */
    GPtrArray *nics;        /* HypervNic: with its connection, if it has a switch */
    GPtrArray *connections; /* HypervNic whose port is there: its connection alone */
} HypervAddition;

HypervAddition *hyperv_addition_new(void);
void hyperv_addition_free(HypervAddition *addition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervAddition, hyperv_addition_free)
gboolean hyperv_addition_is_empty(const HypervAddition *addition);

/* slots: as before; new controllers and ports are added to it. name: of the
 * machine, for messages. */
gboolean hyperv_devices_add(HypervCall *call, const char *guid, const char *name, HypervSlots *slots,
                            const HypervAddition *addition, GError **error);
