/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot order.
 *
 * Generation 1 orders kinds of devices (Msvm_VirtualSystemSettingData.
 * BootOrder: 0 floppy, 1 CD, 2 IDE disk, 3 network); of each kind the first
 * device counts. Generation 2 orders boot sources (BootSourceOrder: object
 * paths of Msvm_BootSourceSettingData), one for each drive and adapter, and
 * others that the guest's firmware has added.
 *
 * A boot source's InstanceID is that of its device with \B behind it, as
 * hosts of generation 2 were seen to do:
 *
 *   Microsoft:<GUID>\<port>            Microsoft:<GUID>\<port>\B
 *   Microsoft:<GUID>\<ctrl>\0\0\D      Microsoft:<GUID>\<ctrl>\0\0\D\B
 *
 * That rule is not documented. The documented tie is the association
 * Msvm_LogicalIdentity (SystemElement the device, SameElement the source),
 * which is asked for where the rule finds nothing.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

/* Whether the machine says in what order to boot. */
gboolean hyperv_boot_is_ordered(const HypervMachine *machine);

/* What cannot be: two devices at one place, in generation 1 a device that is
 * not the first of its kind. HYPERV_ERROR_UNSUPPORTED. */
gboolean hyperv_boot_check(const HypervMachine *wanted, GError **error);

/* Sets the boot_order of the machine's devices, counted from 1 without gaps.
 * No request in the usual case. */
gboolean hyperv_boot_read(HypervCall *call, const WsmanInstance *settings, HypervMachine *machine, GError **error);

/* Whether the devices of wanted come first in current, in their order. */
gboolean hyperv_boot_matches(const HypervMachine *current, const HypervMachine *wanted);

/* Puts the wanted order into change. settings: as on the host now, with the
 * boot sources of all devices; devices of wanted must have their ids. What is
 * not ordered keeps its order behind what is. */
gboolean hyperv_boot_set(HypervCall *call, const WsmanInstance *settings, const HypervMachine *wanted,
                         WsmanInstance *change, GError **error);
