/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_secret_xml.h"
#include "keymgr/keymgr_libvirt.h"

#include "virerror.h"

#define UUID "6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f51"

static KeymgrDefinition *
parse(const char *xml)
{
    KeymgrDefinition *definition = msvmSecretParse(xml, NULL, 0);

    if (!definition)
        fail_msg("%s: %s", xml, virGetLastErrorMessage());
    return definition;
}

static void
test_what_the_xml_says_is_kept(void **state)
{
    g_autoptr(KeymgrDefinition) definition = parse(
        "<secret ephemeral='yes' private='yes'><uuid>6F1C24C8-5BD7-4A4E-9F43-0E8E2D0A5F51</uuid>"
        "<description>a &amp; b</description><usage type='vtpm'><name>vm &lt;1&gt;</name></usage></secret>");

    assert_string_equal(definition->id, UUID);
    assert_string_equal(definition->description, "a & b");
    assert_string_equal(definition->usage_id, "vm <1>");
    assert_int_equal(definition->usage_type, keymgr_usage_type_number("vtpm"));
    assert_true(definition->is_private);
    assert_true(definition->is_ephemeral);
}

static void
test_without_a_uuid_there_is_none(void **state)
{
    g_autoptr(KeymgrDefinition) definition = parse("<secret/>");

    assert_null(definition->id);
    assert_null(definition->description);
    assert_null(definition->usage_id);
    assert_int_equal(definition->usage_type, 0);
    assert_false(definition->is_private);
    assert_false(definition->is_ephemeral);
}

static void
test_what_is_written_is_read_again(void **state)
{
    static const char *const usages[] = {
        "",
        "<usage type='volume'><volume>/a/b</volume></usage>",
        "<usage type='ceph'><name>c</name></usage>",
        "<usage type='iscsi'><target>iqn.1</target></usage>",
        "<usage type='tls'><name>t &amp; u</name></usage>",
        "<usage type='vtpm'><name>v</name></usage>",
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(usages); i++) {
        g_autofree char *xml = g_strdup_printf("<secret ephemeral='no' private='yes'><uuid>" UUID "</uuid>"
                                               "<description>d '&amp;&lt;</description>%s</secret>", usages[i]);
        g_autoptr(KeymgrDefinition) definition = parse(xml);
        g_autofree char *first = msvmSecretFormat(definition);
        g_autoptr(KeymgrDefinition) again = parse(first);
        g_autofree char *second = msvmSecretFormat(again);
        g_autofree char *plain = keymgr_libvirt_format(definition);
        g_autoptr(KeymgrDefinition) read = keymgr_libvirt_parse(first, NULL);
        g_autoptr(KeymgrDefinition) of_plain = parse(plain);
        g_autofree char *third = msvmSecretFormat(of_plain);
        g_autofree char *fourth = msvmSecretFormat(read);

        assert_int_equal(definition->usage_type, i);
        assert_string_equal(first, second);
        /* The key manager's own words for it say the same. */
        assert_string_equal(first, third);
        assert_string_equal(first, fourth);
    }
}

static void
test_bad_xml_is_refused_with_libvirts_codes(void **state)
{
    static const struct {
        const char *xml;
        int code;
    } cases[] = {
        { "<secret", VIR_ERR_XML_DETAIL },
        { "<domain/>", VIR_ERR_XML_ERROR },
        { "<secret private='maybe'/>", VIR_ERR_XML_ERROR },
        { "<secret><uuid>x</uuid></secret>", VIR_ERR_INTERNAL_ERROR },
        { "<secret><usage type='oven'><name>x</name></usage></secret>", VIR_ERR_CONFIG_UNSUPPORTED },
        { "<secret><usage type='vtpm'/></secret>", VIR_ERR_INTERNAL_ERROR },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        virResetLastError();
        assert_null(msvmSecretParse(cases[i].xml, NULL, 0));
        assert_int_equal(virGetLastErrorCode(), cases[i].code);
    }
}

static void
test_an_id_that_is_no_uuid_is_no_secret_of_libvirt(void **state)
{
    KeymgrDefinition definition = { .id = (char *)"token=x;object=y" };

    assert_null(msvmSecretFormat(&definition));
    assert_int_equal(virGetLastErrorCode(), VIR_ERR_NO_SECRET);
}

static void
test_names_hold_the_usage(void **state)
{
    KeymgrDefinition vtpm = { .usage_type = 5, .usage_id = (char *)"a:b" };
    KeymgrDefinition none = { .description = (char *)"x" };
    KeymgrDefinition read = { .id = (char *)UUID };
    KeymgrDefinition foreign = { .id = (char *)UUID };
    KeymgrDefinition unnamed = { .id = (char *)UUID };
    KeymgrDefinition odd = { .id = (char *)UUID };
    g_autofree char *name = keymgr_definition_name(&vtpm);

    assert_string_equal(name, "libvirt:vtpm:a:b");
    assert_null(keymgr_definition_name(&none));
    keymgr_definition_set_name(&read, name);
    assert_int_equal(read.usage_type, 5);
    assert_string_equal(read.usage_id, "a:b");
    assert_null(read.description);
    g_free(read.usage_id);
    keymgr_definition_set_name(&foreign, "web01 key");
    assert_int_equal(foreign.usage_type, 0);
    assert_string_equal(foreign.description, "web01 key");
    g_free(foreign.description);
    keymgr_definition_set_name(&unnamed, UUID);
    assert_null(unnamed.description);
    keymgr_definition_set_name(&odd, "libvirt:oven:x");
    assert_int_equal(odd.usage_type, 0);
    assert_string_equal(odd.description, "libvirt:oven:x");
    g_free(odd.description);
}

static void
test_metadata_holds_the_rest_and_what_others_wrote(void **state)
{
    g_autoptr(GHashTable) metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    KeymgrDefinition full = { .is_private = TRUE, .description = (char *)"d" };
    KeymgrDefinition empty = { 0 };
    KeymgrDefinition read = { .description = g_strdup("of the name") };

    g_hash_table_insert(metadata, g_strdup("owner"), g_strdup("me"));
    keymgr_definition_to_metadata(&full, metadata);
    assert_int_equal(g_hash_table_size(metadata), 3);
    keymgr_definition_set_metadata(&read, metadata);
    assert_true(read.is_private);
    assert_string_equal(read.description, "d");
    g_free(read.description);
    keymgr_definition_to_metadata(&empty, metadata);
    assert_int_equal(g_hash_table_size(metadata), 1);
    assert_string_equal(g_hash_table_lookup(metadata, "owner"), "me");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_xml_says_is_kept),
        cmocka_unit_test(test_without_a_uuid_there_is_none),
        cmocka_unit_test(test_what_is_written_is_read_again),
        cmocka_unit_test(test_bad_xml_is_refused_with_libvirts_codes),
        cmocka_unit_test(test_an_id_that_is_no_uuid_is_no_secret_of_libvirt),
        cmocka_unit_test(test_names_hold_the_usage),
        cmocka_unit_test(test_metadata_holds_the_rest_and_what_others_wrote),
    };

    return cmocka_run_group_tests_name("driver/secret-xml", tests, test_setup_libvirt, NULL);
}
