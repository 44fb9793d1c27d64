/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated Hyper-V host: its instances and methods, behind the calls
 * that a WMI provider answers. Knows nothing of SOAP or HTTP. Every call
 * takes the host's lock, so any thread may make it.
 */
#pragma once

#include <json-c/json.h>

#include "sim/cim_object.h"

typedef struct SimHost SimHost;

typedef enum {
    SIM_GUARD_NONE,    /* no HGS client classes on the host */
    SIM_GUARD_LOCAL,   /* Mode 1 */
    SIM_GUARD_GUARDED, /* Mode 2; IsHostGuarded when attestation has passed */
    SIM_GUARD_UNKNOWN, /* Mode 0 */
} SimGuardMode;

/* The UntrustedGuardian that is there at the start. */
typedef enum {
    SIM_GUARDIAN_NONE,
    SIM_GUARDIAN_PRESENT,
    SIM_GUARDIAN_EXPIRED,  /* its certificates ran out yesterday */
    SIM_GUARDIAN_IMPORTED, /* without private keys: of another host */
} SimGuardianKind;

#define SIM_ATTESTATION_PASSED 100

typedef struct {
    const char *schema_folder;
    const char *name;     /* host name, upper case as Windows shows it: HV01 */
    const char *version;  /* 10.0.20348: the version of the operating system */
    SimGuardMode guard_mode;
    guint attestation;    /* AttestationStatus of a guarded host: SIM_ATTESTATION_PASSED ... */
    gboolean no_msps;     /* the shielded-VM tools are not installed: no root/msps */
    gboolean no_hgs_rights; /* whoever asks has no rights in the namespace of the HGS client */
    SimGuardianKind guardian;
    const char *fabric;   /* of a guarded host: the folder with the guardian of its fabric; NULL: one of its own */
    const char *without_switch; /* the name of a switch that it lacks; NULL: it has them all */
    guint n_machines;     /* ready-made virtual machines */
    guint provisioning_ms; /* how long a guest takes to specialize itself; 0: as long as any job */
    guint job_ms;         /* how long a job runs; 0: methods complete at once where Hyper-V allows it */
    const char *ui_language; /* en-US, ja-JP ...: the language of texts and captions */
    guint migration_ms;      /* how long a migration runs; 0: as long as any job */
    const char *migration_address; /* where migrations are received; NULL: migration is not enabled */
    /* Another simulated host: sends it a request (path, and body, JSON) and gives its
     * answer, *refused telling whether it said no. NULL with the error set when it cannot
     * be reached. NULL: the host knows no other. */
    char *(*peer)(gpointer data, const char *name, const char *path, const char *body, gboolean *refused,
                  GError **error);
    gpointer peer_data;
} SimHostOptions;

/* What a WMI provider answers besides success. */
typedef enum {
    SIM_OK,
    SIM_INVALID_NAMESPACE, /* WBEM_E_INVALID_NAMESPACE 0x8004100E */
    SIM_INVALID_CLASS,     /* WBEM_E_INVALID_CLASS     0x80041010 */
    SIM_NOT_FOUND,         /* WBEM_E_NOT_FOUND         0x80041002 */
    SIM_INVALID_METHOD,    /* WBEM_E_METHOD_NOT_IMPLEMENTED / invalid method */
    SIM_INVALID_PARAMETER, /* WBEM_E_INVALID_METHOD_PARAMETERS 0x8004102F */
    SIM_INVALID_SELECTORS, /* keys that are not the class's, or not all of them */
    SIM_ACCESS_DENIED,     /* WBEM_E_ACCESS_DENIED     0x80041003 */
    SIM_FAILED,            /* WBEM_E_FAILED            0x80041001 */
} SimStatus;

SimHost *sim_host_new(const SimHostOptions *options, GError **error);
void sim_host_free(SimHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHost, sim_host_free)
const Schema *sim_host_schema(const SimHost *host);
const char *sim_host_name(const SimHost *host);
const char *sim_host_version(const SimHost *host);

/* Instances of the class and of all that derive from it, as copies that no
 * later change touches. *out: array of CimObject with a free function. */
SimStatus sim_host_enumerate(SimHost *host, const char *ns, const char *class_name, GPtrArray **out);
/* The keys may be fewer than all when they name exactly one instance (a
 * singleton service by CreationClassName alone, facts of real hosts). */
SimStatus sim_host_get(SimHost *host, const CimPath *path, CimObject **out);
/* Instances at the other ends of the associations of one instance. Names may
 * be NULL: any. */
SimStatus sim_host_associators(SimHost *host, const CimPath *path, const char *assoc_class,
                               const char *result_class, const char *role, const char *result_role,
                               GPtrArray **out);
/* The association instances themselves. */
SimStatus sim_host_references(SimHost *host, const CimPath *path, const char *result_class,
                              const char *role, GPtrArray **out);
/* A table for parameters: name -> CimValue, both owned by it. */
GHashTable *sim_values_new(void);
/* Runs a method. in: parameter name (in the schema's spelling) -> CimValue,
 * already of the schema's types; a parameter left out is null. out likewise,
 * to be filled by the method (both from sim_values_new). A static method is called with a path that has
 * no keys. Methods can also be failed from outside: see sim_host_fail_method. */
SimStatus sim_host_invoke(SimHost *host, const CimPath *path, const SchemaMethod *method,
                          GHashTable *in, GHashTable *out, guint32 *return_value);

/* The nth call (1: the next) of the method from now on does nothing and
 * returns return_value; or, when it is 4096, gives a job that fails with
 * error_code and description. method NULL: any method. */
void sim_host_fail_method(SimHost *host, const char *method, guint nth, guint32 return_value,
                          guint32 error_code, const char *description);

/* The host loses its power and is up again: what ran is off, and is started, or
 * not, as its AutomaticStartupAction says. Connections are not cut. */
void sim_host_lose_power(SimHost *host);

/* What another host sends: a machine on its way here. NULL: taken (or, with only_check, it
 * would be); else why not, which the caller frees. */
char *sim_host_receive(SimHost *host, const char *body, gboolean only_check);

/* The whole state as JSON, for tests and the demo: {"machines": [{guid, name,
 * state, notes, generation, ..., "security": {tpmEnabled, ...},
 * "keyProtector": {"set": true, "size": n, "sha256": "..."}}], "guardians":
 * [...], "disks": [paths], "instances": {class: [ {property: value} ... ]}}; volatile things
 * (jobs, uptime) only when asked for. Caller puts it. */
json_object *sim_host_dump(SimHost *host, gboolean with_volatile);

/* What an administrator may have done to a machine before. */
typedef struct {
    gboolean checkpoint; /* taken one, which stands in the way of some changes */
    gboolean ksd;        /* turned its TPM into a key storage drive, which needs the protector just so */
    gboolean tpm_off;    /* turned its TPM off, which keeps protector and state */
    const char *version; /* kept a configuration version of an older host; NULL: leave it */
    const char *notes;   /* written these; NULL: leave them */
} SimPreparation;

/* FALSE when there is no such machine. */
gboolean sim_host_prepare_machine(SimHost *host, const char *name, const SimPreparation *preparation);
/* A virtual hard disk that has been made. FALSE when one is there, or the path is none. */
gboolean sim_host_prepare_disk(SimHost *host, const char *path);
/* Of the above only "guardians": [{name, fabric, hasPrivateSigningKey,
 * signingCertificate, encryptionCertificate (base64 of DER)}]: those that can
 * open a protector on this host. Caller puts it. hvsim-protector reads it. */
json_object *sim_host_guardians(SimHost *host);
/* A ready-made protector or key material is never shown; only its digest. */
