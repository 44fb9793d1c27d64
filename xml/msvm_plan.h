/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a domain definition to what is wanted on the host. Errors are reported
 * in libvirt's way (virReportError), all before anything is sent.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_record.h"

#include "domain_conf.h"

/* What a plan has to know of the host. */
typedef struct {
    const char *name; /* for messages; NULL: no host is known, so that what depends on it is not checked */
    unsigned int major;
    unsigned int minor;
    unsigned int build;
} MsvmPlanHost;

typedef struct {
    HypervMachine *machine;  /* wanted; its notes are the final ones */
    char *pending_notes;     /* while it is being made */
    MsvmPolicy *policy;      /* what comes out for TPM, keys, shielding */
} MsvmPlan;

void msvmPlanFree(MsvmPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmPlan, msvmPlanFree)

/*
 * def: post-parsed with msvmXMLOptionNew()'s hooks; the driver may add a
 * <tpm> to it where the policy asks for one.
 * current: the machine that is there already when the UUID is known, else
 * NULL. Its fields that domain XML cannot express are kept.
 * NULL with VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_XML_ERROR,
 * VIR_ERR_INVALID_ARG ... reported, naming the element.
 */
MsvmPlan *msvmPlanNew(virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current);

/* The same with every problem of the definition and of the host, as far as one
 * can be told with the other there. NULL when there is one. */
MsvmPlan *msvmPlanCollect(virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current,
                          MsvmProblems *problems);

/* Whether saved state and migration of the machine will be encrypted. current:
 * what is there, or NULL. */
bool msvmPlanIsEncrypted(const MsvmPolicy *policy, const HypervMachine *current);

/* The virtual switch that an interface is to be on, or NULL. Borrowed. */
const char *msvmPlanNetSwitch(const virDomainNetDef *net);

/* The notes for a domain whose title, description or metadata changed. */
char *msvmPlanNotes(const virDomainDef *def, const char *current_notes);
