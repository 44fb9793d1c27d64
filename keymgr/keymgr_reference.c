/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_reference.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_text.h"

static gboolean
invalid(const char *text, gsize size, GError **error)
{
    g_autofree char *shown = keymgr_text_quote(text, size);

    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                "'%s' is not a secret reference: a UUID or a URL that ends in /secrets/UUID is needed",
                shown);
    return FALSE;
}

/* The collection that an href's last part belongs to: "secrets" of
 * https://host/v1/secrets/UUID. start: of the UUID in text. */
static gboolean
href_kind(const char *text, const char *start, KeymgrReferenceKind *kind)
{
    if (text[0] != '/' && !g_str_has_prefix(text, "http://") && !g_str_has_prefix(text, "https://"))
        return FALSE;
    *kind = KEYMGR_REFERENCE_SECRET;
    if ((gsize)(start - text) >= strlen("/containers/") &&
        strncmp(start - strlen("/containers/"), "/containers/", strlen("/containers/")) == 0)
        *kind = KEYMGR_REFERENCE_CONTAINER;
    else if ((gsize)(start - text) < strlen("/secrets/") ||
             strncmp(start - strlen("/secrets/"), "/secrets/", strlen("/secrets/")) != 0)
        return FALSE;
    return TRUE;
}

gboolean
keymgr_reference_parse(const char *text, KeymgrReference *reference, GError **error)
{
    gsize size = strnlen(text, KEYMGR_REFERENCE_MAX_SIZE + 1);
    g_autofree char *uuid = NULL;
    const char *start;
    gsize end = size;

    if (size > KEYMGR_REFERENCE_MAX_SIZE)
        return invalid(text, size, error);
    if (end > 0 && text[end - 1] == '/' && memchr(text, ':', end))
        end--;
    start = g_strrstr_len(text, (gssize)end, "/");
    start = start ? start + 1 : text;
    reference->kind = KEYMGR_REFERENCE_SECRET;
    if (start != text && !href_kind(text, start, &reference->kind))
        return invalid(text, size, error);

    uuid = g_ascii_strdown(start, (gssize)(end - (gsize)(start - text)));
    if (!g_uuid_string_is_valid(uuid))
        return invalid(text, size, error);
    g_strlcpy(reference->uuid, uuid, sizeof(reference->uuid));
    return TRUE;
}
