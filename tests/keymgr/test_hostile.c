/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes that no honest server sends. Each must end in an error, within the
 * time and the memory that are set for it.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "tests/keymgr/fake_store.h"

#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"

typedef gboolean (*Trick)(FakeServer *server, FakeRequest *request);

static gboolean
write_text(FakeRequest *request, const char *text)
{
    return fake_write(request, text, strlen(text));
}

static gboolean
send_garbage(FakeServer *server, FakeRequest *request)
{
    fake_write(request, "\x16\x03\x01\x00\x02\xff\x00garbage\r\n\r\n", 18);
    return FALSE;
}

static gboolean
send_nothing(FakeServer *server, FakeRequest *request)
{
    return FALSE;
}

static gboolean
die_in_the_middle(FakeServer *server, FakeRequest *request)
{
    write_text(request, OK_HEAD "Content-Length: 1000\r\n\r\nonly this");
    return FALSE;
}

static gboolean
end_without_length(FakeServer *server, FakeRequest *request)
{
    write_text(request, OK_HEAD "\r\nhalf of the key, or all of it?");
    return FALSE;
}

static gboolean
die_in_the_header(FakeServer *server, FakeRequest *request)
{
    write_text(request, "HTTP/1.1 200 OK\r\nContent-Ty");
    return FALSE;
}

static void
write_for_ever(FakeServer *server, FakeRequest *request, const char *text)
{
    guint i;

    /* The client must have had enough long before. */
    for (i = 0; i < 100000 && !fake_server_is_stopping(server) && write_text(request, text); i++)
        ;
    assert_true(i < 100000);
}

static gboolean
send_endless_body(FakeServer *server, FakeRequest *request)
{
    g_autofree char *block = g_strnfill(65536, 'x');

    write_text(request, OK_HEAD "\r\n");
    write_for_ever(server, request, block);
    return FALSE;
}

static gboolean
send_endless_chunks(FakeServer *server, FakeRequest *request)
{
    g_autofree char *data = g_strnfill(65536, 'x');
    g_autofree char *chunk = g_strconcat("10000\r\n", data, "\r\n", NULL);

    write_text(request, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n");
    write_for_ever(server, request, chunk);
    return FALSE;
}

static gboolean
send_many_headers(FakeServer *server, FakeRequest *request)
{
    g_autofree char *value = g_strnfill(1000, 'x');
    g_autofree char *line = g_strconcat("X-Filler: ", value, "\r\n", NULL);

    write_text(request, OK_HEAD);
    write_for_ever(server, request, line); /* some 10 MB and more */
    return FALSE;
}

static gboolean
send_endless_header_line(FakeServer *server, FakeRequest *request)
{
    g_autofree char *block = g_strnfill(65536, 'x');

    write_text(request, OK_HEAD "X-Filler: ");
    write_for_ever(server, request, block);
    return FALSE;
}

static gboolean
send_bad_chunk(FakeServer *server, FakeRequest *request)
{
    write_text(request, OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n");
    return FALSE;
}

static gboolean
send_compressed(FakeServer *server, FakeRequest *request)
{
    fake_reply(request, 200, "application/octet-stream", "Content-Encoding: gzip\r\n", "\x1f\x8bnot really");
    return FALSE;
}

typedef struct {
    Trick at_keystone; /* NULL: a good token */
    Trick at_barbican;
} Scene;

static gboolean
on_request(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    const Scene *scene = opaque;

    if (!g_str_has_prefix(request->path, "/v3/"))
        return scene->at_barbican(server, request);
    if (scene->at_keystone)
        return scene->at_keystone(server, request);
    return fake_reply_token(request, "token", 3600, fake_server_url(server));
}

static FakeTls *tls; /* NULL: the scenes are played in the open */

static Keymgr *
open_at(FakeServer *server)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=%s\n"
                                            "user_id=u\npassword=pw\ntotal_timeout=10\n%s%s\n",
                                            fake_server_url(server), tls ? "cafile=" : "",
                                            tls ? fake_tls_ca_file(tls) : "");

    return keymgr_test_new(text);
}

/* What a scene ends in. */
static GError *
play(const Scene *scene)
{
    const char *const references[] = { ID, NULL };
    FakeServer *server = fake_server_new_tls(on_request, (gpointer)scene, tls);
    Keymgr *keymgr = open_at(server);
    gint64 start = g_get_monotonic_time();
    GError *error = NULL;
    GPtrArray *secrets = keymgr_fetch(keymgr, references, NULL, &error);

    if (secrets)
        fail_msg("it was taken for a secret");
    assert_true(g_get_monotonic_time() - start < 9 * G_TIME_SPAN_SECOND);
    keymgr_unref(keymgr);
    fake_server_free(server);
    return error;
}

static const struct {
    const char *name; /* for who reads this table */
    Trick trick;
    KeymgrError code;
    const char *words;
    gboolean ends; /* the connection does, where TLS would have it say so */
} rows[] = {
    { "garbage", send_garbage, KEYMGR_ERROR_PROTOCOL, "HTTP/0.9" },
    { "nothing", send_nothing, KEYMGR_ERROR_UNAVAILABLE, "mpty reply", TRUE },
    { "half a payload", die_in_the_middle, KEYMGR_ERROR_UNAVAILABLE, "991 bytes", TRUE },
    { "half a header", die_in_the_header, KEYMGR_ERROR_PROTOCOL, "cut off", TRUE },
    { "no length", end_without_length, KEYMGR_ERROR_PROTOCOL, "cut off", TRUE },
    { "endless body", send_endless_body, KEYMGR_ERROR_LIMIT, "limit of 1048576 bytes" },
    { "endless chunks", send_endless_chunks, KEYMGR_ERROR_LIMIT, "limit of 1048576 bytes" },
    { "10 MB of headers", send_many_headers, KEYMGR_ERROR_LIMIT, "headers pass the limit of 65536" },
    { "endless header line", send_endless_header_line, KEYMGR_ERROR_LIMIT, "header line" },
    { "bad chunk", send_bad_chunk, KEYMGR_ERROR_UNAVAILABLE, "chunk" },
};

/* Plays the row's trick at one of the two. Behind TLS, a connection that just
 * ends is told as such. */
static void
play_row(gsize i, const char *service)
{
    gboolean at_keystone = strcmp(service, "Keystone") == 0;
    Scene scene = { at_keystone ? rows[i].trick : NULL, at_keystone ? send_nothing : rows[i].trick };
    g_autofree char *where = g_strdup_printf("%s at http%s://127.0.0.1", service, tls ? "s" : "");
    g_autoptr(GError) error = play(&scene);

    if (!strstr(error->message, where))
        fail_msg("%s: no '%s' in: %s", rows[i].name, where, error->message);
    if (!at_keystone)
        assert_non_null(strstr(error->message, "secret " ID));
    if (tls && rows[i].ends)
        keymgr_test_error(&error, KEYMGR_ERROR_UNAVAILABLE, "TLS connection was non-properly terminated");
    else
        keymgr_test_error(&error, rows[i].code, rows[i].words);
}

static void
test_broken_barbicans(void **state)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++)
        play_row(i, "Barbican");
}

static void
test_broken_keystones(void **state)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++)
        play_row(i, "Keystone");
}

/* --- redirects ------------------------------------------------------------------ */

static FakeServer *elsewhere;

static gboolean
send_redirect(FakeServer *server, FakeRequest *request)
{
    g_autofree char *header = g_strdup_printf("Location: %s/v1/x\r\n", fake_server_url(elsewhere));

    return fake_reply(request, 307, "text/plain", header, "");
}

static gboolean
on_forbidden_visit(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    return fake_reply_token(request, "stolen", 3600, fake_server_url(server));
}

static void
test_redirects_to_another_host_are_not_followed(void **state)
{
    static const Scene scenes[] = { { NULL, send_redirect }, { send_redirect, send_nothing } };
    static const char *const names[] = { "Barbican at http", "Keystone at http" };
    gsize i;

    elsewhere = fake_server_new_tls(on_forbidden_visit, NULL, tls);
    for (i = 0; i < G_N_ELEMENTS(scenes); i++) {
        g_autofree char *words = g_strdup_printf("%s|HTTP 307|redirects to %s|not followed", names[i],
                                                 fake_server_url(elsewhere));
        g_autoptr(GError) error = play(&scenes[i]);

        keymgr_test_error(&error, KEYMGR_ERROR_HTTP, words);
    }
    assert_int_equal(fake_server_requests(elsewhere), 0);
    fake_server_free(elsewhere);
}

/* --- JSON -------------------------------------------------------------------------- */

static int
use_tls(void **state)
{
    tls = fake_tls_new();
    return 0;
}

static int
use_plain(void **state)
{
    g_clear_pointer(&tls, fake_tls_free);
    return 0;
}

static const char *bad_login;

static gboolean
send_bad_login(FakeServer *server, FakeRequest *request)
{
    return fake_reply(request, 201, "application/json", "X-Subject-Token: t\r\n", bad_login);
}

static void
test_truncated_and_deep_json_of_keystone(void **state)
{
    g_autofree char *open = g_strnfill(100000, '[');
    g_autofree char *deep = g_strconcat("{\"token\":", open, NULL);
    const Scene scene = { send_bad_login, send_nothing };
    const struct {
        const char *body;
        KeymgrError code;
        const char *words;
    } logins[] = {
        { "{\"token\":{\"expires_at\":\"20", KEYMGR_ERROR_PROTOCOL, "cut off" },
        { "", KEYMGR_ERROR_PROTOCOL, "cut off" },
        { "[]", KEYMGR_ERROR_PROTOCOL, "another type" },
        { "<html>", KEYMGR_ERROR_PROTOCOL, "not a JSON object" },
        { deep, KEYMGR_ERROR_LIMIT, "nested more than 32 deep" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(logins); i++) {
        g_autoptr(GError) error = NULL;

        bad_login = logins[i].body;
        error = play(&scene);
        keymgr_test_error(&error, logins[i].code, logins[i].words);
    }
}

static gboolean
send_bad_json(FakeServer *server, FakeRequest *request)
{
    return fake_reply(request, 200, "application/json", "", bad_login);
}

static void
test_bad_json_of_barbican(void **state)
{
    const Scene scene = { NULL, send_bad_json };
    FakeServer *server = fake_server_new_tls(on_request, (gpointer)&scene, tls);
    g_autoptr(Keymgr) keymgr = open_at(server);
    g_autoptr(GError) error = NULL;

    bad_login = "{\"secrets\":[{}],\"total\":5}";
    assert_null(keymgr_list(keymgr, NULL, NULL, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "the list of secrets|secret_ref");
    bad_login = "{\"secrets\":[],\"total\":5}"; /* a page that stays empty ends the list */
    g_ptr_array_unref(keymgr_list(keymgr, NULL, NULL, NULL, &error));
    bad_login = "{\"name\":";
    assert_null(keymgr_describe(keymgr, ID, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_PROTOCOL, "secret " ID "|cut off");
    g_clear_pointer(&keymgr, keymgr_unref);
    fake_server_free(server);
}

/* We ask for no compression, so that nothing can swell. */
static void
test_a_compressed_answer_is_not_unpacked(void **state)
{
    const char *const references[] = { ID, NULL };
    const Scene scene = { NULL, send_compressed };
    FakeServer *server = fake_server_new_tls(on_request, (gpointer)&scene, tls);
    g_autoptr(Keymgr) keymgr = open_at(server);
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, NULL);

    keymgr_test_bytes(secrets, 0, "\x1f\x8bnot really", 12);
    g_clear_pointer(&keymgr, keymgr_unref);
    fake_server_free(server);
}

static void
test_nobody_listens(void **state)
{
    const char *const references[] = { ID, NULL };
    const Scene scene = { NULL, send_nothing };
    FakeServer *server = fake_server_new(on_request, (gpointer)&scene);
    g_autoptr(Keymgr) keymgr = open_at(server);
    g_autoptr(GError) error = NULL;

    fake_server_free(server);
    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNAVAILABLE, "Keystone at http://127.0.0.1");
}

static void
test_an_unknown_host(void **state)
{
    const char *const references[] = { ID, NULL };
    g_autoptr(Keymgr) keymgr = keymgr_test_new("[keymgr]\nbackend=barbican\n[barbican]\n"
                                               "auth_url=http://no-such-host.invalid:5000\n"
                                               "user_id=u\npassword=pw\ntotal_timeout=10\n");
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNAVAILABLE, "no-such-host.invalid");
}

/* In the open, and behind TLS. */
#define TWICE(test) cmocka_unit_test(test), { #test "_behind_tls", test, use_tls, use_plain, NULL }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(test_broken_barbicans),
        TWICE(test_broken_keystones),
        TWICE(test_redirects_to_another_host_are_not_followed),
        TWICE(test_truncated_and_deep_json_of_keystone),
        TWICE(test_bad_json_of_barbican),
        TWICE(test_a_compressed_answer_is_not_unpacked),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_an_unknown_host),
    };

    return cmocka_run_group_tests(tests, keymgr_test_count_fds, keymgr_test_compare_fds);
}
