/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_protector_xml.h"

#include <gnutls/gnutls.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
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
        guint below = child->type == XML_ELEMENT_NODE ? depth_of(child, depth + 1) : 0;

        deepest = MAX(deepest, below);
    }
    return deepest;
}

/* The document in UTF-8 with a NUL behind it, which libxml2 needs; NULL when
 * it is neither UTF-8 nor UTF-16 with a byte order mark. */
static char *to_utf8(const guint8 *data, gsize size, gsize *length)
{
    gboolean is_wide = size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0);
    char *text;

    if (is_wide)
        return g_convert((const char *)data, (gssize)size, "UTF-8", "UTF-16", NULL, length, NULL);
    if (!g_utf8_validate_len((const char *)data, size, NULL))
        return NULL;
    text = g_malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    *length = size;
    return text;
}

/* A parser over the text itself: a second copy would be left in memory. */
static xmlParserCtxt *new_parser(const char *text, gboolean *has_doctype)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlParserInput *input = parser ? xmlNewStringInputStream(parser, (const xmlChar *)text) : NULL;

    if (!input)
        g_error("out of memory");
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                                  XML_PARSE_IGNORE_ENC);
    parser->_private = has_doctype;
    parser->sax->internalSubset = refuse_doctype;
    parser->dictNames = 0; /* no text in a shared table */
    inputPush(parser, input);
    return parser;
}

static gboolean set_problem(GError **error, const char *problem, int line)
{
    if (line > 0)
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s (line %d)", problem, line);
    else
        hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0, "%s", problem);
    return FALSE;
}

static xmlDoc *parse_text(const char *text, GError **error)
{
    gboolean has_doctype = FALSE;
    xmlParserCtxt *parser = new_parser(text, &has_doctype);
    xmlDoc *doc;
    xmlNode *root;
    gboolean ok = TRUE;

    xmlParseDocument(parser);
    doc = parser->myDoc;
    parser->myDoc = NULL;
    root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (has_doctype)
        ok = set_problem(error, "it has a document type declaration", 0);
    else if (!parser->wellFormed || !root)
        ok = set_problem(error, "it is not well-formed XML", parser->lastError.line);
    else if (depth_of(root, 1) > HYPERV_PROTECTOR_MAX_DEPTH)
        ok = set_problem(error, "its elements are nested too deep", 0);
    xmlFreeParserCtxt(parser);
    if (ok)
        return doc;
    hyperv_protector_xml_free(doc);
    return NULL;
}

xmlDoc *hyperv_protector_xml_parse(const guint8 *data, gsize size, GError **error)
{
    gsize length = 0;
    char *text = to_utf8(data, size, &length);
    xmlDoc *doc;

    if (text && memchr(text, '\0', length)) {
        /* libxml2 would take it for the end. */
        gnutls_memset(text, 0, length);
        g_clear_pointer(&text, g_free);
    }
    if (!text) {
        set_problem(error, "its text is neither UTF-8 nor UTF-16", 0);
        return NULL;
    }
    doc = parse_text(text, error);
    gnutls_memset(text, 0, length);
    g_free(text);
    return doc;
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
