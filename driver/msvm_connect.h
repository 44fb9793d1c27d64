/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening and closing a connection.
 */
#pragma once

#include "internal.h"
#include "driver.h"

virDrvOpenStatus msvmConnectOpen(virConnectPtr conn, virConnectAuthPtr auth, virConf *conf, unsigned int flags);
int msvmConnectClose(virConnectPtr conn);
