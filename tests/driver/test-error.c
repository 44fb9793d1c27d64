/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_error.h"
#include "hyperv/hyperv_error.h"
#include "keymgr/keymgr_error.h"
#include "wsman/wsman_error.h"

#include <gio/gio.h>

/* What users and orchestrators branch on, spelled out apart from the table. */
static const struct {
    GQuark (*domain)(void);
    int code;
    int number;
} promised[] = {
    { wsman_error_quark, WSMAN_ERROR_CONFIG, VIR_ERR_CONFIG_UNSUPPORTED },
    { wsman_error_quark, WSMAN_ERROR_CONNECT, VIR_ERR_SYSTEM_ERROR },
    { wsman_error_quark, WSMAN_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { wsman_error_quark, WSMAN_ERROR_TLS, VIR_ERR_SYSTEM_ERROR },
    { wsman_error_quark, WSMAN_ERROR_AUTH, VIR_ERR_AUTH_FAILED },
    { wsman_error_quark, WSMAN_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { wsman_error_quark, WSMAN_ERROR_HTTP, VIR_ERR_HTTP_ERROR },
    { wsman_error_quark, WSMAN_ERROR_PROTOCOL, VIR_ERR_RPC },
    { wsman_error_quark, WSMAN_ERROR_LIMIT, VIR_ERR_RPC },
    { wsman_error_quark, WSMAN_ERROR_NOT_FOUND, VIR_ERR_OPERATION_FAILED },
    { wsman_error_quark, WSMAN_ERROR_INVALID_CLASS, VIR_ERR_OPERATION_UNSUPPORTED },
    { wsman_error_quark, WSMAN_ERROR_INVALID_METHOD, VIR_ERR_OPERATION_UNSUPPORTED },
    { wsman_error_quark, WSMAN_ERROR_FAULT, VIR_ERR_OPERATION_FAILED },
    { hyperv_error_quark, HYPERV_ERROR_NO_HYPERV, VIR_ERR_OPERATION_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_HOST_TOO_OLD, VIR_ERR_CONFIG_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_NO_MACHINE, VIR_ERR_NO_DOMAIN },
    { hyperv_error_quark, HYPERV_ERROR_NO_SWITCH, VIR_ERR_NO_NETWORK },
    { hyperv_error_quark, HYPERV_ERROR_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { hyperv_error_quark, HYPERV_ERROR_INVALID_PARAMETER, VIR_ERR_INVALID_ARG },
    { hyperv_error_quark, HYPERV_ERROR_INVALID_STATE, VIR_ERR_OPERATION_INVALID },
    { hyperv_error_quark, HYPERV_ERROR_IN_USE, VIR_ERR_RESOURCE_BUSY },
    { hyperv_error_quark, HYPERV_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { hyperv_error_quark, HYPERV_ERROR_FAILED, VIR_ERR_OPERATION_FAILED },
    { hyperv_error_quark, HYPERV_ERROR_JOB_FAILED, VIR_ERR_OPERATION_FAILED },
    { hyperv_error_quark, HYPERV_ERROR_NOT_APPLIED, VIR_ERR_OPERATION_FAILED },
    { hyperv_error_quark, HYPERV_ERROR_GUARD_MODE, VIR_ERR_CONFIG_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_NO_GUARDIAN, VIR_ERR_CONFIG_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_INVALID_PROTECTOR, VIR_ERR_INVALID_SECRET },
    { hyperv_error_quark, HYPERV_ERROR_PROTECTOR_IN_USE, VIR_ERR_OPERATION_INVALID },
    { hyperv_error_quark, HYPERV_ERROR_NO_FEATURE, VIR_ERR_CONFIG_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_POLICY, VIR_ERR_CONFIG_UNSUPPORTED },
    { hyperv_error_quark, HYPERV_ERROR_NOT_AUTHORISED, VIR_ERR_CONFIG_UNSUPPORTED },
    { keymgr_error_quark, KEYMGR_ERROR_CONFIG, VIR_ERR_CONFIG_UNSUPPORTED },
    { keymgr_error_quark, KEYMGR_ERROR_INVALID_REFERENCE, VIR_ERR_INVALID_ARG },
    { keymgr_error_quark, KEYMGR_ERROR_NOT_FOUND, VIR_ERR_NO_SECRET },
    { keymgr_error_quark, KEYMGR_ERROR_NO_PAYLOAD, VIR_ERR_NO_SECRET },
    { keymgr_error_quark, KEYMGR_ERROR_INVALID_SECRET, VIR_ERR_INVALID_SECRET },
    { keymgr_error_quark, KEYMGR_ERROR_AUTH, VIR_ERR_AUTH_FAILED },
    { keymgr_error_quark, KEYMGR_ERROR_ACCESS_DENIED, VIR_ERR_ACCESS_DENIED },
    { keymgr_error_quark, KEYMGR_ERROR_UNAVAILABLE, VIR_ERR_SYSTEM_ERROR },
    { keymgr_error_quark, KEYMGR_ERROR_TIMEOUT, VIR_ERR_OPERATION_TIMEOUT },
    { keymgr_error_quark, KEYMGR_ERROR_TLS, VIR_ERR_SYSTEM_ERROR },
    { keymgr_error_quark, KEYMGR_ERROR_HTTP, VIR_ERR_HTTP_ERROR },
    { keymgr_error_quark, KEYMGR_ERROR_PROTOCOL, VIR_ERR_RPC },
    { keymgr_error_quark, KEYMGR_ERROR_LIMIT, VIR_ERR_INVALID_SECRET },
    { keymgr_error_quark, KEYMGR_ERROR_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED },
    { keymgr_error_quark, KEYMGR_ERROR_EXISTS, VIR_ERR_OPERATION_INVALID },
    { g_io_error_quark, G_IO_ERROR_CANCELLED, VIR_ERR_OPERATION_ABORTED },
    { g_io_error_quark, G_IO_ERROR_TIMED_OUT, VIR_ERR_OPERATION_TIMEOUT },
    { g_io_error_quark, G_IO_ERROR_FAILED, VIR_ERR_INTERNAL_ERROR },
    { g_file_error_quark, G_FILE_ERROR_ACCES, VIR_ERR_INTERNAL_ERROR },
};

static void
test_every_error_has_the_promised_code(void **state)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(promised); i++) {
        g_autoptr(GError) error = g_error_new(promised[i].domain(), promised[i].code, "why");

        if (msvmErrorNumber(error) != promised[i].number)
            fail_msg("%s %d gives %d", g_quark_to_string(error->domain), error->code, msvmErrorNumber(error));
        msvmReportError(error, "hv01", "cannot start domain '%s'", "vm");
        test_assert_error(promised[i].number, "cannot start domain 'vm' on host 'hv01': why");
    }
}

static void
assert_complete(GQuark domain, int last)
{
    const MsvmErrorRow *rows = msvmErrorRows(domain);
    int code;

    for (code = 0; code <= last; code++) {
        const MsvmErrorRow *row;
        int count = 0;

        for (row = rows; row->number; row++)
            count += row->code == code;
        if (count != 1)
            fail_msg("%s %d has %d rows", g_quark_to_string(domain), code, count);
    }
}

static void
test_every_code_has_exactly_one_row(void **state)
{
    assert_complete(WSMAN_ERROR, WSMAN_ERROR_FAULT);
    assert_complete(HYPERV_ERROR, HYPERV_ERROR_NOT_AUTHORISED);
    assert_complete(KEYMGR_ERROR, KEYMGR_ERROR_EXISTS);
    assert_null(msvmErrorRows(G_FILE_ERROR));
}

static void
test_a_message_without_host_names_none(void **state)
{
    g_autoptr(GError) error = g_error_new_literal(KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND, "no such secret");

    msvmReportError(error, NULL, "cannot get the keys of domain '%s'", "vm");
    assert_string_equal(virGetLastErrorMessage(),
                        "Secret not found: cannot get the keys of domain 'vm': no such secret");
    assert_int_equal(virGetLastErrorDomain(), VIR_FROM_HYPERV);
}

static void
test_libvirts_misleading_words_are_left_out(void **state)
{
    g_autoptr(GError) unreachable = g_error_new_literal(WSMAN_ERROR, WSMAN_ERROR_CONNECT, "refused");
    g_autoptr(GError) http = g_error_new_literal(KEYMGR_ERROR, KEYMGR_ERROR_HTTP, "HTTP 500");

    msvmReportError(unreachable, NULL, "cannot connect to host '%s'", "hv01");
    assert_string_equal(virGetLastErrorMessage(), "cannot connect to host 'hv01': refused");
    msvmReportError(http, NULL, "cannot get the keys");
    assert_string_equal(virGetLastErrorMessage(), "cannot get the keys: HTTP 500");
    assert_int_equal(virGetLastErrorCode(), VIR_ERR_HTTP_ERROR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_has_the_promised_code),
        cmocka_unit_test(test_every_code_has_exactly_one_row),
        cmocka_unit_test(test_a_message_without_host_names_none),
        cmocka_unit_test(test_libvirts_misleading_words_are_left_out),
    };

    return cmocka_run_group_tests_name("driver/error", tests, test_setup_libvirt, NULL);
}
