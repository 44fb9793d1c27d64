/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/wql_private.h"

typedef enum {
    TRUTH_FALSE,
    TRUTH_TRUE,
    TRUTH_UNKNOWN, /* null was compared */
} Truth;

static Truth
truth(gboolean value)
{
    return value ? TRUTH_TRUE : TRUTH_FALSE;
}

/* --- constants ------------------------------------------------------------------ */

static gboolean
is_unsigned(CimType type)
{
    return type == CIM_UINT8 || type == CIM_UINT16 || type == CIM_UINT32 || type == CIM_UINT64 || type == CIM_CHAR16;
}

static gboolean
is_signed(CimType type)
{
    return type == CIM_SINT8 || type == CIM_SINT16 || type == CIM_SINT32 || type == CIM_SINT64;
}

/* A datetime as microseconds, UTC; FALSE with wildcards or when malformed.
 * Days of an interval count as days. */
static gboolean
datetime_value(const char *text, gint64 *value)
{
    g_autoptr(GDateTime) time = NULL;
    int part[7] = { 0 };
    static const int width[] = { 4, 2, 2, 2, 2, 2 };
    const char *at = text;

    if (strlen(text) != 25)
        return FALSE;
    if (text[21] == ':') {
        *value = ((((g_ascii_strtoll(text, NULL, 10) / 1000000) * 24 + (text[8] - '0') * 10 + (text[9] - '0')) * 60 +
                   (text[10] - '0') * 10 + (text[11] - '0')) * 60 + (text[12] - '0') * 10 + (text[13] - '0')) *
                G_USEC_PER_SEC + g_ascii_strtoll(text + 15, NULL, 10);
        return strchr(text, '*') == NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(width); i++) {
        for (int k = 0; k < width[i]; k++, at++) {
            if (!g_ascii_isdigit(*at))
                return FALSE;
            part[i] = part[i] * 10 + (*at - '0');
        }
    }
    time = g_date_time_new_utc(part[0], part[1], part[2], part[3], part[4], part[5]);
    if (!time || text[14] != '.' || !g_ascii_isdigit(text[15]))
        return FALSE;
    *value = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_ascii_strtoll(text + 15, NULL, 10) -
        g_ascii_strtoll(text + 21, NULL, 10) * 60 * G_USEC_PER_SEC;
    return TRUE;
}

static gboolean
integer_constant(const char *text, gboolean *negative, guint64 *value)
{
    *negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL);
}

static gboolean
boolean_constant(const WqlNode *node, gboolean *value)
{
    CimItem item;

    if (!cim_item_parse(CIM_BOOLEAN, node->text, &item))
        return FALSE;
    *value = item.boolean;
    return TRUE;
}

static gboolean
constant_fits(const WqlNode *node, CimType type)
{
    gboolean equality = node->op == WQL_EQ || node->op == WQL_NE;
    gboolean flag;
    guint64 number;
    gint64 time;

    if (is_unsigned(type) || is_signed(type))
        return node->constant != WQL_CONST_BOOLEAN && integer_constant(node->text, &flag, &number);
    switch (type) {
    case CIM_BOOLEAN:
        return equality && boolean_constant(node, &flag);
    case CIM_STRING:
        return node->constant != WQL_CONST_BOOLEAN;
    case CIM_DATETIME:
        return node->constant == WQL_CONST_STRING && datetime_value(node->text, &time);
    case CIM_REFERENCE:
        return equality && node->constant == WQL_CONST_STRING;
    case CIM_REAL32:
    case CIM_REAL64:
        return node->constant == WQL_CONST_NUMBER;
    default:
        return FALSE;
    }
}

/* --- check ------------------------------------------------------------------------ */

static const SchemaProperty *
find_property(const SchemaClass *cls, const char *name, char **message)
{
    const SchemaProperty *property = schema_class_find_property(cls, name);

    if (!property)
        *message = g_strdup_printf("%s has no property %s", schema_class_name(cls), name);
    return property;
}

static gboolean
check_leaf(const WqlNode *node, const SchemaClass *cls, char **message)
{
    static const SchemaProperty system = { .name = WQL_SYSTEM_CLASS, .type = CIM_STRING };
    const SchemaProperty *property = &system;
    gboolean ok;

    if (g_ascii_strcasecmp(node->property, WQL_SYSTEM_CLASS) != 0)
        property = find_property(cls, node->property, message);
    if (!property)
        return FALSE;
    if (node->kind == WQL_IS_NULL)
        return TRUE;
    if (node->kind == WQL_LIKE)
        ok = property->type == CIM_STRING;
    else if (node->kind == WQL_ISA)
        ok = property->type == CIM_OBJECT;
    else
        ok = constant_fits(node, property->type);
    if (property->array || !ok)
        *message = g_strdup_printf("%s%s cannot be compared like that", property->name,
                                   property->array ? " is an array and" : "");
    return *message == NULL;
}

static gboolean
check_node(const WqlNode *node, const SchemaClass *cls, char **message)
{
    if (!node->children)
        return check_leaf(node, cls, message);
    for (guint i = 0; i < node->children->len; i++) {
        if (!check_node(node->children->pdata[i], cls, message))
            return FALSE;
    }
    return TRUE;
}

gboolean
wql_check(const WqlQuery *query, const SchemaClass *cls, char **message)
{
    *message = NULL;
    for (char **name = query->properties; name && *name; name++) {
        if (!find_property(cls, *name, message))
            return FALSE;
    }
    return !query->where || check_node(query->where, cls, message);
}

/* --- evaluation --------------------------------------------------------------------- */

/* One character of a set [abc], [a-f] or [^...]; *pattern is after the "[" and
 * is moved behind the "]". */
static gboolean
set_matches(const char **pattern, gunichar c)
{
    const char *at = *pattern;
    gboolean negate = *at == '^';
    gboolean found = FALSE;

    if (negate)
        at++;
    while (*at && *at != ']') {
        gunichar low = g_unichar_tolower(g_utf8_get_char(at));
        gunichar high = low;

        at = g_utf8_next_char(at);
        if ((*at == '-' || *at == '=') && at[1] && at[1] != ']') {
            high = g_unichar_tolower(g_utf8_get_char(at + 1));
            at = g_utf8_next_char(at + 1);
        }
        found = found || (c >= low && c <= high);
    }
    *pattern = *at ? at + 1 : at;
    return found != negate;
}

/* Goes back only to the last %: linear in practice, quadratic at worst. */
gboolean
wql_like(const char *text, const char *pattern)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        gunichar c = g_unichar_tolower(g_utf8_get_char(text));
        const char *next = pattern;
        gboolean ok;

        if (*pattern == '%') {
            star = ++pattern;
            resume = text;
            continue;
        }
        if (*pattern == '[') {
            next = pattern + 1;
            ok = set_matches(&next, c);
        } else {
            ok = *pattern && (*pattern == '_' || g_unichar_tolower(g_utf8_get_char(pattern)) == c);
            if (*pattern)
                next = g_utf8_next_char(pattern);
        }
        if (ok) {
            pattern = next;
            text = g_utf8_next_char(text);
        } else if (star) {
            resume = g_utf8_next_char(resume);
            text = resume;
            pattern = star;
        } else {
            return FALSE;
        }
    }
    while (*pattern == '%')
        pattern++;
    return !*pattern;
}

static int
compare_text(const char *a, const char *b)
{
    g_autofree char *fold_a = g_utf8_casefold(a, -1);
    g_autofree char *fold_b = g_utf8_casefold(b, -1);

    return strcmp(fold_a, fold_b);
}

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))

static int
compare_integer(const CimItem *item, CimType type, const WqlNode *node)
{
    gboolean negative, mine_negative = is_signed(type) && item->s < 0;
    guint64 value;
    guint64 mine = mine_negative ? (guint64)-(item->s + 1) + 1 : item->u;
    int order;

    integer_constant(node->text, &negative, &value);
    if (!value)
        negative = FALSE;
    if (mine_negative != negative)
        return mine_negative ? -1 : 1;
    order = ORDER(mine, value);
    return negative ? -order : order;
}

static int
compare_reference(const CimItem *item, const WqlNode *node)
{
    g_autoptr(CimPath) path = cim_path_parse(node->text, cim_path_namespace(item->path));

    return path && cim_path_equal(path, item->path) ? 0 : 1;
}

/* Below, at or above zero as the value is below, equal to or above the constant. */
static int
compare_item(const CimItem *item, CimType type, const WqlNode *node)
{
    gboolean flag = FALSE;
    gint64 mine = 0, other = 0;

    if (is_unsigned(type) || is_signed(type))
        return compare_integer(item, type, node);
    switch (type) {
    case CIM_BOOLEAN:
        boolean_constant(node, &flag);
        return !item->boolean == !flag ? 0 : 1;
    case CIM_DATETIME:
        if (!datetime_value(item->text, &mine) || !datetime_value(node->text, &other))
            return compare_text(item->text, node->text);
        return ORDER(mine, other);
    case CIM_REFERENCE:
        return compare_reference(item, node);
    case CIM_REAL32:
    case CIM_REAL64:
        return ORDER(item->real, g_ascii_strtod(node->text, NULL));
    default:
        return compare_text(item->text, node->text);
    }
}

static gboolean
order_satisfies(int order, WqlOperator op)
{
    switch (op) {
    case WQL_EQ:
        return order == 0;
    case WQL_NE:
        return order != 0;
    case WQL_LT:
        return order < 0;
    case WQL_GT:
        return order > 0;
    case WQL_LE:
        return order <= 0;
    case WQL_GE:
        return order >= 0;
    }
    return FALSE;
}

/* Whether the class, or one that it derives from, is called so. */
static gboolean
class_is_called(const SchemaClass *cls, const char *name)
{
    for (; cls; cls = schema_class_super(cls)) {
        if (g_ascii_strcasecmp(schema_class_name(cls), name) == 0)
            return TRUE;
    }
    return FALSE;
}

static Truth
leaf_truth(const WqlNode *node, const CimObject *object)
{
    const CimValue *value;
    const CimItem *item;

    if (g_ascii_strcasecmp(node->property, WQL_SYSTEM_CLASS) == 0) {
        const char *name = schema_class_name(cim_object_class(object));

        if (node->kind == WQL_IS_NULL)
            return TRUTH_FALSE;
        return truth(node->kind == WQL_LIKE ? wql_like(name, node->text)
                                            : order_satisfies(compare_text(name, node->text), node->op));
    }
    value = cim_object_get(object, node->property);
    if (node->kind == WQL_IS_NULL)
        return truth(cim_value_is_null(value));
    if (cim_value_is_null(value) || !cim_value_count(value))
        return TRUTH_UNKNOWN;
    item = cim_value_item(value, 0);
    if (node->kind == WQL_LIKE)
        return truth(wql_like(item->text, node->text));
    if (node->kind == WQL_ISA)
        return truth(class_is_called(cim_object_class(item->object), node->text));
    return truth(order_satisfies(compare_item(item, cim_value_type(value), node), node->op));
}

static Truth
node_truth(const WqlNode *node, const CimObject *object)
{
    /* What decides a chain at once, and what it is without that. */
    Truth decisive = node->kind == WQL_OR ? TRUTH_TRUE : TRUTH_FALSE;
    Truth result = node->kind == WQL_OR ? TRUTH_FALSE : TRUTH_TRUE;

    if (!node->children)
        return leaf_truth(node, object);
    if (node->kind == WQL_NOT) {
        Truth inner = node_truth(node->children->pdata[0], object);

        return inner == TRUTH_UNKNOWN ? inner : truth(inner == TRUTH_FALSE);
    }
    for (guint i = 0; i < node->children->len; i++) {
        Truth term = node_truth(node->children->pdata[i], object);

        if (term == decisive)
            return term;
        if (term == TRUTH_UNKNOWN)
            result = TRUTH_UNKNOWN;
    }
    return result;
}

gboolean
wql_matches(const WqlQuery *query, const CimObject *object)
{
    return !query->where || node_truth(query->where, object) == TRUTH_TRUE;
}
