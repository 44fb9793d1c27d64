/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the WS-Management client share. Includes cmocka in the
 * order that it wants.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/wsman/http_server.h"
#include "wsman/wsman_client.h"

#define TEST_USER "Administrator"
#define TEST_PASSWORD "pa:ss\303\244word"

/* Options of a client for that server, with short limits and our credentials. */
WsmanClientOptions test_options(const HttpServer *server);
WsmanClient *test_client(const HttpServer *server);
/* The credentials function of test_options(); opaque: guint *, counted up when not NULL. */
gboolean test_credentials(char **user, char **password, gpointer opaque, GError **error);

/* An envelope around a body; relates_to may be NULL. */
char *test_envelope(const char *action, const char *relates_to, const char *body);
/* The text of the first <a:MessageID> in a request. Caller frees. */
char *test_message_id(const HttpExchange *exchange);
/* Answers with an envelope that relates to the request. */
void test_answer(const HttpExchange *exchange, const char *body);
/* A fault with a f:WSManFault of that code. */
void test_fault(const HttpExchange *exchange, const char *subcode, guint32 code, const char *text);
/* Whether the request's action ends so ("/Pull"). */
gboolean test_is_action(const HttpExchange *exchange, const char *end);
/* The recorded answers of real hosts are where MSVM_SAMPLES_DIR says. */
gboolean test_have_samples(void);
char *test_sample(const char *name); /* caller frees */
/* For main(): says in TAP that the whole program is skipped; gives its exit
 * code. cmocka's skip() is a failure to automake's reader of TAP. */
int test_skip_all(const char *why);

#define assert_error(error, code_) \
    do { \
        assert_non_null(error); \
        if (!g_error_matches(error, WSMAN_ERROR, code_)) \
            fail_msg("%s: %d %s", g_quark_to_string((error)->domain), (error)->code, (error)->message); \
    } while (0)
#define assert_contains(text, part) \
    do { \
        if (!strstr(text, part)) \
            fail_msg("no \"%s\" in: %s", part, text); \
    } while (0)
#define assert_lacks(text, part) \
    do { \
        if (strstr(text, part)) \
            fail_msg("\"%s\" in: %s", part, text); \
    } while (0)
#define assert_no_error(error) \
    do { \
        if (error) \
            fail_msg("%s", (error)->message); \
    } while (0)
