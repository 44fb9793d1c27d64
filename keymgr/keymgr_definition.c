/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_definition.h"

#include <string.h>

#include "keymgr/keymgr_backend.h"

#define NAME_PREFIX "libvirt:"
#define KEY_PRIVATE "libvirt_private"
#define KEY_DESCRIPTION "libvirt_description"

static const char *const usage_types[] = { "none", "volume", "ceph", "iscsi", "tls", "vtpm" };

const char *
keymgr_usage_type_name(int type)
{
    return type >= 0 && type < (int)G_N_ELEMENTS(usage_types) ? usage_types[type] : NULL;
}

int
keymgr_usage_type_number(const char *name)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(usage_types); i++) {
        if (strcmp(name, usage_types[i]) == 0)
            return (int)i;
    }
    return -1;
}

KeymgrDefinition *
keymgr_definition_copy(const KeymgrDefinition *definition)
{
    KeymgrDefinition *copy = g_new0(KeymgrDefinition, 1);

    *copy = *definition;
    copy->id = g_strdup(definition->id);
    copy->usage_id = g_strdup(definition->usage_id);
    copy->description = g_strdup(definition->description);
    return copy;
}

void
keymgr_definition_free(KeymgrDefinition *definition)
{
    if (!definition)
        return;
    g_free(definition->id);
    g_free(definition->usage_id);
    g_free(definition->description);
    g_free(definition);
}

static void
definition_free(gpointer definition)
{
    keymgr_definition_free(definition);
}

GPtrArray *
keymgr_definitions_new(void)
{
    return g_ptr_array_new_with_free_func(definition_free);
}

/* --- names and metadata ---------------------------------------------------- */

char *
keymgr_definition_name(const KeymgrDefinition *definition)
{
    if (!definition->usage_id)
        return NULL;
    return g_strdup_printf(NAME_PREFIX "%s:%s", keymgr_usage_type_name(definition->usage_type),
                           definition->usage_id);
}

void
keymgr_definition_set_name(KeymgrDefinition *definition, const char *name)
{
    const char *colon = g_str_has_prefix(name, NAME_PREFIX) ? strchr(name + strlen(NAME_PREFIX), ':') : NULL;
    g_autofree char *type = NULL;
    int number = -1;

    if (colon) {
        type = g_strndup(name + strlen(NAME_PREFIX), colon - name - strlen(NAME_PREFIX));
        number = keymgr_usage_type_number(type);
    }
    if (number > 0) {
        definition->usage_type = number;
        definition->usage_id = g_strdup(colon + 1);
    } else if (g_strcmp0(name, definition->id) != 0) {
        /* Barbican calls what has no name by its id. */
        definition->description = g_strdup(name);
    }
}

void
keymgr_definition_set_metadata(KeymgrDefinition *definition, GHashTable *metadata)
{
    const char *description = g_hash_table_lookup(metadata, KEY_DESCRIPTION);

    if (g_strcmp0(g_hash_table_lookup(metadata, KEY_PRIVATE), "yes") == 0)
        definition->is_private = TRUE;
    if (description) {
        g_free(definition->description);
        definition->description = g_strdup(description);
    }
}

static void
set_or_remove(GHashTable *metadata, const char *key, const char *value)
{
    if (value)
        g_hash_table_insert(metadata, g_strdup(key), g_strdup(value));
    else
        g_hash_table_remove(metadata, key);
}

void
keymgr_definition_to_metadata(const KeymgrDefinition *definition, GHashTable *metadata)
{
    set_or_remove(metadata, KEY_PRIVATE, definition->is_private ? "yes" : NULL);
    set_or_remove(metadata, KEY_DESCRIPTION, definition->description);
}

/* --- stores that have names and metadata ----------------------------------------- */

static KeymgrDefinition *
from_info(const KeymgrInfo *info)
{
    KeymgrDefinition *definition = g_new0(KeymgrDefinition, 1);

    definition->id = g_strdup(info->id);
    if (info->name)
        keymgr_definition_set_name(definition, info->name);
    return definition;
}

/* Adds to all what their metadata says; drops those that are gone meanwhile. */
static gboolean
complete(Keymgr *keymgr, GPtrArray *definitions, GCancellable *cancellable, GError **error)
{
    g_autofree const char **references = g_new0(const char *, definitions->len + 1);
    g_autoptr(GPtrArray) metadata = NULL;
    guint i;

    if (definitions->len == 0 || !keymgr_has_metadata(keymgr))
        return TRUE;
    for (i = 0; i < definitions->len; i++)
        references[i] = ((KeymgrDefinition *)g_ptr_array_index(definitions, i))->id;
    metadata = keymgr_get_metadata(keymgr, references, cancellable, error);
    if (!metadata)
        return FALSE;
    for (i = definitions->len; i-- > 0;) {
        if (metadata->pdata[i])
            keymgr_definition_set_metadata(g_ptr_array_index(definitions, i), metadata->pdata[i]);
        else
            g_ptr_array_remove_index(definitions, i);
    }
    return TRUE;
}

static KeymgrDefinition *
inspect_named(Keymgr *keymgr, const char *reference, gboolean whole, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrInfo) info = keymgr_describe(keymgr, reference, cancellable, error);
    g_autoptr(GPtrArray) one = keymgr_definitions_new();

    if (!info)
        return NULL;
    g_ptr_array_add(one, from_info(info));
    if (whole && !complete(keymgr, one, cancellable, error))
        return NULL;
    if (one->len > 0)
        return g_ptr_array_steal_index(one, 0);
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND, "%s: secret %s is gone",
                keymgr_describe_store(keymgr), reference);
    return NULL;
}

static GPtrArray *
list_named(Keymgr *keymgr, const char *name, gboolean whole, GCancellable *cancellable, GError **error)
{
    KeymgrListOptions options = { .name = name };
    g_autoptr(GPtrArray) infos = keymgr_list(keymgr, &options, NULL, cancellable, error);
    g_autoptr(GPtrArray) definitions = keymgr_definitions_new();
    guint i;

    if (!infos)
        return NULL;
    for (i = 0; i < infos->len; i++)
        g_ptr_array_add(definitions, from_info(g_ptr_array_index(infos, i)));
    if (whole && !complete(keymgr, definitions, cancellable, error))
        return NULL;
    return g_steal_pointer(&definitions);
}

static gboolean
refuse(Keymgr *keymgr, KeymgrError code, const char *reason, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, code, "%s: %s", keymgr_describe_store(keymgr), reason);
    return FALSE;
}

static gboolean
check_named(Keymgr *keymgr, const KeymgrDefinition *definition, const char *name, GError **error)
{
    if (name && g_utf8_strlen(name, -1) > KEYMGR_DEFINITION_MAX_TEXT)
        return refuse(keymgr, KEYMGR_ERROR_UNSUPPORTED, "the name of the usage is longer than the store takes",
                      error);
    if (definition->description && g_utf8_strlen(definition->description, -1) > KEYMGR_DEFINITION_MAX_TEXT)
        return refuse(keymgr, KEYMGR_ERROR_UNSUPPORTED, "the description is longer than 255 characters", error);
    if ((definition->is_private || definition->description) && !keymgr_has_metadata(keymgr))
        return refuse(keymgr, KEYMGR_ERROR_UNSUPPORTED,
                      "it keeps neither descriptions of secrets nor whether they are private", error);
    return TRUE;
}

/* Writes what is different from old. */
static gboolean
write_metadata(Keymgr *keymgr, const char *id, const KeymgrDefinition *definition,
               const KeymgrDefinition *old, GCancellable *cancellable, GError **error)
{
    const char *references[] = { id, NULL };
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GHashTable) metadata = NULL;

    if (definition->is_private == (old && old->is_private) &&
        g_strcmp0(definition->description, old ? old->description : NULL) == 0)
        return TRUE;
    if (old) {
        found = keymgr_get_metadata(keymgr, references, cancellable, error);
        if (!found)
            return FALSE;
        if (!found->pdata[0])
            return refuse(keymgr, KEYMGR_ERROR_NOT_FOUND, "the secret is gone", error);
        metadata = g_hash_table_ref(found->pdata[0]);
    } else {
        metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    keymgr_definition_to_metadata(definition, metadata);
    return keymgr_set_metadata(keymgr, id, metadata, cancellable, error);
}

static char *
define_new(Keymgr *keymgr, const KeymgrDefinition *definition, const char *name, GCancellable *cancellable,
           GError **error)
{
    const KeymgrNewSecret description = { .name = name };
    g_autofree char *id = NULL;

    if (definition->id) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                    "%s: it has no secret %s, and it chooses the ids of new secrets itself: define the secret "
                    "without a UUID", keymgr_describe_store(keymgr), definition->id);
        return NULL;
    }
    id = keymgr_store(keymgr, &description, NULL, cancellable, error);
    if (!id)
        return NULL;
    if (write_metadata(keymgr, id, definition, NULL, cancellable, error))
        return g_steal_pointer(&id);
    keymgr_delete(keymgr, id, NULL, NULL);
    return NULL;
}

static char *
define_named(Keymgr *keymgr, const KeymgrDefinition *definition, const KeymgrDefinition *old,
             GCancellable *cancellable, GError **error)
{
    g_autofree char *name = keymgr_definition_name(definition);

    if (!check_named(keymgr, definition, name, error))
        return NULL;
    if (!old)
        return define_new(keymgr, definition, name, cancellable, error);
    if (definition->usage_type != old->usage_type || g_strcmp0(definition->usage_id, old->usage_id) != 0) {
        refuse(keymgr, KEYMGR_ERROR_UNSUPPORTED, "the usage of a secret that is stored cannot be changed",
               error);
        return NULL;
    }
    return write_metadata(keymgr, definition->id, definition, old, cancellable, error)
               ? g_strdup(definition->id) : NULL;
}

/* --- any store --------------------------------------------------------------- */

static const KeymgrDefinitionOps *
ops_of(Keymgr *keymgr, gpointer *store)
{
    return keymgr_get_backend(keymgr, store)->definitions;
}

KeymgrDefinition *
keymgr_inspect(Keymgr *keymgr, const char *reference, gboolean whole, GCancellable *cancellable,
               GError **error)
{
    gpointer store;
    const KeymgrDefinitionOps *ops = ops_of(keymgr, &store);

    if (ops)
        return ops->inspect(store, reference, whole, cancellable, error);
    return inspect_named(keymgr, reference, whole, cancellable, error);
}

/* Whatever the store's filter did with special characters. */
static void
keep_usage(GPtrArray *definitions, int usage_type, const char *usage_id)
{
    guint i;

    for (i = definitions->len; i-- > 0;) {
        const KeymgrDefinition *definition = g_ptr_array_index(definitions, i);

        if (definition->usage_type != usage_type || g_strcmp0(definition->usage_id, usage_id) != 0)
            g_ptr_array_remove_index(definitions, i);
    }
}

GPtrArray *
keymgr_list_definitions(Keymgr *keymgr, int usage_type, const char *usage_id, gboolean whole,
                        GCancellable *cancellable, GError **error)
{
    KeymgrDefinition usage = { .usage_type = usage_type, .usage_id = (char *)usage_id };
    g_autofree char *name = keymgr_definition_name(&usage);
    gpointer store;
    const KeymgrDefinitionOps *ops = ops_of(keymgr, &store);
    GPtrArray *found = ops ? ops->list(store, whole, cancellable, error)
                           : list_named(keymgr, name, whole, cancellable, error);

    if (found && usage_id)
        keep_usage(found, usage_type, usage_id);
    return found;
}

char *
keymgr_define(Keymgr *keymgr, const KeymgrDefinition *definition, const KeymgrDefinition *old,
              GCancellable *cancellable, GError **error)
{
    gpointer store;
    const KeymgrDefinitionOps *ops = ops_of(keymgr, &store);

    if (ops)
        return ops->define(store, definition, cancellable, error);
    return define_named(keymgr, definition, old, cancellable, error);
}

KeymgrSecret *
keymgr_get_value(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error)
{
    const char *const references[] = { reference, NULL };
    gpointer store;
    const KeymgrDefinitionOps *ops = ops_of(keymgr, &store);
    g_autoptr(GPtrArray) one = NULL;

    if (ops)
        return ops->get_value(store, reference, cancellable, error);
    one = keymgr_fetch(keymgr, references, cancellable, error);
    return one ? g_ptr_array_steal_index(one, 0) : NULL;
}
