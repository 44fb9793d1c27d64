/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_instance_xml.h"

#include <string.h>

#include "wsman/wsman_cimxml.h"
#include "wsman/wsman_datetime.h"
#include "wsman/wsman_epr_xml.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_instance_private.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_xml.h"

typedef struct {
    const char *ns;
    gboolean secret;
    guint depth;
} Reading;

static WsmanInstance *read_instance(const xmlNode *node, const char *class_name, Reading reading,
                                    GError **error);

static char *
strip_type_suffix(char *name)
{
    if (g_str_has_suffix(name, "_Type"))
        name[strlen(name) - strlen("_Type")] = '\0';
    return name;
}

/* The class URI of an element: of its xsi:type, which an embedded object's
 * parameter needs, or its own namespace, or that of its properties. */
static WsmanEpr *
class_of(const xmlNode *node)
{
    g_autofree char *type = wsman_xml_attribute(node, WSMAN_NS_XSI, "type");
    const xmlNode *child = wsman_xml_first_element(node);
    WsmanEpr *epr = NULL;

    if (type) {
        g_autofree char *uri = NULL;
        g_autofree char *name = wsman_xml_qname(node, type, &uri);

        epr = uri ? wsman_epr_new_from_uri(uri) : NULL;
    }
    if (!epr && child)
        epr = wsman_epr_new_from_uri(wsman_xml_ns(child));
    return epr ? epr : wsman_epr_new_from_uri(wsman_xml_ns(node));
}

static gboolean
is_datetime_wrapper(const xmlNode *node)
{
    static const char *const names[] = { "Datetime", "Interval", "CIM_DateTime", "Date", "Time" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (wsman_xml_is(node, WSMAN_NS_CIM, names[i]))
            return TRUE;
    }
    return FALSE;
}

/* cim:Datetime holds the text; cim:CIM_DateTime may hold another element that does. */
static char *
datetime_text(const xmlNode *node)
{
    const xmlNode *inner = wsman_xml_first_element(node);

    return wsman_xml_trimmed_text(inner ? inner : node);
}

static gboolean
looks_like_cimxml(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return g_str_has_prefix(text, "<INSTANCE") || g_str_has_prefix(text, "<?xml");
}

/* Text that only looks like an embedded instance (a user may name a machine
 * so) stays text. */
static void
take_text(WsmanProperty *property, char *text, const Reading *reading)
{
    WsmanInstance *embedded = NULL;

    if (reading->depth < WSMAN_MAX_EMBEDDING && looks_like_cimxml(text))
        embedded = wsman_cimxml_read(text, reading->ns, reading->secret, reading->depth + 1, NULL);
    if (embedded)
        wsman_property_take_instance(property, embedded);
    wsman_property_take_text(property, text);
}

static gboolean
read_tree(WsmanProperty *property, const xmlNode *node, Reading reading, GError **error)
{
    WsmanInstance *embedded;

    if (reading.depth >= WSMAN_MAX_EMBEDDING) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "embedded instances nest deeper than %d",
                        WSMAN_MAX_EMBEDDING);
        return FALSE;
    }
    reading.depth++;
    embedded = read_instance(node, "", reading, error);
    if (!embedded)
        return FALSE;
    wsman_property_take_instance(property, embedded);
    return TRUE;
}

/* Secret text must not be copied to be looked at: it is taken as it is. */
static gboolean
read_property(WsmanInstance *instance, const xmlNode *node, const Reading *reading, GError **error)
{
    WsmanProperty *property = wsman_instance_ensure(instance, (const char *)node->name, WSMAN_CIM_STRING);
    const xmlNode *inner = wsman_xml_first_element(node);
    WsmanEpr *epr;

    if (wsman_xml_is_nil(node))
        return TRUE;
    if (!inner) {
        take_text(property, wsman_xml_text(node), reading);
    } else if (is_datetime_wrapper(inner)) {
        property->type = WSMAN_CIM_DATETIME;
        wsman_property_take_text(property, datetime_text(inner));
    } else if (wsman_epr_is_node(node)) {
        property->type = WSMAN_CIM_REFERENCE;
        epr = wsman_epr_from_node(node);
        /* Not of a WMI class: nothing that we could follow. */
        if (epr)
            wsman_property_take_epr(property, epr);
    } else {
        return read_tree(property, node, *reading, error);
    }
    return TRUE;
}

static WsmanInstance *
read_instance(const xmlNode *node, const char *class_name, Reading reading, GError **error)
{
    g_autoptr(WsmanEpr) class = class_of(node);
    g_autoptr(WsmanInstance) instance = NULL;

    if (class)
        reading.ns = wsman_epr_get_namespace(class);
    instance = wsman_instance_new(reading.ns, class ? wsman_epr_get_class(class) : class_name);
    if (reading.secret)
        wsman_instance_mark_secret(instance);
    for (xmlNode *child = wsman_xml_first_element(node); child; child = wsman_xml_next_element(child)) {
        /* The instance's own address, in old answers. */
        if (wsman_xml_is(child, WSMAN_NS_CIM, "Location"))
            continue;
        if (!read_property(instance, child, &reading, error))
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
wsman_instance_from_node(const xmlNode *node, const char *ns, const char *class_name, gboolean secret,
                         GError **error)
{
    Reading reading = { .ns = ns, .secret = secret };
    g_autofree char *name = NULL;

    /* A class of another namespace than WMI's is named by its element. */
    if (!class_name)
        name = strip_type_suffix(g_strdup((const char *)node->name));
    return read_instance(node, class_name ? class_name : name, reading, error);
}

/* --- writing -------------------------------------------------------------- */

static void
write_datetime(const char *text, WsmanBuffer *out)
{
    gboolean is_interval;
    g_autofree char *iso = wsman_datetime_to_iso(text, &is_interval);
    const char *element = is_interval ? "cim:Interval" : "cim:Datetime";

    wsman_writer_open_with(out, element, "xmlns:cim", WSMAN_NS_CIM, NULL);
    wsman_writer_text(out, iso ? iso : text);
    wsman_writer_close(out, element);
}

static void
write_text(const WsmanProperty *property, const char *element, const char *text, WsmanBuffer *out)
{
    g_autoptr(WsmanEpr) epr = NULL;

    if (property->type == WSMAN_CIM_REFERENCE)
        epr = wsman_epr_from_object_path(text, NULL);
    wsman_writer_open(out, element);
    if (epr)
        wsman_epr_write_contents(epr, out);
    else if (property->type == WSMAN_CIM_DATETIME)
        write_datetime(text, out);
    else
        wsman_writer_text(out, text);
    wsman_writer_close(out, element);
}

static void write_tree(const WsmanInstance *instance, const char *element, guint depth, WsmanBuffer *out);

/* Each level has a prefix of its own: an element is in the namespace of the
 * instance around it, while it declares that of the instance in it. */
static char *
prefix_at(guint depth)
{
    return depth > 0 ? g_strdup_printf("q%u", depth) : g_strdup("q");
}

static void
write_property(const WsmanProperty *property, guint depth, WsmanBuffer *out)
{
    g_autofree char *prefix = prefix_at(depth);
    g_autofree char *element = g_strconcat(prefix, ":", property->name, NULL);

    for (guint i = 0; i < property->n_texts; i++)
        write_text(property, element, property->texts[i], out);
    for (guint i = 0; property->eprs && i < property->eprs->len; i++) {
        wsman_writer_open(out, element);
        wsman_epr_write_contents(g_ptr_array_index(property->eprs, i), out);
        wsman_writer_close(out, element);
    }
    /* One that came as text has gone out as text. */
    for (guint i = 0; property->n_texts == 0 && property->instances && i < property->instances->len; i++)
        write_tree(g_ptr_array_index(property->instances, i), element, depth + 1, out);
}

static void
write_tree(const WsmanInstance *instance, const char *element, guint depth, WsmanBuffer *out)
{
    g_autoptr(WsmanEpr) class = wsman_epr_new(wsman_instance_get_namespace(instance),
                                              wsman_instance_get_class(instance));
    g_autofree char *prefix = prefix_at(depth);
    g_autofree char *declaration = g_strconcat("xmlns:", prefix, NULL);
    g_autofree char *type = g_strconcat(prefix, ":", wsman_epr_get_class(class), "_Type", NULL);

    wsman_writer_open_with(out, element, declaration, wsman_epr_get_resource_uri(class), "xmlns:xsi",
                           WSMAN_NS_XSI, "xsi:type", type, NULL);
    for (guint i = 0; i < wsman_instance_n_properties(instance); i++)
        write_property(wsman_instance_property(instance, i), depth, out);
    wsman_writer_close(out, element);
}

void
wsman_instance_write_tree(const WsmanInstance *instance, const char *element, WsmanBuffer *out)
{
    write_tree(instance, element, 0, out);
}
