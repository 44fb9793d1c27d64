/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/guardian_private.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#define KEY_BITS 2048
#define LIFETIME_SECONDS (10 * 365 * 24 * 3600L) /* as generated ones have: ten years */

struct SimGuardian {
    gint references;
    char *name;
    GBytes *signing;
    GBytes *encryption;
    gnutls_x509_privkey_t signing_key;    /* NULL when imported */
    gnutls_x509_privkey_t encryption_key; /* likewise */
};

static gboolean fail(GError **error, const char *what, int code)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, gnutls_strerror(code));
    return FALSE;
}

/* --- making ------------------------------------------------------------------ */

static int fill_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *common_name,
                            time_t until)
{
    guint8 serial[16];
    time_t now = MIN(time(NULL), until - 2 * 3600);
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

    serial[0] &= 0x7f;
    if (code == 0)
        code = gnutls_x509_crt_set_version(crt, 3);
    if (code == 0)
        code = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    if (code == 0)
        code = gnutls_x509_crt_set_activation_time(crt, now - 3600);
    if (code == 0)
        code = gnutls_x509_crt_set_expiration_time(crt, until);
    if (code == 0)
        code = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                             (unsigned) strlen(common_name));
    if (code == 0)
        code = gnutls_x509_crt_set_key(crt, key);
    if (code == 0) /* digital signature and data encipherment, as guarded fabrics demand */
        code =
            gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_DATA_ENCIPHERMENT);
    if (code == 0)
        code = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return code;
}

static GBytes *make_certificate(gnutls_x509_privkey_t key, const char *common_name, time_t until,
                                GError **error)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t der = { 0 };
    GBytes *bytes = NULL;
    int code = gnutls_x509_crt_init(&crt);

    if (code == 0)
        code = fill_certificate(crt, key, common_name, until);
    if (code == 0)
        code = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);
    if (code == 0)
        bytes = g_bytes_new(der.data, der.size);
    else
        fail(error, "cannot make a certificate", code);
    gnutls_free(der.data);
    gnutls_x509_crt_deinit(crt);
    return bytes;
}

static GBytes *make_pair(gnutls_x509_privkey_t *key, const char *common_name, time_t until, GError **error)
{
    int code = gnutls_x509_privkey_init(key);

    if (code == 0)
        code = gnutls_x509_privkey_generate(*key, GNUTLS_PK_RSA, KEY_BITS, 0);
    if (code != 0) {
        fail(error, "cannot make an RSA key", code);
        return NULL;
    }
    return make_certificate(*key, common_name, until, error);
}

static SimGuardian *guardian_new(const char *name)
{
    SimGuardian *guardian = g_new0(SimGuardian, 1);

    guardian->references = 1;
    guardian->name = g_strdup(name);
    return guardian;
}

static SimGuardian *generate(const char *name, const char *host, time_t until, GError **error)
{
    g_autoptr(SimGuardian) guardian = guardian_new(name);
    g_autofree char *signing = g_strdup_printf("Shielded VM Signing Certificate (%s) (%s)", name, host);
    g_autofree char *encryption =
        g_strdup_printf("Shielded VM Encryption Certificate (%s) (%s)", name, host);

    guardian->signing = make_pair(&guardian->signing_key, signing, until, error);
    if (!guardian->signing)
        return NULL;
    guardian->encryption = make_pair(&guardian->encryption_key, encryption, until, error);
    return guardian->encryption ? g_steal_pointer(&guardian) : NULL;
}

SimGuardian *sim_guardian_generate(const char *name, const char *host, GError **error)
{
    return generate(name, host, time(NULL) + LIFETIME_SECONDS, error);
}

SimGuardian *sim_guardian_generate_expired(const char *name, const char *host, GError **error)
{
    return generate(name, host, time(NULL) - 24 * 3600, error);
}

/* --- keeping ------------------------------------------------------------------ */

static gnutls_datum_t datum(gconstpointer data, gsize size)
{
    return (gnutls_datum_t) { (unsigned char *) data, (unsigned) size };
}

/* One file: the key, then its certificate. */
static gboolean save_pair(const char *path, gnutls_x509_privkey_t key, GBytes *certificate, GError **error)
{
    gnutls_datum_t der = datum(g_bytes_get_data(certificate, NULL), g_bytes_get_size(certificate));
    gnutls_datum_t key_pem = { 0 }, certificate_pem = { 0 };
    int code = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
    gboolean ok = FALSE;

    if (code == 0)
        code = gnutls_pem_base64_encode2("CERTIFICATE", &der, &certificate_pem);
    if (code == 0) {
        char *text = g_strdup_printf("%.*s%.*s", (int) key_pem.size, key_pem.data, (int) certificate_pem.size,
                                     certificate_pem.data);

        ok = g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
        explicit_bzero(text, strlen(text));
        g_free(text);
    } else {
        fail(error, path, code);
    }
    if (key_pem.data)
        explicit_bzero(key_pem.data, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(certificate_pem.data);
    return ok;
}

/* The certificate; NULL with the error set. */
static GBytes *load_pair(const char *path, gnutls_x509_privkey_t *key, GError **error)
{
    char *text = NULL;
    gsize size = 0;
    gnutls_datum_t pem = { 0 }, der = { 0 };
    GBytes *certificate = NULL;
    int code = 0;

    if (!g_file_get_contents(path, &text, &size, error))
        return NULL;
    pem = datum(text, size);
    code = gnutls_x509_privkey_init(key);
    if (code == 0)
        code = gnutls_x509_privkey_import(*key, &pem, GNUTLS_X509_FMT_PEM);
    if (code == 0)
        code = gnutls_pem_base64_decode2("CERTIFICATE", &pem, &der);
    if (code == 0)
        certificate = g_bytes_new(der.data, der.size);
    else
        fail(error, path, code);
    gnutls_free(der.data);
    explicit_bzero(text, size);
    g_free(text);
    return certificate;
}

SimGuardian *sim_guardian_keep(const char *name, const char *host, const char *folder, GError **error)
{
    g_autofree char *signing = g_build_filename(folder, "signing.pem", NULL);
    g_autofree char *encryption = g_build_filename(folder, "encryption.pem", NULL);
    g_autoptr(SimGuardian) guardian = NULL;

    if (!g_file_test(encryption, G_FILE_TEST_EXISTS)) {
        guardian = sim_guardian_generate(name, host, error);
        if (!guardian || !save_pair(signing, guardian->signing_key, guardian->signing, error) ||
            !save_pair(encryption, guardian->encryption_key, guardian->encryption, error))
            return NULL;
        return g_steal_pointer(&guardian);
    }
    guardian = guardian_new(name);
    guardian->signing = load_pair(signing, &guardian->signing_key, error);
    guardian->encryption = guardian->signing ? load_pair(encryption, &guardian->encryption_key, error) : NULL;
    return guardian->encryption ? g_steal_pointer(&guardian) : NULL;
}

SimGuardian *sim_guardian_import(const char *name, GBytes *signing, GBytes *encryption, GError **error)
{
    SimGuardian *guardian = NULL;

    if (!sim_certificate_check(signing, error) || !sim_certificate_check(encryption, error))
        return NULL;
    guardian = guardian_new(name);
    guardian->signing = g_bytes_ref(signing);
    guardian->encryption = g_bytes_ref(encryption);
    return guardian;
}

SimGuardian *sim_guardian_ref(SimGuardian *guardian)
{
    g_atomic_int_inc(&guardian->references);
    return guardian;
}

void sim_guardian_unref(SimGuardian *guardian)
{
    if (!guardian || !g_atomic_int_dec_and_test(&guardian->references))
        return;
    gnutls_x509_privkey_deinit(guardian->signing_key);
    gnutls_x509_privkey_deinit(guardian->encryption_key);
    g_clear_pointer(&guardian->signing, g_bytes_unref);
    g_clear_pointer(&guardian->encryption, g_bytes_unref);
    g_free(guardian->name);
    g_free(guardian);
}

const char *sim_guardian_name(const SimGuardian *guardian)
{
    return guardian->name;
}

GBytes *sim_guardian_signing_certificate(const SimGuardian *guardian)
{
    return guardian->signing;
}

GBytes *sim_guardian_encryption_certificate(const SimGuardian *guardian)
{
    return guardian->encryption;
}

gboolean sim_guardian_has_keys(const SimGuardian *guardian)
{
    return guardian->signing_key != NULL;
}

/* --- secrets ------------------------------------------------------------------------ */

typedef struct {
    gsize size;
    guint8 data[];
} Secret;

static void secret_free(gpointer data)
{
    Secret *secret = data;

    gnutls_memset(secret->data, 0, secret->size);
    g_free(secret);
}

GBytes *sim_secret_bytes(gconstpointer data, gsize size)
{
    Secret *secret = g_malloc(sizeof *secret + size);

    secret->size = size;
    memcpy(secret->data, data, size);
    return g_bytes_new_with_free_func(secret->data, size, secret_free, secret);
}

/* --- using -------------------------------------------------------------------------- */

char *sim_guardian_sign(const SimGuardian *guardian, gconstpointer data, gsize size)
{
    gnutls_datum_t input = datum(data, size), signature = { 0 };
    gnutls_privkey_t key = NULL;
    char *text = NULL;

    if (!guardian->signing_key || gnutls_privkey_init(&key) != 0)
        return NULL;
    if (gnutls_privkey_import_x509(key, guardian->signing_key, 0) == 0 &&
        gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &input, &signature) == 0)
        text = g_base64_encode(signature.data, signature.size);
    gnutls_free(signature.data);
    gnutls_privkey_deinit(key);
    return text;
}

char *sim_guardian_certificate_signature(const SimGuardian *guardian)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(guardian->encryption, &size);

    return sim_guardian_sign(guardian, data, size);
}

static gnutls_x509_crt_t load_certificate(GBytes *certificate)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(certificate, &size);
    gnutls_datum_t der = datum(data, size);
    gnutls_x509_crt_t crt = NULL;

    if (size > SIM_PROTECTOR_MAX_BYTES || gnutls_x509_crt_init(&crt) != 0)
        return NULL;
    if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) != 0)
        g_clear_pointer(&crt, gnutls_x509_crt_deinit);
    return crt;
}

gboolean sim_certificate_check(GBytes *certificate, GError **error)
{
    gnutls_x509_crt_t crt = load_certificate(certificate);
    unsigned bits = 0;
    gboolean ok = crt && gnutls_x509_crt_get_pk_algorithm(crt, &bits) == GNUTLS_PK_RSA && bits >= KEY_BITS;

    if (!ok)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "a certificate is not X.509 in DER with an RSA key of at least %d bits", KEY_BITS);
    g_clear_pointer(&crt, gnutls_x509_crt_deinit);
    return ok;
}

gboolean sim_certificate_verify(GBytes *certificate, gconstpointer data, gsize size, gconstpointer signature,
                                gsize signature_size)
{
    gnutls_x509_crt_t crt = load_certificate(certificate);
    gnutls_datum_t input = datum(data, size), sealed = datum(signature, signature_size);
    gnutls_pubkey_t key = NULL;
    gboolean ok = FALSE;

    if (!crt)
        return FALSE;
    if (gnutls_pubkey_init(&key) == 0 && gnutls_pubkey_import_x509(key, crt, 0) == 0)
        ok = gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_RSA_SHA256, 0, &input, &sealed) >= 0;
    gnutls_pubkey_deinit(key);
    gnutls_x509_crt_deinit(crt);
    return ok;
}

gboolean sim_certificate_expired(GBytes *certificate)
{
    gnutls_x509_crt_t crt = load_certificate(certificate);
    time_t now = time(NULL);
    gboolean expired =
        !crt || gnutls_x509_crt_get_expiration_time(crt) < now || gnutls_x509_crt_get_activation_time(crt) > now;

    g_clear_pointer(&crt, gnutls_x509_crt_deinit);
    return expired;
}

char *sim_certificate_encrypt(GBytes *certificate, gconstpointer data, gsize size)
{
    gnutls_x509_crt_t crt = load_certificate(certificate);
    gnutls_datum_t input = datum(data, size), cipher = { 0 };
    gnutls_pubkey_t key = NULL;
    char *text = NULL;

    if (!crt)
        return NULL;
    if (gnutls_pubkey_init(&key) == 0 && gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
        gnutls_pubkey_encrypt_data(key, 0, &input, &cipher) == 0)
        text = g_base64_encode(cipher.data, cipher.size);
    gnutls_free(cipher.data);
    gnutls_pubkey_deinit(key);
    gnutls_x509_crt_deinit(crt);
    return text;
}

GBytes *sim_guardian_decrypt(const SimGuardian *guardian, const char *base64)
{
    gsize size = 0;
    g_autofree guchar *cipher = g_base64_decode(base64, &size);
    gnutls_datum_t input = datum(cipher, size), plain = { 0 };
    gnutls_privkey_t key = NULL;
    GBytes *bytes = NULL;

    if (!guardian->encryption_key || gnutls_privkey_init(&key) != 0)
        return NULL;
    if (gnutls_privkey_import_x509(key, guardian->encryption_key, 0) == 0 &&
        gnutls_privkey_decrypt_data(key, 0, &input, &plain) == 0) {
        bytes = sim_secret_bytes(plain.data, plain.size);
        gnutls_memset(plain.data, 0, plain.size);
    }
    gnutls_free(plain.data);
    gnutls_privkey_deinit(key);
    return bytes;
}

char *sim_transport_key_sign(GBytes *payload, gconstpointer data, gsize size)
{
    static const char label[] = "hvsim transport key signature";
    gsize key_size = 0;
    gconstpointer key = g_bytes_get_data(payload, &key_size);
    guint8 derived[32], mac[32];
    char *text = NULL;

    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_size, label, sizeof label - 1, derived) == 0 &&
        gnutls_hmac_fast(GNUTLS_MAC_SHA256, derived, sizeof derived, data, size, mac) == 0)
        text = g_base64_encode(mac, sizeof mac);
    gnutls_memset(derived, 0, sizeof derived);
    return text;
}
