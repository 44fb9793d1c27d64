/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/fake_wsman.h"

#include <string.h>

#include "wsman/wsman_error_private.h"
#include "wsman/wsman_instance_private.h"

typedef struct {
    char *name;
    char *text;
    WsmanInstance *instance;
    WsmanEpr *epr;
    GBytes *bytes;
} FakeArg;

struct WsmanArgs {
    GPtrArray *list; /* FakeArg */
};

struct WsmanClient {
    FakeHandlers handlers;
    WsmanIdentity identity;
    GString *log;
    guint n_calls;
    guint fail_in;
    FakeFailure failure;
    GCancellable *to_cancel;
    gboolean has_failed;
    gboolean fail_on; /* once it has begun, everything fails */
};

struct FakeWsman {
    struct WsmanClient client;
};

/* --- setting up ------------------------------------------------------------------ */

FakeWsman *fake_wsman_new(const FakeHandlers *handlers)
{
    FakeWsman *fake = g_new0(FakeWsman, 1);

    fake->client.handlers = *handlers;
    fake->client.log = g_string_new(NULL);
    fake_wsman_set_version(fake, 10, 0, 20348);
    return fake;
}

void fake_wsman_free(FakeWsman *fake)
{
    g_string_free(fake->client.log, TRUE);
    g_free(fake);
}

WsmanClient *fake_wsman_client(FakeWsman *fake)
{
    return &fake->client;
}

void fake_wsman_set_version(FakeWsman *fake, guint major, guint minor, guint build)
{
    fake->client.identity.os_major = major;
    fake->client.identity.os_minor = minor;
    fake->client.identity.os_build = build;
}

void fake_wsman_fail(FakeWsman *fake, guint nth, FakeFailure failure, GCancellable *cancellable)
{
    fake->client.fail_in = nth;
    fake->client.failure = failure;
    fake->client.to_cancel = cancellable;
    fake->client.has_failed = FALSE;
    fake->client.fail_on = FALSE;
}

void fake_wsman_fail_from(FakeWsman *fake, guint nth)
{
    fake_wsman_fail(fake, nth, FAKE_FAIL_REFUSED, NULL);
    fake->client.fail_on = TRUE;
}

gboolean fake_wsman_has_failed(const FakeWsman *fake)
{
    return fake->client.has_failed;
}

guint fake_wsman_n_calls(const FakeWsman *fake)
{
    return fake->client.n_calls;
}

char *fake_wsman_take_log(FakeWsman *fake)
{
    char *log = g_strdup(fake->client.log->str);

    g_string_truncate(fake->client.log, 0);
    return log;
}

gboolean fake_wsman_log_has(FakeWsman *fake, const char *text)
{
    return strstr(fake->client.log->str, text) != NULL;
}

/* --- arguments --------------------------------------------------------------------- */

static void arg_free(gpointer data)
{
    FakeArg *arg = data;

    g_free(arg->name);
    g_free(arg->text);
    if (arg->instance)
        wsman_instance_unref(arg->instance);
    wsman_epr_free(arg->epr);
    if (arg->bytes)
        g_bytes_unref(arg->bytes);
    g_free(arg);
}

static FakeArg *add_arg(WsmanArgs *args, const char *name)
{
    FakeArg *arg = g_new0(FakeArg, 1);

    arg->name = g_strdup(name);
    g_ptr_array_add(args->list, arg);
    return arg;
}

WsmanArgs *wsman_args_new(void)
{
    WsmanArgs *args = g_new0(WsmanArgs, 1);

    args->list = g_ptr_array_new_with_free_func(arg_free);
    return args;
}

void wsman_args_free(WsmanArgs *args)
{
    if (!args)
        return;
    g_ptr_array_unref(args->list);
    g_free(args);
}

void wsman_args_add_string(WsmanArgs *args, const char *name, const char *value)
{
    add_arg(args, name)->text = g_strdup(value);
}

void wsman_args_add_boolean(WsmanArgs *args, const char *name, gboolean value)
{
    wsman_args_add_string(args, name, value ? "true" : "false");
}

void wsman_args_add_uint(WsmanArgs *args, const char *name, guint64 value)
{
    add_arg(args, name)->text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

void wsman_args_add_uints(WsmanArgs *args, const char *name, const guint32 *values, gsize count)
{
    for (gsize i = 0; i < count; i++)
        wsman_args_add_uint(args, name, values[i]);
}

void wsman_args_add_epr(WsmanArgs *args, const char *name, const WsmanEpr *epr)
{
    FakeArg *arg = add_arg(args, name);

    arg->epr = wsman_epr_copy(epr);
    arg->text = wsman_epr_to_object_path(epr);
}

void wsman_args_add_embedded(WsmanArgs *args, const char *name, const WsmanInstance *instance)
{
    FakeArg *arg = add_arg(args, name);

    arg->instance = wsman_instance_ref((WsmanInstance *)instance);
    arg->text = wsman_instance_to_cimxml(instance);
}

void wsman_args_add_object(WsmanArgs *args, const char *name, const WsmanInstance *instance)
{
    FakeArg *arg = add_arg(args, name);

    arg->instance = wsman_instance_ref((WsmanInstance *)instance);
    arg->text = g_strdup_printf("object of %s", wsman_instance_get_class(instance));
}

void wsman_args_add_secret_bytes(WsmanArgs *args, const char *name, gconstpointer data, gsize size)
{
    FakeArg *arg = add_arg(args, name);

    arg->bytes = g_bytes_new(data, size);
    arg->text = g_strdup_printf("%" G_GSIZE_FORMAT " secret bytes", size);
}

static const FakeArg *find_arg(const WsmanArgs *args, const char *name, guint index)
{
    for (guint i = 0; args && i < args->list->len; i++) {
        const FakeArg *arg = g_ptr_array_index(args->list, i);

        if (g_str_equal(arg->name, name) && index-- == 0)
            return arg;
    }
    return NULL;
}

WsmanInstance *fake_args_embedded(const WsmanArgs *args, const char *name, guint index)
{
    const FakeArg *arg = find_arg(args, name, index);

    return arg ? arg->instance : NULL;
}

const WsmanEpr *fake_args_epr(const WsmanArgs *args, const char *name, guint index)
{
    const FakeArg *arg = find_arg(args, name, index);

    return arg ? arg->epr : NULL;
}

const char *fake_args_text(const WsmanArgs *args, const char *name)
{
    const FakeArg *arg = find_arg(args, name, 0);

    return arg ? arg->text : NULL;
}

GBytes *fake_args_bytes(const WsmanArgs *args, const char *name)
{
    const FakeArg *arg = find_arg(args, name, 0);

    return arg ? arg->bytes : NULL;
}

/* --- answers ------------------------------------------------------------------------ */

WsmanInstance *fake_out(guint return_value)
{
    WsmanInstance *out = wsman_instance_new("root/virtualization/v2", "OUTPUT");

    wsman_instance_set_uint(out, "ReturnValue", WSMAN_CIM_UINT32, return_value);
    return out;
}

void fake_set_epr(WsmanInstance *instance, const char *name, const WsmanEpr *epr)
{
    wsman_property_take_epr(wsman_instance_ensure(instance, name, WSMAN_CIM_REFERENCE), wsman_epr_copy(epr));
}

void fake_set_instance(WsmanInstance *instance, const char *name, WsmanInstance *value)
{
    wsman_property_take_instance(wsman_instance_ensure(instance, name, WSMAN_CIM_STRING),
                                 wsman_instance_ref(value));
}

void fake_set_bytes(WsmanInstance *instance, const char *name, gconstpointer data, gsize size)
{
    g_autofree char *text = g_base64_encode(data, size);

    wsman_instance_set_string(instance, name, text);
}

void fake_merge(WsmanInstance *into, const WsmanInstance *from)
{
    for (guint i = 0; i < wsman_instance_n_properties(from); i++) {
        const WsmanProperty *property = wsman_instance_property(from, i);

        if (property->is_array)
            wsman_instance_set_array(into, property->name, property->type, (const char *const *)property->texts);
        else if (property->n_texts > 0)
            wsman_instance_set_text(into, property->name, property->type, property->texts[0]);
    }
}

GPtrArray *fake_rows(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
}

void fake_set_fault(GError **error, WsmanError code, const char *text)
{
    wsman_set_error(error, code, NULL, "%s", text);
}

/* --- the client ------------------------------------------------------------------------ */

static void log_args(GString *log, const WsmanArgs *args)
{
    for (guint i = 0; args && i < args->list->len; i++) {
        const FakeArg *arg = g_ptr_array_index(args->list, i);

        g_string_append_printf(log, "    %s = %s\n", arg->name, arg->text);
    }
}

static void log_call(WsmanClient *client, const char *operation, const WsmanEpr *epr, const char *detail)
{
    g_autofree char *path = epr ? wsman_epr_to_object_path(epr) : NULL;

    client->n_calls++;
    g_string_append_printf(client->log, "%s %s%s%s\n", operation, path ? path : "", path && detail ? " " : "",
                           detail ? detail : "");
}

static WsmanEpr *failing_job(void)
{
    WsmanEpr *job = wsman_epr_new("root/virtualization/v2", "Msvm_ConcreteJob");

    wsman_epr_add_selector(job, "InstanceID", "the-failing-job");
    return job;
}

/* Whether this is the call that fails; lost: after it was carried out. */
static gboolean is_due(WsmanClient *client)
{
    if (client->fail_on && client->has_failed)
        return TRUE;
    if (client->fail_in == 0 || --client->fail_in > 0)
        return FALSE;
    client->has_failed = TRUE;
    return TRUE;
}

static void set_lost(GError **error)
{
    const WsmanErrorDetail detail = { .may_have_run = TRUE };

    wsman_set_error(error, WSMAN_ERROR_CONNECT, &detail, "the answer was lost");
}

/* NULL with the error set, or out parameters that tell of a failure. */
static WsmanInstance *make_failure(WsmanClient *client, gboolean is_method, GError **error)
{
    g_autoptr(WsmanEpr) job = failing_job();
    WsmanInstance *out;

    if (client->failure == FAKE_FAIL_CANCEL) {
        g_cancellable_cancel(client->to_cancel);
        g_cancellable_set_error_if_cancelled(client->to_cancel, error);
        return NULL;
    }
    if (!is_method || client->failure == FAKE_FAIL_REFUSED) {
        fake_set_fault(error, WSMAN_ERROR_FAULT, "injected fault");
        return NULL;
    }
    if (client->failure == FAKE_FAIL_RETURN)
        return fake_out(32768);
    out = fake_out(4096);
    fake_set_epr(out, "Job", job);
    return out;
}

WsmanClient *wsman_client_ref(WsmanClient *client)
{
    return client;
}

void wsman_client_unref(WsmanClient *client)
{
}

const char *wsman_client_get_url(const WsmanClient *client)
{
    return "https://fake:5986/wsman";
}

void wsman_identity_free(WsmanIdentity *identity)
{
    g_free(identity);
}

WsmanIdentity *wsman_client_identify(WsmanClient *client, GCancellable *cancellable, GError **error)
{
    log_call(client, "identify", NULL, NULL);
    if (is_due(client)) {
        make_failure(client, FALSE, error);
        return NULL;
    }
    return g_memdup2(&client->identity, sizeof(client->identity));
}

static WsmanInstance *failed_job(void)
{
    WsmanInstance *job = wsman_instance_new("root/virtualization/v2", "Msvm_ConcreteJob");

    wsman_instance_set_uint(job, "JobState", WSMAN_CIM_UINT16, 10);
    wsman_instance_set_uint(job, "ErrorCode", WSMAN_CIM_UINT16, 32768);
    wsman_instance_set_string(job, "ErrorDescription", "injected job failure");
    return job;
}

WsmanInstance *wsman_client_get(WsmanClient *client, const WsmanEpr *epr, GCancellable *cancellable,
                                GError **error)
{
    gboolean due;
    WsmanInstance *instance;

    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return NULL;
    log_call(client, "get", epr, NULL);
    due = is_due(client);
    if (due && client->failure != FAKE_FAIL_LOST)
        return make_failure(client, FALSE, error);
    if (g_strcmp0(wsman_epr_get_selector(epr, "InstanceID"), "the-failing-job") == 0)
        return failed_job();
    instance = client->handlers.get(client->handlers.opaque, epr, due ? NULL : error);
    if (!due)
        return instance;
    if (instance)
        wsman_instance_unref(instance);
    set_lost(error);
    return NULL;
}

GPtrArray *wsman_client_query(WsmanClient *client, const char *ns, const char *query, GCancellable *cancellable,
                              GError **error)
{
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return NULL;
    log_call(client, "query", NULL, query);
    if (is_due(client)) {
        if (client->failure == FAKE_FAIL_LOST)
            set_lost(error);
        else
            make_failure(client, FALSE, error);
        return NULL;
    }
    return client->handlers.query(client->handlers.opaque, ns, query, error);
}

WsmanInstance *wsman_client_invoke(WsmanClient *client, const WsmanEpr *target, const char *method,
                                   const WsmanArgs *args, GCancellable *cancellable, GError **error)
{
    gboolean due;
    WsmanInstance *out;

    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return NULL;
    log_call(client, "invoke", target, method);
    log_args(client->log, args);
    due = is_due(client);
    if (due && client->failure != FAKE_FAIL_LOST)
        return make_failure(client, TRUE, error);
    out = client->handlers.invoke(client->handlers.opaque, target, method, args, due ? NULL : error);
    if (!due)
        return out;
    if (out)
        wsman_instance_unref(out);
    set_lost(error);
    return NULL;
}
