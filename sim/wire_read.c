/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_read.h"

#include <string.h>

#include "sim/host.h"
#include "sim/wire_ns.h"
#include "sim/wire_request.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

static gboolean
fail(WireFault **fault, WireFault *what)
{
    g_assert(!*fault);
    *fault = what;
    return FALSE;
}

/* Which fault answers which mistake in a parameter. Recorded: an endpoint
 * reference or an XML tree where it does not belong gives
 * w:SchemaValidationError. The others are ASSUMED. */
static WireFault *
parameter_fault(WireFaultId id, const char *name, const char *what)
{
    return wire_fault_new(id, "The parameter %s %s. ", name, what);
}

gboolean
wire_check_path(const Schema *schema, const CimPath *path, WireFault **fault)
{
    const SchemaClass *cls = schema_find(schema, cim_path_namespace(path), cim_path_class(path));

    if (!cls)
        return fail(fault, wire_fault_with_provider(wire_fault_new(WIRE_FAULT_RESOURCE_NOT_FOUND, NULL), "GetObject",
                                                    cim_path_class(path)));
    for (guint i = 0; i < cim_path_n_keys(path); i++) {
        const char *name = cim_path_key_name(path, i);
        const SchemaProperty *property = schema_class_find_property(cls, name);

        if (!property || !property->key)
            return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_SELECTORS, "%s is not a key of %s. ", name,
                                              schema_class_name(cls)));
    }
    return TRUE;
}

/* --- single items ----------------------------------------------------------- */

static gboolean
read_reference(const Schema *schema, const xmlNode *node, CimItem *item, WireFault **fault)
{
    g_autoptr(CimPath) path = NULL;

    /* A wrapper inside the parameter is refused by real hosts. */
    if (wire_xml_child(node, WIRE_NS_ADDRESSING, "EndpointReference"))
        return fail(fault, parameter_fault(WIRE_FAULT_SCHEMA_VALIDATION, (const char *)node->name,
                                           "holds a wrapped endpoint reference"));
    path = wire_endpoint_read(node, 0, fault);
    if (!path || !wire_check_path(schema, path, fault))
        return FALSE;
    item->path = g_steal_pointer(&path);
    return TRUE;
}

/* cim:Datetime or cim:Interval; the native form has no place outside CIM-XML. */
static gboolean
read_datetime(const xmlNode *node, CimItem *item, WireFault **fault)
{
    xmlNode *datetime = wire_xml_child(node, WIRE_NS_CIM, "Datetime");
    xmlNode *interval = wire_xml_child(node, WIRE_NS_CIM, "Interval");
    g_autofree char *text = wire_xml_trimmed(datetime ? datetime : interval);

    item->text = text ? wire_text_wmi_from_iso(text, !datetime) : NULL;
    if (!item->text)
        return fail(fault, parameter_fault(WIRE_FAULT_PARAMETER_TYPE, (const char *)node->name,
                                           "is not a date and time"));
    return TRUE;
}

static CimValue *read_parameter(const Schema *schema, const SchemaProperty *type, GPtrArray *nodes, WireBytes bytes,
                                gboolean parameter, WireFault **fault);

static void
free_nodes(gpointer nodes)
{
    g_ptr_array_unref(nodes);
}

/* The class that xsi:type names: prefix:Class_Type, the prefix bound to the
 * class URI (DSP0230 8.1). It must be of the declared class. */
static const SchemaClass *
class_of_tree(const Schema *schema, const SchemaProperty *type, const xmlNode *node, char **uri)
{
    g_autofree char *name = wire_xml_attribute(node, WIRE_NS_XSI, "type");
    char *colon = name ? strchr(name, ':') : NULL;
    g_autofree char *ns = NULL;
    g_autofree char *class_name = NULL;
    g_autofree char *expected = NULL;
    const SchemaClass *cls, *base;
    xmlNs *bound;

    if (!colon)
        return NULL;
    *colon = '\0';
    bound = xmlSearchNs(node->doc, (xmlNode *)node, (const xmlChar *)name);
    if (!bound || !wire_uri_split((const char *)bound->href, &ns, &class_name))
        return NULL;
    expected = g_strconcat(class_name, "_Type", NULL);
    cls = g_ascii_strcasecmp(colon + 1, expected) == 0 ? schema_find(schema, ns, class_name) : NULL;
    base = cls && type->embedded ? schema_find(schema, ns, type->embedded) : NULL;
    if (!cls || (type->embedded && (!base || !schema_class_is_a(cls, base))))
        return NULL;
    *uri = g_strdup((const char *)bound->href);
    return cls;
}

/* A parameter whose type is an object, not a string that holds an instance,
 * takes the tree form (DSP0230 8.1): one element for each property that is
 * set, in the namespace of the class. */
static gboolean
read_object(const Schema *schema, const SchemaProperty *type, const xmlNode *node, WireBytes bytes, CimItem *item,
            WireFault **fault)
{
    g_autofree char *uri = NULL;
    const SchemaClass *cls = class_of_tree(schema, type, node, &uri);
    g_autoptr(GHashTable) groups = g_hash_table_new_full(NULL, NULL, NULL, free_nodes);
    g_autoptr(CimObject) object = NULL;
    GHashTableIter iter;
    gpointer key, nodes;

    if (!cls)
        return fail(fault, parameter_fault(WIRE_FAULT_SCHEMA_VALIDATION, type->name,
                                           "is not an instance of its class"));
    for (xmlNode *child = wire_xml_first(node); child; child = wire_xml_next(child)) {
        const SchemaProperty *property = schema_class_find_property(cls, (const char *)child->name);

        if (!property || !child->ns || g_ascii_strcasecmp((const char *)child->ns->href, uri) != 0)
            return fail(fault, parameter_fault(WIRE_FAULT_SCHEMA_VALIDATION, (const char *)child->name,
                                               "is not a property of the instance"));
        if (!g_hash_table_contains(groups, property))
            g_hash_table_insert(groups, (gpointer)property, g_ptr_array_new());
        g_ptr_array_add(g_hash_table_lookup(groups, property), child);
    }
    object = cim_object_new(cls);
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, &key, &nodes)) {
        const SchemaProperty *property = key;
        CimValue *value = read_parameter(schema, property, nodes, bytes, FALSE, fault);

        if (!value)
            return FALSE;
        cim_object_set(object, property->name, value);
    }
    item->object = g_steal_pointer(&object);
    return TRUE;
}

static gboolean
read_item(const Schema *schema, const SchemaProperty *type, const xmlNode *node, WireBytes bytes, CimItem *item,
          WireFault **fault)
{
    g_autofree char *text = NULL;

    memset(item, 0, sizeof(*item));
    if (type->type == CIM_REFERENCE)
        return read_reference(schema, node, item, fault);
    if (type->type == CIM_DATETIME)
        return read_datetime(node, item, fault);
    if (type->type == CIM_OBJECT)
        return read_object(schema, type, node, bytes, item, fault);
    text = wire_xml_text(node);
    /* Instances in strings travel as text; a tree there is refused. */
    if (!text)
        return fail(fault, parameter_fault(WIRE_FAULT_SCHEMA_VALIDATION, type->name, "holds XML elements"));
    if (type->type == CIM_STRING) {
        item->text = g_steal_pointer(&text);
        return TRUE;
    }
    if (!cim_item_parse(type->type, g_strstrip(text), item))
        return fail(fault, parameter_fault(WIRE_FAULT_PARAMETER_TYPE, type->name, "has a value of a wrong type"));
    return TRUE;
}

/* --- whole parameters --------------------------------------------------------- */

/* xs:base64Binary: the alphabet, white space between, and padding at the end. */
static gboolean
is_base64(const char *text)
{
    guint digits = 0, padding = 0;

    for (; *text; text++) {
        if (strchr(" \t\r\n", *text))
            continue;
        if (*text == '=')
            padding++;
        else if (padding || (!g_ascii_isalnum(*text) && *text != '+' && *text != '/'))
            return FALSE;
        digits++;
    }
    return digits % 4 == 0 && padding <= 2;
}

static CimValue *
read_base64(const SchemaProperty *type, const xmlNode *node, WireFault **fault)
{
    g_autofree char *text = wire_xml_text(node);
    g_autofree guchar *data = NULL;
    gsize size = 0;
    CimValue *value = NULL;

    if (text && is_base64(text)) {
        data = g_base64_decode(text, &size);
        value = cim_value_new_bytes(data, size);
        /* These bytes may be key material. */
        explicit_bzero(data, size);
    } else {
        fail(fault, parameter_fault(WIRE_FAULT_PARAMETER_TYPE, type->name, "is not base64"));
    }
    if (text)
        explicit_bzero(text, strlen(text));
    return value;
}

/* All elements of one name, in order. parameter: of a method; else a property
 * of an embedded object. */
static CimValue *
read_parameter(const Schema *schema, const SchemaProperty *type, GPtrArray *nodes, WireBytes bytes, gboolean parameter,
               WireFault **fault)
{
    g_autofree CimItem *items = NULL;
    CimValue *value = NULL;
    guint n = 0;

    if (nodes->len == 1 && wire_xml_is_nil(nodes->pdata[0]))
        return cim_value_new_null(type->type, type->array);
    if (nodes->len > 1 && (!type->array || wire_bytes_are_base64(bytes, type, parameter))) {
        fail(fault, parameter_fault(WIRE_FAULT_SCHEMA_VALIDATION, type->name, "stands more than once"));
        return NULL;
    }
    if (wire_bytes_are_base64(bytes, type, parameter))
        return read_base64(type, nodes->pdata[0], fault);
    if (nodes->len > WIRE_MAX_ARRAY_ITEMS) {
        fail(fault, parameter_fault(WIRE_FAULT_PARAMETER_TYPE, type->name, "has too many items"));
        return NULL;
    }
    items = g_new0(CimItem, nodes->len);
    while (n < nodes->len && read_item(schema, type, nodes->pdata[n], bytes, &items[n], fault))
        n++;
    if (n == nodes->len)
        value = type->array ? cim_value_new_array(type->type, items, n) : cim_value_new_item(type->type, &items[0]);
    for (guint i = 0; i < n; i++)
        cim_item_clear(type->type, &items[i]);
    return value;
}

/* Sorts the elements by parameter; their order is free, also between the
 * items of an array. */
static gboolean
group_elements(const SchemaMethod *method, const char *uri, const xmlNode *input, GHashTable *groups,
               WireFault **fault)
{
    for (xmlNode *node = wire_xml_first(input); node; node = wire_xml_next(node)) {
        const SchemaParam *param = schema_method_find_param(method, (const char *)node->name);
        const char *ns = node->ns ? (const char *)node->ns->href : "";
        GPtrArray *nodes;

        if (!param || !param->in || g_ascii_strcasecmp(ns, uri) != 0)
            return fail(fault, parameter_fault(WIRE_FAULT_PARAMETER_NAME, (const char *)node->name,
                                               "is not one of the method"));
        nodes = g_hash_table_lookup(groups, param);
        if (!nodes) {
            nodes = g_ptr_array_new();
            g_hash_table_insert(groups, (gpointer)param, nodes);
        }
        g_ptr_array_add(nodes, node);
    }
    return TRUE;
}

GHashTable *
wire_read_input(const Schema *schema, const SchemaMethod *method, const char *uri, const xmlNode *input,
                WireBytes bytes, WireFault **fault)
{
    g_autoptr(GHashTable) groups = g_hash_table_new_full(NULL, NULL, NULL, free_nodes);
    g_autoptr(GHashTable) values = sim_values_new();
    g_autofree char *root = g_strconcat(schema_method_name(method), "_INPUT", NULL);
    GHashTableIter iter;
    gpointer key, nodes;

    /* Of the root only the name counts, not the namespace. */
    if (!input || g_ascii_strcasecmp((const char *)input->name, root) != 0) {
        fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The body is not %s. ", root));
        return NULL;
    }
    if (!group_elements(method, uri, input, groups, fault))
        return NULL;
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, &key, &nodes)) {
        const SchemaParam *param = key;
        CimValue *value = read_parameter(schema, &param->value, nodes, bytes, TRUE, fault);

        if (!value)
            return NULL;
        g_hash_table_insert(values, g_strdup(param->value.name), value);
    }
    return g_steal_pointer(&values);
}
