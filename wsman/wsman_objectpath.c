/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WMI's object paths:
 *
 *   \\HOST\root\virtualization\v2:Msvm_ComputerSystem.CreationClassName="..",Name=".."
 *   |      |                      |                   |
 *   host   namespace              class               keys; @ for a singleton
 *
 * Host and namespace may be left out. Strings are quoted, with \" and \\ in
 * them; numbers and booleans are bare.
 */
#include <string.h>

#include "wsman/wsman_epr_private.h"
#include "wsman/wsman_writer.h"

#define MAX_PATH_LENGTH 16384
#define MAX_KEYS 32

static void
append_quoted(GString *path, const char *value)
{
    g_string_append_c(path, '"');
    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(path, '\\');
        g_string_append_c(path, *at);
    }
    g_string_append_c(path, '"');
}

char *
wsman_epr_to_object_path(const WsmanEpr *epr)
{
    GString *path = g_string_new(wsman_epr_get_namespace(epr));

    g_string_append_c(path, ':');
    g_string_append(path, wsman_epr_get_class(epr));
    for (guint i = 0; i < wsman_epr_n_selectors(epr); i++) {
        const WsmanEpr *reference = wsman_epr_selector_epr(epr, i);

        g_string_append_c(path, i == 0 ? '.' : ',');
        g_string_append(path, wsman_epr_selector_name(epr, i));
        g_string_append_c(path, '=');
        if (reference) {
            g_autofree char *inner = wsman_epr_to_object_path(reference);

            append_quoted(path, inner);
        } else {
            append_quoted(path, wsman_epr_selector_value(epr, i));
        }
    }
    return g_string_free(path, FALSE);
}

/* The value at *at, up to the comma after it or the end. NULL when malformed. */
static char *
read_value(const char **at)
{
    g_autoptr(GString) value = g_string_new(NULL);
    const char *p = *at;

    if (*p != '"') {
        p += strcspn(p, ",\"\\");
        g_string_append_len(value, *at, p - *at);
        *at = p;
        return value->len > 0 ? g_strdup(value->str) : NULL;
    }
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && *++p == '\0')
            return NULL;
        g_string_append_c(value, *p);
    }
    if (*p != '"')
        return NULL;
    *at = p + 1;
    return g_strdup(value->str);
}

static gboolean
read_keys(WsmanEpr *epr, const char *at)
{
    for (guint count = 0; count < MAX_KEYS; count++) {
        gsize length = strcspn(at, "=");
        g_autofree char *name = g_strstrip(g_strndup(at, length));
        g_autofree char *value = NULL;

        if (at[length] != '=' || !wsman_writer_is_name(name))
            return FALSE;
        at += length + 1;
        value = read_value(&at);
        if (!value)
            return FALSE;
        wsman_epr_add_selector(epr, name, value);
        if (*at == '\0')
            return TRUE;
        if (*at++ != ',')
            return FALSE;
    }
    return FALSE;
}

/* Steps over \\HOST\, in either slash. NULL when there is nothing behind it. */
static const char *
skip_host(const char *path)
{
    if (!((path[0] == '\\' && path[1] == '\\') || (path[0] == '/' && path[1] == '/')))
        return path;
    path += 2;
    path += strcspn(path, "\\/:\"");
    return *path == '\\' || *path == '/' ? path + 1 : NULL;
}

WsmanEpr *
wsman_epr_from_object_path(const char *path, const char *default_ns)
{
    g_autoptr(WsmanEpr) epr = NULL;
    g_autofree char *ns = NULL;
    g_autofree char *class_name = NULL;
    const char *at = skip_host(path);
    gsize length;

    if (!at || strlen(path) > MAX_PATH_LENGTH || !g_utf8_validate(path, -1, NULL))
        return NULL;
    length = strcspn(at, ":.=\"");
    if (at[length] == ':') {
        ns = g_strndup(at, length);
        at += length + 1;
        length = strcspn(at, ".=\"");
    } else if (at == path && default_ns) {
        ns = g_strdup(default_ns);
    }
    class_name = g_strndup(at, length);
    at += length;
    if (!ns || *ns == '\0' || !wsman_writer_is_name(class_name))
        return NULL;
    epr = wsman_epr_new(ns, class_name);
    if (*at == '\0' || strcmp(at, "=@") == 0)
        return g_steal_pointer(&epr);
    if (*at != '.' || !read_keys(epr, at + 1))
        return NULL;
    return g_steal_pointer(&epr);
}
