/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key-manager shim: fetches secrets by reference from the configured
 * store. One object serves many threads at once.
 *
 * A backend is one file and one row in keymgr.c.
 */
#pragma once

#include <gio/gio.h>

/* Beside this file, in the tree and where they are installed. */
#include "keymgr_error.h"
#include "keymgr_secret.h"

G_BEGIN_DECLS
#pragma GCC visibility push(default) /* all else stays inside the library */

typedef struct Keymgr Keymgr;

/* Makes libcurl and GnuTLS wipe what they free, also where libcurl was initialised
 * before. A program in which other threads use libcurl calls this before they
 * do. keymgr_new() does it too. */
void keymgr_global_init(void);

/* What a store says of a secret, without its bytes. */
typedef struct {
    char *id;          /* as references name it: the UUID */
    char *name;        /* or NULL */
    char *type;        /* opaque, symmetric, passphrase, ...; or NULL */
    char *status;      /* ACTIVE ...; or NULL */
    char *created;     /* ISO 8601, UTC; or NULL */
    char *updated;     /* ISO 8601, UTC; or NULL */
    char *expiration;  /* ISO 8601, UTC; or NULL: never */
    char *algorithm;   /* or NULL */
    guint bit_length;  /* 0: not said */
    char *mode;        /* cbc ...; or NULL */
    char *creator;     /* the id of the user who stored it; or NULL */
    char *content_type;/* of the payload; or NULL */
    gboolean has_payload;
} KeymgrInfo;

void keymgr_info_free(KeymgrInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrInfo, keymgr_info_free)

/* Makes a key manager from the groups [keymgr] and, for its backend,
 * [barbican], [libvirt] or [pkcs11] of a configuration file. No network traffic
 * yet. What is secret in the file goes from there into locked memory and
 * nowhere else.
 * Errors: KEYMGR_ERROR_CONFIG, which names the file and the line, or group and
 * key; also for a file that has a secret in it and is open to others. */
Keymgr *keymgr_open(const char *path, GError **error);
/* The same from a configuration that was read, or made, by the caller. GLib
 * wipes nothing: a secret in it belongs into a file, named by the key with
 * _file behind it.
 * config: borrowed for the call.
 * directory: base of relative file names in it. */
Keymgr *keymgr_new(GKeyFile *config, const char *directory, GError **error);
Keymgr *keymgr_ref(Keymgr *keymgr);
void keymgr_unref(Keymgr *keymgr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keymgr, keymgr_unref)

/* The backend's name and where it looks, for messages: "barbican at https://..." */
const char *keymgr_describe_store(Keymgr *keymgr);

/* The groups and keys that keymgr_new() understands, for a reader that warns
 * of unknown ones. NULL-terminated; NULL for a group that is not ours. */
const char *const *keymgr_config_keys(const char *group);
/* Whether a key's value is a secret (password ...), so that the file must not
 * be readable by others. */
gboolean keymgr_config_key_is_secret(const char *group, const char *key);

/*
 * Fetches all secrets, or none.
 * references: NULL-terminated; UUIDs in any case, or hrefs whose last part
 * counts.
 * Returns an array of KeymgrSecret in the order of the references, with a
 * free function; caller unrefs. The first failure cancels the rest, and its
 * message names the reference. Bounded in time by the configuration.
 */
GPtrArray *keymgr_fetch(Keymgr *keymgr, const char *const *references, GCancellable *cancellable,
                        GError **error);

/* One secret's description. */
KeymgrInfo *keymgr_describe(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error);

/* Which secrets a list is to have. */
typedef struct {
    const char *name; /* only those with exactly this name; NULL: any */
    guint offset;     /* so many are left out at the front */
    guint limit;      /* so many at most; 0: all that follow */
} KeymgrListOptions;

/* What the credentials may see, in the store's order.
 * options: NULL: everything.
 * total: how many there are without offset and limit; may be NULL.
 * Array of KeymgrInfo with a free function; empty past the end. */
GPtrArray *keymgr_list(Keymgr *keymgr, const KeymgrListOptions *options, guint *total,
                       GCancellable *cancellable, GError **error);

/* A secret to be stored; NULL and 0: not said. */
typedef struct {
    const char *name;
    const char *type;       /* Barbican: opaque (when not said), symmetric, passphrase, ...;
                             * libvirt: a usage type, vtpm when not said */
    const char *algorithm;
    guint bit_length;
    const char *mode;
    const char *expiration; /* ISO 8601, UTC */
} KeymgrNewSecret;

/* Stores a secret. Returns its id, which the store chose; caller frees. What
 * was begun is taken back when the whole fails.
 * value: NULL: the description alone; keymgr_set_payload() may follow. */
char *keymgr_store(Keymgr *keymgr, const KeymgrNewSecret *description, KeymgrSecret *value,
                   GCancellable *cancellable, GError **error);

/* Gives a secret its value. Barbican takes one for a secret that has none
 * (KEYMGR_ERROR_EXISTS otherwise); libvirt replaces what is there. */
gboolean keymgr_set_payload(Keymgr *keymgr, const char *reference, KeymgrSecret *value,
                            GCancellable *cancellable, GError **error);

/* Deletes a secret for good. Nothing but an explicit wish of a user should
 * lead here. */
gboolean keymgr_delete(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error);

/* Who may read a secret or container beside those whom the store's roles let. */
typedef struct {
    gboolean project_access; /* FALSE: of its project, its creator alone */
    char **users;            /* ids of further users; NULL-terminated */
    char *created;           /* ISO 8601, UTC; NULL: nobody ever set an ACL */
    char *updated;
} KeymgrAcl;

void keymgr_acl_free(KeymgrAcl *acl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrAcl, keymgr_acl_free)

/* reference: a secret, or a container by its URL. */
KeymgrAcl *keymgr_get_acl(Keymgr *keymgr, const char *reference, GCancellable *cancellable, GError **error);

/* Who says that he needs a secret. It is a note for people: it neither gives
 * access nor stops a deletion. */
typedef struct {
    char *service;       /* "libvirt-msvm" */
    char *resource_type; /* "domain"; NULL for containers, which know none */
    char *resource_id;   /* a UUID; for containers a URL */
} KeymgrConsumer;

void keymgr_consumer_free(KeymgrConsumer *consumer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrConsumer, keymgr_consumer_free)

/* Registers a consumer with all of the secrets (or containers), or with none.
 * One that is registered already stays as it is.
 * references: NULL-terminated.
 * KEYMGR_ERROR_UNSUPPORTED: this store, or this release of it, has none. */
gboolean keymgr_add_consumer(Keymgr *keymgr, const char *const *references, const KeymgrConsumer *consumer,
                             GCancellable *cancellable, GError **error);
/* Takes it away from each; goes on after a failure, and reports the first that
 * is not KEYMGR_ERROR_NOT_FOUND. That one alone: the consumer was not
 * registered, or the secret is gone. */
gboolean keymgr_remove_consumer(Keymgr *keymgr, const char *const *references,
                                const KeymgrConsumer *consumer, GCancellable *cancellable, GError **error);
/* Array of KeymgrConsumer with a free function. */
GPtrArray *keymgr_list_consumers(Keymgr *keymgr, const char *reference, GCancellable *cancellable,
                                 GError **error);

/* Whether the store keeps what users note of its secrets: keys of lower-case
 * letters, digits, - and _, with values, of up to 255 characters each. */
gboolean keymgr_has_metadata(Keymgr *keymgr);
/* Array of GHashTable (char * to char *), with a free function, in the order
 * of the references; NULL in place of a secret that does not exist. */
GPtrArray *keymgr_get_metadata(Keymgr *keymgr, const char *const *references, GCancellable *cancellable,
                               GError **error);
/* Replaces all of it. */
gboolean keymgr_set_metadata(Keymgr *keymgr, const char *reference, GHashTable *metadata,
                             GCancellable *cancellable, GError **error);

/* Whether the configuration asks for consumers to be registered. */
gboolean keymgr_wants_consumers(Keymgr *keymgr);

/* Whether the store is there and takes our credentials, without asking for a
 * secret. Returns a sentence on what was reached as whom; caller frees. */
char *keymgr_check(Keymgr *keymgr, GCancellable *cancellable, GError **error);

/* A user, or a project, in the words of the store's login; NULL: not said. */
typedef struct {
    char *id;
    char *name;
    char *domain; /* which the name is of: its name, or its id */
} KeymgrParty;

/* What a check has found; NULL: this store has none, or it was not said. */
typedef struct {
    char *summary;     /* the sentence of keymgr_check() */
    char *url;         /* where the store was reached */
    char *auth_url;    /* where its login was */
    char *api_version; /* the newest that it speaks */
    KeymgrParty user;
    KeymgrParty project;
} KeymgrReached;

void keymgr_reached_free(KeymgrReached *reached);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrReached, keymgr_reached_free)

/* keymgr_check() with its parts. */
KeymgrReached *keymgr_reach(Keymgr *keymgr, GCancellable *cancellable, GError **error);

#pragma GCC visibility pop
G_END_DECLS
