/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/support.h"

#include <string.h>

gboolean
test_credentials(char **user, char **password, gpointer opaque, GError **error)
{
    guint *count = opaque;

    if (count)
        ++*count;
    *user = g_strdup(TEST_USER);
    *password = g_strdup(TEST_PASSWORD);
    return TRUE;
}

WsmanClientOptions
test_options(const HttpServer *server)
{
    return (WsmanClientOptions) {
        .url = http_server_url(server),
        .auth = "basic",
        .connect_timeout_ms = 1000,
        .operation_timeout_ms = 4000,
        .network_delay_ms = 1000,
        .credentials = test_credentials,
    };
}

WsmanClient *
test_client(const HttpServer *server)
{
    WsmanClientOptions options = test_options(server);
    GError *error = NULL;
    WsmanClient *client = wsman_client_new(&options, &error);

    assert_no_error(error);
    return client;
}

char *
test_envelope(const char *action, const char *relates_to, const char *body)
{
    g_autofree char *relation = relates_to ? g_strdup_printf("<a:RelatesTo>%s</a:RelatesTo>", relates_to)
                                           : g_strdup("");

    return g_strdup_printf(
        "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
        " xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
        " xmlns:e=\"http://schemas.xmlsoap.org/ws/2004/08/eventing\""
        " xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\""
        " xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\""
        " xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\">"
        "<s:Header><a:Action>%s</a:Action><a:MessageID>uuid:0B8DDD2B-0EAD-4D18-8E54-2C8E1E1B2F3A</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>%s</s:Header>"
        "<s:Body>%s</s:Body></s:Envelope>", action, relation, body);
}

char *
test_message_id(const HttpExchange *exchange)
{
    const char *start = strstr(exchange->body, "<a:MessageID>");
    const char *end = start ? strstr(start, "</a:MessageID>") : NULL;

    return end ? g_strndup(start + strlen("<a:MessageID>"), (gsize)(end - start) - strlen("<a:MessageID>"))
               : NULL;
}

void
test_answer(const HttpExchange *exchange, const char *body)
{
    g_autofree char *id = test_message_id(exchange);
    g_autofree char *text = test_envelope("urn:answer", id, body);

    http_answer_soap(exchange, 200, text);
}

void
test_fault(const HttpExchange *exchange, const char *subcode, guint32 code, const char *text)
{
    g_autofree char *id = test_message_id(exchange);
    g_autofree char *body = g_strdup_printf(
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>"
        "<s:Reason><s:Text xml:lang=\"en-US\">%s</s:Text></s:Reason>"
        "<s:Detail><f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"%u\""
        " Machine=\"hv01\"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>",
        subcode, text, code, text);
    g_autofree char *envelope = test_envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", id, body);

    http_answer_soap(exchange, 500, envelope);
}

gboolean
test_is_action(const HttpExchange *exchange, const char *end)
{
    g_autofree char *closing = g_strconcat(end, "</a:Action>", NULL);

    return strstr(exchange->body, closing) != NULL;
}

gboolean
test_have_samples(void)
{
    return g_getenv("MSVM_SAMPLES_DIR") != NULL;
}

int
test_skip_all(const char *why)
{
    g_print("1..0 # SKIP %s\n", why);
    return 0;
}

char *
test_sample(const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("MSVM_SAMPLES_DIR"), "wsman-samples", name, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s cannot be read", path);
    return text;
}
