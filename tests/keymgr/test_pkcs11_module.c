/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pkcs11 backend with a module that hangs, lies and counts.
 */
#include "tests/keymgr/keymgr_test.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "keymgr/keymgr_backend.h"
#include "keymgr/keymgr_pkcs11_token.h"
#include "keymgr/keymgr_worker.h"
#include "tests/keymgr/fake_pkcs11.h"

#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
/* More than a bounded call may take, on a loaded machine. */
#define PATIENCE (20 * G_TIME_SPAN_SECOND)

static char *module_path;
static FakePkcs11 *fake;

static void
set_hang(FakePlace place)
{
    pthread_mutex_lock(&fake->lock);
    fake->hang = place;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

/* Until a counter of the module has a value. */
static void
await(const unsigned *counter, unsigned value)
{
    gint64 end = g_get_monotonic_time() + PATIENCE;
    gboolean is = FALSE;

    while (!is && g_get_monotonic_time() < end) {
        pthread_mutex_lock(&fake->lock);
        is = *counter == value;
        pthread_mutex_unlock(&fake->lock);
        if (!is)
            g_usleep(1000);
    }
    assert_true(is);
}

static int
reset(void **state)
{
    pthread_mutex_lock(&fake->lock);
    fake->hang = FAKE_NOWHERE;
    fake->logins = fake->created = fake->destroyed = 0;
    fake->token_flags = 0;
    fake->slots = fake->tokens = fake->objects = 1;
    fake->size = fake->given = 5;
    fake->read_result = CKR_OK;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
    return 0;
}

static int
setup(void **state)
{
    void *module;

    module_path = g_build_filename(g_getenv("MSVM_BUILDDIR") ? g_getenv("MSVM_BUILDDIR") : ".", "tests", "keymgr",
                                   ".libs", "fake-pkcs11.so", NULL);
    module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    if (!module)
        fail_msg("%s", dlerror());
    fake = dlsym(module, "fake_pkcs11");
    assert_non_null(fake);
    return reset(state);
}

static int
teardown(void **state)
{
    g_free(module_path);
    return 0;
}

static Keymgr *
open_store(const char *pin, const char *timeout)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=pkcs11\n[pkcs11]\nlibrary_path=%s\ntoken_label=fake\n"
                                            "total_timeout=%s\n%s%s\n", module_path, timeout, pin ? "pin=" : "",
                                            pin ? pin : "");

    return keymgr_test_new(text);
}

static GPtrArray *
fetch(Keymgr *keymgr, GCancellable *cancellable, GError **error)
{
    const char *const references[] = { ID, NULL };

    return keymgr_fetch(keymgr, references, cancellable, error);
}

static void
check_refusal(Keymgr *keymgr, KeymgrError code, const char *words)
{
    g_autoptr(GError) error = NULL;

    assert_null(fetch(keymgr, NULL, &error));
    keymgr_test_error(&error, code, words);
}

static void
check_success(Keymgr *keymgr)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = fetch(keymgr, NULL, &error);

    if (!secrets)
        fail_msg("%s", error->message);
    keymgr_test_bytes(secrets, 0, "vvvvv", 5);
}

static void
test_a_module_that_hangs_anywhere_ends_in_a_timeout_and_works_afterwards(void **state)
{
    static const FakePlace places[] = { FAKE_INITIALIZE, FAKE_SLOTS, FAKE_LOGIN, FAKE_FIND, FAKE_READ };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(places); i++) {
        gint64 start = g_get_monotonic_time();
        g_autoptr(Keymgr) stuck = open_store("right", "0.1");
        g_autoptr(Keymgr) patient = open_store("right", "20");

        set_hang(places[i]);
        check_refusal(stuck, KEYMGR_ERROR_TIMEOUT, "pkcs11:token=fake|no answer in time");
        assert_true(g_get_monotonic_time() - start < PATIENCE);
        set_hang(FAKE_NOWHERE);
        await(&fake->sessions, 0);
        check_success(patient);
    }
}

static void
test_closing_a_module_that_hangs_is_bounded(void **state)
{
    Keymgr *keymgr = open_store("right", "0.2");
    gint64 start = g_get_monotonic_time();

    check_success(keymgr);
    set_hang(FAKE_FINALIZE);
    keymgr_unref(keymgr);
    assert_true(g_get_monotonic_time() - start < PATIENCE);
    await(&fake->waiting, 1);
    set_hang(FAKE_NOWHERE);
    await(&fake->waiting, 0);
}

static gpointer
cancel_when_it_hangs(gpointer cancellable)
{
    await(&fake->waiting, 1);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void
test_a_hanging_call_is_cancelled_at_once(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "60");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();
    GThread *thread;

    set_hang(FAKE_READ);
    thread = g_thread_new("cancel", cancel_when_it_hangs, cancellable);
    assert_null(fetch(keymgr, cancellable, &error));
    g_thread_join(thread);
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - start < PATIENCE);
    set_hang(FAKE_NOWHERE);
    await(&fake->sessions, 0);
}

static void
test_calls_that_never_come_back_are_counted(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "0.01");
    guint i;

    set_hang(FAKE_SLOTS);
    for (i = 0; i < KEYMGR_WORKER_MAX_LOST; i++)
        check_refusal(keymgr, KEYMGR_ERROR_TIMEOUT, "in time");
    check_refusal(keymgr, KEYMGR_ERROR_UNAVAILABLE, "16 earlier calls");
    await(&fake->waiting, KEYMGR_WORKER_MAX_LOST);
    set_hang(FAKE_NOWHERE);
    await(&fake->waiting, 0);
}

static void
test_a_call_that_was_given_up_does_not_show_the_pin_later(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "0.1");

    set_hang(FAKE_SLOTS);
    check_refusal(keymgr, KEYMGR_ERROR_TIMEOUT, "in time");
    set_hang(FAKE_NOWHERE);
    g_clear_pointer(&keymgr, keymgr_unref);
    await(&fake->waiting, 0);
    await(&fake->sessions, 0);
    assert_int_equal(fake->logins, 0);
}

static gpointer
fetch_some(gpointer keymgr)
{
    guint refused = 0;
    guint i;

    for (i = 0; i < 5; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) secrets = fetch(keymgr, NULL, &error);

        refused += !secrets && g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_AUTH);
    }
    return GUINT_TO_POINTER(refused);
}

static void
test_a_wrong_pin_is_tried_once_by_all_threads_and_connections(void **state)
{
    g_autoptr(Keymgr) first = open_store("wrong", "20");
    g_autoptr(Keymgr) second = open_store("wrong", "20");
    g_autoptr(Keymgr) right = open_store("right", "20");
    GThread *threads[8];
    guint refused = 0;
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("fetch", fetch_some, i % 2 ? first : second);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        refused += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    assert_int_equal(refused, 40);
    assert_int_equal(fake->logins, 1);
    check_refusal(first, KEYMGR_ERROR_AUTH, "pkcs11:token=fake|refused before|not tried again");
    check_success(right);
    assert_int_equal(fake->logins, 2);
}

static void
test_the_last_try_and_a_locked_token_are_left_alone(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "20");

    fake->token_flags = CKF_USER_PIN_FINAL_TRY;
    check_refusal(keymgr, KEYMGR_ERROR_AUTH, "pkcs11:token=fake|last try");
    fake->token_flags = CKF_USER_PIN_LOCKED;
    check_refusal(keymgr, KEYMGR_ERROR_AUTH, "pkcs11:token=fake|locked");
    assert_int_equal(fake->logins, 0);
}

static void
test_without_a_pin_there_is_no_login(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store(NULL, "20");

    check_success(keymgr);
    assert_int_equal(fake->logins, 0);
}

static void
test_what_was_stored_too_late_is_taken_back(void **state)
{
    const KeymgrNewSecret description = { .name = "late" };
    g_autoptr(Keymgr) keymgr = open_store("right", "0.2");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("value", 5);
    g_autoptr(GError) error = NULL;

    set_hang(FAKE_CREATE);
    assert_null(keymgr_store(keymgr, &description, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "in time");
    await(&fake->waiting, 1);
    set_hang(FAKE_NOWHERE);
    await(&fake->destroyed, 1);
    await(&fake->sessions, 0);
    assert_int_equal(fake->created, 1);
}

static void
test_values_that_lie_about_themselves(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "20");

    fake->size = KEYMGR_SECRET_MAX_SIZE + 1;
    check_refusal(keymgr, KEYMGR_ERROR_LIMIT, ID "|1048576");
    fake->size = (CK_ULONG)-1;
    check_refusal(keymgr, KEYMGR_ERROR_NO_PAYLOAD, ID);
    fake->size = 0;
    check_refusal(keymgr, KEYMGR_ERROR_NO_PAYLOAD, ID "|empty");
    fake->size = 6;
    check_refusal(keymgr, KEYMGR_ERROR_PROTOCOL, ID "|size changed");
    fake->read_result = CKR_ATTRIBUTE_SENSITIVE;
    check_refusal(keymgr, KEYMGR_ERROR_ACCESS_DENIED, ID);
    fake->read_result = CKR_DEVICE_REMOVED;
    check_refusal(keymgr, KEYMGR_ERROR_UNAVAILABLE, ID "|0x32");
}

static void
test_a_list_without_end_is_cut(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "20");
    g_autoptr(GError) error = NULL;

    fake->objects = (CK_ULONG)-1;
    assert_null(keymgr_test_list(keymgr, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "more than 10000");
    assert_null(keymgr_describe(keymgr, ID, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_SECRET, ID "|several");
}

static void
test_slots_and_tokens_that_are_too_many(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "20");

    fake->slots = fake->tokens = 2;
    check_refusal(keymgr, KEYMGR_ERROR_CONFIG, "2 tokens fit|token_serial_number");
    fake->tokens = 0;
    check_refusal(keymgr, KEYMGR_ERROR_UNAVAILABLE, "no such token (0 others: none)");
    fake->slots = fake->tokens = KEYMGR_PKCS11_MAX_SLOTS + 1;
    check_refusal(keymgr, KEYMGR_ERROR_UNAVAILABLE, "no such token|a module says");
}

static void
test_more_references_than_the_limit(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("right", "20");
    const char *references[KEYMGR_MAX_REFERENCES + 2] = { NULL };
    g_autoptr(GError) error = NULL;
    gsize i;

    for (i = 0; i <= KEYMGR_MAX_REFERENCES; i++)
        references[i] = ID;
    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_LIMIT, "256");
    assert_int_equal(fake->logins, 0);
}

/* Last: this process shows the token no further PIN. */
static void
test_many_different_wrong_pins_end_in_none_being_shown(void **state)
{
    g_autoptr(Keymgr) right = open_store("right", "20");
    guint i;

    for (i = 0; i < 2 * KEYMGR_PKCS11_MAX_REFUSED; i++) {
        g_autofree char *pin = g_strdup_printf("guess-%u", i);
        g_autoptr(Keymgr) keymgr = open_store(pin, "20");

        check_refusal(keymgr, KEYMGR_ERROR_AUTH, "token=fake");
    }
    /* One was refused by an earlier case. */
    assert_int_equal(fake->logins, KEYMGR_PKCS11_MAX_REFUSED - 1);
    check_refusal(right, KEYMGR_ERROR_AUTH, "not tried again");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, reset, NULL)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_module_that_hangs_anywhere_ends_in_a_timeout_and_works_afterwards),
        CASE(test_closing_a_module_that_hangs_is_bounded),
        CASE(test_a_hanging_call_is_cancelled_at_once),
        CASE(test_calls_that_never_come_back_are_counted),
        CASE(test_a_call_that_was_given_up_does_not_show_the_pin_later),
        CASE(test_a_wrong_pin_is_tried_once_by_all_threads_and_connections),
        CASE(test_the_last_try_and_a_locked_token_are_left_alone),
        CASE(test_without_a_pin_there_is_no_login),
        CASE(test_what_was_stored_too_late_is_taken_back),
        CASE(test_values_that_lie_about_themselves),
        CASE(test_a_list_without_end_is_cut),
        CASE(test_slots_and_tokens_that_are_too_many),
        CASE(test_more_references_than_the_limit),
        CASE(test_many_different_wrong_pins_end_in_none_being_shown),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
