/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_domain_refs.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_reference.h"
#include "keymgr/keymgr_text.h"

#define PDK "img_pdk_reference"

typedef struct {
    GPtrArray *found;
    char *property;     /* the name of the <property> we are in; or NULL */
    GString *text;      /* its content */
    char *image_pdk;    /* what there is of the property PDK; or NULL */
    char *instance_pdk;
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

/* Nearest first: the element that a callback is about. */
static const char *
parent(GMarkupParseContext *context, const char *a, const char *b)
{
    const GSList *at;

    for (at = g_markup_parse_context_get_element_stack(context); at; at = at->next) {
        const char *name = local_name(at->data);

        if (strcmp(name, a) == 0 || g_strcmp0(name, b) == 0)
            return name;
    }
    return NULL;
}

/* Of ours in its attributes, of Nova's in its content. */
static void
add_property(Scan *scan, GMarkupParseContext *context, const char *name, const char *value)
{
    const char *owner = parent(context, "image", "instance");
    char **pdk = owner && strcmp(owner, "instance") == 0 ? &scan->instance_pdk : &scan->image_pdk;

    if (strcmp(name, "os_vtpm_keys") == 0)
        add_list(scan, value);
    else if (strcmp(name, PDK) == 0 && !*pdk)
        *pdk = g_strdup(value);
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

    if (secret && (strcmp(name, "key") == 0 || (strcmp(name, "encryption") == 0 && parent(context, "tpm", NULL)))) {
        add(scan, secret);
    } else if (property && strcmp(name, "property") == 0) {
        g_free(scan->property);
        scan->property = g_strdup(property);
        g_string_assign(scan->text, value ? value : "");
    }
}

static void
on_text(GMarkupParseContext *context, const char *text, gsize size, gpointer opaque, GError **error)
{
    Scan *scan = opaque;

    if (scan->property)
        g_string_append_len(scan->text, text, (gssize)size);
}

static void
on_end(GMarkupParseContext *context, const char *element, gpointer opaque, GError **error)
{
    Scan *scan = opaque;

    if (!scan->property || strcmp(local_name(element), "property") != 0)
        return;
    add_property(scan, context, scan->property, scan->text->str);
    g_clear_pointer(&scan->property, g_free);
}

/* A bare UUID is that of a container here. What the instance says goes before
 * what its image says. */
static gboolean
add_container(Scan *scan, GError **error)
{
    const char *text = scan->instance_pdk ? scan->instance_pdk : scan->image_pdk;
    g_autofree char *whole = NULL;
    g_autofree char *shown = NULL;
    KeymgrReference reference;

    if (!text)
        return TRUE;
    whole = strchr(text, '/') ? g_strdup(text) : g_strconcat("/containers/", text, NULL);
    if (keymgr_reference_parse(whole, &reference, NULL) && reference.kind == KEYMGR_REFERENCE_CONTAINER) {
        g_autofree char *container = g_strconcat("/containers/", reference.uuid, NULL);

        add(scan, container);
        return TRUE;
    }
    shown = keymgr_text_quote(text, strlen(text));
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                PDK ": '%s' is not the reference of a container: a UUID or a URL that ends in /containers/UUID is "
                "needed", shown);
    return FALSE;
}

static gboolean
parse(Scan *scan, const char *xml, gsize size, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end, .text = on_text };
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, scan,
                                                                        NULL);
    g_autoptr(GError) reason = NULL;

    if (g_markup_parse_context_parse(context, xml, (gssize)size, &reason) &&
        g_markup_parse_context_end_parse(context, &reason))
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "not a domain XML: %s", reason->message);
    return FALSE;
}

char **
keymgr_domain_references(const char *xml, gsize size, GError **error)
{
    Scan scan = { .found = g_ptr_array_new_with_free_func(g_free), .text = g_string_new(NULL) };
    g_autoptr(GPtrArray) found = scan.found;
    gboolean good = parse(&scan, xml, size, error) && add_container(&scan, error);

    g_string_free(scan.text, TRUE);
    g_free(scan.property);
    g_free(scan.image_pdk);
    g_free(scan.instance_pdk);
    if (!good)
        return NULL;
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}
