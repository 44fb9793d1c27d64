/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_report.h"

#include <stdio.h>

#include <gio/gio.h>

#include "keymgr/keymgr_error.h"
#include "keymgr/msvm_keymgr_print.h"

static const struct {
    KeymgrError code;
    const char *name;
    int exit_code;
} codes[] = {
    { KEYMGR_ERROR_CONFIG, "CONFIG", EXIT_CONFIG },
    { KEYMGR_ERROR_INVALID_REFERENCE, "INVALID_REFERENCE", EXIT_FAILED },
    { KEYMGR_ERROR_NOT_FOUND, "NOT_FOUND", EXIT_NOT_FOUND },
    { KEYMGR_ERROR_NO_PAYLOAD, "NO_PAYLOAD", EXIT_NOT_FOUND },
    { KEYMGR_ERROR_INVALID_SECRET, "INVALID_SECRET", EXIT_FAILED },
    { KEYMGR_ERROR_AUTH, "AUTH", EXIT_AUTH },
    { KEYMGR_ERROR_ACCESS_DENIED, "ACCESS_DENIED", EXIT_DENIED },
    { KEYMGR_ERROR_UNAVAILABLE, "UNAVAILABLE", EXIT_UNREACHED },
    { KEYMGR_ERROR_TIMEOUT, "TIMEOUT", EXIT_UNREACHED },
    { KEYMGR_ERROR_TLS, "TLS", EXIT_UNREACHED },
    { KEYMGR_ERROR_HTTP, "HTTP", EXIT_FAILED },
    { KEYMGR_ERROR_PROTOCOL, "PROTOCOL", EXIT_FAILED },
    { KEYMGR_ERROR_LIMIT, "LIMIT", EXIT_FAILED },
    { KEYMGR_ERROR_UNSUPPORTED, "UNSUPPORTED", EXIT_FAILED },
    { KEYMGR_ERROR_EXISTS, "EXISTS", EXIT_FAILED },
};

int
msvm_keymgr_exit_code(const GError *error)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_error_matches(error, KEYMGR_ERROR, (int)codes[i].code))
            return codes[i].exit_code;
    }
    return EXIT_FAILED;
}

static const char *
code_name(const GError *error)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_error_matches(error, KEYMGR_ERROR, (int)codes[i].code))
            return codes[i].name;
    }
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? "CANCELLED" : "OTHER";
}

KeymgrJson *
msvm_keymgr_error_json(const GError *error)
{
    KeymgrJson *object = json_object_new_object();
    guint status = keymgr_error_http_status(error);

    msvm_keymgr_add_text(object, "code", code_name(error));
    json_object_object_add(object, "exit_status", json_object_new_int(msvm_keymgr_exit_code(error)));
    json_object_object_add(object, "http_status", status ? json_object_new_int((int)status) : NULL);
    msvm_keymgr_add_text(object, "message", error->message);
    return object;
}

void
msvm_keymgr_add_outcome(KeymgrJson *object, const GError *error)
{
    json_object_object_add(object, "ok", json_object_new_boolean(!error));
    if (error)
        json_object_object_add(object, "error", msvm_keymgr_error_json(error));
}

int
msvm_keymgr_complain(const GError *error)
{
    g_autofree char *message = msvm_keymgr_shown(error->message);

    fprintf(stderr, "msvm-keymgr: %s\n", message);
    return msvm_keymgr_exit_code(error);
}

int
msvm_keymgr_fail(const GError *error, gboolean json)
{
    KeymgrJson *object;

    if (json) {
        object = json_object_new_object();
        json_object_object_add(object, "error", msvm_keymgr_error_json(error));
        msvm_keymgr_print_json(object);
    }
    return msvm_keymgr_complain(error);
}
