/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Basic authentication (RFC 7617): user and password in base64 with every
 * request. Windows takes it for local accounts only, where it was switched on.
 */
#include <string.h>

#include "wsman/auth.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_writer.h"

#define MAX_HEADER_LINE 16384

/* The state is the header line, which has to be sent each time. */
static gboolean
basic_is_available(void)
{
    return TRUE;
}

static WsmanBuffer *
make_header(const char *user, const char *password, GError **error)
{
    g_autoptr(WsmanBuffer) pair = wsman_buffer_new(TRUE, MAX_HEADER_LINE / 2);
    g_autoptr(WsmanBuffer) line = wsman_buffer_new(TRUE, MAX_HEADER_LINE);

    if (strchr(user, ':')) {
        wsman_set_error(error, WSMAN_ERROR_AUTH, NULL,
                        "a user name for basic authentication cannot hold a colon");
        return NULL;
    }
    wsman_buffer_append_str(pair, user);
    wsman_buffer_append(pair, ":", 1);
    wsman_buffer_append_str(pair, password);
    wsman_buffer_append_str(line, "Authorization: Basic ");
    wsman_writer_base64(line, wsman_buffer_get_data(pair), wsman_buffer_get_size(pair));
    if (wsman_buffer_has_overflown(pair) || wsman_buffer_has_overflown(line)) {
        wsman_set_error(error, WSMAN_ERROR_AUTH, NULL, "user name or password are too long");
        return NULL;
    }
    return g_steal_pointer(&line);
}

static gpointer
basic_begin(const WsmanAuthTarget *target, GError **error)
{
    g_autofree char *user = NULL;
    char *password = NULL;
    WsmanBuffer *line = NULL;

    if (!target->credentials) {
        wsman_set_error(error, WSMAN_ERROR_AUTH, NULL, "no credentials are at hand");
        return NULL;
    }
    if (target->credentials(&user, &password, target->credentials_opaque, error))
        line = make_header(user ? user : "", password ? password : "", error);
    wsman_wipe_string(password);
    g_free(password);
    return line;
}

static gboolean
basic_write_header(gpointer state, WsmanBuffer *out, GError **error)
{
    const WsmanBuffer *line = state;

    wsman_buffer_append(out, wsman_buffer_get_data(line), wsman_buffer_get_size(line));
    return TRUE;
}

static void
basic_end(gpointer state)
{
    wsman_buffer_free(state);
}

const WsmanAuthMechanism wsman_auth_basic = {
    .name = "basic",
    .scheme = "Basic",
    .sends_password = TRUE,
    .is_available = basic_is_available,
    .begin = basic_begin,
    .write_header = basic_write_header,
    .end = basic_end,
};
