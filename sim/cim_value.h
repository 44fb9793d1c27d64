/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CIM value as the simulated host holds it: typed, perhaps an array,
 * perhaps null (DSP0004 5.2).
 */
#pragma once

#include <glib.h>

typedef enum {
    CIM_BOOLEAN,
    CIM_UINT8,
    CIM_UINT16,
    CIM_UINT32,
    CIM_UINT64,
    CIM_SINT8,
    CIM_SINT16,
    CIM_SINT32,
    CIM_SINT64,
    CIM_REAL32,
    CIM_REAL64,
    CIM_CHAR16,
    CIM_STRING,
    CIM_DATETIME,  /* kept in WMI's own form: yyyymmddHHMMSS.mmmmmm+UUU or ddddddddHHMMSS.mmmmmm:000 */
    CIM_REFERENCE, /* a CimPath */
    CIM_OBJECT,    /* a CimObject */
} CimType;

typedef struct CimPath CimPath;
typedef struct CimObject CimObject;

/* One item. Which member holds it follows from the type of its value. */
typedef union {
    gboolean boolean;
    guint64 u;  /* unsigned types, char16 */
    gint64 s;   /* signed types */
    double real;
    char *text; /* string, datetime */
    CimPath *path;
    CimObject *object;
} CimItem;

/* Immutable once made, with an atomic reference count: what the host hands
 * out shares values with what it keeps, and is freed on other threads. */
typedef struct CimValue CimValue;

/* Each returns a new reference. Text, paths and objects are copied or
 * referenced, never taken over. */
CimValue *cim_value_new_null(CimType type, gboolean array);
CimValue *cim_value_new_boolean(gboolean item);
CimValue *cim_value_new_uint(CimType type, guint64 item);
CimValue *cim_value_new_sint(CimType type, gint64 item);
CimValue *cim_value_new_text(CimType type, const char *item); /* NULL gives null */
CimValue *cim_value_new_path(CimPath *item);
CimValue *cim_value_new_object(CimObject *item);
CimValue *cim_value_new_item(CimType type, const CimItem *item); /* a scalar of any type */
CimValue *cim_value_new_bytes(gconstpointer data, gsize size); /* uint8[] */
CimValue *cim_value_new_array(CimType type, const CimItem *items, guint count);
CimValue *cim_value_new_strv(const char *const *items);

/* Reads the lexical form of one item, as it stands in XML or WQL (true, 42,
 * text, a datetime in WMI's form). FALSE when it is not of the type. Not for
 * references and objects. */
gboolean cim_item_parse(CimType type, const char *text, CimItem *item);
void cim_item_clear(CimType type, CimItem *item);
/* The lexical form; NULL for references and objects. Caller frees. */
char *cim_item_format(CimType type, const CimItem *item);

CimValue *cim_value_ref(CimValue *value);
void cim_value_unref(CimValue *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CimValue, cim_value_unref)

CimType cim_value_type(const CimValue *value);
gboolean cim_value_is_array(const CimValue *value);
gboolean cim_value_is_null(const CimValue *value);
guint cim_value_count(const CimValue *value); /* 0 for null, 1 for a scalar */
const CimItem *cim_value_item(const CimValue *value, guint index);
gboolean cim_value_equal(const CimValue *a, const CimValue *b);

/* Conveniences; the fallback when null. */
const char *cim_value_text(const CimValue *value); /* NULL when null */
guint64 cim_value_uint(const CimValue *value, guint64 fallback);
gboolean cim_value_boolean(const CimValue *value, gboolean fallback);
/* A copy of the octets of a uint8[]; NULL when null. Caller unrefs. */
GBytes *cim_value_bytes(const CimValue *value);

const char *cim_type_name(CimType type); /* "uint16" ..., as in CIM-XML's TYPE */
gboolean cim_type_from_name(const char *name, CimType *type);
