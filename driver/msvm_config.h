/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration file msvm.conf: an INI file. Of a connection in embedded
 * mode ROOT/etc/msvm.conf if it exists, else the one of the system. No file
 * at all means defaults.
 *
 *   [driver]       default_host
 *   [host NAME]    url, auth, cacert, no_verify, connect_timeout,
 *                  operation_timeout, job_timeout, provisioning_directory,
 *                  provisioning_timeout
 *   [keymgr] ...   of the key manager (keymgr/keymgr.h)
 *
 * A key that nothing understands is a warning with its line. A file with a
 * password in it that others can read is refused. What a line holds is never
 * shown: it may be a password.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "keymgr/keymgr_config_file.h"

#define MSVM_CONFIG_MAX_TIMEOUT 86400 /* seconds */
#define MSVM_CONFIG_MAX_FOLDER 200    /* Windows' paths have 260 at most, and a file name comes behind */

typedef struct MsvmConfig MsvmConfig;

/* The file for a root (NULL: not in embedded mode). NULL with an error
 * reported. Warnings go to the log. */
MsvmConfig *msvmConfigLoad(const char *root);

/* A given file, which may be absent. warnings: array of char * to append to. */
MsvmConfig *msvmConfigLoadFile(const char *path, GPtrArray *warnings);

void msvmConfigFree(MsvmConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmConfig, msvmConfigFree)

const char *msvmConfigPath(const MsvmConfig *config);
/* For keymgr_config_file_open(). Never NULL. */
KeymgrConfigFile *msvmConfigKeymgrFile(const MsvmConfig *config);

/* NULL when there is none. Caller frees. */
char *msvmConfigDefaultHost(const MsvmConfig *config);

/* The section of one host; all zero when it has none. Times in seconds, 0
 * where not given. */
typedef struct {
    char *url;
    char *auth;
    char *cacert;     /* absolute */
    bool no_verify;
    unsigned int connect_timeout;
    unsigned int operation_timeout;
    unsigned int job_timeout;
    char *provisioning_directory; /* on the host; or NULL */
    unsigned int provisioning_timeout;
} MsvmConfigHost;

void msvmConfigHostFree(MsvmConfigHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmConfigHost, msvmConfigHostFree)

/* NULL with an error reported for a value that is none. */
MsvmConfigHost *msvmConfigGetHost(const MsvmConfig *config, const char *name);
