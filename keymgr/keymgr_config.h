/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed reading of configuration groups. Values are taken as oslo.config
 * takes them: no backslash escapes, quotes around the whole value removed,
 * booleans as true/false, yes/no, on/off, 1/0. An empty value counts as absent.
 * All errors are KEYMGR_ERROR_CONFIG and name group and key, never a value
 * that is secret.
 */
#pragma once

#include "keymgr/keymgr_config_file.h"

/* The longest password, token or path in a file, in bytes. */
#define KEYMGR_CONFIG_MAX_SECRET 16384

typedef struct {
    const char *name;
    gboolean secret; /* its value must not be readable by others */
} KeymgrConfigKey;

/* Where the options of one backend are read. */
typedef struct {
    GKeyFile *file;
    const char *group;
    const char *directory; /* base of relative file names; NULL: the current one */
    const KeymgrConfigFile *secrets; /* what file does not have; or NULL */
} KeymgrConfig;

gboolean keymgr_config_fail(const KeymgrConfig *config, const char *key, const char *format,
                            GError **error, ...) G_GNUC_PRINTF(3, 5);

/* NULL where absent. Caller frees. */
char *keymgr_config_string(const KeymgrConfig *config, const char *key);
/* The first of several spellings that is present; NULL-terminated list. */
char *keymgr_config_string_any(const KeymgrConfig *config, const char *const *keys);

gboolean keymgr_config_boolean(const KeymgrConfig *config, const char *key, gboolean fallback,
                               gboolean *value, GError **error);
gboolean keymgr_config_uint(const KeymgrConfig *config, const char *key, guint min, guint max,
                            guint fallback, guint *value, GError **error);
/* Seconds, with a fraction if wanted, as milliseconds. */
gboolean keymgr_config_seconds(const KeymgrConfig *config, const char *key, guint max_seconds,
                               guint fallback_ms, guint *value_ms, GError **error);
/* An http or https URL without credentials, query or fragment; its trailing
 * slashes are removed. *url: NULL where absent. */
gboolean keymgr_config_url(const KeymgrConfig *config, const char *key, char **url, GError **error);
/* A file or folder that can be read. *path: NULL where absent. */
gboolean keymgr_config_path(const KeymgrConfig *config, const char *key, char **path, GError **error);
/* From key, or from the file that key_file names (without its last line end;
 * a file that others may read is refused). *secret: NULL where absent. */
gboolean keymgr_config_secret(const KeymgrConfig *config, const char *key, KeymgrSecret **secret,
                              GError **error);

/* Whether text is such a URL; for URLs from servers too. */
gboolean keymgr_url_is_plain(const char *text);
