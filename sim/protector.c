/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/protector.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "sim/guardian_private.h"
#include "sim/protector_private.h"

static void wrapping_free(gpointer data)
{
    SimWrapping *wrapping = data;

    g_clear_pointer(&wrapping->signing, g_bytes_unref);
    g_clear_pointer(&wrapping->encryption, g_bytes_unref);
    g_free(wrapping->signing_signature);
    g_free(wrapping->encryption_signature);
    g_free(wrapping->cipher);
    g_free(wrapping);
}

SimProtector *sim_protector_alloc(void)
{
    SimProtector *protector = g_new0(SimProtector, 1);

    protector->wrappings = g_ptr_array_new_with_free_func(wrapping_free);
    return protector;
}

void sim_protector_free(SimProtector *protector)
{
    if (!protector)
        return;
    g_ptr_array_unref(protector->wrappings);
    g_free(protector->transport_signature);
    g_free(protector->guardian_signature);
    g_free(protector);
}

GBytes *sim_protector_none(void)
{
    static const guint8 none[] = { 0, 0, 0, 4 };

    return g_bytes_new_static(none, sizeof none);
}

gboolean sim_protector_is_none(GBytes *framed)
{
    g_autoptr(GBytes) none = sim_protector_none();

    return g_bytes_equal(framed, none);
}

/* --- the transport key --------------------------------------------------------- */

/* Payload_V1 ([MS-KPS] 2.2.3.10.1); the byte order is not said: little endian. */
static GBytes *new_payload(void)
{
    struct {
        guint32 size, version, keys, length;
        guint8 key[SIM_TRANSPORT_KEY_BYTES];
    } payload;
    GBytes *bytes = NULL;

    payload.size = GUINT32_TO_LE((guint32) sizeof payload);
    payload.version = GUINT32_TO_LE(1);
    payload.keys = GUINT32_TO_LE(1);
    payload.length = GUINT32_TO_LE(SIM_TRANSPORT_KEY_BYTES);
    if (gnutls_rnd(GNUTLS_RND_KEY, payload.key, sizeof payload.key) == 0)
        bytes = sim_secret_bytes(&payload, sizeof payload);
    explicit_bzero(&payload, sizeof payload);
    return bytes;
}

static GBytes *open_payload(const SimProtector *protector, GPtrArray *guardians, SimGuardian **opener,
                            guint *index)
{
    for (guint i = 0; i < protector->wrappings->len; i++) {
        const SimWrapping *wrapping = g_ptr_array_index(protector->wrappings, i);

        for (guint j = 0; j < guardians->len; j++) {
            SimGuardian *guardian = g_ptr_array_index(guardians, j);
            GBytes *payload = NULL;

            if (!g_bytes_equal(wrapping->encryption, sim_guardian_encryption_certificate(guardian)))
                continue;
            payload = sim_guardian_decrypt(guardian, wrapping->cipher);
            if (!payload)
                continue;
            *opener = guardian;
            *index = i;
            return payload;
        }
    }
    return NULL;
}

char *sim_protector_unwrap(const SimProtector *protector, GPtrArray *guardians)
{
    SimGuardian *opener = NULL;
    guint index = 0;
    g_autoptr(GBytes) payload = open_payload(protector, guardians, &opener, &index);

    return payload ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, payload) : NULL;
}

/* --- signing ----------------------------------------------------------------------- */

static gboolean seal(SimProtector *protector, GBytes *payload, const SimGuardian *signer, guint id)
{
    g_autofree char *text = sim_protector_format_wrappings(protector);
    g_autofree char *transport = sim_transport_key_sign(payload, text, strlen(text));
    g_autofree char *guardian = sim_guardian_sign(signer, text, strlen(text));

    if (!transport || !guardian)
        return FALSE;
    g_free(protector->transport_signature);
    g_free(protector->guardian_signature);
    protector->transport_signature = g_steal_pointer(&transport);
    protector->guardian_signature = g_steal_pointer(&guardian);
    protector->guardian_id = id;
    return TRUE;
}

static gboolean encrypt_to(SimWrapping *wrapping, GBytes *payload)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(payload, &size);
    char *cipher = sim_certificate_encrypt(wrapping->encryption, data, size);

    g_free(wrapping->cipher);
    wrapping->cipher = cipher;
    return cipher != NULL;
}

/* A guardian of another place cannot sign its own encryption certificate here:
 * the owner then vouches for both certificates. */
static gboolean add_wrapping(SimProtector *protector, SimGuardian *guardian, const SimGuardian *parent,
                             guint parent_id, GBytes *payload)
{
    SimWrapping *wrapping = g_new0(SimWrapping, 1);
    gsize signing_size = 0, encryption_size = 0;
    gconstpointer signing = g_bytes_get_data(sim_guardian_signing_certificate(guardian), &signing_size);
    gconstpointer encryption =
        g_bytes_get_data(sim_guardian_encryption_certificate(guardian), &encryption_size);
    guint last = 0;

    for (guint i = 0; i < protector->wrappings->len; i++)
        last = MAX(last, ((SimWrapping *) g_ptr_array_index(protector->wrappings, i))->id);
    g_ptr_array_add(protector->wrappings, wrapping);
    wrapping->id = last + 1;
    wrapping->parent = parent_id ? parent_id : wrapping->id;
    wrapping->signing = g_bytes_ref(sim_guardian_signing_certificate(guardian));
    wrapping->encryption = g_bytes_ref(sim_guardian_encryption_certificate(guardian));
    wrapping->signing_signature = sim_guardian_sign(parent, signing, signing_size);
    wrapping->encryption_signature =
        sim_guardian_sign(sim_guardian_has_keys(guardian) ? guardian : parent, encryption, encryption_size);
    return wrapping->signing_signature && wrapping->encryption_signature && encrypt_to(wrapping, payload);
}

SimProtector *sim_protector_new(SimGuardian *owner, GPtrArray *guardians, GError **error)
{
    g_autoptr(SimProtector) protector = sim_protector_alloc();
    g_autoptr(GBytes) payload = new_payload();
    gboolean ok =
        payload && sim_guardian_has_keys(owner) && add_wrapping(protector, owner, owner, 0, payload);

    for (guint i = 0; ok && guardians && i < guardians->len; i++)
        ok = add_wrapping(protector, g_ptr_array_index(guardians, i), owner, 1, payload);
    ok = ok && seal(protector, payload, owner, 1);
    if (!ok)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the owner '%s' cannot sign a key protector",
                    sim_guardian_name(owner));
    return ok ? g_steal_pointer(&protector) : NULL;
}

gboolean sim_protector_rekey(SimProtector *protector, GPtrArray *guardians)
{
    SimGuardian *opener = NULL;
    guint index = 0;
    g_autoptr(GBytes) payload = open_payload(protector, guardians, &opener, &index);
    gboolean ok = payload != NULL;

    for (guint i = 0; ok && i < protector->wrappings->len; i++)
        ok = encrypt_to(g_ptr_array_index(protector->wrappings, i), payload);
    return ok && seal(protector, payload, opener,
                      ((SimWrapping *) g_ptr_array_index(protector->wrappings, index))->id);
}

/* --- reading --------------------------------------------------------------------------- */

guint sim_protector_n_wrappings(const SimProtector *protector)
{
    return protector->wrappings->len;
}

GBytes *sim_protector_signing_certificate(const SimProtector *protector, guint index)
{
    return ((SimWrapping *) g_ptr_array_index(protector->wrappings, index))->signing;
}

GBytes *sim_protector_encryption_certificate(const SimProtector *protector, guint index)
{
    return ((SimWrapping *) g_ptr_array_index(protector->wrappings, index))->encryption;
}

guint sim_protector_owner_index(const SimProtector *protector)
{
    for (guint i = 0; i < protector->wrappings->len; i++) {
        const SimWrapping *wrapping = g_ptr_array_index(protector->wrappings, i);

        if (wrapping->parent == wrapping->id)
            return i;
    }
    return 0;
}

/* --- grant and revoke --------------------------------------------------------------------- */

/* The owner's keys, if they are among the guardians here. */
static SimGuardian *find_owner(const SimProtector *protector, GPtrArray *owners, GError **error)
{
    GBytes *signing = sim_protector_signing_certificate(protector, sim_protector_owner_index(protector));

    for (guint i = 0; i < owners->len; i++) {
        SimGuardian *guardian = g_ptr_array_index(owners, i);

        if (sim_guardian_has_keys(guardian) &&
            g_bytes_equal(signing, sim_guardian_signing_certificate(guardian)))
            return guardian;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                "the owner guardian of the key protector has no private key here");
    return NULL;
}

static int find_wrapping(const SimProtector *protector, const SimGuardian *guardian)
{
    for (guint i = 0; i < protector->wrappings->len; i++) {
        if (g_bytes_equal(sim_protector_encryption_certificate(protector, i),
                          sim_guardian_encryption_certificate(guardian)))
            return (int) i;
    }
    return -1;
}

gboolean sim_protector_grant(SimProtector *protector, GPtrArray *owners, SimGuardian *guardian,
                             GError **error)
{
    SimGuardian *owner = find_owner(protector, owners, error), *opener = NULL;
    guint owner_id = 0, index = 0;
    g_autoptr(GBytes) payload = owner ? open_payload(protector, owners, &opener, &index) : NULL;

    if (!owner)
        return FALSE;
    if (!payload || find_wrapping(protector, guardian) >= 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the guardian '%s' cannot be added",
                    sim_guardian_name(guardian));
        return FALSE;
    }
    owner_id =
        ((SimWrapping *) g_ptr_array_index(protector->wrappings, sim_protector_owner_index(protector)))->id;
    return add_wrapping(protector, guardian, owner, owner_id, payload) &&
           seal(protector, payload, owner, owner_id);
}

gboolean sim_protector_revoke(SimProtector *protector, GPtrArray *owners, SimGuardian *guardian,
                              GError **error)
{
    SimGuardian *owner = find_owner(protector, owners, error), *opener = NULL;
    guint index = 0;
    g_autoptr(GBytes) payload = owner ? open_payload(protector, owners, &opener, &index) : NULL;
    int at = find_wrapping(protector, guardian);

    if (!owner)
        return FALSE;
    if (!payload || at < 0 || (guint) at == sim_protector_owner_index(protector)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the guardian '%s' cannot be taken away",
                    sim_guardian_name(guardian));
        return FALSE;
    }
    g_ptr_array_remove_index(protector->wrappings, (guint) at);
    return seal(
        protector, payload, owner,
        ((SimWrapping *) g_ptr_array_index(protector->wrappings, sim_protector_owner_index(protector)))
            ->id);
}
