/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_domain_refs.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_text.h"

typedef struct {
    GPtrArray *found;
    guint tpm_depth; /* how many <tpm> we are in */
} Scan;

static const char *
local_name(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

static void
add(Scan *scan, const char *reference)
{
    g_autofree char *text = g_strstrip(g_strdup(reference));
    guint i;

    for (i = 0; i < scan->found->len; i++) {
        if (g_ascii_strcasecmp(g_ptr_array_index(scan->found, i), text) == 0)
            return;
    }
    g_ptr_array_add(scan->found, g_steal_pointer(&text));
}

static void
add_list(Scan *scan, const char *list)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", -1);
    gsize i;

    for (i = 0; parts[i]; i++)
        add(scan, parts[i]);
}

static void
on_start(GMarkupParseContext *context, const char *element, const char **names, const char **values,
         gpointer opaque, GError **error)
{
    Scan *scan = opaque;
    const char *name = local_name(element);
    const char *secret = keymgr_text_attribute(names, values, "secret");
    const char *property = keymgr_text_attribute(names, values, "name");
    const char *value = keymgr_text_attribute(names, values, "value");

    if (strcmp(name, "tpm") == 0)
        scan->tpm_depth++;
    else if (secret && (strcmp(name, "key") == 0 || (scan->tpm_depth > 0 && strcmp(name, "encryption") == 0)))
        add(scan, secret);
    else if (value && strcmp(name, "property") == 0 && g_strcmp0(property, "os_vtpm_keys") == 0)
        add_list(scan, value);
}

static void
on_end(GMarkupParseContext *context, const char *element, gpointer opaque, GError **error)
{
    Scan *scan = opaque;

    if (strcmp(local_name(element), "tpm") == 0)
        scan->tpm_depth--;
}

char **
keymgr_domain_references(const char *xml, gsize size, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end };
    Scan scan = { .found = g_ptr_array_new_with_free_func(g_free) };
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &scan, NULL);
    g_autoptr(GError) reason = NULL;

    if (!g_markup_parse_context_parse(context, xml, (gssize)size, &reason) ||
        !g_markup_parse_context_end_parse(context, &reason)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "not a domain XML: %s", reason->message);
        g_ptr_array_unref(scan.found);
        return NULL;
    }
    g_ptr_array_add(scan.found, NULL);
    return (char **)g_ptr_array_free(scan.found, FALSE);
}
