/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The secrets of embedded mode, in ROOT/etc/secrets, as secret:///embed?root=ROOT
 * of libvirt keeps them: UUID.xml and UUID.base64.
 *
 * libvirt's driver reads them when it starts, and locks ROOT/run/secrets for
 * as long as its process lives. So a write here waits for that lock, holds it
 * for a moment, and is refused while libvirt's driver is at work: that would
 * not see the change. Reading needs no lock.
 */
#pragma once

#include <stdbool.h>

#include "keymgr/keymgr_libvirt.h"

/* The longest file that is looked at for a definition, and the most files. */
#define MSVM_SECRET_MAX_DEFINITION (64 * 1024)
#define MSVM_SECRET_MAX_FILES 10000
/* How long a write waits for another process' write. */
#define MSVM_SECRET_LOCK_MS 1000

/* The hooks for a root, whose opaque is the root. root: NULL outside of
 * embedded mode, where only private values need a way of their own. */
const KeymgrLibvirtHooks *msvmSecretFilesHooks(const char *root);

/* ROOT/etc/secrets/UUID and a suffix; caller frees. */
char *msvmSecretFilesPath(const char *root, const char *uuid, const char *suffix);

/* Whether this process has libvirt's own secret driver. */
bool msvmSecretDriverIsLoaded(void);
