/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <stdio.h>

#include "tools/domain_host.h"

#include "hyperv/hyperv_capabilities.h"

static void
add(json_object *object, const char *key, json_object *value)
{
    json_object_object_add(object, key, value);
}

static json_object *
text(const char *value)
{
    return value ? json_object_new_string(value) : NULL;
}

static json_object *
texts(const GPtrArray *values)
{
    json_object *list = json_object_new_array();
    guint i;

    for (i = 0; i < values->len; i++)
        json_object_array_add(list, text(g_ptr_array_index(values, i)));
    return list;
}

/* --- guardians ------------------------------------------------------------------- */

static json_object *
certificate(const HypervCertificate *certificate)
{
    json_object *object = certificate ? json_object_new_object() : NULL;
    g_autofree char *until = certificate ? hyperv_certificate_time(certificate->not_after) : NULL;

    if (!certificate)
        return NULL;
    add(object, "thumbprint", text(certificate->thumbprint));
    add(object, "notAfter", text(until));
    add(object, "expired", json_object_new_boolean(
        hyperv_certificate_age(certificate, g_get_real_time() / G_USEC_PER_SEC) == HYPERV_CERTIFICATE_EXPIRED));
    return object;
}

static json_object *
guardians(const GPtrArray *rows)
{
    json_object *list = json_object_new_array();
    guint i;

    for (i = 0; i < rows->len; i++) {
        const HypervGuardian *guardian = g_ptr_array_index(rows, i);
        json_object *object = json_object_new_object();

        add(object, "name", text(guardian->name));
        add(object, "hasPrivateKey", json_object_new_boolean(guardian->has_private_key));
        add(object, "signing", certificate(guardian->signing));
        add(object, "encryption", certificate(guardian->encryption));
        json_object_array_add(list, object);
    }
    return list;
}

static bool
add_guard(json_object *object, const Live *live, const HypervGuard *guard, GError **error)
{
    g_autoptr(GPtrArray) rows = hyperv_list_guardians(live->priv->host, NULL, error);
    json_object *member;

    if (!rows)
        return false;
    member = json_object_new_object();
    add(member, "client", json_object_new_boolean(guard->mode != HYPERV_GUARD_NONE));
    add(member, "mode", text(hyperv_guard_mode_name(guard->mode)));
    add(member, "isGuarded", json_object_new_boolean(guard->is_guarded));
    add(member, "attestation", text(hyperv_attestation_name(guard->attestation_status)));
    add(member, "attestationStatus", json_object_new_int64(guard->attestation_status));
    add(object, "guard", member);
    add(object, "guardians", guardians(rows));
    return true;
}

/* --- the rest ---------------------------------------------------------------------- */

static bool
add_machines(json_object *object, const Live *live, const HypervCapabilities *capabilities, GError **error)
{
    json_object *generations = json_object_new_array();
    g_autoptr(GPtrArray) versions = hyperv_query_versions(live->priv->host, NULL, error);

    /* Generation 2 came with Windows Server 2012 R2, and so did the WMI
     * properties that this driver cannot do without. */
    json_object_array_add(generations, json_object_new_int(1));
    json_object_array_add(generations, json_object_new_int(2));
    add(object, "generations", generations);
    if (!versions)
        return false;
    add(object, "configurationVersions", texts(versions));
    add(object, "maxProcessors", json_object_new_int64(capabilities->max_processors));
    add(object, "maxMemoryMiB", json_object_new_int64(capabilities->max_memory_mib));
    add(object, "tpm", json_object_new_boolean(hyperv_capabilities_have_tpm(capabilities)));
    return true;
}

static bool
add_surroundings(json_object *object, const Live *live, GError **error)
{
    g_autoptr(GPtrArray) switches = hyperv_query_switches(live->priv->host, NULL, error);
    gboolean tools;

    if (!switches || !hyperv_query_shielding_tools(live->priv->host, &tools, NULL, error))
        return false;
    add(object, "shieldedVMTools", json_object_new_boolean(tools));
    add(object, "switches", texts(switches));
    return true;
}

json_object *
host_describe(const Live *live)
{
    json_object *object = json_object_new_object();
    g_autofree char *version = g_strdup_printf("%u.%u.%u", live->host.major, live->host.minor, live->host.build);
    HypervCapabilities capabilities;
    g_autoptr(GError) error = NULL;

    add(object, "host", text(live->host.name));
    add(object, "computer", text(hyperv_host_get_name(live->priv->host)));
    add(object, "version", text(version));
    if (hyperv_query_capabilities(live->priv->host, &capabilities, NULL, &error) &&
        add_machines(object, live, &capabilities, &error) && add_guard(object, live, &capabilities.guard, &error) &&
        add_surroundings(object, live, &error))
        return object;
    msvmReportHostError(live->priv, error, "cannot describe host '%s'", live->host.name);
    json_object_put(object);
    return NULL;
}

/* --- for people ------------------------------------------------------------------------ */

static void print_value(const char *prefix, const char *key, json_object *value);

static void
print_list(const char *key, json_object *list)
{
    size_t i, n = json_object_array_length(list);

    if (n > 0 && json_object_is_type(json_object_array_get_idx(list, 0), json_type_object)) {
        for (i = 0; i < n; i++) {
            g_autofree char *name = g_strdup_printf("%s[%zu]", key, i);

            print_value("", name, json_object_array_get_idx(list, i));
        }
        return;
    }
    printf("%s:", key);
    for (i = 0; i < n; i++)
        printf("%s%s", i > 0 ? ", " : " ", json_object_get_string(json_object_array_get_idx(list, i)));
    puts(n > 0 ? "" : " none");
}

static void
print_value(const char *prefix, const char *key, json_object *value)
{
    g_autofree char *name = g_strconcat(prefix, *prefix ? "." : "", key, NULL);

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, member, inner)
            print_value(name, member, inner);
    } else if (json_object_is_type(value, json_type_array)) {
        print_list(name, value);
    } else if (json_object_is_type(value, json_type_boolean)) {
        printf("%s: %s\n", name, json_object_get_boolean(value) ? "yes" : "no");
    } else {
        printf("%s: %s\n", name, value ? json_object_get_string(value) : "unknown");
    }
}

void
host_print(const json_object *host)
{
    json_object_object_foreach((json_object *)host, key, value)
        print_value("", key, value);
}
