/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keymgr-fetch CONFIG REFERENCE TIMES: how long one fetch takes in a process
 * that is up already, for tests/bench/keymgr.py. A line each time: seconds of
 * a fetch with a new key manager (no token, no connection), seconds of the
 * next one, and how many secrets came.
 */
#include <stdio.h>
#include <stdlib.h>

#include "keymgr/keymgr.h"

static double
fetch(Keymgr *keymgr, const char *reference, guint *count, GError **error)
{
    const char *const references[] = { reference, NULL };
    gint64 start = g_get_monotonic_time();
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, error);

    *count = secrets ? secrets->len : 0;
    return (double)(g_get_monotonic_time() - start) / G_TIME_SPAN_SECOND;
}

static gboolean
measure(const char *path, const char *reference, GError **error)
{
    g_autoptr(Keymgr) keymgr = keymgr_open(path, error);
    guint count;
    double first;
    double again;

    if (!keymgr)
        return FALSE;
    first = fetch(keymgr, reference, &count, error);
    if (count == 0)
        return FALSE;
    again = fetch(keymgr, reference, &count, error);
    printf("%.6f %.6f %u\n", first, again, count);
    return count > 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gboolean good = TRUE;
    int times;

    if (argc != 4) {
        fputs("usage: keymgr-fetch CONFIG REFERENCE TIMES\n", stderr);
        return 2;
    }
    keymgr_global_init();
    for (times = atoi(argv[3]); good && times > 0; times--)
        good = measure(argv[1], argv[2], &error);
    if (!good)
        fprintf(stderr, "keymgr-fetch: %s\n", error ? error->message : "nothing came");
    return good ? 0 : 1;
}
