/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "sim/wire_ns.h"

/* A document type is refused at once, before any of it is read. */
static void
refuse_subset(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *parser = context;

    parser->wellFormed = 0;
    xmlStopParser(parser);
}

xmlDoc *
wire_xml_parse(const char *data, gsize size, const char *encoding, char **message)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlDoc *doc = NULL;
    const xmlError *error;

    *message = NULL;
    if (!parser || size > G_MAXINT) {
        xmlFreeParserCtxt(parser);
        *message = g_strdup("too large");
        return NULL;
    }
    parser->sax->internalSubset = refuse_subset;
    parser->sax->externalSubset = refuse_subset;
    doc = xmlCtxtReadMemory(parser, data, (int)size, NULL, encoding,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                                XML_PARSE_COMPACT);
    error = xmlCtxtGetLastError(parser);
    if (!doc || !parser->wellFormed) {
        *message = g_strdup(error && error->message ? error->message : "not well-formed, or with a document type");
        g_strchomp(*message);
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(parser);
    return doc;
}

gboolean
wire_xml_is(const xmlNode *node, const char *ns, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 && node->ns &&
        node->ns->href && strcmp((const char *)node->ns->href, ns) == 0;
}

static xmlNode *
element_from(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *
wire_xml_first(const xmlNode *parent)
{
    return parent ? element_from(parent->children) : NULL;
}

xmlNode *
wire_xml_next(const xmlNode *node)
{
    return element_from(node->next);
}

xmlNode *
wire_xml_child(const xmlNode *parent, const char *ns, const char *name)
{
    for (xmlNode *node = wire_xml_first(parent); node; node = wire_xml_next(node)) {
        if (wire_xml_is(node, ns, name))
            return node;
    }
    return NULL;
}

char *
wire_xml_text(const xmlNode *node)
{
    GString *text;

    if (wire_xml_first(node))
        return NULL;
    text = g_string_new(NULL);
    for (const xmlNode *at = node->children; at; at = at->next) {
        if ((at->type == XML_TEXT_NODE || at->type == XML_CDATA_SECTION_NODE) && at->content)
            g_string_append(text, (const char *)at->content);
    }
    return g_string_free(text, FALSE);
}

char *
wire_xml_trimmed(const xmlNode *node)
{
    char *text = node ? wire_xml_text(node) : NULL;

    return text ? g_strstrip(text) : NULL;
}

char *
wire_xml_attribute(const xmlNode *node, const char *ns, const char *name)
{
    xmlChar *value;
    char *copy;

    if (ns)
        value = xmlGetNsProp(node, (const xmlChar *)name, (const xmlChar *)ns);
    else
        value = xmlGetNoNsProp(node, (const xmlChar *)name);
    copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

gboolean
wire_xml_is_nil(const xmlNode *node)
{
    g_autofree char *nil = wire_xml_attribute(node, WIRE_NS_XSI, "nil");

    return nil && (strcmp(nil, "true") == 0 || strcmp(nil, "1") == 0);
}
