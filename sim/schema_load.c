/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the schema's data files; their form is explained in sim/schema/README.md.
 */
#include <gio/gio.h>
#include <json-c/json.h>
#include <string.h>

#include "sim/schema_private.h"

#define MAX_FILE_BYTES (8 * 1024 * 1024)
#define MAX_ANCESTORS 16

typedef struct {
    Schema *schema;
    const char *file;
    GError **error;
} Loader;

G_GNUC_PRINTF(2, 3)
static gboolean fail(Loader *loader, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(loader->error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "schema file '%s': %s", loader->file,
                text);
    return FALSE;
}

static const char *keep(Loader *loader, const char *text)
{
    return g_string_chunk_insert_const(loader->schema->strings, text);
}

/* The words of a type: "uint8[] octets", "ref CIM_Job", "string[] embeds X". */
static gboolean read_type(Loader *loader, char **words, SchemaProperty *out)
{
    g_autofree char *kind = NULL;
    guint next = 1;

    if (!words[0])
        return fail(loader, "property '%s' has no type", out->name);
    kind = g_strdup(words[0]);
    if (g_str_has_suffix(kind, "[]")) {
        out->array = TRUE;
        kind[strlen(kind) - 2] = '\0';
    }
    if (strcmp(kind, "ref") == 0)
        out->type = CIM_REFERENCE;
    else if (!cim_type_from_name(kind, &out->type) || out->type == CIM_REFERENCE)
        return fail(loader, "'%s' is of the unknown type '%s'", out->name, words[0]);

    if (out->type == CIM_REFERENCE || out->type == CIM_OBJECT) {
        if (!words[next])
            return fail(loader, "'%s' does not name its class", out->name);
        *(out->type == CIM_REFERENCE ? &out->ref : &out->embedded) = keep(loader, words[next++]);
    }
    if (words[next] && strcmp(words[next], "octets") == 0) {
        out->octets = TRUE;
        next++;
    }
    if (words[next] && strcmp(words[next], "embeds") == 0 && words[next + 1]) {
        out->embedded = keep(loader, words[next + 1]);
        next += 2;
    }
    return words[next] == NULL || fail(loader, "'%s': '%s' is not understood", out->name, words[next]);
}

static char **words_of(json_object *text)
{
    return g_strsplit(json_object_is_type(text, json_type_string) ? json_object_get_string(text) : "", " ",
                      -1);
}

static gboolean read_properties(Loader *loader, SchemaClass *cls, json_object *object)
{
    json_object_object_foreach (object, name, value) {
        SchemaProperty property = { .name = keep(loader, name), .origin = cls->name };
        g_auto(GStrv) words = words_of(value);

        if (!read_type(loader, words, &property))
            return FALSE;
        g_array_append_val(cls->properties, property);
    }
    return TRUE;
}

static gboolean read_params(Loader *loader, SchemaMethod *method, json_object *object)
{
    json_object_object_foreach (object, name, value) {
        SchemaParam param = { .value.name = keep(loader, name) };
        g_auto(GStrv) words = words_of(value);

        if (!words[0])
            return fail(loader, "parameter '%s' of '%s' is empty", name, method->name);
        param.in = g_str_has_prefix(words[0], "in");
        param.out = g_str_has_suffix(words[0], "out");
        if (!param.in && !param.out)
            return fail(loader, "parameter '%s' of '%s' has no direction", name, method->name);
        if (!read_type(loader, words + 1, &param.value))
            return FALSE;
        g_array_append_val(method->params, param);
    }
    return TRUE;
}

/* Numbers, and pairs of numbers for ranges. */
static void read_returns(SchemaMethod *method, json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *code = json_object_array_get_idx(list, i);
        gboolean pair = json_object_is_type(code, json_type_array);
        SchemaRange range = {
            (guint32) json_object_get_int64(pair ? json_object_array_get_idx(code, 0) : code),
            (guint32) json_object_get_int64(pair ? json_object_array_get_idx(code, 1) : code),
        };

        g_array_append_val(method->returns, range);
    }
}

static gboolean read_method(Loader *loader, SchemaMethod *method, json_object *object)
{
    json_object_object_foreach (object, key, value) {
        if (strcmp(key, "params") == 0) {
            if (!read_params(loader, method, value))
                return FALSE;
        } else if (strcmp(key, "static") == 0) {
            method->is_static = json_object_get_boolean(value);
        } else if (strcmp(key, "returns") == 0) {
            read_returns(method, value);
        } else {
            return fail(loader, "method '%s': '%s' is not understood", method->name, key);
        }
    }
    return TRUE;
}

static gboolean read_methods(Loader *loader, SchemaClass *cls, json_object *object)
{
    json_object_object_foreach (object, name, value) {
        SchemaMethod *method = g_new0(SchemaMethod, 1);

        method->name = keep(loader, name);
        method->params = g_array_new(FALSE, TRUE, sizeof(SchemaParam));
        method->returns = g_array_new(FALSE, TRUE, sizeof(SchemaRange));
        g_hash_table_insert(cls->methods, (gpointer) method->name, method);
        if (!read_method(loader, method, value))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_class(Loader *loader, SchemaClass *cls, json_object *object)
{
    json_object_object_foreach (object, key, value) {
        gboolean ok = TRUE;

        if (strcmp(key, "abstract") == 0)
            cls->abstract = json_object_get_boolean(value);
        else if (strcmp(key, "association") == 0)
            cls->association = json_object_get_boolean(value);
        else if (strcmp(key, "since") == 0 && json_object_is_type(value, json_type_string))
            cls->since = keep(loader, json_object_get_string(value));
        else if (strcmp(key, "properties") == 0)
            ok = read_properties(loader, cls, value);
        else if (strcmp(key, "methods") == 0)
            ok = read_methods(loader, cls, value);
        else if (strcmp(key, "super") != 0 && strcmp(key, "keys") != 0)
            ok = fail(loader, "class '%s': '%s' is not understood", cls->name, key);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* --- inheritance ------------------------------------------------------------ */

static gint compare_properties(gconstpointer a, gconstpointer b)
{
    return g_ascii_strcasecmp(((const SchemaProperty *) a)->name, ((const SchemaProperty *) b)->name);
}

/* The super's properties, each replaced where the class declares it anew (which
 * keeps the spelling and the origin of the first declaration). */
static void merge_properties(SchemaClass *cls)
{
    GArray *merged = g_array_new(FALSE, TRUE, sizeof(SchemaProperty));

    if (cls->super)
        g_array_append_vals(merged, cls->super->properties->data, cls->super->properties->len);
    for (guint i = 0; i < cls->properties->len; i++) {
        SchemaProperty own = g_array_index(cls->properties, SchemaProperty, i);
        guint at = 0;

        while (at < merged->len &&
               compare_properties(&g_array_index(merged, SchemaProperty, at), &own) != 0)
            at++;
        if (at == merged->len) {
            g_array_append_val(merged, own);
        } else {
            SchemaProperty *old = &g_array_index(merged, SchemaProperty, at);

            own.name = old->name;
            own.origin = old->origin;
            own.key = old->key;
            *old = own;
        }
    }
    g_array_sort(merged, compare_properties);
    g_array_unref(cls->properties);
    cls->properties = merged;
    cls->property_index = schema_name_table_new(NULL);
    for (guint i = 0; i < merged->len; i++) {
        g_hash_table_insert(cls->property_index, (gpointer) g_array_index(merged, SchemaProperty, i).name,
                            GUINT_TO_POINTER(i));
    }
}

static gboolean set_keys(Loader *loader, SchemaClass *cls, json_object *keys)
{
    for (guint i = 0; i < cls->properties->len; i++)
        g_array_index(cls->properties, SchemaProperty, i).key = FALSE;
    for (size_t i = 0; i < json_object_array_length(keys); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(keys, i));
        int index = name ? schema_class_property_index(cls, name) : -1;

        if (index < 0)
            return fail(loader, "class '%s' has the key '%s' but no such property", cls->name,
                        name ? name : "");
        g_array_index(cls->properties, SchemaProperty, index).key = TRUE;
    }
    return TRUE;
}

static gboolean finish_class(Loader *loader, SchemaNamespace *ns, SchemaClass *cls, json_object *classes,
                             guint depth)
{
    json_object *entry = NULL, *super = NULL, *keys = NULL;

    if (cls->ready)
        return TRUE;
    if (depth > MAX_ANCESTORS)
        return fail(loader, "class '%s' has too many ancestors, or is one of its own", cls->name);
    json_object_object_get_ex(classes, cls->name, &entry);
    if (json_object_object_get_ex(entry, "super", &super)) {
        SchemaClass *parent = g_hash_table_lookup(ns->classes, json_object_get_string(super));

        if (!parent)
            return fail(loader, "class '%s' derives from the unknown '%s'", cls->name,
                        json_object_get_string(super));
        if (!finish_class(loader, ns, parent, classes, depth + 1))
            return FALSE;
        cls->super = parent;
    }
    merge_properties(cls);
    cls->ready = TRUE;
    return !json_object_object_get_ex(entry, "keys", &keys) || set_keys(loader, cls, keys);
}

/* --- files ------------------------------------------------------------------ */

static gboolean read_namespace(Loader *loader, json_object *root)
{
    json_object *name = NULL, *since = NULL, *classes = NULL;
    SchemaNamespace *ns = NULL;

    if (!json_object_object_get_ex(root, "namespace", &name) ||
        !json_object_is_type(name, json_type_string) ||
        !json_object_object_get_ex(root, "classes", &classes) ||
        !json_object_is_type(classes, json_type_object))
        return fail(loader, "no namespace, or no classes");
    if (schema_has_namespace(loader->schema, json_object_get_string(name)))
        return fail(loader, "the namespace '%s' is there twice", json_object_get_string(name));
    ns = schema_namespace_new(loader->schema, keep(loader, json_object_get_string(name)));
    if (json_object_object_get_ex(root, "since", &since))
        ns->since = keep(loader, json_object_get_string(since));
    json_object_object_foreach (classes, class_name, entry) {
        if (!json_object_is_type(entry, json_type_object))
            return fail(loader, "class '%s' is not an object", class_name);
        if (!read_class(loader, schema_class_new(ns, keep(loader, class_name)), entry))
            return FALSE;
    }
    json_object_object_foreach (classes, finish_name, unused) {
        (void) unused;
        if (!finish_class(loader, ns, g_hash_table_lookup(ns->classes, finish_name), classes, 0))
            return FALSE;
    }
    return TRUE;
}

static json_object *parse_file(Loader *loader)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    json_object *root = NULL;

    if (!g_file_get_contents(loader->file, &text, &size, loader->error))
        return NULL;
    if (size > MAX_FILE_BYTES) {
        fail(loader, "larger than %d bytes", MAX_FILE_BYTES);
        return NULL;
    }
    root = json_tokener_parse(text);
    if (!json_object_is_type(root, json_type_object)) {
        g_clear_pointer(&root, json_object_put);
        fail(loader, "not a JSON object");
    }
    return root;
}

static gboolean load_file(Schema *schema, const char *path, GError **error)
{
    Loader loader = { schema, path, error };
    json_object *root = parse_file(&loader);
    gboolean ok = root && read_namespace(&loader, root);

    g_clear_pointer(&root, json_object_put);
    return ok;
}

Schema *schema_load(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    g_autoptr(Schema) schema = schema_new();
    const char *name = NULL;

    if (!dir)
        return NULL;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_suffix(name, ".json") && !load_file(schema, path, error))
            return NULL;
    }
    if (g_hash_table_size(schema->namespaces) == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no schema files (*.json) in '%s'", folder);
        return NULL;
    }
    return g_steal_pointer(&schema);
}
