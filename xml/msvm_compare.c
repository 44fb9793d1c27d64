/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "virerror.h"

#include "xml/msvm_compare.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define COMPARE_MAX_DEPTH 64

typedef struct _xmlDoc MsvmXMLDoc;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmXMLDoc, xmlFreeDoc)

/* Which child, or attribute of a child, tells elements of one name apart.
 * Others are matched in their order. */
typedef struct {
    const char *element;
    const char *child; /* NULL: the element itself */
    const char *attribute;
} MsvmIdentity;

static const MsvmIdentity msvmIdentities[] = {
    { "disk", "target", "dev" },
    { "interface", "mac", "address" },
    { "controller", NULL, "type" },
    { "feature", NULL, "name" },
    { "boot", NULL, "dev" },
};


static xmlNodePtr
msvmCompareChild(xmlNodePtr node, const char *name)
{
    xmlNodePtr child;

    for (child = xmlFirstElementChild(node); child; child = xmlNextElementSibling(child)) {
        if (xmlStrEqual(child->name, BAD_CAST name))
            return child;
    }
    return NULL;
}


static char *
msvmCompareAttribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = node ? xmlGetProp(node, BAD_CAST name) : NULL;
    char *result = g_strdup((const char *)value);

    xmlFree(value);
    return result;
}


/* "sda", "00:15:5d:..."; NULL for elements without an identity. */
static char *
msvmCompareIdentity(xmlNodePtr node)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmIdentities); i++) {
        const MsvmIdentity *identity = &msvmIdentities[i];

        if (xmlStrEqual(node->name, BAD_CAST identity->element))
            return msvmCompareAttribute(identity->child ? msvmCompareChild(node, identity->child) : node,
                                        identity->attribute);
    }
    return NULL;
}


static bool
msvmCompareSameName(xmlNodePtr a, xmlNodePtr b)
{
    const xmlChar *x = a->ns ? a->ns->href : NULL;
    const xmlChar *y = b->ns ? b->ns->href : NULL;

    return xmlStrEqual(a->name, b->name) && xmlStrEqual(x, y);
}


static bool
msvmCompareSameIndex(xmlNodePtr a, xmlNodePtr b)
{
    g_autofree char *x = msvmCompareAttribute(a, "index");
    g_autofree char *y = msvmCompareAttribute(b, "index");

    return g_strcmp0(x, y) == 0;
}


/* What stands for one element of the author's in the other document: the
 * same identity, else the same place among those of its name. */
static xmlNodePtr
msvmCompareFind(xmlNodePtr wanted, xmlNodePtr parent)
{
    g_autofree char *identity = msvmCompareIdentity(wanted);
    xmlNodePtr sibling;
    guint place = 0;
    xmlNodePtr child;

    for (sibling = xmlFirstElementChild(wanted->parent); sibling != wanted; sibling = xmlNextElementSibling(sibling)) {
        if (msvmCompareSameName(sibling, wanted))
            place++;
    }
    for (child = xmlFirstElementChild(parent); child; child = xmlNextElementSibling(child)) {
        g_autofree char *other = NULL;

        if (!msvmCompareSameName(child, wanted))
            continue;
        if (!identity) {
            if (place-- == 0)
                return child;
            continue;
        }
        other = msvmCompareIdentity(child);
        if (g_strcmp0(identity, other) == 0 && msvmCompareSameIndex(child, wanted))
            return child;
    }
    return NULL;
}


static xmlNodePtr
msvmCompareDevice(xmlNodePtr node)
{
    for (; node && node->parent; node = node->parent) {
        if (xmlStrEqual(node->parent->name, BAD_CAST "devices"))
            return node;
    }
    return NULL;
}


/* " in <iotune> of disk 'sda'": where an element is. */
static char *
msvmCompareWhere(xmlNodePtr node)
{
    g_autoptr(GString) where = g_string_new(NULL);
    xmlNodePtr device = msvmCompareDevice(node);
    xmlNodePtr parent = node->parent;
    g_autofree char *identity = device ? msvmCompareIdentity(device) : NULL;

    if (node != device && parent != device && parent && parent->parent &&
        parent->parent->type == XML_ELEMENT_NODE)
        g_string_append_printf(where, " in <%s>", parent->name);
    if (identity)
        g_string_append_printf(where, " of %s '%s'", device->name, identity);
    else if (device && device != node)
        g_string_append_printf(where, " of <%s>", device->name);
    return g_string_free(g_steal_pointer(&where), FALSE);
}


/* "<driver name='qemu'>": one attribute is enough to find it. */
static char *
msvmCompareTag(xmlNodePtr node)
{
    g_autofree char *value = NULL;

    if (!node->properties)
        return g_strdup_printf("<%s>", node->name);
    value = msvmCompareAttribute(node, (const char *)node->properties->name);
    return g_strdup_printf("<%s %s='%s'>", node->name, node->properties->name, value);
}


static int
msvmCompareRefuse(xmlNodePtr node, const char *attribute, const char *value)
{
    g_autofree char *where = msvmCompareWhere(node);
    g_autofree char *tag = msvmCompareTag(node);

    if (attribute)
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "attribute %s='%s' of <%s>%s is not supported by Hyper-V",
                       attribute, value, node->name, where);
    else if (value)
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "'%s' in <%s>%s is not supported by Hyper-V", value,
                       node->name, where);
    else
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s%s is not supported by Hyper-V", tag, where);
    return -1;
}


static int
msvmCompareAttributes(xmlNodePtr wanted, xmlNodePtr shown)
{
    xmlAttrPtr attribute;

    for (attribute = wanted->properties; attribute; attribute = attribute->next) {
        g_autofree char *value = msvmCompareAttribute(wanted, (const char *)attribute->name);
        g_autofree char *other = msvmCompareAttribute(shown, (const char *)attribute->name);

        if (g_strcmp0(value, other) != 0)
            return msvmCompareRefuse(wanted, (const char *)attribute->name, value);
    }
    return 0;
}


static int
msvmCompareText(xmlNodePtr wanted, xmlNodePtr shown)
{
    xmlChar *w = xmlNodeGetContent(wanted);
    xmlChar *s = xmlNodeGetContent(shown);
    bool same = xmlStrEqual(w, s);
    int ret = same ? 0 : msvmCompareRefuse(wanted, NULL, (const char *)w);

    xmlFree(w);
    xmlFree(s);
    return ret;
}


/* A mere container is not what the author meant to say. */
static xmlNodePtr
msvmCompareCulprit(xmlNodePtr node)
{
    guint depth;

    for (depth = 0; depth < COMPARE_MAX_DEPTH && !node->properties && xmlFirstElementChild(node); depth++)
        node = xmlFirstElementChild(node);
    return node;
}


static int
msvmCompareNodes(xmlNodePtr wanted, xmlNodePtr shown, guint depth)
{
    xmlNodePtr child;

    if (depth > COMPARE_MAX_DEPTH)
        return msvmCompareRefuse(wanted, NULL, NULL);
    if (msvmCompareAttributes(wanted, shown) < 0)
        return -1;
    if (!xmlFirstElementChild(wanted))
        return msvmCompareText(wanted, shown);
    for (child = xmlFirstElementChild(wanted); child; child = xmlNextElementSibling(child)) {
        xmlNodePtr other = msvmCompareFind(child, shown);

        if (!other)
            return msvmCompareRefuse(msvmCompareCulprit(child), NULL, NULL);
        if (msvmCompareNodes(child, other, depth + 1) < 0)
            return -1;
    }
    return 0;
}


static MsvmXMLDoc *
msvmCompareDocument(virDomainDef *def, virDomainXMLOption *xmlopt)
{
    g_autofree char *text = virDomainDefFormat(def, xmlopt, VIR_DOMAIN_DEF_FORMAT_SECURE |
                                               VIR_DOMAIN_DEF_FORMAT_INACTIVE);
    MsvmXMLDoc *doc;

    if (!text)
        return NULL;
    doc = xmlReadMemory(text, (int)strlen(text), "domain.xml", "UTF-8",
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
    if (!doc)
        virReportError(VIR_ERR_INTERNAL_ERROR, "%s", "a formatted domain definition cannot be parsed");
    return doc;
}


int
msvmCompareDefs(virDomainDef *wanted, virDomainDef *shown, virDomainXMLOption *xmlopt)
{
    g_autoptr(MsvmXMLDoc) w = msvmCompareDocument(wanted, xmlopt);
    g_autoptr(MsvmXMLDoc) s = msvmCompareDocument(shown, xmlopt);

    if (!w || !s)
        return -1;
    return msvmCompareNodes(xmlDocGetRootElement(w), xmlDocGetRootElement(s), 0);
}
