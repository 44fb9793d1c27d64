/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The small parts: buffer, text, XML with limits, datetimes, queries,
 * mechanisms, options.
 */
#include "tests/wsman/support.h"

#include <string.h>

#include "wsman/auth.h"
#include "wsman/wsman_buffer.h"
#include "wsman/wsman_datetime.h"
#include "wsman/wsman_text.h"
#include "wsman/wsman_wql.h"
#include "wsman/wsman_xml.h"

/* --- buffer --------------------------------------------------------------- */

static void
a_buffer_refuses_more_than_its_maximum(void **state)
{
    for (int secret = 0; secret < 2; secret++) {
        g_autoptr(WsmanBuffer) buffer = wsman_buffer_new(secret, 10);

        assert_true(wsman_buffer_append(buffer, "0123456789", 10));
        assert_false(wsman_buffer_has_overflown(buffer));
        assert_false(wsman_buffer_append(buffer, "x", 1));
        assert_true(wsman_buffer_has_overflown(buffer));
        assert_false(wsman_buffer_append(buffer, "", 0));
        assert_string_equal(wsman_buffer_get_data(buffer), "0123456789");
    }
}

static void
a_buffer_grows_and_keeps_what_it_holds(void **state)
{
    for (int secret = 0; secret < 2; secret++) {
        g_autoptr(WsmanBuffer) buffer = wsman_buffer_new(secret, 1000000);

        for (guint i = 0; i < 100000; i++)
            assert_true(wsman_buffer_append(buffer, "abcdefgh", 8));
        assert_int_equal(wsman_buffer_get_size(buffer), 800000);
        assert_memory_equal(wsman_buffer_get_data(buffer) + 799992, "abcdefgh", 9);
    }
}

static void
a_reset_wipes_a_secret_buffer(void **state)
{
    g_autoptr(WsmanBuffer) buffer = wsman_buffer_new(TRUE, 100);
    const char *data;

    wsman_buffer_append_str(buffer, "key protector");
    data = wsman_buffer_get_data(buffer);
    wsman_buffer_reset(buffer);
    for (gsize i = 0; i < strlen("key protector"); i++)
        assert_int_equal(data[i], 0);
    assert_int_equal(wsman_buffer_get_size(buffer), 0);
}

/* VmFlags of the mapping, as the kernel shows them: dd is MADV_DONTDUMP. */
static void
a_secret_buffer_is_left_out_of_core_dumps(void **state)
{
    g_autoptr(WsmanBuffer) buffer = wsman_buffer_new(TRUE, 100);
    g_autofree char *smaps = NULL;
    g_autofree char *start = NULL;
    const char *at, *flags;

    wsman_buffer_append_str(buffer, "x");
    start = g_strdup_printf("%lx-", (unsigned long)wsman_buffer_get_data(buffer));
    assert_true(g_file_get_contents("/proc/self/smaps", &smaps, NULL, NULL));
    at = strstr(smaps, start);
    flags = at ? strstr(at, "VmFlags:") : NULL;
    assert_non_null(flags);
    assert_non_null(g_strstr_len(flags, (gssize)strcspn(flags, "\n"), " dd"));
}

/* --- text ----------------------------------------------------------------- */

static void
text_for_messages_is_one_clean_bounded_line(void **state)
{
    g_autofree char *clean = wsman_text_for_message(" a\r\n\tb\033[31mc\xff\342\200\256 d  ", 100);
    g_autofree char *cut = wsman_text_for_message("\303\244\303\244\303\244", 2);
    g_autofree char *empty = wsman_text_for_message(NULL, 2);

    assert_string_equal(clean, "a b [31mc\357\277\275 d");
    assert_string_equal(cut, "\303\244\303\244");
    assert_string_equal(empty, "");
}

static void
datetimes_become_those_of_xml_schema(void **state)
{
    static const struct {
        const char *text, *iso;
        gboolean interval;
    } rows[] = {
        { "20251217095522.702341+000", "2025-12-17T09:55:22.702341Z", FALSE },
        { "20251217095522.702341+090", "2025-12-17T09:55:22.702341+01:30", FALSE },
        { "20251217095522.702341-480", "2025-12-17T09:55:22.702341-08:00", FALSE },
        { "00000003020105.500000:000", "P3DT2H1M5.500000S", TRUE },
        { "2025-12-17T09:55:22Z", "2025-12-17T09:55:22Z", FALSE },
        { "P0DT1H", "P0DT1H", TRUE },
        { "20251217095522.702341", NULL, FALSE },
        { "", NULL, FALSE },
        { "nonsense", NULL, FALSE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gboolean interval = FALSE;
        g_autofree char *iso = wsman_datetime_to_iso(rows[i].text, &interval);

        if (g_strcmp0(iso, rows[i].iso) != 0 || interval != rows[i].interval)
            fail_msg("%s became %s", rows[i].text, iso);
    }
}

/* --- queries -------------------------------------------------------------- */

static void
quoting_keeps_a_value_in_its_literal(void **state)
{
    g_autofree char *quoted = wsman_wql_quote("a\"b\\c'd");

    assert_string_equal(quoted, "\"a\\\"b\\\\c'd\"");
}

static void
the_class_of_a_query_is_told(void **state)
{
    static const char *const rows[][2] = {
        { "select * from Msvm_ComputerSystem", "Msvm_ComputerSystem" },
        { " SELECT Name, ElementName\nFROM Msvm_X WHERE Name='a from b'", "Msvm_X" },
        { "associators of {Msvm_Y.Name=\"a:b\"} where ResultClass=Z", "Msvm_Y" },
        { "references of {\\\\HV\\root\\virtualization\\v2:Msvm_Y.Name=\"a\"}", "Msvm_Y" },
        { "associators of {root/virtualization/v2:Msvm_Y.Name=\"a\"}", "Msvm_Y" },
        { "select * from", "?" }, { "", "?" }, { "associators of {", "?" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = wsman_wql_class(rows[i][0]);

        assert_string_equal(name, rows[i][1]);
    }
}

/* --- XML ------------------------------------------------------------------ */

static void
assert_refused(const char *text, gsize size, WsmanError code, const char *part)
{
    g_autoptr(GError) error = NULL;

    assert_null(wsman_xml_parse("answer", text, size, NULL, &error));
    assert_error(error, code);
    assert_contains(error->message, part);
}

static void
document_types_and_entities_are_refused(void **state)
{
    static const char *const bad[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e \"x\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">]><a b=\"&f;\">&f;</a>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_refused(bad[i], strlen(bad[i]), WSMAN_ERROR_PROTOCOL, "document type");
    assert_refused("<a>&e;</a>", 10, WSMAN_ERROR_PROTOCOL, "not well-formed");
}

static void
depth_and_number_of_elements_have_limits(void **state)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(GString) wide = g_string_new("<a>");

    for (guint i = 0; i <= WSMAN_MAX_XML_DEPTH; i++)
        g_string_append(deep, "<a>");
    for (guint i = 0; i <= WSMAN_MAX_XML_DEPTH; i++)
        g_string_append(deep, "</a>");
    assert_refused(deep->str, deep->len, WSMAN_ERROR_LIMIT, "nests");
    for (guint i = 0; i < WSMAN_MAX_XML_NODES; i++)
        g_string_append(wide, "<b/>");
    g_string_append(wide, "</a>");
    assert_refused(wide->str, wide->len, WSMAN_ERROR_LIMIT, "more than");
}

static void
broken_xml_is_refused_without_quoting_it(void **state)
{
    static const char *const bad[] = { "", "secret", "<a>secret", "<a>secret</b>", "<a b=secret/>", "<a>\001</a>",
                                       "<a>\xff\xfe</a>", "<p:a/>x" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(wsman_xml_parse("answer", bad[i], strlen(bad[i]), NULL, &error));
        assert_error(error, WSMAN_ERROR_PROTOCOL);
        assert_lacks(error->message, "secret");
    }
}

static void
utf16_is_read_when_http_says_so(void **state)
{
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    g_autofree char *text = g_convert("<a>\303\244</a>", -1, "UTF-16", "UTF-8", NULL, &size, &error);
    g_autoptr(xmlDoc) doc = wsman_xml_parse("answer", text, size, "UTF-16", &error);
    g_autofree char *content = NULL;

    assert_no_error(error);
    content = wsman_xml_text(xmlDocGetRootElement(doc));
    assert_string_equal(content, "\303\244");
}

/* --- options and mechanisms ----------------------------------------------- */

static void
assert_config_error(const WsmanClientOptions *options, const char *part)
{
    g_autoptr(GError) error = NULL;

    assert_null(wsman_client_new(options, &error));
    assert_error(error, WSMAN_ERROR_CONFIG);
    assert_contains(error->message, part);
}

static void
wrong_options_are_refused(void **state)
{
    static const struct {
        const char *url, *auth, *cacert, *part;
        guint connections;
    } rows[] = {
        { NULL, NULL, NULL, "URL" },
        { "", NULL, NULL, "URL" },
        { "hv01", NULL, NULL, "" },
        { "ftp://hv01/wsman", NULL, NULL, "not an http" },
        { "file:///etc/passwd", NULL, NULL, "not an http" },
        { "https://user:secret@hv01/wsman", NULL, NULL, "credentials" },
        { "https://user@hv01/wsman", NULL, NULL, "credentials" },
        { "https://hv01/wsman", "telepathy", NULL, "there is: " },
        { "https://hv01/wsman", NULL, "/nonexistent/ca.pem", "/nonexistent/ca.pem" },
        { "https://hv01/wsman", NULL, NULL, "connections", 1000 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        WsmanClientOptions options = {
            .url = rows[i].url, .auth = rows[i].auth, .cacert = rows[i].cacert,
            .max_connections = rows[i].connections,
        };

        assert_config_error(&options, rows[i].part);
    }
}

static void
a_password_goes_over_plain_http_only_when_asked_by_name(void **state)
{
    g_autoptr(GError) error = NULL;
    const WsmanAuthMechanism *mechanism = wsman_auth_find(NULL, FALSE, &error);

    if (mechanism) {
        assert_false(mechanism->sends_password);
    } else {
        assert_error(error, WSMAN_ERROR_CONFIG);
        assert_contains(error->message, "https");
    }
    assert_ptr_equal(wsman_auth_find("Basic", FALSE, NULL), &wsman_auth_basic);
}

static void
count_up(gpointer opaque)
{
    ++*(guint *)opaque;
}

static void
the_credentials_opaque_is_destroyed_once_and_only_with_a_client(void **state)
{
    guint destroyed = 0;
    WsmanClientOptions options = {
        .url = "https://hv01:5986/wsman", .credentials = test_credentials,
        .credentials_opaque = &destroyed, .credentials_destroy = count_up,
    };
    WsmanClient *client = wsman_client_new(&options, NULL);

    assert_non_null(client);
    assert_true(wsman_client_is_encrypted(client));
    assert_string_equal(wsman_client_get_url(client), "https://hv01:5986/wsman");
    wsman_client_unref(wsman_client_ref(client));
    assert_int_equal(destroyed, 0);
    wsman_client_unref(client);
    assert_int_equal(destroyed, 1);
    options.auth = "telepathy";
    assert_null(wsman_client_new(&options, NULL));
    assert_int_equal(destroyed, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_refuses_more_than_its_maximum),
        cmocka_unit_test(a_buffer_grows_and_keeps_what_it_holds),
        cmocka_unit_test(a_reset_wipes_a_secret_buffer),
        cmocka_unit_test(a_secret_buffer_is_left_out_of_core_dumps),
        cmocka_unit_test(text_for_messages_is_one_clean_bounded_line),
        cmocka_unit_test(datetimes_become_those_of_xml_schema),
        cmocka_unit_test(quoting_keeps_a_value_in_its_literal),
        cmocka_unit_test(the_class_of_a_query_is_told),
        cmocka_unit_test(document_types_and_entities_are_refused),
        cmocka_unit_test(depth_and_number_of_elements_have_limits),
        cmocka_unit_test(broken_xml_is_refused_without_quoting_it),
        cmocka_unit_test(utf16_is_read_when_http_says_so),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_password_goes_over_plain_http_only_when_asked_by_name),
        cmocka_unit_test(the_credentials_opaque_is_destroyed_once_and_only_with_a_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
