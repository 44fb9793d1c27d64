/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What servers say of a failure: which words are shown, and that none of them
 * gives a secret away.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "keymgr/keymgr_http_error.h"
#include "keymgr/keymgr_text.h"

static KeymgrSecret *
secret_of(const char *text)
{
    return keymgr_secret_new(text, strlen(text));
}

static const KeymgrSecret *const nothing[] = { NULL };

/* The four shapes of refusals, and what servers might also say. */
static void
test_server_texts(void **state)
{
    static const struct {
        const char *answer;
        const char *text;
    } rows[] = {
        { "{\"code\": 404, \"title\": \"Not Found\", \"description\": \"Secret not found.\"}",
          "Not Found: Secret not found." },
        { "{\"code\": 405, \"title\": \"Method Not Allowed\", \"description\": \"\"}",
          "Method Not Allowed" },
        { "{\"code\": 406, \"title\": \"Not Acceptable\", \"description\": null}", "Not Acceptable" },
        { "{\"error\":{\"code\":401,\"message\":\"The request needs it.\",\"title\":\"Unauthorized\"}}\n",
          "Unauthorized: The request needs it." },
        { "{\"message\": \"could not comply.<br /><br />\\nMissing X-Project-Id\\n\\n\", "
          "\"code\": \"400 Bad Request\", \"title\": \"Bad Request\"}",
          "Bad Request: could not comply. Missing X-Project-Id" },
        { "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No.</p>",
          "404 Not Found Not Found No." },
        { "bell \x07 and escape \x1b[31m red \xff end", "bell and escape [31m red \xef\xbf\xbd end" },
        { "{\"other\": 1}", "{\"other\": 1}" },
        { "", "" },
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        KeymgrHttpRequest request = { .answer = secret_of(rows[i].answer) };
        g_autofree char *text = keymgr_http_server_text(&request, nothing);

        assert_string_equal(text, rows[i].text);
        keymgr_secret_unref(request.answer);
    }
}

static void
test_a_long_server_text_is_cut(void **state)
{
    g_autofree char *long_text = g_strnfill(100000, 'x');
    KeymgrHttpRequest request = { .answer = secret_of(long_text) };
    g_autofree char *text = keymgr_http_server_text(&request, nothing);

    assert_true(strlen(text) <= KEYMGR_TEXT_MAX_QUOTE + 3);
    keymgr_secret_unref(request.answer);
}

static void
test_a_server_text_with_the_token_is_not_shown(void **state)
{
    g_autoptr(KeymgrSecret) token = secret_of("gAAAAtoken");
    const KeymgrSecret *hidden[] = { token, NULL };
    KeymgrHttpRequest request = { .status = 500, .answer = secret_of("your header was gAAAAtoken, sorry") };
    g_autoptr(GError) error = NULL;

    assert_false(keymgr_http_fail(&request, "Barbican at http://h", NULL, hidden, &error));
    assert_string_equal(error->message, "Barbican at http://h: HTTP 500");
    keymgr_secret_unref(request.answer);
}

/* What was sent comes back in disguise: escaped, with white space and markup
 * that a quote would lose, or cut by its end. */
static void
test_no_disguise_of_a_secret_is_shown(void **state)
{
    g_autofree char *filler = g_strnfill(280, 'y');
    g_autofree char *at_the_cut = g_strconcat(filler, " CANARY  pass<b>\"wörd\"  X", NULL);
    g_autofree char *json_at_the_cut = g_strconcat("{\"title\":\"", filler,
                                                   "CANARY  pass<b>\\\"w\\u00f6rd\\\"  X\"}", NULL);
    const char *const answers[] = {
        "wrong: CANARY  pass<b>\"wörd\"  X, sorry",
        "<p>wrong: CANARY  pass&lt;b&gt;&quot;w&#xF6;rd&#34;  X</p>",
        "{\"title\":\"no: CANARY  pass<b>\\\"w\\u00f6rd\\\"  X\"}",
        "{\"other\":[1,{\"deep\":[\"CANARY  pass<b>\\\"wörd\\\"  X\"]}]}",
        "{\"CANARY  pass<b>\\\"wörd\\\"  X\":1}",
        "{\"title\":\"cut off: CANARY  pass<b>\\\"w\\u00f6rd\\\"  X",
        "Traceback: 'CANARY  pass<b>\\\"w\\u00F6rd\\\"  X'",
        "bytes: b'CANARY  pass<b>\"w\\xc3\\xb6rd\"  X'",
        "{\"body\":\"{\\\"title\\\":\\\"CANARY  pass<b>\\\\\\\"w\\\\u00f6rd\\\\\\\"  X\\\"}\"}",
        "{\"title\":\"CANARY  pass&lt;b&gt;\\\"w\\u00f6rd\\u0022  X\"}",
        "<pre>{&quot;a&quot;:&quot;CANARY  pass&lt;b&gt;\\&quot;w\\u00f6rd\\&quot;  X&quot;}</pre>",
        "bad body: BODYCANARY  two",
        at_the_cut,
        json_at_the_cut,
    };
    g_autoptr(KeymgrSecret) password = secret_of("CANARY  pass<b>\"wörd\"  X");
    g_autoptr(KeymgrSecret) body = secret_of("BODYCANARY  two");
    const KeymgrSecret *hidden[] = { password, NULL };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(answers); i++) {
        KeymgrHttpRequest request = { .status = 400, .body = body, .answer = secret_of(answers[i]) };
        g_autoptr(GError) error = NULL;

        keymgr_http_fail(&request, "store", NULL, hidden, &error);
        assert_string_equal(error->message, "store: HTTP 400");
        keymgr_secret_unref(request.answer);
    }
}

static void
test_a_redirect_shows_no_secret_and_no_query(void **state)
{
    static const struct {
        const char *location;
        const char *shown;
    } rows[] = {
        { "https://other/v1/", "https://other/v1/" },
        { "/v1/", "/v1/" },
        { "//other/v1/", "//other/v1/" },
        { "/login?next=x&token=other", "another place" },
        { "/login#other", "another place" },
        { "//u:p@other/", "another place" },
        { "http://evil/CANARY+/x", "another place" },
        { "/login/CANARY+", "another place" },
        { "http://evil/C%41NARY%2b", "another place" },
        { "/BODYCANARY", "another place" },
        { "/half%4", "another place" },
    };
    g_autoptr(KeymgrSecret) token = secret_of("CANARY+");
    g_autoptr(KeymgrSecret) body = secret_of("BODYCANARY");
    const KeymgrSecret *hidden[] = { token, NULL };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        KeymgrHttpRequest request = { .status = 302, .body = body, .location = (char *)rows[i].location };
        g_autofree char *words = g_strdup_printf("store: HTTP 302: it redirects to %s; redirects are not "
                                                 "followed: configure the right URL", rows[i].shown);
        g_autoptr(GError) error = NULL;

        keymgr_http_fail(&request, "store", NULL, hidden, &error);
        assert_string_equal(error->message, words);
    }
}

static void
test_escapes_of_html(void **state)
{
    static const char text[] = "a&lt;&gt;&amp;lt;&quot;&apos;&#65;&#x42;&#X6f;"
                               "&#1114112;&#0;&#x;&#;&nbsp;&#6\0&#65";
    static const char meant[] = "a<>&lt;\"'ABo&#1114112;&#0;&#x;&#;&nbsp;&#6\0&#65";
    g_autoptr(KeymgrSecret) plain = keymgr_text_unescape_html(text, sizeof(text) - 1);

    assert_int_equal(keymgr_secret_size(plain), sizeof(meant) - 1);
    assert_memory_equal(keymgr_secret_data(plain), meant, sizeof(meant) - 1);
}

static void
test_escapes_of_json(void **state)
{
    static const char text[] = "\\\"\\\\n\\/\\b\\f\\n\\r\\t\\'\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000\\x00\\xfF"
                               "\\ud83dx\\q\\u12g4\\xg0\0\\u004";
    static const char meant[] = "\"\\n/\b\f\n\r\t'A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0\0\xff"
                                "\xed\xa0\xbdx\\q\\u12g4\\xg0\0\\u004";
    gsize cut;

    for (cut = 0; cut < sizeof(text); cut++) {
        g_autoptr(KeymgrSecret) plain = keymgr_text_unescape_json(text, cut);

        assert_true(keymgr_secret_size(plain) <= cut);
        if (cut < sizeof(text) - 1)
            continue;
        assert_int_equal(keymgr_secret_size(plain), sizeof(meant) - 1);
        assert_memory_equal(keymgr_secret_data(plain), meant, sizeof(meant) - 1);
    }
}

static void
test_status_codes(void **state)
{
    assert_int_equal(keymgr_http_error_code(401), KEYMGR_ERROR_AUTH);
    assert_int_equal(keymgr_http_error_code(403), KEYMGR_ERROR_ACCESS_DENIED);
    assert_int_equal(keymgr_http_error_code(404), KEYMGR_ERROR_NOT_FOUND);
    assert_int_equal(keymgr_http_error_code(410), KEYMGR_ERROR_NOT_FOUND);
    assert_int_equal(keymgr_http_error_code(406), KEYMGR_ERROR_HTTP);
    assert_int_equal(keymgr_http_error_code(500), KEYMGR_ERROR_HTTP);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_texts),
        cmocka_unit_test(test_a_long_server_text_is_cut),
        cmocka_unit_test(test_a_server_text_with_the_token_is_not_shown),
        cmocka_unit_test(test_no_disguise_of_a_secret_is_shown),
        cmocka_unit_test(test_a_redirect_shows_no_secret_and_no_query),
        cmocka_unit_test(test_escapes_of_html),
        cmocka_unit_test(test_escapes_of_json),
        cmocka_unit_test(test_status_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
