/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

#include "wsman/wsman_buffer.h"
#include "wsman/wsman_client.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_text.h"

typedef struct {
    gboolean doctype;
    guint depth;
    guint nodes;
    gboolean too_deep;
    gboolean too_many;
    startElementNsSAX2Func start;
    endElementNsSAX2Func end;
} Guard;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)

/* SOAP has no document type (SOAP 1.2, 5), and entities only come with one. */
static void
refuse_doctype(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *parser = data;

    ((Guard *)parser->_private)->doctype = TRUE;
    xmlStopParser(parser);
}

static void
guard_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
            const xmlChar **ns, int n_attributes, int n_default, const xmlChar **attributes)
{
    xmlParserCtxt *parser = data;
    Guard *guard = parser->_private;

    guard->too_deep |= ++guard->depth > WSMAN_MAX_XML_DEPTH;
    guard->too_many |= ++guard->nodes > WSMAN_MAX_XML_NODES;
    if (guard->too_deep || guard->too_many) {
        xmlStopParser(parser);
        return;
    }
    guard->start(data, name, prefix, uri, n_ns, ns, n_attributes, n_default, attributes);
}

static void
guard_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxt *parser = data;
    Guard *guard = parser->_private;

    guard->depth--;
    guard->end(data, name, prefix, uri);
}

static void
install_guard(xmlParserCtxt *parser, Guard *guard)
{
    parser->_private = guard;
    guard->start = parser->sax->startElementNs;
    guard->end = parser->sax->endElementNs;
    parser->sax->startElementNs = guard_start;
    parser->sax->endElementNs = guard_end;
    parser->sax->internalSubset = refuse_doctype;
    /* No text of libxml2's own in errors: it may quote the document. */
    parser->sax->error = NULL;
    parser->sax->warning = NULL;
    parser->sax->serror = NULL;
}

static void
set_parse_error(GError **error, const char *what, const Guard *guard, const xmlParserCtxt *parser)
{
    if (guard->doctype)
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the %s has a document type declaration", what);
    else if (guard->too_deep)
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the %s nests elements deeper than %d", what,
                        WSMAN_MAX_XML_DEPTH);
    else if (guard->too_many)
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the %s has more than %d elements", what,
                        WSMAN_MAX_XML_NODES);
    else
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL,
                        "the %s is not well-formed XML (line %d, error %d of libxml2)", what,
                        parser->lastError.line, parser->errNo);
}

#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

/* Straight from the caller's memory: the usual functions of libxml2 make a
 * copy of the document, which would stay behind unwiped. data ends with a NUL.
 * What cannot be read so is another encoding than UTF-8. */
static xmlDoc *
parse_in_place(xmlParserCtxt *parser, const char *data)
{
    xmlParserInput *input = xmlNewStringInputStream(parser, (const xmlChar *)data);

    if (!input)
        g_error("wsman: no memory for an XML parser");
    xmlCtxtUseOptions(parser, PARSE_OPTIONS | XML_PARSE_IGNORE_ENC);
    inputPush(parser, input);
    xmlParseDocument(parser);
    return g_steal_pointer(&parser->myDoc);
}

static gboolean
is_utf16(const char *data, gsize size, const char *charset)
{
    return (charset && g_ascii_strcasecmp(charset, "utf-16") == 0) ||
           (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0));
}

void
wsman_xml_init(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        xmlInitParser();
        g_once_init_leave(&done, 1);
    }
}

xmlDoc *
wsman_xml_parse(const char *what, const char *data, gsize size, const char *charset, GError **error)
{
    g_autoptr(xmlParserCtxt) parser = NULL;
    Guard guard = { 0 };
    xmlDoc *doc;

    wsman_xml_init();
    parser = xmlNewParserCtxt();
    if (!parser)
        g_error("wsman: no memory for an XML parser");
    if (size > INT_MAX) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the %s is too large", what);
        return NULL;
    }
    install_guard(parser, &guard);
    if (is_utf16(data, size, charset))
        doc = xmlCtxtReadMemory(parser, data, (int)size, NULL, "UTF-16", PARSE_OPTIONS);
    else if (memchr(data, '\0', size))
        doc = NULL;
    else
        doc = parse_in_place(parser, data);
    if (!doc || !parser->wellFormed || guard.doctype || guard.too_deep || guard.too_many) {
        set_parse_error(error, what, &guard, parser);
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

/* libxml2 keeps short text in the node itself or in its dictionary; what is
 * there is shorter than any key. */
static void
wipe_node(xmlNode *node)
{
    xmlDict *dict = node->doc ? node->doc->dict : NULL;

    if ((node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE) || !node->content)
        return;
    if (!dict || !xmlDictOwns(dict, node->content))
        wsman_wipe_string((char *)node->content);
}

void
wsman_xml_wipe_doc(xmlDoc *doc)
{
    xmlNode *node = doc ? xmlDocGetRootElement(doc) : NULL;

    while (node) {
        wipe_node(node);
        if (node->type == XML_ELEMENT_NODE && node->children) {
            node = node->children;
            continue;
        }
        while (node && !node->next)
            node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
        if (node)
            node = node->next;
    }
    xmlFreeDoc(doc);
}

const char *
wsman_xml_ns(const xmlNode *node)
{
    return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

gboolean
wsman_xml_is(const xmlNode *node, const char *ns, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE &&
           strcmp((const char *)node->name, name) == 0 && (!ns || strcmp(wsman_xml_ns(node), ns) == 0);
}

static xmlNode *
element_from(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *
wsman_xml_first_element(const xmlNode *parent)
{
    return parent ? element_from(parent->children) : NULL;
}

xmlNode *
wsman_xml_next_element(const xmlNode *node)
{
    return element_from(node->next);
}

xmlNode *
wsman_xml_child(const xmlNode *parent, const char *ns, const char *name)
{
    for (xmlNode *node = wsman_xml_first_element(parent); node; node = wsman_xml_next_element(node)) {
        if (wsman_xml_is(node, ns, name))
            return node;
    }
    return NULL;
}

char *
wsman_xml_text(const xmlNode *node)
{
    GString *text;
    xmlNode *only = node->children;

    /* The usual case makes one exact copy, so that no half-grown buffers stay
     * behind when the text is a secret. */
    if (only && !only->next && only->type == XML_TEXT_NODE)
        return g_strdup(only->content ? (const char *)only->content : "");
    text = g_string_new(NULL);
    for (xmlNode *child = node->children; child; child = child->next) {
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content)
            g_string_append(text, (const char *)child->content);
    }
    return g_string_free(text, FALSE);
}

char *
wsman_xml_trimmed_text(const xmlNode *node)
{
    return node ? g_strstrip(wsman_xml_text(node)) : NULL;
}

char *
wsman_xml_attribute(const xmlNode *node, const char *ns, const char *name)
{
    xmlChar *value = ns ? xmlGetNsProp((xmlNode *)node, (const xmlChar *)name, (const xmlChar *)ns)
                        : xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

gboolean
wsman_xml_is_nil(const xmlNode *node)
{
    g_autofree char *nil = wsman_xml_attribute(node, WSMAN_NS_XSI, "nil");

    if (!nil)
        return FALSE;
    g_strstrip(nil);
    return g_ascii_strcasecmp(nil, "true") == 0 || strcmp(nil, "1") == 0;
}

char *
wsman_xml_qname(const xmlNode *node, const char *qname, char **ns)
{
    g_autofree char *trimmed = wsman_text_trim(qname);
    char *colon = strchr(trimmed, ':');
    xmlNs *scope;

    if (colon)
        *colon = '\0';
    scope = xmlSearchNs(node->doc, (xmlNode *)node, colon ? (const xmlChar *)trimmed : NULL);
    *ns = scope ? g_strdup((const char *)scope->href) : NULL;
    return g_strdup(colon ? colon + 1 : trimmed);
}
