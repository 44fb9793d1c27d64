/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_libvirt.h"

#include <string.h>

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_text.h"

void
keymgr_set_libvirt_hooks(Keymgr *keymgr, const KeymgrLibvirtHooks *hooks, gpointer opaque,
                         GDestroyNotify destroy)
{
    gpointer store;
    const KeymgrBackend *backend = keymgr_get_backend(keymgr, &store);

    if (backend->set_libvirt_hooks)
        backend->set_libvirt_hooks(store, hooks, opaque, destroy);
    else if (destroy)
        destroy(opaque);
}

/* libvirt's element for the name that goes with a usage type. */
static const char *
usage_element(int type)
{
    const char *name = keymgr_usage_type_name(type);

    if (g_strcmp0(name, "volume") == 0)
        return "volume";
    return g_strcmp0(name, "iscsi") == 0 ? "target" : "name";
}

static void
append_element(GString *xml, const char *name, const char *value)
{
    g_autofree char *text = value ? g_markup_printf_escaped("%s", value) : NULL;

    if (text)
        g_string_append_printf(xml, "<%s>%s</%s>", name, text, name);
}

char *
keymgr_libvirt_format(const KeymgrDefinition *definition)
{
    GString *xml = g_string_new(NULL);

    g_string_append_printf(xml, "<secret ephemeral='%s' private='%s'>",
                           definition->is_ephemeral ? "yes" : "no", definition->is_private ? "yes" : "no");
    append_element(xml, "uuid", definition->id);
    append_element(xml, "description", definition->description);
    if (definition->usage_id) {
        g_string_append_printf(xml, "<usage type='%s'>", keymgr_usage_type_name(definition->usage_type));
        append_element(xml, usage_element(definition->usage_type), definition->usage_id);
        g_string_append(xml, "</usage>");
    }
    g_string_append(xml, "</secret>");
    return g_string_free(xml, FALSE);
}

static void
on_start(GMarkupParseContext *context, const char *element, const char **names, const char **values,
         gpointer data, GError **error)
{
    KeymgrDefinition *definition = data;

    if (strcmp(element, "secret") == 0) {
        definition->is_ephemeral = g_strcmp0(keymgr_text_attribute(names, values, "ephemeral"), "yes") == 0;
        definition->is_private = g_strcmp0(keymgr_text_attribute(names, values, "private"), "yes") == 0;
    } else if (strcmp(element, "usage") == 0) {
        const char *type = keymgr_text_attribute(names, values, "type");

        definition->usage_type = type ? MAX(keymgr_usage_type_number(type), 0) : 0;
    }
}

static void
set_text(char **where, const char *text, gsize size)
{
    g_free(*where);
    *where = g_strndup(text, size);
}

static void
on_text(GMarkupParseContext *context, const char *text, gsize size, gpointer data, GError **error)
{
    KeymgrDefinition *definition = data;
    const GSList *path = g_markup_parse_context_get_element_stack(context);
    const char *element = path ? path->data : "";
    const char *parent = path && path->next ? path->next->data : "";

    if (strcmp(parent, "secret") == 0 && strcmp(element, "uuid") == 0)
        set_text(&definition->id, text, size);
    else if (strcmp(parent, "secret") == 0 && strcmp(element, "description") == 0)
        set_text(&definition->description, text, size);
    else if (strcmp(parent, "usage") == 0)
        set_text(&definition->usage_id, text, size);
}

KeymgrDefinition *
keymgr_libvirt_parse(const char *xml, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_start, .text = on_text };
    g_autoptr(KeymgrDefinition) definition = g_new0(KeymgrDefinition, 1);
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, definition, NULL);
    g_autoptr(GError) reason = NULL;

    if (!g_markup_parse_context_parse(context, xml, -1, &reason) ||
        !g_markup_parse_context_end_parse(context, &reason)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "libvirt's XML of a secret: %s", reason->message);
        return NULL;
    }
    if (!definition->usage_id)
        definition->usage_type = 0;
    return g_steal_pointer(&definition);
}
