/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_config.h"

#include "keymgr/keymgr.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "virerror.h"
#include "virfile.h"
#include "virlog.h"
#include "virsecureerase.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.config");

struct MsvmConfig {
    char *path;
    char *directory;
    GKeyFile *file;
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
    g_free(config->path);
    g_free(config->directory);
    g_key_file_unref(config->file);
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
    unsigned int line;
    char *group;
    bool has_secret;
    GPtrArray *warnings;
} Scan;

static void
scan_group(Scan *scan, const char *text)
{
    g_free(scan->group);
    scan->group = g_strndup(text + 1, strlen(text) - 2);
    if (!keys_of_group(scan->group))
        g_ptr_array_add(scan->warnings, g_strdup_printf(_("%s:%u: unknown group [%s]"), scan->path,
                                                        scan->line, scan->group));
}

static void
scan_key(Scan *scan, const char *key)
{
    const char *const *known = scan->group ? keys_of_group(scan->group) : NULL;

    if (known && !g_strv_contains(known, key))
        g_ptr_array_add(scan->warnings, g_strdup_printf(_("%s:%u: unknown key '%s' in [%s]"), scan->path,
                                                        scan->line, key, scan->group));
    if (scan->group && keymgr_config_key_is_secret(scan->group, key))
        scan->has_secret = true;
}

static int
scan_line(Scan *scan, const char *begin, gsize size)
{
    g_autofree char *text = g_strndup(begin, size);
    char *equals;
    int ret = 0;

    g_strstrip(text);
    if (*text == '\0' || *text == '#')
        return 0;
    equals = strchr(text, '=');
    if (*text == '[' && g_str_has_suffix(text, "]")) {
        scan_group(scan, text);
    } else if (equals && equals != text && scan->group) {
        g_autofree char *key = g_strndup(text, equals - text);

        scan_key(scan, g_strstrip(key));
    } else {
        virReportError(VIR_ERR_CONF_SYNTAX,
                       _("%s:%u: neither a comment, a [group] nor 'key = value' inside a group"),
                       scan->path, scan->line);
        ret = -1;
    }
    virSecureEraseString(text);
    return ret;
}

static int
scan_text(Scan *scan, const char *text, gsize size)
{
    const char *end = text + size;

    while (text < end) {
        const char *newline = memchr(text, '\n', end - text);
        gsize length = newline ? newline - text : end - text;

        scan->line++;
        if (scan_line(scan, text, length) < 0)
            return -1;
        text += length + (newline ? 1 : 0);
    }
    return 0;
}

/* NULL with an error, or with *absent. The caller wipes it. */
static char *
read_text(const char *path, mode_t *mode, gsize *size, bool *absent)
{
    VIR_AUTOCLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *text = NULL;
    struct stat st;
    ssize_t got;

    *absent = fd < 0 && errno == ENOENT;
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (!*absent)
            virReportSystemError(errno, _("cannot open '%s'"), path);
        return NULL;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MSVM_CONFIG_MAX_SIZE) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("'%s' is not a regular file of at most %d bytes"), path,
                       MSVM_CONFIG_MAX_SIZE);
        return NULL;
    }
    text = g_new0(char, st.st_size + 1);
    got = saferead(fd, text, st.st_size);
    if (got < 0) {
        virReportSystemError(errno, _("cannot read '%s'"), path);
        return NULL;
    }
    *mode = st.st_mode;
    *size = got;
    return g_steal_pointer(&text);
}

static int
load_text(MsvmConfig *config, const char *text, gsize size, mode_t mode, GPtrArray *warnings)
{
    Scan scan = { config->path, 0, NULL, false, warnings };
    int rc = scan_text(&scan, text, size);

    g_free(scan.group);
    if (rc < 0)
        return -1;
    if (scan.has_secret && (mode & S_IRWXO)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       _("'%s' holds a password and is open to others (mode %04o): take their rights away, "
                         "or move the password to a file of its own"),
                       config->path, (unsigned int)mode & 07777);
        return -1;
    }
    /* GLib's message would quote the line. */
    if (size > 0 && !g_key_file_load_from_data(config->file, text, size, G_KEY_FILE_NONE, NULL)) {
        virReportError(VIR_ERR_CONF_SYNTAX, _("'%s' has a malformed group or key name"), config->path);
        return -1;
    }
    return 0;
}

MsvmConfig *
msvmConfigLoadFile(const char *path, GPtrArray *warnings)
{
    g_autoptr(MsvmConfig) config = g_new0(MsvmConfig, 1);
    g_autofree char *text = NULL;
    gsize size = 0;
    mode_t mode = 0;
    bool absent;
    int rc;

    config->path = g_strdup(path);
    config->directory = g_path_get_dirname(path);
    config->file = g_key_file_new();
    text = read_text(path, &mode, &size, &absent);
    if (!text)
        return absent ? g_steal_pointer(&config) : NULL;
    rc = load_text(config, text, size, mode, warnings);
    virSecureErase(text, size);
    return rc < 0 ? NULL : g_steal_pointer(&config);
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
    return config->path;
}

const char *
msvmConfigDirectory(const MsvmConfig *config)
{
    return config->directory;
}

GKeyFile *
msvmConfigKeyFile(const MsvmConfig *config)
{
    return config->file;
}

/* An empty value counts as absent. */
static char *
get_string(const MsvmConfig *config, const char *group, const char *key)
{
    g_autofree char *value = g_key_file_get_value(config->file, group, key, NULL);

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
                       config->path, group, key, text, MSVM_CONFIG_MAX_TIMEOUT);
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
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, _("%s: [%s] %s: '%s' is neither true nor false"), config->path,
                       group, key, text);
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
                       config->path, group, key, text, MSVM_CONFIG_MAX_FOLDER);
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
        host->cacert = g_canonicalize_filename(cacert, config->directory);
    if (get_boolean(config, group, "no_verify", &host->no_verify) < 0 ||
        get_seconds(config, group, "connect_timeout", &host->connect_timeout) < 0 ||
        get_seconds(config, group, "operation_timeout", &host->operation_timeout) < 0 ||
        get_seconds(config, group, "job_timeout", &host->job_timeout) < 0 ||
        get_seconds(config, group, "provisioning_timeout", &host->provisioning_timeout) < 0 ||
        get_folder(config, group, "provisioning_directory", &host->provisioning_directory) < 0)
        return NULL;
    return g_steal_pointer(&host);
}
