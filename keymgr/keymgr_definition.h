/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets as libvirt defines them: what one is used for, and who may see its
 * value. libvirt's stores know this of themselves. A store that does not, such
 * as Barbican, keeps it like this:
 *
 *   usage         in the secret's name: "libvirt:TYPE:ID", so that one request
 *                 finds a secret by its usage
 *   private       user metadata libvirt_private: yes
 *   description   user metadata libvirt_description
 *
 * A secret whose name is another one has no usage; that name is its
 * description as long as nobody gives it one.
 */
#pragma once

#include "keymgr/keymgr.h"

/* Of names and of metadata values, in characters: Barbican's columns. */
#define KEYMGR_DEFINITION_MAX_TEXT 255
/* The words of libvirt's virSecretUsageType, by its numbers; NULL beyond the
 * last. */
const char *keymgr_usage_type_name(int type);
/* -1: there is none with this name. */
int keymgr_usage_type_number(const char *name);

typedef struct {
    char *id;            /* NULL, of one that is not stored yet: the store chooses */
    int usage_type;      /* of virSecretUsageType; 0: none */
    char *usage_id;      /* NULL: none */
    char *description;   /* or NULL */
    gboolean is_private; /* not to be given to users, only to what runs their domains */
    gboolean is_ephemeral;
    gboolean in_process; /* kept by the caller of the key manager, in no store */
} KeymgrDefinition;

KeymgrDefinition *keymgr_definition_copy(const KeymgrDefinition *definition);
void keymgr_definition_free(KeymgrDefinition *definition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrDefinition, keymgr_definition_free)
/* An empty array of them, with a free function. */
GPtrArray *keymgr_definitions_new(void);

/* How a store that knows definitions of itself works with them; a row of its
 * backend's table. As the functions below. */
typedef struct {
    KeymgrDefinition *(*inspect)(gpointer store, const char *reference, gboolean whole,
                                 GCancellable *cancellable, GError **error);
    GPtrArray *(*list)(gpointer store, gboolean whole, GCancellable *cancellable, GError **error);
    char *(*define)(gpointer store, const KeymgrDefinition *definition, GCancellable *cancellable,
                    GError **error);
    KeymgrSecret *(*get_value)(gpointer store, const char *reference, GCancellable *cancellable,
                               GError **error);
} KeymgrDefinitionOps;

/* One secret's definition; caller frees.
 * whole: FALSE leaves description and is_private out, which may cost a request
 * more.
 * Errors: KEYMGR_ERROR_NOT_FOUND ... */
KeymgrDefinition *keymgr_inspect(Keymgr *keymgr, const char *reference, gboolean whole,
                                 GCancellable *cancellable, GError **error);

/* All definitions, or those of one usage, in the store's order: array of
 * KeymgrDefinition with a free function.
 * usage_id: NULL: all. */
GPtrArray *keymgr_list_definitions(Keymgr *keymgr, int usage_type, const char *usage_id, gboolean whole,
                                   GCancellable *cancellable, GError **error);

/* Stores a new secret without a value, or changes what is said of one.
 * old: what keymgr_inspect() said of the secret with definition->id, whole;
 * NULL: it is new.
 * Returns its id; caller frees.
 * KEYMGR_ERROR_UNSUPPORTED: a new secret has an id that the store cannot give
 * it; or the store has no place for a part of the definition. */
char *keymgr_define(Keymgr *keymgr, const KeymgrDefinition *definition, const KeymgrDefinition *old,
                    GCancellable *cancellable, GError **error);

/* The value of one secret, whatever its usage; keymgr_fetch() is for a domain's
 * keys, and looks at that. Caller unrefs. */
KeymgrSecret *keymgr_get_value(Keymgr *keymgr, const char *reference, GCancellable *cancellable,
                               GError **error);

/* "libvirt:TYPE:ID"; NULL without a usage. Caller frees. */
char *keymgr_definition_name(const KeymgrDefinition *definition);
/* Reads usage or description from the name of a stored secret. */
void keymgr_definition_set_name(KeymgrDefinition *definition, const char *name);
/* Reads what metadata says; what it does not say stays. */
void keymgr_definition_set_metadata(KeymgrDefinition *definition, GHashTable *metadata);
/* Writes it there; other keys stay. */
void keymgr_definition_to_metadata(const KeymgrDefinition *definition, GHashTable *metadata);
