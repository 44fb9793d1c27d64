/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances as CIM-XML text (DSP0201), in the form that Hyper-V takes in its
 * embedded-instance parameters and gives in its embedded-instance strings.
 *
 * Return codes of the reader, as a real host was seen to give them: a named
 * entity &amp; 32768, &lt; 32773; an array property sent as PROPERTY 32776; a
 * datetime that is not in WMI's form, or not of TYPE datetime, 32768. Where no
 * observation is known, the neighbour's code is taken (ASSUMED).
 */
#include <libxml/parser.h>
#include <string.h>

#include "sim/cim_object.h"

#define MAX_TEXT_BYTES (1024 * 1024)
#define MAX_ITEMS 65536

enum {
    CODE_FAILED = 32768,
    CODE_INVALID_PARAMETER = 32773,
    CODE_WRONG_TYPE = 32776,
};

/* --- reading ---------------------------------------------------------------- */

static guint32 check_entities(const char *text)
{
    for (const char *p = strchr(text, '&'); p; p = strchr(p + 1, '&')) {
        if (p[1] == '#')
            continue;
        return g_str_has_prefix(p, "&amp;") ? CODE_FAILED : CODE_INVALID_PARAMETER;
    }
    return 0;
}

static gboolean is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *) node->name, name) == 0;
}

static xmlNode *first_child(xmlNode *node, const char *name)
{
    for (xmlNode *child = node->children; child; child = child->next) {
        if (is_element(child, name))
            return child;
    }
    return NULL;
}

static char *attribute(xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = g_strdup((const char *) text);

    xmlFree(text);
    return copy;
}

static char *content(xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    char *copy = g_strdup(text ? (const char *) text : "");

    xmlFree(text);
    return copy;
}

/* Hyper-V's reader takes booleans in lower case only. */
static gboolean parse_item(CimType type, const char *text, CimItem *item)
{
    if (type == CIM_BOOLEAN && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return FALSE;
    return cim_item_parse(type, text, item);
}

static guint32 read_scalar(const SchemaProperty *property, xmlNode *node, CimValue **out)
{
    xmlNode *value = first_child(node, "VALUE");
    g_autofree char *text = value ? content(value) : NULL;
    CimItem item = { 0 };

    if (!value) {
        *out = cim_value_new_null(property->type, FALSE);
        return 0;
    }
    if (!parse_item(property->type, text, &item))
        return CODE_FAILED;
    *out = cim_value_new_item(property->type, &item);
    cim_item_clear(property->type, &item);
    return 0;
}

static guint32 read_items(CimType type, xmlNode *array, GArray *items)
{
    for (xmlNode *node = array->children; node; node = node->next) {
        g_autofree char *text = NULL;
        CimItem item = { 0 };

        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!is_element(node, "VALUE") || items->len >= MAX_ITEMS)
            return CODE_INVALID_PARAMETER;
        text = content(node);
        if (!parse_item(type, text, &item))
            return CODE_FAILED;
        g_array_append_val(items, item);
    }
    return 0;
}

static guint32 read_array(const SchemaProperty *property, xmlNode *node, CimValue **out)
{
    xmlNode *array = first_child(node, "VALUE.ARRAY");
    GArray *items = NULL;
    guint32 code = 0;

    if (!array) {
        *out = cim_value_new_null(property->type, TRUE);
        return 0;
    }
    items = g_array_new(FALSE, TRUE, sizeof(CimItem));
    code = read_items(property->type, array, items);
    if (code == 0)
        *out = cim_value_new_array(property->type, (const CimItem *) (void *) items->data, items->len);
    for (guint i = 0; i < items->len; i++)
        cim_item_clear(property->type, &g_array_index(items, CimItem, i));
    g_array_unref(items);
    return code;
}

/* VALUE.REFERENCE / INSTANCENAME / KEYBINDING NAME / KEYVALUE, at whatever depth
 * the path form puts the INSTANCENAME. */
static xmlNode *find_instancename(xmlNode *node, guint depth)
{
    for (xmlNode *child = node->children; child && depth < 4; child = child->next) {
        xmlNode *found = is_element(child, "INSTANCENAME") ? child : find_instancename(child, depth + 1);

        if (found)
            return found;
    }
    return NULL;
}

static guint32 read_reference(const char *ns, xmlNode *node, CimValue **out)
{
    xmlNode *name = find_instancename(node, 0);
    g_autofree char *class_name = name ? attribute(name, "CLASSNAME") : NULL;
    g_autoptr(CimPath) path = NULL;

    if (!first_child(node, "VALUE.REFERENCE")) {
        *out = cim_value_new_null(CIM_REFERENCE, FALSE);
        return 0;
    }
    if (!class_name)
        return CODE_INVALID_PARAMETER;
    path = cim_path_new(ns, class_name);
    for (xmlNode *binding = name->children; binding; binding = binding->next) {
        xmlNode *value = is_element(binding, "KEYBINDING") ? first_child(binding, "KEYVALUE") : NULL;
        g_autofree char *key = value ? attribute(binding, "NAME") : NULL;
        g_autofree char *text = value ? content(value) : NULL;

        if (key)
            cim_path_set_key(path, key, text);
    }
    *out = cim_value_new_path(path);
    return 0;
}

/* The element must be the one for the property, and its TYPE the property's. */
static guint32 check_form(const SchemaProperty *property, xmlNode *node)
{
    const char *expected = property->type == CIM_REFERENCE ? "PROPERTY.REFERENCE"
                           : property->array               ? "PROPERTY.ARRAY"
                                                           : "PROPERTY";
    g_autofree char *type = attribute(node, "TYPE");
    CimType given = CIM_STRING;

    if (!is_element(node, expected))
        return CODE_WRONG_TYPE;
    if (property->type == CIM_REFERENCE)
        return 0;
    if (!type || !cim_type_from_name(type, &given))
        return CODE_WRONG_TYPE;
    if (given == property->type)
        return 0;
    return property->type == CIM_DATETIME ? CODE_FAILED : CODE_WRONG_TYPE;
}

static guint32 read_property(CimObject *object, xmlNode *node)
{
    const SchemaClass *cls = cim_object_class(object);
    g_autofree char *name = attribute(node, "NAME");
    const SchemaProperty *property = name ? schema_class_find_property(cls, name) : NULL;
    CimValue *value = NULL;
    guint32 code = 0;

    if (!property || property->type == CIM_OBJECT)
        return CODE_INVALID_PARAMETER;
    code = check_form(property, node);
    if (code == 0 && property->type == CIM_REFERENCE)
        code = read_reference(schema_class_namespace(cls), node, &value);
    else if (code == 0)
        code = property->array ? read_array(property, node, &value) : read_scalar(property, node, &value);
    if (value)
        cim_object_set(object, property->name, value);
    return code;
}

static CimObject *read_instance(const Schema *schema, const char *ns, xmlNode *root, guint32 *code)
{
    g_autofree char *class_name =
        root && is_element(root, "INSTANCE") ? attribute(root, "CLASSNAME") : NULL;
    const SchemaClass *cls = class_name ? schema_find(schema, ns, class_name) : NULL;
    g_autoptr(CimObject) object = NULL;

    *code = class_name ? CODE_INVALID_PARAMETER : CODE_FAILED;
    if (!cls || schema_class_is_abstract(cls))
        return NULL;
    object = cim_object_new(cls);
    for (xmlNode *node = root->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || is_element(node, "QUALIFIER"))
            continue;
        *code = g_str_has_prefix((const char *) node->name, "PROPERTY") ? read_property(object, node)
                                                                        : CODE_INVALID_PARAMETER;
        if (*code != 0)
            return NULL;
    }
    *code = 0;
    return g_steal_pointer(&object);
}

CimObject *cim_object_from_xml(const Schema *schema, const char *ns, const char *text, guint32 *code)
{
    size_t length = strlen(text);
    CimObject *object = NULL;
    xmlDoc *doc = NULL;

    *code = CODE_FAILED;
    if (length == 0 || length > MAX_TEXT_BYTES || strstr(text, "<!DOCTYPE"))
        return NULL;
    *code = check_entities(text);
    if (*code != 0)
        return NULL;
    *code = CODE_FAILED;
    doc = xmlReadMemory(text, (int) length, NULL, "UTF-8",
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    if (doc)
        object = read_instance(schema, ns, xmlDocGetRootElement(doc), code);
    xmlFreeDoc(doc);
    return object;
}

/* --- writing ---------------------------------------------------------------- */

static void append_item(GString *out, CimType type, const CimItem *item)
{
    g_autofree char *text = NULL;
    g_autofree char *escaped = NULL;

    if (type == CIM_OBJECT)
        text = cim_object_to_xml(item->object);
    else if (type == CIM_REFERENCE)
        text = cim_path_format(item->path, ".");
    else
        text = cim_item_format(type, item);
    escaped = g_markup_escape_text(text, -1);
    g_string_append_printf(out, "<VALUE>%s</VALUE>", escaped);
}

static void append_property(GString *out, const CimObject *object, const SchemaProperty *property)
{
    const CimValue *value = cim_object_get(object, property->name);
    const char *element = property->array ? "PROPERTY.ARRAY" : "PROPERTY";
    gboolean own = strcmp(property->origin, schema_class_name(cim_object_class(object))) == 0;
    gboolean is_text = property->type == CIM_OBJECT || property->type == CIM_REFERENCE;

    g_string_append_printf(out, "<%s NAME=\"%s\"%s TYPE=\"%s\"%s>", element, property->name,
                           own ? "" : " PROPAGATED=\"true\"",
                           is_text ? "string" : cim_type_name(property->type),
                           property->type == CIM_OBJECT ? " EmbeddedObject=\"instance\"" : "");
    if (!cim_value_is_null(value) && property->array)
        g_string_append(out, "<VALUE.ARRAY>");
    for (guint i = 0; i < cim_value_count(value); i++)
        append_item(out, property->type, cim_value_item(value, i));
    if (!cim_value_is_null(value) && property->array)
        g_string_append(out, "</VALUE.ARRAY>");
    g_string_append_printf(out, "</%s>", element);
}

char *cim_object_to_xml(const CimObject *object)
{
    const SchemaClass *cls = cim_object_class(object);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "<INSTANCE CLASSNAME=\"%s\">", schema_class_name(cls));
    for (guint i = 0; i < schema_class_n_properties(cls); i++)
        append_property(out, object, schema_class_property(cls, i));
    g_string_append(out, "</INSTANCE>");
    return g_string_free(out, FALSE);
}
