/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "virerror.h"

#include "xml/msvm_policy.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define VERSION_MAX_COMPONENTS 4
#define VERSION_MAX_DIGITS 9

typedef struct {
    guint64 part[VERSION_MAX_COMPONENTS];
    guint n;
} MsvmVersion;

/* Longest first: "<" is the beginning of "<=". */
static const char *const msvmOperators[] = { "<=", ">=", "==", "!=", "<", ">", "=" };


static bool
msvmVersionParse(const char *text, MsvmVersion *version)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", -1);
    guint i;

    memset(version, 0, sizeof(*version));
    version->n = g_strv_length(parts);
    if (version->n == 0 || version->n > VERSION_MAX_COMPONENTS)
        return false;
    for (i = 0; i < version->n; i++) {
        size_t length = strlen(parts[i]);

        if (length == 0 || length > VERSION_MAX_DIGITS || strspn(parts[i], "0123456789") != length)
            return false;
        version->part[i] = g_ascii_strtoull(parts[i], NULL, 10);
    }
    return true;
}


/* Over the first n components; what a version lacks counts as 0. */
static int
msvmVersionCompare(const MsvmVersion *a, const MsvmVersion *b, guint n)
{
    guint i;

    for (i = 0; i < n; i++) {
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    }
    return 0;
}


static bool
msvmVersionHolds(int order, const char *operator)
{
    if (g_str_equal(operator, "<"))
        return order < 0;
    if (g_str_equal(operator, "<="))
        return order <= 0;
    if (g_str_equal(operator, ">"))
        return order > 0;
    if (g_str_equal(operator, ">="))
        return order >= 0;
    if (g_str_equal(operator, "!="))
        return order != 0;
    return order == 0;
}


/* One comparison: -1 malformed, else whether it holds. */
static int
msvmVersionSatisfiesOne(const MsvmVersion *version, const char *comparison)
{
    MsvmVersion wanted;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmOperators); i++) {
        if (g_str_has_prefix(comparison, msvmOperators[i])) {
            g_autofree char *text = g_strdup(comparison + strlen(msvmOperators[i]));

            if (!msvmVersionParse(g_strstrip(text), &wanted))
                return -1;
            return msvmVersionHolds(msvmVersionCompare(version, &wanted, wanted.n), msvmOperators[i]);
        }
    }
    return -1;
}


int
msvmPolicyVersionSatisfies(const char *version, const char *requires)
{
    g_auto(GStrv) comparisons = NULL;
    MsvmVersion have;
    int result = 1;
    size_t i;

    if (!msvmVersionParse(version, &have)) {
        virReportError(VIR_ERR_INTERNAL_ERROR, "malformed version '%s' of a host", version);
        return -1;
    }
    if (strlen(requires) <= MSVM_POLICY_MAX_REQUIRES_LENGTH)
        comparisons = g_strsplit(requires, ",", -1);
    for (i = 0; comparisons && comparisons[i]; i++) {
        int holds = msvmVersionSatisfiesOne(&have, g_strstrip(comparisons[i]));

        if (holds < 0)
            break;
        if (!holds)
            result = 0;
    }
    if (!comparisons || i == 0 || comparisons[i]) {
        virReportError(VIR_ERR_XML_ERROR, "malformed value of image property hypervisor_version_requires: "
                       "'%s'; give comparisons such as '>=10.0,!=10.0.14393'", requires);
        return -1;
    }
    return result;
}
