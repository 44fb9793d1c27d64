/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a connection is: type, version, name, properties. Nothing here sends a
 * request, but msvmConnectIsAlive() after the host could not be reached.
 */
#pragma once

#include "internal.h"
#include "driver.h"

/* "Hyper-V", as libvirt's own driver says. */
const char *msvmConnectGetType(virConnectPtr conn);
/* As libvirt's own driver packs it, so that no digit is lost: two digits each
 * for major and minor, six for the build: 10.0.20348 is 1000020348. */
int msvmConnectGetVersion(virConnectPtr conn, unsigned long *version);
char *msvmConnectGetHostname(virConnectPtr conn);
int msvmConnectGetMaxVcpus(virConnectPtr conn, const char *type);
int msvmConnectIsAlive(virConnectPtr conn);
int msvmConnectIsEncrypted(virConnectPtr conn);
int msvmConnectIsSecure(virConnectPtr conn);
int msvmConnectSupportsFeature(virConnectPtr conn, int feature);

unsigned long msvmVersionPack(unsigned int major, unsigned int minor, unsigned int build);
/* The most virtual processors that a host of this version gives one machine
 * (Microsoft, "Plan for Hyper-V scalability"). */
int msvmMaxVcpus(unsigned int major, unsigned int build);
