/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The barbican backend when the store refuses, is busy, is slow, or the caller
 * gives up.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "tests/keymgr/fake_barbican.h"

/* --- refusals and retries -------------------------------------------------- */

static gboolean
answer_fixed(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    const char *const *row = opaque; /* status, type, headers, body */

    return fake_reply(request, (guint)g_ascii_strtoull(row[0], NULL, 10), row[1], row[2], row[3]);
}

static void
test_refusals_and_wrong_answers(void **state)
{
    static const struct {
        const char *answer[4];
        KeymgrError code;
        const char *words;
    } rows[] = {
        { { "403", JSON, "", "{\"code\":403,\"title\":\"Forbidden\",\"description\":\"not allowed\"}" },
          KEYMGR_ERROR_ACCESS_DENIED, "HTTP 403|Forbidden: not allowed" },
        { { "404", JSON, "", "{\"code\":404,\"title\":\"Not Found\",\"description\":\"Secret not found.\"}" },
          KEYMGR_ERROR_NOT_FOUND, "HTTP 404|Secret not found.|expired or was deleted" },
        { { "410", "text/plain", "", "gone" }, KEYMGR_ERROR_NOT_FOUND, "HTTP 410|gone" },
        { { "404", JSON, "", "{\"code\":404,\"title\":\"Not Found\",\"description\":"
                             "\"Not Found. Sorry but your secret has no payload.\"}" },
          KEYMGR_ERROR_NO_PAYLOAD, "has no payload" },
        { { "406", JSON, "", "{\"message\":\"no<br />way\",\"code\":\"406 Not Acceptable\","
                             "\"title\":\"Not Acceptable\"}" },
          KEYMGR_ERROR_HTTP, "HTTP 406|Not Acceptable: no way" },
        { { "500", "text/html", "", "<html><h1>Oops</h1></html>" }, KEYMGR_ERROR_HTTP, "HTTP 500|Oops" },
        { { "503", "text/plain", "", "busy" }, KEYMGR_ERROR_HTTP, "HTTP 503|busy" },
        { { "204", OCTETS, "", "" }, KEYMGR_ERROR_NO_PAYLOAD, "empty" },
        { { "200", OCTETS, "", "" }, KEYMGR_ERROR_NO_PAYLOAD, "empty" },
        { { "200", "text/html", "", "<h1>Please log in</h1>" }, KEYMGR_ERROR_PROTOCOL, "not a payload" },
        { { "206", OCTETS, "", "part" }, KEYMGR_ERROR_PROTOCOL, "HTTP 206" },
        { { "500", "text/plain", "", "your token is token-1 ha" }, KEYMGR_ERROR_HTTP, "HTTP 500" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FakeBarbican *fake = fake_barbican_setup("");
        g_autoptr(GError) error = NULL;

        fake->opaque = (gpointer)rows[i].answer;
        fake->answer = answer_fixed;
        assert_null(keymgr_fetch(fake->keymgr, fake_six, NULL, &error));
        assert_null(strstr(error->message, "token-1"));
        assert_null(strstr(error->message, "pw-canary"));
        assert_non_null(strstr(error->message, "secret " ID "0"));
        if (rows[i].code != KEYMGR_ERROR_NOT_FOUND)
            assert_null(strstr(error->message, "does not exist"));
        keymgr_test_error(&error, rows[i].code, rows[i].words);
        assert_int_equal(fake->calls, 1);
        fake_barbican_free(fake);
    }
}

static gboolean
answer_echo(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    g_autofree char *text = g_strconcat("bad payload: ", request->body, NULL);

    if (strcmp(request->method, "POST") == 0)
        return fake_reply(request, 201, JSON, "", "{\"secret_ref\":\"http://x/v1/secrets/" ID "0\"}");
    return fake_reply(request, 400, "text/plain", "", text);
}

static void
test_a_payload_that_the_server_echoes_is_not_shown(void **state)
{
    const KeymgrNewSecret description = { .name = "n" };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("value-canary", 12);
    g_autoptr(GError) error = NULL;

    fake->answer = answer_echo;
    assert_null(keymgr_store(fake->keymgr, &description, value, NULL, &error));
    assert_null(strstr(error->message, "canary"));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "storing the payload of secret " ID "0|HTTP 400");
    fake_barbican_free(fake);
}

static gboolean
answer_busy_twice(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    gint *times = opaque;

    if (g_atomic_int_add(times, 1) < 2)
        return fake_reply(request, 503, "text/plain", "Retry-After: 1\r\n", "busy");
    return fake_barbican_payload(request);
}

static void
test_a_503_is_tried_again_as_often_as_configured_and_not_before_retry_after(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("status_code_retries=2\nstatus_code_retry_delay=0.01\n");
    gint times = 0;
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &times;
    fake->answer = answer_busy_twice;
    secrets = fake_barbican_fetch_one(fake, &error);
    assert_non_null(secrets);
    assert_int_equal(fake->calls, 3);
    assert_true(g_get_monotonic_time() - start >= 2 * G_TIME_SPAN_SECOND);

    g_clear_pointer(&fake->keymgr, keymgr_unref);
    fake_barbican_connect(fake, "status_code_retries=1\nstatus_code_retry_delay=0.01\n");
    times = 0;
    assert_null(fake_barbican_fetch_one(fake, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_HTTP, "HTTP 503|busy");
    fake_barbican_free(fake);
}

static gboolean
answer_hang_up_twice(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    return g_atomic_int_add((gint *)opaque, 1) < 2 ? FALSE : fake_barbican_payload(request);
}

static void
test_a_lost_connection_is_tried_again_as_often_as_configured(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("connect_retries=2\nconnect_retry_delay=0.01\n");
    gint times = 0;
    g_autoptr(GPtrArray) secrets = NULL;

    fake->opaque = &times;
    fake->answer = answer_hang_up_twice;
    assert_non_null(secrets = fake_barbican_fetch_one(fake, NULL));
    fake_barbican_free(fake);
}

/* A Barbican that does what it is told and loses its first answers to PUT and
 * DELETE. */
typedef struct {
    gint lose;
    gint puts;
    gint deletes;
    const char *other; /* what the secret holds; NULL: what was stored first */
    char *stored;
} Forgetful;

static gboolean
answer_conflict(FakeRequest *request)
{
    return fake_reply(request, 409, JSON, "", "{\"code\":409,\"title\":\"Conflict\",\"description\":"
                                              "\"Secret already has data, cannot modify it.\"}");
}

static gboolean
answer_forgetful(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    Forgetful *self = opaque;

    if (strcmp(request->method, "POST") == 0)
        return fake_reply(request, 201, JSON, "", "{\"secret_ref\":\"http://x/v1/secrets/" ID "0\"}");
    if (strcmp(request->method, "GET") == 0)
        return fake_reply(request, 200, OCTETS, "", self->other ? self->other : self->stored ? self->stored : "");
    if (strcmp(request->method, "DELETE") == 0) {
        self->deletes++;
        if (self->lose-- > 0)
            return FALSE;
        return fake_reply(request, 404, JSON, "", "{\"code\":404,\"title\":\"Not Found\"}");
    }
    self->puts++;
    if (self->stored)
        return answer_conflict(request);
    self->stored = g_strdup(request->body);
    return self->lose-- > 0 ? FALSE : fake_reply(request, 204, JSON, "", "");
}

#define TRY_AGAIN "connect_retries=2\nconnect_retry_delay=0.01\n"

static FakeBarbican *
forgetful_setup(Forgetful *self, const char *options)
{
    FakeBarbican *fake = fake_barbican_setup(options);

    fake->opaque = self;
    fake->answer = answer_forgetful;
    return fake;
}

static void
test_a_payload_whose_answer_was_lost_is_stored(void **state)
{
    const KeymgrNewSecret description = { .name = "n" };
    Forgetful self = { .lose = 1 };
    FakeBarbican *fake = forgetful_setup(&self, TRY_AGAIN);
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("value-canary", 12);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(fake->keymgr, &description, value, NULL, &error);

    if (!id)
        fail_msg("%s", error->message);
    assert_string_equal(id, ID "0");
    assert_int_equal(self.puts, 2);
    assert_int_equal(self.deletes, 0);

    /* Without such a loss it is a refusal. */
    assert_false(keymgr_set_payload(fake->keymgr, id, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_EXISTS, "HTTP 409|already has data");
    assert_int_equal(self.puts, 3);

    g_clear_pointer(&self.stored, g_free);
    self.lose = 1;
    assert_true(keymgr_set_payload(fake->keymgr, id, value, NULL, &error));
    g_clear_pointer(&self.stored, g_free);
    self.lose = 1;
    self.other = "somebody else's";
    assert_false(keymgr_set_payload(fake->keymgr, id, value, NULL, &error));
    assert_null(strstr(error->message, "canary"));
    keymgr_test_error(&error, KEYMGR_ERROR_EXISTS, "storing the payload of secret " ID "0|another payload");
    fake_barbican_free(fake);
    g_free(self.stored);
}

static void
test_a_deletion_whose_answer_was_lost_is_done(void **state)
{
    Forgetful self = { .lose = 1 };
    FakeBarbican *fake = forgetful_setup(&self, TRY_AGAIN);
    g_autoptr(GError) error = NULL;

    if (!keymgr_delete(fake->keymgr, ID "0", NULL, &error))
        fail_msg("%s", error->message);
    assert_int_equal(self.deletes, 2);
    assert_false(keymgr_delete(fake->keymgr, ID "0", NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "deleting secret " ID "0|HTTP 404");
    assert_int_equal(self.deletes, 3);
    fake_barbican_free(fake);
}

static void
test_a_consumer_whose_end_was_told_and_lost_is_gone(void **state)
{
    KeymgrConsumer consumer = { (char *)"libvirt-msvm", (char *)"domain", (char *)ID "9" };
    const char *const one[] = { ID "0", NULL };
    Forgetful self = { .lose = 1 };
    FakeBarbican *fake = forgetful_setup(&self, TRY_AGAIN);
    g_autoptr(GError) error = NULL;

    if (!keymgr_remove_consumer(fake->keymgr, one, &consumer, NULL, &error))
        fail_msg("%s", error->message);
    assert_int_equal(self.deletes, 2);
    assert_false(keymgr_remove_consumer(fake->keymgr, one, &consumer, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "removing a consumer of secret " ID "0|HTTP 404");
    fake_barbican_free(fake);
}

static gboolean
answer_by_secret(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    const char *const *statuses = opaque; /* of the secrets that end in 0, 1, 2 */
    guint i;

    for (i = 0; i < 3; i++) {
        if (strstr(request->path, fake_six[i]))
            return fake_reply(request, (guint)g_ascii_strtoull(statuses[i], NULL, 10), JSON, "", "{\"title\":\"x\"}");
    }
    return fake_reply(request, 200, JSON, "", "{\"version\":{\"id\":\"v1\",\"max_version\":\"1.1\"}}");
}

static void
test_a_consumer_that_is_not_there_hides_no_failure(void **state)
{
    static const struct {
        const char *statuses[3];
        KeymgrError code;
        const char *words;
    } rows[] = {
        { { "404", "500", "403" }, KEYMGR_ERROR_HTTP, "secret " ID "1|HTTP 500" },
        { { "403", "404", "500" }, KEYMGR_ERROR_ACCESS_DENIED, "secret " ID "0|HTTP 403" },
        { { "404", "200", "404" }, KEYMGR_ERROR_NOT_FOUND, "secret " ID "0|HTTP 404" },
        { { "200", "200", "500" }, KEYMGR_ERROR_HTTP, "secret " ID "2|HTTP 500" },
    };
    KeymgrConsumer consumer = { (char *)"libvirt-msvm", (char *)"domain", (char *)ID "9" };
    const char *const three[] = { ID "0", ID "1", ID "2", NULL };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FakeBarbican *fake = fake_barbican_setup("");
        g_autoptr(GError) error = NULL;

        fake->opaque = (gpointer)rows[i].statuses;
        fake->answer = answer_by_secret;
        assert_false(keymgr_remove_consumer(fake->keymgr, three, &consumer, NULL, &error));
        keymgr_test_error(&error, rows[i].code, rows[i].words);
        fake_barbican_free(fake);
    }
}

/* Nor by libcurl, which would do so on a connection that it has. */
static void
test_what_changes_something_is_sent_once_unless_configured(void **state)
{
    Forgetful self = { .lose = 1 };
    FakeBarbican *fake = forgetful_setup(&self, "");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    g_autoptr(GError) error = NULL;

    assert_false(keymgr_set_payload(fake->keymgr, ID "0", value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNAVAILABLE, "storing the payload");
    assert_int_equal(self.puts, 1);
    self.lose = 1;
    assert_false(keymgr_delete(fake->keymgr, ID "0", NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNAVAILABLE, "deleting secret");
    assert_int_equal(self.deletes, 1);
    fake_barbican_free(fake);
    g_free(self.stored);
}

/* --- all or nothing, time, cancellation ------------------------------------ */

static void
stall(FakeServer *server)
{
    gint64 end = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (!fake_server_is_stopping(server) && g_get_monotonic_time() < end)
        g_usleep(5000);
}

/* The fourth does not exist; the others never answer. */
static gboolean
answer_one_missing(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    if (strstr(request->path, ID "0/"))
        return fake_barbican_payload(request);
    if (strstr(request->path, ID "3/"))
        return fake_reply(request, 404, JSON, "", "{\"code\":404,\"title\":\"Not Found\"}");
    stall(server);
    return FALSE;
}

static void
test_the_first_failure_cancels_the_rest(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    fake->answer = answer_one_missing;
    assert_null(keymgr_fetch(fake->keymgr, fake_six, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, "secret " ID "3|HTTP 404");
    assert_true(g_get_monotonic_time() - start < 10 * G_TIME_SPAN_SECOND);
    fake_barbican_free(fake);
}

static gboolean
answer_never(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    stall(server);
    return FALSE;
}

static gboolean
answer_drop_by_drop(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                               "Content-Length: 10000\r\n\r\n";
    gboolean there = fake_write(request, head, strlen(head));

    while (there && !fake_server_is_stopping(server)) {
        there = fake_write(request, "x", 1);
        g_usleep(20000);
    }
    return FALSE;
}

static void
test_silence_and_dripping_end_in_time(void **state)
{
    static const char *const options[] = { "timeout=1\n", "total_timeout=1\n" };
    gboolean (*const answers[])(FakeServer *, FakeRequest *, gpointer) = { answer_never,
                                                                           answer_drop_by_drop };
    gsize i;
    gsize j;

    for (i = 0; i < G_N_ELEMENTS(options); i++) {
        for (j = 0; j < G_N_ELEMENTS(answers); j++) {
            FakeBarbican *fake = fake_barbican_setup(options[i]);
            gint64 start = g_get_monotonic_time();
            g_autoptr(GError) error = NULL;

            fake->answer = answers[j];
            assert_null(fake_barbican_fetch_one(fake, &error));
            keymgr_test_error(&error, KEYMGR_ERROR_TIMEOUT, "secret " ID "0");
            assert_true(g_get_monotonic_time() - start < 10 * G_TIME_SPAN_SECOND);
            fake_barbican_free(fake);
        }
    }
}

static gpointer
cancel_soon(gpointer cancellable)
{
    g_usleep(100000);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void
check_cancelled(FakeBarbican *fake, GCancellable *cancellable)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(fake->keymgr, fake_six, cancellable, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_true(g_get_monotonic_time() - start < 5 * G_TIME_SPAN_SECOND);
}

static void
test_a_cancellation_works_at_any_moment(void **state)
{
    guint when;

    /* 0: before; 1: while the token comes; 2: while a secret comes; 3: in the
     * pause before a retry. */
    for (when = 0; when <= 3; when++) {
        static const char *const busy[] = { "503", "text/plain", "Retry-After: 30\r\n", "" };
        FakeBarbican *fake = fake_barbican_setup("status_code_retries=3\n");
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        GThread *thread = NULL;

        fake->token_delay_ms = when == 1 ? 8000 : 0;
        fake->opaque = (gpointer)busy;
        fake->answer = when == 3 ? answer_fixed : answer_never;
        if (when == 0)
            g_cancellable_cancel(cancellable);
        else
            thread = g_thread_new("cancel", cancel_soon, cancellable);
        check_cancelled(fake, cancellable);
        if (thread)
            g_thread_join(thread);
        assert_int_equal(fake->tokens, when == 0 ? 0 : 1);
        fake_barbican_free(fake);
    }
}

/* One caller gives up while it fetches the token for all. */
static void
test_a_cancelled_thread_does_not_fail_the_others(void **state)
{
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *canceller;
    GThread *other;

    fake->token_delay_ms = 2000;
    canceller = g_thread_new("cancel", cancel_soon, cancellable);
    other = NULL;
    {
        g_autoptr(GError) error = NULL;
        const char *const references[] = { ID "0", NULL };

        other = g_thread_new("fetch", fake_barbican_fetch_in_thread, fake);
        assert_true(!keymgr_fetch(fake->keymgr, references, cancellable, &error));
        assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    }
    assert_null(g_thread_join(other));
    g_thread_join(canceller);
    fake_barbican_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals_and_wrong_answers),
        cmocka_unit_test(test_a_payload_that_the_server_echoes_is_not_shown),
        cmocka_unit_test(test_a_503_is_tried_again_as_often_as_configured_and_not_before_retry_after),
        cmocka_unit_test(test_a_lost_connection_is_tried_again_as_often_as_configured),
        cmocka_unit_test(test_a_payload_whose_answer_was_lost_is_stored),
        cmocka_unit_test(test_a_deletion_whose_answer_was_lost_is_done),
        cmocka_unit_test(test_a_consumer_whose_end_was_told_and_lost_is_gone),
        cmocka_unit_test(test_a_consumer_that_is_not_there_hides_no_failure),
        cmocka_unit_test(test_what_changes_something_is_sent_once_unless_configured),
        cmocka_unit_test(test_the_first_failure_cancels_the_rest),
        cmocka_unit_test(test_silence_and_dripping_end_in_time),
        cmocka_unit_test(test_a_cancellation_works_at_any_moment),
        cmocka_unit_test(test_a_cancelled_thread_does_not_fail_the_others),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
