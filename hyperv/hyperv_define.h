/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making, changing and removing virtual machines.
 *
 * Order of a define (a failure at any step undoes all that went before):
 *
 *   DefineSystem            settings, with the notes of a machine in the making
 *   ModifyResourceSettings  memory, processors
 *   AddResourceSettings     controllers and adapters; drives; media and connections
 *   SetKeyProtector         then SetSecurityPolicy, ModifySecuritySettings, read back
 *   ProvisionMachine        where the guest is to be specialized
 *   ModifySystemSettings    boot order, and the final notes: now it counts as defined
 */
#pragma once

#include "hyperv/hyperv_guard.h"
#include "hyperv/hyperv_host.h"
#include "hyperv/hyperv_machine.h"
#include "hyperv/hyperv_provision.h"

/* Where the key protector of a machine comes from. All borrowed. */
typedef struct {
    const guint8 *protector; /* framed or bare key protector; NULL: the host makes one */
    gsize protector_size;
    gboolean is_of_unknown;  /* redefine: nobody knows which keys the one that is there was made from */
    const guint8 *shielding; /* in its place shielding data, which hold protector and policy; or NULL */
    gsize shielding_size;
    const GPtrArray *guardians; /* or HypervMetadata of guardians for whom the host makes one; or NULL */
    const HypervProvisioning *provisioning; /* with shielding data: specialize the guest; or NULL */
    const char *owner;       /* guardian that owns what the host makes; NULL: UntrustedGuardian */
    gboolean create_owner;   /* make that guardian if the host has none */
    const HypervGuard *guard; /* of the host, where it was just asked; NULL: it is asked */
} HypervProtection;

/*
 * Makes the machine as wanted. wanted->notes are its final notes;
 * pending_notes mark it until it is complete.
 * protection: NULL unless wanted->security.tpm_enabled.
 * Returns the new machine's guid; caller frees. On failure nothing is left on
 * the host, also when cancelled; if even the undoing fails, the message says
 * what is left.
 */
char *hyperv_define(HypervHost *host, const HypervMachine *wanted, const char *pending_notes,
                    const HypervProtection *protection, GCancellable *cancellable, GError **error);

/* Looks once more, before the machine counts as defined, whether it may.
 * *settings: its Msvm_VirtualSystemSettingData, if that was read on the way.
 * FALSE with the error set: the machine is removed again. */
typedef gboolean (*HypervRivalFunc)(HypervHost *host, const char *guid, WsmanInstance **settings, gpointer opaque,
                                    GError **error);

/* The same, with such a look; func may be NULL. */
char *hyperv_define_unrivalled(HypervHost *host, const HypervMachine *wanted, const char *pending_notes,
                               const HypervProtection *protection, HypervRivalFunc func, gpointer opaque,
                               GCancellable *cancellable, GError **error);

/*
 * Changes the machine from current, as hyperv_load() gave it, to wanted. Only
 * what differs is touched. On failure it goes back to what was there.
 * HYPERV_ERROR_INVALID_STATE unless off, except for a change of notes, name
 * and startup action alone. A generation cannot change
 * (HYPERV_ERROR_UNSUPPORTED), nor can a protector be replaced where the TPM
 * has state (HYPERV_ERROR_PROTECTOR_IN_USE).
 */
gboolean hyperv_redefine(HypervHost *host, const HypervMachine *current, const HypervMachine *wanted,
                         const HypervProtection *protection, GCancellable *cancellable, GError **error);

/* A change that is about to be made, for who keeps a mark of it. */
typedef struct {
    const HypervMachine *current;
    HypervMachine *wanted;     /* its notes may be replaced */
    gboolean brings_protector; /* the machine has none, and no TPM, and is to get one */
    gboolean drops_protector;  /* it goes with its TPM, as the last step but the final notes */
    const GPtrArray *granted;  /* names of guardians: whom the protector authorises beside its owner until it is
                                * changed, as far as the host knows them; NULL: it is not changed */
    const HypervProvisioning *provisioning; /* NULL: there is none */
    char *drop_notes;          /* may be set: the notes once only the protector is left to drop; freed with g_free */
} HypervChange;

/* Called before the first of several changes; it may write to the machine's
 * notes, which the last change then sets. FALSE with the error set: nothing is
 * changed. */
typedef gboolean (*HypervMarkFunc)(HypervHost *host, HypervChange *change, gpointer opaque, GError **error);

/* hyperv_redefine() with such a call; func may be NULL. */
gboolean hyperv_redefine_marked(HypervHost *host, const HypervMachine *current, const HypervMachine *wanted,
                                const HypervProtection *protection, HypervMarkFunc func, gpointer opaque,
                                GCancellable *cancellable, GError **error);

/* Goes back from current to what it was before, which was lost on the way. A
 * protector that is there stays, and none is made: but with
 * before->security.discard_state one that no TPM is to have any more goes, and
 * before->security.guardians are whom it is to authorise. The notes come last. */
gboolean hyperv_redefine_back(HypervHost *host, const HypervMachine *current, const HypervMachine *before,
                              GError **error);

/* Whether the protector of a machine in this state may be extended: of those
 * that grant and revoke. HYPERV_ERROR_INVALID_STATE. Asks nothing. */
gboolean hyperv_redefine_check_extension(const HypervMachine *current, HypervState state, GError **error);

/* DestroySystem; the machine must be off or saved. Disks' files stay. */
gboolean hyperv_undefine(HypervHost *host, const char *guid, GCancellable *cancellable, GError **error);

/* One setting each; allowed at any time. */
gboolean hyperv_set_notes(HypervHost *host, const char *guid, const char *notes, GCancellable *cancellable,
                          GError **error);
gboolean hyperv_set_startup_action(HypervHost *host, const char *guid, HypervStartupAction action,
                                   GCancellable *cancellable, GError **error);
