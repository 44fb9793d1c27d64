/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hvsim-protector: writes a key protector that a simulated host opens, as a
 * tenant would make it: a fresh owner, and one wrapping for each guardian of
 * the host. The guardians come as the JSON that hvsim's control socket gives.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "sim/protector.h"

static char *guardians_file;
static char *broken;
static gboolean foreign;

static const GOptionEntry entries[] = {
    { "guardians", 'g', 0, G_OPTION_ARG_FILENAME, &guardians_file,
      "the host's guardians: JSON with signingCertificate and encryptionCertificate in base64"
      " (- is standard input)",
      "FILE" },
    { "foreign", 'f', 0, G_OPTION_ARG_NONE, &foreign,
      "for no guardian of the host: it takes it, but cannot open it", NULL },
    { "broken", 'b', 0, G_OPTION_ARG_STRING, &broken,
      "spoil it: truncated, prefix (a wrong length), bare (no length), text (not XML), empty, "
      "chain (an owner that "
      "is not there), certificate",
      "KIND" },
    { NULL },
};

/* --- the guardians ---------------------------------------------------------------- */

static GBytes *certificate_of(json_object *entry, const char *key)
{
    json_object *value = NULL;
    gsize size = 0;
    guchar *data = NULL;

    if (!json_object_object_get_ex(entry, key, &value) || !json_object_is_type(value, json_type_string))
        return NULL;
    data = g_base64_decode(json_object_get_string(value), &size);
    return g_bytes_new_take(data, size);
}

static gboolean add_guardian(GPtrArray *guardians, json_object *entry, GError **error)
{
    g_autoptr(GBytes) signing = certificate_of(entry, "signingCertificate");
    g_autoptr(GBytes) encryption = certificate_of(entry, "encryptionCertificate");
    SimGuardian *guardian = NULL;

    if (!signing || !encryption) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a guardian without its two certificates");
        return FALSE;
    }
    guardian = sim_guardian_import("host", signing, encryption, error);
    if (guardian)
        g_ptr_array_add(guardians, guardian);
    return guardian != NULL;
}

static char *read_all(const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    char *content = NULL;
    size_t got = 0;

    if (strcmp(path, "-") != 0)
        return g_file_get_contents(path, &content, NULL, error) ? content : NULL;
    while ((got = fread(buffer, 1, sizeof buffer, stdin)) > 0 && text->len < SIM_PROTECTOR_MAX_BYTES)
        g_string_append_len(text, buffer, (gssize) got);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* An array, or an object that has one called "guardians". */
static GPtrArray *read_guardians(const char *path, GError **error)
{
    g_autofree char *text = read_all(path, error);
    g_autoptr(GPtrArray) guardians = g_ptr_array_new_with_free_func((GDestroyNotify) sim_guardian_unref);
    json_object *root = text ? json_tokener_parse(text) : NULL;
    json_object *list = root;
    gboolean ok = text != NULL;

    if (json_object_is_type(root, json_type_object))
        json_object_object_get_ex(root, "guardians", &list);
    if (ok && !json_object_is_type(list, json_type_array)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "'%s' is not a list of guardians", path);
        ok = FALSE;
    }
    for (size_t i = 0; ok && i < json_object_array_length(list); i++)
        ok = add_guardian(guardians, json_object_array_get_idx(list, i), error);
    g_clear_pointer(&root, json_object_put);
    return ok ? g_steal_pointer(&guardians) : NULL;
}

/* --- spoiling ------------------------------------------------------------------------ */

static GBytes *replaced(GBytes *framed, const char *what, const char *with)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(framed, &size);
    g_autoptr(GString) text = g_string_new_len(data + 4, (gssize) size - 4);
    guint32 total = 0;
    GByteArray *bytes = g_byte_array_new();

    g_string_replace(text, what, with, 1);
    total = GUINT32_TO_BE((guint32) text->len + 4);
    g_byte_array_append(bytes, (const guint8 *) &total, sizeof total);
    g_byte_array_append(bytes, (const guint8 *) text->str, (guint) text->len);
    return g_byte_array_free_to_bytes(bytes);
}

static GBytes *with_wrong_prefix(GBytes *framed)
{
    gsize size = 0;
    guint8 *data = g_bytes_unref_to_data(g_bytes_ref(framed), &size);

    data[3] ^= 1;
    return g_bytes_new_take(data, size);
}

/* NULL: there is no such kind. */
static GBytes *spoil(GBytes *framed, const char *kind)
{
    static const char text[] = "\0\0\0\x18this is no protector";
    gsize size = g_bytes_get_size(framed);

    if (strcmp(kind, "truncated") == 0)
        return g_bytes_new_from_bytes(framed, 0, size - size / 3);
    if (strcmp(kind, "prefix") == 0)
        return with_wrong_prefix(framed);
    if (strcmp(kind, "bare") == 0)
        return g_bytes_new_from_bytes(framed, 4, size - 4);
    if (strcmp(kind, "text") == 0)
        return g_bytes_new(text, sizeof text - 1);
    if (strcmp(kind, "empty") == 0)
        return sim_protector_none();
    if (strcmp(kind, "chain") == 0)
        return replaced(framed, "ParentWrappingId=\"1\"", "ParentWrappingId=\"99\"");
    if (strcmp(kind, "certificate") == 0)
        return replaced(framed, "<EncryptionCertificate>", "<EncryptionCertificate>AAAA");
    return NULL;
}

static GBytes *make(GError **error)
{
    g_autoptr(GPtrArray) guardians = foreign ? g_ptr_array_new() : read_guardians(guardians_file, error);
    g_autoptr(SimGuardian) owner =
        guardians ? sim_guardian_generate("Tenant", "hvsim-protector", error) : NULL;
    g_autoptr(SimProtector) protector = owner ? sim_protector_new(owner, guardians, error) : NULL;
    g_autoptr(GBytes) framed = protector ? sim_protector_format(protector) : NULL;
    GBytes *spoiled = NULL;

    if (!framed || !broken)
        return g_steal_pointer(&framed);
    spoiled = spoil(framed, broken);
    if (!spoiled)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--broken: '%s' is not a kind", broken);
    return spoiled;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- make a key protector for a simulated host");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    gboolean ok = FALSE;

    g_option_context_add_main_entries(context, entries, NULL);
    ok = g_option_context_parse(context, &argc, &argv, &error);
    if (ok && !foreign && !guardians_file) {
        g_set_error(&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--guardians or --foreign is needed");
        ok = FALSE;
    }
    bytes = ok ? make(&error) : NULL;
    if (!bytes) {
        g_printerr("hvsim-protector: %s\n", error->message);
        return 1;
    }
    fwrite(g_bytes_get_data(bytes, NULL), 1, g_bytes_get_size(bytes), stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
