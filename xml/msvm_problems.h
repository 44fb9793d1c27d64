/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with one definition, collected, so that its author hears of
 * all of it at once. Who checks goes on after a problem as far as what follows
 * still means something.
 *
 *   g_autoptr(MsvmProblems) problems = msvmProblemsNew();
 *
 *   msvmProblemsCatch(problems, check_disks(def), "/domain/devices/disk");
 *   if (!has_guardian)
 *       msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, NULL, "there is no guardian '%s'", name);
 *   return msvmProblemsReport(problems);
 *
 * Not for several threads at once: a collector belongs to one call.
 */
#pragma once

#include <stddef.h>

#include <glib.h>

/* More than these are counted, not kept. */
#define MSVM_PROBLEMS_MAX 64

typedef struct {
    int code;    /* virErrorNumber */
    char *where; /* XPath of what is wrong, with the prefix msvm for our namespace; or NULL */
    char *text;  /* without libvirt's own words for the code */
} MsvmProblem;

typedef struct MsvmProblems MsvmProblems;

MsvmProblems *msvmProblemsNew(void);
void msvmProblemsFree(MsvmProblems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmProblems, msvmProblemsFree)

/* where: copied, may be NULL. The same problem twice is kept once. */
void msvmProblemsAdd(MsvmProblems *problems, int code, const char *where, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Copies those of others to the end. */
void msvmProblemsAddAll(MsvmProblems *problems, const MsvmProblems *others);

/* Where rc is negative, makes a problem of this thread's last libvirt error,
 * and clears it. Returns rc. */
int msvmProblemsCatch(MsvmProblems *problems, int rc, const char *where);

size_t msvmProblemsCount(const MsvmProblems *problems);
/* index: less than MSVM_PROBLEMS_MAX and than the count. Borrowed. */
const MsvmProblem *msvmProblemsGet(const MsvmProblems *problems, size_t index);

/* 0 when there are none. Else -1 with an error reported whose code is that of
 * the first problem: its text alone, or a numbered list, a line for each. */
int msvmProblemsReport(const MsvmProblems *problems);

/* The same text without reporting it, for other outputs: caller frees; NULL
 * when there are none. */
char *msvmProblemsText(const MsvmProblems *problems);
