/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How Hyper-V names things: instance ids, object paths, GUID forms, notes.
 */
#pragma once

#include "wsman/wsman_epr.h"

/* InstanceID of a machine's active settings: Microsoft:<GUID>. Caller frees. */
char *hyperv_settings_id(const char *guid);
/* Msvm_VirtualSystemSettingData of the machine. */
WsmanEpr *hyperv_settings_epr(const char *guid);
/* Msvm_ComputerSystem of the machine. */
WsmanEpr *hyperv_system_epr(const char *guid);
/* Any setting data by its InstanceID. */
WsmanEpr *hyperv_setting_epr(const char *class_name, const char *instance_id);
/* A service of which the host has one: CreationClassName alone names it. */
WsmanEpr *hyperv_service_epr(const char *class_name);
/* Object path of a setting data instance, for Parent and the like. */
char *hyperv_setting_path(const char *class_name, const char *instance_id);

/* The value of one key in an object path, or NULL. Hosts write backslashes in
 * such paths doubled (Parent) or single (BootSourceOrder): both are read. */
char *hyperv_path_get_key(const char *path, const char *key);

/* Whether two instance ids are the same; both may be NULL, which is no id. */
gboolean hyperv_id_equal(const char *a, const char *b);

/* A UUID in upper case without braces, or NULL when it is none. */
char *hyperv_guid_normalize(const char *text);
/* BIOSGUID as it is written: in braces. */
char *hyperv_bios_guid_format(const char *guid);

/* Notes are an array of strings on the wire: one item for each line, since
 * hosts may put a question mark for a line break inside an item. */
char **hyperv_notes_split(const char *notes);
/* NULL when there are none. */
char *hyperv_notes_join(const char *const *lines);
