/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_epr_xml.h"

#include <string.h>

#include "wsman/wsman_epr_private.h"
#include "wsman/wsman_instance_private.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_xml.h"

#define MAX_SELECTORS 64

static WsmanEpr *read_epr(const xmlNode *node, guint depth);

static gboolean
is_addressing(const xmlNode *node, const char *name)
{
    return wsman_xml_is(node, WSMAN_NS_ADDRESSING, name) ||
           wsman_xml_is(node, WSMAN_NS_ADDRESSING_10, name);
}

static const xmlNode *
addressing_child(const xmlNode *node, const char *name)
{
    const xmlNode *child = wsman_xml_child(node, WSMAN_NS_ADDRESSING, name);

    return child ? child : wsman_xml_child(node, WSMAN_NS_ADDRESSING_10, name);
}

gboolean
wsman_epr_is_node(const xmlNode *node)
{
    return is_addressing(node, "EndpointReference") || addressing_child(node, "EndpointReference") ||
           addressing_child(node, "ReferenceParameters");
}

static gboolean
read_selector(WsmanEpr *epr, const xmlNode *node, guint depth)
{
    g_autofree char *name = wsman_xml_attribute(node, NULL, "Name");
    g_autofree char *value = NULL;
    WsmanEpr *reference;

    if (!name || *name == '\0' || wsman_epr_n_selectors(epr) >= MAX_SELECTORS)
        return FALSE;
    if (wsman_epr_is_node(node)) {
        reference = depth < WSMAN_MAX_EMBEDDING ? read_epr(node, depth + 1) : NULL;
        if (!reference)
            return FALSE;
        wsman_epr_add_selector_epr(epr, name, reference);
        return TRUE;
    }
    value = wsman_xml_text(node);
    wsman_epr_add_selector(epr, name, value);
    return TRUE;
}

static WsmanEpr *
read_epr(const xmlNode *node, guint depth)
{
    g_autoptr(WsmanEpr) epr = NULL;
    g_autofree char *uri = NULL;
    const xmlNode *wrapper = addressing_child(node, "EndpointReference");
    const xmlNode *parameters = addressing_child(wrapper ? wrapper : node, "ReferenceParameters");
    const xmlNode *selectors;

    uri = wsman_xml_trimmed_text(wsman_xml_child(parameters, WSMAN_NS_WSMAN, "ResourceURI"));
    epr = uri ? wsman_epr_new_from_uri(uri) : NULL;
    if (!epr)
        return NULL;
    selectors = wsman_xml_child(parameters, WSMAN_NS_WSMAN, "SelectorSet");
    for (xmlNode *child = wsman_xml_first_element(selectors); child;
         child = wsman_xml_next_element(child)) {
        if (wsman_xml_is(child, WSMAN_NS_WSMAN, "Selector") && !read_selector(epr, child, depth))
            return NULL;
    }
    return g_steal_pointer(&epr);
}

WsmanEpr *
wsman_epr_from_node(const xmlNode *node)
{
    return read_epr(node, 0);
}

void
wsman_epr_write_selectors(const WsmanEpr *epr, WsmanBuffer *out)
{
    if (wsman_epr_n_selectors(epr) == 0)
        return;
    wsman_writer_open_with(out, "w:SelectorSet", "xmlns:w", WSMAN_NS_WSMAN, NULL);
    for (guint i = 0; i < wsman_epr_n_selectors(epr); i++) {
        const WsmanEpr *reference = wsman_epr_selector_epr(epr, i);

        wsman_writer_open_with(out, "w:Selector", "Name", wsman_epr_selector_name(epr, i), NULL);
        if (reference) {
            wsman_writer_open_with(out, "a:EndpointReference", "xmlns:a", WSMAN_NS_ADDRESSING, NULL);
            wsman_epr_write_contents(reference, out);
            wsman_writer_close(out, "a:EndpointReference");
        } else {
            wsman_writer_text(out, wsman_epr_selector_value(epr, i));
        }
        wsman_writer_close(out, "w:Selector");
    }
    wsman_writer_close(out, "w:SelectorSet");
}

void
wsman_epr_write_contents(const WsmanEpr *epr, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "a:Address", "xmlns:a", WSMAN_NS_ADDRESSING, NULL);
    wsman_writer_text(out, WSMAN_ANONYMOUS);
    wsman_writer_close(out, "a:Address");
    wsman_writer_open_with(out, "a:ReferenceParameters", "xmlns:a", WSMAN_NS_ADDRESSING, NULL);
    wsman_writer_open_with(out, "w:ResourceURI", "xmlns:w", WSMAN_NS_WSMAN, NULL);
    wsman_writer_text(out, wsman_epr_get_resource_uri(epr));
    wsman_writer_close(out, "w:ResourceURI");
    wsman_epr_write_selectors(epr, out);
    wsman_writer_close(out, "a:ReferenceParameters");
}
