/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * References to secrets, as users write them.
 */
#pragma once

#include <glib.h>

/* The longest reference that is looked at, in bytes. */
#define KEYMGR_REFERENCE_MAX_SIZE 2048

typedef enum {
    KEYMGR_REFERENCE_SECRET,
    KEYMGR_REFERENCE_CONTAINER, /* .../containers/UUID: several secrets, in an order */
} KeymgrReferenceKind;

typedef struct {
    KeymgrReferenceKind kind;
    char uuid[37];              /* lower case, as Barbican wants it */
} KeymgrReference;

/* Takes a bare UUID in any case, or an href of which only the last part
 * counts: the store that is configured is asked, whatever host the href
 * names, as OpenStack's own client does. The path alone, /containers/UUID, is
 * enough.
 * FALSE with KEYMGR_ERROR_INVALID_REFERENCE. */
gboolean keymgr_reference_parse(const char *text, KeymgrReference *reference, GError **error);
