/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults on demand, the request log, accounts and certificates.
 */
#include "tests/sim/wire_testing.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "sim/sim_auth.h"
#include "sim/sim_inject.h"
#include "sim/sim_log.h"
#include "sim/sim_tls.h"

/* --- faults ------------------------------------------------------------------------------ */

static void
specifications_are_read(void **state)
{
    static const struct {
        const char *text;
        SimInjectKind kind;
        guint64 number;
        const char *rest;
    } good[] = {
        { "when=any,do=http:503", SIM_INJECT_HTTP, 503, NULL },
        { "when=any,do=http:500:empty", SIM_INJECT_HTTP, 500, NULL },
        { "when=any,do=http-after:502", SIM_INJECT_HTTP_AFTER, 502, NULL },
        { "when=any,do=fault:0x80041003", SIM_INJECT_FAULT, 0x80041003, NULL },
        { "when=any,do=fault:5:w:AccessDenied", SIM_INJECT_FAULT, 5, "w:AccessDenied" },
        { "when=any,do=return:32773", SIM_INJECT_RETURN, 32773, NULL },
        { "when=any,do=return:0", SIM_INJECT_RETURN, 0, NULL },
        { "when=any,do=job:32768:Out of space, and: more", SIM_INJECT_JOB, 32768, "Out of space, and: more" },
        { "when=any,do=reset", SIM_INJECT_RESET, 0, NULL },
        { "when=any,do=reset-after", SIM_INJECT_RESET_AFTER, 0, NULL },
        { "when=any,do=reset-mid", SIM_INJECT_RESET_MID, 0, NULL },
        { "when=any,do=stall:3", SIM_INJECT_STALL, 3, NULL },
        { "when=any,do=stall-after:3", SIM_INJECT_STALL_AFTER, 3, NULL },
        { "when=any,do=stall-mid:3", SIM_INJECT_STALL_MID, 3, NULL },
        { "when=any,do=truncate:100", SIM_INJECT_TRUNCATE, 100, NULL },
        { "when=any,do=garbage", SIM_INJECT_GARBAGE, 0, NULL },
        { "when=any,do=huge", SIM_INJECT_HUGE, 0, NULL },
        { "when=any,do=unauthorized", SIM_INJECT_UNAUTHORIZED, 0, NULL },
        { "nth=1,count=1,when=any,do=delay:250", SIM_INJECT_DELAY, 250, NULL },
    };
    static const char *const names[] = { "Enumerate", NULL };

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(SimInject) inject = sim_inject_new();
        g_autoptr(GError) error = NULL;
        SimInjectAction action;

        if (!sim_inject_add(inject, good[i].text, &error))
            fail_msg("%s: %s", good[i].text, error->message);
        assert_true(sim_inject_match(inject, names, &action));
        assert_int_equal(action.kind, good[i].kind);
        assert_int_equal(action.number, good[i].number);
        assert_int_equal(g_strcmp0(action.text, good[i].rest), 0);
        sim_inject_action_clear(&action);
    }
}

static void
wrong_specifications_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "when=any", "do=reset", "when=,do=reset", "when=any,do=", "when=any,do=explode", "when=any,nth=0,do=reset",
        "when=any,nth=x,do=reset", "when=any,count=0,do=reset", "when=any,what=1,do=reset", "when=any,do=http",
        "when=any,do=http:200", "when=any,do=http:500:full", "when=any,do=fault:zz", "when=any,do=fault:1:bad subcode",
        "when=any,do=return", "when=any,do=return:-1", "when=any,do=reset:1", "when=any,do=stall:0",
        "when=any,do=stall:99999999", "when=any,do=delay:1:2", "when=any,do=job:x:y",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(SimInject) inject = sim_inject_new();
        g_autoptr(GError) error = NULL;

        if (sim_inject_add(inject, bad[i], &error))
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(error);
    }
}

static gboolean
hits(SimInject *inject, const char *first, const char *second)
{
    const char *names[] = { first, second, NULL };
    SimInjectAction action;
    gboolean hit = sim_inject_match(inject, names, &action);

    sim_inject_action_clear(&action);
    return hit;
}

static void
the_nth_calls_of_a_name_are_hit(void **state)
{
    g_autoptr(SimInject) inject = sim_inject_new();

    assert_true(sim_inject_add(inject, "when=definesystem,nth=2,count=2,do=reset", NULL));
    assert_false(hits(inject, "Invoke", "DefineSystem"));
    assert_false(hits(inject, "Invoke", "Other"));
    assert_true(hits(inject, "Invoke", "DefineSystem"));
    assert_true(hits(inject, "Invoke", "DefineSystem"));
    assert_false(hits(inject, "Invoke", "DefineSystem"));
}

static void
all_goes_on_until_it_is_cleared(void **state)
{
    g_autoptr(SimInject) inject = sim_inject_new();

    assert_true(sim_inject_add(inject, "when=Pull,count=all,do=http:503", NULL));
    for (guint i = 0; i < 100; i++)
        assert_true(hits(inject, "Pull", NULL));
    sim_inject_clear(inject);
    assert_false(hits(inject, "Pull", NULL));
}

static void
two_faults_count_independently(void **state)
{
    g_autoptr(SimInject) inject = sim_inject_new();

    assert_true(sim_inject_add(inject, "when=any,nth=1,do=http:503", NULL));
    assert_true(sim_inject_add(inject, "when=Pull,nth=3,do=reset", NULL));
    assert_true(hits(inject, "Pull", NULL));
    assert_false(hits(inject, "Pull", NULL));
    assert_true(hits(inject, "Pull", NULL));
}

/* --- accounts ------------------------------------------------------------------------------ */

static char *
new_file(const char *text, int mode)
{
    char *path = NULL;
    int fd = g_file_open_tmp("hvsim-test-XXXXXX", &path, NULL);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    g_chmod(path, (mode_t)mode);
    return path;
}

static SimAuthResult
try_basic(const SimAuth *auth, const char *pair)
{
    g_autofree char *token = g_base64_encode((const guchar *)pair, strlen(pair));
    g_autofree char *value = g_strconcat("basic ", token, NULL);
    g_autofree char *reply = NULL;
    SimAuthState connection = { 0 };
    SimAuthResult result = sim_auth_check(auth, &connection, value, &reply);

    sim_auth_state_clear(&connection);
    return result;
}

static void
only_the_account_logs_on(void **state)
{
    g_autofree char *path = new_file("s3cret:x\nsecond line\n", 0600);
    g_autoptr(SimAuth) auth = sim_auth_new("Admin", path, NULL);
    g_autofree char *reply = NULL;
    g_autofree char *token = g_strnfill(5000, 'A');
    g_autofree char *longest = g_strconcat("Basic ", token, NULL);
    SimAuthState connection = { 0 };

    g_unlink(path);
    assert_non_null(auth);
    assert_int_equal(try_basic(auth, "admin:s3cret:x"), SIM_AUTH_ACCEPTED);
    assert_int_equal(try_basic(auth, "admin:s3cret"), SIM_AUTH_REFUSED);
    assert_int_equal(try_basic(auth, "admin:s3cret:xy"), SIM_AUTH_REFUSED);
    assert_int_equal(try_basic(auth, "admin:"), SIM_AUTH_REFUSED);
    assert_int_equal(try_basic(auth, "other:s3cret:x"), SIM_AUTH_REFUSED);
    assert_int_equal(try_basic(auth, "admin"), SIM_AUTH_REFUSED);
    assert_int_equal(sim_auth_check(auth, &connection, NULL, &reply), SIM_AUTH_MISSING);
    assert_int_equal(sim_auth_check(auth, &connection, "Basic", &reply), SIM_AUTH_REFUSED);
    assert_int_equal(sim_auth_check(auth, &connection, "Digest x", &reply), SIM_AUTH_REFUSED);
    assert_int_equal(sim_auth_check(auth, &connection, "Negotiate TlRMTVNTUAAB", &reply), SIM_AUTH_REFUSED);
    assert_int_equal(sim_auth_check(auth, &connection, longest, &reply), SIM_AUTH_REFUSED);
}

static void
a_password_file_that_others_can_read_is_refused(void **state)
{
    g_autofree char *path = new_file("x\n", 0644);
    g_autofree char *empty = new_file("", 0600);
    g_autoptr(GError) error = NULL;

    assert_null(sim_auth_new("a", path, &error));
    assert_non_null(strstr(error->message, "others"));
    g_clear_error(&error);
    assert_null(sim_auth_new("a", empty, &error));
    assert_non_null(strstr(error->message, "empty"));
    g_clear_error(&error);
    g_unlink(path);
    g_unlink(empty);
    assert_null(sim_auth_new("a", path, &error));
}

/* --- log ------------------------------------------------------------------------------------- */

static void
requests_are_logged_and_counted(void **state)
{
    g_autoptr(SimLog) log = sim_log_new(NULL, NULL);
    SimLogEntry entry = { .connection = 1, .operation = "Pull", .status = 200, .bytes_in = 10, .bytes_out = 20 };
    g_autofree char *all = NULL;
    g_autofree char *last = NULL;
    json_object *counters, *array, *value;

    entry.started = g_get_monotonic_time();
    sim_log_add(log, &entry);
    sim_log_add(log, &entry);
    entry.status = 401;
    entry.operation = "Unauthorized";
    sim_log_add(log, &entry);
    all = sim_log_since(log, 0);
    last = sim_log_since(log, 2);
    array = json_tokener_parse(all);
    assert_int_equal(json_object_array_length(array), 3);
    json_object_put(array);
    array = json_tokener_parse(last);
    assert_int_equal(json_object_array_length(array), 1);
    json_object_put(array);
    counters = sim_log_counters(log);
    assert_true(json_object_object_get_ex(counters, "requests", &value));
    assert_int_equal(json_object_get_int(value), 2);
    assert_true(json_object_object_get_ex(counters, "unauthorized", &value));
    assert_int_equal(json_object_get_int(value), 1);
    json_object_put(counters);
}

/* --- certificates ------------------------------------------------------------------------------ */

static void
a_certificate_is_made_once_and_again_for_new_names(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("hvsim-test-XXXXXX", NULL);
    g_autofree char *key = g_build_filename(folder, "server.key", NULL);
    static const char *const names[] = { "localhost", "127.0.0.1", "::1", NULL };
    static const char *const more[] = { "localhost", "hv01.example", NULL };
    static const char *const files[] = { "ca.pem", "server.pem", "server.key" };
    g_autoptr(GError) error = NULL;
    g_autoptr(SimTls) first = sim_tls_make(folder, names, &error);
    g_autoptr(SimTls) again = sim_tls_make(folder, names, NULL);
    g_autoptr(SimTls) other = sim_tls_make(folder, more, NULL);
    GStatBuf info;

    if (!first)
        fail_msg("%s", error->message);
    assert_string_equal(first->certificate, again->certificate);
    assert_string_not_equal(first->certificate, other->certificate);
    assert_int_equal(g_stat(key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);

        assert_int_equal(g_unlink(path), 0);
    }
    assert_int_equal(g_rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specifications_are_read),
        cmocka_unit_test(wrong_specifications_are_refused),
        cmocka_unit_test(the_nth_calls_of_a_name_are_hit),
        cmocka_unit_test(all_goes_on_until_it_is_cleared),
        cmocka_unit_test(two_faults_count_independently),
        cmocka_unit_test(only_the_account_logs_on),
        cmocka_unit_test(a_password_file_that_others_can_read_is_refused),
        cmocka_unit_test(requests_are_logged_and_counted),
        cmocka_unit_test(a_certificate_is_made_once_and_again_for_new_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
