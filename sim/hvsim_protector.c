/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hvsim-protector: writes key material for a simulated host, as a tenant would
 * make it: a key protector with a fresh owner and one wrapping for each guardian
 * of the host, shielding data around such a protector, or a guardian's metadata
 * document. The guardians come as the JSON that hvsim's control socket gives.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "sim/guardian_private.h"
#include "sim/pdk.h"

static char *guardians_file;
static char *broken;
static char *pdk;
static gboolean foreign;
static gboolean metadata;
static gboolean certificate;
static gboolean expired;
static char *signature; /* of the first guardian, over its encryption certificate */

static const GOptionEntry entries[] = {
    { "guardians", 'g', 0, G_OPTION_ARG_FILENAME, &guardians_file,
      "the host's guardians: JSON with signingCertificate and encryptionCertificate in base64"
      " (- is standard input)",
      "FILE" },
    { "foreign", 'f', 0, G_OPTION_ARG_NONE, &foreign,
      "for no guardian of the host: it takes it, but cannot open it", NULL },
    { "pdk", 'p', 0, G_OPTION_ARG_STRING, &pdk,
      "shielding data around the protector, whose policy is shielded, encryption or none", "POLICY" },
    { "metadata", 'm', 0, G_OPTION_ARG_NONE, &metadata,
      "the metadata document of the first guardian; with --foreign, of one that no host knows", NULL },
    { "certificate", 'c', 0, G_OPTION_ARG_NONE, &certificate,
      "the same guardian's encryption certificate, in PEM", NULL },
    { "expired", 'x', 0, G_OPTION_ARG_NONE, &expired, "with --foreign: its certificates have run out", NULL },
    { "broken", 'b', 0, G_OPTION_ARG_STRING, &broken,
      "spoil it: truncated, prefix (a wrong length), bare (no length), text (not XML), empty, "
      "chain (an owner that "
      "is not there), certificate, flipped (a bit in the middle)",
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
    json_object *value = NULL;

    if (!signing || !encryption) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a guardian without its two certificates");
        return FALSE;
    }
    guardian = sim_guardian_import("host", signing, encryption, error);
    if (guardians->len == 0 && json_object_object_get_ex(entry, "encryptionCertificateSignature", &value))
        signature = g_strdup(json_object_get_string(value));
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

static GBytes *with_flipped_bit(GBytes *framed, gsize at)
{
    gsize size = 0;
    guint8 *data = g_bytes_unref_to_data(g_bytes_ref(framed), &size);

    data[at] ^= 1;
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
        return with_flipped_bit(framed, 3);
    if (strcmp(kind, "flipped") == 0)
        return with_flipped_bit(framed, size / 2);
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

static SimGuardian *make_guardian(GError **error)
{
    return expired ? sim_guardian_generate_expired("Tenant", "hvsim-protector", error)
                   : sim_guardian_generate("Tenant", "hvsim-protector", error);
}

static GBytes *wrap_in_pdk(GBytes *framed, const SimGuardian *owner, GError **error)
{
    static const char *const names[] = { "none", "encryption", "shielded", NULL };
    SimPolicy policy = SIM_POLICY_NONE;
    g_autoptr(GBytes) data = NULL;

    while (names[policy] && strcmp(names[policy], pdk) != 0)
        policy++;
    if (!names[policy]) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--pdk: '%s' is not a policy", pdk);
        return NULL;
    }
    data = policy == SIM_POLICY_NONE ? g_bytes_new_static("", 0) : sim_policy_format(policy);
    return sim_pdk_format(framed, data, owner);
}

static GBytes *pem_of(GBytes *der)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(der, &size);
    g_autofree char *text = g_base64_encode(data, size);
    g_autofree char *pem = g_strconcat("-----BEGIN CERTIFICATE-----\n", text, "\n-----END CERTIFICATE-----\n", NULL);

    return g_bytes_new(pem, strlen(pem));
}

/* Its keys are only here when it is a fresh one: of the others, the host shows
 * their own signatures. */
static GBytes *describe_guardian(GPtrArray *guardians, GError **error)
{
    g_autoptr(SimGuardian) fresh = foreign ? make_guardian(error) : NULL;
    SimGuardian *guardian = foreign ? fresh : guardians->len ? g_ptr_array_index(guardians, 0) : NULL;
    GBytes *bytes = NULL;

    if (!guardian)
        return NULL;
    bytes = certificate ? pem_of(sim_guardian_encryption_certificate(guardian))
                        : sim_guardian_metadata(guardian, fresh ? NULL : signature);
    if (!bytes)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the guardian's signature is not known");
    return bytes;
}

static GBytes *make_protector(GPtrArray *guardians, GError **error)
{
    g_autoptr(SimGuardian) owner = make_guardian(error);
    g_autoptr(SimProtector) protector = owner ? sim_protector_new(owner, guardians, error) : NULL;
    g_autoptr(GBytes) framed = protector ? sim_protector_format(protector) : NULL;

    if (!framed || !pdk)
        return g_steal_pointer(&framed);
    return wrap_in_pdk(framed, owner, error);
}

static GBytes *make(GError **error)
{
    g_autoptr(GPtrArray) guardians = foreign ? g_ptr_array_new() : read_guardians(guardians_file, error);
    g_autoptr(GBytes) framed = NULL;
    GBytes *spoiled = NULL;

    if (!guardians)
        return NULL;
    framed = metadata || certificate ? describe_guardian(guardians, error) : make_protector(guardians, error);
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
