/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libxml/parser.h>
#include <string.h>

#include "sim/guardian_private.h"
#include "sim/protector_private.h"

#define KPS_NS "http://schemas.microsoft.com/kps/2014/07"
#define MAX_WRAPPINGS 64

/* Algorithms: XML-DSig's and XML-Enc's names for what GnuTLS does here. */
#define RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define HMAC_SHA256 "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
#define RSA_1_5 "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
#define KDF "urn:hvsim:kdf:hmac-sha256"

/* --- writing ----------------------------------------------------------------- */

static void append_base64(GString *out, const char *element, GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_base64_encode(data, size);

    g_string_append_printf(out, "<%s>%s</%s>", element, text, element);
}

static void append_signature(GString *out, const char *algorithm, const char *value)
{
    g_string_append_printf(out,
                           "<Signature Algorithm=\"%s\"><SignatureValue>%s</SignatureValue></Signature>",
                           algorithm, value);
}

static void append_wrapping(GString *out, const SimWrapping *wrapping)
{
    g_string_append_printf(out, "<Wrapping><Id>%u</Id>", wrapping->id);
    append_base64(out, "SigningCertificate", wrapping->signing);
    g_string_append_printf(out, "<SigningCertificateSignature ParentWrappingId=\"%u\">", wrapping->parent);
    append_signature(out, RSA_SHA256, wrapping->signing_signature);
    g_string_append(out, "</SigningCertificateSignature>");
    append_base64(out, "EncryptionCertificate", wrapping->encryption);
    g_string_append(out, "<EncryptionCertificateSignature>");
    append_signature(out, RSA_SHA256, wrapping->encryption_signature);
    g_string_append_printf(out,
                           "</EncryptionCertificateSignature><TransportKey><EncryptedData Algorithm=\"%s\">"
                           "<CipherValue>%s</CipherValue></EncryptedData></TransportKey></Wrapping>",
                           RSA_1_5, wrapping->cipher);
}

char *sim_protector_format_wrappings(const SimProtector *protector)
{
    GString *out = g_string_new("<Wrappings xmlns=\"" KPS_NS "\">");

    for (guint i = 0; i < protector->wrappings->len; i++)
        append_wrapping(out, g_ptr_array_index(protector->wrappings, i));
    g_string_append(out, "</Wrappings>");
    return g_string_free(out, FALSE);
}

static GBytes *frame(const GString *document)
{
    guint32 total = GUINT32_TO_BE((guint32) document->len + 4);
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *) &total, sizeof total);
    g_byte_array_append(bytes, (const guint8 *) document->str, (guint) document->len);
    return g_byte_array_free_to_bytes(bytes);
}

GBytes *sim_protector_format(const SimProtector *protector)
{
    g_autoptr(GString) out =
        g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                     "<Protector xmlns=\"" KPS_NS "\" MaxOfflineUnwraps=\"0\"><Wrappings>");

    for (guint i = 0; i < protector->wrappings->len; i++)
        append_wrapping(out, g_ptr_array_index(protector->wrappings, i));
    g_string_append(out, "</Wrappings><TransportKeySignature><KeyDerivationMethod Algorithm=\"" KDF
                         "\"></KeyDerivationMethod>");
    append_signature(out, HMAC_SHA256, protector->transport_signature);
    g_string_append_printf(out, "</TransportKeySignature><GuardianSignature WrappingId=\"%u\">",
                           protector->guardian_id);
    append_signature(out, RSA_SHA256, protector->guardian_signature);
    g_string_append(out, "</GuardianSignature></Protector>");
    return frame(out);
}

GBytes *sim_guardian_metadata(const SimGuardian *guardian, const char *signature)
{
    g_autoptr(GString) out = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                                          "<Metadata xmlns=\"" KPS_NS "\" Version=\"1\"><GuardianInformation>"
                                          "<Version>1</Version>");
    GBytes *signing = sim_guardian_signing_certificate(guardian);
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(signing, &size);
    g_autofree char *own = signature ? g_strdup(signature) : sim_guardian_sign(guardian, data, size);
    g_autofree char *encryption =
        signature ? g_strdup(signature) : sim_guardian_certificate_signature(guardian);
    g_autofree char *whole = NULL;

    if (!own || !encryption)
        return NULL;
    append_base64(out, "EncryptionCertificate", sim_guardian_encryption_certificate(guardian));
    append_base64(out, "SigningCertificate", signing);
    g_string_append_printf(out,
                           "<EncryptionCertificateSignature Algorithm=\"%s\"><SignatureValue>%s</SignatureValue>"
                           "</EncryptionCertificateSignature>"
                           "<SigningCertificateSelfSignature Algorithm=\"%s\"><SignatureValue>%s</SignatureValue>"
                           "</SigningCertificateSelfSignature></GuardianInformation>",
                           RSA_SHA256, encryption, RSA_SHA256, own);
    whole = signature ? g_strdup(signature) : sim_guardian_sign(guardian, out->str, out->len);
    g_string_append_printf(out,
                           "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignatureValue>%s"
                           "</SignatureValue></Signature></Metadata>",
                           whole);
    return g_string_free_to_bytes(g_steal_pointer(&out));
}

/* --- reading --------------------------------------------------------------------- */

static gboolean wrong(GError **error, const char *what, const char *where)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the key protector is malformed: %s%s%s", what,
                where ? ": " : "", where ? where : "");
    return FALSE;
}

static xmlNode *next_element(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

/* The next child, which must be this element (the schema's sequences are
 * strict). *at moves behind it. */
static xmlNode *take(xmlNode **at, const char *name, GError **error)
{
    xmlNode *node = next_element(*at);

    if (!node || strcmp((const char *) node->name, name) != 0 || !node->ns ||
        strcmp((const char *) node->ns->href, KPS_NS) != 0) {
        wrong(error, "expected element", name);
        return NULL;
    }
    *at = node->next;
    return node;
}

static void skip_parameters(xmlNode **at)
{
    xmlNode *node = next_element(*at);

    if (node && strcmp((const char *) node->name, "Parameters") == 0)
        *at = node->next;
}

static gboolean no_more(xmlNode *at, const char *where, GError **error)
{
    return next_element(at) == NULL || wrong(error, "unexpected element in", where);
}

/* The text of a base64 element that is not empty; *bytes its octets when wanted. */
static char *take_base64(xmlNode **at, const char *name, GBytes **bytes, GError **error)
{
    xmlNode *node = take(at, name, error);
    xmlChar *raw = node ? xmlNodeGetContent(node) : NULL;
    g_autofree char *text = g_strdup(raw ? (const char *) raw : "");
    g_autofree guchar *data = NULL;
    gsize size = 0;

    xmlFree(raw);
    if (!node)
        return NULL;
    g_strstrip(text);
    data = g_base64_decode(text, &size);
    if (size == 0 ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t ") !=
            strlen(text)) {
        wrong(error, "no base64 in", name);
        return NULL;
    }
    if (bytes)
        *bytes = g_bytes_new(data, size);
    return g_steal_pointer(&text);
}

static gboolean has_algorithm(xmlNode *node, GError **error)
{
    xmlChar *text = xmlGetNoNsProp(node, BAD_CAST "Algorithm");
    gboolean ok = text && *text;

    xmlFree(text);
    return ok || wrong(error, "no Algorithm on", (const char *) node->name);
}

static char *read_signature(xmlNode *parent, xmlNode *from, GError **error)
{
    xmlNode *at = from ? from : parent->children;
    xmlNode *signature = take(&at, "Signature", error);
    g_autofree char *value = NULL;

    if (!signature || !has_algorithm(signature, error) || !no_more(at, (const char *) parent->name, error))
        return NULL;
    at = signature->children;
    skip_parameters(&at);
    value = take_base64(&at, "SignatureValue", NULL, error);
    return value && no_more(at, "Signature", error) ? g_steal_pointer(&value) : NULL;
}

static gboolean read_number(const char *text, guint *out, const char *where, GError **error)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text ? text : ""));
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(stripped, 10, 0, G_MAXUINT32, &number, NULL))
        return wrong(error, "no number in", where);
    *out = (guint) number;
    return TRUE;
}

static gboolean read_attribute(xmlNode *node, const char *name, guint *out, GError **error)
{
    xmlChar *text = xmlGetNoNsProp(node, BAD_CAST name);
    gboolean ok = read_number((const char *) text, out, name, error);

    xmlFree(text);
    return ok;
}

static gboolean read_id(xmlNode **at, SimWrapping *wrapping, GError **error)
{
    xmlNode *node = take(at, "Id", error);
    xmlChar *text = node ? xmlNodeGetContent(node) : NULL;
    gboolean ok = node && read_number((const char *) text, &wrapping->id, "Id", error);

    xmlFree(text);
    return ok;
}

static gboolean read_certificate(xmlNode **at, const char *name, GBytes **out, GError **error)
{
    g_autofree char *text = take_base64(at, name, out, error);

    return text && sim_certificate_check(*out, error);
}

static gboolean read_transport_key(xmlNode **at, SimWrapping *wrapping, GError **error)
{
    xmlNode *node = take(at, "TransportKey", error);
    xmlNode *inner = node ? node->children : NULL;
    xmlNode *data = node ? take(&inner, "EncryptedData", error) : NULL;

    if (!data || !has_algorithm(data, error) || !no_more(inner, "TransportKey", error))
        return FALSE;
    inner = data->children;
    skip_parameters(&inner);
    wrapping->cipher = take_base64(&inner, "CipherValue", NULL, error);
    return wrapping->cipher && no_more(inner, "EncryptedData", error);
}

static gboolean read_wrapping(xmlNode *node, SimWrapping *wrapping, GError **error)
{
    xmlNode *at = node->children;
    xmlNode *signature = NULL;

    if (!read_id(&at, wrapping, error) ||
        !read_certificate(&at, "SigningCertificate", &wrapping->signing, error))
        return FALSE;
    signature = take(&at, "SigningCertificateSignature", error);
    if (!signature || !read_attribute(signature, "ParentWrappingId", &wrapping->parent, error))
        return FALSE;
    wrapping->signing_signature = read_signature(signature, NULL, error);
    if (!wrapping->signing_signature ||
        !read_certificate(&at, "EncryptionCertificate", &wrapping->encryption, error))
        return FALSE;
    signature = take(&at, "EncryptionCertificateSignature", error);
    if (!signature)
        return FALSE;
    wrapping->encryption_signature = read_signature(signature, NULL, error);
    return wrapping->encryption_signature && read_transport_key(&at, wrapping, error) &&
           no_more(at, "Wrapping", error);
}

static gboolean read_wrappings(SimProtector *protector, xmlNode *wrappings, GError **error)
{
    xmlNode *at = wrappings->children;

    while (next_element(at)) {
        xmlNode *node = take(&at, "Wrapping", error);
        SimWrapping *wrapping = node ? g_new0(SimWrapping, 1) : NULL;

        if (!wrapping)
            return FALSE;
        g_ptr_array_add(protector->wrappings, wrapping);
        if (protector->wrappings->len > MAX_WRAPPINGS)
            return wrong(error, "too many wrappings", NULL);
        if (!read_wrapping(node, wrapping, error))
            return FALSE;
    }
    return protector->wrappings->len > 0 || wrong(error, "no Wrapping", NULL);
}

static gboolean read_protector(SimProtector *protector, xmlNode *root, GError **error)
{
    xmlNode *at = root;
    xmlNode *node = root ? take(&at, "Protector", error) : NULL;
    xmlNode *inner = NULL;

    if (!node)
        return root != NULL ? FALSE : wrong(error, "no document", NULL);
    at = node->children;
    node = take(&at, "Wrappings", error);
    if (!node || !read_wrappings(protector, node, error))
        return FALSE;
    node = take(&at, "TransportKeySignature", error);
    inner = node ? node->children : NULL;
    {
        xmlNode *method = node ? take(&inner, "KeyDerivationMethod", error) : NULL;

        if (!method || !has_algorithm(method, error))
            return FALSE;
    }
    protector->transport_signature = read_signature(node, inner, error);
    node = protector->transport_signature ? take(&at, "GuardianSignature", error) : NULL;
    if (!node || !read_attribute(node, "WrappingId", &protector->guardian_id, error))
        return FALSE;
    protector->guardian_signature = read_signature(node, NULL, error);
    return protector->guardian_signature && no_more(at, "Protector", error);
}

/* --- the chain of wrappings ---------------------------------------------------------- */

static const SimWrapping *by_id(const SimProtector *protector, guint id, guint *count)
{
    const SimWrapping *found = NULL;

    *count = 0;
    for (guint i = 0; i < protector->wrappings->len; i++) {
        const SimWrapping *wrapping = g_ptr_array_index(protector->wrappings, i);

        if (wrapping->id == id) {
            found = wrapping;
            (*count)++;
        }
    }
    return found;
}

/* Ids are unique, one wrapping is its own parent (the owner), every other one
 * leads to it. */
static gboolean check_chain(const SimProtector *protector, GError **error)
{
    guint owners = 0, count = 0;

    for (guint i = 0; i < protector->wrappings->len; i++) {
        const SimWrapping *wrapping = g_ptr_array_index(protector->wrappings, i);
        guint steps = 0;

        by_id(protector, wrapping->id, &count);
        if (count != 1)
            return wrong(error, "two wrappings have the same Id", NULL);
        owners += wrapping->parent == wrapping->id;
        while (wrapping && wrapping->parent != wrapping->id && steps++ < protector->wrappings->len)
            wrapping = by_id(protector, wrapping->parent, &count);
        if (!wrapping || wrapping->parent != wrapping->id)
            return wrong(error, "a wrapping does not lead to the owner", NULL);
    }
    if (owners != 1)
        return wrong(error, "there is not exactly one owner", NULL);
    return by_id(protector, protector->guardian_id, &count) != NULL ||
           wrong(error, "GuardianSignature names no wrapping", NULL);
}

/* --- framing ------------------------------------------------------------------------------ */

static gboolean check_frame(const guint8 *data, gsize size, GError **error)
{
    guint32 length = 0;

    if (size <= 4 || size > SIM_PROTECTOR_MAX_BYTES)
        return wrong(error, "its size", NULL);
    memcpy(&length, data, sizeof length);
    return GUINT32_FROM_BE(length) == size || wrong(error, "its length prefix is not its length", NULL);
}

SimProtector *sim_protector_parse(GBytes *framed, GError **error)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(framed, &size);
    g_autoptr(SimProtector) protector = sim_protector_alloc();
    xmlDoc *doc = NULL;
    gboolean ok = FALSE;

    if (!check_frame(data, size, error))
        return NULL;
    if (g_strstr_len((const char *) data + 4, (gssize) size - 4, "<!DOCTYPE")) {
        wrong(error, "a document type", NULL);
        return NULL;
    }
    doc = xmlReadMemory((const char *) data + 4, (int) size - 4, NULL, NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc)
        wrong(error, "not well-formed XML", NULL);
    ok =
        doc && read_protector(protector, xmlDocGetRootElement(doc), error) && check_chain(protector, error);
    xmlFreeDoc(doc);
    return ok ? g_steal_pointer(&protector) : NULL;
}
