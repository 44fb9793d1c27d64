/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The secrets that a domain XML names, for a user who wants to check them
 * before the domain is defined. It looks only for references: whether the XML
 * is right is for the driver to say.
 */
#pragma once

#include <glib.h>

/* A domain XML of more than this is refused. */
#define KEYMGR_DOMAIN_MAX_SIZE (1024 * 1024)

/* References in document order, each once: <tpm>'s <encryption secret=>, <key
 * secret=> of the metadata, and the list of the image property os_vtpm_keys;
 * then, as /containers/UUID, the container of img_pdk_reference. Image
 * properties are found in Nova's metadata, too.
 * NULL-terminated; caller frees with g_strfreev(). KEYMGR_ERROR_PROTOCOL when
 * the text is not XML, _INVALID_REFERENCE when img_pdk_reference is that of no
 * container. */
char **keymgr_domain_references(const char *xml, gsize size, GError **error);
