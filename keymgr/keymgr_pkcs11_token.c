/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_pkcs11_token.h"

#include <string.h>
#include <unistd.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_text.h"

/* Tokens that a message lists when the configured one is not there. */
#define MAX_LISTED 8

struct KeymgrPkcs11Token {
    char *description;
    pid_t process;
    char *library_path;     /* NULL: the modules that are registered with p11-kit */
    P11KitUri *uri;         /* which token */
    KeymgrSecret *pin;      /* or NULL: no login */
    GMutex lock;
    CK_FUNCTION_LIST **modules; /* NULL-terminated; NULL until the first use */
};

/* What this process knows of a token, whoever uses it. Kept until it ends. */
struct KeymgrPkcs11State {
    GMutex lock;        /* held from login to the end of the session */
    GPtrArray *refused; /* of KeymgrSecret: PINs that were wrong */
};

const KeymgrConfigKey keymgr_pkcs11_keys[] = {
    { "library_path", FALSE },
    { "token_uri", FALSE },
    { "token_label", FALSE },
    { "token_serial_number", FALSE },
    { "pin", TRUE },
    { "pin_file", FALSE },
    { "total_timeout", FALSE },
    { NULL, FALSE },
};

static KeymgrError
code_of(CK_RV rv)
{
    switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
    case CKR_PIN_LOCKED:
    case CKR_USER_PIN_NOT_INITIALIZED:
        return KEYMGR_ERROR_AUTH;
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_ATTRIBUTE_SENSITIVE:
    case CKR_ATTRIBUTE_READ_ONLY:
    case CKR_SESSION_READ_ONLY:
    case CKR_TOKEN_WRITE_PROTECTED:
        return KEYMGR_ERROR_ACCESS_DENIED;
    case CKR_OBJECT_HANDLE_INVALID:
        return KEYMGR_ERROR_NOT_FOUND;
    case CKR_DEVICE_MEMORY:
    case CKR_DATA_LEN_RANGE:
        return KEYMGR_ERROR_LIMIT;
    case CKR_FUNCTION_NOT_SUPPORTED:
        return KEYMGR_ERROR_UNSUPPORTED;
    default:
        return KEYMGR_ERROR_UNAVAILABLE;
    }
}

gboolean
keymgr_pkcs11_fail(const KeymgrPkcs11Token *token, const char *what, CK_RV rv, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, code_of(rv), "%s: %s: %s (0x%lx)", token->description, what,
                p11_kit_strerror(rv), rv);
    return FALSE;
}

char *
keymgr_pkcs11_text(const CK_UTF8CHAR *field, gsize size)
{
    return keymgr_text_quote((const char *)field, p11_kit_space_strlen(field, size));
}

/* --- configuration -------------------------------------------------------- */

static const char *
uri_problem(P11KitUri *uri)
{
    if (p11_kit_uri_get_pin_value(uri) || p11_kit_uri_get_pin_source(uri))
        return "a PIN, or the place of one, does not belong into a URI";
    if (p11_kit_uri_get_module_name(uri) || p11_kit_uri_get_module_path(uri))
        return "a URI may not name a module to be loaded";
    if (p11_kit_uri_get_slot_id(uri) != (CK_SLOT_ID)-1)
        return "a slot's number is not the same every time";
    if (p11_kit_uri_any_unrecognized(uri))
        return "an attribute of the URI is not known";
    return NULL;
}

/* As an attribute, and not within the value of another. */
static gboolean
has_pin_value(const char *text)
{
    const char *at = text;

    while ((at = strstr(at, "pin-value"))) {
        if (at > text && strchr(":;?&", at[-1]))
            return TRUE;
        at++;
    }
    return FALSE;
}

P11KitUri *
keymgr_pkcs11_uri_parse(const char *text, const char **problem)
{
    g_autoptr(P11KitUri) uri = p11_kit_uri_new();
    int rc;

    /* Before p11-kit sees it, which would keep a copy. */
    if (has_pin_value(text)) {
        *problem = "a PIN, or the place of one, does not belong into a URI";
        return NULL;
    }
    rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    *problem = rc == P11_KIT_URI_OK ? uri_problem(uri) : p11_kit_uri_message(rc);
    return *problem ? NULL : g_steal_pointer(&uri);
}

/* Into a field of a token's description, which is padded with spaces. What a
 * URI put there must be the same. */
static gboolean
read_field(const KeymgrConfig *config, const char *key, CK_UTF8CHAR *field, gsize size, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    g_autofree CK_UTF8CHAR *padded = g_malloc(size);

    if (!text)
        return TRUE;
    if (strlen(text) > size)
        return keymgr_config_fail(config, key, "longer than a token's, which has at most %zu bytes", error,
                                  size);
    memset(padded, ' ', size);
    memcpy(padded, text, strlen(text));
    if (field[0] && memcmp(field, padded, size) != 0)
        return keymgr_config_fail(config, key, "is another one than token_uri names", error);
    memcpy(field, padded, size);
    return TRUE;
}

static gboolean
names_a_token(const CK_TOKEN_INFO *info)
{
    return info->label[0] || info->manufacturerID[0] || info->model[0] || info->serialNumber[0];
}

static gboolean
read_uri(const KeymgrConfig *config, KeymgrPkcs11Token *token, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, "token_uri");
    const char *problem = NULL;
    CK_ULONG attributes = 0;
    CK_TOKEN_INFO *info;

    token->uri = text ? keymgr_pkcs11_uri_parse(text, &problem) : p11_kit_uri_new();
    if (problem)
        return keymgr_config_fail(config, "token_uri", "%s", error, problem);
    p11_kit_uri_get_attributes(token->uri, &attributes);
    if (attributes > 0)
        return keymgr_config_fail(config, "token_uri", "names an object, where a token is wanted", error);
    info = p11_kit_uri_get_token_info(token->uri);
    if (!read_field(config, "token_label", info->label, sizeof(info->label), error) ||
        !read_field(config, "token_serial_number", info->serialNumber, sizeof(info->serialNumber), error))
        return FALSE;
    if (!names_a_token(info))
        return keymgr_config_fail(config, "token_label", "is needed, or token_serial_number or token_uri",
                                  error);
    return TRUE;
}

static gboolean
read_pin(const KeymgrConfig *config, KeymgrPkcs11Token *token, GError **error)
{
    if (!keymgr_config_secret(config, "pin", &token->pin, error))
        return FALSE;
    if (token->pin && keymgr_secret_size(token->pin) > KEYMGR_PKCS11_MAX_PIN)
        return keymgr_config_fail(config, "pin", "longer than %d bytes", error, KEYMGR_PKCS11_MAX_PIN);
    return TRUE;
}

KeymgrPkcs11Token *
keymgr_pkcs11_token_new(const KeymgrConfig *config, GError **error)
{
    g_autoptr(KeymgrPkcs11Token) token = g_new0(KeymgrPkcs11Token, 1);
    char *shown = NULL;

    g_mutex_init(&token->lock);
    token->process = getpid();
    if (!read_uri(config, token, error) || !read_pin(config, token, error) ||
        !keymgr_config_path(config, "library_path", &token->library_path, error))
        return NULL;
    p11_kit_uri_format(token->uri, P11_KIT_URI_FOR_TOKEN, &shown);
    token->description = g_strdup_printf("PKCS#11 token %s", shown ? shown : "");
    free(shown);
    return g_steal_pointer(&token);
}

void
keymgr_pkcs11_token_free(KeymgrPkcs11Token *token)
{
    if (!token)
        return;
    if (token->process != getpid()) {
        /* The modules belong to the parent. */
    } else if (token->modules && token->library_path) {
        p11_kit_module_finalize(token->modules[0]);
        p11_kit_module_release(token->modules[0]);
        g_free(token->modules);
    } else if (token->modules) {
        p11_kit_modules_finalize_and_release(token->modules);
    }
    if (token->uri)
        p11_kit_uri_free(token->uri);
    keymgr_secret_unref(token->pin);
    g_free(token->library_path);
    g_free(token->description);
    g_mutex_clear(&token->lock);
    g_free(token);
}

const char *
keymgr_pkcs11_token_describe(const KeymgrPkcs11Token *token)
{
    return token->description;
}

gboolean
keymgr_pkcs11_token_has_pin(const KeymgrPkcs11Token *token)
{
    return token->pin != NULL;
}

/* --- modules -------------------------------------------------------------- */

static gboolean
load_one(KeymgrPkcs11Token *token, GError **error)
{
    CK_FUNCTION_LIST *module = p11_kit_module_load(token->library_path, 0);
    CK_RV rv;

    if (!module) {
        const char *reason = p11_kit_message();

        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, "%s: the module %s cannot be loaded: %s",
                    token->description, token->library_path, reason ? reason : "it is none");
        return FALSE;
    }
    rv = p11_kit_module_initialize(module);
    if (rv != CKR_OK) {
        p11_kit_module_release(module);
        return keymgr_pkcs11_fail(token, token->library_path, rv, error);
    }
    token->modules = g_new0(CK_FUNCTION_LIST *, 2);
    token->modules[0] = module;
    return TRUE;
}

static void
release_module(void *module)
{
    p11_kit_module_release(module);
}

static gboolean
load_all(KeymgrPkcs11Token *token, GError **error)
{
    CK_FUNCTION_LIST **modules = p11_kit_modules_load(NULL, 0);
    CK_RV rv;

    if (!modules) {
        const char *reason = p11_kit_message();

        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, "%s: p11-kit's modules cannot be loaded: %s",
                    token->description, reason ? reason : "unknown error");
        return FALSE;
    }
    /* Those that fail are released and left out, unless they are critical. */
    rv = p11_kit_modules_initialize(modules, release_module);
    if (rv != CKR_OK) {
        p11_kit_modules_finalize_and_release(modules);
        return keymgr_pkcs11_fail(token, "p11-kit's modules", rv, error);
    }
    token->modules = modules;
    return TRUE;
}

/* Once; a failure is tried again by the next call. */
static gboolean
load(KeymgrPkcs11Token *token, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&token->lock);

    if (token->modules)
        return TRUE;
    return token->library_path ? load_one(token, error) : load_all(token, error);
}

/* --- the token ------------------------------------------------------------ */

typedef struct {
    KeymgrPkcs11Session *session;
    guint found;
    guint others;
    GString *labels; /* of others, for a message */
    CK_RV trouble;   /* what a module that lists no slots returned */
} Search;

static gboolean
fits(const KeymgrPkcs11Token *token, CK_FUNCTION_LIST *module, CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_SLOT_INFO slot_info;
    CK_INFO library;

    return p11_kit_uri_match_token_info(token->uri, info) && module->C_GetInfo(&library) == CKR_OK &&
           p11_kit_uri_match_module_info(token->uri, &library) &&
           module->C_GetSlotInfo(slot, &slot_info) == CKR_OK &&
           p11_kit_uri_match_slot_info(token->uri, &slot_info);
}

static void
look_at_slot(const KeymgrPkcs11Token *token, CK_FUNCTION_LIST *module, CK_SLOT_ID slot, Search *search)
{
    CK_TOKEN_INFO info;

    if (module->C_GetTokenInfo(slot, &info) != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
        return;
    if (fits(token, module, slot, &info)) {
        search->found++;
        search->session->module = module;
        search->session->slot = slot;
        search->session->info = info;
    } else if (search->others++ < MAX_LISTED) {
        g_autofree char *label = keymgr_pkcs11_text(info.label, sizeof(info.label));

        g_string_append_printf(search->labels, "%s'%s'", search->labels->len > 0 ? ", " : "", label);
    }
}

static void
look_at_module(const KeymgrPkcs11Token *token, CK_FUNCTION_LIST *module, Search *search)
{
    CK_SLOT_ID slots[KEYMGR_PKCS11_MAX_SLOTS];
    CK_ULONG count = G_N_ELEMENTS(slots);
    CK_ULONG i;
    /* A module with more slots refuses the whole list (CKR_BUFFER_TOO_SMALL),
     * and its tokens are not there for us. */
    CK_RV rv = module->C_GetSlotList(CK_TRUE, slots, &count);

    if (rv != CKR_OK) {
        search->trouble = rv;
        return;
    }
    for (i = 0; i < MIN(count, G_N_ELEMENTS(slots)); i++)
        look_at_slot(token, module, slots[i], search);
}

/* The one token that fits, into the session. */
static gboolean
find_token(KeymgrPkcs11Token *token, KeymgrPkcs11Session *session, GError **error)
{
    g_autoptr(GString) labels = g_string_new(NULL);
    Search search = { session, 0, 0, labels, CKR_OK };
    CK_FUNCTION_LIST **module;

    for (module = token->modules; *module; module++)
        look_at_module(token, *module, &search);
    if (search.found == 1)
        return TRUE;
    if (search.found > 1)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG,
                    "%s: %u tokens fit; token_serial_number or token_uri can tell them apart",
                    token->description, search.found);
    else
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE,
                    "%s: there is no such token (%u others: %s)%s%s",
                    token->description, search.others, labels->len > 0 ? labels->str : "none",
                    search.trouble ? "; a module says: " : "",
                    search.trouble ? p11_kit_strerror(search.trouble) : "");
    return FALSE;
}

/* --- login ---------------------------------------------------------------- */

/* NULL when there are too many. */
static KeymgrPkcs11State *
token_state(const CK_TOKEN_INFO *info)
{
    static GMutex lock;
    static GHashTable *states;
    /* The four names are the first fields, and stand side by side. */
    g_autoptr(GBytes) id = g_bytes_new(info, G_STRUCT_OFFSET(CK_TOKEN_INFO, flags));
    KeymgrPkcs11State *state;

    g_mutex_lock(&lock);
    if (!states)
        states = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    state = g_hash_table_lookup(states, id);
    if (!state && g_hash_table_size(states) < KEYMGR_PKCS11_MAX_TOKENS) {
        state = g_new0(KeymgrPkcs11State, 1);
        g_mutex_init(&state->lock);
        state->refused = g_ptr_array_new();
        g_hash_table_insert(states, g_steal_pointer(&id), state);
    }
    g_mutex_unlock(&lock);
    return state;
}

static gboolean
was_refused(const KeymgrPkcs11State *state, const KeymgrSecret *pin)
{
    guint i;

    for (i = 0; i < state->refused->len; i++) {
        if (keymgr_secret_equal(g_ptr_array_index(state->refused, i), pin))
            return TRUE;
    }
    return state->refused->len >= KEYMGR_PKCS11_MAX_REFUSED;
}

static gboolean
refuse(const KeymgrPkcs11Token *token, const char *reason, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_AUTH, "%s: %s", token->description, reason);
    return FALSE;
}

/* The login belongs to the process and not to the session: somebody else may
 * have made it. */
static gboolean
is_logged_in(const KeymgrPkcs11Session *session)
{
    CK_SESSION_INFO info;

    return session->module->C_GetSessionInfo(session->handle, &info) == CKR_OK &&
           (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

static gboolean
show_pin(const KeymgrPkcs11Session *session, GError **error)
{
    const KeymgrPkcs11Token *token = session->token;
    CK_RV rv = session->module->C_Login(session->handle, CKU_USER,
                                        (CK_UTF8CHAR_PTR)keymgr_secret_data(token->pin),
                                        keymgr_secret_size(token->pin));

    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return TRUE;
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE)
        g_ptr_array_add(session->state->refused, keymgr_secret_ref(token->pin));
    return keymgr_pkcs11_fail(token, "login", rv, error);
}

static gboolean
login(KeymgrPkcs11Session *session, GError **error)
{
    const KeymgrPkcs11Token *token = session->token;
    CK_RV rv;

    if (is_logged_in(session))
        return TRUE;
    if (was_refused(session->state, token->pin))
        return refuse(token, "the PIN was refused before and is not tried again by this process", error);
    rv = session->module->C_GetTokenInfo(session->slot, &session->info);
    if (rv != CKR_OK)
        return keymgr_pkcs11_fail(token, "the token's state", rv, error);
    if (session->info.flags & CKF_USER_PIN_LOCKED)
        return refuse(token, "the token has locked its PIN", error);
    if (session->info.flags & CKF_USER_PIN_FINAL_TRY)
        return refuse(token, "one wrong PIN more would lock the token: the last try is left to its owner",
                      error);
    return show_pin(session, error);
}

/* One session at a time: a token works at one thing anyway, no wrong PIN is
 * tried twice, and not every module stands threads that come and go (SoftHSM
 * 2.6 closes a session that was opened while the last other one closed). */
static gboolean
take_token(KeymgrPkcs11Session *session, GError **error)
{
    session->state = token_state(&session->info);
    if (!session->state) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, "%s: this process uses %d tokens already",
                    session->token->description, KEYMGR_PKCS11_MAX_TOKENS);
        return FALSE;
    }
    g_mutex_lock(&session->state->lock);
    return TRUE;
}

gboolean
keymgr_pkcs11_session_open(KeymgrPkcs11Token *token, gboolean writable, GCancellable *left,
                           KeymgrPkcs11Session *session, GError **error)
{
    CK_RV rv;

    session->token = token;
    /* Its PIN is all zeroes there, and would count as a wrong one. */
    if (token->process != getpid()) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE,
                    "%s: it was opened before this process was forked, and is its parent's",
                    token->description);
        return FALSE;
    }
    if (!load(token, error) || !find_token(token, session, error) || !take_token(session, error) ||
        g_cancellable_set_error_if_cancelled(left, error))
        return FALSE;
    rv = session->module->C_OpenSession(session->slot,
                                        CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0), NULL, NULL,
                                        &session->handle);
    session->open = rv == CKR_OK;
    if (!session->open)
        return keymgr_pkcs11_fail(token, "opening a session", rv, error);
    session->logged_in = token->pin && login(session, error);
    return session->logged_in || !token->pin;
}

void
keymgr_pkcs11_session_close(KeymgrPkcs11Session *session)
{
    /* No C_Logout: it would log out all sessions of the process. */
    if (session->open)
        session->module->C_CloseSession(session->handle);
    if (session->state)
        g_mutex_unlock(&session->state->lock);
    session->open = FALSE;
    session->state = NULL;
}
