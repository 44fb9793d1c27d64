/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Hyper-V has no counterpart for, and what has rules of its own: refused
 * by name while the XML is parsed. What is not named here and does not come
 * back from a machine is refused by msvm_compare.h.
 */
#pragma once

#include "domain_conf.h"

/*
 * virDomainDeviceDefValidateCallback, virDomainDefValidateCallback.
 * parseOpaque: the MsvmProblems of whoever parses, which get all that is wrong
 * while parsing goes on; or NULL, and what is wrong ends it.
 */
int msvmValidateDevice(const virDomainDeviceDef *dev, const virDomainDef *def, void *opaque,
                       void *parseOpaque);
int msvmValidateDomain(const virDomainDef *def, void *opaque, void *parseOpaque);

/* Models of interfaces. An emulated adapter is the DEC 21140 that Hyper-V
 * calls "legacy"; a synthetic one is the default, and may be named. */
#define MSVM_NIC_MODEL_SYNTHETIC "netvsc"
#define MSVM_NIC_MODEL_LEGACY "dec21140"

/* 1, or 2 with <os firmware='efi'>. */
unsigned int msvmDomainGeneration(const virDomainDef *def);
