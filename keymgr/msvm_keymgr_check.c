/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_check.h"

#include <stdio.h>

#include "keymgr/keymgr_domain_refs.h"
#include "keymgr/msvm_keymgr_print.h"
#include "keymgr/msvm_keymgr_report.h"
#include "keymgr/msvm_keymgr_value.h"

/* Every payload that counts as one came with this status. */
#define HTTP_OK 200

typedef struct {
    Keymgr *keymgr;
    GCancellable *cancellable;
    gboolean http;     /* the store speaks it */
    KeymgrJson *array; /* where JSON goes; NULL: lines */
    int code;
} Check;

static void
print_row(const Check *check, const char *reference, gsize size, const GError *error)
{
    g_autofree char *name = msvm_keymgr_shown(reference);
    g_autofree char *reason = error ? msvm_keymgr_shown(error->message) : NULL;

    if (error)
        printf("FAILED  %s  %s\n", name, reason);
    else
        printf("ok      %s  %zu bytes%s\n", name, size, check->http ? ", HTTP 200" : "");
}

static void
add_row(const Check *check, const char *reference, gsize size, const GError *error)
{
    KeymgrJson *object = json_object_new_object();

    msvm_keymgr_add_text(object, "reference", reference);
    msvm_keymgr_add_outcome(object, error);
    if (!error)
        json_object_object_add(object, "size", json_object_new_int64((gint64)size));
    if (!error && check->http)
        json_object_object_add(object, "http_status", json_object_new_int(HTTP_OK));
    json_object_array_add(check->array, object);
}

static void
check_one(Check *check, const char *reference)
{
    const char *const references[] = { reference, NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(check->keymgr, references, check->cancellable, &error);
    gsize size = 0;
    guint i;

    for (i = 0; secrets && i < secrets->len; i++)
        size += keymgr_secret_size(g_ptr_array_index(secrets, i));
    (check->array ? add_row : print_row)(check, reference, size, error);
    if (error && check->code == EXIT_OK)
        check->code = msvm_keymgr_exit_code(error);
}

static void
check_all(Check *check, char **references)
{
    for (; *references; references++)
        check_one(check, *references);
}

static char **
references_of(const char *domain, GCancellable *cancellable, GError **error)
{
    g_autoptr(KeymgrSecret) xml = NULL;

    if (!domain)
        return g_new0(char *, 1);
    xml = msvm_keymgr_read(domain, cancellable, error);
    if (!xml)
        return NULL;
    return keymgr_domain_references((const char *)keymgr_secret_data(xml), keymgr_secret_size(xml), error);
}

static KeymgrJson *
reached_json(const KeymgrReached *reached)
{
    KeymgrJson *object = json_object_new_object();

    msvm_keymgr_add_text(object, "store", reached->summary);
    msvm_keymgr_add_text(object, "url", reached->url);
    msvm_keymgr_add_text(object, "auth_url", reached->auth_url);
    msvm_keymgr_add_text(object, "api_version", reached->api_version);
    json_object_object_add(object, "user", msvm_keymgr_party_json(&reached->user));
    json_object_object_add(object, "project", msvm_keymgr_party_json(&reached->project));
    return object;
}

int
msvm_keymgr_check(Keymgr *keymgr, char **references, const char *domain, gboolean json, GCancellable *cancellable)
{
    Check check = { .keymgr = keymgr, .cancellable = cancellable, .code = EXIT_OK };
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) more = references_of(domain, cancellable, &error);
    g_autoptr(KeymgrReached) reached = more ? keymgr_reach(keymgr, cancellable, &error) : NULL;
    g_autofree char *summary = NULL;
    KeymgrJson *object;

    if (!reached)
        return msvm_keymgr_fail(error, json);
    check.http = reached->url && g_str_has_prefix(reached->url, "http");
    if (json) {
        object = reached_json(reached);
        check.array = json_object_new_array();
        json_object_object_add(object, "secrets", check.array);
    } else {
        summary = msvm_keymgr_shown(reached->summary);
        printf("ok      %s\n", summary);
    }
    check_all(&check, references);
    check_all(&check, more);
    if (json)
        msvm_keymgr_print_json(object);
    return check.code;
}
