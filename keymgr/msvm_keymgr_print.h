/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What msvm-keymgr says of a secret: in lines for people, and in JSON.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_json.h"

/* Text of the store or of a file, fit for one line on a terminal: what cannot
 * be printed comes as \n, \xNN or \u{NNNN}. Caller frees. */
char *msvm_keymgr_shown(const char *text);

/* name: text, or null. */
void msvm_keymgr_add_text(KeymgrJson *object, const char *name, const char *text);
/* Prints and frees. */
void msvm_keymgr_print_json(KeymgrJson *json);

/* null for nobody. */
KeymgrJson *msvm_keymgr_party_json(const KeymgrParty *party);

KeymgrJson *msvm_keymgr_info_json(const KeymgrInfo *info);
/* A line of a list, and all that is known. */
void msvm_keymgr_print_line(const KeymgrInfo *info);
void msvm_keymgr_print_info(const KeymgrInfo *info);

/* acl: NULL: the store tells nothing, and nothing is said. */
KeymgrJson *msvm_keymgr_acl_json(const KeymgrAcl *acl);
void msvm_keymgr_print_acl(const KeymgrAcl *acl);

/* consumers: of KeymgrConsumer; NULL as above. */
KeymgrJson *msvm_keymgr_consumers_json(const GPtrArray *consumers);
/* label: in front of each line; or NULL. */
void msvm_keymgr_print_consumers(const char *label, const GPtrArray *consumers);
