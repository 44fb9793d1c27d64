/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configuration file, read so that no secret in it leaves locked memory.
 * GLib's parser copies what it is given, and wipes nothing. So it is given the
 * text without the values of secret keys, without those that nobody reads, as
 * a misspelt password is one, and without comments, which may hold an old one.
 */
#pragma once

#include "keymgr/keymgr.h"

/* The longest file, in bytes. */
#define KEYMGR_CONFIG_MAX_FILE (1024 * 1024)

typedef struct KeymgrConfigFile KeymgrConfigFile;

/* Called for each group (key is NULL) and each key. Whether anybody reads it. */
typedef gboolean (*KeymgrConfigVisit)(const char *group, const char *key, guint line, gpointer opaque);

/* A file with nothing in it. path: where it would be. */
KeymgrConfigFile *keymgr_config_file_new(const char *path);

/* visit: NULL: what keymgr_config_keys() has is read.
 * Errors, none of which shows what a line holds: G_FILE_ERROR;
 * G_KEY_FILE_ERROR_PARSE, with the line; KEYMGR_ERROR_CONFIG for what is no
 * regular file of at most KEYMGR_CONFIG_MAX_FILE bytes, or has a secret in it
 * and is open to others. */
KeymgrConfigFile *keymgr_config_file_read(const char *path, KeymgrConfigVisit visit, gpointer opaque,
                                          GError **error);
void keymgr_config_file_free(KeymgrConfigFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeymgrConfigFile, keymgr_config_file_free)

const char *keymgr_config_file_path(const KeymgrConfigFile *file);
/* Base of relative file names in it. */
const char *keymgr_config_file_directory(const KeymgrConfigFile *file);
/* All groups and keys, with the values that are not left out. Never NULL. */
GKeyFile *keymgr_config_file_keys(const KeymgrConfigFile *file);
/* The value of a secret key, without quotes around it; NULL where it is absent
 * or empty. Borrowed. */
KeymgrSecret *keymgr_config_file_secret(const KeymgrConfigFile *file, const char *group, const char *key);

/* As keymgr_new(). */
Keymgr *keymgr_config_file_open(const KeymgrConfigFile *file, GError **error);
