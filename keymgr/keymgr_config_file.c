/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keymgr/keymgr_backend.h"

struct KeymgrConfigFile {
    char *path;
    char *directory;
    GKeyFile *keys;
    GHashTable *secrets; /* of KeymgrSecret, by name_of() */
};

KeymgrConfigFile *
keymgr_config_file_new(const char *path)
{
    KeymgrConfigFile *file = g_new0(KeymgrConfigFile, 1);

    file->path = g_strdup(path);
    file->directory = g_path_get_dirname(path);
    file->keys = g_key_file_new();
    file->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify)keymgr_secret_unref);
    return file;
}

void
keymgr_config_file_free(KeymgrConfigFile *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_free(file->directory);
    g_key_file_unref(file->keys);
    g_hash_table_unref(file->secrets);
    g_free(file);
}

const char *
keymgr_config_file_path(const KeymgrConfigFile *file)
{
    return file->path;
}

const char *
keymgr_config_file_directory(const KeymgrConfigFile *file)
{
    return file->directory;
}

GKeyFile *
keymgr_config_file_keys(const KeymgrConfigFile *file)
{
    return file->keys;
}

/* No group's name has a line end. */
static char *
name_of(const char *group, const char *key)
{
    return g_strconcat(group, "\n", key, NULL);
}

KeymgrSecret *
keymgr_config_file_secret(const KeymgrConfigFile *file, const char *group, const char *key)
{
    g_autofree char *name = name_of(group, key);

    return g_hash_table_lookup(file->secrets, name);
}

Keymgr *
keymgr_config_file_open(const KeymgrConfigFile *file, GError **error)
{
    const KeymgrConfig config = { .file = file->keys, .directory = file->directory, .secrets = file };

    return keymgr_new_with(&config, error);
}

/* --- reading ---------------------------------------------------------------- */

typedef struct {
    KeymgrConfigFile *file;
    KeymgrConfigVisit visit;
    gpointer opaque;
    guint line;
    char *group; /* NULL before the first one */
    gboolean has_secret;
} Scan;

/* Some bytes of the text. */
typedef struct {
    char *data;
    gsize size;
} Span;

static Span
strip(char *data, gsize size)
{
    for (; size > 0 && g_ascii_isspace(*data); size--)
        data++;
    while (size > 0 && g_ascii_isspace(data[size - 1]))
        size--;
    return (Span){ data, size };
}

static gboolean
is_read(const Scan *scan, const char *key)
{
    const char *const *known;

    if (scan->visit)
        return scan->visit(scan->group, key, scan->line, scan->opaque);
    known = keymgr_config_keys(scan->group);
    return known && (!key || g_strv_contains(known, key));
}

/* As with other keys, the last line counts, and an empty value is none. */
static void
take_secret(Scan *scan, const char *key, Span value)
{
    g_autofree char *name = name_of(scan->group, key);

    if (value.size >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
        value.data[value.size - 1] == value.data[0])
        value = (Span){ value.data + 1, value.size - 2 };
    if (value.size == 0) {
        g_hash_table_remove(scan->file->secrets, name);
        return;
    }
    g_hash_table_replace(scan->file->secrets, g_steal_pointer(&name), keymgr_secret_new(value.data, value.size));
    scan->has_secret = TRUE;
}

/* equals: in the line, which ends at end. */
static void
scan_key(Scan *scan, Span text, char *equals, char *end)
{
    Span name = strip(text.data, (gsize)(equals - text.data));
    g_autofree char *key = g_strndup(name.data, name.size);
    gboolean secret = keymgr_config_key_is_secret(scan->group, key);
    gboolean read = is_read(scan, key);

    if (secret)
        take_secret(scan, key, strip(equals + 1, (gsize)(end - equals - 1)));
    if (secret || !read)
        memset(equals + 1, ' ', (gsize)(end - equals - 1));
}

static gboolean
scan_line(Scan *scan, char *line, gsize size, GError **error)
{
    Span text = strip(line, size);
    char *equals = memchr(text.data, '=', text.size);

    if (text.size == 0 || *text.data == '#') {
        memset(line, ' ', size);
        return TRUE;
    }
    if (*text.data == '[' && memchr(text.data, ']', text.size) == text.data + text.size - 1) {
        g_free(scan->group);
        scan->group = g_strndup(text.data + 1, text.size - 2);
        is_read(scan, NULL);
        return TRUE;
    }
    if (equals && equals != text.data && scan->group && !memchr(text.data, '\0', text.size)) {
        scan_key(scan, text, equals, line + size);
        return TRUE;
    }
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
                "%s:%u: neither a comment, a [group] nor 'key = value' inside a group", scan->file->path,
                scan->line);
    return FALSE;
}

/* Takes out of the text what is not for GLib. */
static gboolean
scan_text(Scan *scan, char *text, gsize size, GError **error)
{
    char *end = text + size;

    while (text < end) {
        char *newline = memchr(text, '\n', (gsize)(end - text));
        gsize length = (gsize)((newline ? newline : end) - text);

        scan->line++;
        if (!scan_line(scan, text, length, error))
            return FALSE;
        text += length + (newline != NULL);
    }
    return TRUE;
}

static gboolean
load(KeymgrConfigFile *file, char *text, gsize size, mode_t mode, KeymgrConfigVisit visit, gpointer opaque,
     GError **error)
{
    Scan scan = { .file = file, .visit = visit, .opaque = opaque };
    gboolean good = scan_text(&scan, text, size, error);

    g_free(scan.group);
    if (!good)
        return FALSE;
    if (scan.has_secret && (mode & S_IRWXO)) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG,
                    "'%s' holds a password and is open to others (mode %04o): take their rights away, or move "
                    "the password to a file of its own", file->path, (guint)mode & 07777);
        return FALSE;
    }
    /* GLib's own message would quote the line. */
    if (size > 0 && !g_key_file_load_from_data(file->keys, text, size, G_KEY_FILE_NONE, NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE, "'%s' has a malformed group or key name",
                    file->path);
        return FALSE;
    }
    return TRUE;
}

static gboolean
fail_file(const char *doing, const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(saved), "cannot %s '%s': %s", doing, path,
                g_strerror(saved));
    return FALSE;
}

/* From the file straight into locked memory. */
static gboolean
read_and_load(KeymgrConfigFile *file, int fd, KeymgrConfigVisit visit, gpointer opaque, GError **error)
{
    g_autoptr(KeymgrSecret) text = NULL;
    guint8 *bytes;
    struct stat st;
    gsize size = 0;
    ssize_t got = 1;

    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_file("open", file->path, error);
    if (!S_ISREG(st.st_mode) || st.st_size > KEYMGR_CONFIG_MAX_FILE) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, "'%s' is not a regular file of at most %d bytes",
                    file->path, KEYMGR_CONFIG_MAX_FILE);
        return FALSE;
    }
    text = keymgr_secret_new_sized((gsize)st.st_size, &bytes);
    while (got > 0 && size < (gsize)st.st_size) {
        got = read(fd, bytes + size, (gsize)st.st_size - size);
        size += (gsize)MAX(got, 0);
    }
    if (got < 0)
        return fail_file("read", file->path, error);
    return load(file, (char *)bytes, size, st.st_mode, visit, opaque, error);
}

KeymgrConfigFile *
keymgr_config_file_read(const char *path, KeymgrConfigVisit visit, gpointer opaque, GError **error)
{
    g_autoptr(KeymgrConfigFile) file = keymgr_config_file_new(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    gboolean good = read_and_load(file, fd, visit, opaque, error);

    if (fd >= 0)
        close(fd);
    return good ? g_steal_pointer(&file) : NULL;
}
