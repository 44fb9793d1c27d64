/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection of the backend libvirt: opened when it is needed, kept, and
 * opened again when it has died. Used by many threads at once.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

#include "keymgr/keymgr_error.h"

typedef struct KeymgrLibvirtConnection KeymgrLibvirtConnection;

KeymgrLibvirtConnection *keymgr_libvirt_connection_new(const char *uri);
void keymgr_libvirt_connection_free(KeymgrLibvirtConnection *store);
/* "libvirt's secrets at URI" */
const char *keymgr_libvirt_connection_describe(const KeymgrLibvirtConnection *store);
const char *keymgr_libvirt_connection_uri(const KeymgrLibvirtConnection *store);

/* Whether libvirt's driver runs in this process. */
gboolean keymgr_libvirt_is_embedded(const KeymgrLibvirtConnection *store);

/* Caller closes. NULL: KEYMGR_ERROR_UNAVAILABLE, _AUTH ..., or _CONFIG for a
 * URI that leads back to a user of key managers. */
virConnectPtr keymgr_libvirt_connect(KeymgrLibvirtConnection *store, GError **error);

/* Sets an error from libvirt's last one of this thread. Always NULL.
 * what: the secret that it was about; "": none.
 * no_secret: what "no such secret" means here. */
gpointer keymgr_libvirt_fail(const KeymgrLibvirtConnection *store, const char *what, KeymgrError no_secret,
                             GError **error);
