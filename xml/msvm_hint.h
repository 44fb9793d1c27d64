/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys of the hints in a record: how an author spelled what Hyper-V keeps in
 * one form only. A hint is given back only where it still says what the host
 * has.
 *
 *   boot                   "os:hd,cdrom", or "device:scsi:0:0=1 nic:00155D0A0B0C=2"
 *   os:arch                "i686"
 *   os:loader-secure       "yes"
 *   features               "acpi,apic,pae"
 *   cpu, clock, on_crash, video, input, memballoon
 *   tpm:secret, tpm:persistent, tpm:alias
 *   disk:BUS:C:U:WHAT      target, driver, alias, empty
 *   nic:MAC:WHAT           index, type, model, link, alias
 *   controller:TYPE:I:alias
 */
#pragma once

#include "hyperv/hyperv_machine.h"

const char *msvmHintBusName(HypervBus bus);

/* "scsi:0:1", "nic:00155D0A0B0C"; caller frees. */
char *msvmHintDriveName(const HypervDrive *drive);
char *msvmHintNicName(const HypervNic *nic);

/* Caller frees. */
char *msvmHintDriveKey(const HypervDrive *drive, const char *what);
char *msvmHintNicKey(const HypervNic *nic, const char *what);
char *msvmHintControllerKey(const char *type, unsigned int index, const char *what);
