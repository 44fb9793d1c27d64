/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "xml/msvm_record.h"

#define RECORD_MARKER "---- libvirt-msvm: kept by libvirt, do not edit below ----"
#define RECORD_END "</record>"
#define RECORD_VERSION "1"
#define RECORD_MAX_END_TAGS 16

static void
msvmRecordHintFree(gpointer data)
{
    MsvmRecordHint *hint = data;

    g_free(hint->key);
    g_free(hint->value);
    g_free(hint);
}


MsvmRecord *
msvmRecordNew(void)
{
    MsvmRecord *record = g_new0(MsvmRecord, 1);

    record->hints = g_ptr_array_new_with_free_func(msvmRecordHintFree);
    return record;
}


void
msvmRecordFree(MsvmRecord *record)
{
    if (!record)
        return;
    g_free(record->uuid);
    g_free(record->creator.machine_id);
    g_free(record->creator.boot_id);
    g_free(record->title);
    g_free(record->description);
    g_free(record->metadata);
    g_free(record->before);
    g_strfreev(record->granted);
    g_free(record->provisioning);
    g_ptr_array_unref(record->hints);
    g_free(record);
}


static MsvmRecordHint *
msvmRecordFindHint(const MsvmRecord *record, const char *key)
{
    guint i;

    for (i = 0; i < record->hints->len; i++) {
        MsvmRecordHint *hint = g_ptr_array_index(record->hints, i);

        if (g_str_equal(hint->key, key))
            return hint;
    }
    return NULL;
}


/* Sorted, so that the same hints are always the same notes. */
static gint
msvmRecordCompareHints(gconstpointer a, gconstpointer b)
{
    const MsvmRecordHint *x = *(MsvmRecordHint *const *)a;
    const MsvmRecordHint *y = *(MsvmRecordHint *const *)b;

    return strcmp(x->key, y->key);
}


void
msvmRecordSetHint(MsvmRecord *record, const char *key, const char *value)
{
    MsvmRecordHint *hint = msvmRecordFindHint(record, key);

    if (!value) {
        if (hint)
            g_ptr_array_remove(record->hints, hint);
        return;
    }
    if (!hint) {
        hint = g_new0(MsvmRecordHint, 1);
        hint->key = g_strdup(key);
        g_ptr_array_add(record->hints, hint);
        g_ptr_array_sort(record->hints, msvmRecordCompareHints);
    }
    g_free(hint->value);
    hint->value = g_strdup(value);
}


const char *
msvmRecordGetHint(const MsvmRecord *record, const char *key)
{
    const MsvmRecordHint *hint = msvmRecordFindHint(record, key);

    return hint ? hint->value : NULL;
}


/* --- text ---------------------------------------------------------------- */

/* As notes look after people and tools had their way with them: line ends of
 * one kind, nothing at the end of a line or of the whole. */
static char *
msvmRecordNormalise(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *result;
    size_t i;

    for (i = 0; lines[i]; i++)
        g_strchomp(lines[i]);
    result = g_strjoinv("\n", lines);
    return g_strchomp(result);
}


/* Whether a description comes back unchanged when it is the free text. */
static bool
msvmRecordFreeTextSurvives(const char *text)
{
    g_autofree char *normal = msvmRecordNormalise(text);

    return *text && g_utf8_validate(text, -1, NULL) && g_str_equal(normal, text) &&
           !strchr(text, '\r') && !strstr(text, RECORD_MARKER);
}


/* For an attribute: line breaks and tabs would not survive as themselves;
 * what XML cannot hold at all is left out. */
static void
msvmRecordAppendEscaped(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    const char *p;

    for (p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        switch (c) {
        case '&': g_string_append(out, "&amp;"); break;
        case '<': g_string_append(out, "&lt;"); break;
        case '>': g_string_append(out, "&gt;"); break;
        case '\'': g_string_append(out, "&apos;"); break;
        case '"': g_string_append(out, "&quot;"); break;
        case '\n':
        case '\r':
        case '\t':
            g_string_append_printf(out, "&#%u;", (unsigned int)c);
            break;
        default:
            if (c >= 0x20 && c != 0xfffe && c != 0xffff)
                g_string_append_unichar(out, c);
        }
    }
}


static void
msvmRecordAppendAttribute(GString *out, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_printf(out, " %s='", name);
    msvmRecordAppendEscaped(out, value);
    g_string_append_c(out, '\'');
}


static void
msvmRecordAppendText(GString *out, const char *element, const char *value)
{
    if (!value)
        return;
    g_string_append_printf(out, "  <%s", element);
    msvmRecordAppendAttribute(out, "text", value);
    g_string_append(out, "/>\n");
}


/* A machine in the making, or one that is being changed. */
static void
msvmRecordAppendPending(GString *out, const MsvmRecord *record)
{
    g_autofree char *granted = record->granted ? g_strjoinv("\n", record->granted) : NULL;

    if (!record->pending && !record->before)
        return;
    g_string_append(out, record->pending ? "  <pending" : "  <changing");
    msvmRecordAppendAttribute(out, "before", record->before);
    msvmRecordAppendAttribute(out, "protector", record->no_protector ? "none" : NULL);
    msvmRecordAppendAttribute(out, "granted", granted);
    msvmRecordAppendAttribute(out, "provisioning", record->provisioning);
    msvmRecordAppendAttribute(out, "machine", record->creator.machine_id);
    msvmRecordAppendAttribute(out, "boot", record->creator.boot_id);
    g_string_append_printf(out, " pid='%" G_GINT64_FORMAT "' start='%" G_GINT64_FORMAT
                           "' created='%" G_GINT64_FORMAT "'/>\n", record->creator.pid,
                           record->creator.start_time, record->creator.created);
}


/* NULL when it is not a document of reasonable size without a DTD. */
static xmlDocPtr
msvmRecordParseDocument(const char *text, size_t length)
{
    xmlDocPtr doc;

    if (length == 0 || length > MSVM_RECORD_MAX_SIZE ||
        g_strstr_len(text, length, "<!DOCTYPE") || g_strstr_len(text, length, "<!ENTITY"))
        return NULL;
    doc = xmlReadMemory(text, (int)length, "notes.xml", "UTF-8",
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
    return doc;
}


static bool
msvmRecordIsElement(const char *text, const char *name)
{
    xmlDocPtr doc = msvmRecordParseDocument(text, strlen(text));
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    bool result = root && xmlStrEqual(root->name, BAD_CAST name);

    xmlFreeDoc(doc);
    return result;
}


char *
msvmRecordFormat(const MsvmRecord *record)
{
    GString *out = g_string_new(NULL);
    bool as_text = record->description && msvmRecordFreeTextSurvives(record->description);
    guint i;

    if (as_text)
        g_string_append_printf(out, "%s\n", record->description);
    g_string_append(out, RECORD_MARKER "\n<record version='" RECORD_VERSION "'");
    msvmRecordAppendAttribute(out, "uuid", record->uuid);
    if (record->revision > 0)
        g_string_append_printf(out, " revision='%" G_GINT64_FORMAT "'", record->revision);
    g_string_append(out, ">\n");
    msvmRecordAppendText(out, "title", record->title);
    if (!as_text)
        msvmRecordAppendText(out, "description", record->description);
    msvmRecordAppendPending(out, record);
    for (i = 0; i < record->hints->len; i++) {
        const MsvmRecordHint *hint = g_ptr_array_index(record->hints, i);

        g_string_append(out, "  <hint");
        msvmRecordAppendAttribute(out, "key", hint->key);
        msvmRecordAppendAttribute(out, "value", hint->value);
        g_string_append(out, "/>\n");
    }
    if (record->metadata && msvmRecordIsElement(record->metadata, "metadata"))
        g_string_append_printf(out, "%s\n", record->metadata);
    g_string_append(out, RECORD_END);
    return g_string_free(out, FALSE);
}


/* --- reading ------------------------------------------------------------- */

static char *
msvmRecordAttribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *result = g_strdup((const char *)value);

    xmlFree(value);
    return result;
}


static gint64
msvmRecordNumber(xmlNodePtr node, const char *name)
{
    g_autofree char *value = msvmRecordAttribute(node, name);
    gint64 number = 0;

    if (value && !g_ascii_string_to_signed(value, 10, 0, G_MAXINT64, &number, NULL))
        return 0;
    return number;
}


static void
msvmRecordReadPending(MsvmRecord *record, xmlNodePtr node)
{
    g_autofree char *protector = msvmRecordAttribute(node, "protector");
    g_autofree char *granted = msvmRecordAttribute(node, "granted");

    record->no_protector = g_strcmp0(protector, "none") == 0;
    g_strfreev(record->granted);
    record->granted = granted ? g_strsplit(granted, "\n", -1) : NULL;
    g_free(record->provisioning);
    record->provisioning = msvmRecordAttribute(node, "provisioning");
    record->pending = xmlStrEqual(node->name, BAD_CAST "pending");
    g_free(record->before);
    record->before = msvmRecordAttribute(node, "before");
    g_free(record->creator.machine_id);
    g_free(record->creator.boot_id);
    record->creator.machine_id = msvmRecordAttribute(node, "machine");
    record->creator.boot_id = msvmRecordAttribute(node, "boot");
    record->creator.pid = msvmRecordNumber(node, "pid");
    record->creator.start_time = msvmRecordNumber(node, "start");
    record->creator.created = msvmRecordNumber(node, "created");
}


static void
msvmRecordReadHint(MsvmRecord *record, xmlNodePtr node)
{
    g_autofree char *key = msvmRecordAttribute(node, "key");
    g_autofree char *value = msvmRecordAttribute(node, "value");

    if (key && value)
        msvmRecordSetHint(record, key, value);
}


static char *
msvmRecordNodeText(xmlNodePtr node)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    char *text = NULL;

    if (xmlNodeDump(buffer, node->doc, node, 0, 1) >= 0)
        text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}


static void
msvmRecordReadChild(MsvmRecord *record, xmlNodePtr node)
{
    if (node->type != XML_ELEMENT_NODE || node->ns)
        return;
    if (xmlStrEqual(node->name, BAD_CAST "title")) {
        g_free(record->title);
        record->title = msvmRecordAttribute(node, "text");
    } else if (xmlStrEqual(node->name, BAD_CAST "description")) {
        g_free(record->description);
        record->description = msvmRecordAttribute(node, "text");
    } else if (xmlStrEqual(node->name, BAD_CAST "pending") ||
               xmlStrEqual(node->name, BAD_CAST "changing")) {
        msvmRecordReadPending(record, node);
    } else if (xmlStrEqual(node->name, BAD_CAST "hint")) {
        msvmRecordReadHint(record, node);
    } else if (xmlStrEqual(node->name, BAD_CAST "metadata")) {
        g_free(record->metadata);
        record->metadata = msvmRecordNodeText(node);
    }
}


/* NULL unless text is a whole record of ours with a UUID. */
static MsvmRecord *
msvmRecordReadXML(const char *text, size_t length)
{
    xmlDocPtr doc = msvmRecordParseDocument(text, length);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    MsvmRecord *record = NULL;
    xmlNodePtr node;

    if (root && !doc->intSubset && xmlStrEqual(root->name, BAD_CAST "record")) {
        g_autofree char *version = msvmRecordAttribute(root, "version");
        g_autofree char *uuid = msvmRecordAttribute(root, "uuid");

        if (g_strcmp0(version, RECORD_VERSION) == 0 && uuid && g_uuid_string_is_valid(uuid)) {
            record = msvmRecordNew();
            record->uuid = g_ascii_strdown(uuid, -1);
            record->revision = msvmRecordNumber(root, "revision");
            for (node = root->children; node; node = node->next)
                msvmRecordReadChild(record, node);
        }
    }
    xmlFreeDoc(doc);
    return record;
}


/* The next line that is our marker, at or after from; *after is what follows
 * it. NULL when there is none. */
static const char *
msvmRecordFindMarker(const char *from, const char **after)
{
    const char *line;

    for (line = from; line; ) {
        const char *end = strchr(line, '\n');
        g_autofree char *copy = end ? g_strndup(line, end - line) : g_strdup(line);

        if (g_str_equal(g_strstrip(copy), RECORD_MARKER)) {
            *after = end ? end + 1 : line + strlen(line);
            return line;
        }
        line = end ? end + 1 : NULL;
    }
    return NULL;
}


/* The record after one marker, whose text ends at limit; *rest is what follows
 * the record. Metadata may hold an element of the same name, and text below
 * may mention it, so the end tag is looked for from behind. */
static MsvmRecord *
msvmRecordReadAfterMarker(const char *text, const char *limit, const char **rest)
{
    const char *start = text;
    const char *end = limit;
    int tries;

    while (start < limit && g_ascii_isspace(*start))
        start++;
    for (tries = 0; tries < RECORD_MAX_END_TAGS; tries++) {
        MsvmRecord *record;

        end = g_strrstr_len(start, end - start, RECORD_END);
        if (!end)
            return NULL;
        record = msvmRecordReadXML(start, end + strlen(RECORD_END) - start);
        if (record) {
            *rest = end + strlen(RECORD_END);
            return record;
        }
    }
    return NULL;
}


/* The administrator's text: what is above the first marker, and what somebody
 * typed below the record. It wins over a description inside the record: it
 * was written after it. */
static void
msvmRecordTakeFreeText(MsvmRecord *record, const char *notes, const char *marker, const char *rest,
                       const char *rest_end)
{
    g_autofree char *above = g_strndup(notes, marker - notes);
    g_autofree char *text = msvmRecordNormalise(above);
    g_autofree char *raw = g_strndup(rest, rest_end - rest);
    g_autofree char *below = msvmRecordNormalise(raw);
    const char *more = below;

    while (g_ascii_isspace(*more))
        more++;
    if (*more) {
        char *joined = *text ? g_strdup_printf("%s\n%s", text, more) : g_strdup(more);

        g_free(text);
        text = joined;
    }
    if (*text) {
        g_free(record->description);
        record->description = g_steal_pointer(&text);
    }
}


MsvmRecord *
msvmRecordParse(const char *notes)
{
    const char *end, *first, *marker, *rest, *rest_end;
    const char *after = NULL;
    MsvmRecord *record = NULL;

    if (!notes)
        return msvmRecordNew();
    if (strlen(notes) > MSVM_RECORD_MAX_SIZE) {
        record = msvmRecordNew();
        record->description = g_utf8_make_valid(notes, MSVM_RECORD_MAX_SIZE);
        return record;
    }

    end = rest = rest_end = notes + strlen(notes);
    marker = first = msvmRecordFindMarker(notes, &after);
    /* With several, the last that can be read was written last. */
    while (marker) {
        const char *text = after;
        const char *next = msvmRecordFindMarker(text, &after);
        const char *limit = next ? next : end;
        const char *behind = limit;
        MsvmRecord *one = msvmRecordReadAfterMarker(text, limit, &behind);

        if (one) {
            msvmRecordFree(record);
            record = one;
            rest = behind;
            rest_end = limit;
        }
        marker = next;
    }
    if (!record)
        record = msvmRecordNew();
    msvmRecordTakeFreeText(record, notes, first ? first : end, rest, rest_end);
    return record;
}
