/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_pkcs11_object.h"

#include <string.h>

#include "keymgr/keymgr_reference.h"
#include "keymgr/keymgr_text.h"

/* Objects that one C_FindObjects() asks for. */
#define FIND_BATCH 64

static CK_OBJECT_CLASS class_data = CKO_DATA;
static CK_BBOOL yes = CK_TRUE;

/* --- references ----------------------------------------------------------- */

static gboolean
invalid(const char *shown, const char *reason, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE, "'%s': %s", shown, reason);
    return FALSE;
}

/* The label of a URI that names a data object; NULL with the reason. */
static char *
label_of_uri(P11KitUri *uri, const char **problem)
{
    CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
    CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(uri, CKA_CLASS);

    if (p11_kit_uri_get_attribute(uri, CKA_ID))
        *problem = "data objects have no id";
    else if (class && (class->ulValueLen != sizeof(class_data) ||
                       memcmp(class->pValue, &class_data, sizeof(class_data)) != 0))
        *problem = "only objects of type=data hold secrets";
    else if (!label || label->ulValueLen == 0)
        *problem = "object=LABEL is needed";
    else if (label->ulValueLen > KEYMGR_PKCS11_MAX_TEXT)
        *problem = "the label is too long";
    else if (memchr(label->pValue, '\0', label->ulValueLen))
        *problem = "the label has a zero byte";
    else
        return g_strndup(label->pValue, label->ulValueLen);
    return NULL;
}

static gboolean
parse_uri(const char *text, KeymgrPkcs11Reference *reference, GError **error)
{
    const char *problem = NULL;
    g_autoptr(P11KitUri) uri = keymgr_pkcs11_uri_parse(text, &problem);

    /* A URI that is refused may hold a PIN, and is not shown. */
    if (!uri)
        return invalid("pkcs11:", problem, error);
    reference->shown = keymgr_text_quote(text, strlen(text));
    reference->label = label_of_uri(uri, &problem);
    if (!reference->label) {
        invalid(reference->shown, problem, error);
        keymgr_pkcs11_reference_clear(reference);
        return FALSE;
    }
    reference->uri = g_steal_pointer(&uri);
    return TRUE;
}

gboolean
keymgr_pkcs11_reference_parse(const char *text, KeymgrPkcs11Reference *reference, GError **error)
{
    KeymgrReference plain;

    memset(reference, 0, sizeof(*reference));
    if (g_str_has_prefix(text, "pkcs11:") &&
        strnlen(text, KEYMGR_REFERENCE_MAX_SIZE + 1) <= KEYMGR_REFERENCE_MAX_SIZE)
        return parse_uri(text, reference, error);
    if (!keymgr_reference_parse(text, &plain, error))
        return FALSE;
    if (plain.kind != KEYMGR_REFERENCE_SECRET)
        return invalid(plain.uuid, "a token has no containers", error);
    reference->shown = g_strdup(plain.uuid);
    reference->label = g_strdup(plain.uuid);
    return TRUE;
}

void
keymgr_pkcs11_reference_clear(KeymgrPkcs11Reference *reference)
{
    g_clear_pointer(&reference->shown, g_free);
    g_clear_pointer(&reference->label, g_free);
    g_clear_pointer(&reference->uri, p11_kit_uri_free);
}

/* --- searching ------------------------------------------------------------ */

static gboolean
fail(const KeymgrPkcs11Session *session, const char *shown, CK_RV rv, GError **error)
{
    g_autofree char *what = g_strdup_printf("secret %s", shown);

    return keymgr_pkcs11_fail(session->token, what, rv, error);
}

/* All objects of a template, up to max. */
static CK_RV
find_all(const KeymgrPkcs11Session *session, CK_ATTRIBUTE *template, CK_ULONG count, gsize max,
         GArray *objects)
{
    CK_OBJECT_HANDLE batch[FIND_BATCH];
    CK_ULONG got = 0;
    CK_RV rv = session->module->C_FindObjectsInit(session->handle, template, count);

    if (rv != CKR_OK)
        return rv;
    do {
        rv = session->module->C_FindObjects(session->handle, batch, G_N_ELEMENTS(batch), &got);
        if (rv == CKR_OK)
            g_array_append_vals(objects, batch, (guint)MIN(got, G_N_ELEMENTS(batch)));
    } while (rv == CKR_OK && got > 0 && objects->len < max);
    session->module->C_FindObjectsFinal(session->handle);
    return rv;
}

/* A reference may name its token, too, which must be ours: the PIN is not for
 * any other. */
static gboolean
is_here(const KeymgrPkcs11Session *session, const KeymgrPkcs11Reference *reference)
{
    CK_INFO library;

    return !reference->uri ||
           (p11_kit_uri_match_token_info(reference->uri, &session->info) &&
            session->module->C_GetInfo(&library) == CKR_OK &&
            p11_kit_uri_match_module_info(reference->uri, &library));
}

gboolean
keymgr_pkcs11_object_find(const KeymgrPkcs11Session *session, const KeymgrPkcs11Reference *reference,
                          CK_OBJECT_HANDLE *object, GError **error)
{
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class_data, sizeof(class_data) },
        { CKA_TOKEN, &yes, sizeof(yes) },
        { CKA_LABEL, reference->label, strlen(reference->label) },
    };
    g_autoptr(GArray) objects = g_array_new(FALSE, FALSE, sizeof(CK_OBJECT_HANDLE));
    const char *store = keymgr_pkcs11_token_describe(session->token);
    CK_RV rv = CKR_OK;

    if (is_here(session, reference))
        rv = find_all(session, template, G_N_ELEMENTS(template), 2, objects);
    if (rv != CKR_OK)
        return fail(session, reference->shown, rv, error);
    if (objects->len == 1)
        *object = g_array_index(objects, CK_OBJECT_HANDLE, 0);
    else if (objects->len > 1)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_SECRET,
                    "%s: secret %s: several objects have this label", store, reference->shown);
    else
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND,
                    "%s: secret %s: there is no such data object%s", store, reference->shown,
                    session->logged_in ? "" : " that can be seen without a PIN (no pin is configured)");
    return objects->len == 1;
}

GArray *
keymgr_pkcs11_object_list(const KeymgrPkcs11Session *session, gsize max, GError **error)
{
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class_data, sizeof(class_data) },
        { CKA_TOKEN, &yes, sizeof(yes) },
    };
    g_autoptr(GArray) objects = g_array_new(FALSE, FALSE, sizeof(CK_OBJECT_HANDLE));
    CK_RV rv = find_all(session, template, G_N_ELEMENTS(template), max + 1, objects);

    if (rv != CKR_OK) {
        keymgr_pkcs11_fail(session->token, "listing the data objects", rv, error);
        return NULL;
    }
    if (objects->len > max) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: more than %zu data objects",
                    keymgr_pkcs11_token_describe(session->token), max);
        return NULL;
    }
    return g_steal_pointer(&objects);
}

/* --- reading -------------------------------------------------------------- */

/* The size of an attribute; 0 where it has none. */
static CK_RV
size_of(const KeymgrPkcs11Session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gsize *size)
{
    CK_ATTRIBUTE attribute = { type, NULL, 0 };
    CK_RV rv = session->module->C_GetAttributeValue(session->handle, object, &attribute, 1);

    *size = rv == CKR_OK && attribute.ulValueLen != (CK_ULONG)-1 ? attribute.ulValueLen : 0;
    return rv == CKR_ATTRIBUTE_TYPE_INVALID ? CKR_OK : rv;
}

KeymgrSecret *
keymgr_pkcs11_object_read(const KeymgrPkcs11Session *session, const char *shown, CK_OBJECT_HANDLE object,
                          GError **error)
{
    const char *store = keymgr_pkcs11_token_describe(session->token);
    CK_ATTRIBUTE attribute = { CKA_VALUE, NULL, 0 };
    g_autoptr(KeymgrSecret) secret = NULL;
    guint8 *bytes;
    gsize size;
    CK_RV rv = size_of(session, object, CKA_VALUE, &size);

    if (rv == CKR_OK && size == 0) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NO_PAYLOAD, "%s: secret %s: its value is empty", store,
                    shown);
        return NULL;
    }
    if (size > KEYMGR_SECRET_MAX_SIZE) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: secret %s passes the limit of %d bytes",
                    store, shown, KEYMGR_SECRET_MAX_SIZE);
        return NULL;
    }
    if (rv == CKR_OK) {
        secret = keymgr_secret_new_sized(size, &bytes);
        attribute.pValue = bytes;
        attribute.ulValueLen = size;
        rv = session->module->C_GetAttributeValue(session->handle, object, &attribute, 1);
    }
    if (rv != CKR_OK) {
        fail(session, shown, rv, error);
        return NULL;
    }
    if (attribute.ulValueLen != size) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL,
                    "%s: secret %s: its size changed while it was read", store, shown);
        return NULL;
    }
    return g_steal_pointer(&secret);
}

/* NULL where there is none, or one that is too long or no text. */
static char *
text_of(const KeymgrPkcs11Session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    char text[KEYMGR_PKCS11_MAX_TEXT];
    CK_ATTRIBUTE attribute = { type, text, sizeof(text) };

    if (session->module->C_GetAttributeValue(session->handle, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen > sizeof(text) || attribute.ulValueLen == 0 ||
        !g_utf8_validate(text, (gssize)attribute.ulValueLen, NULL))
        return NULL;
    return g_strndup(text, attribute.ulValueLen);
}

static gboolean
is_private(const KeymgrPkcs11Session *session, CK_OBJECT_HANDLE object)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = { CKA_PRIVATE, &value, sizeof(value) };

    return session->module->C_GetAttributeValue(session->handle, object, &attribute, 1) == CKR_OK && value;
}

static gboolean
is_uuid(const char *label)
{
    const char *c;

    for (c = label; *c; c++) {
        if (g_ascii_isupper(*c))
            return FALSE;
    }
    return g_uuid_string_is_valid(label);
}

static char *
uri_of(const char *label)
{
    g_autoptr(P11KitUri) uri = p11_kit_uri_new();
    CK_ATTRIBUTE attributes[] = {
        { CKA_LABEL, (void *)label, strlen(label) },
        { CKA_CLASS, &class_data, sizeof(class_data) },
    };
    char *text = NULL;
    char *copy;

    p11_kit_uri_set_attributes(uri, attributes, G_N_ELEMENTS(attributes));
    p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT, &text);
    copy = g_strdup(text);
    free(text);
    return copy;
}

KeymgrInfo *
keymgr_pkcs11_object_info(const KeymgrPkcs11Session *session, const char *shown, CK_OBJECT_HANDLE object,
                          GError **error)
{
    g_autofree char *label = text_of(session, object, CKA_LABEL);
    KeymgrInfo *info;
    gsize size;
    CK_RV rv = size_of(session, object, CKA_VALUE, &size);

    if (rv != CKR_OK) {
        fail(session, shown, rv, error);
        return NULL;
    }
    if (!label)
        return NULL;
    info = g_new0(KeymgrInfo, 1);
    if (is_uuid(label)) {
        info->name = text_of(session, object, CKA_APPLICATION);
        info->id = g_steal_pointer(&label);
    } else {
        info->id = uri_of(label);
        info->name = g_steal_pointer(&label);
    }
    info->type = g_strdup("data");
    info->status = g_strdup(is_private(session, object) ? "private" : "public");
    info->has_payload = size > 0;
    return info;
}

/* --- writing -------------------------------------------------------------- */

gboolean
keymgr_pkcs11_object_create(const KeymgrPkcs11Session *session, const char *id, const char *name,
                            const KeymgrSecret *value, GError **error)
{
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class_data, sizeof(class_data) },
        { CKA_TOKEN, &yes, sizeof(yes) },
        { CKA_PRIVATE, &yes, sizeof(yes) },
        { CKA_LABEL, (void *)id, strlen(id) },
        { CKA_VALUE, (void *)keymgr_secret_data(value), keymgr_secret_size(value) },
        { CKA_APPLICATION, (void *)name, name ? strlen(name) : 0 },
    };
    CK_OBJECT_HANDLE object;
    CK_ULONG count = G_N_ELEMENTS(template) - (name ? 0 : 1);
    CK_RV rv = session->module->C_CreateObject(session->handle, template, count, &object);

    return rv == CKR_OK || fail(session, "to be stored", rv, error);
}

gboolean
keymgr_pkcs11_object_destroy(const KeymgrPkcs11Session *session, const char *shown, CK_OBJECT_HANDLE object,
                             GError **error)
{
    CK_RV rv = session->module->C_DestroyObject(session->handle, object);

    return rv == CKR_OK || fail(session, shown, rv, error);
}
