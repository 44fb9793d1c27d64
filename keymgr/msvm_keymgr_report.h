/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How msvm-keymgr says that something went wrong: an exit code, a line for
 * people, an object of JSON for scripts.
 */
#pragma once

#include "keymgr/keymgr_json.h"

/* As in the man page. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_CONFIG = 3,
    EXIT_AUTH = 4,
    EXIT_DENIED = 5,
    EXIT_NOT_FOUND = 6,
    EXIT_UNREACHED = 7,
};

int msvm_keymgr_exit_code(const GError *error);

/* {"code", "exit_status", "http_status", "message"}: code as in docs/keymgr.md,
 * "CANCELLED", or "OTHER". */
KeymgrJson *msvm_keymgr_error_json(const GError *error);

/* Adds "ok": true; or false, and the "error". error: NULL: all went well. */
void msvm_keymgr_add_outcome(KeymgrJson *object, const GError *error);

/* The line on standard error. Returns the exit code. */
int msvm_keymgr_complain(const GError *error);
/* The same when there is nothing else to say: with json, {"error": ...} on
 * standard output, too. */
int msvm_keymgr_fail(const GError *error, gboolean json);
