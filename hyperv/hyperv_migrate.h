/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving a machine to another host (Msvm_VirtualSystemMigrationService). The
 * source host does the work; this tells it to, and asks both hosts before
 * whether it can be.
 *
 * Hyper-V moves: afterwards the machine, with its settings, notes, protector
 * and TPM state, is on the destination alone, with the same VM id.
 */
#pragma once

#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"

/* What a destination has to know of the machine. Of key material only what is
 * public: certificates. */
typedef struct {
    char *guid;
    char *name;
    char *version;             /* of its configuration */
    gboolean active;           /* running, not off or saved */
    gboolean off;
    gboolean shielded;
    gboolean asked;            /* the source was asked for the next three */
    GPtrArray *wrappings;      /* HypervWrapping of its protector; NULL: it has none */
    HypervGuardMode guard;     /* of the source, where there is a protector */
    char *guard_service;       /* the source's Host Guardian Service; NULL: it has none */
    GBytes *compatibility;     /* GetSystemCompatibilityInfo */
    HypervMachine *machine;    /* at the source only */
} HypervTraveller;

HypervTraveller *hyperv_traveller_new(void);
void hyperv_traveller_free(HypervTraveller *traveller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervTraveller, hyperv_traveller_free)

/* Asks the source; guarded: for the machine's protector and the guard, too, as
 * hyperv_migrate_check() wants them. HYPERV_ERROR_NO_MACHINE; HYPERV_ERROR_UNSUPPORTED when
 * migration is not enabled there; HYPERV_ERROR_INVALID_STATE for a machine
 * that is paused or on its way from one state to another. */
HypervTraveller *hyperv_migrate_describe(HypervHost *source, const char *guid, gboolean guarded,
                                         GCancellable *cancellable, GError **error);

/*
 * Asks the destination whether it takes the machine. *addresses: where it
 * listens for migrations, to be freed with g_strfreev(). unsafe: leave out
 * what concerns the guard. Errors:
 *
 *   HYPERV_ERROR_UNSUPPORTED   migration is not enabled there
 *   HYPERV_ERROR_INCOMPATIBLE  CheckSystemCompatibilityInfo says no; the message holds its reasons
 *   HYPERV_ERROR_UNSAFE        nothing says that the machine could run there: hyperv_migrate_guard.h
 *   HYPERV_ERROR_IN_USE        a machine with this VM id is there already
 */
gboolean hyperv_migrate_check(HypervHost *destination, const HypervTraveller *traveller, gboolean unsafe,
                              char ***addresses, GCancellable *cancellable, GError **error);

typedef struct {
    const char *destination;       /* DestinationHost: a name that the source can resolve */
    const char *const *addresses;  /* DestinationIPAddressList; NULL or empty: the source chooses */
    gboolean storage;              /* its disks move, too, to the same paths */
    gboolean compress;
} HypervMove;

/* Lets the source check (CheckVirtualSystemIsMigratable, whose job gives
 * reasons), then move. Waits as long as the job makes progress; the host's job
 * timeout counts from the last. HYPERV_ERROR_ABORTED when somebody ended the
 * job. Given up in any other way, the job goes on at the host. */
gboolean hyperv_migrate(HypervHost *source, const HypervTraveller *traveller, const HypervMove *move,
                        GCancellable *cancellable, GError **error);

/* A migration on its way, from any client. */
typedef struct {
    guint percent;
    guint64 elapsed_ms;
    gboolean cancellable;
    gboolean storage;
    WsmanEpr *job;
} HypervMigration;

void hyperv_migration_free(HypervMigration *migration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervMigration, hyperv_migration_free)

/* *migration is NULL, without an error, when the machine is not being moved.
 * One query. */
gboolean hyperv_migration_find(HypervHost *host, const char *guid, HypervMigration **migration,
                               GCancellable *cancellable, GError **error);
/* Ends it; the machine stays at the source. HYPERV_ERROR_INVALID_STATE when it
 * cannot be ended any more. */
gboolean hyperv_migration_abort(HypervHost *host, const HypervMigration *migration, GCancellable *cancellable,
                                GError **error);
