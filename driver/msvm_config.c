/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_config.h"

#include "keymgr/keymgr_config_file.h"

#include <unistd.h>

#include "internal.h"
#include "virerror.h"
#include "virlog.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.config");

struct MsvmConfig {
    KeymgrConfigFile *file;
};

static const char *const driver_keys[] = { "default_host", NULL };
static const char *const host_keys[] = { "url", "auth", "cacert", "no_verify", "connect_timeout",
                                         "operation_timeout", "job_timeout", "provisioning_directory",
                                         "provisioning_timeout", NULL };

void
msvmConfigFree(MsvmConfig *config)
{
    if (!config)
        return;
    keymgr_config_file_free(config->file);
    g_free(config);
}

static const char *const *
keys_of_group(const char *group)
{
    if (STREQ(group, "driver"))
        return driver_keys;
    if (STRPREFIX(group, "host ") && group[5])
        return host_keys;
    return keymgr_config_keys(group);
}

typedef struct {
    const char *path;
    GPtrArray *warnings;
} Visit;

static gboolean
visit(const char *group, const char *key, guint line, gpointer opaque)
{
    const Visit *to = opaque;
    const char *const *known = keys_of_group(group);

    if (!key && !known)
        g_ptr_array_add(to->warnings, g_strdup_printf(_("%s:%u: unknown group [%s]"), to->path, line, group));
    else if (key && known && !g_strv_contains(known, key))
        g_ptr_array_add(to->warnings, g_strdup_printf(_("%s:%u: unknown key '%s' in [%s]"), to->path, line, key,
                                                      group));
    return known && (!key || g_strv_contains(known, key));
}

static void
report(const GError *error)
{
    int code = error->domain == G_FILE_ERROR       ? VIR_ERR_SYSTEM_ERROR
               : error->domain == G_KEY_FILE_ERROR ? VIR_ERR_CONF_SYNTAX
                                                   : VIR_ERR_CONFIG_UNSUPPORTED;

    virReportError(code, "%s", error->message);
}

MsvmConfig *
msvmConfigLoadFile(const char *path, GPtrArray *warnings)
{
    g_autoptr(MsvmConfig) config = g_new0(MsvmConfig, 1);
    g_autoptr(GError) error = NULL;
    Visit to = { path, warnings };

    config->file = keymgr_config_file_read(path, visit, &to, &error);
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        config->file = keymgr_config_file_new(path);
    } else if (error) {
        report(error);
        return NULL;
    }
    return g_steal_pointer(&config);
}

MsvmConfig *
msvmConfigLoad(const char *root)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = root ? g_build_filename(root, "etc", "msvm.conf", NULL) : NULL;
    g_autoptr(MsvmConfig) config = NULL;
    size_t i;

    if (!path || access(path, F_OK) < 0) {
        g_free(path);
        path = g_strdup(MSVM_SYSCONFDIR "/libvirt/msvm.conf");
    }
    config = msvmConfigLoadFile(path, warnings);
    for (i = 0; i < warnings->len; i++)
        VIR_WARN("%s", (const char *)g_ptr_array_index(warnings, i));
    return g_steal_pointer(&config);
}

const char *
msvmConfigPath(const MsvmConfig *config)
{
    return keymgr_config_file_path(config->file);
}

KeymgrConfigFile *
msvmConfigKeymgrFile(const MsvmConfig *config)
{
    return config->file;
}

/* An empty value counts as absent. */
static char *
get_string(const MsvmConfig *config, const char *group, const char *key)
{
    g_autofree char *value = g_key_file_get_value(keymgr_config_file_keys(config->file), group, key, NULL);

    if (!value || !*g_strstrip(value))
        return NULL;
    return g_steal_pointer(&value);
}

char *
msvmConfigDefaultHost(const MsvmConfig *config)
{
    return get_string(config, "driver", "default_host");
}

void
msvmConfigHostFree(MsvmConfigHost *host)
{
    if (!host)
        return;
    g_free(host->url);
    g_free(host->auth);
    g_free(host->cacert);
    g_free(host->provisioning_directory);
    g_free(host);
}

static int
get_seconds(const MsvmConfig *config, const char *group, const char *key, unsigned int *seconds)
{
    g_autofree char *text = get_string(config, group, key);
    guint64 value;

    if (!text)
        return 0;
    if (!g_ascii_string_to_unsigned(text, 10, 1, MSVM_CONFIG_MAX_TIMEOUT, &value, NULL)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("%s: [%s] %s: '%s' is not a number of seconds from 1 to %d"),
                       msvmConfigPath(config), group, key, text, MSVM_CONFIG_MAX_TIMEOUT);
        return -1;
    }
    *seconds = value;
    return 0;
}

static int
get_boolean(const MsvmConfig *config, const char *group, const char *key, bool *value)
{
    static const char *const yes[] = { "1", "true", "yes", "on", NULL };
    static const char *const no[] = { "0", "false", "no", "off", NULL };
    g_autofree char *text = get_string(config, group, key);
    g_autofree char *lower = text ? g_ascii_strdown(text, -1) : NULL;

    if (!lower)
        return 0;
    *value = g_strv_contains(yes, lower);
    if (!*value && !g_strv_contains(no, lower)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("%s: [%s] %s: '%s' is neither true nor false"),
                       msvmConfigPath(config), group, key, text);
        return -1;
    }
    return 0;
}

/* A folder of the host's disk; without the backslash at its end. */
static int
get_folder(const MsvmConfig *config, const char *group, const char *key, char **folder)
{
    g_autofree char *text = get_string(config, group, key);
    size_t length;

    if (!text)
        return 0;
    length = strlen(text);
    if (length < 4 || length > MSVM_CONFIG_MAX_FOLDER || !g_ascii_isalpha(text[0]) || text[1] != ':' ||
        text[2] != '\\' || strpbrk(text + 2, ":*?\"<>|/")) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("%s: [%s] %s: '%s' is not a folder of the host, as C:\\Provisioning, of at most %d bytes"),
                       msvmConfigPath(config), group, key, text, MSVM_CONFIG_MAX_FOLDER);
        return -1;
    }
    if (text[length - 1] == '\\')
        text[length - 1] = '\0';
    *folder = g_steal_pointer(&text);
    return 0;
}

MsvmConfigHost *
msvmConfigGetHost(const MsvmConfig *config, const char *name)
{
    g_autoptr(MsvmConfigHost) host = g_new0(MsvmConfigHost, 1);
    g_autofree char *group = g_strdup_printf("host %s", name);
    g_autofree char *cacert = get_string(config, group, "cacert");

    host->url = get_string(config, group, "url");
    host->auth = get_string(config, group, "auth");
    if (cacert)
        host->cacert = g_canonicalize_filename(cacert, keymgr_config_file_directory(config->file));
    if (get_boolean(config, group, "no_verify", &host->no_verify) < 0 ||
        get_seconds(config, group, "connect_timeout", &host->connect_timeout) < 0 ||
        get_seconds(config, group, "operation_timeout", &host->operation_timeout) < 0 ||
        get_seconds(config, group, "job_timeout", &host->job_timeout) < 0 ||
        get_seconds(config, group, "provisioning_timeout", &host->provisioning_timeout) < 0 ||
        get_folder(config, group, "provisioning_directory", &host->provisioning_directory) < 0)
        return NULL;
    return g_steal_pointer(&host);
}
