/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_migrate_cookie.h"

#include "hyperv/hyperv_authorise.h"
#include "hyperv/hyperv_protector.h"

#include "internal.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define MACHINE "machine"
#define DESTINATION "destination"
#define MAX_ADDRESSES 64

static void
set_bytes(GKeyFile *file, const char *group, const char *key, GBytes *bytes)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_base64_encode(data, size);

    g_key_file_set_string(file, group, key, text);
}

static char *
wrapping_group(guint i)
{
    return g_strdup_printf("wrapping %u", i);
}

static void
set_wrapping(GKeyFile *file, guint i, const HypervWrapping *wrapping)
{
    g_autofree char *group = wrapping_group(i);

    g_key_file_set_boolean(file, group, "owner", wrapping->is_owner);
    g_key_file_set_boolean(file, group, "local", wrapping->is_local);
    set_bytes(file, group, "signing", wrapping->signing->der);
    set_bytes(file, group, "encryption", wrapping->encryption->der);
}

static void
set_protection(GKeyFile *file, const HypervTraveller *traveller)
{
    guint i;

    g_key_file_set_string(file, MACHINE, "guard", hyperv_guard_mode_name(traveller->guard));
    if (traveller->guard_service)
        g_key_file_set_string(file, MACHINE, "service", traveller->guard_service);
    for (i = 0; i < traveller->wrappings->len; i++)
        set_wrapping(file, i, g_ptr_array_index(traveller->wrappings, i));
}

char *
msvmMigrateCookieFormat(const HypervTraveller *traveller, const char *ticket)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_string(file, MACHINE, "guid", traveller->guid);
    g_key_file_set_string(file, MACHINE, "name", traveller->name);
    g_key_file_set_string(file, MACHINE, "version", traveller->version ? traveller->version : "");
    g_key_file_set_boolean(file, MACHINE, "active", traveller->active);
    g_key_file_set_boolean(file, MACHINE, "off", traveller->off);
    g_key_file_set_boolean(file, MACHINE, "shielded", traveller->shielded);
    g_key_file_set_boolean(file, MACHINE, "asked", traveller->asked);
    g_key_file_set_boolean(file, MACHINE, "protected", traveller->wrappings != NULL);
    if (ticket)
        g_key_file_set_string(file, MACHINE, "ticket", ticket);
    set_bytes(file, MACHINE, "compatibility", traveller->compatibility);
    if (traveller->wrappings)
        set_protection(file, traveller);
    return g_key_file_to_data(file, NULL, NULL);
}

static void *
report_broken(const char *what)
{
    virReportError(VIR_ERR_INTERNAL_ERROR, _("the migration cookie has no readable %s"), what);
    return NULL;
}

static GKeyFile *
load(const char *cookie, int length)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (!cookie || length <= 0 || length > MSVM_MIGRATE_COOKIE_MAX_SIZE ||
        !g_key_file_load_from_data(file, cookie, strnlen(cookie, length), G_KEY_FILE_NONE, NULL))
        return report_broken("content");
    return g_steal_pointer(&file);
}

/* A flag that is missing is no "no": what is protected would pass for free. */
static bool
get_flag(GKeyFile *file, const char *key, gboolean *flag)
{
    g_autoptr(GError) error = NULL;

    *flag = g_key_file_get_boolean(file, MACHINE, key, &error);
    return error == NULL;
}

/* NULL when there are none. */
static GBytes *
get_bytes(GKeyFile *file, const char *group, const char *key)
{
    g_autofree char *text = g_key_file_get_string(file, group, key, NULL);
    gsize size = 0;
    guchar *data = text && *text ? g_base64_decode(text, &size) : NULL;

    return data ? g_bytes_new_take(data, size) : NULL;
}

static HypervCertificate *
get_certificate(GKeyFile *file, const char *group, const char *key)
{
    g_autoptr(GBytes) der = get_bytes(file, group, key);

    return der ? hyperv_certificate_new(der, NULL) : NULL;
}

static int
get_wrappings(GKeyFile *file, HypervTraveller *traveller)
{
    guint i;

    traveller->wrappings = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_wrapping_free);
    for (i = 0; i <= HYPERV_PROTECTOR_MAX_WRAPPINGS; i++) {
        g_autofree char *group = wrapping_group(i);
        HypervWrapping *wrapping;

        if (!g_key_file_has_group(file, group))
            break;
        wrapping = g_new0(HypervWrapping, 1);
        g_ptr_array_add(traveller->wrappings, wrapping);
        wrapping->is_owner = g_key_file_get_boolean(file, group, "owner", NULL);
        wrapping->is_local = g_key_file_get_boolean(file, group, "local", NULL);
        wrapping->signing = get_certificate(file, group, "signing");
        wrapping->encryption = get_certificate(file, group, "encryption");
        if (!wrapping->signing || !wrapping->encryption)
            return -1;
    }
    return i > 0 && i <= HYPERV_PROTECTOR_MAX_WRAPPINGS ? 0 : -1;
}

static int
get_guard(GKeyFile *file, HypervTraveller *traveller)
{
    static const HypervGuardMode modes[] = {
        HYPERV_GUARD_NONE, HYPERV_GUARD_UNKNOWN, HYPERV_GUARD_LOCAL, HYPERV_GUARD_GUARDED,
    };
    g_autofree char *name = g_key_file_get_string(file, MACHINE, "guard", NULL);
    gsize i;

    traveller->guard_service = g_key_file_get_string(file, MACHINE, "service", NULL);
    if (traveller->guard_service && strlen(traveller->guard_service) > HYPERV_GUARD_MAX_SERVICE)
        return -1;
    for (i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (STREQ_NULLABLE(name, hyperv_guard_mode_name(modes[i]))) {
            traveller->guard = modes[i];
            return 0;
        }
    }
    return -1;
}

HypervTraveller *
msvmMigrateCookieParse(const char *cookie, int length, char **ticket)
{
    g_autoptr(GKeyFile) file = load(cookie, length);
    g_autoptr(HypervTraveller) traveller = hyperv_traveller_new();
    gboolean protected;

    if (!file)
        return NULL;
    traveller->guid = g_key_file_get_string(file, MACHINE, "guid", NULL);
    traveller->name = g_key_file_get_string(file, MACHINE, "name", NULL);
    traveller->version = g_key_file_get_string(file, MACHINE, "version", NULL);
    traveller->compatibility = get_bytes(file, MACHINE, "compatibility");
    if (!traveller->guid || !g_uuid_string_is_valid(traveller->guid) || !traveller->name || !traveller->version ||
        !get_flag(file, "active", &traveller->active) || !get_flag(file, "off", &traveller->off) ||
        !get_flag(file, "shielded", &traveller->shielded) || !get_flag(file, "asked", &traveller->asked) ||
        !get_flag(file, "protected", &protected))
        return report_broken("machine");
    if (!traveller->compatibility)
        return report_broken("compatibility information");
    if (protected && get_guard(file, traveller) < 0)
        return report_broken("guard");
    if (protected && get_wrappings(file, traveller) < 0)
        return report_broken("certificates");
    *ticket = g_key_file_get_string(file, MACHINE, "ticket", NULL);
    return g_steal_pointer(&traveller);
}

char *
msvmMigrateCookieFormatAddresses(const char *const *addresses)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_string_list(file, DESTINATION, "addresses", addresses,
                               MIN(g_strv_length((char **)addresses), MAX_ADDRESSES));
    return g_key_file_to_data(file, NULL, NULL);
}

char **
msvmMigrateCookieParseAddresses(const char *cookie, int length)
{
    g_autoptr(GKeyFile) file = load(cookie, length);
    char **addresses;

    if (!file)
        return NULL;
    addresses = g_key_file_get_string_list(file, DESTINATION, "addresses", NULL, NULL);
    if (addresses && g_strv_length(addresses) <= MAX_ADDRESSES)
        return addresses;
    g_strfreev(addresses);
    return report_broken("addresses");
}
