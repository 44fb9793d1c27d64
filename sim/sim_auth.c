/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_auth.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct SimAuth {
    char *user;
    char password[SIM_AUTH_MAX_PASSWORD];
};

/* In the order in which a host lists them. */
static const SimAuthMechanism mechanisms[] = {
    { "Negotiate", "Negotiate", sim_auth_negotiate_step },
    { "Basic", "Basic realm=\"WSMAN\"", sim_auth_basic_step },
};

static gboolean
read_password(int fd, char *password, GError **error)
{
    struct stat info;
    ssize_t n;

    if (fstat(fd, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) && S_ISREG(info.st_mode)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "others than its owner may read it");
        return FALSE;
    }
    n = read(fd, password, SIM_AUTH_MAX_PASSWORD);
    if (n <= 0 || n == SIM_AUTH_MAX_PASSWORD) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, n < 0 ? "it cannot be read" : n ? "it is too long"
                                                                                                : "it is empty");
        return FALSE;
    }
    password[n] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    return TRUE;
}

SimAuth *
sim_auth_new(const char *user, const char *password_file, GError **error)
{
    g_autoptr(SimAuth) auth = g_new0(SimAuth, 1);
    int fd = open(password_file, O_RDONLY | O_CLOEXEC);
    gboolean ok;

    if (fd < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "password file %s: %s", password_file,
                    g_strerror(errno));
        return NULL;
    }
    ok = read_password(fd, auth->password, error);
    close(fd);
    if (!ok) {
        g_prefix_error(error, "password file %s: ", password_file);
        return NULL;
    }
    auth->user = g_strdup(user);
    return g_steal_pointer(&auth);
}

void
sim_auth_free(SimAuth *auth)
{
    if (!auth)
        return;
    explicit_bzero(auth->password, sizeof(auth->password));
    g_free(auth->user);
    g_free(auth);
}

/* User names have no case on Windows. The time does not tell how much of the
 * password was right. */
gboolean
sim_auth_is_account(const SimAuth *auth, const char *user, const char *password)
{
    gsize n = strlen(password);
    guint differences = n != strlen(auth->password);

    for (gsize i = 0; i < n && i < sizeof(auth->password); i++)
        differences |= (guchar)(password[i] ^ auth->password[i]);
    return g_ascii_strcasecmp(user, auth->user) == 0 && !differences;
}

const char *const *
sim_auth_challenges(void)
{
    static const char *challenges[G_N_ELEMENTS(mechanisms) + 1];
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++)
            challenges[i] = mechanisms[i].challenge;
        g_once_init_leave(&ready, 1);
    }
    return challenges;
}

SimAuthResult
sim_auth_check(const SimAuth *auth, SimAuthState *state, const char *authorization, char **reply)
{
    *reply = NULL;
    if (!authorization)
        return SIM_AUTH_MISSING;
    for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        gsize n = strlen(mechanisms[i].scheme);

        if (g_ascii_strncasecmp(authorization, mechanisms[i].scheme, n) == 0 && authorization[n] == ' ')
            return mechanisms[i].step(auth, state, authorization + n + strspn(authorization + n, " "), reply);
    }
    return SIM_AUTH_REFUSED;
}

void
sim_auth_state_clear(SimAuthState *state)
{
    g_clear_pointer(&state->user, g_free);
    if (state->context && state->context_free)
        state->context_free(state->context);
    state->context = NULL;
}
