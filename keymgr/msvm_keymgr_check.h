/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command "check" of msvm-keymgr.
 */
#pragma once

#include "keymgr/keymgr.h"

/* Logs in, says what was reached as whom, and fetches each reference, whose
 * bytes are dropped unseen.
 * domain: the file of a domain XML whose references follow; "-": standard
 * input; NULL: none.
 * Returns the exit code, that of the first failure. */
int msvm_keymgr_check(Keymgr *keymgr, char **references, const char *domain, gboolean json,
                      GCancellable *cancellable);
