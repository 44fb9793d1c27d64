/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_metadata.h"

#include "driver/msvm_claim.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"
#include "xml/msvm_plan.h"
#include "xml/msvm_metadata_nova.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_record.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virxml.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Longer than any record may be. */
#define MAX_METADATA_SIZE MSVM_RECORD_MAX_SIZE

/* --- one element of a namespace --------------------------------------------- */

/* NULL when the text is not well-formed; no network, no entities of files, no
 * indentation, as libvirt itself reads it. */
static xmlDocPtr
parse_element(const char *text)
{
    if (strlen(text) > MAX_METADATA_SIZE)
        return NULL;
    return xmlReadMemory(text, strlen(text), NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

/* The next node of a subtree in document order, or NULL. */
static xmlNodePtr
next_node(xmlNodePtr node, const xmlNode *top)
{
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node != top && !node->next)
        node = node->parent;
    return node == top ? NULL : node->next;
}

/* Puts every element that has no namespace into that of key and uri, as
 * virDomainSetMetadata() promises. */
static int
inject_namespace(xmlNodePtr root, const char *uri, const char *key)
{
    xmlNodePtr node;
    xmlNsPtr ns;

    if (xmlValidateNCName((const xmlChar *)key, 0) != 0) {
        virReportError(VIR_ERR_INVALID_ARG, _("'%s' is not an XML namespace prefix"), key);
        return -1;
    }
    ns = xmlNewNs(root, (const xmlChar *)uri, (const xmlChar *)key);
    if (!ns) {
        virReportError(VIR_ERR_INVALID_ARG, _("the metadata has a namespace '%s' already"), key);
        return -1;
    }
    for (node = root; node; node = next_node(node, root)) {
        if (node->type == XML_ELEMENT_NODE && !node->ns)
            xmlSetNs(node, ns);
    }
    return 0;
}

static xmlNodePtr
make_element(const char *text, const char *uri, const char *key)
{
    g_autoptr(xmlDoc) doc = parse_element(text);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    xmlNodePtr copy;

    if (!root) {
        virReportError(VIR_ERR_XML_ERROR, _("metadata must be one well-formed XML element of at most %d bytes"),
                       MAX_METADATA_SIZE);
        return NULL;
    }
    if (inject_namespace(root, uri, key) < 0)
        return NULL;
    copy = xmlCopyNode(root, 1);
    if (!copy)
        virReportError(VIR_ERR_INTERNAL_ERROR, "%s", _("cannot copy an XML node"));
    return copy;
}

static void
remove_elements(xmlNodePtr metadata, const char *uri)
{
    xmlNodePtr node = metadata->children;

    while (node) {
        xmlNodePtr next = node->next;

        if (node->type == XML_ELEMENT_NODE && node->ns && STREQ((const char *)node->ns->href, uri)) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
        node = next;
    }
}

static int
change_element(virDomainDef *def, const char *text, const char *key, const char *uri)
{
    xmlNodePtr element = NULL;

    /* It decides what the host has to be like: a change of it alone would
     * describe something that is not there. */
    if (STREQ(uri, MSVM_NAMESPACE_URI)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("metadata of '%s' is the domain's security policy: define the domain anew to change it"),
                       uri);
        return -1;
    }
    if (text && !(element = make_element(text, uri, key)))
        return -1;
    /* Nova changes its own at any time, for ports and the like. */
    if (STREQ(uri, MSVM_NOVA_NAMESPACE_URI) && !msvmMetadataNovaSame(def->metadata, element)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("image properties and extra specs in metadata of '%s' are the domain's security policy: "
                         "define the domain anew to change them"), uri);
        xmlFreeNode(element);
        return -1;
    }
    if (!def->metadata)
        def->metadata = xmlNewNode(NULL, (const xmlChar *)"metadata");
    remove_elements(def->metadata, uri);
    if (element)
        xmlAddChild(def->metadata, element);
    if (!def->metadata->children)
        g_clear_pointer(&def->metadata, xmlFreeNode);
    return 0;
}

/* --- the three kinds ------------------------------------------------------------ */

static void
change_text(char **place, const char *text)
{
    g_free(*place);
    *place = text && *text ? g_strdup(text) : NULL;
}

static int
report_type(int type)
{
    virReportError(VIR_ERR_INVALID_ARG, _("unknown metadata type '%d'"), type);
    return -1;
}

int
msvmMetadataChange(virDomainDef *def, int type, const char *metadata, const char *key, const char *uri)
{
    switch (type) {
    case VIR_DOMAIN_METADATA_TITLE:
        change_text(&def->title, metadata);
        return 0;
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        change_text(&def->description, metadata);
        return 0;
    case VIR_DOMAIN_METADATA_ELEMENT:
        return change_element(def, metadata, key, uri);
    default:
        return report_type(type);
    }
}

char *
msvmMetadataGet(const virDomainDef *def, int type, const char *uri)
{
    char *text = NULL;

    switch (type) {
    case VIR_DOMAIN_METADATA_TITLE:
        text = g_strdup(def->title);
        break;
    case VIR_DOMAIN_METADATA_DESCRIPTION:
        text = g_strdup(def->description);
        break;
    case VIR_DOMAIN_METADATA_ELEMENT:
        if (def->metadata && virXMLExtractNamespaceXML(def->metadata, uri, &text) < 0)
            return NULL;
        break;
    default:
        report_type(type);
        return NULL;
    }
    if (!text)
        virReportError(VIR_ERR_NO_DOMAIN_METADATA, "%s", _("Requested metadata element is not present"));
    return text;
}

int
msvmMetadataLoad(virDomainDef *def, const char *notes)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(notes);
    g_autoptr(xmlDoc) doc = NULL;

    def->title = g_strdup(record->title);
    def->description = g_strdup(record->description);
    if (!record->metadata)
        return 0;
    doc = parse_element(record->metadata);
    if (doc && xmlDocGetRootElement(doc))
        def->metadata = xmlCopyNode(xmlDocGetRootElement(doc), 1);
    if (def->metadata)
        return 0;
    virReportError(VIR_ERR_INTERNAL_ERROR, _("the metadata in the notes of machine '%s' is damaged"), def->name);
    return -1;
}

/* --- entries ---------------------------------------------------------------------- */

static int
check_impact(const MsvmTarget *target, const HypervFound *found, unsigned int flags)
{
    if (!(flags & VIR_DOMAIN_AFFECT_LIVE) || hyperv_state_is_active(found->state))
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is not running"), target->def->name);
    return -1;
}

char *
msvmDomainGetMetadata(virDomainPtr dom, int type, const char *uri, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervFound) found = NULL;

    virCheckFlags(VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, NULL);

    if (!(target = msvmTargetNew(dom)) || virDomainGetMetadataEnsureACL(dom->conn, target->def) < 0)
        return NULL;
    /* A listing has brought the notes, though not the settings. */
    found = msvmCacheAsk(target->priv->cache, target->uuid, MSVM_ASK_TITLE);
    if (!found && !(found = msvmTargetDetails(target, MSVM_ASK_TITLE)))
        return NULL;
    if (check_impact(target, found, flags) < 0 || msvmMetadataLoad(target->def, found->notes) < 0)
        return NULL;
    return msvmMetadataGet(target->def, type, uri);
}

static gboolean
set_notes(MsvmTarget *target, gpointer opaque, GError **error)
{
    return hyperv_set_notes(target->priv->host, target->guid, opaque, NULL, error);
}

static gboolean
load_details(MsvmTarget *target, gpointer opaque, GError **error)
{
    HypervFound **found = opaque;

    *found = hyperv_find_by_guid(target->priv->host, target->guid, NULL, error);
    return *found != NULL;
}

int
msvmDomainSetMetadata(virDomainPtr dom, int type, const char *metadata, const char *key, const char *uri,
                      unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(MsvmClaim) held = NULL;
    g_autoptr(HypervFound) found = NULL;
    g_autofree char *notes = NULL;

    virCheckFlags(VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, -1);

    if (!(target = msvmTargetNew(dom)) || virDomainSetMetadataEnsureACL(dom->conn, target->def, flags) < 0)
        return -1;
    /* Read anew, whatever is fresh, and by one thread at a time: what is written
     * back must lose nothing. */
    held = msvmClaimTake(hyperv_host_get_name(target->priv->host), target->def->name, target->uuid);
    if (msvmMarkerRequireNone(target) < 0 ||
        msvmTargetRun(target, _("cannot get the notes of"), load_details, &found) < 0 ||
        msvmMarkerRefuse(target->priv, target->def->name, found->notes) < 0 ||
        check_impact(target, found, flags) < 0 || msvmMetadataLoad(target->def, found->notes) < 0 ||
        msvmMetadataChange(target->def, type, metadata, key, uri) < 0 ||
        !(notes = msvmPlanNotes(target->def, found->notes)))
        return -1;
    return msvmTargetChange(target, _("cannot set the notes of"), set_notes, notes);
}
