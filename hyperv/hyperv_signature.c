/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_signature.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <libxml/c14n.h>

#include "hyperv/hyperv_protector_xml.h"

#define MAX_DIGEST_SIZE 64 /* of SHA-512 */

/* RFC 9231. SHA-1 proves nothing any more. */
static const struct {
    const char *uri;
    gnutls_sign_algorithm_t algorithm;
} algorithms[] = {
    { "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", GNUTLS_SIGN_RSA_SHA256 },
    { "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", GNUTLS_SIGN_RSA_SHA384 },
    { "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", GNUTLS_SIGN_RSA_SHA512 },
    { "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", GNUTLS_SIGN_RSA_PSS_SHA256 },
    { "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", GNUTLS_SIGN_RSA_PSS_SHA384 },
    { "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", GNUTLS_SIGN_RSA_PSS_SHA512 },
};

static gnutls_sign_algorithm_t algorithm_of(xmlNode *signature)
{
    xmlChar *uri = xmlGetNoNsProp(signature, (const xmlChar *)"Algorithm");
    gnutls_sign_algorithm_t algorithm = GNUTLS_SIGN_UNKNOWN;

    for (gsize i = 0; uri && i < G_N_ELEMENTS(algorithms); i++) {
        if (xmlStrEqual(uri, (const xmlChar *)algorithms[i].uri))
            algorithm = algorithms[i].algorithm;
    }
    xmlFree(uri);
    for (xmlNode *child = signature->children; child; child = child->next) {
        if (hyperv_protector_xml_is(child, "Parameters"))
            return GNUTLS_SIGN_UNKNOWN;
    }
    return algorithm;
}

/* Whether a node is in the element; of a namespace or an attribute, parent is
 * the element that it is of. */
static int is_inside(void *element, xmlNode *node, xmlNode *parent)
{
    for (xmlNode *at = node->type == XML_NAMESPACE_DECL ? parent : node; at; at = at->parent) {
        if (at == element)
            return 1;
    }
    return 0;
}

/* The same without white space between elements. */
static int is_inside_and_not_blank(void *element, xmlNode *node, xmlNode *parent)
{
    return (node->type != XML_TEXT_NODE || !xmlIsBlankNode(node)) && is_inside(element, node, parent);
}

static int add_to_hash(void *hash, const char *text, int size)
{
    return gnutls_hash(hash, text, size) == GNUTLS_E_SUCCESS ? size : -1;
}

/* Of the element in its canonical form: exclusive, without comments, in UTF-8. */
static gboolean digest_of(xmlNode *element, xmlC14NIsVisibleCallback is_visible, gnutls_digest_algorithm_t algorithm,
                          guint8 *digest)
{
    gnutls_hash_hd_t hash;
    xmlOutputBuffer *out;
    gboolean ok;

    if (gnutls_hash_init(&hash, algorithm) != GNUTLS_E_SUCCESS)
        return FALSE;
    out = xmlOutputBufferCreateIO(add_to_hash, NULL, hash, NULL);
    ok = out && xmlC14NExecute(element->doc, is_visible, element, XML_C14N_EXCLUSIVE_1_0, NULL, 0, out) >= 0;
    ok = out && xmlOutputBufferClose(out) >= 0 && ok;
    gnutls_hash_deinit(hash, digest);
    return ok;
}

static gnutls_pubkey_t key_of(const GByteArray *certificate)
{
    gnutls_datum_t der = { .data = certificate->data, .size = certificate->len };
    gnutls_x509_crt_t crt = NULL;
    gnutls_pubkey_t key = NULL;

    if (gnutls_x509_crt_init(&crt) != GNUTLS_E_SUCCESS)
        return NULL;
    if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
        gnutls_pubkey_init(&key) == GNUTLS_E_SUCCESS && gnutls_pubkey_import_x509(key, crt, 0) != GNUTLS_E_SUCCESS)
        g_clear_pointer(&key, gnutls_pubkey_deinit);
    gnutls_x509_crt_deinit(crt);
    return key;
}

/* White space between elements is a part of the canonical form, but not of
 * what a writer has in memory that lays a document out when it writes it. */
static HypervSignature verify(gnutls_sign_algorithm_t algorithm, xmlNode *signed_node, const GByteArray *value,
                              const GByteArray *certificate)
{
    static const xmlC14NIsVisibleCallback forms[] = { is_inside, is_inside_and_not_blank };
    gnutls_digest_algorithm_t hash = gnutls_sign_get_hash_algorithm(algorithm);
    guint8 bytes[MAX_DIGEST_SIZE];
    gnutls_datum_t digest = { .data = bytes, .size = gnutls_hash_get_len(hash) };
    gnutls_datum_t signature = { .data = value->data, .size = value->len };
    gnutls_pubkey_t key = key_of(certificate);
    HypervSignature result = HYPERV_SIGNATURE_NOT_VERIFIED;

    for (gsize i = 0; key && result != HYPERV_SIGNATURE_GOOD && i < G_N_ELEMENTS(forms); i++) {
        int code = digest_of(signed_node, forms[i], hash, bytes)
                       ? gnutls_pubkey_verify_hash2(key, algorithm, 0, &digest, &signature)
                       : GNUTLS_E_INTERNAL_ERROR;

        if (code >= 0)
            result = HYPERV_SIGNATURE_GOOD;
        else if (code == GNUTLS_E_PK_SIG_VERIFY_FAILED)
            result = HYPERV_SIGNATURE_BAD;
    }
    g_clear_pointer(&key, gnutls_pubkey_deinit);
    return result;
}

HypervSignature hyperv_signature_verify(xmlNode *signature, xmlNode *signed_node, const GByteArray *certificate)
{
    gnutls_sign_algorithm_t algorithm = algorithm_of(signature);
    xmlNode *node = hyperv_protector_xml_child(signature, "SignatureValue", NULL);
    GByteArray *value = node ? hyperv_protector_xml_base64(node, NULL) : NULL;
    HypervSignature result = HYPERV_SIGNATURE_NOT_VERIFIED;

    if (value && algorithm != GNUTLS_SIGN_UNKNOWN)
        result = verify(algorithm, signed_node, value, certificate);
    hyperv_protector_bytes_free(value);
    return result;
}
