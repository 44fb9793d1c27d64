/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_fault.h"

#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_text.h"

typedef struct {
    const char *code;    /* s:Sender ... */
    const char *subcode; /* NULL: the code says it all */
    const char *action;
    const char *detail;  /* of the w:FaultDetail URI, or NULL */
    guint32 hresult;
    const char *text;
} FaultRow;

#define SENDER "s:Sender"
#define RECEIVER "s:Receiver"

/* Rows whose subcode was not seen in a capture and is not in the error list's
 * comments (ASSUMED): FILTER_NAMESPACE, NOT_SINGLETON, WQL_URI, PARAMETER_*,
 * NOT_CAPABLE, METHOD_PARAMETERS, PROVIDER_FAILED. */
static const FaultRow rows[WIRE_FAULT_LAST] = {
    [WIRE_FAULT_RESOURCE_NOT_FOUND] = { SENDER, "a:DestinationUnreachable", WIRE_FAULT_ADDRESSING,
        "InvalidResourceURI", 0x80338000,
        "The WS-Management service cannot process the request. The service cannot find the resource identified by "
        "the resource URI and selectors. " },
    [WIRE_FAULT_INVALID_HEADER] = { SENDER, "a:InvalidMessageInformationHeader", WIRE_FAULT_ADDRESSING, NULL,
        0x8033800F, "The request has one or more SOAP headers that are not valid. " },
    [WIRE_FAULT_MUST_UNDERSTAND] = { "s:MustUnderstand", NULL, WIRE_FAULT_SOAP, NULL, 0x80338010,
        "The request has a SOAP header with mustUnderstand that the service does not know. " },
    [WIRE_FAULT_HEADER_REQUIRED] = { SENDER, "a:MessageInformationHeaderRequired", WIRE_FAULT_ADDRESSING, NULL,
        0x80338011, "The request does not have all the SOAP headers that are expected. " },
    [WIRE_FAULT_VERSION_MISMATCH] = { "s:VersionMismatch", NULL, WIRE_FAULT_SOAP, NULL, 0x8033800D,
        "The service does not support the SOAP version of the request. " },
    [WIRE_FAULT_ACTION_NOT_SUPPORTED] = { SENDER, "a:ActionNotSupported", WIRE_FAULT_ADDRESSING, NULL, 0x80338013,
        "The service does not support the action of the request. " },
    [WIRE_FAULT_FILTER_DIALECT] = { SENDER, "n:FilterDialectRequestedUnavailable", WIRE_FAULT_ENUMERATION, NULL,
        0x80338019, "The filter dialect is not supported for this resource. " },
    [WIRE_FAULT_CANNOT_PROCESS_FILTER] = { SENDER, "n:CannotProcessFilter", WIRE_FAULT_ENUMERATION, NULL, 0x8033801A,
        "The data source could not process the filter. The filter might be missing or not valid. " },
    [WIRE_FAULT_FILTER_NAMESPACE] = { SENDER, "n:CannotProcessFilter", WIRE_FAULT_ENUMERATION, NULL, 0x8033801A,
        "The data source could not process the filter: its namespace does not exist. " },
    [WIRE_FAULT_INVALID_CONTEXT] = { RECEIVER, "n:InvalidEnumerationContext", WIRE_FAULT_ENUMERATION, NULL,
        0x8033801B, "The enumeration context is not valid: completed, cancelled or too old. " },
    [WIRE_FAULT_EVENT_SOURCE] = { RECEIVER, "e:EventSourceUnableToProcess", WIRE_FAULT_EVENTING, NULL, 0x80338023,
        "The event source cannot process the subscription. " },
    [WIRE_FAULT_RESPONSE_TOO_LARGE] = { SENDER, "w:EncodingLimit", WIRE_FAULT_WSMAN, "MaxEnvelopeSizeExceeded",
        0x80338026, "The response is larger than the maximum size allowed. " },
    [WIRE_FAULT_TIMED_OUT] = { RECEIVER, "w:TimedOut", WIRE_FAULT_WSMAN, NULL, 0x80338029,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  " },
    [WIRE_FAULT_ENCODING_LIMIT] = { SENDER, "w:EncodingLimit", WIRE_FAULT_WSMAN, "MinimumEnvelopeLimit", 0x80338035,
        "The request asks for a maximum envelope size below the service's limit. " },
    [WIRE_FAULT_INVALID_OPTIONS] = { SENDER, "w:InvalidOptions", WIRE_FAULT_WSMAN, "NotSupported", 0x80338051,
        "The provider does not support an option that has mustComply set. " },
    [WIRE_FAULT_INVALID_PARAMETER] = { SENDER, "w:InvalidParameter", WIRE_FAULT_WSMAN, "InvalidValue", 0x8033803A,
        "A parameter of the operation is not valid. " },
    [WIRE_FAULT_PARAMETER_TYPE] = { SENDER, "w:InvalidParameter", WIRE_FAULT_WSMAN, "TypeMismatch", 0x80338054,
        "A parameter of the operation is not of the correct type. " },
    [WIRE_FAULT_PARAMETER_NAME] = { SENDER, "w:InvalidParameter", WIRE_FAULT_WSMAN, "InvalidName", 0x80338055,
        "The name of a parameter is not valid. " },
    [WIRE_FAULT_INVALID_RESOURCE_URI] = { SENDER, "a:DestinationUnreachable", WIRE_FAULT_ADDRESSING,
        "InvalidResourceURI", 0x8033803B, "The resource URI is missing or has an incorrect format. " },
    [WIRE_FAULT_INVALID_SELECTORS] = { SENDER, "w:InvalidSelectors", WIRE_FAULT_WSMAN, "UnexpectedSelectors",
        0x8033803D, "The selectors for the resource are not valid. " },
    [WIRE_FAULT_NOT_SINGLETON] = { SENDER, "w:InvalidSelectors", WIRE_FAULT_WSMAN, "InsufficientSelectors",
        0x803380FA, "The resource URI does not contain keys, but the class selected is not a singleton. " },
    [WIRE_FAULT_WQL_URI] = { SENDER, "w:InvalidParameter", WIRE_FAULT_WSMAN, NULL, 0x803380FB,
        "The resource URI of an enumeration with a WQL filter must not contain keys and the class name must be '*'. " },
    [WIRE_FAULT_SCHEMA_VALIDATION] = { SENDER, "w:SchemaValidationError", WIRE_FAULT_WSMAN, NULL, 0x80338041,
        "The SOAP XML in the message does not match the corresponding XML schema definition. " },
    [WIRE_FAULT_UNSUPPORTED_FEATURE] = { SENDER, "w:UnsupportedFeature", WIRE_FAULT_WSMAN, NULL, 0x80338042,
        "The service does not support the specified feature. " },
    [WIRE_FAULT_QUOTA_OPERATIONS] = { RECEIVER, "w:InternalError", WIRE_FAULT_WSMAN, NULL, 0x803381A6,
        "The maximum number of concurrent operations for this user has been exceeded. Close existing operations for "
        "this user, or raise the quota for this user. " },
    [WIRE_FAULT_NOT_CAPABLE] = { SENDER, "a:ActionNotSupported", WIRE_FAULT_ADDRESSING, NULL, 0x80338102,
        "The WMI service reported that the WMI provider could not perform the requested operation. " },
    [WIRE_FAULT_ACCESS_DENIED] = { SENDER, "w:AccessDenied", WIRE_FAULT_WSMAN, NULL, 5, "Access is denied. " },
    [WIRE_FAULT_METHOD_PARAMETERS] = { RECEIVER, "w:InternalError", WIRE_FAULT_WSMAN, NULL, 0x8004102F,
        "The parameters of the method are not valid. " },
    [WIRE_FAULT_PROVIDER_FAILED] = { RECEIVER, "w:InternalError", WIRE_FAULT_WSMAN, NULL, 0x80041001,
        "Generic failure " },
};

struct WireFault {
    WireFaultId id;
    FaultRow row;     /* a copy: raw faults have no row, details replace the row's */
    char *subcode;    /* owned text behind row.subcode of a raw fault */
    char *message;
    char *detail;
    char *operation;  /* of __ExtendedStatus; not NULL: a provider's fault */
    char *parameter;
};

WireFault *
wire_fault_new(WireFaultId id, const char *message, ...)
{
    WireFault *fault = g_new0(WireFault, 1);

    g_assert(id > WIRE_FAULT_NONE && id < WIRE_FAULT_LAST);
    fault->id = id;
    fault->row = rows[id];
    fault->detail = g_strdup(rows[id].detail);
    if (message) {
        va_list args;

        va_start(args, message);
        fault->message = g_strdup_vprintf(message, args);
        va_end(args);
    } else {
        fault->message = g_strdup(rows[id].text);
    }
    return fault;
}

/* Which action a fault has follows from the namespace of its subcode. */
static const char *
action_of_subcode(const char *subcode)
{
    switch (subcode[0]) {
    case 'a':
        return WIRE_FAULT_ADDRESSING;
    case 'n':
        return WIRE_FAULT_ENUMERATION;
    case 'e':
        return WIRE_FAULT_EVENTING;
    case 'x':
        return WIRE_FAULT_TRANSFER;
    default:
        return WIRE_FAULT_WSMAN;
    }
}

gboolean
wire_fault_is_subcode(const char *text)
{
    if (!text[0] || !strchr("saxenwp", text[0]) || text[1] != ':' || !g_ascii_isalpha(text[2]))
        return FALSE;
    for (text += 2; *text; text++) {
        if (!g_ascii_isalnum(*text))
            return FALSE;
    }
    return TRUE;
}

WireFault *
wire_fault_new_raw(guint32 code, const char *subcode)
{
    WireFault *fault = g_new0(WireFault, 1);

    for (guint i = 1; i < WIRE_FAULT_LAST && !subcode; i++) {
        if (rows[i].hresult == code)
            subcode = rows[i].subcode;
    }
    for (guint i = 1; i < WIRE_FAULT_LAST; i++) {
        if (rows[i].hresult == code)
            fault->row = rows[i];
    }
    if (!fault->row.code)
        fault->row = (FaultRow){ RECEIVER, NULL, NULL, NULL, code, "The operation failed. " };
    fault->subcode = g_strdup(subcode ? subcode : "w:InternalError");
    fault->row.subcode = fault->subcode;
    fault->row.action = action_of_subcode(fault->subcode);
    fault->message = g_strdup(fault->row.text);
    return fault;
}

void
wire_fault_free(WireFault *fault)
{
    if (!fault)
        return;
    g_free(fault->subcode);
    g_free(fault->message);
    g_free(fault->detail);
    g_free(fault->operation);
    g_free(fault->parameter);
    g_free(fault);
}

WireFault *
wire_fault_with_detail(WireFault *fault, const char *detail)
{
    g_free(fault->detail);
    fault->detail = g_strdup(detail);
    return fault;
}

WireFault *
wire_fault_with_provider(WireFault *fault, const char *operation, const char *parameter)
{
    g_free(fault->operation);
    g_free(fault->parameter);
    fault->operation = g_strdup(operation);
    fault->parameter = g_strdup(parameter);
    return fault;
}

guint32
wire_fault_code(const WireFault *fault)
{
    return fault->row.hresult;
}

const char *
wire_fault_subcode(const WireFault *fault)
{
    return fault->row.subcode;
}

const char *
wire_fault_action(const WireFault *fault)
{
    return fault->row.action;
}

/* --- rendering -------------------------------------------------------------- */

#define NS_EXTENDED_STATUS WIRE_NS_CIM_SCHEMA "__ExtendedStatus"
#define NS_WMI_ERROR WIRE_NS_CIM_SCHEMA "MSFT_WmiError"

/* One property of a CIM instance inside a fault; unlike those of data it
 * carries its type. value NULL: null. */
static void
append_typed(GString *out, const char *name, const char *type, const char *value)
{
    if (!value) {
        g_string_append_printf(out, "<p:%s xsi:nil=\"true\" xsi:type=\"cim:%s\"/>", name, type);
        return;
    }
    g_string_append_printf(out, "<p:%s xsi:type=\"cim:%s\">", name, type);
    wire_text_escape(out, value);
    g_string_append_printf(out, "</p:%s>", name);
}

static void
append_extended_status(GString *out, const WireFault *fault)
{
    g_string_append(out, "<f:ExtendedError><p:__ExtendedStatus xmlns:xsi=\"" WIRE_NS_XSI "\" xmlns:p=\""
                    NS_EXTENDED_STATUS "\" xmlns:cim=\"" WIRE_NS_CIM "\" xsi:type=\"p:__ExtendedStatus_Type\">");
    append_typed(out, "Description", "cimString", NULL);
    append_typed(out, "Operation", "cimString", fault->operation);
    append_typed(out, "ParameterInfo", "cimString", fault->parameter);
    append_typed(out, "ProviderName", "cimString", "WMI Provider");
    append_typed(out, "StatusCode", "cimUnsignedInt", NULL);
    g_string_append(out, "</p:__ExtendedStatus></f:ExtendedError>");
}

static void
append_wsman_fault(GString *out, const WireFault *fault, const char *machine)
{
    g_string_append_printf(out, "<f:WSManFault xmlns:f=\"" WIRE_NS_FAULT "\" Code=\"%u\" Machine=\"",
                           fault->row.hresult);
    wire_text_escape(out, machine);
    g_string_append(out, "\"><f:Message>");
}

/* The first form of the detail: f:WSManFault, with the provider's own inside. */
static void
append_detail(GString *out, const WireFault *fault, const WireFaultContext *context)
{
    append_wsman_fault(out, fault, context->machine);
    if (fault->operation) {
        g_string_append(out, "<f:ProviderFault provider=\"WMI Provider\" "
                        "path=\"C:\\Windows\\system32\\WsmWmiPl.dll\">");
        append_wsman_fault(out, fault, context->host);
        wire_text_escape(out, fault->message);
        g_string_append(out, "</f:Message></f:WSManFault>");
        append_extended_status(out, fault);
        g_string_append(out, "</f:ProviderFault>");
    } else {
        wire_text_escape(out, fault->message);
    }
    g_string_append(out, "</f:Message></f:WSManFault>");
}

/* The second form: an MSFT_WmiError, seen for a filter on a namespace that
 * does not exist. */
static void
append_wmi_error(GString *out, const WireFault *fault)
{
    g_autofree char *id = g_strdup_printf("HRESULT 0x%08x", fault->row.hresult);
    g_autofree char *code = g_strdup_printf("%u", fault->row.hresult);

    g_string_append(out, "<p:MSFT_WmiError b:IsCIM_Error=\"true\" xmlns:xsi=\"" WIRE_NS_XSI "\" xmlns:b=\""
                    WIRE_NS_CIMBINDING "\" xmlns:p=\"" NS_WMI_ERROR "\" xmlns:cim=\"" WIRE_NS_CIM
                    "\" xsi:type=\"p:MSFT_WmiError_Type\">");
    append_typed(out, "CIMStatusCode", "cimUnsignedInt", "27");
    append_typed(out, "CIMStatusCodeDescription", "cimString", NULL);
    append_typed(out, "ErrorSource", "cimString", NULL);
    append_typed(out, "ErrorSourceFormat", "cimUnsignedShort", "0");
    append_typed(out, "ErrorType", "cimUnsignedShort", "0");
    append_typed(out, "Message", "cimString", fault->message);
    append_typed(out, "MessageID", "cimString", id);
    append_typed(out, "OtherErrorSourceFormat", "cimString", NULL);
    append_typed(out, "OtherErrorType", "cimString", NULL);
    append_typed(out, "OwningEntity", "cimString", NULL);
    append_typed(out, "PerceivedSeverity", "cimUnsignedShort", "0");
    append_typed(out, "ProbableCause", "cimUnsignedShort", "0");
    append_typed(out, "ProbableCauseDescription", "cimString", NULL);
    append_typed(out, "error_Category", "cimUnsignedInt", "30");
    append_typed(out, "error_Code", "cimUnsignedInt", code);
    append_typed(out, "error_Type", "cimString", "HRESULT");
    append_typed(out, "error_WindowsErrorMessage", "cimString", fault->message);
    g_string_append(out, "</p:MSFT_WmiError>");
}

/* Texts follow the host's language; of the others than English only the form
 * is known: some answers have an empty text without a language. */
static void
append_reason(GString *out, const WireFault *fault, const char *language)
{
    gboolean english = g_ascii_strncasecmp(language, "en", 2) == 0;

    g_string_append_printf(out, "<s:Reason><s:Text xml:lang=\"%s\">", english ? language : "");
    if (english)
        wire_text_escape(out, fault->row.text);
    g_string_append(out, "</s:Text></s:Reason>");
}

static void
append_head(GString *out, const WireFault *fault, const WireFaultContext *context)
{
    g_autofree char *id = wire_text_uuid();

    g_string_append(out, "<s:Envelope xml:lang=\"");
    wire_text_escape(out, context->language);
    g_string_append(out, "\" xmlns:s=\"" WIRE_NS_SOAP "\" xmlns:a=\"" WIRE_NS_ADDRESSING "\" xmlns:x=\""
                    WIRE_NS_TRANSFER "\" xmlns:e=\"" WIRE_NS_EVENTING "\" xmlns:n=\"" WIRE_NS_ENUMERATION
                    "\" xmlns:w=\"" WIRE_NS_WSMAN "\" xmlns:p=\"" WIRE_NS_WSMV "\"><s:Header>");
    wire_text_element(out, "a", "Action", fault->row.action);
    wire_text_element(out, "a", "MessageID", id);
    wire_text_element(out, "a", "To", WIRE_ANONYMOUS);
    if (context->relates_to)
        wire_text_element(out, "a", "RelatesTo", context->relates_to);
    g_string_append(out, "</s:Header>");
}

GString *
wire_fault_render(const WireFault *fault, const WireFaultContext *context)
{
    GString *out = g_string_sized_new(2048);

    append_head(out, fault, context);
    g_string_append(out, "<s:Body><s:Fault><s:Code>");
    wire_text_element(out, "s", "Value", fault->row.code);
    if (fault->row.subcode) {
        g_string_append(out, "<s:Subcode>");
        wire_text_element(out, "s", "Value", fault->row.subcode);
        g_string_append(out, "</s:Subcode>");
    }
    g_string_append(out, "</s:Code>");
    append_reason(out, fault, context->language);
    g_string_append(out, "<s:Detail>");
    if (fault->detail) {
        g_autofree char *uri = g_strconcat(WIRE_DETAIL, fault->detail, NULL);

        wire_text_element(out, "w", "FaultDetail", uri);
    }
    if (fault->id == WIRE_FAULT_FILTER_NAMESPACE)
        append_wmi_error(out, fault);
    else
        append_detail(out, fault, context);
    g_string_append(out, "</s:Detail></s:Fault></s:Body></s:Envelope>");
    return out;
}
