/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host as a machine: processors, memory, capabilities.
 */
#pragma once

#include "internal.h"
#include "driver.h"
#include "hyperv/hyperv_host.h"

int msvmNodeGetInfo(virConnectPtr conn, virNodeInfoPtr info);
unsigned long long msvmNodeGetFreeMemory(virConnectPtr conn);
char *msvmConnectGetCapabilities(virConnectPtr conn);

void msvmNodeInfoFill(virNodeInfoPtr info, const HypervNode *node);
