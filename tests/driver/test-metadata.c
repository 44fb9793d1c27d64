/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include <libxml/parser.h>

#include "driver/msvm_domain_metadata.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_record.h"

#define URI "http://example.com/app"
#define ELEMENT VIR_DOMAIN_METADATA_ELEMENT

static virDomainDef *
new_def(void)
{
    virDomainDef *def = virDomainDefNew(NULL);

    assert_non_null(def);
    return def;
}

static void
assert_is(const virDomainDef *def, int type, const char *uri, const char *expected)
{
    g_autofree char *text = msvmMetadataGet(def, type, uri);

    if (!expected) {
        assert_null(text);
        test_assert_error(VIR_ERR_NO_DOMAIN_METADATA, "not present");
        return;
    }
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void
test_title_and_description_change_and_go(void **state)
{
    static const int types[] = { VIR_DOMAIN_METADATA_TITLE, VIR_DOMAIN_METADATA_DESCRIPTION };
    g_autoptr(virDomainDef) def = new_def();
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(types); i++) {
        assert_is(def, types[i], NULL, NULL);
        assert_int_equal(msvmMetadataChange(def, types[i], "text <&>", NULL, NULL), 0);
        assert_is(def, types[i], NULL, "text <&>");
        assert_int_equal(msvmMetadataChange(def, types[i], "", NULL, NULL), 0);
        assert_is(def, types[i], NULL, NULL);
        assert_int_equal(msvmMetadataChange(def, types[i], "b", NULL, NULL), 0);
        assert_int_equal(msvmMetadataChange(def, types[i], NULL, NULL, NULL), 0);
        assert_is(def, types[i], NULL, NULL);
    }
}

static void
test_an_element_is_put_into_its_namespace(void **state)
{
    g_autoptr(virDomainDef) def = new_def();

    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<a x='1'><b/>text<c><d/></c></a>", "app", URI), 0);
    assert_string_equal((const char *)def->metadata->children->ns->href, URI);
    assert_string_equal((const char *)def->metadata->children->ns->prefix, "app");
    assert_is(def, ELEMENT, URI, "<a x=\"1\"><b/>text<c><d/></c></a>");
    assert_is(def, ELEMENT, "http://example.com/other", NULL);
}

static void
test_an_element_replaces_only_that_of_its_namespace(void **state)
{
    g_autoptr(virDomainDef) def = new_def();

    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<a/>", "app", URI), 0);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<o/>", "other", URI "/other"), 0);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<b/>", "app", URI), 0);
    assert_is(def, ELEMENT, URI, "<b/>");
    assert_is(def, ELEMENT, URI "/other", "<o/>");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NULL, "app", URI), 0);
    assert_is(def, ELEMENT, URI, NULL);
    assert_is(def, ELEMENT, URI "/other", "<o/>");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NULL, "app", URI "/other"), 0);
    assert_null(def->metadata);
}

static void
test_bad_elements_change_nothing(void **state)
{
    g_autoptr(virDomainDef) def = new_def();
    g_autofree char *big = g_strdup_printf("<a>%*s</a>", MSVM_RECORD_MAX_SIZE, "");

    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<keep/>", "app", URI), 0);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<a>", "app", URI), -1);
    test_assert_error(VIR_ERR_XML_ERROR, "well-formed");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, big, "app", URI), -1);
    test_assert_error(VIR_ERR_XML_ERROR, "at most");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<a/>", "9 bad", URI), -1);
    test_assert_error(VIR_ERR_INVALID_ARG, "'9 bad'");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<a xmlns:app='x'/>", "app", URI), -1);
    test_assert_error(VIR_ERR_INVALID_ARG, "'app'");
    assert_int_equal(msvmMetadataChange(def, 99, "x", NULL, NULL), -1);
    test_assert_error(VIR_ERR_INVALID_ARG, "99");
    assert_is(def, ELEMENT, URI, "<keep/>");
}

static void
test_the_security_policy_is_not_changed_this_way(void **state)
{
    g_autoptr(virDomainDef) def = new_def();

    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<security/>", "msvm", MSVM_NAMESPACE_URI), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "security policy");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NULL, "msvm", MSVM_NAMESPACE_URI), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "security policy");
    assert_null(def->metadata);
}

#define NOVA_URI "http://openstack.org/xmlns/libvirt/nova/1.1"
#define NOVA(spec, more) "<n:instance xmlns:n='" NOVA_URI "'><n:flavor><n:extraSpecs><n:extraSpec name='os:vtpm'>" \
    spec "</n:extraSpec></n:extraSpecs></n:flavor>" more "</n:instance>"

static void
test_what_nova_says_of_image_and_flavor_stays_and_all_else_may_change(void **state)
{
    static const char metadata[] = "<metadata>" NOVA("required", "") "</metadata>";
    g_autoptr(virDomainDef) def = new_def();
    xmlDocPtr doc;

    assert_int_equal(msvmMetadataChange(def, ELEMENT, NOVA("required", ""), "nova", NOVA_URI), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "extra specs");
    assert_null(def->metadata);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<instance><a/></instance>", "nova", NOVA_URI), 0);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, "<instance>b</instance>", "nova", NOVA_URI), 0);
    assert_is(def, ELEMENT, NOVA_URI, "<instance>b</instance>");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NULL, "nova", NOVA_URI), 0);
    assert_null(def->metadata);

    doc = xmlReadMemory(metadata, sizeof(metadata) - 1, NULL, NULL, XML_PARSE_NONET);
    assert_non_null(doc);
    def->metadata = xmlCopyNode(xmlDocGetRootElement(doc), 1);
    xmlFreeDoc(doc);
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NOVA("optional", ""), "nova", NOVA_URI), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "extra specs");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NULL, "nova", NOVA_URI), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "extra specs");
    assert_int_equal(msvmMetadataChange(def, ELEMENT, NOVA("required", "<n:name>new</n:name>"), "nova", NOVA_URI), 0);
}

static void
test_notes_bring_all_three(void **state)
{
    g_autoptr(MsvmRecord) record = msvmRecordNew();
    g_autoptr(virDomainDef) def = new_def();
    g_autoptr(virDomainDef) foreign = new_def();
    g_autofree char *notes = NULL;

    record->uuid = g_strdup("5b7d5b3e-6a1c-4c0f-9d0a-6f6d6d737631");
    record->title = g_strdup("a title");
    record->description = g_strdup("words");
    record->metadata = g_strdup("<metadata><app:a xmlns:app='" URI "'/></metadata>");
    notes = msvmRecordFormat(record);
    assert_int_equal(msvmMetadataLoad(def, notes), 0);
    assert_is(def, VIR_DOMAIN_METADATA_TITLE, NULL, "a title");
    assert_is(def, VIR_DOMAIN_METADATA_DESCRIPTION, NULL, "words");
    assert_is(def, ELEMENT, URI, "<a/>");
    assert_int_equal(msvmMetadataLoad(foreign, "made by an administrator"), 0);
    assert_is(foreign, VIR_DOMAIN_METADATA_DESCRIPTION, NULL, "made by an administrator");
    assert_is(foreign, VIR_DOMAIN_METADATA_TITLE, NULL, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_title_and_description_change_and_go),
        cmocka_unit_test(test_an_element_is_put_into_its_namespace),
        cmocka_unit_test(test_an_element_replaces_only_that_of_its_namespace),
        cmocka_unit_test(test_bad_elements_change_nothing),
        cmocka_unit_test(test_the_security_policy_is_not_changed_this_way),
        cmocka_unit_test(test_what_nova_says_of_image_and_flavor_stays_and_all_else_may_change),
        cmocka_unit_test(test_notes_bring_all_three),
    };

    return cmocka_run_group_tests_name("driver/metadata", tests, test_setup_libvirt, NULL);
}
