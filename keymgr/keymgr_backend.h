/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a store has to offer. A backend is one file with one such table, and
 * one row in keymgr.c. Every function may be called by many threads at once.
 */
#pragma once

#include "keymgr/keymgr.h"
#include "keymgr/keymgr_config.h"
#include "keymgr/keymgr_definition.h"
#include "keymgr/keymgr_libvirt.h"

/* The most secrets that one call fetches, containers counted out. */
#define KEYMGR_MAX_REFERENCES 256
/* The most secrets that a list returns. */
#define KEYMGR_LIST_MAX 10000

typedef struct {
    const char *name;  /* of [keymgr] backend= */
    const char *group; /* where its options are */
    /* Options of its group; several lists, each ends with a NULL name. */
    const KeymgrConfigKey *const *keys;
    /* Further groups, such as that of a service user, with the keys of the
     * lists in extra_keys; NULL-terminated; or NULL: none. */
    const char *const *extra_groups;
    const KeymgrConfigKey *const *extra_keys;

    /* No network traffic. NULL on failure. */
    gpointer (*open)(const KeymgrConfig *config, GError **error);
    void (*close)(gpointer store);
    /* "barbican at https://...": as long as the store lives. */
    const char *(*describe_store)(gpointer store);

    /* As the functions of keymgr.h; NULL: KEYMGR_ERROR_UNSUPPORTED. */
    GPtrArray *(*fetch)(gpointer store, const char *const *references, GCancellable *cancellable,
                        GError **error);
    KeymgrInfo *(*describe)(gpointer store, const char *reference, GCancellable *cancellable,
                            GError **error);
    /* options and total are there. A store that can only list everything
     * ends with keymgr_list_cut(). */
    GPtrArray *(*list)(gpointer store, const KeymgrListOptions *options, guint *total,
                       GCancellable *cancellable, GError **error);
    char *(*store)(gpointer store, const KeymgrNewSecret *description, KeymgrSecret *value,
                   GCancellable *cancellable, GError **error);
    gboolean (*set_payload)(gpointer store, const char *reference, KeymgrSecret *value,
                            GCancellable *cancellable, GError **error);
    gboolean (*remove)(gpointer store, const char *reference, GCancellable *cancellable, GError **error);
    KeymgrAcl *(*get_acl)(gpointer store, const char *reference, GCancellable *cancellable, GError **error);
    gboolean (*add_consumer)(gpointer store, const char *const *references, const KeymgrConsumer *consumer,
                             GCancellable *cancellable, GError **error);
    gboolean (*remove_consumer)(gpointer store, const char *const *references,
                                const KeymgrConsumer *consumer, GCancellable *cancellable, GError **error);
    GPtrArray *(*list_consumers)(gpointer store, const char *reference, GCancellable *cancellable,
                                 GError **error);
    gboolean (*wants_consumers)(gpointer store);
    /* Returns the summary, and may fill in the rest of reached, which is empty. */
    char *(*check)(gpointer store, KeymgrReached *reached, GCancellable *cancellable, GError **error);

    GPtrArray *(*get_metadata)(gpointer store, const char *const *references, GCancellable *cancellable,
                               GError **error);
    gboolean (*set_metadata)(gpointer store, const char *reference, GHashTable *metadata,
                             GCancellable *cancellable, GError **error);
    /* For a store that knows of itself what libvirt says of secrets; NULL:
     * names and metadata hold it. */
    const KeymgrDefinitionOps *definitions;

    void (*set_libvirt_hooks)(gpointer store, const KeymgrLibvirtHooks *hooks, gpointer opaque,
                              GDestroyNotify destroy);
} KeymgrBackend;

/* As keymgr_new(); of config, group is left aside. */
Keymgr *keymgr_new_with(const KeymgrConfig *config, GError **error);

/* The row of a key manager, and what its functions take. */
const KeymgrBackend *keymgr_get_backend(Keymgr *keymgr, gpointer *store);

/* Leaves of a whole list what offset and limit ask for; returns it. *total:
 * how many it had. */
GPtrArray *keymgr_list_cut(GPtrArray *infos, const KeymgrListOptions *options, guint *total);

extern const KeymgrBackend keymgr_backend_barbican;
extern const KeymgrBackend keymgr_backend_libvirt;
extern const KeymgrBackend keymgr_backend_pkcs11;
