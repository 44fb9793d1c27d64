/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_credentials.h"

#include "keymgr/keymgr_secret.h"
#include "wsman/wsman_error.h"

#include <unistd.h>

#include "virauth.h"
#include "virerror.h"
#include "virsecureerase.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define SERVICE "msvm"

struct MsvmCredentials {
    gatomicrefcount refs;
    GMutex lock;
    char *path;             /* of auth.conf, or NULL */
    char *host;
    char *user;             /* or NULL: not known yet */
    KeymgrSecret *password; /* or NULL: not asked yet */
    virConnectAuthPtr auth; /* while the connection is being opened */
    bool sealed;
};

MsvmCredentials *
msvmCredentialsNew(virConnectPtr conn, virConnectAuthPtr auth, const char *user, const char *host)
{
    MsvmCredentials *credentials = g_new0(MsvmCredentials, 1);

    g_atomic_ref_count_init(&credentials->refs);
    g_mutex_init(&credentials->lock);
    credentials->host = g_strdup(host);
    credentials->user = g_strdup(user);
    credentials->auth = auth;
    if (virAuthGetConfigFilePath(conn, &credentials->path) < 0) {
        msvmCredentialsUnref(credentials);
        return NULL;
    }
    /* $LIBVIRT_AUTH_FILE may name a file that is not there: then the client
     * is asked. */
    if (credentials->path && access(credentials->path, F_OK) < 0 && errno == ENOENT)
        g_clear_pointer(&credentials->path, g_free);
    return credentials;
}

MsvmCredentials *
msvmCredentialsRef(MsvmCredentials *credentials)
{
    g_atomic_ref_count_inc(&credentials->refs);
    return credentials;
}

void
msvmCredentialsUnref(MsvmCredentials *credentials)
{
    if (!credentials || !g_atomic_ref_count_dec(&credentials->refs))
        return;
    keymgr_secret_unref(credentials->password);
    g_free(credentials->path);
    g_free(credentials->host);
    g_free(credentials->user);
    g_mutex_clear(&credentials->lock);
    g_free(credentials);
}

void
msvmCredentialsSeal(MsvmCredentials *credentials)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&credentials->lock);

    credentials->sealed = true;
    credentials->auth = NULL;
}

/* A client that was asked and gave nothing leaves no error behind. */
static gboolean
fail(const MsvmCredentials *credentials, const char *what, GError **error)
{
    virErrorPtr last = virGetLastError();
    g_autofree char *why = NULL;

    if (last && last->code != VIR_ERR_OK)
        why = g_strdup(last->message);
    else if (credentials->path) /* libvirt does not say when it cannot read it */
        why = g_strdup_printf(_("the client gave none, and '%s' has none or cannot be read"), credentials->path);
    else
        why = g_strdup(_("the client gave none"));
    g_set_error(error, WSMAN_ERROR, WSMAN_ERROR_AUTH, _("no %s for host '%s': %s"), what, credentials->host, why);
    return FALSE;
}

static gboolean
ask(MsvmCredentials *credentials, GError **error)
{
    char *password;

    virResetLastError();
    if (!credentials->user) {
        credentials->user = virAuthGetUsernamePath(credentials->path, credentials->auth, SERVICE, NULL,
                                                   credentials->host);
        if (credentials->user && !*credentials->user)
            g_clear_pointer(&credentials->user, g_free);
        if (!credentials->user)
            return fail(credentials, _("user name"), error);
    }
    password = virAuthGetPasswordPath(credentials->path, credentials->auth, SERVICE, credentials->user,
                                      credentials->host);
    if (!password)
        return fail(credentials, _("password"), error);
    if (strlen(password) > KEYMGR_SECRET_MAX_SIZE)
        password[KEYMGR_SECRET_MAX_SIZE] = '\0';
    credentials->password = keymgr_secret_new(password, strlen(password));
    virSecureEraseString(password);
    g_free(password);
    return TRUE;
}

gboolean
msvmCredentialsGet(char **user, char **password, gpointer opaque, GError **error)
{
    MsvmCredentials *credentials = opaque;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&credentials->lock);

    if (!credentials->password) {
        if (credentials->sealed) {
            g_set_error(error, WSMAN_ERROR, WSMAN_ERROR_AUTH,
                        _("host '%s' asks for a password now, and did not when the connection was opened"),
                        credentials->host);
            return FALSE;
        }
        if (!ask(credentials, error))
            return FALSE;
    }
    *user = g_strdup(credentials->user);
    *password = g_strndup((const char *)keymgr_secret_data(credentials->password),
                          keymgr_secret_size(credentials->password));
    return TRUE;
}
