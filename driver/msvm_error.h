/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where errors of the lower layers become libvirt's.
 */
#pragma once

#include <glib.h>

typedef struct {
    int code;   /* of the GError's domain */
    int number; /* virErrorNumber */
} MsvmErrorRow;

/* The rows of one GError domain, ended by one whose number is 0; NULL for a
 * domain that has none. */
const MsvmErrorRow *msvmErrorRows(GQuark domain);

/* The virErrorNumber for an error; VIR_ERR_INTERNAL_ERROR for one that no
 * table knows. */
int msvmErrorNumber(const GError *error);

/*
 * Reports "WHAT on host 'HOST': MESSAGE", with the HRESULT where there is one
 * that the message does not name already.
 * host: NULL where no host is concerned.
 * format: what could not be done: "cannot start domain 'x'".
 */
void msvmReportError(const GError *error, const char *host, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
