/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and projects in Keystone's answers.
 */
#include "tests/keymgr/keymgr_test.h"

#include <string.h>

#include "keymgr/keymgr_party.h"
#include "keymgr/keymgr_text.h"

static void
check(const char *json, const KeymgrSecret *hidden, const char *id, const char *name, const char *domain)
{
    g_autoptr(KeymgrSecret) text = keymgr_secret_new(json, strlen(json));
    g_autoptr(KeymgrJson) parsed = keymgr_json_parse(text, NULL);
    const KeymgrSecret *const list[] = { hidden, NULL };
    KeymgrParty party = { 0 };

    assert_non_null(parsed);
    keymgr_party_parse(parsed, list, &party);
    assert_int_equal(g_strcmp0(party.id, id), 0);
    assert_int_equal(g_strcmp0(party.name, name), 0);
    assert_int_equal(g_strcmp0(party.domain, domain), 0);
    keymgr_party_clear(&party);
}

static void
test_what_keystone_says_is_kept(void **state)
{
    check("{\"id\":\"1\",\"name\":\"u\",\"domain\":{\"id\":\"d\",\"name\":\"D\"}}", NULL, "1", "u", "D");
    check("{\"id\":\"1\",\"name\":\"u\",\"domain\":{\"id\":\"d\"}}", NULL, "1", "u", "d");
    check("{\"name\":\"\",\"domain\":[],\"id\":7}", NULL, NULL, NULL, NULL);
    check("{}", NULL, NULL, NULL, NULL);
}

static void
test_what_would_forge_a_line_is_quoted(void **state)
{
    check("{\"name\":\"a\\nok \\u001b[31m b\"}", NULL, NULL, "a ok [31m b", NULL);
}

static void
test_names_without_end_are_cut(void **state)
{
    g_autofree char *name = g_strnfill(100000, 'x');
    g_autofree char *json = g_strdup_printf("{\"name\":\"%s\"}", name);
    g_autofree char *cut = keymgr_text_quote(name, strlen(name));

    assert_true(strlen(cut) < 2 * KEYMGR_TEXT_MAX_QUOTE);
    check(json, NULL, NULL, cut, NULL);
}

static void
test_a_secret_that_comes_back_as_a_name_is_left_out(void **state)
{
    g_autoptr(KeymgrSecret) secret = keymgr_secret_new("canary", 6);

    check("{\"id\":\"1\",\"name\":\"a canary b\",\"domain\":{\"id\":\"d\",\"name\":\"canary\"}}", secret, "1", NULL,
          "d");
}

static void
test_the_words_for_a_sentence(void **state)
{
    const KeymgrParty whole = { (char *)"1", (char *)"u", (char *)"D" };
    const KeymgrParty nameless = { (char *)"1", NULL, (char *)"D" };
    const KeymgrParty nobody = { 0 };
    g_autoptr(GString) text = g_string_new("x");

    keymgr_party_append(text, "user", &whole);
    keymgr_party_append(text, "user", &nameless);
    keymgr_party_append(text, "project", &nobody);
    assert_string_equal(text->str, "x, user u (domain D), user 1, no project");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_keystone_says_is_kept),
        cmocka_unit_test(test_what_would_forge_a_line_is_quoted),
        cmocka_unit_test(test_names_without_end_are_cut),
        cmocka_unit_test(test_a_secret_that_comes_back_as_a_name_is_left_out),
        cmocka_unit_test(test_the_words_for_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
