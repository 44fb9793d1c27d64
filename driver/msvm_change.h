/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a changed definition to a changed machine: what define, edit, attach,
 * detach and update have in common.
 *
 *   what the host has -> plan -> guards -> keys -> the host
 *
 * All that is wrong with the definition or its keys, or stands in its way on
 * the host, is collected and reported together. What only a host can tell of
 * keys and switches is asked when they are used, and all of it where there is
 * something to be reported (msvm_inspect.h).
 */
#pragma once

#include "driver/msvm_private.h"
#include "hyperv/hyperv_find.h"
#include "hyperv/hyperv_machine.h"
#include "xml/msvm_plan.h"

typedef struct {
    MsvmPrivate *priv;      /* borrowed */
    virDomainDef *def;      /* wanted */
    char uuid[VIR_UUID_STRING_BUFLEN];
    char *guid;             /* of the machine: there already, or made */
    HypervFound *found;     /* NULL: there is none yet */
    HypervMachine *current; /* the same, whole */
    HypervState state;      /* of the same */
    MsvmProblems *problems; /* so far */
    MsvmPolicy *policy;     /* as the definition had it before the plan completed it */
    bool is_decided;        /* the policy is whole, whatever else is wrong */
    MsvmPlan *plan;         /* NULL where anything is */
    HypervGuard guard;      /* of the host, where it had to be asked */
    bool has_guard;
    int id;                 /* of the domain: -1 unless active */
} MsvmChange;

MsvmChange *msvmChangeNew(MsvmPrivate *priv);
/* Takes over def. */
void msvmChangeSetDef(MsvmChange *change, virDomainDef *def);
void msvmChangeFree(MsvmChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmChange, msvmChangeFree)

/* Takes over found: the machine that is to be changed. */
void msvmChangeSetFound(MsvmChange *change, HypervFound *found);

/* Reads the machine and its state. -1 with an error reported. */
int msvmChangeLoad(MsvmChange *change);

/* Whether the machine is protected already by the keys that the policy names:
 * then it keeps its protector, and none of them has to be fetched. */
bool msvmChangeKeepsProtector(const MsvmChange *change, const MsvmPolicy *wanted);

/* Whether the policy names another owner than the domain of a machine with a
 * TPM was defined with: it is then compared with that of the protector. */
bool msvmChangeNamesOwner(const MsvmChange *change, const MsvmPolicy *wanted);

/* Reports what the host said of the change. */
void msvmChangeReportError(const MsvmChange *change, const GError *error);

/* Everything: where found is set and current is not, reads it; then plans,
 * checks, fetches keys and changes the host. -1 with an error reported, and
 * the host as it was. */
int msvmChangeRun(MsvmChange *change);
