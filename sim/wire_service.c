/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_service_private.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

WireService *
wire_service_new(SimHost *host, const WireServiceOptions *options)
{
    WireService *service = g_new0(WireService, 1);

    service->host = host;
    service->options = *options;
    service->ui_language = g_strdup(options->ui_language ? options->ui_language : "en-US");
    service->options.ui_language = service->ui_language;
    service->cursors = wire_cursors_new(options->max_operations, options->enumeration_ms);
    return service;
}

void
wire_service_free(WireService *service)
{
    if (!service)
        return;
    wire_cursors_free(service->cursors);
    g_free(service->ui_language);
    g_free(service);
}

guint
wire_service_open_enumerations(WireService *service)
{
    return wire_cursors_count(service->cursors);
}

guint
wire_service_timeout(const WireRequest *request)
{
    if (!request->timeout_ms || request->timeout_ms > WIRE_DEFAULT_TIMEOUT_MS)
        return WIRE_DEFAULT_TIMEOUT_MS;
    return request->timeout_ms;
}

/* --- envelopes ------------------------------------------------------------------- */

GString *
wire_envelope_new(const WireService *service, const WireRequest *request, WireFamily family, const char *action)
{
    GString *out = g_string_sized_new(4096);
    g_autofree char *id = wire_text_uuid();

    g_string_append(out, "<s:Envelope xml:lang=\"");
    wire_text_escape(out, service->ui_language);
    g_string_append(out, "\" xmlns:s=\"" WIRE_NS_SOAP "\" xmlns:a=\"" WIRE_NS_ADDRESSING "\"");
    if (family == WIRE_FAMILY_ENUMERATION)
        g_string_append(out, " xmlns:n=\"" WIRE_NS_ENUMERATION "\" xmlns:w=\"" WIRE_NS_WSMAN "\">");
    else
        g_string_append(out, " xmlns:x=\"" WIRE_NS_TRANSFER "\" xmlns:w=\"" WIRE_NS_WSMAN "\" xmlns:p=\"" WIRE_NS_WSMV
                        "\">");
    g_string_append(out, "<s:Header>");
    wire_text_element(out, "a", "Action", action);
    wire_text_element(out, "a", "MessageID", id);
    wire_text_element(out, "a", "To", WIRE_ANONYMOUS);
    wire_text_element(out, "a", "RelatesTo", request->message_id);
    g_string_append(out, "</s:Header><s:Body>");
    return out;
}

void
wire_envelope_end(GString *out)
{
    g_string_append(out, "</s:Body></s:Envelope>");
}

gsize
wire_envelope_limit(const WireService *service, const WireRequest *request)
{
    if (request->max_envelope && request->max_envelope < service->options.max_envelope)
        return (gsize)request->max_envelope;
    return service->options.max_envelope;
}

/* The address that the client used, out of a:To: the host of its URL. */
static char *
machine_of(const WireService *service, const WireRequest *request)
{
    g_autoptr(GUri) uri = request->to ? g_uri_parse(request->to, G_URI_FLAGS_NONE, NULL) : NULL;
    const char *host = uri ? g_uri_get_host(uri) : NULL;

    return g_strdup(host && *host ? host : sim_host_name(service->host));
}

GString *
wire_service_fault(const WireService *service, const WireRequest *request, const WireFault *fault)
{
    g_autofree char *machine = machine_of(service, request);
    WireFaultContext context = { service->ui_language, machine, sim_host_name(service->host), request->message_id };

    return wire_fault_render(fault, &context);
}

WireFault *
wire_status_fault(SimStatus status, const char *operation, const char *parameter)
{
    static const WireFaultId ids[] = {
        [SIM_INVALID_NAMESPACE] = WIRE_FAULT_RESOURCE_NOT_FOUND,
        [SIM_INVALID_CLASS] = WIRE_FAULT_RESOURCE_NOT_FOUND,
        [SIM_NOT_FOUND] = WIRE_FAULT_RESOURCE_NOT_FOUND,
        [SIM_INVALID_METHOD] = WIRE_FAULT_ACTION_NOT_SUPPORTED,
        [SIM_INVALID_PARAMETER] = WIRE_FAULT_METHOD_PARAMETERS,
        [SIM_INVALID_SELECTORS] = WIRE_FAULT_INVALID_SELECTORS,
        [SIM_ACCESS_DENIED] = WIRE_FAULT_ACCESS_DENIED,
        [SIM_FAILED] = WIRE_FAULT_PROVIDER_FAILED,
    };

    return wire_fault_with_provider(wire_fault_new(ids[status], NULL), operation, parameter);
}

/* --- dispatch ---------------------------------------------------------------------- */

static WireFault *
refusal(WireFaultId id, const WireRequest *request)
{
    return wire_fault_with_provider(wire_fault_new(id, NULL), wire_operation_name(request->operation),
                                    request->class_name);
}

/* Operations on the service's own configuration: it can be read. */
static GString *
perform_config(const WireService *service, const WireRequest *request, WireFault **fault)
{
    if (request->operation == WIRE_OP_GET)
        return wire_op_config(service, request);
    *fault = wire_fault_new(WIRE_FAULT_ACTION_NOT_SUPPORTED, NULL);
    return NULL;
}

static GString *
perform_wmi(WireService *service, const WireRequest *request, const char *user, char **asked, WireFault **fault)
{
    switch (request->operation) {
    case WIRE_OP_ENUMERATE:
        return wire_op_enumerate(service, request, user, asked, fault);
    case WIRE_OP_PULL:
        return wire_op_pull(service, request, user, fault);
    case WIRE_OP_RELEASE:
        return wire_op_release(service, request, user, fault);
    case WIRE_OP_GET:
        return wire_op_get(service, request, fault);
    case WIRE_OP_INVOKE:
        return wire_op_invoke(service, request, fault);
    case WIRE_OP_PUT:
    case WIRE_OP_CREATE:
    case WIRE_OP_DELETE:
        /* Hyper-V's classes are changed by methods only. */
        *fault = refusal(WIRE_FAULT_NOT_CAPABLE, request);
        return NULL;
    case WIRE_OP_SUBSCRIBE:
        *fault = wire_fault_new(WIRE_FAULT_EVENT_SOURCE, NULL);
        return NULL;
    default:
        *fault = wire_fault_new(WIRE_FAULT_ACTION_NOT_SUPPORTED, NULL);
        return NULL;
    }
}

GString *
wire_service_perform(WireService *service, const WireRequest *request, const char *user, char **asked,
                     WireFault **fault)
{
    GString *out;

    *asked = NULL;
    if (request->operation == WIRE_OP_IDENTIFY)
        return wire_op_identify(service, user);
    out = request->path ? perform_wmi(service, request, user, asked, fault)
                        : perform_config(service, request, fault);
    if (out && out->len > wire_envelope_limit(service, request)) {
        g_string_free(out, TRUE);
        out = NULL;
        *fault = wire_fault_new(WIRE_FAULT_RESPONSE_TOO_LARGE, NULL);
    }
    return out;
}
