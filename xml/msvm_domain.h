/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a machine on the host to a domain definition, and the parts of
 * libvirt's domain machinery that are ours: capabilities and XML options.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "xml/msvm_record.h"

#include "capabilities.h"
#include "domain_conf.h"

/* What the driver's capabilities say; the host's CPU and memory are the
 * driver's business. NULL with an error reported. */
virCaps *msvmCapsNew(virArch arch);

/* Post-parse and validation hooks for domains of this driver. The caller
 * unrefs. */
virDomainXMLOption *msvmXMLOptionNew(void);

/*
 * The definition of a machine as hyperv_load() gave it.
 * id: -1 when it is not active.
 * Shows what the host has; a thing that libvirt cannot express is left out,
 * never a reason to fail.
 */
virDomainDef *msvmDomainDefNew(const HypervMachine *machine, int id, virDomainXMLOption *xmlopt);

/* The domain's UUID: from the record, else the VM id. -1 when neither is one. */
int msvmDomainUUID(const MsvmRecord *record, const char *guid, unsigned char *uuid);

/* virDomainState and reason (VIR_DOMAIN_*). */
int msvmDomainState(HypervState state, int *reason);
