/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_identity.h"
#include "driver/msvm_node.h"
#include "driver/msvm_version.h"

static void
test_versions_keep_every_digit(void **state)
{
    assert_int_equal(msvmVersionPack(10, 0, 20348), 1000020348);
    assert_int_equal(msvmVersionPack(6, 3, 9600), 603009600);
    assert_int_equal(msvmVersionPack(100, 100, 1000000), 9999999999);
}

static void
test_processors_are_limited_by_the_version(void **state)
{
    assert_int_equal(msvmMaxVcpus(6, 9600), 64);
    assert_int_equal(msvmMaxVcpus(10, 10586), 64);
    assert_int_equal(msvmMaxVcpus(10, 14393), 240);
    assert_int_equal(msvmMaxVcpus(10, 17763), 240);
    assert_int_equal(msvmMaxVcpus(10, 20348), 1024);
    assert_int_equal(msvmMaxVcpus(10, 26100), 2048);
}

static void
test_libvirt_versions_are_read(void **state)
{
    assert_int_equal(msvmVersionParse("9.0.0"), 9000000);
    assert_int_equal(msvmVersionParse("12.5.1"), 12005001);
    assert_int_equal(msvmVersionParse("9.0"), 0);
    assert_int_equal(msvmVersionParse("9.0.0-rc1"), 0);
    assert_int_equal(msvmVersionParse("nine"), 0);
}

static void
test_another_libvirt_is_refused_by_name(void **state)
{
    unsigned long running;

    assert_int_equal(virGetVersion(&running, NULL, NULL), 0);
    assert_int_equal(msvmVersionCheck(running), 0);
    assert_int_equal(msvmVersionCheck(running + 1001000), -1);
    test_assert_error(VIR_ERR_CONFIG_UNSUPPORTED, "and cannot serve libvirt 10.1.0");
}

static void
test_the_node_is_described_within_libvirts_limits(void **state)
{
    HypervNode node = { .cpu_model = (char *)"Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", .cpu_mhz = 2800,
                        .sockets = 2, .cores = 16, .threads = 2, .memory_kib = 1u << 28 };
    virNodeInfo info;

    msvmNodeInfoFill(&info, &node);
    assert_string_equal(info.model, "Intel Xeon Platinum 8370C @ 2.8");
    assert_int_equal(info.cpus, 64);
    assert_int_equal(info.sockets, 2);
    assert_int_equal(info.cores, 16);
    assert_int_equal(info.threads, 2);
    assert_int_equal(info.nodes, 1);
    assert_int_equal(info.memory, 1u << 28);
    node = (HypervNode){ 0 };
    msvmNodeInfoFill(&info, &node);
    assert_int_equal(info.cpus, 1);
    assert_string_equal(info.model, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_keep_every_digit),
        cmocka_unit_test(test_processors_are_limited_by_the_version),
        cmocka_unit_test(test_libvirt_versions_are_read),
        cmocka_unit_test(test_another_libvirt_is_refused_by_name),
        cmocka_unit_test(test_the_node_is_described_within_libvirts_limits),
    };

    return cmocka_run_group_tests_name("driver/identity", tests, test_setup_libvirt, NULL);
}
