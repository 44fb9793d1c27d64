/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_barbican_json.h"

#include <string.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_reference.h"

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
    info->expiration = utc(keymgr_json_string(json, "expiration"));
    info->algorithm = g_strdup(keymgr_json_string(json, "algorithm"));
    info->bit_length = keymgr_json_uint(json, "bit_length");
    info->has_payload = keymgr_json_object(json, "content_types") != NULL;
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
        put_member(out, "expiration", description->expiration) && keymgr_json_write(out, bits) &&
        keymgr_json_write(out, "}"))
        return g_steal_pointer(&out);
    fail(KEYMGR_ERROR_LIMIT, "the description of the secret is too long", error);
    return NULL;
}

char *
keymgr_barbican_json_id(KeymgrJson *json, GError **error)
{
    const char *href = keymgr_json_string(json, "secret_ref");
    KeymgrReference reference;

    if (href && keymgr_reference_parse(href, &reference, NULL))
        return g_strdup(reference.uuid);
    fail(KEYMGR_ERROR_PROTOCOL, "the answer has no usable secret_ref", error);
    return NULL;
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

/* Names of the other container types, in the order in which they come out. */
static const char *const part_names[] = {
    "certificate", "private_key", "private_key_passphrase", "public_key", "intermediates",
};

static gboolean
rank_by_number(const char *name, gsize count, guint64 *rank)
{
    return name && g_ascii_isdigit(name[0]) && name[0] != '0' &&
           g_ascii_string_to_unsigned(name, 10, 1, count, rank, NULL);
}

static void
rank_by_name(const char *name, gsize index, guint64 *rank)
{
    gsize i;

    *rank = G_N_ELEMENTS(part_names) + index;
    for (i = 0; name && i < G_N_ELEMENTS(part_names); i++) {
        if (strcmp(name, part_names[i]) == 0)
            *rank = i;
    }
}

static gint
compare_parts(gconstpointer a, gconstpointer b)
{
    const Part *left = a;
    const Part *right = b;

    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* Whether the names are exactly "1" to "N", each once. */
static gboolean
is_numbered(KeymgrJson *refs)
{
    gsize count = json_object_array_length(refs);
    g_autofree gboolean *seen = g_new0(gboolean, count);
    guint64 rank;
    gsize i;

    for (i = 0; i < count; i++) {
        const char *name = keymgr_json_string(json_object_array_get_idx(refs, i), "name");

        if (!rank_by_number(name, count, &rank) || seen[rank - 1])
            return FALSE;
        seen[rank - 1] = TRUE;
    }
    return TRUE;
}

gboolean
keymgr_barbican_json_container(KeymgrJson *json, guint max, GPtrArray *uuids, GError **error)
{
    KeymgrJson *refs = keymgr_json_array(json, "secret_refs");
    gsize count = refs ? json_object_array_length(refs) : 0;
    g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(Part));
    gboolean numbered;
    gsize i;

    if (!refs)
        return fail(KEYMGR_ERROR_PROTOCOL, "the answer has no array 'secret_refs'", error);
    if (count == 0)
        return fail(KEYMGR_ERROR_NO_PAYLOAD, "it holds no secrets", error);
    if (count > max - MIN(uuids->len, max))
        return fail(KEYMGR_ERROR_LIMIT, "it holds too many secrets", error);
    numbered = is_numbered(refs);
    for (i = 0; i < count; i++) {
        KeymgrJson *ref = json_object_array_get_idx(refs, i);
        const char *name = keymgr_json_string(ref, "name");
        const char *href = keymgr_json_string(ref, "secret_ref");
        KeymgrReference reference;
        Part part = { "", 0 };

        if (!href || !keymgr_reference_parse(href, &reference, NULL))
            return fail(KEYMGR_ERROR_PROTOCOL, "one of its secret_refs cannot be understood", error);
        memcpy(part.uuid, reference.uuid, sizeof(part.uuid));
        if (numbered)
            rank_by_number(name, count, &part.rank);
        else
            rank_by_name(name, i, &part.rank);
        g_array_append_val(parts, part);
    }
    g_array_sort(parts, compare_parts);
    for (i = 0; i < count; i++)
        g_ptr_array_add(uuids, g_strdup(g_array_index(parts, Part, i).uuid));
    return TRUE;
}
