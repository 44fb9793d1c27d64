/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pkcs11 backend with real tokens of SoftHSM.
 */
#include "tests/keymgr/keymgr_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <p11-kit/p11-kit.h>

#include "keymgr/keymgr_pkcs11_token.h"

#define ID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"
#define PIN "48151623"

static const char *softhsm;
static char *root;

/* --- tokens --------------------------------------------------------------- */

static const char *
find_softhsm(void)
{
    static const char *const places[] = {
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so", NULL,
    };
    g_autofree char *tool = g_find_program_in_path("softhsm2-util");
    gsize i;

    for (i = 0; tool && places[i]; i++) {
        if (access(places[i], R_OK) == 0)
            return places[i];
    }
    return NULL;
}

static void
init_token(const char *label)
{
    const char *argv[] = { "softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin",
                           "1234567890", NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    g_autofree char *trouble = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &trouble, &status,
                      &error) || status != 0)
        fail_msg("softhsm2-util: %s", error ? error->message : trouble);
}

/* An object, made as another program would. */
static void
create(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, const char *label, gboolean private, gconstpointer value,
       gsize size)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL is_private = private ? CK_TRUE : CK_FALSE;
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_TOKEN, &yes, sizeof(yes) },
        { CKA_PRIVATE, &is_private, sizeof(is_private) },
        { CKA_LABEL, (void *)label, strlen(label) },
        { CKA_VALUE, (void *)value, size },
    };

    assert_int_equal(module->C_CreateObject(session, template, G_N_ELEMENTS(template), &object), CKR_OK);
}

static void
fill_token(void)
{
    CK_FUNCTION_LIST *module = p11_kit_module_load(softhsm, 0);
    g_autofree char *big = g_malloc0(KEYMGR_SECRET_MAX_SIZE + 1);
    CK_SLOT_ID slots[8];
    CK_ULONG count = G_N_ELEMENTS(slots);
    CK_SESSION_HANDLE session = 0;
    CK_TOKEN_INFO info;

    assert_non_null(module);
    assert_int_equal(p11_kit_module_initialize(module), CKR_OK);
    assert_int_equal(module->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    do
        assert_int_equal(module->C_GetTokenInfo(slots[--count], &info), CKR_OK);
    while (memcmp(info.label, "msvm ", 5) != 0 && count > 0);
    assert_int_equal(module->C_OpenSession(slots[count], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
                     CKR_OK);
    assert_int_equal(module->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)PIN, strlen(PIN)), CKR_OK);
    create(module, session, ID "0", TRUE, "value 0", 7);
    create(module, session, ID "1", TRUE, "\0value\n1", 8);
    create(module, session, ID "2", FALSE, "public", 6);
    create(module, session, ID "3", TRUE, "", 0);
    create(module, session, ID "4", TRUE, big, KEYMGR_SECRET_MAX_SIZE + 1);
    create(module, session, ID "5", TRUE, big, KEYMGR_SECRET_MAX_SIZE);
    create(module, session, ID "6", TRUE, "one", 3);
    create(module, session, ID "6", TRUE, "other", 5);
    create(module, session, "a label; with/signs", TRUE, "by label", 8);
    module->C_CloseSession(session);
    p11_kit_module_finalize(module);
    p11_kit_module_release(module);
}

static char *
write_file(const char *name, const char *text, int mode)
{
    char *path = g_build_filename(root, name, NULL);

    assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
    return path;
}

static int
setup(void **state)
{
    g_autofree char *tokens = NULL;
    g_autofree char *text = NULL;
    g_autofree char *config = NULL;

    root = g_dir_make_tmp("keymgr-pkcs11-XXXXXX", NULL);
    tokens = g_build_filename(root, "tokens", NULL);
    g_mkdir(tokens, 0700);
    text = g_strdup_printf("directories.tokendir = %s\nlog.level = ERROR\n", tokens);
    config = write_file("softhsm2.conf", text, 0600);
    g_setenv("SOFTHSM2_CONF", config, TRUE);
    init_token("msvm");
    init_token("twin");
    init_token("twin");
    fill_token();
    return 0;
}

static int
teardown(void **state)
{
    keymgr_test_remove_tree(root);
    g_free(root);
    return 0;
}

/* --- helpers -------------------------------------------------------------- */

static Keymgr *
open_with(const char *options)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=pkcs11\n[pkcs11]\nlibrary_path=%s\n%s", softhsm,
                                            options);

    return keymgr_test_new(text);
}

static Keymgr *
open_store(void)
{
    return open_with("token_label=msvm\npin=" PIN "\n");
}

static void
check_refusal(Keymgr *keymgr, const char *reference, KeymgrError code, const char *words)
{
    const char *const references[] = { ID "0", reference, NULL };
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_fetch(keymgr, references, NULL, &error));
    if (strstr(error->message, PIN))
        fail_msg("a message shows the PIN: %s", error->message);
    keymgr_test_error(&error, code, words);
}

static void
check_config(const char *options, const char *words)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=pkcs11\n[pkcs11]\n%s", options);
    g_autoptr(GKeyFile) file = keymgr_test_config(text);
    g_autoptr(GError) error = NULL;

    assert_null(keymgr_new(file, root, &error));
    if (strstr(error->message, PIN))
        fail_msg("a message shows the PIN: %s", error->message);
    keymgr_test_error(&error, KEYMGR_ERROR_CONFIG, words);
}

/* --- cases ---------------------------------------------------------------- */

static void
test_values_come_in_order_byte_for_byte(void **state)
{
    const char *const references[] = { ID "1", "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0", ID "5", ID "1",
                                       "https://other.example/v1/secrets/" ID "2", NULL };
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, &error);

    if (!secrets)
        fail_msg("%s", error->message);
    assert_int_equal(secrets->len, 5);
    keymgr_test_bytes(secrets, 0, "\0value\n1", 8);
    keymgr_test_bytes(secrets, 1, "value 0", 7);
    assert_int_equal(keymgr_secret_size(g_ptr_array_index(secrets, 2)), KEYMGR_SECRET_MAX_SIZE);
    keymgr_test_bytes(secrets, 3, "\0value\n1", 8);
    keymgr_test_bytes(secrets, 4, "public", 6);
}

static void
test_an_object_is_named_by_a_uri_as_well(void **state)
{
    const char *const references[] = { "pkcs11:object=a%20label%3B%20with%2Fsigns",
                                       "pkcs11:token=msvm;object=" ID "0;type=data", NULL };
    g_autoptr(Keymgr) keymgr = open_with("token_uri=pkcs11:token=msvm;manufacturer=SoftHSM%20project\npin=" PIN "\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, &error);

    if (!secrets)
        fail_msg("%s", error->message);
    keymgr_test_bytes(secrets, 0, "by label", 8);
    keymgr_test_bytes(secrets, 1, "value 0", 7);
}

static void
test_what_cannot_be_had_fails_the_whole(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store();

    check_refusal(keymgr, ID "f", KEYMGR_ERROR_NOT_FOUND, ID "f|pkcs11:token=msvm");
    check_refusal(keymgr, ID "3", KEYMGR_ERROR_NO_PAYLOAD, ID "3|empty");
    check_refusal(keymgr, ID "4", KEYMGR_ERROR_LIMIT, ID "4|1048576");
    check_refusal(keymgr, ID "6", KEYMGR_ERROR_INVALID_SECRET, ID "6|several");
    check_refusal(keymgr, "pkcs11:object=my-pin-value-x", KEYMGR_ERROR_NOT_FOUND, "my-pin-value-x");
    check_refusal(keymgr, "pkcs11:token=twin;object=" ID "0", KEYMGR_ERROR_NOT_FOUND, "token=twin");
}

static void
test_references_that_are_refused(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store();
    g_autofree char *huge = g_strconcat("pkcs11:object=", NULL);
    g_autofree char *tail = g_strnfill(3000, 'x');
    g_autofree char *text = g_strconcat(huge, tail, NULL);

    check_refusal(keymgr, "x", KEYMGR_ERROR_INVALID_REFERENCE, "'x'");
    check_refusal(keymgr, "http://h/v1/containers/" ID "0", KEYMGR_ERROR_INVALID_REFERENCE, "containers");
    check_refusal(keymgr, "pkcs11:token=msvm", KEYMGR_ERROR_INVALID_REFERENCE, "object=LABEL");
    check_refusal(keymgr, "pkcs11:object=x;type=private", KEYMGR_ERROR_INVALID_REFERENCE, "type=data");
    check_refusal(keymgr, "pkcs11:object=x;id=%01", KEYMGR_ERROR_INVALID_REFERENCE, "no id");
    check_refusal(keymgr, "pkcs11:object=" ID "1%00x", KEYMGR_ERROR_INVALID_REFERENCE, "zero byte");
    check_refusal(keymgr, "pkcs11:object=%zz", KEYMGR_ERROR_INVALID_REFERENCE, "pkcs11:");
    check_refusal(keymgr, "pkcs11:object=" ID "0;new=thing", KEYMGR_ERROR_INVALID_REFERENCE, "not known");
    check_refusal(keymgr, "pkcs11:object=" ID "0?pin-value=" PIN, KEYMGR_ERROR_INVALID_REFERENCE, "PIN");
    check_refusal(keymgr, "pkcs11:object=" ID "0?pin-source=file:/etc/passwd", KEYMGR_ERROR_INVALID_REFERENCE, "PIN");
    check_refusal(keymgr, "pkcs11:object=" ID "0?module-path=/tmp/evil.so", KEYMGR_ERROR_INVALID_REFERENCE, "module");
    check_refusal(keymgr, "pkcs11:object=" ID "0;slot-id=1", KEYMGR_ERROR_INVALID_REFERENCE, "slot");
    check_refusal(keymgr, text, KEYMGR_ERROR_INVALID_REFERENCE, "pkcs11:object=xxx");
}

static void
test_without_a_pin_only_public_objects_are_seen(void **state)
{
    const char *const references[] = { ID "2", NULL };
    const KeymgrNewSecret description = { .name = "x" };
    g_autoptr(Keymgr) keymgr = open_with("token_label=msvm\n");
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("x", 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, &error);
    g_autoptr(GPtrArray) infos = keymgr_test_list(keymgr, NULL, &error);

    assert_non_null(secrets);
    keymgr_test_bytes(secrets, 0, "public", 6);
    assert_int_equal(infos->len, 1);
    check_refusal(keymgr, ID "0", KEYMGR_ERROR_NOT_FOUND, ID "0|no pin is configured");
    assert_null(keymgr_store(keymgr, &description, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_ACCESS_DENIED, "pin");
}

static void
test_a_wrong_pin_is_an_authentication_error_and_not_tried_again(void **state)
{
    g_autoptr(Keymgr) keymgr = open_with("token_label=msvm\npin=wrong-canary\n");
    g_autoptr(Keymgr) right = open_store();
    g_autoptr(GError) error = NULL;
    g_autofree char *check = NULL;

    assert_null(keymgr_check(keymgr, NULL, &error));
    assert_null(strstr(error->message, "wrong-canary"));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "pkcs11:token=msvm|login|0xa0");
    assert_null(keymgr_check(keymgr, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_AUTH, "pkcs11:token=msvm|not tried again");
    check = keymgr_check(right, NULL, &error);
    assert_non_null(check);
}

static void
test_tokens_and_modules_that_are_not_there(void **state)
{
    g_autoptr(Keymgr) missing = open_with("token_label=nowhere\npin=" PIN "\n");
    g_autoptr(Keymgr) twins = open_with("token_label=twin\npin=" PIN "\n");
    g_autofree char *text_file = write_file("text.so", "no module", 0600);
    const char *const others[] = { text_file, "/lib/x86_64-linux-gnu/libm.so.6" };
    gsize i;

    check_refusal(missing, ID "1", KEYMGR_ERROR_UNAVAILABLE, "pkcs11:token=nowhere|no such token|'msvm'");
    check_refusal(twins, ID "1", KEYMGR_ERROR_CONFIG, "pkcs11:token=twin|2 tokens fit");
    for (i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=pkcs11\n[pkcs11]\nlibrary_path=%s\n"
                                                "token_label=msvm\n", others[i]);
        g_autoptr(Keymgr) keymgr = NULL;

        if (access(others[i], R_OK) < 0)
            continue;
        keymgr = keymgr_test_new(text);
        check_refusal(keymgr, ID "1", KEYMGR_ERROR_CONFIG, others[i]);
    }
}

static void
test_configurations_that_are_refused(void **state)
{
    g_autofree char *open_file = write_file("open-pin", PIN "\n", 0644);

    check_config("", "[pkcs11] token_label|needed");
    check_config("token_label=a-label-that-is-longer-than-32-bytes\n", "[pkcs11] token_label|32");
    check_config("token_serial_number=12345678901234567\n", "[pkcs11] token_serial_number|16");
    check_config("token_uri=http://x\n", "[pkcs11] token_uri");
    check_config("token_uri=pkcs11:object=x\n", "[pkcs11] token_uri|object");
    check_config("token_uri=pkcs11:token=x?pin-value=" PIN "\n", "[pkcs11] token_uri|PIN");
    check_config("token_uri=pkcs11:token=x?module-path=/x.so\n", "[pkcs11] token_uri|module");
    check_config("token_uri=pkcs11:token=x\ntoken_label=y\n", "[pkcs11] token_label|token_uri");
    check_config("token_uri=pkcs11:serial=1\ntoken_serial_number=2\n", "[pkcs11] token_serial_number|token_uri");
    check_config("token_label=x\nlibrary_path=/nonexistent.so\n", "[pkcs11] library_path|/nonexistent.so");
    check_config("token_label=x\npin=" PIN "\npin_file=x\n", "[pkcs11] pin|only one");
    check_config("token_label=x\npin_file=open-pin\n", "[pkcs11] pin_file|0644");
    check_config("token_label=x\npin_file=none\n", "[pkcs11] pin_file|none");
    check_config("token_label=x\ntotal_timeout=0\n", "[pkcs11] total_timeout");
}

static void
test_a_pin_comes_from_a_file(void **state)
{
    g_autofree char *file = write_file("pin", PIN "\n", 0600);
    g_autofree char *options = g_strdup_printf("token_label=msvm\npin_file=%s\n", file);
    g_autoptr(Keymgr) keymgr = open_with(options);
    g_autoptr(GError) error = NULL;
    g_autofree char *check = keymgr_check(keymgr, NULL, &error);

    if (!check)
        fail_msg("%s", error->message);
    assert_non_null(strstr(check, "'msvm' (SoftHSM project"));
    assert_non_null(strstr(check, "logged in, 9 data objects"));
}

static void
test_what_is_stored_is_private_and_can_be_fetched_described_listed_and_deleted(void **state)
{
    const KeymgrNewSecret description = { .name = "web01", .type = "data" };
    const KeymgrNewSecret too_much = { .name = "x", .algorithm = "aes" };
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("\0new", 4);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, &error);
    const char *references[] = { id, NULL };
    g_autoptr(GPtrArray) secrets = NULL;
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(KeymgrInfo) info = NULL;

    if (!id)
        fail_msg("%s", error->message);
    assert_true(g_uuid_string_is_valid(id));
    secrets = keymgr_fetch(keymgr, references, NULL, &error);
    keymgr_test_bytes(secrets, 0, "\0new", 4);
    info = keymgr_describe(keymgr, id, NULL, &error);
    assert_string_equal(info->id, id);
    assert_string_equal(info->name, "web01");
    assert_string_equal(info->type, "data");
    assert_string_equal(info->status, "private");
    assert_true(info->has_payload);
    infos = keymgr_test_list(keymgr, "web01", &error);
    assert_int_equal(infos->len, 1);
    assert_true(keymgr_delete(keymgr, id, NULL, &error));
    assert_false(keymgr_delete(keymgr, id, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_NOT_FOUND, id);
    assert_false(keymgr_delete(keymgr, ID "6", NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_INVALID_SECRET, ID "6|several");
    assert_null(keymgr_store(keymgr, &too_much, value, NULL, &error));
    keymgr_test_error(&error, KEYMGR_ERROR_UNSUPPORTED, "nothing else");
}

static void
test_a_list_names_what_has_another_label_by_a_uri_that_works(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) infos = keymgr_test_list(keymgr, "a label; with/signs", &error);
    g_autoptr(KeymgrInfo) info = NULL;

    assert_int_equal(infos->len, 1);
    info = keymgr_describe(keymgr, ((KeymgrInfo *)g_ptr_array_index(infos, 0))->id, NULL, &error);
    if (!info)
        fail_msg("%s", error->message);
    assert_string_equal(info->name, "a label; with/signs");
    assert_true(g_str_has_prefix(info->id, "pkcs11:"));
}

static gpointer
work_hard(gpointer opaque)
{
    const char *const references[] = { ID "1", ID "0", NULL };
    const KeymgrNewSecret description = { .name = "many" };
    g_autoptr(Keymgr) own = open_store();
    g_autoptr(KeymgrSecret) value = keymgr_secret_new("many", 4);
    guint done = 0;
    guint i;

    for (i = 0; i < 4; i++) {
        Keymgr *keymgr = i % 2 ? opaque : own;
        g_autoptr(GPtrArray) secrets = keymgr_fetch(keymgr, references, NULL, NULL);
        g_autofree char *id = keymgr_store(keymgr, &description, value, NULL, NULL);

        done += secrets && keymgr_secret_size(g_ptr_array_index(secrets, 0)) == 8 &&
                keymgr_secret_size(g_ptr_array_index(secrets, 1)) == 7 && id && keymgr_delete(keymgr, id, NULL, NULL);
    }
    return GUINT_TO_POINTER(done);
}

static void
test_many_threads_share_a_token(void **state)
{
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GPtrArray) left = NULL;
    GThread *threads[8];
    guint done = 0;
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("work", work_hard, keymgr);
    for (i = 0; i < G_N_ELEMENTS(threads); i++)
        done += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    assert_int_equal(done, 4 * G_N_ELEMENTS(threads));
    left = keymgr_test_list(keymgr, "many", NULL);
    assert_int_equal(left->len, 0);
}

static void
test_a_forked_child_is_refused_and_the_parent_goes_on(void **state)
{
    const char *const references[] = { ID "0", NULL };
    g_autoptr(Keymgr) keymgr = open_store();
    g_autoptr(GPtrArray) before = keymgr_fetch(keymgr, references, NULL, NULL);
    g_autoptr(GPtrArray) after = NULL;
    int status = -1;
    pid_t child = fork();

    assert_non_null(before);
    if (child == 0) {
        GError *error = NULL;
        GPtrArray *secrets = keymgr_fetch(keymgr, references, NULL, &error);

        _exit(!secrets && g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_UNAVAILABLE) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    after = keymgr_fetch(keymgr, references, NULL, NULL);
    assert_non_null(after);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_in_order_byte_for_byte),
        cmocka_unit_test(test_an_object_is_named_by_a_uri_as_well),
        cmocka_unit_test(test_what_cannot_be_had_fails_the_whole),
        cmocka_unit_test(test_references_that_are_refused),
        cmocka_unit_test(test_without_a_pin_only_public_objects_are_seen),
        cmocka_unit_test(test_a_wrong_pin_is_an_authentication_error_and_not_tried_again),
        cmocka_unit_test(test_tokens_and_modules_that_are_not_there),
        cmocka_unit_test(test_configurations_that_are_refused),
        cmocka_unit_test(test_a_pin_comes_from_a_file),
        cmocka_unit_test(test_what_is_stored_is_private_and_can_be_fetched_described_listed_and_deleted),
        cmocka_unit_test(test_a_list_names_what_has_another_label_by_a_uri_that_works),
        cmocka_unit_test(test_many_threads_share_a_token),
        cmocka_unit_test(test_a_forked_child_is_refused_and_the_parent_goes_on),
    };

    softhsm = find_softhsm();
    if (!softhsm) {
        puts("1..0 # SKIP SoftHSM is not installed");
        return 0;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
