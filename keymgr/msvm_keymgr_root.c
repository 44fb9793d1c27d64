/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_root.h"

#include <string.h>

#include "keymgr/keymgr_error.h"

char *
msvm_keymgr_config_path(const char *root)
{
    g_autofree char *path = root ? g_build_filename(root, "etc", "msvm.conf", NULL) : NULL;

    if (path && g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&path);
    return g_strdup(KEYMGR_SYSCONFDIR "/libvirt/msvm.conf");
}

/* NULL when it is absent or empty. */
static char *
value_of(GKeyFile *config, const char *group, const char *key)
{
    g_autofree char *value = g_key_file_get_value(config, group, key, NULL);

    return value && *g_strstrip(value) ? g_steal_pointer(&value) : NULL;
}

static gboolean
use_root(GKeyFile *config, const char *root, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(root, NULL);
    g_autofree char *escaped = g_uri_escape_string(whole, "/", FALSE);
    g_autofree char *uri = g_strconcat("secret:///embed?root=", escaped, NULL);

    /* libvirt would make one. */
    if (!g_file_test(whole, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, "--root: there is no folder %s", whole);
        return FALSE;
    }
    g_key_file_set_value(config, "libvirt", "uri", uri);
    return TRUE;
}

gboolean
msvm_keymgr_settle(GKeyFile *config, const char *path, const char *root, GError **error)
{
    g_autofree char *backend = value_of(config, "keymgr", "backend");
    g_autofree char *uri = value_of(config, "libvirt", "uri");

    if (!backend)
        g_key_file_set_value(config, "keymgr", "backend", "libvirt");
    if ((backend && strcmp(backend, "libvirt") != 0) || uri)
        return TRUE;
    if (root)
        return use_root(config, root, error);
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG,
                "%s: it names no store%s, and a connection takes the secrets of its own root then. Give --root DIR, "
                "as in msvm:///embed?root=DIR; or [libvirt] uri = secret:///system, for those of the system",
                path, backend ? " ([keymgr] backend = libvirt without [libvirt] uri)" : " ([keymgr] backend)");
    return FALSE;
}
