/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of libvirt secrets, also private ones, for the key manager's backend
 * "libvirt". Where they are looked for, in this order:
 *
 *   1. in embedded mode, ROOT/etc/secrets, where secret:///embed?root=ROOT
 *      keeps them
 *   2. in the secret driver of this process, if it has one (libvirtd, or a
 *      program that has opened secret:///embed), or outside of embedded mode
 *      the one of the system (virtsecretd)
 *
 * Files are read, not opened through a secret driver of our own, because that
 * would lock them against everybody else for as long as this process lives.
 */
#pragma once

#include "keymgr/keymgr.h"

/* A value in a file is base64 of at most KEYMGR_SECRET_MAX_SIZE bytes. */
#define MSVM_SECRET_MAX_FILE (2 * KEYMGR_SECRET_MAX_SIZE)

/* get_value of KeymgrLibvirtHooks; opaque is the root of embedded mode (char *), or NULL.
 * Errors: KEYMGR_ERROR_NOT_FOUND, _NO_PAYLOAD, _INVALID_REFERENCE for a secret
 * of another usage, _INVALID_SECRET, _UNAVAILABLE. */
KeymgrSecret *msvmSecretValueGet(const char *uuid, int usage_type, gpointer opaque, GError **error);

/* read_value of KeymgrLibvirtHooks: of the first of these places, and of any
 * usage. opaque: the root. */
KeymgrSecret *msvmSecretValueRead(const char *uuid, gpointer opaque, GError **error);
