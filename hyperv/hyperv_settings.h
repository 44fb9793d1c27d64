/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings of a machine as a whole: Msvm_VirtualSystemSettingData.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_method.h"

#define HYPERV_SETTINGS_CLASS "Msvm_VirtualSystemSettingData"
/* VirtualSystemType of a machine's active settings; checkpoints and planned
 * machines have others. */
#define HYPERV_SETTINGS_REALIZED "Microsoft:Hyper-V:System:Realized"

/* The generation that VirtualSystemSubType says. */
guint hyperv_settings_get_generation(const WsmanInstance *settings);
/* NULL when there are none. Caller frees. */
char *hyperv_settings_get_notes(const WsmanInstance *settings);
/* Upper case, without braces; NULL when there is none. Caller frees. */
char *hyperv_settings_get_bios_guid(const WsmanInstance *settings);

/* All that the settings say, but for the boot order (hyperv_boot.h). */
void hyperv_settings_read(const WsmanInstance *settings, HypervMachine *machine);

/* One Get. HYPERV_ERROR_NO_MACHINE when there is none. */
WsmanInstance *hyperv_settings_fetch(HypervCall *call, const char *guid, GError **error);

/* What DefineSystem takes: everything that can be said before there are
 * devices, Secure Boot too, since a TPM freezes it. */
WsmanInstance *hyperv_settings_new(const HypervMachine *wanted, const char *notes);

/* A change: InstanceID alone, to be filled. Hosts refuse whole copies. */
WsmanInstance *hyperv_settings_change(const char *guid);
void hyperv_settings_set_notes(WsmanInstance *settings, const char *notes);
/* Whether they have the Secure Boot that is wanted, and its template. */
gboolean hyperv_settings_has_secure_boot(const WsmanInstance *settings, const HypervMachine *wanted);
/* Generation 2 only; what differs from current, or all when that is NULL. A
 * host on which the machine has had a TPM refuses any write of the template,
 * of the same one, too. */
void hyperv_settings_set_secure_boot(WsmanInstance *settings, const HypervMachine *current,
                                     const HypervMachine *wanted);
/* Name, actions and BIOS GUID, where they differ; TRUE when any does. */
gboolean hyperv_settings_set_differences(WsmanInstance *settings, const HypervMachine *current,
                                         const HypervMachine *wanted);

/* ModifySystemSettings. */
gboolean hyperv_settings_modify(HypervCall *call, const WsmanInstance *change, const char *what, GError **error);
