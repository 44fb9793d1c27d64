/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/keymgr_text.h"

gboolean
keymgr_config_fail(const KeymgrConfig *config, const char *key, const char *format, GError **error, ...)
{
    g_autofree char *reason = NULL;
    va_list args;

    va_start(args, error);
    reason = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, "configuration [%s] %s: %s", config->group, key,
                reason);
    return FALSE;
}

char *
keymgr_config_string(const KeymgrConfig *config, const char *key)
{
    /* The raw value: a backslash in a password is a backslash. */
    char *value = g_key_file_get_value(config->file, config->group, key, NULL);
    gsize size;

    if (!value)
        return NULL;
    g_strstrip(value);
    size = strlen(value);
    if (size >= 2 && (value[0] == '"' || value[0] == '\'') && value[size - 1] == value[0]) {
        memmove(value, value + 1, size - 2);
        value[size - 2] = value[size - 1] = '\0';
    }
    if (*value)
        return value;
    g_free(value);
    return NULL;
}

char *
keymgr_config_string_any(const KeymgrConfig *config, const char *const *keys)
{
    char *value = NULL;

    for (; !value && *keys; keys++)
        value = keymgr_config_string(config, *keys);
    return value;
}

static gboolean
is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (g_ascii_strcasecmp(text, *words) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
keymgr_config_boolean(const KeymgrConfig *config, const char *key, gboolean fallback, gboolean *value,
                      GError **error)
{
    static const char *const yes[] = { "true", "yes", "on", "1", NULL };
    static const char *const no[] = { "false", "no", "off", "0", NULL };
    g_autofree char *text = keymgr_config_string(config, key);

    *value = fallback;
    if (!text)
        return TRUE;
    *value = is_one_of(text, yes);
    if (!*value && !is_one_of(text, no))
        return keymgr_config_fail(config, key, "'%s' is neither true nor false", error, text);
    return TRUE;
}

gboolean
keymgr_config_uint(const KeymgrConfig *config, const char *key, guint min, guint max, guint fallback,
                   guint *value, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    guint64 number;

    *value = fallback;
    if (!text)
        return TRUE;
    if (!g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL))
        return keymgr_config_fail(config, key, "'%s' is not a number from %u to %u", error, text, min, max);
    *value = (guint)number;
    return TRUE;
}

gboolean
keymgr_config_seconds(const KeymgrConfig *config, const char *key, guint max_seconds, guint fallback_ms,
                      guint *value_ms, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    char *end;
    double seconds;

    *value_ms = fallback_ms;
    if (!text)
        return TRUE;
    seconds = g_ascii_strtod(text, &end);
    if (end == text || *end || !(seconds >= 0.001 && seconds <= max_seconds))
        return keymgr_config_fail(config, key, "'%s' is not a time from 0.001 to %u seconds", error, text,
                                  max_seconds);
    *value_ms = (guint)(seconds * 1000);
    return TRUE;
}

gboolean
keymgr_url_is_plain(const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_ENCODED, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : NULL;

    return uri && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && g_uri_get_host(uri) &&
           *g_uri_get_host(uri) && !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) &&
           !g_uri_get_fragment(uri);
}

gboolean
keymgr_config_url(const KeymgrConfig *config, const char *key, char **url, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    gsize size;

    *url = NULL;
    if (!text)
        return TRUE;
    if (!keymgr_url_is_plain(text))
        /* Not shown: it may hold credentials. */
        return keymgr_config_fail(config, key,
                                  "an http:// or https:// URL without user, password, query and fragment "
                                  "is needed", error);
    for (size = strlen(text); size > 0 && text[size - 1] == '/'; size--)
        text[size - 1] = '\0';
    *url = g_steal_pointer(&text);
    return TRUE;
}

static char *
absolute(const KeymgrConfig *config, const char *path)
{
    if (g_path_is_absolute(path) || !config->directory)
        return g_strdup(path);
    return g_build_filename(config->directory, path, NULL);
}

gboolean
keymgr_config_path(const KeymgrConfig *config, const char *key, char **path, GError **error)
{
    g_autofree char *text = keymgr_config_string(config, key);
    g_autofree char *full = NULL;

    *path = NULL;
    if (!text)
        return TRUE;
    full = absolute(config, text);
    if (access(full, R_OK) < 0)
        return keymgr_config_fail(config, key, "cannot read %s: %s", error, full, g_strerror(errno));
    *path = g_steal_pointer(&full);
    return TRUE;
}

/* One read: a secret file is a line, not a stream. NULL with errno set. */
static KeymgrSecret *
read_secret(int fd)
{
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new_buffer(KEYMGR_CONFIG_MAX_SECRET);
    char chunk[256];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof(chunk))) > 0) {
        gboolean fits = keymgr_secret_append(secret, chunk, (gsize)got);

        explicit_bzero(chunk, sizeof(chunk));
        if (!fits) {
            errno = EFBIG;
            return NULL;
        }
    }
    return got < 0 ? NULL : g_steal_pointer(&secret);
}

static KeymgrSecret *
without_line_end(KeymgrSecret *secret)
{
    const guint8 *data = keymgr_secret_data(secret);
    gsize size = keymgr_secret_size(secret);
    KeymgrSecret *line;

    if (size > 0 && data[size - 1] == '\n')
        size--;
    if (size > 0 && data[size - 1] == '\r')
        size--;
    line = keymgr_secret_new(data, size);
    keymgr_secret_unref(secret);
    return line;
}

static KeymgrSecret *
secret_from_file(const KeymgrConfig *config, const char *key, const char *name, GError **error)
{
    g_autofree char *path = absolute(config, name);
    KeymgrSecret *secret = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int saved;

    if (fd < 0 || fstat(fd, &st) < 0) {
        keymgr_config_fail(config, key, "cannot open %s: %s", error, path, g_strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        keymgr_config_fail(config, key, "%s is not a regular file", error, path);
    } else if (st.st_mode & (S_IRWXO | S_IWGRP)) {
        keymgr_config_fail(config, key, "%s is open to others (mode %04o); chmod 0600 it", error, path,
                           (guint)st.st_mode & 07777);
    } else if (!(secret = read_secret(fd))) {
        saved = errno;
        keymgr_config_fail(config, key, "cannot read %s: %s", error, path, g_strerror(saved));
    }
    if (fd >= 0)
        close(fd);
    if (!secret)
        return NULL;
    secret = without_line_end(secret);
    if (keymgr_secret_size(secret) > 0)
        return secret;
    keymgr_secret_unref(secret);
    keymgr_config_fail(config, key, "%s is empty", error, path);
    return NULL;
}

/* NULL where absent. */
static KeymgrSecret *
own_secret(const KeymgrConfig *config, const char *key)
{
    KeymgrSecret *apart = config->secrets ? keymgr_config_file_secret(config->secrets, config->group, key) : NULL;
    char *value = apart ? NULL : keymgr_config_string(config, key);

    if (apart)
        return keymgr_secret_ref(apart);
    return value ? keymgr_text_take_as_secret(value) : NULL;
}

gboolean
keymgr_config_secret(const KeymgrConfig *config, const char *key, KeymgrSecret **secret, GError **error)
{
    g_autofree char *file_key = g_strconcat(key, "_file", NULL);
    g_autofree char *file = keymgr_config_string(config, file_key);
    g_autoptr(KeymgrSecret) value = own_secret(config, key);

    *secret = NULL;
    if (value && file)
        return keymgr_config_fail(config, key, "%s is set as well: only one may be", error, file_key);
    if (value && keymgr_secret_size(value) > KEYMGR_CONFIG_MAX_SECRET)
        return keymgr_config_fail(config, key, "longer than %d bytes", error, KEYMGR_CONFIG_MAX_SECRET);
    if (value)
        *secret = g_steal_pointer(&value);
    else if (file && !(*secret = secret_from_file(config, file_key, file, error)))
        return FALSE;
    return TRUE;
}
