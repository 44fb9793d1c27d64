/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/auth.h"

#include <string.h>

#include "wsman/wsman_error_private.h"

/* The best first. */
static const WsmanAuthMechanism *const mechanisms[] = {
    &wsman_auth_basic,
};

const char *const *
wsman_client_mechanisms(void)
{
    static const char *names[G_N_ELEMENTS(mechanisms) + 1];
    static gsize made;

    if (g_once_init_enter(&made)) {
        gsize count = 0;

        for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
            if (mechanisms[i]->is_available())
                names[count++] = mechanisms[i]->name;
        }
        g_once_init_leave(&made, 1);
    }
    return names;
}

static const WsmanAuthMechanism *
find_named(const char *name, GError **error)
{
    g_autofree char *there = g_strjoinv(", ", (char **)wsman_client_mechanisms());

    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        if (g_ascii_strcasecmp(mechanisms[i]->name, name) == 0 && mechanisms[i]->is_available())
            return mechanisms[i];
    }
    wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL,
                    "authentication mechanism '%.40s' is not available; there is: %s", name, there);
    return NULL;
}

const WsmanAuthMechanism *
wsman_auth_find(const char *name, gboolean encrypted, GError **error)
{
    if (name)
        return find_named(name, error);
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        if (mechanisms[i]->is_available() && (encrypted || !mechanisms[i]->sends_password))
            return mechanisms[i];
    }
    wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL,
                    "over plain http the password would be readable by anyone on the way: "
                    "use https, or ask for auth=basic by name");
    return NULL;
}
