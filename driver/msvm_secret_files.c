/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_files.h"

#include "driver/msvm_secret_value.h"
#include "driver/msvm_secret_xml.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "internal.h"
#include "virerror.h"
#include "virfile.h"
#include "virpidfile.h"
#include "virsecureerase.h"
#include "viruuid.h"

#define LOCK_NAME "driver"
#define LOCK_RETRY_US 20000

char *
msvmSecretFilesPath(const char *root, const char *uuid, const char *suffix)
{
    return g_strdup_printf("%s/etc/secrets/%s%s", root, uuid, suffix);
}

/* Modules are loaded with their symbols visible; libvirt has no call of its
 * own that a driver could ask. */
bool
msvmSecretDriverIsLoaded(void)
{
    return dlsym(RTLD_DEFAULT, "secretRegister") != NULL;
}

static gboolean
fail(KeymgrError code, const char *root, const char *what, GError **error)
{
    g_set_error(error, KEYMGR_ERROR, code, _("libvirt's secrets in secret:///embed?root=%s: %s"), root, what);
    return FALSE;
}

/* libvirt has reported something. */
static gboolean
fail_from_libvirt(KeymgrError code, const char *root, GError **error)
{
    g_autofree char *text = g_strdup(virGetLastErrorMessage());

    virResetLastError();
    return fail(code, root, text, error);
}

/* --- the lock of libvirt's driver ------------------------------------------ */

typedef struct {
    char *folder;
    int fd;
} Lock;

/* libvirt's lock does not keep one process from taking it twice. */
static GMutex lock_mutex;

static void
lock_release(Lock *lock)
{
    if (!lock->folder)
        return;
    virPidFileRelease(lock->folder, LOCK_NAME, lock->fd);
    g_clear_pointer(&lock->folder, g_free);
    g_mutex_unlock(&lock_mutex);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lock, lock_release)

/* Whether this process has a lock on the file, as a line of /proc/locks says:
 *
 *   7: POSIX  ADVISORY  WRITE 1234 fe:01:5678 0 0
 *
 * The device is not always the one that stat() has.
 */
static bool
is_locked_by_us(const char *line, const struct stat *st)
{
    unsigned long long inode;
    int pid;

    return sscanf(line, "%*u: POSIX %*s WRITE %d %*x:%*x:%llu", &pid, &inode) == 2 && pid == getpid() &&
           inode == st->st_ino;
}

/* Whether libvirt's driver of this process works in the folder: then its lock
 * would be lost with ours. Nor may the file be opened to find out: to close it
 * ends all locks that the process has on it. Where the kernel does not tell,
 * it may be so. */
static bool
is_ours(const char *folder)
{
    g_autofree char *path = virPidFileBuildPath(folder, LOCK_NAME);
    g_autofree char *locks = NULL;
    g_auto(GStrv) lines = NULL;
    struct stat st;
    size_t i;

    if (!msvmSecretDriverIsLoaded() || stat(path, &st) < 0)
        return false;
    if (!g_file_get_contents("/proc/locks", &locks, NULL, NULL))
        return true;
    lines = g_strsplit(locks, "\n", -1);
    for (i = 0; lines[i]; i++) {
        if (is_locked_by_us(lines[i], &st))
            return true;
    }
    return false;
}

static gboolean
lock_acquire(const char *root, Lock *lock, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "run", "secrets", NULL);
    gint64 deadline = g_get_monotonic_time() + MSVM_SECRET_LOCK_MS * G_TIME_SPAN_MILLISECOND;

    if (g_mkdir_with_parents(folder, 0700) < 0)
        return fail(KEYMGR_ERROR_UNAVAILABLE, root, g_strerror(errno), error);
    g_mutex_lock(&lock_mutex);
    if (is_ours(folder)) {
        g_mutex_unlock(&lock_mutex);
        return fail(KEYMGR_ERROR_UNSUPPORTED, root,
                    _("libvirt's own driver has them open in this process: use its connection"), error);
    }
    while ((lock->fd = virPidFileAcquire(folder, LOCK_NAME, false, getpid())) < 0) {
        virResetLastError();
        if (g_get_monotonic_time() > deadline) {
            g_mutex_unlock(&lock_mutex);
            return fail(KEYMGR_ERROR_UNAVAILABLE, root, _("another process has them open"), error);
        }
        g_usleep(LOCK_RETRY_US);
    }
    lock->folder = g_steal_pointer(&folder);
    return TRUE;
}

/* --- definitions ------------------------------------------------------------- */

static KeymgrDefinition *
read_definition(const char *root, const char *uuid, GError **error)
{
    g_autofree char *path = msvmSecretFilesPath(root, uuid, ".xml");
    KeymgrDefinition *definition;
    struct stat st;

    if (stat(path, &st) < 0 && errno == ENOENT) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND,
                    _("no libvirt secret with uuid '%s' in secret:///embed?root=%s"), uuid, root);
        return NULL;
    }
    if (!virFileIsRegular(path) || st.st_size > MSVM_SECRET_MAX_DEFINITION) {
        fail(KEYMGR_ERROR_INVALID_SECRET, root, _("a definition is not a file of usual size"), error);
        return NULL;
    }
    definition = msvmSecretParse(NULL, path, 0);
    if (!definition) {
        fail_from_libvirt(KEYMGR_ERROR_INVALID_SECRET, root, error);
        return NULL;
    }
    /* The file's name is what libvirt goes by. */
    g_free(definition->id);
    definition->id = g_strdup(uuid);
    return definition;
}

static KeymgrDefinition *
files_inspect(const char *uuid, gpointer root, GError **error)
{
    return read_definition(root, uuid, error);
}

/* The UUID in a name UUID.xml; false for other files. */
static bool
uuid_of_name(const char *name, char *uuid)
{
    unsigned char raw[VIR_UUID_BUFLEN];
    g_autofree char *text = NULL;

    if (!g_str_has_suffix(name, ".xml"))
        return false;
    text = g_strndup(name, strlen(name) - strlen(".xml"));
    if (virUUIDParse(text, raw) < 0)
        return false;
    virUUIDFormat(raw, uuid);
    return STREQ(text, uuid);
}

static GPtrArray *
files_list(gpointer root, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "etc", "secrets", NULL);
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) definitions = keymgr_definitions_new();
    char uuid[VIR_UUID_STRING_BUFLEN];
    const char *name;

    while (files && (name = g_dir_read_name(files))) {
        g_autoptr(GError) gone = NULL;
        KeymgrDefinition *definition;

        if (!uuid_of_name(name, uuid))
            continue;
        if (definitions->len >= MSVM_SECRET_MAX_FILES) {
            fail(KEYMGR_ERROR_LIMIT, root, _("there are too many"), error);
            return NULL;
        }
        /* As libvirt's driver, which leaves out what it cannot read. */
        definition = read_definition(root, uuid, &gone);
        if (definition)
            g_ptr_array_add(definitions, definition);
    }
    return g_steal_pointer(&definitions);
}

static char *
files_define(const KeymgrDefinition *definition, gpointer root, GError **error)
{
    g_autoptr(KeymgrDefinition) stored = keymgr_definition_copy(definition);
    g_autofree char *folder = g_build_filename(root, "etc", "secrets", NULL);
    g_autofree char *path = NULL;
    g_autofree char *xml = NULL;
    g_auto(Lock) lock = { NULL, -1 };

    if (!stored->id)
        stored->id = g_uuid_string_random();
    path = msvmSecretFilesPath(root, stored->id, ".xml");
    if (!(xml = msvmSecretFormat(stored))) {
        fail_from_libvirt(KEYMGR_ERROR_INVALID_REFERENCE, root, error);
        return NULL;
    }
    if (!lock_acquire(root, &lock, error))
        return NULL;
    if (g_mkdir_with_parents(folder, 0700) < 0) {
        fail(KEYMGR_ERROR_UNAVAILABLE, root, g_strerror(errno), error);
        return NULL;
    }
    if (virFileRewriteStr(path, 0600, xml) < 0) {
        fail_from_libvirt(KEYMGR_ERROR_UNAVAILABLE, root, error);
        return NULL;
    }
    return g_steal_pointer(&stored->id);
}

/* --- values -------------------------------------------------------------------- */

static gboolean
files_set_value(const char *uuid, KeymgrSecret *value, gpointer root, GError **error)
{
    g_autoptr(KeymgrDefinition) definition = NULL;
    g_autofree char *path = msvmSecretFilesPath(root, uuid, ".base64");
    g_auto(Lock) lock = { NULL, -1 };
    char *text;
    int written;

    if (!lock_acquire(root, &lock, error) || !(definition = read_definition(root, uuid, error)))
        return FALSE;
    text = g_base64_encode(keymgr_secret_data(value), keymgr_secret_size(value));
    written = virFileRewriteStr(path, 0600, text);
    virSecureErase(text, strlen(text));
    g_free(text);
    return written < 0 ? fail_from_libvirt(KEYMGR_ERROR_UNAVAILABLE, root, error) : TRUE;
}

static gboolean
files_remove(const char *uuid, gpointer root, GError **error)
{
    g_autofree char *definition = msvmSecretFilesPath(root, uuid, ".xml");
    g_autofree char *value = msvmSecretFilesPath(root, uuid, ".base64");
    g_auto(Lock) lock = { NULL, -1 };

    if (!lock_acquire(root, &lock, error))
        return FALSE;
    /* The value first: one without a definition would be left for ever. */
    if (g_unlink(value) < 0 && errno != ENOENT)
        return fail(KEYMGR_ERROR_UNAVAILABLE, root, g_strerror(errno), error);
    if (g_unlink(definition) == 0)
        return TRUE;
    return fail(errno == ENOENT ? KEYMGR_ERROR_NOT_FOUND : KEYMGR_ERROR_UNAVAILABLE, root, g_strerror(errno),
                error);
}

static const KeymgrLibvirtHooks hooks = {
    .get_value = msvmSecretValueGet,
    .read_value = msvmSecretValueRead,
    .set_value = files_set_value,
    .inspect = files_inspect,
    .list = files_list,
    .define = files_define,
    .remove = files_remove,
};

static const KeymgrLibvirtHooks value_hooks = { .get_value = msvmSecretValueGet };

const KeymgrLibvirtHooks *
msvmSecretFilesHooks(const char *root)
{
    return root ? &hooks : &value_hooks;
}
