/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that takes a secret from the store of a configuration file, and
 * says how long it is and what its SHA-256 is:
 *
 *   cc fetch-secret.c -o fetch-secret $(pkg-config --cflags --libs msvm-keymgr)
 *   ./fetch-secret keymgr.conf UUID
 */
#include <stdio.h>

#include <msvm-keymgr/keymgr.h>

static int
say(const KeymgrSecret *secret)
{
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, keymgr_secret_data(secret),
                                            keymgr_secret_size(secret));

    printf("%zu bytes, sha256 %s\n", keymgr_secret_size(secret), sum);
    g_free(sum);
    return 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Keymgr) keymgr = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: %s CONFIG REFERENCE\n", argv[0]);
        return 2;
    }
    keymgr = keymgr_open(argv[1], &error);
    if (keymgr) {
        const char *const references[] = { argv[2], NULL };

        secrets = keymgr_fetch(keymgr, references, NULL, &error);
    }
    if (secrets)
        return say(g_ptr_array_index(secrets, 0));
    fprintf(stderr, "%s\n", error->message);
    return 1;
}
