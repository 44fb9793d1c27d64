/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The collector of problems: its limits, its texts, the code that it reports.
 */
#include <config.h>

#include "tests/xml/xml_test.h"
#include "xml/msvm_problems.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static void
test_nothing_is_no_error(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    assert_int_equal(msvmProblemsReport(problems), 0);
    assert_null(msvmProblemsText(problems));
    assert_null(virGetLastError());
}


static void
test_one_is_said_as_it_is(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, "/domain/tpm", "a %s%%", "thing");
    assert_int_equal(msvmProblemsReport(problems), -1);
    assert_int_equal(virGetLastError()->code, VIR_ERR_XML_ERROR);
    assert_string_equal(virGetLastError()->str2, "a thing%");
    assert_string_equal(msvmProblemsGet(problems, 0)->where, "/domain/tpm");
    virResetLastError();
}


static void
test_several_are_numbered_and_the_first_has_the_code(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    msvmProblemsAdd(problems, VIR_ERR_OPERATION_INVALID, NULL, "one");
    msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, NULL, "two");
    msvmProblemsAdd(problems, VIR_ERR_OPERATION_INVALID, NULL, "one");
    assert_int_equal(msvmProblemsReport(problems), -1);
    assert_int_equal(virGetLastError()->code, VIR_ERR_OPERATION_INVALID);
    assert_string_equal(virGetLastError()->str2, "2 problems:\n1. one\n2. two");
    virResetLastError();
}


static void
test_an_error_is_caught_without_libvirts_words(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    assert_int_equal(msvmProblemsCatch(problems, 7, NULL), 7);
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s", "no such thing");
    assert_int_equal(msvmProblemsCatch(problems, -1, "/domain"), -1);
    assert_null(virGetLastError());
    assert_int_equal(msvmProblemsCount(problems), 1);
    assert_int_equal(msvmProblemsGet(problems, 0)->code, VIR_ERR_CONFIG_UNSUPPORTED);
    assert_string_equal(msvmProblemsGet(problems, 0)->text, "no such thing");
    assert_string_equal(msvmProblemsGet(problems, 0)->where, "/domain");
}


static void
test_a_failure_without_an_error_is_a_problem(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();

    assert_int_equal(msvmProblemsCatch(problems, -1, NULL), -1);
    assert_int_equal(msvmProblemsGet(problems, 0)->code, VIR_ERR_INTERNAL_ERROR);
}


static void
test_too_many_are_counted(void **state G_GNUC_UNUSED)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autofree char *text = NULL;
    unsigned int i;

    for (i = 0; i < MSVM_PROBLEMS_MAX + 3; i++)
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, NULL, "problem %u", i);
    assert_int_equal(msvmProblemsCount(problems), MSVM_PROBLEMS_MAX + 3);
    text = msvmProblemsText(problems);
    assert_true(g_str_has_prefix(text, "67 problems:\n1. problem 0\n"));
    assert_true(g_str_has_suffix(text, "\n... and 3 more"));
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_no_error),
        cmocka_unit_test(test_one_is_said_as_it_is),
        cmocka_unit_test(test_several_are_numbered_and_the_first_has_the_code),
        cmocka_unit_test(test_an_error_is_caught_without_libvirts_words),
        cmocka_unit_test(test_a_failure_without_an_error_is_a_problem),
        cmocka_unit_test(test_too_many_are_counted),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
