/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/wire_testing.h"

#include "sim/wire_ns.h"
#include "sim/wire_request.h"

#define URI WIRE_URI_WMI "root/virtualization/v2/Msvm_ComputerSystem"

#define ENVELOPE(header, body) \
    "<s:Envelope xmlns:s='" WIRE_NS_SOAP "' xmlns:a='" WIRE_NS_ADDRESSING "' xmlns:w='" WIRE_NS_WSMAN \
    "' xmlns:p='" WIRE_NS_WSMV "' xmlns:n='" WIRE_NS_ENUMERATION "'><s:Header>" header "</s:Header><s:Body>" body \
    "</s:Body></s:Envelope>"
#define TO "<a:To>https://hv01:5986/wsman</a:To>"
#define REPLY "<a:ReplyTo><a:Address s:mustUnderstand='true'>" WIRE_ANONYMOUS "</a:Address></a:ReplyTo>"
#define ID "<a:MessageID>uuid:1</a:MessageID>"
#define RESOURCE "<w:ResourceURI s:mustUnderstand='true'>\n " URI " \n</w:ResourceURI>"
#define ACTION(text) "<a:Action s:mustUnderstand='true'>" text "</a:Action>"
#define GET ACTION(WIRE_ACTION_GET)
#define ALL TO REPLY ID RESOURCE GET

static WireRequest *
parse(const char *text, WireFault **fault)
{
    *fault = NULL;
    return wire_request_parse(text, strlen(text), NULL, fault);
}

static void
a_get_is_read(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(
        ENVELOPE(ALL "<w:MaxEnvelopeSize s:mustUnderstand='true'>153600</w:MaxEnvelopeSize>"
                 "<w:OperationTimeout>PT60.500S</w:OperationTimeout><w:Locale xml:lang='en-US' "
                 "s:mustUnderstand='false'/><w:SelectorSet><w:Selector Name='Name'>abc</w:Selector></w:SelectorSet>",
                 ""), &fault);

    assert_null(fault);
    assert_int_equal(request->operation, WIRE_OP_GET);
    assert_string_equal(request->uri, URI);
    assert_string_equal(request->ns, "root/virtualization/v2");
    assert_string_equal(request->class_name, "Msvm_ComputerSystem");
    assert_int_equal(request->max_envelope, 153600);
    assert_int_equal(request->timeout_ms, 60500);
    assert_int_equal(request->n_selectors, 1);
    assert_string_equal(cim_path_find_key(request->path, "name"), "abc");
    assert_null(request->body);
}

static void
a_method_is_read_from_the_action(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(ENVELOPE(TO REPLY ID RESOURCE ACTION(URI "/RequestStateChange"), "<x/>"),
                                           &fault);

    assert_null(fault);
    assert_int_equal(request->operation, WIRE_OP_INVOKE);
    assert_string_equal(request->method, "RequestStateChange");
    assert_non_null(request->body);
}

static void
identify_needs_no_headers(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(
        "<?xml version='1.0'?><s:Envelope xmlns:s='" WIRE_NS_SOAP "'><s:Header/><s:Body><i:Identify xmlns:i='"
        WIRE_NS_WSMID "'/></s:Body></s:Envelope>", &fault);

    assert_null(fault);
    assert_int_equal(request->operation, WIRE_OP_IDENTIFY);
}

static void
a_reference_may_be_a_selector(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(
        ENVELOPE(ALL "<w:SelectorSet><w:Selector Name='Antecedent'><a:EndpointReference><a:Address>x</a:Address>"
                 "<a:ReferenceParameters><w:ResourceURI>" URI "</w:ResourceURI><w:SelectorSet>"
                 "<w:Selector Name='Name'>v</w:Selector></w:SelectorSet></a:ReferenceParameters>"
                 "</a:EndpointReference></w:Selector></w:SelectorSet>", ""), &fault);
    CimPath *nested;

    assert_null(fault);
    assert_int_equal(cim_path_n_keys(request->path), 1);
    nested = cim_path_key_path(request->path, 0);
    assert_non_null(nested);
    assert_string_equal(cim_path_find_key(nested, "Name"), "v");
}

static void
wrong_requests_get_the_fault_of_their_mistake(void **state)
{
    static const struct {
        const char *text;
        guint32 code;
        const char *subcode;
    } cases[] = {
        { "", 0x80338041, "w:SchemaValidationError" },
        { "<s:Envelope", 0x80338041, "w:SchemaValidationError" },
        { "<!DOCTYPE x [<!ENTITY a 'b'>]>" ENVELOPE(ALL, ""), 0x80338041, "w:SchemaValidationError" },
        { "<x/>", 0x80338041, "w:SchemaValidationError" },
        { "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>", 0x8033800D, NULL },
        { ENVELOPE(ALL, "<x/><y/>"), 0x80338041, "w:SchemaValidationError" },
        { ENVELOPE(TO REPLY RESOURCE GET, ""), 0x8033800F, "a:InvalidMessageInformationHeader" },
        { ENVELOPE(TO REPLY RESOURCE GET "<a:MessageID/>", ""), 0x8033800F, "a:InvalidMessageInformationHeader" },
        { ENVELOPE(ALL ID, ""), 0x8033800F, "a:InvalidMessageInformationHeader" },
        { ENVELOPE(TO ID RESOURCE GET, ""), 0x80338011, "a:MessageInformationHeaderRequired" },
        { ENVELOPE(REPLY ID RESOURCE GET, ""), 0x80338011, "a:MessageInformationHeaderRequired" },
        { ENVELOPE(TO REPLY ID RESOURCE, ""), 0x80338011, "a:MessageInformationHeaderRequired" },
        { ENVELOPE(TO REPLY ID GET, ""), 0x80338011, "a:MessageInformationHeaderRequired" },
        { ENVELOPE(TO ID RESOURCE GET "<a:ReplyTo><a:Address>http://elsewhere/</a:Address></a:ReplyTo>", ""),
          0x80338042, "w:UnsupportedFeature" },
        { ENVELOPE(ALL "<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>", ""), 0x80338035, "w:EncodingLimit" },
        { ENVELOPE(ALL "<w:MaxEnvelopeSize>many</w:MaxEnvelopeSize>", ""), 0x80338041, "w:SchemaValidationError" },
        { ENVELOPE(ALL "<w:OperationTimeout>60</w:OperationTimeout>", ""), 0x80338041, "w:SchemaValidationError" },
        { ENVELOPE(ALL "<w:Locale xml:lang='en' s:mustUnderstand='true'/>", ""), 0x80338042, "w:UnsupportedFeature" },
        { ENVELOPE(ALL "<p:DataLocale xml:lang='en' s:mustUnderstand='1'/>", ""), 0x80338042,
          "w:UnsupportedFeature" },
        { ENVELOPE(ALL "<z:New xmlns:z='urn:z' s:mustUnderstand='true'/>", ""), 0x80338010, NULL },
        { ENVELOPE(ALL "<w:OptionSet><w:Option Name='a' MustComply='true'>b</w:Option></w:OptionSet>", ""),
          0x80338051, "w:InvalidOptions" },
        { ENVELOPE(ALL "<w:FragmentTransfer s:mustUnderstand='false'>a</w:FragmentTransfer>", ""), 0x8033800F,
          "a:InvalidMessageInformationHeader" },
        { ENVELOPE(ALL "<w:FragmentTransfer s:mustUnderstand='true'>a</w:FragmentTransfer>", ""), 0x80338042,
          "w:UnsupportedFeature" },
        { ENVELOPE(TO REPLY ID RESOURCE ACTION("urn:nonsense"), ""), 0x80338013, "a:ActionNotSupported" },
        { ENVELOPE(TO REPLY ID RESOURCE ACTION(URI "X/Method"), ""), 0x80338013, "a:ActionNotSupported" },
        { ENVELOPE(TO REPLY ID GET "<w:ResourceURI>urn:other</w:ResourceURI>", ""), 0x80338000,
          "a:DestinationUnreachable" },
        { ENVELOPE(ALL "<w:SelectorSet><w:Selector>a</w:Selector></w:SelectorSet>", ""), 0x80338041,
          "w:SchemaValidationError" },
        { ENVELOPE(ALL "<w:SelectorSet><w:Selector Name='A'>a</w:Selector><w:Selector Name='a'>b</w:Selector>"
                   "</w:SelectorSet>", ""), 0x8033803D, "w:InvalidSelectors" },
        { ENVELOPE(ALL "<w:SelectorSet><w:Selector Name='__cimnamespace'>root/cimv2</w:Selector></w:SelectorSet>",
                   ""), 0x80041001, "w:InternalError" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(WireFault) fault = NULL;
        g_autoptr(WireRequest) request = parse(cases[i].text, &fault);

        assert_non_null(request);
        if (!fault)
            fail_msg("case %u is accepted: %s", i, cases[i].text);
        if (wire_fault_code(fault) != cases[i].code || g_strcmp0(wire_fault_subcode(fault), cases[i].subcode) != 0)
            fail_msg("case %u: %08x %s", i, wire_fault_code(fault), wire_fault_subcode(fault));
    }
}

static void
unknown_headers_that_need_not_be_understood_are_passed_over(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(
        ENVELOPE(ALL "<z:New xmlns:z='urn:z' s:mustUnderstand='false'/><p:SessionId>uuid:2</p:SessionId>"
                 "<w:SelectorSet><w:Selector Name='__cimnamespace'>ROOT\\virtualization\\v2</w:Selector>"
                 "</w:SelectorSet>", ""), &fault);

    assert_null(fault);
    assert_int_equal(request->n_selectors, 0);
}

static void
a_fault_still_knows_what_it_relates_to(void **state)
{
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = parse(ENVELOPE(ID GET, ""), &fault);

    assert_non_null(fault);
    assert_string_equal(request->message_id, "uuid:1");
}

static void
references_nested_too_deep_are_refused(void **state)
{
    GString *text = g_string_new("<w:SelectorSet><w:Selector Name='Name'>v</w:Selector></w:SelectorSet>");
    g_autofree char *envelope = NULL;
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = NULL;

    for (guint i = 0; i < WIRE_MAX_SELECTOR_DEPTH + 1; i++) {
        g_string_prepend(text, "<w:SelectorSet><w:Selector Name='A'><a:EndpointReference><a:Address/>"
                         "<a:ReferenceParameters><w:ResourceURI>" URI "</w:ResourceURI>");
        g_string_append(text, "</a:ReferenceParameters></a:EndpointReference></w:Selector></w:SelectorSet>");
    }
    envelope = g_strdup_printf(ENVELOPE("%s%s", ""), ALL, text->str);
    request = parse(envelope, &fault);
    assert_non_null(fault);
    assert_int_equal(wire_fault_code(fault), 0x8033803D);
    g_string_free(text, TRUE);
}

/* Every prefix of a valid request, and every request with one byte changed,
 * has to be answered, not to crash. */
static void
damaged_requests_do_no_harm(void **state)
{
    static const char good[] = ENVELOPE(ALL "<w:SelectorSet><w:Selector Name='Name'>abc</w:Selector></w:SelectorSet>",
                                        "");
    char *text = g_strdup(good);

    for (gsize i = 0; i < strlen(good); i++) {
        WireFault *fault = NULL;

        wire_request_free(wire_request_parse(good, i, NULL, &fault));
        assert_non_null(fault);
        g_clear_pointer(&fault, wire_fault_free);
        text[i] ^= 1 << (i % 7);
        wire_request_free(wire_request_parse(text, strlen(good), NULL, &fault));
        wire_fault_free(fault);
        text[i] = good[i];
    }
    g_free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_read),
        cmocka_unit_test(a_method_is_read_from_the_action),
        cmocka_unit_test(identify_needs_no_headers),
        cmocka_unit_test(a_reference_may_be_a_selector),
        cmocka_unit_test(wrong_requests_get_the_fault_of_their_mistake),
        cmocka_unit_test(unknown_headers_that_need_not_be_understood_are_passed_over),
        cmocka_unit_test(a_fault_still_knows_what_it_relates_to),
        cmocka_unit_test(references_nested_too_deep_are_refused),
        cmocka_unit_test(damaged_requests_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
