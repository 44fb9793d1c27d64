/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vTPM policy: from image properties, flavor extra specs, keys and
 * shielding in the metadata, and the <tpm> element, to one decision.
 *
 *   image \\ flavor     unset   disabled   optional   required
 *   unset, disabled     off     off        off        error
 *   optional            off     off        off        on
 *   required            on      error      on         on
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "xml/msvm_problems.h"

#include "domain_conf.h"

#define MSVM_POLICY_MAX_KEYS 6
#define MSVM_POLICY_MAX_KEYS_LENGTH 255 /* of os_vtpm_keys, as a Glance property */
#define MSVM_POLICY_MAX_REQUIRES_LENGTH 255
#define MSVM_POLICY_MAX_FABRIC 64 /* values of the specialization data */
#define MSVM_NAMESPACE_URI "urn:libvirt-msvm:domain:1"
#define MSVM_SECURITY_PATH "/domain/metadata/msvm:security" /* where a problem is */

typedef struct {
    bool tpm;
    bool add_tpm;           /* the policy asks for one that the XML does not have */
    bool secure_boot;       /* must be on */
    bool no_secure_boot;    /* must be off: os_secure_boot says disabled */
    char *secure_boot_template; /* UUID, lower case; NULL: nothing said */
    bool shielded;
    bool encrypt_traffic;
    bool encryption_is_open; /* nothing is said: what is on stays on, and shielding data may turn it on */
    char **keys;            /* references in order, lower case: UUIDs, or /containers/UUID;
                             * NULL-terminated, never NULL */
    bool shielding_data;    /* the keys must be shielding data: img_pdk_reference */
    bool provision;         /* specialize the guest with them */
    char **fabric_names;    /* @@NAME@@, sorted; NULL-terminated, never NULL */
    char **fabric_values;   /* as many */
    char *owner;            /* guardian; NULL: the default */
    bool create_owner;
    GPtrArray *guardians;   /* HypervGrant, beside the owner; NULL: nothing said */
    bool discard_tpm_state; /* of a TPM that is taken away */
    char *version_requires; /* hypervisor_version_requires, verbatim; or NULL */
    unsigned int generation; /* that hw_machine_type asks for; 0: none */
} MsvmPolicy;

void msvmPolicyFree(MsvmPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmPolicy, msvmPolicyFree)

/*
 * Works the policy out of a definition. NULL with an error reported:
 * VIR_ERR_XML_ERROR for what is not well-formed (an unknown value, element or
 * property of ours, a malformed UUID, more than six keys, more than 255
 * characters of them), VIR_ERR_CONFIG_UNSUPPORTED for what contradicts itself
 * or cannot be had (keys without a TPM, a TPM in generation 1 ...).
 */
MsvmPolicy *msvmPolicyNew(const virDomainDef *def);

/* The same with every problem. What follows from what is wrong is not checked,
 * and not in the policy, which is never NULL. *whole: there was no problem. */
MsvmPolicy *msvmPolicyCollect(const virDomainDef *def, MsvmProblems *problems, bool *whole);

/* Whether Nova's own properties of a TPM ask for one (hw_tpm_version of the
 * image, hw:tpm_version of the flavor: either is enough). Both tables: name ->
 * value. -1 with an error reported for a TPM that Hyper-V has not. */
int msvmPolicyNovaTPM(GHashTable *image, GHashTable *flavor, bool *asked);

/* Whether a version, "10.0.20348", satisfies a requirement as Nova spells it:
 * a list of <, <=, =, ==, !=, >=, > with versions, separated by commas, all of
 * which must hold. Only as many components are compared as the requirement
 * names, so that "==10.0" holds on every host of version 10.0, as it does in
 * Nova, which knows two components. -1 with an error reported when it is
 * malformed. */
int msvmPolicyVersionSatisfies(const char *version, const char *requires);
