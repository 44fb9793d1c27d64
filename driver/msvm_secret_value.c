/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_value.h"

#include "driver/msvm_secret_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "datatypes.h"
#include "driver.h"
#include "secret_conf.h"
#include "virerror.h"
#include "virfile.h"
#include "viridentity.h"
#include "virsecret.h"
#include "virsecureerase.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* libvirt reported an error; what it means to a key manager. */
static void
set_error_from_libvirt(const char *uuid, GError **error)
{
    virErrorPtr last = virGetLastError();
    int code = KEYMGR_ERROR_UNAVAILABLE;

    if (last && last->code == VIR_ERR_NO_SECRET)
        code = strstr(last->message, "value") ? KEYMGR_ERROR_NO_PAYLOAD : KEYMGR_ERROR_NOT_FOUND;
    else if (last && last->code == VIR_ERR_INVALID_ARG)
        code = KEYMGR_ERROR_INVALID_REFERENCE;
    else if (last && (last->code == VIR_ERR_ACCESS_DENIED || last->code == VIR_ERR_AUTH_UNAVAILABLE))
        code = KEYMGR_ERROR_ACCESS_DENIED;
    g_set_error(error, KEYMGR_ERROR, code, _("libvirt secret '%s': %s"), uuid, virGetLastErrorMessage());
}

/* --- files of the embedded store ------------------------------------------ */

static gboolean
check_usage(const char *path, const char *uuid, int wanted, GError **error)
{
    virSecretDef *def = virSecretDefParse(NULL, path, 0);
    int usage;

    if (!def) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_SECRET, _("libvirt secret '%s': %s"), uuid,
                    virGetLastErrorMessage());
        return FALSE;
    }
    usage = def->usage_type;
    virSecretDefFree(def);
    if (wanted < 0 || usage == wanted || usage == VIR_SECRET_USAGE_TYPE_NONE)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                _("secret with uuid %s is of type '%s' not expected '%s' type"), uuid,
                virSecretUsageTypeToString(usage), virSecretUsageTypeToString(wanted));
    return FALSE;
}

/* Decodes in place; text is wiped by the caller. */
static KeymgrSecret *
decode(char *text, const char *uuid, GError **error)
{
    gsize size = 0;

    if (*text)
        g_base64_decode_inplace(text, &size);
    if (size > KEYMGR_SECRET_MAX_SIZE) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, _("libvirt secret '%s' is longer than %d bytes"),
                    uuid, KEYMGR_SECRET_MAX_SIZE);
        return NULL;
    }
    return keymgr_secret_new(text, size);
}

static KeymgrSecret *
read_value(const char *path, const char *uuid, GError **error)
{
    VIR_AUTOCLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *text = NULL;
    KeymgrSecret *secret = NULL;
    struct stat st;

    if (fd < 0 && errno == ENOENT) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NO_PAYLOAD, _("libvirt secret '%s' does not have a value"),
                    uuid);
        return NULL;
    }
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MSVM_SECRET_MAX_FILE) {
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE,
                    _("the value of libvirt secret '%s' cannot be read: %s is not a readable file of at most %d "
                      "bytes"), uuid, path, MSVM_SECRET_MAX_FILE);
        return NULL;
    }
    text = g_malloc0(st.st_size + 1);
    if (saferead(fd, text, st.st_size) == st.st_size)
        secret = decode(text, uuid, error);
    else
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE, _("cannot read '%s'"), path);
    virSecureErase(text, st.st_size);
    return secret;
}

static gboolean
check_is_there(const char *root, const char *uuid, GError **error)
{
    g_autofree char *definition = msvmSecretFilesPath(root, uuid, ".xml");

    if (access(definition, F_OK) == 0 || errno != ENOENT)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND,
                _("no libvirt secret with uuid '%s' in secret:///embed?root=%s"), uuid, root);
    return FALSE;
}

KeymgrSecret *
msvmSecretValueRead(const char *uuid, gpointer root, GError **error)
{
    g_autofree char *value = msvmSecretFilesPath(root, uuid, ".base64");

    virResetLastError();
    return check_is_there(root, uuid, error) ? read_value(value, uuid, error) : NULL;
}

static KeymgrSecret *
get_from_files(const char *root, const char *uuid, int usage_type, GError **error)
{
    g_autofree char *definition = msvmSecretFilesPath(root, uuid, ".xml");

    if (!check_is_there(root, uuid, error) || !check_usage(definition, uuid, usage_type, error))
        return NULL;
    return msvmSecretValueRead(uuid, (gpointer)root, error);
}

/* --- a secret driver --------------------------------------------------------- */

/* virSecretGetSecretString() wants to know one. */
static int
usage_of(virConnectPtr conn, const unsigned char *uuid)
{
    virSecretPtr secret = conn->secretDriver->secretLookupByUUID ? conn->secretDriver->secretLookupByUUID(conn, uuid)
                                                                 : NULL;
    int usage = secret ? secret->usageType : VIR_SECRET_USAGE_TYPE_NONE;

    virObjectUnref(secret);
    return usage;
}

static KeymgrSecret *
get_from_connection(virConnectPtr conn, const char *uuid, int usage_type, GError **error)
{
    virSecretLookupTypeDef lookup = { .type = VIR_SECRET_LOOKUP_TYPE_UUID };
    KeymgrSecret *secret = NULL;
    uint8_t *value = NULL;
    size_t size = 0;

    if (virUUIDParse(uuid, lookup.u.uuid) < 0 || !conn->secretDriver ||
        virSecretGetSecretString(conn, &lookup, usage_type < 0 ? usage_of(conn, lookup.u.uuid) : usage_type, &value,
                                 &size) < 0) {
        set_error_from_libvirt(uuid, error);
        return NULL;
    }
    if (size > KEYMGR_SECRET_MAX_SIZE)
        g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_LIMIT, _("libvirt secret '%s' is longer than %d bytes"),
                    uuid, KEYMGR_SECRET_MAX_SIZE);
    else
        secret = keymgr_secret_new(value, size);
    virSecureErase(value, size);
    g_free(value);
    return secret;
}

/* A private secret is given out only to a caller who is known, and is the
 * daemon itself or acts for it. */
static KeymgrSecret *
get_elevated(virConnectPtr conn, const char *uuid, int usage_type, GError **error)
{
    g_autoptr(virIdentity) known = virIdentityGetCurrent();
    g_autoptr(virIdentity) self = known ? NULL : virIdentityGetSystem();
    KeymgrSecret *secret = NULL;

    if (self && virIdentitySetCurrent(self) < 0) {
        set_error_from_libvirt(uuid, error);
        return NULL;
    }
    {
        VIR_IDENTITY_AUTORESTORE virIdentity *old = virIdentityElevateCurrent();

        if (old)
            secret = get_from_connection(conn, uuid, usage_type, error);
        else
            set_error_from_libvirt(uuid, error);
    }
    if (self)
        virIdentitySetCurrent(NULL);
    return secret;
}

static KeymgrSecret *
get_from_driver(const char *uuid, int usage_type, GError **error)
{
    g_autoptr(virConnect) conn = virGetConnectSecret();

    if (!conn) {
        set_error_from_libvirt(uuid, error);
        return NULL;
    }
    return get_elevated(conn, uuid, usage_type, error);
}

KeymgrSecret *
msvmSecretValueGet(const char *uuid, int usage_type, gpointer opaque, GError **error)
{
    const char *root = opaque;
    g_autoptr(GError) not_found = NULL;
    KeymgrSecret *secret;

    virResetLastError();
    if (!root)
        return get_from_driver(uuid, usage_type, error);
    secret = get_from_files(root, uuid, usage_type, &not_found);
    if (secret)
        return secret;
    if (g_error_matches(not_found, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND) && msvmSecretDriverIsLoaded())
        return get_from_driver(uuid, usage_type, error);
    g_propagate_error(error, g_steal_pointer(&not_found));
    return NULL;
}
