/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a libvirt driver gives to the backend libvirt, and what that does with
 * definitions.
 */
#pragma once

#include "keymgr/keymgr_definition.h"

/* Functions that replace calls of libvirt's public API, for what that does not
 * do: private values are readable in-process only, and an embedded store would
 * be locked against everybody else. NULL: the public call. uuid: lower case.
 * opaque: of keymgr_set_libvirt_hooks(). */
typedef struct {
    /* Of a domain's key. usage_type: of virSecretUsageType, which it must have
     * if it has a usage, KEYMGR_ERROR_INVALID_REFERENCE otherwise; -1: any. */
    KeymgrSecret *(*get_value)(const char *uuid, int usage_type, gpointer opaque, GError **error);
    /* Of any secret. */
    KeymgrSecret *(*read_value)(const char *uuid, gpointer opaque, GError **error);
    gboolean (*set_value)(const char *uuid, KeymgrSecret *value, gpointer opaque, GError **error);
    KeymgrDefinition *(*inspect)(const char *uuid, gpointer opaque, GError **error);
    GPtrArray *(*list)(gpointer opaque, GError **error);
    /* Returns the UUID, which is a new one where the definition has none. */
    char *(*define)(const KeymgrDefinition *definition, gpointer opaque, GError **error);
    gboolean (*remove)(const char *uuid, gpointer opaque, GError **error);
} KeymgrLibvirtHooks;

/* For the backend libvirt inside a libvirt driver. Ignored by other backends.
 * hooks: static. */
void keymgr_set_libvirt_hooks(Keymgr *keymgr, const KeymgrLibvirtHooks *hooks, gpointer opaque,
                              GDestroyNotify destroy);

/* libvirt's XML of a secret; caller frees. */
char *keymgr_libvirt_format(const KeymgrDefinition *definition);
/* Of XML that libvirt wrote. NULL with KEYMGR_ERROR_PROTOCOL. */
KeymgrDefinition *keymgr_libvirt_parse(const char *xml, GError **error);
