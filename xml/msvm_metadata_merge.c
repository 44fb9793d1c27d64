/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include <libxml/parser.h>

#include "virerror.h"

#include "xml/msvm_metadata.h"
#include "xml/msvm_policy.h"

static xmlNodePtr
msvmMergeFind(xmlNodePtr parent, const char *name)
{
    xmlNodePtr child;

    for (child = parent->children; child; child = child->next) {
        if (msvmMetadataIsOurs(child) && xmlStrEqual(child->name, BAD_CAST name))
            return child;
    }
    return NULL;
}


static xmlNodePtr
msvmMergeSecurity(xmlNodePtr root)
{
    xmlNodePtr security = msvmMergeFind(root, "security");

    if (!security) {
        security = xmlNewChild(root, NULL, BAD_CAST "security", NULL);
        xmlSetNs(security, xmlNewNs(security, BAD_CAST MSVM_NAMESPACE_URI, BAD_CAST "msvm"));
    }
    return security;
}


static void
msvmMergeSet(xmlNodePtr security, const char *element, const char *attribute, const char *value)
{
    xmlNodePtr child = msvmMergeFind(security, element);

    if (!child)
        child = xmlNewChild(security, security->ns, BAD_CAST element, NULL);
    xmlSetProp(child, BAD_CAST attribute, BAD_CAST value);
}


static char *
msvmMergeText(xmlDocPtr doc)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    char *text = NULL;

    if (xmlNodeDump(buffer, doc, xmlDocGetRootElement(doc), 0, 1) >= 0)
        text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}


/* What the author's words amount to; where they cannot be read, nothing. */
static MsvmMetadata *
msvmMergeRead(xmlNodePtr root)
{
    MsvmMetadata *metadata = msvmMetadataNew(root);

    if (!metadata) {
        virResetLastError();
        metadata = msvmMetadataNew(NULL);
    }
    return metadata;
}


/* Whether image or flavor ask for shielding. What they ask for stays, whatever
 * the host has: another word beside it would be a contradiction. */
static bool
msvmMergeRequiresShielding(const MsvmMetadata *metadata)
{
    return g_strcmp0(g_hash_table_lookup(metadata->image, "os_shielded_vm"), "required") == 0 ||
           g_strcmp0(g_hash_table_lookup(metadata->flavor, "os:shielded_vm"), "required") == 0;
}


/* <msvm:policy> as the host has it; whether that is news. */
static bool
msvmMergePolicy(xmlNodePtr root, const MsvmMetadata *said, bool shielded, bool encrypt_traffic)
{
    bool says_shielded = said->shielded == VIR_TRISTATE_BOOL_YES;
    bool says_encrypted = said->encrypt_traffic == VIR_TRISTATE_BOOL_YES;
    bool changed = false;

    if (msvmMergeRequiresShielding(said))
        return false;
    if (shielded != says_shielded) {
        msvmMergeSet(msvmMergeSecurity(root), "policy", "shielded", shielded ? "yes" : "no");
        changed = true;
    }
    if (shielded) /* which implies the other */
        return changed;
    if (encrypt_traffic != says_encrypted) {
        msvmMergeSet(msvmMergeSecurity(root), "policy", "encryptTraffic", encrypt_traffic ? "yes" : "no");
        changed = true;
    }
    return changed;
}


char *
msvmMetadataMerge(const char *text, const char *template_id, bool shielded, bool encrypt_traffic)
{
    const char *source = text ? text : "<metadata/>";
    xmlDocPtr doc = xmlReadMemory(source, (int)strlen(source), "metadata.xml", "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                  XML_PARSE_NOBLANKS);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    g_autoptr(MsvmMetadata) said = NULL;
    bool changed = false;
    char *result;

    if (!root) {
        xmlFreeDoc(doc);
        return g_strdup(text);
    }

    said = msvmMergeRead(root);
    if (template_id && g_ascii_strcasecmp(template_id, said->template_id ? said->template_id
                                                                       : MSVM_TEMPLATE_WINDOWS) != 0) {
        const char *name = msvmMetadataTemplateName(template_id);

        msvmMergeSet(msvmMergeSecurity(root), "secureBoot", "template", name ? name : template_id);
        changed = true;
    }
    if (msvmMergePolicy(root, said, shielded, encrypt_traffic))
        changed = true;
    result = changed ? msvmMergeText(doc) : g_strdup(text);
    xmlFreeDoc(doc);
    return result;
}
