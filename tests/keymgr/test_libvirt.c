/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The libvirt backend against libvirt's own embedded secret driver.
 */
#include "keymgr/keymgr_libvirt.h"
#include "tests/keymgr/keymgr_test.h"

#include <dlfcn.h>
#include <string.h>

#include <glib/gstdio.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"

static char *root;
static char *uri;
static GThread *events;
static gint stopping;

/* Runs virsh, in a process of its own: an embedded driver can be opened only
 * once in a process, and that is the backend's. */
static void
virsh(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    const char *argv[] = { "virsh", "-q", "-c", uri, a, b, c, d, e, NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    g_autofree char *trouble = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &trouble, &status,
                      &error) || status != 0)
        fail_msg("virsh %s: %s", a, error ? error->message : trouble);
}

/* A file in root; caller frees its name. */
static char *
write_file(const char *name, const char *text)
{
    char *path = g_build_filename(root, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void
define(const char *id, const char *usage, gboolean is_private, const char *value)
{
    g_autofree char *xml = g_strdup_printf("<secret ephemeral='no' private='%s'><uuid>%s</uuid>%s</secret>",
                                           is_private ? "yes" : "no", id, usage);
    g_autofree char *xml_file = write_file("secret.xml", xml);
    g_autofree char *value_file = write_file("value", value ? value : "");

    virsh("secret-define", xml_file, NULL, NULL, NULL);
    if (value)
        virsh("secret-set-value", id, "--plain", "--file", value_file);
}

#define VTPM(name) "<usage type='vtpm'><name>" name "</name></usage>"

/* libvirt's function, which hangs while a test wants it to: a daemon that
 * does not answer. */
static struct {
    GMutex lock;
    GCond changed;
    gboolean hangs;
    guint inside;
} closing;

#define CLOSE_US (10 * G_USEC_PER_SEC)

int
virConnectClose(virConnectPtr connection)
{
    gint64 end = g_get_monotonic_time() + CLOSE_US;
    int (*next)(virConnectPtr);

    *(void **)&next = dlsym(RTLD_NEXT, "virConnectClose");
    g_mutex_lock(&closing.lock);
    closing.inside++;
    while (closing.hangs && g_cond_wait_until(&closing.changed, &closing.lock, end))
        ;
    closing.inside--;
    g_cond_broadcast(&closing.changed);
    g_mutex_unlock(&closing.lock);
    return next(connection);
}

static gpointer
run_events(gpointer opaque)
{
    while (!g_atomic_int_get(&stopping))
        virEventRunDefaultImpl();
    return NULL;
}

static void
on_timer(int timer, void *opaque)
{
}

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

static int
setup(void **state)
{
    virSetErrorFunc(NULL, ignore_error);
    if (virEventRegisterDefaultImpl() < 0)
        return -1;
    /* So that the loop's thread looks at 'stopping'. */
    virEventAddTimeout(50, on_timer, NULL, NULL);
    events = g_thread_new("events", run_events, NULL);
    root = g_dir_make_tmp("keymgr-libvirt-XXXXXX", NULL);
    uri = g_strdup_printf("secret:///embed?root=%s", root);
    define(ID "0", VTPM("zero"), FALSE, "value 0");
    define(ID "1", VTPM("one"), FALSE, "value 1");
    define(ID "2", VTPM("two"), TRUE, "a private value");
    define(ID "3", VTPM("three"), FALSE, NULL);
    define(ID "4", "<usage type='volume'><volume>/v</volume></usage>", FALSE, "value 4");
    define(ID "5", "", FALSE, "value 5");
    return 0;
}

static int
teardown(void **state)
{
    g_atomic_int_set(&stopping, 1);
    g_thread_join(events);
    keymgr_test_remove_tree(root);
    g_free(root);
    g_free(uri);
    return 0;
}

static Keymgr *
open_store(const char *options)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=libvirt\n[libvirt]\nuri=%s\n%s", uri, options);

    return keymgr_test_new(text);
}

static void
check_refusal(Keymgr *keymgr, const char *reference, KeymgrError code, const char *words)
{
    const char *const references[] = { reference, NULL };
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, code, words);
}

static void
test_values_come_in_order(void **state)
{
    const char *const references[] = { ID "1", "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0", ID "4", NULL };
    g_autoptr(Keymgr) keymgr = open_store("usage_type=any\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, &error);

    if (!secrets)
        fail_msg("%s", error->message);
    keymgr_test_bytes(secrets, 0, "value 1", 7);
    keymgr_test_bytes(secrets, 1, "value 0", 7);
    keymgr_test_bytes(secrets, 2, "value 4", 7);
}

static void
test_what_cannot_be_had(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("");

    check_refusal(keymgr, ID "f", KEYMGR_ERROR_NOT_FOUND, ID "f|libvirt's secrets at secret:///embed");
    check_refusal(keymgr, ID "2", KEYMGR_ERROR_ACCESS_DENIED, ID "2|private");
    check_refusal(keymgr, ID "3", KEYMGR_ERROR_NO_PAYLOAD, ID "3");
    check_refusal(keymgr, "x", KEYMGR_ERROR_INVALID_REFERENCE, "'x'");
    check_refusal(keymgr, "http://h/v1/containers/" ID "0", KEYMGR_ERROR_INVALID_REFERENCE, "containers");
}

/* ID 0 is for a vtpm, ID 4 for a volume, ID 5 for nothing. */
static void
check_usage_type(const char *option, gboolean vtpm, gboolean volume, gboolean none)
{
    const gboolean wanted[] = { vtpm, volume, none };
    static const char *const ids[] = { ID "0", ID "4", ID "5" };
    g_autoptr(Keymgr) keymgr = open_store(option);
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(ids); i++) {
        const char *const references[] = { ids[i], NULL };
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, &error);

        assert_int_equal(secrets != NULL, wanted[i]);
        if (!secrets)
            keymgr_test_error(&error, KEYMGR_ERROR_INVALID_REFERENCE, i == 0 ? ID "0|vtpm|usage_type"
                                                                             : ID "4|volume|usage_type");
    }
}

static void
test_the_usage_type_is_honoured(void **state)
{
    check_usage_type("", TRUE, FALSE, TRUE);
    check_usage_type("usage_type=vtpm\n", TRUE, FALSE, TRUE);
    check_usage_type("usage_type=volume\n", FALSE, TRUE, TRUE);
    check_usage_type("usage_type=none\n", FALSE, FALSE, TRUE);
    check_usage_type("usage_type=any\n", TRUE, TRUE, TRUE);
}

static void
test_a_value_that_is_no_domains_key_may_be_of_any_usage(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("");
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrSecret) value = keymgr_get_value(keymgr, ID "4", NULL, &error);

    if (!value)
        fail_msg("%s", error->message);
    assert_int_equal(keymgr_secret_size(value), 7);
}

static void
test_descriptions_and_lists(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store("");
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrInfo) info = keymgr_describe(keymgr, ID "1", NULL, &error);
    g_autoptr(GPtrArray) all = keymgr_list(keymgr, NULL, NULL, NULL, &error);
    g_autoptr(GPtrArray) named = keymgr_test_list(keymgr, "two", &error);

    assert_non_null(info);
    assert_string_equal(info->id, ID "1");
    assert_string_equal(info->name, "one");
    assert_string_equal(info->type, "vtpm");
    assert_int_equal(all->len, 6);
    assert_int_equal(named->len, 1);
    assert_string_equal(((KeymgrInfo *)g_ptr_array_index(named, 0))->id, ID "2");
    assert_null(keymgr_describe(keymgr, ID "f", NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, ID "f");
}

static void
test_what_is_stored_can_be_fetched(void **state)
{
    const KeymgrNewSecret description = { .name = "a <new> one" };
    const KeymgrNewSecret nameless = { .type = "vtpm" };
    g_autoptr(Keymgr) keymgr = open_store("");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("\0new", 4);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, &error);
    g_autofree char *check = NULL;
    const char *references[] = { id, NULL };
    g_autoptr(GPtrArray) secrets = NULL;

    if (!id)
        fail_msg("%s", error->message);
    check = keymgr_check(keymgr, NULL, &error);
    assert_non_null(strstr(check, "which has 7"));
    secrets = keymgr_fetch(keymgr, references, NULL, &error);
    assert_non_null(secrets);
    keymgr_test_bytes(secrets, 0, "\0new", 4);
    /* libvirt's embedded driver would take the process with it. */
    assert_false(keymgr_delete(keymgr, id, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, id);
    assert_false(keymgr_delete(keymgr, ID "f", NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, ID "f");
    assert_null(keymgr_store(keymgr, &nameless, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, "name");
}

static void
check_no_definition(Keymgr *keymgr, const KeymgrDefinition *definition, KeymgrError code, const char *words)
{
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_define(keymgr, definition, NULL, NULL, &error));
    keymgr_test_error(&error, code, words);
}

static void
test_what_is_taken_is_not_called_out_of_reach(void **state)
{
    const int vtpm = keymgr_usage_type_number("vtpm");
    const KeymgrNewSecret description = { .name = "zero" };
    const KeymgrDefinition usage = { .id = (char *)ID "e", .usage_type = vtpm, .usage_id = (char *)"zero" };
    const KeymgrDefinition uuid = { .id = (char *)ID "0", .usage_type = vtpm, .usage_id = (char *)"free" };
    const KeymgrDefinition less_private = { .id = (char *)ID "2", .usage_type = vtpm,
                                            .usage_id = (char *)"two" };
    g_autoptr(Keymgr) keymgr = open_store("");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("new", 3);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_store(keymgr, &description, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_EXISTS, "already defined|zero");
    check_no_definition(keymgr, &usage, KEYMGR_ERROR_EXISTS, ID "0|already defined|zero");
    check_no_definition(keymgr, &uuid, KEYMGR_ERROR_EXISTS, ID "0|already defined|zero");
    check_no_definition(keymgr, &less_private, KEYMGR_ERROR_PROTOCOL, "private flag");
}

typedef struct {
    GThread *caller;
    guint calls;
    guint freed;
    int usage_type;
} Hook;

static KeymgrSecret *
get_value(const char *uuid, int usage_type, gpointer opaque, GError **error)
{
    Hook *hook = opaque;

    hook->usage_type = usage_type;
    assert_ptr_equal(hook->caller, g_thread_self());
    hook->calls++;
    if (strcmp(uuid, ID "2") == 0)
        return keymgr_secret_new("a private value", 15);
    g_set_error(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND, "no %s here", uuid);
    return NULL;
}

static void
free_hook(gpointer opaque)
{
    ((Hook *)opaque)->freed++;
}

static void
test_a_drivers_own_function_reads_private_values_in_the_callers_thread(void **state)
{
    const char *const references[] = { ID "2", ID "2", NULL };
    static const KeymgrLibvirtHooks hooks = { .get_value = get_value };
    Hook hook = { g_thread_self(), 0, 0, 0 };
    Keymgr *keymgr = open_store("");
    g_autoptr(GPtrArray) secrets = NULL;

    keymgr_set_libvirt_hooks(keymgr, &hooks, &hook, free_hook);
    secrets = keymgr_fetch(keymgr, references, NULL, NULL);
    assert_int_equal(secrets->len, 2);
    keymgr_test_bytes(secrets, 1, "a private value", 15);
    check_refusal(keymgr, ID "0", KEYMGR_ERROR_NOT_FOUND, "no " ID "0 here");
    assert_int_equal(hook.calls, 3);
    assert_int_equal(hook.freed, 0);
    keymgr_unref(keymgr);
    assert_int_equal(hook.freed, 1);
}

static void
test_a_drivers_own_function_is_told_the_usage_type(void **state)
{
    static const struct {
        const char *options;
        const char *name; /* NULL: any */
    } rows[] = { { "", "vtpm" }, { "usage_type=tls\n", "tls" }, { "usage_type=any\n", NULL } };
    static const KeymgrLibvirtHooks hooks = { .get_value = get_value };
    const char *const references[] = { ID "2", NULL };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        Hook hook = { g_thread_self(), 0, 0, -2 };
        g_autoptr(Keymgr) keymgr = open_store(rows[i].options);
        g_autoptr(GPtrArray) secrets = NULL;

        keymgr_set_libvirt_hooks(keymgr, &hooks, &hook, free_hook);
        secrets = keymgr_fetch(keymgr, references, NULL, NULL);
        assert_non_null(secrets);
        assert_int_equal(hook.usage_type, rows[i].name ? keymgr_usage_type_number(rows[i].name) : -1);
    }
}

static void
test_a_daemon_that_is_not_there(void **state)
{
    g_autoptr(Keymgr) keymgr = keymgr_test_new("[keymgr]\nbackend=libvirt\n[libvirt]\n"
                                               "uri=secret+unix:///system?socket=/nonexistent/socket\n");

    check_refusal(keymgr, ID "0", KEYMGR_ERROR_UNAVAILABLE, "secret+unix:///system");
}

static void
test_a_cancelled_call_returns(void **state)
{
    const char *const references[] = { ID "0", NULL };
    g_autoptr(Keymgr) keymgr = open_store("");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    g_cancellable_cancel(cancellable);
    assert_null(keymgr_fetch(keymgr, references, cancellable, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static void
test_a_daemon_that_does_not_answer_holds_up_no_close(void **state)
{
    const char *const references[] = { ID "0", NULL };
    gint64 end = g_get_monotonic_time() + CLOSE_US;
    Keymgr *keymgr = open_store("total_timeout=1\n");
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, NULL);
    guint hanging;

    assert_non_null(secrets);
    g_mutex_lock(&closing.lock);
    closing.hangs = TRUE;
    g_mutex_unlock(&closing.lock);
    keymgr_unref(keymgr);
    g_mutex_lock(&closing.lock);
    hanging = closing.inside;
    closing.hangs = FALSE;
    g_cond_broadcast(&closing.changed);
    while (closing.inside > 0 && g_cond_wait_until(&closing.changed, &closing.lock, end))
        ;
    g_mutex_unlock(&closing.lock);
    assert_int_equal(hanging, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_in_order),
        cmocka_unit_test(test_what_cannot_be_had),
        cmocka_unit_test(test_the_usage_type_is_honoured),
        cmocka_unit_test(test_a_value_that_is_no_domains_key_may_be_of_any_usage),
        cmocka_unit_test(test_descriptions_and_lists),
        cmocka_unit_test(test_what_is_stored_can_be_fetched),
        cmocka_unit_test(test_what_is_taken_is_not_called_out_of_reach),
        cmocka_unit_test(test_a_drivers_own_function_reads_private_values_in_the_callers_thread),
        cmocka_unit_test(test_a_drivers_own_function_is_told_the_usage_type),
        cmocka_unit_test(test_a_daemon_that_is_not_there),
        cmocka_unit_test(test_a_cancelled_call_returns),
        cmocka_unit_test(test_a_daemon_that_does_not_answer_holds_up_no_close),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
