/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines that are off, offered for migration. libvirt's protocol leaves out
 * the step of an offline migration in which the source acts: it takes it that
 * there is nothing to be done but to define the domain at the destination and
 * to undefine it at the source. Hyper-V moves such a machine like any other,
 * and it is the source that does it. So the source offers its machine under a
 * ticket, and the destination's connection, once it has found nothing wrong,
 * redeems the ticket and has the source do it. Both connections must be of
 * one process.
 */
#pragma once

#include "hyperv/hyperv_host.h"

/* Offers that nobody has redeemed; an older one gives way. */
#define MSVM_MIGRATE_MAX_OFFERS 64

/* The ticket; caller frees. References the host. */
char *msvmMigrateOffer(HypervHost *host, const char *guid);
/* Its connection is closed: nobody is to keep the host, and its password, for
 * what nobody has redeemed. */
void msvmMigrateWithdraw(HypervHost *host);
/* NULL: there is no such offer in this process. Caller unrefs, and frees *guid. */
HypervHost *msvmMigrateRedeem(const char *ticket, char **guid);
