/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record in a machine's notes: what libvirt knows of a domain and
 * Hyper-V has no field for. It keeps no secret bytes, only references.
 *
 * Notes, as an administrator sees them:
 *
 *   Free text: the domain's description.
 *   ---- libvirt-msvm: kept by libvirt, do not edit below ----
 *   <record version='1' uuid='...' ...>...</record>
 *
 * Notes without a (readable) record belong to a machine made elsewhere, or
 * one whose record was damaged: its UUID is then the VM id.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MSVM_RECORD_MAX_SIZE (256 * 1024)

/* Who is making a machine: enough to tell, later and on the same Linux host,
 * that he is gone. */
typedef struct {
    char *machine_id; /* of the Linux host, hashed: /etc/machine-id is not for others */
    char *boot_id;
    gint64 pid;
    gint64 start_time; /* of the process, in clock ticks since boot */
    gint64 created;    /* seconds since 1970 */
} MsvmRecordCreator;

typedef struct {
    char *uuid;         /* lower case */
    bool pending;       /* being made: not yet a domain */
    char *before;       /* the domain's XML before the change that is being made; or NULL */
    bool no_protector;  /* with before: the machine is to have no key protector then */
    char **granted;     /* with before: guardians, by name, whom its protector is to authorise then beside its
                         * owner; NULL: as it is */
    char *provisioning; /* pending, or with before: the host's folder of files for a provisioning; or NULL */
    MsvmRecordCreator creator; /* only while pending, or being changed */
    gint64 revision;    /* counts the changes of the machine, so that a change shows even if it was taken back */
    char *title;        /* or NULL */
    char *description;  /* or NULL; stored as the free text where that is lossless */
    char *metadata;     /* the <metadata> element as XML text, or NULL */
    GPtrArray *hints;   /* MsvmRecordHint: how the author spelled what Hyper-V keeps in one form only */
} MsvmRecord;

/* One spelling to give back: key "disk:scsi:0:1:target" value "sdb". A hint
 * whose device is gone is dropped at the next define. */
typedef struct {
    char *key;
    char *value;
} MsvmRecordHint;

MsvmRecord *msvmRecordNew(void);
void msvmRecordFree(MsvmRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmRecord, msvmRecordFree)

/* Never NULL: notes of a foreign machine give a record without uuid, with
 * the notes as description. */
MsvmRecord *msvmRecordParse(const char *notes);
char *msvmRecordFormat(const MsvmRecord *record);

void msvmRecordSetHint(MsvmRecord *record, const char *key, const char *value);
const char *msvmRecordGetHint(const MsvmRecord *record, const char *key);

/* Fills in the calling process, for a record that is being changed. */
void msvmRecordSetCreator(MsvmRecord *record);
/* The same, and marks the record pending. */
void msvmRecordSetPending(MsvmRecord *record);
/* Whether a record that is pending or being changed was so marked on this
 * Linux host by a process that is gone, so that what it left may be removed,
 * or brought back. */
bool msvmRecordIsAbandoned(const MsvmRecord *record);

/* Whether it is this very process that is, or was, making or changing it. */
bool msvmRecordIsOwn(const MsvmRecord *record);

/* Whether it was marked on this Linux host, since that was started, and in this
 * space of process ids: then it is known whether its creator is still there. */
bool msvmRecordIsHere(const MsvmRecord *record);
