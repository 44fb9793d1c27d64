/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entries of libvirt's secret driver, over the key manager of the
 * connection. What differs from libvirt's own is in docs/secrets.md.
 */
#pragma once

#include "internal.h"
#include "driver.h"

int msvmConnectNumOfSecrets(virConnectPtr conn);
int msvmConnectListSecrets(virConnectPtr conn, char **uuids, int maxuuids);
int msvmConnectListAllSecrets(virConnectPtr conn, virSecretPtr **secrets, unsigned int flags);
virSecretPtr msvmSecretLookupByUUID(virConnectPtr conn, const unsigned char *uuid);
virSecretPtr msvmSecretLookupByUsage(virConnectPtr conn, int usageType, const char *usageID);
virSecretPtr msvmSecretDefineXML(virConnectPtr conn, const char *xml, unsigned int flags);
char *msvmSecretGetXMLDesc(virSecretPtr secret, unsigned int flags);
int msvmSecretSetValue(virSecretPtr secret, const unsigned char *value, size_t value_size, unsigned int flags);
/* The caller wipes what it gets. */
unsigned char *msvmSecretGetValue(virSecretPtr secret, size_t *value_size, unsigned int flags);
/* Deletes the secret in the key manager, and nothing else does. */
int msvmSecretUndefine(virSecretPtr secret);
int msvmConnectSecretEventRegisterAny(virConnectPtr conn, virSecretPtr secret, int eventID,
                                      virConnectSecretEventGenericCallback cb, void *opaque,
                                      virFreeCallback freecb);
int msvmConnectSecretEventDeregisterAny(virConnectPtr conn, int callbackID);
