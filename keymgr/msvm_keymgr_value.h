/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user hands to msvm-keymgr: the value of a secret, a domain's XML.
 */
#pragma once

#include <gio/gio.h>

#include "keymgr/keymgr_secret.h"

/* All of a file, or of standard input for "-", in locked memory; at most
 * KEYMGR_SECRET_MAX_SIZE. Waits for a terminal or a pipe as long as nobody
 * cancels. */
KeymgrSecret *msvm_keymgr_read(const char *path, GCancellable *cancellable, GError **error);
