/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/cim_value.h"

#include <string.h>

#include "sim/cim_object.h"

/* Longest lexical form of a number that is looked at. */
#define MAX_NUMBER_CHARS 64
#define DATETIME_CHARS 25

struct CimValue {
    gint references; /* IMMORTAL for the shared nulls */
    guint8 type;
    guint8 array;
    guint8 null;
    guint count;
    CimItem items[];
};

#define IMMORTAL (-1)

typedef struct {
    CimType type;
    const char *name;
    gboolean is_signed;
    guint bits; /* of integers, else 0 */
} TypeRow;

static const TypeRow type_rows[] = {
    { CIM_BOOLEAN, "boolean", FALSE, 0 },     { CIM_UINT8, "uint8", FALSE, 8 },
    { CIM_UINT16, "uint16", FALSE, 16 },      { CIM_UINT32, "uint32", FALSE, 32 },
    { CIM_UINT64, "uint64", FALSE, 64 },      { CIM_SINT8, "sint8", TRUE, 8 },
    { CIM_SINT16, "sint16", TRUE, 16 },       { CIM_SINT32, "sint32", TRUE, 32 },
    { CIM_SINT64, "sint64", TRUE, 64 },       { CIM_REAL32, "real32", FALSE, 0 },
    { CIM_REAL64, "real64", FALSE, 0 },       { CIM_CHAR16, "char16", FALSE, 16 },
    { CIM_STRING, "string", FALSE, 0 },       { CIM_DATETIME, "datetime", FALSE, 0 },
    { CIM_REFERENCE, "reference", FALSE, 0 }, { CIM_OBJECT, "object", FALSE, 0 },
};

const char *cim_type_name(CimType type)
{
    return type_rows[type].name;
}

gboolean cim_type_from_name(const char *name, CimType *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(type_rows); i++) {
        if (g_ascii_strcasecmp(name, type_rows[i].name) == 0) {
            *type = type_rows[i].type;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean type_is_text(CimType type)
{
    return type == CIM_STRING || type == CIM_DATETIME;
}

static gboolean type_is_signed(CimType type)
{
    return type_rows[type].is_signed;
}

static gboolean type_is_unsigned(CimType type)
{
    return type_rows[type].bits != 0 && !type_rows[type].is_signed;
}

/* --- items ----------------------------------------------------------------- */

static gboolean parse_boolean(const char *text, CimItem *item)
{
    if (g_ascii_strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
        item->boolean = TRUE;
    else if (g_ascii_strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
        item->boolean = FALSE;
    else
        return FALSE;
    return TRUE;
}

static gboolean parse_unsigned(guint bits, const char *text, CimItem *item)
{
    guint64 max = bits == 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << bits) - 1;

    return g_ascii_string_to_unsigned(text, 10, 0, max, &item->u, NULL);
}

static gboolean parse_signed(guint bits, const char *text, CimItem *item)
{
    gint64 max = bits == 64 ? G_MAXINT64 : (gint64) ((G_GUINT64_CONSTANT(1) << (bits - 1)) - 1);

    return g_ascii_string_to_signed(text, 10, -max - 1, max, &item->s, NULL);
}

static gboolean parse_real(const char *text, CimItem *item)
{
    char *end = NULL;

    item->real = g_ascii_strtod(text, &end);
    return end != text && *end == '\0';
}

/* DSP0004 5.2.4: yyyymmddHHMMSS.mmmmmmsutc, or ddddddddHHMMSS.mmmmmm:000 for an
 * interval; asterisks stand for digits that are not significant. */
static gboolean datetime_is_valid(const char *text)
{
    if (strlen(text) != DATETIME_CHARS || text[14] != '.' || !strchr("+-:", text[21]))
        return FALSE;
    for (guint i = 0; i < DATETIME_CHARS; i++) {
        if (i != 14 && i != 21 && !g_ascii_isdigit(text[i]) && text[i] != '*')
            return FALSE;
    }
    return TRUE;
}

gboolean cim_item_parse(CimType type, const char *text, CimItem *item)
{
    g_autofree char *trimmed = NULL;

    memset(item, 0, sizeof *item);
    if (type == CIM_STRING) {
        item->text = g_strdup(text);
        return TRUE;
    }
    trimmed = g_strstrip(g_strndup(text, MAX_NUMBER_CHARS + 1));
    if (*trimmed == '\0' || strlen(trimmed) > MAX_NUMBER_CHARS)
        return FALSE;
    if (type == CIM_BOOLEAN)
        return parse_boolean(trimmed, item);
    if (type == CIM_REAL32 || type == CIM_REAL64)
        return parse_real(trimmed, item);
    if (type_is_signed(type))
        return parse_signed(type_rows[type].bits, trimmed, item);
    if (type_is_unsigned(type))
        return parse_unsigned(type_rows[type].bits, trimmed, item);
    if (type != CIM_DATETIME || !datetime_is_valid(trimmed))
        return FALSE;
    item->text = g_steal_pointer(&trimmed);
    return TRUE;
}

void cim_item_clear(CimType type, CimItem *item)
{
    if (type_is_text(type))
        g_clear_pointer(&item->text, g_free);
    else if (type == CIM_REFERENCE)
        g_clear_pointer(&item->path, cim_path_unref);
    else if (type == CIM_OBJECT)
        g_clear_pointer(&item->object, cim_object_unref);
}

char *cim_item_format(CimType type, const CimItem *item)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    if (type == CIM_BOOLEAN)
        return g_strdup(item->boolean ? "true" : "false");
    if (type_is_text(type))
        return g_strdup(item->text);
    if (type_is_signed(type))
        return g_strdup_printf("%" G_GINT64_FORMAT, item->s);
    if (type_is_unsigned(type))
        return g_strdup_printf("%" G_GUINT64_FORMAT, item->u);
    if (type == CIM_REAL32 || type == CIM_REAL64)
        return g_strdup(g_ascii_dtostr(buffer, sizeof buffer, item->real));
    return NULL;
}

static CimItem item_copy(CimType type, const CimItem *item)
{
    CimItem copy = *item;

    if (type_is_text(type))
        copy.text = g_strdup(item->text ? item->text : "");
    else if (type == CIM_REFERENCE)
        copy.path = cim_path_ref(item->path);
    else if (type == CIM_OBJECT)
        copy.object = cim_object_ref(item->object);
    return copy;
}

static gboolean item_equal(CimType type, const CimItem *a, const CimItem *b)
{
    if (type == CIM_BOOLEAN)
        return !a->boolean == !b->boolean;
    if (type_is_text(type))
        return strcmp(a->text, b->text) == 0;
    if (type == CIM_REFERENCE)
        return cim_path_equal(a->path, b->path);
    if (type == CIM_OBJECT)
        return a->object == b->object;
    return a->u == b->u; /* the numbers share their bits */
}

/* --- values ---------------------------------------------------------------- */

/* One null of each type, scalar and array, is enough for the whole program. */
#define NULL_PAIR(t) \
    { { .references = IMMORTAL, .type = t, .array = FALSE, .null = TRUE }, \
      { .references = IMMORTAL, .type = t, .array = TRUE, .null = TRUE } }

static CimValue nulls[][2] = {
    NULL_PAIR(CIM_BOOLEAN), NULL_PAIR(CIM_UINT8),    NULL_PAIR(CIM_UINT16),    NULL_PAIR(CIM_UINT32),
    NULL_PAIR(CIM_UINT64),  NULL_PAIR(CIM_SINT8),    NULL_PAIR(CIM_SINT16),    NULL_PAIR(CIM_SINT32),
    NULL_PAIR(CIM_SINT64),  NULL_PAIR(CIM_REAL32),   NULL_PAIR(CIM_REAL64),    NULL_PAIR(CIM_CHAR16),
    NULL_PAIR(CIM_STRING),  NULL_PAIR(CIM_DATETIME), NULL_PAIR(CIM_REFERENCE), NULL_PAIR(CIM_OBJECT),
};

/* Small numbers and flags stand in most properties of most instances: they are
 * made once, never counted and never freed. */
#define SMALL 32

static CimValue *small_value(CimType type, guint64 item)
{
    static gsize ready;
    static struct {
        CimValue value;
        CimItem item;
    } small[CIM_UINT64 + 1][SMALL];

    if (g_once_init_enter(&ready)) {
        for (int t = CIM_BOOLEAN; t <= CIM_UINT64; t++) {
            for (guint64 i = 0; i < SMALL; i++) {
                small[t][i].value = (CimValue) { .references = IMMORTAL, .type = (guint8) t, .count = 1 };
                if (t == CIM_BOOLEAN)
                    small[t][i].value.items[0].boolean = i != 0;
                else
                    small[t][i].value.items[0].u = i;
            }
        }
        g_once_init_leave(&ready, 1);
    }
    return type <= CIM_UINT64 && item < SMALL ? &small[type][item].value : NULL;
}

static CimValue *value_alloc(CimType type, gboolean array, guint count)
{
    CimValue *value = g_malloc0(sizeof *value + count * sizeof(CimItem));

    value->references = 1;
    value->type = type;
    value->array = array;
    value->count = count;
    return value;
}

static CimValue *value_new_scalar(CimType type, CimItem item)
{
    CimValue *value = value_alloc(type, FALSE, 1);

    value->items[0] = item;
    return value;
}

CimValue *cim_value_new_null(CimType type, gboolean array)
{
    return &nulls[type][array ? 1 : 0];
}

CimValue *cim_value_new_boolean(gboolean item)
{
    return small_value(CIM_BOOLEAN, item ? 1 : 0);
}

CimValue *cim_value_new_uint(CimType type, guint64 item)
{
    CimValue *small = small_value(type, item);

    g_return_val_if_fail(type_is_unsigned(type), NULL);
    return small ? small : value_new_scalar(type, (CimItem) { .u = item });
}

CimValue *cim_value_new_sint(CimType type, gint64 item)
{
    g_return_val_if_fail(type_is_signed(type), NULL);
    return value_new_scalar(type, (CimItem) { .s = item });
}

CimValue *cim_value_new_text(CimType type, const char *item)
{
    g_return_val_if_fail(type_is_text(type), NULL);
    if (!item)
        return cim_value_new_null(type, FALSE);
    return value_new_scalar(type, (CimItem) { .text = g_strdup(item) });
}

CimValue *cim_value_new_path(CimPath *item)
{
    if (!item)
        return cim_value_new_null(CIM_REFERENCE, FALSE);
    return value_new_scalar(CIM_REFERENCE, (CimItem) { .path = cim_path_ref(item) });
}

CimValue *cim_value_new_object(CimObject *item)
{
    if (!item)
        return cim_value_new_null(CIM_OBJECT, FALSE);
    return value_new_scalar(CIM_OBJECT, (CimItem) { .object = cim_object_ref(item) });
}

CimValue *cim_value_new_item(CimType type, const CimItem *item)
{
    CimValue *small = type == CIM_BOOLEAN      ? small_value(type, item->boolean ? 1 : 0)
                      : type_is_unsigned(type) ? small_value(type, item->u)
                                               : NULL;

    return small ? small : value_new_scalar(type, item_copy(type, item));
}

CimValue *cim_value_new_bytes(gconstpointer data, gsize size)
{
    const guint8 *bytes = data;
    CimValue *value = value_alloc(CIM_UINT8, TRUE, (guint) size);

    for (gsize i = 0; i < size; i++)
        value->items[i].u = bytes[i];
    return value;
}

CimValue *cim_value_new_array(CimType type, const CimItem *items, guint count)
{
    CimValue *value = value_alloc(type, TRUE, count);

    for (guint i = 0; i < count; i++)
        value->items[i] = item_copy(type, &items[i]);
    return value;
}

CimValue *cim_value_new_strv(const char *const *items)
{
    guint count = g_strv_length((char **) items);
    CimValue *value = value_alloc(CIM_STRING, TRUE, count);

    for (guint i = 0; i < count; i++)
        value->items[i].text = g_strdup(items[i]);
    return value;
}

CimValue *cim_value_ref(CimValue *value)
{
    if (g_atomic_int_get(&value->references) != IMMORTAL)
        g_atomic_int_inc(&value->references);
    return value;
}

void cim_value_unref(CimValue *value)
{
    if (!value || g_atomic_int_get(&value->references) == IMMORTAL ||
        !g_atomic_int_dec_and_test(&value->references))
        return;
    for (guint i = 0; i < value->count; i++)
        cim_item_clear(value->type, &value->items[i]);
    /* Key protectors pass through here as uint8 arrays. */
    if (value->type == CIM_UINT8 && value->array)
        explicit_bzero(value->items, value->count * sizeof(CimItem));
    g_free(value);
}

CimType cim_value_type(const CimValue *value)
{
    return value->type;
}

gboolean cim_value_is_array(const CimValue *value)
{
    return value->array;
}

gboolean cim_value_is_null(const CimValue *value)
{
    return value->null;
}

guint cim_value_count(const CimValue *value)
{
    return value->count;
}

const CimItem *cim_value_item(const CimValue *value, guint index)
{
    g_return_val_if_fail(index < value->count, NULL);
    return &value->items[index];
}

gboolean cim_value_equal(const CimValue *a, const CimValue *b)
{
    if (a == b)
        return TRUE;
    if (a->type != b->type || a->array != b->array || a->null != b->null || a->count != b->count)
        return FALSE;
    for (guint i = 0; i < a->count; i++) {
        if (!item_equal(a->type, &a->items[i], &b->items[i]))
            return FALSE;
    }
    return TRUE;
}

const char *cim_value_text(const CimValue *value)
{
    if (!value || value->count == 0 || !type_is_text(value->type))
        return NULL;
    return value->items[0].text;
}

guint64 cim_value_uint(const CimValue *value, guint64 fallback)
{
    if (!value || value->count == 0 || !type_is_unsigned(value->type))
        return fallback;
    return value->items[0].u;
}

gboolean cim_value_boolean(const CimValue *value, gboolean fallback)
{
    if (!value || value->count == 0 || value->type != CIM_BOOLEAN)
        return fallback;
    return value->items[0].boolean;
}

GBytes *cim_value_bytes(const CimValue *value)
{
    guint8 *bytes = NULL;

    if (!value || value->null || value->type != CIM_UINT8)
        return NULL;
    bytes = g_malloc0(MAX(value->count, 1));
    for (guint i = 0; i < value->count; i++)
        bytes[i] = (guint8) value->items[i].u;
    return g_bytes_new_take(bytes, value->count);
}
