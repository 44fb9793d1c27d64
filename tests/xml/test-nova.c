/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nova's own metadata counts like ours; where both speak, they must agree.
 */
#include <config.h>

#include "tests/xml/xml_test.h"

#define NOVA_URI "http://openstack.org/xmlns/libvirt/nova/1.1"
#define IMAGE(n, v) "<nova:image><nova:properties>" PROPERTY(n, v) "</nova:properties></nova:image>"
#define PROPERTY(n, v) "<nova:property name='" n "'>" v "</nova:property>"
#define SPEC(n, v) "<nova:extraSpec name='" n "'>" v "</nova:extraSpec>"
#define FLAVOR(n, v) "<nova:flavor name='f'><nova:extraSpecs>" SPEC(n, v) "</nova:extraSpecs></nova:flavor>"
#define OUR_IMAGE(n, v) "<msvm:image><msvm:property name='" n "' value='" v "'/></msvm:image>"
#define KEY "3f2d8c1e-6a4b-4c5d-8e9f-000000000001"

typedef struct {
    const char *nova; /* inside <nova:instance> */
    const char *ours; /* inside <msvm:security>; NULL: there is none */
    const char *devices;
} Parts;

static MsvmPolicy *
policy_of(const Parts *parts)
{
    g_autofree char *ours = parts->ours ? g_strdup_printf("<msvm:security xmlns:msvm='" MSVM_NAMESPACE_URI
                                                          "'>%s</msvm:security>", parts->ours) : g_strdup("");
    g_autofree char *xml = g_strdup_printf(
        "<domain type='hyperv'><name>n</name><metadata><nova:instance xmlns:nova='" NOVA_URI "'>%s</nova:instance>"
        "%s</metadata><memory>1048576</memory><vcpu>1</vcpu><os firmware='efi'><type arch='x86_64'>hvm</type></os>"
        "<devices>%s</devices></domain>", parts->nova, ours, parts->devices ? parts->devices : "");
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

    return plan ? g_steal_pointer(&plan->policy) : NULL;
}


static MsvmPolicy *
policy_or_fail(const Parts *parts)
{
    MsvmPolicy *policy = policy_of(parts);

    if (!policy)
        fail_msg("%s: %s", parts->nova, virGetLastErrorMessage());
    return policy;
}


static void
assert_refused(const Parts *parts, int code, const char *text)
{
    g_autoptr(MsvmPolicy) policy = policy_of(parts);

    if (policy)
        fail_msg("not refused: %s %s", parts->nova, parts->ours);
    xml_test_assert_error(code, text);
}


static void
test_image_and_flavor_of_nova_decide_as_ours_do(void **state G_GNUC_UNUSED)
{
    static const char *const wishes[] = { NULL, "disabled", "optional", "required" };
    static const int expected[4][4] = { { 0, 0, 0, -1 }, { 0, 0, 0, -1 }, { 0, 0, 0, 1 }, { 1, -1, 1, 1 } };
    size_t image, flavor;

    for (image = 0; image < 4; image++) {
        for (flavor = 0; flavor < 4; flavor++) {
            g_autofree char *i = wishes[image] ? g_strdup_printf(IMAGE("os_vtpm", "%s"), wishes[image]) : NULL;
            g_autofree char *f = wishes[flavor] ? g_strdup_printf(FLAVOR("os:vtpm", "%s"), wishes[flavor]) : NULL;
            g_autofree char *nova = g_strconcat(i ? i : "", f ? f : "", NULL);
            Parts parts = { .nova = nova };

            if (expected[image][flavor] < 0) {
                assert_refused(&parts, VIR_ERR_CONFIG_UNSUPPORTED, "contradict each other");
            } else {
                g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

                assert_int_equal(policy->tpm, expected[image][flavor]);
                assert_int_equal(policy->add_tpm, expected[image][flavor]);
            }
        }
    }
}


static void
test_keys_versions_and_renamed_properties_are_understood(void **state G_GNUC_UNUSED)
{
    const Parts parts = {
        .nova = "<nova:image><nova:properties>" PROPERTY("os_vtpm", "required") PROPERTY("os_vtpm_keys", KEY)
                PROPERTY("img_hv_type", "hyperv") PROPERTY("img_hv_requested_version", "&gt;=10.0")
                PROPERTY("hw_machine_type", "hyperv-gen2") PROPERTY("os_secure_boot", "required")
                "</nova:properties></nova:image>",
    };
    g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

    assert_true(policy->tpm);
    assert_true(policy->secure_boot);
    assert_string_equal(policy->keys[0], KEY);
    assert_null(policy->keys[1]);
    assert_string_equal(policy->version_requires, ">=10.0");
    assert_int_equal(policy->generation, 2);
}


static void
test_ours_and_novas_are_joined(void **state G_GNUC_UNUSED)
{
    const Parts parts = { .nova = FLAVOR("os:vtpm", "required"), .ours = OUR_IMAGE("os_vtpm", "optional") };
    const Parts same = { .nova = IMAGE("os_vtpm", "required"), .ours = OUR_IMAGE("os_vtpm", "required") };
    const Parts renamed = { .nova = IMAGE("img_hv_type", "hyperv"), .ours = OUR_IMAGE("hypervisor_type", "hyperv") };
    g_autoptr(MsvmPolicy) joined = policy_or_fail(&parts);
    g_autoptr(MsvmPolicy) agreed = policy_or_fail(&same);
    g_autoptr(MsvmPolicy) alias = policy_or_fail(&renamed);

    assert_true(joined->tpm);
    assert_true(agreed->tpm);
    assert_false(alias->tpm);
}


static void
test_ours_and_novas_that_differ_are_refused(void **state G_GNUC_UNUSED)
{
    const Parts image = { .nova = IMAGE("os_vtpm", "required"), .ours = OUR_IMAGE("os_vtpm", "optional") };
    const Parts foreign = { .nova = IMAGE("os_distro", "a"), .ours = OUR_IMAGE("os_distro", "b") };

    assert_refused(&image, VIR_ERR_CONFIG_UNSUPPORTED,
                   "image property 'os_vtpm' is 'optional' in <msvm:image> but 'required' in <nova:image>");
    assert_refused(&foreign, VIR_ERR_CONFIG_UNSUPPORTED, "image property 'os_distro'");
}


static void
test_bad_values_are_refused_as_ours_are(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *nova;
        int code;
        const char *text;
    } cases[] = {
        { IMAGE("os_vtpm", "yes"), VIR_ERR_XML_ERROR, "it must be disabled, optional or required" },
        { FLAVOR("os:vtpm", ""), VIR_ERR_XML_ERROR, "it must be disabled, optional or required" },
        { IMAGE("os_vtpm_keys", "x"), VIR_ERR_XML_ERROR, "is not a UUID" },
        { IMAGE("os_vtpm_keys", KEY), VIR_ERR_CONFIG_UNSUPPORTED, "gets no TPM" },
        { IMAGE("hw_machine_type", "q35"), VIR_ERR_XML_ERROR, "hyperv-gen1 or hyperv-gen2" },
        { IMAGE("img_hv_type", "kvm"), VIR_ERR_XML_ERROR, "it must be hyperv" },
        { IMAGE("img_hv_requested_version", "&gt;=99"), VIR_ERR_CONFIG_UNSUPPORTED, "hypervisor_version_requires" },
        { FLAVOR("os:vtpms", "x"), VIR_ERR_XML_ERROR, "unknown flavor extra spec 'os:vtpms'" },
        { IMAGE("a", "1") IMAGE("a", "1"), VIR_ERR_XML_ERROR, "given more than once in <nova:instance>" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Parts parts = { .nova = cases[i].nova };

        assert_refused(&parts, cases[i].code, cases[i].text);
    }
}


static void
test_novas_own_tpm_properties_ask_for_one(void **state G_GNUC_UNUSED)
{
    const Parts flavor = { .nova = FLAVOR("hw:tpm_version", "2.0") };
    const Parts image = { .nova = IMAGE("hw_tpm_version", "2.0"), .devices = XML_TEST_TPM };
    const Parts old = { .nova = FLAVOR("hw:tpm_version", "1.2") };
    const Parts model = { .nova = IMAGE("hw_tpm_model", "tpm-tis") };
    const Parts unknown = { .nova = IMAGE("hw_tpm_version", "3") };
    const Parts off = { .nova = FLAVOR("hw:tpm_version", "2.0") IMAGE("os_vtpm", "disabled") };
    g_autoptr(MsvmPolicy) from_flavor = policy_or_fail(&flavor);
    g_autoptr(MsvmPolicy) from_image = policy_or_fail(&image);

    assert_true(from_flavor->tpm && from_flavor->add_tpm);
    assert_true(from_image->tpm && !from_image->add_tpm);
    assert_refused(&old, VIR_ERR_CONFIG_UNSUPPORTED, "'hw:tpm_version' is 1.2, but the TPM of Hyper-V is 2.0");
    assert_refused(&model, VIR_ERR_CONFIG_UNSUPPORTED, "'hw_tpm_model' is tpm-tis");
    assert_refused(&unknown, VIR_ERR_XML_ERROR, "it must be 2.0 or 1.2");
    assert_refused(&off, VIR_ERR_CONFIG_UNSUPPORTED, "come out as no TPM");
}


static void
test_what_is_not_ours_to_know_is_left_alone(void **state G_GNUC_UNUSED)
{
    const Parts parts = {
        .nova = "<nova:new a='1'><nova:properties/></nova:new><nova:properties>" PROPERTY("os_vtpm", "required")
                "</nova:properties><image xmlns='urn:x'/>" IMAGE("hw_video_model", "vga")
                "<nova:flavor><nova:extraSpecs><nova:extraSpec>x</nova:extraSpec></nova:extraSpecs></nova:flavor>",
    };
    g_autoptr(MsvmPolicy) policy = policy_or_fail(&parts);

    assert_false(policy->tpm);
}


static void
test_too_many_properties_are_refused(void **state G_GNUC_UNUSED)
{
    g_autoptr(GString) nova = g_string_new("<nova:image><nova:properties>");
    Parts parts = { .nova = NULL };
    int i;

    for (i = 0; i <= 256; i++)
        g_string_append_printf(nova, PROPERTY("p%d", "v"), i);
    g_string_append(nova, "</nova:properties></nova:image>");
    parts.nova = nova->str;
    assert_refused(&parts, VIR_ERR_XML_ERROR, "more than 256");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_and_flavor_of_nova_decide_as_ours_do),
        cmocka_unit_test(test_keys_versions_and_renamed_properties_are_understood),
        cmocka_unit_test(test_ours_and_novas_are_joined),
        cmocka_unit_test(test_ours_and_novas_that_differ_are_refused),
        cmocka_unit_test(test_bad_values_are_refused_as_ours_are),
        cmocka_unit_test(test_novas_own_tpm_properties_ask_for_one),
        cmocka_unit_test(test_what_is_not_ours_to_know_is_left_alone),
        cmocka_unit_test(test_too_many_properties_are_refused),
    };

    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
