/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The libvirt backend's lists of a store that is bigger than a list may be.
 * libvirt's own driver takes minutes to load so many, so that its functions
 * are replaced here.
 */
#include "keymgr/keymgr_definition.h"
#include "tests/keymgr/keymgr_test.h"

#include <stdlib.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "keymgr/keymgr_backend.h"

static int stored;

virConnectPtr
virConnectOpen(const char *uri)
{
    return (virConnectPtr)&stored;
}

int
virConnectRef(virConnectPtr connection)
{
    return 0;
}

int
virConnectClose(virConnectPtr connection)
{
    return 0;
}

int
virConnectIsAlive(virConnectPtr connection)
{
    return 1;
}

char *
virConnectGetURI(virConnectPtr connection)
{
    return strdup("secret:///system");
}

void
virConnSetErrorFunc(virConnectPtr connection, void *opaque, virErrorFunc handler)
{
}

/* A secret is its number, from 1. */
int
virConnectListAllSecrets(virConnectPtr connection, virSecretPtr **secrets, unsigned int flags)
{
    gsize i;

    *secrets = calloc((gsize)stored + 1, sizeof(virSecretPtr));
    for (i = 0; i < (gsize)stored; i++)
        (*secrets)[i] = (virSecretPtr)(i + 1);
    return stored;
}

int
virSecretFree(virSecretPtr secret)
{
    return 0;
}

int
virSecretGetUsageType(virSecretPtr secret)
{
    return VIR_SECRET_USAGE_TYPE_VTPM;
}

const char *
virSecretGetUsageID(virSecretPtr secret)
{
    return (gsize)secret % 2 == 0 ? "even" : "odd";
}

int
virSecretGetUUIDString(virSecretPtr secret, char *uuid)
{
    g_snprintf(uuid, VIR_UUID_STRING_BUFLEN, "6f1c24c8-5bd7-4a4e-9f43-%012zx", (gsize)secret);
    return 0;
}

static Keymgr *
open_store(void)
{
    return keymgr_test_new("[keymgr]\nbackend=libvirt\n[libvirt]\nuri=secret:///system\n");
}

static void
check_page(const char *name, guint offset, guint limit, guint length, guint wanted)
{
    const KeymgrListOptions options = { name, offset, limit };
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GError) error = NULL;
    guint total = 0;
    g_autoptr(GPtrArray) infos = keymgr_list(keymgr, &options, &total, NULL, &error);

    if (!infos)
        fail_msg("%s", error->message);
    assert_int_equal(infos->len, length);
    assert_int_equal(total, wanted);
}

static void
check_too_many(const char *name)
{
    const KeymgrListOptions options = { name, 0, 0 };
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_list(keymgr, &options, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "libvirt's secrets at secret:///system|10000");
}

static void
test_a_list_that_is_too_long_is_refused_and_not_cut(void **state)
{
    stored = KEYMGR_LIST_MAX;
    check_page(NULL, 0, 0, KEYMGR_LIST_MAX, KEYMGR_LIST_MAX);
    stored = KEYMGR_LIST_MAX + 1;
    check_too_many(NULL);
    stored = 2 * KEYMGR_LIST_MAX + 1;
    check_too_many("odd");
}

static void
test_parts_of_a_long_list_have_its_right_total(void **state)
{
    stored = KEYMGR_LIST_MAX + 5;
    check_page(NULL, 0, 3, 3, KEYMGR_LIST_MAX + 5);
    check_page(NULL, KEYMGR_LIST_MAX, 10, 5, KEYMGR_LIST_MAX + 5);
    check_page(NULL, 5, 0, KEYMGR_LIST_MAX, KEYMGR_LIST_MAX + 5);
    check_page("even", 0, 0, (KEYMGR_LIST_MAX + 5) / 2, (KEYMGR_LIST_MAX + 5) / 2);
}

static void
test_definitions_that_are_too_many_are_refused(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL;

    stored = KEYMGR_LIST_MAX;
    all = keymgr_list_definitions(keymgr, 0, NULL, FALSE, NULL, &error);
    assert_non_null(all);
    assert_int_equal(all->len, KEYMGR_LIST_MAX);
    stored = KEYMGR_LIST_MAX + 1;
    assert_null(keymgr_list_definitions(keymgr, 0, NULL, FALSE, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "10001|10000");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_that_is_too_long_is_refused_and_not_cut),
        cmocka_unit_test(test_parts_of_a_long_list_have_its_right_total),
        cmocka_unit_test(test_definitions_that_are_too_many_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
