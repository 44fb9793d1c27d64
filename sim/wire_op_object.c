/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identify, Get and Invoke.
 */
#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_service_private.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

#define PROFILE "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/"

/* What a caller without credentials sees of the version is zero, and it sees
 * no security profiles (MS-WSMV 3.1.4.1.23). */
GString *
wire_op_identify(const WireService *service, const char *user)
{
    static const char *const profiles[] = { PROFILE "http/basic", PROFILE "https/basic",
                                            PROFILE "http/spnego-kerberos", PROFILE "https/spnego-kerberos" };
    GString *out = g_string_new("<s:Envelope xmlns:s=\"" WIRE_NS_SOAP "\"><s:Header/><s:Body>"
                                "<wsmid:IdentifyResponse xmlns:wsmid=\"" WIRE_NS_WSMID "\">");
    g_autofree char *version = g_strdup_printf("OS: %s SP: 0.0 Stack: 3.0",
                                               user ? sim_host_version(service->host) : "0.0.0");

    wire_text_element(out, "wsmid", "ProtocolVersion", WIRE_NS_WSMAN);
    wire_text_element(out, "wsmid", "ProductVendor", "Microsoft Corporation");
    wire_text_element(out, "wsmid", "ProductVersion", version);
    if (user) {
        g_string_append(out, "<wsmid:SecurityProfiles>");
        for (guint i = service->options.basic ? 0 : 2; i < G_N_ELEMENTS(profiles); i++)
            wire_text_element(out, "wsmid", "SecurityProfileName", profiles[i]);
        g_string_append(out, "</wsmid:SecurityProfiles>");
    }
    g_string_append(out, "</wsmid:IdentifyResponse></s:Body></s:Envelope>");
    return out;
}

/* The part of the configuration that says what a client has to keep to. */
GString *
wire_op_config(const WireService *service, const WireRequest *request)
{
    GString *out = wire_envelope_new(service, request, WIRE_FAMILY_TRANSFER, WIRE_ACTION_GET "Response");
    const WireServiceOptions *options = &service->options;

    g_string_append_printf(out, "<cfg:Config xmlns:cfg=\"" WIRE_NS_CONFIG "\">"
                           "<cfg:MaxEnvelopeSizekb>%" G_GSIZE_FORMAT "</cfg:MaxEnvelopeSizekb>"
                           "<cfg:MaxTimeoutms>%u</cfg:MaxTimeoutms><cfg:MaxBatchItems>%u</cfg:MaxBatchItems>"
                           "<cfg:MaxProviderRequests>4294967295</cfg:MaxProviderRequests>",
                           options->max_envelope / 1024, WIRE_DEFAULT_TIMEOUT_MS, WIRE_MAX_BATCH_ITEMS);
    g_string_append_printf(out, "<cfg:Service><cfg:MaxConcurrentOperations>4294967295</cfg:MaxConcurrentOperations>"
                           "<cfg:MaxConcurrentOperationsPerUser>%u</cfg:MaxConcurrentOperationsPerUser>"
                           "<cfg:EnumerationTimeoutms>%u</cfg:EnumerationTimeoutms>"
                           "<cfg:AllowUnencrypted>%s</cfg:AllowUnencrypted><cfg:Auth><cfg:Basic>%s</cfg:Basic>"
                           "</cfg:Auth><cfg:AllowRemoteAccess>true</cfg:AllowRemoteAccess></cfg:Service></cfg:Config>",
                           options->max_operations, options->enumeration_ms,
                           options->allow_unencrypted ? "true" : "false", options->basic ? "true" : "false");
    wire_envelope_end(out);
    return out;
}

static gpointer
fail(WireFault **fault, WireFault *what)
{
    *fault = what;
    return NULL;
}

/* Class.Key="value": the path as a provider names it in its errors. */
static char *
relative_path(const CimPath *path)
{
    g_autofree char *full = cim_path_format(path, "HOST");
    const char *colon = strchr(full, ':');

    return g_strdup(colon ? colon + 1 : full);
}

static const SchemaClass *
find_class(const WireService *service, const WireRequest *request, WireFault **fault)
{
    const SchemaClass *cls = schema_find(sim_host_schema(service->host), request->ns, request->class_name);

    if (!cls)
        *fault = wire_status_fault(SIM_INVALID_CLASS, "GetObject", request->class_name);
    return cls;
}

GString *
wire_op_get(WireService *service, const WireRequest *request, WireFault **fault)
{
    g_autoptr(CimObject) object = NULL;
    g_autofree char *relative = NULL;
    SimStatus status;
    GString *out;

    if (request->body)
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The body of a Get is empty. "));
    if (!find_class(service, request, fault) ||
        !wire_check_path(sim_host_schema(service->host), request->path, fault))
        return NULL;
    relative = relative_path(request->path);
    status = sim_host_get(service->host, request->path, &object);
    if (!request->n_selectors && (status == SIM_INVALID_SELECTORS || status == SIM_NOT_FOUND))
        return fail(fault, wire_fault_with_provider(wire_fault_new(WIRE_FAULT_NOT_SINGLETON, NULL), "GetObject",
                                                    relative));
    if (status != SIM_OK)
        return fail(fault, wire_status_fault(status, "GetObject", relative));
    out = wire_envelope_new(service, request, WIRE_FAMILY_TRANSFER, WIRE_ACTION_GET "Response");
    wire_write_instance(out, object, service->options.bytes);
    wire_envelope_end(out);
    return out;
}

static GString *
write_output(const WireService *service, const WireRequest *request, const SchemaClass *cls,
             const SchemaMethod *method, GHashTable *values, guint32 return_value)
{
    g_autofree char *uri = wire_class_uri(schema_class_namespace(cls), schema_class_name(cls));
    g_autofree char *action = g_strdup_printf("%s/%sResponse", uri, schema_method_name(method));
    GString *out = wire_envelope_new(service, request, WIRE_FAMILY_TRANSFER, action);

    wire_write_output(out, uri, method, values, return_value, service->options.bytes);
    wire_envelope_end(out);
    return out;
}

GString *
wire_op_invoke(WireService *service, const WireRequest *request, WireFault **fault)
{
    const Schema *schema = sim_host_schema(service->host);
    const SchemaClass *cls = find_class(service, request, fault);
    const SchemaMethod *method = cls ? schema_class_find_method(cls, request->method) : NULL;
    g_autoptr(GHashTable) in = NULL;
    g_autoptr(GHashTable) values = NULL;
    g_autofree char *relative = NULL;
    guint32 return_value = 0;
    SimStatus status;

    if (!cls)
        return NULL;
    if (!method)
        return fail(fault, wire_fault_new(WIRE_FAULT_ACTION_NOT_SUPPORTED, "%s has no method %s. ",
                                          schema_class_name(cls), request->method));
    if (!wire_check_path(schema, request->path, fault))
        return NULL;
    relative = relative_path(request->path);
    /* Recorded for the management services; that all classes do so is ASSUMED. */
    if (!schema_method_is_static(method) && !request->n_selectors)
        return fail(fault, wire_status_fault(SIM_INVALID_PARAMETER, "ExecMethod", relative));
    in = wire_read_input(schema, method, request->uri, request->body, service->options.bytes, fault);
    if (!in)
        return NULL;
    values = sim_values_new();
    status = sim_host_invoke(service->host, request->path, method, in, values, &return_value);
    if (status != SIM_OK)
        return fail(fault, wire_status_fault(status, "ExecMethod", relative));
    return write_output(service, request, cls, method, values, return_value);
}
