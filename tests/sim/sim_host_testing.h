/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A simulated host to call methods on, for the unit tests of its rules.
 */
#pragma once

#include "tests/sim/sim_testing.h"

#include "sim/host.h"
#include "sim/protector.h"

#define GEN1 "Microsoft:Hyper-V:SubType:1"
#define GEN2 "Microsoft:Hyper-V:SubType:2"
#define TEMPLATE_LINUX "272e7447-90a4-4563-a4b9-8e4ab00526ce"

/* A host as the options say, of Windows Server 2022 unless they name a version. */
SimHost *t_host_from(SimHostOptions options);
/* In local guard mode; jobs take job_ms. */
SimHost *t_host(guint job_ms, guint machines);
SimHost *t_host_with(const char *version, SimGuardMode mode, gboolean guardian, guint job_ms);

/* --- calls: values are taken over; NULL ends the list of name, value pairs. --- */
typedef struct {
    SimStatus status;
    guint32 rv;
    GHashTable *out;
} TCall;

TCall t_call(SimHost *host, CimPath *path, const char *method, ...) G_GNUC_NULL_TERMINATED;
void t_call_clear(TCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TCall, t_call_clear)
/* The return value of a call that works or not: waits for the job, and gives
 * its error code, when there is one. *description (may be NULL) is its text. */
guint32 t_result(SimHost *host, TCall *call, char **description);

/* Methods of the services, by name of the class. */
CimPath *t_service(const char *class_name);
CimPath *t_class(const char *ns, const char *class_name);
CimPath *t_out_path(TCall *call, const char *name, guint index); /* new reference */

/* --- values --- */
CimValue *t_text(const char *text);
CimValue *t_u16(guint16 number);
CimValue *t_texts(const char *first, ...) G_GNUC_NULL_TERMINATED;
CimValue *t_path(CimPath *path);  /* takes over */
CimValue *t_paths(CimPath *path); /* an array of one; takes over */
CimValue *t_bytes(GBytes *bytes);

/* Instance text: class, then name=value pairs of scalars, up to NULL. Values
 * of arrays are separated by "|". */
char *t_instance(SimHost *host, const char *class_name, ...) G_GNUC_NULL_TERMINATED;

/* --- machines --- */
char *t_define(SimHost *host, const char *name, const char *sub_type); /* its GUID */
CimPath *t_system(const char *guid);
CimPath *t_settings(const char *guid);
CimObject *t_get(SimHost *host, CimPath *path); /* takes over the path; fails the test when it is not there */
guint t_state(SimHost *host, const char *guid);
guint32 t_request(SimHost *host, const char *guid, guint16 state, char **description);
/* Modifies the machine's own settings. Pairs as for t_instance. */
guint32 t_modify(SimHost *host, const char *guid, char **description, ...) G_GNUC_NULL_TERMINATED;
/* Adds one resource given as instance text (taken over); its InstanceID in *id. */
guint32 t_add(SimHost *host, const char *guid, char *text, char **id, char **description);
/* Adds a SCSI controller, a drive and a disk. */
void t_add_disk(SimHost *host, const char *guid, const char *file);
char *t_reference(const char *class_name, const char *instance_id); /* an object path as text */
/* Parts of a machine, by class and (or NULL) sub-type. */
GPtrArray *t_parts(SimHost *host, const char *guid, const char *class_name, const char *sub_type);
const char *t_id(GPtrArray *parts, guint index); /* InstanceID */

/* --- security --- */
CimObject *t_security(SimHost *host, const char *guid);
guint32 t_set_protector(SimHost *host, const char *guid, GBytes *protector, char **description);
GBytes *t_get_protector(SimHost *host, const char *guid);
/* Flags as name=value pairs. */
guint32 t_secure(SimHost *host, const char *guid, char **description, ...) G_GNUC_NULL_TERMINATED;
/* A protector of the host's guardian, made by NewByGuardians. */
GBytes *t_new_protector(SimHost *host);
/* One that authorises the host, from hvsim-protector; broken: its option, or NULL. */
GBytes *t_tool_protector(SimHost *host, const char *broken);
