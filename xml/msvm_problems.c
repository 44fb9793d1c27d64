/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "virerror.h"

#include "xml/msvm_problems.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

struct MsvmProblems {
    GPtrArray *kept;
    size_t left_out;
};


static void
msvmProblemFree(MsvmProblem *problem)
{
    g_free(problem->where);
    g_free(problem->text);
    g_free(problem);
}


MsvmProblems *
msvmProblemsNew(void)
{
    MsvmProblems *problems = g_new0(MsvmProblems, 1);

    problems->kept = g_ptr_array_new_with_free_func((GDestroyNotify)msvmProblemFree);
    return problems;
}


void
msvmProblemsFree(MsvmProblems *problems)
{
    if (!problems)
        return;
    g_ptr_array_unref(problems->kept);
    g_free(problems);
}


static bool
msvmProblemsHas(const MsvmProblems *problems, int code, const char *text)
{
    guint i;

    for (i = 0; i < problems->kept->len; i++) {
        const MsvmProblem *problem = g_ptr_array_index(problems->kept, i);

        if (problem->code == code && g_str_equal(problem->text, text))
            return true;
    }
    return false;
}


static void
msvmProblemsTake(MsvmProblems *problems, int code, const char *where, char *text)
{
    MsvmProblem *problem;

    if (msvmProblemsHas(problems, code, text)) {
        g_free(text);
        return;
    }
    if (problems->kept->len == MSVM_PROBLEMS_MAX) {
        problems->left_out++;
        g_free(text);
        return;
    }
    problem = g_new0(MsvmProblem, 1);
    problem->code = code;
    problem->where = g_strdup(where);
    problem->text = text;
    g_ptr_array_add(problems->kept, problem);
}


void
msvmProblemsAdd(MsvmProblems *problems, int code, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    msvmProblemsTake(problems, code, where, g_strdup_vprintf(format, args));
    va_end(args);
}


void
msvmProblemsAddAll(MsvmProblems *problems, const MsvmProblems *others)
{
    guint i;

    for (i = 0; i < others->kept->len; i++) {
        const MsvmProblem *problem = g_ptr_array_index(others->kept, i);

        msvmProblemsTake(problems, problem->code, problem->where, g_strdup(problem->text));
    }
    problems->left_out += others->left_out;
}


/* libvirt puts words of its own before a text; str2 is the text alone. */
int
msvmProblemsCatch(MsvmProblems *problems, int rc, const char *where)
{
    virErrorPtr error = rc < 0 ? virGetLastError() : NULL;

    if (rc >= 0)
        return rc;
    if (!error || error->code == VIR_ERR_OK)
        msvmProblemsAdd(problems, VIR_ERR_INTERNAL_ERROR, where, "a check failed without saying why");
    else
        msvmProblemsAdd(problems, error->code, where, "%s", error->str2 ? error->str2 : error->message);
    virResetLastError();
    return rc;
}


size_t
msvmProblemsCount(const MsvmProblems *problems)
{
    return problems->kept->len + problems->left_out;
}


const MsvmProblem *
msvmProblemsGet(const MsvmProblems *problems, size_t index)
{
    return g_ptr_array_index(problems->kept, index);
}


char *
msvmProblemsText(const MsvmProblems *problems)
{
    g_autoptr(GString) text = NULL;
    guint i;

    if (problems->kept->len == 0)
        return NULL;
    if (problems->kept->len == 1)
        return g_strdup(msvmProblemsGet(problems, 0)->text);
    text = g_string_new(NULL);
    g_string_append_printf(text, "%zu problems:", msvmProblemsCount(problems));
    for (i = 0; i < problems->kept->len; i++)
        g_string_append_printf(text, "\n%u. %s", i + 1, msvmProblemsGet(problems, i)->text);
    if (problems->left_out > 0)
        g_string_append_printf(text, "\n... and %zu more", problems->left_out);
    return g_string_free(g_steal_pointer(&text), FALSE);
}


int
msvmProblemsReport(const MsvmProblems *problems)
{
    g_autofree char *text = msvmProblemsText(problems);

    if (!text)
        return 0;
    virReportError(msvmProblemsGet(problems, 0)->code, "%s", text);
    return -1;
}
