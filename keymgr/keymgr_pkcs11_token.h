/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PKCS#11 token (OASIS PKCS#11 2.40): finds it among the modules that p11-kit
 * loads, opens sessions with it and logs in. A token locks itself after a few
 * wrong PINs, so that one that was refused is not shown to it again.
 *
 * p11-kit itself and not GnuTLS: GnuTLS cannot write data objects, copies what
 * it reads, and keeps one list of modules for the whole process, behind a lock
 * on which a module that hangs would keep everybody's TLS waiting.
 */
#pragma once

#include <gio/gio.h>

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "keymgr/keymgr_config.h"

/* Slots of one module that are looked at. */
#define KEYMGR_PKCS11_MAX_SLOTS 256
/* The longest PIN, in bytes. */
#define KEYMGR_PKCS11_MAX_PIN 256
/* Tokens that one process logs in to. */
#define KEYMGR_PKCS11_MAX_TOKENS 64
/* Wrong PINs of one token, after which a process shows it no further one. */
#define KEYMGR_PKCS11_MAX_REFUSED 16

typedef struct KeymgrPkcs11Token KeymgrPkcs11Token;
typedef struct KeymgrPkcs11State KeymgrPkcs11State;

typedef struct {
    const KeymgrPkcs11Token *token;
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    KeymgrPkcs11State *state; /* its lock is held; NULL: it is not */
    gboolean open;
    CK_SESSION_HANDLE handle;
    CK_TOKEN_INFO info;
    gboolean logged_in;
} KeymgrPkcs11Session;

extern const KeymgrConfigKey keymgr_pkcs11_keys[];

/* Reads the group's options; touches no module. NULL with KEYMGR_ERROR_CONFIG. */
KeymgrPkcs11Token *keymgr_pkcs11_token_new(const KeymgrConfig *config, GError **error);
/* May block in a module that hangs. */
void keymgr_pkcs11_token_free(KeymgrPkcs11Token *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrPkcs11Token, keymgr_pkcs11_token_free)

/* "PKCS#11 token pkcs11:token=..." */
const char *keymgr_pkcs11_token_describe(const KeymgrPkcs11Token *token);
gboolean keymgr_pkcs11_token_has_pin(const KeymgrPkcs11Token *token);

/* Opens a session with the one token that fits, and logs in if there is a PIN.
 * May block. A process has one session with a token at a time: the next one
 * waits, and a thread has one at most.
 * left: when it is cancelled while that waits, the PIN is not shown any more.
 * session: zeroed by the caller, who closes it in any case.
 * Errors: KEYMGR_ERROR_CONFIG (the module cannot be loaded, several tokens
 * fit), _UNAVAILABLE (no token, or it is broken), _AUTH (the PIN). */
gboolean keymgr_pkcs11_session_open(KeymgrPkcs11Token *token, gboolean writable, GCancellable *left,
                                    KeymgrPkcs11Session *session, GError **error);
void keymgr_pkcs11_session_close(KeymgrPkcs11Session *session);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KeymgrPkcs11Session, keymgr_pkcs11_session_close)

/* An error from what a module returned: "TOKEN: WHAT: TEXT". Always FALSE. */
gboolean keymgr_pkcs11_fail(const KeymgrPkcs11Token *token, const char *what, CK_RV rv, GError **error);

/* A space-padded field of a token's description; caller frees. */
char *keymgr_pkcs11_text(const CK_UTF8CHAR *field, gsize size);

/* A parsed URI of a token or an object; NULL with the reason. A PIN or the place of one,
 * a module to be loaded, a slot's number and what is not understood are
 * refused. The reason does not repeat the text, which may hold a PIN. */
P11KitUri *keymgr_pkcs11_uri_parse(const char *text, const char **problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(P11KitUri, p11_kit_uri_free)
