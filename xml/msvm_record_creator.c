/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who makes a machine, and whether he is still there: so that a machine that
 * was left half-made can be told from one that is being made right now, by a
 * process that may run on another Linux host.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "xml/msvm_record.h"

#define PROC_MAX_SIZE 4096
#define STAT_FIELDS_AFTER_NAME 20 /* proc(5): starttime is field 22, the name is field 2 */

static char *
msvmCreatorReadFile(const char *path)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!g_file_get_contents(path, &text, &length, NULL) || length == 0 || length > PROC_MAX_SIZE)
        return NULL;
    g_strstrip(text);
    return *text ? g_steal_pointer(&text) : NULL;
}


/*
 * One Linux host and one space of process ids: containers may share the
 * host's machine id, but a process id of one means nothing in another.
 * NULL when the host has no machine id: nothing can then be proved.
 */
static char *
msvmCreatorMachineID(void)
{
    g_autofree char *id = msvmCreatorReadFile("/etc/machine-id");
    g_autofree char *space = g_file_read_link("/proc/self/ns/pid", NULL);
    g_autofree char *both = NULL;
    g_autofree char *hash = NULL;

    if (!id)
        id = msvmCreatorReadFile("/var/lib/dbus/machine-id");
    if (!id || !space)
        return NULL;
    both = g_strdup_printf("%s %s", id, space);
    /* machine-id(5): never hand it out, only a keyed hash of it. */
    hash = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)"libvirt-msvm",
                                     strlen("libvirt-msvm"), both, -1);
    return g_strndup(hash, 32);
}


static char *
msvmCreatorBootID(void)
{
    return msvmCreatorReadFile("/proc/sys/kernel/random/boot_id");
}


/* In clock ticks since boot; -1 when there is no such process, 0 when it is
 * one that has ended and that its parent has not asked about. */
static gint64
msvmCreatorStartTime(gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *text = msvmCreatorReadFile(path);
    g_auto(GStrv) fields = NULL;
    gint64 start;
    char *name_end;

    if (!text)
        return -1;
    /* The name is in parentheses and may hold some itself. */
    name_end = strrchr(text, ')');
    if (!name_end || !name_end[1])
        return -1;
    fields = g_strsplit(name_end + 2, " ", -1);
    if (g_strv_length(fields) < STAT_FIELDS_AFTER_NAME ||
        !g_ascii_string_to_signed(fields[STAT_FIELDS_AFTER_NAME - 1], 10, 0, G_MAXINT64, &start, NULL))
        return -1;
    return strchr("ZX", fields[0][0]) ? 0 : start;
}


void
msvmRecordSetCreator(MsvmRecord *record)
{
    g_free(record->creator.machine_id);
    g_free(record->creator.boot_id);
    record->creator.machine_id = msvmCreatorMachineID();
    record->creator.boot_id = msvmCreatorBootID();
    record->creator.pid = getpid();
    record->creator.start_time = MAX(msvmCreatorStartTime(getpid()), 0);
    record->creator.created = g_get_real_time() / G_USEC_PER_SEC;
}


void
msvmRecordSetPending(MsvmRecord *record)
{
    msvmRecordSetCreator(record);
    record->pending = true;
}


bool
msvmRecordIsAbandoned(const MsvmRecord *record)
{
    const MsvmRecordCreator *creator = &record->creator;
    g_autofree char *machine_id = msvmCreatorMachineID();
    g_autofree char *boot_id = msvmCreatorBootID();
    gint64 start_time;

    if (!(record->pending || record->before) || !creator->machine_id || !creator->boot_id || !machine_id || !boot_id ||
        creator->pid <= 0 || creator->pid > G_MAXINT || creator->start_time <= 0)
        return false;
    if (!g_str_equal(creator->machine_id, machine_id))
        return false;
    if (!g_str_equal(creator->boot_id, boot_id))
        return true; /* the host was started anew since */
    start_time = msvmCreatorStartTime(creator->pid);
    if (start_time >= 0)
        return start_time != creator->start_time;
    /* Processes of other users may be hidden from /proc, but not from this. */
    return kill((pid_t)creator->pid, 0) < 0 && errno == ESRCH;
}


bool
msvmRecordIsHere(const MsvmRecord *record)
{
    g_autofree char *machine_id = msvmCreatorMachineID();
    g_autofree char *boot_id = msvmCreatorBootID();

    return (record->pending || record->before) && machine_id && boot_id &&
           g_strcmp0(record->creator.machine_id, machine_id) == 0 &&
           g_strcmp0(record->creator.boot_id, boot_id) == 0;
}


bool
msvmRecordIsOwn(const MsvmRecord *record)
{
    const MsvmRecordCreator *creator = &record->creator;

    return creator->pid == getpid() && creator->start_time > 0 &&
           creator->start_time == msvmCreatorStartTime(getpid()) && msvmRecordIsHere(record);
}
