/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wanted machines for the tests. */
#pragma once

#include "hyperv/hyperv_machine.h"

/* Generation 2, one disk, one adapter on "lan", ordered boot. */
HypervMachine *machine_plain(void);
/* The same with Secure Boot and a TPM. */
HypervMachine *machine_with_tpm(void);
/* Generation 1, one IDE disk, DVD, floppy, an adapter of each kind. */
HypervMachine *machine_generation_1(void);
/* n disks over the SCSI controllers, n adapters. */
HypervMachine *machine_with_devices(guint n);
