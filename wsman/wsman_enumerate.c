/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerate, Pull and Release (DSP0226 8, MS-WSMV 3.1.4.1.13 to .15).
 *
 * The first answer may hold items already. Each answer may bring a new
 * context, and the newest is the one to go on with. How many items come at a
 * time is the server's choice.
 *
 * What goes wrong in the middle (the server forgot the context, the
 * connection broke under a Pull, an answer was too large) starts the
 * enumeration over: a repeated Pull could skip what the lost answer held.
 */
#include <string.h>

#include "wsman/wsman_client_private.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_instance_xml.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_wql.h"
#include "wsman/wsman_xml.h"

#define MAX_RESULT_SIZE (512u * 1024 * 1024) /* of all answers to one query */
#define MAX_EMPTY_PULLS 32                   /* one after another */
#define MAX_CONTEXT_LENGTH 4096
#define RELEASE_TIMEOUT_MS 2000
#define RELEASE_TIMEOUT_CANCELLED_MS 250     /* somebody waits for the cancellation */

typedef struct {
    WsmanClient *client;
    GCancellable *cancellable;
    const char *ns;
    const char *query;
    char *uri;           /* ns and all classes */
    char *class_name;    /* for messages and projections */
    char *label;
    guint batch_size;
    GPtrArray *items;
    char *context;       /* open at the server, or NULL */
    gboolean finished;
    guint n_empty;
    gsize size;
    gboolean restarted;
} Enumeration;

static void
enumeration_clear(Enumeration *e)
{
    g_clear_pointer(&e->uri, g_free);
    g_clear_pointer(&e->class_name, g_free);
    g_clear_pointer(&e->label, g_free);
    g_clear_pointer(&e->context, g_free);
    g_clear_pointer(&e->items, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Enumeration, enumeration_clear)

/* --- requests ------------------------------------------------------------- */

static void
write_max_elements(WsmanBuffer *out, const char *element, guint count)
{
    g_autofree char *number = g_strdup_printf("%u", count);

    wsman_writer_element(out, element, number);
}

static void
write_enumerate(const Enumeration *e, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "n:Enumerate", "xmlns:n", WSMAN_NS_ENUMERATION, NULL);
    wsman_writer_element(out, "w:OptimizeEnumeration", "");
    write_max_elements(out, "w:MaxElements", e->batch_size);
    wsman_writer_open_with(out, "w:Filter", "Dialect", WSMAN_DIALECT_WQL, NULL);
    wsman_writer_text(out, e->query);
    wsman_writer_close(out, "w:Filter");
    wsman_writer_close(out, "n:Enumerate");
}

static void
write_pull(const Enumeration *e, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "n:Pull", "xmlns:n", WSMAN_NS_ENUMERATION, NULL);
    wsman_writer_element(out, "n:EnumerationContext", e->context);
    write_max_elements(out, "n:MaxElements", e->batch_size);
    wsman_writer_close(out, "n:Pull");
}

static void
write_release(const Enumeration *e, WsmanBuffer *out)
{
    wsman_writer_open_with(out, "n:Release", "xmlns:n", WSMAN_NS_ENUMERATION, NULL);
    wsman_writer_element(out, "n:EnumerationContext", e->context);
    wsman_writer_close(out, "n:Release");
}

/* As a courtesy: the server forgets the context on its own in some minutes. */
static void
release(Enumeration *e)
{
    guint timeout_ms = g_cancellable_is_cancelled(e->cancellable) ? RELEASE_TIMEOUT_CANCELLED_MS
                                                                  : RELEASE_TIMEOUT_MS;
    g_auto(WsmanCall) call = { .label = e->label, .read_only = TRUE, .timeout_ms = timeout_ms };
    g_autoptr(WsmanMessage) message = NULL;

    if (!e->context)
        return;
    wsman_call_begin(e->client, &call, WSMAN_ACTION_RELEASE, e->uri, NULL);
    write_release(e, call.request);
    wsman_soap_end(call.request, 0);
    message = wsman_call(e->client, &call, NULL, NULL, NULL);
    g_clear_pointer(&e->context, g_free);
}

/* --- answers -------------------------------------------------------------- */

/* Both namespaces are in use for both elements. */
static const xmlNode *
either_child(const xmlNode *parent, const char *name)
{
    const xmlNode *child = wsman_xml_child(parent, WSMAN_NS_ENUMERATION, name);

    return child ? child : wsman_xml_child(parent, WSMAN_NS_WSMAN, name);
}

static gboolean
take_item(Enumeration *e, const xmlNode *node, GError **error)
{
    const xmlNode *inner = wsman_xml_is(node, WSMAN_NS_WSMAN, "Item") ? wsman_xml_first_element(node) : node;
    gboolean is_fragment = wsman_xml_is(node, WSMAN_NS_WSMAN, "XmlFragment");
    WsmanInstance *instance;

    if (e->items->len >= WSMAN_MAX_ITEMS) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the query gives more than %d instances",
                        WSMAN_MAX_ITEMS);
        return FALSE;
    }
    if (!inner)
        return TRUE;
    instance = wsman_instance_from_node(inner, e->ns, is_fragment ? e->class_name : NULL, FALSE, error);
    if (!instance)
        return FALSE;
    g_ptr_array_add(e->items, instance);
    return TRUE;
}

static gboolean
take_items(Enumeration *e, const xmlNode *items, GError **error)
{
    guint before = e->items->len;

    for (xmlNode *node = wsman_xml_first_element(items); node; node = wsman_xml_next_element(node)) {
        if (!take_item(e, node, error))
            return FALSE;
    }
    e->n_empty = e->items->len > before ? 0 : e->n_empty + 1;
    if (e->n_empty > MAX_EMPTY_PULLS && !e->finished) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL,
                        "%d answers in a row held no instances, and no end", MAX_EMPTY_PULLS);
        return FALSE;
    }
    return TRUE;
}

/* The context first: whatever is wrong with the rest, it is to be released. */
static gboolean
take_context(Enumeration *e, const xmlNode *response, GError **error)
{
    const xmlNode *node = either_child(response, "EnumerationContext");
    g_autofree char *context = wsman_xml_trimmed_text(node);

    e->finished = either_child(response, "EndOfSequence") != NULL;
    if (context && *context != '\0' && strlen(context) <= MAX_CONTEXT_LENGTH) {
        g_free(e->context);
        e->context = g_steal_pointer(&context);
    }
    if (e->finished)
        g_clear_pointer(&e->context, g_free);
    if (e->finished || e->context)
        return TRUE;
    wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL,
                    "the answer has neither a context to go on with nor an end");
    return FALSE;
}

static gboolean
take_response(Enumeration *e, const WsmanMessage *message, const char *name, GError **error)
{
    const xmlNode *response = wsman_message_get_body(message);

    if (!wsman_xml_is(response, WSMAN_NS_ENUMERATION, name)) {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the answer is no %s", name);
        return FALSE;
    }
    return take_context(e, response, error) && take_items(e, either_child(response, "Items"), error);
}

/* One Enumerate or Pull and what it brings. */
static gboolean
step(Enumeration *e, gboolean first, GError **error)
{
    g_auto(WsmanCall) call = { .label = e->label, .repeatable = first, .read_only = TRUE };
    g_autoptr(WsmanMessage) message = NULL;
    gsize size = 0;

    wsman_call_begin(e->client, &call, first ? WSMAN_ACTION_ENUMERATE : WSMAN_ACTION_PULL, e->uri, NULL);
    if (first)
        write_enumerate(e, call.request);
    else
        write_pull(e, call.request);
    wsman_soap_end(call.request, 0);
    message = wsman_call(e->client, &call, &size, e->cancellable, error);
    if (!message)
        return FALSE;
    e->size += size;
    if (e->size > MAX_RESULT_SIZE) {
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the query gives more than %u bytes",
                        MAX_RESULT_SIZE);
    } else if (take_response(e, message, first ? "EnumerateResponse" : "PullResponse", error)) {
        return TRUE;
    }
    wsman_client_prefix_error(e->client, e->label, error);
    return FALSE;
}

/* --- what to do about errors ---------------------------------------------- */

/* n:TimedOut leaves the enumeration as it is; that w:TimedOut does so too is
 * ASSUMED. If not, the next Pull says that the context is gone. */
static gboolean
is_timed_out_pull(const GError *error)
{
    guint32 code = wsman_error_get_hresult(error);

    return code == WSMAN_FAULT_TIMED_OUT || code == WSMAN_FAULT_PULL_TIMED_OUT;
}

static gboolean
is_lost_context(const GError *error)
{
    guint32 code = wsman_error_get_hresult(error);

    return code == WSMAN_FAULT_INVALID_CONTEXT || code == WSMAN_FAULT_ENUMERATION_CLOSED ||
           g_error_matches(error, WSMAN_ERROR, WSMAN_ERROR_CONNECT);
}

static void
start_over(Enumeration *e)
{
    release(e);
    g_ptr_array_set_size(e->items, 0);
    e->finished = FALSE;
    e->n_empty = 0;
}

/* Whether the enumeration is worth another go from its start. */
static gboolean
recover(Enumeration *e, gboolean first, const GError *error)
{
    if (wsman_error_is_answer_too_large(error) && e->batch_size > 1) {
        e->batch_size /= 2;
        start_over(e);
        return TRUE;
    }
    if (!first && is_lost_context(error) && !e->restarted) {
        e->restarted = TRUE;
        start_over(e);
        return TRUE;
    }
    return FALSE;
}

/* A Pull, sent again once when the server ran out of time. */
static gboolean
pull(Enumeration *e, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (step(e, FALSE, &problem))
        return TRUE;
    if (is_timed_out_pull(problem))
        return step(e, FALSE, error);
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean
run(Enumeration *e, GError **error)
{
    gboolean first = TRUE;

    while (!e->finished) {
        g_autoptr(GError) problem = NULL;

        if (first ? step(e, TRUE, &problem) : pull(e, &problem)) {
            first = FALSE;
        } else if (recover(e, first, problem)) {
            first = TRUE;
        } else {
            release(e);
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
    }
    return TRUE;
}

GPtrArray *
wsman_client_query(WsmanClient *client, const char *ns, const char *query, GCancellable *cancellable,
                   GError **error)
{
    g_auto(Enumeration) e = {
        .client = client, .cancellable = cancellable, .ns = ns, .query = query,
        .batch_size = client->batch_size,
    };
    g_autoptr(WsmanEpr) all = wsman_epr_new(ns, "*");

    e.uri = g_strdup(wsman_epr_get_resource_uri(all));
    e.class_name = wsman_wql_class(query);
    e.label = g_strconcat("Enumerate ", e.class_name, NULL);
    e.items = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    return run(&e, error) ? g_steal_pointer(&e.items) : NULL;
}
