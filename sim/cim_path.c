/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WMI object paths:   \\HV01\root\virtualization\v2:Msvm_X.InstanceID="Microsoft:A\\B"
 *                       host      namespace        class    key         value
 */
#include <string.h>

#include "sim/cim_object.h"

#define MAX_PATH_CHARS 8192
#define MAX_KEYS 16

typedef struct {
    char *name;
    char *value;
    CimPath *path;
} PathKey;

struct CimPath {
    gint references;
    char *ns;
    char *class_name;
    GArray *keys; /* of PathKey */
};

static void key_clear(gpointer data)
{
    PathKey *key = data;

    g_free(key->name);
    g_free(key->value);
    cim_path_unref(key->path);
}

CimPath *cim_path_new(const char *ns, const char *class_name)
{
    CimPath *path = g_new0(CimPath, 1);

    path->references = 1;
    path->ns = g_strdelimit(g_strdup(ns), "\\", '/');
    path->class_name = g_strdup(class_name);
    path->keys = g_array_new(FALSE, TRUE, sizeof(PathKey));
    g_array_set_clear_func(path->keys, key_clear);
    return path;
}

static const PathKey *find_key(const CimPath *path, const char *name)
{
    for (guint i = 0; i < path->keys->len; i++) {
        const PathKey *key = &g_array_index(path->keys, PathKey, i);

        if (g_ascii_strcasecmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}

static void add_key(CimPath *path, const char *name, const char *value, CimPath *reference)
{
    PathKey key = { g_strdup(name), g_strdup(value), reference ? cim_path_ref(reference) : NULL };
    const PathKey *old = find_key(path, name);

    if (old)
        g_array_remove_index(path->keys, (guint) (old - (PathKey *) (void *) path->keys->data));
    g_array_append_val(path->keys, key);
}

void cim_path_set_key(CimPath *path, const char *name, const char *value)
{
    add_key(path, name, value, NULL);
}

void cim_path_set_key_path(CimPath *path, const char *name, CimPath *value)
{
    add_key(path, name, NULL, value);
}

CimPath *cim_path_ref(CimPath *path)
{
    g_atomic_int_inc(&path->references);
    return path;
}

void cim_path_unref(CimPath *path)
{
    if (!path || !g_atomic_int_dec_and_test(&path->references))
        return;
    g_free(path->ns);
    g_free(path->class_name);
    g_array_unref(path->keys);
    g_free(path);
}

const char *cim_path_namespace(const CimPath *path)
{
    return path->ns;
}

const char *cim_path_class(const CimPath *path)
{
    return path->class_name;
}

guint cim_path_n_keys(const CimPath *path)
{
    return path->keys->len;
}

const char *cim_path_key_name(const CimPath *path, guint index)
{
    g_return_val_if_fail(index < path->keys->len, NULL);
    return g_array_index(path->keys, PathKey, index).name;
}

const char *cim_path_key_value(const CimPath *path, guint index)
{
    g_return_val_if_fail(index < path->keys->len, NULL);
    return g_array_index(path->keys, PathKey, index).value;
}

CimPath *cim_path_key_path(const CimPath *path, guint index)
{
    g_return_val_if_fail(index < path->keys->len, NULL);
    return g_array_index(path->keys, PathKey, index).path;
}

const char *cim_path_find_key(const CimPath *path, const char *name)
{
    const PathKey *key = find_key(path, name);

    return key ? key->value : NULL;
}

static gboolean key_equal(const PathKey *a, const PathKey *b)
{
    if (a->path || b->path)
        return a->path && b->path && cim_path_equal(a->path, b->path);
    return g_ascii_strcasecmp(a->value, b->value) == 0;
}

gboolean cim_path_equal(const CimPath *a, const CimPath *b)
{
    if (a == b)
        return TRUE;
    if (g_ascii_strcasecmp(a->ns, b->ns) != 0 || g_ascii_strcasecmp(a->class_name, b->class_name) != 0 ||
        a->keys->len != b->keys->len)
        return FALSE;
    for (guint i = 0; i < a->keys->len; i++) {
        const PathKey *key = &g_array_index(a->keys, PathKey, i);
        const PathKey *other = find_key(b, key->name);

        if (!other || !key_equal(key, other))
            return FALSE;
    }
    return TRUE;
}

/* --- text -------------------------------------------------------------------- */

static void append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

char *cim_path_format(const CimPath *path, const char *host)
{
    g_autofree char *ns = g_strdelimit(g_strdup(path->ns), "/", '\\');
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "\\\\%s\\%s:%s", host, ns, path->class_name);
    for (guint i = 0; i < path->keys->len; i++) {
        const PathKey *key = &g_array_index(path->keys, PathKey, i);
        g_autofree char *inner = key->path ? cim_path_format(key->path, host) : NULL;

        g_string_append_printf(out, "%c%s=", i ? ',' : '.', key->name);
        append_quoted(out, inner ? inner : key->value);
    }
    return g_string_free(out, FALSE);
}

static gboolean name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static char *take_name(const char **text)
{
    const char *start = *text;

    while (name_char(**text))
        (*text)++;
    return *text == start ? NULL : g_strndup(start, (gsize) (*text - start));
}

/* "..." with \\ and \" as escapes, or a bare number or word. */
static char *take_value(const char **text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *p = *text;

    if (*p != '"')
        return take_name(text);
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && (p[1] == '\\' || p[1] == '"'))
            p++;
        g_string_append_c(out, *p);
    }
    if (*p != '"')
        return NULL;
    *text = p + 1;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* [\\HOST\]namespace: before the class. FALSE when malformed. */
static gboolean take_namespace(const char **text, const char *default_ns, char **ns)
{
    const char *p = *text;
    gsize length = 0;

    if (g_str_has_prefix(p, "\\\\") || g_str_has_prefix(p, "//")) {
        p += 2;
        p += strcspn(p, "\\/:\"");
        if (*p != '\\' && *p != '/')
            return FALSE;
        p++;
    }
    length = strcspn(p, ":.\"=");
    if (p[length] != ':') {
        *ns = g_strdup(default_ns);
        return p == *text && *ns != NULL;
    }
    *ns = g_strndup(p, length);
    *text = p + length + 1;
    return length > 0;
}

static gboolean take_keys(const char **text, CimPath *path)
{
    if (**text == '\0')
        return TRUE;
    do {
        g_autofree char *name = NULL;
        g_autofree char *value = NULL;

        (*text)++; /* the dot or the comma */
        name = take_name(text);
        if (!name || **text != '=' || path->keys->len >= MAX_KEYS)
            return FALSE;
        (*text)++;
        value = take_value(text);
        if (!value)
            return FALSE;
        cim_path_set_key(path, name, value);
    } while (**text == ',');
    return **text == '\0';
}

CimPath *cim_path_parse(const char *text, const char *default_ns)
{
    g_autofree char *ns = NULL;
    g_autofree char *class_name = NULL;
    g_autoptr(CimPath) path = NULL;

    if (strlen(text) > MAX_PATH_CHARS || !take_namespace(&text, default_ns, &ns))
        return NULL;
    class_name = take_name(&text);
    if (!class_name || (*text != '\0' && *text != '.'))
        return NULL;
    path = cim_path_new(ns, class_name);
    return take_keys(&text, path) ? g_steal_pointer(&path) : NULL;
}
