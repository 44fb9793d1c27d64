/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HGS client: root/Microsoft/Windows/Hgs. Its pages give no return codes;
 * a call that cannot be done fails as a whole, as the client's cmdlets show it.
 *
 *   mode       who opens a protector                     local protectors
 *   local      the host's own guardians                  made and used here
 *   guarded    the fabric's guardian, through HGS alone  made, but of no use here
 */
#include <errno.h>
#include <string.h>

#include "sim/guardian_private.h"
#include "sim/host_private.h"

#define MAX_GUARDIANS 64
#define UNTRUSTED "UntrustedGuardian" /* New-VMKeyProtector's name for the local one */

/* --- guardians ----------------------------------------------------------------- */

SimGuardian *sim_guardian_find(SimHost *host, const char *name)
{
    for (guint i = 0; i < host->guardians->len; i++) {
        SimGuardian *guardian = g_ptr_array_index(host->guardians, i);

        if (g_ascii_strcasecmp(sim_guardian_name(guardian), name) == 0)
            return guardian;
    }
    return NULL;
}

static SimGuardian *make_guardian(SimHost *host, const char *name, const char *place)
{
    g_autoptr(GError) error = NULL;
    SimGuardian *guardian = sim_guardian_generate(name, place ? place : host->name, &error);

    if (!guardian)
        g_warning("guardian '%s': %s", name, error->message);
    return guardian;
}

static SimGuardian *make_first(SimHost *host, SimGuardianKind kind)
{
    g_autoptr(SimGuardian) other = NULL;

    if (kind == SIM_GUARDIAN_PRESENT)
        return make_guardian(host, UNTRUSTED, NULL);
    if (kind == SIM_GUARDIAN_EXPIRED)
        return sim_guardian_generate_expired(UNTRUSTED, host->name, NULL);
    if (kind == SIM_GUARDIAN_IMPORTED)
        other = make_guardian(host, UNTRUSTED, "elsewhere");
    return other ? sim_guardian_import(UNTRUSTED, sim_guardian_signing_certificate(other),
                                       sim_guardian_encryption_certificate(other), NULL)
                 : NULL;
}

/* Hosts of one fabric have one guardian between them, and one Host Guardian
 * Service, called after the folder that holds the guardian. Without a folder, a
 * host is alone in its fabric. */
static gboolean join_fabric(SimHost *host, const char *folder, GError **error)
{
    g_autofree char *name = folder ? g_path_get_basename(folder) : g_ascii_strdown(host->name, -1);

    host->guardian_service = g_strdup_printf("http://hgs.%s.example", name);
    if (!folder)
        host->fabric = sim_guardian_generate("Fabric", "HGS", error);
    else if (g_mkdir_with_parents(folder, 0700) == 0)
        host->fabric = sim_guardian_keep("Fabric", "HGS", folder, error);
    else
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", folder, g_strerror(errno));
    return host->fabric != NULL;
}

gboolean sim_guardians_build(SimHost *host, SimGuardianKind guardian, const char *fabric, GError **error)
{
    if (!schema_has_namespace(host->schema, SIM_HGS))
        return TRUE;
    if (guardian != SIM_GUARDIAN_NONE) {
        SimGuardian *made = make_first(host, guardian);

        if (made)
            g_ptr_array_add(host->guardians, made);
    }
    return host->guard_mode != SIM_GUARD_GUARDED || join_fabric(host, fabric, error);
}

static CimValue *octets(GBytes *bytes)
{
    gsize size = 0;
    gconstpointer data = g_bytes_get_data(bytes, &size);

    return cim_value_new_bytes(data, size);
}

static CimObject *guardian_object(SimHost *host, const char *name, GBytes *signing, GBytes *encryption,
                                  const SimGuardian *guardian)
{
    CimObject *object = sim_object_new(host, SIM_HGS, "MSFT_HgsGuardian");
    g_autofree char *signature = guardian ? sim_guardian_certificate_signature(guardian) : NULL;

    sim_set(object, "Name", name);
    cim_object_set(object, "SigningCertificate", octets(signing));
    cim_object_set(object, "EncryptionCertificate", octets(encryption));
    sim_set(object, "EncryptionCertificateSignature", signature);
    sim_set(object, "EncryptionCertificateSignatureAlgorithm",
            signature ? "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" : NULL);
    sim_set_boolean(object, "HasPrivateSigningKey", guardian && sim_guardian_has_keys(guardian));
    return object;
}

static CimObject *known_guardian_object(SimHost *host, const SimGuardian *guardian)
{
    return guardian_object(host, sim_guardian_name(guardian), sim_guardian_signing_certificate(guardian),
                           sim_guardian_encryption_certificate(guardian), guardian);
}

void sim_guardians_list(SimHost *host, GPtrArray *out)
{
    for (guint i = 0; i < host->guardians->len; i++)
        g_ptr_array_add(out, known_guardian_object(host, g_ptr_array_index(host->guardians, i)));
}

static void give(SimCall *call, CimObject *object)
{
    sim_out(call, "cmdletOutput", cim_value_new_object(object));
    cim_object_unref(object);
}

SimStatus sim_hgs_guardian_new(SimCall *call, guint32 *rv)
{
    const char *name = sim_in_text(call, "Name");
    SimGuardian *guardian = NULL;

    *rv = 0;
    if (!name || *name == '\0' || !sim_in_boolean(call, "GenerateCertificates"))
        return SIM_INVALID_PARAMETER;
    if (sim_guardian_find(call->host, name) || call->host->guardians->len >= MAX_GUARDIANS)
        return SIM_FAILED;
    guardian = make_guardian(call->host, name, NULL);
    if (!guardian)
        return SIM_FAILED;
    g_ptr_array_add(call->host->guardians, guardian);
    give(call, known_guardian_object(call->host, guardian));
    return SIM_OK;
}

/* Path is a file on the host: the guardian of another place, whose private keys
 * stay there. Its root is not trusted here, so that must be allowed. */
SimStatus sim_hgs_guardian_import(SimCall *call, guint32 *rv)
{
    const char *name = sim_in_text(call, "Name");
    const char *path = sim_in_text(call, "Path");
    g_autoptr(SimGuardian) other = NULL;
    SimGuardian *guardian = NULL;

    *rv = 0;
    if (!name || *name == '\0' || !path || *path == '\0')
        return SIM_INVALID_PARAMETER;
    if (strstr(path, "missing") || !g_str_has_suffix(path, ".xml"))
        return SIM_NOT_FOUND;
    if (sim_guardian_find(call->host, name) || !sim_in_boolean(call, "AllowUntrustedRoot") ||
        call->host->guardians->len >= MAX_GUARDIANS)
        return SIM_FAILED;
    other = make_guardian(call->host, name, "elsewhere");
    guardian = other ? sim_guardian_import(name, sim_guardian_signing_certificate(other),
                                           sim_guardian_encryption_certificate(other), NULL)
                     : NULL;
    if (!guardian)
        return SIM_FAILED;
    g_ptr_array_add(call->host->guardians, guardian);
    give(call, known_guardian_object(call->host, guardian));
    return SIM_OK;
}

SimStatus sim_hgs_guardian_remove(SimCall *call, guint32 *rv)
{
    const char *name = sim_in_text(call, "Name");
    SimGuardian *guardian = name ? sim_guardian_find(call->host, name) : NULL;

    *rv = 0;
    if (!name)
        return SIM_INVALID_PARAMETER;
    if (!guardian)
        return SIM_NOT_FOUND;
    g_ptr_array_remove(call->host->guardians, guardian);
    return SIM_OK;
}

/* --- the client's configuration ---------------------------------------------------- */

static void set_service(CimObject *object, const SimHost *host, const char *property, const char *path)
{
    if (host->guardian_service)
        sim_setf(object, property, "%s/%s", host->guardian_service, path);
    else
        sim_set(object, property, "");
}

/* Values: MSFT_HgsClientConfiguration page. */
SimStatus sim_hgs_get(SimCall *call, guint32 *rv)
{
    CimObject *object = sim_object_new(call->host, SIM_HGS, "MSFT_HgsClientConfiguration");
    gboolean guarded = call->host->guard_mode == SIM_GUARD_GUARDED;

    sim_set_uint(object, "Mode", call->host->guard_mode == SIM_GUARD_UNKNOWN ? 0 : guarded ? 2 : 1);
    sim_set_boolean(object, "IsHostGuarded", guarded && call->host->attestation == SIM_ATTESTATION_PASSED);
    set_service(object, call->host, "KeyProtectionServerUrl", "KeyProtection");
    set_service(object, call->host, "AttestationServerUrl", "Attestation");
    sim_set_uint(object, "AttestationOperationMode", guarded ? 1 : 0);
    sim_set_uint(object, "AttestationStatus", guarded ? call->host->attestation : 0);
    sim_set_uint(object, "AttestationSubstatus", 0);
    give(call, object);
    *rv = 0;
    return SIM_OK;
}

/* --- key protectors ---------------------------------------------------------------------- */

/* Of a guardian that the host does not know, its own signature over its
 * encryption certificate is all that there is. */
static gboolean vouched_for(const CimObject *object, GBytes *signing, GBytes *encryption)
{
    gsize size = 0, signature_size = 0;
    gconstpointer data = g_bytes_get_data(encryption, &size);
    g_autofree guchar *signature =
        g_base64_decode(sim_text(object, "EncryptionCertificateSignature"), &signature_size);

    return signature_size > 0 && sim_certificate_verify(signing, data, size, signature, signature_size);
}

/* Certificates outside of their time need AllowExpired. */
static gboolean in_time(SimCall *call, const SimGuardian *guardian)
{
    return sim_in_boolean(call, "AllowExpired") ||
           (!sim_certificate_expired(sim_guardian_signing_certificate(guardian)) &&
            !sim_certificate_expired(sim_guardian_encryption_certificate(guardian)));
}

/* A guardian that came as an embedded instance: the host's own when the
 * certificates are its, else one without keys. */
static SimGuardian *guardian_of(SimHost *host, const CimObject *object)
{
    g_autoptr(GBytes) signing = cim_value_bytes(cim_object_get(object, "SigningCertificate"));
    g_autoptr(GBytes) encryption = cim_value_bytes(cim_object_get(object, "EncryptionCertificate"));

    if (!signing || !encryption)
        return NULL;
    for (guint i = 0; i < host->guardians->len; i++) {
        SimGuardian *guardian = g_ptr_array_index(host->guardians, i);

        if (g_bytes_equal(signing, sim_guardian_signing_certificate(guardian)) &&
            g_bytes_equal(encryption, sim_guardian_encryption_certificate(guardian)))
            return sim_guardian_ref(guardian);
    }
    if (!vouched_for(object, signing, encryption))
        return NULL;
    return sim_guardian_import(sim_text(object, "Name"), signing, encryption, NULL);
}

static const SimGuardian *known_by_certificate(SimHost *host, GBytes *encryption)
{
    for (guint i = 0; i < host->guardians->len; i++) {
        SimGuardian *guardian = g_ptr_array_index(host->guardians, i);

        if (g_bytes_equal(encryption, sim_guardian_encryption_certificate(guardian)))
            return guardian;
    }
    return NULL;
}

static CimObject *wrapping_object(SimHost *host, const SimProtector *protector, guint index)
{
    GBytes *encryption = sim_protector_encryption_certificate(protector, index);
    const SimGuardian *known = known_by_certificate(host, encryption);

    return guardian_object(host, known ? sim_guardian_name(known) : "",
                           sim_protector_signing_certificate(protector, index), encryption, known);
}

static CimObject *protector_object(SimHost *host, const SimProtector *protector)
{
    CimObject *object = sim_object_new(host, SIM_HGS, "MSFT_HgsKeyProtector");
    g_autoptr(GBytes) framed = sim_protector_format(protector);
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    guint owner = sim_protector_owner_index(protector);
    g_autoptr(CimObject) owner_object = wrapping_object(host, protector, owner);
    g_autofree CimItem *items = NULL;

    for (guint i = 0; i < sim_protector_n_wrappings(protector); i++) {
        if (i != owner)
            g_ptr_array_add(others, wrapping_object(host, protector, i));
    }
    items = g_new0(CimItem, others->len + 1);
    for (guint i = 0; i < others->len; i++)
        items[i].object = g_ptr_array_index(others, i);
    cim_object_set(object, "Owner", cim_value_new_object(owner_object));
    cim_object_set(object, "Guardians", cim_value_new_array(CIM_OBJECT, items, others->len));
    cim_object_set(object, "RawData", octets(framed));
    return object;
}

static GPtrArray *guardians_in(SimCall *call, const char *name)
{
    const CimValue *value = sim_in(call, name);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) sim_guardian_unref);

    for (guint i = 0; value && i < cim_value_count(value); i++) {
        SimGuardian *guardian = guardian_of(call->host, cim_value_item(value, i)->object);

        if (!guardian)
            return NULL;
        g_ptr_array_add(list, guardian);
    }
    return g_steal_pointer(&list);
}

/* Guardians with self-signed certificates need AllowUntrustedRoot. */
SimStatus sim_hgs_protector_new(SimCall *call, guint32 *rv)
{
    const CimValue *owner_value = sim_in(call, "Owner");
    g_autoptr(SimGuardian) owner =
        owner_value ? guardian_of(call->host, cim_value_item(owner_value, 0)->object) : NULL;
    g_autoptr(GPtrArray) guardians = guardians_in(call, "Guardian");
    g_autoptr(SimProtector) protector = NULL;

    *rv = 0;
    if (!owner || !guardians)
        return SIM_INVALID_PARAMETER;
    if (!sim_in_boolean(call, "AllowUntrustedRoot") || !in_time(call, owner))
        return SIM_FAILED;
    for (guint i = 0; i < guardians->len; i++) {
        if (!in_time(call, g_ptr_array_index(guardians, i)))
            return SIM_FAILED;
    }
    protector = sim_protector_new(owner, guardians, NULL);
    if (!protector)
        return SIM_FAILED;
    give(call, protector_object(call->host, protector));
    return SIM_OK;
}

SimStatus sim_hgs_protector_convert(SimCall *call, guint32 *rv)
{
    const CimValue *value = sim_in(call, "Bytes");
    g_autoptr(GBytes) framed = value ? cim_value_bytes(value) : NULL;
    g_autoptr(SimProtector) protector = framed ? sim_protector_parse(framed, NULL) : NULL;

    *rv = 0;
    if (!framed)
        return SIM_INVALID_PARAMETER;
    if (!protector)
        return SIM_FAILED;
    give(call, protector_object(call->host, protector));
    return SIM_OK;
}

static SimStatus change(SimCall *call, gboolean grant)
{
    const CimValue *protector_value = sim_in(call, "KeyProtector");
    const CimValue *guardian_value = sim_in(call, "Guardian");
    g_autoptr(GBytes) framed =
        protector_value
            ? cim_value_bytes(cim_object_get(cim_value_item(protector_value, 0)->object, "RawData"))
            : NULL;
    g_autoptr(SimGuardian) guardian =
        guardian_value ? guardian_of(call->host, cim_value_item(guardian_value, 0)->object) : NULL;
    g_autoptr(SimProtector) protector = framed ? sim_protector_parse(framed, NULL) : NULL;

    if (!guardian || !protector)
        return SIM_INVALID_PARAMETER;
    if (grant ? (!sim_in_boolean(call, "AllowUntrustedRoot") || !in_time(call, guardian) ||
                 !sim_protector_grant(protector, call->host->guardians, guardian, NULL))
              : !sim_protector_revoke(protector, call->host->guardians, guardian, NULL))
        return SIM_FAILED;
    give(call, protector_object(call->host, protector));
    return SIM_OK;
}

SimStatus sim_hgs_protector_grant(SimCall *call, guint32 *rv)
{
    *rv = 0;
    return change(call, TRUE);
}

SimStatus sim_hgs_protector_revoke(SimCall *call, guint32 *rv)
{
    *rv = 0;
    return change(call, FALSE);
}

/* --- starting a machine ---------------------------------------------------------------------- */

static GPtrArray *who_may_open(SimHost *host)
{
    GPtrArray *list = g_ptr_array_new();

    if (host->guard_mode == SIM_GUARD_GUARDED && host->attestation == SIM_ATTESTATION_PASSED && host->fabric)
        g_ptr_array_add(list, host->fabric);
    for (guint i = 0; host->guard_mode == SIM_GUARD_LOCAL && i < host->guardians->len; i++)
        g_ptr_array_add(list, g_ptr_array_index(host->guardians, i));
    return list;
}

/* The texts are those of published troubleshooting articles. */
static guint32 not_unwrapped(SimMachine *machine, SimFailure *failure)
{
    const char *name = sim_text(machine->system, "ElementName");

    return sim_failure(failure, SIM_RC_FAILED,
                       "'%s' failed to start. The key protector for the virtual machine '%s' "
                       "could not be unwrapped. Details are included in the "
                       "HostGuardianService-Client event log. The parameter is incorrect. "
                       "(0x80070057). (Virtual machine ID %s)",
                       name, name, machine->guid);
}

guint32 sim_machine_unwrap(SimMachine *machine, SimFailure *failure)
{
    g_autoptr(GPtrArray) openers = who_may_open(machine->host);
    g_autoptr(SimProtector) protector = sim_protector_parse(machine->protector, NULL);
    g_autofree char *lineage = protector ? sim_protector_unwrap(protector, openers) : NULL;

    if (!lineage)
        return not_unwrapped(machine, failure);
    /* The TPM's state is sealed to the transport key that it was made with: with
     * another protector it cannot be read any more. */
    if (machine->tpm_lineage && strcmp(machine->tpm_lineage, lineage) != 0)
        return sim_failure(failure, SIM_RC_FAILED,
                           "'%s' failed to start. The state of the virtual TPM device could "
                           "not be read: an authentication tag does not match. (0xC000A002). "
                           "(Virtual machine ID %s)",
                           sim_text(machine->system, "ElementName"), machine->guid);
    if (!sim_protector_rekey(protector, openers))
        return not_unwrapped(machine, failure);
    if (!machine->tpm_lineage)
        machine->tpm_lineage = g_steal_pointer(&lineage);
    g_clear_pointer(&machine->last_protector, g_bytes_unref);
    machine->last_protector = g_steal_pointer(&machine->protector);
    machine->protector = sim_protector_format(protector);
    return SIM_RC_DONE;
}
