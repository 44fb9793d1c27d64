/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_write.h"

#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_text.h"

/* Prefixes of one element tree. Projected answers have none at all. */
typedef struct {
    const char *value;  /* of the property's own element */
    gboolean qualified; /* cim:, a: and w: are used inside */
    WireBytes bytes;
    gboolean parameter;
    guint depth;        /* of embedded objects */
} Style;

static void write_value(GString *out, const SchemaProperty *property, const CimValue *value, const Style *style);

gboolean
wire_bytes_are_base64(WireBytes bytes, const SchemaProperty *property, gboolean parameter)
{
    if (property->type != CIM_UINT8 || !property->array || bytes == WIRE_BYTES_REPEATED)
        return FALSE;
    return parameter || property->octets;
}

char *
wire_class_uri(const char *ns, const char *class_name)
{
    return g_strconcat(WIRE_URI_WMI, ns, "/", class_name, NULL);
}

static char *
uri_of_class(const SchemaClass *cls)
{
    return wire_class_uri(schema_class_namespace(cls), schema_class_name(cls));
}

static void
open_tag(GString *out, const char *prefix, const char *name)
{
    g_string_append_printf(out, "<%s%s%s", prefix, *prefix ? ":" : "", name);
}

static void
close_tag(GString *out, const char *prefix, const char *name)
{
    g_string_append_printf(out, "</%s%s%s>", prefix, *prefix ? ":" : "", name);
}

/* --- references ------------------------------------------------------------- */

static gint
compare_keys(gconstpointer a, gconstpointer b, gpointer user_data)
{
    CimPath *path = user_data;

    return g_ascii_strcasecmp(cim_path_key_name(path, *(const guint *)a), cim_path_key_name(path, *(const guint *)b));
}

static void write_reference(GString *out, const CimPath *path, gboolean qualified);

static void
write_selector(GString *out, const CimPath *path, guint index, const char *w)
{
    CimPath *nested = cim_path_key_path(path, index);

    open_tag(out, w, "Selector");
    g_string_append(out, " Name=\"");
    wire_text_escape(out, cim_path_key_name(path, index));
    g_string_append(out, "\">");
    if (nested)
        wire_write_endpoint(out, nested);
    else
        wire_text_escape(out, cim_path_key_value(path, index));
    close_tag(out, w, "Selector");
}

/* a:Address and a:ReferenceParameters: what stands inside an endpoint
 * reference, and alone inside a property or parameter. */
static void
write_reference(GString *out, const CimPath *path, gboolean qualified)
{
    const char *a = qualified ? "a" : "";
    const char *w = qualified ? "w" : "";
    const char *prefix_a = qualified ? "a" : NULL;
    const char *prefix_w = qualified ? "w" : NULL;
    g_autofree char *uri = wire_class_uri(cim_path_namespace(path), cim_path_class(path));
    guint n = cim_path_n_keys(path);
    g_autofree guint *order = g_new(guint, n + 1);

    for (guint i = 0; i < n; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)n, sizeof(*order), compare_keys, (gpointer)path);
    wire_text_element(out, prefix_a, "Address", WIRE_ANONYMOUS);
    open_tag(out, a, "ReferenceParameters");
    g_string_append_c(out, '>');
    wire_text_element(out, prefix_w, "ResourceURI", uri);
    if (n) {
        open_tag(out, w, "SelectorSet");
        g_string_append_c(out, '>');
        for (guint i = 0; i < n; i++)
            write_selector(out, path, order[i], w);
        close_tag(out, w, "SelectorSet");
    }
    close_tag(out, a, "ReferenceParameters");
}

void
wire_write_endpoint(GString *out, const CimPath *path)
{
    g_string_append(out, "<a:EndpointReference>");
    write_reference(out, path, TRUE);
    g_string_append(out, "</a:EndpointReference>");
}

/* --- values ----------------------------------------------------------------- */

static void
write_datetime(GString *out, const char *wmi, const Style *style)
{
    gboolean interval;
    g_autofree char *iso = wire_text_iso_from_wmi(wmi, &interval);
    const char *cim = style->qualified ? "cim" : NULL;

    if (iso)
        wire_text_element(out, cim, interval ? "Interval" : "Datetime", iso);
    else
        wire_text_element(out, cim, "CIM_DateTime", wmi);
}

static void
write_properties(GString *out, const CimObject *object, const Style *style)
{
    const SchemaClass *cls = cim_object_class(object);

    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const SchemaProperty *property = schema_class_property(cls, i);

        write_value(out, property, cim_object_get(object, property->name), style);
    }
}

/* An embedded object: the element carries the declaration of its class, whose
 * properties are inside (the prefix is ASSUMED, the namespaces are not). */
static void
write_embedded(GString *out, const SchemaProperty *property, const CimObject *object, const Style *style)
{
    g_autofree char *prefix = g_strdup_printf("q%u", style->depth);
    g_autofree char *uri = uri_of_class(cim_object_class(object));
    Style inner = { prefix, TRUE, style->bytes, FALSE, style->depth + 1 };

    open_tag(out, style->value, property->name);
    g_string_append_printf(out, " xmlns:%s=\"%s\" xsi:type=\"%s:%s_Type\">", prefix, uri, prefix,
                           schema_class_name(cim_object_class(object)));
    write_properties(out, object, &inner);
    close_tag(out, style->value, property->name);
}

static void
write_item(GString *out, const SchemaProperty *property, const CimItem *item, const Style *style)
{
    if (property->type == CIM_OBJECT) {
        write_embedded(out, property, item->object, style);
        return;
    }
    open_tag(out, style->value, property->name);
    if (property->type == CIM_REFERENCE && style->qualified)
        g_string_append(out, " xmlns:a=\"" WIRE_NS_ADDRESSING "\" xmlns:w=\"" WIRE_NS_WSMAN "\"");
    g_string_append_c(out, '>');
    if (property->type == CIM_REFERENCE) {
        write_reference(out, item->path, style->qualified);
    } else if (property->type == CIM_DATETIME) {
        write_datetime(out, item->text, style);
    } else if (property->type == CIM_STRING) {
        wire_text_escape(out, item->text);
    } else {
        g_autofree char *text = cim_item_format(property->type, item);

        wire_text_escape(out, text);
    }
    close_tag(out, style->value, property->name);
}

static void
write_base64(GString *out, const SchemaProperty *property, const CimValue *value, const Style *style)
{
    guint n = cim_value_count(value);
    g_autofree guchar *data = g_malloc(n + 1);
    g_autofree char *text = NULL;

    for (guint i = 0; i < n; i++)
        data[i] = (guchar)cim_value_item(value, i)->u;
    text = g_base64_encode(data, n);
    wire_text_element(out, *style->value ? style->value : NULL, property->name, text);
}

static void
write_value(GString *out, const SchemaProperty *property, const CimValue *value, const Style *style)
{
    if (!value || cim_value_is_null(value)) {
        if (property->array)
            return;
        open_tag(out, style->value, property->name);
        g_string_append(out, " xsi:nil=\"true\"/>");
        return;
    }
    if (wire_bytes_are_base64(style->bytes, property, style->parameter)) {
        write_base64(out, property, value, style);
        return;
    }
    for (guint i = 0; i < cim_value_count(value); i++)
        write_item(out, property, cim_value_item(value, i), style);
}

/* --- whole elements ----------------------------------------------------------- */

void
wire_write_instance(GString *out, const CimObject *object, WireBytes bytes)
{
    const SchemaClass *cls = cim_object_class(object);
    g_autofree char *uri = uri_of_class(cls);
    const char *name = schema_class_name(cls);
    Style style = { "p", TRUE, bytes, FALSE, 1 };

    g_string_append_printf(out, "<p:%s xmlns:xsi=\"" WIRE_NS_XSI "\" xmlns:p=\"%s\" xmlns:cim=\"" WIRE_NS_CIM
                           "\" xsi:type=\"p:%s_Type\">", name, uri, name);
    write_properties(out, object, &style);
    g_string_append_printf(out, "</p:%s>", name);
}

static gboolean
is_listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (g_ascii_strcasecmp(*names, name) == 0)
            return TRUE;
    }
    return FALSE;
}

void
wire_write_fragment(GString *out, const CimObject *object, const char *const *names, WireBytes bytes)
{
    const SchemaClass *cls = cim_object_class(object);
    Style style = { "", FALSE, bytes, FALSE, 1 };

    g_string_append(out, "<w:XmlFragment xmlns:xsi=\"" WIRE_NS_XSI "\" xmlns:w=\"" WIRE_NS_WSMAN "\">");
    for (guint i = 0; i < schema_class_n_properties(cls); i++) {
        const SchemaProperty *property = schema_class_property(cls, i);

        if (is_listed(names, property->name))
            write_value(out, property, cim_object_get(object, property->name), &style);
    }
    g_string_append(out, "</w:XmlFragment>");
}

void
wire_write_output(GString *out, const char *uri, const SchemaMethod *method, GHashTable *values,
                  guint32 return_value, WireBytes bytes)
{
    const char *name = schema_method_name(method);
    Style style = { "p", TRUE, bytes, TRUE, 1 };

    g_string_append_printf(out, "<p:%s_OUTPUT xmlns:xsi=\"" WIRE_NS_XSI "\" xmlns:p=\"", name);
    wire_text_escape(out, uri);
    g_string_append(out, "\" xmlns:cim=\"" WIRE_NS_CIM "\">");
    for (guint i = 0; i < schema_method_n_params(method); i++) {
        const SchemaParam *param = schema_method_param(method, i);

        if (param->out)
            write_value(out, &param->value, g_hash_table_lookup(values, param->value.name), &style);
    }
    g_string_append_printf(out, "<p:ReturnValue>%u</p:ReturnValue></p:%s_OUTPUT>", return_value, name);
}
