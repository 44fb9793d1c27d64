/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the Hyper-V layer. Errors of the wire keep their own domain
 * (WSMAN_ERROR) and pass through with the operation put before the message.
 */
#pragma once

#include <glib.h>

#define HYPERV_ERROR (hyperv_error_quark())

typedef enum {
    HYPERV_ERROR_NO_HYPERV,         /* the host has no root/virtualization/v2 */
    HYPERV_ERROR_HOST_TOO_OLD,      /* the host's version lacks what was asked for */
    HYPERV_ERROR_NO_MACHINE,        /* no such virtual machine (any more) */
    HYPERV_ERROR_NO_SWITCH,         /* no virtual switch of that name, or several */
    HYPERV_ERROR_UNSUPPORTED,       /* return code 32770, or Hyper-V has nothing of the kind */
    HYPERV_ERROR_ACCESS_DENIED,     /* return code 32769 */
    HYPERV_ERROR_INVALID_PARAMETER, /* return codes 32773, 32776 */
    HYPERV_ERROR_INVALID_STATE,     /* return code 32775: not in the machine's present state */
    HYPERV_ERROR_IN_USE,            /* return code 32774 */
    HYPERV_ERROR_TIMEOUT,           /* return code 32772, or a job that did not end in time */
    HYPERV_ERROR_FAILED,            /* any other return code */
    HYPERV_ERROR_JOB_FAILED,        /* a job ended in an exception; the message holds ErrorDescription */
    HYPERV_ERROR_NOT_APPLIED,       /* the host accepted a change and dropped it: read back, it differs */
    HYPERV_ERROR_GUARD_MODE,        /* not possible in the guard mode of this host */
    HYPERV_ERROR_NO_GUARDIAN,       /* no guardian of that name, and none may be made */
    HYPERV_ERROR_INVALID_PROTECTOR, /* bytes that are no key protector; the message says why */
    HYPERV_ERROR_INCOMPATIBLE,      /* the machine cannot run on that host */
    HYPERV_ERROR_UNSAFE,            /* the machine's protector does not authorise that host */
    HYPERV_ERROR_ABORTED,           /* somebody ended the job */
    HYPERV_ERROR_PROTECTOR_IN_USE,  /* a machine with TPM state already has a protector */
    HYPERV_ERROR_NO_FEATURE,        /* the host lacks a feature of Windows; the message names it */
    HYPERV_ERROR_POLICY,            /* a security policy that contradicts what was asked for */
    HYPERV_ERROR_NOT_AUTHORISED,    /* a key protector that does not authorise the host */
} HypervError;

GQuark hyperv_error_quark(void);

/* The method's return code or the job's error code; 0 when there is none. */
guint32 hyperv_error_get_code(const GError *error);

/* Sets an error that carries a return code or job error code (0: none). */
void hyperv_error_set(GError **error, HypervError kind, guint32 code, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* --- several at once: an array of GError ------------------------------------- */

GPtrArray *hyperv_problems_new(void);

/* Takes over the error that *error holds, if any, and leaves NULL there. */
void hyperv_problems_take(GPtrArray *problems, GError **error);

/* TRUE where there are none; else *error is the first of them. */
gboolean hyperv_problems_none(const GPtrArray *problems, GError **error);
