/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/wire_filter.h"
#include "sim/wire_ns.h"
#include "sim/wire_service_private.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

/* An optimized first answer holds one item, however many were asked for
 * (recorded answers of Server 2008 and 2012). */
#define FIRST_ITEMS 1

/* A batch stops at about half of the envelope limit (recorded). */
#define BATCH_SHARE 2

static gpointer
fail(WireFault **fault, WireFault *what)
{
    *fault = what;
    return NULL;
}

static WireFault *
body_fault(const char *name)
{
    return wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The element %s is not valid here. ", name);
}

/* A count of at least 1 and at most what the host allows in a batch. */
static gboolean
read_count(const xmlNode *node, guint *count, WireFault **fault)
{
    g_autofree char *text = wire_xml_trimmed(node);
    guint64 value;

    if (!text || !g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &value, NULL)) {
        *fault = body_fault((const char *)node->name);
        return FALSE;
    }
    *count = (guint)MIN(value, WIRE_MAX_BATCH_ITEMS);
    return TRUE;
}

typedef struct {
    gboolean optimize;
    WireMode mode;
    xmlNode *filter;
} EnumerateBody;

static gboolean
read_mode(const xmlNode *node, WireMode *mode, WireFault **fault)
{
    g_autofree char *text = wire_xml_trimmed(node);

    if (g_strcmp0(text, "EnumerateEPR") == 0) {
        *mode = WIRE_MODE_EPR;
    } else if (g_strcmp0(text, "EnumerateObjectAndEPR") == 0) {
        *mode = WIRE_MODE_OBJECT_AND_EPR;
    } else {
        *fault = wire_fault_with_detail(wire_fault_new(WIRE_FAULT_UNSUPPORTED_FEATURE, NULL), "EnumerationMode");
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_enumerate(const xmlNode *root, EnumerateBody *body, WireFault **fault)
{
    guint ignored;

    memset(body, 0, sizeof(*body));
    if (!wire_xml_is(root, WIRE_NS_ENUMERATION, "Enumerate")) {
        *fault = wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The body is not n:Enumerate. ");
        return FALSE;
    }
    for (xmlNode *node = wire_xml_first(root); node; node = wire_xml_next(node)) {
        if (wire_xml_is(node, WIRE_NS_WSMAN, "OptimizeEnumeration")) {
            body->optimize = TRUE;
        } else if (wire_xml_is(node, WIRE_NS_WSMAN, "MaxElements")) {
            if (!read_count(node, &ignored, fault))
                return FALSE;
        } else if (wire_xml_is(node, WIRE_NS_WSMAN, "EnumerationMode")) {
            if (!read_mode(node, &body->mode, fault))
                return FALSE;
        } else if (wire_xml_is(node, WIRE_NS_WSMAN, "Filter") || wire_xml_is(node, WIRE_NS_ENUMERATION, "Filter")) {
            body->filter = node;
        } else if (!wire_xml_is(node, WIRE_NS_ENUMERATION, "Expires") &&
                   !wire_xml_is(node, WIRE_NS_CIMBINDING, "PolymorphismMode")) {
            *fault = body_fault((const char *)node->name);
            return FALSE;
        }
    }
    return TRUE;
}

/* The end of an answer: the name for what is left, or that nothing is. */
static char *
store_rest(WireService *service, WireCursor **cursor, const char *user)
{
    if (wire_cursor_is_done(*cursor)) {
        g_clear_pointer(cursor, wire_cursor_free);
        return NULL;
    }
    return wire_cursors_put(service->cursors, g_steal_pointer(cursor), user);
}

GString *
wire_op_enumerate(WireService *service, const WireRequest *request, const char *user, char **asked, WireFault **fault)
{
    EnumerateBody body;
    WireSelection selection;
    g_autoptr(WireCursor) cursor = NULL;
    g_autoptr(GString) items = g_string_new(NULL);
    g_autofree char *name = NULL;
    GString *out;

    if (!read_enumerate(request->body, &body, fault))
        return NULL;
    if (!wire_cursors_have_room(service->cursors, user))
        return fail(fault, wire_fault_new(WIRE_FAULT_QUOTA_OPERATIONS, NULL));
    if (!wire_filter_run(service->host, request, body.filter, &selection, asked, fault)) {
        wire_selection_clear(&selection);
        return NULL;
    }
    cursor = wire_cursor_new(g_steal_pointer(&selection.objects), body.mode, g_steal_pointer(&selection.names));
    if (body.optimize) {
        wire_cursor_write(cursor, items, FIRST_ITEMS, G_MAXSIZE, service->options.bytes);
        name = store_rest(service, &cursor, user);
    } else {
        name = wire_cursors_put(service->cursors, g_steal_pointer(&cursor), user);
    }
    out = wire_envelope_new(service, request, WIRE_FAMILY_ENUMERATION, WIRE_ACTION_ENUMERATE "Response");
    g_string_append(out, "<n:EnumerateResponse>");
    wire_text_element(out, "n", "EnumerationContext", name);
    if (body.optimize)
        g_string_append_printf(out, "<w:Items>%s</w:Items>%s", items->str, name ? "" : "<w:EndOfSequence/>");
    g_string_append(out, "</n:EnumerateResponse>");
    wire_envelope_end(out);
    return out;
}

/* The cursor that the context of a Pull or Release names. */
static WireCursor *
take_cursor(WireService *service, const xmlNode *root, const char *user, WireFault **fault)
{
    xmlNode *node = wire_xml_child(root, WIRE_NS_ENUMERATION, "EnumerationContext");
    g_autofree char *name = wire_xml_trimmed(node);
    WireCursor *cursor = name ? wire_cursors_take(service->cursors, name, user) : NULL;

    if (!cursor)
        *fault = wire_fault_new(WIRE_FAULT_INVALID_CONTEXT, NULL);
    return cursor;
}

/* MaxElements of a Pull; one item when it is not given (DSP0226 8.4). */
static gboolean
read_pull(const xmlNode *root, guint *count, WireFault **fault)
{
    *count = 1;
    if (!wire_xml_is(root, WIRE_NS_ENUMERATION, "Pull")) {
        *fault = wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The body is not n:Pull. ");
        return FALSE;
    }
    for (xmlNode *node = wire_xml_first(root); node; node = wire_xml_next(node)) {
        if (wire_xml_is(node, WIRE_NS_ENUMERATION, "MaxElements")) {
            if (!read_count(node, count, fault))
                return FALSE;
        } else if (!wire_xml_is(node, WIRE_NS_ENUMERATION, "EnumerationContext") &&
                   !wire_xml_is(node, WIRE_NS_ENUMERATION, "MaxTime") &&
                   !wire_xml_is(node, WIRE_NS_ENUMERATION, "MaxCharacters")) {
            *fault = body_fault((const char *)node->name);
            return FALSE;
        }
    }
    return TRUE;
}

GString *
wire_op_pull(WireService *service, const WireRequest *request, const char *user, WireFault **fault)
{
    g_autoptr(WireCursor) cursor = NULL;
    g_autoptr(GString) items = g_string_new(NULL);
    g_autofree char *name = NULL;
    guint count;
    GString *out;

    if (!read_pull(request->body, &count, fault))
        return NULL;
    cursor = take_cursor(service, request->body, user, fault);
    if (!cursor)
        return NULL;
    wire_cursor_write(cursor, items, count, wire_envelope_limit(service, request) / BATCH_SHARE,
                      service->options.bytes);
    name = store_rest(service, &cursor, user);
    out = wire_envelope_new(service, request, WIRE_FAMILY_ENUMERATION, WIRE_ACTION_PULL "Response");
    g_string_append(out, "<n:PullResponse>");
    if (name)
        wire_text_element(out, "n", "EnumerationContext", name);
    if (items->len)
        g_string_append_printf(out, "<n:Items>%s</n:Items>", items->str);
    else
        g_string_append(out, "<n:Items/>");
    g_string_append(out, name ? "</n:PullResponse>" : "<n:EndOfSequence/></n:PullResponse>");
    wire_envelope_end(out);
    return out;
}

GString *
wire_op_release(WireService *service, const WireRequest *request, const char *user, WireFault **fault)
{
    g_autoptr(WireCursor) cursor = NULL;
    GString *out;

    if (!wire_xml_is(request->body, WIRE_NS_ENUMERATION, "Release"))
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The body is not n:Release. "));
    cursor = take_cursor(service, request->body, user, fault);
    if (!cursor)
        return NULL;
    out = wire_envelope_new(service, request, WIRE_FAMILY_ENUMERATION, WIRE_ACTION_RELEASE "Response");
    wire_envelope_end(out);
    return out;
}
