/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_soap.h"

#include <string.h>

#include "wsman/wsman_client.h"
#include "wsman/wsman_epr_xml.h"
#include "wsman/wsman_error_private.h"
#include "wsman/wsman_names.h"
#include "wsman/wsman_xml.h"

char *
wsman_soap_new_message_id(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *upper = g_ascii_strup(uuid, -1);

    return g_strconcat("uuid:", upper, NULL);
}

static void
write_must_understand(WsmanBuffer *out, const char *element, const char *text)
{
    wsman_writer_open_with(out, element, "s:mustUnderstand", "true", NULL);
    wsman_writer_text(out, text);
    wsman_writer_close(out, element);
}

static void
write_limits(WsmanBuffer *out, guint timeout_ms)
{
    g_autofree char *size = g_strdup_printf("%u", WSMAN_MAX_ENVELOPE_SIZE);
    g_autofree char *timeout = g_strdup_printf("PT%u.%03uS", timeout_ms / 1000, timeout_ms % 1000);

    write_must_understand(out, "w:MaxEnvelopeSize", size);
    wsman_writer_element(out, "w:OperationTimeout", timeout);
    /* Texts follow the host's language all the same, often; asking is free. */
    wsman_writer_open_with(out, "w:Locale", "xml:lang", "en-US", "s:mustUnderstand", "false", NULL);
    wsman_writer_close(out, "w:Locale");
}

/* No p:OperationID: it would switch the server to answers in chunks
 * (MS-WSMV 3.1.4.1.39). */
void
wsman_soap_begin(WsmanBuffer *out, const WsmanSoapHeader *header)
{
    wsman_writer_open_with(out, "s:Envelope", "xmlns:s", WSMAN_NS_SOAP, "xmlns:a", WSMAN_NS_ADDRESSING,
                           "xmlns:w", WSMAN_NS_WSMAN, NULL);
    wsman_writer_open(out, "s:Header");
    write_must_understand(out, "a:Action", header->action);
    wsman_writer_element(out, "a:To", header->to);
    write_must_understand(out, "w:ResourceURI", header->resource_uri);
    wsman_writer_element(out, "a:MessageID", header->message_id);
    wsman_writer_open(out, "a:ReplyTo");
    wsman_writer_element(out, "a:Address", WSMAN_ANONYMOUS);
    wsman_writer_close(out, "a:ReplyTo");
    write_limits(out, header->operation_timeout_ms);
    if (header->target)
        wsman_epr_write_selectors(header->target, out);
    wsman_writer_close(out, "s:Header");
    wsman_writer_open(out, "s:Body");
}

void
wsman_soap_end(WsmanBuffer *out, gsize padding)
{
    char *blank;

    wsman_writer_close(out, "s:Body");
    blank = padding > 0 ? wsman_buffer_reserve(out, padding) : NULL;
    if (blank) {
        memset(blank, ' ', padding);
        wsman_buffer_commit(out, padding);
    }
    wsman_writer_close(out, "s:Envelope");
}

void
wsman_soap_write_identify(WsmanBuffer *out)
{
    wsman_writer_open_with(out, "s:Envelope", "xmlns:s", WSMAN_NS_SOAP, "xmlns:wsmid", WSMAN_NS_IDENTITY,
                           NULL);
    wsman_writer_element(out, "s:Header", "");
    wsman_writer_open(out, "s:Body");
    wsman_writer_element(out, "wsmid:Identify", "");
    wsman_soap_end(out, 0);
}

/* --- answers -------------------------------------------------------------- */

struct WsmanMessage {
    xmlDoc *doc;
    const xmlNode *body;
    char *relates_to;
    gboolean secret;
};

void
wsman_message_free(WsmanMessage *message)
{
    if (!message)
        return;
    if (message->secret)
        wsman_xml_wipe_doc(message->doc);
    else
        xmlFreeDoc(message->doc);
    g_free(message->relates_to);
    g_free(message);
}

WsmanMessage *
wsman_message_parse(const char *data, gsize size, const char *charset, gboolean secret, GError **error)
{
    g_autoptr(WsmanMessage) message = g_new0(WsmanMessage, 1);
    const xmlNode *envelope, *header, *body;

    message->secret = secret;
    message->doc = wsman_xml_parse("answer", data, size, charset, error);
    if (!message->doc)
        return NULL;
    envelope = xmlDocGetRootElement(message->doc);
    body = wsman_xml_is(envelope, WSMAN_NS_SOAP, "Envelope")
           ? wsman_xml_child(envelope, WSMAN_NS_SOAP, "Body") : NULL;
    if (!body) {
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the answer is XML, but not a SOAP 1.2 envelope");
        return NULL;
    }
    message->body = wsman_xml_first_element(body);
    header = wsman_xml_child(envelope, WSMAN_NS_SOAP, "Header");
    message->relates_to = wsman_xml_trimmed_text(wsman_xml_child(header, WSMAN_NS_ADDRESSING, "RelatesTo"));
    return g_steal_pointer(&message);
}

const xmlNode *
wsman_message_get_body(const WsmanMessage *message)
{
    return message->body;
}

const xmlNode *
wsman_message_get_fault(const WsmanMessage *message)
{
    return wsman_xml_is(message->body, WSMAN_NS_SOAP, "Fault") ? message->body : NULL;
}

const char *
wsman_message_get_relates_to(const WsmanMessage *message)
{
    return message->relates_to;
}
