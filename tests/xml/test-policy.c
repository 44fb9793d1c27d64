/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vTPM policy: every cell of its tables, every bad value. Definitions go
 * through libvirt's parser, as they do in the driver.
 */
#include <config.h>

#include "tests/xml/xml_test.h"

#define KEY1 "3f2d8c1e-6a4b-4c5d-8e9f-000000000001"
#define KEY2 "3f2d8c1e-6a4b-4c5d-8e9f-000000000002"
#define KEY3 "3f2d8c1e-6a4b-4c5d-8e9f-000000000003"
#define KEY4 "3f2d8c1e-6a4b-4c5d-8e9f-000000000004"
#define KEY5 "3f2d8c1e-6a4b-4c5d-8e9f-000000000005"
#define KEY6 "3f2d8c1e-6a4b-4c5d-8e9f-000000000006"
#define KEY7 "3f2d8c1e-6a4b-4c5d-8e9f-000000000007"

#define IMAGE(n, v) "<msvm:image><msvm:property name='" n "' value='" v "'/></msvm:image>"
#define PROPERTY(n, v) "<msvm:property name='" n "' value='" v "'/>"
#define IMAGE4(n1, v1, n2, v2, n3, v3, n4, v4) \
    "<msvm:image>" PROPERTY(n1, v1) PROPERTY(n2, v2) PROPERTY(n3, v3) PROPERTY(n4, v4) "</msvm:image>"
#define INSTANCE(n, v) "<msvm:instance><msvm:property name='" n "' value='" v "'/></msvm:instance>"
#define FLAVOR(n, v) "<msvm:flavor><msvm:extraSpec name='" n "' value='" v "'/></msvm:flavor>"
#define KEYS(keys) "<msvm:keys>" keys "</msvm:keys>"
#define KEY(id) "<msvm:key secret='" id "'/>"
#define TPM_SECRET(id) "<tpm><backend type='emulator'><encryption secret='" id "'/></backend></tpm>"

/* As a driver does it: parsed with validation, then planned. The policy is
 * the plan's, NULL with libvirt's error set. */
static MsvmPolicy *
policy_of(const XmlTestParts *parts)
{
    g_autofree char *xml = xml_test_domain(parts);
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

    return plan ? g_steal_pointer(&plan->policy) : NULL;
}


static MsvmPolicy *
policy_or_fail(const XmlTestParts *parts)
{
    MsvmPolicy *policy = policy_of(parts);

    if (!policy)
        fail_msg("%s: %s", parts->metadata, virGetLastErrorMessage());
    return policy;
}


static void
assert_refused(const XmlTestParts *parts, int code, const char *text)
{
    g_autoptr(MsvmPolicy) policy = policy_of(parts);

    if (policy)
        fail_msg("not refused: %s %s", parts->metadata, parts->devices);
    xml_test_assert_error(code, text);
}


/* --- the tables ---------------------------------------------------------- */

static const char *const wishes[] = { NULL, "disabled", "optional", "required" };

/* Rows: image; columns: flavor. '-' off, '+' on, '!' contradiction. */
static const char *const tpm_table[] = { "---!", "---!", "---+", "+!++" };
static const char *const other_table[] = { "---+", "---!", "---+", "+!++" };

static char *
wish_metadata(const char *image_name, const char *image, const char *flavor_name, const char *flavor)
{
    g_autoptr(GString) xml = g_string_new(NULL);

    if (image)
        g_string_append_printf(xml, "<msvm:image><msvm:property name='%s' value='%s'/></msvm:image>", image_name,
                               image);
    if (flavor)
        g_string_append_printf(xml, "<msvm:flavor><msvm:extraSpec name='%s' value='%s'/></msvm:flavor>",
                               flavor_name, flavor);
    return g_string_free(g_steal_pointer(&xml), FALSE);
}


static void
check_tpm_cell(size_t image, size_t flavor, bool with_tpm)
{
    g_autofree char *metadata = wish_metadata("os_vtpm", wishes[image], "os:vtpm", wishes[flavor]);
    XmlTestParts parts = { .metadata = metadata, .devices = with_tpm ? XML_TEST_TPM : NULL };
    char cell = tpm_table[image][flavor];
    bool silent = image == 0 && flavor == 0;

    if (cell == '!') {
        assert_refused(&parts, VIR_ERR_CONFIG_UNSUPPORTED, "contradict");
    } else if (cell == '-' && with_tpm && !silent) {
        assert_refused(&parts, VIR_ERR_CONFIG_UNSUPPORTED, "come out as no TPM");
    } else {
        g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);
        bool on = cell == '+' || (silent && with_tpm);

        assert_int_equal(policy->tpm, on);
        assert_int_equal(policy->add_tpm, on && !with_tpm);
    }
}


static void
test_every_cell_of_the_tpm_table(void **state G_GNUC_UNUSED)
{
    size_t image, flavor;

    for (image = 0; image < G_N_ELEMENTS(wishes); image++) {
        for (flavor = 0; flavor < G_N_ELEMENTS(wishes); flavor++) {
            check_tpm_cell(image, flavor, false);
            check_tpm_cell(image, flavor, true);
        }
    }
}


static void
check_other_cell(const char *image_name, const char *flavor_name, size_t image, size_t flavor)
{
    g_autofree char *metadata = wish_metadata(image_name, wishes[image], flavor_name, wishes[flavor]);
    XmlTestParts parts = { .metadata = metadata };
    char cell = other_table[image][flavor];
    bool shielding = g_str_equal(image_name, "os_shielded_vm");

    if (cell == '!') {
        assert_refused(&parts, VIR_ERR_CONFIG_UNSUPPORTED, "contradict");
    } else {
        g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

        assert_int_equal(policy->secure_boot, cell == '+');
        assert_int_equal(policy->shielded, shielding && cell == '+');
        assert_int_equal(policy->tpm, shielding && cell == '+');
        assert_int_equal(policy->encrypt_traffic, shielding && cell == '+');
    }
}


static void
test_every_cell_of_the_tables_of_secure_boot_and_shielding(void **state G_GNUC_UNUSED)
{
    size_t image, flavor;

    for (image = 0; image < G_N_ELEMENTS(wishes); image++) {
        for (flavor = 0; flavor < G_N_ELEMENTS(wishes); flavor++) {
            check_other_cell("os_secure_boot", "os:secure_boot", image, flavor);
            check_other_cell("os_shielded_vm", "os:shielded_vm", image, flavor);
        }
    }
}


/* What image and flavor say, with and without <firmware> saying it too. */
static void
test_secure_boot_of_image_and_firmware_agree(void **state G_GNUC_UNUSED)
{
    const char *const on = "<firmware><feature enabled='yes' name='secure-boot'/></firmware>";
    const char *const off = "<firmware><feature enabled='no' name='secure-boot'/></firmware>";
    const struct {
        const char *image, *os;
        int secure; /* -1: refused */
    } cases[] = {
        { NULL, NULL, 1 }, { NULL, on, 1 }, { NULL, off, 0 },
        { "disabled", NULL, 0 }, { "disabled", on, -1 }, { "disabled", off, 0 },
        { "optional", NULL, 1 }, { "optional", on, 1 }, { "optional", off, 0 },
        { "required", NULL, 1 }, { "required", on, 1 }, { "required", off, -1 },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *metadata = wish_metadata("os_secure_boot", cases[i].image, "", NULL);
        XmlTestParts parts = { .metadata = metadata, .os = cases[i].os };
        g_autofree char *xml = xml_test_domain(&parts);
        g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

        if (cases[i].secure < 0) {
            assert_null(plan);
            xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "Secure Boot is o");
        } else {
            assert_non_null(plan);
            assert_int_equal(plan->machine->secure_boot, cases[i].secure);
        }
    }
}


/* --- bad values ---------------------------------------------------------- */

typedef struct {
    const char *metadata;
    const char *devices;
    int generation;
    int code;
    const char *text;
} Refusal;

#define XML VIR_ERR_XML_ERROR
#define CONFIG VIR_ERR_CONFIG_UNSUPPORTED

static void
check_refusals(const Refusal *refusals, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        XmlTestParts parts = { .generation = refusals[i].generation, .metadata = refusals[i].metadata,
                               .devices = refusals[i].devices };

        assert_refused(&parts, refusals[i].code, refusals[i].text);
    }
}


static void
test_values_other_than_the_three_are_refused_by_name(void **state G_GNUC_UNUSED)
{
    static const char *const names[][2] = {
        { "image", "os_vtpm" }, { "image", "os_secure_boot" }, { "image", "os_shielded_vm" },
        { "flavor", "os:vtpm" }, { "flavor", "os:secure_boot" }, { "flavor", "os:shielded_vm" },
    };
    static const char *const values[] = { "", "Required", "REQUIRED", "yes", "no", "true", "1", " required",
                                          "required ", "require" };
    size_t i, j;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        for (j = 0; j < G_N_ELEMENTS(values); j++) {
            bool image = g_str_equal(names[i][0], "image");
            g_autofree char *metadata = wish_metadata(names[i][1], image ? values[j] : NULL, names[i][1],
                                                      image ? NULL : values[j]);
            XmlTestParts parts = { .metadata = metadata };
            g_autofree char *value = g_strdup_printf("value '%s'", values[j]);
            g_autoptr(MsvmPolicy) policy = policy_of(&parts);

            assert_null(policy);
            assert_non_null(strstr(virGetLastErrorMessage(), names[i][1]));
            xml_test_assert_error(VIR_ERR_XML_ERROR, value);
        }
    }
}


static void
test_other_properties_of_ours_are_checked_too(void **state G_GNUC_UNUSED)
{
    static const Refusal refusals[] = {
        { IMAGE("hw_machine_type", "q35"), NULL, 2, XML, "hw_machine_type" },
        { IMAGE("hw_machine_type", "hyperv-gen3"), NULL, 2, XML, "hyperv-gen3" },
        { IMAGE("hw_machine_type", "hyperv-gen1"), NULL, 2, CONFIG, "<os firmware='efi'> is given" },
        { IMAGE("hw_machine_type", "hyperv-gen2"), NULL, 1, CONFIG, "<os firmware='efi'> is missing" },
        { IMAGE("hypervisor_type", "kvm"), NULL, 2, XML, "hypervisor_type" },
        { IMAGE("hypervisor_version_requires", "10.0"), NULL, 2, XML, "hypervisor_version_requires" },
        { IMAGE("hypervisor_version_requires", "&gt;=10.0,"), NULL, 2, XML, "'>=10.0,'" },
        { IMAGE("hypervisor_version_requires", "&gt;=11"), NULL, 2, CONFIG, "'hv01' is of version 10.0.20348" },
        { IMAGE("img_pdk_reference", "abc"), NULL, 2, XML, "'abc' is not a reference of a Barbican container" },
        { IMAGE("img_pdk_reference", "https://h/v1/secrets/" KEY1), NULL, 2, XML, "is not a reference" },
        { INSTANCE("os_vtpm", "required"), NULL, 2, XML, "unknown instance property 'os_vtpm'" },
        { IMAGE("os_vtpm_key", KEY1), NULL, 2, XML, "unknown image property 'os_vtpm_key'" },
        { IMAGE("os_vtpm_keys ", KEY1), NULL, 2, XML, "unknown image property 'os_vtpm_keys '" },
        { IMAGE("hypervisor_versions", "1"), NULL, 2, XML, "unknown image property" },
        { IMAGE("os:vtpm", "required"), NULL, 2, XML, "unknown image property 'os:vtpm'" },
        { FLAVOR("os_vtpm", "required"), NULL, 2, XML, "unknown flavor extra spec 'os_vtpm'" },
        { FLAVOR("os:vtpm_keys", KEY1), NULL, 2, XML, "unknown flavor extra spec" },
    };

    check_refusals(refusals, G_N_ELEMENTS(refusals));
}


static void
test_grammar_is_strict_in_our_namespace(void **state G_GNUC_UNUSED)
{
    static const Refusal refusals[] = {
        { "<msvm:images/>", NULL, 2, XML, "unexpected element <images>" },
        { "<other/>", NULL, 2, XML, "unexpected element <other>" },
        { "text", NULL, 2, XML, "unexpected text" },
        { "<msvm:image/><msvm:image/>", NULL, 2, XML, "<msvm:image> is given more than once" },
        { "<msvm:image><msvm:extraSpec name='a' value='b'/></msvm:image>", NULL, 2, XML, "unexpected element" },
        { "<msvm:image x='1'/>", NULL, 2, XML, "unexpected attribute 'x'" },
        { "<msvm:image msvm:x='1'/>", NULL, 2, XML, "unexpected attribute 'x'" },
        { "<msvm:image><msvm:property value='b'/></msvm:image>", NULL, 2, XML, "missing attribute 'name'" },
        { "<msvm:image><msvm:property name='os_vtpm'/></msvm:image>", NULL, 2, XML, "missing attribute 'value'" },
        { "<msvm:image><msvm:property name='' value='b'/></msvm:image>", NULL, 2, XML, "without a name" },
        { "<msvm:image><msvm:property name='os_vtpm' value='optional'/><msvm:property name='os_vtpm' "
          "value='optional'/></msvm:image>", NULL, 2, XML, "image property 'os_vtpm' is given more than once" },
        { "<msvm:flavor><msvm:extraSpec name='os:vtpm' value='optional'/><msvm:extraSpec name='os:vtpm' "
          "value='required'/></msvm:flavor>", NULL, 2, XML, "flavor extra spec 'os:vtpm' is given more than once" },
        { "<msvm:image><msvm:property name='a' value='b'>c</msvm:property></msvm:image>", NULL, 2, XML,
          "unexpected text" },
        { "<msvm:keys/>", XML_TEST_TPM, 2, XML, "<msvm:keys> without <msvm:key>" },
        { KEYS("<msvm:key/>"), XML_TEST_TPM, 2, XML, "missing attribute 'secret'" },
        { "<msvm:policy shielded='maybe'/>", NULL, 2, XML, "attribute 'shielded' of <msvm:policy>" },
        { "<msvm:policy encryptTraffic='on'/>", NULL, 2, XML, "attribute 'encryptTraffic'" },
        { "<msvm:owner create='yes'/>", XML_TEST_TPM, 2, XML, "missing attribute 'guardian'" },
        { "<msvm:owner guardian=''/>", XML_TEST_TPM, 2, XML, "1 to 256 characters" },
        { "<msvm:owner guardian='a' create='1'/>", XML_TEST_TPM, 2, XML, "attribute 'create'" },
        { "<msvm:secureBoot/>", NULL, 2, XML, "missing attribute 'template'" },
        { "<msvm:secureBoot template='microsoftwindows'/>", NULL, 2, XML, "unknown Secure Boot template" },
        { "</msvm:security><msvm:secrets/><msvm:security>", NULL, 2, XML, "unexpected element <msvm:secrets>" },
        { "</msvm:security><msvm:security>", NULL, 2, XML, "<msvm:security> is given more than once" },
    };

    check_refusals(refusals, G_N_ELEMENTS(refusals));
}


static void
test_more_properties_than_the_limit_are_refused(void **state G_GNUC_UNUSED)
{
    g_autoptr(GString) metadata = g_string_new("<msvm:image>");
    XmlTestParts parts;
    int i;

    for (i = 0; i <= 256; i++)
        g_string_append_printf(metadata, "<msvm:property name='p%d' value='v'/>", i);
    g_string_append(metadata, "</msvm:image>");
    parts = (XmlTestParts) { .metadata = metadata->str };
    assert_refused(&parts, VIR_ERR_XML_ERROR, "more than 256");
}


static void
test_elements_of_ours_outside_of_metadata_are_refused(void **state G_GNUC_UNUSED)
{
    static const char *const places[] = {
        "<msvm:security xmlns:msvm='" MSVM_NAMESPACE_URI "'/>",
        "<cputune><x:policy xmlns:x='" MSVM_NAMESPACE_URI "'/></cputune>",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(places); i++) {
        XmlTestParts parts = { .top = places[i] };

        assert_refused(&parts, VIR_ERR_XML_ERROR, "must be in <metadata>");
    }
}


/* --- keys ---------------------------------------------------------------- */

static void
assert_keys(const MsvmPolicy *policy, const char *const *keys)
{
    size_t i;

    for (i = 0; keys[i]; i++)
        assert_string_equal(policy->keys[i], keys[i]);
    assert_null(policy->keys[i]);
}


static void
test_keys_come_from_three_places_in_order_and_lower_case(void **state G_GNUC_UNUSED)
{
    static const char *const two[] = { KEY2, KEY1, NULL };
    static const char *const one[] = { KEY1, NULL };
    static const char *const none[] = { NULL };
    static const char *const six[] = { KEY1, KEY2, KEY3, KEY4, KEY5, KEY6, NULL };
    const struct {
        const char *metadata, *devices;
        const char *const *keys;
    } cases[] = {
        { NULL, XML_TEST_TPM, none },
        { NULL, TPM_SECRET(KEY1), one },
        { NULL, TPM_SECRET("3F2D8C1E-6A4B-4C5D-8E9F-000000000001"), one },
        { IMAGE("os_vtpm_keys", "  " KEY2 " , 3F2D8C1E-6A4B-4C5D-8E9F-000000000001 "), XML_TEST_TPM, two },
        { KEYS(KEY(KEY2) KEY(KEY1)), XML_TEST_TPM, two },
        { KEYS(KEY(KEY1) KEY(KEY2) KEY(KEY3) KEY(KEY4) KEY(KEY5) KEY(KEY6)), XML_TEST_TPM, six },
        { IMAGE("os_vtpm_keys", KEY1 "," KEY2 "," KEY3 "," KEY4 "," KEY5 "," KEY6), XML_TEST_TPM, six },
        { IMAGE("os_vtpm_keys", KEY2 "," KEY1) KEYS(KEY(KEY2) KEY(KEY1)), XML_TEST_TPM, two },
        { IMAGE("os_vtpm_keys", KEY1) KEYS(KEY(KEY1)), TPM_SECRET(KEY1), one },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        XmlTestParts parts = { .metadata = cases[i].metadata, .devices = cases[i].devices };
        g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

        assert_keys(policy, cases[i].keys);
    }
}


static void
test_bad_keys_are_refused(void **state G_GNUC_UNUSED)
{
    static const Refusal refusals[] = {
        { IMAGE("os_vtpm_keys", ""), XML_TEST_TPM, 2, XML, "os_vtpm_keys' is empty" },
        { IMAGE("os_vtpm_keys", " "), XML_TEST_TPM, 2, XML, "'' is not a UUID" },
        { IMAGE("os_vtpm_keys", KEY1 ","), XML_TEST_TPM, 2, XML, "'' is not a UUID" },
        { IMAGE("os_vtpm_keys", KEY1 "," KEY2 "x"), XML_TEST_TPM, 2, XML, "'" KEY2 "x' is not a UUID" },
        { IMAGE("os_vtpm_keys", "3f2d8c1e6a4b4c5d8e9f000000000001"), XML_TEST_TPM, 2, XML, "is not a UUID" },
        { IMAGE("os_vtpm_keys", KEY1 ";" KEY2), XML_TEST_TPM, 2, XML, "is not a UUID" },
        { IMAGE("os_vtpm_keys", "a,b,c,d,e,f,g"), XML_TEST_TPM, 2, XML, "more than 6 keys" },
        { IMAGE("os_vtpm_keys", KEY1 "," KEY2 "," KEY3 "," KEY4 "," KEY5 "," KEY6 "," KEY7), XML_TEST_TPM, 2, XML,
          "more than 255 characters" },
        { IMAGE("os_vtpm_keys", KEY1 "," KEY1), XML_TEST_TPM, 2, XML, "'" KEY1 "' is named twice" },
        { KEYS(KEY("not-a-uuid")), XML_TEST_TPM, 2, XML, "is not a UUID: 'not-a-uuid'" },
        { KEYS(KEY(KEY1) KEY(KEY2) KEY(KEY3) KEY(KEY4) KEY(KEY5) KEY(KEY6) KEY(KEY7)), XML_TEST_TPM, 2, XML,
          "more than 6 keys" },
        { KEYS(KEY(KEY1) KEY(KEY1)), XML_TEST_TPM, 2, XML, "named twice" },
        { KEYS(KEY(KEY1)), TPM_SECRET(KEY2), 2, CONFIG, "<msvm:keys> and <encryption> of <tpm> name different keys" },
        { KEYS(KEY(KEY1) KEY(KEY2)), TPM_SECRET(KEY1), 2, CONFIG, "name different keys" },
        { IMAGE("os_vtpm_keys", KEY1 "," KEY2) KEYS(KEY(KEY2) KEY(KEY1)), XML_TEST_TPM, 2, CONFIG,
          "image property 'os_vtpm_keys' and <msvm:keys> name different keys" },
        { IMAGE("os_vtpm_keys", KEY1), NULL, 2, CONFIG, "names keys but the machine gets no TPM" },
        { KEYS(KEY(KEY1)), NULL, 2, CONFIG, "<msvm:keys> names keys but the machine gets no TPM" },
        { KEYS(KEY(KEY1)) IMAGE("os_vtpm", "optional"), NULL, 2, CONFIG, "gets no TPM" },
        { NULL, TPM_SECRET("nonsense"), 2, VIR_ERR_INTERNAL_ERROR, "secret uuid" },
    };

    check_refusals(refusals, G_N_ELEMENTS(refusals));
}


/* --- shielding data -------------------------------------------------------- */

static void
test_shielding_data_are_a_container_and_the_instance_goes_first(void **state G_GNUC_UNUSED)
{
    XmlTestParts image = { .metadata = IMAGE("img_pdk_reference", KEY1), .devices = XML_TEST_TPM };
    XmlTestParts both = { .metadata = IMAGE("img_pdk_reference", KEY1)
                                      INSTANCE("img_pdk_reference", "http://h:9311/v1/containers/" KEY2),
                          .devices = XML_TEST_TPM };
    g_autoptr(MsvmPolicy) one = policy_or_fail(&image);
    g_autoptr(MsvmPolicy) two = policy_or_fail(&both);

    assert_true(one->shielding_data && one->provision);
    /* As OpenStack's driver has it. */
    assert_true(one->encrypt_traffic && !one->shielded);
    assert_string_equal(one->keys[0], "/containers/" KEY1);
    assert_null(one->keys[1]);
    assert_string_equal(two->keys[0], "/containers/" KEY2);
}


static void
test_fabric_values_are_sorted_and_name_the_computer(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = { .metadata = "<msvm:image><msvm:property name='fsk:TimeZone' value='CET'/>"
                                       "<msvm:property name='fsk:Role' value='web'/></msvm:image>"
                                       INSTANCE("fsk:TimeZone", "UTC") KEYS(KEY(KEY1)),
                           .devices = XML_TEST_TPM };
    XmlTestParts none = { .metadata = KEYS(KEY(KEY1)), .devices = XML_TEST_TPM };
    XmlTestParts held = { .metadata = KEYS(KEY(KEY1)) INSTANCE("fsk:Role", "web")
                                      "<msvm:provisioning run='no'/>", .devices = XML_TEST_TPM };
    XmlTestParts asked = { .metadata = KEYS(KEY(KEY1)) "<msvm:provisioning run='yes'/>", .devices = XML_TEST_TPM };
    g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);
    g_autoptr(MsvmPolicy) without = policy_or_fail(&none);
    g_autoptr(MsvmPolicy) manual = policy_or_fail(&held);
    g_autoptr(MsvmPolicy) explicit = policy_or_fail(&asked);
    g_autofree char *names = g_strjoinv(" ", policy->fabric_names);

    assert_string_equal(names, "@@ComputerName@@ @@Role@@ @@TimeZone@@");
    assert_string_equal(policy->fabric_values[1], "web");
    assert_string_equal(policy->fabric_values[2], "UTC");
    assert_true(policy->provision && !policy->shielding_data);
    assert_false(without->provision);
    assert_false(manual->provision);
    assert_true(explicit->provision);
}


static void
test_contradictions_of_shielding_data_are_refused(void **state G_GNUC_UNUSED)
{
    static const Refusal refusals[] = {
        { IMAGE("img_pdk_reference", KEY1), NULL, 2, CONFIG, "names keys but the machine gets no TPM" },
        { IMAGE("img_pdk_reference", KEY1) KEYS(KEY(KEY2)), XML_TEST_TPM, 2, CONFIG, "name different keys" },
        { INSTANCE("img_pdk_reference", KEY1), TPM_SECRET(KEY1), 2, CONFIG, "name different keys" },
        { IMAGE("img_pdk_reference", KEY1) "<msvm:policy encryptTraffic='no'/>", XML_TEST_TPM, 2, CONFIG,
          "always encrypted" },
        { INSTANCE("fsk:Role", "web"), XML_TEST_TPM, 2, CONFIG, "provisioning needs shielding data" },
        { "<msvm:provisioning run='yes'/>", XML_TEST_TPM, 2, CONFIG, "provisioning needs shielding data" },
        { KEYS(KEY(KEY1)) INSTANCE("fsk:ComputerName", "another"), XML_TEST_TPM, 2, CONFIG, "is 'another'" },
        { KEYS(KEY(KEY1)) INSTANCE("fsk:", "x"), XML_TEST_TPM, 2, XML, "'fsk:' names no value" },
        { KEYS(KEY(KEY1)) INSTANCE("fsk:@@Role@@", "x"), XML_TEST_TPM, 2, XML, "without @@" },
        { "<msvm:provisioning/>", XML_TEST_TPM, 2, XML, "missing attribute 'run'" },
        { "<msvm:provisioning run='maybe'/>", XML_TEST_TPM, 2, XML, "must be 'yes' or 'no'" },
    };

    check_refusals(refusals, G_N_ELEMENTS(refusals));
}


static void
test_the_limit_of_the_property_is_255_characters(void **state G_GNUC_UNUSED)
{
    int length;

    for (length = 255; length <= 256; length++) {
        g_autofree char *blanks = g_strnfill(length - 2 * 36 - 1, ' ');
        g_autofree char *value = g_strdup_printf("%s,%s%s", KEY1, blanks, KEY2);
        g_autofree char *metadata = wish_metadata("os_vtpm_keys", value, "", NULL);
        XmlTestParts parts = { .metadata = metadata, .devices = XML_TEST_TPM };

        assert_int_equal(strlen(value), length);
        if (length <= 255) {
            g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

            assert_string_equal(policy->keys[1], KEY2);
        } else {
            assert_refused(&parts, VIR_ERR_XML_ERROR, "more than 255 characters");
        }
    }
}


/* --- shielding, generation, host ----------------------------------------- */

static void
test_shielding_implies_and_contradicts(void **state G_GNUC_UNUSED)
{
    static const Refusal refusals[] = {
        { "<msvm:policy shielded='yes'/>" IMAGE("os_vtpm", "disabled"), NULL, 2, CONFIG, "'os_vtpm' is disabled" },
        { "<msvm:policy shielded='yes'/>" FLAVOR("os:vtpm", "disabled"), NULL, 2, CONFIG, "contradict" },
        { "<msvm:policy shielded='yes'/>" IMAGE("os_secure_boot", "disabled"), NULL, 2, CONFIG,
          "'os_secure_boot' is disabled" },
        { "<msvm:policy shielded='yes'/>" FLAVOR("os:secure_boot", "disabled"), NULL, 2, CONFIG, "contradict" },
        { "<msvm:policy shielded='yes' encryptTraffic='no'/>", NULL, 2, CONFIG, "always encrypted" },
        { "<msvm:policy shielded='no'/>" IMAGE("os_shielded_vm", "required"), NULL, 2, CONFIG,
          "require a shielded machine" },
        { "<msvm:policy shielded='yes'/>" IMAGE("os_shielded_vm", "disabled"), NULL, 2, CONFIG,
          "disabled by image or flavor" },
        { "<msvm:policy shielded='yes'/>", NULL, 1, CONFIG, "generation 2" },
        { "<msvm:policy encryptTraffic='yes'/>", NULL, 2, CONFIG, "needs a machine with a TPM" },
        { "<msvm:owner guardian='g'/>", NULL, 2, CONFIG, "<msvm:owner> needs a machine with a TPM" },
        { "<msvm:secureBoot template='MicrosoftWindows'/>", NULL, 1, CONFIG, "generation 2" },
        { IMAGE("os_secure_boot", "required"), NULL, 1, CONFIG, "generation 2" },
        { IMAGE("os_vtpm", "required"), NULL, 1, CONFIG, "generation 2" },
    };
    XmlTestParts parts = { .metadata = "<msvm:policy shielded='yes'/>" FLAVOR("os:vtpm", "optional") };
    g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

    assert_true(policy->tpm && policy->add_tpm && policy->secure_boot && policy->shielded &&
                policy->encrypt_traffic);
    check_refusals(refusals, G_N_ELEMENTS(refusals));
}


static void
test_owner_and_template_are_read(void **state G_GNUC_UNUSED)
{
    XmlTestParts silent = { .devices = XML_TEST_TPM };
    XmlTestParts named = { .metadata = "<msvm:owner guardian='Ours'/><msvm:secureBoot "
                           "template='272E7447-90A4-4563-A4B9-8E4AB00526CE'/>", .devices = XML_TEST_TPM };
    XmlTestParts made = { .metadata = "<msvm:owner guardian='Ours' create='yes'/>", .devices = XML_TEST_TPM };
    g_autoptr(MsvmPolicy) a = policy_or_fail(&silent);
    g_autoptr(MsvmPolicy) b = policy_or_fail(&named);
    g_autoptr(MsvmPolicy) c = policy_or_fail(&made);

    assert_null(a->owner);
    assert_true(a->create_owner);
    assert_null(a->secure_boot_template);
    assert_string_equal(b->owner, "Ours");
    assert_false(b->create_owner);
    assert_string_equal(b->secure_boot_template, "272e7447-90a4-4563-a4b9-8e4ab00526ce");
    assert_true(c->create_owner);
}


static void
test_a_tpm_needs_a_host_of_version_10(void **state G_GNUC_UNUSED)
{
    XmlTestParts with = { .devices = XML_TEST_TPM };
    XmlTestParts without = { .devices = NULL };
    g_autofree char *with_xml = xml_test_domain(&with);
    g_autofree char *without_xml = xml_test_domain(&without);
    g_autoptr(MsvmPlan) refused = xml_test_plan(with_xml, &xml_test_host_2012r2, NULL, NULL);
    g_autoptr(MsvmPlan) taken = NULL;

    assert_null(refused);
    xml_test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "'hv00' is of version 6.3.9600");
    taken = xml_test_plan(without_xml, &xml_test_host_2012r2, NULL, NULL);
    assert_non_null(taken);
}


static void
test_version_requirements(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *version, *requires;
        int result;
    } cases[] = {
        { "10.0.20348", ">=10.0", 1 }, { "10.0.20348", ">10.0", 0 }, { "10.0.20348", "==10.0", 1 },
        { "10.0.20348", "=10", 1 }, { "10.0.20348", "!=10.0", 0 }, { "10.0.20348", "<10.0.20349", 1 },
        { "10.0.20348", "<=10.0.20348", 1 }, { "10.0.20348", "<10.0.20348", 0 },
        { "10.0.20348", "==10.0.20348.1", 0 }, { "10.0.20348", ">=10.0.20348.0", 1 },
        { "10.0.20348", ">=6.3,<10.0.26100", 1 }, { "10.0.26100", ">=6.3,<10.0.26100", 0 },
        { "10.0.20348", " >= 10.0 , != 10.0.14393 ", 1 }, { "10.0.14393", ">=10.0,!=10.0.14393", 0 },
        { "6.3.9600", ">=10.0", 0 }, { "6.3.9600", "<10", 1 }, { "10.0.9", ">=10.0.10", 0 },
        { "10.0", "", -1 }, { "10.0", ",", -1 }, { "10.0", "10.0", -1 }, { "10.0", ">=", -1 },
        { "10.0", ">=10.", -1 }, { "10.0", ">=.0", -1 }, { "10.0", ">=a", -1 }, { "10.0", "=>10", -1 },
        { "10.0", "~=10", -1 }, { "10.0", ">=1.2.3.4.5", -1 }, { "10.0", ">=-1", -1 }, { "10.0", ">=1 2", -1 },
        { "10.0", ">=9999999999", -1 }, { "10.0", "<9,>=", -1 }, { "10.0", "===10", -1 },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        int result = msvmPolicyVersionSatisfies(cases[i].version, cases[i].requires);

        if (result != cases[i].result)
            fail_msg("%s %s: %d, expected %d", cases[i].version, cases[i].requires, result, cases[i].result);
        if (result < 0)
            xml_test_assert_error(VIR_ERR_XML_ERROR, "hypervisor_version_requires");
    }
}


static void
test_properties_of_others_change_nothing(void **state G_GNUC_UNUSED)
{
    XmlTestParts parts = {
        .metadata = "<msvm:image><msvm:property name='os_type' value='windows'/><msvm:property name='hw_disk_bus' "
                    "value='scsi'/><msvm:property name='hypervisor_type' value='HyperV'/></msvm:image>"
                    FLAVOR("hw:cpu_policy", "dedicated"),
    };
    g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

    assert_false(policy->tpm || policy->secure_boot || policy->no_secure_boot || policy->shielded ||
                 policy->encrypt_traffic);
    assert_null(policy->keys[0]);
    assert_int_equal(policy->generation, 0);
}


/* As the driver defines: libvirt's parser collects, too. */
static char *
problems_of(const XmlTestParts *parts)
{
    g_autofree char *xml = xml_test_domain(parts);
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autoptr(virDomainDef) def = virDomainDefParseString(xml, xmlopt, problems, VIR_DOMAIN_DEF_PARSE_INACTIVE);
    g_autoptr(MsvmPlan) plan = NULL;

    assert_non_null(def);
    plan = msvmPlanCollect(def, &xml_test_host_2022, NULL, problems);
    assert_null(plan);
    return msvmProblemsText(problems);
}


static void
test_no_problem_hides_another(void **state G_GNUC_UNUSED)
{
#define NET "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='a'/></interface>"
    static const struct {
        XmlTestParts parts;
        const char *said[8];
    } cases[] = {
        { { .metadata = IMAGE4("hw_machine_type", "q35", "hypervisor_type", "kvm", "os_vtpm_keys", "a,b",
                               "hypervisor_version_requires", "&gt;=99") },
          { "'q35'", "'kvm'", "'>=99'", "'a' is not", "'b' is not" } },
        { { .metadata = "<msvm:policy encryptTraffic='yes'/><msvm:owner guardian='Mine'/>"
                        "<msvm:guardians><msvm:guardian name='Other'/></msvm:guardians>" },
          { "encryptTraffic", "<msvm:owner>", "<msvm:guardians>" } },
        { { .generation = 1, .metadata = FLAVOR("os:secure_boot", "required")
                                         "<msvm:secureBoot template='MicrosoftWindows'/>" },
          { "Secure Boot needs", "<msvm:secureBoot> needs" } },
        { { .metadata = IMAGE4("fsk:", "x", "fsk:a@@b", "x", "fsk:ComputerName", "other", "fsk:Fine", "x") },
          { "'fsk:' names", "'fsk:a@@b' names", "keys are missing", "'other'" } },
        { { .metadata = IMAGE("os_vtpm", "required") FLAVOR("os:vtpm", "disabled"), .devices = NET NET
            "<disk type='block' device='disk'><source dev='/dev/x'/><target dev='sdb' bus='scsi'/></disk>"
            "<disk type='block' device='disk'><source dev='/dev/y'/><target dev='sdc' bus='scsi'/></disk>" },
          { "contradict", "same MAC", "'sdb': type='block'", "'sdc': type='block'" } },
    };
#undef NET
    size_t i, j;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = problems_of(&cases[i].parts);
        g_autofree char *head = NULL;

        for (j = 0; cases[i].said[j]; j++) {
            if (!strstr(text, cases[i].said[j]))
                fail_msg("%s is not in: %s", cases[i].said[j], text);
        }
        head = g_strdup_printf("%zu problems:\n", j);
        if (!g_str_has_prefix(text, head))
            fail_msg("not %s %s", head, text);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell_of_the_tpm_table),
        cmocka_unit_test(test_every_cell_of_the_tables_of_secure_boot_and_shielding),
        cmocka_unit_test(test_secure_boot_of_image_and_firmware_agree),
        cmocka_unit_test(test_values_other_than_the_three_are_refused_by_name),
        cmocka_unit_test(test_other_properties_of_ours_are_checked_too),
        cmocka_unit_test(test_grammar_is_strict_in_our_namespace),
        cmocka_unit_test(test_more_properties_than_the_limit_are_refused),
        cmocka_unit_test(test_elements_of_ours_outside_of_metadata_are_refused),
        cmocka_unit_test(test_keys_come_from_three_places_in_order_and_lower_case),
        cmocka_unit_test(test_bad_keys_are_refused),
        cmocka_unit_test(test_the_limit_of_the_property_is_255_characters),
        cmocka_unit_test(test_shielding_data_are_a_container_and_the_instance_goes_first),
        cmocka_unit_test(test_fabric_values_are_sorted_and_name_the_computer),
        cmocka_unit_test(test_contradictions_of_shielding_data_are_refused),
        cmocka_unit_test(test_shielding_implies_and_contradicts),
        cmocka_unit_test(test_owner_and_template_are_read),
        cmocka_unit_test(test_a_tpm_needs_a_host_of_version_10),
        cmocka_unit_test(test_version_requirements),
        cmocka_unit_test(test_properties_of_others_change_nothing),
        cmocka_unit_test(test_no_problem_hides_another),
    };

    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
