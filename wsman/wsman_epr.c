/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_epr_private.h"

#include <string.h>

#include "wsman/wsman_names.h"

typedef struct {
    char *name;
    char *value;   /* NULL when it is a reference */
    WsmanEpr *epr;
} Selector;

struct WsmanEpr {
    char *uri;
    char *ns;
    char *class_name;
    GPtrArray *selectors;
};

static void
selector_free(gpointer data)
{
    Selector *selector = data;

    g_free(selector->name);
    g_free(selector->value);
    wsman_epr_free(selector->epr);
    g_free(selector);
}

static char *
normalize_namespace(const char *ns)
{
    char *normal = g_strdelimit(g_strdup(ns), "\\", '/');
    gsize length = strlen(normal);

    while (length > 0 && normal[length - 1] == '/')
        normal[--length] = '\0';
    return normal;
}

WsmanEpr *
wsman_epr_new(const char *ns, const char *class_name)
{
    WsmanEpr *epr = g_new0(WsmanEpr, 1);

    epr->ns = normalize_namespace(ns);
    epr->class_name = g_strdup(class_name);
    epr->uri = g_strconcat(WSMAN_WMI_URI_PREFIX, epr->ns, "/", class_name, NULL);
    epr->selectors = g_ptr_array_new_with_free_func(selector_free);
    return epr;
}

WsmanEpr *
wsman_epr_new_from_uri(const char *resource_uri)
{
    g_autofree char *uri = g_strstrip(g_strdup(resource_uri));
    gsize prefix = strlen(WSMAN_WMI_URI_PREFIX);
    char *slash;

    if (g_ascii_strncasecmp(uri, WSMAN_WMI_URI_PREFIX, prefix) != 0)
        return NULL;
    slash = strrchr(uri + prefix, '/');
    if (!slash || slash == uri + prefix || slash[1] == '\0')
        return NULL;
    *slash = '\0';
    return wsman_epr_new(uri + prefix, slash + 1);
}

WsmanEpr *
wsman_epr_copy(const WsmanEpr *epr)
{
    WsmanEpr *copy = wsman_epr_new(epr->ns, epr->class_name);

    for (guint i = 0; i < epr->selectors->len; i++) {
        const Selector *selector = g_ptr_array_index(epr->selectors, i);

        if (selector->epr)
            wsman_epr_add_selector_epr(copy, selector->name, wsman_epr_copy(selector->epr));
        else
            wsman_epr_add_selector(copy, selector->name, selector->value);
    }
    return copy;
}

void
wsman_epr_free(WsmanEpr *epr)
{
    if (!epr)
        return;
    g_free(epr->uri);
    g_free(epr->ns);
    g_free(epr->class_name);
    g_ptr_array_unref(epr->selectors);
    g_free(epr);
}

static void
add_selector(WsmanEpr *epr, const char *name, const char *value, WsmanEpr *reference)
{
    Selector *selector = g_new0(Selector, 1);

    selector->name = g_strdup(name);
    selector->value = g_strdup(value);
    selector->epr = reference;
    g_ptr_array_add(epr->selectors, selector);
}

void
wsman_epr_add_selector(WsmanEpr *epr, const char *name, const char *value)
{
    add_selector(epr, name, value, NULL);
}

void
wsman_epr_add_selector_epr(WsmanEpr *epr, const char *name, WsmanEpr *value)
{
    add_selector(epr, name, NULL, value);
}

const char *
wsman_epr_get_resource_uri(const WsmanEpr *epr)
{
    return epr->uri;
}

const char *
wsman_epr_get_namespace(const WsmanEpr *epr)
{
    return epr->ns;
}

const char *
wsman_epr_get_class(const WsmanEpr *epr)
{
    return epr->class_name;
}

const char *
wsman_epr_get_selector(const WsmanEpr *epr, const char *name)
{
    for (guint i = 0; i < epr->selectors->len; i++) {
        const Selector *selector = g_ptr_array_index(epr->selectors, i);

        if (g_ascii_strcasecmp(selector->name, name) == 0)
            return selector->value;
    }
    return NULL;
}

guint
wsman_epr_n_selectors(const WsmanEpr *epr)
{
    return epr->selectors->len;
}

const char *
wsman_epr_selector_name(const WsmanEpr *epr, guint i)
{
    return ((const Selector *)g_ptr_array_index(epr->selectors, i))->name;
}

const char *
wsman_epr_selector_value(const WsmanEpr *epr, guint i)
{
    return ((const Selector *)g_ptr_array_index(epr->selectors, i))->value;
}

const WsmanEpr *
wsman_epr_selector_epr(const WsmanEpr *epr, guint i)
{
    return ((const Selector *)g_ptr_array_index(epr->selectors, i))->epr;
}
