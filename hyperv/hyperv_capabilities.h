/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host can give its machines.
 */
#pragma once

#include "hyperv/hyperv_guard.h"

/* More versions than any host has. */
#define HYPERV_MAX_CONFIGURATION_VERSIONS 64

typedef struct {
    gboolean has_security;  /* Msvm_SecurityService: TPM, encryption, shielding (since Windows Server 2016) */
    HypervGuard guard;      /* none where there is no security service */
    guint max_processors;   /* of one machine, as the host says; 0: it does not */
    guint64 max_memory_mib; /* likewise */
} HypervCapabilities;

/* Whether a machine can have a TPM: the service, and a guard that opens its key
 * protector. On a guarded host, and where the mode is not known, with keys. */
gboolean hyperv_capabilities_have_tpm(const HypervCapabilities *capabilities);

/* Three or four requests: the security service, the guard, and the definitions of
 * processors and memory (Msvm_SettingsDefineCapabilities, ValueRange 2), whose
 * instance ids end in "Maximum". Fails only where the host cannot be asked. */
gboolean hyperv_query_capabilities(HypervHost *host, HypervCapabilities *capabilities, GCancellable *cancellable,
                                   GError **error);

/* Configuration versions that the host takes, "8.0" before "10.0": a
 * GPtrArray of char *, empty where the host does not tell. Through
 * Msvm_VirtualSystemManagementCapabilities, which Hyper-V's own client asks for
 * Get-VMHostSupportedVersion. NULL with the error set. Two requests. */
GPtrArray *hyperv_query_versions(HypervHost *host, GCancellable *cancellable, GError **error);

/* Whether the host has the classes for shielding data (root/msps): one
 * request. The feature is called FabricShieldedTools, or RSAT-Shielded-VM-Tools. */
gboolean hyperv_query_shielding_tools(HypervHost *host, gboolean *present, GCancellable *cancellable,
                                      GError **error);

/* Names of the virtual switches, char *, sorted; names may be there twice.
 * One query. NULL with the error set. */
GPtrArray *hyperv_query_switches(HypervHost *host, GCancellable *cancellable, GError **error);

/* Whether there is a VHD or VHDX file of that name (GetVirtualHardDiskSettingData
 * of Msvm_ImageManagementService, which reads its header). One request. Of
 * other files WMI tells nothing. */
gboolean hyperv_query_disk(HypervHost *host, const char *path, gboolean *present, GCancellable *cancellable,
                           GError **error);

/* Compares "9.0" with "10.0" by number: <0, 0, >0. */
gint hyperv_version_compare(const char *a, const char *b);
