/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_cimxml.h"

#include <string.h>

#include "wsman/wsman_epr_private.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_instance_private.h"
#include "wsman/wsman_instance_xml.h"
#include "wsman/wsman_text.h"
#include "wsman/wsman_xml.h"

typedef struct {
    const char *ns;
    gboolean secret;
    guint depth;
} Reading;

static const char *const type_names[] = {
    [WSMAN_CIM_BOOLEAN] = "boolean",   [WSMAN_CIM_UINT8] = "uint8",   [WSMAN_CIM_UINT16] = "uint16",
    [WSMAN_CIM_UINT32] = "uint32",     [WSMAN_CIM_UINT64] = "uint64", [WSMAN_CIM_SINT8] = "sint8",
    [WSMAN_CIM_SINT16] = "sint16",     [WSMAN_CIM_SINT32] = "sint32", [WSMAN_CIM_SINT64] = "sint64",
    [WSMAN_CIM_STRING] = "string",     [WSMAN_CIM_DATETIME] = "datetime",
    [WSMAN_CIM_REFERENCE] = "reference",
};

static WsmanInstance *read_instance(const xmlNode *node, const Reading *reading, GError **error);

/* --- writing -------------------------------------------------------------- */

static void
write_values(const WsmanProperty *property, const char *value, WsmanBuffer *out)
{
    for (guint i = 0; i < property->n_texts; i++) {
        wsman_writer_open(out, value);
        wsman_writer_text_numeric(out, property->texts[i]);
        wsman_writer_close(out, value);
    }
}

/* References are object paths, which WMI reads from VALUE.REFERENCE as text. */
static void
write_reference(const WsmanProperty *property, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "PROPERTY.REFERENCE", "NAME", property->name, NULL);
    write_values(property, "VALUE.REFERENCE", out);
    for (guint i = 0; property->eprs && i < property->eprs->len; i++) {
        g_autofree char *path = wsman_epr_to_object_path(g_ptr_array_index(property->eprs, i));

        wsman_writer_open(out, "VALUE.REFERENCE");
        wsman_writer_text_numeric(out, path);
        wsman_writer_close(out, "VALUE.REFERENCE");
    }
    wsman_writer_close(out, "PROPERTY.REFERENCE");
}

static void
write_property(const WsmanProperty *property, WsmanBuffer *out)
{
    gboolean is_array = property->is_array || property->n_texts > 1;
    const char *element = is_array ? "PROPERTY.ARRAY" : "PROPERTY";

    if (property->type == WSMAN_CIM_REFERENCE && !is_array) {
        write_reference(property, out);
        return;
    }
    wsman_writer_open_with(out, element, "NAME", property->name, "TYPE", type_names[property->type], NULL);
    if (is_array)
        wsman_writer_open(out, "VALUE.ARRAY");
    write_values(property, "VALUE", out);
    if (is_array)
        wsman_writer_close(out, "VALUE.ARRAY");
    wsman_writer_close(out, element);
}

void
wsman_cimxml_write(const WsmanInstance *instance, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "INSTANCE", "CLASSNAME", wsman_instance_get_class(instance), NULL);
    for (guint i = 0; i < wsman_instance_n_properties(instance); i++)
        write_property(wsman_instance_property(instance, i), out);
    wsman_writer_close(out, "INSTANCE");
}

char *
wsman_instance_to_cimxml(const WsmanInstance *instance)
{
    g_autoptr(WsmanBuffer) out = wsman_buffer_new(FALSE, WSMAN_MAX_CIMXML_SIZE);

    wsman_cimxml_write(instance, out);
    return g_strdup(wsman_buffer_get_data(out));
}

/* --- reading -------------------------------------------------------------- */

static WsmanCimType
type_of(const xmlNode *node)
{
    g_autofree char *name = wsman_xml_attribute(node, NULL, "TYPE");

    for (gsize i = 0; name && i < G_N_ELEMENTS(type_names); i++) {
        if (g_ascii_strcasecmp(name, type_names[i]) == 0)
            return (WsmanCimType)i;
    }
    /* real32, real64 and char16 are kept as text. */
    return WSMAN_CIM_STRING;
}

/* VALUE holds text, or for an embedded object (DSP0201 5.2.4.2) escaped
 * CIM-XML in its turn. */
static void
take_value(WsmanProperty *property, const xmlNode *value, const Reading *reading)
{
    char *text = wsman_xml_text(value);
    WsmanInstance *embedded = NULL;

    if (reading->depth < WSMAN_MAX_EMBEDDING && g_str_has_prefix(text, "<INSTANCE"))
        embedded = wsman_cimxml_read(text, reading->ns, reading->secret, reading->depth + 1, NULL);
    if (embedded)
        wsman_property_take_instance(property, embedded);
    wsman_property_take_text(property, text);
}

static void
take_array(WsmanProperty *property, const xmlNode *array, const Reading *reading)
{
    for (xmlNode *value = wsman_xml_first_element(array); value; value = wsman_xml_next_element(value)) {
        if (wsman_xml_is(value, NULL, "VALUE"))
            take_value(property, value, reading);
    }
}

static void
add_key(WsmanEpr *epr, const xmlNode *binding)
{
    g_autofree char *name = wsman_xml_attribute(binding, NULL, "NAME");
    const xmlNode *key = wsman_xml_child(binding, NULL, "KEYVALUE");
    g_autofree char *value = key ? wsman_xml_text(key) : NULL;

    if (name && value)
        wsman_epr_add_selector(epr, name, value);
}

/* VALUE.REFERENCE: an object path as text (WMI), or INSTANCENAME, possibly
 * inside INSTANCEPATH or LOCALINSTANCEPATH (DSP0201 5.2.3). */
static WsmanEpr *
read_reference(const xmlNode *value, const Reading *reading)
{
    const xmlNode *name = wsman_xml_first_element(value);
    g_autofree char *class_name = NULL;
    WsmanEpr *epr;

    if (!name) {
        g_autofree char *path = wsman_xml_trimmed_text(value);

        return wsman_epr_from_object_path(path, reading->ns);
    }
    if (!wsman_xml_is(name, NULL, "INSTANCENAME"))
        name = wsman_xml_child(name, NULL, "INSTANCENAME");
    class_name = name ? wsman_xml_attribute(name, NULL, "CLASSNAME") : NULL;
    if (!class_name)
        return NULL;
    epr = wsman_epr_new(reading->ns ? reading->ns : "", class_name);
    for (xmlNode *key = wsman_xml_first_element(name); key; key = wsman_xml_next_element(key)) {
        if (wsman_xml_is(key, NULL, "KEYBINDING"))
            add_key(epr, key);
    }
    return epr;
}

static void
take_reference(WsmanProperty *property, const xmlNode *node, const Reading *reading)
{
    const xmlNode *value = wsman_xml_child(node, NULL, "VALUE.REFERENCE");
    WsmanEpr *epr = value ? read_reference(value, reading) : NULL;

    if (epr)
        wsman_property_take_epr(property, epr);
}

/* Microsoft's DTD 2.0 form of embedded objects: VALUE.OBJECT around INSTANCE. */
static gboolean
take_objects(WsmanProperty *property, const xmlNode *node, Reading reading, GError **error)
{
    if (reading.depth >= WSMAN_MAX_EMBEDDING) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "embedded instances nest deeper than %d",
                        WSMAN_MAX_EMBEDDING);
        return FALSE;
    }
    reading.depth++;
    for (xmlNode *child = wsman_xml_first_element(node); child; child = wsman_xml_next_element(child)) {
        const xmlNode *inner = wsman_xml_child(child, NULL, "INSTANCE");
        WsmanInstance *embedded = inner ? read_instance(inner, &reading, error) : NULL;

        if (inner && !embedded)
            return FALSE;
        if (embedded)
            wsman_property_take_instance(property, embedded);
    }
    return TRUE;
}

static gboolean
read_property(WsmanInstance *instance, const xmlNode *node, const Reading *reading, GError **error)
{
    g_autofree char *name = wsman_xml_attribute(node, NULL, "NAME");
    const xmlNode *value = wsman_xml_child(node, NULL, "VALUE");
    const xmlNode *array = wsman_xml_child(node, NULL, "VALUE.ARRAY");
    WsmanProperty *property;

    if (!name || *name == '\0') {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "a property in CIM-XML has no name");
        return FALSE;
    }
    property = wsman_instance_ensure(instance, name, type_of(node));
    if (wsman_xml_is(node, NULL, "PROPERTY.REFERENCE")) {
        property->type = WSMAN_CIM_REFERENCE;
        take_reference(property, node, reading);
    } else if (wsman_xml_is(node, NULL, "PROPERTY.ARRAY")) {
        property->is_array = TRUE;
        take_array(property, array, reading);
    } else if (wsman_xml_is(node, NULL, "PROPERTY.OBJECT")) {
        return take_objects(property, node, *reading, error);
    } else if (wsman_xml_is(node, NULL, "PROPERTY.OBJECTARRAY")) {
        return take_objects(property, wsman_xml_child(node, NULL, "VALUE.OBJECTARRAY"), *reading, error);
    } else if (value) {
        take_value(property, value, reading);
    }
    return TRUE;
}

static WsmanInstance *
read_instance(const xmlNode *node, const Reading *reading, GError **error)
{
    g_autofree char *class_name = wsman_xml_attribute(node, NULL, "CLASSNAME");
    g_autoptr(WsmanInstance) instance = NULL;

    if (!class_name || *class_name == '\0') {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "an instance in CIM-XML has no class");
        return NULL;
    }
    instance = wsman_instance_new(reading->ns, class_name);
    if (reading->secret)
        wsman_instance_mark_secret(instance);
    for (xmlNode *child = wsman_xml_first_element(node); child; child = wsman_xml_next_element(child)) {
        if (!g_str_has_prefix((const char *)child->name, "PROPERTY"))
            continue;
        if (!read_property(instance, child, reading, error))
            return NULL;
        if (wsman_instance_n_properties(instance) > WSMAN_MAX_PROPERTIES) {
            wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "an instance has more than %d properties",
                            WSMAN_MAX_PROPERTIES);
            return NULL;
        }
    }
    return g_steal_pointer(&instance);
}

WsmanInstance *
wsman_cimxml_read(const char *text, const char *ns, gboolean secret, guint depth, GError **error)
{
    Reading reading = { .ns = ns, .secret = secret, .depth = depth };
    WsmanInstance *instance = NULL;
    const xmlNode *root;
    xmlDoc *doc;

    while (g_ascii_isspace(*text))
        text++;
    /* In memory it is UTF-8, whatever its declaration was written for. */
    doc = wsman_xml_parse("embedded instance", text, strlen(text), "utf-8", error);
    if (!doc)
        return NULL;
    root = xmlDocGetRootElement(doc);
    /* Windows writes INSTANCE alone; the standard has it in DECLGROUPs too. */
    if (wsman_xml_is(root, NULL, "INSTANCE"))
        instance = read_instance(root, &reading, error);
    else
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "an embedded instance is not CIM-XML");
    if (secret)
        wsman_xml_wipe_doc(doc);
    else
        xmlFreeDoc(doc);
    return instance;
}

WsmanInstance *
wsman_instance_from_cimxml(const char *text, const char *ns, GError **error)
{
    if (strlen(text) > WSMAN_MAX_CIMXML_SIZE) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "an embedded instance is larger than %u bytes",
                        WSMAN_MAX_CIMXML_SIZE);
        return NULL;
    }
    return wsman_cimxml_read(text, ns, FALSE, 0, error);
}
