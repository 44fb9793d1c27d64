/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices put into a domain, changed and taken out. Hyper-V has one
 * configuration for each machine: what is done to it counts for now and for
 * later, and is refused for a running machine where Hyper-V cannot do it.
 */
#pragma once

#include "internal.h"

int msvmDomainAttachDevice(virDomainPtr dom, const char *xml);
int msvmDomainAttachDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags);
int msvmDomainUpdateDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags);
int msvmDomainDetachDevice(virDomainPtr dom, const char *xml);
int msvmDomainDetachDeviceFlags(virDomainPtr dom, const char *xml, unsigned int flags);
int msvmDomainDetachDeviceAlias(virDomainPtr dom, const char *alias, unsigned int flags);
