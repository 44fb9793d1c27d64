/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/wire_schema.h"

#include "sim/wql.h"

/* --- language ------------------------------------------------------------------- */

static void
queries_of_the_language_are_read(void **state)
{
    static const char *const good[] = {
        "select * from Msvm_ComputerSystem",
        "SELECT Name, ElementName FROM Msvm_ComputerSystem",
        "Select Name From Msvm_ComputerSystem Where Name = 'a' And (EnabledState <> 2 Or Not EnabledState = 3)",
        "select * from X where A >= 1 and B <= 2 and C < 3 and D > 4 and E != 5",
        "select * from X where 'a' = Name and 2 < EnabledState",
        "select * from X where Name like 'a%' and Name not like '_b[c-d]'",
        "select * from X where Name is null or Name is not null",
        "select * from X where TargetInstance isa 'Msvm_ComputerSystem'",
        "select * from X where Flag = true and Other = FALSE",
        "select * from X where Number = -5 and Real = 1.5",
        "associators of {Msvm_ComputerSystem.CreationClassName=\"Msvm_ComputerSystem\",Name=\"}\"}",
        "associators of {X.A=\"b\"} where AssocClass = C ResultClass = D Role = E ResultRole = F",
        "associators of {X.A=\"b\"} where KeysOnly",
        "references of {X.A=\"b\"} where ResultClass = D Role = E",
        "  select\n*\tfrom X  ",
    };

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *message = NULL;
        g_autoptr(WqlQuery) query = wql_parse(good[i], &message);

        if (!query)
            fail_msg("%s: %s", good[i], message);
    }
}

static void
what_is_not_of_the_language_is_refused_with_a_position(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } bad[] = {
        { "", "SELECT, ASSOCIATORS or REFERENCES expected at character 1" },
        { "delete from X", "SELECT, ASSOCIATORS or REFERENCES expected at character 1" },
        { "select * X", "FROM expected at character 10" },
        { "select *, a from X", "FROM expected at character 9" },
        { "select from X", "FROM expected at character 13" },
        { "select a, from X", "FROM expected at character 16" },
        { "select * from", "a class expected at character 14" },
        { "select * from X where", "a constant expected at character 22" },
        { "select * from X where Name", "an operator expected at character 27" },
        { "select * from X where Name = ", "a constant expected at character 30" },
        { "select * from X where Name = 'a", "a string without an end" },
        { "select * from X where Name == 'a'", "a constant expected at character 29" },
        { "select * from X where Name = 'a' 'b'", "the end expected" },
        { "select * from X where (Name = 'a'", ") expected" },
        { "select * from X where Name like 5", "a string expected" },
        { "select * from X where Name is 5", "NULL expected" },
        { "select * from X where Name = null", "a constant expected" },
        { "select * from X within 5", "the end expected at character 17" },
        { "select * from X; drop", "the end expected at character 16" },
        { "select * from X where A.B = 5", "an operator expected" },
        { "select * from X where A = 5x", "a constant expected" },
        { "associators {X.A=\"b\"}", "OF expected" },
        { "associators of X", "a path in braces expected" },
        { "associators of {X.A=\"}", "without a closing brace" },
        { "associators of {X.A=\"b\"} where", "a restriction of the query expected" },
        { "associators of {X.A=\"b\"} where AssocClass", "= expected" },
        { "associators of {X.A=\"b\"} where Role=A Role=B", "a restriction of the query expected" },
        { "references of {X.A=\"b\"} where AssocClass=C", "a restriction of the query expected" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *message = NULL;
        g_autoptr(WqlQuery) query = wql_parse(bad[i].text, &message);

        if (query)
            fail_msg("accepted: %s", bad[i].text);
        if (!strstr(message, bad[i].message))
            fail_msg("%s: %s", bad[i].text, message);
    }
}

static void
strings_take_both_quotes_and_escapes(void **state)
{
    g_autofree char *message = NULL;
    g_autoptr(WqlQuery) query = wql_parse("associators of {\\\\\\\\HV01\\\\root:X.A=\"a\\\\b\"}", &message);

    assert_non_null(query);
    assert_string_equal(query->path, "\\\\\\\\HV01\\\\root:X.A=\"a\\\\b\"");
}

static void
nesting_is_limited_and_chains_are_not(void **state)
{
    g_autoptr(GString) deep = g_string_new("select * from X where ");
    g_autoptr(GString) wide = g_string_new("select * from X where A = 0");
    g_autofree char *message = NULL;
    g_autoptr(WqlQuery) query = NULL;

    for (guint i = 0; i <= WQL_MAX_DEPTH; i++)
        g_string_append(deep, "not ");
    g_string_append(deep, "A = 1");
    assert_null(wql_parse(deep->str, &message));
    assert_non_null(strstr(message, "less nesting"));
    g_clear_pointer(&message, g_free);
    for (guint i = 0; i < 2000; i++)
        g_string_append(wide, " or A = 1");
    query = wql_parse(wide->str, &message);
    assert_non_null(query);
}

static void
a_query_that_is_too_long_is_refused(void **state)
{
    g_autofree char *text = g_strnfill(WQL_MAX_TEXT + 1, ' ');
    g_autofree char *message = NULL;

    assert_null(wql_parse(text, &message));
    assert_string_equal(message, "the query is too long");
}

/* --- fitting a class ---------------------------------------------------------------- */

static void
queries_have_to_fit_the_class(void **state)
{
    static const struct {
        const char *where;
        gboolean fits;
    } cases[] = {
        { "Name = 'a'", TRUE },
        { "name = 'a'", TRUE },
        { "NoSuch = 'a'", FALSE },
        { "EnabledState = 2", TRUE },
        { "EnabledState = '2'", TRUE },
        { "EnabledState = 'x'", FALSE },
        { "EnabledState = true", FALSE },
        { "OperationalStatus = 2", FALSE },
        { "OperationalStatus is null", TRUE },
        { "InstallDate > '20250101000000.000000+000'", TRUE },
        { "InstallDate > 'yesterday'", FALSE },
        { "EnabledState like '2'", FALSE },
        { "Name isa 'X'", FALSE },
        { "__CLASS = 'Msvm_ComputerSystem'", TRUE },
        { "Name = 5", TRUE },
        { "Name = true", FALSE },
    };
    const SchemaClass *cls = schema_find(schema, NS, "Msvm_ComputerSystem");

    assert_non_null(cls);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat("select * from Msvm_ComputerSystem where ", cases[i].where, NULL);
        g_autofree char *message = NULL;
        g_autoptr(WqlQuery) query = wql_parse(text, &message);

        assert_non_null(query);
        if (wql_check(query, cls, &message) != cases[i].fits)
            fail_msg("%s: %s", cases[i].where, message ? message : "accepted");
    }
}

static void
a_projection_of_an_unknown_property_does_not_fit(void **state)
{
    g_autofree char *message = NULL;
    g_autoptr(WqlQuery) query = wql_parse("select Name, NoSuch from Msvm_ComputerSystem", &message);

    assert_false(wql_check(query, schema_find(schema, NS, "Msvm_ComputerSystem"), &message));
    assert_string_equal(message, "Msvm_ComputerSystem has no property NoSuch");
}

/* --- selection ------------------------------------------------------------------------ */

static CimObject *
sample_machine(void)
{
    CimObject *object = cim_object_new(schema_find(schema, NS, "Msvm_ComputerSystem"));
    static const char *const status[] = { "x", NULL };

    cim_object_set(object, "Name", cim_value_new_text(CIM_STRING, "B637F346-6A0E-4DEC-AF52-BD70CB80A21D"));
    cim_object_set(object, "ElementName", cim_value_new_text(CIM_STRING, "Web 50% [a]"));
    cim_object_set(object, "EnabledState", cim_value_new_uint(CIM_UINT16, 3));
    cim_object_set(object, "OnTimeInMilliseconds", cim_value_new_uint(CIM_UINT64, G_MAXUINT64));
    cim_object_set(object, "InstallDate", cim_value_new_text(CIM_DATETIME, "20251217105522.702341+060"));
    cim_object_set(object, "StatusDescriptions", cim_value_new_strv(status));
    return object;
}

static void
conditions_select(void **state)
{
    static const struct {
        const char *where;
        gboolean selected;
    } cases[] = {
        { "Name = 'b637f346-6a0e-4dec-af52-bd70cb80a21d'", TRUE },
        { "Name <> 'b637f346-6a0e-4dec-af52-bd70cb80a21d'", FALSE },
        { "Name = \"B637F346-6A0E-4DEC-AF52-BD70CB80A21D\"", TRUE },
        { "EnabledState = 3", TRUE },
        { "3 = EnabledState", TRUE },
        { "EnabledState > -1", TRUE },
        { "EnabledState >= 3 and EnabledState <= 3", TRUE },
        { "EnabledState < 3 or EnabledState > 3", FALSE },
        { "4 > EnabledState", TRUE },
        { "2 > EnabledState", FALSE },
        { "OnTimeInMilliseconds = 18446744073709551615", TRUE },
        { "OnTimeInMilliseconds > 18446744073709551614", TRUE },
        { "not EnabledState = 2", TRUE },
        { "not (EnabledState = 3 or EnabledState = 2)", FALSE },
        { "InstallDate = '20251217095522.702341+000'", TRUE },
        { "InstallDate > '20251217095522.702340+000'", TRUE },
        { "InstallDate < '20251217095522.702340+000'", FALSE },
        { "ElementName like 'web%'", TRUE },
        { "ElementName like '%50[%]%'", TRUE },
        { "ElementName like 'Web 5__ [[]a]'", TRUE },
        { "ElementName like '[a-v]%'", FALSE },
        { "ElementName like '[^a-v]%'", TRUE },
        { "ElementName not like '%z%'", TRUE },
        { "ElementName like 'web'", FALSE },
        { "Caption is null", TRUE },
        { "Caption is not null", FALSE },
        { "StatusDescriptions is not null", TRUE },
        { "__CLASS = 'msvm_computersystem'", TRUE },
        /* A comparison with null is unknown, and so is its negation. */
        { "Caption = 'x'", FALSE },
        { "Caption <> 'x'", FALSE },
        { "not Caption = 'x'", FALSE },
        { "Caption = 'x' or EnabledState = 3", TRUE },
        { "not (Caption = 'x' and EnabledState = 2)", TRUE },
    };
    g_autoptr(CimObject) object = sample_machine();

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat("select * from Msvm_ComputerSystem where ", cases[i].where, NULL);
        g_autofree char *message = NULL;
        g_autoptr(WqlQuery) query = wql_parse(text, &message);

        if (!query || !wql_check(query, cim_object_class(object), &message))
            fail_msg("%s: %s", cases[i].where, message);
        if (wql_matches(query, object) != cases[i].selected)
            fail_msg("%s is %s", cases[i].where, cases[i].selected ? "not selected" : "selected");
    }
}

static void
like_ends_on_patterns_that_invite_backtracking(void **state)
{
    g_autofree char *text = g_strnfill(5000, 'a');

    assert_false(wql_like(text, "%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%ab"));
    assert_true(wql_like(text, "%a%a%a%a%a%a%a%a%"));
    assert_false(wql_like("a", "["));
    assert_false(wql_like("a", "[b"));
    assert_true(wql_like("", "%"));
    assert_true(wql_like("\xC3\x84", "\xC3\xA4"));
    assert_true(wql_like("\xC3\x84", "_"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_of_the_language_are_read),
        cmocka_unit_test(what_is_not_of_the_language_is_refused_with_a_position),
        cmocka_unit_test(strings_take_both_quotes_and_escapes),
        cmocka_unit_test(nesting_is_limited_and_chains_are_not),
        cmocka_unit_test(a_query_that_is_too_long_is_refused),
        cmocka_unit_test(queries_have_to_fit_the_class),
        cmocka_unit_test(a_projection_of_an_unknown_property_does_not_fit),
        cmocka_unit_test(conditions_select),
        cmocka_unit_test(like_ends_on_patterns_that_invite_backtracking),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
