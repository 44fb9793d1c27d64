/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_request.h"

#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_text.h"
#include "sim/wire_xml.h"

static const struct {
    const char *name;
    const char *action;
} operations[WIRE_OP_LAST] = {
    [WIRE_OP_UNKNOWN] = { "Unknown", NULL },
    [WIRE_OP_IDENTIFY] = { "Identify", NULL },
    [WIRE_OP_GET] = { "Get", WIRE_ACTION_GET },
    [WIRE_OP_PUT] = { "Put", WIRE_ACTION_PUT },
    [WIRE_OP_CREATE] = { "Create", WIRE_ACTION_CREATE },
    [WIRE_OP_DELETE] = { "Delete", WIRE_ACTION_DELETE },
    [WIRE_OP_ENUMERATE] = { "Enumerate", WIRE_ACTION_ENUMERATE },
    [WIRE_OP_PULL] = { "Pull", WIRE_ACTION_PULL },
    [WIRE_OP_RELEASE] = { "Release", WIRE_ACTION_RELEASE },
    [WIRE_OP_RENEW] = { "Renew", WIRE_ACTION_RENEW },
    [WIRE_OP_SUBSCRIBE] = { "Subscribe", WIRE_ACTION_SUBSCRIBE },
    [WIRE_OP_UNSUBSCRIBE] = { "Unsubscribe", WIRE_ACTION_UNSUBSCRIBE },
    [WIRE_OP_INVOKE] = { "Invoke", NULL },
};

const char *
wire_operation_name(WireOperation operation)
{
    return operations[operation].name;
}

void
wire_request_free(WireRequest *request)
{
    if (!request)
        return;
    xmlFreeDoc(request->doc);
    g_free(request->action);
    g_free(request->message_id);
    g_free(request->to);
    g_free(request->uri);
    g_free(request->ns);
    g_free(request->class_name);
    g_free(request->method);
    if (request->path)
        cim_path_unref(request->path);
    g_free(request);
}

/* --- addresses --------------------------------------------------------------- */

gboolean
wire_uri_split(const char *uri, char **ns, char **class_name)
{
    const char *rest, *slash;

    if (g_ascii_strncasecmp(uri, WIRE_URI_WMI, strlen(WIRE_URI_WMI)) != 0)
        return FALSE;
    rest = uri + strlen(WIRE_URI_WMI);
    slash = strrchr(rest, '/');
    if (!slash || slash == rest || !slash[1] || strpbrk(rest, " ?#\\"))
        return FALSE;
    *ns = g_strndup(rest, (gsize)(slash - rest));
    *class_name = g_strdup(slash + 1);
    return TRUE;
}

static gboolean
fail(WireFault **fault, WireFault *what)
{
    g_assert(!*fault);
    *fault = what;
    return FALSE;
}

static WireFault *
selector_fault(const char *detail, const char *name, const char *what)
{
    return wire_fault_with_detail(wire_fault_new(WIRE_FAULT_INVALID_SELECTORS, "The selector %s %s. ", name, what),
                                  detail);
}

/* With a WMI URI this selector may only say what the URI says already. */
static gboolean
check_namespace(const CimPath *path, const char *text, WireFault **fault)
{
    g_autofree char *ns = g_strdelimit(g_strdup(text ? text : ""), "\\", '/');

    if (g_ascii_strcasecmp(ns, cim_path_namespace(path)) == 0)
        return TRUE;
    return fail(fault, wire_fault_new(WIRE_FAULT_PROVIDER_FAILED, "__cimnamespace is not the URI's namespace. "));
}

static gboolean
read_selector(const xmlNode *node, CimPath *path, guint depth, WireFault **fault)
{
    g_autofree char *name = wire_xml_attribute(node, NULL, "Name");
    g_autofree char *text = wire_xml_text(node);
    xmlNode *epr = wire_xml_child(node, WIRE_NS_ADDRESSING, "EndpointReference");

    if (!name || !*name)
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "A selector has no name. "));
    for (guint i = 0; i < cim_path_n_keys(path); i++) {
        if (g_ascii_strcasecmp(cim_path_key_name(path, i), name) == 0)
            return fail(fault, selector_fault("DuplicateSelectors", name, "stands twice"));
    }
    if (g_ascii_strcasecmp(name, "__cimnamespace") == 0)
        return check_namespace(path, text, fault);
    if (epr) {
        g_autoptr(CimPath) value = NULL;

        if (depth >= WIRE_MAX_SELECTOR_DEPTH)
            return fail(fault, selector_fault("InvalidValue", name, "is nested too deep"));
        value = wire_endpoint_read(epr, depth + 1, fault);
        if (!value)
            return FALSE;
        cim_path_set_key_path(path, name, value);
        return TRUE;
    }
    if (!text)
        return fail(fault, selector_fault("InvalidValue", name, "has no valid value"));
    cim_path_set_key(path, name, text);
    return TRUE;
}

gboolean
wire_selectors_read(const xmlNode *set, CimPath *path, guint *count, guint depth, WireFault **fault)
{
    *count = 0;
    for (xmlNode *node = wire_xml_first(set); node; node = wire_xml_next(node)) {
        if (!wire_xml_is(node, WIRE_NS_WSMAN, "Selector"))
            return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "%s is not a selector. ", node->name));
        if (cim_path_n_keys(path) >= WIRE_MAX_SELECTORS)
            return fail(fault, selector_fault("UnexpectedSelectors", "set", "has too many selectors"));
        if (!read_selector(node, path, depth, fault))
            return FALSE;
    }
    *count = cim_path_n_keys(path);
    return TRUE;
}

CimPath *
wire_endpoint_read(const xmlNode *parent, guint depth, WireFault **fault)
{
    xmlNode *address = wire_xml_child(parent, WIRE_NS_ADDRESSING, "Address");
    xmlNode *parameters = wire_xml_child(parent, WIRE_NS_ADDRESSING, "ReferenceParameters");
    xmlNode *uri_node = wire_xml_child(parameters, WIRE_NS_WSMAN, "ResourceURI");
    g_autofree char *uri = wire_xml_trimmed(uri_node);
    g_autofree char *ns = NULL;
    g_autofree char *class_name = NULL;
    g_autoptr(CimPath) path = NULL;
    guint count;

    if (!address || !parameters || !uri_node) {
        fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "%s does not hold the content of an endpoint "
                                   "reference. ", parent->name));
        return NULL;
    }
    if (!uri || !wire_uri_split(uri, &ns, &class_name)) {
        fail(fault, wire_fault_new(WIRE_FAULT_INVALID_RESOURCE_URI, NULL));
        return NULL;
    }
    path = cim_path_new(ns, class_name);
    if (!wire_selectors_read(wire_xml_child(parameters, WIRE_NS_WSMAN, "SelectorSet"), path, &count, depth, fault))
        return NULL;
    return g_steal_pointer(&path);
}

/* --- headers ------------------------------------------------------------------ */

typedef gboolean (*HeaderReader)(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault);

static gboolean
read_text(const xmlNode *node, gsize limit, char **out, WireFault **fault)
{
    g_free(*out);
    *out = wire_xml_trimmed(node);
    if (!*out || strlen(*out) > limit)
        return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_HEADER, "The header %s is not valid. ", node->name));
    return TRUE;
}

static gboolean
read_action(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    return read_text(node, WIRE_MAX_URI, &request->action, fault);
}

static gboolean
read_to(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    return read_text(node, WIRE_MAX_URI, &request->to, fault);
}

static gboolean
read_uri(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    return read_text(node, WIRE_MAX_URI, &request->uri, fault);
}

static gboolean
read_message_id(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    return read_text(node, WIRE_MAX_MESSAGE_ID, &request->message_id, fault);
}

/* Answers go back over the connection of the request, never elsewhere. */
static gboolean
read_reply_to(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    xmlNode *address = wire_xml_child(node, WIRE_NS_ADDRESSING, "Address");
    g_autofree char *text = wire_xml_trimmed(address);

    if (text && strcmp(text, WIRE_ANONYMOUS) == 0)
        return TRUE;
    return fail(fault, wire_fault_with_detail(wire_fault_new(WIRE_FAULT_UNSUPPORTED_FEATURE, NULL),
                                              "AddressingMode"));
}

static gboolean
read_max_envelope(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    g_autofree char *text = wire_xml_trimmed(node);

    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &request->max_envelope, NULL))
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "MaxEnvelopeSize is not a number. "));
    if (request->max_envelope < WIRE_MIN_ENVELOPE)
        return fail(fault, wire_fault_new(WIRE_FAULT_ENCODING_LIMIT, NULL));
    return TRUE;
}

static gboolean
read_timeout(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    g_autofree char *text = wire_xml_trimmed(node);

    if (!text || !wire_text_duration(text, &request->timeout_ms))
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "OperationTimeout is not a duration. "));
    return TRUE;
}

/* Locale and DataLocale are wishes: they must not have to be understood. */
static gboolean
read_locale(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    if (!must)
        return TRUE;
    return fail(fault, wire_fault_with_detail(wire_fault_new(WIRE_FAULT_UNSUPPORTED_FEATURE, NULL),
                                              (const char *)node->name));
}

static gboolean
read_options(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    for (xmlNode *option = wire_xml_first(node); option; option = wire_xml_next(option)) {
        g_autofree char *name = wire_xml_attribute(option, NULL, "Name");
        g_autofree char *comply = wire_xml_attribute(option, NULL, "MustComply");

        if (!wire_xml_is(option, WIRE_NS_WSMAN, "Option") || !name || !*name)
            return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The option set is not valid. "));
        if (comply && (strcmp(comply, "true") == 0 || strcmp(comply, "1") == 0))
            return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_OPTIONS, NULL));
    }
    return TRUE;
}

static gboolean
read_fragment_transfer(WireRequest *request, const xmlNode *node, gboolean must, WireFault **fault)
{
    if (!must)
        return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_HEADER, "FragmentTransfer must be understood. "));
    return fail(fault, wire_fault_with_detail(wire_fault_new(WIRE_FAULT_UNSUPPORTED_FEATURE, NULL),
                                              "FragmentLevelAccess"));
}

static const struct {
    const char *ns;
    const char *name;
    HeaderReader reader; /* NULL: known, and without effect here */
} headers[] = {
    { WIRE_NS_ADDRESSING, "Action", read_action },
    { WIRE_NS_ADDRESSING, "MessageID", read_message_id },
    { WIRE_NS_ADDRESSING, "To", read_to },
    { WIRE_NS_ADDRESSING, "ReplyTo", read_reply_to },
    { WIRE_NS_ADDRESSING, "FaultTo", read_reply_to },
    { WIRE_NS_ADDRESSING, "From", NULL },
    { WIRE_NS_ADDRESSING, "RelatesTo", NULL },
    { WIRE_NS_WSMAN, "ResourceURI", read_uri },
    { WIRE_NS_WSMAN, "SelectorSet", NULL }, /* read once the URI is known */
    { WIRE_NS_WSMAN, "MaxEnvelopeSize", read_max_envelope },
    { WIRE_NS_WSMAN, "OperationTimeout", read_timeout },
    { WIRE_NS_WSMAN, "Locale", read_locale },
    { WIRE_NS_WSMAN, "OptionSet", read_options },
    { WIRE_NS_WSMAN, "RequestEPR", NULL },
    { WIRE_NS_WSMAN, "RequestTotalItemsCountEstimate", NULL },
    { WIRE_NS_WSMAN, "FragmentTransfer", read_fragment_transfer },
    { WIRE_NS_WSMV, "DataLocale", read_locale },
    { WIRE_NS_WSMV, "SessionId", NULL },
    { WIRE_NS_WSMV, "OperationID", NULL },
    { WIRE_NS_WSMV, "SequenceId", NULL },
    { WIRE_NS_WSMV, "ActivityId", NULL },
};

static gboolean
must_understand(const xmlNode *node)
{
    g_autofree char *text = wire_xml_attribute(node, WIRE_NS_SOAP, "mustUnderstand");

    return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static gboolean
read_header(WireRequest *request, const xmlNode *node, guint64 *seen, WireFault **fault)
{
    gboolean must = must_understand(node);

    for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
        if (!wire_xml_is(node, headers[i].ns, headers[i].name))
            continue;
        if (*seen & (G_GUINT64_CONSTANT(1) << i))
            return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_HEADER, "The header %s stands twice. ",
                                              headers[i].name));
        *seen |= G_GUINT64_CONSTANT(1) << i;
        return !headers[i].reader || headers[i].reader(request, node, must, fault);
    }
    if (must)
        return fail(fault, wire_fault_new(WIRE_FAULT_MUST_UNDERSTAND, NULL));
    return TRUE;
}

static gboolean
require_headers(const WireRequest *request, const xmlNode *header, WireFault **fault)
{
    static const struct {
        const char *ns;
        const char *name;
    } required[] = {
        { WIRE_NS_ADDRESSING, "Action" },
        { WIRE_NS_ADDRESSING, "To" },
        { WIRE_NS_ADDRESSING, "ReplyTo" },
        { WIRE_NS_WSMAN, "ResourceURI" },
    };

    if (!request->message_id || !*request->message_id)
        return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_HEADER, "The MessageID is missing or empty. "));
    for (guint i = 0; i < G_N_ELEMENTS(required); i++) {
        if (!wire_xml_child(header, required[i].ns, required[i].name))
            return fail(fault, wire_fault_new(WIRE_FAULT_HEADER_REQUIRED, "The header %s is missing. ",
                                              required[i].name));
    }
    return TRUE;
}

static gboolean
read_headers(WireRequest *request, const xmlNode *header, WireFault **fault)
{
    guint64 seen = 0;
    guint count = 0;

    /* First what the fault and the log need. */
    request->message_id = wire_xml_trimmed(wire_xml_child(header, WIRE_NS_ADDRESSING, "MessageID"));
    if (request->message_id && strlen(request->message_id) > WIRE_MAX_MESSAGE_ID)
        g_clear_pointer(&request->message_id, g_free);
    for (xmlNode *node = wire_xml_first(header); node; node = wire_xml_next(node)) {
        if (++count > WIRE_MAX_HEADERS)
            return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_HEADER, "There are too many headers. "));
        if (!read_header(request, node, &seen, fault))
            return FALSE;
    }
    return require_headers(request, header, fault);
}

/* --- operation ------------------------------------------------------------------ */

/* The action of a method is its class's URI and its name (DSP0230 10.3). */
static gboolean
find_operation(WireRequest *request, WireFault **fault)
{
    gsize n = strlen(request->uri);

    for (guint i = 0; i < WIRE_OP_LAST; i++) {
        if (operations[i].action && strcmp(operations[i].action, request->action) == 0) {
            request->operation = (WireOperation)i;
            return TRUE;
        }
    }
    if (g_ascii_strncasecmp(request->action, request->uri, n) == 0 && request->action[n] == '/' &&
        request->action[n + 1] && !strchr(request->action + n + 1, '/')) {
        request->operation = WIRE_OP_INVOKE;
        request->method = g_strdup(request->action + n + 1);
        return TRUE;
    }
    return fail(fault, wire_fault_new(WIRE_FAULT_ACTION_NOT_SUPPORTED, NULL));
}

static gboolean
find_resource(WireRequest *request, const xmlNode *header, WireFault **fault)
{
    xmlNode *set = wire_xml_child(header, WIRE_NS_WSMAN, "SelectorSet");

    if (!wire_uri_split(request->uri, &request->ns, &request->class_name)) {
        if (strcmp(request->uri, WIRE_NS_CONFIG) == 0)
            return TRUE;
        return fail(fault, wire_fault_new(*request->uri ? WIRE_FAULT_RESOURCE_NOT_FOUND
                                                        : WIRE_FAULT_INVALID_RESOURCE_URI, NULL));
    }
    request->path = cim_path_new(request->ns, request->class_name);
    return wire_selectors_read(set, request->path, &request->n_selectors, 0, fault);
}

static gboolean
read_envelope(WireRequest *request, WireFault **fault)
{
    xmlNode *envelope = xmlDocGetRootElement(request->doc);
    xmlNode *header, *body;

    if (!envelope || strcmp((const char *)envelope->name, "Envelope") != 0)
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "There is no SOAP envelope. "));
    if (!wire_xml_is(envelope, WIRE_NS_SOAP, "Envelope"))
        return fail(fault, wire_fault_new(WIRE_FAULT_VERSION_MISMATCH, NULL));
    header = wire_xml_child(envelope, WIRE_NS_SOAP, "Header");
    body = wire_xml_child(envelope, WIRE_NS_SOAP, "Body");
    if (!body || wire_xml_next(body) || (wire_xml_first(body) && wire_xml_next(wire_xml_first(body))))
        return fail(fault, wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The SOAP body is not valid. "));
    request->body = wire_xml_first(body);
    if (wire_xml_is(request->body, WIRE_NS_WSMID, "Identify")) {
        request->operation = WIRE_OP_IDENTIFY;
        return TRUE;
    }
    return read_headers(request, header, fault) && find_operation(request, fault) &&
        find_resource(request, header, fault);
}

WireRequest *
wire_request_parse(const char *data, gsize size, const char *encoding, WireFault **fault)
{
    WireRequest *request = g_new0(WireRequest, 1);
    g_autofree char *message = NULL;

    request->doc = wire_xml_parse(data, size, encoding, &message);
    if (!request->doc)
        *fault = wire_fault_new(WIRE_FAULT_SCHEMA_VALIDATION, "The request is not valid XML: %s ", message);
    else
        read_envelope(request, fault);
    return request;
}
