/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machines this process is making or changing right now. Their notes name
 * the process; whether it is still at it, only the process itself can tell: one
 * that lives on after a failure has left them as well as one that died.
 */
#pragma once

#include "hyperv/hyperv_host.h"
#include "xml/msvm_record.h"

/* id: the UUID of a domain that is made, or the guid of a machine that is
 * changed; copied. */
void msvmWorkBegin(HypervHost *host, const char *id);
/* False, and nothing has begun, where this process is at it already. */
bool msvmWorkTryBegin(HypervHost *host, const char *id);
void msvmWorkEnd(HypervHost *host, const char *id);

/* Whether nobody is at it any more, as far as can be proved. guid: of the
 * machine that has the record. */
bool msvmWorkIsAbandoned(HypervHost *host, const char *guid, const MsvmRecord *record);
