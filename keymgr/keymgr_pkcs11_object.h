/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Data objects (CKO_DATA) of a token. A UUID names the object whose label
 * (CKA_LABEL) it is, in lower case; the human name of such an object is in
 * CKA_APPLICATION. Any other object is named by a URI (RFC 7512):
 * pkcs11:object=LABEL.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_pkcs11_token.h"

/* The longest label or application text that is read or written, in bytes. */
#define KEYMGR_PKCS11_MAX_TEXT 1024

typedef struct {
    char *shown;    /* for messages */
    char *label;
    P11KitUri *uri; /* NULL: a UUID */
} KeymgrPkcs11Reference;

/* FALSE with KEYMGR_ERROR_INVALID_REFERENCE. */
gboolean keymgr_pkcs11_reference_parse(const char *text, KeymgrPkcs11Reference *reference, GError **error);
void keymgr_pkcs11_reference_clear(KeymgrPkcs11Reference *reference);

/* KEYMGR_ERROR_NOT_FOUND, or _INVALID_SECRET where several objects have the
 * label. */
gboolean keymgr_pkcs11_object_find(const KeymgrPkcs11Session *session, const KeymgrPkcs11Reference *reference,
                                   CK_OBJECT_HANDLE *object, GError **error);

/* The value, written by the module into locked memory. */
KeymgrSecret *keymgr_pkcs11_object_read(const KeymgrPkcs11Session *session, const char *shown,
                                        CK_OBJECT_HANDLE object, GError **error);

/* NULL without an error for an object that has no label, so that nothing could
 * name it. */
KeymgrInfo *keymgr_pkcs11_object_info(const KeymgrPkcs11Session *session, const char *shown,
                                      CK_OBJECT_HANDLE object, GError **error);

/* Array of CK_OBJECT_HANDLE. KEYMGR_ERROR_LIMIT beyond max. */
GArray *keymgr_pkcs11_object_list(const KeymgrPkcs11Session *session, gsize max, GError **error);

/* A private object of the token, with label id. name: or NULL. */
gboolean keymgr_pkcs11_object_create(const KeymgrPkcs11Session *session, const char *id, const char *name,
                                     const KeymgrSecret *value, GError **error);

gboolean keymgr_pkcs11_object_destroy(const KeymgrPkcs11Session *session, const char *shown,
                                      CK_OBJECT_HANDLE object, GError **error);
