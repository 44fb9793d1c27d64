/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and projects, as Keystone names them.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_json.h"

/* Frees the strings. */
void keymgr_party_clear(KeymgrParty *party);
void keymgr_party_copy(KeymgrParty *to, const KeymgrParty *from);

/* {"id", "name", "domain": {"id", "name"}}, made fit for a terminal and each
 * cut at KEYMGR_TEXT_MAX_QUOTE. What holds one of hidden (NULL-terminated) is
 * left out.
 * json: NULL: nobody. party: empty before. */
void keymgr_party_parse(KeymgrJson *json, const KeymgrSecret *const *hidden, KeymgrParty *party);

/* ", WHAT NAME (domain NAME)", by its id where there is no name, and ", no
 * WHAT" where there is neither. */
void keymgr_party_append(GString *sentence, const char *what, const KeymgrParty *party);
