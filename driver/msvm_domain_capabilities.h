/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What domains may have on this host, for whoever makes their XML
 * (virt-install, virt-manager, schedulers). What libvirt's grammar of domain
 * capabilities has no word for is in "msvm-domain host".
 */
#pragma once

#include "driver/msvm_private.h"
#include "hyperv/hyperv_capabilities.h"

/* How long an answer of the host is good for: installing a feature of Windows
 * takes longer. */
#define MSVM_HOST_CAPS_SECONDS 60

/* The host's answer, kept for a while; one for each connection. */
MsvmHostCaps *msvmHostCapsNew(void);
void msvmHostCapsFree(MsvmHostCaps *caps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmHostCaps, msvmHostCapsFree)

/* Asks the host, or takes what it said within MSVM_HOST_CAPS_SECONDS. 0, or -1
 * with an error reported. */
int msvmHostCapsGet(MsvmPrivate *priv, HypervCapabilities *capabilities);

/* emulator and machine: Hyper-V has neither, so that anything but NULL and ""
 * is VIR_ERR_INVALID_ARG, as is an architecture or type that it has not. NULL
 * means x86_64 and hyperv. */
char *msvmConnectGetDomainCapabilities(virConnectPtr conn, const char *emulator, const char *arch,
                                       const char *machine, const char *virttype, unsigned int flags);
