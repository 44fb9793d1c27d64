/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/pdk.h"

#include <string.h>

#include "sim/guardian_private.h"

#define MAGIC_SIZE 8
#define HEADER_SIZE (MAGIC_SIZE + 4)
#define SECTION_SIZE 5
#define DIGEST_SIZE 32
#define MAX_VALUE 4096

static const char pdk_magic[] = "HVSIMPDK";
static const char fsk_magic[] = "HVSIMFSK";
static const char policy_magic[] = "HVSIMPOL";

enum {
    TAG_PROTECTOR = 1,
    TAG_POLICY = 2,
    TAG_PAIR = 3,
    TAG_DIGEST = 8,
    TAG_SIGNATURE = 9,
};

/* --- sections ------------------------------------------------------------------- */

static guint32 read_length(const guint8 *data)
{
    return ((guint32) data[0] << 24) | ((guint32) data[1] << 16) | ((guint32) data[2] << 8) | data[3];
}

static void append_length(GByteArray *out, gsize length)
{
    guint32 wire = GUINT32_TO_BE((guint32) length);

    g_byte_array_append(out, (const guint8 *) &wire, sizeof wire);
}

static void append_section(GByteArray *out, guint8 tag, gconstpointer data, gsize size)
{
    g_byte_array_append(out, &tag, 1);
    append_length(out, size);
    g_byte_array_append(out, data, (guint) size);
}

static void append_bytes(GByteArray *out, guint8 tag, GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(bytes, &size);

    append_section(out, tag, data, size);
}

static GByteArray *container_new(const char *magic)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *) magic, MAGIC_SIZE);
    append_length(out, 0);
    return out;
}

/* The seal's size is known before it is made, and covered by it: so the length goes in first. */
static void set_length(GByteArray *out, gsize seal_size)
{
    guint32 wire = GUINT32_TO_BE((guint32) (out->len + SECTION_SIZE + seal_size));

    memcpy(out->data + MAGIC_SIZE, &wire, sizeof wire);
}

typedef struct {
    const guint8 *data;
    gsize size;
    gsize at;
} Reader;

static gboolean reader_start(Reader *reader, GBytes *bytes, const char *magic)
{
    reader->data = g_bytes_get_data(bytes, &reader->size);
    reader->at = HEADER_SIZE;
    return reader->size > HEADER_SIZE && reader->size <= SIM_PDK_MAX_BYTES &&
           memcmp(reader->data, magic, MAGIC_SIZE) == 0 &&
           read_length(reader->data + MAGIC_SIZE) == reader->size;
}

/* The tag, or -1 at the end and where a section does not fit. */
static int reader_next(Reader *reader, const guint8 **data, gsize *size)
{
    const guint8 *head = reader->data + reader->at;

    if (reader->size - reader->at < SECTION_SIZE)
        return -1;
    *size = read_length(head + 1);
    *data = head + SECTION_SIZE;
    if (*size > reader->size - reader->at - SECTION_SIZE)
        return -1;
    reader->at += SECTION_SIZE + *size;
    return head[0];
}

/* --- policies ---------------------------------------------------------------------- */

GBytes *sim_policy_format(SimPolicy policy)
{
    g_autofree char *text = g_strdup_printf("%s%c", policy_magic, (char) policy);

    return g_bytes_new(text, MAGIC_SIZE + 1);
}

SimPolicy sim_policy_parse(GBytes *data)
{
    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data(data, &size);

    if (size != MAGIC_SIZE + 1 || memcmp(bytes, policy_magic, MAGIC_SIZE) != 0 ||
        (bytes[MAGIC_SIZE] != SIM_POLICY_ENCRYPTION && bytes[MAGIC_SIZE] != SIM_POLICY_SHIELDED))
        return SIM_POLICY_NONE;
    return (SimPolicy) bytes[MAGIC_SIZE];
}

/* --- PDK ----------------------------------------------------------------------------- */

GBytes *sim_pdk_format(GBytes *protector, GBytes *policy, const SimGuardian *owner)
{
    g_autoptr(GByteArray) out = container_new(pdk_magic);
    g_autofree char *probe = sim_guardian_sign(owner, "", 0);
    g_autofree char *text = NULL;
    g_autofree guchar *signature = NULL;
    gsize size = 0;

    if (!probe)
        return NULL;
    append_bytes(out, TAG_PROTECTOR, protector);
    append_bytes(out, TAG_POLICY, policy);
    g_free(g_base64_decode(probe, &size));
    set_length(out, size);
    text = sim_guardian_sign(owner, out->data, out->len);
    signature = text ? g_base64_decode(text, &size) : NULL;
    if (!signature)
        return NULL;
    append_section(out, TAG_SIGNATURE, signature, size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

void sim_pdk_free(SimPdk *pdk)
{
    if (!pdk)
        return;
    g_clear_pointer(&pdk->raw, g_bytes_unref);
    g_clear_pointer(&pdk->protector, g_bytes_unref);
    g_clear_pointer(&pdk->policy, g_bytes_unref);
    g_free(pdk);
}

static gboolean signature_holds(GBytes *framed, const guint8 *data, gsize size, const guint8 *signature,
                                gsize signature_size)
{
    g_autoptr(SimProtector) protector = sim_protector_parse(framed, NULL);
    GBytes *certificate =
        protector ? sim_protector_signing_certificate(protector, sim_protector_owner_index(protector)) : NULL;

    return certificate && sim_certificate_verify(certificate, data, size, signature, signature_size);
}

SimPdk *sim_pdk_parse(GBytes *data)
{
    g_autoptr(SimPdk) pdk = g_new0(SimPdk, 1);
    Reader reader = { 0 };
    const guint8 *section = NULL;
    gsize size = 0, before = 0;

    if (!reader_start(&reader, data, pdk_magic) || reader_next(&reader, &section, &size) != TAG_PROTECTOR)
        return NULL;
    pdk->protector = g_bytes_new(section, size);
    if (reader_next(&reader, &section, &size) != TAG_POLICY)
        return NULL;
    pdk->policy = g_bytes_new(section, size);
    before = reader.at;
    if (reader_next(&reader, &section, &size) != TAG_SIGNATURE || reader.at != reader.size ||
        !signature_holds(pdk->protector, reader.data, before, section, size))
        return NULL;
    pdk->raw = g_bytes_ref(data);
    return g_steal_pointer(&pdk);
}

/* --- FSK ----------------------------------------------------------------------------- */

static gboolean is_fsk_name(const char *name)
{
    gsize length = strlen(name);

    return length > 4 && length < 256 && g_str_has_prefix(name, "@@") && g_str_has_suffix(name, "@@");
}

GBytes *sim_fsk_format(GHashTable *pairs)
{
    g_autoptr(GByteArray) out = container_new(fsk_magic);
    g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(pairs), (GCompareFunc) strcmp);
    guint8 sum[DIGEST_SIZE];
    gsize size = sizeof sum;

    if (g_hash_table_size(pairs) > SIM_FSK_MAX_PAIRS)
        return NULL;
    for (GList *at = names; at; at = at->next) {
        const char *value = g_hash_table_lookup(pairs, at->data);
        g_autoptr(GByteArray) pair = g_byte_array_new();

        if (!is_fsk_name(at->data) || strlen(value) > MAX_VALUE)
            return NULL;
        g_byte_array_append(pair, at->data, (guint) strlen(at->data) + 1);
        g_byte_array_append(pair, (const guint8 *) value, (guint) strlen(value));
        append_section(out, TAG_PAIR, pair->data, pair->len);
    }
    set_length(out, sizeof sum);
    g_checksum_update(digest, out->data, out->len);
    g_checksum_get_digest(digest, sum, &size);
    append_section(out, TAG_DIGEST, sum, sizeof sum);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static gboolean digest_holds(const guint8 *data, gsize size, const guint8 *sum, gsize sum_size)
{
    g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 own[DIGEST_SIZE];
    gsize own_size = sizeof own;

    g_checksum_update(digest, data, (gssize) size);
    g_checksum_get_digest(digest, own, &own_size);
    return sum_size == own_size && memcmp(own, sum, own_size) == 0;
}

GHashTable *sim_fsk_parse(GBytes *data)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Reader reader = { 0 };
    const guint8 *section = NULL;
    gsize size = 0;
    int tag = 0;

    if (!reader_start(&reader, data, fsk_magic))
        return NULL;
    for (gsize before = reader.at; (tag = reader_next(&reader, &section, &size)) >= 0; before = reader.at) {
        const guint8 *end = tag == TAG_PAIR ? memchr(section, '\0', size) : NULL;

        if (tag == TAG_DIGEST)
            return reader.at == reader.size && digest_holds(reader.data, before, section, size)
                       ? g_steal_pointer(&pairs)
                       : NULL;
        if (!end || g_hash_table_size(pairs) >= SIM_FSK_MAX_PAIRS)
            return NULL;
        g_hash_table_insert(pairs, g_strdup((const char *) section),
                            g_strndup((const char *) end + 1, size - (gsize) (end - section) - 1));
    }
    return NULL;
}
