/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_guardian.h"

#include "hyperv/hyperv_protector.h"
#include "hyperv/hyperv_protector_xml.h"

/* --- of a host ---------------------------------------------------------------------- */

void hyperv_guardian_free(HypervGuardian *guardian)
{
    if (!guardian)
        return;
    g_free(guardian->name);
    g_clear_pointer(&guardian->signing, hyperv_certificate_free);
    g_clear_pointer(&guardian->encryption, hyperv_certificate_free);
    g_clear_pointer(&guardian->instance, wsman_instance_unref);
    g_free(guardian);
}

static HypervCertificate *read_certificate(const WsmanInstance *instance, const char *name)
{
    g_autoptr(GBytes) der = wsman_instance_get_bytes(instance, name);

    return der ? hyperv_certificate_new(der, NULL) : NULL;
}

HypervGuardian *hyperv_guardian_new(WsmanInstance *instance)
{
    HypervGuardian *guardian = g_new0(HypervGuardian, 1);
    const char *name = wsman_instance_get_string(instance, "Name");

    guardian->instance = wsman_instance_ref(instance);
    guardian->name = g_strdup(name ? name : "");
    wsman_instance_get_boolean(instance, "HasPrivateSigningKey", &guardian->has_private_key);
    guardian->signing = read_certificate(instance, "SigningCertificate");
    guardian->encryption = read_certificate(instance, "EncryptionCertificate");
    return guardian;
}

GPtrArray *hyperv_list_guardians(HypervHost *host, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local_error = NULL;
    g_autoptr(GPtrArray) rows = wsman_client_query(hyperv_host_get_client(host), HYPERV_NS_HGS,
                                                   "select * from MSFT_HgsGuardian", cancellable, &local_error);
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_guardian_free);

    if (!rows && !g_error_matches(local_error, WSMAN_ERROR, WSMAN_ERROR_INVALID_CLASS)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local_error), "listing the guardians of the host: ");
        return NULL;
    }
    for (guint i = 0; rows && i < rows->len; i++)
        g_ptr_array_add(guardians, hyperv_guardian_new(g_ptr_array_index(rows, i)));
    return g_steal_pointer(&guardians);
}

const HypervGuardian *hyperv_guardian_find(const GPtrArray *guardians, const char *name)
{
    for (guint i = 0; i < guardians->len; i++) {
        const HypervGuardian *guardian = g_ptr_array_index(guardians, i);

        if (g_ascii_strcasecmp(guardian->name, name) == 0)
            return guardian;
    }
    return NULL;
}

/* --- of a protector ------------------------------------------------------------------- */

void hyperv_wrapping_free(HypervWrapping *wrapping)
{
    if (!wrapping)
        return;
    g_clear_pointer(&wrapping->signing, hyperv_certificate_free);
    g_clear_pointer(&wrapping->encryption, hyperv_certificate_free);
    g_free(wrapping);
}

static HypervCertificate *take_certificate(xmlNode *node, const char *name, GError **error)
{
    xmlNode *child = hyperv_protector_xml_child(node, name, error);
    GByteArray *der = child ? hyperv_protector_xml_base64(child, error) : NULL;
    g_autoptr(GBytes) copy = der ? g_bytes_new(der->data, der->len) : NULL;

    g_clear_pointer(&der, hyperv_protector_bytes_free);
    return copy ? hyperv_certificate_new(copy, error) : NULL;
}

/* The owner is its own parent. */
static gboolean read_is_owner(xmlNode *node, gboolean *is_owner, GError **error)
{
    xmlNode *id_node = hyperv_protector_xml_child(node, "Id", error);
    xmlNode *signature = hyperv_protector_xml_child(node, "SigningCertificateSignature", error);
    xmlChar *text = id_node ? xmlNodeGetContent(id_node) : NULL;
    guint64 id = 0;
    guint64 parent = 0;
    gboolean ok = text && signature &&
                  g_ascii_string_to_unsigned(g_strstrip((char *)text), 10, 0, G_MAXUINT32, &id, error) &&
                  hyperv_protector_xml_uint(signature, "ParentWrappingId", &parent, error);

    xmlFree(text);
    *is_owner = ok && id == parent;
    return ok;
}

static gboolean add_wrapping(GPtrArray *wrappings, xmlNode *node, GError **error)
{
    HypervWrapping *wrapping = g_new0(HypervWrapping, 1);

    g_ptr_array_add(wrappings, wrapping);
    wrapping->signing = take_certificate(node, "SigningCertificate", error);
    wrapping->encryption = wrapping->signing ? take_certificate(node, "EncryptionCertificate", error) : NULL;
    return wrapping->encryption && read_is_owner(node, &wrapping->is_owner, error);
}

static gint owner_first(gconstpointer a, gconstpointer b)
{
    const HypervWrapping *const *first = a;
    const HypervWrapping *const *second = b;

    return (*second)->is_owner - (*first)->is_owner;
}

static GPtrArray *read_wrappings(xmlDoc *doc, GError **error)
{
    g_autoptr(GPtrArray) wrappings = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_wrapping_free);
    xmlNode *list = hyperv_protector_xml_child(xmlDocGetRootElement(doc), "Wrappings", error);

    if (!list)
        return NULL;
    for (xmlNode *child = list->children; child; child = child->next) {
        if (hyperv_protector_xml_is(child, "Wrapping") && !add_wrapping(wrappings, child, error))
            return NULL;
    }
    g_ptr_array_sort(wrappings, owner_first);
    return g_steal_pointer(&wrappings);
}

GPtrArray *hyperv_protector_wrappings(const guint8 *data, gsize size, GError **error)
{
    const guint8 *document = data;
    gsize length = size;
    GPtrArray *wrappings;
    xmlDoc *doc;

    if (!hyperv_protector_check(data, size, error) || !hyperv_protector_document(&document, &length, error))
        return NULL;
    doc = hyperv_protector_xml_parse(document, length, error);
    if (!doc)
        return NULL;
    wrappings = read_wrappings(doc, error);
    hyperv_protector_xml_free(doc);
    return wrappings;
}

const HypervGuardian *hyperv_wrapping_guardian(const HypervWrapping *wrapping, const GPtrArray *guardians)
{
    for (guint i = 0; i < guardians->len; i++) {
        const HypervGuardian *guardian = g_ptr_array_index(guardians, i);

        if (guardian->encryption && hyperv_certificate_equal(guardian->encryption, wrapping->encryption))
            return guardian;
    }
    return NULL;
}

gboolean hyperv_protector_is_for_same(const guint8 *data, gsize size, GBytes *other)
{
    g_autoptr(GBytes) framed = hyperv_protector_frame(data, size);
    g_autoptr(GPtrArray) ours = NULL;
    g_autoptr(GPtrArray) theirs = NULL;

    if (g_bytes_equal(framed, other))
        return TRUE;
    ours = hyperv_protector_wrappings(data, size, NULL);
    theirs = hyperv_protector_wrappings(g_bytes_get_data(other, NULL), g_bytes_get_size(other), NULL);
    if (!ours || !theirs || ours->len != theirs->len)
        return FALSE;
    for (guint i = 0; i < ours->len; i++) {
        const HypervWrapping *a = g_ptr_array_index(ours, i);
        const HypervWrapping *b = g_ptr_array_index(theirs, i);

        if (!hyperv_certificate_equal(a->signing, b->signing) ||
            !hyperv_certificate_equal(a->encryption, b->encryption))
            return FALSE;
    }
    return TRUE;
}
