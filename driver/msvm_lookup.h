/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a name, UUID or id to a machine on the host and back.
 *
 * Two machines may have the same name on Hyper-V, and a copy of a machine
 * keeps the record in its notes and with it the domain's UUID. Where what the
 * caller said is true of several, the call fails with VIR_ERR_OPERATION_FAILED
 * and names their VM ids: which one is meant is not ours to guess.
 *
 * A machine in the making is no domain yet. One whose maker is known to be
 * gone is removed when it is seen.
 */
#pragma once

#include "driver/msvm_private.h"
#include "xml/msvm_record.h"

/* How many abandoned machines one call removes at most. */
#define MSVM_LOOKUP_MAX_REMOVALS 8

/* The machine of a domain; name decides between several (NULL: it does not).
 * NULL with an error reported. Caller frees. */
HypervFound *msvmLookupFindByUUID(MsvmPrivate *priv, const unsigned char *uuid, const char *name);

/* Whether a machine is a domain, and its UUID then. record: may be NULL, else
 * gets the parsed record, which the caller frees. */
bool msvmLookupIdentify(const HypervFound *found, unsigned char *uuid, MsvmRecord **record);

/* VIR_ERR_NO_DOMAIN; name: what it was called, or NULL. */
void msvmLookupReportNoDomain(const MsvmPrivate *priv, const unsigned char *uuid, const char *name);

/* Takes machines that their makers left half done off the host, and out of
 * the array. Never fails. */
void msvmLookupRemoveAbandoned(MsvmPrivate *priv, GPtrArray *found);

/* Takes the files of a provisioning that was cut off from the host, if the
 * record says that there may be any. Never fails. */
void msvmLookupRemoveFiles(MsvmPrivate *priv, const HypervFound *found, const MsvmRecord *record);

/* Entries of the driver. */
virDomainPtr msvmDomainLookupByID(virConnectPtr conn, int id);
virDomainPtr msvmDomainLookupByUUID(virConnectPtr conn, const unsigned char *uuid);
virDomainPtr msvmDomainLookupByName(virConnectPtr conn, const char *name);
