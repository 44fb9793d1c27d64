/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/wsman/support.h"

#include <string.h>

#include "wsman/wsman_fault.h"
#include "wsman/wsman_soap.h"

static GError *
to_error(const char *text, gboolean names_instance)
{
    GError *error = NULL;
    g_autoptr(WsmanMessage) message = wsman_message_parse(text, strlen(text), "UTF-8", FALSE, &error);

    assert_no_error(error);
    assert_non_null(wsman_message_get_fault(message));
    wsman_fault_to_error(wsman_message_get_fault(message), 500, names_instance, &error);
    return error;
}

/* A fault with that subcode and detail, as the test server makes it. */
static GError *
made_error(const char *subcode, const char *reason, const char *detail, gboolean names_instance)
{
    g_autofree char *body = g_strdup_printf(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>"
        "<s:Reason><s:Text xml:lang=\"\">%s</s:Text></s:Reason>"
        "<s:Detail xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\">%s</s:Detail></s:Fault>",
        subcode, reason, detail);
    g_autofree char *text = test_envelope("urn:fault", NULL, body);

    return to_error(text, names_instance);
}

static void
the_innermost_code_wins(void **state)
{
    g_autoptr(GError) error = made_error(
        "w:InternalError", "outer reason",
        "<f:WSManFault Code=\"2150858778\" Machine=\"h\"><f:Message>outer<f:ProviderFault provider=\"WMI\">"
        "<f:WSManFault Code=\"2150859010\"><f:Message>middle</f:Message></f:WSManFault>"
        "<f:ExtendedError><x:__ExtendedStatus xmlns:x=\"urn:x\"><x:Description>inner</x:Description>"
        "<x:StatusCode>2147749904</x:StatusCode></x:__ExtendedStatus></f:ExtendedError>"
        "</f:ProviderFault></f:Message></f:WSManFault>", FALSE);

    assert_error(error, WSMAN_ERROR_INVALID_CLASS);
    assert_int_equal(wsman_error_get_hresult(error), 0x80041010);
    assert_string_equal(error->message, "inner (InternalError, 0x80041010)");
}

static void
codes_have_their_meanings(void **state)
{
    static const struct {
        guint32 code;
        gboolean instance;
        WsmanError error;
    } rows[] = {
        { 5, TRUE, WSMAN_ERROR_ACCESS_DENIED },
        { 0x80070005, TRUE, WSMAN_ERROR_ACCESS_DENIED },
        { 0x80041003, TRUE, WSMAN_ERROR_ACCESS_DENIED },
        { 0x80338104, TRUE, WSMAN_ERROR_ACCESS_DENIED },
        { 0x80041002, FALSE, WSMAN_ERROR_NOT_FOUND },
        { 0x80338000, TRUE, WSMAN_ERROR_NOT_FOUND },
        { 0x80338000, FALSE, WSMAN_ERROR_INVALID_CLASS },
        { 0x8033801A, FALSE, WSMAN_ERROR_INVALID_CLASS },
        { 0x8004100E, FALSE, WSMAN_ERROR_INVALID_CLASS },
        { 0x80041010, TRUE, WSMAN_ERROR_INVALID_CLASS },
        { 0x80338013, TRUE, WSMAN_ERROR_INVALID_METHOD },
        { 0x80041055, TRUE, WSMAN_ERROR_INVALID_METHOD },
        { 0x80338029, TRUE, WSMAN_ERROR_TIMEOUT },
        { 0x80338026, TRUE, WSMAN_ERROR_LIMIT },
        { 0x8004102F, TRUE, WSMAN_ERROR_FAULT },
        { 0x80338041, TRUE, WSMAN_ERROR_FAULT },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *detail = g_strdup_printf("<f:WSManFault Code=\"%u\"/>", rows[i].code);
        g_autoptr(GError) error = made_error("w:InternalError", "x", detail, rows[i].instance);

        assert_int_equal(wsman_error_get_hresult(error), rows[i].code);
        assert_error(error, rows[i].error);
    }
}

static void
a_subcode_speaks_where_no_code_is(void **state)
{
    g_autoptr(GError) denied = made_error("w:AccessDenied", "no", "", TRUE);
    g_autoptr(GError) lost = made_error("n:InvalidEnumerationContext", "", "", TRUE);
    g_autoptr(GError) other = made_error("w:SchemaValidationError", "", "<f:WSManFault Code=\"x\"/>", TRUE);
    g_autoptr(GError) alien = made_error("undeclared:AccessDenied", "", "", TRUE);

    assert_error(denied, WSMAN_ERROR_ACCESS_DENIED);
    assert_int_equal(wsman_error_get_hresult(lost), 0x8033801B);
    assert_error(other, WSMAN_ERROR_FAULT);
    assert_int_equal(wsman_error_get_hresult(other), 0);
    assert_string_equal(other->message, "the server gives no reason (SchemaValidationError)");
    assert_error(alien, WSMAN_ERROR_FAULT);
}

static void
texts_are_bounded_and_clean(void **state)
{
    g_autoptr(GString) longer = g_string_new("a\tb&#13;\n");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 10000; i++)
        g_string_append(longer, "\303\244 ");
    error = made_error("w:InternalError", longer->str, "", TRUE);
    assert_true(strlen(error->message) < 2000);
    assert_true(g_utf8_validate(error->message, -1, NULL));
    assert_null(strpbrk(error->message, "\r\n\t"));
    assert_contains(error->message, "a b \303\244");
}

static void
other_errors_have_no_fault_in_them(void **state)
{
    g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");

    assert_int_equal(wsman_error_get_hresult(error), 0);
    assert_int_equal(wsman_error_get_http_status(error), 0);
    assert_true(wsman_error_may_have_run(error));
    assert_int_equal(wsman_error_get_hresult(NULL), 0);
    assert_false(wsman_error_may_have_run(NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_innermost_code_wins),
        cmocka_unit_test(codes_have_their_meanings),
        cmocka_unit_test(a_subcode_speaks_where_no_code_is),
        cmocka_unit_test(texts_are_bounded_and_clean),
        cmocka_unit_test(other_errors_have_no_fault_in_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
