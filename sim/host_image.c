/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files and virtual hard disks. There is no disk behind them: every path with
 * a known ending is there, unless "missing" is in it, or unless it is one that
 * the host was asked about by name before it was made ("new" in the file name).
 */
#include <string.h>

#include "sim/host_private.h"

#define DEFAULT_SIZE (G_GUINT64_CONSTANT(40) << 30)
#define MIN_SIZE (G_GUINT64_CONSTANT(3) << 20)
#define MAX_SIZE_VHD (G_GUINT64_CONSTANT(2040) << 30)
#define MAX_SIZE_VHDX (G_GUINT64_CONSTANT(64) << 40)

enum {
    TYPE_FIXED = 2,
    TYPE_DYNAMIC = 3,
    TYPE_DIFFERENCING = 4,
    FORMAT_VHD = 2,
    FORMAT_VHDX = 3,
    FORMAT_SET = 4
};

static CimObject *made_disk(SimHost *host, const char *path)
{
    g_autofree char *key = g_ascii_strdown(path, -1);

    return g_hash_table_lookup(host->disks, key);
}

static gboolean ends_in(const char *path, const char *ending)
{
    gsize length = strlen(path), tail = strlen(ending);

    return length > tail && g_ascii_strcasecmp(path + length - tail, ending) == 0;
}

gboolean sim_file_exists(SimHost *host, const char *path)
{
    static const char *const endings[] = { ".vhd", ".vhdx", ".avhd", ".avhdx", ".vhds", ".iso", ".vfd" };
    g_autofree char *lower = g_ascii_strdown(path, -1);
    const char *name = strrchr(lower, '\\') ? strrchr(lower, '\\') + 1 : lower;

    if (made_disk(host, path))
        return TRUE;
    if (strstr(lower, "missing") || g_str_has_prefix(name, "new-"))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (ends_in(path, endings[i]))
            return TRUE;
    }
    return FALSE;
}

static CimObject *disk_new(SimHost *host, const char *path, guint format, guint type, guint64 size)
{
    CimObject *disk = sim_object_new(host, SIM_V2, "Msvm_VirtualHardDiskSettingData");
    const char *name = strrchr(path, '\\') ? strrchr(path, '\\') + 1 : path;
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);

    sim_set(disk, "Caption", "Virtual Hard Disk Setting Data");
    sim_set(disk, "Description", "Setting Data for a Virtual Hard Disk");
    sim_set(disk, "ElementName", name);
    sim_set_uint(disk, "Type", type);
    sim_set_uint(disk, "Format", format);
    sim_set(disk, "Path", path);
    sim_set(disk, "ParentPath", "");
    sim_set_uint(disk, "MaxInternalSize", size);
    sim_set_uint(disk, "BlockSize", type == TYPE_FIXED ? 0 : 32u << 20);
    sim_set_uint(disk, "LogicalSectorSize", 512);
    sim_set_uint(disk, "PhysicalSectorSize", format == FORMAT_VHD ? 512 : 4096);
    sim_setf(disk, "VirtualDiskId", "%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8, digest + 12,
             digest + 15, digest + 18);
    return disk;
}

CimObject *sim_disk_settings(SimHost *host, const char *path)
{
    CimObject *made = made_disk(host, path);

    if (made)
        return cim_object_ref(made);
    if (!sim_file_exists(host, path) || ends_in(path, ".iso") || ends_in(path, ".vfd"))
        return NULL;
    return disk_new(host, path, ends_in(path, ".vhd") ? FORMAT_VHD : FORMAT_VHDX, TYPE_DYNAMIC,
                    DEFAULT_SIZE);
}

/* --- CreateVirtualHardDisk -------------------------------------------------------- */

static guint32 check_disk(SimHost *host, const CimObject *asked, SimFailure *failure)
{
    const char *path = sim_text(asked, "Path");
    guint64 format = sim_uint(asked, "Format"), type = sim_uint(asked, "Type");
    guint64 size = sim_uint(asked, "MaxInternalSize");
    const char *ending = format == FORMAT_VHD ? ".vhd" : format == FORMAT_SET ? ".vhds" : ".vhdx";

    if (format < FORMAT_VHD || format > FORMAT_SET || type < TYPE_FIXED || type > TYPE_DIFFERENCING)
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER, "Format or Type is not a value.");
    if (strlen(path) < 4 || path[1] != ':' || path[2] != '\\' || !ends_in(path, ending))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "'%s' is not an absolute path that ends in %s.", path, ending);
    if (type == TYPE_DIFFERENCING && !sim_file_exists(host, sim_text(asked, "ParentPath")))
        return sim_failure(failure, SIM_RC_FAILED, "The parent '%s' was not found (0x80070002).",
                           sim_text(asked, "ParentPath"));
    if (type != TYPE_DIFFERENCING &&
        (size < MIN_SIZE || size > (format == FORMAT_VHD ? MAX_SIZE_VHD : MAX_SIZE_VHDX)))
        return sim_failure(failure, SIM_RC_INVALID_PARAMETER,
                           "MaxInternalSize %" G_GUINT64_FORMAT " is out of range.", size);
    /* A name beginning with "new-" is free until it is made; others exist. */
    if (sim_file_exists(host, path))
        return sim_failure(failure, SIM_RC_FAILED,
                           "Failed to create the virtual hard disk '%s'. The file exists. "
                           "(0x80070050).",
                           path);
    return SIM_RC_DONE;
}

static guint32 work_create(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    CimObject *asked = data;
    const char *path = sim_text(asked, "Path");
    guint32 code = check_disk(host, asked, failure);
    guint type = (guint) sim_uint(asked, "Type");
    CimObject *disk = NULL;

    if (code != SIM_RC_DONE)
        return code;
    disk = disk_new(host, path, (guint) sim_uint(asked, "Format"), type,
                    type == TYPE_DIFFERENCING ? DEFAULT_SIZE : sim_uint(asked, "MaxInternalSize"));
    sim_set(disk, "ParentPath", sim_text(asked, "ParentPath"));
    g_hash_table_insert(host->disks, g_ascii_strdown(path, -1), disk);
    return SIM_RC_DONE;
}

gboolean sim_host_prepare_disk(SimHost *host, const char *path)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->lock);

    (void) locker;
    if (made_disk(host, path) || !sim_path_is_local(path) || !ends_in(path, ".vhdx"))
        return FALSE;
    g_hash_table_insert(host->disks, g_ascii_strdown(path, -1),
                        disk_new(host, path, FORMAT_VHDX, TYPE_DYNAMIC, DEFAULT_SIZE));
    return TRUE;
}

/* A job of the storage class, as recorded. */
SimStatus sim_image_create(SimCall *call, guint32 *rv)
{
    SimJobKind kind = {
        .job_class = "Msvm_StorageJob", .caption = "Creating Virtual Hard Disk", .type = 1, .always = TRUE
    };
    CimObject *asked =
        sim_in_instance(call, "VirtualDiskSettingData", "Msvm_VirtualHardDiskSettingData", rv);

    if (asked)
        *rv = sim_job_run(call, &kind, work_create, asked, (GDestroyNotify) cim_object_unref);
    return SIM_OK;
}

/* --- looking ----------------------------------------------------------------------------- */

SimStatus sim_image_get_settings(SimCall *call, guint32 *rv)
{
    const char *path = sim_in_text(call, "Path");
    g_autoptr(CimObject) disk = path ? sim_disk_settings(call->host, path) : NULL;

    *rv = path ? SIM_RC_FILE_NOT_FOUND : SIM_RC_INVALID_PARAMETER;
    if (disk) {
        g_autofree char *text = cim_object_to_xml(disk);

        sim_out(call, "SettingData", cim_value_new_text(CIM_STRING, text));
        *rv = SIM_RC_DONE;
    }
    return SIM_OK;
}

static gboolean is_in_use(SimHost *host, const char *path)
{
    for (guint i = 0; i < host->machines->len; i++) {
        SimMachine *machine = g_ptr_array_index(host->machines, i);

        for (guint j = 0; sim_machine_is_active(machine) && j < machine->parts->len; j++) {
            CimObject *part = g_ptr_array_index(machine->parts, j);
            const CimValue *files = sim_is_a(part, "Msvm_StorageAllocationSettingData")
                                        ? cim_object_get(part, "HostResource")
                                        : NULL;

            if (files && cim_value_count(files) &&
                g_ascii_strcasecmp(cim_value_item(files, 0)->text, path) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

SimStatus sim_image_get_state(SimCall *call, guint32 *rv)
{
    const char *path = sim_in_text(call, "Path");
    g_autoptr(CimObject) disk = path ? sim_disk_settings(call->host, path) : NULL;
    g_autoptr(CimObject) state = NULL;
    g_autofree char *text = NULL;

    *rv = path ? SIM_RC_FILE_NOT_FOUND : SIM_RC_INVALID_PARAMETER;
    if (!disk)
        return SIM_OK;
    state = sim_object_new(call->host, SIM_V2, "Msvm_VirtualHardDiskState");
    sim_set_uint(state, "FileSize",
                 sim_uint(disk, "Type") == TYPE_FIXED ? sim_uint(disk, "MaxInternalSize") : 4u << 20);
    sim_set_boolean(state, "InUse", is_in_use(call->host, path));
    sim_set_uint(state, "MinInternalSize", MIN_SIZE);
    sim_set_uint(state, "PhysicalSectorSize", sim_uint(disk, "PhysicalSectorSize"));
    sim_set_uint(state, "Alignment", 1);
    sim_set_uint(state, "FragmentationPercentage", 0);
    sim_set_time(state, "Timestamp", call->host->boot_real_us);
    text = cim_object_to_xml(state);
    sim_out(call, "State", cim_value_new_text(CIM_STRING, text));
    *rv = SIM_RC_DONE;
    return SIM_OK;
}
