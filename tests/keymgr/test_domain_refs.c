/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which references a domain XML has, as msvm-keymgr check finds them.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "keymgr/keymgr_domain_refs.h"

#define A "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define A_UPPER "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0"
#define B "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f1"
#define C "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f2"

#define DOMAIN(inner)                                                                                       \
    "<domain type='hyperv'><metadata>" inner "</metadata><devices><disk><encryption secret='not ours'/>"    \
    "</disk></devices></domain>"
#define SECURITY(inner) DOMAIN("<m:security xmlns:m='urn:libvirt-msvm:domain:1'>" inner "</m:security>")
#define NOVA(inner)                                                                                         \
    DOMAIN("<nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:name>x</nova:name>" \
           "<nova:image uuid='" C "'><nova:properties>" inner "</nova:properties></nova:image></nova:instance>")
#define IMAGE(value) "<m:image><m:property name='img_pdk_reference' value='" value "'/></m:image>"
#define INSTANCE(value) "<m:instance><m:property name='img_pdk_reference' value='" value "'/></m:instance>"

static void
check(const char *xml, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) found = keymgr_domain_references(xml, strlen(xml), &error);
    g_autofree char *list = NULL;

    if (!found)
        fail_msg("%s", error->message);
    list = g_strjoinv(" ", found);
    assert_string_equal(list, wanted);
}

static void
test_a_domain_without_references_has_none(void **state)
{
    check(DOMAIN(""), "");
    check(SECURITY("<m:image><m:property name='os_vtpm' value='required'/></m:image>"), "");
}

static void
test_secrets_are_found_each_once(void **state)
{
    check("<domain><devices><tpm model='tpm-crb'><backend type='emulator'><encryption secret='" A "'/></backend></tpm>"
          "<disk><encryption secret='x'/></disk></devices></domain>", A);
    check(SECURITY("<m:keys><m:key secret='" B "'/><m:key secret='" A "'/></m:keys>"
                   "<m:image><m:property name='os_vtpm_keys' value='" A_UPPER ", " C "'/></m:image>"),
          B " " A " " C);
}

static void
test_the_container_of_shielding_data_is_found(void **state)
{
    check(SECURITY(IMAGE(A_UPPER)), "/containers/" A);
    check(SECURITY(IMAGE("https://barbican.example:9311/v1/containers/" A)), "/containers/" A);
    check(SECURITY(INSTANCE(A)), "/containers/" A);
    check(SECURITY("<m:keys><m:key secret='" A "'/></m:keys>" IMAGE(A)), A " /containers/" A);
}

static void
test_the_instance_goes_before_its_image(void **state)
{
    check(SECURITY(IMAGE(A) INSTANCE(B)), "/containers/" B);
    check(SECURITY(INSTANCE(B) IMAGE(A)), "/containers/" B);
}

static void
test_what_nova_notes_of_the_image_is_found(void **state)
{
    check(NOVA("<nova:property name='os_vtpm_keys'>" A "," B "</nova:property>"), A " " B);
    check(NOVA("<nova:property name='os_vtpm_keys'><![CDATA[" A "]]>,<!-- and -->" B "</nova:property>"), A " " B);
    check(NOVA("<nova:property name='img_pdk_reference'>" A "</nova:property>"), "/containers/" A);
    check(NOVA("<nova:property name='hw_machine_type'>" A "</nova:property>"), "");
}

static void
test_what_is_no_container_is_refused(void **state)
{
    static const char *const wrong[] = { "", "x", "https://h/v1/secrets/" A, "x/" A, " " A };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *xml = g_strdup_printf(SECURITY("<m:image><m:property name='img_pdk_reference' value='%s'/>"
                                                        "</m:image>"), wrong[i]);
        g_autoptr(GError) error = NULL;

        assert_null(keymgr_domain_references(xml, strlen(xml), &error));
        keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, "img_pdk_reference|/containers/UUID");
    }
}

static void
test_what_is_no_xml_is_refused(void **state)
{
    static const char *const wrong[] = { "", "x", "<domain>", "<a></b>", "<a b='\xff'/>" };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(keymgr_domain_references(wrong[i], strlen(wrong[i]), &error));
        keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "not a domain XML");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_domain_without_references_has_none),
        cmocka_unit_test(test_secrets_are_found_each_once),
        cmocka_unit_test(test_the_container_of_shielding_data_is_found),
        cmocka_unit_test(test_the_instance_goes_before_its_image),
        cmocka_unit_test(test_what_nova_notes_of_the_image_is_found),
        cmocka_unit_test(test_what_is_no_container_is_refused),
        cmocka_unit_test(test_what_is_no_xml_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
