/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keymgr/keymgr_secret.h"

#define CANARY "canary-of-a-key-0123456789abcdef"

/* Stands before libc's: looks at every region that is given back. While
 * watching, a region that still holds the canary is counted. */
static gboolean watching;
static guint unmapped;
static guint unmapped_dirty;

int munmap(void *pages, size_t size);

int
munmap(void *pages, size_t size)
{
    if (watching) {
        gsize i;

        unmapped++;
        for (i = 0; i < size; i++) {
            if (((const guint8 *)pages)[i]) {
                unmapped_dirty++;
                break;
            }
        }
    }
    return (int)syscall(SYS_munmap, pages, size);
}

static void
watch(gboolean on)
{
    watching = on;
    if (on)
        unmapped = unmapped_dirty = 0;
}

static void
test_holds_a_copy(void **state)
{
    char bytes[] = CANARY;
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new(bytes, sizeof(bytes));

    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(keymgr_secret_size(secret), sizeof(CANARY));
    assert_memory_equal(keymgr_secret_data(secret), CANARY, sizeof(CANARY));
}

static void
test_last_unref_wipes_before_the_pages_go(void **state)
{
    KeymgrSecret *secret = keymgr_secret_new(CANARY, strlen(CANARY));

    keymgr_secret_ref(secret);
    watch(TRUE);
    keymgr_secret_unref(secret);
    assert_int_equal(unmapped, 0);
    keymgr_secret_unref(secret);
    watch(FALSE);
    assert_int_equal(unmapped, 1);
    assert_int_equal(unmapped_dirty, 0);
}

static void
test_growth_wipes_what_it_leaves(void **state)
{
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new_buffer(KEYMGR_SECRET_MAX_SIZE);
    guint i;

    watch(TRUE);
    for (i = 0; i < 10000; i++) {
        if (!keymgr_secret_append(secret, CANARY, strlen(CANARY)))
            break;
    }
    watch(FALSE);
    assert_int_equal(i, 10000);
    assert_true(unmapped >= 5);
    assert_int_equal(unmapped_dirty, 0);
    assert_int_equal(keymgr_secret_size(secret), 10000 * strlen(CANARY));
    for (i = 0; i < 10000; i++)
        assert_memory_equal(keymgr_secret_data(secret) + i * strlen(CANARY), CANARY, strlen(CANARY));
}

static void
test_append_stops_at_the_limit(void **state)
{
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new_buffer(10);

    assert_true(keymgr_secret_append(secret, "123456789", 9));
    assert_false(keymgr_secret_append(secret, "ab", 2));
    assert_false(keymgr_secret_append(secret, CANARY, G_MAXSIZE));
    assert_int_equal(keymgr_secret_size(secret), 9);
    assert_true(keymgr_secret_append(secret, "a", 1));
    assert_false(keymgr_secret_append(secret, "b", 1));
    assert_memory_equal(keymgr_secret_data(secret), "123456789a", 10);
}

/* The VmFlags line of the mapping that holds an address. */
static char *
vm_flags(const void *address)
{
    g_autofree char *smaps = NULL;
    g_auto(GStrv) lines = NULL;
    gboolean inside = FALSE;
    gsize i;

    assert_true(g_file_get_contents("/proc/self/smaps", &smaps, NULL, NULL));
    lines = g_strsplit(smaps, "\n", -1);
    for (i = 0; lines[i]; i++) {
        char *end = NULL;
        guint64 from = g_ascii_strtoull(lines[i], &end, 16);

        if (end && *end == '-') {
            guint64 to = g_ascii_strtoull(end + 1, NULL, 16);

            inside = from <= (guintptr)address && (guintptr)address < to;
        } else if (inside && g_str_has_prefix(lines[i], "VmFlags:")) {
            return g_strdup(lines[i]);
        }
    }
    return NULL;
}

static void
test_pages_are_locked_and_left_out_of_dumps_and_children(void **state)
{
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new(CANARY, strlen(CANARY));
    g_autofree char *flags = vm_flags(keymgr_secret_data(secret));

    assert_non_null(flags);
    assert_non_null(strstr(flags, " dd")); /* not in a core file */
    assert_non_null(strstr(flags, " wf")); /* wiped in a child */
#ifndef __SANITIZE_ADDRESS__ /* as below */
    if (keymgr_secret_all_locked())
        assert_non_null(strstr(flags, " lo"));
#endif
}

static void
test_a_forked_child_reads_zeroes(void **state)
{
    static const guint8 zeroes[sizeof(CANARY)];
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new(CANARY, sizeof(CANARY));
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(memcmp(keymgr_secret_data(secret), zeroes, sizeof(zeroes)) == 0 ? 42 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_memory_equal(keymgr_secret_data(secret), CANARY, sizeof(CANARY));
}

#ifndef __SANITIZE_ADDRESS__ /* it turns mlock() off and reports success */
/* In a child: no privilege, no right to lock. */
static int
without_lock(void)
{
    struct rlimit none = { 0, 0 };
    KeymgrSecret *secret;
    gboolean was = keymgr_secret_all_locked();
    int good;

    if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0))
        return 2;
    secret = keymgr_secret_new(CANARY, sizeof(CANARY));
    good = was && !keymgr_secret_all_locked() &&
           memcmp(keymgr_secret_data(secret), CANARY, sizeof(CANARY)) == 0;
    keymgr_secret_unref(secret);
    return good ? 42 : 1;
}

static void
test_a_refused_lock_is_told_and_harms_nothing(void **state)
{
    int status;
    pid_t child;

    if (!keymgr_secret_all_locked())
        return; /* this machine's limit refuses them all: nothing to compare with */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(without_lock());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_true(keymgr_secret_all_locked());
}

#endif /* __SANITIZE_ADDRESS__ */

static void
test_concat_keeps_order_and_refuses_too_much(void **state)
{
    g_autofree char *half = g_malloc0(KEYMGR_SECRET_MAX_SIZE / 2 + 1);
    g_autoptr(KeymgrSecret) big = keymgr_secret_new(half, KEYMGR_SECRET_MAX_SIZE / 2 + 1);
    g_autoptr(KeymgrSecret) one = keymgr_secret_new("one", 3);
    g_autoptr(KeymgrSecret) none = keymgr_secret_new("", 0);
    g_autoptr(KeymgrSecret) two = keymgr_secret_new("two", 3);
    KeymgrSecret *const parts[] = { one, none, two };
    KeymgrSecret *const too_big[] = { big, big };
    g_autoptr(KeymgrSecret) whole = keymgr_secret_concat(parts, 3);
    g_autoptr(KeymgrSecret) empty = keymgr_secret_concat(parts, 0);

    assert_int_equal(keymgr_secret_size(whole), 6);
    assert_memory_equal(keymgr_secret_data(whole), "onetwo", 6);
    assert_int_equal(keymgr_secret_size(empty), 0);
    assert_null(keymgr_secret_concat(too_big, 2));
}

static void
test_equal_compares_size_and_bytes(void **state)
{
    g_autoptr(KeymgrSecret) a = keymgr_secret_new("abc", 3);
    g_autoptr(KeymgrSecret) same = keymgr_secret_new("abc", 3);
    g_autoptr(KeymgrSecret) other = keymgr_secret_new("abd", 3);
    g_autoptr(KeymgrSecret) longer = keymgr_secret_new("abcd", 4);

    assert_true(keymgr_secret_equal(a, same));
    assert_false(keymgr_secret_equal(a, other));
    assert_false(keymgr_secret_equal(a, longer));
}

static gpointer
use_references(gpointer secret)
{
    guint i;

    for (i = 0; i < 50000; i++)
        keymgr_secret_unref(keymgr_secret_ref(secret));
    keymgr_secret_unref(secret);
    return NULL;
}

static void
test_references_are_safe_across_threads(void **state)
{
    KeymgrSecret *secret = keymgr_secret_new(CANARY, strlen(CANARY));
    GThread *threads[8];
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("ref", use_references, keymgr_secret_ref(secret));
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    watch(TRUE);
    keymgr_secret_unref(secret);
    watch(FALSE);
    assert_int_equal(unmapped, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds_a_copy),
        cmocka_unit_test(test_last_unref_wipes_before_the_pages_go),
        cmocka_unit_test(test_growth_wipes_what_it_leaves),
        cmocka_unit_test(test_append_stops_at_the_limit),
        cmocka_unit_test(test_pages_are_locked_and_left_out_of_dumps_and_children),
        cmocka_unit_test(test_a_forked_child_reads_zeroes),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_a_refused_lock_is_told_and_harms_nothing),
#endif
        cmocka_unit_test(test_concat_keeps_order_and_refuses_too_much),
        cmocka_unit_test(test_equal_compares_size_and_bytes),
        cmocka_unit_test(test_references_are_safe_across_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
