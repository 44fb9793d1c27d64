/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small helpers for text that comes from configuration files and servers.
 */
#pragma once

#include "keymgr/keymgr_secret.h"

/* The most that an error message quotes of a server's own words, in bytes. */
#define KEYMGR_TEXT_MAX_QUOTE 300

/* A server's text made fit for a message: valid UTF-8, control characters
 * and runs of white space become one space, cut at KEYMGR_TEXT_MAX_QUOTE.
 * Caller frees. */
char *keymgr_text_quote(const char *text, gsize size);

/* The same without <tags>, for HTML error pages. */
char *keymgr_text_quote_html(const char *text, gsize size);

/* Text without the escapes of HTML: &lt; &gt; &amp; &quot; &apos; and numbers.
 * Anything else, and what is no escape, stays. It may hold a secret. */
KeymgrSecret *keymgr_text_unescape_html(const char *text, gsize size);
/* The same of JSON's, wherever they stand, and of those in which Python shows
 * bytes: \' and \xNN. */
KeymgrSecret *keymgr_text_unescape_json(const char *text, gsize size);

/* TRUE when text holds the secret's bytes: it must not be shown then. An empty
 * secret, or none, is in no text. */
gboolean keymgr_text_holds_secret(const char *text, gsize size, const KeymgrSecret *secret);

/* Wipes a NUL-terminated string and frees it. NULL is fine. */
void keymgr_text_wipe_free(char *text);

/* A secret with the bytes of text without its NUL; text is wiped and freed. */
KeymgrSecret *keymgr_text_take_as_secret(char *text);

/* The value of an attribute as GMarkupParser gives them, or NULL. */
const char *keymgr_text_attribute(const char **names, const char **values, const char *name);
