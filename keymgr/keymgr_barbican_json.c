/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_json.h"

#include <string.h>

#include "keymgr/keymgr_error.h"

static gboolean
fail(KeymgrError code, const char *reason, GError **error)
{
    g_set_error_literal(error, KEYMGR_ERROR, code, reason);
    return FALSE;
}

/* Barbican's times are UTC and do not say so. */
static char *
utc(const char *time)
{
    if (!time)
        return NULL;
    return g_strconcat(time, strpbrk(time, "Z+") ? "" : "Z", NULL);
}

KeymgrInfo *
keymgr_barbican_json_info(KeymgrJson *json, GError **error)
{
    const char *href = keymgr_json_string(json, "secret_ref");
    KeymgrJson *types = keymgr_json_object(json, "content_types");
    KeymgrReference reference;
    KeymgrInfo *info;

    if (!href || !keymgr_reference_parse(href, &reference, NULL)) {
        fail(KEYMGR_ERROR_PROTOCOL, "the answer describes no secret: it has no usable secret_ref", error);
        return NULL;
    }
    info = g_new0(KeymgrInfo, 1);
    info->id = g_strdup(reference.uuid);
    info->name = g_strdup(keymgr_json_string(json, "name"));
    info->type = g_strdup(keymgr_json_string(json, "secret_type"));
    info->status = g_strdup(keymgr_json_string(json, "status"));
    info->created = utc(keymgr_json_string(json, "created"));
    info->updated = utc(keymgr_json_string(json, "updated"));
    info->expiration = utc(keymgr_json_string(json, "expiration"));
    info->algorithm = g_strdup(keymgr_json_string(json, "algorithm"));
    info->bit_length = keymgr_json_uint(json, "bit_length");
    info->mode = g_strdup(keymgr_json_string(json, "mode"));
    info->creator = g_strdup(keymgr_json_string(json, "creator_id"));
    info->content_type = g_strdup(keymgr_json_string(types, "default"));
    info->has_payload = types != NULL;
    return info;
}

/* Barbican cuts a request at 25,000 bytes. */
#define MAX_NEW_SECRET 20000

static gboolean
put_member(KeymgrSecret *out, const char *name, const char *value)
{
    if (!value)
        return TRUE;
    return keymgr_json_write(out, ",\"") && keymgr_json_write(out, name) && keymgr_json_write(out, "\":") &&
           keymgr_json_write_string(out, value, strlen(value));
}

KeymgrSecret *
keymgr_barbican_json_new_secret(const KeymgrNewSecret *description, GError **error)
{
    g_autoptr(KeymgrSecret) out = keymgr_secret_new_buffer(MAX_NEW_SECRET);
    char bits[32] = "";

    if (description->bit_length > 0)
        g_snprintf(bits, sizeof(bits), ",\"bit_length\":%u", description->bit_length);
    if (keymgr_json_write(out, "{\"secret_type\":") &&
        keymgr_json_write_string(out, description->type ? description->type : "opaque",
                                 strlen(description->type ? description->type : "opaque")) &&
        put_member(out, "name", description->name) && put_member(out, "algorithm", description->algorithm) &&
        put_member(out, "mode", description->mode) &&
        put_member(out, "expiration", description->expiration) && keymgr_json_write(out, bits) &&
        keymgr_json_write(out, "}"))
        return g_steal_pointer(&out);
    fail(KEYMGR_ERROR_LIMIT, "the description of the secret is too long", error);
    return NULL;
}

gboolean
keymgr_barbican_json_reference(KeymgrJson *json, KeymgrReference *reference, GError **error)
{
    const char *href = keymgr_json_string(json, "secret_ref");

    return (href && keymgr_reference_parse(href, reference, NULL)) ||
           fail(KEYMGR_ERROR_PROTOCOL, "the answer has no usable secret_ref", error);
}

/* The strings of an array; NULL when it holds anything else. */
static char **
strings(KeymgrJson *array)
{
    gsize count = array ? json_object_array_length(array) : 0;
    g_auto(GStrv) list = g_new0(char *, count + 1);
    gsize i;

    for (i = 0; i < count; i++) {
        KeymgrJson *item = json_object_array_get_idx(array, i);

        if (!json_object_is_type(item, json_type_string))
            return NULL;
        list[i] = g_strdup(json_object_get_string(item));
    }
    return g_steal_pointer(&list);
}

KeymgrAcl *
keymgr_barbican_json_acl(KeymgrJson *json, GError **error)
{
    KeymgrJson *read = keymgr_json_object(json, "read");
    KeymgrJson *access = NULL;
    g_auto(GStrv) users = read ? strings(keymgr_json_array(read, "users")) : NULL;
    KeymgrAcl *acl;

    if (!users || !json_object_object_get_ex(read, "project-access", &access) ||
        !json_object_is_type(access, json_type_boolean)) {
        fail(KEYMGR_ERROR_PROTOCOL, "the answer is not an ACL: it has no usable 'read'", error);
        return NULL;
    }
    acl = g_new0(KeymgrAcl, 1);
    acl->project_access = json_object_get_boolean(access);
    acl->users = g_steal_pointer(&users);
    acl->created = utc(keymgr_json_string(read, "created"));
    acl->updated = utc(keymgr_json_string(read, "updated"));
    return acl;
}

KeymgrSecret *
keymgr_barbican_json_consumer(const KeymgrConsumer *consumer, GError **error)
{
    g_autoptr(KeymgrSecret) out = keymgr_secret_new_buffer(MAX_NEW_SECRET);
    gboolean of_secret = consumer->resource_type != NULL;

    if (keymgr_json_write(out, of_secret ? "{\"service\":" : "{\"name\":") &&
        keymgr_json_write_string(out, consumer->service, strlen(consumer->service)) &&
        put_member(out, "resource_type", consumer->resource_type) &&
        put_member(out, of_secret ? "resource_id" : "URL", consumer->resource_id) && keymgr_json_write(out, "}"))
        return g_steal_pointer(&out);
    fail(KEYMGR_ERROR_LIMIT, "the description of the consumer is too long", error);
    return NULL;
}

static KeymgrConsumer *
consumer_of(KeymgrJson *json)
{
    const char *service = keymgr_json_string(json, "service");
    const char *name = keymgr_json_string(json, "name");
    const char *id = keymgr_json_string(json, service ? "resource_id" : "URL");
    const char *type = keymgr_json_string(json, "resource_type");
    KeymgrConsumer *consumer;

    if (!id || (service && !type) || (!service && !name))
        return NULL;
    consumer = g_new0(KeymgrConsumer, 1);
    consumer->service = g_strdup(service ? service : name);
    consumer->resource_type = service ? g_strdup(type) : NULL;
    consumer->resource_id = g_strdup(id);
    return consumer;
}

gboolean
keymgr_barbican_json_consumers(KeymgrJson *json, guint max, GPtrArray *consumers, GError **error)
{
    KeymgrJson *list = keymgr_json_array(json, "consumers");
    gsize count = list ? json_object_array_length(list) : 0;
    gsize i;

    if (!list)
        return fail(KEYMGR_ERROR_PROTOCOL, "the answer has no array 'consumers'", error);
    if (count > max - MIN(consumers->len, max))
        return fail(KEYMGR_ERROR_LIMIT, "there are too many consumers to list", error);
    for (i = 0; i < count; i++) {
        KeymgrConsumer *consumer = consumer_of(json_object_array_get_idx(list, i));

        if (!consumer)
            return fail(KEYMGR_ERROR_PROTOCOL, "one of its consumers cannot be understood", error);
        g_ptr_array_add(consumers, consumer);
    }
    return TRUE;
}

gboolean
keymgr_barbican_json_list(KeymgrJson *json, guint max, GPtrArray *infos, GError **error)
{
    KeymgrJson *secrets = keymgr_json_array(json, "secrets");
    gsize count;
    gsize i;

    if (!secrets)
        return fail(KEYMGR_ERROR_PROTOCOL, "the answer has no array 'secrets'", error);
    count = json_object_array_length(secrets);
    if (count > max - MIN(infos->len, max))
        return fail(KEYMGR_ERROR_LIMIT, "there are too many secrets to list: give a name", error);
    for (i = 0; i < count; i++) {
        KeymgrInfo *info = keymgr_barbican_json_info(json_object_array_get_idx(secrets, i), error);

        if (!info)
            return FALSE;
        g_ptr_array_add(infos, info);
    }
    return TRUE;
}

/* A secret of a container and where it belongs. */
typedef struct {
    char uuid[37];
    guint64 rank;
} Part;

/* Names in containers of the types certificate and rsa, in the order in which
 * they come out. */
static const char *const part_names[] = {
    "certificate", "private_key", "private_key_passphrase", "public_key", "intermediates",
};

static gboolean
has_part_names(KeymgrJson *container)
{
    const char *type = keymgr_json_string(container, "type");

    return type && (strcmp(type, "certificate") == 0 || strcmp(type, "rsa") == 0);
}

static guint64
rank_by_name(const char *name, gsize index)
{
    gsize i;

    for (i = 0; name && i < G_N_ELEMENTS(part_names); i++) {
        if (strcmp(name, part_names[i]) == 0)
            return i;
    }
    return G_N_ELEMENTS(part_names) + index;
}

static gint
compare_parts(gconstpointer a, gconstpointer b)
{
    const Part *left = a;
    const Part *right = b;

    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

static const char *
name_at(KeymgrJson *refs, gsize index)
{
    return keymgr_json_string(json_object_array_get_idx(refs, index), "name");
}

/* Whether all names are numbers: the pieces of one thing. */
static gboolean
is_numbered(KeymgrJson *refs)
{
    gsize count = json_object_array_length(refs);
    gsize i;

    for (i = 0; i < count; i++) {
        const char *name = name_at(refs, i);

        if (!name || !*name || name[strspn(name, "0123456789")])
            return FALSE;
    }
    return TRUE;
}

/* Barbican leaves deleted secrets out of a container: what is left of the
 * pieces must not pass for the whole. */
static gboolean
check_numbers(KeymgrJson *refs, GError **error)
{
    gsize count = json_object_array_length(refs);
    g_autofree gboolean *seen = g_new0(gboolean, count);
    guint64 number;
    gsize i;

    for (i = 0; i < count; i++) {
        if (g_ascii_string_to_unsigned(name_at(refs, i), 10, 1, count, &number, NULL))
            seen[number - 1] = TRUE;
    }
    for (i = 0; i < count; i++) {
        if (seen[i])
            continue;
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND,
                    "its secrets are numbered pieces, and piece %zu is missing: was it deleted?", i + 1);
        return FALSE;
    }
    return TRUE;
}

gboolean
keymgr_barbican_json_container(KeymgrJson *json, guint max, GPtrArray *uuids, GError **error)
{
    KeymgrJson *refs = keymgr_json_array(json, "secret_refs");
    gsize count = refs ? json_object_array_length(refs) : 0;
    g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(Part));
    gboolean named = has_part_names(json);
    gboolean numbered;
    gsize i;

    if (!refs)
        return fail(KEYMGR_ERROR_PROTOCOL, "the answer has no array 'secret_refs'", error);
    if (count == 0)
        return fail(KEYMGR_ERROR_NO_PAYLOAD, "it holds no secrets", error);
    if (count > max - MIN(uuids->len, max))
        return fail(KEYMGR_ERROR_LIMIT, "it holds too many secrets", error);
    numbered = is_numbered(refs);
    if (numbered && !check_numbers(refs, error))
        return FALSE;
    for (i = 0; i < count; i++) {
        const char *href = keymgr_json_string(json_object_array_get_idx(refs, i), "secret_ref");
        const char *name = name_at(refs, i);
        KeymgrReference reference;
        Part part = { "", i };

        if (!href || !keymgr_reference_parse(href, &reference, NULL))
            return fail(KEYMGR_ERROR_PROTOCOL, "one of its secret_refs cannot be understood", error);
        memcpy(part.uuid, reference.uuid, sizeof(part.uuid));
        if (numbered)
            part.rank = g_ascii_strtoull(name, NULL, 10);
        else if (named)
            part.rank = rank_by_name(name, i);
        g_array_append_val(parts, part);
    }
    g_array_sort(parts, compare_parts);
    for (i = 0; i < count; i++)
        g_ptr_array_add(uuids, g_strdup(g_array_index(parts, Part, i).uuid));
    return TRUE;
}
