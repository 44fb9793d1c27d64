/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listing domains, in all the forms that libvirt has.
 */
#pragma once

#include "driver/msvm_private.h"

int msvmConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains, unsigned int flags);
int msvmConnectListDomains(virConnectPtr conn, int *ids, int maxids);
int msvmConnectNumOfDomains(virConnectPtr conn);
int msvmConnectListDefinedDomains(virConnectPtr conn, char **const names, int maxnames);
int msvmConnectNumOfDefinedDomains(virConnectPtr conn);

/* Whether a machine passes the filters of virConnectListAllDomains(), other
 * than autostart, which takes its settings. */
bool msvmListMatches(HypervState state, unsigned int flags);
