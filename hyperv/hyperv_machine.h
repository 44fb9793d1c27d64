/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A virtual machine in Hyper-V's own words: what is on the host, or what is
 * wanted there. Plain data; hyperv_load.h fills it in from a host,
 * hyperv_define.h makes it so.
 */
#pragma once

#include <glib.h>

/* Msvm_ComputerSystem.EnabledState, as Hyper-V uses it. */
typedef enum {
    HYPERV_STATE_UNKNOWN = 0,
    HYPERV_STATE_RUNNING = 2,
    HYPERV_STATE_OFF = 3,
    HYPERV_STATE_SHUTTING_DOWN = 4,
    HYPERV_STATE_SAVED = 6,
    HYPERV_STATE_PAUSED = 9,
    HYPERV_STATE_STARTING = 10,
    /* the transitions, 32768 and on in the documents, folded into these: */
    HYPERV_STATE_SAVING = 32773,
    HYPERV_STATE_STOPPING = 32774,
    HYPERV_STATE_PAUSING = 32776,
    HYPERV_STATE_RESUMING = 32777,
} HypervState;

/* Not off and not saved: the machine has a process on the host. */
gboolean hyperv_state_is_active(HypervState state);

typedef enum {
    HYPERV_BUS_IDE,    /* generation 1: controllers 0 and 1, units 0 and 1 */
    HYPERV_BUS_SCSI,   /* controllers 0 to 3, units 0 to 63 */
    HYPERV_BUS_FLOPPY, /* generation 1: one unit */
} HypervBus;

#define HYPERV_MAX_SCSI_CONTROLLERS 4
#define HYPERV_MAX_SCSI_UNITS 64
#define HYPERV_MAX_NICS 64

typedef enum {
    HYPERV_DRIVE_DISK,
    HYPERV_DRIVE_DVD,
    HYPERV_DRIVE_FLOPPY,
} HypervDriveKind;

typedef struct {
    HypervDriveKind kind;
    HypervBus bus;
    guint controller;
    guint unit;
    char *path;          /* image file on the host; NULL: an empty drive, or a disk of the host itself */
    gboolean is_physical; /* a disk of the host is passed through: shown, not definable */
    guint boot_order;    /* 1 is first; 0: not in the boot order */
    /* Set on load: the InstanceIDs of drive and medium on the host. */
    char *drive_id;
    char *medium_id;
} HypervDrive;

typedef struct {
    gboolean legacy;     /* emulated adapter, generation 1 only */
    char *name;          /* ElementName; NULL: the default */
    char *mac;           /* 12 upper-case hexadecimal digits; NULL: the host chooses */
    gboolean connected;  /* a cable: the connection to the switch is enabled */
    char *switch_name;   /* NULL: connected to none */
    char *switch_path;   /* its object path; set on load, and by hyperv_define() */
    guint boot_order;
    /* Set on load. */
    char *port_id;
    char *connection_id;
} HypervNic;

/* A guardian that a key protector is to authorise. */
typedef struct {
    char *name;
    gboolean allow_expired; /* whatever the dates of its certificates */
} HypervGrant;

HypervGrant *hyperv_grant_new(const char *name, gboolean allow_expired);
void hyperv_grant_free(HypervGrant *grant);
/* By name, without regard to case. Borrowed, or NULL. */
const HypervGrant *hyperv_grant_find(const GPtrArray *grants, const char *name);

typedef struct {
    gboolean available;          /* set on load: the host has security settings for this machine */
    gboolean tpm_enabled;
    gboolean encrypt_traffic;    /* EncryptStateAndVmMigrationTraffic */
    gboolean encryption_is_open; /* wanted: the policy of shielding data may turn it on */
    gboolean shielding_requested;
    gboolean ksd_enabled;        /* set on load: a key storage drive, which needs the protector as a TPM does */
    GPtrArray *guardians;        /* wanted: HypervGrant, whom the protector authorises beside its owner;
                                  * NULL: as it is */
    char *owner;                 /* wanted: the guardian that owns the protector which is there; NULL: whoever */
    gboolean discard_state;      /* wanted: a TPM that goes takes its protector with it */
    char *instance_id;           /* set on load */
} HypervSecurity;

/* AutomaticStartupAction of the documents. */
typedef enum {
    HYPERV_STARTUP_NONE = 2,
    HYPERV_STARTUP_RESTART_IF_RUNNING = 3,
    HYPERV_STARTUP_ALWAYS = 4,
} HypervStartupAction;

/* AutomaticShutdownAction. */
typedef enum {
    HYPERV_SHUTDOWN_TURN_OFF = 2,
    HYPERV_SHUTDOWN_SAVE = 3,
    HYPERV_SHUTDOWN_GUEST = 4,
} HypervShutdownAction;

typedef struct {
    char *guid;            /* upper case; NULL for a machine yet to be made */
    char *name;
    char *notes;           /* all lines, joined by newlines; NULL: none */
    char *bios_guid;       /* UUID without braces, upper case; NULL: the host chooses */
    guint generation;      /* 1 or 2 */
    char *version;         /* configuration version, "10.0"; NULL when wanted: the host's default */
    guint64 memory_mib;    /* at start */
    gboolean dynamic_memory;
    guint64 min_memory_mib;
    guint64 max_memory_mib;
    guint processors;
    gboolean secure_boot;         /* generation 2 */
    char *secure_boot_template;   /* UUID, lower case; NULL: the host's default */
    HypervStartupAction startup_action;   /* 0 when wanted: leave the host's default */
    HypervShutdownAction shutdown_action; /* likewise */
    gboolean turn_off_on_guest_restart;   /* TurnOffOnGuestRestart */
    guint n_scsi_controllers;
    GPtrArray *drives;     /* HypervDrive, by bus, controller, unit */
    GPtrArray *nics;       /* HypervNic, in the host's order */
    gboolean network_boot; /* generation 1: the legacy adapter is in the boot order ... */
    guint network_boot_order; /* ... at this place */
    HypervSecurity security;
    gboolean has_checkpoints; /* set on load */
} HypervMachine;

HypervMachine *hyperv_machine_new(void);
void hyperv_machine_free(HypervMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervMachine, hyperv_machine_free)
HypervMachine *hyperv_machine_copy(const HypervMachine *machine);
HypervDrive *hyperv_machine_add_drive(HypervMachine *machine, HypervDriveKind kind, HypervBus bus,
                                      guint controller, guint unit);
HypervNic *hyperv_machine_add_nic(HypervMachine *machine);
/* NULL when nothing is there. */
HypervDrive *hyperv_machine_find_drive(const HypervMachine *machine, HypervBus bus, guint controller,
                                       guint unit);
