/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Provisioning of a shielded machine from a signed template disk:
 * Msps_ProvisioningService.ProvisionMachine, which takes the shielding data and
 * the specialization data (FSK) as files on the host.
 *
 *   SerializeToFile  DIRECTORY\GUID.pdk   the shielding data, as the host read them
 *   SerializeToFile  DIRECTORY\GUID.fsk   Msps_FSK with the pairs
 *   ProvisionMachine                      its job is waited for
 *   Delete                                both files (CIM_DataFile), whatever happened
 */
#pragma once

#include "hyperv/hyperv_method.h"
#include "hyperv/hyperv_shielding.h"

#define HYPERV_PROVISION_TIMEOUT 1800 /* seconds: the default; a guest specializes itself in this time */
#define HYPERV_PROVISION_MAX_PAIRS 64

/* All borrowed. */
typedef struct {
    const char *directory;     /* on the host, C:\...; no backslash at its end */
    guint timeout;             /* seconds; 0: the default */
    const char *const *names;  /* @@NAME@@, NULL-terminated */
    const char *const *values; /* as many */
} HypervProvisioning;

/* The machine must be off and protected. FALSE with what failed; a job that
 * failed gives its text, HYPERV_ERROR_TIMEOUT how far it came. A job that does
 * not end in time is killed. */
gboolean hyperv_provision(HypervCall *call, const char *guid, const HypervShielding *shielding,
                          const HypervProvisioning *provisioning, GError **error);

/* Removes the two files of a provisioning that was cut off, as far as there are
 * any. FALSE with the one that is left. */
gboolean hyperv_provision_clean(HypervHost *host, const char *guid, const char *directory, GError **error);
