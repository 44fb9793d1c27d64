/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_metadata.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_protector_xml.h"

#define MIN_RSA_BITS 2048
#define MAX_CERTIFICATE_SIZE (16 * 1024)
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define PEM_ANY "-----BEGIN "
#define DER_SEQUENCE 0x30

void hyperv_metadata_free(HypervMetadata *metadata)
{
    if (!metadata)
        return;
    g_clear_pointer(&metadata->signing, hyperv_certificate_free);
    g_clear_pointer(&metadata->encryption, hyperv_certificate_free);
    g_free(metadata->signature);
    g_free(metadata->signature_algorithm);
    g_free(metadata);
}

/* --- certificates -------------------------------------------------------------------- */

static gboolean is_pem(const guint8 *data, gsize size)
{
    gsize at = 0;

    while (at < size && g_ascii_isspace(data[at]))
        at++;
    return size - at >= strlen(PEM_BEGIN) && memcmp(data + at, PEM_BEGIN, strlen(PEM_BEGIN)) == 0;
}

static gnutls_x509_crt_t import(const guint8 *data, gsize size)
{
    gnutls_datum_t datum = { .data = (unsigned char *)data, .size = size };
    gnutls_x509_crt_t crt = NULL;

    if (size == 0 || size > MAX_CERTIFICATE_SIZE || gnutls_x509_crt_init(&crt) != GNUTLS_E_SUCCESS)
        return NULL;
    if (gnutls_x509_crt_import(crt, &datum, is_pem(data, size) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER) !=
        GNUTLS_E_SUCCESS)
        g_clear_pointer(&crt, gnutls_x509_crt_deinit);
    return crt;
}

gboolean hyperv_metadata_is_certificate(const guint8 *data, gsize size)
{
    gnutls_x509_crt_t crt;

    if (is_pem(data, size))
        return TRUE;
    crt = size > 0 && data[0] == DER_SEQUENCE ? import(data, size) : NULL;
    if (crt)
        gnutls_x509_crt_deinit(crt);
    return crt != NULL;
}

gboolean hyperv_certificate_check_time(const HypervCertificate *certificate, const char *name, GError **error)
{
    HypervCertificateAge age = hyperv_certificate_age(certificate, g_get_real_time() / G_USEC_PER_SEC);
    g_autofree char *when = NULL;

    if (age == HYPERV_CERTIFICATE_VALID)
        return TRUE;
    when = hyperv_certificate_time(age == HYPERV_CERTIFICATE_EXPIRED ? certificate->not_after
                                                                     : certificate->not_before);
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s (%s) %s %s", name, certificate->thumbprint,
                     age == HYPERV_CERTIFICATE_EXPIRED ? "expired at" : "is not valid before", when);
    return FALSE;
}

static gboolean check_key(gnutls_x509_crt_t crt, const char *name, GError **error)
{
    unsigned int bits = 0;
    int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);

    if ((algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS) && bits >= MIN_RSA_BITS)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "the key of %s is not RSA of at least %d bits", name,
                     MIN_RSA_BITS);
    return FALSE;
}

static GBytes *export(gnutls_x509_crt_t crt)
{
    gnutls_datum_t der = { 0 };
    GBytes *bytes;

    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) != GNUTLS_E_SUCCESS)
        return g_bytes_new_static("", 0);
    bytes = g_bytes_new(der.data, der.size);
    gnutls_free(der.data);
    return bytes;
}

static HypervCertificate *read_certificate(const guint8 *data, gsize size, const char *name, GError **error)
{
    gnutls_x509_crt_t crt = import(data, size);
    g_autoptr(HypervCertificate) certificate = NULL;

    if (!crt) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s is not a certificate", name);
        return NULL;
    }
    if (check_key(crt, name, error)) {
        g_autoptr(GBytes) der = export(crt);

        certificate = hyperv_certificate_new(der, error);
    }
    gnutls_x509_crt_deinit(crt);
    if (!certificate || !hyperv_certificate_check_time(certificate, name, error))
        return NULL;
    return g_steal_pointer(&certificate);
}

/* --- the document ---------------------------------------------------------------------- */

static HypervCertificate *take_certificate(xmlNode *parent, const char *name, GError **error)
{
    xmlNode *node = hyperv_protector_xml_child(parent, name, error);
    GByteArray *der = node ? hyperv_protector_xml_base64(node, error) : NULL;
    g_autofree char *element = g_strdup_printf("<%s>", name);
    HypervCertificate *certificate;

    if (!der)
        return NULL;
    certificate = read_certificate(der->data, der->len, element, error);
    hyperv_protector_bytes_free(der);
    return certificate;
}

static gboolean take_signature(HypervMetadata *metadata, xmlNode *parent, GError **error)
{
    xmlNode *node = hyperv_protector_xml_child(parent, "EncryptionCertificateSignature", error);
    xmlNode *value = node ? hyperv_protector_xml_child(node, "SignatureValue", error) : NULL;
    GByteArray *bytes = value ? hyperv_protector_xml_base64(value, error) : NULL;
    xmlChar *algorithm;

    if (!bytes)
        return FALSE;
    metadata->signature = g_base64_encode(bytes->data, bytes->len);
    hyperv_protector_bytes_free(bytes);
    algorithm = xmlGetNoNsProp(node, (const xmlChar *)"Algorithm");
    metadata->signature_algorithm = g_strdup(algorithm ? (const char *)algorithm : "");
    xmlFree(algorithm);
    if (*metadata->signature_algorithm)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> names no algorithm (line %ld)", node->name,
                     xmlGetLineNo(node));
    return FALSE;
}

static HypervMetadata *read_document(xmlNode *root, GError **error)
{
    g_autoptr(HypervMetadata) metadata = g_new0(HypervMetadata, 1);
    xmlNode *information;

    if (!hyperv_protector_xml_is(root, "Metadata")) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                         "its root element is not <Metadata> of the namespace of key protectors");
        return NULL;
    }
    information = hyperv_protector_xml_child(root, "GuardianInformation", error);
    if (!information || !(metadata->encryption = take_certificate(information, "EncryptionCertificate", error)) ||
        !(metadata->signing = take_certificate(information, "SigningCertificate", error)) ||
        !take_signature(metadata, information, error))
        return NULL;
    return g_steal_pointer(&metadata);
}

static HypervMetadata *parse_document(const guint8 *data, gsize size, GError **error)
{
    xmlDoc *doc = hyperv_protector_xml_parse(data, size, error);
    HypervMetadata *metadata = doc ? read_document(xmlDocGetRootElement(doc), error) : NULL;

    hyperv_protector_xml_free(doc);
    return metadata;
}

/* --- all of it --------------------------------------------------------------------------- */

static gboolean add_certificate(GPtrArray *guardians, const guint8 *data, gsize size, const char *name,
                                GError **error)
{
    HypervCertificate *certificate = read_certificate(data, size, name, error);
    HypervMetadata *metadata;

    if (!certificate)
        return FALSE;
    metadata = g_new0(HypervMetadata, 1);
    metadata->encryption = certificate;
    g_ptr_array_add(guardians, metadata);
    return TRUE;
}

/* Each block by itself, so that none is left out. */
static gboolean add_bundle(GPtrArray *guardians, const char *text, gsize size, GError **error)
{
    const char *end = text + size;
    const char *begin;

    if (memchr(text, '\0', size)) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "there are zero bytes among its certificates");
        return FALSE;
    }
    while ((begin = g_strstr_len(text, end - text, PEM_ANY))) {
        const char *last = g_strstr_len(begin, end - begin, PEM_END);
        g_autofree char *name = g_strdup_printf("certificate %u", guardians->len + 1);

        if (!is_pem((const guint8 *)begin, end - begin)) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "it holds something else than certificates");
            return FALSE;
        }
        if (guardians->len == HYPERV_METADATA_MAX_GUARDIANS) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "it holds more than %d certificates",
                             HYPERV_METADATA_MAX_GUARDIANS);
            return FALSE;
        }
        text = last ? last + strlen(PEM_END) : end;
        if (!add_certificate(guardians, (const guint8 *)begin, text - begin, name, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_document(GPtrArray *guardians, const guint8 *data, gsize size, GError **error)
{
    HypervMetadata *metadata = parse_document(data, size, error);

    if (metadata)
        g_ptr_array_add(guardians, metadata);
    return metadata != NULL;
}

GPtrArray *hyperv_metadata_parse(const guint8 *data, gsize size, GError **error)
{
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_metadata_free);
    gboolean ok;

    if (is_pem(data, size))
        ok = add_bundle(guardians, (const char *)data, size, error);
    else if (hyperv_metadata_is_certificate(data, size))
        ok = add_certificate(guardians, data, size, "the certificate", error);
    else
        ok = add_document(guardians, data, size, error);
    if (ok)
        return g_steal_pointer(&guardians);
    g_prefix_error(error, "not usable guardian metadata: ");
    return NULL;
}

/* --- for the host ------------------------------------------------------------------------ */

static void set_certificate(WsmanInstance *instance, const char *name, const HypervCertificate *certificate)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(certificate->der, &size);

    wsman_instance_set_bytes(instance, name, data, size);
}

WsmanInstance *hyperv_metadata_to_instance(const HypervMetadata *metadata)
{
    WsmanInstance *instance = wsman_instance_new(HYPERV_NS_HGS, "MSFT_HgsGuardian");

    wsman_instance_set_string(instance, "Name", metadata->encryption->thumbprint);
    set_certificate(instance, "SigningCertificate", metadata->signing);
    set_certificate(instance, "EncryptionCertificate", metadata->encryption);
    wsman_instance_set_string(instance, "EncryptionCertificateSignature", metadata->signature);
    wsman_instance_set_string(instance, "EncryptionCertificateSignatureAlgorithm", metadata->signature_algorithm);
    wsman_instance_set_boolean(instance, "HasPrivateSigningKey", FALSE);
    return instance;
}
