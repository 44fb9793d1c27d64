/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_fault.h"

#include <string.h>

#include "wsman/wsman_error_private.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_text.h"
#include "wsman/wsman_xml.h"

typedef struct {
    guint32 code;
    char *text;
} Findings;

typedef struct {
    const char *ns;
    const char *name;
    guint32 code;
} Subcode;

/* For faults without a detail, as other stacks and intermediaries make them. */
static const Subcode subcodes[] = {
    { WSMAN_NS_WSMAN, "AccessDenied", WSMAN_ERROR_ACCESS_DENIED_WIN32 },
    { WSMAN_NS_WSMAN, "TimedOut", WSMAN_FAULT_TIMED_OUT },
    { WSMAN_NS_ENUMERATION, "TimedOut", WSMAN_FAULT_PULL_TIMED_OUT },
    { WSMAN_NS_ENUMERATION, "InvalidEnumerationContext", WSMAN_FAULT_INVALID_CONTEXT },
    { WSMAN_NS_ENUMERATION, "CannotProcessFilter", WSMAN_FAULT_CANNOT_PROCESS_FILTER },
    { WSMAN_NS_WSMAN, "CannotProcessFilter", WSMAN_FAULT_CANNOT_PROCESS_FILTER },
    { WSMAN_NS_ADDRESSING, "DestinationUnreachable", WSMAN_FAULT_RESOURCE_NOT_FOUND },
    { WSMAN_NS_ADDRESSING, "ActionNotSupported", WSMAN_FAULT_ACTION_NOT_SUPPORTED },
};

static const struct {
    guint32 code;
    WsmanError error;
} meanings[] = {
    { WSMAN_ERROR_ACCESS_DENIED_WIN32, WSMAN_ERROR_ACCESS_DENIED },
    { WSMAN_E_ACCESSDENIED, WSMAN_ERROR_ACCESS_DENIED },
    { WBEM_E_ACCESS_DENIED, WSMAN_ERROR_ACCESS_DENIED },
    { WSMAN_FAULT_WMI_SERVICE_DENIED, WSMAN_ERROR_ACCESS_DENIED },
    { WSMAN_FAULT_WMI_PROVIDER_DENIED, WSMAN_ERROR_ACCESS_DENIED },
    { WSMAN_FAULT_TIMED_OUT, WSMAN_ERROR_TIMEOUT },
    { WSMAN_FAULT_PULL_TIMED_OUT, WSMAN_ERROR_TIMEOUT },
    { WSMAN_FAULT_RESPONSE_TOO_LARGE, WSMAN_ERROR_LIMIT },
    { WBEM_E_NOT_FOUND, WSMAN_ERROR_NOT_FOUND },
    { WBEM_E_INVALID_CLASS, WSMAN_ERROR_INVALID_CLASS },
    { WBEM_E_INVALID_NAMESPACE, WSMAN_ERROR_INVALID_CLASS },
    { WSMAN_FAULT_INVALID_RESOURCE_URI, WSMAN_ERROR_INVALID_CLASS },
    /* Seen for a namespace that the host does not have; that it also comes for
     * a class is ASSUMED. A query that is wrong in itself gives it too. */
    { WSMAN_FAULT_CANNOT_PROCESS_FILTER, WSMAN_ERROR_INVALID_CLASS },
    { WSMAN_FAULT_ACTION_NOT_SUPPORTED, WSMAN_ERROR_INVALID_METHOD },
    { WBEM_E_INVALID_METHOD, WSMAN_ERROR_INVALID_METHOD },
    { WBEM_E_METHOD_NOT_IMPLEMENTED, WSMAN_ERROR_INVALID_METHOD },
    { WBEM_E_METHOD_DISABLED, WSMAN_ERROR_INVALID_METHOD },
};

static WsmanError
meaning_of(guint32 code, gboolean names_instance)
{
    if (code == WSMAN_FAULT_RESOURCE_NOT_FOUND)
        return names_instance ? WSMAN_ERROR_NOT_FOUND : WSMAN_ERROR_INVALID_CLASS;
    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (meanings[i].code == code)
            return meanings[i].error;
    }
    return WSMAN_ERROR_FAULT;
}

/* Decimal and unsigned on the wire; a negative one means the same 32 bits. */
static guint32
to_code(const char *text)
{
    gint64 number;

    if (!text || !wsman_text_to_int(text, &number) || number < G_MININT32 || number > G_MAXUINT32)
        return 0;
    return (guint32)number;
}

static void
found_code(Findings *found, guint32 code)
{
    if (code != 0)
        found->code = code;
}

static void
found_text(Findings *found, const xmlNode *node)
{
    g_autofree char *text = NULL;

    if (!node || wsman_xml_is_nil(node))
        return;
    text = wsman_xml_trimmed_text(node);
    if (*text == '\0')
        return;
    g_free(found->text);
    found->text = g_steal_pointer(&text);
}

static void
read_extended_status(Findings *found, const xmlNode *node)
{
    const xmlNode *status = wsman_xml_child(node, NULL, "StatusCode");
    g_autofree char *code = wsman_xml_trimmed_text(status);

    found_code(found, to_code(code));
    found_text(found, wsman_xml_child(node, NULL, "Description"));
}

/* MessageID is "HRESULT 0x803381a6". */
static void
read_wmi_error(Findings *found, const xmlNode *node)
{
    g_autofree char *id = wsman_xml_trimmed_text(wsman_xml_child(node, NULL, "MessageID"));
    g_autofree char *code = wsman_xml_trimmed_text(wsman_xml_child(node, NULL, "error_Code"));
    const char *hex = id ? strstr(id, "0x") : NULL;

    if (hex)
        found_code(found, (guint32)g_ascii_strtoull(hex + 2, NULL, 16));
    found_code(found, to_code(code));
    found_text(found, wsman_xml_child(node, NULL, "error_WindowsErrorMessage"));
    found_text(found, wsman_xml_child(node, NULL, "Message"));
}

/* In the order of the document, so that what is nested deeper comes later and
 * wins. The depth was limited when the answer was parsed. */
static void
walk(Findings *found, const xmlNode *parent)
{
    for (xmlNode *node = wsman_xml_first_element(parent); node; node = wsman_xml_next_element(node)) {
        if (wsman_xml_is(node, WSMAN_NS_FAULT, "WSManFault")) {
            g_autofree char *code = wsman_xml_attribute(node, NULL, "Code");

            found_code(found, to_code(code));
        } else if (wsman_xml_is(node, WSMAN_NS_FAULT, "Message") ||
                   wsman_xml_is(node, WSMAN_NS_FAULT, "ProviderFault")) {
            found_text(found, node);
        } else if (wsman_xml_is(node, NULL, "__ExtendedStatus")) {
            read_extended_status(found, node);
            continue;
        } else if (wsman_xml_is(node, NULL, "MSFT_WmiError")) {
            read_wmi_error(found, node);
            continue;
        }
        walk(found, node);
    }
}

/* The subcode's name, for the message, and what it says in the absence of a code. */
static char *
read_subcode(Findings *found, const xmlNode *fault)
{
    const xmlNode *code = wsman_xml_child(fault, WSMAN_NS_SOAP, "Code");
    const xmlNode *subcode = wsman_xml_child(code, WSMAN_NS_SOAP, "Subcode");
    const xmlNode *value = wsman_xml_child(subcode ? subcode : code, WSMAN_NS_SOAP, "Value");
    g_autofree char *qname = wsman_xml_trimmed_text(value);
    g_autofree char *ns = NULL;
    char *name;

    if (!qname)
        return g_strdup("a fault without a code");
    name = wsman_xml_qname(value, qname, &ns);
    for (gsize i = 0; i < G_N_ELEMENTS(subcodes) && found->code == 0; i++) {
        if (g_strcmp0(ns, subcodes[i].ns) == 0 && strcmp(name, subcodes[i].name) == 0)
            found->code = subcodes[i].code;
    }
    return name;
}

void
wsman_fault_to_error(const xmlNode *fault, guint http_status, gboolean names_instance, GError **error)
{
    Findings found = { 0 };
    WsmanErrorDetail detail = { .http_status = http_status };
    const xmlNode *reason = wsman_xml_child(fault, WSMAN_NS_SOAP, "Reason");
    g_autofree char *subcode = NULL;
    g_autofree char *text = NULL;
    g_autofree char *name = NULL;

    found_text(&found, wsman_xml_child(reason, WSMAN_NS_SOAP, "Text"));
    walk(&found, wsman_xml_child(fault, WSMAN_NS_SOAP, "Detail"));
    subcode = read_subcode(&found, fault);
    text = wsman_text_for_message(found.text, WSMAN_MAX_MESSAGE_TEXT);
    name = wsman_text_for_message(subcode, 60);
    g_free(found.text);
    detail.hresult = found.code;
    detail.answer_too_large = found.code == WSMAN_FAULT_RESPONSE_TOO_LARGE;
    if (found.code != 0)
        wsman_set_error(error, meaning_of(found.code, names_instance), &detail, "%s (%s, 0x%08X)",
                        *text ? text : "the server gives no reason", name, found.code);
    else
        wsman_set_error(error, WSMAN_ERROR_FAULT, &detail, "%s (%s)",
                        *text ? text : "the server gives no reason", name);
}
