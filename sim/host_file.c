/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that methods write on the host's disk, and CIM_DataFile, through which
 * WMI shows and deletes them.
 */
#include <string.h>

#include "sim/host_private.h"

#define MAX_FILES 256
#define MAX_PATH 260

/* CIM_DataFile.Delete */
enum { DELETED = 0, DELETE_INVALID_OBJECT = 9 };

typedef struct {
    char *path;
    GBytes *content;
} SimFile;

void sim_file_free(gpointer data)
{
    SimFile *file = data;

    g_bytes_unref(file->content);
    g_free(file->path);
    g_free(file);
}

gboolean sim_path_is_local(const char *path)
{
    return strlen(path) < MAX_PATH && g_ascii_isalpha(path[0]) && path[1] == ':' && path[2] == '\\' &&
           path[3] != '\0' && !strpbrk(path + 2, ":*?\"<>|/") && !g_str_has_suffix(path, "\\") &&
           !strstr(path, "\\\\");
}

gboolean sim_file_write(SimHost *host, const char *path, GBytes *content)
{
    g_autofree char *key = g_ascii_strdown(path, -1);
    SimFile *file = NULL;

    if (!sim_path_is_local(path) || strstr(key, "missing") ||
        (!g_hash_table_contains(host->files, key) && g_hash_table_size(host->files) >= MAX_FILES))
        return FALSE;
    file = g_new0(SimFile, 1);
    file->path = g_strdup(path);
    file->content = g_bytes_ref(content);
    g_hash_table_replace(host->files, g_steal_pointer(&key), file);
    return TRUE;
}

GBytes *sim_file_read(SimHost *host, const char *path)
{
    g_autofree char *key = g_ascii_strdown(path, -1);
    const SimFile *file = g_hash_table_lookup(host->files, key);

    return file ? file->content : NULL;
}

void sim_files_list(SimHost *host, GPtrArray *out)
{
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(host->files), (GCompareFunc) strcmp);

    for (GList *at = keys; at; at = at->next) {
        const SimFile *file = g_hash_table_lookup(host->files, at->data);
        CimObject *object = sim_object_new(host, SIM_CIMV2, "CIM_DataFile");

        sim_set(object, "CreationClassName", "CIM_DataFile");
        sim_set(object, "CSCreationClassName", "Win32_ComputerSystem");
        sim_set(object, "CSName", host->name);
        sim_set(object, "FSCreationClassName", "Win32_FileSystem");
        sim_set(object, "FSName", "NTFS");
        sim_set(object, "Name", file->path);
        sim_set_uint(object, "FileSize", g_bytes_get_size(file->content));
        g_ptr_array_add(out, object);
    }
}

SimStatus sim_file_delete(SimCall *call, guint32 *rv)
{
    g_autofree char *key = g_ascii_strdown(sim_text(call->target, "Name"), -1);

    *rv = g_hash_table_remove(call->host->files, key) ? DELETED : DELETE_INVALID_OBJECT;
    return SIM_OK;
}
