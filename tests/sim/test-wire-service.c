/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/wire_testing.h"

#include "sim/wire_ns.h"
#include "sim/wire_service.h"
#include "sim/wire_xml.h"
#include "tests/sim/fake_host.h"

#define V2 "root/virtualization/v2"
#define MACHINE WIRE_URI_WMI V2 "/Msvm_ComputerSystem"
#define ALL_CLASSES WIRE_URI_WMI V2 "/*"
#define WQL(text) "<n:Enumerate><w:Filter Dialect='" WIRE_DIALECT_WQL "'>" text "</w:Filter></n:Enumerate>"
#define SELECT(name) "<w:SelectorSet><w:Selector Name='Name'>" name "</w:Selector></w:SelectorSet>"

typedef struct {
    SimHost *host;
    WireService *service;
    GString *out;   /* of the last call; the fault's envelope when there was one */
    guint32 fault;  /* its code, else 0 */
    char *subcode;
} Fixture;

static Fixture *
fixture_new(guint max_envelope, guint max_operations)
{
    static const SimHostOptions host = { .name = "HV01", .version = "10.0.20348" };
    const WireServiceOptions options = { .max_envelope = max_envelope, .enumeration_ms = 60000,
                                         .max_operations = max_operations, .ui_language = "en-US", .basic = TRUE };
    Fixture *fixture = g_new0(Fixture, 1);

    fake_reset();
    fixture->host = sim_host_new(&host, NULL);
    fixture->service = wire_service_new(fixture->host, &options);
    return fixture;
}

static int
setup(void **state)
{
    *state = fixture_new(WIRE_DEFAULT_ENVELOPE, WIRE_DEFAULT_OPERATIONS);
    return 0;
}

static int
teardown(void **state)
{
    Fixture *fixture = *state;

    wire_service_free(fixture->service);
    sim_host_free(fixture->host);
    if (fixture->out)
        g_string_free(fixture->out, TRUE);
    g_free(fixture->subcode);
    g_free(fixture);
    fake_reset();
    return 0;
}

/* Sends a request; header: what comes besides the ones that all need. */
static const char *
send_as(Fixture *fixture, const char *user, const char *uri, const char *action, const char *header, const char *body)
{
    g_autofree char *text = g_strdup_printf(
        "<s:Envelope xmlns:s='" WIRE_NS_SOAP "' xmlns:a='" WIRE_NS_ADDRESSING "' xmlns:w='" WIRE_NS_WSMAN "' xmlns:n='"
        WIRE_NS_ENUMERATION "' xmlns:b='" WIRE_NS_CIMBINDING "'><s:Header><a:To>https://host.example:5986/wsman</a:To>"
        "<a:ReplyTo><a:Address>" WIRE_ANONYMOUS "</a:Address></a:ReplyTo><a:MessageID>uuid:1</a:MessageID>"
        "<w:ResourceURI>%s</w:ResourceURI><a:Action>%s</a:Action>%s</s:Header><s:Body>%s</s:Body></s:Envelope>",
        uri, action, header, body);
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = wire_request_parse(text, strlen(text), NULL, &fault);
    g_autofree char *asked = NULL;
    g_autofree char *message = NULL;
    xmlDoc *doc;

    if (fixture->out)
        g_string_free(fixture->out, TRUE);
    fixture->out = fault ? NULL : wire_service_perform(fixture->service, request, user, &asked, &fault);
    assert_true((fixture->out == NULL) == (fault != NULL));
    fixture->fault = fault ? wire_fault_code(fault) : 0;
    g_free(fixture->subcode);
    fixture->subcode = g_strdup(fault ? wire_fault_subcode(fault) : NULL);
    if (fault)
        fixture->out = wire_service_fault(fixture->service, request, fault);
    doc = wire_xml_parse(fixture->out->str, fixture->out->len, NULL, &message);
    if (!doc)
        fail_msg("%s: %s", message, fixture->out->str);
    xmlFreeDoc(doc);
    return fixture->out->str;
}

static const char *
call(Fixture *fixture, const char *uri, const char *action, const char *header, const char *body)
{
    return send_as(fixture, "ann", uri, action, header, body);
}

/* How often a text occurs. */
static guint
count(const char *text, const char *what)
{
    guint n = 0;

    for (text = strstr(text, what); text; text = strstr(text + 1, what))
        n++;
    return n;
}

#define ITEM "<p:Msvm_ComputerSystem "

/* The context of the last answer, NULL when there is none or it is empty. */
static char *
context_of(const Fixture *fixture)
{
    const char *at = strstr(fixture->out->str, "<n:EnumerationContext>");
    const char *end;

    if (!at)
        return NULL;
    at += strlen("<n:EnumerationContext>");
    end = strchr(at, '<');
    return end == at ? NULL : g_strndup(at, (gsize)(end - at));
}

static const char *
pull(Fixture *fixture, const char *context, guint max)
{
    g_autofree char *limit = max ? g_strdup_printf("<n:MaxElements>%u</n:MaxElements>", max) : g_strdup("");
    g_autofree char *body = g_strdup_printf("<n:Pull><n:EnumerationContext>%s</n:EnumerationContext>%s</n:Pull>",
                                            context, limit);

    return call(fixture, MACHINE, WIRE_ACTION_PULL, "", body);
}

/* --- enumerations ------------------------------------------------------------------------------ */

static void
an_enumeration_begins_with_a_context_only(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *sample = testing_sample("go-wsman-recorded/recorded_computersystem_enumerate.xml");
    g_autofree char *context = NULL;
    g_autofree char *expected = NULL;
    const char *answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");

    context = context_of(fixture);
    assert_non_null(context);
    assert_int_equal(count(answer, ITEM), 0);
    assert_null(strstr(answer, "Items"));
    if (sample) {
        g_autofree char *got = testing_replace(answer, "en-US", "ja-JP");
        g_autoptr(GRegex) regex = g_regex_new("uuid:[^<]*", 0, 0, NULL);
        g_autofree char *mine = NULL;

        mine = g_regex_replace_literal(regex, got, -1, 0, "ID", 0, NULL);
        expected = g_regex_replace_literal(regex, g_strstrip(sample), -1, 0, "ID", 0, NULL);
        assert_string_equal(mine, expected);
    }
}

static void
a_pull_gives_one_item_unless_told_otherwise(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    const char *answer;

    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    first = context_of(fixture);
    answer = pull(fixture, first, 0);
    assert_int_equal(count(answer, ITEM), 1);
    second = context_of(fixture);
    assert_string_not_equal(first, second);
    answer = pull(fixture, second, 100);
    assert_int_equal(count(answer, ITEM), 2);
    assert_non_null(strstr(answer, "</n:Items><n:EndOfSequence/></n:PullResponse>"));
    assert_null(strstr(answer, "EnumerationContext"));
}

static void
an_old_context_is_not_valid(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *first = NULL;

    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    first = context_of(fixture);
    pull(fixture, first, 1);
    pull(fixture, first, 1);
    assert_int_equal(fixture->fault, 2150858779);
    assert_string_equal(fixture->subcode, "n:InvalidEnumerationContext");
}

static void
an_optimized_answer_has_one_item_however_many_are_asked_for(void **state)
{
    Fixture *fixture = *state;
    const char *body = "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>";
    const char *answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", body);

    assert_int_equal(count(answer, ITEM), 1);
    assert_null(strstr(answer, "EndOfSequence"));
    fake.n_machines = 1;
    answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", body);
    assert_non_null(strstr(answer, "<n:EnumerationContext></n:EnumerationContext><w:Items>" ITEM));
    assert_non_null(strstr(answer, "</w:Items><w:EndOfSequence/></n:EnumerateResponse>"));
    fake.n_machines = 0;
    answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", body);
    assert_non_null(strstr(answer, "<w:Items></w:Items><w:EndOfSequence/>"));
}

static void
a_batch_ends_at_half_of_the_envelope_limit(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;
    gsize n;

    fake.n_machines = 1000;
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    context = context_of(fixture);
    n = strlen(pull(fixture, context, 32000));
    assert_true(n < WIRE_DEFAULT_ENVELOPE / 2 + 2000);
    assert_true(n > WIRE_DEFAULT_ENVELOPE / 2 - 5000);
}

static void
the_request_may_lower_the_envelope_limit(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;
    g_autofree char *body = NULL;
    const char *answer;

    fake.n_machines = 1000;
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    context = context_of(fixture);
    body = g_strdup_printf("<n:Pull><n:EnumerationContext>%s</n:EnumerationContext><n:MaxElements>500</n:MaxElements>"
                           "</n:Pull>", context);
    answer = call(fixture, MACHINE, WIRE_ACTION_PULL, "<w:MaxEnvelopeSize>20000</w:MaxEnvelopeSize>", body);
    assert_true(strlen(answer) < 11000);
    assert_true(count(answer, ITEM) >= 2);
}

static void
an_answer_that_is_too_large_is_a_fault(void **state)
{
    Fixture *fixture = *state;

    fake.text_size = 20000;
    call(fixture, MACHINE, WIRE_ACTION_GET, "<w:MaxEnvelopeSize>10000</w:MaxEnvelopeSize>" SELECT("vm-1"), "");
    assert_int_equal(fixture->fault, 2150858790);
    assert_string_equal(fixture->subcode, "w:EncodingLimit");
}

static void
a_release_ends_an_enumeration(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;
    g_autofree char *body = NULL;

    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    context = context_of(fixture);
    body = g_strdup_printf("<n:Release><n:EnumerationContext>%s</n:EnumerationContext></n:Release>", context);
    assert_int_equal(wire_service_open_enumerations(fixture->service), 1);
    assert_non_null(strstr(call(fixture, MACHINE, WIRE_ACTION_RELEASE, "", body), "<s:Body></s:Body>"));
    assert_int_equal(wire_service_open_enumerations(fixture->service), 0);
    call(fixture, MACHINE, WIRE_ACTION_RELEASE, "", body);
    assert_int_equal(fixture->fault, 2150858779);
}

static void
open_enumerations_are_limited_for_each_user(void **state)
{
    Fixture *fixture = fixture_new(WIRE_DEFAULT_ENVELOPE, 2);
    void *holder = fixture;

    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    assert_int_equal(fixture->fault, 0);
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    assert_int_equal(fixture->fault, 2150859174);
    assert_string_equal(fixture->subcode, "w:InternalError");
    send_as(fixture, "bob", MACHINE, WIRE_ACTION_ENUMERATE, "", "<n:Enumerate/>");
    assert_int_equal(fixture->fault, 0);
    teardown(&holder);
    fake_reset();
}

static void
the_modes_give_references_or_both(void **state)
{
    Fixture *fixture = *state;
    const char *answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "",
                              "<n:Enumerate><w:OptimizeEnumeration/><w:EnumerationMode>EnumerateEPR"
                              "</w:EnumerationMode></n:Enumerate>");

    assert_int_equal(count(answer, ITEM), 0);
    assert_non_null(strstr(answer, "<w:Items><a:EndpointReference><a:Address>"));
    assert_non_null(strstr(answer, "<w:Selector Name=\"Name\">vm-0</w:Selector>"));
    answer = call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "",
                  "<n:Enumerate><w:OptimizeEnumeration/><w:EnumerationMode>EnumerateObjectAndEPR"
                  "</w:EnumerationMode></n:Enumerate>");
    assert_non_null(strstr(answer, "<w:Items><w:Item>" ITEM));
    assert_non_null(strstr(answer, "</p:Msvm_ComputerSystem><a:EndpointReference>"));
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "",
         "<n:Enumerate><w:EnumerationMode>Everything</w:EnumerationMode></n:Enumerate>");
    assert_int_equal(fixture->fault, 2150858818);
}

/* --- filters -------------------------------------------------------------------------------------- */

static void
wql_selects_and_projects(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;
    const char *answer;

    call(fixture, ALL_CLASSES, WIRE_ACTION_ENUMERATE, "",
         WQL("select * from Msvm_ComputerSystem where EnabledState = 3"));
    context = context_of(fixture);
    answer = pull(fixture, context, 10);
    assert_int_equal(count(answer, ITEM), 2);
    assert_null(strstr(answer, "vm-1"));
    answer = call(fixture, ALL_CLASSES, WIRE_ACTION_ENUMERATE, "",
                  "<n:Enumerate><w:OptimizeEnumeration/><w:Filter Dialect='" WIRE_DIALECT_WQL "'>select Name, Caption "
                  "from Msvm_ComputerSystem where Name = 'VM-1'</w:Filter></n:Enumerate>");
    assert_non_null(strstr(answer, "><Caption xsi:nil=\"true\"/><Name>vm-1</Name></w:XmlFragment></w:Items>"
                           "<w:EndOfSequence/>"));
}

static void
a_query_of_a_base_class_gives_the_derived_ones(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;

    call(fixture, ALL_CLASSES, WIRE_ACTION_ENUMERATE, "", WQL("select * from CIM_ComputerSystem"));
    context = context_of(fixture);
    assert_int_equal(count(pull(fixture, context, 10), ITEM), 3);
}

static void
wrong_filters_get_the_fault_of_their_mistake(void **state)
{
    static const struct {
        const char *uri, *header, *body;
        guint32 code;
        const char *subcode;
    } cases[] = {
        { MACHINE, "", WQL("select * from Msvm_ComputerSystem"), 2150859003, "w:InvalidParameter" },
        { ALL_CLASSES, SELECT("a"), WQL("select * from Msvm_ComputerSystem"), 2150859003, "w:InvalidParameter" },
        { ALL_CLASSES, "", WQL("select * from NoSuch"), 2150858778, "n:CannotProcessFilter" },
        { ALL_CLASSES, "", WQL("select * frm X"), 2150858778, "n:CannotProcessFilter" },
        { ALL_CLASSES, "", WQL("select * from Msvm_ComputerSystem where NoSuch = 1"), 2150858778,
          "n:CannotProcessFilter" },
        { ALL_CLASSES, "", WQL("select * from Msvm_ComputerSystem where OperationalStatus = 1"), 2150858778,
          "n:CannotProcessFilter" },
        { ALL_CLASSES, "", WQL("associators of {nonsense"), 2150858778, "n:CannotProcessFilter" },
        { ALL_CLASSES, "", WQL("associators of {X.Y}"), 2150858778, "n:CannotProcessFilter" },
        { ALL_CLASSES, "", "<n:Enumerate/>", 2150858778, "n:CannotProcessFilter" },
        { WIRE_URI_WMI "root/nowhere/*", "", WQL("select * from X"), 2150858778, "n:CannotProcessFilter" },
        { MACHINE, "", "<n:Enumerate><w:Filter Dialect='urn:other'>x</w:Filter></n:Enumerate>", 2150858777,
          "n:FilterDialectRequestedUnavailable" },
        { MACHINE, "", "<n:Enumerate><w:Filter>/a/b</w:Filter></n:Enumerate>", 2150858777,
          "n:FilterDialectRequestedUnavailable" },
        { WIRE_URI_WMI V2 "/NoSuch", "", "<n:Enumerate/>", 2150858752, "a:DestinationUnreachable" },
        { MACHINE, SELECT("a"), "<n:Enumerate/>", 2150858813, "w:InvalidSelectors" },
        { MACHINE, "", "<n:Enumerate><w:MaxElements>0</w:MaxElements></n:Enumerate>", 2150858817,
          "w:SchemaValidationError" },
        { MACHINE, "", "<n:Enumerate><w:Other/></n:Enumerate>", 2150858817, "w:SchemaValidationError" },
        { MACHINE, "", "", 2150858817, "w:SchemaValidationError" },
    };
    Fixture *fixture = *state;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        call(fixture, cases[i].uri, WIRE_ACTION_ENUMERATE, cases[i].header, cases[i].body);
        if (fixture->fault != cases[i].code || g_strcmp0(fixture->subcode, cases[i].subcode) != 0)
            fail_msg("case %u: %u %s", i, fixture->fault, fixture->subcode);
    }
}

static void
a_filter_on_an_unknown_namespace_has_the_second_form_of_detail(void **state)
{
    const char *answer = call(*state, WIRE_URI_WMI "root/nowhere/*", WIRE_ACTION_ENUMERATE, "",
                              WQL("select * from X"));

    assert_non_null(strstr(answer, "<p:MSFT_WmiError b:IsCIM_Error=\"true\""));
    assert_non_null(strstr(answer, "<p:error_Code xsi:type=\"cim:cimUnsignedInt\">2150858778</p:error_Code>"));
}

static void
associators_are_asked_for_with_the_path(void **state)
{
    Fixture *fixture = *state;

    call(fixture, ALL_CLASSES, WIRE_ACTION_ENUMERATE, "",
         WQL("associators of {Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",Name=\"a\\\\b\"} where "
             "ResultClass=Msvm_ComputerSystem"));
    assert_int_equal(fixture->fault, 0);
    assert_string_equal(fake.last_path, "\\\\HOST\\root\\virtualization\\v2:Msvm_ComputerSystem.CreationClassName="
                        "\"Msvm_ComputerSystem\",Name=\"a\\\\b\"");
}

static void
the_association_dialect_asks_the_same(void **state)
{
    Fixture *fixture = *state;

    call(fixture, ALL_CLASSES, WIRE_ACTION_ENUMERATE, "",
         "<n:Enumerate><w:Filter Dialect='" WIRE_DIALECT_ASSOCIATION "'><b:AssociatedInstances><b:Object><a:Address>x"
         "</a:Address><a:ReferenceParameters><w:ResourceURI>" MACHINE "</w:ResourceURI>" SELECT("v")
         "</a:ReferenceParameters></b:Object><b:ResultClassName>Msvm_ComputerSystem</b:ResultClassName>"
         "</b:AssociatedInstances></w:Filter></n:Enumerate>");
    assert_int_equal(fixture->fault, 0);
    assert_string_equal(fake.last_path, "\\\\HOST\\root\\virtualization\\v2:Msvm_ComputerSystem.Name=\"v\"");
}

static void
the_selector_dialect_compares_scalars(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *context = NULL;

    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "",
         "<n:Enumerate><w:Filter Dialect='" WIRE_DIALECT_SELECTOR "'><w:SelectorSet><w:Selector Name='EnabledState'>3"
         "</w:Selector></w:SelectorSet></w:Filter></n:Enumerate>");
    context = context_of(fixture);
    assert_int_equal(count(pull(fixture, context, 10), ITEM), 2);
    call(fixture, MACHINE, WIRE_ACTION_ENUMERATE, "",
         "<n:Enumerate><w:Filter Dialect='" WIRE_DIALECT_SELECTOR "'><w:SelectorSet>"
         "<w:Selector Name='OperationalStatus'>3</w:Selector></w:SelectorSet></w:Filter></n:Enumerate>");
    assert_int_equal(fixture->fault, 2150858778);
}

/* --- objects and methods ----------------------------------------------------------------------------- */

static void
a_get_gives_the_instance_in_the_recorded_envelope(void **state)
{
    const char *answer = call(*state, MACHINE, WIRE_ACTION_GET, SELECT("VM-1"), "");

    assert_true(g_str_has_prefix(answer, "<s:Envelope xml:lang=\"en-US\" "
        "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
        "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
        "xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\" "
        "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "
        "xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\"><s:Header><a:Action>"
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action><a:MessageID>uuid:"));
    assert_non_null(strstr(answer, "</a:MessageID><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/"
                           "anonymous</a:To><a:RelatesTo>uuid:1</a:RelatesTo></s:Header><s:Body>"
                           "<p:Msvm_ComputerSystem xmlns:xsi="));
}

static void
what_a_get_cannot_find_is_unreachable(void **state)
{
    Fixture *fixture = *state;
    const char *answer = call(fixture, MACHINE, WIRE_ACTION_GET, SELECT("gone"), "");

    assert_int_equal(fixture->fault, 2150858752);
    assert_non_null(strstr(answer, "Machine=\"host.example\""));
    assert_non_null(strstr(answer, "Machine=\"HV01\""));
    assert_non_null(strstr(answer, ">Msvm_ComputerSystem.Name=&quot;gone&quot;</p:ParameterInfo>"));
    call(fixture, MACHINE, WIRE_ACTION_GET, "", "");
    assert_int_equal(fixture->fault, 2150859002);
    call(fixture, MACHINE, WIRE_ACTION_GET, "<w:SelectorSet><w:Selector Name='ElementName'>a</w:Selector>"
         "</w:SelectorSet>", "");
    assert_int_equal(fixture->fault, 2150858813);
    call(fixture, WIRE_URI_WMI "root/nowhere/X", WIRE_ACTION_GET, SELECT("a"), "");
    assert_int_equal(fixture->fault, 2150858752);
}

static void
the_provider_s_status_becomes_a_fault(void **state)
{
    static const struct {
        SimStatus status;
        guint32 code;
        const char *subcode;
    } cases[] = {
        { SIM_NOT_FOUND, 2150858752, "a:DestinationUnreachable" },
        { SIM_INVALID_METHOD, 2150858771, "a:ActionNotSupported" },
        { SIM_INVALID_PARAMETER, 0x8004102F, "w:InternalError" },
        { SIM_INVALID_SELECTORS, 2150858813, "w:InvalidSelectors" },
        { SIM_ACCESS_DENIED, 5, "w:AccessDenied" },
        { SIM_FAILED, 0x80041001, "w:InternalError" },
    };
    Fixture *fixture = *state;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        fake.status = cases[i].status;
        call(fixture, MACHINE, MACHINE "/RequestStateChange", SELECT("vm-1"),
             "<p:RequestStateChange_INPUT xmlns:p='" MACHINE "'/>");
        assert_int_equal(fixture->fault, cases[i].code);
        assert_string_equal(fixture->subcode, cases[i].subcode);
    }
}

static void
a_method_answers_with_its_output(void **state)
{
    Fixture *fixture = *state;
    const char *answer;

    fake.return_value = 4096;
    answer = call(fixture, MACHINE, MACHINE "/RequestStateChange", SELECT("vm-1"),
                  "<p:RequestStateChange_INPUT xmlns:p='" MACHINE "'><p:RequestedState>2</p:RequestedState>"
                  "</p:RequestStateChange_INPUT>");
    assert_int_equal(fake.calls, 1);
    assert_non_null(strstr(answer, "<a:Action>" MACHINE "/RequestStateChangeResponse</a:Action>"));
    assert_non_null(strstr(answer, "<p:Job xmlns:a="));
    assert_non_null(strstr(answer, "<w:Selector Name=\"InstanceID\">job-1</w:Selector>"));
    assert_non_null(strstr(answer, "</p:Job><p:ReturnValue>4096</p:ReturnValue></p:RequestStateChange_OUTPUT>"));
    fake.return_value = 0;
    answer = call(fixture, MACHINE, MACHINE "/RequestStateChange", SELECT("vm-1"),
                  "<w:requeststatechange_INPUT/>");
    assert_non_null(strstr(answer, "<p:Job xsi:nil=\"true\"/><p:ReturnValue>0</p:ReturnValue>"));
}

static void
methods_that_cannot_be_called_are_not(void **state)
{
    Fixture *fixture = *state;

    call(fixture, MACHINE, MACHINE "/NoSuch", SELECT("vm-1"), "<NoSuch_INPUT/>");
    assert_int_equal(fixture->fault, 2150858771);
    call(fixture, MACHINE, MACHINE "/RequestStateChange", "", "<RequestStateChange_INPUT/>");
    assert_int_equal(fixture->fault, 0x8004102F);
    call(fixture, MACHINE, MACHINE "/RequestStateChange", SELECT("vm-1"), "");
    assert_int_equal(fixture->fault, 2150858817);
    call(fixture, MACHINE, MACHINE "/RequestStateChange", SELECT("vm-1"), "<Other_INPUT/>");
    assert_int_equal(fixture->fault, 2150858817);
    assert_int_equal(fake.calls, 0);
}

static void
instances_cannot_be_written(void **state)
{
    static const char *const actions[] = { WIRE_ACTION_PUT, WIRE_ACTION_CREATE, WIRE_ACTION_DELETE };
    Fixture *fixture = *state;

    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        call(fixture, MACHINE, actions[i], SELECT("vm-1"), "<p:Msvm_ComputerSystem xmlns:p='" MACHINE "'/>");
        assert_int_equal(fixture->fault, 2150859010);
    }
    call(fixture, MACHINE, WIRE_ACTION_SUBSCRIBE, "", "<x/>");
    assert_int_equal(fixture->fault, 2150858787);
}

/* --- the service itself -------------------------------------------------------------------------------- */

static void
identify_tells_strangers_little(void **state)
{
    Fixture *fixture = *state;
    static const char text[] = "<s:Envelope xmlns:s='" WIRE_NS_SOAP "'><s:Body><i:Identify xmlns:i='" WIRE_NS_WSMID
                               "'/></s:Body></s:Envelope>";
    g_autoptr(WireFault) fault = NULL;
    g_autoptr(WireRequest) request = wire_request_parse(text, strlen(text), NULL, &fault);
    g_autofree char *sample = testing_sample("misc/identify_response_2008r2_unauth.xml");
    g_autofree char *asked = NULL;
    g_autoptr(GString) stranger = wire_service_perform(fixture->service, request, NULL, &asked, &fault);
    g_autoptr(GString) user = wire_service_perform(fixture->service, request, "ann", &asked, &fault);

    assert_null(strstr(stranger->str, "SecurityProfiles"));
    assert_non_null(strstr(stranger->str, ">OS: 0.0.0 SP: 0.0 Stack: 3.0<"));
    assert_non_null(strstr(user->str, ">OS: 10.0.20348 SP: 0.0 Stack: 3.0<"));
    assert_non_null(strstr(user->str, "/secprofile/https/basic</wsmid:SecurityProfileName>"));
    if (sample) {
        g_autofree char *older = testing_replace(stranger->str, "Stack: 3.0", "Stack: 2.0");

        assert_string_equal(older, g_strstrip(sample));
    }
}

static void
the_configuration_tells_the_limits(void **state)
{
    Fixture *fixture = *state;
    const char *answer = call(fixture, WIRE_NS_CONFIG, WIRE_ACTION_GET, "", "");

    assert_non_null(strstr(answer, "<cfg:MaxEnvelopeSizekb>500</cfg:MaxEnvelopeSizekb>"));
    call(fixture, WIRE_NS_CONFIG, WIRE_ACTION_PUT, "", "<x/>");
    assert_int_equal(fixture->fault, 2150858771);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_enumeration_begins_with_a_context_only),
        TEST(a_pull_gives_one_item_unless_told_otherwise),
        TEST(an_old_context_is_not_valid),
        TEST(an_optimized_answer_has_one_item_however_many_are_asked_for),
        TEST(a_batch_ends_at_half_of_the_envelope_limit),
        TEST(the_request_may_lower_the_envelope_limit),
        TEST(an_answer_that_is_too_large_is_a_fault),
        TEST(a_release_ends_an_enumeration),
        TEST(open_enumerations_are_limited_for_each_user),
        TEST(the_modes_give_references_or_both),
        TEST(wql_selects_and_projects),
        TEST(a_query_of_a_base_class_gives_the_derived_ones),
        TEST(wrong_filters_get_the_fault_of_their_mistake),
        TEST(a_filter_on_an_unknown_namespace_has_the_second_form_of_detail),
        TEST(associators_are_asked_for_with_the_path),
        TEST(the_association_dialect_asks_the_same),
        TEST(the_selector_dialect_compares_scalars),
        TEST(a_get_gives_the_instance_in_the_recorded_envelope),
        TEST(what_a_get_cannot_find_is_unreachable),
        TEST(the_provider_s_status_becomes_a_fault),
        TEST(a_method_answers_with_its_output),
        TEST(methods_that_cannot_be_called_are_not),
        TEST(instances_cannot_be_written),
        TEST(identify_tells_strangers_little),
        TEST(the_configuration_tells_the_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
