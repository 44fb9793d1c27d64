/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts that shape this file, as measured on release 15: a consumer that is
 * registered again stays one; the routes of secrets answer without the
 * microversion, too; a consumer's end is asked for with DELETE and a body; an
 * older Barbican answers 404 to these routes as it does to an unknown secret.
 */
#include "keymgr/keymgr_barbican_consumers.h"

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_barbican_call.h"
#include "keymgr/keymgr_barbican_json.h"
#include "keymgr/keymgr_barbican_version.h"

/* Barbican's own default maximum of a page. */
#define PAGE 100

static gboolean
parse(const char *text, const KeymgrConsumer *consumer, KeymgrReference *reference, GError **error)
{
    if (!keymgr_reference_parse(text, reference, error))
        return FALSE;
    if ((reference->kind == KEYMGR_REFERENCE_CONTAINER) == !consumer->resource_type)
        return TRUE;
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_INVALID_REFERENCE,
                reference->kind == KEYMGR_REFERENCE_CONTAINER
                    ? "container %s: a consumer of a container has a name and a URL, and no type"
                    : "secret %s: a consumer of a secret has a service, a type and an id",
                reference->uuid);
    return FALSE;
}

/* NULL when the reference cannot have such a consumer. rest: of the path. */
static KeymgrBarbicanCall *
reference_call(const char *method, const char *doing, const char *text, const char *rest,
               const KeymgrConsumer *consumer, GError **error)
{
    KeymgrReference reference;
    g_autofree char *name = NULL;

    if (!parse(text, consumer, &reference, error))
        return NULL;
    name = keymgr_barbican_name_of(&reference);
    return keymgr_barbican_call_new(method, "application/json", keymgr_barbican_path_of(&reference, rest),
                                    g_strdup_printf("%s of %s", doing, name));
}

static KeymgrBarbicanCall *
consumer_call(const char *method, const char *doing, const char *text, const KeymgrConsumer *consumer,
              GError **error)
{
    g_autoptr(KeymgrBarbicanCall) call = reference_call(method, doing, text, "/consumers", consumer, error);

    if (!call)
        return NULL;
    call->http->content_type = "application/json";
    call->http->body = keymgr_barbican_json_consumer(consumer, error);
    return call->http->body ? g_steal_pointer(&call) : NULL;
}

/* A 404 may say that this Barbican is too old; only its version tells.
 * Containers have had consumers from the beginning. */
static void
explain(KeymgrBarbican *barbican, gboolean of_secret, gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autofree char *version = NULL;

    if (!of_secret || !error || !g_error_matches(*error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        return;
    version = keymgr_barbican_api_version(barbican, deadline, cancellable, NULL);
    if (!version || keymgr_barbican_version_at_least(version, 1, 1))
        return;
    g_clear_error(error);
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED,
                "%s: it has no consumers of secrets: its API is %s, they came with 1.1",
                keymgr_barbican_describe(barbican), version);
}

static void
consumer_free(gpointer consumer)
{
    keymgr_consumer_free(consumer);
}

/* --- registering ---------------------------------------------------------- */

#define REGISTERING "registering a consumer"

/* Whether the answer to a GET is sure not to have the consumer. */
static gboolean
is_missing(const KeymgrBarbicanCall *call, const KeymgrConsumer *consumer)
{
    g_autoptr(KeymgrJson) json = keymgr_json_parse(call->http->answer, NULL);
    g_autoptr(GPtrArray) there = g_ptr_array_new_with_free_func(consumer_free);
    guint i;

    if (!json || !keymgr_barbican_json_consumers(json, KEYMGR_CONSUMERS_MAX, there, NULL) ||
        there->len < keymgr_json_uint(json, "total"))
        return FALSE;
    for (i = 0; i < there->len; i++) {
        const KeymgrConsumer *other = g_ptr_array_index(there, i);

        if (g_strcmp0(other->service, consumer->service) == 0 &&
            g_strcmp0(other->resource_type, consumer->resource_type) == 0 &&
            g_strcmp0(other->resource_id, consumer->resource_id) == 0)
            return FALSE;
    }
    return TRUE;
}

/* Those that are sure not to have it yet: what may be taken back. Where a role
 * may not look, it is none. NULL with the error set. */
static GPtrArray *
find_missing(KeymgrBarbican *barbican, const char *const *references, const KeymgrConsumer *consumer,
             gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autofree char *rest = g_strdup_printf("/consumers?limit=%d&offset=0", PAGE);
    g_autoptr(GPtrArray) calls = keymgr_barbican_calls_new();
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autoptr(GError) reason = NULL;
    gsize i;

    for (i = 0; references[i]; i++) {
        KeymgrBarbicanCall *call = reference_call("GET", REGISTERING, references[i], rest, consumer, error);

        if (!call)
            return NULL;
        g_ptr_array_add(calls, call);
    }
    if (calls->len > 0 && !keymgr_barbican_send(barbican, calls, deadline, cancellable, &reason)) {
        if (g_error_matches(reason, KEYMGR_ERROR, KEYMGR_ERROR_ACCESS_DENIED))
            return g_steal_pointer(&missing);
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    for (i = 0; references[i]; i++) {
        if (is_missing(g_ptr_array_index(calls, i), consumer))
            g_ptr_array_add(missing, (gpointer)references[i]);
    }
    return g_steal_pointer(&missing);
}

static void
take_back(KeymgrBarbican *barbican, const GPtrArray *references, const KeymgrConsumer *consumer)
{
    gint64 deadline = keymgr_barbican_deadline(barbican);
    guint i;

    for (i = 0; i < references->len; i++) {
        KeymgrBarbicanCall *call = consumer_call("DELETE", "removing a consumer",
                                                 g_ptr_array_index(references, i), consumer, NULL);

        if (call)
            keymgr_barbican_do(barbican, call, deadline, NULL, NULL);
    }
}

static gboolean
send_registrations(KeymgrBarbican *barbican, const char *const *references, const KeymgrConsumer *consumer,
                   gint64 deadline, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) calls = keymgr_barbican_calls_new();
    gsize i;

    for (i = 0; references[i]; i++) {
        KeymgrBarbicanCall *call = consumer_call("POST", REGISTERING, references[i], consumer, error);

        if (!call)
            return FALSE;
        g_ptr_array_add(calls, call);
    }
    return calls->len == 0 || keymgr_barbican_send(barbican, calls, deadline, cancellable, error);
}

gboolean
keymgr_barbican_add_consumer(gpointer store, const char *const *references, const KeymgrConsumer *consumer,
                             GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GPtrArray) missing = find_missing(barbican, references, consumer, deadline, cancellable, error);

    if (missing && send_registrations(barbican, references, consumer, deadline, cancellable, error))
        return TRUE;
    if (missing)
        take_back(barbican, missing, consumer);
    explain(barbican, consumer->resource_type != NULL, deadline, cancellable, error);
    return FALSE;
}

/* A try whose answer was lost may have been heard: then the next one is told
 * that there is no such consumer. */
static gboolean
remove_one(KeymgrBarbican *barbican, const char *reference, const KeymgrConsumer *consumer, gint64 deadline,
           GCancellable *cancellable, GError **error)
{
    KeymgrBarbicanCall *call = consumer_call("DELETE", "removing a consumer", reference, consumer, error);

    if (!call)
        return FALSE;
    call->done_status = 404;
    return keymgr_barbican_do(barbican, call, deadline, cancellable, error);
}

gboolean
keymgr_barbican_remove_consumer(gpointer store, const char *const *references, const KeymgrConsumer *consumer,
                                GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GError) first = NULL;

    for (; *references; references++) {
        g_autoptr(GError) reason = NULL;

        if (remove_one(barbican, *references, consumer, deadline, cancellable, &reason))
            continue;
        /* What was not there needs nobody: it hides no other failure. */
        if (first && !g_error_matches(reason, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND) &&
            g_error_matches(first, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
            g_clear_error(&first);
        if (!first)
            first = g_steal_pointer(&reason);
    }
    if (!first)
        return TRUE;
    explain(barbican, consumer->resource_type != NULL, deadline, cancellable, &first);
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

/* --- listing -------------------------------------------------------------- */

/* Appends one page; *more: whether another follows. */
static gboolean
list_page(KeymgrBarbican *barbican, const KeymgrReference *reference, GPtrArray *consumers, gint64 deadline,
          gboolean *more, GCancellable *cancellable, GError **error)
{
    g_autofree char *name = keymgr_barbican_name_of(reference);
    g_autofree char *rest = g_strdup_printf("/consumers?limit=%d&offset=%u", PAGE, consumers->len);
    guint before = consumers->len;
    g_autoptr(KeymgrJson) json = keymgr_barbican_get_json(barbican, keymgr_barbican_path_of(reference, rest),
                                                          g_strdup(name), deadline, cancellable, error);

    if (!json)
        return FALSE;
    if (!keymgr_barbican_json_consumers(json, KEYMGR_CONSUMERS_MAX, consumers, error)) {
        keymgr_barbican_prefix(barbican, name, error);
        return FALSE;
    }
    *more = consumers->len > before && consumers->len < keymgr_json_uint(json, "total");
    return TRUE;
}

GPtrArray *
keymgr_barbican_list_consumers(gpointer store, const char *text, GCancellable *cancellable, GError **error)
{
    KeymgrBarbican *barbican = store;
    gint64 deadline = keymgr_barbican_deadline(barbican);
    g_autoptr(GPtrArray) consumers = g_ptr_array_new_with_free_func(consumer_free);
    g_autoptr(GError) reason = NULL;
    KeymgrReference reference;
    gboolean more = TRUE;

    if (!keymgr_reference_parse(text, &reference, error))
        return NULL;
    while (more && list_page(barbican, &reference, consumers, deadline, &more, cancellable, &reason))
        ;
    if (!reason)
        return g_steal_pointer(&consumers);
    explain(barbican, reference.kind == KEYMGR_REFERENCE_SECRET, deadline, cancellable, &reason);
    g_propagate_error(error, g_steal_pointer(&reason));
    return NULL;
}
