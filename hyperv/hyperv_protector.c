/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_protector.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "hyperv/hyperv_protector_xml.h"
#include "hyperv/hyperv_signature.h"

#define FRAME_SIZE 4
#define MIN_RSA_BITS 2048

/* One <Wrapping>: who is its parent. */
typedef struct {
    guint64 id;
    guint64 parent;
} Wrapping;

static gboolean fail(GError **error, const char *text)
{
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s", text);
    return FALSE;
}

/* --- the frame ---------------------------------------------------------------- */

static gsize frame_length(const guint8 *data)
{
    return ((gsize)data[0] << 24) | ((gsize)data[1] << 16) | ((gsize)data[2] << 8) | data[3];
}

gboolean hyperv_protector_is_empty(const guint8 *data, gsize size)
{
    return size == FRAME_SIZE && frame_length(data) == FRAME_SIZE;
}

GBytes *hyperv_protector_frame(const guint8 *data, gsize size)
{
    gboolean is_framed = size >= FRAME_SIZE && frame_length(data) == size;
    gsize total = is_framed ? size : size + FRAME_SIZE;
    guint8 head[] = { total >> 24, total >> 16, total >> 8, total };
    GByteArray *framed = g_byte_array_sized_new(total);

    if (!is_framed)
        g_byte_array_append(framed, head, sizeof(head));
    g_byte_array_append(framed, data, size);
    return g_bytes_new_with_free_func(framed->data, framed->len, (GDestroyNotify)hyperv_protector_bytes_free, framed);
}

/* White space apart, text that starts a document; UTF-8 or UTF-16, with a byte
 * order mark or without. */
static gboolean starts_xml(const guint8 *data, gsize size)
{
    gsize at = 0;

    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    else if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        at = 2;
    while (at < size && (data[at] == 0 || g_ascii_isspace(data[at])))
        at++;
    return at < size && data[at] == '<';
}

static gboolean is_framed(const guint8 *data, gsize size)
{
    return size > FRAME_SIZE && frame_length(data) == size && starts_xml(data + FRAME_SIZE, size - FRAME_SIZE);
}

gboolean hyperv_protector_document(const guint8 **data, gsize *size, GError **error)
{
    if (*size == 0 || hyperv_protector_is_empty(*data, *size))
        return fail(error, "it is empty");
    if (*size > HYPERV_PROTECTOR_MAX_SIZE) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "it has more than %u bytes",
                         (guint)HYPERV_PROTECTOR_MAX_SIZE);
        return FALSE;
    }
    if (is_framed(*data, *size)) {
        *data += FRAME_SIZE;
        *size -= FRAME_SIZE;
        return TRUE;
    }
    if (starts_xml(*data, *size) && (*data)[0] != 0)
        return TRUE;
    if (*size > FRAME_SIZE && starts_xml(*data + FRAME_SIZE, *size - FRAME_SIZE)) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                         "its length prefix says %" G_GSIZE_FORMAT " bytes, but there are %" G_GSIZE_FORMAT,
                         frame_length(*data), *size);
        return FALSE;
    }
    return fail(error, "it is neither a document nor a length with a document behind it");
}

/* --- certificates ---------------------------------------------------------------- */

static gboolean check_key(gnutls_x509_crt_t certificate, const xmlNode *node, GError **error)
{
    unsigned int bits = 0;
    int algorithm = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);

    if ((algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS) && bits >= MIN_RSA_BITS)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                     "the key of <%s> is not RSA of at least %u bits (line %ld)", node->name, (guint)MIN_RSA_BITS,
                     xmlGetLineNo(node));
    return FALSE;
}

static gboolean check_certificate(xmlNode *wrapping, const char *name, GError **error)
{
    xmlNode *node = hyperv_protector_xml_child(wrapping, name, error);
    GByteArray *der = node ? hyperv_protector_xml_base64(node, error) : NULL;
    gnutls_x509_crt_t certificate = NULL;
    gboolean ok = FALSE;

    if (!der)
        return FALSE;
    if (gnutls_x509_crt_init(&certificate) == GNUTLS_E_SUCCESS) {
        gnutls_datum_t datum = { .data = der->data, .size = der->len };

        if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS)
            ok = check_key(certificate, node, error);
        else
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> is not a certificate (line %ld)", name,
                             xmlGetLineNo(node));
        gnutls_x509_crt_deinit(certificate);
    }
    hyperv_protector_bytes_free(der);
    return ok;
}

/* --- signatures and keys ------------------------------------------------------------ */

static gboolean check_algorithm(xmlNode *node, GError **error)
{
    xmlChar *algorithm = xmlGetNoNsProp(node, (const xmlChar *)"Algorithm");
    gboolean ok = algorithm && *algorithm;

    xmlFree(algorithm);
    if (!ok)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> names no algorithm (line %ld)", node->name,
                         xmlGetLineNo(node));
    return ok;
}

/* <parent><name Algorithm="..."><value>base64</value></name></parent>. What it
 * is, is another matter: algorithms are open in MS-KPS. */
static gboolean check_value(xmlNode *parent, const char *name, const char *value_name, GError **error)
{
    xmlNode *node = hyperv_protector_xml_child(parent, name, error);
    xmlNode *value = node && check_algorithm(node, error) ? hyperv_protector_xml_child(node, value_name, error)
                                                          : NULL;
    GByteArray *bytes = value ? hyperv_protector_xml_base64(value, error) : NULL;

    if (!bytes)
        return FALSE;
    hyperv_protector_bytes_free(bytes);
    return TRUE;
}

static gboolean check_signature_of(xmlNode *wrapping, const char *name, GError **error)
{
    xmlNode *node = hyperv_protector_xml_child(wrapping, name, error);

    return node && check_value(node, "Signature", "SignatureValue", error);
}

/* One for all wrappings, which hold the same key. */
static gboolean check_transport_key_signature(xmlNode *root, GError **error)
{
    xmlNode *signature = hyperv_protector_xml_child(root, "TransportKeySignature", error);
    xmlNode *derivation = signature ? hyperv_protector_xml_child(signature, "KeyDerivationMethod", error) : NULL;

    return derivation && check_algorithm(derivation, error) &&
           check_value(signature, "Signature", "SignatureValue", error);
}

static gboolean check_transport_key(xmlNode *wrapping, GError **error)
{
    xmlNode *key = hyperv_protector_xml_child(wrapping, "TransportKey", error);

    return key && check_value(key, "EncryptedData", "CipherValue", error);
}

/* --- wrappings ---------------------------------------------------------------------- */

static gboolean read_id(xmlNode *node, guint64 *id, GError **error)
{
    xmlNode *child = hyperv_protector_xml_child(node, "Id", error);
    xmlChar *text = child ? xmlNodeGetContent(child) : NULL;
    gboolean ok = text && g_ascii_string_to_unsigned(g_strstrip((char *)text), 10, 0, G_MAXUINT32, id, NULL);

    xmlFree(text);
    if (child && !ok)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<Id> is not a number (line %ld)",
                         xmlGetLineNo(child));
    return ok;
}

static gboolean read_parent(xmlNode *node, guint64 *parent, GError **error)
{
    xmlNode *signature = hyperv_protector_xml_child(node, "SigningCertificateSignature", error);

    return signature && hyperv_protector_xml_uint(signature, "ParentWrappingId", parent, error);
}

static gboolean check_wrapping(xmlNode *node, Wrapping *wrapping, GError **error)
{
    return read_id(node, &wrapping->id, error) && read_parent(node, &wrapping->parent, error) &&
           check_certificate(node, "SigningCertificate", error) &&
           check_signature_of(node, "SigningCertificateSignature", error) &&
           check_certificate(node, "EncryptionCertificate", error) &&
           check_signature_of(node, "EncryptionCertificateSignature", error) && check_transport_key(node, error);
}

static const Wrapping *find_wrapping(const GArray *wrappings, guint64 id)
{
    for (guint i = 0; i < wrappings->len; i++) {
        const Wrapping *wrapping = &g_array_index(wrappings, Wrapping, i);

        if (wrapping->id == id)
            return wrapping;
    }
    return NULL;
}

static gboolean collect_wrappings(xmlNode *parent, GArray *wrappings, GError **error)
{
    for (xmlNode *child = parent->children; child; child = child->next) {
        Wrapping wrapping;

        if (!hyperv_protector_xml_is(child, "Wrapping"))
            continue;
        if (wrappings->len == HYPERV_PROTECTOR_MAX_WRAPPINGS)
            return fail(error, "it has too many wrappings");
        if (!check_wrapping(child, &wrapping, error))
            return FALSE;
        if (find_wrapping(wrappings, wrapping.id)) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                             "two wrappings have the Id %" G_GUINT64_FORMAT " (line %ld)", wrapping.id,
                             xmlGetLineNo(child));
            return FALSE;
        }
        g_array_append_val(wrappings, wrapping);
    }
    return wrappings->len > 0 || fail(error, "it has no wrapping");
}

/* Follows the parents of one wrapping; the owner is its own. More steps than
 * there are wrappings can only be a loop. */
static gboolean leads_to_owner(const GArray *wrappings, const Wrapping *wrapping, GError **error)
{
    const Wrapping *at = wrapping;

    for (guint step = 0; step <= wrappings->len; step++) {
        if (at->parent == at->id)
            return TRUE;
        at = find_wrapping(wrappings, at->parent);
        if (!at) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                             "wrapping %" G_GUINT64_FORMAT " descends from one that is not there", wrapping->id);
            return FALSE;
        }
    }
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                     "the parents of wrapping %" G_GUINT64_FORMAT " form a loop", wrapping->id);
    return FALSE;
}

static gboolean check_descent(const GArray *wrappings, GError **error)
{
    guint owners = 0;

    for (guint i = 0; i < wrappings->len; i++) {
        const Wrapping *wrapping = &g_array_index(wrappings, Wrapping, i);

        if (!leads_to_owner(wrappings, wrapping, error))
            return FALSE;
        owners += wrapping->parent == wrapping->id;
    }
    return owners == 1 || fail(error, "it has more than one owner");
}

/* --- the document ------------------------------------------------------------------- */

static gboolean check_guardian_signature(xmlNode *root, const GArray *wrappings, GError **error)
{
    xmlNode *signature = hyperv_protector_xml_child(root, "GuardianSignature", error);
    guint64 id;

    if (!signature || !hyperv_protector_xml_uint(signature, "WrappingId", &id, error))
        return FALSE;
    if (!find_wrapping(wrappings, id)) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                         "its signature is of wrapping %" G_GUINT64_FORMAT ", which is not there", id);
        return FALSE;
    }
    return check_value(signature, "Signature", "SignatureValue", error);
}

static gboolean check_document(xmlDoc *doc, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autoptr(GArray) wrappings = g_array_new(FALSE, FALSE, sizeof(Wrapping));
    xmlNode *list;

    if (!hyperv_protector_xml_is(root, "Protector"))
        return fail(error, "its root element is not <Protector> of " HYPERV_PROTECTOR_NAMESPACE);
    list = hyperv_protector_xml_child(root, "Wrappings", error);
    return list && collect_wrappings(list, wrappings, error) && check_descent(wrappings, error) &&
           check_transport_key_signature(root, error) && check_guardian_signature(root, wrappings, error);
}

static gboolean check(const guint8 *data, gsize size, gboolean (*more)(xmlDoc *doc, GError **error), GError **error)
{
    xmlDoc *doc = NULL;
    gboolean ok;

    if (hyperv_protector_document(&data, &size, error))
        doc = hyperv_protector_xml_parse(data, size, error);
    ok = doc && check_document(doc, error) && (!more || more(doc, error));
    hyperv_protector_xml_free(doc);
    if (!ok)
        g_prefix_error(error, "not a usable key protector: ");
    return ok;
}

gboolean hyperv_protector_check(const guint8 *data, gsize size, GError **error)
{
    return check(data, size, NULL, error);
}

/* --- its signature --------------------------------------------------------------------- */

/* The signing certificate of one wrapping of a document that passed the check. */
static GByteArray *signer(xmlNode *wrappings, guint64 id)
{
    for (xmlNode *child = wrappings->children; child; child = child->next) {
        guint64 own;

        if (hyperv_protector_xml_is(child, "Wrapping") && read_id(child, &own, NULL) && own == id)
            return hyperv_protector_xml_base64(hyperv_protector_xml_child(child, "SigningCertificate", NULL), NULL);
    }
    return NULL;
}

static gboolean verify_guardian_signature(xmlDoc *doc, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *wrappings = hyperv_protector_xml_child(root, "Wrappings", error);
    xmlNode *guardian = hyperv_protector_xml_child(root, "GuardianSignature", error);
    HypervSignature result = HYPERV_SIGNATURE_NOT_VERIFIED;
    GByteArray *certificate = NULL;
    guint64 id;

    if (hyperv_protector_xml_uint(guardian, "WrappingId", &id, error))
        certificate = signer(wrappings, id);
    if (certificate)
        result = hyperv_signature_verify(hyperv_protector_xml_child(guardian, "Signature", error), wrappings,
                                         certificate);
    hyperv_protector_bytes_free(certificate);
    if (result == HYPERV_SIGNATURE_BAD)
        return fail(error, "its GuardianSignature is not of these wrappings: they were changed, or signed by "
                           "somebody else");
    if (result == HYPERV_SIGNATURE_NOT_VERIFIED)
        g_info("the GuardianSignature of a key protector is not verified: its algorithm is not known here");
    return TRUE;
}

gboolean hyperv_protector_verify(const guint8 *data, gsize size, GError **error)
{
    return check(data, size, verify_guardian_signature, error);
}

/* --- kinds of material ------------------------------------------------------------------ */

HypervMaterial hyperv_material_detect(const guint8 *data, gsize size)
{
    const guint8 *document = data;
    gsize length = size;
    xmlDoc *doc;
    xmlNode *root;
    HypervMaterial material = HYPERV_MATERIAL_UNKNOWN;

    if (size == 0 || size > HYPERV_PROTECTOR_MAX_SIZE)
        return size == 0 ? HYPERV_MATERIAL_UNKNOWN : HYPERV_MATERIAL_SHIELDING_DATA;
    if (!hyperv_protector_document(&document, &length, NULL)) {
        /* A wrong length in front of a document is a broken protector, which
         * its check will say better. */
        if (size > FRAME_SIZE && starts_xml(data + FRAME_SIZE, size - FRAME_SIZE))
            return HYPERV_MATERIAL_PROTECTOR;
        return hyperv_protector_is_empty(data, size) ? HYPERV_MATERIAL_PROTECTOR : HYPERV_MATERIAL_SHIELDING_DATA;
    }
    doc = hyperv_protector_xml_parse(document, length, NULL);
    root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!root)
        material = HYPERV_MATERIAL_PROTECTOR; /* likewise */
    else if (xmlStrEqual(root->name, (const xmlChar *)"Protector"))
        material = HYPERV_MATERIAL_PROTECTOR;
    else if (xmlStrEqual(root->name, (const xmlChar *)"Metadata"))
        material = HYPERV_MATERIAL_GUARDIAN_METADATA;
    hyperv_protector_xml_free(doc);
    return material;
}
