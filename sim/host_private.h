/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the simulated host share. Everything here runs with the
 * host's lock held.
 *
 *   host.c            the calls of host.h: lock, settle jobs, dispatch
 *   host_find.c       instances by class and by path
 *   host_links.c      associations
 *   host_method.c     which C function is behind which method
 *   host_object.c     setting properties from text, dates, GUIDs
 *   host_text.c       texts that follow the host's UI language
 *   host_fixed.c      what every host has: services, pools, switches
 *   host_defaults.c   default devices of each generation and their templates
 *   host_machine.c    virtual machines
 *   host_device.c     devices of running machines
 *   host_limits.c     memory, processors, network adapters
 *   host_ready.c      ready-made machines
 *   host_system.c     DefineSystem, ModifySystemSettings, DestroySystem
 *   host_resource.c   Add-, Modify-, RemoveResourceSettings
 *   host_slot.c       controllers, drives and media: who may hang where
 *   host_feature.c    features of switch ports
 *   host_state.c      RequestStateChange and the shutdown component
 *   host_start.c      what must hold for a machine to start
 *   host_job.c        jobs
 *   host_summary.c    GetSummaryInformation
 *   host_migrate.c    Msvm_VirtualSystemMigrationService
 *   host_move.c       a machine as text, on its way to another host
 *   host_receive.c    what a host lets in
 *   host_security.c   Msvm_SecurityService
 *   host_guardian.c   the HGS client: guardians and key protectors
 *   host_msps.c       shielding data and provisioning: root/msps
 *   host_file.c       files that methods write: CIM_DataFile
 *   host_image.c      virtual hard disks
 *   host_cimv2.c      root/cimv2
 *   host_fault.c      failures asked for from outside
 *   host_dump.c       the state as JSON
 */
#pragma once

#include "sim/host.h"
#include "sim/protector.h"
#include "sim/schema_private.h"

#define SIM_V2 "root/virtualization/v2"
#define SIM_HGS "root/Microsoft/Windows/Hgs"
#define SIM_MSPS "root/msps"
#define SIM_CIMV2 "root/cimv2"

/* Return codes of Hyper-V's methods (Msvm_ConcreteJob and method pages). */
enum {
    SIM_RC_DONE = 0,
    SIM_RC_JOB = 4096,
    SIM_RC_FAILED = 32768,
    SIM_RC_ACCESS_DENIED = 32769,
    SIM_RC_NOT_SUPPORTED = 32770,
    SIM_RC_TIMEOUT = 32772,
    SIM_RC_INVALID_PARAMETER = 32773,
    SIM_RC_IN_USE = 32774,
    SIM_RC_INVALID_STATE = 32775,
    SIM_RC_WRONG_TYPE = 32776,
    SIM_RC_NOT_AVAILABLE = 32777,
    SIM_RC_NOT_COMPATIBLE = 32784, /* CheckSystemCompatibilityInfo */
    SIM_RC_FILE_NOT_FOUND = 32779, /* of the image service and the shutdown component */
};

/* EnabledState of Msvm_ComputerSystem. */
enum {
    SIM_STATE_RUNNING = 2,
    SIM_STATE_OFF = 3,
    SIM_STATE_STOPPING = 4,
    SIM_STATE_SAVED = 6,
    SIM_STATE_PAUSED = 9,
    SIM_STATE_STARTING = 10,
    SIM_STATE_SAVING = 32773,
    SIM_STATE_PAUSING = 32776,
    SIM_STATE_RESUMING = 32777,
};

typedef struct SimMachine SimMachine;
typedef struct SimJob SimJob;
typedef struct SimCall SimCall;

/* A failure's text for a person, as a job shows it. */
typedef struct {
    guint32 code; /* SIM_RC_DONE: no failure */
    char *text;
} SimFailure;

G_GNUC_PRINTF(3, 4)
guint32 sim_failure(SimFailure *failure, guint32 code, const char *format, ...);
void sim_failure_clear(SimFailure *failure);

struct SimHost {
    GMutex lock;
    Schema *schema;
    char *name;
    char *version;
    char *language;
    SimGuardMode guard_mode;
    gboolean no_hgs_rights;
    guint attestation;      /* AttestationStatus when guarded */
    guint job_ms;
    guint provisioning_ms;
    guint migration_ms;
    char *migration_address; /* NULL: migration is not enabled */
    char *(*peer)(gpointer data, const char *name, const char *path, const char *body, gboolean *refused,
                  GError **error);
    gpointer peer_data;
    gint64 boot_real_us;    /* g_get_real_time() at the start */
    GPtrArray *fixed;       /* CimObjects that every host has */
    GPtrArray *fixed_links; /* SimLink among them */
    GPtrArray *machines;    /* SimMachine, in the order of their making */
    GHashTable *machines_by_guid;
    GPtrArray *jobs;       /* SimJob, the newest last */
    GPtrArray *guardians;  /* SimGuardian of the host, all with private keys but imported ones */
    SimGuardian *fabric;   /* of the fabric that a guarded host belongs to; else NULL */
    char *guardian_service; /* http://hgs...: where that fabric's Host Guardian Service is; NULL likewise */
    GPtrArray *faults;     /* asked for from outside */
    GHashTable *files;     /* path in lower case -> SimFile; see host_file.c */
    GHashTable *disks;     /* path -> CimObject Msvm_VirtualHardDiskSettingData */
    GHashTable *templates; /* see host_defaults.c: name -> CimObject */
    guint64 next_mac;
    guint32 next_process;
};

struct SimMachine {
    SimHost *host;
    char *guid; /* upper case */
    guint generation;
    guint state;       /* the settled EnabledState: 2, 3, 6 or 9 */
    guint transition;  /* EnabledState while a job changes it; 0: none */
    gint64 started_us; /* real time of the last start; 0 when off */
    gint64 on_time_us; /* of earlier runs, kept by a saved machine */
    gint64 paused_us;  /* real time of the pause */
    guint32 process;
    gboolean tpm_seen;      /* the TPM was enabled once: the Secure Boot template is frozen */
    char *tpm_lineage;      /* key that the TPM's state is sealed to; NULL: no state yet */
    GBytes *protector;      /* framed, never empty: 00 00 00 04 when there is none */
    GBytes *last_protector; /* the last that could be unwrapped */
    GBytes *policy;         /* SetSecurityPolicy */
    GHashTable *fabric_data; /* what it was provisioned with: name -> value; NULL: it was not */
    CimObject *system;      /* Msvm_ComputerSystem */
    CimObject *settings;    /* Msvm_VirtualSystemSettingData */
    CimObject *security;    /* Msvm_SecuritySettingData; NULL on hosts before 10.0 */
    GPtrArray *parts;       /* resource and component settings, in order */
    GPtrArray *features;    /* of switch ports */
    GPtrArray *boot_sources;
    GPtrArray *snapshots; /* Msvm_VirtualSystemSettingData */
    GPtrArray *devices;   /* of the running machine; NULL: to be made */
};

/* --- host_object.c ------------------------------------------------------ */

CimObject *sim_object_new(SimHost *host, const char *ns, const char *class_name);
/* Sets a scalar from its lexical form, whatever its type; NULL for null. */
void sim_set(CimObject *object, const char *property, const char *text);
void sim_set_uint(CimObject *object, const char *property, guint64 number);
void sim_set_boolean(CimObject *object, const char *property, gboolean flag);
void sim_set_time(CimObject *object, const char *property, gint64 real_us);
G_GNUC_PRINTF(3, 4)
void sim_setf(CimObject *object, const char *property, const char *format, ...);
/* An array from the lexical forms of its items, up to NULL. */
void sim_set_list(CimObject *object, const char *property, ...) G_GNUC_NULL_TERMINATED;
const char *sim_text(const CimObject *object, const char *property); /* "" when null */
guint64 sim_uint(const CimObject *object, const char *property);
gboolean sim_boolean(const CimObject *object, const char *property);
gboolean sim_text_is(const CimObject *object, const char *property,
                     const char *text);                             /* case does not matter */
gboolean sim_is_a(const CimObject *object, const char *class_name); /* of the object's namespace */
char *sim_time_text(gint64 real_us);                                /* 20261123190500.123456-000 */
char *sim_interval_text(gint64 us);                                 /* 00000000000100.500000:000 */
#define SIM_TIME_NEVER "16010101000000.000000-000"
char *sim_guid_new(SimHost *host);          /* upper case, without braces */
char *sim_guid_normalize(const char *text); /* with or without braces in; NULL when it is none */
char *sim_object_reference(SimHost *host, const CimObject *object); /* path as a string, with the host */
CimValue *sim_reference(const CimObject *object);
CimValue *sim_references(GPtrArray *objects); /* an array */

/* --- host_text.c -------------------------------------------------------- */

/* The text in the host's language; English is the key, and the answer when
 * the language has no text of its own. */
const char *sim_translate(const SimHost *host, const char *english);

/* --- host_find.c -------------------------------------------------------- */

/* SIM_OK, or why the namespace cannot be used. */
SimStatus sim_namespace_check(const SimHost *host, const char *ns);
/* Adds every instance of the class and what derives from it, with a reference
 * each; volatile properties are brought up to date. Association classes too. */
void sim_find_all(SimHost *host, const SchemaClass *cls, GPtrArray *out);
/* A new reference to the instance itself, not a copy. SIM_OK, SIM_NOT_FOUND, SIM_INVALID_*. */
SimStatus sim_find(SimHost *host, const CimPath *path, CimObject **out, SimMachine **machine);
/* Of a path that came in a parameter or in a string: the instance if it is there
 * and of the class, a new reference. */
CimObject *sim_find_reference(SimHost *host, const CimPath *path, const char *class_name,
                              SimMachine **machine);
CimObject *sim_find_text(SimHost *host, const char *path_text, const char *class_name,
                         SimMachine **machine);

/* --- host_links.c ------------------------------------------------------- */

typedef struct {
    const char *class_name;
    CimObject *left;
    CimObject *right;
    guint detail; /* ElementEffects of a job's link, ValueRole of a default's; else 0 */
} SimLink;

typedef void (*SimLinkFunc)(const SimLink *link, gpointer data);

/* The links of one machine, or of the host itself when machine is NULL; of the
 * association class and what derives from it when that is given. */
void sim_links_each(SimHost *host, SimMachine *machine, const SchemaClass *cls, SimLinkFunc func,
                    gpointer data);
void sim_links_of_class(SimHost *host, const SchemaClass *cls, GPtrArray *out);
/* Names of the two reference properties. FALSE when the class is no link of ours. */
gboolean sim_link_roles(const char *class_name, const char **left, const char **right);
CimObject *sim_link_object(SimHost *host, const SimLink *link); /* the association instance */
/* detail of Msvm_SettingsDefineCapabilities: a point that is supported. */
#define SIM_LINK_SUPPORTED 16
void sim_fixed_link(SimHost *host, const char *class_name, CimObject *left, CimObject *right, guint detail);
void sim_link_free(gpointer link);

/* --- host_fixed.c, host_switch.c, host_cimv2.c -------------------------- */

void sim_fixed_add(SimHost *host, CimObject *object); /* takes the reference */
void sim_fixed_build(SimHost *host, const char *without_switch);
void sim_switches_build(SimHost *host, const char *without);
void sim_cimv2_build(SimHost *host);
CimObject *sim_fixed_find(SimHost *host, const char *class_name); /* the first of the class */
CimObject *sim_host_row(SimHost *host);                           /* the host's own Msvm_ComputerSystem */
guint sim_max_processors(const SimHost *host);                    /* of one machine */
guint sim_host_threads(void);                                     /* logical processors */

/* --- host_defaults.c ---------------------------------------------------- */

void sim_defaults_build(SimHost *host);
/* A copy of the default settings of a resource: "Microsoft:Hyper-V:Synthetic
 * SCSI Controller" and so on. NULL: the host has no such resource. */
CimObject *sim_default_of(SimHost *host, const char *class_name, const char *sub_type);
void sim_defaults_of_generation(SimMachine *machine);

/* --- host_machine.c ----------------------------------------------------- */

/* A machine that is off, with the default devices of its generation, not yet
 * in the host's list. Guid NULL: a new one. */
SimMachine *sim_machine_new(SimHost *host, const char *guid, const char *name, guint generation);
void sim_machine_free(SimMachine *machine);
void sim_machine_add(SimHost *host, SimMachine *machine);    /* takes it over */
void sim_machine_remove(SimHost *host, SimMachine *machine); /* frees it */
SimMachine *sim_machine_find(SimHost *host, const char *guid);
guint sim_machine_state(const SimMachine *machine);        /* EnabledState as shown now */
gboolean sim_machine_is_off(const SimMachine *machine);    /* and not on its way elsewhere */
gboolean sim_machine_is_active(const SimMachine *machine); /* has a worker process */
gint64 sim_machine_uptime_us(const SimMachine *machine);
void sim_machine_refresh(SimMachine *machine); /* Msvm_ComputerSystem's volatile properties */
void sim_machine_set_state(SimMachine *machine, guint state);
void sim_machine_touch(SimMachine *machine); /* its configuration has changed */
void sim_machine_rename(SimMachine *machine, const char *name);
GPtrArray *sim_machine_devices(SimMachine *machine);
/* A part by class and resource sub-type (NULL: any); the first. */
CimObject *sim_machine_part(SimMachine *machine, const char *class_name, const char *sub_type);
/* The part that a path in a string names; NULL when it is none of the machine's. */
CimObject *sim_machine_part_at(SimMachine *machine, const char *path_text);
const char *sim_config_version(const SimHost *host);
/* Brings Msvm_BootSourceSettingData and BootSourceOrder in line with the parts. */
void sim_machine_update_boot_sources(SimMachine *machine);

/* --- host_ready.c ------------------------------------------------------- */

void sim_ready_machines(SimHost *host, guint count);

/* --- host_job.c --------------------------------------------------------- */

typedef struct {
    const char *job_class; /* NULL: Msvm_ConcreteJob */
    const char *caption;   /* English; translated */
    guint type;            /* JobType */
    gboolean always;       /* 4096 even when jobs take no time */
    SimMachine *machine;   /* whom it affects; or NULL */
    const char *object;    /* Msps_ProvisioningJob: the out parameter that takes the job itself */
    guint ms;              /* how long it takes; 0: as long as any job */
    void (*fill)(CimObject *job, gconstpointer data); /* what jobs of its class show besides; or NULL */
} SimJobKind;

/* Does the work; when it fails, fills failure and returns its code. created
 * takes what the work has made (CimObjects, with a reference). */
typedef guint32 (*SimWork)(SimHost *host, gpointer data, GPtrArray *created, SimFailure *failure);

/* Does the work at once, or starts a job that does it when its time has come
 * (then sets the out parameter Job and returns 4096). Takes over data. */
guint32 sim_job_run(SimCall *call, const SimJobKind *kind, SimWork work, gpointer data,
                    GDestroyNotify free_data);
/* The same for work that no method call waits for (a guest's shutdown). */
void sim_job_start(SimHost *host, const SimJobKind *kind, SimWork work, gpointer data,
                   GDestroyNotify free_data);
/* A job that fails when its time has come. */
guint32 sim_job_fail_later(SimCall *call, guint32 code, const char *description);
void sim_jobs_settle(SimHost *host); /* finishes what is due, forgets what is old */
void sim_jobs_forget_machine(SimHost *host, SimMachine *machine);
void sim_jobs_each(SimHost *host, void (*func)(CimObject *job, gpointer data), gpointer data);
void sim_job_links(SimHost *host, SimMachine *machine, SimLinkFunc func, gpointer data);
void sim_job_free(gpointer job);
guint sim_jobs_running(SimHost *host, SimMachine *machine);
/* Its text, its code; NULL while it has not failed. */
const SimFailure *sim_job_failure(SimCall *call);
gboolean sim_job_cancel(SimCall *call); /* FALSE: it has ended */
gboolean sim_machine_is_moving(const SimMachine *machine); /* a migration job of it runs */
SimStatus sim_job_get_error(SimCall *call, guint32 *return_value);
SimStatus sim_job_get_error_ex(SimCall *call, guint32 *return_value);
SimStatus sim_job_request_state(SimCall *call, guint32 *return_value);

/* --- host_method.c ------------------------------------------------------ */

struct SimCall {
    SimHost *host;
    const SchemaClass *cls;
    const SchemaMethod *method;
    CimObject *target;   /* borrowed; NULL for a static method */
    SimMachine *machine; /* that the target belongs to; or NULL */
    GHashTable *in;
    GHashTable *out;
};

typedef SimStatus (*SimMethodFunc)(SimCall *call, guint32 *return_value);

SimMethodFunc sim_method_find(const SchemaClass *cls, const char *method);
const CimValue *sim_in(SimCall *call, const char *name); /* NULL when absent or null */
const char *sim_in_text(SimCall *call, const char *name);
gboolean sim_in_boolean(SimCall *call, const char *name);
CimPath *sim_in_path(SimCall *call, const char *name);          /* borrowed; NULL */
void sim_out(SimCall *call, const char *name, CimValue *value); /* takes over */
/* The embedded instance in a string parameter, of the class or derived from
 * it. NULL with *code set. */
CimObject *sim_in_instance(SimCall *call, const char *name, const char *class_name, guint32 *code);
/* The same for string[]. NULL with *code set; an empty array is invalid. */
GPtrArray *sim_in_instances(SimCall *call, const char *name, const char *class_name, guint32 *code);

/* --- methods ------------------------------------------------------------ */

SimStatus sim_define_system(SimCall *call, guint32 *rv);
SimStatus sim_modify_system_settings(SimCall *call, guint32 *rv);
SimStatus sim_destroy_system(SimCall *call, guint32 *rv);
SimStatus sim_add_resources(SimCall *call, guint32 *rv);
SimStatus sim_modify_resources(SimCall *call, guint32 *rv);
SimStatus sim_remove_resources(SimCall *call, guint32 *rv);
SimStatus sim_add_features(SimCall *call, guint32 *rv);
SimStatus sim_modify_features(SimCall *call, guint32 *rv);
SimStatus sim_remove_features(SimCall *call, guint32 *rv);
SimStatus sim_request_state_change(SimCall *call, guint32 *rv);
SimStatus sim_initiate_shutdown(SimCall *call, guint32 *rv);
SimStatus sim_initiate_reboot(SimCall *call, guint32 *rv);
SimStatus sim_get_summary(SimCall *call, guint32 *rv);
SimStatus sim_set_key_protector(SimCall *call, guint32 *rv);
SimStatus sim_get_key_protector(SimCall *call, guint32 *rv);
SimStatus sim_restore_key_protector(SimCall *call, guint32 *rv);
SimStatus sim_set_security_policy(SimCall *call, guint32 *rv);
SimStatus sim_modify_security(SimCall *call, guint32 *rv);
SimStatus sim_service_start_stop(SimCall *call, guint32 *rv);
SimStatus sim_hgs_get(SimCall *call, guint32 *rv);
SimStatus sim_hgs_guardian_new(SimCall *call, guint32 *rv);
SimStatus sim_hgs_guardian_import(SimCall *call, guint32 *rv);
SimStatus sim_hgs_guardian_remove(SimCall *call, guint32 *rv);
SimStatus sim_hgs_protector_new(SimCall *call, guint32 *rv);
SimStatus sim_hgs_protector_convert(SimCall *call, guint32 *rv);
SimStatus sim_hgs_protector_grant(SimCall *call, guint32 *rv);
SimStatus sim_hgs_protector_revoke(SimCall *call, guint32 *rv);
SimStatus sim_msps_populate_stream(SimCall *call, guint32 *rv);
SimStatus sim_msps_populate_file(SimCall *call, guint32 *rv);
SimStatus sim_msps_query_policy(SimCall *call, guint32 *rv);
SimStatus sim_msps_serialize(SimCall *call, guint32 *rv);
SimStatus sim_msps_provision(SimCall *call, guint32 *rv);
SimStatus sim_msps_prepare(SimCall *call, guint32 *rv);
SimStatus sim_msps_get_error(SimCall *call, guint32 *rv);
SimStatus sim_msps_kill(SimCall *call, guint32 *rv);
SimStatus sim_file_delete(SimCall *call, guint32 *rv);
SimStatus sim_migrate_to_host(SimCall *call, guint32 *rv);
SimStatus sim_check_migratable(SimCall *call, guint32 *rv);
SimStatus sim_check_migratable_to_host(SimCall *call, guint32 *rv);
SimStatus sim_get_compatibility_info(SimCall *call, guint32 *rv);
SimStatus sim_check_compatibility_info(SimCall *call, guint32 *rv);
SimStatus sim_image_create(SimCall *call, guint32 *rv);
SimStatus sim_image_get_settings(SimCall *call, guint32 *rv);
SimStatus sim_image_get_state(SimCall *call, guint32 *rv);

/* --- host_resource.c, host_slot.c, host_feature.c ----------------------- */

/* Adds one resource to the machine by Hyper-V's rules. Returns the code. */
guint32 sim_resource_add(SimMachine *machine, const CimObject *asked, GPtrArray *created,
                         SimFailure *failure);
guint32 sim_resource_modify(SimMachine *machine, CimObject *part, const CimObject *asked,
                            SimFailure *failure);
/* What must hold of the place of a drive or a medium. Fills in the address. */
guint32 sim_slot_check(SimMachine *machine, CimObject *part, CimObject **parent, SimFailure *failure);
guint32 sim_processor_check(SimMachine *machine, const CimObject *part, SimFailure *failure);
guint32 sim_memory_check(SimMachine *machine, const CimObject *part, SimFailure *failure);
guint32 sim_ethernet_check(SimMachine *machine, CimObject *part, SimFailure *failure);
void sim_features_follow(SimMachine *machine); /* drops those of removed ports */
/* Whether a running machine takes the resource. */
gboolean sim_resource_hot(const SimMachine *machine, const CimObject *part);

/* --- host_start.c, host_guardian.c, host_image.c ------------------------ */

guint32 sim_start_check(SimMachine *machine, SimFailure *failure);
/* Whether something in it is sealed with the protector's key. */
gboolean sim_machine_is_sealed(const SimMachine *machine);
guint32 sim_machine_unwrap(SimMachine *machine, SimFailure *failure); /* its protector; and re-keys it */
SimGuardian *sim_guardian_find(SimHost *host, const char *name);
gboolean sim_guardians_build(SimHost *host, SimGuardianKind guardian, const char *fabric, GError **error);
void sim_guardians_list(SimHost *host, GPtrArray *out); /* MSFT_HgsGuardian */
gboolean sim_file_exists(SimHost *host, const char *path);
CimObject *sim_disk_settings(SimHost *host,
                             const char *path); /* new reference; NULL when there is no such file */

/* --- host_file.c -------------------------------------------------------- */

/* A file is where a method wrote it, and nowhere else. Paths are those of a
 * local disk, C:\...; a folder with "missing" in its path is not there. */
gboolean sim_path_is_local(const char *path);
gboolean sim_file_write(SimHost *host, const char *path, GBytes *content);
GBytes *sim_file_read(SimHost *host, const char *path); /* borrowed; NULL */
void sim_files_list(SimHost *host, GPtrArray *out);     /* CIM_DataFile */
void sim_file_free(gpointer file);

/* --- host_migrate.c, host_move.c, host_receive.c ------------------------ */

/* MigrationType of Msvm_VirtualSystemMigrationSettingData. */
enum { SIM_MOVE_SYSTEM = 32768, SIM_MOVE_STORAGE = 32769, SIM_MOVE_BOTH = 32771 };

void sim_migration_build(SimHost *host);
/* Whether this host could run a machine of this configuration version. */
gboolean sim_config_version_fits(const SimHost *host, const char *version);
/* The machine as JSON; disks: with what its virtual hard disks are, not only where. */
json_object *sim_machine_pack(SimMachine *machine, gboolean disks);
/* The reverse: a machine that is in no list yet. NULL: not what sim_machine_pack() gives. */
SimMachine *sim_machine_unpack(SimHost *host, json_object *json);
/* An instance from the text in it, in this host's words. NULL when malformed. */
CimObject *sim_object_arrived(SimHost *host, const char *source, const char *text);
const char *sim_json_text(json_object *json, const char *key); /* "" when there is none */

/* --- host_fault.c ------------------------------------------------------- */

/* Whether the call is to fail by request; then *rv is what to return. */
gboolean sim_fault_take(SimCall *call, guint32 *rv);
void sim_fault_free(gpointer fault);
