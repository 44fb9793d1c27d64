/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_json.h"

#include <string.h>

#include <json-c/printbuf.h>

#include "keymgr/keymgr_error.h"

/* json-c wipes nothing and has no allocator to replace: what it copied is
 * overwritten where it lies. */
static void
wipe_text(const char *text, gsize size)
{
    if (text)
        explicit_bzero((char *)text, size);
}

/* All of the text that a value holds. Its depth is that of the parser. */
static void
wipe(KeymgrJson *json)
{
    struct json_object_iterator at;
    struct json_object_iterator end;
    const char *number;
    gsize i;

    switch (json_object_get_type(json)) {
    case json_type_string:
        wipe_text(json_object_get_string(json), (gsize)json_object_get_string_len(json));
        break;
    case json_type_double: /* the parser keeps it as it was written, too */
        number = json_object_get_userdata(json);
        wipe_text(number, number ? strlen(number) : 0);
        break;
    case json_type_array:
        for (i = 0; i < json_object_array_length(json); i++)
            wipe(json_object_array_get_idx(json, i));
        break;
    case json_type_object:
        end = json_object_iter_end(json);
        for (at = json_object_iter_begin(json); !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
            const char *name = json_object_iter_peek_name(&at);

            wipe(json_object_iter_peek_value(&at));
            wipe_text(name, strlen(name));
        }
        break;
    case json_type_null:
    case json_type_boolean:
    case json_type_int:
    default:
        break;
    }
}

void
keymgr_json_unref(KeymgrJson *json)
{
    wipe(json);
    json_object_put(json);
}

/* With room for the longest string that so many bytes can hold: a buffer that
 * grows leaves what it had behind. */
static struct json_tokener *
tokener_new(gsize size)
{
    struct json_tokener *tokener = json_tokener_new_ex(KEYMGR_JSON_MAX_DEPTH);

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    printbuf_memset(tokener->pb, 0, 0, (int)size + 1);
    printbuf_reset(tokener->pb);
    return tokener;
}

/* After a failure it has what came before that. */
static void
tokener_free(struct json_tokener *tokener)
{
    int i;

    for (i = 0; i <= tokener->depth; i++) {
        const char *name = tokener->stack[i].obj_field_name;

        wipe(tokener->stack[i].current);
        wipe_text(name, name ? strlen(name) : 0);
    }
    wipe_text(tokener->pb->buf, (gsize)tokener->pb->size);
    json_tokener_free(tokener);
}

/* Whether nothing but white space follows; json-c is lenient about that. */
static gboolean
ends_at(const KeymgrSecret *text, gsize end)
{
    for (; end < keymgr_secret_size(text); end++) {
        if (!g_ascii_isspace(keymgr_secret_data(text)[end]))
            return FALSE;
    }
    return TRUE;
}

KeymgrJson *
keymgr_json_parse(const KeymgrSecret *text, GError **error)
{
    /* The size fits an int: secrets end at KEYMGR_SECRET_MAX_SIZE. */
    struct json_tokener *tokener = tokener_new(keymgr_secret_size(text));
    g_autoptr(KeymgrJson) json = NULL;
    enum json_tokener_error code;
    gsize end;

    json = json_tokener_parse_ex(tokener, (const char *)keymgr_secret_data(text),
                                 (int)keymgr_secret_size(text));
    code = json_tokener_get_error(tokener);
    end = json_tokener_get_parse_end(tokener);
    tokener_free(tokener);

    if (code == json_tokener_error_depth) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT,
                    "the JSON is nested more than %d deep", KEYMGR_JSON_MAX_DEPTH);
        return NULL;
    }
    if (code == json_tokener_success && !ends_at(text, end))
        code = json_tokener_error_parse_unexpected;
    if (code != json_tokener_success || !json_object_is_type(json, json_type_object)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_PROTOCOL, "the answer is not a JSON object (%s)",
                    code == json_tokener_continue  ? "it is cut off"
                    : code == json_tokener_success ? "it is another type"
                                                   : json_tokener_error_desc(code));
        return NULL;
    }
    return g_steal_pointer(&json);
}

static KeymgrJson *
member(KeymgrJson *object, const char *name, enum json_type type)
{
    KeymgrJson *value = NULL;

    if (!object || !json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, type))
        return NULL;
    return value;
}

const char *
keymgr_json_string(KeymgrJson *object, const char *name)
{
    KeymgrJson *value = member(object, name, json_type_string);

    return value ? json_object_get_string(value) : NULL;
}

KeymgrJson *
keymgr_json_object(KeymgrJson *object, const char *name)
{
    return member(object, name, json_type_object);
}

KeymgrJson *
keymgr_json_array(KeymgrJson *object, const char *name)
{
    return member(object, name, json_type_array);
}

guint
keymgr_json_uint(KeymgrJson *object, const char *name)
{
    KeymgrJson *value = member(object, name, json_type_int);
    gint64 number = value ? json_object_get_int64(value) : 0;

    return number > 0 && number <= G_MAXINT ? (guint)number : 0;
}

gboolean
keymgr_json_write(KeymgrSecret *out, const char *raw)
{
    return keymgr_secret_append(out, raw, strlen(raw));
}

gboolean
keymgr_json_write_string(KeymgrSecret *out, const char *text, gsize size)
{
    gsize i;

    if (!keymgr_json_write(out, "\""))
        return FALSE;
    for (i = 0; i < size; i++) {
        guchar c = (guchar)text[i];
        char escaped[7];
        gboolean fits;

        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            fits = keymgr_secret_append(out, escaped, 2);
        } else if (c < 0x20) {
            g_snprintf(escaped, sizeof(escaped), "\\u%04x", c);
            fits = keymgr_secret_append(out, escaped, 6);
        } else {
            fits = keymgr_secret_append(out, &c, 1);
        }
        explicit_bzero(escaped, sizeof(escaped));
        if (!fits)
            return FALSE;
    }
    return keymgr_json_write(out, "\"");
}

gboolean
keymgr_json_write_secret(KeymgrSecret *out, const KeymgrSecret *text)
{
    return keymgr_json_write_string(out, (const char *)keymgr_secret_data(text), keymgr_secret_size(text));
}
