/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which configuration and which store a connection msvm:///embed?root=DIR has:
 * the driver has rules of its own where the configuration says nothing.
 */
#pragma once

#include <glib.h>

/* DIR/etc/msvm.conf where it is there, the system's otherwise, or without a
 * root. Caller frees. */
char *msvm_keymgr_config_path(const char *root);

/* Fills in what the driver takes when neither backend nor uri is given: the
 * secrets of its root.
 * path: of the configuration, for messages. root: NULL: not known.
 * KEYMGR_ERROR_CONFIG when it would have to be, rather than a look elsewhere. */
gboolean msvm_keymgr_settle(GKeyFile *config, const char *path, const char *root, GError **error);
