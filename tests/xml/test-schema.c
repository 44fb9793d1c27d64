/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RNG schema of the namespace says what the code says: what it takes is
 * taken, and what the code's grammar refuses does not validate.
 */
#include <config.h>

#include <string.h>

#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include "tests/xml/xml_test.h"

#define SECURITY(x) "<metadata><msvm:security xmlns:msvm='" MSVM_NAMESPACE_URI "'>" x "</msvm:security></metadata>"
#define IMAGE(n, v) SECURITY("<msvm:image><msvm:property name='" n "' value='" v "'/></msvm:image>")
#define INSTANCE(n, v) SECURITY("<msvm:instance><msvm:property name='" n "' value='" v "'/></msvm:instance>")
#define KEY "<msvm:key secret='3f2d8c1e-6a4b-4c5d-8e9f-000000000001'/>"
#define U "3f2d8c1e-6a4b-4c5d-8e9f-000000000001"

static xmlRelaxNGPtr schema;

static void
ignore_message(void *context G_GNUC_UNUSED, const char *format G_GNUC_UNUSED, ...)
{
}


static int
load_schema(void **state)
{
    const char *srcdir = g_getenv("MSVM_SRCDIR");
    g_autofree char *path = g_build_filename(srcdir ? srcdir : ".", "xml", "msvm-domain.rng", NULL);
    xmlRelaxNGParserCtxtPtr parser = xmlRelaxNGNewParserCtxt(path);

    schema = parser ? xmlRelaxNGParse(parser) : NULL;
    xmlRelaxNGFreeParserCtxt(parser);
    return schema ? xml_test_setup(state) : -1;
}


static int
free_schema(void **state G_GNUC_UNUSED)
{
    xmlRelaxNGFree(schema);
    return 0;
}


static bool
validates(const char *xml)
{
    xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), "test.xml", NULL, XML_PARSE_NONET);
    xmlRelaxNGValidCtxtPtr context = xmlRelaxNGNewValidCtxt(schema);
    bool valid;

    assert_non_null(doc);
    xmlRelaxNGSetValidErrors(context, ignore_message, ignore_message, NULL);
    valid = xmlRelaxNGValidateDoc(context, doc) == 0;
    xmlRelaxNGFreeValidCtxt(context);
    xmlFreeDoc(doc);
    return valid;
}


/* Every file of a folder that ends in .xml; how many. */
static int
check_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    int count = 0;

    assert_non_null(dir);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".xml")) {
            g_autofree char *file = g_build_filename(path, name, NULL);
            g_autofree char *xml = xml_test_read(file);

            if (!validates(xml))
                fail_msg("%s does not validate", file);
            count++;
        }
    }
    return count;
}


static void
test_examples_and_what_dumpxml_shows_validate(void **state G_GNUC_UNUSED)
{
    g_autofree char *examples = xml_test_examples_dir();
    g_autofree char *golden = xml_test_data_path("");

    assert_true(check_folder(examples) >= 13);
    assert_true(check_folder(golden) >= 13);
}


static void
test_what_the_code_takes_validates(void **state G_GNUC_UNUSED)
{
    static const char *const good[] = {
        "<domain/>", "<domain><metadata/></domain>", SECURITY(""),
        "<domain a='b'><x/><metadata><y:z xmlns:y='urn:y'>t</y:z></metadata><devices><disk>u</disk></devices></domain>",
        IMAGE("os_vtpm", "optional"), IMAGE("os_vtpm_keys", U), IMAGE("os_vtpm_keys", " " U " , " U " "),
        IMAGE("os_vtpm_keys", U "," U "," U "," U "," U "," U), IMAGE("hw_machine_type", "hyperv-gen1"),
        IMAGE("hypervisor_type", "HyperV"), IMAGE("hypervisor_version_requires", " &gt;= 10.0 , != 10.0.14393 "),
        IMAGE("img_hv_type", "hyperv"), IMAGE("img_hv_requested_version", "&gt;=10.0"), IMAGE("hw_tpm_version", "2.0"),
        "<domain><metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:image>"
        "<nova:new/></nova:image></nova:instance></metadata></domain>",
        IMAGE("os_type", "windows"), IMAGE("img_pdk_reference", U), IMAGE("empty", ""), IMAGE("fsk:TimeZone", "UTC"),
        IMAGE("img_pdk_reference", "https://keys.example.org/v1/containers/" U),
        INSTANCE("img_pdk_reference", U), INSTANCE("fsk:TimeZone", "UTC"), INSTANCE("anything", "else"),
        SECURITY("<msvm:provisioning run='no'/>"), SECURITY("<msvm:secureBoot template='OpenSourceShieldedVM'/>"),
        SECURITY("<msvm:flavor><msvm:extraSpec name='os:vtpm' value='required'/></msvm:flavor><msvm:image/>"),
        SECURITY("<msvm:keys>" KEY KEY KEY KEY KEY KEY "</msvm:keys>"),
        SECURITY("<msvm:policy/>"), SECURITY("<msvm:policy shielded='yes' encryptTraffic='no'/>"),
        SECURITY("<msvm:owner guardian='G'/>"), SECURITY("<msvm:secureBoot template='" U "'/>"),
        SECURITY("<!-- c --><msvm:owner guardian='G' create='yes'/>"),
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(good); i++) {
        if (!validates(good[i]))
            fail_msg("does not validate: %s", good[i]);
    }
}


static void
test_what_the_code_refuses_does_not_validate(void **state G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "<domain><msvm:security xmlns:msvm='" MSVM_NAMESPACE_URI "'/></domain>",
        "<domain><devices><msvm:keys xmlns:msvm='" MSVM_NAMESPACE_URI "'/></devices></domain>",
        "<metadata><msvm:other xmlns:msvm='" MSVM_NAMESPACE_URI "'/></metadata>",
        "<metadata xmlns:msvm='" MSVM_NAMESPACE_URI "'><msvm:security/><msvm:security/></metadata>",
        SECURITY("<msvm:images/>"), SECURITY("<other/>"), SECURITY("text"), SECURITY("<msvm:image/><msvm:image/>"),
        SECURITY("<msvm:image x='1'/>"), SECURITY("<msvm:image><msvm:property name='a'/></msvm:image>"),
        SECURITY("<msvm:image><msvm:property value='a'/></msvm:image>"), IMAGE("", "b"),
        IMAGE("os_vtpm", "Required"), IMAGE("os_vtpm", ""), IMAGE("os_secure_boot", "yes"),
        IMAGE("os_shielded_vm", "1"), IMAGE("os_vtpm_key", "x"), IMAGE("hypervisor_types", "x"),
        IMAGE("os:vtpm", "required"), IMAGE("os_vtpm_keys", ""), IMAGE("os_vtpm_keys", U ","),
        IMAGE("os_vtpm_keys", U ";" U), IMAGE("os_vtpm_keys", U "," U "," U "," U "," U "," U "," U),
        IMAGE("img_hv_type", "kvm"), IMAGE("img_hv_types", "hyperv"), IMAGE("img_hv_requested_version", "10"),
        IMAGE("hw_machine_type", "q35"), IMAGE("hypervisor_type", "kvm"),
        IMAGE("hypervisor_version_requires", "10.0"), IMAGE("hypervisor_version_requires", "&gt;=10.0,"),
        SECURITY("<msvm:flavor><msvm:extraSpec name='os:vtpm' value='on'/></msvm:flavor>"),
        SECURITY("<msvm:flavor><msvm:extraSpec name='os_vtpm' value='required'/></msvm:flavor>"),
        SECURITY("<msvm:keys/>"), SECURITY("<msvm:keys><msvm:key secret='x'/></msvm:keys>"),
        SECURITY("<msvm:keys>" KEY KEY KEY KEY KEY KEY KEY "</msvm:keys>"),
        SECURITY("<msvm:policy shielded='maybe'/>"), SECURITY("<msvm:owner/>"), SECURITY("<msvm:owner guardian=''/>"),
        SECURITY("<msvm:owner guardian='G' create='1'/>"), SECURITY("<msvm:secureBoot/>"),
        SECURITY("<msvm:secureBoot template='Windows'/>"), IMAGE("img_pdk_reference", "x"),
        IMAGE("img_pdk_reference", "https://keys.example.org/v1/secrets/" U), INSTANCE("os_vtpm", "required"),
        SECURITY("<msvm:provisioning/>"), SECURITY("<msvm:provisioning run='maybe'/>"),
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (validates(bad[i]))
            fail_msg("validates: %s", bad[i]);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_and_what_dumpxml_shows_validate),
        cmocka_unit_test(test_what_the_code_takes_validates),
        cmocka_unit_test(test_what_the_code_refuses_does_not_validate),
    };

    return cmocka_run_group_tests(tests, load_schema, free_schema);
}
