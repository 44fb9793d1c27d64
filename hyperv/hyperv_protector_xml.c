/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_protector_xml.h"

#include <gnutls/gnutls.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlIO.h>
#include <string.h>

#include "hyperv/hyperv_protector.h"

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
    xmlParserCtxt *parser = context;

    *(gboolean *)parser->_private = TRUE;
    xmlStopParser(parser);
}

static guint depth_of(const xmlNode *node, guint depth)
{
    guint deepest = depth;

    for (const xmlNode *child = node->children; child && deepest <= HYPERV_PROTECTOR_MAX_DEPTH; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            deepest = MAX(deepest, depth_of(child, depth + 1));
    }
    return deepest;
}

/* A parser over the caller's own bytes, so that no copy of them is left. */
static xmlParserCtxt *new_parser(const guint8 *data, gsize size, gboolean *has_doctype)
{
    xmlParserInputBuffer *buffer = xmlParserInputBufferCreateStatic((const char *)data, (int)size,
                                                                    XML_CHAR_ENCODING_NONE);
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlParserInput *input;

    if (!buffer || !parser)
        g_error("out of memory");
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS |
                                  XML_PARSE_NOCDATA);
    parser->_private = has_doctype;
    parser->sax->internalSubset = refuse_doctype;
    parser->dictNames = 0; /* no text in a shared table */
    input = xmlNewIOInputStream(parser, buffer, XML_CHAR_ENCODING_NONE);
    if (!input)
        g_error("out of memory");
    inputPush(parser, input);
    return parser;
}

xmlDoc *hyperv_protector_xml_parse(const guint8 *data, gsize size, GError **error)
{
    gboolean has_doctype = FALSE;
    xmlParserCtxt *parser = new_parser(data, size, &has_doctype);
    xmlDoc *doc;
    xmlNode *root;
    const char *problem = NULL;
    int line = 0;

    xmlParseDocument(parser);
    doc = parser->myDoc;
    parser->myDoc = NULL;
    root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (has_doctype)
        problem = "it has a document type declaration";
    else if (!parser->wellFormed || !root)
        problem = "it is not well-formed XML";
    else if (depth_of(root, 1) > HYPERV_PROTECTOR_MAX_DEPTH)
        problem = "its elements are nested too deep";
    if (problem)
        line = parser->lastError.line;
    xmlFreeParserCtxt(parser);
    if (!problem)
        return doc;
    if (line > 0)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s (line %d)", problem, line);
    else
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s", problem);
    hyperv_protector_xml_free(doc);
    return NULL;
}

static void wipe_nodes(xmlNode *node)
{
    for (; node; node = node->next) {
        if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content)
            gnutls_memset(node->content, 0, xmlStrlen(node->content));
        if (node->type == XML_ELEMENT_NODE)
            wipe_nodes(node->children);
    }
}

void hyperv_protector_xml_free(xmlDoc *doc)
{
    if (!doc)
        return;
    wipe_nodes(doc->children);
    xmlFreeDoc(doc);
}

gboolean hyperv_protector_xml_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns &&
           xmlStrEqual(node->ns->href, (const xmlChar *)HYPERV_PROTECTOR_NAMESPACE) &&
           xmlStrEqual(node->name, (const xmlChar *)name);
}

xmlNode *hyperv_protector_xml_child(xmlNode *parent, const char *name, GError **error)
{
    xmlNode *found = NULL;

    for (xmlNode *child = parent->children; child; child = child->next) {
        if (!hyperv_protector_xml_is(child, name))
            continue;
        if (found) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> has more than one <%s> (line %ld)",
                             parent->name, name, xmlGetLineNo(child));
            return NULL;
        }
        found = child;
    }
    if (!found)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> has no <%s> (line %ld)", parent->name,
                         name, xmlGetLineNo(parent));
    return found;
}

void hyperv_protector_bytes_free(GByteArray *bytes)
{
    if (!bytes)
        return;
    gnutls_memset(bytes->data, 0, bytes->len);
    g_byte_array_unref(bytes);
}

static int base64_value(guchar c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict: whitespace is allowed, any other stray character is not; padding is
 * complete. g_base64_decode() skips what it does not know. */
static gboolean decode(const xmlChar *text, GByteArray *bytes)
{
    guint32 bits = 0;
    guint n_digits = 0;
    guint n_padding = 0;

    for (; *text; text++) {
        int value;

        if (g_ascii_isspace(*text))
            continue;
        if (*text == '=') {
            n_padding++;
            continue;
        }
        value = base64_value(*text);
        if (value < 0 || n_padding > 0)
            return FALSE;
        bits = (bits << 6) | (guint32)value;
        if (++n_digits % 4 == 0) {
            const guint8 group[] = { bits >> 16, bits >> 8, bits };

            g_byte_array_append(bytes, group, sizeof(group));
        }
    }
    if (n_digits % 4 == 2 && n_padding == 2) {
        const guint8 rest[] = { bits >> 4 };

        g_byte_array_append(bytes, rest, sizeof(rest));
    } else if (n_digits % 4 == 3 && n_padding == 1) {
        const guint8 rest[] = { bits >> 10, bits >> 2 };

        g_byte_array_append(bytes, rest, sizeof(rest));
    } else if (n_digits % 4 != 0 || n_padding != 0) {
        return FALSE;
    }
    return bytes->len > 0;
}

/* The only text node of the element; NULL when it has anything else. */
static const xmlChar *only_text(const xmlNode *node)
{
    const xmlNode *text = NULL;

    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_COMMENT_NODE)
            continue;
        if (text || (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE))
            return NULL;
        text = child;
    }
    return text ? text->content : NULL;
}

GByteArray *hyperv_protector_xml_base64(xmlNode *node, GError **error)
{
    const xmlChar *text = only_text(node);
    /* Sized beforehand: an array that grew would leave pieces behind. */
    GByteArray *bytes = g_byte_array_sized_new(text ? xmlStrlen(text) / 4 * 3 + 3 : 1);

    if (text && decode(text, bytes))
        return bytes;
    hyperv_protector_bytes_free(bytes);
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> is not base64, or empty (line %ld)", node->name,
                     xmlGetLineNo(node));
    return NULL;
}

gboolean hyperv_protector_xml_uint(xmlNode *node, const char *name, guint64 *value, GError **error)
{
    xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
    gboolean ok = text && g_ascii_string_to_unsigned((const char *)text, 10, 0, G_MAXUINT32, value, NULL);

    xmlFree(text);
    if (!ok)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "<%s> has no number in %s (line %ld)", node->name,
                         name, xmlGetLineNo(node));
    return ok;
}
