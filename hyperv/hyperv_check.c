/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_check.h"

#include <string.h>

#include "hyperv/hyperv_boot.h"
#include "hyperv/hyperv_protector.h"

#define MAC_LENGTH 12
#define MAX_IDE_CONTROLLERS 2
#define MAX_IDE_UNITS 2
/* Windows Server 2016: the first with virtual TPMs. */
#define TPM_HOST_MAJOR 10

static gboolean fail(GError **error, HypervError kind, const char *text)
{
    hyperv_error_set(error, kind, 0, "%s", text);
    return FALSE;
}

static gboolean check_address(const HypervMachine *wanted, const HypervDrive *drive, GError **error)
{
    switch (drive->bus) {
    case HYPERV_BUS_IDE:
        if (wanted->generation == 2)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "a generation 2 machine has no IDE controllers");
        if (drive->controller >= MAX_IDE_CONTROLLERS || drive->unit >= MAX_IDE_UNITS)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "IDE has controllers 0 and 1 with units 0 and 1");
        return TRUE;
    case HYPERV_BUS_SCSI:
        if (drive->controller >= HYPERV_MAX_SCSI_CONTROLLERS || drive->unit >= HYPERV_MAX_SCSI_UNITS)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "SCSI has controllers 0 to 3 with units 0 to 63");
        return TRUE;
    case HYPERV_BUS_FLOPPY:
        if (wanted->generation == 2)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "a generation 2 machine has no floppy drive");
        if (drive->controller != 0 || drive->unit != 0)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "a generation 1 machine has one floppy drive");
        return TRUE;
    }
    return fail(error, HYPERV_ERROR_UNSUPPORTED, "a drive is on an unknown bus");
}

static gboolean check_drives(const HypervMachine *wanted, GError **error)
{
    for (guint i = 0; i < wanted->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(wanted->drives, i);

        if (!check_address(wanted, drive, error))
            return FALSE;
        if ((drive->kind == HYPERV_DRIVE_FLOPPY) != (drive->bus == HYPERV_BUS_FLOPPY))
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "only a floppy drive is on the floppy controller");
        if (drive->kind == HYPERV_DRIVE_DISK && !drive->path && !drive->is_physical)
            return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "a disk has no file");
        for (guint j = 0; j < i; j++) {
            const HypervDrive *other = g_ptr_array_index(wanted->drives, j);

            if (other->bus == drive->bus && other->controller == drive->controller && other->unit == drive->unit)
                return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "two drives have the same address");
        }
    }
    return TRUE;
}

static gboolean is_mac(const char *mac)
{
    return strlen(mac) == MAC_LENGTH && strspn(mac, "0123456789ABCDEF") == MAC_LENGTH;
}

static gboolean check_nics(const HypervMachine *wanted, GError **error)
{
    if (wanted->nics->len > HYPERV_MAX_NICS)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "the machine has too many network adapters");
    for (guint i = 0; i < wanted->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(wanted->nics, i);

        if (nic->legacy && wanted->generation == 2)
            return fail(error, HYPERV_ERROR_UNSUPPORTED, "a generation 2 machine has no legacy network adapters");
        if (nic->mac && !is_mac(nic->mac))
            return fail(error, HYPERV_ERROR_INVALID_PARAMETER,
                        "a MAC address is not twelve upper-case hexadecimal digits");
        for (guint j = 0; nic->mac && j < i; j++) {
            const HypervNic *other = g_ptr_array_index(wanted->nics, j);

            if (g_strcmp0(other->mac, nic->mac) == 0)
                return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "two network adapters have the same MAC address");
        }
    }
    return TRUE;
}

static gboolean check_memory(const HypervMachine *wanted, GError **error)
{
    if (wanted->memory_mib == 0 || wanted->processors == 0)
        return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "a machine needs memory and processors");
    if (wanted->dynamic_memory &&
        (wanted->min_memory_mib > wanted->memory_mib || wanted->max_memory_mib < wanted->memory_mib))
        return fail(error, HYPERV_ERROR_INVALID_PARAMETER,
                    "the memory at start is not between the minimum and the maximum");
    return TRUE;
}

static gboolean check_security(HypervHost *host, const HypervMachine *wanted, GError **error)
{
    const HypervSecurity *security = &wanted->security;

    if (wanted->secure_boot && wanted->generation != 2)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "Secure Boot needs a generation 2 machine");
    if ((security->encrypt_traffic || security->shielding_requested) && !security->tpm_enabled)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "shielding and encryption need the TPM");
    if (security->shielding_requested && !wanted->secure_boot)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "shielding needs Secure Boot");
    if (!security->tpm_enabled)
        return TRUE;
    if (wanted->generation != 2)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "a TPM needs a generation 2 machine");
    if (!hyperv_host_version_at_least(host, TPM_HOST_MAJOR, 0)) {
        guint major, minor, build;

        hyperv_host_get_version(host, &major, &minor, &build);
        hyperv_error_set(error, HYPERV_ERROR_HOST_TOO_OLD, 0,
                         "a TPM needs a host of version 10.0 or newer, this one is %u.%u.%u", major, minor, build);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_protection(const HypervMachine *wanted, const HypervProtection *protection, GError **error)
{
    if (!protection)
        return TRUE;
    if (!wanted->security.tpm_enabled)
        return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "a key protector without a TPM");
    if (!protection->protector)
        return TRUE;
    if (hyperv_protector_is_empty(protection->protector, protection->protector_size))
        return fail(error, HYPERV_ERROR_INVALID_PROTECTOR, "the key protector is empty");
    return hyperv_protector_check(protection->protector, protection->protector_size, error);
}

gboolean hyperv_check(HypervHost *host, const HypervMachine *wanted, const HypervProtection *protection,
                      GError **error)
{
    if (!wanted->name || *wanted->name == '\0')
        return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "a machine needs a name");
    if (wanted->generation != 1 && wanted->generation != 2)
        return fail(error, HYPERV_ERROR_INVALID_PARAMETER, "the generation is neither 1 nor 2");
    if (wanted->n_scsi_controllers > HYPERV_MAX_SCSI_CONTROLLERS)
        return fail(error, HYPERV_ERROR_UNSUPPORTED, "a machine has at most 4 SCSI controllers");
    return check_memory(wanted, error) && check_drives(wanted, error) && check_nics(wanted, error) &&
           check_security(host, wanted, error) && hyperv_boot_check(wanted, error) &&
           check_protection(wanted, protection, error);
}
