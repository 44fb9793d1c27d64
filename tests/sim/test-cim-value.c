/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/sim_testing.h"

#include "sim/cim_value.h"

static void integers_are_bounded_by_their_type(void **state G_GNUC_UNUSED)
{
    static const struct {
        CimType type;
        const char *text;
        gboolean ok;
    } rows[] = {
        { CIM_UINT8, "255", TRUE },
        { CIM_UINT8, "256", FALSE },
        { CIM_UINT16, "65535", TRUE },
        { CIM_UINT16, "65536", FALSE },
        { CIM_UINT16, "-1", FALSE },
        { CIM_UINT32, "4294967295", TRUE },
        { CIM_UINT32, "4294967296", FALSE },
        { CIM_UINT64, "18446744073709551615", TRUE },
        { CIM_UINT64, "18446744073709551616", FALSE },
        { CIM_SINT8, "-128", TRUE },
        { CIM_SINT8, "-129", FALSE },
        { CIM_SINT64, "-9223372036854775808", TRUE },
        { CIM_UINT16, "", FALSE },
        { CIM_UINT16, "x", FALSE },
        { CIM_UINT16, "1 2", FALSE },
        { CIM_UINT16, " 12 ", TRUE },
        { CIM_UINT16, "0x10", FALSE },
        { CIM_REAL64, "1.5e3", TRUE },
        { CIM_REAL64, "1.5q", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        CimItem item;

        if (cim_item_parse(rows[i].type, rows[i].text, &item) != rows[i].ok)
            fail_msg("%s '%s'", cim_type_name(rows[i].type), rows[i].text);
    }
}

static void booleans_take_words_and_digits(void **state G_GNUC_UNUSED)
{
    CimItem item;

    assert_true(cim_item_parse(CIM_BOOLEAN, "true", &item) && item.boolean);
    assert_true(cim_item_parse(CIM_BOOLEAN, "FALSE", &item) && !item.boolean);
    assert_true(cim_item_parse(CIM_BOOLEAN, "1", &item) && item.boolean);
    assert_false(cim_item_parse(CIM_BOOLEAN, "yes", &item));
}

static void datetimes_are_only_taken_in_wmis_form(void **state G_GNUC_UNUSED)
{
    static const char *const good[] = { "20260101120000.000000+000", "00000000000500.000000:000",
                                        "16010101000000.000000-000", "201601********.******+***" };
    static const char *const bad[] = { "2026-01-01T12:00:00Z", "20260101120000.000000", "",
                                       "20260101120000,000000+000", "20260101120000.000000+0000" };
    CimItem item;

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        assert_true(cim_item_parse(CIM_DATETIME, good[i], &item));
        assert_string_equal(item.text, good[i]);
        cim_item_clear(CIM_DATETIME, &item);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(cim_item_parse(CIM_DATETIME, bad[i], &item));
}

static void what_is_formatted_can_be_parsed_again(void **state G_GNUC_UNUSED)
{
    static const struct {
        CimType type;
        const char *text;
    } rows[] = { { CIM_BOOLEAN, "true" },
                 { CIM_SINT32, "-7" },
                 { CIM_UINT64, "18446744073709551615" },
                 { CIM_STRING, " a & b " },
                 { CIM_REAL64, "0.5" } };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = NULL;
        CimItem item;

        assert_true(cim_item_parse(rows[i].type, rows[i].text, &item));
        text = cim_item_format(rows[i].type, &item);
        assert_string_equal(text, rows[i].text);
        cim_item_clear(rows[i].type, &item);
    }
}

static void a_null_differs_from_an_empty_array(void **state G_GNUC_UNUSED)
{
    g_autoptr(CimValue) null = cim_value_new_null(CIM_STRING, TRUE);
    g_autoptr(CimValue) empty = cim_value_new_array(CIM_STRING, NULL, 0);

    assert_true(cim_value_is_null(null));
    assert_false(cim_value_is_null(empty));
    assert_int_equal(cim_value_count(empty), 0);
    assert_false(cim_value_equal(null, empty));
}

static void bytes_come_out_as_they_went_in(void **state G_GNUC_UNUSED)
{
    static const guint8 data[] = { 0, 0, 0, 4, 255 };
    g_autoptr(CimValue) value = cim_value_new_bytes(data, sizeof data);
    g_autoptr(GBytes) bytes = cim_value_bytes(value);

    assert_int_equal(g_bytes_get_size(bytes), sizeof data);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), data, sizeof data);
}

static void conveniences_fall_back_on_null_and_other_types(void **state G_GNUC_UNUSED)
{
    g_autoptr(CimValue) null = cim_value_new_text(CIM_STRING, NULL);
    g_autoptr(CimValue) number = cim_value_new_uint(CIM_UINT16, 7);

    assert_null(cim_value_text(null));
    assert_int_equal(cim_value_uint(null, 9), 9);
    assert_int_equal(cim_value_uint(number, 9), 7);
    assert_true(cim_value_boolean(number, TRUE));
}

static void type_names_are_those_of_cim_xml(void **state G_GNUC_UNUSED)
{
    CimType type;

    for (int i = CIM_BOOLEAN; i <= CIM_OBJECT; i++) {
        assert_true(cim_type_from_name(cim_type_name(i), &type));
        assert_int_equal(type, i);
    }
    assert_false(cim_type_from_name("int", &type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_bounded_by_their_type),
        cmocka_unit_test(booleans_take_words_and_digits),
        cmocka_unit_test(datetimes_are_only_taken_in_wmis_form),
        cmocka_unit_test(what_is_formatted_can_be_parsed_again),
        cmocka_unit_test(a_null_differs_from_an_empty_array),
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(conveniences_fall_back_on_null_and_other_types),
        cmocka_unit_test(type_names_are_those_of_cim_xml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
